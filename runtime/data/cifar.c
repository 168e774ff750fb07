/* cifar.c: the binary files of CIFAR-10.
 *
 *     label, 1 byte | 1024 bytes of red, row by row | green | blue       a record of 3073 bytes
 * data_batch_1.bin .. data_batch_5.bin follow each other as the training images, as many of them as
 * there are without a gap; test_batch.bin has the test images. Labels are read first, pixels after
 * the selection, one file at a time.
 */
#include "data/source.h"

#include <inttypes.h>
#include <stdio.h>

#include "data/file.h"
#include "data/sha256.h"

enum { SIDE = 32, RECORD = 1 + 3 * SIDE * SIDE, BATCHES = 5, CIFAR_CLASSES = 10 };

/* One file: its records are numbers first .. first + count - 1 of its pool. */
typedef struct Batch {
    char path[RQ_PATH];
    int64_t first, count;
} Batch;

typedef struct Cifar {
    Batch batches[BATCHES + 1]; /* the training batches, then the test batch */
    int training;
    int32_t *labels[2];
    int64_t count[2];
} Cifar;

static bool load(const char *path, unsigned char **bytes, int64_t *records, rq_error *err)
{
    size_t size;
    if (!rq_file_load(path, UINT64_C(1) << 32, bytes, &size, err)) return false;
    *records = (int64_t)(size / RECORD);
    if (size % RECORD == 0 && size > 0) return true;
    rq_free(*bytes);
    *bytes = NULL;
    return rq_fail(err,
                   "'%s' is cut off: a record has %d bytes, but the file ends %zu bytes into record"
                   " %" PRId64,
                   path, RECORD, size % RECORD, *records);
}

/* Appends the labels of a batch to those of its pool. */
static bool add_labels(Cifar *c, Batch *b, int pool, const unsigned char *bytes, rq_error *err)
{
    int32_t *all =
        rq_alloc_array((uint64_t)(c->count[pool] + b->count), sizeof *all, "labels", err);
    if (!all) return false;
    for (int64_t i = 0; i < c->count[pool]; i++) all[i] = c->labels[pool][i];
    rq_free(c->labels[pool]);
    c->labels[pool] = all;
    for (int64_t i = 0; i < b->count; i++) {
        int label = bytes[i * RECORD];
        if (label >= CIFAR_CLASSES)
            return rq_fail(err, "'%s': record %" PRId64 " has the label %d; 0 to %d are expected",
                           b->path, i, label, CIFAR_CLASSES - 1);
        all[c->count[pool] + i] = label;
    }
    b->first = c->count[pool];
    c->count[pool] += b->count;
    return true;
}

static bool open_batch(Cifar *c, Batch *b, int pool, rq_data *out, rq_error *err)
{
    unsigned char *bytes;
    if (!load(b->path, &bytes, &b->count, err)) return false;
    rq_data_file *f = &out->files[out->file_count];
    rq_sha256_bytes(bytes, (size_t)b->count * RECORD, f->sha256);
    f->path = rq_copy_text(b->path, err);
    bool good = f->path != NULL;
    if (good) out->file_count++;
    good = good && add_labels(c, b, pool, bytes, err);
    rq_free(bytes);
    return good;
}

static bool open_all(Cifar *c, const char *folder, rq_data *out, rq_error *err)
{
    char name[32];
    bool has;
    while (c->training < BATCHES) {
        snprintf(name, sizeof name, "data_batch_%d.bin", c->training + 1);
        Batch *b = &c->batches[c->training];
        if (!rq_data_file_path(folder, name, b->path, &has, err)) return false;
        if (!has) break;
        if (!open_batch(c, b, 0, out, err)) return false;
        c->training++;
    }
    if (c->training == 0) return rq_fail(err, "'%s' has no data_batch_1.bin", folder);
    Batch *test = &c->batches[BATCHES];
    if (!rq_data_file_path(folder, "test_batch.bin", test->path, &has, err)) return false;
    if (!has) return rq_fail(err, "'%s' has no test_batch.bin", folder);
    return open_batch(c, test, 1, out, err);
}

/* Stores the picks that are in this batch; *next goes on to the first that is not. */
static bool read_batch(const Batch *b, const rq_pick *picks, int64_t picked, int64_t *next,
                       rq_data *out, rq_error *err)
{
    if (*next == picked || picks[*next].source >= b->first + b->count) return true;
    unsigned char *bytes;
    int64_t records;
    if (!load(b->path, &bytes, &records, err)) return false;
    bool good = records == b->count;
    if (!good) rq_fail(err, "'%s' changed while it was read", b->path);
    for (; good && *next < picked && picks[*next].source < b->first + b->count; (*next)++) {
        int64_t record = picks[*next].source - b->first;
        rq_image_store(out, picks[*next].slot, bytes + record * RECORD + 1, SIDE, SIDE);
    }
    rq_free(bytes);
    return good;
}

static bool read_all(const rq_data_spec *spec, const Cifar *c, rq_data *out, rq_error *err)
{
    rq_pools pools = {
        {c->labels[0], c->labels[1]}, {c->count[0], c->count[1]}, CIFAR_CLASSES, "images"};
    rq_pick *picks[2];
    int64_t picked[2], next = 0, next_test = 0;
    if (!rq_select(spec, &pools, out, picks, picked, err)) return false;
    bool good = rq_images_prepare(spec, 3, SIDE, SIDE, out, err);
    for (int i = 0; good && i < c->training; i++)
        good = read_batch(&c->batches[i], picks[0], picked[0], &next, out, err);
    good = good && read_batch(&c->batches[BATCHES], picks[1], picked[1], &next_test, out, err);
    rq_free(picks[0]);
    rq_free(picks[1]);
    return good;
}

bool rq_cifar_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    char folder[RQ_PATH];
    if (!rq_data_locate(spec->source, spec->dir, folder, err)) return false;
    Cifar *c = rq_alloc_array(1, sizeof *c, "CIFAR-10", err);
    if (!c) return false;
    bool good = open_all(c, folder, out, err) && read_all(spec, c, out, err);
    rq_free(c->labels[0]);
    rq_free(c->labels[1]);
    rq_free(c);
    return good;
}
