/* fuzz_read.c: any bytes, given to a reader of data files, are read or refused with a message, and
 * nothing stays taken.
 *
 * The first byte chooses the reader, the second and third what is asked of it; the rest is the file
 * (for IDX: two files).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/array.h"
#include "data/data.h"
#include "data/png.h"
#include "data/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

static const char *put(const char *name, const uint8_t *data, size_t size)
{
    static char paths[4][128];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) abort();
    return path;
}

static void open_and_free(const rq_data_spec *spec)
{
    rq_data d;
    rq_error err = {""};
    if (!rq_data_open(spec, &d, &err)) {
        if (!err.text[0]) abort();
        return;
    }
    for (int split = RQ_SPLIT_train; split < RQ_SPLIT_COUNT; split++) {
        if (d.count[split] == 0 || d.size > 100000) continue;
        const int64_t last[] = {d.count[split] - 1};
        float *out = rq_alloc(sizeof *out * (size_t)d.size * 2);
        rq_data_pack(&d, (rq_split)split, last, 1, 2, 4, out);
        rq_free(out);
    }
    rq_data_free(&d);
}

static void read_idx(const uint8_t *data, size_t size, unsigned cut)
{
    size_t first = size * cut / 255;
    put("train-images-idx3-ubyte", data, first);
    put("t10k-images-idx3-ubyte", data, first);
    put("train-labels-idx1-ubyte", data + first, size - first);
    put("t10k-labels-idx1-ubyte", data + first, size - first);
    rq_data_spec s = rq_data_spec_default("mnist");
    s.dir = folder;
    open_and_free(&s);
}

static void read_one(unsigned kind, unsigned ask, const uint8_t *data, size_t size)
{
    rq_error err;
    rq_array a;
    rq_tensors t;
    rq_picture p;
    rq_data_spec s = rq_data_spec_default(kind == 3 ? "csv" : kind == 4 ? "npy" : "cifar10");
    s.dir = folder;
    s.shuffle = ask & 1;
    s.class_count = (int)(ask >> 1) % 4;
    switch (kind) {
    case 0:
        if (rq_npy_read(put("a.npy", data, size), &a, &err)) rq_array_free(&a);
        break;
    case 1:
        if (rq_safetensors_read(put("a.safetensors", data, size), &t, &err)) rq_tensors_free(&t);
        break;
    case 2:
        if (rq_png_read(put("a.png", data, size), (int)(ask % 2) * 3, &p, &err)) rq_free(p.pixels);
        break;
    case 3:
        s.file = put("a.csv", data, size);
        s.label = ask & 64 ? "a" : "1";
        open_and_free(&s);
        break;
    case 4:
        s.file = put("x.npy", data, size);
        s.label = ask & 64 ? s.file : NULL;
        open_and_free(&s);
        break;
    case 5:
        put("data_batch_1.bin", data, size);
        put("test_batch.bin", data, size);
        open_and_free(&s);
        break;
    default: read_idx(data, size, ask);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder[0]) {
        strcpy(folder, "/dev/shm/rq-fuzz-XXXXXX");
        if (!mkdtemp(folder)) abort();
        rq_memory_limit(UINT64_C(1) << 30);
    }
    if (size < 2) return 0;
    read_one(data[0] % 7, data[1], data + 2, size - 2);
    if (rq_memory_live() != 0) abort();
    return 0;
}
