/* prop_graph_circuit.c: graphs as circuits make them. Undone states give the same derivatives, and no derivative reads a state that
 * the forward part had to keep; angles are taken once for a whole parameter; large graphs simplify in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/gate_matrix.h"
#include "graph/op.h"

enum { SAMPLES = 2, QUBITS = 4, PATCHES = 3, CASES = 60 };

typedef struct Circuit {
    Compiler *c;
    Graph *g;
    NodeId theta, x, loss;
    int gates, data_gates; /* gates with a parameter, with data */
    bool lossy;            /* some matrices are not unitary */
    uint64_t state;
    double theta_at[4096], x_at[SAMPLES * PATCHES * QUBITS];
} Circuit;

static uint64_t bits(Circuit *k)
{
    k->state = k->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return k->state >> 33;
}
static int below(Circuit *k, int n) { return (int)(bits(k) % (uint64_t)n); }

/* One element of x, for each map index. */
static NodeId element(Graph *g, NodeId x, int64_t i)
{
    const Type *t = type_of(g, x);
    Type shape = *t;
    shape.rank = shape.outer;
    SparseMap m = {.inner = true, .rows = 1, .cols = type_inner(t), .start = (int64_t[]){0, 1}, .index = &i, .re = (double[]){1}};
    return sparse(g, x, &m, shape);
}

static NodeId times_matrix(Graph *g, NodeId s, const double complex *entries, int dim)
{
    int64_t start[17] = {0}, index[16] = {0};
    double re_at[16], im_at[16];
    for (int i = 0; i < dim * dim; i++) {
        re_at[i] = creal(entries[i]);
        im_at[i] = cimag(entries[i]);
        start[i + 1] = i + 1;
    }
    SparseMap m = {.inner = true, .rows = dim * dim, .cols = 1, .start = start, .index = index, .re = re_at, .im = im_at};
    Type shape = *type_of(g, s);
    shape.dim[shape.rank++] = dim;
    shape.dim[shape.rank++] = dim;
    return sparse(g, s, &m, shape);
}

static NodeId constant_matrix(Graph *g, const double complex *entries, int dim)
{
    double re_at[16], im_at[16];
    for (int i = 0; i < dim * dim; i++) re_at[i] = creal(entries[i]), im_at[i] = cimag(entries[i]);
    return graph_constant(g, type_real(2, (int64_t[]){dim, dim}), re_at, im_at);
}

/* gate on angle t, or constant */
static NodeId matrix_of(Graph *g, const GateMatrix *row, NodeId t)
{
    NodeId a = constant_matrix(g, row->a, row->dim);
    if (!row->params) return a;
    NodeId angle = scaled(g, t, row->frequency);
    NodeId b = times_matrix(g, cos_(g, angle), row->b, row->dim);
    NodeId c = times_matrix(g, sin_(g, angle), row->c, row->dim);
    return add(g, a, add(g, b, c));
}

static NodeId gate_on(Circuit *k, NodeId psi, GateId gate, NodeId t)
{
    const GateMatrix *row = gate_matrix(gate);
    Wires w = {.qubits = QUBITS, .target_count = (uint8_t)row->qubits, .unitary = true, .dagger = below(k, 4) == 0};
    int first = below(k, QUBITS);
    for (int i = 0; i < row->qubits; i++) w.target[i] = (uint8_t)((first + i) % QUBITS);
    w.control_count = (uint8_t)below(k, 2);
    w.control[0] = (uint8_t)((first + row->qubits) % QUBITS);
    w.control_values = (uint32_t)below(k, 1 << w.control_count);
    w.unitary = !k->lossy || below(k, 6) != 0;
    NodeId m = matrix_of(k->g, row, t);
    return apply(k->g, w.unitary ? m : scaled(k->g, m, 0.9), psi, &w);
}

static NodeId ground(Graph *g)
{
    double re_at[1 << QUBITS] = {1}, im_at[1 << QUBITS] = {0};
    return graph_constant(g, type_real(1, (int64_t[]){1 << QUBITS}), re_at, im_at);
}

