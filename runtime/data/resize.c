/* resize.c: images of bytes to another size, each axis on its own.
 *
 * Smaller: area average; an output pixel is the mean of the input it covers, edge pixels weighted
 * with the covered part. Larger: bilinear between pixel centres, the border pixels repeated
 * outside. Results are rounded to bytes, halves up. For an axis from n to m pixels, output i has at
 * most n / m + 2 taps.
 */
#include "data/source.h"

#include <math.h>
#include <string.h>

/* Input pixels first .. first + count - 1 of one output pixel. The first and the last have weights
 * of their own, those between 1; all are divided by sum. */
typedef struct Taps {
    int64_t first, count;
    double weight[2];
    double sum;
} Taps;

static Taps area_taps(int64_t i, int64_t n, int64_t m)
{
    double from = (double)(i * n) / (double)m, to = (double)((i + 1) * n) / (double)m;
    int64_t first = i * n / m, last = ((i + 1) * n - 1) / m;
    Taps t = {first, last - first + 1, {(double)first + 1 - from, to - (double)last}, to - from};
    return t;
}

static Taps linear_taps(int64_t i, int64_t n, int64_t m)
{
    double at = ((double)i + 0.5) * (double)n / (double)m - 0.5;
    if (at < 0) at = 0;
    if (at > (double)(n - 1)) at = (double)(n - 1);
    int64_t first = (int64_t)at;
    if (first == n - 1) return (Taps){first, 1, {1, 0}, 1};
    double part = at - (double)first;
    return (Taps){first, 2, {1 - part, part}, 1};
}

static Taps taps(int64_t i, int64_t n, int64_t m)
{
    return m < n ? area_taps(i, n, m) : linear_taps(i, n, m);
}

static double weight(const Taps *t, int64_t k)
{
    if (k == 0) return t->weight[0];
    return k == t->count - 1 ? t->weight[1] : 1;
}

static double one_pixel(const unsigned char *from, int64_t width, const Taps *ty, const Taps *tx)
{
    double sum = 0;
    for (int64_t y = 0; y < ty->count; y++) {
        const unsigned char *row = from + (ty->first + y) * width + tx->first;
        double line = 0;
        for (int64_t x = 0; x < tx->count; x++) line += weight(tx, x) * row[x];
        sum += weight(ty, y) * line;
    }
    return sum / (ty->sum * tx->sum);
}

void rq_resize_plane(const unsigned char *from, int64_t height, int64_t width, unsigned char *to,
                     int64_t to_height, int64_t to_width)
{
    for (int64_t y = 0; y < to_height; y++) {
        Taps ty = taps(y, height, to_height);
        for (int64_t x = 0; x < to_width; x++) {
            Taps tx = taps(x, width, to_width);
            to[y * to_width + x] = (unsigned char)floor(one_pixel(from, width, &ty, &tx) + 0.5);
        }
    }
}

bool rq_images_prepare(const rq_data_spec *spec, int64_t channels, int64_t height, int64_t width,
                       rq_data *out, rq_error *err)
{
    enum { MOST = 65536 };
    if (spec->height < 0 || spec->width < 0 || spec->height > MOST || spec->width > MOST)
        return rq_fail(err, "resize takes sizes from 1 to %d", MOST);
    out->ndim = 3;
    out->channels = channels;
    out->dims[0] = channels;
    out->dims[1] = spec->height ? spec->height : height;
    out->dims[2] = spec->width ? spec->width : width;
    out->size = channels * out->dims[1] * out->dims[2];
    out->bytes = rq_alloc_array((uint64_t)out->total, (uint64_t)out->size, "images", err);
    return out->bytes != NULL;
}

bool rq_reals_prepare(const rq_data_spec *spec, int ndim, const int64_t *dims, rq_data *out,
                      rq_error *err)
{
    if (spec->height || spec->width)
        return rq_fail(err, "resize is for images of bytes; '%s' gives reals", spec->source);
    out->ndim = ndim;
    out->channels = ndim == 3 ? dims[0] : 1;
    out->size = 1;
    for (int i = 0; i < ndim; i++) {
        out->dims[i] = dims[i];
        out->size *= dims[i];
    }
    out->reals = rq_alloc_array((uint64_t)out->total * (uint64_t)out->size, sizeof *out->reals,
                                "samples", err);
    return out->reals != NULL;
}

void rq_image_store(rq_data *d, int64_t slot, const unsigned char *raw, int64_t height,
                    int64_t width)
{
    unsigned char *to = d->bytes + slot * d->size;
    if (height == d->dims[1] && width == d->dims[2]) {
        memcpy(to, raw, (size_t)d->size);
        return;
    }
    for (int64_t c = 0; c < d->channels; c++)
        rq_resize_plane(raw + c * height * width, height, width, to + c * d->dims[1] * d->dims[2],
                        d->dims[1], d->dims[2]);
}
