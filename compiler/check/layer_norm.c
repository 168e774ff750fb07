/* layer_norm.c: layers that subtract the mean and divide by the deviation: of all elements of a sample, of its groups of channels, or
 * of each channel over a batch. Gains w start at 1, offsets b at 0, running means at 0, running variances at 1.
 */
#include "check/layer.h"

/* A group of parameters that all start at `value`. */
static void add_constant_group(LayerCall *l, const char *name, GroupInst g, double value)
{
    g.init = value == 0 ? INIT_zeros : INIT_constant;
    g.a = value;
    g.span = l->span;
    g.count = 1;
    for (int i = 0; i < g.rank; i++) g.count *= g.dim[i];
    group_add(l->m, name, g);
}

static bool wants_axes(LayerCall *l)
{
    if (!layer_wants_real(l)) return false;
    if (l->type.rank > 0) return true;
    layer_wants(l, "values with an axis");
    return false;
}

/* What is added to the variance before its root is taken. */
static bool read_eps(LayerCall *l, const Arg *slot, Rational *eps)
{
    *eps = rational_div(rational_int(1), rational_int(100000));
    if (!slot_number(l->e, slot, "'eps'", eps)) return false;
    if (eps->real > 0) return true;
    diag_error(l->m->k->c, slot->value->span, D_out_of_bounds, "'eps'", "positive", rational_text(l->m->k->c, *eps));
    return false;
}

static StageId norm_stage(LayerCall *l, StageKind kind, int64_t groups, Rational eps)
{
    StageId id = layer_stage(l, kind, l->type);
    stage_at(l->m, id)->norm.groups = groups;
    stage_at(l->m, id)->norm.eps = eps.real;
    return id;
}

/* One mean and deviation for all elements of a sample; w and b have the value's shape. */
StageId layer_layer_norm(LayerCall *l)
{
    static const ArgSpec specs[] = {{"eps", false}, {"affine", false}};
    Rational eps;
    bool affine = true;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot)) return (StageId){0};
    if (!read_eps(l, l->slot[0], &eps) || !slot_bool(l->e, l->slot[1], "'affine'", &affine) || !wants_axes(l))
        return (StageId){0};
    GroupInst like = {.rank = l->type.rank};
    for (int i = 0; i < like.rank; i++) like.dim[i] = l->type.dim[i];
    if (affine) add_constant_group(l, "w", like, 1);
    if (affine) add_constant_group(l, "b", like, 0);
    return norm_stage(l, STAGE_layer_norm, 1, eps);
}

/* One mean and deviation for each group of neighbouring channels; w and b have an element for each channel. */
StageId layer_group_norm(LayerCall *l)
{
    static const ArgSpec specs[] = {{"groups", true}, {"eps", false}, {"affine", false}};
    Rational eps;
    int64_t groups = 0;
    bool affine = true;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot)) return (StageId){0};
    if (!slot_int(l->e, l->slot[0], "the number of groups", 1, &groups) || !read_eps(l, l->slot[1], &eps) ||
        !slot_bool(l->e, l->slot[2], "'affine'", &affine) || !wants_axes(l))
        return (StageId){0};
    int64_t channels = l->type.dim[0];
    if (channels % groups) {
        diag_error(l->m->k->c, l->slot[0]->value->span, D_norm_groups, (long long)groups, (long long)channels);
        return (StageId){0};
    }
    GroupInst each = {.rank = 1, .dim = {channels}};
    if (affine) add_constant_group(l, "w", each, 1);
    if (affine) add_constant_group(l, "b", each, 0);
    return norm_stage(l, STAGE_group_norm, groups, eps);
}

/* The momentum of running statistics: the share of a batch's in the new one. */
static bool read_momentum(LayerCall *l, const Arg *slot, Rational *momentum)
{
    *momentum = rational_div(rational_int(1), rational_int(10));
    if (!slot_number(l->e, slot, "'momentum'", momentum)) return false;
    if (momentum->real > 0 && momentum->real <= 1) return true;
    diag_error(l->m->k->c, slot->value->span, D_out_of_bounds, "'momentum'", "above 0 and at most 1",
               rational_text(l->m->k->c, *momentum));
    return false;
}

/* One mean and deviation for each channel, over all samples of a batch; outside of training the running ones. */
StageId layer_batch_norm(LayerCall *l)
{
    static const ArgSpec specs[] = {{"eps", false}, {"momentum", false}, {"affine", false}};
    Rational eps, momentum;
    bool affine = true;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot)) return (StageId){0};
    if (!read_eps(l, l->slot[0], &eps) || !read_momentum(l, l->slot[1], &momentum) ||
        !slot_bool(l->e, l->slot[2], "'affine'", &affine) || !wants_axes(l))
        return (StageId){0};
    GroupInst each = {.rank = 1, .dim = {l->type.dim[0]}};
    if (affine) add_constant_group(l, "w", each, 1);
    if (affine) add_constant_group(l, "b", each, 0);
    each.momentum = momentum.real;
    add_constant_group(l, "mean", each, 0);
    add_constant_group(l, "variance", each, 1);
    return norm_stage(l, STAGE_batch_norm, l->type.dim[0], eps);
}
