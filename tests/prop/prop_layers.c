/* prop_layers.c: models in the language against what their layers mean, computed here by plain
 * loops: windows, rearrangements, activations, every way of a quanvolution, amplitude encoding of
 * zero vectors, losses; and their gradients by four ways.
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
#include "reference/dense_simulator.h"

enum { SAMPLES = 2, MOST = 256 };

typedef struct Case {
    Compiler *c;
    const ModelInst *m;
    VEC(Binding) bindings;
    double x[SAMPLES * MOST], target[SAMPLES * MOST];
} Case;

/* Parameter k of group number i. */
static double param(int i, int64_t k) { return 0.7 * cos((double)(7 * k + i) + 1); }
/* Element k of sample s. */
static double pixel(int s, int64_t k) { return 0.3 + 0.6 * sin((double)(5 * k + 3 * s)); }

static int64_t count_of(const ValueType *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++) n *= t->dim[i];
    return n;
}

/* A model with the given body, all parameters and inputs bound. */
static Case *begin(const char *body)
{
    Compiler *c = compiler_new();
    Case *k = arena_alloc(c->keep, sizeof *k);
    k->c = c;
    const char *text = arena_printf(c->keep, "model M { %s }\n", body);
    Program *p = check(c, parse(c, source_add(c->keep, &c->sources, "m.rq", text, strlen(text))),
                       &(CheckOptions){0});
    if (!p || c->errors) diag_flush(c);
    assert_non_null(p);
    k->m = p->models.at[0];
    for (uint32_t i = 0; i < k->m->groups.len; i++) {
        double *v = arena_alloc(c->keep, sizeof *v * (size_t)k->m->groups.at[i].count);
        for (int64_t e = 0; e < k->m->groups.at[i].count; e++) v[e] = param((int)i, e);
        vec_push(c->keep, &k->bindings, (Binding){k->m->groups.at[i].path, v});
    }
    int64_t n = count_of(&stage_of(k->m, k->m->inputs.at[0])->type),
            out = count_of(&stage_of(k->m, k->m->output)->type);
    assert_true(n <= MOST && out <= MOST);
    for (int64_t e = 0; e < SAMPLES * n; e++) k->x[e] = pixel((int)(e / n), e % n);
    for (int64_t e = 0; e < SAMPLES * out; e++) k->target[e] = cos((double)e);
    vec_push(c->keep, &k->bindings, (Binding){"x", k->x});
    vec_push(c->keep, &k->bindings, (Binding){"target", k->target});
    return k;
}

/* Compares the output with expected[SAMPLES][n], and the gradients of the mean square with each
 * other; then drops the case. */
static void finish(Case *k, const double *expected, int64_t n)
{
    Lowered *l = lower(k->c, k->m, (LowerOptions){0});
    assert_non_null(l);
    graph_verify(l->g, "lower");
    assert_int_equal(type_count(type_of(l->g, l->output)), n);
    Evaluation *e = eval(k->c, l->g, SAMPLES, k->bindings.at, k->bindings.len, &l->output, 1);
    for (int64_t i = 0; i < SAMPLES * n; i++)
        if (!(fabs(evaluation_of(e, l->output)[i] - expected[i]) < 1e-12))
            fail_msg("element %d: %.17g, expected %.17g", (int)i, evaluation_of(e, l->output)[i],
                     expected[i]);
    evaluation_drop(e);
    graph_drop(l->g);
    GradcheckInput in = {.model = k->m,
                         .flow = flow_of(k->c, k->m),
                         .loss = LOSS_mse,
                         .samples = SAMPLES,
                         .bindings = k->bindings.at,
                         .binding_count = k->bindings.len,
                         .elements = 10,
                         .tolerance = 1e-6};
    Gradcheck *r = gradcheck(k->c, &in);
    if (!r->ok) gradcheck_print(stderr, r);
    assert_true(r->ok);
    compiler_drop(k->c);
}

/* ---- windows ---- */

/* Pixel of a [2,5,6] image, 0 (or `outside`) beyond its border. */
static double at(int s, int c, int y, int x, double outside)
{
    return y < 0 || y >= 5 || x < 0 || x >= 6 ? outside : pixel(s, (c * 5 + y) * 6 + x);
}

