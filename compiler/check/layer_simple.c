/* layer_simple.c: layers that work on numbers one by one, on shapes, and the dense one. */
#include <math.h>
#include <string.h>

#include "check/init.h"
#include "check/layer.h"

static bool no_arguments(LayerCall *l)
{
    return match_arguments(l->m->k, l->title, l->span, l->args, NULL, 0, l->slot);
}

static StageId elementwise(LayerCall *l, StageKind kind)
{
    if (!no_arguments(l) || !layer_wants_real(l)) return (StageId){0};
    return layer_stage(l, kind, l->type);
}

StageId layer_relu(LayerCall *l) { return elementwise(l, STAGE_relu); }
StageId layer_tanh(LayerCall *l) { return elementwise(l, STAGE_tanh); }
StageId layer_sigmoid(LayerCall *l) { return elementwise(l, STAGE_sigmoid); }

StageId layer_softmax(LayerCall *l)
{
    if (l->type.kind == VALUE_real && l->type.rank == 0) return layer_wants(l, "a vector");
    StageId id = elementwise(l, STAGE_softmax);
    if (id.i) stage_at(l->m, id)->axis.axis = l->type.rank - 1;
    return id;
}

StageId layer_scale(LayerCall *l)
{
    static const ArgSpec specs[] = {{"start", false}};
    Rational start = rational_int(1);
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, 1, l->slot))
        return (StageId){0};
    if (!slot_number(l->e, l->slot[0], "the start of a scale", &start) || !layer_wants_real(l))
        return (StageId){0};
    group_add(l->m, "w",
              (GroupInst){.count = 1, .init = INIT_constant, .a = start.real, .span = l->span});
    return layer_stage(l, STAGE_scale, l->type);
}

StageId layer_dropout(LayerCall *l)
{
    static const ArgSpec specs[] = {{"p", false}};
    Rational p = rational_div(rational_int(1), rational_int(2));
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, 1, l->slot))
        return (StageId){0};
    if (!slot_number(l->e, l->slot[0], "the share that is left out", &p) || !layer_wants_real(l))
        return (StageId){0};
    if (p.real < 0 || p.real >= 1) {
        diag_error(l->m->k->c, l->slot[0]->value->span, D_bad_dropout,
                   rational_text(l->m->k->c, p));
        return (StageId){0};
    }
    StageId id = layer_stage(l, STAGE_dropout, l->type);
    stage_at(l->m, id)->value = p;
    return id;
}

/* Without `init`, w starts uniform in +-1/sqrt(fan_in); b starts at 0. */
bool add_affine_groups(LayerCall *l, GroupInst w, const Arg *init, bool has_bias)
{
    int64_t out = w.dim[0];
    w.span = l->span;
    w.count = 1;
    for (int i = 0; i < w.rank; i++) w.count *= w.dim[i];
    double bound = 1 / sqrt((double)(w.count / out));
    w.init = INIT_uniform;
    w.a = -bound;
    w.b = bound;
    if (init && !read_init(l->e, init->value, &w)) return false;
    group_add(l->m, "w", w);
    if (!has_bias) return true;
    group_add(
        l->m, "b",
        (GroupInst){.rank = 1, .dim = {out}, .count = out, .init = INIT_zeros, .span = l->span});
    return true;
}

StageId layer_dense(LayerCall *l)
{
    static const ArgSpec specs[] = {{"out", true}, {"bias", false}, {"init", false}};
    int64_t out = 0, in = value_count(l->type);
    bool bias = true;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, 3, l->slot))
        return (StageId){0};
    if (!slot_int(l->e, l->slot[0], "the size of a dense layer", 1, &out)) return (StageId){0};
    if (!slot_bool(l->e, l->slot[1], "'bias'", &bias) || !layer_wants_real(l)) return (StageId){0};
    if (out > LARGEST_SIZE || in > LARGEST_SIZE / out) {
        diag_error(l->m->k->c, l->span, D_layer_too_big, l->title);
        return (StageId){0};
    }
    if (!add_affine_groups(l, (GroupInst){.rank = 2, .dim = {out, in}}, l->slot[2], bias)) return (StageId){0};
    StageId id = layer_stage(l, STAGE_dense, type_vector(out));
    stage_at(l->m, id)->dense.out = out;
    return id;
}

StageId layer_flatten(LayerCall *l)
{
    if (!no_arguments(l) || !layer_wants_real(l)) return (StageId){0};
    return layer_stage(l, STAGE_flatten, type_vector(value_count(l->type)));
}

