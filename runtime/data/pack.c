/* pack.c: samples -> lane layout, out[element][lane], for kernels.
 *
 * Bytes become reals through the table of their channel, so a value has the same bits wherever it
 * is packed. Sixteen samples side by side, as kernels have them, are turned as blocks of 16 x 16
 * bytes; and where the table is a straight line, what lies on it is computed and not looked up.
 */
#include "data/data.h"

#include <assert.h>
#include <string.h>

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

static void pack_reals(const double *from, int64_t size, int lanes, int real_bytes, void *out)
{
    for (int64_t e = 0; e < size; e++) put(out, e * lanes, real_bytes, from[e]);
}

enum { BLOCK = 16 };

typedef unsigned char Row __attribute__((vector_size(BLOCK)));

/* to[e][lane] = from[lane][at + e]: rows 0 and 8, 1 and 9, ... interleaved, four times. */
static void turn(const unsigned char *const *from, int64_t at, unsigned char to[BLOCK][BLOCK])
{
    Row row[BLOCK], next[BLOCK];
    for (int i = 0; i < BLOCK; i++) memcpy(&row[i], from[i] + at, BLOCK);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < BLOCK / 2; i++) {
            Row a = row[i], b = row[i + BLOCK / 2];
            next[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            next[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(row, next, sizeof row);
    }
    memcpy(to, row, sizeof row);
}

/* float = offset + slope * byte, if that gives every entry of a table to the bit. */
typedef struct Line {
    bool fits;
    double offset, slope;
} Line;

static Line line_of(const double *table)
{
    Line line = {true, table[0], (table[255] - table[0]) / 255};
    for (int b = 0; b < 256; b++) line.fits &= (float)(line.offset + line.slope * b) == (float)table[b];
    return line;
}

RQ_CLONES static void bytes_on_line(Line line, const unsigned char *bytes, int64_t n, float *out)
{
    for (int64_t i = 0; i < n; i++) out[i] = (float)(line.offset + line.slope * bytes[i]);
}

/* Elements of all lanes, [n][lanes]. */
static void bytes_to_reals(const double *table, Line line, const unsigned char *bytes, int64_t n, int real_bytes, void *out)
{
    if (real_bytes == 4 && line.fits) bytes_on_line(line, bytes, n, out);
    else
        for (int64_t i = 0; i < n; i++) put(out, i, real_bytes, table[bytes[i]]);
}

/* Elements from .. to - 1 of all samples, which are of one channel. */
static void pack_channel(const double *table, const unsigned char *const *sample, int64_t from, int64_t to, int lanes,
                         int real_bytes, char *out)
{
    Line line = line_of(table);
    unsigned char some[BLOCK][BLOCK];
    int64_t e = from, step = (int64_t)lanes * real_bytes;
    for (; lanes == BLOCK && e + BLOCK <= to; e += BLOCK) {
        turn(sample, e, some);
        bytes_to_reals(table, line, some[0], BLOCK * BLOCK, real_bytes, out + e * step);
    }
    for (; e < to; e++)
        for (int lane = 0; lane < lanes; lane++) put(out + e * step, lane, real_bytes, table[sample[lane][e]]);
}

static void pack_bytes(const rq_data *d, rq_split split, const int64_t *indices, int count, int lanes, int real_bytes,
                       void *out)
{
    enum { MOST_LANES = 64 };
    const unsigned char *sample[MOST_LANES];
    int64_t plane = d->size / d->channels;
    assert(lanes <= MOST_LANES);
    for (int lane = 0; lane < lanes; lane++) {
        sample[lane] = d->bytes + sample_of_lane(d, split, indices, count, lane) * d->size;
        /* samples of a shuffled batch are where no processor expects them: all on their way at once */
        for (int64_t at = 0; at < d->size; at += 64) __builtin_prefetch(sample[lane] + at);
    }
    for (int64_t c = 0; c < d->channels; c++)
        pack_channel(d->table + c * 256, sample, c * plane, (c + 1) * plane, lanes, real_bytes, out);
}

void rq_data_pack(const rq_data *d, rq_split split, const int64_t *indices, int count, int lanes,
                  int real_bytes, void *out)
{
    if (d->bytes) {
        pack_bytes(d, split, indices, count, lanes, real_bytes, out);
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
