/* prop_transfer.c: the transfer engine is the state engine by another way: values, gradients and
 * Hessian-vector products of random stages agree; its light cone has the known sizes, and what is
 * outside is zero in dense simulation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "graph/dead.h"
#include "graph/gate_matrix.h"
#include "graph/transfer.h"
#include "reference/dense_simulator.h"
#include "reference/model_builder.h"
#include "reference/random.h"

enum { PARAMS = 12, VALUES = 5, SAMPLES = 2, YIELDS = 3 };

/* ---- random stages ---- */

static const Sx *random_argument(Compiler *c, Random *r, GroupId p, bool data)
{
    const Sx *k = make_number(c, between(r, -2, 2)),
             *param = make_param(c, p, (uint32_t)below(r, PARAMS));
    const Sx *x = make_data(c, (uint32_t)below(r, VALUES));
    switch (below(r, data ? 6 : 3)) {
    case 0: return param;
    case 1: return make_of(c, SX_sub, make_of(c, SX_mul, k, param), make_number(c, 0.25));
    case 2: return k;
    case 3: return make_of(c, SX_mul, x, k);
    case 4: return make_of(c, SX_add, make_of(c, SX_div, x, make_number(c, 3)), k);
    default: return make_of(c, SX_mul, make_of(c, SX_sin, x, NULL), param);
    }
}

static const EncodingInst *random_encoding(Compiler *c, Random *r, int n, GroupId p)
{
    static const GateId axis[] = {GATE_rx, GATE_ry, GATE_rz, GATE_h, GATE_sx, GATE_p};
    CircuitInst *circuit = circuit_new(c, (uint32_t)n, VALUES);
    int kind = below(r, 3), gates = 1 + below(r, 3);
    for (int i = 0; i < n; i++) {
        const Sx *x =
            make_of(c, SX_mul, make_number(c, M_PI), make_data(c, (uint32_t)(i % VALUES)));
        if (kind == 0) add_gate(c, circuit, axis[gates - 1], x, 1, 1, &i);
        if (kind == 1) {
            add_gate(c, circuit, GATE_ry, x, 1, 1, &i);
            add_gate(c, circuit, GATE_rz, make_data(c, (uint32_t)((i + 1) % VALUES)), 1, 1, &i);
        }
        for (int k = below(r, 4); kind == 2 && k > 0; k--) {
            GateId gate = axis[below(r, COUNT(axis))];
            add_gate(c, circuit, gate,
                     gate_matrix(gate)->params ? random_argument(c, r, p, true) : NULL, 1, 1, &i);
        }
    }
    EncodingInst *e = arena_alloc(c->keep, sizeof *e);
    *e = (EncodingInst){
        .kind = ENCODING_circuit, .values = VALUES, .qubits = (uint32_t)n, .circuit = circuit};
    return e;
}

static void random_gate(Compiler *c, Random *r, CircuitInst *circuit, int gate, GroupId p,
                        GroupId v)
{
    const GateMatrix *row = gate ? gate_matrix((GateId)gate) : NULL;
    int n = (int)circuit->qubits, targets = row ? row->qubits : n > 1 ? 2 : 1, order[8];
    if (targets > n) return;
    int room = (n < TRANSFER_MAX_WIDTH ? n : TRANSFER_MAX_WIDTH) - targets;
    if (!row && room > 3 - targets) room = 3 - targets;
    int controls = below(r, 3) || room <= 0 ? 0 : 1 + below(r, room);
    shuffled(r, n, order);
    GateApp *app = add_gate(c, circuit, row ? (GateId)gate : GATE_unitary,
                            row && row->params ? random_argument(c, r, p, false) : NULL, targets,
                            targets + controls, order);
    app->group = row ? (GroupId){0} : v;
    app->dagger = !(row && row->params) && below(r, 2);
    app->control_values = (uint32_t)below(r, 1 << controls);
}

static const ObservableInst *random_observable(Compiler *c, Random *r, int n, GroupId h)
{
    ObservableInst *o = observable_new(c, (uint32_t)n);
    for (int y = 0; y < YIELDS; y++) {
        add_yield(c, o);
        for (int k = below(r, 4); k >= 0; k--) {
            char paulis[9] = {0};
            for (int q = 0; q < n; q++) paulis[q] = "IXYZIZ"[below(r, 6)];
            const Sx *f = make_number(c, between(r, -1, 1)),
                     *p = make_param(c, h, (uint32_t)below(r, PARAMS));
            int form = below(r, 4);
            const Sx *coefficient = form < 2 ? f : make_of(c, SX_mul, f, p);
            if (form == 3) coefficient = make_of(c, SX_cos, coefficient, NULL);
            add_term(c, o, form == 0 ? NULL : coefficient, paulis);
        }
    }
    return o;
}