static void test_conv(void **state)
{
    (void)state;
    Case *k = begin(
        "input x: image[2, 5, 6]; layer c = conv(3, kernel: 3, stride: 2, pad: 1); output c;");
    double expected[SAMPLES * 3 * 3 * 3];
    for (int i = 0; i < (int)COUNT(expected); i++) {
        int s = i / 27, o = i / 9 % 3, y = i / 3 % 3, x = i % 3;
        expected[i] = param(1, o);
        for (int e = 0; e < 18; e++)
            expected[i] +=
                param(0, o * 18 + e) * at(s, e / 9, 2 * y - 1 + e / 3 % 3, 2 * x - 1 + e % 3, 0);
    }
    finish(k, expected, 27);
}

static void test_pools(void **state)
{
    (void)state;
    for (int mean = 0; mean < 2; mean++) {
        Case *k = begin(mean ? "input x: image[2, 5, 6]; layer p = avgpool(2); output p;"
                             : "input x: image[2, 5, 6]; layer p = maxpool(2); output p;");
        double expected[SAMPLES * 12];
        for (int i = 0; i < SAMPLES * 12; i++) {
            double total = 0, most = -INFINITY;
            for (int e = 0; e < 4; e++) {
                double v = at(i / 12, i / 6 % 2, 2 * (i / 3 % 2) + e / 2, 2 * (i % 3) + e % 2, 0);
                total += v / 4;
                most = fmax(most, v);
            }
            expected[i] = mean ? total : most;
        }
        finish(k, expected, 12);
    }
}

/* ---- element by element, and rearrangements ---- */

static void test_activations(void **state)
{
    (void)state;
    static const char *const kinds[] = {"relu", "tanh", "sigmoid", "softmax", "scale"};
    for (int kind = 0; kind < 5; kind++) {
        Compiler *names = compiler_new();
        Case *k = begin(arena_printf(names->keep, "input x: real[6]; layer a = x |> %s; output a;",
                                     kinds[kind]));
        double expected[SAMPLES * 6];
        for (int i = 0; i < SAMPLES * 6; i++) {
            double v = pixel(i / 6, i % 6), norm = 0;
            for (int j = 0; j < 6; j++) norm += exp(pixel(i / 6, j));
            double y[] = {fmax(v, 0), tanh(v), 1 / (1 + exp(-v)), exp(v) / norm, v * param(0, 0)};
            expected[i] = y[kind];
        }
        finish(k, expected, 6);
        compiler_drop(names);
    }
}

/* Large arguments give finite values and gradients. */
static void test_stable(void **state)
{
    (void)state;
    Case *k = begin("input x: real[4]; layer a = x |> softmax; layer b = x |> sigmoid; layer c = "
                    "concat(a, b); output c;");
    double expected[SAMPLES * 8] = {0};
    for (int s = 0; s < SAMPLES; s++) {
        double x[] = {2000, -3000, 2000, 40};
        memcpy(k->x + 4 * s, x, sizeof x);
        expected[8 * s] = expected[8 * s + 2] = 0.5;
        expected[8 * s + 4] = expected[8 * s + 6] = 1;
        expected[8 * s + 7] = 1 / (1 + exp(-40));
    }
    finish(k, expected, 8);
}

static void test_arithmetic(void **state)
{
    (void)state;
    Case *k = begin(
        "input x: real[5]; param alpha = 0.5; layer a = x |> dense(3); layer b = x |> dense(3);"
        "layer c = (alpha*a + (1 - alpha)*b - a*b) / 2; output c;");
    double expected[SAMPLES * 3];
    for (int i = 0; i < SAMPLES * 3; i++) {
        int alpha = -1, first = 0;
        for (uint32_t g = 0; g < k->m->groups.len; g++) {
            if (!strcmp(k->m->groups.at[g].path, "alpha")) alpha = (int)g;
            if (!strcmp(k->m->groups.at[g].path, "a.w")) first = (int)g;
        }
        int o = i % 3;
        double y[2];
        for (int d = 0; d < 2; d++) {
            y[d] = param(first + 2 * d + 1, o);
            for (int e = 0; e < 5; e++) y[d] += param(first + 2 * d, 5 * o + e) * pixel(i / 3, e);
        }
        double f = param(alpha, 0);
        expected[i] = (f * y[0] + (1 - f) * y[1] - y[0] * y[1]) / 2;
    }
    finish(k, expected, 3);
}

