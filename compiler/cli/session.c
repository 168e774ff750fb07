/* session.c: from a file and options to a program, an action, its data and its code. */
#include "cli/session.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/backend.h"

Options session_options(Compiler *c, const Options *given)
{
    Options o = *given;
    struct stat info;
    if (stat(o.file, &info) || !S_ISDIR(info.st_mode)) return o;
    const char *model = arena_printf(c->keep, "%s/model.rq", o.file), *settings = arena_printf(c->keep, "%s/settings.json", o.file);
    if (access(model, R_OK)) fatal("'%s' is a directory without a model.rq; a run directory or a .rq file was expected", o.file);
    o.run = o.file;
    o.file = model;
    settings_restore(c, settings, &o);
    return o;
}

Program *session_program(Compiler *c, const Options *o, int *exit_code)
{
    Setting *settings = arena_array(c->keep, Setting, o->set.len);
    for (uint32_t i = 0; i < o->set.len; i++) {
        const char *equals = strchr(o->set.at[i], '=');
        if (!equals || equals == o->set.at[i] || !equals[1])
            fatal("--set wants NAME=VALUE, as in --set classes=3, but got '%s'", o->set.at[i]);
        settings[i] = (Setting){arena_strndup(c->keep, o->set.at[i], (size_t)(equals - o->set.at[i])), equals + 1};
    }
    bool setting_failed = false;
    CheckOptions options = {.settings = settings, .setting_count = o->set.len, .setting_failed = &setting_failed};
    Program *p = compile_front(c, o->file, &options);
    if (p && !c->errors) return p;
    *exit_code = setting_failed || diag_in_argument(c) ? EXIT_usage : EXIT_source;
    diag_flush(c);
    return NULL;
}

static const char *kind_word(ActionKind kind)
{
    switch (kind) {
    case ACTION_train: return "train";
    case ACTION_explore: return "explore";
    case ACTION_scan: return "scan";
    case ACTION_distill: return "distill";
    case ACTION_none: break;
    }
    unreachable();
}

const ActionInst *session_action(Compiler *c, const Options *o, const Program *p)
{
    const ActionInst *found = NULL;
    const char *have = "";
    unsigned trains = 0;
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        const char *name = name_text(c->names, a->name);
        have = arena_printf(c->keep, "%s%s%s %s", have, *have ? ", " : "", kind_word(a->kind), name);
        if (o->action ? !strcmp(name, o->action) : a->kind == ACTION_train) found = a, trains++;
    }
    if (o->action && !found) fatal("'%s' has no action '%s'; it has %s", o->file, o->action, *have ? have : "none");
    if (!found) fatal("'%s' has no train action; it has %s", o->file, *have ? have : "no action at all");
    if (trains > 1) fatal("'%s' has several train actions; choose one with --action: %s", o->file, have);
    return found;
}

const ActionInst *session_action_of(Compiler *c, const Options *o, const Program *p, ActionKind kind)
{
    const char *word = kind_word(kind);
    const ActionInst *found = NULL;
    unsigned count = 0;
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        bool wanted = a->kind == kind && (!o->action || !strcmp(o->action, name_text(c->names, a->name)));
        if (wanted) found = a, count++;
    }
    if (count == 1) return found;
    if (count) fatal("'%s' has several %s actions; choose one with --action NAME", o->file, word);
    if (o->action) fatal("'%s' has no %s action '%s'", o->file, word, o->action);
    if (kind != ACTION_explore) fatal("'%s' has no %s action", o->file, word);
    fatal("'%s' has no explore action; it says which placements to compare: explore NAME { train: ...; over skips: ...; }", o->file);
}

const ConstValue *action_field(const ActionInst *a, const char *name)
{
    for (uint32_t i = 0; i < a->fields.len; i++)
        if (!strcmp(a->fields.at[i].name, name)) return a->fields.at[i].value;
    return NULL;
}

double action_number(const ActionInst *a, const char *name, double absent)
{
    const ConstValue *v = action_field(a, name);
    return v && v->kind == CONST_number ? v->number.real : absent;
}

const ConstValue *call_argument(const ConstValue *call, const char *name)
{
    for (uint32_t i = 0; i < call->arguments.len; i++)
        if (!strcmp(call->arguments.at[i].name, name)) return call->arguments.at[i].value;
    return NULL;
}

