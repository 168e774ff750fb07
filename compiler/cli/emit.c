/* emit.c: `rq emit FILE --stage NAME`: stops the pipeline at a stage and prints what is there. */
#include <string.h>

#include "cli/pennylane.h"

/* The model of the chosen action, else the file's first; with the action's loss, else mean squared error. */
static const ModelInst *emit_model(Compiler *c, const Options *o, const Program *p, FunctionSpec *spec)
{
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        if (a->kind != ACTION_train || (o->action && strcmp(o->action, name_text(c->names, a->name)))) continue;
        spec->loss = a->loss;
        spec->real_bytes = session_real_bytes(o, a);
        spec->engine = session_engine(o, a);
        return a->model;
    }
    if (o->action) session_action(c, o, p);
    if (!p->models.len) fatal("'%s' has no model that can be instantiated", o->file);
    return p->models.at[0];
}

int verb_emit(Compiler *c, const Options *o)
{
    const char *stage = o->stage ? o->stage : "graph";
    bool script = !strcmp(stage, "pennylane");
    if (!script && !compile_stage_known(stage))
        fatal("--stage: '%s' is not a stage; ast, inst, cost, graph, grad, kernel, llvm, asm and pennylane are", stage);
    if (!strcmp(stage, "ast")) { /* as written: unchecked and without --set */
        const Ast *ast = compile_parse(c, o->file);
        if (!c->errors) ast_print(stdout, c, ast);
        return diag_flush(c) ? EXIT_source : EXIT_done;
    }
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    if (script) return emit_pennylane(c, o, p);
    FunctionSpec spec = {.kind = RQ_FUNCTION_step, .loss = LOSS_mse, .real_bytes = session_real_bytes(o, NULL), .engine = session_engine(o, NULL)};
    const ModelInst *model = emit_model(c, o, p, &spec);
    if (!strcmp(stage, "inst")) {
        model_print(stdout, c, model);
        return EXIT_done;
    }
    return compile_print(c, stdout, model, &spec, o->cpu, stage) ? EXIT_done : EXIT_source;
}