static void test_shuffles(void **state)
{
    (void)state;
    Case *k = begin("input x: image[1, 4, 6]; layer u = x |> unfold(2); output u;");
    double expected[SAMPLES * 24];
    for (int i = 0; i < SAMPLES * 24; i++) {
        int c = i / 6 % 4, y = i / 3 % 2, x = i % 3;
        expected[i] = pixel(i / 24, (2 * y + c / 2) * 6 + 2 * x + c % 2);
    }
    finish(k, expected, 24);
    k = begin("input x: image[1, 4, 6]; layer u = x |> unfold(2) |> fold(2); output u;");
    for (int i = 0; i < SAMPLES * 24; i++) expected[i] = pixel(i / 24, i % 24);
    finish(k, expected, 24);
    k = begin("input x: image[1, 4, 6]; layer f = x |> flatten; layer r = x |> reshape(24) ; layer "
              "c = f + r; output c;");
    for (int i = 0; i < SAMPLES * 24; i++) expected[i] = 2 * pixel(i / 24, i % 24);
    finish(k, expected, 24);
}

/* ---- means and deviations ---- */

/* Of `groups` runs of a sample's n elements; parameter 0 is the gain, 1 the offset, one for each `per` elements. */
static void check_norm(const char *body, int groups, int n, int per, bool has_affine, double eps)
{
    Case *k = begin(body);
    double expected[SAMPLES * MOST];
    for (int i = 0; i < SAMPLES * n; i++) {
        int size = n / groups, first = i / size * size, element = i % n;
        double mean = 0, square = 0;
        for (int e = 0; e < size; e++) mean += k->x[first + e] / size;
        for (int e = 0; e < size; e++) square += (k->x[first + e] - mean) * (k->x[first + e] - mean) / size;
        expected[i] = (k->x[i] - mean) / sqrt(square + eps);
        if (has_affine) expected[i] = param(0, element / per) * expected[i] + param(1, element / per);
    }
    finish(k, expected, n);
}

static void test_norms(void **state)
{
    (void)state;
    check_norm("input x: real[7]; layer y = layer_norm; output y;", 1, 7, 1, true, 1e-5);
    check_norm("input x: image[2, 3, 5]; layer y = layer_norm(eps: 0.25); output y;", 1, 30, 1, true, 0.25);
    check_norm("input x: image[2, 3, 5]; layer y = layer_norm(affine: false); output y;", 1, 30, 1, false, 1e-5);
    check_norm("input x: image[4, 3, 2]; layer y = group_norm(2); output y;", 2, 24, 6, true, 1e-5);
    check_norm("input x: image[3, 2, 2]; layer y = group_norm(3, eps: 0.5, affine: false); output y;", 3, 12, 4, false, 0.5);
    check_norm("input x: real[6]; layer y = group_norm(3); output y;", 3, 6, 1, true, 1e-5);
}

/* ---- quanvolutions ---- */

/* RY(pi v_i) on n qubits, then `depth` layers of ry_rx_cnot with the angles theta[2 (d n + i)] and the
 * one behind it, from `first` on: n expectations of Z. */
static void circuit_values(int n, int depth, const double *v, int group, int64_t first, double *z)
{
    double complex psi[DENSE_MAX] = {1};
    for (int i = 0; i < n; i++)
        dense_apply(n, psi,
                    &(DenseGate){.name = "ry", .t = M_PI * v[i], .target_count = 1, .target = {i}});
    for (int d = 0; d < depth; d++, first += 2 * n) {
        for (int i = 0; i < n; i++) {
            DenseGate g = {.name = "ry", .t = param(group, first + 2 * i), .target_count = 1};
            g.target[0] = i;
            dense_apply(n, psi, &g);
            g.name = "rx";
            g.t = param(group, first + 2 * i + 1);
            dense_apply(n, psi, &g);
        }
        for (int i = 0; i + 1 < n; i++)
            dense_apply(n, psi,
                        &(DenseGate){.name = "x",
                                     .target_count = 1,
                                     .control_count = 1,
                                     .target = {i + 1},
                                     .control = {i},
                                     .control_value = {true}});
    }
    for (int i = 0; i < n; i++) {
        char text[10] = "IIIIIIIII";
        text[n] = 0;
        text[i] = 'Z';
        z[i] = creal(dense_expectation(n, psi, text));
    }
}

