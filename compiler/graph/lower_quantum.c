/* lower_quantum.c: quantum stages. A quanvolution is three maps: one gather brings the pixels of
 * all patches to real[patches|values], the circuit works on the inner axis, one scatter puts the
 * results where they belong.
 *
 *     image[C,H,W] -> each: [C*P|k*k]   joint: [P|C*k*k]   own: for each channel [P|k*k], its
 * results added
 *
 * Patches are numbered row by row, channels outermost; so are the pixels of a patch. What lies in
 * the padding is an empty row.
 */
#include "graph/cost.h"
#include "graph/transfer.h"

/* Notes the observable's values, which belong to the shift sites of this stage that have none yet. */
static NodeId measured(Lower *l, NodeId values)
{
    l->out->expectation[l->stage_id.i - 1] = values;
    for (uint32_t i = 0; i < l->out->shifts.len; i++) {
        ShiftSite *site = &l->out->shifts.at[i];
        if (site->stage.i == l->stage_id.i && !node_is(site->values)) site->values = values;
    }
    return values;
}

/* State after encoding and circuit; psi: the state that comes in, if no values do. */
static NodeId prepared(Lower *l, const Scope *s, const QuantumAttr *q, NodeId psi)
{
    if (q->encoding) psi = lower_encoding(l, s, q->encoding);
    if (!node_is(psi) && !l->failed) psi = ground_state(l, q->qubits);
    if (q->circuit && !l->failed) psi = lower_circuit(l, s, q->circuit, psi);
    return psi;
}

/* Registers up to this size are quick by state vectors, too. */
enum { FEW_QUBITS = 10 };

static bool transfers(const Lower *l)
{
    bool prefers_state = l->options.few_samples && l->options.engine == ENGINE_none &&
                         l->stage->quantum.qubits <= FEW_QUBITS && !state_obstacle(l->stage);
    return !prefers_state && stage_engine(l->c, l->model, l->stage_id, l->options.engine) == ENGINE_transfer;
}

static NodeId flat(Graph *g, NodeId x)
{
    int64_t count = type_count(type_of(g, x));
    return reshape(g, x, type_real(1, &count));
}

NodeId lower_quantum(Lower *l)
{
    const QuantumAttr *q = &l->stage->quantum;
    NodeId x = stage_operand(l, 0);
    bool from_state = type_of(l->g, x)->is_complex;
    Scope s = {.outer = type_real(0, NULL)};
    if (!from_state) s.values = flat(l->g, x);
    if (transfers(l)) {
        NodeId values = lower_transfer(l, &s);
        return l->failed ? values : reshape(l->g, measured(l, values), value_type(&l->stage->type));
    }
    NodeId psi = prepared(l, &s, q, from_state ? x : (NodeId){0});
    if (l->failed || !q->observable) return psi;
    return reshape(l->g, measured(l, lower_observable(l, &s, q->observable, psi)), value_type(&l->stage->type));
}

/* ---- patches ---- */

typedef struct Patches {
    const QuantumAttr *q;
    int64_t channels, height, width; /* of the image */
    int64_t count;                   /* patches of one channel */
} Patches;

