/* doctor.c: `rq doctor`: what this installation has, and what is wrong here, with advice.
 *
 * First all is gathered, then printed as text or JSON. A problem makes the exit code 4; advice does not: everything
 * works without a downloaded data set.
 */
#include <cblas.h>
#include <errno.h>
#include <jansson.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/backend.h"
#include "cli/cli.h"
#include "data/copy.h"
#include "data/source.h"

enum { LITTLE_SPACE_MB = 200 };

static const char *const looked_up[] = {"mnist", "fashion_mnist", "cifar10"};

typedef struct Health {
    const char *openblas, *cpu;
    int vector_bits, threads, processors;
    double quota;        /* processors that the control group grants; 0 = no limit */
    double memory, free; /* GB of the machine, MB of the disk under `runs` */
    const char *runs;    /* the directory that runs go to */
    bool runs_writable;
    const char *cache;   /* NULL: no place for it */
    bool cache_writable;
    CacheSize kept;
    char copies[RQ_PATH]; /* folder of unpacked data; "": none */
    CacheSize copied;
    TextList roots;
    const char *folders[COUNT(looked_up)]; /* NULL: not found */
    TextList problems, advice;
} Health;

/* "200000 100000" in cpu.max is two processors. */
static double cgroup_quota(void)
{
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "r");
    double most = 0, period = 0;
    int read = f ? fscanf(f, "%lf %lf", &most, &period) : 0;
    if (f) fclose(f);
    return read == 2 && period > 0 ? most / period : 0;
}

static void look_at_threads(Compiler *c, const Options *o, Health *h)
{
    h->threads = o->threads ? o->threads : omp_get_num_procs(); /* of the affinity mask */
    h->processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    h->quota = cgroup_quota();
    if (h->quota > 0 && h->threads > h->quota + 0.5) {
        vec_push(c->keep, &h->advice,
                 arena_printf(c->keep, "the control group grants %.1f processors to %d threads; '--threads %.0f' is faster", h->quota,
                              h->threads, h->quota < 1 ? 1 : h->quota));
    }
    if (h->threads > omp_get_num_procs()) {
        vec_push(c->keep, &h->advice,
                 arena_printf(c->keep, "%d threads on %d processors: more than one each is slower", h->threads, omp_get_num_procs()));
    }
    if (!strstr(h->openblas, "OpenBLAS")) {
        vec_push(c->keep, &h->problems, "the BLAS that is loaded does not say that it is OpenBLAS; install libopenblas0-pthread");
    }
}

/* Whether a file can be made in a folder that is there. */
static bool can_write_in(Compiler *c, const char *folder)
{
    char *path = arena_printf(c->keep, "%s/.rq-doctor-XXXXXX", folder);
    int fd = mkstemp(path);
    if (fd < 0) return false;
    bool good = write(fd, "rq\n", 3) == 3;
    close(fd);
    unlink(path);
    return good;
}

static void look_at_runs(Compiler *c, const Options *o, Health *h)
{
    h->runs = o->out ? o->out : "runs";
    struct stat st;
    bool there = stat(h->runs, &st) == 0;
    const char *slash = strrchr(h->runs, '/');
    const char *above = !slash ? "." : slash == h->runs ? "/" : arena_strndup(c->keep, h->runs, (size_t)(slash - h->runs));
    const char *folder = there ? h->runs : above;
    bool no_folder = there && !S_ISDIR(st.st_mode);
    h->runs_writable = !no_folder && can_write_in(c, folder);
    if (!h->runs_writable) {
        const char *why = no_folder ? "it is no directory" : strerror(errno);
        vec_push(c->keep, &h->problems,
                 arena_printf(c->keep, "'%s' cannot be written: %s; name another directory with --out DIR", h->runs, why));
    }
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0) return;
    h->free = (double)disk.f_bavail * (double)disk.f_frsize / 1e6;
    if (h->free < LITTLE_SPACE_MB) {
        vec_push(c->keep, &h->problems, arena_printf(c->keep, "only %.0f MB are free under '%s'; checkpoints need room", h->free, folder));
    }
}

/* A cache that cannot be written costs time, nothing else. */
static void look_at_cache(Compiler *c, const Options *o, Health *h)
{
    h->cache = cache_directory(c->keep);
    if (!h->cache) {
        vec_push(c->keep, &h->advice, "machine code is not kept between runs: neither XDG_CACHE_HOME nor HOME names a folder");
        return;
    }
    if (!rq_copy_folder(h->copies, sizeof h->copies)) h->copies[0] = 0;
    if (o->clear_cache) backend_cache_trim(h->cache, 0);
    if (o->clear_cache && h->copies[0]) backend_cache_trim(h->copies, 0);
    h->kept = backend_cache_size(h->cache);
    h->copied = h->copies[0] ? backend_cache_size(h->copies) : (CacheSize){0};
    char *folder = arena_strdup(c->keep, h->cache), *slash; /* it, or what is there of the way to it */
    while (access(folder, F_OK) && (slash = strrchr(folder, '/')) && slash > folder) *slash = 0;
    h->cache_writable = can_write_in(c, folder);
    if (!h->cache_writable)
        vec_push(c->keep, &h->advice,
                 arena_printf(c->keep, "machine code is not kept between runs: '%s' cannot be written: %s", h->cache, strerror(errno)));
}

