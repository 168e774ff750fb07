/* run.c: `rq run FILE`: the file's train actions, in order. */
#include <string.h>

#include "cli/session.h"

int verb_run(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    if (o->action) {
        const ActionInst *a = session_action(c, o, p);
        if (a->kind == ACTION_explore) return explore_action(c, o, p, a);
        if (a->kind == ACTION_distill) return distill_action(c, o, a);
        if (a->kind == ACTION_scan) return scan_action(c, o, a);
        return train_action(c, o, a);
    }
    unsigned trained = 0;
    for (uint32_t i = 0; i < p->actions.len && code == EXIT_done; i++) {
        if (p->actions.at[i]->kind != ACTION_train) continue;
        code = train_action(c, o, p->actions.at[i]);
        trained++;
    }
    if (!trained) session_action(c, o, p); /* says what there is */
    return code;
}
