/* sweep.c: what explore and scan vary: over, placement, where, require, expect. Checked in form; a
 * variant's own errors belong to the result of the exploration.
 */
#include <string.h>

#include "check/action.h"
#include "check/argument.h"
#include "check/data.h"
#include "check/echo.h"
#include "check/path.h"
#include "check/require.h"
#include "check/setting.h"
#include "check/unit.h"

enum { MOST_SWEPT = 4096 };

/* What is swept: a training's model (explore) or the scan's own. */
typedef struct Sweep {
    ActionBuild *a;
    Entry *entry; /* the model's declaration; NULL if unknown */
    const ModelInst
        *model; /* an instance, to look names up; NULL if it cannot be built without the sweep */
} Sweep;

static bool is_swept_formal(const Entry *entry, Name name)
{
    for (uint32_t i = 0; entry && i < entry->decl->unit.formals.len; i++) {
        if (name_eq(entry->decl->unit.formals.at[i].name.name, name)) return true;
    }
    return false;
}

static void unknown_layer_name(Sweep *s, const Expr *x, const char *text)
{
    WordList words = {0};
    if (is_echo(s->a->k, text)) return;
    for (uint32_t i = 0; i < s->model->layers.len; i++)
        words_add(s->a->k, &words, name_string(s->a->k, s->model->layers.at[i].name));
    for (uint32_t i = 0; i < s->model->inputs.len; i++)
        words_add(s->a->k, &words,
                  name_string(s->a->k, stage_of(s->model, s->model->inputs.at[i])->input.input));
    diag_error(s->a->k->c, x->span, D_unknown_layer, text);
    help_closest(s->a->k, text, &words);
}

/* Position of a layer from 1, 0 for an input, -1 after a report. */
static int layer_position(Sweep *s, const Expr *x)
{
    if (x->kind != EXPR_name) {
        if (x->kind != EXPR_error) diag_error(s->a->k->c, x->span, D_skip_endpoint);
        return -1;
    }
    for (uint32_t i = 0; i < s->model->layers.len; i++) {
        if (name_eq(s->model->layers.at[i].name, x->name)) return (int)i + 1;
    }
    for (uint32_t i = 0; i < s->model->inputs.len; i++) {
        if (name_eq(stage_of(s->model, s->model->inputs.at[i])->input.input, x->name)) return 0;
    }
    unknown_layer_name(s, x, name_string(s->a->k, x->name));
    return -1;
}

static bool check_edge(Sweep *s, const Expr *from, const Expr *to, Span at)
{
    Check *k = s->a->k;
    int start = layer_position(s, from), end = layer_position(s, to);
    if (start < 0 || end < 0) return false;
    if (end == 0) {
        diag_error(k->c, to->span, D_skip_into, name_string(k, to->name));
        return false;
    }
    if (start < end) return true;
    if (start == end)
        diag_error(k->c, at, D_skip_to_itself, name_string(k, to->name));
    else
        diag_error(k->c, at, D_skip_backwards, name_string(k, from->name),
                   name_string(k, to->name));
    return false;
}

static bool same_expr(const Expr *a, const Expr *b)
{
    if (a->kind != b->kind) return false;
    if (a->kind == EXPR_name) return name_eq(a->name, b->name);
    if (a->kind == EXPR_number) return rational_compare(a->number.value, b->number.value) == 0;
    if (a->kind == EXPR_bool) return a->boolean == b->boolean;
    if (a->kind == EXPR_edge)
        return same_expr(a->edge.from, b->edge.from) && same_expr(a->edge.to, b->edge.to);
    return false;
}

/* The same value twice would make equal variants. */
static bool check_repeats(Sweep *s, const Field *f)
{
    for (uint32_t i = 0; i < f->values.len; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (!same_expr(f->values.at[i], f->values.at[j])) continue;
            diag_error(s->a->k->c, f->values.at[i]->span, D_equal_variants);
            diag_note(s->a->k->c, f->values.at[j]->span, D_first_here);
            return false;
        }
    }
    return true;
}