typedef struct Case {
    Compiler *c;
    ModelInst *model;
    StageId values;
    double p[PARAMS], h[PARAMS], v[32], x[VALUES * SAMPLES], dp[PARAMS], dh[PARAMS],
        dx[VALUES * SAMPLES];
    int v_dim;
} Case;

/* A unitary from a short circuit applied to each unit vector. */
static void some_unitary(int dim, double *v)
{
    for (int j = 0; j < dim; j++) {
        double complex column[4] = {0};
        int n = dim == 4 ? 2 : 1;
        column[j] = 1;
        dense_apply(n, column, &(DenseGate){.name = "rx", .t = 0.3, .target_count = 1});
        if (n == 2)
            dense_apply(n, column,
                        &(DenseGate){.name = "iswap", .target_count = 2, .target = {1, 0}});
        dense_apply(n, column,
                    &(DenseGate){.name = "ry", .t = 1.1, .target_count = 1, .target = {n - 1}});
        dense_apply(n, column, &(DenseGate){.name = "rz", .t = 0.4, .target_count = 1});
        for (int i = 0; i < dim; i++)
            v[2 * (i * dim + j)] = creal(column[i]), v[2 * (i * dim + j) + 1] = cimag(column[i]);
    }
}

static Case random_case(uint64_t seed)
{
    Case k = {.c = compiler_new()};
    Compiler *c = k.c;
    Random r = {seed};
    int n = 1 + below(&r, 5);
    k.model = model_new(c, "random");
    k.v_dim = n > 1 ? 4 : 2;
    GroupId p = add_group(c, k.model, "p", 1, (int64_t[]){PARAMS}),
            h = add_group(c, k.model, "h", 1, (int64_t[]){PARAMS});
    GroupId v = add_group(c, k.model, "V", 2, (int64_t[]){k.v_dim, k.v_dim});
    group_of(k.model, v)->is_unitary = true;
    CircuitInst *circuit = circuit_new(c, (uint32_t)n, VALUES);
    int gates = below(&r, 24);
    for (int i = 0; i < gates; i++) random_gate(c, &r, circuit, below(&r, GATE_unitary), p, v);
    StageId x = add_input(c, k.model, "x", real_type(1, (int64_t[]){VALUES}));
    Stage s = {.kind = STAGE_quantum, .type = real_type(1, (int64_t[]){YIELDS})};
    s.quantum = (QuantumAttr){.encoding = random_encoding(c, &r, n, p),
                              .circuit = circuit,
                              .qubits = (uint32_t)n,
                              .observable = random_observable(c, &r, n, h)};
    set_groups(c, &s, p, h);
    k.values = add_layer(c, k.model, "q", s, x);
    some_unitary(k.v_dim, k.v);
    for (int i = 0; i < PARAMS; i++) k.p[i] = between(&r, -3, 3), k.h[i] = between(&r, -2, 2);
    for (int i = 0; i < PARAMS; i++) k.dp[i] = between(&r, -1, 1), k.dh[i] = between(&r, -1, 1);
    for (int i = 0; i < VALUES * SAMPLES; i++)
        k.x[i] = between(&r, -1, 1), k.dx[i] = between(&r, -1, 1);
    return k;
}

/* ---- one engine's numbers: values, gradients of their squares, Hessian-vector products, gradient
 * on the unitary's manifold ---- */

typedef struct Numbers {
    VEC(double) at;
} Numbers;

static void append(Arena *a, Numbers *n, const double *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++) vec_push(a, &n->at, x[i]);
}

/* (A - A^dagger)/2 with A = G V^dagger. */
static void append_tangent(Case *k, Numbers *out, const double *gradient)
{
    int d = k->v_dim;
    double complex a[16] = {0};
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++)
            for (int m = 0; m < d; m++) {
                const double *g = gradient + 2 * (i * d + m), *v = k->v + 2 * (j * d + m);
                a[i * d + j] += (g[0] + _Complex_I * g[1]) * (v[0] - _Complex_I * v[1]);
            }
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++) {
            double complex t = (a[i * d + j] - conj(a[j * d + i])) / 2;
            append(k->c->keep, out, (double[]){creal(t), cimag(t)}, 2);
        }
}

