/* test_stdlib.c: what the circuits and encodings of stdlib/ do to states, by full matrices, against
 * what their comments say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "check/check.h"
#include "reference/dense_simulator.h"

typedef double complex Complex;
enum { PARAMS = 64, MOST = 64 };

static const double pi = 3.14159265358979323846;

static double sx_value(const Sx *s, const double *params, const double *data)
{
    if (!s) return 0;
    double a = sx_value(s->a, params, data), b = sx_value(s->b, params, data);
    switch (s->kind) {
    case SX_none: break;
    case SX_const: return s->value.real;
    case SX_param: return params[s->index];
    case SX_data: return data[s->index];
    case SX_neg: return -a;
    case SX_sin: return sin(a);
    case SX_cos: return cos(a);
    case SX_exp: return exp(a);
    case SX_log: return log(a);
    case SX_sqrt: return sqrt(a);
    case SX_abs: return fabs(a);
    case SX_tanh: return tanh(a);
    case SX_step: return a >= 0;
    case SX_add: return a + b;
    case SX_sub: return a - b;
    case SX_mul: return a * b;
    case SX_div: return a / b;
    case SX_min: return fmin(a, b);
    case SX_max: return fmax(a, b);
    }
    fail();
    return 0;
}

static const char *gate_name(GateId gate)
{
    static const char *const names[] = {
        [GATE_none] = "",
#define GATE(name, qubits, params, class, freq, generator, a, b, c) [GATE_##name] = #name,
#include "check/gates.def"
#undef GATE
    };
    assert_true((size_t)gate < COUNT(names));
    return names[gate];
}

static void run(const CircuitInst *c, const double *params, const double *data, Complex *psi)
{
    for (uint32_t i = 0; i < c->gates.len; i++) {
        const GateApp *app = &c->gates.at[i];
        DenseGate g = {.name = gate_name(app->gate),
                       .t = sx_value(app->arg, params, data),
                       .dagger = app->dagger,
                       .target_count = app->target_count,
                       .control_count = app->control_count};
        for (int k = 0; k < app->target_count; k++) g.target[k] = app->targets[k];
        for (int k = 0; k < app->control_count; k++) {
            g.control[k] = app->controls[k];
            g.control_value[k] = app->control_values >> k & 1;
        }
        assert_true(dense_apply((int)c->qubits, psi, &g));
    }
}

/* The first layer of a model that is written in `text`. */
static const QuantumAttr *quantum_of(Compiler *c, const char *text)
{
    c->diag_line = true;
    Ast *ast = parse(c, source_add(c->keep, &c->sources, "test.rq", text, strlen(text)));
    Program *p = check(c, ast, &(CheckOptions){0});
    diag_flush(c);
    assert_non_null(p);
    const ModelInst *m = p->models.at[0];
    return &stage_of(m, m->layers.at[0].own)->quantum;
}

/* "test(a, b) on n qubits" as gates: the body of a circuit. */
static const CircuitInst *circuit_of(Compiler *c, int n, const char *body)
{
    const char *text =
        arena_printf(c->keep,
                     "circuit test on q[n] { param p[%d] = 0; %s }\n"
                     "model m { input x: state[%d]; layer a = evolve(test); output a; }",
                     PARAMS, body, n);
    return quantum_of(c, text)->circuit;
}

/* The circuit's matrix with the test's angles as p[0], p[1], ...: column k is what becomes of |k>.
 */
static const double angles[PARAMS] = {0.7, -1.3, 2.1, 0.4};

static void assert_matrix(int n, const char *body, const Complex *want)
{
    Compiler *c = compiler_new();
    const CircuitInst *circuit = circuit_of(c, n, body);
    int dim = 1 << n;
    for (int k = 0; k < dim; k++) {
        Complex psi[MOST] = {0};
        psi[k] = 1;
        run(circuit, angles, NULL, psi);
        for (int i = 0; i < dim; i++)
            if (cabs(psi[i] - want[i * dim + k]) > 1e-14)
                fail_msg("%s: element %d, %d", body, i, k);
    }
    compiler_drop(c);
}

static Complex turn(double t) { return cexp(I * t); }

/* RZ(c) RY(b) RZ(a), element by element. */
static void rot_matrix(double a, double b, double c, Complex *m)
{
    m[0] = cos(b / 2) * turn(-(a + c) / 2);
    m[1] = -sin(b / 2) * turn((a - c) / 2);
    m[2] = sin(b / 2) * turn(-(a - c) / 2);
    m[3] = cos(b / 2) * turn((a + c) / 2);
}

