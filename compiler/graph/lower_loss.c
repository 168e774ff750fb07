/* lower_loss.c: losses per sample and their weighted sum over the batch.
 *
 * Labels come one-hot. A sample that only fills the last batch has weight 0 and any target, also
 * all zeros: no loss may then be infinite.
 */
#include "graph/lowering.h"

static NodeId total(Graph *g, NodeId x) { return sum(g, x, 0, type_of(g, x)->rank); }

/* sum_k t_k (m + log sum_j exp(x_j - m) - x_k), m the largest x. */
static NodeId cross_entropy(Lower *l, NodeId x, NodeId target)
{
    Graph *g = l->g;
    Type shape = *type_of(g, x);
    NodeId m = detached_max(l, x);
    NodeId shifted = sub(g, x, broadcast(g, m, shape, 0, 1));
    NodeId lse = log_(g, sum(g, exp_(g, shifted), 0, 1));
    return total(g, mul(g, target, sub(g, broadcast(g, lse, shape, 0, 1), shifted)));
}

/* -sum_k t_k log p_k, over the k with t_k != 0. */
static NodeId negative_log(Lower *l, NodeId p, NodeId target)
{
    Graph *g = l->g;
    Type shape = *type_of(g, p);
    NodeId kept = select_(g, target, p, graph_filled(g, &shape, 1));
    return neg(g, total(g, mul(g, target, log_(g, kept))));
}

static NodeId mean_square(Lower *l, NodeId y, NodeId target)
{
    Graph *g = l->g;
    NodeId d = sub(g, y, target);
    return scaled(g, total(g, mul(g, d, d)), 1.0 / (double)type_count(type_of(g, d)));
}

/* 1 - |<target|psi>|^2 of pure states. */
static NodeId infidelity(Lower *l, NodeId psi, NodeId target)
{
    Graph *g = l->g;
    NodeId overlap_squared = abs2(g, total(g, mul(g, conj_(g, target), psi)));
    return sub(g, graph_scalar(g, 1), overlap_squared);
}

static NodeId loss_of(Lower *l, NodeId output, NodeId target)
{
    bool is_state = type_of(l->g, output)->is_complex;
    switch (l->options.loss) {
    case LOSS_cross_entropy: return cross_entropy(l, output, target);
    case LOSS_nll: return negative_log(l, output, target);
    case LOSS_mse: return mean_square(l, output, target);
    case LOSS_infidelity:
        if (is_state) return infidelity(l, output, target);
        break;
    case LOSS_local:
    case LOSS_none: break;
    }
    return not_executable(l, l->model->span, "this loss of a state",
                          "'infidelity' of a pure state can be");
}

void lower_loss(Lower *l)
{
    Graph *g = l->g;
    Lowered *out = l->out;
    Type shape = *type_of(g, out->output);
    out->target = graph_input(g, "target", shape);
    out->loss = loss_of(l, out->output, out->target);
    if (l->failed) return;
    NodeId weight = graph_input(g, "weight", type_real(0, NULL));
    out->mean_loss = batch_sum(g, mul(g, out->loss, weight));
}