/* Encoding, `gates` random gates, a weighted sum of probabilities; in the middle, probabilities are read once, too. */
static Circuit *circuit_of(uint64_t seed, int gates, bool in_the_middle, bool lossy)
{
    Circuit *k = calloc(1, sizeof *k);
    k->c = compiler_new();
    k->state = seed * 2 + 1;
    k->lossy = lossy;
    Graph *g = k->g = graph_new(k->c, "circuit");
    k->theta = graph_param(g, "theta", type_real(2, (int64_t[]){gates, 1}));
    Type patches = type_real(2, (int64_t[]){PATCHES, QUBITS});
    patches.outer = 1;
    k->x = graph_input(g, "x", patches);
    NodeId psi = ground(g), read = {0};
    for (int i = 0; i < QUBITS; i++) psi = gate_on(k, psi, GATE_ry, scaled(g, element(g, k->x, i), 3.14));
    for (int i = 0; i < gates; i++) {
        GateId gate = (GateId)(1 + below(k, GATE_unitary - 1));
        k->theta_at[i] = (double)below(k, 1000) / 200;
        NodeId t = below(k, 8) ? element(g, reshape(g, k->theta, type_real(1, (int64_t[]){gates})), i) : element(g, k->x, below(k, QUBITS));
        psi = gate_on(k, psi, gate, t);
        if (in_the_middle && i == gates / 2) read = abs2(g, psi);
    }
    NodeId p = abs2(g, psi);
    if (node_is(read)) p = add(g, p, mul(g, read, read));
    double weight[1 << QUBITS];
    for (int i = 0; i < 1 << QUBITS; i++) weight[i] = (double)below(k, 100) / 50 - 1;
    p = mul(g, p, graph_constant(g, type_real(1, (int64_t[]){1 << QUBITS}), weight, NULL));
    k->loss = sin_(g, sum(g, p, 0, 2));
    for (int i = 0; i < SAMPLES * PATCHES * QUBITS; i++) k->x_at[i] = (double)below(k, 1000) / 1000;
    return k;
}

static void with_gradient(Circuit *k, bool and_product)
{
    NodeId wrt[] = {k->theta, k->x}, adjoint[2], tangent[2];
    gradient(k->g, k->loss, wrt, 2, adjoint, (GradOptions){0});
    if (and_product) { /* of the Hessian with (sin theta, 0) */
        NodeId direction = sin_(k->g, k->theta);
        pushforward(k->g, &k->theta, &direction, 1, adjoint, 2, tangent);
        graph_output(k->g, "tangent:theta", tangent[0]);
        graph_output(k->g, "tangent:x", tangent[1]);
    }
    graph_output(k->g, "grad:theta", adjoint[0]);
    graph_output(k->g, "grad:x", adjoint[1]);
    graph_output(k->g, "loss", k->loss);
}

static void drop(Circuit *k)
{
    graph_drop(k->g);
    compiler_drop(k->c);
    free(k);
}

static void assert_same_values(Circuit *k, const Graph *a, const Graph *b)
{
    Binding bindings[] = {{"theta", k->theta_at}, {"x", k->x_at}};
    for (uint32_t i = 0; i < a->outputs.len; i++) {
        NodeId na = a->outputs.at[i].node, nb = b->outputs.at[i].node;
        const Type *t = type_of(a, na);
        assert_true(type_same(t, type_of(b, nb)));
        Evaluation *ea = eval(k->c, a, SAMPLES, bindings, 2, &na, 1), *eb = eval(k->c, b, SAMPLES, bindings, 2, &nb, 1);
        for (int64_t n = 0; n < type_count(t) * (t->batched ? SAMPLES : 1); n++)
            assert_true(fabs(evaluation_of(ea, na)[n] - evaluation_of(eb, nb)[n]) <= 1e-11 * (1 + fabs(evaluation_of(ea, na)[n])));
        evaluation_drop(ea);
        evaluation_drop(eb);
    }
}

static int count_of(const Graph *g, Op op)
{
    int count = 0;
    for (uint32_t i = 1; i < g->nodes.len; i++) count += g->nodes.at[i].op == op;
    return count;
}

/* States that a derivative reads though a forward gate that can be undone takes them on. */
static int kept_states(const Graph *g)
{
    int kept = 0;
    bool *goes_on = calloc(g->nodes.len, sizeof *goes_on);
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        const Node *n = &g->nodes.at[i];
        if (n->op == OP_apply && !n->is_adjoint && n->wires->unitary && type_same(&n->type, type_of(g, n->arg[1])))
            goes_on[n->arg[1].i] = !(op_rows[node_of(g, n->arg[1])->op].traits & LEAF);
    }
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        const Node *n = &g->nodes.at[i];
        for (int a = 0; a < n->arity && n->is_adjoint; a++) kept += goes_on[n->arg[a].i];
    }
    free(goes_on);
    return kept;
}

