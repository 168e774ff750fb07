/* pack.c: samples -> lane layout, out[element][lane], for kernels.
 *
 * Bytes become reals through the table of their channel, so a value has the same bits wherever it
 * is packed.
 */
#include "data/data.h"

#include <assert.h>

static int64_t sample_of_lane(const rq_data *d, rq_split split, const int64_t *indices, int count,
                              int lane)
{
    int64_t i = indices[lane < count ? lane : count - 1];
    assert(count > 0 && i >= 0 && i < d->count[split]);
    return d->first[split] + i;
}

bool rq_data_embeds(const rq_data *d, int64_t reals) { return d->is_states && 2 * reals == d->size * d->size; }

double rq_data_value(const rq_data *d, rq_split split, int64_t sample, int64_t element)
{
    int64_t at = (d->first[split] + sample) * d->size + element;
    if (d->reals) return d->reals[at];
    int64_t channel = element / (d->size / d->channels);
    return d->table[channel * 256 + d->bytes[at]];
}

double rq_data_density_value(const rq_data *d, rq_split split, int64_t sample, int64_t element)
{
    int64_t e = element / 2, dim = d->size / 2, row = 2 * (e / dim), column = 2 * (e % dim);
    double a = rq_data_value(d, split, sample, row), b = rq_data_value(d, split, sample, row + 1);
    double c = rq_data_value(d, split, sample, column), f = rq_data_value(d, split, sample, column + 1);
    return element % 2 ? b * c - a * f : a * c + b * f;
}

int32_t rq_data_label(const rq_data *d, rq_split split, int64_t sample)
{
    return d->labels ? d->labels[d->first[split] + sample] : -1;
}

int64_t rq_data_target_rows(const rq_data *d) { return d->targets ? d->target_size : d->classes; }

static void put(void *out, int64_t at, int real_bytes, double value)
{
    if (real_bytes == 4)
        ((float *)out)[at] = (float)value;
    else
        ((double *)out)[at] = value;
}

/* Elements from .. to - 1 of one lane, all of one channel: out[e * lanes] = table[bytes[e]]. */
static void pack_bytes(const double *table, const unsigned char *bytes, int64_t from, int64_t to,
                       int lanes, int real_bytes, void *out)
{
    if (real_bytes == 4)
        for (int64_t e = from; e < to; e++) ((float *)out)[e * lanes] = (float)table[bytes[e]];
    else
        for (int64_t e = from; e < to; e++) ((double *)out)[e * lanes] = table[bytes[e]];
}

static void pack_reals(const double *from, int64_t size, int lanes, int real_bytes, void *out)
{
    for (int64_t e = 0; e < size; e++) put(out, e * lanes, real_bytes, from[e]);
}

/* A few elements of all lanes at a time: what is written stays in the first cache. */
static void pack_all_bytes(const rq_data *d, rq_split split, const int64_t *indices, int count,
                           int lanes, int real_bytes, void *out)
{
    enum { SOME = 32 };
    int64_t plane = d->size / d->channels;
    for (int64_t c = 0; c < d->channels; c++) {
        int64_t end = (c + 1) * plane;
        for (int64_t from = c * plane; from < end; from += SOME) {
            int64_t to = from + SOME < end ? from + SOME : end;
            for (int lane = 0; lane < lanes; lane++) {
                int64_t sample = sample_of_lane(d, split, indices, count, lane);
                pack_bytes(d->table + c * 256, d->bytes + sample * d->size, from, to, lanes,
                           real_bytes, (char *)out + (size_t)lane * (size_t)real_bytes);
            }
        }
    }
}

void rq_data_pack(const rq_data *d, rq_split split, const int64_t *indices, int count, int lanes,
                  int real_bytes, void *out)
{
    if (d->bytes) {
        pack_all_bytes(d, split, indices, count, lanes, real_bytes, out);
        return;
    }
    for (int lane = 0; lane < lanes; lane++) {
        int64_t at = sample_of_lane(d, split, indices, count, lane) * d->size;
        pack_reals(d->reals + at, d->size, lanes, real_bytes,
                   (char *)out + (size_t)lane * (size_t)real_bytes);
    }
}

void rq_data_pack_target(const rq_data *d, rq_split split, const int64_t *indices, int count,
                         int lanes, int real_bytes, void *out)
{
    for (int lane = 0; lane < lanes; lane++) {
        int64_t sample = sample_of_lane(d, split, indices, count, lane);
        if (d->targets) {
            void *column = (char *)out + (size_t)lane * (size_t)real_bytes;
            pack_reals(d->targets + sample * d->target_size, d->target_size, lanes, real_bytes,
                       column);
            continue;
        }
        for (int k = 0; k < d->classes; k++)
            put(out, (int64_t)k * lanes + lane, real_bytes, d->labels[sample] == k ? 1 : 0);
    }
}

void rq_data_pack_labels(const rq_data *d, rq_split split, const int64_t *indices, int count,
                         int lanes, int32_t *out)
{
    for (int lane = 0; lane < lanes; lane++)
        out[lane] = d->labels ? d->labels[sample_of_lane(d, split, indices, count, lane)] : -1;
}
