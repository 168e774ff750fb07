/* idx.c: the IDX files of MNIST and Fashion-MNIST, plain or gzip.
 *
 *     offset 0   00 00 08 03 | count | rows | columns | pixels, row by row ...      images
 *     offset 0   00 00 08 01 | count | labels ...                                   labels
 * Numbers are big-endian, 32 bits. Both files are read to their end, so that a damaged one is found
 * wherever the damage is.
 */
#include "data/source.h"

#include <inttypes.h>
#include <stdio.h>

#include "data/stream.h"

enum { IDX_CLASSES = 10, IDX_SIDE = 4096 };

static const char *const idx_files[] = {RQ_IDX_FILES};

/* One of the two pools while it is read. */
typedef struct Idx {
    rq_stream images;
    int64_t count, rows, columns;
    int32_t *labels;
} Idx;

static uint32_t big_endian(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool open_file(const rq_data_spec *spec, const char *folder, const char *name, uint32_t magic, int numbers,
                      rq_stream *s, uint32_t *header, rq_error *err)
{
    char path[RQ_PATH];
    bool has;
    if (!rq_data_file_path(folder, name, path, &has, err)) return false;
    if (!has)
        return rq_fail(
            err, "'%s' has no %s (plain or .gz), though other files of the data set are there",
            folder, name);
    if (!(spec->keeps_copies ? rq_stream_open_kept(s, path, err) : rq_stream_open(s, path, err))) return false;
    unsigned char bytes[16];
    if (!rq_stream_read(s, bytes, 4 + 4 * (uint64_t)numbers, "the IDX header", err)) return false;
    if (big_endian(bytes) != magic)
        return rq_fail(err,
                       "'%s' is not the IDX file that was expected: it begins with %08" PRIx32
                       " instead of %08" PRIx32,
                       path, big_endian(bytes), magic);
    for (int i = 0; i < numbers; i++) header[i] = big_endian(bytes + 4 + 4 * i);
    return true;
}

static bool read_labels(rq_stream *s, int64_t count, Idx *idx, rq_error *err)
{
    char claim[64];
    snprintf(claim, sizeof claim, "%" PRId64 " labels", count);
    if (!rq_stream_can_hold(s, 8 + (uint64_t)count, claim, err)) return false;
    idx->labels = rq_alloc_array((uint64_t)count, sizeof *idx->labels, "labels", err);
    if (!idx->labels) return false;
    unsigned char part[4096];
    for (int64_t i = 0; i < count; i++) {
        int64_t in_part = i % (int64_t)sizeof part;
        uint64_t left = (uint64_t)(count - i);
        if (in_part == 0 &&
            !rq_stream_read(s, part, left < sizeof part ? left : sizeof part, claim, err))
            return false;
        idx->labels[i] = part[in_part];
        if (part[in_part] >= IDX_CLASSES)
            return rq_fail(err, "'%s': the label at offset %" PRId64 " is %d; 0 to %d are expected",
                           s->path, i + 8, part[in_part], IDX_CLASSES - 1);
    }
    return rq_stream_end(s, err);
}

static bool open_labels(const rq_data_spec *spec, const char *folder, const char *name, Idx *idx, rq_data *out, rq_error *err)
{
    rq_stream s = {0};
    uint32_t count;
    bool good =
        open_file(spec, folder, name, 0x801, 1, &s, &count, err) && read_labels(&s, count, idx, err);
    if (good && count != idx->count)
        good = rq_fail(err, "'%s' has %" PRIu32 " labels, but '%s' has %" PRId64 " images", s.path,
                       count, idx->images.path, idx->count);
    good = good && rq_stream_note(&s, out, err);
    rq_stream_close(&s);
    return good;
}

static bool open_images(const rq_data_spec *spec, const char *folder, const char *name, Idx *idx, rq_error *err)
{
    uint32_t header[3];
    if (!open_file(spec, folder, name, 0x803, 3, &idx->images, header, err)) return false;
    if (header[1] < 1 || header[1] > IDX_SIDE || header[2] < 1 || header[2] > IDX_SIDE)
        return rq_fail(err,
                       "'%s': the header promises images of %" PRIu32 " x %" PRIu32
                       " pixels; 1 to %d are expected",
                       idx->images.path, header[1], header[2], IDX_SIDE);
    idx->count = header[0];
    idx->rows = header[1];
    idx->columns = header[2];
    char claim[64];
    snprintf(claim, sizeof claim, "%" PRId64 " images of %" PRId64 " x %" PRId64, idx->count,
             idx->rows, idx->columns);
    return rq_stream_can_hold(&idx->images, 16 + (uint64_t)idx->count * header[1] * header[2],
                              claim, err);
}

/* Reads all images and keeps the picked ones. */
static bool read_images(Idx *idx, const rq_pick *picks, int64_t picked, rq_data *out, rq_error *err)
{
    uint64_t size = (uint64_t)(idx->rows * idx->columns);
    unsigned char *raw = rq_alloc_array(size, 1, "an image", err);
    bool good = raw != NULL;
    int64_t next = 0;
    for (int64_t k = 0; good && k < picked; k++) {
        int64_t gap = picks[k].source - next;
        good = rq_stream_skip(&idx->images, (uint64_t)gap * size, "the images", err) &&
               rq_stream_read(&idx->images, raw, size, "an image", err);
        if (good) rq_image_store(out, picks[k].slot, raw, idx->rows, idx->columns);
        next = picks[k].source + 1;
    }
    good = good &&
           rq_stream_skip(&idx->images, (uint64_t)(idx->count - next) * size, "the images", err) &&
           rq_stream_end(&idx->images, err);
    rq_free(raw);
    return good;
}

/* The long work, side by side: images of either pool, and the hashes of both files. Of several
 * failures the first in this order is told. */
static bool read_both(Idx idx[2], rq_pick *const picks[2], const int64_t picked[2], rq_data *out,
                      rq_error *err)
{
    bool good[3];
    rq_error errs[3];
#pragma omp parallel for schedule(dynamic, 1)
    for (int job = 0; job < 3; job++)
        good[job] = job < 2 ? read_images(&idx[job], picks[job], picked[job], out, &errs[job])
                            : rq_stream_note(&idx[0].images, out, &errs[job]) &&
                                  rq_stream_note(&idx[1].images, out, &errs[job]);
    for (int job = 0; job < 3; job++)
        if (!good[job]) return rq_fail(err, "%s", errs[job].text);
    return true;
}

static bool read_pools(const rq_data_spec *spec, const char *folder, Idx idx[2], rq_data *out,
                       rq_error *err)
{
    for (int p = 0; p < 2; p++)
        if (!open_images(spec, folder, idx_files[p], &idx[p], err) ||
            !open_labels(spec, folder, idx_files[2 + p], &idx[p], out, err))
            return false;
    if (idx[0].rows != idx[1].rows || idx[0].columns != idx[1].columns)
        return rq_fail(err,
                       "'%s' has images of %" PRId64 " x %" PRId64 " pixels, '%s' of %" PRId64
                       " x %" PRId64,
                       idx[0].images.path, idx[0].rows, idx[0].columns, idx[1].images.path,
                       idx[1].rows, idx[1].columns);
    rq_pools pools = {
        {idx[0].labels, idx[1].labels}, {idx[0].count, idx[1].count}, IDX_CLASSES, "images"};
    rq_pick *picks[2];
    int64_t picked[2];
    if (!rq_select(spec, &pools, out, picks, picked, err)) return false;
    bool good = rq_images_prepare(spec, 1, idx[0].rows, idx[0].columns, out, err) &&
                read_both(idx, picks, picked, out, err);
    rq_free(picks[0]);
    rq_free(picks[1]);
    return good;
}

bool rq_idx_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    char folder[RQ_PATH];
    if (!rq_data_locate(spec->source, spec->dir, folder, err)) return false;
    Idx idx[2] = {0};
    bool good = read_pools(spec, folder, idx, out, err);
    for (int p = 0; p < 2; p++) {
        rq_stream_close(&idx[p].images);
        rq_free(idx[p].labels);
    }
    return good;
}
