/* resolve.c: a walk over a body that knows names but no sizes. */
#include "check/resolve.h"

#include <string.h>

#include "check/echo.h"
#include "check/gate.h"
#include "check/layer.h"

/* Local names are bound to poison, which silences everything but unknown names. */
static void bind(Env *e, Name name, Span at)
{
    if (name.i) env_bind(e, name, val_none(), at);
}

static bool is_letter(const char *text) { return text[0] >= 'x' && text[0] <= 'z' && !text[1]; }

static void resolve_expr(Env *e, const Expr *x);

static void resolve_list(Env *e, const ExprList *list)
{
    for (uint32_t i = 0; i < list->len; i++) resolve_expr(e, list->at[i]);
}

static void resolve_args(Env *e, const ArgList *args)
{
    for (uint32_t i = 0; i < args->len; i++) resolve_expr(e, args->at[i].value);
}

/* Words such as `fold` and names of gates stand where their callee knows them; only plain misses
 * are reported. */
static void resolve_callee(Env *e, Ident name, bool in_model)
{
    const char *text = name_string(e->k, name.name);
    bool is_known =
        env_find(e, name.name) || scope_find(e->scope, name.name) || is_function(e->k, name.name);
    is_known = is_known || is_letter(text) || !strcmp(text, "amplitude") || !name.name.i;
    is_known = is_known || !strcmp(text, "pauli") || !strcmp(text, "unit");
    is_known = is_known || is_echo(e->k, text);
    if (is_known || (in_model && is_layer_kind(e->k, name.name))) return;
    WordList words = {0};
    scope_words(e->k, e->scope, DECL_none, &words);
    function_words(e->k, &words);
    if (in_model) layer_kind_words(e->k, &words);
    diag_error(e->k->c, name.span, in_model ? D_unknown_layer_kind : D_unknown_function, text);
    help_closest(e->k, text, &words);
}

static void resolve_name(Env *e, Ident name)
{
    const char *text = name_string(e->k, name.name);
    bool is_known = env_find(e, name.name) || scope_find(e->scope, name.name) || is_letter(text);
    if (is_known || !name.name.i || !strcmp(text, "pi") || !strcmp(text, "amplitude") ||
        is_echo(e->k, text))
        return;
    WordList words = {0};
    for (const Env *at = e; at; at = at->parent) {
        for (uint32_t i = 0; i < at->bindings.len; i++)
            words_add(e->k, &words, name_string(e->k, at->bindings.at[i].name));
    }
    scope_words(e->k, e->scope, DECL_none, &words);
    diag_error(e->k->c, name.span, D_unknown_name, text);
    help_closest(e->k, text, &words);
}

static void resolve_expr(Env *e, const Expr *x)
{
    if (!x) return;
    switch (x->kind) {
    case EXPR_none:
    case EXPR_error:
    case EXPR_number:
    case EXPR_bool:
    case EXPR_string:
    case EXPR_member:
    case EXPR_edge:
    case EXPR_assign: return;
    case EXPR_name: resolve_name(e, (Ident){x->name, x->span}); return;
    case EXPR_call:
        resolve_callee(e, x->call.callee, false);
        resolve_args(e, &x->call.args);
        return;
    case EXPR_fold: {
        resolve_expr(e, x->fold.range);
        Env inner = env_inner(e);
        bind(&inner, x->fold.index.name, x->fold.index.span);
        resolve_expr(&inner, x->fold.body);
        return;
    }
    case EXPR_index:
        resolve_expr(e, x->index.base);
        resolve_list(e, &x->index.items);
        return;
    case EXPR_range:
        resolve_expr(e, x->range.from);
        resolve_expr(e, x->range.to);
        return;
    case EXPR_list: resolve_list(e, &x->list); return;
    case EXPR_unary: resolve_expr(e, x->unary.operand); return;
    case EXPR_binary:
        resolve_expr(e, x->binary.left);
        resolve_expr(e, x->binary.right);
        return;
    case EXPR_pipe: return;
    }
    unreachable();
}

/* A layer's value: kinds and blocks by name; their arguments may be words, so only calls among them
 * are followed. */