static void over_skips(Sweep *s, const Field *f)
{
    for (uint32_t i = 0; i < f->values.len; i++) {
        const Expr *x = f->values.at[i];
        if (x->kind == EXPR_edge) {
            if (s->model) check_edge(s, x->edge.from, x->edge.to, x->span);
        } else if (x->kind != EXPR_error) {
            diag_error(s->a->k->c, x->span, D_wants_edge);
        }
    }
}

static void over_sums(Sweep *s, const Field *f)
{
    if (!s->model || !f->into.name.i) return;
    Expr into = {.kind = EXPR_name, .span = f->into.span, .name = f->into.name};
    for (uint32_t i = 0; i < f->values.len; i++)
        check_edge(s, f->values.at[i], &into, f->values.at[i]->span);
}

static void over_words(Sweep *s, const Field *f, const char *words)
{
    for (uint32_t i = 0; i < f->values.len; i++)
        eval_typed(&s->a->env, f->values.at[i], words,
                   arena_printf(s->a->k->keep, "'over %s'", name_string(s->a->k, f->label.name)));
}

static bool is_none(Check *k, const Expr *x)
{
    return x->kind == EXPR_name && !strcmp(name_string(k, x->name), "none");
}

/* A path, or a list of them that are frozen together. */
static void check_frozen(Sweep *s, const Expr *x)
{
    if (x->kind != EXPR_list) {
        check_path(s->a->k, s->model, x);
        return;
    }
    for (uint32_t i = 0; i < x->list.len; i++) check_path(s->a->k, s->model, x->list.at[i]);
}

static void over_freeze(Sweep *s, const Field *f)
{
    for (uint32_t i = 0; s->model && i < f->values.len; i++) {
        if (!is_none(s->a->k, f->values.at[i])) check_frozen(s, f->values.at[i]);
    }
}

/* Whose own output changes: a layer, not one of its parameters. */
static bool is_layer_name(Sweep *s, const Expr *x)
{
    if (layer_position(s, x) > 0) return true;
    if (x->kind == EXPR_name && layer_position(s, x) == 0)
        diag_error(s->a->k->c, x->span, D_wanted_kind, "what is ablated", "a layer", "an input");
    return false;
}

/* none, freeze(q1), no_entanglement(q1), constant(q1) */
static void over_ablate(Sweep *s, const Field *f)
{
    static const char *const kinds[] = {"freeze", "no_entanglement", "constant"};
    for (uint32_t i = 0; i < f->values.len; i++) {
        const Expr *x = f->values.at[i];
        if (is_none(s->a->k, x) || x->kind == EXPR_error) continue;
        bool is_known = false;
        for (size_t w = 0; x->kind == EXPR_call && w < COUNT(kinds); w++)
            is_known = is_known || !strcmp(kinds[w], name_string(s->a->k, x->call.callee.name));
        if (!is_known || x->call.args.len != 1) {
            diag_error(s->a->k->c, x->span, D_wanted_word, "an ablation",
                       "none, freeze(LAYER), no_entanglement(LAYER), constant(LAYER)");
            continue;
        }
        const Expr *what = x->call.args.at[0].value;
        if (!s->model) continue;
        if (!strcmp(name_string(s->a->k, x->call.callee.name), "freeze")) check_frozen(s, what);
        else is_layer_name(s, what);
    }
}

static void over_models(Sweep *s, const Field *f)
{
    for (uint32_t i = 0; i < f->values.len; i++)
        named_entry(s->a->k, f->values.at[i], DECL_model, "model");
}

