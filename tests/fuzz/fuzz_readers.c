/* fuzz_readers.c: whatever a file holds, its reader ends with a value or a message, and nothing is held afterwards.
 *
 * The first byte chooses the reader: npy, safetensors, IDX, csv, PNG, CIFAR, tar, npz, states; the rest is the file. Memory is limited, so a
 * header that lies about sizes is found out before it is believed.
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

static char folder[] = "/tmp/rq-fuzz-XXXXXX";

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
                                        "t10k-labels-idx1-ubyte", "data_batch_1.bin", "test_batch.bin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(file(names[i]));
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (!mkdtemp(folder)) abort();
    atexit(clean);
    rq_memory_limit(UINT64_C(64) << 20);
    return 0;
}

/* What opens is asked for a value of each end. */
static bool open_set(const char *source, const char *path, const char *label, rq_error *err)
{
    rq_data_spec spec = rq_data_spec_default(source);
    rq_data d;
    spec.dir = folder;
    spec.file = path;
    spec.label = label;
    if (!rq_data_open(&spec, &d, err)) return false;
    for (int s = RQ_SPLIT_train; s < RQ_SPLIT_COUNT; s++) {
        if (!d.count[s] || !d.size) continue;
        rq_data_value(&d, (rq_split)s, d.count[s] - 1, d.size - 1);
        rq_data_label(&d, (rq_split)s, d.count[s] - 1);
    }
    rq_data_free(&d);
    return true;
}

static const unsigned char one_image[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9};
static const unsigned char one_label[] = {0, 0, 8, 1, 0, 0, 0, 1, 3};

/* The file as one of the four of MNIST beside three sound ones. */
static bool open_idx(const uint8_t *data, size_t size, rq_error *err)
{
    save("train-images-idx3-ubyte", one_image, sizeof one_image);
    save("train-labels-idx1-ubyte", one_label, sizeof one_label);
    save("t10k-images-idx3-ubyte", one_image, sizeof one_image);
    save("t10k-labels-idx1-ubyte", one_label, sizeof one_label);
    bool labels = size > 3 && data[3] == 1;
    save(labels ? "train-labels-idx1-ubyte" : "train-images-idx3-ubyte", data, size);
    return open_set("mnist", NULL, NULL, err);
}

static bool read_one(int kind, const uint8_t *data, size_t size, rq_error *err)
{
    rq_array a;
    rq_tensors t;
    rq_picture p;
    int count;
    char path[128];
    save("x", data, size);
    snprintf(path, sizeof path, "%s", file("x"));
    switch (kind) {
    case 0: return rq_npy_read(path, &a, err) && (rq_array_free(&a), true);
    case 1: return rq_safetensors_read(path, &t, err) && (rq_tensors_free(&t), true);
    case 2: return open_idx(data, size, err);
    case 3: return open_set("csv", path, "0", err);
    case 4: return rq_png_read(path, 0, &p, err) && (rq_free(p.pixels), true);
    case 5:
        save("data_batch_1.bin", data, size);
        save("test_batch.bin", data, size);
        return open_set("cifar10", NULL, NULL, err);
    case 6: return rq_unpack(path, "/dev/null", &count, err); /* so that nothing is kept */
    case 7: return open_set("npy", path, path, err);
    case 8: return rq_npz_read(path, "x", &a, err) && (rq_array_free(&a), true);
    default: return open_set("states", path, NULL, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rq_error err = {{0}};
    if (size < 1) return 0;
    bool good = read_one(data[0] % 10, data + 1, size - 1, &err);
    if (!good && !err.text[0]) abort(); /* a failure without a word */
    if (rq_memory_live() != 0) abort(); /* something is still held */
    return 0;
}