static Patches patches_of(const Lower *l)
{
    const QuantumAttr *q = &l->stage->quantum;
    const Type *t = type_of(l->g, stage_operand(l, 0));
    return (Patches){q, t->dim[0], t->dim[1], t->dim[2], q->patches_h * q->patches_w};
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

/* Appends the rows of one patch of one channel. */
static void put_patch(MapMaker *m, const Patches *w, int64_t channel, int64_t p)
{
    for (int64_t i = 0; i < w->q->kernel_h; i++)
        for (int64_t j = 0; j < w->q->kernel_w; j++) {
            int64_t pixel = pixel_of(w, channel, p, i, j);
            if (pixel >= 0) map_put(m, pixel, 1, 0);
            map_row(m);
        }
}

/* real[maps|values] of channels [from, to); joint: all of them in one patch. */
static NodeId gather(Lower *l, const Patches *w, int64_t from, int64_t to, bool joint)
{
    NodeId image = stage_operand(l, 0);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, type_count(type_of(l->g, image)), false, false);
    if (joint) {
        for (int64_t p = 0; p < w->count; p++)
            for (int64_t c = from; c < to; c++) put_patch(&m, w, c, p);
    } else {
        for (int64_t c = from; c < to; c++)
            for (int64_t p = 0; p < w->count; p++) put_patch(&m, w, c, p);
    }
    int64_t maps = joint ? w->count : (to - from) * w->count;
    Type shape = type_real(2, (int64_t[]){maps, m.map.rows / maps});
    shape.outer = 1;
    NodeId n = sparse(l->g, image, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

/* ---- results ---- */

/* The results of `maps`/count channels, the first of which is channel `from` of the output's groups
 * of channels. */
typedef struct Results {
    const Patches *w;
    int64_t from, channels; /* result channels: input channels, or 1 for joint */
    int64_t yields;
} Results;

static int64_t result_index(const Results *r, int64_t c, int64_t p, int64_t k)
{
    return (c * r->w->count + p) * r->yields + k;
}

/* fold: the result of pixel (i, j) of a patch goes back to that pixel. */
static void put_folded(MapMaker *m, const Results *r, int64_t channel, int64_t y, int64_t x)
{
    const QuantumAttr *q = r->w->q;
    for (int64_t i = 0; i < q->kernel_h; i++) {
        int64_t py = y + q->pad_h - i;
        if (py < 0 || py % q->stride_h || py / q->stride_h >= q->patches_h) continue;
        for (int64_t j = 0; j < q->kernel_w; j++) {
            int64_t px = x + q->pad_w - j;
            if (px < 0 || px % q->stride_w || px / q->stride_w >= q->patches_w) continue;
            int64_t p = py / q->stride_h * q->patches_w + px / q->stride_w;
            map_put(m, result_index(r, channel, p, i * q->kernel_w + j), 1, 0);
        }
    }
}

/* The row of output element (channel oc, row y, column x). */
static void put_result(MapMaker *m, const Results *r, int64_t oc, int64_t y, int64_t x)
{
    const QuantumAttr *q = r->w->q;
    int64_t per_channel = q->out == OUT_channels ? r->yields : 1;
    int64_t c = oc / per_channel - r->from;
    if (c >= 0 && c < r->channels) {
        int64_t p = y * q->patches_w + x;
        if (q->out == OUT_fold) put_folded(m, r, c, y, x);
        if (q->out == OUT_channels) map_put(m, result_index(r, c, p, oc % per_channel), 1, 0);
        for (int64_t k = 0; q->out == OUT_mean && k < r->yields; k++)
            map_put(m, result_index(r, c, p, k), 1.0 / (double)r->yields, 0);
    }
    map_row(m);
}

static NodeId scatter_results(Lower *l, NodeId values, const Results *r)
{
    Type shape = value_type(&l->stage->type);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, type_count(type_of(l->g, values)), false, false);
    for (int64_t oc = 0; oc < shape.dim[0]; oc++)
        for (int64_t y = 0; y < shape.dim[1]; y++)
            for (int64_t x = 0; x < shape.dim[2]; x++) put_result(&m, r, oc, y, x);
    NodeId n = sparse(l->g, values, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

/* Patches of channels [from, to) through the circuit and back into the output's shape. */
static NodeId run_patches(Lower *l, const Patches *w, int64_t from, int64_t to)
{
    const QuantumAttr *q = w->q;
    bool joint = q->channels == CHANNELS_joint, own = q->channels == CHANNELS_own;
    Scope s = {.values = gather(l, w, from, to, joint)};
    if (own) {
        s.channel = from;
        s.channels = w->channels;
    }
    s.outer = type_behind(type_of(l->g, s.values), 0, NULL);
    NodeId values;
    if (transfers(l)) {
        values = lower_transfer(l, &s);
        if (l->failed) return values;
        values = measured(l, values);
    } else {
        NodeId psi = prepared(l, &s, q, (NodeId){0});
        if (l->failed) return psi;
        values = measured(l, lower_observable(l, &s, q->observable, psi));
    }
    Results r = {w, joint ? 0 : from, joint ? 1 : to - from, q->observable->yields.len};
    if (!type_of(l->g, values)->outer) /* no gate reads the patch */
        values = broadcast(l->g, values, type_behind(&s.outer, 1, &r.yields), 1, 0);
    return scatter_results(l, values, &r);
}

NodeId lower_quanv(Lower *l)
{
    Patches w = patches_of(l);
    if (w.q->channels != CHANNELS_own) return run_patches(l, &w, 0, w.channels);
    NodeId total = {0};
    for (int64_t c = 0; c < w.channels && !l->failed; c++) {
        NodeId part = run_patches(l, &w, c, c + 1);
        total = node_is(total) && !l->failed ? add(l->g, total, part) : part;
    }
    return total;
}
