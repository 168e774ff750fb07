/* check.c: `rq check FILE`: everything that can be said without running: errors, warnings, gradient verdicts. */
#include "cli/flow_text.h"
#include "cli/session.h"

int verb_check(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    for (uint32_t i = 0; i < p->models.len; i++) {
        Flow *flow = flow_of(c, p->models.at[i]);
        flow_warn(c, flow);
        if (o->json) flow_print_json(stdout, c, flow);
        int denied = session_deny(c, o, flow);
        if (denied) code = denied;
    }
    unsigned warnings = c->warnings, errors = diag_flush(c);
    if (errors) return EXIT_source;
    if (o->quiet || o->json) return code;
    printf("%s: %u model%s, %u action%s", o->file, p->models.len, p->models.len == 1 ? "" : "s", p->actions.len,
           p->actions.len == 1 ? "" : "s");
    if (warnings) printf(", %u warning%s", warnings, warnings == 1 ? "" : "s");
    printf("\n");
    return code;
}
