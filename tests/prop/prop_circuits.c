/* prop_circuits.c: lowered circuits evaluate to what full matrices give: every gate, controls of
 * both kinds, any order of qubits, daggers, encodings, observables with constant and trainable
 * coefficients.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "graph/gate_matrix.h"
#include "graph/gradcheck.h"
#include "graph/lower.h"
#include "reference/dense_simulator.h"
#include "reference/model_builder.h"
#include "reference/random.h"

enum { PARAMS = 12, VALUES = 4, MAX_GATES = 40, SAMPLES = 2 };

/* A scalar beside a function that computes it. */
typedef struct Argument {
    int form, param, value;
    double factor;
} Argument;

static double argument_at(const Argument *a, const double *p, const double *x)
{
    switch (a->form) {
    case 0: return p[a->param];
    case 1: return a->factor * p[a->param] - 0.25;
    case 2: return a->factor;
    case 3: return a->factor * x[a->value];
    default: return sin(p[a->param]) * x[a->value] + exp(x[a->value] / 2);
    }
}

static const Sx *argument_sx(Compiler *c, const Argument *a, GroupId g)
{
    const Sx *p = make_param(c, g, (uint32_t)a->param), *x = make_data(c, (uint32_t)a->value),
             *k = make_number(c, a->factor);
    switch (a->form) {
    case 0: return p;
    case 1: return make_of(c, SX_sub, make_of(c, SX_mul, k, p), make_number(c, 0.25));
    case 2: return k;
    case 3: return make_of(c, SX_mul, x, k);
    default:
        return make_of(c, SX_add, make_of(c, SX_mul, make_of(c, SX_sin, p, NULL), x),
                       make_of(c, SX_exp, make_of(c, SX_div, x, make_number(c, 2)), NULL));
    }
}

static Argument random_argument(Random *r, bool data)
{
    return (Argument){below(r, data ? 5 : 3), below(r, PARAMS), below(r, VALUES),
                      between(r, -2, 2)};
}

typedef struct Twin {
    int n, count;
    DenseGate gate[MAX_GATES];
    Argument argument[MAX_GATES];
} Twin;

/* `gate` < 0: a matrix-valued parameter V on two qubits (one if n is 1). */
static void random_gate(Compiler *c, Random *r, CircuitInst *circuit, Twin *t, int gate, bool data,
                        GroupId params, GroupId v, const double complex *v_matrix)
{
    const GateMatrix *row = gate < 0 ? NULL : gate_matrix((GateId)gate);
    int targets = row ? row->qubits : t->n > 1 ? 2 : 1, order[8];
    if (targets > t->n) return;
    int controls = below(r, t->n - targets + 1);
    shuffled(r, t->n, order);
    Argument a = random_argument(r, data);
    GateApp *app = add_gate(c, circuit, row ? (GateId)gate : GATE_unitary,
                            row && row->params ? argument_sx(c, &a, params) : NULL, targets,
                            targets + controls, order);
    DenseGate d = {.name = row ? row->name : NULL,
                   .matrix = v_matrix,
                   .target_count = targets,
                   .control_count = controls};
    app->group = row ? (GroupId){0} : v;
    app->dagger = d.dagger = !(row && row->params) && below(r, 2);
    app->control_values = (uint32_t)below(r, 1 << controls);
    for (int i = 0; i < targets; i++) d.target[i] = order[i];
    for (int i = 0; i < controls; i++) {
        d.control[i] = order[targets + i];
        d.control_value[i] = app->control_values >> i & 1;
    }
    t->argument[t->count] = a;
    t->gate[t->count++] = d;
}

static void run_twin(const Twin *t, double complex *psi, const double *p, const double *x)
{
    for (int i = 0; i < t->count; i++) {
        DenseGate g = t->gate[i];
        g.t = argument_at(&t->argument[i], p, x);
        assert_true(dense_apply(t->n, psi, &g));
    }
}

/* ---- observables: three yields of up to four terms ---- */

typedef struct TwinTerm {
    char paulis[8];
    int yield, form, param;
    double factor;
} TwinTerm;

static int random_observable(Compiler *c, Random *r, ObservableInst *o, int n, GroupId g,
                             TwinTerm *term)
{
    int count = 0;
    for (int y = 0; y < 3; y++) {
        add_yield(c, o);
        for (int k = below(r, 4); k >= 0; k--) {
            TwinTerm t = {.yield = y,
                          .form = below(r, 3),
                          .param = below(r, PARAMS),
                          .factor = between(r, -1, 1)};
            for (int q = 0; q < n; q++) t.paulis[q] = "IXYZ"[below(r, 4)];
            const Sx *f = make_number(c, t.factor), *p = make_param(c, g, (uint32_t)t.param);
            const Sx *coefficient = t.form == 0 ? f : make_of(c, SX_mul, f, p);
            if (t.form == 2) coefficient = make_of(c, SX_cos, coefficient, NULL);
            add_term(c, o, coefficient, t.paulis);
            term[count++] = t;
        }
    }
    return count;
}

