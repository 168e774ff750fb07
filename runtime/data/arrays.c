/* arrays.c: the source `npy`: one file of samples [N, ...], one of labels [N], which may be one-hot [N, k], or of targets [N, k].
 *
 * Bytes (u1) are images as in other sources, of value byte / 255, all else are reals as they are.
 * Samples of two axes are images of one channel. Without labels the targets are missing: enough to
 * predict. Values that are not finite are named by sample and element.
 */
#include "data/source.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/array.h"
#include "data/sha256.h"

enum { CLASSES_MOST = 65536 };

typedef struct Arrays {
    char paths[2][RQ_PATH];
    rq_array samples, labels;
    int32_t *classes; /* [N]; all 0 with dense targets or without labels */
    int class_count;
    bool is_dense;
} Arrays;

static bool open_file(const rq_data_spec *spec, const char *file, char path[RQ_PATH], rq_array *a,
                      rq_data *out, rq_error *err)
{
    if (!rq_data_find(spec, file, path, err) || !rq_npy_read(path, a, err)) return false;
    rq_data_file *f = &out->files[out->file_count];
    if (!rq_sha256_file(path, f->sha256, err)) return false;
    f->path = rq_copy_text(path, err);
    if (!f->path) return false;
    out->file_count++;
    return true;
}

static bool check_finite(const char *path, const rq_array *a, int64_t each, rq_error *err)
{
    if (a->dtype != RQ_DTYPE_f32 && a->dtype != RQ_DTYPE_f64) return true;
    for (int64_t i = 0; i < a->size; i++)
        if (!isfinite(rq_array_get(a, i)))
            return rq_fail(err, "'%s': element %" PRId64 " of sample %" PRId64 " is %g", path,
                           i % each, i / each, rq_array_get(a, i));
    return true;
}

static bool check_labels(Arrays *a, rq_error *err)
{
    for (int64_t i = 0; i < a->labels.size; i++) {
        double v = rq_array_get(&a->labels, i);
        if (!(v >= 0 && v < CLASSES_MOST) || v != floor(v))
            return rq_fail(err,
                           "'%s': the label of sample %" PRId64 " is %g; 0, 1, 2, ... are expected",
                           a->paths[1], i, v);
        a->classes[i] = (int32_t)v;
        if (a->classes[i] >= a->class_count) a->class_count = a->classes[i] + 1;
    }
    return true;
}

/* The place of the only 1 among zeros, or -1. */
static int64_t place_of_one(const rq_array *rows, int64_t row)
{
    int64_t k = rows->dims[1], place = -1;
    for (int64_t c = 0; c < k; c++) {
        double v = rq_array_get(rows, row * k + c);
        if (v != 0 && (v != 1 || place >= 0)) return -1;
        if (v == 1) place = c;
    }
    return place;
}

/* One-hot rows are labels: as targets they would be the same numbers, but have no accuracy. */
static bool are_one_hot(const rq_array *rows)
{
    bool all = rows->dims[1] > 1 && rows->dims[1] <= CLASSES_MOST;
    for (int64_t i = 0; all && i < rows->dims[0]; i++) all = place_of_one(rows, i) >= 0;
    return all;
}

static bool open_arrays(const rq_data_spec *spec, Arrays *a, rq_data *out, rq_error *err)
{
    if (!open_file(spec, spec->file, a->paths[0], &a->samples, out, err)) return false;
    if (a->samples.ndim < 1 || a->samples.ndim > 4 || a->samples.size == 0)
        return rq_fail(err,
                       "'%s' has %d axes and %" PRId64 " values; samples are [N, values],"
                       " [N, rows, columns] or [N, channels, rows, columns]",
                       a->paths[0], a->samples.ndim, a->samples.size);
    int64_t n = a->samples.dims[0];
    if (!check_finite(a->paths[0], &a->samples, a->samples.size / n, err)) return false;
    a->classes = rq_alloc_array((uint64_t)n, sizeof *a->classes, "labels", err);
    a->class_count = 1;
    if (!a->classes || !spec->label) return a->classes != NULL;
    if (!open_file(spec, spec->label, a->paths[1], &a->labels, out, err)) return false;
    if (a->labels.ndim < 1 || a->labels.ndim > 2 || a->labels.dims[0] != n)
        return rq_fail(err,
                       "'%s' has %" PRId64 " entries on its first of %d axes; '%s' has %" PRId64
                       " samples, so [%" PRId64 "] or [%" PRId64 ", k] is expected",
                       a->paths[1], a->labels.ndim ? a->labels.dims[0] : 1, a->labels.ndim,
                       a->paths[0], n, n, n);
    a->is_dense = a->labels.ndim == 2;
    if (a->is_dense && a->labels.dims[1] == 0)
        return rq_fail(err, "'%s' has targets of no values", a->paths[1]);
    if (!a->is_dense) return check_labels(a, err);
    if (!check_finite(a->paths[1], &a->labels, a->labels.dims[1], err)) return false;
    a->is_dense = !are_one_hot(&a->labels);
    if (!a->is_dense) a->class_count = (int)a->labels.dims[1];
    for (int64_t i = 0; i < n && !a->is_dense; i++) a->classes[i] = (int32_t)place_of_one(&a->labels, i);
    return true;
}