static double argument_number(const ConstValue *call, const char *name, double absent)
{
    const ConstValue *v = call ? call_argument(call, name) : NULL;
    return v && v->kind == CONST_number ? v->number.real : absent;
}

int session_real_bytes(const Options *o, const ActionInst *a)
{
    const char *precision = o->precision;
    const ConstValue *field = a ? action_field(a, "precision") : NULL;
    if (!precision && field) precision = field->text;
    return precision && !strcmp(precision, "f64") ? 8 : 4;
}

Engine session_engine(const Options *o, const ActionInst *a)
{
    const ConstValue *field = a ? action_field(a, "engine") : NULL;
    const char *name = o->engine ? o->engine : field ? field->text : "auto";
    if (!strcmp(name, "auto")) return ENGINE_none;
    if (!strcmp(name, "state")) return ENGINE_state;
    if (!strcmp(name, "transfer")) return ENGINE_transfer;
    if (!strcmp(name, "density")) return ENGINE_density;
    fatal("'%s' is not an engine; 'auto', 'state', 'transfer' and 'density' are", name);
}

rq_schedule session_schedule(const ActionInst *a)
{
    const ConstValue *v = action_field(a, "schedule");
    const char *name = v ? v->text : "constant";
    rq_schedule s = {.kind = RQ_SCHEDULE_constant, .warmup = (int64_t)argument_number(v, "warmup", 0)};
    if (!strcmp(name, "step")) s.kind = RQ_SCHEDULE_step;
    if (!strcmp(name, "cosine")) s.kind = RQ_SCHEDULE_cosine;
    s.every = (int64_t)argument_number(v, "every", 0);
    s.factor = argument_number(v, "factor", 0);
    s.floor = argument_number(v, "floor", 0);
    return s;
}

rq_optimizer session_optimizer(const ConstValue *call)
{
    const ConstValue *others = call ? call_argument(call, "others") : NULL, *reals = others ? others : call;
    return (rq_optimizer){.kind = rq_optimizer_named(call ? call->text : "adam"),
                          .others = others ? rq_optimizer_named(others->text) : RQ_OPTIMIZER_none,
                          .rate = argument_number(reals, "rate", 0.001),
                          .momentum = argument_number(reals, "momentum", 0),
                          .beta1 = argument_number(reals, "beta1", 0.9),
                          .beta2 = argument_number(reals, "beta2", 0.999),
                          .eps = argument_number(reals, "eps", 1e-8),
                          .weight_decay = argument_number(reals, "weight_decay", 0),
                          .eta = argument_number(call, "eta", 0),
                          .epsilon = argument_number(call, "epsilon", 0)};
}

rq_train_settings session_settings(Compiler *c, const Options *o, const ActionInst *a)
{
    const char *const losses[] = {"", "cross_entropy", "nll", "mse", "infidelity", "local"};
    rq_train_settings s = {.action = name_text(c->names, a->name), .variant = "", .loss = losses[a->loss]};
    double rounds = action_number(a, "rounds", 0);
    s.epochs = (int64_t)(rounds > 0 ? rounds : action_number(a, "epochs", 1));
    s.batch = rounds > 0 ? 0 : (int64_t)action_number(a, "batch", 32);
    s.seed = o->seed.given ? o->seed.value : (uint64_t)action_number(a, "seed", 0);
    s.probe = (int64_t)action_number(a, "probe", 64);
    s.thresholds = (rq_thresholds){action_number(a, "vanishing", 1e-3), action_number(a, "exploding", 1e3),
                                   action_number(a, "converged", 1e-3)};
    s.optimizer = session_optimizer(a->optimizer);
    s.schedule = session_schedule(a);
    s.clip = action_number(a, "clip", 0);
    s.clip_value = action_number(a, "clip_value", 0);
    s.early_stop = (int64_t)action_number(a, "early_stop", 0);
    return s;
}

bool session_ground(const ActionInst *a) { return a->data && !strcmp(a->data->source->text, "zeros"); }

