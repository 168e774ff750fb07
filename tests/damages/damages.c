/* damages.c: what each reader makes of damaged files.
 *
 *     damages READER FILE FROM-TO,FROM-TO,..   bytes FROM .. TO - 1 of the sound FILE say how the rest is to be read
 *
 * Cuts the file at every byte, flips every bit, puts large and small numbers over its structure, adds bytes at its end. A reader may
 * refuse with a message, take no notice, or read other values where the damage is in values; it may not crash, hang, hold memory, take
 * more than the limit, be silent, take a file that was cut, or read other values when the structure is damaged. Prints a row of
 * outcomes, FAIL lines, and exits with 1 if there are any.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compile.h"
#include "data/array.h"
#include "data/data.h"
#include "data/fetch.h"
#include "data/file.h"
#include "data/png.h"
#include "data/safetensors.h"
#include "data/sha256.h"

enum { LIMIT = 64 << 20, SHOWN = 10, RANGES = 64 };

typedef enum Outcome { REFUSED, SAME, OTHER, OUTCOMES } Outcome;
typedef enum Damage { CUT, FLIP, LIE, TAIL, DAMAGES } Damage;

typedef struct Reader {
    const char *name;
    const char *place; /* where the damaged file is put */
    bool (*read)(const char *path, rq_sha256 *values, rq_error *err);
    bool is_text; /* a part of a text is a text */
} Reader;

static int bad;
static double slowest;

/* ---- readers ---- */

static void add_set(const rq_data *d, rq_sha256 *h)
{
    rq_sha256_add(h, d->dims, sizeof d->dims);
    rq_sha256_add(h, d->count, sizeof d->count);
    for (rq_split s = RQ_SPLIT_train; s < RQ_SPLIT_COUNT; s++)
        for (int64_t i = 0; i < d->count[s]; i++) {
            int32_t label = rq_data_label(d, s, i);
            rq_sha256_add(h, &label, sizeof label);
            for (int64_t e = 0; e < d->size; e++) {
                double v = rq_data_value(d, s, i, e);
                rq_sha256_add(h, &v, sizeof v);
            }
        }
}

static bool read_set(const char *source, const char *file, const char *label, rq_sha256 *h, rq_error *err)
{
    rq_data_spec s = rq_data_spec_default(source);
    rq_data d;
    s.dir = ".";
    s.file = file;
    s.label = label;
    if (!rq_data_open(&s, &d, err)) return false;
    add_set(&d, h);
    rq_data_free(&d);
    return true;
}

static bool read_idx(const char *path, rq_sha256 *h, rq_error *err) { return (void)path, read_set("mnist", NULL, NULL, h, err); }
static bool read_cifar(const char *path, rq_sha256 *h, rq_error *err) { return (void)path, read_set("cifar10", NULL, NULL, h, err); }
static bool read_csv(const char *path, rq_sha256 *h, rq_error *err) { return read_set("csv", path, "kind", h, err); }
static bool read_images(const char *path, rq_sha256 *h, rq_error *err) { return (void)path, read_set("images", "pictures", NULL, h, err); }
static bool read_states(const char *path, rq_sha256 *h, rq_error *err) { return read_set("states", path, NULL, h, err); }

static void add_array(const rq_array *a, rq_sha256 *h)
{
    rq_sha256_add(h, a->dims, sizeof a->dims);
    for (int64_t i = 0; i < a->size; i++) {
        double v = rq_array_get(a, i);
        rq_sha256_add(h, &v, sizeof v);
    }
}

static bool read_npy(const char *path, rq_sha256 *h, rq_error *err)
{
    rq_array a;
    if (!rq_npy_read(path, &a, err)) return false;
    add_array(&a, h);
    rq_array_free(&a);
    return true;
}

static bool read_png(const char *path, rq_sha256 *h, rq_error *err)
{
    rq_picture p;
    if (!rq_png_read(path, 0, &p, err)) return false;
    rq_sha256_add(h, p.pixels, (size_t)(p.width * p.height * p.channels));
    rq_free(p.pixels);
    return true;
}

static bool read_safetensors(const char *path, rq_sha256 *h, rq_error *err)
{
    rq_tensors t;
    if (!rq_safetensors_read(path, &t, err)) return false;
    for (int i = 0; i < t.count; i++) {
        rq_sha256_add(h, t.tensors[i].name, strlen(t.tensors[i].name));
        add_array(&t.tensors[i].array, h);
    }
    rq_tensors_free(&t);
    return true;
}

