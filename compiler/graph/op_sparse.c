/* op_sparse.c: y = S x for a constant sparse S: y[i] = sum over the entries of row i of coefficient * x[index]. */
#include "graph/map.h"
#include "graph/op.h"

const char *sparse_shape(const Graph *g, const Node *n, Type *out)
{
    Type t = *type_of(g, n->arg[0]);
    const SparseMap *m = n->map;
    if (n->type.outer > n->type.rank || n->type.rank > TYPE_MAX_RANK) return "more outer axes than axes";
    if (m->cols != (m->inner ? type_inner(&t) : type_count(&t))) return "the map has another number of columns";
    if (m->rows != (m->inner ? type_inner(&n->type) : type_count(&n->type))) return "the map has another number of rows";
    if (m->inner && type_outer(&n->type) != type_outer(&t)) return "an inner map keeps the outer axes";
    const char *complaint = map_complaint(m);
    if (complaint) return complaint;
    take_shape(&t, &n->type);
    t.is_complex |= m->im != NULL;
    *out = t;
    return NULL;
}

/* x_adj = S^H dy */
NodeId sparse_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    const Node *n = node_of(g, y);
    ArenaMark mark = arena_mark(g->c->scratch);
    const SparseMap *back = map_adjoint(g->c->scratch, n->map);
    NodeId x_adj = sparse(g, dy, back, *type_of(g, n->arg[k]));
    arena_reset(g->c->scratch, mark);
    return x_adj;
}

NodeId sparse(Graph *g, NodeId x, const SparseMap *map, Type shape)
{
    return graph_add(g, (Node){.op = OP_sparse, .arg = {x}, .type = shape, .map = map});
}
