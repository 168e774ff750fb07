/* prop_batch_norm.c: the layer that couples the samples of a batch: values and statistics against plain loops, gradients by four ways,
 * generated code against eval for any number of samples and threads, and what a gradient per sample is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "compile.h"
#include "graph/gradcheck.h"
#include "graph/hessian.h"
#include "kernels_run.h"

enum { MOST_SAMPLES = 37, MOST = 64, MOST_OUTPUTS = 24 };

typedef struct Case {
    Compiler *c;
    const ModelInst *m;
    VEC(Binding) bindings;
    double x[MOST_SAMPLES * MOST], target[MOST_SAMPLES * MOST], weight[MOST_SAMPLES];
} Case;

static double param(int i, int64_t k) { return 1.2 + 0.7 * cos((double)(7 * k + i)); }

static Case *begin(const char *body, int samples)
{
    Compiler *c = compiler_new();
    Case *k = arena_alloc(c->keep, sizeof *k);
    k->c = c;
    const char *text = arena_printf(c->keep, "model M { %s }\n", body);
    Program *p = check(c, parse(c, source_add(c->keep, &c->sources, "m.rq", text, strlen(text))), &(CheckOptions){0});
    if (!p || c->errors) diag_flush(c);
    assert_non_null(p);
    k->m = p->models.at[0];
    for (uint32_t i = 0; i < k->m->groups.len; i++) {
        double *v = arena_alloc(c->keep, sizeof *v * (size_t)k->m->groups.at[i].count);
        for (int64_t e = 0; e < k->m->groups.at[i].count; e++) v[e] = param((int)i, e);
        vec_push(c->keep, &k->bindings, (Binding){k->m->groups.at[i].path, v});
    }
    for (int e = 0; e < MOST_SAMPLES * MOST; e++) k->x[e] = 3 + sin(5.0 * e + 0.01 * e * e), k->target[e] = cos((double)e);
    for (int s = 0; s < samples; s++) k->weight[s] = 1.0 / samples;
    vec_push(c->keep, &k->bindings, (Binding){"x", k->x});
    vec_push(c->keep, &k->bindings, (Binding){"target", k->target});
    vec_push(c->keep, &k->bindings, (Binding){"weight", k->weight});
    return k;
}

static NodeId output_named(const Graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (!strcmp(g->outputs.at[i].name, name)) return g->outputs.at[i].node;
    return (NodeId){0};
}

/* One batch_norm, directly on the input: channels of `per` elements, B samples. */
static void check_values(const char *body, int channels, int per, int samples, bool has_affine, double eps)
{
    Case *k = begin(body, samples);
    for (int coupled = 0; coupled < 2; coupled++) {
        Lowered *l = lower(k->c, k->m, (LowerOptions){.couples = coupled});
        assert_non_null(l);
        graph_verify(l->g, "lower");
        uint32_t first = k->m->groups.len - 2;
        NodeId wanted[] = {l->output, l->statistic[first], l->statistic[first + 1]};
        assert_int_equal(node_is(wanted[1]) && node_is(wanted[2]), coupled);
        Evaluation *e = eval(k->c, l->g, samples, k->bindings.at, k->bindings.len, wanted, coupled ? 3 : 1);
        for (int c = 0; c < channels; c++) {
            double mean = 0, variance = 0, n = samples * per;
            for (int i = 0; i < samples * per; i++) mean += k->x[(i / per * channels + c) * per + i % per] / n;
            for (int i = 0; i < samples * per; i++) {
                double d = k->x[(i / per * channels + c) * per + i % per] - mean;
                variance += d * d / n;
            }
            if (coupled) {
                assert_true(fabs(evaluation_of(e, wanted[1])[c] - mean) < 1e-12);
                assert_true(fabs(evaluation_of(e, wanted[2])[c] - variance * n / (n - 1)) < 1e-12);
            } else {
                mean = param((int)first, c);
                variance = param((int)first + 1, c);
            }
            for (int i = 0; i < samples * per; i++) {
                int at = (i / per * channels + c) * per + i % per;
                double y = (k->x[at] - mean) / sqrt(variance + eps);
                if (has_affine) y = param(0, c) * y + param(1, c);
                if (!(fabs(evaluation_of(e, l->output)[at] - y) < 1e-11)) fail_msg("%s: element %d, coupled %d", body, at, coupled);
            }
        }
        evaluation_drop(e);
        graph_drop(l->g);
    }
    compiler_drop(k->c);
}

static void test_values(void **state)
{
    (void)state;
    check_values("input x: image[3, 2, 4]; layer y = batch_norm; output y;", 3, 8, 5, true, 1e-5);
    check_values("input x: real[6]; layer y = batch_norm(eps: 1/2, affine: false); output y;", 6, 1, 4, false, 0.5);
    check_values("input x: image[1, 4, 4]; layer y = batch_norm(momentum: 1); output y;", 1, 16, 2, true, 1e-5);
}

static const char *const models[] = {
    "input x: image[2, 3, 4]; layer c = conv(3, kernel: 2) |> batch_norm(eps: 0.01) |> tanh; layer d = dense(4) |> batch_norm(affine: false);"
    " layer o = dense(3); skip d -> o via dense(3) |> batch_norm; output o;",
    "input x: image[1, 4, 4]; layer q = quanv(kernel: 2, circuit: ry_rx_cnot()) |> batch_norm; layer o = dense(3); output o;",
    "input x: image[1, 4, 4]; layer p = patchwise(kernel: 2, body: inside); layer o = dense(3); output o; }"
    " block inside { input v: real[n]; layer a = v |> dense(n) |> batch_norm |> tanh; output a; ",
    "input x: real[5]; layer a = dense(4) |> batch_norm; freeze a.batch_norm.mean; layer o = dense(2); output o;",
};