static bool read_tar(const char *path, rq_sha256 *h, rq_error *err)
{
    int count;
    char hex[65] = "";
    unlink("one.bin");
    if (!rq_unpack(path, ".", &count, err)) return false;
    rq_sha256_add(h, &count, sizeof count);
    rq_error none;
    if (count) rq_sha256_file("one.bin", hex, &none);
    rq_sha256_add(h, hex, strlen(hex));
    return true;
}

static bool read_source(const char *path, rq_sha256 *h, rq_error *err)
{
    Compiler *c = compiler_new();
    c->messages = fopen("/dev/null", "w");
    compile_front(c, path, &(CheckOptions){0});
    unsigned errors = diag_flush(c);
    fclose(c->messages);
    compiler_drop(c);
    rq_sha256_add(h, path, strlen(path));
    return errors == 0 || rq_fail(err, "%u errors", errors);
}

static const Reader readers[] = {
    {"source", "damaged.rq", read_source, true},
    {"idx", "mnist/train-images-idx3-ubyte", read_idx, false},
    {"idx-labels", "mnist/train-labels-idx1-ubyte", read_idx, false},
    {"idx-gz", "mnist/train-images-idx3-ubyte", read_idx, false},
    {"cifar", "cifar-10-batches-bin/data_batch_1.bin", read_cifar, false},
    {"npy", "damaged.npy", read_npy, false},
    {"npz", "damaged.npz", read_states, false},
    {"csv", "damaged.csv", read_csv, true},
    {"png", "damaged.png", read_png, false},
    {"images", "pictures/one/damaged.png", read_images, false},
    {"safetensors", "damaged.safetensors", read_safetensors, false},
    {"tar-gz", "damaged.tar.gz", read_tar, false},
    {"tar", "damaged.tar", read_tar, false},
};

/* ---- damages ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void complain(const Reader *r, const char *damage, size_t at, const char *what, const char *message)
{
    if (bad++ < SHOWN) printf("FAIL: %s, %s at byte %zu: %s%s%s\n", r->name, damage, at, what, *message ? ": " : "", message);
}

static Outcome read_damaged(const Reader *r, const unsigned char *bytes, size_t size, const char *sound, const char *damage, size_t at)
{
    rq_error err = {0};
    rq_sha256 values;
    char hex[65];
    FILE *f = fopen(r->place, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f)) abort();
    rq_sha256_start(&values);
    double begun = now();
    alarm(20);
    bool good = r->read(r->place, &values, &err);
    alarm(0);
    if (now() - begun > slowest) slowest = now() - begun;
    rq_sha256_end(&values, hex);
    if (rq_memory_live()) complain(r, damage, at, "memory is still held", "");
    if (!good && !err.text[0]) complain(r, damage, at, "refused without a word", "");
    return !good ? REFUSED : strcmp(hex, sound) == 0 ? SAME : OTHER;
}

/* Which bytes are structure. */
typedef struct Structure {
    size_t from[RANGES], to[RANGES];
    int count;
} Structure;

static Structure read_structure(const char *text)
{
    Structure s = {0};
    while (*text && s.count < RANGES) {
        char *end;
        s.from[s.count] = strtoul(text, &end, 10);
        s.to[s.count++] = *end == '-' ? strtoul(end + 1, &end, 10) : 0;
        text = *end ? end + 1 : end;
    }
    return s;
}

static bool is_structure(const Structure *s, size_t at)
{
    for (int i = 0; i < s->count; i++)
        if (at >= s->from[i] && at < s->to[i]) return true;
    return false;
}

