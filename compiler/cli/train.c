/* train.c: `rq train FILE`: one train action, from its data to a run directory. */
#include "cli/session.h"

int train_action(Compiler *c, const Options *o, const ActionInst *a)
{
    ActionCode code = {0};
    rq_error err;
    session_settings(c, o, a);
    if (c->errors) return EXIT_source;
    Flow *flow = compile_flow(c, a->model);
    flow_warn(c, flow);
    diag_flush(c);
    rq_action action = session_table(c, o, a, flow, &code);
    rq_verb_options options = session_verb_options(o);
    rq_outcome outcome = rq_action_train(&action, &options, &err);
    action_code_drop(&code);
    if (c->errors) return EXIT_source;
    if (outcome == RQ_OUTCOME_failed) fatal("%s", err.text);
    return (int)outcome;
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
