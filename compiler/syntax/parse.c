/* parse.c: Source -> Ast. Sets up scanner and parser and runs them. */
#include <string.h>

#include "syntax/parser.h"

Ast *parse(Compiler *c, const Source *source)
{
    ArenaMark mark = arena_mark(c->scratch);
    Parser p = {.c = c,
                .source = source,
                .ast = arena_make(c->keep, Ast),
                .new_line = true,
                .errors_before = c->errors};
    p.ast->source = source;
    size_t skip =
        source->len >= 3 && !memcmp(source->text, "\xEF\xBB\xBF", 3) ? 3 : 0; /* byte order mark */
    p.offset = source->base + (uint32_t)skip;
    size_t len = source->len - skip;
    char *text = arena_alloc(c->scratch, len + 2);
    memcpy(text, source->text + skip, len);
    scanner_start(&p, text, len + 2);
    if (rq_yyparse(&p) && c->errors == p.errors_before)
        ice(c, p.last.span, "parsing failed and nobody said why");
    arena_reset(c->scratch, mark);
    return p.ast;
}
