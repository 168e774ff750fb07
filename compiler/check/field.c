/* field.c: the fields of an action: names, repeats, values by type, defaults, `--set`. */
#include <string.h>

#include "check/action.h"
#include "check/argument.h"
#include "check/echo.h"
#include "check/path.h"
#include "check/setting.h"

typedef struct FieldRow {
    ActionKind action;
    const char *name, *type, *standard;
} FieldRow;

static const FieldRow rows[] = {
#define FIELD(action, name, type, standard, help) {ACTION_##action, #name, #type, standard},
#include "program/fields.def"
#undef FIELD
};

/* The n-th row of an action, or NULL. */
static const FieldRow *row_at(ActionKind kind, uint32_t n)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].action == kind && n-- == 0) return &rows[i];
    }
    return NULL;
}

static uint32_t row_named(ActionKind kind, const char *name)
{
    for (uint32_t n = 0; row_at(kind, n); n++) {
        if (!strcmp(row_at(kind, n)->name, name)) return n;
    }
    return MOST_FIELDS;
}

bool is_field(ActionKind kind, const char *name) { return row_named(kind, name) < MOST_FIELDS; }

void field_words(Check *k, ActionKind kind, WordList *words)
{
    for (uint32_t n = 0; row_at(kind, n); n++) words_add(k, words, row_at(kind, n)->name);
}

const Expr *raw_field(const ActionBuild *a, const char *name)
{
    uint32_t n = row_named(a->decl->action.kind, name);
    return n < MOST_FIELDS ? a->raw[n] : NULL;
}

const ConstValue *field_value(const ActionInst *a, const char *name)
{
    for (uint32_t i = 0; i < a->fields.len; i++) {
        if (!strcmp(a->fields.at[i].name, name)) return a->fields.at[i].value;
    }
    return NULL;
}

void set_field(ActionBuild *a, const char *name, ConstValue *value)
{
    vec_push(a->k->keep, &a->inst->fields, (NamedValue){name, value});
}

ExprList field_paths(const ActionBuild *a, const char *name)
{
    uint32_t n = row_named(a->decl->action.kind, name);
    ExprList list = {0};
    const Field *f = n < MOST_FIELDS ? a->first[n] : NULL;
    if (f) return f->values;
    if (n < MOST_FIELDS && a->raw[n]) vec_push(a->k->keep, &list, (Expr *)a->raw[n]);
    return list;
}

static void unknown_field(ActionBuild *a, const Field *f, const char *action)
{
    WordList words = {0};
    const char *text = name_string(a->k, f->label.name);
    field_words(a->k, a->decl->action.kind, &words);
    diag_error(a->k->c, f->label.span, D_unknown_field, action, text);
    help_closest(a->k, text, &words);
}

static const char *action_text(ActionKind kind)
{
    switch (kind) {
    case ACTION_none: return "action";
    case ACTION_train: return "train";
    case ACTION_explore: return "explore";
    case ACTION_scan: return "scan";
    case ACTION_distill: return "distill";
    }
    unreachable();
}

static void take_field(ActionBuild *a, const Field *f)
{
    ActionKind kind = a->decl->action.kind;
    uint32_t n = row_named(kind, name_string(a->k, f->label.name));
    if (n >= MOST_FIELDS) {
        unknown_field(a, f, action_text(kind));
        return;
    }
    if (a->first[n]) {
        diag_error(a->k->c, f->label.span, D_field_twice, name_string(a->k, f->label.name));
        diag_note(a->k->c, a->first[n]->label.span, D_first_here);
        return;
    }
    bool is_list = !strcmp(row_at(kind, n)->type, "paths");
    if (!f->values.len || (f->values.len > 1 && !is_list)) {
        diag_error(a->k->c, f->span, D_field_values, name_string(a->k, f->label.name),
                   (int)f->values.len);
        return;
    }
    a->first[n] = f;
    a->raw[n] = f->values.at[0];
}

static const char *action_text_long(Check *k, ActionKind kind)
{
    return arena_printf(k->keep, "%s %s action", kind == ACTION_explore ? "an" : "a",
                        action_text(kind));
}

/* "'over skips'" */
static const char *statement_text(Check *k, const Field *f)
{
    return arena_printf(k->keep, "'%s%s'", f->kind == FIELD_over ? "over " : "",
                        name_string(k, f->label.name));
}

/* Statements that are no fields, where they may stand. */
static void take_statement(ActionBuild *a, const Field *f)
{
    ActionKind kind = a->decl->action.kind;
    bool sweeps = kind == ACTION_explore || kind == ACTION_scan;
    bool is_fit = false;
    switch (f->kind) {
    case FIELD_none:
    case FIELD_set: return;
    case FIELD_over: is_fit = sweeps; break;
    case FIELD_placement: is_fit = kind == ACTION_explore; break;
    case FIELD_where:
    case FIELD_require: is_fit = sweeps; break;
    case FIELD_expect: is_fit = kind == ACTION_scan; break;
    case FIELD_init_from:
        is_fit = kind == ACTION_train;
        if (is_fit && a->init_from) {
            diag_error(a->k->c, f->span, D_field_twice, "init");
            diag_note(a->k->c, a->init_from->span, D_first_here);
        }
        a->init_from = f;
        break;
    }
    if (!is_fit)
        diag_error(a->k->c, f->span, D_misplaced_statement, statement_text(a->k, f),
                   action_text_long(a->k, kind));
}