static void test_deep_and_wide(void **state)
{
    (void)state;
    double expected[SAMPLES * 9], v[9];
    for (int wide = 0; wide < 2; wide++) {
        int n = wide ? 9 : 4;
        Case *k = begin(wide ? "input x: real[9]; layer q = quantum(encode: angle(), circuit: "
                               "ry_rx_cnot(), measure: z_each); output q;"
                             : "input x: real[4]; layer q = quantum(encode: angle(), circuit: "
                               "ry_rx_cnot(depth: 4), measure: z_each); output q;");
        for (int s = 0; s < SAMPLES; s++) {
            for (int i = 0; i < n; i++) v[i] = pixel(s, i);
            circuit_values(n, wide ? 1 : 4, v, 0, 0, expected + s * n);
        }
        finish(k, expected, n);
    }
}

enum { C = 2, H = 4, W = 6, PH = 2, PW = 3, P = PH * PW };

/* results[channel][patch][pixel] of 2x2 patches of a [2,4,6] image; joint: one channel of eight
 * values. */
static void all_patches(int s, bool own, bool joint, double *results)
{
    for (int c = 0; c < (joint ? 1 : C); c++)
        for (int p = 0; p < P; p++) {
            int n = joint ? 4 * C : 4;
            double v[8];
            for (int i = 0; i < n; i++) {
                int channel = joint ? i / 4 : c, y = 2 * (p / PW) + i / 2 % 2,
                    x = 2 * (p % PW) + i % 2;
                v[i] = pixel(s, (channel * H + y) * W + x);
            }
            circuit_values(n, 1, v, 0, own ? 8 * c : 0, results + (c * P + p) * n);
        }
}

static void check_quanv(const char *arguments, bool own, bool joint, char out)
{
    Compiler *names = compiler_new();
    Case *k = begin(arena_printf(names->keep,
                                 "input x: image[2, 4, 6]; layer q = quanv(kernel: 2, stride: 2, "
                                 "circuit: ry_rx_cnot()%s); output q;",
                                 arguments));
    double expected[SAMPLES * MOST];
    int n = joint ? 8 : 4, channels = joint ? 1 : C, count = 0;
    for (int s = 0; s < SAMPLES; s++) {
        double r[C * P * 8];
        all_patches(s, own, joint, r);
        for (int i = 0; joint && out == 'f' && i < C * H * W; i++) { /* pixel (c, y, x) of a patch is its result 4 c + 2 y + x */
            int y = i / W % H, x = i % W;
            expected[count++] = r[(y / 2 * PW + x / 2) * n + i / (H * W) * 4 + y % 2 * 2 + x % 2];
        }
        for (int c = 0; c < channels; c++) {
            for (int i = 0; !joint && out == 'f' && i < H * W; i++) {
                int y = i / W, x = i % W;
                expected[count++] = r[(c * P + y / 2 * PW + x / 2) * n + y % 2 * 2 + x % 2];
            }
            for (int i = 0; out == 'c' && i < n * P; i++)
                expected[count++] = r[(c * P + i % P) * n + i / P];
            for (int p = 0; out == 'm' && p < P; p++) {
                double total = 0;
                for (int i = 0; i < n; i++) total += r[(c * P + p) * n + i];
                expected[count++] = total / n;
            }
        }
    }
    finish(k, expected, count / SAMPLES);
    compiler_drop(names);
}

static void test_quanv(void **state)
{
    (void)state;
    check_quanv("", false, false, 'f');
    check_quanv(", out: channels", false, false, 'c');
    check_quanv(", out: mean", false, false, 'm');
    check_quanv(", channels: own", true, false, 'f');
    check_quanv(", channels: own, out: channels", true, false, 'c');
    check_quanv(", channels: joint", false, true, 'f');
    check_quanv(", channels: joint, out: channels", false, true, 'c');
    check_quanv(", channels: joint, out: mean", false, true, 'm');
}

/* Patches reach into the padding, which is zero, and the fold drops it. 4x4 with kernel 3, stride
 * 3, pad 1: 6x6, four patches. */
static void test_padding(void **state)
{
    (void)state;
    Case *k = begin("input x: image[1, 4, 4]; layer q = quanv(kernel: 3, stride: 3, pad: 1, "
                    "encode: angle(), circuit: one, measure: z_each);"
                    "output q; } circuit one on q[n] { rx(1) q[0]; ");
    double expected[SAMPLES * 16];
    for (int i = 0; i < SAMPLES * 16; i++) {
        int y = i / 4 % 4, x = i % 4;
        bool first = (y + 1) % 3 == 0 && (x + 1) % 3 == 0; /* qubit 0 of its patch */
        expected[i] = cos(M_PI * pixel(i / 16, i % 16)) * (first ? cos(1) : 1);
    }
    finish(k, expected, 16);
}

/* ---- amplitudes, data re-uploading ---- */