/* A constant or a formal: values or ranges. */
static void over_name(Sweep *s, const Field *f)
{
    Check *k = s->a->k;
    Entry *entry = scope_find(k->user, f->label.name);
    bool is_const = entry && entry->decl->kind == DECL_const && entry->scope == k->user;
    const char *text = name_string(k, f->label.name);
    if (!is_const && !is_swept_formal(s->entry, f->label.name)) {
        static const char *const labels[] = {"skips",  "sums",  "gradient", "freeze",
                                             "ablate", "residual", "model", "cost"};
        WordList words = {0};
        for (size_t i = 0; i < COUNT(labels); i++) words_add(k, &words, labels[i]);
        scope_words(k, k->user, DECL_const, &words);
        for (uint32_t i = 0; s->entry && i < s->entry->decl->unit.formals.len; i++)
            words_add(k, &words, name_string(k, s->entry->decl->unit.formals.at[i].name.name));
        diag_error(k->c, f->label.span, D_over_unknown, text);
        help_closest(k, text, &words);
        return;
    }
    bool is_point = k->options.swept_count > 0;
    if (!is_point && ((is_const && entry->set_value) || (s->entry && setting_for(k, s->entry->decl->name.name, f->label.name)))) {
        setting_fails(k);
        diag_error(k->c, f->label.span, D_set_swept, text);
        return;
    }
    for (uint32_t i = 0; i < f->values.len; i++) {
        Val v = eval_expr(&s->a->env, f->values.at[i]);
        bool is_empty = v.kind == VAL_range && v.range.from >= v.range.to;
        bool is_long = v.kind == VAL_range && !is_empty && v.range.to - v.range.from > MOST_SWEPT;
        if (is_empty || is_long)
            diag_error(k->c, f->values.at[i]->span, D_sweep_range, (int)MOST_SWEPT);
    }
}

/* `over model` and `over cost` of a scan, when the field itself is set. */
static void over_set_field(Sweep *s, const Field *f)
{
    const Decl *d = s->a->decl;
    if (s->a->k->options.swept_count || !setting_for(s->a->k, d->name.name, f->label.name)) return;
    setting_fails(s->a->k);
    diag_error(s->a->k->c, f->label.span, D_set_swept, name_string(s->a->k, f->label.name));
}

static void check_over(Sweep *s, const Field *f)
{
    const char *label = name_string(s->a->k, f->label.name);
    bool is_explore = s->a->decl->action.kind == ACTION_explore;
    if (!check_repeats(s, f)) return;
    over_set_field(s, f);
    if (is_explore && !strcmp(label, "skips"))
        over_skips(s, f);
    else if (is_explore && !strcmp(label, "sums"))
        over_sums(s, f);
    else if (is_explore && !strcmp(label, "gradient"))
        over_words(s, f, "exact|detached");
    else if (is_explore && !strcmp(label, "residual"))
        over_words(s, f, "sum|mean");
    else if (is_explore && !strcmp(label, "freeze"))
        over_freeze(s, f);
    else if (is_explore && !strcmp(label, "ablate"))
        over_ablate(s, f);
    else if (!is_explore && !strcmp(label, "cost"))
        over_words(s, f, "global|local");
    else if (!strcmp(label, "model"))
        over_models(s, f);
    else
        over_name(s, f);
}

static void check_placement(Sweep *s, const Field *f, uint32_t index)
{
    Check *k = s->a->k;
    for (uint32_t i = 0; i < f->body.len; i++) {
        const Stmt *stmt = f->body.at[i];
        if (stmt->kind == STMT_error) continue;
        if (stmt->kind != STMT_skip)
            diag_error(k->c, stmt->span, D_wants_edge);
        else if (s->model)
            check_edge(s, stmt->skip.from, stmt->skip.to, stmt->span);
    }
    for (uint32_t i = 0; i < index; i++) {
        const Field *other = &s->a->decl->action.fields.at[i];
        bool is_same = other->kind == FIELD_placement && other->title && f->title &&
                       !strcmp(other->title, f->title);
        if (!is_same) continue;
        diag_error(k->c, f->span, D_equal_variants);
        diag_note(k->c, other->span, D_first_here);
    }
}

