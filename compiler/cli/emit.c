/* emit.c: `rq emit FILE --stage NAME`: stops the pipeline at a stage and prints what is there. */
#include <errno.h>
#include <string.h>

#include "cli/pennylane.h"

/* The model of the chosen action, else the file's first; with the action's loss. */
static const ModelInst *emit_model(Compiler *c, const Options *o, const Program *p, FunctionSpec *spec)
{
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        if (a->kind != ACTION_train || (o->action && strcmp(o->action, name_text(c->names, a->name)))) continue;
        spec->loss = a->loss;
        spec->real_bytes = session_real_bytes(o, a);
        spec->engine = session_engine(o, a);
        spec->ground = session_ground(a);
        return a->model;
    }
    if (o->action) session_action(c, o, p);
    if (!p->models.len) fatal("'%s' has no model that can be instantiated", o->file);
    return p->models.at[0];
}

static int emit_to(FILE *out, Compiler *c, const Options *o, const char *stage, bool script)
{
    if (!strcmp(stage, "ast")) { /* as written: unchecked and without --set */
        const Ast *ast = compile_parse(c, o->file);
        if (!c->errors) ast_print(out, c, ast);
        return diag_flush(c) ? EXIT_source : EXIT_done;
    }
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    if (script) return emit_pennylane(c, o, p, out);
    FunctionSpec spec = {.kind = RQ_FUNCTION_step, .real_bytes = session_real_bytes(o, NULL), .engine = session_engine(o, NULL)};
    const ModelInst *model = emit_model(c, o, p, &spec);
    if (!spec.loss) spec.loss = stage_of(model, model->output)->type.kind == VALUE_real ? LOSS_mse : LOSS_infidelity;
    if (!strcmp(stage, "inst")) {
        model_print(out, c, model);
        return EXIT_done;
    }
    return compile_print(c, out, model, &spec, o->cpu, stage) ? EXIT_done : EXIT_source;
}

int verb_emit(Compiler *c, const Options *o)
{
    const char *stage = o->stage ? o->stage : "graph";
    bool script = !strcmp(stage, "pennylane");
    if (!script && !compile_stage_known(stage))
        fatal("--stage: '%s' is not a stage; ast, inst, cost, graph, grad, kernel, llvm, asm and pennylane are", stage);
    if (!o->output) return emit_to(stdout, c, o, stage, script);
    const char *part = arena_printf(c->keep, "%s.part", o->output); /* renamed when it is whole */
    FILE *out = fopen(part, "w");
    if (!out) fatal("cannot write '%s': %s", part, strerror(errno));
    int code = emit_to(out, c, o, stage, script);
    bool written = !ferror(out) & !fclose(out);
    if (code == EXIT_done && written && !rename(part, o->output)) return code;
    int why = errno;
    remove(part);
    if (code == EXIT_done) fatal("cannot write '%s': %s", o->output, strerror(why));
    return code;
}