static void test_gradients(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(models); i++) {
        Case *k = begin(models[i], 6);
        GradcheckInput in = {.model = k->m, .flow = flow_of(k->c, k->m), .loss = LOSS_mse, .samples = 6, .bindings = k->bindings.at,
                             .binding_count = k->bindings.len - 1, .elements = 30, .tolerance = 1e-7};
        Gradcheck *r = gradcheck(k->c, &in);
        if (!r->ok) gradcheck_print(stderr, r);
        assert_true(r->ok);
        in.elements = 2;
        in.tolerance = 1e-5;
        Hessian *h = compile_hessian(k->c, &in);
        if (!h->ok) hessian_print(stderr, h);
        assert_true(h->ok);
        for (uint32_t n = 0; n < r->rows.len; n++) assert_true(!strstr(r->rows.at[n].name, "variance"));
        compiler_drop(k->c);
    }
}

static int64_t reals_of(const Type *t) { return type_count(t) * (t->is_complex ? 2 : 1); }

/* The compiled step against eval of the plain graph, with full and partial chunks; any number of threads gives the same bits. */
static void check_code(const char *body, int samples, int real_bytes)
{
    Case *k = begin(body, samples);
    Lowered *l = lower(k->c, k->m, (LowerOptions){.loss = LOSS_mse, .couples = true});
    Graph *g = compile_graph(k->c, k->m, &(FunctionSpec){.kind = RQ_FUNCTION_step, .loss = LOSS_mse, .real_bytes = real_bytes});
    Kernels *code = schedule(k->c, g, "m", LANES, real_bytes);
    double *got[MOST_OUTPUTS], *again[MOST_OUTPUTS];
    assert_true(g->outputs.len <= MOST_OUTPUTS);
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        got[i] = arena_array(k->c->keep, double, MOST_SAMPLES * reals_of(type_of(g, g->outputs.at[i].node)));
        again[i] = arena_array(k->c->keep, double, MOST_SAMPLES * reals_of(type_of(g, g->outputs.at[i].node)));
    }
    kernels_run(code, NULL, 1, samples, k->bindings.at, k->bindings.len, got);
    for (int threads = 2; threads <= 3; threads++) {
        kernels_run(code, NULL, threads, samples, k->bindings.at, k->bindings.len, again);
        for (uint32_t i = 0; i < g->outputs.len; i++)
            assert_memory_equal(got[i], again[i], sizeof(double) * (size_t)reals_of(type_of(g, g->outputs.at[i].node)));
    }
    for (uint32_t i = 0; i < k->m->groups.len; i++) {
        const GroupInst *group = &k->m->groups.at[i];
        NodeId want = l->statistic[i];
        if (group_is_trained(group)) gradient(l->g, l->mean_loss, &l->group[i], 1, &want, (GradOptions){0});
        const char *name = arena_printf(k->c->keep, "%s:%s", group_is_trained(group) ? "grad" : "batch", group->path);
        assert_int_equal(node_is(want), node_is(output_named(g, name)));
        if (!node_is(want)) continue;
        Evaluation *e = eval(k->c, l->g, samples, k->bindings.at, k->bindings.len, &want, 1);
        double largest = 1e-2, apart = 0;
        for (uint32_t n = 0; n < g->outputs.len; n++)
            for (int64_t v = 0; !strcmp(g->outputs.at[n].name, name) && v < group->count; v++) {
                largest = fmax(largest, fabs(evaluation_of(e, want)[v]));
                apart = fmax(apart, fabs(evaluation_of(e, want)[v] - got[n][v]));
            }
        if (!(apart <= largest * (real_bytes == 8 ? 1e-10 : 1e-3)))
            fail_msg("%s in f%d, %d samples: %g from eval, in %s", name, 8 * real_bytes, samples, apart, body);
        evaluation_drop(e);
    }
    kernels_drop(code);
    graph_drop(g);
    graph_drop(l->g);
    compiler_drop(k->c);
}

static void test_code(void **state)
{
    (void)state;
    static const int samples[] = {2, 16, 17, 37};
    for (size_t i = 0; i < COUNT(models); i++)
        for (size_t n = 0; n < COUNT(samples); n++)
            for (int real_bytes = 4; real_bytes <= 8; real_bytes += 4) check_code(models[i], samples[n], real_bytes);
}

/* Gradients per sample add up to that of the summed loss; behind the last batch_norm they are those of the sample's own loss. */
static void test_per_sample(void **state)
{
    (void)state;
    enum { SAMPLES = 7 };
    Case *k = begin(models[0], SAMPLES);
    Lowered *l = lower(k->c, k->m, (LowerOptions){.loss = LOSS_mse, .couples = true});
    for (uint32_t i = 0; i < k->m->groups.len; i++) {
        if (!group_is_trained(&k->m->groups.at[i])) continue;
        NodeId each, mean;
        gradient(l->g, l->loss, &l->group[i], 1, &each, (GradOptions){.per_sample = true});
        gradient(l->g, l->mean_loss, &l->group[i], 1, &mean, (GradOptions){0});
        NodeId wanted[] = {each, mean};
        int64_t n = k->m->groups.at[i].count;
        assert_true(type_of(l->g, each)->batched);
        Evaluation *e = eval(k->c, l->g, SAMPLES, k->bindings.at, k->bindings.len, wanted, 2);
        for (int64_t v = 0; v < n; v++) {
            double total = 0;
            for (int s = 0; s < SAMPLES; s++) total += evaluation_of(e, each)[s * n + v];
            assert_true(fabs(total - SAMPLES * evaluation_of(e, mean)[v]) < 1e-12);
        }
        evaluation_drop(e);
    }
    graph_drop(l->g);
    compiler_drop(k->c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_per_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
