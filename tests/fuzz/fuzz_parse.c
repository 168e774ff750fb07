/* fuzz_parse.c: any text parses without a crash; what parses without an error is printed, parsed and printed the same.
 *
 * An error message is no finding; an ice, a sanitizer report, a hang or an exit is.
 */
#include <stdlib.h>
#include <string.h>

#include "syntax/ast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The tree as text, on c->keep. */
static const char *printed(Compiler *c, const Ast *ast)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    ast_print(out, c, ast);
    fclose(out);
    char *copy = arena_strndup(c->keep, text, len);
    free(text);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Compiler *c = compiler_new();
    c->messages = fopen("/dev/null", "w");
    Ast *ast = parse(c, source_add(c->keep, &c->sources, "fuzz.rq", (const char *)data, size));
    if (c->errors == 0) {
        const char *once = printed(c, ast);
        Ast *again = parse(c, source_add(c->keep, &c->sources, "again.rq", once, strlen(once)));
        if (c->errors > 0 || strcmp(once, printed(c, again)) != 0) abort();
    }
    diag_flush(c);
    fclose(c->messages);
    compiler_drop(c);
    return 0;
}
