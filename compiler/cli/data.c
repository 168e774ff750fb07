/* data.c: `rq data list | show SOURCE | fetch SOURCE`.
 *
 * What there is comes from callees.def, what can be downloaded from downloads.def. Downloads go below the first of the
 * folders in which data sets are looked for, so that what was fetched is found.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/samples.h"
#include "data/fetch.h"
#include "data/source.h"

typedef struct SourceRow {
    const char *name, *help;
} SourceRow;

enum { IN_loss, IN_optimizer, IN_schedule, IN_start, IN_source }; /* the groups of callees.def */

static const struct {
    int group;
    SourceRow row;
} callees[] = {
#define CALLEE(group, name, help) {IN_##group, {#name, help}},
#define ARGUMENT(group, callee, name, type, standard)
#include "check/callees.def"
#undef CALLEE
#undef ARGUMENT
};

static const struct {
    int group;
    const char *callee, *name, *type, *standard;
} arguments[] = {
#define CALLEE(group, name, help)
#define ARGUMENT(group, callee, name, type, standard) {IN_##group, #callee, #name, #type, standard},
#include "check/callees.def"
#undef CALLEE
#undef ARGUMENT
};

/* ---- list ---- */

/* "file: text, [train: count], [seed: whole = 0]": in brackets what may be left out. */
static const char *arguments_text(Arena *a, const char *source)
{
    const char *text = "";
    for (size_t i = 0; i < COUNT(arguments); i++) {
        if (arguments[i].group != IN_source || strcmp(arguments[i].callee, source) != 0) continue;
        const char *standard = arguments[i].standard;
        bool needed = !strcmp(standard, "!"), has_standard = *standard && !needed;
        text = arena_printf(a, "%s%s%s%s: %s%s%s%s", text, *text ? ", " : "", needed ? "" : "[", arguments[i].name, arguments[i].type,
                            has_standard ? " = " : "", has_standard ? standard : "", needed ? "" : "]");
    }
    return text;
}

/* The folder, or NULL with *why: it needs none, its files are named in the .rq file, or it was not found. */
static const char *where(Compiler *c, const Options *o, const char *source, const char **why)
{
    char folder[RQ_PATH];
    rq_error err;
    *why = "made by the program";
    if (strstr(arguments_text(c->keep, source), ": text")) *why = "the files that it names";
    if (!rq_fetch_address(source)) return NULL;
    *why = arena_printf(c->keep, "not found; 'rq data fetch %s' downloads it", source);
    return rq_data_locate(source, o->data, folder, &err) ? arena_strdup(c->keep, folder) : NULL;
}

static void list_one(Compiler *c, const Options *o, const SourceRow *row)
{
    const char *why, *folder = where(c, o, row->name, &why);
    if (o->quiet) {
        printf("%s\n", row->name);
    } else if (o->json) {
        json_t *one = json_pack("{si ss ss ss so}", "schema", 1, "source", row->name, "help", row->help, "arguments",
                                arguments_text(c->keep, row->name), "found", folder ? json_string(folder) : json_null());
        if (!one || json_dumpf(one, stdout, 0) != 0) fatal("the list could not be written as JSON");
        putchar('\n');
        json_decref(one);
    } else {
        printf("%-14s %s: %s\n%14s %s\n", row->name, row->help, folder ? folder : why, "", arguments_text(c->keep, row->name));
    }
}

static int list(Compiler *c, const Options *o)
{
    if (o->rest.len) fatal("'rq data list' takes no further argument; 'rq data show %s' shows samples", o->rest.at[0]);
    for (size_t i = 0; i < COUNT(callees); i++) {
        if (callees[i].group == IN_source) list_one(c, o, &callees[i].row);
    }
    if (o->quiet || o->json) return EXIT_done;
    char roots[RQ_ROOTS][RQ_PATH];
    int n = rq_data_roots(o->data, roots);
    printf("\nlooked for in");
    for (int i = 0; i < n; i++) printf("%s %s", i ? "," : "", roots[i]);
    printf("%s\n", n ? "" : " no folder: set RQ_DATA");
    return EXIT_done;
}

/* ---- fetch ---- */

static void make_folders(Compiler *c, const char *path)
{
    char *text = arena_strdup(c->keep, path);
    for (char *s = text + 1;; s++) {
        if (*s && *s != '/') continue;
        char end = *s;
        *s = '\0';
        if (mkdir(text, 0777) != 0 && errno != EEXIST) fatal("directory '%s' cannot be made: %s; name another with --data DIR", text, strerror(errno));
        if (!end) return;
        *s = end;
    }
}

