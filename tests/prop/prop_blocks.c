/* prop_blocks.c: models made of blocks against the same written out: values, gradients, parameter paths. Blocks in blocks, formals of
 * every type, blocks on the patches of images.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "check/flow.h"
#include "graph/gradcheck.h"

enum { SAMPLES = 3, MOST = 256 };

typedef struct Case {
    Compiler *c;
    const ModelInst *m;
    VEC(Binding) bindings;
    double x[SAMPLES * MOST], target[SAMPLES * MOST];
} Case;

static int64_t count_of(const ValueType *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++) n *= t->dim[i];
    return n;
}

/* The last model of the text, group i of it bound to values that depend on i alone. */
static Case *begin(const char *text)
{
    Compiler *c = compiler_new();
    Case *k = arena_alloc(c->keep, sizeof *k);
    k->c = c;
    Program *p = check(c, parse(c, source_add(c->keep, &c->sources, "m.rq", text, strlen(text))), &(CheckOptions){0});
    if (!p || c->errors) diag_flush(c);
    assert_non_null(p);
    k->m = p->models.at[p->models.len - 1];
    for (uint32_t i = 0; i < k->m->groups.len; i++) {
        const GroupInst *g = &k->m->groups.at[i];
        double *v = arena_alloc(c->keep, sizeof *v * (size_t)(g->count + 1));
        for (int64_t e = 0; e < g->count; e++) v[e] = 0.7 * cos((double)(7 * e) + i + 1);
        vec_push(c->keep, &k->bindings, (Binding){g->path, v});
    }
    for (int e = 0; e < SAMPLES * MOST; e++) {
        k->x[e] = 0.3 + 0.6 * sin(5.0 * e);
        k->target[e] = cos((double)e);
    }
    vec_push(c->keep, &k->bindings, (Binding){"x", k->x});
    vec_push(c->keep, &k->bindings, (Binding){"target", k->target});
    return k;
}

/* Output of all samples, on the case's arena. */
static const double *output_of(Case *k, int64_t *count)
{
    Lowered *l = lower(k->c, k->m, (LowerOptions){0});
    assert_non_null(l);
    graph_verify(l->g, "lower");
    *count = type_count(type_of(l->g, l->output));
    assert_int_equal(*count, count_of(&stage_of(k->m, k->m->output)->type));
    Evaluation *e = eval(k->c, l->g, SAMPLES, k->bindings.at, k->bindings.len, &l->output, 1);
    double *y = arena_array(k->c->keep, double, SAMPLES * *count);
    memcpy(y, evaluation_of(e, l->output), sizeof *y * (size_t)(SAMPLES * *count));
    evaluation_drop(e);
    graph_drop(l->g);
    return y;
}

static void check_gradients(Case *k)
{
    GradcheckInput in = {.model = k->m, .flow = flow_of(k->c, k->m), .loss = LOSS_mse, .samples = SAMPLES, .bindings = k->bindings.at,
                         .binding_count = k->bindings.len, .elements = 8, .tolerance = 1e-6};
    Gradcheck *r = gradcheck(k->c, &in);
    if (!r->ok) gradcheck_print(stderr, r);
    assert_true(r->ok);
}

/* Both compute the same, with groups of equal shapes in the same order; those of `text` have these paths, one space after each. */
static void same(const char *text, const char *written_out, const char *paths)
{
    Case *a = begin(text), *b = begin(written_out);
    int64_t n, m;
    const char *have = "";
    for (uint32_t i = 0; i < a->m->groups.len; i++) have = arena_printf(a->c->keep, "%s%s ", have, a->m->groups.at[i].path);
    assert_string_equal(have, paths);
    assert_int_equal(a->m->groups.len, b->m->groups.len);
    for (uint32_t i = 0; i < a->m->groups.len; i++) assert_int_equal(a->m->groups.at[i].count, b->m->groups.at[i].count);
    const double *x = output_of(a, &n), *y = output_of(b, &m);
    assert_int_equal(n, m);
    for (int64_t i = 0; i < SAMPLES * n; i++)
        if (!(fabs(x[i] - y[i]) < 1e-12)) fail_msg("element %d: %.17g, written out %.17g, in %s", (int)i, x[i], y[i], text);
    check_gradients(a);
    compiler_drop(a->c);
    compiler_drop(b->c);
}

