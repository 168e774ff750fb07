/* lower_loss.c: losses per sample and their weighted sum over the batch.
 *
 * Labels come one-hot. A sample that only fills the last batch has weight 0 and any target, also
 * all zeros: no loss may then be infinite.
 */
#include "graph/register.h"

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

static NodeId wrong_loss(Lower *l)
{
    return not_executable(l, l->model->span, "this loss of a state", "'infidelity' and 'local' can be");
}

static NodeId loss_of(Lower *l, NodeId output, NodeId target)
{
    if (type_of(l->g, output)->is_complex) return l->options.loss == LOSS_infidelity ? infidelity(l, output, target) : wrong_loss(l);
    switch (l->options.loss) {
    case LOSS_cross_entropy: return cross_entropy(l, output, target);
    case LOSS_nll: return negative_log(l, output, target);
    case LOSS_mse: return mean_square(l, output, target);
    case LOSS_infidelity: /* of states */
    case LOSS_local:
    case LOSS_none: break;
    }
    unreachable();
}

/* Of a register: 1 - the fidelity with the target, or the mean of 1 - that of each qubit. */
static NodeId register_loss(Lower *l, const StateRegister *reg)
{
    Graph *g = l->g;
    const StagePlan *p = &l->plan[l->model->output.i - 1];
    Run r = {.l = l, .s = &(Scope){.outer = type_real(0, NULL)}, .a = g->arena, .form = p->form};
    StateRegister *target = register_new(r.a, reg->wires);
    if (!l->options.ground) {
        l->out->target = graph_input(g, "target", value_type(&(ValueType){.kind = VALUE_state, .rank = 1, .dim = {reg->wires}}));
        register_add_pure(&r, target, l->out->target, 0, reg->wires);
    }
    if (l->options.loss != LOSS_infidelity && l->options.loss != LOSS_local) return wrong_loss(l);
    bool is_local = l->options.loss == LOSS_local;
    l->out->output = is_local ? register_fidelities(&r, reg, target) : register_fidelity(&r, reg, target);
    if (isinf(r.operations)) return register_too_large(l, l->model->span, r.pure, r.density);
    NodeId mean = is_local ? scaled(g, total(g, l->out->output), 1.0 / reg->wires) : l->out->output;
    return sub(g, graph_scalar(g, 1), mean);
}

void lower_loss(Lower *l)
{
    Graph *g = l->g;
    Lowered *out = l->out;
    const StateRegister *reg = l->registers[l->model->output.i - 1];
    if (reg) {
        out->loss = register_loss(l, reg);
        if (!l->failed) out->loss = to_batch(g, out->loss); /* ground samples are all alike */
    } else {
        Type shape = *type_of(g, out->output);
        out->target = graph_input(g, "target", shape);
        out->loss = loss_of(l, out->output, out->target);
    }
    if (l->failed) return;
    out->mean_loss = batch_sum(g, mul(g, out->loss, sample_weight(l)));
}
