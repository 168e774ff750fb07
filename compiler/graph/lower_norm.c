/* lower_norm.c: y = w (x - mean) / sqrt(variance + eps) + b, over groups of neighbouring elements of a sample, or over all samples.
 *
 * A value is seen as [groups, elements]: as channels are its first axis, a group of channels is a run of elements. Over a batch mean
 * and variance are batch sums, two one after the other, and derivatives pass both by the rules of batch_sum: a step has further
 * phases then, and each is added up in the runtime's fixed tree.
 */
#include "graph/lowering.h"

/* Gain or offset, one number for each index of the first axis or for each element, as a value of this shape. */
static NodeId affine_part(Lower *l, uint32_t i, const Type *shape)
{
    NodeId p = group_node(l, l->stage->group[i]);
    int missing = shape->rank - type_of(l->g, p)->rank;
    return missing ? broadcast(l->g, p, *shape, 0, missing) : p;
}

/* With groups w and b, if there are. */
static NodeId affine(Lower *l, NodeId x, bool has_groups)
{
    Graph *g = l->g;
    Type shape = value_type(&l->stage->type);
    x = reshape(g, x, type_behind(type_of(g, x), shape.rank, shape.dim));
    if (!has_groups) return x;
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

static NodeId inverse_deviation(Lower *l, NodeId variance)
{
    Graph *g = l->g;
    NodeId deviation = sqrt_(g, add(g, variance, graph_filled(g, type_of(g, variance), l->stage->norm.eps)));
    return div_(g, graph_filled(g, type_of(g, deviation), 1), deviation);
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
    NodeId inverse = inverse_deviation(l, variance);
    return affine(l, mul(g, centred, broadcast(g, inverse, *type_of(g, centred), 0, 1)), l->stage->group_count > 0);
}

/* ---- over a batch ---- */

NodeId sample_weight(Lower *l) { return graph_input(l->g, "weight", type_real(0, NULL)); }

/* Mean of [outer|channels, elements] over all but the channels, and over the batch: shared [channels]. */
static NodeId batch_mean(Lower *l, NodeId x, double elements)
{
    Graph *g = l->g;
    int outer = type_of(g, x)->outer;
    NodeId total = sum(g, x, 0, 1);
    total = sum(g, total, outer, 0);
    NodeId weight = scaled(g, sample_weight(l), 1 / elements);
    return batch_sum(g, mul(g, total, broadcast(g, weight, *type_of(g, total), 1, 0)));
}

/* n/(n-1) for the n = batch * elements numbers that a variance is taken of: with weights 1/B their squares add up to 1/B. Shaped as x. */
static NodeId unbiased(Lower *l, NodeId x, double elements)
{
    Graph *g = l->g;
    NodeId weight = sample_weight(l);
    NodeId share = scaled(g, batch_sum(g, mul(g, weight, weight)), 1 / elements);
    NodeId rest = sub(g, graph_scalar(g, 1), share);
    NodeId factor = div_(g, graph_scalar(g, 1), rest);
    return mul(g, x, broadcast(g, factor, *type_of(g, x), 1, 0));
}

/* What the layer works with: the batch's value, or the running one where that is frozen. */
static NodeId batch_or_running(Lower *l, GroupId group, NodeId of_batch, NodeId kept)
{
    if (!node_is(of_batch) || group_of(l->model, group)->frozen) return group_node(l, group);
    l->out->statistic[group.i - 1] = kept;
    return of_batch;
}

NodeId lower_batch_norm(Lower *l)
{
    Graph *g = l->g;
    if (l->options.sampled) /* every sample is a network of its own */
        return not_executable(l, l->stage->span, "'batch_norm' under 'scan'", "'layer_norm' and 'group_norm' can be");
    const GroupId *group = l->stage->group + l->stage->group_count - 2;
    NodeId x = stage_operand(l, 0), mean = {0}, variance = {0}, kept = {0};
    int64_t channels = l->stage->type.dim[0], elements = type_inner(type_of(g, x)) / channels;
    NodeId rows = reshape(g, x, type_behind(type_of(g, x), 2, (int64_t[]){channels, elements}));
    Type shape = type_real(2, (int64_t[]){channels, elements});
    if (l->options.couples) {
        double count = (double)(elements * type_outer(type_of(g, x)));
        mean = batch_mean(l, rows, count);
        NodeId centred = sub(g, rows, broadcast(g, mean, shape, 0, 1));
        variance = batch_mean(l, mul(g, centred, centred), count);
        kept = unbiased(l, variance, count);
    }
    mean = batch_or_running(l, group[0], mean, mean);
    variance = batch_or_running(l, group[1], variance, kept);
    NodeId centred = sub(g, rows, broadcast(g, mean, shape, 0, 1));
    NodeId inverse = inverse_deviation(l, variance);
    return affine(l, mul(g, centred, broadcast(g, inverse, shape, 0, 1)), l->stage->group_count > 2);
}