/* Numbers that lie, over the bytes from `at` on; returns how many bytes they take. */
static size_t put_lie(unsigned char *to, int lie)
{
    static const struct {
        unsigned char bytes[8];
        size_t size;
    } lies[] = {{{0xff}, 1}, {{0x7f}, 1}, {{0}, 1}, {{0xff, 0xff, 0xff, 0xff}, 4}, {{0x7f, 0xff, 0xff, 0xff}, 4}, {{0xff, 0xff, 0xff, 0x7f}, 4},
                {{0x80}, 4}, {{0, 0, 0, 0x80}, 4}, {{0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8},
                {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, 8}, {"99999999", 8}, {"-1", 2}, {"1e9", 3}, {"0", 1}};
    if (lie >= (int)(sizeof lies / sizeof *lies)) return 0;
    memcpy(to, lies[lie].bytes, lies[lie].size);
    return lies[lie].size;
}

typedef struct Work {
    const Reader *r;
    unsigned char *sound, *damaged; /* 16 bytes more than `size` */
    size_t size;
    Structure structure;
    char hex[65];
    int64_t count[DAMAGES][OUTCOMES];
} Work;

static void cut(Work *w)
{
    for (size_t n = 0; n < w->size; n++) {
        Outcome o = read_damaged(w->r, w->sound, n, w->hex, "cut", n);
        w->count[CUT][o]++;
        if (o != REFUSED && !w->r->is_text) complain(w->r, "cut", n, "a part is taken for the whole", "");
    }
}

static void flip(Work *w)
{
    for (size_t at = 0; at < w->size; at++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(w->damaged, w->sound, w->size);
            w->damaged[at] ^= (unsigned char)(1 << bit);
            Outcome o = read_damaged(w->r, w->damaged, w->size, w->hex, "flipped bit", at);
            w->count[FLIP][o]++;
            if (o == OTHER && is_structure(&w->structure, at)) complain(w->r, "flipped bit", at, "damaged structure is read as something else", "");
        }
}

static void lie(Work *w)
{
    for (size_t at = 0; at < w->size; at++)
        for (int k = 0; is_structure(&w->structure, at); k++) {
            memcpy(w->damaged, w->sound, w->size);
            size_t taken = put_lie(w->damaged + at, k);
            if (!taken) break;
            if (at + taken > w->size || memcmp(w->damaged, w->sound, w->size) == 0 || !is_structure(&w->structure, at + taken - 1)) continue;
            Outcome o = read_damaged(w->r, w->damaged, w->size, w->hex, "number", at);
            w->count[LIE][o]++;
            if (o == OTHER && !w->r->is_text) complain(w->r, "number", at, "damaged structure is read as something else", "");
        }
}

static void tail(Work *w)
{
    for (size_t n = 1; n <= 16; n++) {
        memcpy(w->damaged, w->sound, w->size);
        memset(w->damaged + w->size, n % 2 ? 'x' : 0, n);
        w->count[TAIL][read_damaged(w->r, w->damaged, w->size + n, w->hex, "bytes at the end", w->size)]++;
    }
}

static int work(const Reader *r, const char *path, const char *structure)
{
    Work w = {.r = r, .structure = read_structure(structure)};
    rq_error err;
    if (!rq_file_load(path, UINT64_MAX, &w.sound, &w.size, &err)) return puts(err.text), 2;
    unsigned char *copy = malloc(w.size + 16); /* beside rq_alloc, which is asked for nothing held */
    w.damaged = malloc(w.size + 16);
    if (!copy || !w.damaged) abort();
    memcpy(copy, w.sound, w.size);
    rq_free(w.sound);
    w.sound = copy;
    rq_sha256 values;
    rq_sha256_start(&values);
    FILE *f = fopen(r->place, "wb");
    if (!f || fwrite(w.sound, 1, w.size, f) != w.size || fclose(f)) abort();
    if (!r->read(r->place, &values, &err)) return printf("FAIL: %s: the sound file is refused: %s\n", r->name, err.text), 1;
    rq_sha256_end(&values, w.hex);
    rq_memory_limit(LIMIT);
    cut(&w);
    flip(&w);
    lie(&w);
    tail(&w);
    printf("%-12s %6zu", r->name, w.size);
    for (int d = 0; d < DAMAGES; d++)
        printf("  %6lld %5lld %5lld", (long long)w.count[d][REFUSED], (long long)w.count[d][SAME], (long long)w.count[d][OTHER]);
    printf("  %6.1f MB  %5.0f ms\n", (double)rq_memory_peak() / 1e6, 1000 * slowest);
    free(w.sound);
    free(w.damaged);
    return bad != 0;
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        printf("%-12s %6s  %-18s  %-18s  %-18s  %-18s  %9s  %8s\n", "reader", "bytes", "cut", "flipped bit", "lying number", "more bytes", "peak", "slowest");
        printf("%19s  %s  %s  %s  %s\n", "", "refused same other", "refused same other", "refused same other", "refused same other");
        return 0;
    }
    for (size_t i = 0; argc == 4 && i < sizeof readers / sizeof *readers; i++)
        if (!strcmp(readers[i].name, argv[1])) return work(&readers[i], argv[2], argv[3]);
    puts("usage: damages READER FILE FROM-TO,..");
    return 2;
}
