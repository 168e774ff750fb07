/* fuzz_readers.c: whatever a file holds, its reader ends with a value or a message, and nothing is held afterwards.
 *
 * The first byte chooses the reader: npy, safetensors, IDX, csv, PNG, CIFAR, tar, npy as a data set, npz, states, a folder of
 * pictures; the second what is asked of it; the rest is the file. Memory is limited, so a header that lies about sizes is found
 * out before it is believed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/array.h"
#include "data/fetch.h"
#include "data/png.h"
#include "data/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static char folder[64] = "/dev/shm/rq-fuzz-XXXXXX"; /* in memory, where there is such a place */

static const char *file(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void save(const char *name, const void *bytes, size_t size)
{
    FILE *f = fopen(file(name), "wb");
    if (!f) abort();
    fwrite(bytes, 1, size, f);
    fclose(f);
}

static void clean(void)
{
    static const char *const names[] = {"x", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                        "t10k-labels-idx1-ubyte", "data_batch_1.bin", "test_batch.bin", "pictures/one/a.png"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(file(names[i]));
    rmdir(file("pictures/one"));
    rmdir(file("pictures"));
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (access("/dev/shm", W_OK) != 0) strcpy(folder, "/tmp/rq-fuzz-XXXXXX");
    if (!mkdtemp(folder) || mkdir(file("pictures"), 0777) || mkdir(file("pictures/one"), 0777)) abort();
    atexit(clean);
    rq_memory_limit(UINT64_C(64) << 20);
    return 0;
}

/* What opens is asked for the last sample of each split. ask: bit 0 shuffles, bits 1, 2 are how many classes stay, bit 3 resizes. */
static bool open_set(const char *source, unsigned ask, const char *path, const char *label, rq_error *err)
{
    rq_data_spec spec = rq_data_spec_default(source);
    rq_data d;
    spec.dir = folder;
    spec.file = path;
    spec.label = label;
    spec.shuffle = ask & 1;
    spec.class_count = (int)(ask >> 1 & 3);
    if (ask & 8) spec.height = spec.width = 3;
    if (!rq_data_open(&spec, &d, err)) return false;
    for (int s = RQ_SPLIT_train; s < RQ_SPLIT_COUNT; s++) {
        if (!d.count[s] || !d.size || d.size > 100000) continue;
        const int64_t last[] = {d.count[s] - 1};
        float *out = rq_alloc(sizeof *out * (size_t)d.size * 2);
        if (out) rq_data_pack(&d, (rq_split)s, last, 1, 2, 4, out);
        rq_free(out);
        rq_data_label(&d, (rq_split)s, last[0]);
    }
    rq_data_free(&d);
    return true;
}

static const unsigned char one_image[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9};
static const unsigned char one_label[] = {0, 0, 8, 1, 0, 0, 0, 1, 3};

/* The file as one of the four of MNIST beside three sound ones. */
static bool open_idx(unsigned ask, const uint8_t *data, size_t size, rq_error *err)
{
    save("train-images-idx3-ubyte", one_image, sizeof one_image);
    save("train-labels-idx1-ubyte", one_label, sizeof one_label);
    save("t10k-images-idx3-ubyte", one_image, sizeof one_image);
    save("t10k-labels-idx1-ubyte", one_label, sizeof one_label);
    bool labels = size > 3 && data[3] == 1;
    save(labels ? "train-labels-idx1-ubyte" : "train-images-idx3-ubyte", data, size);
    return open_set("mnist", ask, NULL, NULL, err);
}

static bool read_one(int kind, unsigned ask, const uint8_t *data, size_t size, rq_error *err)
{
    rq_array a;
    rq_tensors t;
    rq_picture p;
    int count;
    char path[128];
    save(kind == 10 ? "pictures/one/a.png" : "x", data, size);
    snprintf(path, sizeof path, "%s", file(kind == 10 ? "pictures" : "x"));
    switch (kind) {
    case 0: return rq_npy_read(path, &a, err) && (rq_array_free(&a), true);
    case 1: return rq_safetensors_read(path, &t, err) && (rq_tensors_free(&t), true);
    case 2: return open_idx(ask, data, size, err);
    case 3: return open_set("csv", ask, path, ask & 64 ? "a" : "0", err);
    case 4: return rq_png_read(path, (int)(ask & 1) * (ask & 2 ? 3 : 1), &p, err) && (rq_free(p.pixels), true);
    case 5:
        save("data_batch_1.bin", data, size);
        save("test_batch.bin", data, size);
        return open_set("cifar10", ask, NULL, NULL, err);
    case 6: return rq_unpack(path, "/dev/null", &count, err); /* so that nothing is kept */
    case 7: return open_set("npy", ask, path, ask & 64 ? path : NULL, err);
    case 8: return rq_npz_read(path, "x", &a, err) && (rq_array_free(&a), true);
    case 9: return open_set("states", ask, path, NULL, err);
    default: return open_set("images", ask, path, NULL, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rq_error err = {0};
    if (size < 2) return 0;
    bool good = read_one(data[0] % 11, data[1], data + 2, size - 2, &err);
    if (!good && !err.text[0]) abort(); /* a failure without a word */
    if (rq_memory_live() != 0) abort(); /* something is still held */
    return 0;
}