static void u_matrix(double a, double b, double c, Complex factor, Complex *m)
{
    m[0] = factor * cos(a / 2);
    m[1] = -factor * sin(a / 2) * turn(c);
    m[2] = factor * sin(a / 2) * turn(b);
    m[3] = factor * cos(a / 2) * turn(b + c);
}

static void test_composite_gates(void **state)
{
    (void)state;
    double a = angles[0], b = angles[1], c = angles[2], d = angles[3];
    Complex m[4];
    rot_matrix(a, b, c, m);
    assert_matrix(1, "rot(p[0], p[1], p[2]) q;", m);
    u_matrix(a, b, c, 1, m);
    assert_matrix(1, "u(p[0], p[1], p[2]) q;", m);
    u_matrix(a, b, c, turn(a / 2), m);
    assert_matrix(1, "U(p[0], p[1], p[2]) q;", m);
    u_matrix(a, b, c, turn(-(b + c) / 2), m);
    assert_matrix(1, "u3(p[0], p[1], p[2]) q;", m);
    u_matrix(pi / 2, b, c, turn(-(b + c) / 2), m);
    assert_matrix(1, "u2(p[1], p[2]) q;", m);
    Complex root[4] = {0.5 - 0.5 * I, 0.5 + 0.5 * I, 0.5 + 0.5 * I, 0.5 - 0.5 * I};
    assert_matrix(1, "sxdg q;", root);
    u_matrix(a, b, c, turn(d), m);
    Complex controlled[16] = {[0] = 1, [5] = 1, [10] = m[0], [11] = m[1], [14] = m[2], [15] = m[3]};
    assert_matrix(2, "cu(p[0], p[1], p[2], p[3]) q[0], q[1];", controlled);
}

/* The gates of a circuit, "rx 0, cx 0 1" and so on, without their angles. */
static void assert_gates(int n, const char *body, const char *want)
{
    Compiler *c = compiler_new();
    const CircuitInst *circuit = circuit_of(c, n, body);
    char got[2000] = "";
    size_t len = 0;
    for (uint32_t i = 0; i < circuit->gates.len; i++) {
        const GateApp *g = &circuit->gates.at[i];
        len += (size_t)sprintf(got + len, "%s%.*s%s", i ? ", " : "", g->control_count, "ccc",
                               gate_name(g->gate));
        for (int k = 0; k < g->control_count; k++)
            len += (size_t)sprintf(got + len, " %d", g->controls[k]);
        for (int k = 0; k < g->target_count; k++)
            len += (size_t)sprintf(got + len, " %d", g->targets[k]);
    }
    assert_string_equal(got, want);
    compiler_drop(c);
}

static void test_layouts(void **state)
{
    (void)state;
    assert_gates(3, "ry_rx_cnot q;", "ry 0, rx 0, ry 1, rx 1, ry 2, rx 2, cx 0 1, cx 1 2");
    assert_gates(1, "ry_rx_cnot(depth: 2) q;", "ry 0, rx 0, ry 0, rx 0");
    assert_gates(1, "basic_entangler(layers: 2) q;", "rx 0, rx 0");
    assert_gates(2, "basic_entangler(rotation: y) q;", "ry 0, ry 1, cx 0 1");
    assert_gates(3, "basic_entangler(rotation: z) q;", "rz 0, rz 1, rz 2, cx 0 1, cx 1 2, cx 2 0");
    assert_gates(1, "strongly_entangling q;", "rz 0, ry 0, rz 0");
    assert_gates(2, "strongly_entangling(layers: 2) q;",
                 "rz 0, ry 0, rz 0, rz 1, ry 1, rz 1, cx 0 1, cx 1 0, rz 0, ry 0, rz 0, rz 1, ry "
                 "1, rz 1, cx 0 1, cx 1 0");
    const char *rotations = "rz 0, ry 0, rz 0, rz 1, ry 1, rz 1, rz 2, ry 2, rz 2, ";
    char want[1000];
    snprintf(want, sizeof want,
             "%scx 0 1, cx 1 2, cx 2 0, %scx 0 2, cx 1 0, cx 2 1, %scx 0 1, cx 1 2, cx 2 0",
             rotations, rotations, rotations);
    assert_gates(3, "strongly_entangling(layers: 3) q;", want);
    assert_gates(1, "random_layers(layers: 0) q;", "");
}

