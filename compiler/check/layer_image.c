/* layer_image.c: layers on images [C, H, W]: convolution, pooling, pixel shuffles. */
#include "check/layer.h"

static bool wants_image(LayerCall *l)
{
    if (l->type.kind == VALUE_real && l->type.rank == 3) return true;
    layer_wants(l, "an image [channels, height, width]");
    return false;
}

/* Windows along an axis: 1 + floor((n + 2 pad - k) / stride), 0 if none fits. */
int64_t window_count(int64_t n, int64_t kernel, int64_t stride, int64_t pad)
{
    return n + 2 * pad < kernel ? 0 : (n + 2 * pad - kernel) / stride + 1;
}

StageId layer_conv(LayerCall *l)
{
    static const ArgSpec specs[] = {
        {"out", true},    {"kernel", true}, {"stride", false}, {"pad", false}, {"bias", false}, {"init", false}};
    int64_t out = 0, kh = 0, kw = 0, sh = 1, sw = 1, ph = 0, pw = 0;
    bool bias = true;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot))
        return (StageId){0};
    bool is_good = slot_int(l->e, l->slot[0], "the number of filters", 1, &out) &&
                   slot_pair(l->e, l->slot[1], "'kernel'", 1, &kh, &kw) &&
                   slot_pair(l->e, l->slot[2], "'stride'", 1, &sh, &sw) &&
                   slot_pair(l->e, l->slot[3], "'pad'", 0, &ph, &pw) &&
                   slot_bool(l->e, l->slot[4], "'bias'", &bias);
    if (!is_good || !wants_image(l)) return (StageId){0};
    if (out > LARGEST_SIZE || kh > LARGEST_SIDE || kw > LARGEST_SIDE || ph > LARGEST_SIDE ||
        pw > LARGEST_SIDE) {
        diag_error(l->m->k->c, l->span, D_layer_too_big, l->title);
        return (StageId){0};
    }
    const int64_t *dim = l->type.dim;
    int64_t h = window_count(dim[1], kh, sh, ph), w = window_count(dim[2], kw, sw, pw);
    if (!h || !w) {
        diag_error(l->m->k->c, l->span, D_kernel_too_big, (long long)kh, (long long)kw,
                   value_type_text(l->m->k, l->type));
        return (StageId){0};
    }
    if (value_count((ValueType){.rank = 4, .dim = {out, dim[0], kh, kw}}) > LARGEST_SIZE ||
        value_count(type_image(out, h, w)) > LARGEST_SIZE) {
        diag_error(l->m->k->c, l->span, D_layer_too_big, l->title);
        return (StageId){0};
    }
    if (!add_affine_groups(l, (GroupInst){.rank = 4, .dim = {out, dim[0], kh, kw}}, l->slot[5], bias)) return (StageId){0};
    StageId id = layer_stage(l, STAGE_conv, type_image(out, h, w));
    Stage *s = stage_at(l->m, id);
    s->window.out = out;
    s->window.kernel_h = kh;
    s->window.kernel_w = kw;
    s->window.stride_h = sh;
    s->window.stride_w = sw;
    s->window.pad_h = ph;
    s->window.pad_w = pw;
    return id;
}

static StageId pool(LayerCall *l, StageKind kind)
{
    static const ArgSpec specs[] = {{"kernel", true}, {"stride", false}};
    int64_t kh = 0, kw = 0;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, 2, l->slot))
        return (StageId){0};
    if (!slot_pair(l->e, l->slot[0], "'kernel'", 1, &kh, &kw)) return (StageId){0};
    int64_t sh = kh, sw = kw;
    if (!slot_pair(l->e, l->slot[1], "'stride'", 1, &sh, &sw) || !wants_image(l))
        return (StageId){0};
    int64_t h = window_count(l->type.dim[1], kh, sh, 0),
            w = window_count(l->type.dim[2], kw, sw, 0);
    if (!h || !w) {
        diag_error(l->m->k->c, l->span, D_kernel_too_big, (long long)kh, (long long)kw,
                   value_type_text(l->m->k, l->type));
        return (StageId){0};
    }
    StageId id = layer_stage(l, kind, type_image(l->type.dim[0], h, w));
    Stage *s = stage_at(l->m, id);
    s->window.out = l->type.dim[0];
    s->window.kernel_h = kh;
    s->window.kernel_w = kw;
    s->window.stride_h = sh;
    s->window.stride_w = sw;
    return id;
}

StageId layer_maxpool(LayerCall *l) { return pool(l, STAGE_maxpool); }
StageId layer_avgpool(LayerCall *l) { return pool(l, STAGE_avgpool); }

static bool shuffle_factor(LayerCall *l, int64_t *k)
{
    static const ArgSpec specs[] = {{"k", true}};
    return match_arguments(l->m->k, l->title, l->span, l->args, specs, 1, l->slot) &&
           slot_int(l->e, l->slot[0], "'k'", 1, k) && wants_image(l);
}

static StageId shuffle_stage(LayerCall *l, StageKind kind, ValueType type, int64_t k)
{
    StageId id = layer_stage(l, kind, type);
    stage_at(l->m, id)->shuffle.factor = k;
    return id;
}

/* [C k k, H, W] -> [C, H k, W k] */
StageId layer_fold(LayerCall *l)
{
    int64_t k = 0;
    if (!shuffle_factor(l, &k)) return (StageId){0};
    const int64_t *dim = l->type.dim;
    if (k > LARGEST_SIDE || dim[0] % (k * k)) {
        diag_error(l->m->k->c, l->span, D_fold_size, (long long)k, (long long)k, (long long)dim[0]);
        return (StageId){0};
    }
    return shuffle_stage(l, STAGE_fold, type_image(dim[0] / (k * k), dim[1] * k, dim[2] * k), k);
}

/* [C, H, W] -> [C k k, H/k, W/k] */
StageId layer_unfold(LayerCall *l)
{
    int64_t k = 0;
    if (!shuffle_factor(l, &k)) return (StageId){0};
    const int64_t *dim = l->type.dim;
    if (k > LARGEST_SIDE || dim[1] % k || dim[2] % k) {
        diag_error(l->m->k->c, l->span, D_unfold_size, (long long)k, (long long)dim[1],
                   (long long)dim[2]);
        return (StageId){0};
    }
    return shuffle_stage(l, STAGE_unfold, type_image(dim[0] * k * k, dim[1] / k, dim[2] / k), k);
}