ModelCodeOptions session_code_options(const Options *o, const ActionInst *a, bool detached)
{
    if (!backend_cpu_ok(o->cpu)) fatal("--cpu: '%s' is not a CPU that LLVM %s knows; 'native' and 'x86-64-v3' are", o->cpu, backend_llvm_version());
    return (ModelCodeOptions){.loss = a ? a->loss : LOSS_none, .real_bytes = session_real_bytes(o, a), .cpu = o->cpu,
                              .engine = session_engine(o, a), .ground = a && session_ground(a), .detached = detached};
}

ModelCode *session_code(Compiler *c, const Options *o, const ActionInst *a, const ModelInst *model, const Flow *flow, bool detached)
{
    ModelCodeOptions options = session_code_options(o, a, detached);
    if (!backend_cpu_runs_here(o->cpu))
        fatal("--cpu %s: this machine cannot run its code; 'rq build' and 'rq emit' can make it", o->cpu);
    return model_code_new(c, model, flow, &options);
}

/* The same model with exact gradients, for --compare exact. */
static ModelCode *exact_twin(Compiler *c, const Options *o, const ActionInst *a)
{
    ModelInst *exact = model_changed(c, a->model, &(ModelChange){.detach_none = true});
    return exact ? session_code(c, o, a, exact, compile_flow(c, exact), false) : NULL;
}

/* The rules of `init from RUN { to <- from; }`. */
static const rq_rename *init_rules(Compiler *c, const ConstValue *init)
{
    rq_rename *rules = arena_array(c->keep, rq_rename, init->arguments.len);
    for (uint32_t i = 0; i < init->arguments.len; i++)
        rules[i] = (rq_rename){init->arguments.at[i].name, init->arguments.at[i].value->text};
    return rules;
}

rq_action session_fields(Compiler *c, const Options *o, const ActionInst *a)
{
    const ConstValue *init = action_field(a, "init");
    return (rq_action){.init_run = init ? init->text : NULL,
                       .init_rules = init ? init_rules(c, init) : NULL,
                       .init_rule_count = init ? (int)init->arguments.len : 0,
                       .name = name_text(c->names, a->name),
                       .file = o->file,
                       .source = c->sources.list.at[0]->text, /* the user's file; the standard library comes later */
                       .settings = session_settings(c, o, a),
                       .settings_text = settings_json(c, o, a),
                       .data = session_data_spec(c, a->data),
                       .test = a->test ? session_data_spec(c, a->test) : (rq_data_spec){0},
                       .llvm = backend_llvm_version(),
                       .cpu = backend_cpu_name(c->keep, o->cpu)};
}

rq_action session_table(Compiler *c, const Options *o, const ActionInst *a, const Flow *flow, ActionCode *code)
{
    rq_action action = session_fields(c, o, a);
    code->code = session_code(c, o, a, a->model, flow, a->detached);
    if (o->compare) code->exact = exact_twin(c, o, a);
    action.model = model_code_table(code->code);
    action.exact = code->exact ? model_code_table(code->exact) : NULL;
    return action;
}

void action_code_drop(ActionCode *code)
{
    model_code_drop(code->exact);
    model_code_drop(code->code);
}

rq_verb_options session_verb_options(const Options *o)
{
    return (rq_verb_options){.threads = o->threads, .data = o->data, .out = o->out, .init = o->init, .deny = o->deny, .run = o->run,
                             .input = o->input, .index = o->index, .split = o->split, .output = o->output, .layer = o->layer, .json = o->json, .quiet = o->quiet,
                             .compare = o->compare != NULL, .resume = o->resume, .keeps_copies = !o->no_cache};
}

int session_deny(Compiler *c, const Options *o, const Flow *flow)
{
    int code = EXIT_done;
    if (!o->deny) return code;
    for (uint32_t i = 0; i < flow->layers.len; i++) {
        const LayerFlow *l = &flow->layers.at[i];
        if (l->is_part) continue;
        if (l->dead && strstr(o->deny, "dead")) {
            fprintf(c->messages, "rq: denied: layer '%s' has %lld dead parameters: nothing that is measured depends on them\n", l->name, (long long)l->dead);
            code = EXIT_answer_no;
        }
        const char *word = l->verdict == VERDICT_none_set ? "" : verdict_text(l->verdict);
        const char *at = *word ? strstr(o->deny, word) : NULL;
        if (!at) continue;
        fprintf(c->messages, "rq: denied: layer '%s' has the gradient verdict '%s'\n", l->name, word);
        code = EXIT_answer_no;
    }
    return code;
}
