/* main.c: the program `rq`: command line -> verb -> exit code.
 *
 * Data goes to standard output, messages to standard error. What a verb left uncollected of its
 * diagnostics is printed here, and a standard output that cannot be written is an error, not a
 * success.
 */
#include <errno.h>
#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "cli/session.h"
#include "train/interrupt.h"

const char *cache_directory(Arena *a)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg && xdg[0] == '/') return arena_printf(a, "%s/rq/objects", xdg);
    return home && home[0] == '/' ? arena_printf(a, "%s/.cache/rq/objects", home) : NULL;
}

static bool is_flag(const char *word, const char *name, const char *letter)
{
    return !strcmp(word, name) || (letter && !strcmp(word, letter));
}

/* The same lines that a run directory keeps in versions.txt. */
static void version_print(FILE *to)
{
    Compiler *c = compiler_new();
    rq_error err;
    rq_action machine = {.llvm = backend_llvm_version(), .cpu = backend_cpu_name(c->keep, NULL)};
    char *text = rq_versions_text(&machine, omp_get_num_procs(), &err);
    if (!text) fatal("%s", err.text);
    fputs(text, to);
    rq_free(text);
    compiler_drop(c);
}

enum { CACHE_MOST = 512 << 20 }; /* bytes */

/* The verb with a compilation around it. */
static int run_verb(const Verb *verb, int argc, char **argv)
{
    Compiler *c = compiler_new();
    Options o;
    int code = EXIT_done;
    if (!options_read(c->keep, verb, argc, argv, &o)) {
        help_print_verb(stdout, verb);
    } else {
        c->diag_line = o.diag && !strcmp(o.diag, "line");
        c->cache = o.no_cache ? NULL : cache_directory(c->keep);
        code = verb->run(c, &o);
        if (diag_flush(c) > 0 && code == EXIT_done) code = EXIT_source;
        if (c->cache_saved) backend_cache_trim(c->cache, CACHE_MOST);
    }
    compiler_drop(c);
    return code;
}

/* A full disk or a closed pipe is found out here at the latest; who closed the pipe needs no
 * message, and a run that stopped for it has given one. */
static int close_output(int code)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !failed) return code;
    if (code == EXIT_interrupted) return code;
    if (errno != EPIPE)
        fprintf(stderr, "rq: error: standard output could not be written completely%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
    return EXIT_usage;
}

int main(int argc, char **argv)
{
    rq_standard_files();
    signal(SIGPIPE,
           SIG_DFL); /* 'rq ... | head' ends in silence, even if our parent ignored the signal */
    if (argc < 2) {
        help_print(stderr);
        return EXIT_usage;
    }
    const char *first = argv[1];
    int code = EXIT_done;
    if (is_flag(first, "--version", "-V")) {
        version_print(stdout);
    } else if (is_flag(first, "--help", "-h")) {
        help_print(stdout);
    } else if (first[0] == '-') {
        fatal("options stand after the verb: rq VERB FILE %s; 'rq help' lists the verbs", first);
    } else {
        code = run_verb(verb_named(first), argc - 2, argv + 2);
    }
    return close_output(code);
}
