/* locate.c: name of a data set -> folder. --data DIR, then $RQ_DATA, then $XDG_DATA_HOME/rq (or
 * ~/.local/share/rq). */
#include "data/file.h"
#include "data/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool join(char out[RQ_PATH], const char *a, const char *b, const char *c)
{
    int n = snprintf(out, RQ_PATH, "%s%s%s%s%s", a, *b ? "/" : "", b, *c ? "/" : "", c);
    return n > 0 && n < RQ_PATH;
}

int rq_data_roots(const char *dir, char roots[RQ_ROOTS][RQ_PATH])
{
    int count = 0;
    const char *named = getenv("RQ_DATA");
    const char *share = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (dir && *dir && join(roots[count], dir, "", "")) count++;
    if (named && *named && join(roots[count], named, "", "")) count++;
    if (share && *share) {
        if (join(roots[count], share, "rq", "")) count++;
    } else if (home && *home && join(roots[count], home, ".local/share", "rq")) {
        count++;
    }
    return count;
}

bool rq_data_file_path(const char *folder, const char *name, char path[RQ_PATH], bool *has, rq_error *err)
{
    rq_file_kind kind;
    *has = false;
    for (int i = 0; i < 2 && !*has; i++) {
        int n = snprintf(path, RQ_PATH, "%s/%s%s", folder, name, i ? ".gz" : "");
        if (n < 0 || n >= RQ_PATH) return true;
        if (!rq_file_look(path, &kind, err)) return false;
        *has = kind == RQ_FILE_other;
    }
    return true;
}

static bool holds_any(const char *folder, const char *const *names, bool *any, rq_error *err)
{
    char path[RQ_PATH];
    *any = false;
    for (; *names && !*any; names++)
        if (!rq_data_file_path(folder, *names, path, any, err)) return false;
    return true;
}

static void append(char *text, size_t size, const char *prefix, const char *item)
{
    size_t used = strlen(text);
    int whole = snprintf(text + used, size - used, "%s%s", prefix, item);
    if (whole < 0) text[used] = 0;
}

/* Below a data folder: where a source's files may stand, and the names of which one is enough to
 * take a folder for it. */
static const struct {
    const char *source;
    const char *const subs[5], *const names[5];
} places[] = {
    {"mnist", {"mnist", "MNIST/raw", ""}, {RQ_IDX_FILES}},
    {"fashion_mnist", {"fashion_mnist", "fashion-mnist", "FashionMNIST/raw", ""}, {RQ_IDX_FILES}},
    {"cifar10",
     {"cifar-10-batches-bin", "cifar10", "cifar-10", ""},
     {"data_batch_1.bin", "test_batch.bin"}},
};

bool rq_data_locate(const char *source, const char *dir, char folder[RQ_PATH], rq_error *err)
{
    size_t p = 0;
    while (p < sizeof places / sizeof *places && strcmp(places[p].source, source) != 0) p++;
    if (p == sizeof places / sizeof *places)
        return rq_fail(err, "'%s' is no data set that is looked up by its name", source);
    char roots[RQ_ROOTS][RQ_PATH];
    int count = rq_data_roots(dir, roots);
    char looked[600] = "";
    for (int i = 0; i < count; i++) {
        for (const char *const *sub = places[p].subs; *sub; sub++) {
            if (!join(folder, roots[i], *sub, "")) continue;
            bool found;
            if (!holds_any(folder, places[p].names, &found, err)) return false;
            if (found) return true;
            append(looked, sizeof looked, looked[0] ? ", " : "", folder);
        }
    }
    return rq_fail(
        err,
        "the data set '%s' was not found: no %s (plain or .gz) in %s\n"
        "download it with 'rq data fetch %s', name its folder with --data DIR or RQ_DATA, or use "
        "glyphs(...), which needs no download",
        source, places[p].names[0], looked[0] ? looked : "any folder, as none is set", source);
}

bool rq_data_find(const rq_data_spec *spec, const char *file, char path[RQ_PATH], rq_error *err)
{
    if (!file || !*file)
        return rq_fail(err, "'%s' needs the name of a file or folder", spec->source);
    bool found;
    if (!join(path, file, "", "")) return rq_fail(err, "the path '%.60s...' is too long", file);
    if (!rq_file_is_there(path, &found, err)) return false;
    if (found) return true;
    char roots[RQ_ROOTS][RQ_PATH];
    int count = *file == '/' ? 0 : rq_data_roots(spec->dir, roots);
    char looked[600] = "";
    for (int i = 0; i < count; i++) {
        if (!join(path, roots[i], file, "")) continue;
        if (!rq_file_is_there(path, &found, err)) return false;
        if (found) return true;
        append(looked, sizeof looked, ", nor in ", roots[i]);
    }
    return rq_fail(err, "'%s' was not found here%s", file, looked);
}
