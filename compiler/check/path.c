/* path.c: parameter groups by path: `freeze q1, head.w;` and `tie a.w, b.w;`.
 *
 * A layer's name stands for all its groups, and so does any beginning of a path that ends at a dot.
 */
#include "check/path.h"
#include "check/echo.h"

#include <string.h>

const char *path_of(Check *k, const Expr *x)
{
    if (x->kind == EXPR_name) return name_string(k, x->name);
    if (x->kind == EXPR_member) {
        const char *base = path_of(k, x->member.base);
        return base ? arena_printf(k->keep, "%s.%s", base, name_string(k, x->member.name.name))
                    : NULL;
    }
    if (x->kind == EXPR_call) { /* skip(a->b) */
        if (x->call.args.len != 1 || x->call.args.at[0].value->kind != EXPR_edge) return NULL;
        const Expr *edge = x->call.args.at[0].value;
        const char *from = path_of(k, edge->edge.from), *to = path_of(k, edge->edge.to);
        if (!from || !to) return NULL;
        return arena_printf(k->keep, "%s(%s->%s)", name_string(k, x->call.callee.name), from, to);
    }
    if (x->kind != EXPR_index || x->index.items.len != 1) return NULL;
    const char *base = path_of(k, x->index.base);
    const Expr *item = x->index.items.at[0];
    if (!base || item->kind != EXPR_number || !rational_is_int(item->number.value)) return NULL;
    return arena_printf(k->keep, "%s[%lld]", base, (long long)item->number.value.num);
}

bool path_is_under(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);
    return !strncmp(path, prefix, n) && (path[n] == '\0' || path[n] == '.' || path[n] == '[');
}

/* Groups made since `first` whose path begins with `text`, relative to the frame's prefix-less
 * names. */
static uint32_t first_group(const ModelBuild *m) { return m->frame ? m->frame->first_group : 0; }

static void unknown_path(Env *e, const Expr *x, const char *text)
{
    ModelBuild *m = e->model;
    WordList words = {0};
    if (is_echo(e->k, text)) return;
    for (uint32_t i = first_group(m); i < m->inst->groups.len; i++)
        words_add(e->k, &words, m->inst->groups.at[i].path);
    for (uint32_t i = 0; i < m->inst->layers.len; i++)
        words_add(e->k, &words, name_string(e->k, m->inst->layers.at[i].name));
    diag_error(e->k->c, x->span, D_unknown_path, text);
    help_closest(e->k, text, &words);
}

static bool is_layer(const Env *e, const char *text)
{
    Name name = name_of(e->k->c->names, text);
    for (uint32_t i = 0; i < e->model->inst->layers.len; i++) {
        if (name_eq(e->model->inst->layers.at[i].name, name)) return true;
    }
    const Binding *b = env_find(e, name);
    return b && b->val.kind == VAL_stage;
}

static void freeze_one(Env *e, const Expr *x)
{
    ModelBuild *m = e->model;
    const char *text = path_of(e->k, x);
    if (!text) {
        if (x->kind != EXPR_error) diag_error(e->k->c, x->span, D_not_a_path);
        return;
    }
    bool is_found = false;
    for (uint32_t i = first_group(m); i < m->inst->groups.len; i++) {
        GroupInst *g = &m->inst->groups.at[i];
        bool is_meant = g->momentum > 0 ? !strcmp(g->path, text) : path_is_under(g->path, text);
        if (!is_meant) continue; /* running statistics by their full path only */
        g->frozen = true;
        g->frozen_span = x->span;
        is_found = true;
    }
    if (is_found) return;
    const Binding *b = x->kind == EXPR_name ? env_find(e, x->name) : NULL;
    if (b && b->val.kind == VAL_none) return;
    if (is_layer(e, text))
        diag_warning(e->k->c, x->span, D_freeze_nothing, text);
    else
        unknown_path(e, x, text);
}

/* Tied groups are frozen together. */
static void spread_freeze(ModelInst *m)
{
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < m->groups.len; i++) {
            GroupInst *g = &m->groups.at[i], *head = g->tied_to.i ? group_of(m, g->tied_to) : g;
            if (g->frozen == head->frozen) continue;
            GroupInst *other = g->frozen ? head : g;
            other->frozen = true;
            other->frozen_span = (g->frozen ? g : head)->frozen_span;
        }
    }
}

void freeze_list(Env *e, const ExprList *list)
{
    for (uint32_t i = 0; i < list->len; i++) freeze_one(e, list->at[i]);
    spread_freeze(e->model->inst);
}

/* The one group that x names; {0} after a report. */
static GroupId group_named(Env *e, const Expr *x)
{
    ModelBuild *m = e->model;
    const char *text = path_of(e->k, x);
    GroupId found = {0};
    uint32_t count = 0;
    if (!text) {
        if (x->kind != EXPR_error) diag_error(e->k->c, x->span, D_not_a_path);
        return found;
    }
    for (uint32_t i = first_group(m); i < m->inst->groups.len; i++) {
        if (!strcmp(m->inst->groups.at[i].path, text)) return (GroupId){i + 1};
        if (!path_is_under(m->inst->groups.at[i].path, text)) continue;
        found = (GroupId){i + 1};
        count++;
    }
    if (count == 1) return found;
    if (!count)
        unknown_path(e, x, text);
    else
        diag_error(e->k->c, x->span, D_several_groups, text, (int)count);
    return (GroupId){0};
}

static bool same_dims(const GroupInst *a, const GroupInst *b)
{
    if (a->rank != b->rank || a->is_unitary != b->is_unitary) return false;
    return !memcmp(a->dim, b->dim, sizeof a->dim);
}

static ValueType group_type(const GroupInst *g)
{
    ValueType t = {.kind = VALUE_real, .rank = g->rank};
    memcpy(t.dim, g->dim, sizeof t.dim);
    return t;
}

static void tie(Env *e, const Stmt *s)
{
    ModelBuild *m = e->model;
    GroupId first = {0};
    for (uint32_t i = 0; i < s->list.len; i++) {
        GroupId id = group_named(e, s->list.at[i]);
        if (!id.i) return;
        GroupInst *g = group_of(m->inst, id);
        if (g->momentum > 0) {
            diag_error(e->k->c, s->list.at[i]->span, D_tie_statistic, g->path);
            return;
        }
        while (g->tied_to.i) {
            id = g->tied_to;
            g = group_of(m->inst, id);
        }
        if (!first.i) {
            first = id;
            continue;
        }
        GroupInst *head = group_of(m->inst, first);
        if (id.i == first.i) continue;
        if (!same_dims(head, g)) {
            diag_error(e->k->c, s->span, D_tie_shapes, head->path,
                       value_type_text(e->k, group_type(head)), g->path,
                       value_type_text(e->k, group_type(g)));
            return;
        }
        g->tied_to = first;
    }
}

void freeze_and_tie(Env *e, const StmtList *body)
{
    for (uint32_t i = 0; i < body->len; i++) {
        const Stmt *s = body->at[i];
        bool is_true;
        if (s->kind == STMT_freeze)
            freeze_list(e, &s->list);
        else if (s->kind == STMT_tie)
            tie(e, s);
        else if (s->kind == STMT_if &&
                 eval_bool(e, s->branch.condition, "the condition of 'if'", &is_true))
            freeze_and_tie(e, is_true ? &s->branch.then_body : &s->branch.else_body);
    }
    spread_freeze(e->model->inst);
}
