/* hessian.c: the check of second derivatives (graph/hessian.h) with the generated code that it compares: passes, schedule and machine
 * code as for training, in double precision. */
#include "compile.h"
#include "kernels_run.h"

typedef struct Code {
    Compiler *c;
    Jit *jit;
    const rq_function *f;
} Code;

static void compile_second(void *context, Graph *g)
{
    Code *code = context;
    Graph *passed = compile_passes(code->c, g);
    Kernels *k = schedule(code->c, passed, "hessian", chunk_lanes(passed, LANES), 8);
    code->f = jit_function(code->jit, code->c, k, NULL, code->c->keep);
    kernels_drop(k);
    graph_drop(passed);
}

static void run_code(void *context, int64_t samples, const Binding *bindings, size_t n, double **outputs)
{
    const Code *code = context;
    function_run(code->f, 1, samples, bindings, n, outputs);
}

Hessian *compile_hessian(Compiler *c, const GradcheckInput *in)
{
    Code code = {.c = c, .jit = jit_open()};
    Hessian *h = hessian_check(c, in, &(HessianCode){&code, compile_second, run_code});
    jit_close(code.jit);
    return h;
}
