/* compile.c: the compiler on one page.
 *
 *     source -parse-> Ast -check-> instances -lower-> Graph -differentiate (functions.c)-> Graph -passes-> Graph -schedule-> Kernels
 *         -emit-> Module -> machine code, which model_code.c hands to the runtime and native.c to the linker
 *
 * Every stage can be stopped at and printed (`rq emit --stage NAME`). After each graph pass the verifier runs.
 */
#include "compile.h"

#include <assert.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/function.h"
#include "graph/cost.h"
#include "graph/dead.h"

Ast *compile_parse(Compiler *c, const char *path)
{
    return parse(c, source_read(c->keep, &c->sources, path));
}

Program *compile_front(Compiler *c, const char *path, const CheckOptions *options)
{
    return check(c, compile_parse(c, path), options);
}

Flow *compile_flow(Compiler *c, const ModelInst *model)
{
    Flow *flow = flow_of(c, model);
    find_dead(c, flow);
    return flow;
}

/* The graph pipeline. A pass rebuilds into a fresh arena. */
static const struct {
    const char *name;
    Graph *(*run)(Compiler *c, const Graph *g);
} passes[] = {
    {"simplify", simplify},       /* folds constants, merges equal nodes, drops what no output needs */
    {"undo_states", undo_states}, /* backward recomputes states instead of keeping them */
    {"simplify", simplify},
};

Graph *compile_passes(Compiler *c, Graph *g)
{
    for (size_t i = 0; i < COUNT(passes); i++) {
        Graph *out = passes[i].run(c, g);
        graph_drop(g);
        graph_verify(out, passes[i].name);
        g = out;
    }
    return g;
}

Graph *compile_graph(Compiler *c, const ModelInst *model, const FunctionSpec *spec)
{
    Graph *g = function_graph(c, model, spec);
    return g ? compile_passes(c, g) : NULL;
}

bool compile_code(Compiler *c, Jit *jit, const ModelInst *model, const FunctionSpec *specs, size_t n, const char *cpu,
                  const rq_function **code)
{
    Graph *graphs[RQ_FUNCTION_KINDS];
    Kernels *kernels[RQ_FUNCTION_KINDS];
    size_t done = 0;
    assert(n <= COUNT(kernels));
    for (; done < n && (graphs[done] = compile_graph(c, model, &specs[done])); done++) {
        /* one of a kind in this model, and the same in all models: equal code then has equal names */
        const char *layer = specs[done].layer, *name = arena_printf(c->keep, "f%d_%s", (int)specs[done].kind, layer ? layer : "");
        kernels[done] = schedule(c, graphs[done], name, chunk_lanes(graphs[done], LANES), specs[done].real_bytes);
    }
    if (done == n) jit_functions(jit, c, (const Kernels *const *)kernels, n, cpu, c->keep, code);
    for (size_t i = 0; i < done; i++) {
        kernels_drop(kernels[i]);
        graph_drop(graphs[i]);
    }
    return done == n;
}

/* ---- any stage, printed ---- */

static const char *const stages[] = {"ast", "inst", "cost", "graph", "grad", "kernel", "llvm", "asm"};

bool compile_stage_known(const char *stage)
{
    for (size_t i = 0; i < COUNT(stages); i++)
        if (!strcmp(stages[i], stage)) return true;
    return false;
}

static void print_code(Compiler *c, FILE *out, const Graph *g, int real_bytes, const char *cpu, const char *stage)
{
    Kernels *k = schedule(c, g, "step", chunk_lanes(g, LANES), real_bytes);
    if (!strcmp(stage, "kernel")) kernels_print(out, k);
    else {
        Module *m = module_new(c, k, cpu);
        if (!strcmp(stage, "llvm")) module_print(out, m);
        else module_print_asm(out, m);
        module_drop(m);
    }
    kernels_drop(k);
}

bool compile_print(Compiler *c, FILE *out, const ModelInst *model, const FunctionSpec *spec, const char *cpu, const char *stage)
{
    if (!strcmp(stage, "cost")) {
        cost_print(out, c, model, spec->engine);
        return true;
    }
    bool forward = !strcmp(stage, "graph");
    FunctionSpec eval = *spec;
    if (forward) eval.kind = RQ_FUNCTION_eval;
    Graph *g = compile_graph(c, model, forward ? &eval : spec);
    if (!g) return false;
    if (forward || !strcmp(stage, "grad")) graph_print(out, g);
    else print_code(c, out, g, spec->real_bytes, cpu, stage);
    graph_drop(g);
    return true;
}