static void test_states_are_undone(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        Circuit *k = circuit_of(seed, 12, seed % 3 == 0, seed % 2 == 0);
        with_gradient(k, seed % 4 == 1);
        Graph *simple = simplify(k->c, k->g), *undone = undo_states(k->c, simple), *again = simplify(k->c, undone);
        graph_verify(undone, "undo_states");
        assert_true(kept_states(simple) > (k->lossy ? 1 : 4));
        assert_int_equal(kept_states(undone), 0);
        assert_int_equal(kept_states(again), 0);
        assert_same_values(k, k->g, simple);
        assert_same_values(k, simple, undone);
        assert_same_values(k, simple, again);
        graph_drop(simple);
        graph_drop(undone);
        graph_drop(again);
        drop(k);
    }
}

/* A step inside the model: the second part depends on a derivative of the first, both start from the same states. */
static void test_levels_keep_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Circuit *k = circuit_of(seed, 6, true, false);
        Graph *g = k->g;
        NodeId slope, psi = {0}, end;
        gradient(g, k->loss, &k->theta, 1, &slope, (GradOptions){0});
        for (uint32_t i = 1; i < g->nodes.len; i++) {
            const Node *n = &g->nodes.at[i];
            if (n->op == OP_apply && !n->is_adjoint && n->type.batched) psi = (NodeId){i}; /* the last one of the first part */
        }
        NodeId stepped = sub(g, k->theta, scaled(g, slope, 0.1));
        for (int i = 0; i < 4; i++) psi = gate_on(k, psi, GATE_ry, element(g, reshape(g, stepped, type_real(1, (int64_t[]){6})), i));
        end = sum(g, abs2(g, psi), 0, 2);
        end = add(g, end, mul(g, end, k->loss));
        gradient(g, end, &k->theta, 1, &slope, (GradOptions){0});
        graph_output(g, "end", end);
        graph_output(g, "grad", slope);
        Graph *simple = simplify(k->c, g), *undone = undo_states(k->c, simple);
        graph_verify(undone, "undo_states");
        assert_same_values(k, g, undone);
        graph_drop(simple);
        graph_drop(undone);
        drop(k);
    }
}

/* All gates with frequency 1/2 of one parameter: one sine and one cosine for all of them, and few nodes per gate. */
static void test_angles_are_taken_once(void **state)
{
    (void)state;
    enum { GATES = 32 };
    Circuit *k = circuit_of(1, GATES, false, false);
    Graph *g = k->g;
    NodeId psi = ground(g), flat = reshape(g, k->theta, type_real(1, (int64_t[]){GATES}));
    for (int i = 0; i < GATES; i++) psi = gate_on(k, psi, i % 2 ? GATE_rx : GATE_ry, element(g, flat, i));
    NodeId p = abs2(g, psi);
    graph_output(g, "p", p);
    Graph *simple = simplify(k->c, g);
    assert_int_equal(count_of(simple, OP_cos), 1);
    assert_int_equal(count_of(simple, OP_sin), 1);
    assert_true(simple->nodes.len < 4 * GATES + 12);
    NodeId theta = simple->params.at[0].node, loss = sum(simple, simple->outputs.at[0].node, 0, 1), adjoint;
    gradient(simple, loss, &theta, 1, &adjoint, (GradOptions){0});
    graph_output(simple, "grad", adjoint);
    Graph *small = simplify(k->c, simple);
    assert_int_equal(count_of(small, OP_cos), 1);
    assert_true(count_of(small, OP_mul) <= 6);
    graph_drop(simple);
    graph_drop(small);
    drop(k);
}

/* A guard against quadratic time, far above what it takes (see the printed figure). */
static void test_large_graphs_take_no_time(void **state)
{
    (void)state;
    Circuit *k = circuit_of(7, 1900, false, false);
    with_gradient(k, false);
    clock_t from = clock();
    Graph *simple = simplify(k->c, k->g);
    double simplified = (double)(clock() - from) / CLOCKS_PER_SEC;
    from = clock();
    Graph *undone = undo_states(k->c, simple);
    double undoing = (double)(clock() - from) / CLOCKS_PER_SEC;
    print_message("%u nodes simplified to %u in %.1f ms, undone to %u in %.1f ms\n", k->g->nodes.len, simple->nodes.len,
                  simplified * 1e3, undone->nodes.len, undoing * 1e3);
    assert_true(simplified < 5 && undoing < 5);
    graph_drop(simple);
    graph_drop(undone);
    drop(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_are_undone),
        cmocka_unit_test(test_levels_keep_order),
        cmocka_unit_test(test_angles_are_taken_once),
        cmocka_unit_test(test_large_graphs_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
