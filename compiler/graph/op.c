/* op.c: the table of operations, made of ops.def, and the element-wise ones, which are complete there. */
#include "graph/op.h"

#include <string.h>

/* Operands of equal inner axes; outer axes equal or absent. */
static const char *elementwise_shape(const Graph *g, const Node *n, Type *out)
{
    uint16_t traits = op_rows[n->op].traits;
    Type t = *type_of(g, n->arg[0]);
    for (int k = 0; k < n->arity; k++) {
        const Type *b = type_of(g, n->arg[k]);
        if (b->is_complex && traits & (REAL | TO_CPLX)) return "works on real values";
        int inner = t.rank - t.outer;
        if (inner != b->rank - b->outer || memcmp(t.dim + t.outer, b->dim + b->outer, sizeof *t.dim * (size_t)inner))
            return "operands of different inner axes";
        if (!join_outer(&t, b)) return "operands of different outer axes";
        t.batched |= b->batched;
        t.is_complex |= b->is_complex;
    }
    if (traits & TO_REAL) t.is_complex = false;
    if (traits & TO_CPLX) t.is_complex = true;
    *out = t;
    return NULL;
}

#define OPERANDS                                                                                   \
    NodeId a = node_of(g, y)->arg[0], b = node_of(g, y)->arg[1], c = node_of(g, y)->arg[2];        \
    (void)a, (void)b, (void)c, (void)k;
#define OP(name, arity, traits)
#define EW1(name, traits, grad)                                                                    \
    static NodeId name##_grad(Graph *g, NodeId y, int k, NodeId dy)                                \
    {                                                                                              \
        OPERANDS(void) dy;                                                                         \
        return grad;                                                                               \
    }
#define EW2(name, traits, grad_a, grad_b)                                                          \
    static NodeId name##_grad(Graph *g, NodeId y, int k, NodeId dy)                                \
    {                                                                                              \
        OPERANDS                                                                                   \
        return k == 0 ? (grad_a) : (grad_b);                                                       \
    }
#define EW3(name, traits, grad_a, grad_b, grad_c)                                                  \
    static NodeId name##_grad(Graph *g, NodeId y, int k, NodeId dy)                                \
    {                                                                                              \
        OPERANDS                                                                                   \
        return k == 0 ? (grad_a) : k == 1 ? (grad_b) : (grad_c);                                   \
    }
#include "graph/ops.def"
#undef OP
#undef EW1
#undef EW2
#undef EW3

#define OP(name, arity, traits) {#name, arity, traits, name##_shape, name##_grad},
#define EW1(name, traits, grad) {#name, 1, (traits) | ELEMENTWISE, elementwise_shape, name##_grad},
#define EW2(name, traits, grad_a, grad_b) {#name, 2, (traits) | ELEMENTWISE, elementwise_shape, name##_grad},
#define EW3(name, traits, grad_a, grad_b, grad_c) {#name, 3, (traits) | ELEMENTWISE, elementwise_shape, name##_grad},
const OpRow op_rows[OP_COUNT] = {
    {"none", 0, 0, NULL, NULL},
#include "graph/ops.def"
};

Attributes attributes_of(Op op)
{
    if (op == OP_param || op == OP_input) return ATTR_index;
    if (op == OP_constant) return ATTR_constant;
    if (op == OP_sparse) return ATTR_map;
    if (op == OP_apply || op == OP_overlap) return ATTR_wires;
    if (op == OP_broadcast || op == OP_sum) return ATTR_axes;
    return op == OP_matmul ? ATTR_matmul : ATTR_none;
}

NodeId elementwise(Graph *g, Op op, NodeId a, NodeId b, NodeId c)
{
    if (!type_of(g, a)->is_complex) {
        if (op == OP_re || op == OP_conj) return a;
        if (op == OP_im) return zero_like(g, a);
    }
    return graph_add(g, (Node){.op = op, .arg = {a, b, c}});
}
