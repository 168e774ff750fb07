/* prop_observables.c: observables with parameters against dense matrices: the general Hermitian ones of the standard library, sums and
 * products over ranges; and gradients of all that a hybrid model trains: observable, circuit, input, mixing factor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <string.h>

#include "check/flow.h"
#include "graph/gradcheck.h"
#include "graph/lower.h"

enum { SAMPLES = 2, MOST = 64, ROWS = 16 };

typedef struct Case {
    Compiler *c;
    const ModelInst *m;
    VEC(Binding) bindings;
    double x[SAMPLES * MOST], target[SAMPLES * MOST];
} Case;

static Case *begin(const char *text)
{
    Compiler *c = compiler_new();
    Case *k = arena_alloc(c->keep, sizeof *k);
    k->c = c;
    Program *p = check(c, parse(c, source_add(c->keep, &c->sources, "m.rq", text, strlen(text))), &(CheckOptions){0});
    if (!p || c->errors) diag_flush(c);
    assert_non_null(p);
    k->m = p->models.at[0];
    for (uint32_t i = 0; i < k->m->groups.len; i++) {
        double *v = arena_alloc(c->keep, sizeof *v * (size_t)k->m->groups.at[i].count);
        for (int64_t e = 0; e < k->m->groups.at[i].count; e++) v[e] = sin((double)(5 * e) + 1.3 * i + 0.4);
        vec_push(c->keep, &k->bindings, (Binding){k->m->groups.at[i].path, v});
    }
    for (int e = 0; e < SAMPLES * MOST; e++) k->x[e] = 0.2 + cos(3.0 * e), k->target[e] = sin((double)e);
    vec_push(c->keep, &k->bindings, (Binding){"x", k->x});
    vec_push(c->keep, &k->bindings, (Binding){"target", k->target});
    return k;
}

/* Values of a layer for all samples, on the case's arena. */
static const double *value_of(Case *k, const char *layer, int64_t *reals)
{
    Lowered *l = lower(k->c, k->m, (LowerOptions){0});
    assert_non_null(l);
    NodeId n = {0};
    for (uint32_t i = 0; i < k->m->layers.len; i++)
        if (!strcmp(name_text(k->c->names, k->m->layers.at[i].name), layer)) n = l->stage[k->m->layers.at[i].value.i - 1];
    *reals = type_count(type_of(l->g, n)) * (type_of(l->g, n)->is_complex ? 2 : 1);
    Evaluation *e = eval(k->c, l->g, SAMPLES, k->bindings.at, k->bindings.len, &n, 1);
    double *copy = arena_array(k->c->keep, double, SAMPLES * *reals);
    memcpy(copy, evaluation_of(e, n), sizeof *copy * (size_t)(SAMPLES * *reals));
    evaluation_drop(e);
    graph_drop(l->g);
    return copy;
}

static const double *param(const Case *k, const char *path)
{
    for (uint32_t i = 0; i < k->bindings.len; i++)
        if (!strcmp(k->bindings.at[i].name, path)) return k->bindings.at[i].value;
    fail_msg("no parameter %s", path);
    return NULL;
}

static void check_gradients(Case *k)
{
    GradcheckInput in = {.model = k->m, .flow = flow_of(k->c, k->m), .loss = LOSS_mse, .samples = SAMPLES, .bindings = k->bindings.at,
                         .binding_count = k->bindings.len, .elements = 12, .tolerance = 1e-7};
    Gradcheck *r = gradcheck(k->c, &in);
    if (!r->ok) gradcheck_print(stderr, r);
    assert_true(r->ok);
}

/* ---- Hermitian matrices ---- */

/* Element [r, c] of the product of Pauli matrices with these digits to base 4 on k qubits. */
static double complex pauli_element(int k, int digits, int r, int c)
{
    static const double complex matrix[4][2][2] = {{{1, 0}, {0, 1}}, {{0, 1}, {1, 0}}, {{0, -I}, {I, 0}}, {{1, 0}, {0, -1}}};
    double complex v = 1;
    for (int j = 0; j < k; j++)
        v *= matrix[digits >> 2 * (k - 1 - j) & 3][r >> (k - 1 - j) & 1][c >> (k - 1 - j) & 1];
    return v;
}

/* Block b of the observable as a matrix of 2^k rows. */
static void hermitian(const Case *k, bool by_pauli, int qubits, int b, double complex h[ROWS][ROWS])
{
    int rows = 1 << qubits;
    const double *w = param(k, by_pauli ? "q.h" : "q.a") + (by_pauli ? rows * rows * b : 2 * rows * rows * b);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < rows; c++) {
            h[r][c] = 0;
            for (int p = 0; by_pauli && p < rows * rows; p++) h[r][c] += w[p] * pauli_element(qubits, p, r, c) / sqrt(rows);
            if (by_pauli) continue;
            const double *a = w + 2 * (r * rows + c), *t = w + 2 * (c * rows + r);
            h[r][c] = (a[0] + t[0]) / 2 + I * (a[1] - t[1]) / 2;
        }
}

/* <psi| H |psi> with H on qubits [k b, k b + k) of n. */
static double expectation(const double *psi, int n, int k, int b, double complex h[ROWS][ROWS])
{
    double complex total = 0;
    int shift = n - k * b - k, rows = 1 << k;
    for (int i = 0; i < 1 << n; i++)
        for (int c = 0; c < rows; c++) {
            int r = i >> shift & (rows - 1), j = (i & ~((rows - 1) << shift)) | c << shift;
            total += conj(psi[2 * i] + I * psi[2 * i + 1]) * h[r][c] * (psi[2 * j] + I * psi[2 * j + 1]);
        }
    assert_true(fabs(cimag(total)) < 1e-12);
    return creal(total);
}

