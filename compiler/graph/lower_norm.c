/* lower_norm.c: y = w (x - mean) / sqrt(variance + eps) + b, over groups of neighbouring elements of a sample.
 *
 * A value is seen as [groups, elements]: as channels are its first axis, a group of channels is a run of elements.
 */
#include "graph/lowering.h"

/* Gain or offset, one number for each index of the first axis or for each element, as a value of this shape. */
static NodeId affine_part(Lower *l, uint32_t i, const Type *shape)
{
    NodeId p = group_node(l, l->stage->group[i]);
    int missing = shape->rank - type_of(l->g, p)->rank;
    return missing ? broadcast(l->g, p, *shape, 0, missing) : p;
}

static NodeId affine(Lower *l, NodeId x)
{
    Graph *g = l->g;
    Type shape = value_type(&l->stage->type);
    x = reshape(g, x, type_behind(type_of(g, x), shape.rank, shape.dim));
    if (!l->stage->group_count) return x;
    NodeId w = affine_part(l, 0, &shape);
    NodeId b = affine_part(l, 1, &shape);
    return add(g, mul(g, x, w), b);
}

/* Mean over the last axis, repeated along it. */
static NodeId row_mean(Graph *g, NodeId x)
{
    Type shape = *type_of(g, x);
    NodeId mean = scaled(g, sum(g, x, 0, 1), 1 / (double)shape.dim[shape.rank - 1]);
    return broadcast(g, mean, shape, 0, 1);
}

NodeId lower_norm(Lower *l)
{
    Graph *g = l->g;
    NodeId x = stage_operand(l, 0);
    int64_t groups = l->stage->norm.groups;
    int64_t elements = type_inner(type_of(g, x)) / groups;
    NodeId rows = reshape(g, x, type_behind(type_of(g, x), 2, (int64_t[]){groups, elements}));
    NodeId centred = sub(g, rows, row_mean(g, rows));
    NodeId variance = scaled(g, sum(g, mul(g, centred, centred), 0, 1), 1 / (double)elements);
    NodeId eps = graph_filled(g, type_of(g, variance), l->stage->norm.eps);
    NodeId deviation = sqrt_(g, add(g, variance, eps));
    NodeId inverse = div_(g, graph_filled(g, type_of(g, deviation), 1), deviation);
    return affine(l, mul(g, centred, broadcast(g, inverse, *type_of(g, centred), 0, 1)));
}
