/* compiler.h: the state of one compilation. There are no globals: many may live in one process. */
#ifndef RQ_BASE_COMPILER_H
#define RQ_BASE_COMPILER_H

#include <stdio.h>

#include "base/diag.h"

typedef struct Diag Diag; /* private to diag.c */

struct Compiler {
    Arena *keep; /* lives as long as the compilation: sources, names, AST, instances, diagnostics */
    Arena *scratch; /* until the current function or kernel is done (arena_mark / arena_reset) */
    Sources sources;
    Names *names;
    VEC(Diag *) diags;
    unsigned errors, warnings; /* counted when reported, before repeats are dropped */
    VEC(const char *) warned;  /* warnings that were printed: "W0525: values into .. (model.rq:4:49)" */
    FILE *messages;            /* where diagnostics go: standard error, or a test's buffer */
    bool diag_line;            /* --diag=line: one line per message, no excerpt */
    bool colour;
    const char *cache;         /* directory that keeps machine code for the next time; NULL: none */
    unsigned cache_saved;      /* how many entries are new in it */
};

Compiler *
compiler_new(void); /* messages = stderr; colour if that is a terminal and NO_COLOR is unset */
void compiler_drop(Compiler *c);

#endif
