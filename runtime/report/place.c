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

/* The text of a file of the directory, from rq_alloc; NULL: failed, worded. */
static char *text_of(const char *dir, const char *name, rq_error *err)
{
    char *path = rq_place_path(dir, name, err), *text = NULL;
    unsigned char *bytes = NULL;
    size_t size;
    if (path && rq_file_load(path, UINT64_MAX, &bytes, &size, err)) text = rq_alloc_array(size + 1, 1, name, err);
    if (text) memcpy(text, bytes, size);
    rq_free(bytes);
    rq_free(path);
    return text;
}

/* The next line of *text without the blanks and the comma around it; *text goes on behind it. Where the file was named is no setting. */
static size_t next_setting(const char **text, const char **line)
{
    static const char file[] = "\"file\":";
    size_t n;
    do {
        *line = *text + strspn(*text, " \t");
        n = strcspn(*line, "\n");
        *text = *line + n + ((*line)[n] == '\n');
    } while (n && !strncmp(*line, file, sizeof file - 1));
    return n && (*line)[n - 1] == ',' ? n - 1 : n;
}

/* Equal settings, or the first that differs in `different`. */
static bool same_settings(const char *there, const char *here, char *different, size_t size)
{
    const char *a, *b;
    while (*there || *here) {
        size_t n = next_setting(&there, &a), m = next_setting(&here, &b);
        if (n == m && !memcmp(a, b, n)) continue;
        snprintf(different, size, "there %.*s, here %.*s", n < 100 ? (int)n : 100, a, m < 100 ? (int)m : 100, b);
        return false;
    }
    return true;
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
           (!p->data || write_text(dir, "data.txt", p->data, err)) &&
           write_text(dir, "settings.json", p->settings, err);
}

/* Whether the directory's runs had the same data; without the file, as earlier versions leave it, that is not known. */
static bool same_data(const rq_place *p, const char *dir, rq_error *err)
{
    bool known;
    if (!p->data) return true;
    if (!is_there(dir, "data.txt", &known, err)) return false;
    char *there = known ? text_of(dir, "data.txt", err) : NULL;
    bool ok = !known || there;
    if (there && strcmp(there, p->data))
        ok = rq_fail(err, "'%s' holds %s of other data:\n%.300swhere now there is\n%.300sname another directory with --out DIR, or remove it first",
                     dir, p->what, there, p->data);
    rq_free(there);
    return ok;
}

/* Whether what the directory holds is the same work. */
static bool go_on(const rq_place *p, const char *dir, rq_error *err)
{
    char different[256];
    char *source = text_of(dir, "model.rq", err), *settings = source ? text_of(dir, "settings.json", err) : NULL;
    bool ok = source && settings;
    if (ok && strcmp(source, p->source))
        ok = rq_fail(err, "'%s' holds %s with another source; name another directory with --out DIR, or remove it first", dir, p->what);
    else if (ok && !same_settings(settings, p->settings, different, sizeof different))
        ok = rq_fail(err, "'%s' holds %s with other settings (%s); name another directory with --out DIR, or remove it first", dir, p->what,
                     different);
    rq_free(source);
    rq_free(settings);
    return ok && same_data(p, dir, err);
}

/* settings.json is written last of what identifies the work. */
static bool take_given(const rq_place *p, const char *dir, rq_error *err)
{
    bool is_new, is_run, is_begun;
    if (strlen(dir) >= PATH_MAX) return rq_fail(err, "the path '%.60s...' is too long", dir);
    if (!make_dir(dir, &is_new, err) || !is_there(dir, "metrics.jsonl", &is_run, err)) return false;
    if (is_run) return rq_fail(err, "'%s' already holds a run; name another directory with --out DIR, or remove it first", dir);
    if (!is_there(dir, "settings.json", &is_begun, err)) return false;
    if (!is_begun) return fill(p, dir, err);
    return go_on(p, dir, err) && fill(p, dir, err);
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
