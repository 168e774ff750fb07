/* run_kernels.c: doubles -> lanes of f32 or f64 -> JIT and rq_run -> doubles. */
#include "reference/run_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/function.h"

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

static void *make_params(const rq_function *f, uint32_t i, const double *value)
{
    void *out = rq_alloc((size_t)(f->params[i].reals * f->real_bytes));
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

static void call(const rq_function *f, int threads, int64_t samples, const Binding *bindings, size_t n, double **outputs)
{
    void **params = rq_alloc(sizeof *params * (f->param_count + 1));
    void **results = rq_alloc(sizeof *results * (f->output_count + 1));
    const double **inputs = rq_alloc(sizeof *inputs * (f->input_count + 1));
    int64_t chunks = (samples + f->lanes - 1) / f->lanes;
    for (uint32_t i = 0; i < f->param_count; i++) params[i] = make_params(f, i, bound(bindings, n, f->params[i].name));
    for (uint32_t i = 0; i < f->input_count; i++) inputs[i] = bound(bindings, n, f->inputs[i].name);
    for (uint32_t i = 0; i < f->output_count; i++) {
        int64_t reals = f->outputs[i].reals * (f->outputs[i].batched ? chunks * f->lanes : 1);
        results[i] = outputs[i] ? rq_alloc((size_t)(reals * f->real_bytes)) : NULL;
    }
    rq_runner *runner;
    rq_error error;
    Packed packed = {f, inputs};
    if (!rq_runner_new(f, samples, threads, &runner, &error) ||
        !rq_run(runner, samples, (const void *const *)params, pack, &packed, results, &error)) {
        fprintf(stderr, "kernels_run: %s\n", error.text);
        abort();
    }
    rq_runner_free(runner);
    for (uint32_t i = 0; i < f->output_count; i++) {
        if (outputs[i]) read_output(f, &f->outputs[i], samples, results[i], outputs[i]);
        rq_free(results[i]);
    }
    for (uint32_t i = 0; i < f->param_count; i++) rq_free(params[i]);
    rq_free(params);
    rq_free(results);
    rq_free(inputs);
}

void kernels_run(const Kernels *k, const char *cpu, int threads, int64_t samples, const Binding *bindings, size_t n,
                 double **outputs)
{
    Arena *arena = arena_new("run");
    Jit *jit = jit_open();
    const rq_function *f = jit_function(jit, k->c, k, cpu, arena);
    call(f, threads, samples, bindings, n, outputs);
    jit_close(jit);
    arena_drop(arena);
}
