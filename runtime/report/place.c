/* place.c: the directory of an exploration or a scan. */
#include "report/place.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/file.h"

char *rq_place_path(const char *dir, const char *name, rq_error *err)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return rq_copy_text(path, err);
}

FILE *rq_place_open(const char *hidden, rq_error *err)
{
    FILE *f = fopen(hidden, "w");
    if (!f) rq_fail_system(err, "file '%s' cannot be written: %s", hidden, strerror(errno));
    return f;
}

bool rq_place_close(FILE *f, const char *hidden, const char *path, rq_error *err)
{
    bool bad = fflush(f) || ferror(f) || fsync(fileno(f));
    int why = errno;
    if (fclose(f)) bad = true;
    if (!bad && rename(hidden, path)) bad = true, why = errno;
    if (!bad) return true;
    unlink(hidden);
    return rq_fail_system(err, "file '%s' could not be written completely: %s", path, strerror(why));
}

bool rq_place_end(FILE *f, bool whole, const char *hidden, const char *path, rq_error *err)
{
    if (f && whole) return rq_place_close(f, hidden, path, err);
    if (f) {
        fclose(f);
        unlink(hidden);
    }
    return false;
}

bool rq_place_rename(const char *hidden, const char *path, rq_error *err)
{
    if (rename(hidden, path) == 0) return true;
    int why = errno;
    unlink(hidden);
    return rq_fail_system(err, "file '%s' cannot be written: %s", path, strerror(why));
}

static bool make_dir(const char *path, bool *is_new, rq_error *err)
{
    *is_new = !mkdir(path, 0777);
    if (*is_new || errno == EEXIST) return true;
    return rq_fail_system(err, "directory '%s' cannot be made: %s; name another with --out DIR", path, strerror(errno));
}

static bool write_text(const char *dir, const char *name, const char *text, rq_error *err)
{
    char *path = rq_place_path(dir, name, err), *hidden = path ? rq_place_path(dir, ".text.new", err) : NULL;
    FILE *f = hidden ? rq_place_open(hidden, err) : NULL;
    if (f) fputs(text, f);
    bool ok = f && rq_place_close(f, hidden, path, err);
    rq_free(path);
    rq_free(hidden);
    return ok;
}

/* Does the file hold exactly this text? */
static bool holds(const char *dir, const char *name, const char *text, bool *same, rq_error *err)
{
    char *path = rq_place_path(dir, name, err);
    unsigned char *bytes = NULL;
    size_t size;
    bool ok = path && rq_file_load(path, UINT64_MAX, &bytes, &size, err);
    *same = ok && size == strlen(text) && memcmp(bytes, text, size) == 0;
    rq_free(bytes);
    rq_free(path);
    return ok;
}

static bool is_there(const char *dir, const char *name, bool *yes, rq_error *err)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return rq_file_is_there(path, yes, err);
}

static bool fill(const rq_place *p, const char *dir, rq_error *err)
{
    for (int i = 0; i < RQ_PLACE_FOLDERS && p->folders[i]; i++) {
        char folder[PATH_MAX + 64];
        bool is_new;
        snprintf(folder, sizeof folder, "%s/%s", dir, p->folders[i]);
        if (!make_dir(folder, &is_new, err)) return false;
    }
    return write_text(dir, "model.rq", p->source, err) && write_text(dir, "versions.txt", p->versions, err) &&
           write_text(dir, "settings.json", p->settings, err);
}

/* settings.json is written last of what identifies the work. */
static bool take_given(const rq_place *p, const char *dir, rq_error *err)
{
    bool is_new, is_run, is_begun, same_source, same_settings;
    if (strlen(dir) >= PATH_MAX) return rq_fail(err, "the path '%.60s...' is too long", dir);
    if (!make_dir(dir, &is_new, err) || !is_there(dir, "metrics.jsonl", &is_run, err)) return false;
    if (is_run) return rq_fail(err, "'%s' already holds a run; name another directory with --out DIR, or remove it first", dir);
    if (!is_there(dir, "settings.json", &is_begun, err)) return false;
    if (!is_begun) return fill(p, dir, err);
    if (!holds(dir, "model.rq", p->source, &same_source, err) || !holds(dir, "settings.json", p->settings, &same_settings, err)) return false;
    if (same_source && same_settings) return fill(p, dir, err);
    return rq_fail(err, "'%s' holds %s with %s; name another directory with --out DIR, or remove it first", dir, p->what,
                   same_source ? "other settings" : "another source");
}

char *rq_place_make(const rq_place *p, const char *out, rq_error *err)
{
    char path[PATH_MAX];
    bool is_new = false;
    if (out) return take_given(p, out, err) ? rq_copy_text(out, err) : NULL;
    if (!make_dir("runs", &is_new, err)) return NULL;
    is_new = false;
    for (int i = 1; i < 100000 && !is_new; i++) {
        snprintf(path, sizeof path, "runs/%.200s-%03d", p->name, i);
        if (!make_dir(path, &is_new, err)) return NULL;
    }
    return fill(p, path, err) ? rq_copy_text(path, err) : NULL;
}
