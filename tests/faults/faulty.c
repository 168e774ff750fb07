/* faulty.c: runs a piece of work again and again, each time with another call to the system failing.
 *
 *     faulty [--each K] WORK..      in a folder with model.rq and the files that works.c names; each K-th call
 *
 * Every try is a process of its own, in a folder of its own. It ends with an error in words, or has the output and the files of a try in
 * which nothing fails; it holds no memory and no file at its end; what it leaves is whole, and a further try without a fault goes on
 * from there to the same result. Prints a table of calls and outcomes; exit 1 if a try ends otherwise.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/sha256.h"
#include "faults/works.h"

enum { SECONDS = 60, SHOWN = 30 };

/* What a try tells its parent. */
typedef struct Told {
    bool ended, ok;
    fault_call met;
    int64_t calls, memory, files;
    rq_error err;
} Told;

typedef struct Try {
    Told told;
    int status;
    char digest[65]; /* of all it printed and left */
} Try;

static int64_t count[FAULT_COUNT][3]; /* errors, no harm, bad */
static int bad;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int64_t open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int64_t n = 0;
    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n;
}

/* ---- one try ---- */

static void to_file(int fd, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0 || dup2(file, fd) < 0) _exit(99);
    close(file);
}

static void run_here(const Work *w, bool check, bool was_ok, int64_t n, fault_mode mode, int answer)
{
    Told t = {.ended = true};
    alarm(SECONDS);
    to_file(STDOUT_FILENO, check ? "checked" : "out");
    to_file(STDERR_FILENO, check ? "err2" : "err");
    int64_t memory = rq_memory_live(), files = open_files();
    fault_clock(true);
    if (check) {
        t.ok = w->check(was_ok, &t.err);
    } else {
        fault_plan(n, mode);
        t.ok = w->run(&t.err);
        t.met = fault_end();
        t.calls = fault_calls();
    }
    fault_clock(false);
    t.memory = rq_memory_live() - memory;
    t.files = open_files() - files;
    fflush(stdout);
    if (write(answer, &t, sizeof t) != sizeof t) _exit(98);
    exit(0); /* leaks are looked for here */
}

static Try try_once(const Work *w, bool check, bool was_ok, const char *folder, int64_t n, fault_mode mode)
{
    Try t = {.status = -1};
    int ends[2];
    fflush(NULL);
    if (pipe(ends)) abort();
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        if (chdir(folder)) _exit(97);
        run_here(w, check, was_ok, n, mode, ends[1]);
    }
    close(ends[1]);
    if (read(ends[0], &t.told, sizeof t.told) != sizeof t.told) t.told.ended = false;
    close(ends[0]);
    if (child < 0 || waitpid(child, &t.status, 0) != child) abort();
    return t;
}

/* ---- what a try leaves ---- */

static rq_sha256 *hashing;
static size_t skipped;

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void hash_folder(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < n; i++) {
        char inner[PATH_SIZE], hex[65];
        struct stat st;
        snprintf(inner, sizeof inner, "%.*s/%s", PATH_SIZE - 300, path, entries[i]->d_name);
        bool counts = entries[i]->d_name[0] != '.' && strcmp(entries[i]->d_name, "err") != 0 && stat(inner, &st) == 0;
        free(entries[i]);
        if (!counts) continue;
        rq_sha256_add(hashing, inner + skipped, strlen(inner + skipped));
        if (S_ISDIR(st.st_mode)) hash_folder(inner);
        else if (rq_sha256_file(inner, hex, NULL)) rq_sha256_add(hashing, hex, sizeof hex);
    }
    if (n >= 0) free(entries);
}

static void digest_of(const char *folder, char hex[65])
{
    rq_sha256 h;
    rq_sha256_start(&h);
    hashing = &h;
    skipped = strlen(folder);
    hash_folder(folder);
    rq_sha256_end(&h, hex);
}

