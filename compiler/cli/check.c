/* check.c: `rq check FILE`: everything that can be said without running: errors, warnings, gradient verdicts.
 *
 * Verdicts are those of the file's models; where a train action's `gradient` or `freeze` changes a model, of the changed one.
 */
#include "cli/flow_text.h"
#include "cli/session.h"

typedef VEC(const ModelInst *) ModelList;

static bool holds(const ModelList *list, const ModelInst *m)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (list->at[i] == m) return true;
    return false;
}

static ModelList models_to_check(Compiler *c, const Program *p)
{
    ModelList declared = {0}, changed = {0}, trained = {0}, all = {0};
    for (uint32_t i = 0; i < p->models.len; i++) vec_push(c->keep, &declared, p->models.at[i]);
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        if (a->kind != ACTION_train || !a->model) continue;
        vec_push(c->keep, &trained, a->model);
        if (!holds(&declared, a->model)) vec_push(c->keep, &changed, a->model);
    }
    for (uint32_t i = 0; i < declared.len; i++) {
        const ModelInst *m = declared.at[i];
        bool replaced = false;
        for (uint32_t k = 0; k < changed.len; k++) replaced = replaced || name_eq(changed.at[k]->name, m->name);
        if (!replaced || holds(&trained, m)) vec_push(c->keep, &all, m);
    }
    for (uint32_t k = 0; k < changed.len; k++) vec_push(c->keep, &all, changed.at[k]);
    return all;
}

int verb_check(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    ModelList models = models_to_check(c, p);
    for (uint32_t i = 0; i < models.len; i++) {
        Flow *flow = compile_flow(c, models.at[i]);
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
