/* scan_plan.c: what a scan varies -> its points, counted like digits of which the last `over` changes fastest. */
#include <math.h>
#include <string.h>

#include "check/action.h"
#include "check/scan.h"
#include "check/variant.h"

/* One `over`: its name and values as texts. */
typedef struct Dim {
    const char *name;
    bool is_const, is_field; /* a constant of the file; the scan's model or cost; else a formal */
    bool is_numeric;
    VEC(const char *) value;
    VEC(double) number;
} Dim;

typedef struct Planner {
    Compiler *c;
    Check *k;
    const ActionInst *scan;
    ScanPlan *plan;
    VEC(Dim) dims;
    uint32_t axis; /* number of the dim plus one; 0 = none */
} Planner;

static const char *written(Planner *p, Span at)
{
    Place place = source_place(&p->c->sources, at.from);
    if (!place.source) return "";
    return arena_strndup(p->c->keep, place.source->text + (at.from - place.source->base), at.to - at.from);
}

static void add_value(Planner *p, Dim *d, const char *text, Val v)
{
    vec_push(p->c->keep, &d->value, text);
    vec_push(p->c->keep, &d->number, v.kind == VAL_number ? v.number.real : NAN);
    if (v.kind != VAL_number) d->is_numeric = false;
}

static bool add_dim(Planner *p, const Field *f)
{
    Dim d = {.name = name_string(p->k, f->label.name), .is_numeric = true};
    const Entry *entry = scope_find(p->k->user, f->label.name);
    Env env = {.k = p->k, .scope = p->k->user};
    d.is_field = !strcmp(d.name, "model") || !strcmp(d.name, "cost");
    d.is_const = !d.is_field && entry && entry->decl->kind == DECL_const;
    for (uint32_t i = 0; i < f->values.len; i++) {
        const Expr *x = f->values.at[i];
        Val v = d.is_field ? val_none() : eval_expr(&env, x);
        if (v.kind != VAL_range) {
            add_value(p, &d, written(p, x->span), v);
            continue;
        }
        for (int64_t n = v.range.from; n < v.range.to; n++)
            add_value(p, &d, arena_printf(p->c->keep, "%lld", (long long)n), val_int(n));
    }
    vec_push(p->c->keep, &p->dims, d);
    vec_push(p->c->keep, &p->plan->name, d.name);
    if (!d.is_numeric || p->axis) return true;
    p->axis = p->dims.len;
    p->plan->axis = d.name;
    return true;
}

/* The scan of the file checked again at one choice of all dims; NULL after a report that names the point. */
static const ActionInst *scan_at(Planner *p, const uint32_t *digit, const char *label)
{
    const CheckOptions *given = &p->k->options;
    size_t n = given->setting_count, swept = 0;
    Setting *settings = arena_array(p->c->keep, Setting, n + p->dims.len), *names = arena_array(p->c->keep, Setting, p->dims.len + 1);
    const char *scan = name_string(p->k, p->scan->name);
    for (size_t i = 0; i < n; i++) settings[i] = given->settings[i];
    for (uint32_t i = 0; i < p->dims.len; i++) {
        const Dim *d = &p->dims.at[i];
        const char *value = d->value.at[digit[i]];
        names[swept++] = (Setting){d->name, value};
        if (d->is_const) settings[n++] = (Setting){d->name, value};
        if (!strcmp(d->name, "model")) settings[n++] = (Setting){arena_printf(p->c->keep, "%s.model", scan), value};
    }
    bool failed = false;
    CheckOptions options = {.settings = settings, .setting_count = n, .setting_failed = &failed, .swept = names, .swept_count = swept,
                            .only_scan = scan};
    unsigned errors = p->c->errors, warnings = p->c->warnings;
    uint32_t diags = p->c->diags.len;
    p->c->errors = 0;
    const Program *again = check(p->c, p->k->ast, &options);
    const char *reason = errors_taken(p->c, diags);
    p->c->errors = errors;
    p->c->warnings = warnings;
    for (uint32_t i = 0; again && i < again->actions.len; i++)
        if (name_eq(again->actions.at[i]->name, p->scan->name)) return again->actions.at[i];
    diag_error(p->c, p->scan->span, D_scan_point, *label ? label : scan, reason ? reason : "it does not check");
    return NULL;
}

/* "n=3, cost=global", without dim number `without` - 1. */
static const char *label_of(const Planner *p, const uint32_t *digit, uint32_t without)
{
    const char *text = "";
    for (uint32_t i = 0; i < p->dims.len; i++) {
        if (i + 1 == without) continue;
        text = arena_printf(p->c->keep, "%s%s%s=%s", text, *text ? ", " : "", p->dims.at[i].name, p->dims.at[i].value.at[digit[i]]);
    }
    return text;
}

static bool add_point(Planner *p, const uint32_t *digit)
{
    ScanPoint point = {.label = label_of(p, digit, 0), .curve = label_of(p, digit, p->axis), .axis = NAN};
    const char **value = arena_array(p->c->keep, const char *, p->dims.len + 1);
    for (uint32_t i = 0; i < p->dims.len; i++) value[i] = p->dims.at[i].value.at[digit[i]];
    if (p->axis) point.axis = p->dims.at[p->axis - 1].number.at[digit[p->axis - 1]];
    point.value = value;
    point.scan = scan_at(p, digit, point.label);
    if (!point.scan) return false;
    if (!point.scan->excluded) vec_push(p->c->keep, &p->plan->points, point);
    return true;
}

ScanPlan *scan_plan(Compiler *c, const ActionInst *scan)
{
    Planner p = {.c = c, .k = scan->model->request->k, .scan = scan, .plan = arena_make(c->keep, ScanPlan)};
    const FieldList *fields = &scan->decl->action.fields;
    double count = 1;
    p.plan->axis = "";
    for (uint32_t i = 0; i < fields->len; i++)
        if (fields->at[i].kind == FIELD_over) add_dim(&p, &fields->at[i]);
    for (uint32_t i = 0; i < p.dims.len; i++) count *= p.dims.at[i].value.len;
    if (count > MOST_VARIANTS) {
        diag_error(c, scan->span, D_many_points, count, (int)MOST_VARIANTS);
        return NULL;
    }
    uint32_t n = p.dims.len, *digit = arena_array(c->keep, uint32_t, n + 1);
    for (bool more = true; more;) {
        if (!add_point(&p, digit)) return NULL;
        uint32_t i = n;
        while (i && ++digit[i - 1] == p.dims.at[i - 1].value.len) digit[--i] = 0;
        more = i > 0;
    }
    if (p.plan->points.len) return p.plan;
    diag_error(c, scan->span, D_no_points);
    return NULL;
}