static void test_amplitude(void **state)
{
    (void)state;
    Case *k = begin("input x: real[3]; layer q = quantum(encode: amplitude(zero: ground), circuit: "
                    "ry_rx_cnot(), measure: z_each); output q;");
    double expected[SAMPLES * 2];
    memset(k->x, 0, 3 * sizeof k->x[0]); /* sample 0: the ground state */
    for (int s = 0; s < SAMPLES; s++) {
        double complex psi[4] = {1};
        double norm = 0;
        for (int i = 0; i < 3; i++) norm += k->x[3 * s + i] * k->x[3 * s + i];
        for (int i = 0; i < 3 && norm > 0; i++) psi[i] = k->x[3 * s + i] / sqrt(norm);
        for (int i = 0; i < 2; i++) {
            dense_apply(
                2, psi,
                &(DenseGate){.name = "ry", .t = param(0, 2 * i), .target_count = 1, .target = {i}});
            dense_apply(
                2, psi,
                &(DenseGate){
                    .name = "rx", .t = param(0, 2 * i + 1), .target_count = 1, .target = {i}});
        }
        dense_apply(2, psi,
                    &(DenseGate){.name = "x",
                                 .target_count = 1,
                                 .control_count = 1,
                                 .target = {1},
                                 .control = {0},
                                 .control_value = {true}});
        expected[2 * s] = creal(dense_expectation(2, psi, "ZI"));
        expected[2 * s + 1] = creal(dense_expectation(2, psi, "IZ"));
    }
    finish(k, expected, 2);
}

/* Norms down to the smallest number give finite gradients; a zero vector fails the check, others
 * pass it. */
static void test_tiny_norms(void **state)
{
    (void)state;
    static const double size[] = {0, 5e-324, 1e-200, 1e-17, 1e-14, 1e-3, 1e150};
    for (size_t t = 0; t < COUNT(size); t++)
        for (int ground = 0; ground < 2; ground++) {
            Case *k = begin(ground ? "input x: real[4]; layer q = quantum(encode: amplitude(zero: "
                                     "ground), circuit: ry_rx_cnot(), measure: z_each); output q;"
                                   : "input x: real[4]; layer q = quantum(encode: amplitude(), "
                                     "circuit: ry_rx_cnot(), measure: z_each); output q;");
            for (int i = 0; i < 8; i++) k->x[i] = size[t] * (i + 1);
            GradcheckInput in = {.model = k->m,
                                 .loss = LOSS_mse,
                                 .samples = SAMPLES,
                                 .bindings = k->bindings.at,
                                 .binding_count = k->bindings.len};
            Gradcheck *r = gradcheck(k->c, &in);
            for (int i = 0; i < 8; i++) {
                double g = r->rows.at[1].gradient[i];
                assert_true(isfinite(g));
                if (size[t] < 1e-15) assert_true(g == 0);
            }
            Lowered *l = lower(k->c, k->m, (LowerOptions){0});
            assert_int_equal(l->checks.len, !ground);
            if (!ground) {
                Evaluation *e =
                    eval(k->c, l->g, 2, k->bindings.at, k->bindings.len, l->checks.at, 1);
                assert_int_equal(*evaluation_of(e, l->checks.at[0]) != 0, size[t] > 1e-15);
                evaluation_drop(e);
            }
            graph_drop(l->g);
            compiler_drop(k->c);
        }
}

static void test_reuploading(void **state)
{
    (void)state;
    Case *k =
        begin("input x: real[2]; layer q = quantum(circuit: twice, measure: z_each); output q; }"
              "circuit twice(v[n]) on q[n] { param w[n]; for i in 0..n { rx(w[i]*v[i]) q[i]; "
              "rz(v[i]) q[i]; rx(v[i]^2) q[i]; } ");
    double expected[SAMPLES * 2];
    for (int i = 0; i < SAMPLES * 2; i++) {
        double complex psi[2] = {1, 0};
        double v = pixel(i / 2, i % 2);
        dense_apply(1, psi,
                    &(DenseGate){.name = "rx", .t = param(0, i % 2) * v, .target_count = 1});
        dense_apply(1, psi, &(DenseGate){.name = "rz", .t = v, .target_count = 1});
        dense_apply(1, psi, &(DenseGate){.name = "rx", .t = v * v, .target_count = 1});
        expected[i] = creal(dense_expectation(1, psi, "Z"));
    }
    finish(k, expected, 2);
}

/* ---- known states ---- */