static void check_hermitian(bool by_pauli, int n, int k)
{
    Compiler *names = compiler_new();
    const char *o = by_pauli ? "hermitian" : "hermitian_matrix";
    Case *t = begin(arena_printf(names->keep, "model M { input x: real[%d]; layer s = encode(amplitude()) |> evolve(strongly_entangling(layers: 2));"
                                 " layer q = measure(%s(k: %d)); output q; }", 1 << n, o, k));
    int64_t amplitudes, values;
    const double *psi = value_of(t, "s", &amplitudes), *y = value_of(t, "q", &values);
    assert_int_equal(values, n / k);
    assert_int_equal(amplitudes, 2 << n);
    for (int b = 0; b < n / k; b++) {
        double complex h[ROWS][ROWS];
        hermitian(t, by_pauli, k, b, h);
        for (int s = 0; s < SAMPLES; s++) {
            double want = expectation(psi + s * amplitudes, n, k, b, h);
            if (!(fabs(want - y[s * values + b]) < 1e-12)) fail_msg("%s(k: %d) of %d qubits: %g, not %g", o, k, n, y[s * values + b], want);
        }
    }
    check_gradients(t);
    compiler_drop(t->c);
    compiler_drop(names);
}

static void test_hermitian(void **state)
{
    (void)state;
    for (int by_pauli = 0; by_pauli < 2; by_pauli++) {
        check_hermitian(by_pauli, 3, 1);
        check_hermitian(by_pauli, 4, 2);
        check_hermitian(by_pauli, 3, 3);
    }
    check_hermitian(true, 4, 4);
}

/* ---- sums and products over ranges ---- */

/* Two texts of an observable give the same values. */
static void same(const char *a, const char *b)
{
    const double *y[2];
    int64_t n[2];
    Case *t[2];
    Compiler *names = compiler_new();
    for (int i = 0; i < 2; i++) {
        t[i] = begin(arena_printf(names->keep, "observable o on q[n] { param h[n] ~ normal(0, 1); %s }"
                                  "model M { input x: real[4]; layer q = quantum(encode: angle(), circuit: ry_rx_cnot(depth: 2), measure: o); output q; }",
                                  i ? b : a));
        y[i] = value_of(t[i], "q", &n[i]);
    }
    assert_int_equal(n[0], n[1]);
    for (int64_t i = 0; i < SAMPLES * n[0]; i++) assert_true(fabs(y[0][i] - y[1][i]) < 1e-13);
    for (int i = 0; i < 2; i++) compiler_drop(t[i]->c);
    compiler_drop(names);
}

static void test_ranges(void **state)
{
    (void)state;
    same("yield sum(i in 0..n-1: z(q[i]) * z(q[i+1]));", "yield z(q[0])*z(q[1]) + z(q[1])*z(q[2]) + z(q[2])*z(q[3]);");
    same("yield sum(i in 0..n: h[i] * x(q[i]));", "yield h[0]*x(q[0]) + h[1]*x(q[1]) + h[2]*x(q[2]) + h[3]*x(q[3]);");
    same("yield product(i in 0..n: z(q[i]));", "yield z(q);");
    same("yield product(i in 1..3: pauli(i, q[i])) + sum(i in 3..3: z(q[i])) + product(i in 3..3: z(q[i]));", "yield x(q[1]) * y(q[2]) + 1;");
    same("for i in 0..n { yield pauli(3, q[i]) * pauli(0, q); }", "for i in 0..n { yield z(q[i]); }");
    same("yield sum(i in 0..2: sum(j in i..3: h[j] * z(q[i]))) + sum(i in 0..4: i^2) * product(i in 1..4: h[i]) * z(q[3]);",
         "yield (h[0]+h[1]+h[2])*z(q[0]) + (h[1]+h[2])*z(q[1]) + 14*h[1]*h[2]*h[3]*z(q[3]);");
    same("yield sum(i in 0..2: 1 + h[i]) + sum(i in 0..2: 2 + i * z(q[i]));", "yield 6 + h[0] + h[1] + z(q[1]);");
}

static void test_of_values(void **state)
{
    (void)state;
    Case *t = begin("model M { input x: real[4]; layer a = dense(4) |> tanh; layer s = sum(i in 1..4: i * a) + product(i in 0..2: a + i); output s; }");
    int64_t n;
    const double *a = value_of(t, "a", &n), *s = value_of(t, "s", &n);
    for (int64_t i = 0; i < SAMPLES * n; i++) assert_true(fabs(s[i] - 6 * a[i] - a[i] * (a[i] + 1)) < 1e-14);
    compiler_drop(t->c);
}

/* ---- hybrids ---- */

/* A dense layer below, a circuit whose observable is trained, and a classical branch weighed by alpha. */
static void test_hybrid(void **state)
{
    (void)state;
    static const char *const observables[] = {"hermitian(k: 2)", "hermitian_matrix(k: 1, limit: 1)", "hermitian(k: 4)"};
    for (size_t i = 0; i < COUNT(observables); i++) {
        Compiler *names = compiler_new();
        Case *t = begin(arena_printf(names->keep, "model M { input x: real[6]; layer r = dense(16); layer q = quantum(encode: amplitude(),"
                                     " circuit: strongly_entangling(layers: 2), measure: %s); layer a = dense(3); layer b = r |> dense(3) |> tanh;"
                                     " param alpha = 0.5; layer out = (alpha*a + (1 - alpha)*b) |> dense(3); output out; }", observables[i]));
        check_gradients(t);
        compiler_drop(t->c);
        compiler_drop(names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hermitian),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_of_values),
        cmocka_unit_test(test_hybrid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
