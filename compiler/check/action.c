/* action.c: models as actions name them. */
#include "check/action.h"
#include "check/model.h"
#include "check/unit.h"

ModelInst *model_named(Check *k, Entry *entry, const ArgList *args, Span at)
{
    Env e = {.k = k, .scope = k->user}, into = {.k = k, .scope = entry->scope};
    if (!bind_formals(&e, entry, args, at, false, &into)) return NULL;
    ModelRequest *r = arena_make(k->keep, ModelRequest);
    uint32_t n = entry->decl->unit.formals.len;
    r->k = k;
    r->entry = entry;
    r->span = at;
    r->arguments = arena_array(k->keep, Val, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const Binding *b = env_find(&into, entry->decl->unit.formals.at[i].name.name);
        if (b) r->arguments[i] = b->val;
    }
    return model_build(r);
}
void build_actions(Check *k) { (void)k; }
