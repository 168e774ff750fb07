/* random_graph.c: draws operations and operands; attributes are drawn until the operation's own shape rule accepts them. */
#include "reference/random_graph.h"

#include <math.h>

#include "graph/op.h"

uint64_t random_bits(RandomGraph *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int random_below(RandomGraph *r, int n) { return (int)(random_bits(r) % (uint64_t)n); }
double random_real(RandomGraph *r) { return (double)(random_bits(r) >> 11) * 0x1p-52 - 1; }

static const struct {
    const char *name;
    bool is_input;
    Type type;
} leaves[RANDOM_GRAPH_LEAVES] = {
    {"scalar", false, {.rank = 0}},
    {"vector", false, {.rank = 1, .dim = {4}}},
    {"matrix", false, {.rank = 2, .dim = {2, 2}}},
    {"state", false, {.is_complex = true, .rank = 1, .dim = {4}}},
    {"state3", false, {.is_complex = true, .rank = 1, .dim = {8}}},
    {"gate", false, {.is_complex = true, .rank = 2, .dim = {2, 2}}},
    {"mapped", false, {.outer = 1, .rank = 2, .dim = {3, 4}}},
    {"x", true, {.rank = 0}},
    {"patches", true, {.outer = 1, .rank = 2, .dim = {3, 4}}},
    {"gates", true, {.is_complex = true, .outer = 1, .rank = 3, .dim = {3, 2, 2}}},
};

static const Type shapes[] = {
    {.rank = 0},
    {.rank = 1, .dim = {1}},
    {.rank = 1, .dim = {2}},
    {.rank = 1, .dim = {4}},
    {.rank = 2, .dim = {2, 2}},
    {.rank = 1, .dim = {8}},
    {.rank = 3, .dim = {2, 2, 2}},
    {.rank = 1, .dim = {12}},
    {.rank = 2, .dim = {3, 4}},
    {.rank = 2, .dim = {4, 4}},
    {.outer = 1, .rank = 1, .dim = {3}},
    {.outer = 1, .rank = 2, .dim = {3, 2}},
    {.outer = 1, .rank = 2, .dim = {3, 4}},
    {.outer = 1, .rank = 3, .dim = {3, 2, 2}},
    {.outer = 1, .rank = 2, .dim = {3, 8}},
    {.outer = 1, .rank = 4, .dim = {3, 2, 2, 2}},
};

RandomGraph random_leaves(Compiler *c, uint64_t seed)
{
    RandomGraph r = {.g = graph_new(c, "random graph"), .state = seed * 2 + 1};
    for (int i = 0; i < RANDOM_GRAPH_LEAVES; i++) {
        r.name[i] = leaves[i].name;
        r.leaf[i] = (leaves[i].is_input ? graph_input : graph_param)(r.g, leaves[i].name, leaves[i].type);
        const Type *t = type_of(r.g, r.leaf[i]);
        r.size[i] = (size_t)type_count(t) * (t->is_complex ? 2 : 1) * (t->batched ? RANDOM_GRAPH_SAMPLES : 1);
        double *value = arena_array(r.g->arena, double, r.size[i]);
        for (size_t k = 0; k < r.size[i]; k++) value[k] = random_real(&r);
        r.binding[i] = (Binding){leaves[i].name, value};
        vec_push(r.g->arena, &r.pool, r.leaf[i]);
    }
    return r;
}

static NodeId draw(RandomGraph *r)
{
    int late = r->pool.len > 6 && random_below(r, 2); /* prefer depth */
    uint32_t from = late ? r->pool.len - 6 : 0;
    return r->pool.at[from + (uint32_t)random_below(r, (int)(r->pool.len - from))];
}

static bool fits(const Graph *g, Node n)
{
    n.arity = op_rows[n.op].arity;
    Type t = n.type;
    if (op_rows[n.op].shape(g, &n, &t)) return false;
    return type_count(&t) <= 64 && t.rank <= 5;
}

static NodeId plus_constant(Graph *g, NodeId x, double value)
{
    Type t = *type_of(g, x);
    NodeId constant = graph_filled(g, &t, value);
    return add(g, x, constant);
}

/* Keeps an operand where the row is smooth. */
static NodeId made_safe(RandomGraph *r, Op op, int k, NodeId x)
{
    Graph *g = r->g;
    uint16_t traits = op_rows[op].traits;
    if (traits & (REAL | TO_CPLX) && type_of(g, x)->is_complex) x = random_below(r, 2) ? re(g, x) : im(g, x);
    if (op == OP_log || op == OP_sqrt || (op == OP_div && k == 1)) return plus_constant(g, mul(g, x, x), 0.5);
    if (op == OP_exp) return sin_(g, x);
    if (op == OP_select && k == 0) return step_(g, x);
    return x;
}

static NodeId grow_elementwise(RandomGraph *r, Op op)
{
    Graph *g = r->g;
    Node n = {.op = op};
    for (int k = 0; k < op_rows[op].arity; k++) n.arg[k] = made_safe(r, op, k, draw(r));
    if (!fits(g, n)) return (NodeId){0};
    return elementwise(g, op, n.arg[0], n.arg[1], n.arg[2]);
}

static NodeId grow_sparse(RandomGraph *r)
{
    Graph *g = r->g;
    NodeId x = draw(r);
    const Type *t = type_of(g, x);
    Type shape = shapes[random_below(r, COUNT(shapes))];
    SparseMap m = {.inner = random_below(r, 2)};
    m.rows = m.inner ? type_inner(&shape) : type_count(&shape);
    m.cols = m.inner ? type_inner(t) : type_count(t);
    int64_t start[65] = {0}, index[130];
    double re_at[130], im_at[130];
    for (int64_t i = 0; i < m.rows; i++) {
        start[i + 1] = start[i] + random_below(r, 3);
        for (int64_t k = start[i]; k < start[i + 1]; k++) {
            index[k] = random_below(r, (int)m.cols);
            re_at[k] = random_below(r, 3) ? 1 : random_real(r);
            im_at[k] = random_real(r);
        }
    }
    m.start = start, m.index = index, m.re = re_at, m.im = random_below(r, 3) ? NULL : im_at;
    return fits(g, (Node){.op = OP_sparse, .arg = {x}, .type = shape, .map = &m}) ? sparse(g, x, &m, shape) : (NodeId){0};
}

static NodeId grow_broadcast(RandomGraph *r)
{
    Graph *g = r->g;
    NodeId x = draw(r);
    Type t = *type_of(g, x), shape = {.rank = (uint8_t)(t.rank + 1)};
    bool in_front = random_below(r, 2), mapped = in_front && random_below(r, 2);
    if (shape.rank > 5) return (NodeId){0};
    for (int i = 0; i < t.rank; i++) shape.dim[i + in_front] = t.dim[i];
    shape.dim[in_front ? 0 : t.rank] = mapped ? 3 : 2;
    shape.outer = t.outer ? (uint8_t)(t.outer + in_front) : mapped;
    Node n = {.op = OP_broadcast, .arg = {x}, .type = shape, .axes = {in_front, !in_front}};
    return fits(g, n) ? broadcast(g, x, shape, in_front, !in_front) : (NodeId){0};
}

static Wires draw_wires(RandomGraph *r, int qubits, int targets)
{
    Wires w = {.qubits = (uint8_t)qubits, .target_count = (uint8_t)targets};
    int qubit[3] = {0, 1, 2};
    for (int i = qubits - 1; i > 0; i--) {
        int k = random_below(r, i + 1), keep = qubit[i];
        qubit[i] = qubit[k], qubit[k] = keep;
    }
    w.control_count = (uint8_t)random_below(r, qubits - targets + 1);
    for (int i = 0; i < targets; i++) w.target[i] = (uint8_t)qubit[i];
    for (int i = 0; i < w.control_count; i++) w.control[i] = (uint8_t)qubit[targets + i];
    w.control_values = (uint32_t)random_below(r, 1 << w.control_count);
    w.dagger = random_below(r, 2);
    w.zero_outside = random_below(r, 3) == 0;
    if (random_below(r, 2)) {
        uint8_t *pattern = arena_array(r->g->arena, uint8_t, 1 << 2 * targets);
        for (int i = 0; i < 1 << 2 * targets; i++) pattern[i] = (uint8_t)random_below(r, 4);
        w.pattern = pattern;
    }
    return w;
}

static NodeId as_complex(RandomGraph *r, NodeId x)
{
    if (type_of(r->g, x)->is_complex) return x;
    return cplx(r->g, x, scaled(r->g, x, random_real(r)));
}

static int log2_of(int64_t n)
{
    int bits = 0;
    while (INT64_C(1) << bits < n) bits++;
    return bits;
}

static NodeId grow_state(RandomGraph *r, Op op)
{
    Graph *g = r->g;
    NodeId a = as_complex(r, draw(r)), b = as_complex(r, draw(r));
    const Type *ta = type_of(g, a), *tb = type_of(g, b);
    if (tb->rank != tb->outer + 1 || tb->dim[tb->outer] > 8) return (NodeId){0};
    int qubits = log2_of(tb->dim[tb->outer]);
    int targets = op == OP_overlap ? random_below(r, qubits + 1) : ta->rank == ta->outer + 2 ? log2_of(ta->dim[ta->outer]) : 0;
    if (targets > qubits || targets > 2) return (NodeId){0};
    Wires w = draw_wires(r, qubits, targets);
    if (!fits(g, (Node){.op = op, .arg = {a, b}, .wires = &w})) return (NodeId){0};
    return (op == OP_apply ? apply : overlap)(g, a, b, &w);
}

static NodeId grow(RandomGraph *r, Op op)
{
    Graph *g = r->g;
    if (op_rows[op].traits & ELEMENTWISE) return grow_elementwise(r, op);
    if (op == OP_sparse) return grow_sparse(r);
    if (op == OP_broadcast) return grow_broadcast(r);
    if (op == OP_apply || op == OP_overlap) return grow_state(r, op);
    NodeId x = draw(r);
    const Type *t = type_of(g, x);
    Type shape = shapes[random_below(r, COUNT(shapes))];
    int pre = random_below(r, t->rank + 1), post = random_below(r, t->rank - pre + 1);
    bool ta = random_below(r, 2), tb = random_below(r, 2);
    NodeId y = draw(r);
    switch ((int)op) { /* the others are above */
    case OP_constant: return graph_scalar(g, random_real(r));
    case OP_reshape: return type_count(t) == type_count(&shape) ? reshape(g, x, shape) : (NodeId){0};
    case OP_sum: return sum(g, x, pre, post);
    case OP_batch_sum: return t->batched ? batch_sum(g, x) : (NodeId){0};
    case OP_to_batch: return t->batched ? (NodeId){0} : to_batch(g, x);
    case OP_detach: return detach(g, x);
    case OP_matmul:
        if (!fits(g, (Node){.op = OP_matmul, .arg = {x, y}, .matmul = {ta, tb}})) return (NodeId){0};
        return matmul(g, x, y, ta, tb);
    }
    unreachable();
}

static bool is_moderate(RandomGraph *r, NodeId n)
{
    const Type *t = type_of(r->g, n);
    int64_t count = type_count(t) * (t->is_complex ? 2 : 1) * (t->batched ? RANDOM_GRAPH_SAMPLES : 1);
    Evaluation *e = eval(r->g->c, r->g, RANDOM_GRAPH_SAMPLES, r->binding, RANDOM_GRAPH_LEAVES, &n, 1);
    bool moderate = true;
    for (int64_t i = 0; i < count; i++) moderate &= fabs(evaluation_of(e, n)[i]) < 8;
    evaluation_drop(e);
    return moderate;
}

bool random_grow(RandomGraph *r, Op op)
{
    NodeId n = grow(r, op);
    if (!node_is(n) || !is_moderate(r, n)) return false;
    vec_push(r->g->arena, &r->pool, n);
    return true;
}

RandomGraph random_graph(Compiler *c, uint64_t seed, int count, bool with_detach)
{
    RandomGraph r = random_leaves(c, seed);
    for (int grown = 0; grown < count;) {
        Op op = (Op)(1 + random_below(&r, OP_COUNT - 1));
        if (op == OP_param || op == OP_input || (op == OP_detach && !with_detach)) continue;
        if (random_below(&r, 3) == 0) op = random_below(&r, 2) ? OP_apply : OP_sparse;
        grown += random_grow(&r, op);
    }
    return r;
}

/* sum of weight * part over all elements; the weight breaks symmetries */
static NodeId weighted(RandomGraph *r, NodeId x)
{
    Graph *g = r->g;
    Type t = *type_of(g, x);
    double weight[64];
    for (int64_t i = 0; i < type_count(&t); i++) weight[i] = random_real(r);
    NodeId w = graph_constant(g, t, weight, NULL);
    return sum(g, mul(g, x, w), t.rank, 0);
}

NodeId random_loss(RandomGraph *r)
{
    Graph *g = r->g;
    NodeId total = graph_scalar(g, 0.25);
    for (uint32_t i = 0; i < 6 && i < r->pool.len; i++) {
        NodeId x = r->pool.at[r->pool.len - 1 - i];
        NodeId real = weighted(r, re(g, x)), imaginary = weighted(r, im(g, x));
        total = add(g, total, add(g, real, sin_(g, imaginary)));
    }
    return total;
}

void each_random_gradient(int cases, CompareGraph *compare)
{
    for (int seed = 0; seed < cases; seed++) {
        Compiler *c = compiler_new();
        RandomGraph r = random_graph(c, (uint64_t)seed, 10 + seed % 25, true);
        NodeId grad[RANDOM_GRAPH_LEAVES], loss = random_loss(&r);
        GradOptions options = {.per_sample = seed % 3 == 0 && type_of(r.g, loss)->batched};
        gradient(r.g, loss, r.leaf, RANDOM_GRAPH_LEAVES, grad, options);
        graph_output(r.g, "loss", loss);
        for (int i = 0; i < RANDOM_GRAPH_LEAVES; i++) graph_output(r.g, r.name[i], grad[i]);
        Graph *small = simplify(c, r.g), *undone = undo_states(c, small);
        compare(c, undone, (uint64_t)seed, r.binding, RANDOM_GRAPH_LEAVES);
        graph_drop(undone);
        graph_drop(small);
        graph_drop(r.g);
        compiler_drop(c);
    }
}