static void fresh(const Work *w, char folder[PATH_SIZE])
{
    strcpy(folder, "try");
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (mkdir(folder, 0777)) abort();
    if (w->begin) w->begin(folder);
}

static void complain(const Work *w, int64_t n, fault_mode mode, const Try *t, const char *what)
{
    static const char *const modes[] = {"once", "from there on", "half"};
    bad++;
    count[t->told.met][2]++;
    if (bad > SHOWN) return;
    printf("FAIL: %s, call %lld (%s) %s: %s", w->name, (long long)n, fault_names[t->told.met], modes[mode], what);
    if (WIFSIGNALED(t->status)) printf(", signal %d", WTERMSIG(t->status));
    else if (t->status) printf(", status %d", WEXITSTATUS(t->status));
    printf("%s%s\n", t->told.err.text[0] ? ": " : "", t->told.err.text);
    FILE *f = fopen("try/err", "r");
    char line[400];
    for (int i = 0; f && i < 12 && fgets(line, sizeof line, f); i++) printf("    %s", line);
    if (f) fclose(f);
    fflush(stdout);
}

/* What is wrong with a try; NULL: nothing. */
static const char *judge(const Work *w, const Try *t, const char *expected, const char *folder)
{
    const Told *a = &t->told;
    if (!a->ended || WIFSIGNALED(t->status)) return "crashed or hung";
    if (t->status) return "a sanitizer's finding";
    if (a->memory) return "memory is still held";
    if (a->files) return "files are still open";
    if (!a->ok && !a->err.text[0]) return "failed without a word";
    if (a->ok && strcmp(t->digest, expected) != 0) return "says that all is well, but gives something else";
    if (!w->check) return NULL;
    Try after = try_once(w, true, a->ok, folder, 0, FAULT_ONCE);
    if (after.told.ended && after.told.ok && !after.status) return NULL;
    static char text[1200];
    snprintf(text, sizeof text, "what it leaves is not right: %s", after.told.err.text);
    return text;
}

static void try_all(const Work *w, int64_t each)
{
    char folder[PATH_SIZE], expected[65];
    Try whole = {0};
    w->prepare();
    for (int i = 0; i < 2; i++) {
        fresh(w, folder);
        Try t = try_once(w, false, false, folder, 0, FAULT_ONCE);
        digest_of(folder, t.digest);
        if (i == 0) whole = t, strcpy(expected, t.digest);
        const char *wrong = !t.told.ok ? "fails without a fault" : judge(w, &t, expected, folder);
        if (!wrong) continue;
        complain(w, 0, FAULT_ONCE, &t, wrong);
        return;
    }
    for (fault_mode mode = FAULT_ONCE; mode < FAULT_MODES; mode++) {
        for (int64_t n = 1; n <= whole.told.calls; n += each) {
            fresh(w, folder);
            Try t = try_once(w, false, false, folder, n, mode);
            digest_of(folder, t.digest);
            if (t.told.ended && t.told.met == FAULT_none) continue;
            const char *wrong = judge(w, &t, expected, folder);
            if (wrong) complain(w, n, mode, &t, wrong);
            else count[t.told.met][t.told.ok]++;
        }
    }
    printf("%-12s %6lld calls\n", w->name, (long long)whole.told.calls);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int64_t each = 1;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--each") && i + 1 < argc) {
            each = atoll(argv[++i]);
            continue;
        }
        const Work *w = works;
        while (w->name && strcmp(w->name, argv[i]) != 0) w++;
        if (!w->name) {
            printf("there is no work '%s'\n", argv[i]);
            return 2;
        }
        try_all(w, each);
    }
    printf("\n%-8s %8s %8s %8s\n", "call", "errors", "no harm", "bad");
    for (int k = 1; k < FAULT_COUNT; k++)
        printf("%-8s %8lld %8lld %8lld\n", fault_names[k], (long long)count[k][0], (long long)count[k][1], (long long)count[k][2]);
    if (bad) printf("%d tries are not as they should be\n", bad);
    return bad != 0;
}