static bool is_call_type(const char *type, CalleeGroup *group)
{
    static const struct {
        const char *type;
        CalleeGroup group;
    } groups[] = {{"loss", GROUP_loss},
                  {"optimizer", GROUP_optimizer},
                  {"schedule", GROUP_schedule},
                  {"start", GROUP_start}};
    for (size_t i = 0; i < COUNT(groups); i++) {
        if (strcmp(groups[i].type, type)) continue;
        *group = groups[i].group;
        return true;
    }
    return false;
}

/* val.accuracy, test.loss */
static ConstValue *metric_value(ActionBuild *a, const Expr *x)
{
    static const char *const metrics[] = {"val.accuracy", "val.loss",       "test.accuracy",
                                          "test.loss",    "train.accuracy", "train.loss"};
    const char *text = path_of(a->k, x);
    WordList words = {0};
    for (size_t i = 0; i < COUNT(metrics); i++) {
        if (text && !strcmp(metrics[i], text)) return const_word(a->k, metrics[i], x->span);
        words_add(a->k, &words, metrics[i]);
    }
    if (x->kind == EXPR_error) return NULL;
    diag_error(a->k->c, x->span, D_wanted_word, "a metric",
               "val.accuracy, val.loss, test.accuracy, test.loss, train.accuracy, train.loss");
    if (text) help_closest(a->k, text, &words);
    return NULL;
}

/* Paths are checked once the model is known. */
static ConstValue *paths_value(ActionBuild *a, const char *name)
{
    ConstValue *list = arena_make(a->k->keep, ConstValue);
    ExprList paths = field_paths(a, name);
    list->kind = CONST_list;
    for (uint32_t i = 0; i < paths.len; i++) {
        const char *text = path_of(a->k, paths.at[i]);
        if (text) vec_push(a->k->keep, &list->items, const_word(a->k, text, paths.at[i]->span));
    }
    return list;
}

/* The value of a field; NULL after a report. Names of declarations are kept as words and resolved
 * by the action. */
static ConstValue *row_value(ActionBuild *a, const FieldRow *row, const Expr *x)
{
    CalleeGroup group;
    const char *what = arena_printf(a->k->keep, "'%s'", row->name);
    if (is_call_type(row->type, &group)) return eval_callee(&a->env, x, group);
    if (!strcmp(row->type, "metric")) return metric_value(a, x);
    if (!strcmp(row->type, "paths")) return paths_value(a, row->name);
    bool is_name =
        !strcmp(row->type, "model") || !strcmp(row->type, "data") || !strcmp(row->type, "train");
    if (!strcmp(row->type, "path")) {
        Place p = source_place(&a->k->c->sources, x->span.from);
        const char *text = p.source ? arena_strndup(a->k->keep, p.source->text + (x->span.from - p.source->base), x->span.to - x->span.from) : "";
        return const_word(a->k, text, x->span);
    }
    if (is_name) {
        const char *text =
            x->kind == EXPR_call ? name_string(a->k, x->call.callee.name) : path_of(a->k, x);
        return const_word(a->k, text ? text : "", x->span);
    }
    const char *type = row->type[0] == '"'
                           ? arena_strndup(a->k->keep, row->type + 1, strlen(row->type) - 2)
                           : row->type;
    return eval_typed(&a->env, x, type, what);
}

bool read_fields(ActionBuild *a)
{
    const Decl *d = a->decl;
    unsigned errors = a->k->c->errors;
    bool is_complete = true;
    for (uint32_t i = 0; i < d->action.fields.len; i++) {
        const Field *f = &d->action.fields.at[i];
        if (f->kind == FIELD_set)
            take_field(a, f);
        else
            take_statement(a, f);
    }
    for (uint32_t n = 0; row_at(d->action.kind, n); n++) {
        const FieldRow *row = row_at(d->action.kind, n);
        const Expr *set = setting_for(a->k, d->name.name, name_of(a->k->c->names, row->name));
        if (set) {
            a->raw[n] = set;
            a->first[n] = NULL;
        }
        if (!a->raw[n] && !strcmp(row->standard, "!") && a->k->c->errors == errors &&
            !is_broken(a->k, d->span))
            diag_error(a->k->c, d->name.span, D_field_missing, action_text(d->action.kind),
                       name_string(a->k, d->name.name), row->name);
        const Expr *x = a->raw[n];
        if (!x && *row->standard && strcmp(row->standard, "!"))
            x = parse_text(a->k, "<default>", row->standard);
        ConstValue *v = x ? row_value(a, row, x) : NULL;
        if (v)
            set_field(a, row->name, v);
        else if (set)
            setting_fails(a->k);
        if (x && !v) is_complete = false; /* reported, here or by the parser */
    }
    for (uint32_t n = 0; row_at(d->action.kind, n); n++) {
        if (!strcmp(row_at(d->action.kind, n)->standard, "!") && !a->raw[n]) return false;
    }
    return is_complete && a->k->c->errors == errors;
}