static void test_nested(void **state)
{
    (void)state;
    same("block inner(k: int, gain: real) { input x: real[n]; layer a = dense(k) |> tanh; layer b = gain * a |> dense(n); output b; }"
         "block outer(k: int) { input x: real[n]; param s = 0.5; layer p = x |> inner(k: k, gain: 1/2) |> inner(k: k + 1, gain: 2);"
         " skip x -> p scale: s; layer q = p |> inner(2, 1); output q; }"
         "model M { input x: real[5]; layer h = outer(3); layer o = h |> dense(2); output o; }",
         "model M { input x: real[5]; param s = 0.5; layer a = x |> dense(3) |> tanh; layer b = (a / 2) |> dense(5);"
         " layer c = dense(4) |> tanh; layer p = (c * 2) |> dense(5); skip x -> p scale: s; layer d = p |> dense(2) |> tanh;"
         " layer e = dense(5); layer o = e |> dense(2); output o; }",
         "h.s h.p.inner.a.w h.p.inner.a.b h.p.inner.b.w h.p.inner.b.b h.p.inner2.a.w h.p.inner2.a.b h.p.inner2.b.w h.p.inner2.b.b "
         "h.q.a.w h.q.a.b h.q.b.w h.q.b.b o.w o.b ");
}

static void test_every_formal(void **state)
{
    (void)state;
    same("circuit turn(about: axis) on q[n] { param t[n] ~ uniform(0, 1);"
         " for i in 0..n { if about == x { rx(t[i]) q[i]; } else { ry(t[i]) q[i]; } } }"
         "block both(many: int, part: real, twice: bool, about: axis, c: circuit, e: encoding, o: observable, after: block) {"
         " input x: real[n];"
         " layer q = x |> quantum(encode: e, circuit: turn(about: about), measure: o);"
         " layer r = x |> quantum(encode: e, circuit: c, measure: o);"
         " layer s = (q + part * r) |> dense(many) |> after;"
         " if twice { layer t = s |> after; output t; } else { output s; } }"
         "block bounded(k: int) { input x: real[n]; layer y = k * x |> tanh; output y; }"
         "model M { input x: real[3]; layer b = both(many: 4, part: 1/4, twice: true, about: x, c: ry_rx_cnot(depth: 2),"
         " e: angle(axis: x), o: zz_chain, after: bounded(k: 3)); output b; }",
         "circuit turn on q[n] { param t[n]; for i in 0..n { rx(t[i]) q[i]; } }"
         "model M { input x: real[3]; layer q = x |> quantum(encode: angle(axis: x), circuit: turn, measure: zz_chain);"
         " layer r = x |> quantum(encode: angle(axis: x), circuit: ry_rx_cnot(depth: 2), measure: zz_chain);"
         " layer s = (q + r / 4) |> dense(4); layer t = 3 * s |> tanh; layer u = 3 * t |> tanh; output u; }",
         "b.q.t b.r.theta b.s.w b.s.b ");
}

static void test_stdlib(void **state)
{
    (void)state;
    same("model M { input x: image[1, 6, 6]; layer a = residual_image(body: same_conv) |> conv_relu_pool(channels: 2, kernel: 3);"
         " layer b = a |> flatten |> residual(body: dense_relu(n: 8)); output b; }"
         "block same_conv { input x: image[c, h, w]; layer y = x |> conv(c, kernel: 3, pad: 1) |> tanh; output y; }",
         "model M { input x: image[1, 6, 6]; layer y = conv(1, kernel: 3, pad: 1) |> tanh; skip x -> y;"
         " layer a = conv(2, kernel: 3) |> relu |> maxpool(2) |> flatten; layer b = dense(8) |> relu; skip a -> b; output b; }",
         "a.residual_image.y.y.w a.residual_image.y.y.b a.conv_relu_pool.y.w a.conv_relu_pool.y.b b.y.y.w b.y.y.b ");
}

/* ---- blocks on patches ---- */

