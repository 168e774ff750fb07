/* op_matmul.c: y[.., m, n] = sum_k a[.., m, k] b[.., k, n], operands transposed where ta, tb say so.
 *
 * Leading axes: outer ones as everywhere; further ones equal on both sides, or absent on a side that has no outer axes either.
 */
#include "graph/op.h"

#include <string.h>

static int64_t dim_from_end(const Type *t, int i) { return t->dim[t->rank - 1 - i]; }

const char *matmul_shape(const Graph *g, const Node *n, Type *out)
{
    const Type *a = type_of(g, n->arg[0]), *b = type_of(g, n->arg[1]);
    int lead_a = a->rank - a->outer - 2, lead_b = b->rank - b->outer - 2;
    if (lead_a < 0 || lead_b < 0) return "a matrix has two inner axes";
    if (dim_from_end(a, n->matmul.ta ? 1 : 0) != dim_from_end(b, n->matmul.tb ? 0 : 1)) return "inner sizes differ";
    bool absent_a = a->rank == 2, absent_b = b->rank == 2;
    if (!absent_a && !absent_b) {
        if (lead_a != lead_b || memcmp(a->dim + a->outer, b->dim + b->outer, sizeof *a->dim * (size_t)lead_a))
            return "leading axes differ";
    }
    Type t = absent_a ? *b : *a;
    if (!join_outer(&t, absent_a ? a : b)) return "outer axes differ";
    t.dim[t.rank - 2] = dim_from_end(a, n->matmul.ta ? 0 : 1);
    t.dim[t.rank - 1] = dim_from_end(b, n->matmul.tb ? 1 : 0);
    t.batched = a->batched || b->batched;
    t.is_complex = a->is_complex || b->is_complex;
    *out = t;
    return NULL;
}

/* With A = a or its transpose, B likewise: dA = dy B^H, dB = A^H dy; leading axes that the operand lacks are added up. */
NodeId matmul_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    const Node *n = node_of(g, y);
    NodeId x = n->arg[k], other = conj_(g, n->arg[1 - k]);
    bool ta = n->matmul.ta, tb = n->matmul.tb;
    NodeId x_adj;
    if (k == 0) x_adj = ta ? matmul(g, other, dy, tb, true) : matmul(g, dy, other, false, !tb);
    else x_adj = tb ? matmul(g, dy, other, true, ta) : matmul(g, other, dy, !ta, false);
    return type_of(g, x)->rank == 2 ? sum(g, x_adj, type_of(g, x_adj)->rank - 2, 0) : x_adj;
}

NodeId matmul(Graph *g, NodeId a, NodeId b, bool ta, bool tb)
{
    return graph_add(g, (Node){.op = OP_matmul, .arg = {a, b}, .matmul = {ta, tb}});
}
