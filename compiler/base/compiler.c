/* compiler.c: begin and end of one compilation. */
#include "base/compiler.h"

#include <stdlib.h>
#include <unistd.h>

Compiler *compiler_new(void)
{
    Arena *keep = arena_new("keep");
    Compiler *c = arena_make(keep, Compiler); /* lives in the arena that it owns */
    c->keep = keep;
    c->scratch = arena_new("scratch");
    c->names = names_new(keep);
    c->messages = stderr;
    const char *no_colour = getenv("NO_COLOR");
    c->colour = isatty(STDERR_FILENO) && !(no_colour && *no_colour);
    return c;
}

void compiler_drop(Compiler *c)
{
    arena_drop(c->scratch);
    arena_drop(c->keep);
}
