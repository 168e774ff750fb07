/* kernels_run.c: doubles -> lanes of f32 or f64 -> JIT and rq_run -> doubles. */
#include "kernels_run.h"

#include <string.h>

typedef struct Packed {
    const rq_function *f;
    const double **inputs; /* [samples][reals], by number */
} Packed;

static void put(const rq_function *f, void *out, int64_t i, double v)
{
    if (f->real_bytes == 4) ((float *)out)[i] = (float)v;
    else ((double *)out)[i] = v;
}

static double get(const rq_function *f, const void *from, int64_t i)
{
    return f->real_bytes == 4 ? (double)((const float *)from)[i] : ((const double *)from)[i];
}

static void pack(void *context, int input, int64_t first, int count, int lanes, void *out)
{
    const Packed *p = context;
    const rq_leaf *leaf = &p->f->inputs[input];
    bool is_weight = strcmp(leaf->name, "weight") == 0;
    for (int64_t e = 0; e < leaf->reals; e++)
        for (int lane = 0; lane < lanes; lane++) {
            int64_t sample = first + (lane < count ? lane : count - 1);
            double v = p->inputs[input] ? p->inputs[input][sample * leaf->reals + e] : 0;
            put(p->f, out, e * lanes + lane, is_weight && lane >= count ? 0 : v);
        }
}

static const double *bound(const Binding *bindings, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(bindings[i].name, name) == 0) return bindings[i].value;
    return NULL;
}

static void *make_params(Arena *a, const rq_function *f, uint32_t i, const double *value)
{
    void *out = arena_alloc(a, (size_t)(f->params[i].reals * f->real_bytes));
    for (int64_t e = 0; value && e < f->params[i].reals; e++) put(f, out, e, value[e]);
    return out;
}

static void read_output(const rq_function *f, const rq_leaf *leaf, int64_t samples, const void *from, double *out)
{
    for (int64_t e = 0; e < leaf->reals; e++) {
        if (!leaf->batched) out[e] = get(f, from, e);
        for (int64_t s = 0; leaf->batched && s < samples; s++)
            out[s * leaf->reals + e] = get(f, from, (s / f->lanes * leaf->reals + e) * f->lanes + s % f->lanes);
    }
}

void function_run(const rq_function *f, int threads, int64_t samples, const Binding *bindings, size_t n, double **outputs)
{
    Arena *a = arena_new("run");
    void **params = arena_array(a, void *, f->param_count), **results = arena_array(a, void *, f->output_count);
    Packed packed = {f, arena_array(a, const double *, f->input_count)};
    int64_t chunks = (samples + f->lanes - 1) / f->lanes;
    for (uint32_t i = 0; i < f->param_count; i++) params[i] = make_params(a, f, i, bound(bindings, n, f->params[i].name));
    for (uint32_t i = 0; i < f->input_count; i++) packed.inputs[i] = bound(bindings, n, f->inputs[i].name);
    for (uint32_t i = 0; i < f->output_count; i++) {
        int64_t reals = f->outputs[i].reals * (f->outputs[i].batched ? chunks * f->lanes : 1);
        results[i] = outputs[i] ? arena_alloc(a, (size_t)(reals * f->real_bytes)) : NULL;
    }
    rq_runner *runner;
    rq_error error;
    if (!rq_runner_new(f, samples, threads, &runner, &error) ||
        !rq_run(runner, samples, (const void *const *)params, pack, &packed, results, &error))
        fatal("%s", error.text);
    rq_runner_free(runner);
    for (uint32_t i = 0; i < f->output_count; i++)
        if (outputs[i]) read_output(f, &f->outputs[i], samples, results[i], outputs[i]);
    arena_drop(a);
}

void kernels_run(const Kernels *k, const char *cpu, int threads, int64_t samples, const Binding *bindings, size_t n,
                 double **outputs)
{
    Arena *arena = arena_new("run");
    Jit *jit = jit_open();
    const rq_function *f = jit_function(jit, k->c, k, cpu, arena);
    function_run(f, threads, samples, bindings, n, outputs);
    jit_close(jit);
    arena_drop(arena);
}