/* A circuit with no input on |0..0>; the state is read from the lowered graph. */
static void check_state(const char *circuit, int n, const double complex *expected)
{
    Compiler *names = compiler_new();
    Case *k = begin(arena_printf(names->keep,
                                 "input x: state[%d]; layer q = x |> evolve(c); output q |> "
                                 "measure(z_each); } circuit c on q[n] { %s",
                                 n, circuit));
    memset(k->x, 0, sizeof k->x);
    k->x[0] = 1;
    Lowered *l = lower(k->c, k->m, (LowerOptions){0});
    NodeId psi = l->stage[layer_of(k->m, (LayerId){1})->value.i - 1];
    Evaluation *e = eval(k->c, l->g, 1, k->bindings.at, k->bindings.len, &psi, 1);
    for (int i = 0; i < 1 << n; i++) {
        const double *z = evaluation_of(e, psi) + 2 * i;
        assert_true(cabs(z[0] + _Complex_I * z[1] - expected[i]) < 1e-14);
    }
    evaluation_drop(e);
    graph_drop(l->g);
    compiler_drop(k->c);
    compiler_drop(names);
}

static void test_known_states(void **state)
{
    (void)state;
    double r = sqrt(0.5);
    check_state("h q[0]; cx q[0], q[1];", 2, (double complex[]){r, 0, 0, r});
    check_state("h q[0]; cx q[0], q[1]; cx q[1], q[2];", 3,
                (double complex[]){r, 0, 0, 0, 0, 0, 0, r});
    /* the Fourier transform of |5>: exp(2 pi i 5 k / 8) / sqrt(8) */
    double complex fourier[8];
    for (int i = 0; i < 8; i++) fourier[i] = cexp(2 * M_PI * _Complex_I * 5 * i / 8) / sqrt(8);
    check_state("x q[0]; x q[2];"
                "for i in 0..n { h q[i]; for j in i+1..n { ctrl @ p(pi/2^(j-i)) q[j], q[i]; } } "
                "swap q[0], q[2];",
                3, fourier);
}

/* ---- losses ---- */

static void check_loss(LossKind kind, const double *logits, const double *target, double expected)
{
    Case *k = begin("input x: real[3]; output x;");
    memcpy(k->x, logits, 3 * sizeof *logits);
    memcpy(k->target, target, 3 * sizeof *target);
    static const double weight = 1;
    vec_push(k->c->keep, &k->bindings, (Binding){"weight", &weight});
    Lowered *l = lower(k->c, k->m, (LowerOptions){.loss = kind});
    NodeId wanted[2] = {l->mean_loss};
    gradient(l->g, l->mean_loss, l->input, 1, wanted + 1, (GradOptions){0});
    Evaluation *e = eval(k->c, l->g, 1, k->bindings.at, k->bindings.len, wanted, 2);
    assert_true(fabs(*evaluation_of(e, wanted[0]) - expected) <= 1e-14 * fmax(1, fabs(expected)));
    for (int i = 0; i < 3; i++) assert_true(isfinite(evaluation_of(e, wanted[1])[i]));
    evaluation_drop(e);
    graph_drop(l->g);
    compiler_drop(k->c);
}

static void test_losses(void **state)
{
    (void)state;
    static const double one[] = {0, 1, 0}, none[] = {0, 0, 0};
    check_loss(LOSS_cross_entropy, (double[]){1, 2, 3}, one, log(exp(1) + exp(2) + exp(3)) - 2);
    check_loss(LOSS_cross_entropy, (double[]){1e6, 0, -1e6}, one, 1e6);
    check_loss(LOSS_cross_entropy, (double[]){1, 2, 3}, none, 0);
    check_loss(LOSS_nll, (double[]){0.5, 0.25, 0.25}, one, log(4));
    check_loss(LOSS_nll, (double[]){0, 0.25, 0}, one, log(4));
    check_loss(LOSS_nll, (double[]){0, 0, 0}, none, 0);
    check_loss(LOSS_mse, (double[]){1, 2, 3}, one, (1 + 1 + 9) / 3.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_activations), cmocka_unit_test(test_stable),
        cmocka_unit_test(test_arithmetic),  cmocka_unit_test(test_shuffles),
        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_quanv),       cmocka_unit_test(test_padding),
        cmocka_unit_test(test_amplitude),   cmocka_unit_test(test_tiny_norms),
        cmocka_unit_test(test_reuploading), cmocka_unit_test(test_known_states),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_deep_and_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