static void store(const Arrays *a, const rq_pick *pick, rq_data *out)
{
    int64_t each = a->samples.size / a->samples.dims[0], from = pick->source * each;
    if (out->bytes) {
        int nd = a->samples.ndim;
        int64_t height = nd > 2 ? a->samples.dims[nd - 2] : 1;
        int64_t width = nd > 1 ? a->samples.dims[nd - 1] : 1;
        const unsigned char *bytes = a->samples.values;
        rq_image_store(out, pick->slot, bytes + from, height, width);
    } else {
        for (int64_t e = 0; e < each; e++)
            out->reals[pick->slot * each + e] = rq_array_get(&a->samples, from + e);
    }
    for (int64_t k = 0; k < out->target_size; k++)
        out->targets[pick->slot * out->target_size + k] =
            rq_array_get(&a->labels, pick->source * out->target_size + k);
}

/* Fixes dims and takes memory. A flat vector of bytes is kept as bytes, too. */
static bool prepare(const rq_data_spec *spec, const Arrays *a, rq_data *out, rq_error *err)
{
    const rq_array *s = &a->samples;
    int64_t dims[3] = {1, s->ndim > 1 ? s->dims[1] : 1, 1};
    int ndim = s->ndim > 2 ? 3 : 1;
    if (ndim == 3) memcpy(dims + (s->ndim == 3), s->dims + 1, (size_t)(s->ndim - 1) * sizeof *dims);
    if (ndim == 1) dims[0] = dims[1];
    if (a->is_dense) {
        out->target_size = a->labels.dims[1];
        out->targets = rq_alloc_array((uint64_t)out->total * (uint64_t)out->target_size,
                                      sizeof *out->targets, "targets", err);
        if (!out->targets) return false;
    }
    if (s->dtype != RQ_DTYPE_u8) return rq_reals_prepare(spec, ndim, dims, out, err);
    if (ndim == 3) return rq_images_prepare(spec, dims[0], dims[1], dims[2], out, err);
    if (spec->height || spec->width)
        return rq_fail(err, "resize is for images; '%s' has vectors", a->paths[0]);
    if (!rq_images_prepare(spec, 1, 1, dims[0], out, err)) return false;
    out->ndim = 1;
    return true;
}

bool rq_arrays_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    Arrays *a = rq_alloc_array(1, sizeof *a, "arrays", err);
    if (!a) return false;
    bool good = open_arrays(spec, a, out, err);
    rq_pick *picks[2] = {NULL, NULL};
    int64_t picked[2];
    if (good) {
        rq_pools pools = {{a->classes, NULL}, {a->samples.dims[0], 0}, a->class_count, "samples"};
        good = rq_select(spec, &pools, out, picks, picked, err) && prepare(spec, a, out, err);
    }
    for (int64_t k = 0; good && k < picked[0]; k++) store(a, &picks[0][k], out);
    if (good && out->ndim == 1) out->dims[0] = out->size;
    if (good && (a->is_dense || !spec->label)) {
        rq_free(out->labels);
        out->labels = NULL;
        out->classes = 0;
    }
    rq_free(picks[0]);
    rq_free(picks[1]);
    rq_free(a->classes);
    rq_array_free(&a->samples);
    rq_array_free(&a->labels);
    rq_free(a);
    return good;
}
