/* patches.c: windows of an image for layers that compute something from each, and where the results go.
 *
 * Values of a patch are numbered row by row, channels outermost. With `out: fold` result r of a
 * patch goes to its pixel r; what lies in the padding is dropped, what no patch covers is 0.
 */
#include "check/patches.h"

static bool read_windows(LayerCall *l, const PatchArgs *p, QuantumAttr *a)
{
    bool is_good =
        slot_pair(l->e, p->kernel, "'kernel'", 1, &a->kernel_h, &a->kernel_w);
    if (!is_good) return false;
    a->stride_h = a->kernel_h;
    a->stride_w = a->kernel_w;
    if (!slot_pair(l->e, p->stride, "'stride'", 1, &a->stride_h, &a->stride_w))
        return false;
    if (!slot_pair(l->e, p->pad, "'pad'", 0, &a->pad_h, &a->pad_w)) return false;
    if (l->type.kind != VALUE_real || l->type.rank != 3) {
        layer_wants(l, "an image [channels, height, width]");
        return false;
    }
    bool is_huge = a->kernel_h > LARGEST_SIDE || a->kernel_w > LARGEST_SIDE ||
                   a->pad_h > LARGEST_SIDE || a->pad_w > LARGEST_SIDE;
    if (!is_huge) {
        a->patches_h = window_count(l->type.dim[1], a->kernel_h, a->stride_h, a->pad_h);
        a->patches_w = window_count(l->type.dim[2], a->kernel_w, a->stride_w, a->pad_w);
    }
    if (a->patches_h && a->patches_w) return true;
    diag_error(l->m->k->c, p->kernel->value->span, D_kernel_too_big,
               (long long)a->kernel_h, (long long)a->kernel_w, value_type_text(l->m->k, l->type));
    return false;
}

static bool read_modes(LayerCall *l, const PatchArgs *p, QuantumAttr *a)
{
    static const char *const channels[] = {"each", "own", "joint"};
    static const char *const outs[] = {"fold", "channels", "mean"};
    uint32_t mode = 0, out = OUT_none;
    if (!slot_word(l->e, p->channels, "'channels'", channels, 3, &mode)) return false;
    a->channels = (ChannelMode)(CHANNELS_each + mode);
    if (!p->out) return true;
    if (!slot_word(l->e, p->out, "'out'", outs, 3, &out)) return false;
    a->out = (OutMode)(OUT_fold + out);
    return true;
}

/* Channels of a folded image: as many results per circuit as a patch has pixels, once or for each
 * joint channel. 0: no fit. */
static int64_t folded_channels(const LayerCall *l, const QuantumAttr *a, int64_t results)
{
    int64_t pixels = a->kernel_h * a->kernel_w;
    if (a->channels != CHANNELS_joint) return results == pixels ? l->type.dim[0] : 0;
    if (results == pixels) return 1;
    return results == pixels * l->type.dim[0] ? l->type.dim[0] : 0;
}

bool patches_read(LayerCall *l, const PatchArgs *p, QuantumAttr *a)
{
    return read_modes(l, p, a) && read_windows(l, p, a);
}

int64_t patches_values(const LayerCall *l, const QuantumAttr *a)
{
    return a->kernel_h * a->kernel_w * (a->channels == CHANNELS_joint ? l->type.dim[0] : 1);
}

int64_t patches_count(const LayerCall *l, const QuantumAttr *a)
{
    return a->patches_h * a->patches_w * (a->channels == CHANNELS_joint ? 1 : l->type.dim[0]);
}

bool patches_out(LayerCall *l, const PatchArgs *p, QuantumAttr *a, int64_t results, ValueType *type)
{
    const int64_t *dim = l->type.dim;
    int64_t circuits = a->channels == CHANNELS_joint ? 1 : dim[0];
    int64_t folded = folded_channels(l, a, results);
    bool is_tiled = a->stride_h == a->kernel_h && a->stride_w == a->kernel_w;
    if (a->out == OUT_none) a->out = folded && is_tiled ? OUT_fold : OUT_channels;
    if (a->out == OUT_channels) *type = type_image(circuits * results, a->patches_h, a->patches_w);
    if (a->out == OUT_mean) *type = type_image(circuits, a->patches_h, a->patches_w);
    if (a->out != OUT_fold) return true;
    Span at = p->out ? p->out->value->span : l->span;
    if (!is_tiled) {
        diag_error(l->m->k->c, at, D_fold_stride, (long long)a->kernel_h, (long long)a->kernel_w,
                   (long long)a->stride_h, (long long)a->stride_w);
        return false;
    }
    if (!folded) {
        diag_error(l->m->k->c, at, D_fold_results, (long long)results,
                   (long long)(a->kernel_h * a->kernel_w));
        return false;
    }
    *type = type_image(folded, dim[1], dim[2]);
    return true;
}

/* Pixels beyond the last patch. */
static int64_t uncovered(int64_t n, int64_t kernel, int64_t stride, int64_t pad, int64_t patches)
{
    int64_t end = (patches - 1) * stride + kernel - pad;
    return end < n ? n - end : 0;
}

void patches_warn(LayerCall *l, const QuantumAttr *a)
{
    int64_t rows = uncovered(l->type.dim[1], a->kernel_h, a->stride_h, a->pad_h, a->patches_h);
    int64_t columns = uncovered(l->type.dim[2], a->kernel_w, a->stride_w, a->pad_w, a->patches_w);
    if (a->out != OUT_fold || (!rows && !columns)) return;
    Check *k = l->m->k;
    const char *row_text = arena_printf(k->keep, "%lld row%s", (long long)rows, plural(rows));
    const char *column_text =
        arena_printf(k->keep, "%lld column%s", (long long)columns, plural(columns));
    const char *both = arena_printf(k->keep, "%s and %s", row_text, column_text);
    diag_warning(k->c, l->span, D_uncovered_border,
                 rows && columns ? both
                 : rows          ? row_text
                                 : column_text);
}