/* Conditions see the first value of everything swept. */
static void check_condition(Sweep *s, const Field *f)
{
    bool is_true;
    const ParamCounter counter = {.declared = s->model};
    if (f->kind == FIELD_require) s->a->env.counter = &counter;
    if (f->values.len) eval_bool(&s->a->env, f->values.at[0], "a condition", &is_true);
    s->a->env.counter = NULL;
}

static void check_expectation(Sweep *s, const Field *f)
{
    Rational r;
    const char *text = name_string(s->a->k, f->into.name);
    Arg arg = {.value = &(Expr){.kind = EXPR_name, .span = f->into.span, .name = f->into.name}};
    static const char *const costs[] = {"global", "local"};
    uint32_t word;
    if (*text && !slot_word(&s->a->env, &arg, "'expect'", costs, 2, &word)) return;
    if (f->values.len) eval_number(&s->a->env, f->values.at[0], "what is expected", &r);
}

static bool check_fields(Sweep *s)
{
    unsigned errors = s->a->k->c->errors;
    const Decl *d = s->a->decl;
    for (uint32_t i = 0; i < d->action.fields.len; i++) {
        const Field *f = &d->action.fields.at[i];
        switch (f->kind) {
        case FIELD_none:
        case FIELD_set:
        case FIELD_init_from: break;
        case FIELD_over: check_over(s, f); break;
        case FIELD_placement: check_placement(s, f, i); break;
        case FIELD_where:
        case FIELD_require: check_condition(s, f); break;
        case FIELD_expect: check_expectation(s, f); break;
        }
    }
    return s->a->k->c->errors == errors;
}

/* A constant of the file or a formal of one of its models. */
static bool is_sweepable(Check *k, Name name)
{
    for (uint32_t i = 0; i < k->user->entries.len; i++) {
        const Entry *entry = k->user->entries.at[i];
        if (entry->decl->kind == DECL_const && name_eq(entry->decl->name.name, name)) return true;
        if (entry->decl->kind == DECL_model && is_swept_formal(entry, name)) return true;
    }
    return false;
}

bool bind_sweeps(ActionBuild *a)
{
    for (uint32_t i = 0; i < a->decl->action.fields.len; i++) {
        const Field *f = &a->decl->action.fields.at[i];
        static const char *const words[] = {"skips",  "sums",  "gradient", "freeze",
                                            "ablate", "residual", "model", "cost"};
        bool is_word = f->kind != FIELD_over || !f->values.len;
        for (size_t w = 0; w < COUNT(words); w++)
            is_word = is_word || !strcmp(words[w], name_string(a->k, f->label.name));
        if (is_word || !is_sweepable(a->k, f->label.name)) continue;
        const char *text = swept_value(a->k, name_string(a->k, f->label.name));
        const Expr *x = text ? parse_text(a->k, "<swept>", text) : f->values.at[0];
        Val v = x ? eval_expr(&a->env, x) : val_none();
        if (v.kind == VAL_range) v = val_int(v.range.from);
        env_bind(&a->env, f->label.name, v, f->label.span);
    }
    return true;
}

/* Conditions of an exploration may use the model's formals. */
static void bind_formal_defaults(ActionBuild *a, const Entry *entry)
{
    bind_sweeps(a);
    for (uint32_t i = 0; entry && i < entry->decl->unit.formals.len; i++) {
        const Formal *f = &entry->decl->unit.formals.at[i];
        bool is_value = f->type == FORMAL_int || f->type == FORMAL_real || f->type == FORMAL_bool;
        if (!is_value || !f->default_value || env_find(&a->env, f->name.name)) continue;
        env_bind(&a->env, f->name.name, eval_expr(&a->env, f->default_value), f->name.span);
    }
}

