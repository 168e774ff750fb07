/* augment.c: training images moved and mirrored at random, anew for each epoch.
 *
 * crop: n shifts by -n .. n rows and columns, what is missing reflected at the edge (without repeating it), as after padding by n and
 * cutting the size out of it; flip: p mirrors left and right with that probability. What is drawn depends on seed, epoch and sample
 * alone, so neither batches nor threads change it.
 */
#include "data/source.h"
#include "random.h"

typedef struct Move {
    int64_t down, right;
    bool is_mirrored;
} Move;

static Move draw(const rq_data *d, uint64_t seed, int64_t epoch, int64_t sample)
{
    rq_random stream = rq_random_stream(seed, RQ_PURPOSE_augment, "");
    uint64_t at = 3 * (uint64_t)(epoch * d->count[RQ_SPLIT_train] + sample);
    double places = (double)(2 * d->crop + 1);
    return (Move){.down = (int64_t)(rq_random_uniform01(&stream, at) * places) - d->crop,
                  .right = (int64_t)(rq_random_uniform01(&stream, at + 1) * places) - d->crop,
                  .is_mirrored = rq_random_uniform01(&stream, at + 2) < d->flip};
}

/* -1 is 1, n is n - 2. */
static int64_t reflected(int64_t i, int64_t n)
{
    if (i < 0) return -i;
    return i < n ? i : 2 * n - 2 - i;
}

static void pack_one(const rq_data *d, int64_t sample, Move m, int lane, int lanes, int real_bytes, void *out)
{
    int64_t height = d->dims[1], width = d->dims[2], e = lane;
    for (int64_t c = 0; c < d->dims[0]; c++)
        for (int64_t y = 0; y < height; y++) {
            int64_t row = (c * height + reflected(y + m.down, height)) * width;
            for (int64_t x = 0; x < width; x++, e += lanes) {
                int64_t from = reflected((m.is_mirrored ? width - 1 - x : x) + m.right, width);
                double v = rq_data_value(d, RQ_SPLIT_train, sample, row + from);
                if (real_bytes == 4) ((float *)out)[e] = (float)v;
                else ((double *)out)[e] = v;
            }
        }
}

bool rq_data_augments(const rq_data *d) { return d->crop > 0 || d->flip > 0; }

void rq_data_pack_augmented(const rq_data *d, uint64_t seed, int64_t epoch, const int64_t *indices, int count, int lanes, int real_bytes,
                            void *out)
{
    for (int lane = 0; lane < lanes; lane++) {
        int64_t sample = indices[lane < count ? lane : count - 1];
        pack_one(d, sample, draw(d, seed, epoch, sample), lane, lanes, real_bytes, out);
    }
}

bool rq_data_augment(const rq_data_spec *spec, rq_data *d, rq_error *err)
{
    d->crop = spec->crop;
    d->flip = spec->flip;
    if (!rq_data_augments(d)) return true;
    if (d->ndim != 3) return rq_fail(err, "'%s': crop and flip are for images; a sample of it is none", d->name);
    int64_t least = d->dims[1] < d->dims[2] ? d->dims[1] : d->dims[2];
    return d->crop < least || rq_fail(err, "'%s': crop: %lld is too large for images of %lld x %lld pixels; %lld is the most", d->name,
                                      (long long)d->crop, (long long)d->dims[1], (long long)d->dims[2], (long long)least - 1);
}
