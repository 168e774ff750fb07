/* scan.c: a scan action at one point: model, data, loss, elements and expectation. Without a point given, that is the first value of
 * everything swept. */
#include "check/scan.h"

#include <string.h>

#include "check/action.h"
#include "check/data.h"
#include "check/path.h"
#include "check/value.h"

enum { MOST_ELEMENTS = 4096 };

const char *swept_value(const Check *k, const char *name)
{
    for (size_t i = 0; i < k->options.swept_count; i++)
        if (!strcmp(k->options.swept[i].key, name)) return k->options.swept[i].value;
    return NULL;
}

/* ---- model ---- */

static bool is_given(Check *k, const ArgList *args, const Entry *entry, uint32_t formal)
{
    Name name = entry->decl->unit.formals.at[formal].name.name;
    (void)k;
    for (uint32_t i = 0; i < args->len; i++) {
        const Arg *arg = &args->at[i];
        if (arg->label.name.i ? name_eq(arg->label.name, name) : i == formal) return true;
    }
    return false;
}

/* The model with the swept values of its formals, besides the arguments that are written. */
static const ModelInst *model_at(ActionBuild *a, Entry *entry)
{
    const Expr *written = raw_field(a, "model");
    ArgList args = {0};
    for (uint32_t i = 0; written->kind == EXPR_call && i < written->call.args.len; i++)
        vec_push(a->k->keep, &args, written->call.args.at[i]);
    for (uint32_t i = 0; i < entry->decl->unit.formals.len; i++) {
        Ident name = entry->decl->unit.formals.at[i].name;
        if (!env_find(&a->env, name.name) || is_given(a->k, &args, entry, i)) continue;
        Expr *x = arena_make(a->k->keep, Expr);
        *x = (Expr){.kind = EXPR_name, .span = name.span, .name = name.name};
        vec_push(a->k->keep, &args, (Arg){name, x});
    }
    Expr *call = arena_make(a->k->keep, Expr);
    *call = (Expr){.kind = EXPR_call, .span = written->span};
    call->call.callee = written->kind == EXPR_call ? written->call.callee : (Ident){written->name, written->span};
    call->call.args = args;
    return model_for(a, call, (ModelChange){0}, NULL);
}

/* ---- elements ---- */

/* As path_of, with indices that are computed: out.p[(n-1) div 2].t. NULL: something else, or reported. */
static const char *path_at(Env *e, const Expr *x)
{
    Check *k = e->k;
    if (x->kind == EXPR_member) {
        const char *base = path_at(e, x->member.base);
        return base ? arena_printf(k->keep, "%s.%s", base, name_string(k, x->member.name.name)) : NULL;
    }
    if (x->kind != EXPR_index) return path_of(k, x);
    const char *base = path_at(e, x->index.base);
    int64_t i;
    if (!base || x->index.items.len != 1 || !eval_int(e, x->index.items.at[0], "an index of a path", 0, &i)) return NULL;
    return arena_printf(k->keep, "%s[%lld]", base, (long long)i);
}

static GroupId group_at_path(const ModelInst *m, const char *path)
{
    for (uint32_t i = 0; path && i < m->groups.len; i++)
        if (!strcmp(m->groups.at[i].path, path)) return (GroupId){i + 1};
    return (GroupId){0};
}

static GroupId root_of(const ModelInst *m, GroupId id)
{
    while (group_of(m, id)->tied_to.i) id = group_of(m, id)->tied_to;
    return id;
}

/* "q1.theta[0, 1, 2]"; the path alone for a single number. */
static void add_element(ActionBuild *a, const ModelInst *m, GroupId id, int64_t element)
{
    const GroupInst *g = group_of(m, id);
    const char *text = "";
    int64_t rest = element;
    for (int i = g->rank - 1; i >= 0; i--) {
        text = arena_printf(a->k->keep, "%lld%s%s", (long long)(rest % g->dim[i]), *text ? ", " : "", text);
        rest /= g->dim[i];
    }
    if (*text) text = arena_printf(a->k->keep, "[%s]", text);
    WrtElement w = {root_of(m, id), element, arena_printf(a->k->keep, "%s%s", g->path, text)};
    vec_push(a->k->keep, &a->inst->wrt, w);
}