/* One line that is written over, on a terminal only. */
static void tell(void *context, const char *name, uint64_t have, uint64_t total)
{
    (void)context;
    double mb = (double)have / 1e6;
    if (total) fprintf(stderr, "\r%s  %.1f of %.1f MB  %3.0f%%", name, mb, (double)total / 1e6, 100.0 * (double)have / (double)total);
    else fprintf(stderr, "\r%s  %.1f MB", name, mb);
    if (total && have >= total) fputc('\n', stderr);
}

static void fetch_to(Compiler *c, const Options *o, const rq_download *d, const char *base, const char *folder)
{
    rq_error err;
    rq_fetch_progress progress = {.tell = tell};
    bool live = !o->quiet && isatty(STDERR_FILENO);
    size_t len = strlen(base);
    const char *url = arena_printf(c->keep, "%.*s/%s", (int)(len - (base[len - 1] == '/')), base, d->name);
    const char *path = arena_printf(c->keep, "%s/%s", folder, d->name);
    if (!rq_fetch(d, url, path, live ? &progress : NULL, &err)) fatal("%s", err.text);
    if (d->is_archive) {
        int count;
        if (!rq_unpack(path, folder, &count, &err)) fatal("%s", err.text);
        unlink(path);
    }
    if (!o->quiet) printf("%s\n", d->is_archive ? folder : path);
}

static bool is_sha256(const char *text) { return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64; }

/* An address of the user's own, with its hash. */
static void fetch_address(Compiler *c, const Options *o, const char *url, const char *folder)
{
    const char *slash = strrchr(url, '/');
    if (!slash[1] || strpbrk(slash + 1, "?#")) fatal("the address '%s' does not end in the name of a file", url);
    if (o->from) fatal("--from names the address of a known data set; '%s' is one itself", url);
    if (!o->sha256) fatal("what is at '%s' has to be known: --sha256 HEX; 'sha256sum FILE' prints it where the file is", url);
    if (!is_sha256(o->sha256)) fatal("--sha256 takes 64 hexadecimal digits, not '%s'", o->sha256);
    char *hex = arena_strdup(c->keep, o->sha256);
    for (char *s = hex; *s; s++) *s = (char)tolower((unsigned char)*s);
    fetch_to(c, o, &(rq_download){.source = "", .name = slash + 1, .sha256 = hex, .content_sha256 = hex}, arena_strndup(c->keep, url, (size_t)(slash - url)), folder);
}

static int fetch(Compiler *c, const Options *o)
{
    if (!o->rest.len) fatal("'rq data fetch' lacks the name of a data set: mnist, fashion_mnist or cifar10, or an address");
    const char *source = o->rest.at[0];
    char roots[RQ_ROOTS][RQ_PATH];
    if (!rq_data_roots(o->data, roots)) fatal("there is no folder for data: name one with --data DIR or RQ_DATA");
    bool is_address = strstr(source, "://") != NULL;
    if (!is_address && !rq_fetch_address(source))
        fatal("'%s' is no data set that can be downloaded; mnist, fashion_mnist and cifar10 are, or an address with --sha256", source);
    if (!is_address && o->sha256) fatal("--sha256 belongs to an address; that of '%s' is known", source);
    const char *folder = is_address ? roots[0] : arena_printf(c->keep, "%s/%s", roots[0], rq_fetch_folder(source));
    make_folders(c, folder);
    if (is_address) fetch_address(c, o, source, folder);
    for (size_t i = 0; !is_address && rq_fetch_file(source, i); i++)
        fetch_to(c, o, rq_fetch_file(source, i), o->from ? o->from : rq_fetch_address(source), folder);
    return EXIT_done;
}

int verb_data(Compiler *c, const Options *o)
{
    if (strcmp(o->file, "fetch") != 0 && (o->from || o->sha256)) fatal("--from and --sha256 are for 'rq data fetch'");
    if (strcmp(o->file, "show") != 0 && o->output) fatal("-o is for 'rq data show', which draws a picture");
    if (!strcmp(o->file, "list")) return list(c, o);
    if (!strcmp(o->file, "fetch")) return fetch(c, o);
    if (strcmp(o->file, "show") != 0) fatal("'rq data' takes list, show or fetch, not '%s'", o->file);
    if (!o->rest.len) fatal("'rq data show' lacks a data source: glyphs, 'csv(file: \"t.csv\", label: \"kind\")', ...");
    return samples_show(c, o, o->rest.at[0]);
}