static void resolve_layer(Env *e, const Expr *x)
{
    if (x->kind == EXPR_pipe) {
        resolve_layer(e, x->pipe.from);
        const Expr *to = x->pipe.to;
        if (to->kind == EXPR_name)
            resolve_callee(e, (Ident){to->name, to->span}, true);
        else
            resolve_layer(e, to);
    } else if (x->kind == EXPR_binary) {
        resolve_layer(e, x->binary.left);
        resolve_layer(e, x->binary.right);
    } else if (x->kind == EXPR_call) {
        resolve_callee(e, x->call.callee, true);
    } else if (x->kind == EXPR_name && !is_layer_kind(e->k, x->name)) {
        resolve_name(e, (Ident){x->name, x->span});
    }
}

static void resolve_gate(Env *e, const Stmt *s)
{
    Name name = s->gate.name.name;
    bool is_known = env_find(e, name) || scope_find(e->scope, name) || is_gate_name(e->k, name);
    if (name.i && !is_known) unknown_gate(e, s);
    for (uint32_t i = 0; i < s->gate.modifiers.len; i++)
        resolve_expr(e, s->gate.modifiers.at[i].count);
    resolve_args(e, &s->gate.args);
    resolve_list(e, &s->gate.operands);
}

static void resolve_body(Env *e, const StmtList *list);

static void resolve_inner(const Env *e, Ident name, const StmtList *list)
{
    Env inner = env_inner(e);
    bind(&inner, name.name, name.span);
    resolve_body(&inner, list);
}

static void resolve_body(Env *e, const StmtList *list)
{
    Ident none = {0};
    for (uint32_t i = 0; i < list->len; i++) {
        const Stmt *s = list->at[i];
        switch (s->kind) {
        case STMT_none:
        case STMT_error:
        case STMT_skip:
        case STMT_freeze:
        case STMT_tie: break;
        case STMT_param:
            resolve_list(e, &s->param.dims);
            bind(e, s->param.name.name, s->param.name.span);
            break;
        case STMT_const:
            resolve_expr(e, s->let.value);
            bind(e, s->let.name.name, s->let.name.span);
            break;
        case STMT_for:
            resolve_expr(e, s->loop.range);
            resolve_inner(e, s->loop.name, &s->loop.body);
            break;
        case STMT_if:
            resolve_expr(e, s->branch.condition);
            resolve_inner(e, none, &s->branch.then_body);
            resolve_inner(e, none, &s->branch.else_body);
            break;
        case STMT_gate: resolve_gate(e, s); break;
        case STMT_yield: resolve_expr(e, s->yield.value); break;
        case STMT_input:
            bind(e, s->input.name.name, s->input.name.span);
            for (uint32_t d = 0; d < s->input.dims.len; d++)
                bind_size_names(e, s->input.dims.at[d]);
            break;
        case STMT_layer:
            resolve_layer(e, s->layer.value);
            bind(e, s->layer.name.name, s->layer.name.span);
            break;
        case STMT_output: resolve_layer(e, s->expr); break;
        }
    }
}

static void resolve_unit(Check *k, const Entry *entry)
{
    const Decl *d = entry->decl;
    Env e = {.k = k, .scope = entry->scope};
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        const Formal *f = &d->unit.formals.at[i];
        resolve_expr(&e, f->default_value);
        bind(&e, f->name.name, f->name.span);
        if (f->size) bind_size_names(&e, f->size);
    }
    for (uint32_t i = 0; i < d->unit.registers.len; i++) {
        const Register *r = &d->unit.registers.at[i];
        if (r->size) bind_size_names(&e, r->size);
        bind(&e, r->name.name, r->name.span);
    }
    resolve_body(&e, &d->unit.body);
}

void resolve_unused(Check *k)
{
    for (uint32_t i = 0; i < k->user->entries.len; i++) {
        const Entry *entry = k->user->entries.at[i];
        bool is_unit = entry->decl->kind >= DECL_circuit && entry->decl->kind <= DECL_model;
        if (is_unit && !entry->expanded) resolve_unit(k, entry);
    }
}