static double observed(const TwinTerm *term, int count, int yield, int n, const double complex *psi,
                       const double *p)
{
    double total = 0;
    for (int i = 0; i < count; i++) {
        if (term[i].yield != yield) continue;
        double k = term[i].form == 0 ? term[i].factor : term[i].factor * p[term[i].param];
        if (term[i].form == 2) k = cos(k);
        double complex e = dense_expectation(n, psi, term[i].paulis);
        assert_true(fabs(cimag(e)) < 1e-12);
        total += k * creal(e);
    }
    return total;
}

/* ---- one random model ---- */

typedef enum Start { START_angle, START_amplitude, START_state, START_COUNT } Start;

static void start_state(Start start, int n, const double *x, double complex *psi)
{
    double norm = 0;
    memset(psi, 0, sizeof *psi << n);
    for (int i = 0; i < VALUES; i++) norm += x[i] * x[i];
    psi[0] = 1;
    if (start == START_amplitude)
        for (int i = 0; i < VALUES; i++) psi[i] = x[i] / sqrt(norm);
    if (start == START_angle)
        for (int i = 0; i < VALUES; i++)
            dense_apply(
                n, psi,
                &(DenseGate){.name = "ry", .t = M_PI * x[i], .target_count = 1, .target = {i}});
    if (start == START_state)
        for (int i = 0; i < 1 << n; i++) psi[i] = cexp(_Complex_I * (x[0] + i)) / sqrt(1 << n);
}

static const EncodingInst *start_encoding(Compiler *c, Start start, int n)
{
    if (start == START_state) return NULL;
    if (start == START_amplitude) return amplitude_encoding(c, VALUES, (uint32_t)n, false);
    EncodingInst *e = arena_alloc(c->keep, sizeof *e);
    *e = *angle_encoding(c, VALUES);
    CircuitInst *wider = arena_alloc(c->keep, sizeof *wider);
    *wider = *e->circuit;
    wider->qubits = e->qubits = (uint32_t)n;
    e->circuit = wider;
    return e;
}

static void fill_inputs(Random *r, Start start, int n, double *params, double *x, double *states)
{
    for (int i = 0; i < PARAMS; i++) params[i] = between(r, -3, 3);
    for (int i = 0; i < VALUES * SAMPLES; i++) x[i] = between(r, 0.1, 1);
    for (int s = 0; s < SAMPLES; s++) {
        double complex psi[64];
        start_state(start, n, x + VALUES * s, psi);
        for (int i = 0; i < 1 << n; i++) {
            states[2 * (s << n | i)] = creal(psi[i]);
            states[2 * (s << n | i) + 1] = cimag(psi[i]);
        }
    }
}

/* Neither symmetric nor Hermitian: a short circuit applied to each unit vector. */
static void some_unitary(int dim, double complex *m)
{
    for (int j = 0; j < dim; j++) {
        double complex column[4] = {0};
        column[j] = 1;
        int n = dim == 4 ? 2 : 1;
        dense_apply(n, column, &(DenseGate){.name = "rx", .t = 0.3, .target_count = 1});
        if (n == 2)
            dense_apply(n, column,
                        &(DenseGate){.name = "iswap", .target_count = 2, .target = {1, 0}});
        dense_apply(n, column,
                    &(DenseGate){.name = "ry", .t = 1.1, .target_count = 1, .target = {n - 1}});
        dense_apply(n, column, &(DenseGate){.name = "rz", .t = 0.4, .target_count = 1});
        for (int i = 0; i < dim; i++) m[i * dim + j] = column[i];
    }
}

/* Reverse, forward, shifts and differences agree on the mean square of the measured values. */
static void check_gradients(Compiler *c, const ModelInst *m, const Binding *bindings, size_t n,
                            uint64_t seed)
{
    double target[3 * SAMPLES];
    Binding all[8];
    for (int i = 0; i < 3 * SAMPLES; i++) target[i] = cos(i);
    memcpy(all, bindings, sizeof *all * n);
    all[n] = (Binding){"target", target};
    GradcheckInput in = {.model = m,
                         .loss = LOSS_mse,
                         .samples = SAMPLES,
                         .bindings = all,
                         .binding_count = n + 1,
                         .seed = seed,
                         .elements = 8,
                         .tolerance = 1e-6};
    Gradcheck *r = gradcheck(c, &in);
    if (!r->ok) gradcheck_print(stderr, r);
    assert_true(r->ok);
    assert_true(r->rows.at[0].has[GRAD_shift] && !r->rows.at[1].has[GRAD_shift]);
}

typedef struct Values {
    const double *p, *h, *x; /* gate parameters, coefficients, samples */
} Values;

/* States and measured values of all samples against full matrices. */
static void compare_values(const Twin *twin, Start start, const TwinTerm *term, int terms, Values v,
                           const double *amplitudes, const double *results)
{
    int n = twin->n;
    for (int s = 0; s < SAMPLES; s++) {
        double complex psi[64];
        start_state(start, n, v.x + VALUES * s, psi);
        run_twin(twin, psi, v.p, v.x + VALUES * s);
        for (int i = 0; i < 1 << n; i++) {
            int at = 2 * (s << n | i);
            assert_true(cabs(amplitudes[at] + _Complex_I * amplitudes[at + 1] - psi[i]) < 1e-12);
        }
        for (int y = 0; y < 3; y++)
            assert_true(fabs(results[3 * s + y] - observed(term, terms, y, n, psi, v.h)) < 1e-12);
    }
}

