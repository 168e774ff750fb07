/* distill.c: `rq distill FILE`: a distill action as the run time executes it. */
#include <string.h>

#include "cli/distill.h"
#include "train/interrupt.h"

static int64_t networks(const ActionInst *a)
{
    const ConstValue *init = action_field(a, "init");
    const ConstValue *nets = init && !strcmp(init->text, "random") ? call_argument(init, "nets") : NULL;
    return nets ? (int64_t)nets->number.real : 0;
}

rq_distillation distill_fields(Compiler *c, const Options *o, const ActionInst *a)
{
    const char *labels = action_field(a, "labels")->text;
    return (rq_distillation){.name = name_text(c->names, a->name),
                             .file = o->file,
                             .source = c->sources.list.at[0]->text,
                             .settings_text = settings_json(c, o, a),
                             .loss = action_field(a, "loss")->text,
                             .images_per_class = (int64_t)action_number(a, "images_per_class", 1),
                             .inner_steps = (int64_t)action_number(a, "inner_steps", 1),
                             .inner_epochs = (int64_t)action_number(a, "inner_epochs", 1),
                             .epochs = (int64_t)action_number(a, "epochs", 1),
                             .batch = (int64_t)action_number(a, "batch", 1024),
                             .nets = networks(a),
                             .rate = action_number(a, "rate", 0.02),
                             .trained_labels = !strcmp(labels, "trained"),
                             .baselines = !strcmp(action_field(a, "baselines")->text, "images"),
                             .full_epochs = (int64_t)action_number(a, "full_epochs", 0),
                             .outer = session_optimizer(a->optimizer),
                             .schedule = session_schedule(a),
                             .seed = o->seed.given ? o->seed.value : (uint64_t)action_number(a, "seed", 0)};
}

int distill_action(Compiler *c, const Options *o, const ActionInst *a)
{
    rq_error err = {0};
    if (model_couples_samples(a->model)) {
        diag_error(c, a->span, D_not_executable, "distillation of a model with 'batch_norm'", "'layer_norm' and 'group_norm' can be");
        diag_flush(c);
        return EXIT_source;
    }
    Flow *flow = compile_flow(c, a->model);
    flow_warn(c, flow);
    diag_flush(c);
    ActionCode code = {0};
    rq_action action = session_table(c, o, a, flow, &code);
    rq_verb_options verb = session_verb_options(o);
    rq_distill_options options = {.threads = rq_verb_threads(&verb), .out = o->out, .json = o->json, .quiet = o->quiet,
                                  .stop = rq_interrupt_flag()};
    char *versions = rq_versions_text(&action, options.threads, &err);
    if (!versions) fatal("%s", err.text);
    rq_data data = session_data(c, o, a->data);
    rq_distillation d = distill_fields(c, o, a);
    d.model = action.model;
    d.data = &data;
    d.versions = versions;
    rq_distill_end end = rq_distill(&d, &options, &err);
    bool is_wrong = c->errors != 0;
    rq_data_free(&data);
    rq_free(versions);
    action_code_drop(&code);
    diag_flush(c);
    switch (end) {
    case RQ_DISTILL_done: return EXIT_done;
    case RQ_DISTILL_interrupted: return EXIT_interrupted;
    case RQ_DISTILL_diverged: fprintf(c->messages, "rq: error: %s\n", err.text); return EXIT_answer_no;
    case RQ_DISTILL_failed: break;
    }
    if (is_wrong) return EXIT_source;
    fatal("%s", err.text);
}

int verb_distill(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    return p ? distill_action(c, o, session_action_of(c, o, p, ACTION_distill)) : code;
}