/* The element of a group at these indices; -1 after a report. */
static int64_t element_at(ActionBuild *a, const GroupInst *g, const Expr *x)
{
    int64_t element = 0, at;
    bool fits = x->index.items.len == g->rank;
    for (uint32_t i = 0; fits && i < x->index.items.len; i++) {
        if (!eval_int(&a->env, x->index.items.at[i], "an index of a parameter", 0, &at)) return -1;
        fits = at < g->dim[i];
        element = element * g->dim[i] + at;
    }
    if (fits) return element;
    ValueType t = {.kind = VALUE_real, .rank = g->rank};
    memcpy(t.dim, g->dim, sizeof t.dim);
    diag_error(a->k->c, x->span, D_wrt_index, g->path, value_type_text(a->k, t));
    return -1;
}

/* Is the group the path's, or of the layer or part that it names? */
static bool is_under(const char *group, const char *path)
{
    size_t n = strlen(path);
    return !strncmp(group, path, n) && (!group[n] || group[n] == '.' || group[n] == '[');
}

/* All elements of all groups under the path; false after a report. */
static bool every_element(ActionBuild *a, const ModelInst *m, const char *path, const Expr *x)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < m->groups.len; i++)
        if (is_under(m->groups.at[i].path, path) && !m->groups.at[i].frozen) total += m->groups.at[i].count;
    if (total > MOST_ELEMENTS) {
        diag_error(a->k->c, x->span, D_wrt_many, path, (long long)total, (int)MOST_ELEMENTS);
        return false;
    }
    for (uint32_t i = 0; i < m->groups.len; i++)
        for (int64_t e = 0; is_under(m->groups.at[i].path, path) && !m->groups.at[i].frozen && e < m->groups.at[i].count; e++)
            add_element(a, m, (GroupId){i + 1}, e);
    return total > 0 || check_path(a->k, m, x);
}

/* A path that is one number. */
static bool one_element(ActionBuild *a, const ModelInst *m, const char *path, const Expr *x)
{
    GroupId found = {0};
    int64_t total = 0;
    for (uint32_t i = 0; i < m->groups.len; i++) {
        if (!is_under(m->groups.at[i].path, path)) continue;
        found = (GroupId){i + 1};
        total += m->groups.at[i].count;
    }
    if (total == 1) {
        add_element(a, m, found, 0);
        return true;
    }
    if (!total) return check_path(a->k, m, x) && (diag_error(a->k->c, x->span, D_wrt_none, path), false);
    diag_error(a->k->c, x->span, D_wrt_elements, path, (long long)total, path);
    return false;
}

/* The first number of the first group that is trained. */
static bool first_element(ActionBuild *a, const ModelInst *m)
{
    for (uint32_t i = 0; i < m->groups.len; i++) {
        const GroupInst *g = &m->groups.at[i];
        if (g->frozen || g->tied_to.i || !g->count) continue;
        add_element(a, m, (GroupId){i + 1}, 0);
        return true;
    }
    diag_error(a->k->c, a->decl->name.span, D_wrt_none, name_string(a->k, m->name));
    return false;
}

