/* excerpt.h: marked lines of source text, as a diagnostic shows them. */
#ifndef RQ_BASE_EXCERPT_H
#define RQ_BASE_EXCERPT_H

#include "base/compiler.h"

typedef struct Mark {
    Span at;
    const char *label; /* "" for none */
    bool is_main;      /* ^^^ instead of --- */
} Mark;
typedef VEC(Mark) Marks;

/* Prints the excerpts of all marks: that of the first mark's file first, then one for each other
 * file. A mark without a place becomes a line of its own. `colour` is that of the main mark.
 * Returns the column at which "= help:" belongs. */
unsigned excerpts_print(const Compiler *c, const Mark *marks, uint32_t n, const char *colour);

/* Prints a text in which user's bytes may stand: control characters and broken UTF-8 become '?'. */
void excerpt_text(FILE *out, const char *text);

#endif
