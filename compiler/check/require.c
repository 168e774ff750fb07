/* require.c: `require params(B.c1) <= params(A.q1);`: fair comparisons have parts of like sizes. */
#include "check/require.h"

#include <string.h>

#include "check/action.h"
#include "check/path.h"

/* Whether `path` begins with a model's name; *rest is what follows its dot, "" if nothing does. */
static bool is_of_model(const char *path, const char *model, const char **rest)
{
    size_t n = strlen(model);
    if (strncmp(path, model, n) || (path[n] && path[n] != '.')) return false;
    *rest = path[n] ? path + n + 1 : "";
    return true;
}

static bool has_layer(const Check *k, const ModelInst *m, const char *name)
{
    for (uint32_t i = 0; i < m->layers.len; i++)
        if (!strcmp(name_string(k, m->layers.at[i].name), name)) return true;
    return false;
}

static Val trained_under(Env *e, const ModelInst *m, const char *path, const Expr *at)
{
    int64_t n = 0;
    bool is_found = !*path || has_layer(e->k, m, path);
    for (uint32_t i = 0; i < m->groups.len; i++) {
        const GroupInst *g = &m->groups.at[i];
        if (*path && !path_is_under(g->path, path)) continue;
        is_found = true;
        if (group_is_trained(g)) n += g->count;
    }
    if (is_found) return val_int(n);
    check_path(e->k, m, at);
    return val_none();
}

/* Before there are variants: a model of the file, or a path of the model that the action trains. */
static Val in_form(Env *e, const char *path, const Expr *at)
{
    const ModelInst *m = e->counter->declared;
    const char *rest;
    for (uint32_t i = 0; i < e->k->user->entries.len; i++) {
        const Decl *d = e->k->user->entries.at[i]->decl;
        if (d->kind == DECL_model && is_of_model(path, name_string(e->k, d->name.name), &rest)) return val_int(1);
    }
    return !m || check_path(e->k, m, at) ? val_int(1) : val_none();
}

Val count_params(Env *e, const Expr *x)
{
    const ParamCounter *in = e->counter;
    if (x->call.args.len != 1) {
        diag_error(e->k->c, x->span, D_wrong_argument_count, "params", 1, plural(1), (int)x->call.args.len);
        return val_none();
    }
    const Expr *at = x->call.args.at[0].value;
    const char *path = path_of(e->k, at), *rest;
    if (!in || !path) {
        if (!in) diag_error(e->k->c, x->span, D_params_outside);
        else if (at->kind != EXPR_error) diag_error(e->k->c, at->span, D_not_a_path);
        return val_none();
    }
    if (!in->count) return in_form(e, path, at);
    for (size_t i = 0; i < in->count; i++) {
        const CountedModel *m = &in->models[i];
        if (!is_of_model(path, m->name, &rest)) continue;
        if (m->model) return trained_under(e, m->model, rest, at);
        *in->reason = m->reason;
        return val_none();
    }
    return trained_under(e, in->models[0].model, path, at);
}