static void look_at_data(Compiler *c, const Options *o, Health *h)
{
    char roots[RQ_ROOTS][RQ_PATH], folder[RQ_PATH];
    int n = rq_data_roots(o->data, roots);
    for (int i = 0; i < n; i++) {
        struct stat st;
        vec_push(c->keep, &h->roots, arena_strdup(c->keep, roots[i]));
        const char *named = getenv("RQ_DATA"); /* the folder that nobody named need not be there */
        bool asked_for = (o->data && !strcmp(roots[i], o->data)) || (named && !strcmp(roots[i], named));
        if (asked_for && stat(roots[i], &st) != 0) {
            vec_push(c->keep, &h->problems,
                     arena_printf(c->keep, "the data folder '%s' cannot be read: %s; correct --data or RQ_DATA", roots[i], strerror(errno)));
        }
    }
    const char *absent = "";
    for (size_t i = 0; i < COUNT(looked_up); i++) {
        rq_error err;
        bool found = rq_data_locate(looked_up[i], o->data, folder, &err);
        if (found) h->folders[i] = arena_strdup(c->keep, folder);
        else absent = arena_printf(c->keep, "%s%s%s", absent, *absent ? ", " : "", looked_up[i]);
    }
    if (*absent) {
        vec_push(c->keep, &h->advice,
                 arena_printf(c->keep, "not found: %s; glyphs(...) needs no files, 'rq data fetch NAME' downloads", absent));
    }
}

static void print_text(const Health *h)
{
    printf("rq        %s, LLVM %s\nBLAS      %s\n", RQ_VERSION, backend_llvm_version(), h->openblas);
    printf("CPU       %s, vectors of %d bits (%d x f32, %d x f64)\n", h->cpu, h->vector_bits, h->vector_bits / 32, h->vector_bits / 64);
    printf("threads   %d of %d processors", h->threads, h->processors);
    if (h->quota > 0) printf(", the control group grants %.1f", h->quota);
    printf("\nmemory    %.1f GB\nruns      %s: %s, %.0f MB free\n", h->memory, h->runs, h->runs_writable ? "can be written" : "cannot be written",
           h->free);
    if (h->cache)
        printf("cache     %s: %llu files, %.1f MB%s\n", h->cache, (unsigned long long)h->kept.files, (double)h->kept.bytes / 1e6,
               h->cache_writable ? "" : ", cannot be written");
    if (h->cache && h->copies[0])
        printf("          %s: %llu unpacked files, %.1f MB\n", h->copies, (unsigned long long)h->copied.files, (double)h->copied.bytes / 1e6);
    printf("data      looked for in");
    for (uint32_t i = 0; i < h->roots.len; i++) printf("%s %s", i ? "," : "", h->roots.at[i]);
    printf("%s\n", h->roots.len ? "" : " no folder: set RQ_DATA");
    for (size_t i = 0; i < COUNT(looked_up); i++) {
        printf("          %-14s %s\n", looked_up[i], h->folders[i] ? h->folders[i] : "not found");
    }
    for (uint32_t i = 0; i < h->advice.len; i++) printf("advice    %s\n", h->advice.at[i]);
    for (uint32_t i = 0; i < h->problems.len; i++) printf("problem   %s\n", h->problems.at[i]);
    if (!h->problems.len) printf("nothing is wrong\n");
}

static json_t *list_json(const TextList *list)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < list->len; i++) json_array_append_new(all, json_string(list->at[i]));
    return all;
}

static void print_json(const Health *h)
{
    json_t *data = json_object();
    for (size_t i = 0; i < COUNT(looked_up); i++) {
        json_object_set_new(data, looked_up[i], h->folders[i] ? json_string(h->folders[i]) : json_null());
    }
    json_t *cache = h->cache ? json_pack("{ss sI sI ss sI sI}", "folder", h->cache, "files", (json_int_t)h->kept.files, "bytes", (json_int_t)h->kept.bytes, "copies_folder",
                                         h->copies, "copies", (json_int_t)h->copied.files, "copies_bytes", (json_int_t)h->copied.bytes)
                             : json_null();
    json_t *all = json_pack("{si ss ss ss ss si si si sf sf sf ss sb so so so so so}", "schema", 1, "rq", RQ_VERSION, "llvm",
                            backend_llvm_version(), "blas", h->openblas, "cpu", h->cpu, "vector_bits", h->vector_bits, "threads",
                            h->threads, "processors", h->processors, "quota", h->quota, "memory_gb", h->memory, "free_mb", h->free, "runs",
                            h->runs, "runs_writable", (int)h->runs_writable, "cache", cache, "data_folders", list_json(&h->roots), "data", data, "advice",
                            list_json(&h->advice), "problems", list_json(&h->problems));
    if (!all || json_dumpf(all, stdout, JSON_REAL_PRECISION(6)) != 0) fatal("the findings could not be written as JSON");
    putchar('\n');
    json_decref(all);
}

int verb_doctor(Compiler *c, const Options *o)
{
    Health h = {.openblas = openblas_get_config(), .cpu = backend_cpu_name(c->keep, NULL), .vector_bits = backend_vector_bits(c->keep)};
    h.memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1e9;
    look_at_threads(c, o, &h);
    look_at_runs(c, o, &h);
    look_at_cache(c, o, &h);
    look_at_data(c, o, &h);
    if (o->json) print_json(&h);
    else print_text(&h);
    return h.problems.len ? EXIT_answer_no : EXIT_done;
}
