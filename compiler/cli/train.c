/* train.c: `rq train FILE`: one train action, from its data to a run directory. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/session.h"
#include "train/interrupt.h"

/* All that one training holds, so that one function can give it back. */
typedef struct Run {
    rq_data data;
    ModelCode *code, *exact;
    rq_params params;
    rq_rundir *dir;
    rq_terminal *terminal;
    rq_events *events;
} Run;

static void run_close(Run *r)
{
    rq_events_free(r->events);
    rq_terminal_free(r->terminal);
    rq_rundir_free(r->dir);
    rq_params_free(&r->params);
    model_code_drop(r->exact);
    model_code_drop(r->code);
    rq_data_free(&r->data);
}

/* The table of the same model with exact gradients, for --compare exact. */
static const rq_model *exact_twin(Compiler *c, const Options *o, const ActionInst *a, Run *r)
{
    ModelInst *exact = model_changed(c, a->model, &(ModelChange){.detach_none = true});
    if (!exact) return NULL;
    r->exact = session_code(c, o, a, exact, flow_of(c, exact), false);
    return model_code_table(r->exact);
}

static const char *source_text(const Compiler *c) { return c->sources.list.at[0]->text; }

/* The source that was checked first is the user's file; the standard library comes later. */
static rq_run_info run_info(Compiler *c, const Options *o, const ActionInst *a, const Run *r)
{
    return (rq_run_info){.file = o->file, .source = source_text(c), .settings = settings_json(c, o, a), .versions = versions_text(c, o),
                         .cpu = model_code_cpu(r->code), .methods = methods_text(c, o, a, &r->data),
                         .compile_seconds = model_code_seconds(r->code), .threads = session_threads(o)};
}

static int result_code(const rq_result *result)
{
    if (result->diverged) return EXIT_answer_no;
    return result->interrupted ? EXIT_interrupted : EXIT_done;
}

static bool train_with_sinks(Compiler *c, const Options *o, const ActionInst *a, Run *r, rq_train_settings *s, rq_result *result,
                             rq_error *err)
{
    const rq_model *table = model_code_table(r->code);
    model_code_prepare(r->code);
    if (!table->function(table, RQ_FUNCTION_step, NULL, err)) return false;
    rq_run_info info = run_info(c, o, a, r);
    r->dir = o->run ? rq_rundir_resume(o->run, &info, err) : rq_rundir_new(o->out, s->action, &info, err);
    if (!r->dir) return false;
    bool live = !o->json && isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
    rq_sink sinks[2] = {rq_rundir_sink(r->dir)};
    if (o->json) {
        r->events = rq_events_new(stdout, rq_rundir_path(r->dir), &info, err);
        if (!r->events) return false;
        sinks[1] = rq_events_sink(r->events);
    } else {
        r->terminal = rq_terminal_new(stdout, stderr, live, o->quiet, &info, err);
        if (!r->terminal) return false;
        rq_terminal_out(r->terminal, rq_rundir_path(r->dir));
        sinks[1] = rq_terminal_sink(r->terminal);
    }
    return rq_train(table, s, &r->data, &r->params, sinks, 2, result, err);
}

int train_action(Compiler *c, const Options *o, const ActionInst *a)
{
    rq_train_settings s = session_settings(c, o, a);
    if (c->errors) return EXIT_source;
    Flow *flow = flow_of(c, a->model);
    flow_warn(c, flow);
    diag_flush(c);
    int denied = session_deny(c, o, flow);
    if (denied) return denied;
    Run r = {0};
    rq_error err = {{0}};
    rq_result result = {0};
    r.data = session_data(o, a->data, s.seed);
    s.classification = r.data.labels != NULL;
    r.code = session_code(c, o, a, a->model, flow, a->detached);
    if (o->compare) s.compare = exact_twin(c, o, a, &r);
    s.stop = rq_interrupt_flag();
    if (o->run) s.resume = arena_printf(c->keep, "%s/last.safetensors", o->run);
    const rq_model *table = model_code_table(r.code);
    bool ok = rq_params_new(table, &r.params, &err) && rq_params_init(&r.params, s.seed, &err) &&
              (!o->init || rq_params_load(&r.params, o->init, &err)) && train_with_sinks(c, o, a, &r, &s, &result, &err);
    run_close(&r);
    if (c->errors) return EXIT_source;
    if (!ok) fatal("%s", err.text);
    return result_code(&result);
}

/* With --resume FILE is a run directory, and its file, action and settings are taken from there. */
static Options train_options(Compiler *c, const Options *given)
{
    Options o = session_options(c, given);
    if (o.resume && !o.run) fatal("--resume wants the directory of a run in place of '%s', as in rq train --resume runs/baseline-001", o.file);
    if (o.run && !o.resume) fatal("'%s' is the directory of a run; rq train --resume %s goes on with it", o.run, o.run);
    if (o.resume && (o.out || o.init || given->seed.given))
        fatal("--resume goes on in '%s' with its parameters and seed; --out, --init and --seed do not go with it", o.run);
    return o;
}

int verb_train(Compiler *c, const Options *given)
{
    Options options = train_options(c, given), *o = &options;
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    return p ? train_action(c, o, session_action(c, o, p)) : code;
}