static void test_patchwise_is_convolution(void **state)
{
    (void)state;
    same("model M { input x: image[2, 5, 6]; layer p = patchwise(kernel: [3, 2], stride: [1, 2], pad: 1, channels: joint, body: some);"
         " output p; } block some { input v: real[n]; layer y = v |> dense(4) |> tanh; output y; }",
         "model M { input x: image[2, 5, 6]; layer p = conv(4, kernel: [3, 2], stride: [1, 2], pad: 1) |> tanh; output p; }",
         "p.y.w p.y.b ");
}

static void test_patchwise_is_quanvolution(void **state)
{
    (void)state;
    static const char *const modes[] = {"", ", out: channels", ", out: mean", ", channels: joint, out: channels",
                                        ", channels: joint, out: fold", ", stride: 1", ", pad: 1"};
    for (size_t i = 0; i < COUNT(modes); i++) {
        Compiler *names = compiler_new();
        const char *twin = arena_printf(names->keep, "model M { input x: image[2, 4, 4]; layer p = patchwise(kernel: 2, body: ring%s); output p; }"
                                        "block ring { input v: real[n]; layer y = v |> quantum(circuit: ry_rx_cnot()); output y; }", modes[i]);
        same(twin, arena_printf(names->keep, "model M { input x: image[2, 4, 4]; layer p = quanv(kernel: 2, circuit: ry_rx_cnot()%s);"
                                " output p; }", modes[i]), "p.y.theta ");
        compiler_drop(names);
    }
}

/* Every classical kind in a body computes for each patch what it computes on an image that is one patch. */
static void test_kinds_in_a_body(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "relu", "sigmoid", "softmax", "scale", "flatten", "layer_norm", "group_norm(2)", "dropout(0.5)", "dense(3) |> detach", "dense(4)",
        "reshape(1, 2, 2) |> conv(2, kernel: 2, pad: 1, bias: false)", "reshape(1, 2, 2) |> maxpool(2)", "reshape(1, 2, 2) |> avgpool([1, 2])",
        "reshape(4, 1, 1) |> fold(2) |> flatten", "reshape(1, 2, 2) |> unfold(2) |> group_norm(2)", "encode(amplitude(zero: ground)) |> measure",
        "reshape(1, 2, 2) |> patchwise(kernel: 1, body: dense_tanh) |> flatten |> dense(2)", "residual(body: dense_tanh)",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        Compiler *names = compiler_new();
        const char *block = arena_printf(names->keep, "block b { input v: real[n]; param k[n] ~ normal(0, 1); layer z = concat(k * v, v, axis: 0);"
                                         " layer y = (v - 2 * v * k) |> %s; layer w = y |> flatten; layer u = concat(w, z); output u; }", bodies[i]);
        const char *text = arena_printf(names->keep, "%s model M { input x: image[1, 4, 4]; layer p = patchwise(kernel: 2, body: b,"
                                        " out: channels); output p; }", block);
        Case *whole = begin(text);
        Case *one = begin(arena_printf(names->keep, "%s model M { input x: real[4]; layer p = b; output p; }", block));
        int64_t n, m;
        const double *y = output_of(whole, &n);
        assert_int_equal(n % 4, 0);
        for (int p = 0; p < 4; p++) {
            for (int s = 0; s < SAMPLES; s++)
                for (int v = 0; v < 4; v++) one->x[s * 4 + v] = whole->x[s * 16 + (p / 2 * 2 + v / 2) * 4 + p % 2 * 2 + v % 2];
            const double *z = output_of(one, &m);
            assert_int_equal(m * 4, n);
            for (int s = 0; s < SAMPLES; s++)
                for (int64_t k = 0; k < m; k++)
                    if (!(fabs(y[s * n + k * 4 + p] - z[s * m + k]) < 1e-12)) fail_msg("patch %d, result %d of %s", p, (int)k, bodies[i]);
        }
        check_gradients(whole);
        compiler_drop(whole->c);
        compiler_drop(one->c);
        compiler_drop(names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested),          cmocka_unit_test(test_every_formal),
        cmocka_unit_test(test_stdlib),          cmocka_unit_test(test_patchwise_is_convolution),
        cmocka_unit_test(test_patchwise_is_quanvolution), cmocka_unit_test(test_kinds_in_a_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