/* Residual quanvolutional networks: the values of <Z_k> that an independent program gave. */
static void test_published_values(void **state)
{
    (void)state;
    static const double x[4] = {0.1, 0.2, 0.3, 0.4};
    static const double want[2][4] = {{0.91431089, 0.61509155, 0.19611028, -0.01647843},
                                      {0.52123568, 0.02618005, 0.03271796, 0.04890269}};
    for (int deep = 0; deep < 2; deep++) {
        Compiler *c = compiler_new();
        const char *text =
            arena_printf(c->keep,
                         "model m { input x: real[4]; layer a = quantum(encode: angle(), circuit: "
                         "ry_rx_cnot(depth: %d), measure: z_each); output a; }",
                         deep ? 4 : 1);
        const QuantumAttr *q = quantum_of(c, text);
        double theta[PARAMS];
        for (int d = 0; d < 4; d++)
            for (int i = 0; i < 4; i++) {
                theta[(d * 4 + i) * 2] = 0.1 * (i + 1) + 0.7 * d;
                theta[(d * 4 + i) * 2 + 1] = 0.05 * (i + 1) - 0.3 * d;
            }
        Complex psi[MOST] = {1};
        run(q->encoding->circuit, NULL, x, psi);
        run(q->circuit, theta, NULL, psi);
        for (int k = 0; k < 4; k++) {
            char paulis[] = "IIII";
            paulis[k] = 'Z';
            assert_true(fabs(creal(dense_expectation(4, psi, paulis)) - want[deep][k]) < 1e-8);
        }
        compiler_drop(c);
    }
}

/* The probability of |1> of each qubit after an encoding of three values. */
static void assert_ones(const char *encoding, const double *x, const double *want, int n)
{
    Compiler *c = compiler_new();
    const char *text = arena_printf(
        c->keep,
        "model m { input x: real[3]; layer a = quantum(encode: %s, circuit: ry_rx_cnot, "
        "measure: z_each); output a; }",
        encoding);
    const QuantumAttr *q = quantum_of(c, text);
    assert_int_equal(q->qubits, n);
    Complex psi[MOST] = {1};
    run(q->encoding->circuit, NULL, x, psi);
    for (int k = 0; k < n; k++) {
        char paulis[] = "III";
        paulis[n] = 0;
        paulis[k] = 'Z';
        double ones = (1 - creal(dense_expectation(n, psi, paulis))) / 2;
        if (fabs(ones - want[k]) > 1e-14) fail_msg("%s, qubit %d: %g", encoding, k, ones);
    }
    compiler_drop(c);
}

static void test_encodings(void **state)
{
    (void)state;
    static const double x[3] = {0.2, 0.5, 0.9};
    double y[3], half[3];
    for (int i = 0; i < 3; i++) {
        y[i] = pow(sin(pi * x[i] / 2), 2);
        half[i] = pow(sin(x[i] / 4), 2);
    }
    assert_ones("angle", x, y, 3);
    assert_ones("angle(axis: x)", x, y, 3);
    assert_ones("angle(axis: z)", x, (double[]){0, 0, 0}, 3);
    assert_ones("angle(scale: 1/2)", x, half, 3);
    assert_ones("dense_angle", x, (double[]){y[0], y[2]}, 2);
    assert_ones("threshold", x, (double[]){0, 1, 1}, 3);
    assert_ones("threshold(at: 0.6)", x, (double[]){0, 0, 1}, 3);
}

static void test_random_layers(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    uint32_t rotations = 0, entanglers = 0, differ = 0;
    const CircuitInst *one = circuit_of(c, 4, "random_layers(layers: 25, seed: 1) q;");
    const CircuitInst *two = circuit_of(c, 4, "random_layers(layers: 25, seed: 2) q;");
    const CircuitInst *again = circuit_of(c, 4, "random_layers(layers: 25, seed: 1) q;");
    for (uint32_t i = 0; i < one->gates.len; i++) {
        const GateApp *g = &one->gates.at[i], *same = &again->gates.at[i];
        rotations += !g->control_count;
        entanglers += g->control_count;
        assert_true(g->gate == same->gate && g->targets[0] == same->targets[0]);
        differ += i < two->gates.len && g->gate != two->gates.at[i].gate;
    }
    assert_int_equal(one->gates.len, again->gates.len);
    assert_int_equal(rotations, 100);
    assert_in_range(entanglers, 15, 45); /* 30 expected, standard deviation 4.6 */
    assert_true(differ > 20);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite_gates),  cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_published_values), cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_random_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