bool check_path(Check *k, const ModelInst *m, const Expr *x)
{
    const char *text = path_of(k, x);
    if (!text) {
        if (x->kind != EXPR_error) diag_error(k->c, x->span, D_not_a_path);
        return false;
    }
    size_t n = strlen(text);
    if (n > 2 && !strcmp(text + n - 2, ".*")) n -= 2;
    WordList words = {0};
    for (uint32_t i = 0; i < m->groups.len; i++) {
        const char *path = m->groups.at[i].path;
        if (!strncmp(path, text, n) && (!path[n] || path[n] == '.' || path[n] == '[')) return true;
        words_add(k, &words, path);
    }
    for (uint32_t i = 0; i < m->layers.len; i++) {
        const char *name = name_string(k, m->layers.at[i].name);
        if (strlen(name) == n && !strncmp(name, text, n)) return true;
        words_add(k, &words, name);
    }
    diag_error(k->c, x->span, D_unknown_path, text);
    help_closest(k, text, &words);
    return false;
}

static const ConstValue *val_of(const DataInst *data)
{
    return data ? callee_argument(data->source, "val") : NULL;
}

/* Ranking by the test samples of several variants picks the luckiest one. */
static bool check_rank(ActionBuild *a, const Decl *train)
{
    const ConstValue *rank = field_value(a->inst, "rank");
    const Expr *data_expr = NULL;
    for (uint32_t i = 0; i < train->action.fields.len; i++) {
        const Field *f = &train->action.fields.at[i];
        if (f->kind == FIELD_set && !strcmp(name_string(a->k, f->label.name), "data") &&
            f->values.len)
            data_expr = f->values.at[0];
    }
    const ConstValue *budget = field_value(a->inst, "budget");
    if (budget && rank && strncmp(rank->text, "val.", 4)) {
        diag_error(a->k->c, rank->span, D_budget_rank, rank->text);
        diag_note(a->k->c, budget->span, D_budget_here);
        return false;
    }
    if (!rank || !data_expr) return true;
    if (!strncmp(rank->text, "test.", 5)) {
        diag_warning(a->k->c, rank->span, D_rank_by_test);
        return true;
    }
    const DataInst *data = eval_data(&a->env, data_expr);
    a->inst->data = data;
    if (!data || strncmp(rank->text, "val.", 4)) return data != NULL;
    const ConstValue *val = val_of(data);
    if (val && val->number.num > 0) return true;
    diag_error(a->k->c, raw_field(a, "rank") ? rank->span : a->decl->name.span, D_needs_val,
               "'rank: val...'");
    diag_note(a->k->c, data->span, D_data_here);
    return false;
}

bool check_explore(ActionBuild *a)
{
    Entry *train = named_entry(a->k, raw_field(a, "train"), DECL_action, "train action");
    if (!train) return false;
    if (train->decl->action.kind != ACTION_train) {
        diag_error(a->k->c, raw_field(a, "train")->span, D_not_a_train,
                   name_string(a->k, train->decl->name.name));
        return false;
    }
    Sweep s = {.a = a};
    const Program *p = a->k->program;
    for (uint32_t i = 0; i < p->actions.len; i++) {
        if (p->actions.at[i]->decl == train->decl) s.model = p->actions.at[i]->model;
    }
    for (uint32_t i = 0; i < train->decl->action.fields.len; i++) {
        const Field *f = &train->decl->action.fields.at[i];
        bool is_model = f->kind == FIELD_set &&
                        !strcmp(name_string(a->k, f->label.name), "model") && f->values.len;
        if (!is_model) continue;
        const Expr *x = f->values.at[0];
        if (x->kind == EXPR_name || x->kind == EXPR_call)
            s.entry = scope_find(a->k->user, x->kind == EXPR_call ? x->call.callee.name : x->name);
        if (s.entry && s.entry->decl->kind != DECL_model) s.entry = NULL;
    }
    bind_formal_defaults(a, s.entry);
    return check_rank(a, train->decl) && check_fields(&s);
}

bool check_sweeps(ActionBuild *a, Entry *entry, const ModelInst *model)
{
    return check_fields(&(Sweep){.a = a, .entry = entry, .model = model});
}
