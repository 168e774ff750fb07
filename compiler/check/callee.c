/* callee.c: rows of callees.def: matching a call's arguments and evaluating them by type. */
#include "check/callee.h"

#include <string.h>

#include "check/argument.h"
#include "check/setting.h"

typedef struct CalleeRow {
    CalleeGroup group;
    const char *name;
} CalleeRow;

typedef struct ArgumentRow {
    CalleeGroup group;
    const char *callee, *name, *type, *standard;
} ArgumentRow;

static const CalleeRow callees[] = {
#define CALLEE(group, name, help) {GROUP_##group, #name},
#define ARGUMENT(group, callee, name, type, standard)
#include "check/callees.def"
#undef CALLEE
#undef ARGUMENT
};

static const ArgumentRow arguments[] = {
#define CALLEE(group, name, help)
#define ARGUMENT(group, callee, name, type, standard)                                              \
    {GROUP_##group, #callee, #name, #type, standard},
#include "check/callees.def"
#undef CALLEE
#undef ARGUMENT
};

enum { MOST_ARGUMENTS = 16 };

static const char *group_text(CalleeGroup group)
{
    switch (group) {
    case GROUP_loss: return "loss";
    case GROUP_optimizer: return "optimizer";
    case GROUP_schedule: return "schedule";
    case GROUP_start: return "start";
    case GROUP_source: return "data source";
    }
    unreachable();
}

static ConstValue *const_new(Check *k, ConstKind kind, Span at)
{
    ConstValue *v = arena_make(k->keep, ConstValue);
    v->kind = kind;
    v->span = at;
    return v;
}

ConstValue *const_word(Check *k, const char *word, Span at)
{
    ConstValue *v = const_new(k, CONST_name, at);
    v->text = word;
    return v;
}

static ConstValue *const_number(Check *k, Rational r, Span at)
{
    ConstValue *v = const_new(k, CONST_number, at);
    v->number = r;
    return v;
}

const Expr *parse_text(Check *k, const char *file, const char *text)
{
    const char *line = arena_printf(k->keep, "const value = %s;", text);
    Source *source = source_add(k->keep, &k->c->sources, file, line, strlen(line));
    source->is_argument = true;
    const Ast *ast = parse(k->c, source);
    bool is_one = ast->decls.len == 1 && ast->decls.at[0]->kind == DECL_const;
    return is_one ? ast->decls.at[0]->constant.value : NULL;
}

/* ---- types ---- */

static ConstValue *typed_number(Env *e, const Expr *x, const char *type, const char *what)
{
    bool is_count = !strcmp(type, "count");
    if (is_count || !strcmp(type, "whole")) {
        int64_t i;
        if (!eval_int(e, x, what, is_count, &i)) return NULL;
        return const_number(e->k, rational_int(i), x->span);
    }
    Rational r;
    if (!eval_number(e, x, what, &r)) return NULL;
    bool is_share = !strcmp(type, "share"), is_positive = !strcmp(type, "positive");
    if ((is_share && (r.real < 0 || r.real > 1)) || (is_positive && r.real <= 0)) {
        diag_error(e->k->c, x->span, D_out_of_bounds, what,
                   is_share ? "between 0 and 1" : "positive", rational_text(e->k->c, r));
        return NULL;
    }
    return const_number(e->k, r, x->span);
}

/* A list of `least` to `most` items (0: any), each of the type. */
static ConstValue *typed_list(Env *e, const Expr *x, uint32_t n, const char *type, const char *what)
{
    ConstValue *list = const_new(e->k, CONST_list, x->span);
    if (n && x->list.len != n) {
        diag_error(e->k->c, x->span, D_list_length, what, (int)n, (int)x->list.len);
        return NULL;
    }
    for (uint32_t i = 0; i < x->list.len; i++) {
        ConstValue *item = eval_typed(e, x->list.at[i], type, what);
        if (!item) return NULL;
        vec_push(e->k->keep, &list->items, item);
    }
    return list;
}

/* [mean, deviation]: two numbers or two lists of them. */
static ConstValue *typed_moments(Env *e, const Expr *x, const char *what)
{
    if (x->kind != EXPR_list || x->list.len != 2) {
        if (x->kind != EXPR_error) diag_error(e->k->c, x->span, D_moments, what);
        return NULL;
    }
    ConstValue *list = const_new(e->k, CONST_list, x->span);
    for (uint32_t i = 0; i < 2; i++) {
        const Expr *item = x->list.at[i];
        const char *type = i ? "positive" : "real";
        ConstValue *v = item->kind == EXPR_list ? typed_list(e, item, 0, type, what)
                                                : eval_typed(e, item, type, what);
        if (!v) return NULL;
        vec_push(e->k->keep, &list->items, v);
    }
    const ConstValue *mean = list->items.at[0], *deviation = list->items.at[1];
    if (mean->kind == deviation->kind && mean->items.len == deviation->items.len) return list;
    diag_error(e->k->c, x->span, D_moments, what);
    return NULL;
}

/* One of the words in "a|b|c". */
static ConstValue *typed_words(Env *e, const Expr *x, const char *type, const char *what)
{
    const char *words[16];
    uint32_t n = 0, found = 0;
    for (const char *at = type; at && n < COUNT(words); n++) {
        const char *end = strchr(at, '|');
        words[n] = end ? arena_strndup(e->k->keep, at, (size_t)(end - at)) : at;
        at = end ? end + 1 : NULL;
    }
    Arg arg = {.value = (Expr *)x};
    if (x->kind == EXPR_error || !slot_word(e, &arg, what, words, n, &found)) return NULL;
    return const_word(e->k, words[found], x->span);
}

ConstValue *eval_typed(Env *e, const Expr *x, const char *type, const char *what)
{
    if (strchr(type, '|')) return typed_words(e, x, type, what);
    if (!strcmp(type, "optimizer")) return eval_callee(e, x, GROUP_optimizer);
    if (!strcmp(type, "pair"))
        return x->kind == EXPR_list ? typed_list(e, x, 2, "count", what)
                                    : typed_number(e, x, "count", what);
    if (!strcmp(type, "classes"))
        return x->kind == EXPR_list ? typed_list(e, x, 0, "whole", what)
                                    : typed_number(e, x, "count", what);
    if (!strcmp(type, "moments")) return typed_moments(e, x, what);
    if (!strcmp(type, "text")) {
        bool is_text = x->kind == EXPR_string || x->kind == EXPR_name;
        if (!is_text) {
            Val v = eval_expr(e, x);
            if (v.kind != VAL_none)
                diag_error(e->k->c, x->span, D_wanted_kind, what, "a text", val_kind_text(v));
            return NULL;
        }
        ConstValue *v = const_new(e->k, CONST_string, x->span);
        v->text = x->kind == EXPR_string ? x->string.text : name_string(e->k, x->name);
        return v;
    }
    return typed_number(e, x, type, what);
}

/* ---- calls ---- */

const ConstValue *callee_argument(const ConstValue *call, const char *name)
{
    for (uint32_t i = 0; i < call->arguments.len; i++) {
        if (!strcmp(call->arguments.at[i].name, name)) return call->arguments.at[i].value;
    }
    return NULL;
}

int64_t callee_int(const ConstValue *call, const char *name, int64_t absent)
{
    const ConstValue *v = callee_argument(call, name);
    return v && v->kind == CONST_number ? v->number.num : absent;
}

static const CalleeRow *find_callee(Env *e, Ident name, CalleeGroup group)
{
    WordList words = {0};
    const char *text = name_string(e->k, name.name);
    for (size_t i = 0; i < COUNT(callees); i++) {
        if (callees[i].group != group) continue;
        if (!strcmp(callees[i].name, text)) return &callees[i];
        words_add(e->k, &words, callees[i].name);
    }
    diag_error(e->k->c, name.span, D_unknown_callee, group_text(group), text);
    help_closest(e->k, text, &words);
    return NULL;
}

static ConstValue *eval_call(Env *e, const Expr *x, CalleeGroup group, Name owner)
{
    bool is_call = x->kind == EXPR_call;
    if (!is_call && x->kind != EXPR_name) {
        if (x->kind != EXPR_error) diag_error(e->k->c, x->span, D_wants_callee, group_text(group));
        return NULL;
    }
    Ident name = is_call ? x->call.callee : (Ident){x->name, x->span};
    const CalleeRow *row = find_callee(e, name, group);
    if (!row) return NULL;
    ArgSpec specs[MOST_ARGUMENTS];
    const ArgumentRow *rows[MOST_ARGUMENTS];
    const Arg *slots[MOST_ARGUMENTS];
    uint32_t n = 0;
    for (size_t i = 0; i < COUNT(arguments) && n < MOST_ARGUMENTS; i++) {
        if (arguments[i].group != group || strcmp(arguments[i].callee, row->name)) continue;
        specs[n] = (ArgSpec){arguments[i].name, !strcmp(arguments[i].standard, "!")};
        rows[n++] = &arguments[i];
    }
    const char *title = arena_printf(e->k->keep, "%s '%s'", group_text(group), row->name);
    if (!match_arguments(e->k, title, x->span, is_call ? &x->call.args : NULL, specs, n, slots))
        return NULL;
    ConstValue *call = const_new(e->k, CONST_call, x->span);
    call->text = row->name;
    for (uint32_t i = 0; i < n; i++) {
        const Expr *value = slots[i] ? slots[i]->value : NULL;
        const Expr *set = owner.i ? setting_for(e->k, owner, name_of(e->k->c->names, rows[i]->name)) : NULL;
        if (set) value = set;
        if (!value && *rows[i]->standard) value = parse_text(e->k, "<default>", rows[i]->standard);
        if (!value) continue;
        ConstValue *v =
            eval_typed(e, value, rows[i]->type, arena_printf(e->k->keep, "'%s'", rows[i]->name));
        if (!v) return NULL;
        vec_push(e->k->keep, &call->arguments, (NamedValue){rows[i]->name, v});
    }
    return call;
}

ConstValue *eval_callee(Env *e, const Expr *x, CalleeGroup group) { return eval_call(e, x, group, (Name){0}); }

ConstValue *eval_source(Env *e, const Expr *x, Name owner) { return eval_call(e, x, GROUP_source, owner); }

void source_words(Check *k, const Expr *x, WordList *words)
{
    if (x->kind != EXPR_call && x->kind != EXPR_name) return;
    const char *callee = name_string(k, x->kind == EXPR_call ? x->call.callee.name : x->name);
    for (size_t i = 0; i < COUNT(arguments); i++)
        if (arguments[i].group == GROUP_source && !strcmp(arguments[i].callee, callee)) words_add(k, words, arguments[i].name);
}