static Numbers numbers(Case *k, Engine engine)
{
    Numbers out = {0};
    Lowered *l = lower(k->c, k->model, (LowerOptions){.engine = engine});
    assert_non_null(l);
    Graph *g = l->g;
    graph_verify(g, "lower");
    for (uint32_t i = 1; i < g->nodes.len && engine == ENGINE_transfer; i++)
        assert_true(g->nodes.at[i].op != OP_apply);
    NodeId y = l->stage[k->values.i - 1], adjoint[4], tangent[3];
    NodeId wrt[] = {l->group[0], l->group[1], l->input[0], l->group[2]};
    NodeId loss = sum(g, mul(g, y, mul(g, y, y)), 0, 1);
    if (!type_of(g, loss)->batched) loss = to_batch(g, loss);
    gradient(g, loss, wrt, 4, adjoint, (GradOptions){0});
    NodeId dx[] = {graph_param(g, "dp", *type_of(g, wrt[0])),
                   graph_param(g, "dh", *type_of(g, wrt[1])),
                   graph_input(g, "dx", *type_of(g, wrt[2]))};
    pushforward(g, wrt, dx, 3, adjoint, 3, tangent);
    graph_verify(g, "differentiate");
    Binding all[] = {{"p", k->p},   {"h", k->h},   {"V", k->v},  {"x", k->x},
                     {"dp", k->dp}, {"dh", k->dh}, {"dx", k->dx}};
    NodeId wanted[8] = {y,          adjoint[0], adjoint[1], adjoint[2],
                        tangent[0], tangent[1], tangent[2], adjoint[3]};
    Evaluation *e = eval(k->c, g, SAMPLES, all, COUNT(all), wanted, 8);
    for (int i = 0; i < 7; i++) {
        const Type *t = type_of(g, wanted[i]);
        int64_t samples = t->batched ? SAMPLES : 1, count = type_count(t);
        for (int64_t s = 0; s < SAMPLES; s++) {
            if (i != 0 && i != 3 && i != 6 && s) break;
            append(k->c->keep, &out, evaluation_of(e, wanted[i]) + (samples > 1 ? s * count : 0),
                   count);
        }
    }
    append_tangent(k, &out, evaluation_of(e, wanted[7]));
    evaluation_drop(e);
    graph_drop(g);
    return out;
}

static void test_engines_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        Case k = random_case(seed);
        Numbers a = numbers(&k, ENGINE_state), b = numbers(&k, ENGINE_transfer);
        assert_int_equal(a.at.len, b.at.len);
        double scale = 1;
        for (uint32_t i = 0; i < a.at.len; i++) scale = fmax(scale, fabs(a.at.at[i]));
        for (uint32_t i = 0; i < a.at.len; i++)
            if (!(fabs(a.at.at[i] - b.at.at[i]) < 1e-10 * scale))
                fail_msg("seed %d, number %u of %u: %.15g and %.15g", (int)seed, i, a.at.len,
                         a.at.at[i], b.at.at[i]);
        compiler_drop(k.c);
    }
}

/* ---- dead elements ---- */

/* Gradients of random draws; zero[i]: element i of p had none in any of them. */
static void find_zeros(Case *k, uint64_t seed, bool *zero)
{
    Random r = {seed};
    for (int draw = 0; draw < 3; draw++) {
        for (int i = 0; i < PARAMS; i++) k->p[i] = between(&r, -3, 3), k->h[i] = between(&r, -2, 2);
        Numbers n = numbers(k, ENGINE_state);
        for (int i = 0; i < 2 * PARAMS; i++) /* behind the values: dp, dh */
            if (fabs(n.at.at[YIELDS * SAMPLES + i]) > 1e-12) zero[i] = false;
    }
}

static void test_dead(void **state)
{
    (void)state;
    int dead = 0, missed = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        Case k = random_case(seed);
        bool zero[2 * PARAMS];
        memset(zero, true, sizeof zero);
        find_zeros(&k, seed, zero);
        Flow *flow = flow_of(k.c, k.model);
        find_dead(k.c, flow);
        for (int i = 0; i < 2 * PARAMS; i++) {
            const GroupFlow *g = &flow->layers.at[0].groups.at[i / PARAMS];
            if (!zero[i] && !g->is_alive[i % PARAMS])
                fail_msg("seed %d: element %d is called dead, but has a gradient", (int)seed, i);
            dead += !g->is_alive[i % PARAMS];
            missed += zero[i] && g->is_alive[i % PARAMS];
        }
        compiler_drop(k.c);
    }
    assert_true(dead > 100);       /* unused elements are dead, too */
    assert_true(missed * 20 < dead); /* terms that cancel */
}

/* ---- the light cone ---- */

