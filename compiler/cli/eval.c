/* eval.c: `rq eval RUN|FILE` and `rq predict RUN|FILE`: a trained model on its data or on given samples. */
#include <string.h>

#include "cli/session.h"
#include "closest.h"

typedef rq_outcome (*ActionVerb)(const rq_action *a, const rq_verb_options *o, rq_error *err);

/* The model's layer of that name, or a fatal() with the nearest one. */
static void check_layer(Compiler *c, const ModelInst *model, const char *layer)
{
    const char **names = arena_array(c->keep, const char *, model->layers.len);
    for (uint32_t i = 0; i < model->layers.len; i++) {
        names[i] = name_text(c->names, model->layers.at[i].name);
        if (!strcmp(names[i], layer)) return;
    }
    const char *near = rq_closest(layer, names, model->layers.len);
    fatal("--layer: model '%s' has no layer '%s'%s%s%s", name_text(c->names, model->name), layer, near ? "; did you mean '" : "",
          near ? near : "", near ? "'?" : "");
}

static int with_action(Compiler *c, const Options *o, ActionVerb verb)
{
    int exit_code = EXIT_done;
    Program *p = session_program(c, o, &exit_code);
    if (!p) return exit_code;
    const ActionInst *a = session_action(c, o, p);
    diag_flush(c);
    if (o->layer) check_layer(c, a->model, o->layer);
    ActionCode code = {0};
    rq_error err;
    rq_action action = session_table(c, o, a, compile_flow(c, a->model), &code);
    rq_verb_options options = session_verb_options(o);
    rq_outcome outcome = verb(&action, &options, &err);
    action_code_drop(&code);
    if (c->errors) return EXIT_source;
    if (outcome == RQ_OUTCOME_failed) fatal("%s", err.text);
    return (int)outcome;
}

int verb_eval(Compiler *c, const Options *given)
{
    Options o = session_options(c, given);
    return with_action(c, &o, rq_action_eval);
}

int verb_predict(Compiler *c, const Options *given)
{
    Options o = session_options(c, given);
    return with_action(c, &o, rq_action_predict);
}
