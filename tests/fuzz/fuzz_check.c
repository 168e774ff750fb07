/* fuzz_check.c: whatever parses is checked without a crash, and every model that comes out has its flow.
 *
 * An error message is no finding; an ice, a sanitizer report, a hang or an exit is.
 */
#include "check/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Compiler *c = compiler_new();
    c->messages = fopen("/dev/null", "w");
    Ast *ast = parse(c, source_add(c->keep, &c->sources, "fuzz.rq", (const char *)data, size));
    Program *program = check(c, ast, &(CheckOptions){0});
    if (!program && c->errors == 0) ice(c, (Span){0, 0}, "a failure that nobody reported");
    for (uint32_t i = 0; program && i < program->models.len; i++) {
        flow_warn(c, flow_of(c, program->models.at[i]));
    }
    diag_flush(c);
    fclose(c->messages);
    compiler_drop(c);
    return 0;
}