static const CircuitInst *ry_rx_cnot(Compiler *c, GroupId group, int depth, int n)
{
    CircuitInst *circuit = circuit_new(c, (uint32_t)n, 0);
    for (int d = 0; d < depth; d++) {
        for (int i = 0; i < n; i++) {
            uint32_t at = (uint32_t)((d * n + i) * 2);
            add_gate(c, circuit, GATE_ry, make_param(c, group, at), 1, 1, &i);
            add_gate(c, circuit, GATE_rx, make_param(c, group, at + 1), 1, 1, &i);
        }
        for (int i = 0; i + 1 < n; i++) add_gate(c, circuit, GATE_x, NULL, 1, 2, (int[]){i + 1, i});
    }
    return circuit;
}

static uint64_t reached(int n, int depth)
{
    Compiler *c = compiler_new();
    const EncodingInst *e = angle_encoding(c, (uint32_t)n);
    EncodingFunctions *f = encoding_functions(c->keep, e, (uint32_t)n);
    Reach *r = reach(c->keep, z_each(c, (uint32_t)n), ry_rx_cnot(c, (GroupId){1}, depth, n), f);
    uint64_t count = reach_count(r, (uint32_t)n);
    compiler_drop(c);
    return count;
}

static void test_known_sizes(void **state)
{
    (void)state;
    assert_int_equal(reached(4, 1), 30);
    assert_int_equal(reached(4, 4), 306);
    assert_int_equal(reached(9, 1), 1022);
}

/* Whether p is one of the products of the term's factors. */
static bool term_has(const Reach *r, const Term *term, Pauli p)
{
    for (uint32_t k = 0; k < term->factors.len; k++) {
        const Factor *f = &r->factors.at[term->factors.at[k]];
        bool found = false;
        for (uint32_t i = f->first; i < f->first + f->count; i++)
            found |= pauli_same(r->product.at[i], pauli_within(p, f->support));
        if (!found) return false;
        p = pauli_without(p, f->support);
    }
    return !pauli_support(p);
}

static bool yield_has(const Reach *r, uint32_t yield, Pauli p)
{
    for (uint32_t i = 0; i < r->terms.len; i++)
        if (r->terms.at[i].yield == yield && term_has(r, &r->terms.at[i], p)) return true;
    return false;
}

static Pauli pauli_of(const char *letters)
{
    Pauli p = {0, 0};
    for (const char *l = letters; *l; l++) {
        p.x = p.x << 1 | (*l == 'X' || *l == 'Y');
        p.z = p.z << 1 | (*l == 'Z' || *l == 'Y');
    }
    return p;
}

/* Columns U|j> of the circuit, its parameters as they are. */
static void circuit_columns(const CircuitInst *circuit, const double *params,
                            double complex column[16][DENSE_MAX])
{
    int n = (int)circuit->qubits;
    for (int j = 0; j < 1 << n; j++) {
        memset(column[j], 0, sizeof column[j]);
        column[j][j] = 1;
        for (uint32_t i = 0; i < circuit->gates.len; i++) {
            const GateApp *a = &circuit->gates.at[i];
            DenseGate d = {.name = gate_matrix(a->gate)->name,
                           .target_count = a->target_count,
                           .control_count = a->control_count,
                           .dagger = a->dagger};
            if (a->arg) d.t = params[a->arg->index];
            for (int k = 0; k < a->target_count; k++) d.target[k] = a->targets[k];
            for (int k = 0; k < a->control_count; k++)
                d.control[k] = a->controls[k], d.control_value[k] = a->control_values >> k & 1;
            assert_true(dense_apply(n, column[j], &d));
        }
    }
}

/* tr(P U^dagger O U) / 2^n = sum over i, j of P[i, j] <U j| O |U i> / 2^n. */
static double dense_coefficient(int n, double complex column[16][DENSE_MAX], const char *p,
                                const char *o)
{
    double complex trace = 0;
    for (int i = 0; i < 1 << n; i++)
        for (int j = 0; j < 1 << n; j++) {
            double complex left = dense_pauli_entry(n, p, i, j);
            for (int r = 0; r < 1 << n && left != 0; r++)
                for (int c = 0; c < 1 << n; c++)
                    trace +=
                        left * conj(column[j][r]) * dense_pauli_entry(n, o, r, c) * column[i][c];
        }
    return creal(trace) / (1 << n);
}

/* A circuit of named gates with plain parameters, the products of single yields, all functions of
 * the inputs variable. */
