/* op_axes.c: what only renames, copies or adds up along axes and samples; detach. Broadcast and sum, batch_sum and to_batch are each
 * other's transposes.
 */
#include "graph/op.h"

#include <string.h>

/* ---- reshape: the same elements in the same order ---- */

const char *reshape_shape(const Graph *g, const Node *n, Type *out)
{
    Type t = *type_of(g, n->arg[0]);
    if (n->type.outer > n->type.rank || n->type.rank > TYPE_MAX_RANK) return "more outer axes than axes";
    if (type_count(&n->type) != type_count(&t)) return "the new shape has another number of elements";
    take_shape(&t, &n->type);
    *out = t;
    return NULL;
}

NodeId reshape_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    return reshape(g, dy, *type_of(g, node_of(g, y)->arg[k]));
}

NodeId reshape(Graph *g, NodeId x, Type shape)
{
    if (type_same_shape(type_of(g, x), &shape)) return x;
    return graph_add(g, (Node){.op = OP_reshape, .arg = {x}, .type = shape});
}

/* ---- broadcast: y[a, d, b] = x[d] ---- */

const char *broadcast_shape(const Graph *g, const Node *n, Type *out)
{
    Type t = *type_of(g, n->arg[0]);
    if (n->type.outer > n->type.rank || n->type.rank > TYPE_MAX_RANK) return "more outer axes than axes";
    if (n->axes.pre + t.rank + n->axes.post != n->type.rank) return "the new shape has another number of axes";
    if (t.rank && memcmp(n->type.dim + n->axes.pre, t.dim, sizeof *t.dim * t.rank)) return "the kept axes differ";
    take_shape(&t, &n->type);
    *out = t;
    return NULL;
}

NodeId broadcast_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    const Node *n = node_of(g, y);
    NodeId x_adj = sum(g, dy, n->axes.pre, n->axes.post);
    return reshape(g, x_adj, *type_of(g, n->arg[k])); /* for the number of outer axes */
}

NodeId broadcast(Graph *g, NodeId x, Type shape, int pre, int post)
{
    if (!pre && !post) return reshape(g, x, shape);
    return graph_add(g, (Node){.op = OP_broadcast, .arg = {x}, .type = shape, .axes = {(uint8_t)pre, (uint8_t)post}});
}

/* ---- sum: y[d] = sum of x[a, d, b] ---- */

const char *sum_shape(const Graph *g, const Node *n, Type *out)
{
    Type t = *type_of(g, n->arg[0]);
    int pre = n->axes.pre, rank = t.rank - pre - n->axes.post;
    if (rank < 0) return "more axes are summed than there are";
    memmove(t.dim, t.dim + pre, sizeof *t.dim * (size_t)rank);
    t.rank = (uint8_t)rank;
    int outer = t.outer > pre ? t.outer - pre : 0;
    t.outer = (uint8_t)(outer < rank ? outer : rank);
    *out = t;
    return NULL;
}

NodeId sum_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    const Node *n = node_of(g, y);
    return broadcast(g, dy, *type_of(g, n->arg[k]), n->axes.pre, n->axes.post);
}

NodeId sum(Graph *g, NodeId x, int pre, int post)
{
    if (!pre && !post) return x;
    return graph_add(g, (Node){.op = OP_sum, .arg = {x}, .axes = {(uint8_t)pre, (uint8_t)post}});
}

/* ---- samples ---- */

const char *batch_sum_shape(const Graph *g, const Node *n, Type *out)
{
    *out = *type_of(g, n->arg[0]);
    if (!out->batched) return "the value is the same for all samples";
    out->batched = false;
    return NULL;
}

NodeId batch_sum_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    (void)y, (void)k;
    return type_of(g, dy)->batched ? batch_sum(g, dy) : dy; /* with an adjoint per sample, each met all samples */
}

NodeId batch_sum(Graph *g, NodeId x) { return graph_add(g, (Node){.op = OP_batch_sum, .arg = {x}}); }

const char *to_batch_shape(const Graph *g, const Node *n, Type *out)
{
    *out = *type_of(g, n->arg[0]);
    if (out->batched) return "the value is batched already";
    out->batched = true;
    return NULL;
}

NodeId to_batch_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    (void)g, (void)y, (void)k;
    return dy; /* added over samples like every contribution to a shared node */
}

NodeId to_batch(Graph *g, NodeId x)
{
    if (type_of(g, x)->batched) return x;
    return graph_add(g, (Node){.op = OP_to_batch, .arg = {x}});
}

/* ---- detach: the value; no derivative ---- */

const char *detach_shape(const Graph *g, const Node *n, Type *out)
{
    *out = *type_of(g, n->arg[0]);
    return NULL;
}

NodeId detach_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    (void)g, (void)y, (void)k, (void)dy;
    return (NodeId){0};
}

NodeId detach(Graph *g, NodeId x) { return graph_add(g, (Node){.op = OP_detach, .arg = {x}}); }