static void check_model(uint64_t seed)
{
    Compiler *c = compiler_new();
    Random r = {seed};
    Start start = (Start)below(&r, START_COUNT);
    int n = start == START_angle       ? 4 + below(&r, 3)
            : start == START_amplitude ? 2 + below(&r, 5)
                                       : 1 + below(&r, 6);
    bool data = start != START_state && below(&r, 2);
    ModelInst *m = model_new(c, "random");
    GroupId params = add_group(c, m, "p", 1, (int64_t[]){PARAMS});
    GroupId h = add_group(c, m, "h", 1, (int64_t[]){PARAMS});
    int v_dim = n > 1 ? 4 : 2;
    GroupId v = add_group(c, m, "V", 2, (int64_t[]){v_dim, v_dim});
    group_of(m, v)->is_unitary = true;
    double complex v_matrix[16];
    some_unitary(v_dim, v_matrix);
    Twin twin = {.n = n};
    CircuitInst *circuit = circuit_new(c, (uint32_t)n, VALUES);
    for (int gate = -1; gate < GATE_unitary; gate++)
        if (gate != GATE_none) random_gate(c, &r, circuit, &twin, gate, data, params, v, v_matrix);
    ObservableInst *o = observable_new(c, (uint32_t)n);
    TwinTerm term[12];
    int terms = random_observable(c, &r, o, n, h, term);

    StageId x = start == START_state ? add_input(c, m, "psi", state_type(n))
                                     : add_input(c, m, "x", real_type(1, (int64_t[]){VALUES}));
    Stage prepare = {.kind = STAGE_encode, .type = state_type(n)};
    prepare.quantum = (QuantumAttr){
        .encoding = start_encoding(c, start, n), .circuit = circuit, .qubits = (uint32_t)n};
    set_groups(c, &prepare, params, v);
    StageId state = add_layer(c, m, "prepare", prepare, x);
    Stage measure = {.kind = STAGE_measure, .type = real_type(1, (int64_t[]){3})};
    measure.quantum = (QuantumAttr){.observable = o, .qubits = (uint32_t)n};
    set_groups(c, &measure, h, (GroupId){0});
    StageId values = add_layer(c, m, "measure", measure, state);

    double p[PARAMS], hs[PARAMS], xs[VALUES * SAMPLES], states[2 * 64 * SAMPLES], v_values[32];
    fill_inputs(&r, start, n, p, xs, states);
    for (int i = 0; i < PARAMS; i++) hs[i] = between(&r, -2, 2);
    for (int i = 0; i < v_dim * v_dim; i++)
        v_values[2 * i] = creal(v_matrix[i]), v_values[2 * i + 1] = cimag(v_matrix[i]);
    Lowered *l = lower(c, m, (LowerOptions){0});
    assert_non_null(l);
    graph_verify(l->g, "lower");
    Binding all[] = {{"p", p}, {"h", hs}, {"V", v_values}, {"x", xs}, {"psi", states}};
    NodeId wanted[] = {l->stage[state.i - 1], l->stage[values.i - 1]};
    Evaluation *e = eval(c, l->g, SAMPLES, all, COUNT(all), wanted, 2);
    compare_values(&twin, start, term, terms, (Values){p, hs, xs}, evaluation_of(e, wanted[0]),
                   evaluation_of(e, wanted[1]));
    evaluation_drop(e);
    graph_drop(l->g);
    check_gradients(c, m, all, COUNT(all), seed);
    compiler_drop(c);
}

static void test_random_circuits(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) check_model(seed);
}

/* Every row: unitary, and i dU/dt = G U by central differences. */
static void test_gate_rows(void **state)
{
    (void)state;
    for (int gate = 1; gate < GATE_unitary; gate++) {
        const GateMatrix *row = gate_matrix((GateId)gate);
        double complex u[16], named[16], up[16], down[16];
        assert_non_null(row);
        gate_matrix_at(row, 0.7, u);
        gate_matrix_at(row, 0.7 + 1e-5, up);
        gate_matrix_at(row, 0.7 - 1e-5, down);
        assert_int_equal(dense_matrix(row->name, 0.7, named), row->qubits);
        for (int i = 0; i < row->dim; i++)
            for (int j = 0; j < row->dim; j++) {
                double complex product = 0, generated = 0,
                               slope = (up[i * row->dim + j] - down[i * row->dim + j]) / 2e-5;
                for (int k = 0; k < row->dim; k++) {
                    product += u[i * row->dim + k] * conj(u[j * row->dim + k]);
                    generated += row->g[i * row->dim + k] * u[k * row->dim + j];
                }
                assert_true(cabs(product - (i == j)) < 1e-15);
                assert_true(cabs(u[i * row->dim + j] - named[i * row->dim + j]) < 1e-15);
                assert_true(cabs(_Complex_I * slope - generated) < 1e-9);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_rows),
        cmocka_unit_test(test_random_circuits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