static void test_outside_the_cone(void **state)
{
    (void)state;
    int inside = 0, outside = 0;
    for (uint64_t seed = 1; seed <= 25; seed++) {
        Compiler *c = compiler_new();
        Random r = {seed};
        int n = 3;
        double params[PARAMS];
        for (int i = 0; i < PARAMS; i++) params[i] = between(&r, -3, 3);
        CircuitInst *circuit = circuit_new(c, (uint32_t)n, 0);
        for (int k = 0; k < 6; k++)
            random_gate(c, &r, circuit, 1 + below(&r, GATE_unitary - 1), (GroupId){1},
                        (GroupId){2});
        for (uint32_t i = 0; i < circuit->gates.len; i++)
            if (circuit->gates.at[i].arg)
                circuit->gates.at[i].arg = make_param(c, (GroupId){1}, (uint32_t)below(&r, PARAMS));
        EncodingFunctions *f =
            encoding_functions(c->keep, angle_encoding(c, (uint32_t)n), (uint32_t)n);
        for (int q = 0; q < n; q++)
            for (int k = 1; k < 4; k++) f->qubit[q].of[k].kind = COMPONENT_variable;
        Reach *reached_products = reach(c->keep, z_each(c, (uint32_t)n), circuit, f);
        double complex column[16][DENSE_MAX];
        circuit_columns(circuit, params, column);
        for (uint32_t y = 0; y < (uint32_t)n; y++)
            for (int p = 0; p < 64; p++) {
                char letters[4] = {"IXYZ"[p / 16], "IXYZ"[p / 4 % 4], "IXYZ"[p % 4], 0};
                const char *o = y == 0 ? "ZII" : y == 1 ? "IZI" : "IIZ";
                bool zero = fabs(dense_coefficient(n, column, letters, o)) < 1e-13;
                bool reachable = yield_has(reached_products, y, pauli_of(letters));
                assert_true(zero || reachable);
                inside += reachable;
                outside += !reachable;
            }
        compiler_drop(c);
    }
    assert_true(inside > 100 && outside > 1000);
}

/* ---- quanvolutions: the same with patches, shared and own weights ---- */

static void test_quanv(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        Compiler *c = compiler_new();
        ModelInst *m = model_new(c, "patches");
        GroupId p = add_group(c, m, "q.theta", own ? 4 : 3,
                              own ? (int64_t[]){2, 2, 4, 2} : (int64_t[]){2, 4, 2});
        StageId x = add_input(c, m, "x", real_type(3, (int64_t[]){2, 4, 4}));
        Stage s = {.kind = STAGE_quanv, .type = real_type(3, (int64_t[]){2, 4, 4})};
        s.quantum = (QuantumAttr){.encoding = angle_encoding(c, 4),
                                  .circuit = ry_rx_cnot(c, p, 2, 4),
                                  .observable = z_each(c, 4),
                                  .qubits = 4,
                                  .kernel_h = 2,
                                  .kernel_w = 2,
                                  .stride_h = 2,
                                  .stride_w = 2,
                                  .patches_h = 2,
                                  .patches_w = 2,
                                  .channels = own ? CHANNELS_own : CHANNELS_each,
                                  .out = OUT_fold};
        set_groups(c, &s, p, (GroupId){0});
        add_layer(c, m, "q", s, x);
        double theta[32], image[32], result[2][96];
        for (int i = 0; i < 32; i++) theta[i] = sin(3 * i), image[i] = fabs(cos(i));
        for (int engine = 0; engine < 2; engine++) {
            Lowered *l =
                lower(c, m, (LowerOptions){.engine = engine ? ENGINE_transfer : ENGINE_state});
            NodeId loss = sum(l->g, mul(l->g, l->output, mul(l->g, l->output, l->output)), 0, 3),
                   adjoint[2];
            gradient(l->g, loss, (NodeId[]){l->group[0], l->input[0]}, 2, adjoint,
                     (GradOptions){0});
            NodeId wanted[] = {l->output, adjoint[0], adjoint[1]};
            Evaluation *e =
                eval(c, l->g, 1, (Binding[]){{"q.theta", theta}, {"x", image}}, 2, wanted, 3);
            for (int i = 0; i < 3; i++)
                for (int k = 0; k < (i == 1 && !own ? 16 : 32); k++)
                    result[engine][32 * i + k] = evaluation_of(e, wanted[i])[k];
            evaluation_drop(e);
            graph_drop(l->g);
        }
        for (int i = 0; i < 96; i++)
            if (i < 48 || i >= 64 || own) assert_true(fabs(result[0][i] - result[1][i]) < 1e-12);
        compiler_drop(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_sizes),
        cmocka_unit_test(test_dead), cmocka_unit_test(test_engines_agree),
        cmocka_unit_test(test_outside_the_cone),
        cmocka_unit_test(test_quanv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