/* reshape(1, 28, 28), reshape([1, 28, 28]) */
StageId layer_reshape(LayerCall *l)
{
    Compiler *c = l->m->k->c;
    ValueType type = {.kind = VALUE_real};
    ExprList sizes = {0};
    if (!layer_wants_real(l)) return (StageId){0};
    for (uint32_t i = 0; i < l->args->len; i++) {
        const Arg *arg = &l->args->at[i];
        if (arg->label.name.i) {
            match_arguments(l->m->k, l->title, l->span, l->args, NULL, 0, l->slot);
            return (StageId){0};
        }
        if (arg->value->kind == EXPR_list && l->args->len == 1)
            sizes = arg->value->list;
        else
            vec_push(l->m->k->keep, &sizes, arg->value);
    }
    if (!sizes.len || sizes.len > MAX_RANK) {
        diag_error(c, l->span, D_reshape_rank, (int)MAX_RANK, (int)sizes.len);
        return (StageId){0};
    }
    for (uint32_t i = 0; i < sizes.len; i++) {
        if (!eval_int(l->e, sizes.at[i], "a size", 1, &type.dim[i])) return (StageId){0};
        if (type.dim[i] > LARGEST_SIZE) type.dim[i] = LARGEST_SIZE;
        type.rank++;
    }
    if (value_count(type) != value_count(l->type)) {
        diag_error(c, l->span, D_reshape_count, value_type_text(l->m->k, l->type),
                   (long long)value_count(l->type), value_type_text(l->m->k, type),
                   (long long)value_count(type));
        return (StageId){0};
    }
    return layer_stage(l, STAGE_reshape, type);
}

StageId layer_detach(LayerCall *l)
{
    static const ArgSpec specs[] = {{"value", false}};
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, 1, l->slot))
        return (StageId){0};
    if (l->slot[0] && l->source.i) {
        diag_error(l->m->k->c, l->slot[0]->value->span, D_too_many_arguments, l->title,
                   "no arguments here");
        return (StageId){0};
    }
    if (!l->slot[0] && !l->source.i) {
        diag_error(l->m->k->c, l->span, D_missing_argument, l->title, "value");
        return (StageId){0};
    }
    if (l->slot[0]) {
        l->source = val_to_stage(l->e, eval_expr(l->e, l->slot[0]->value), l->slot[0]->value->span);
        if (!l->source.i) return (StageId){0};
        l->type = stage_at(l->m, l->source)->type;
    }
    return layer_stage(l, STAGE_detach, l->type);
}

/* concat(a, b, ..., axis: 0); a pipeline's value comes first. */
StageId layer_concat(LayerCall *l)
{
    Check *k = l->m->k;
    VEC(StageId) parts = {0};
    int64_t axis = 0;
    if (l->source.i) vec_push(k->keep, &parts, l->source);
    for (uint32_t i = 0; i < l->args->len; i++) {
        const Arg *arg = &l->args->at[i];
        if (!strcmp(name_string(k, arg->label.name), "axis")) {
            if (!eval_int(l->e, arg->value, "'axis'", 0, &axis)) return (StageId){0};
            continue;
        }
        if (arg->label.name.i) {
            static const ArgSpec specs[] = {{"axis", false}};
            match_arguments(k, l->title, l->span, l->args, specs, 1, l->slot);
            return (StageId){0};
        }
        StageId part = val_to_stage(l->e, eval_expr(l->e, arg->value), arg->value->span);
        if (!part.i) return (StageId){0};
        vec_push(k->keep, &parts, part);
    }
    if (!parts.len) {
        diag_error(k->c, l->span, D_missing_argument, l->title, "a value");
        return (StageId){0};
    }
    ValueType type = stage_at(l->m, parts.at[0])->type;
    for (uint32_t i = 0; i < parts.len; i++) {
        ValueType other = stage_at(l->m, parts.at[i])->type, same = other;
        bool has_axis = other.kind == VALUE_real && axis < other.rank;
        if (has_axis && axis < type.rank) same.dim[axis] = type.dim[axis];
        if (!has_axis || !type_equal(same, type)) {
            diag_error(k->c, l->span, D_concat_shapes, (long long)axis,
                       value_type_text(k, stage_at(l->m, parts.at[0])->type),
                       value_type_text(k, other));
            return (StageId){0};
        }
        if (i) type.dim[axis] += other.dim[axis];
        if (value_count(type) > LARGEST_SIZE) {
            diag_error(k->c, l->span, D_layer_too_big, l->title);
            return (StageId){0};
        }
    }
    StageId id = stage_add(l->m, STAGE_concat, type, parts.at, parts.len, l->span);
    stage_at(l->m, id)->axis.axis = axis;
    return id;
}
