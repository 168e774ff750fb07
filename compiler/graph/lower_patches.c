/* lower_patches.c: windows of an image as two maps: one gathers the pixels of all patches to real[patches|values], one puts results
 * where they belong.
 *
 *     image[C,H,W] -> each: [C*P|k*k]   joint: [P|C*k*k]   of images in a body of windows: [M|C,H,W] -> [M*C*P|k*k]
 *
 * Patches are numbered row by row, channels outermost; so are the pixels of a patch. What lies in the padding is an empty row.
 */
#include "graph/lowering.h"

Patches patches_of(const QuantumAttr *q, const int64_t *image)
{
    return (Patches){q, image[0], image[1], image[2], q->patches_h * q->patches_w};
}

/* Pixel (i, j) of patch p in a channel of the image, -1 in the padding. */
static int64_t pixel_of(const Patches *w, int64_t channel, int64_t p, int64_t i, int64_t j)
{
    const QuantumAttr *q = w->q;
    int64_t y = p / q->patches_w * q->stride_h + i - q->pad_h;
    int64_t x = p % q->patches_w * q->stride_w + j - q->pad_w;
    if (y < 0 || y >= w->height || x < 0 || x >= w->width) return -1;
    return (channel * w->height + y) * w->width + x;
}

/* Appends the rows of one patch of one channel; with several images, channels are counted through all. */
static void put_patch(MapMaker *m, const Patches *w, int64_t channel, int64_t p)
{
    for (int64_t i = 0; i < w->q->kernel_h; i++)
        for (int64_t j = 0; j < w->q->kernel_w; j++) {
            int64_t pixel = pixel_of(w, channel, p, i, j);
            if (pixel >= 0) map_put(m, pixel, 1, 0);
            map_row(m);
        }
}

NodeId patches_gather(Lower *l, const Patches *w, int64_t from, int64_t to, bool joint)
{
    NodeId image = stage_operand(l, 0);
    int64_t images = stage_of(l->model, l->stage->operand[0])->maps;
    if (images > 1 && !type_of(l->g, image)->outer) { /* the same one for each window outside */
        Type outer = {.rank = 1, .outer = 1, .dim = {images}};
        const Type *t = type_of(l->g, image);
        image = broadcast(l->g, image, type_behind(&outer, t->rank, t->dim), 1, 0);
    }
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, type_count(type_of(l->g, image)), false, false);
    for (int64_t first = 0; first < images * w->channels; first += w->channels) {
        if (joint) {
            for (int64_t p = 0; p < w->count; p++)
                for (int64_t c = from; c < to; c++) put_patch(&m, w, first + c, p);
        } else {
            for (int64_t c = from; c < to; c++)
                for (int64_t p = 0; p < w->count; p++) put_patch(&m, w, first + c, p);
        }
    }
    int64_t maps = images * w->count * (joint ? 1 : to - from);
    Type shape = type_real(2, (int64_t[]){maps, m.map.rows / maps});
    shape.outer = 1;
    NodeId n = sparse(l->g, image, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

NodeId lower_patches(Lower *l)
{
    const Type *t = type_of(l->g, stage_operand(l, 0));
    Patches w = patches_of(&l->stage->quantum, t->dim + t->outer);
    return patches_gather(l, &w, 0, w.channels, w.q->channels == CHANNELS_joint);
}

/* ---- results ---- */

/* Result k of patch p in result channel c, channels counted through all images. */
static int64_t result_index(const PatchResults *r, int64_t c, int64_t p, int64_t k)
{
    return (c * r->w->count + p) * r->yields + k;
}

/* fold: the result of pixel (i, j) in channel `within` of a patch goes back to that pixel. */
static void put_folded(MapMaker *m, const PatchResults *r, int64_t channel, int64_t within, int64_t y, int64_t x)
{
    const QuantumAttr *q = r->w->q;
    for (int64_t i = 0; i < q->kernel_h; i++) {
        int64_t py = y + q->pad_h - i;
        if (py < 0 || py % q->stride_h || py / q->stride_h >= q->patches_h) continue;
        for (int64_t j = 0; j < q->kernel_w; j++) {
            int64_t px = x + q->pad_w - j;
            if (px < 0 || px % q->stride_w || px / q->stride_w >= q->patches_w) continue;
            int64_t p = py / q->stride_h * q->patches_w + px / q->stride_w;
            map_put(m, result_index(r, channel, p, (within * q->kernel_h + i) * q->kernel_w + j), 1, 0);
        }
    }
}

/* The row of output element (image, channel oc, row y, column x). */
static void put_result(MapMaker *m, const PatchResults *r, int64_t image, int64_t oc, int64_t y, int64_t x)
{
    const QuantumAttr *q = r->w->q;
    int64_t per_channel = q->out == OUT_channels ? r->yields : q->out == OUT_fold ? r->yields / (q->kernel_h * q->kernel_w) : 1;
    int64_t c = oc / per_channel - r->from;
    if (c >= 0 && c < r->channels) {
        int64_t p = y * q->patches_w + x;
        c += image * r->channels;
        if (q->out == OUT_fold) put_folded(m, r, c, oc % per_channel, y, x);
        if (q->out == OUT_channels) map_put(m, result_index(r, c, p, oc % per_channel), 1, 0);
        for (int64_t k = 0; q->out == OUT_mean && k < r->yields; k++)
            map_put(m, result_index(r, c, p, k), 1.0 / (double)r->yields, 0);
    }
    map_row(m);
}

NodeId patches_place(Lower *l, NodeId values, const PatchResults *r)
{
    Type shape = value_type(&l->stage->type);
    int64_t maps = type_outer(&r->outer), images = maps / (r->channels * r->w->count);
    if (!type_of(l->g, values)->outer) /* nothing depends on the patch */
        values = broadcast(l->g, values, type_behind(&r->outer, 1, &r->yields), 1, 0);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, maps * r->yields, false, false);
    for (int64_t image = 0; image < images; image++)
        for (int64_t oc = 0; oc < shape.dim[0]; oc++)
            for (int64_t y = 0; y < shape.dim[1]; y++)
                for (int64_t x = 0; x < shape.dim[2]; x++) put_result(&m, r, image, oc, y, x);
    if (l->stage->maps > 1) {
        Type outer = {.rank = 1, .outer = 1, .dim = {images}};
        shape = type_behind(&outer, shape.rank, shape.dim);
    }
    NodeId n = sparse(l->g, values, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

NodeId lower_place(Lower *l)
{
    const QuantumAttr *q = &l->stage->quantum;
    const Stage *body = stage_of(l->model, l->stage->operand[0]);
    int64_t maps = body->maps, yields = body->type.dim[0];
    int64_t joint = q->channels == CHANNELS_joint, images = l->stage->maps;
    Patches w = {.q = q, .count = q->patches_h * q->patches_w};
    PatchResults r = {&w, 0, joint ? 1 : maps / images / w.count, yields, {.rank = 1, .outer = 1, .dim = {maps}}};
    return patches_place(l, stage_operand(l, 0), &r);
}