static bool read_wrt(ActionBuild *a, const ModelInst *m)
{
    const Expr *x = raw_field(a, "wrt");
    if (!x) return first_element(a, m);
    bool is_each = x->kind == EXPR_call && !strcmp(name_string(a->k, x->call.callee.name), "each") && x->call.args.len == 1;
    if (is_each) x = x->call.args.at[0].value;
    unsigned errors = a->k->c->errors;
    if (x->kind == EXPR_index && !is_each) {
        GroupId id = group_at_path(m, path_at(&a->env, x->index.base));
        int64_t element = id.i ? element_at(a, group_of(m, id), x) : -1;
        if (element >= 0) add_element(a, m, id, element);
        if (id.i) return element >= 0;
    }
    const char *path = path_at(&a->env, x);
    if (!path) return a->k->c->errors == errors ? check_path(a->k, m, x) : false;
    return is_each ? every_element(a, m, path, x) : one_element(a, m, path, x);
}

/* ---- the whole ---- */

static bool read_cost(ActionBuild *a)
{
    const ConstValue *cost = field_value(a->inst, "cost"), *loss = field_value(a->inst, "loss");
    const char *swept = swept_value(a->k, "cost");
    const Field *over = NULL;
    for (uint32_t i = 0; i < a->decl->action.fields.len; i++) {
        const Field *f = &a->decl->action.fields.at[i];
        if (f->kind == FIELD_over && !strcmp(name_string(a->k, f->label.name), "cost")) over = f;
    }
    const char *first = over && over->values.len && over->values.at[0]->kind == EXPR_name ? name_string(a->k, over->values.at[0]->name) : NULL;
    const char *word = swept ? swept : first ? first : cost ? cost->text : NULL;
    if (word && loss) {
        diag_error(a->k->c, loss->span, D_cost_and_loss);
        diag_note(a->k->c, over ? over->span : cost->span, D_first_here);
        return false;
    }
    if (cost && over && !swept) {
        diag_error(a->k->c, cost->span, D_cost_and_loss);
        diag_note(a->k->c, over->span, D_first_here);
        return false;
    }
    if (loss) return read_loss(a, "loss");
    a->inst->loss = word && !strcmp(word, "local") ? LOSS_local : LOSS_infidelity;
    return true;
}

/* `expect NAME: formula` for this point's cost. */
static void read_expectation(ActionBuild *a)
{
    const char *cost = a->inst->loss == LOSS_local ? "local" : a->inst->loss == LOSS_infidelity ? "global" : "";
    for (uint32_t i = 0; i < a->decl->action.fields.len; i++) {
        const Field *f = &a->decl->action.fields.at[i];
        Rational r;
        if (f->kind != FIELD_expect || !f->values.len) continue;
        const char *of = name_string(a->k, f->into.name);
        if ((*of && strcmp(of, cost)) || !eval_number(&a->env, f->values.at[0], "what is expected", &r)) continue;
        if (r.real < 0) diag_error(a->k->c, f->values.at[0]->span, D_out_of_bounds, "an expected variance", "at least 0", rational_text(a->k->c, r));
        a->inst->has_expected = true;
        a->inst->expected = r.real;
    }
}

/* Does a `where` leave this point out? Only then nothing else of it is looked at. */
static bool is_excluded(ActionBuild *a)
{
    for (uint32_t i = 0; i < a->decl->action.fields.len; i++) {
        const Field *f = &a->decl->action.fields.at[i];
        bool is_true = true;
        if (f->kind != FIELD_where || !f->values.len) continue;
        if (eval_bool(&a->env, f->values.at[0], "a condition", &is_true) && !is_true) return true;
    }
    return false;
}

bool check_scan(ActionBuild *a)
{
    if (a->k->options.swept_count && is_excluded(a)) {
        a->inst->excluded = true;
        return true;
    }
    Entry *entry = named_entry(a->k, raw_field(a, "model"), DECL_model, "model");
    if (!entry || !read_cost(a)) return false;
    a->inst->data = eval_data(&a->env, raw_field(a, "data"));
    a->inst->model = model_at(a, entry);
    if (!a->inst->model || !a->inst->data || !check_sweeps(a, entry, a->inst->model)) return false;
    read_expectation(a);
    return read_wrt(a, a->inst->model) && check_loss(a);
}
