/* variant.c: the product of what an explore action varies, and the model of each point.
 *
 * Every `over` becomes a Dim with its options; a variant is one option of each, counted like digits of
 * which the last dimension changes fastest.
 */
#include "check/variant.h"

#include <string.h>

#include "check/ablate.h"
#include "check/action.h"
#include "check/path.h"
#include "check/require.h"

typedef struct Option {
    const char *text;    /* in labels */
    const Field *field;  /* skips and sums: where `mask` chooses from; placement: the block */
    uint32_t mask;
    ExprList freeze;
    const Ablation *ablation; /* NULL: none, or a freeze */
    bool detached, is_mean;
    const char *value;   /* of a setting */
    Val val;             /* of it, in conditions */
} Option;

typedef enum DimKind { DIM_placement, DIM_sum, DIM_gradient, DIM_residual, DIM_freeze, DIM_ablate, DIM_setting } DimKind;

typedef struct Dim {
    DimKind kind;
    const Field *field;
    const char *key; /* of a setting: "classes", "M.depth", "baseline.model" */
    Name name;       /* of a setting, in conditions */
    VEC(Option) options;
} Dim;

typedef struct Space {
    Compiler *c;
    Check *k;
    const ActionInst *explore, *train;
    VEC(Dim) dims;
    VariantList *variants;
    VEC(const char *) keys; /* what makes each variant different from the others */
    const char *checked_for; /* settings of `checked` */
    const ActionInst *checked;
    const char *checked_reason;
} Space;

/* The text of an expression as it is written. */
static const char *written(Space *s, Span at)
{
    Place p = source_place(&s->c->sources, at.from);
    if (!p.source) return "";
    return arena_strndup(s->c->keep, p.source->text + (at.from - p.source->base), at.to - at.from);
}

static Dim *dim_of(Space *s, DimKind kind, const Field *f)
{
    for (uint32_t i = 0; i < s->dims.len; i++) {
        bool is_it = s->dims.at[i].kind == kind && kind != DIM_setting;
        if (is_it) return &s->dims.at[i];
    }
    vec_push(s->c->keep, &s->dims, (Dim){.kind = kind, .field = f});
    return &s->dims.at[s->dims.len - 1];
}

static bool too_many(Space *s, Span at)
{
    diag_error(s->c, at, D_many_variants, (int)MOST_VARIANTS);
    return false;
}

/* "q1 -> q2, x -> q2" or "x + q1" of the values that mask chooses. */
static const char *chosen_text(Space *s, const Field *f, uint32_t mask, const char *between)
{
    const char *text = "";
    for (uint32_t i = 0; i < f->values.len; i++) {
        if (!(mask >> i & 1)) continue;
        text = arena_printf(s->c->keep, "%s%s%s", text, *text ? between : "",
                            written(s, f->values.at[i]->span));
    }
    return *text ? text : "none";
}

static bool add_subsets(Space *s, const Field *f, DimKind kind)
{
    Dim *d = dim_of(s, kind, f);
    if (f->values.len > 12) return too_many(s, f->span);
    for (uint32_t mask = kind == DIM_sum; mask < 1u << f->values.len; mask++) {
        const char *text = chosen_text(s, f, mask, kind == DIM_sum ? " + " : ", ");
        vec_push(s->c->keep, &d->options, (Option){.text = text, .field = f, .mask = mask});
    }
    return true;
}

/* gradient: exact, detached; residual: sum, mean. */
static void add_words(Space *s, const Field *f, DimKind kind)
{
    Dim *d = dim_of(s, kind, f);
    for (uint32_t i = 0; i < f->values.len; i++) {
        const char *text = written(s, f->values.at[i]->span);
        vec_push(s->c->keep, &d->options,
                 (Option){.text = text, .detached = !strcmp(text, "detached"), .is_mean = !strcmp(text, "mean")});
    }
}

static bool is_none(const Space *s, const Expr *x)
{
    return x->kind == EXPR_name && !strcmp(name_string(s->k, x->name), "none");
}

/* "freeze q1", "freeze q1 q2" of a path or a list of them. */
static Option frozen(Space *s, const Expr *x)
{
    Option o = {.text = "freeze"};
    uint32_t n = x->kind == EXPR_list ? x->list.len : 1;
    for (uint32_t i = 0; i < n; i++) {
        Expr *path = x->kind == EXPR_list ? x->list.at[i] : (Expr *)x;
        vec_push(s->c->keep, &o.freeze, path);
        o.text = arena_printf(s->c->keep, "%s %s", o.text, path_of(s->k, path));
    }
    return o;
}

/* freeze: none, q1 */
static void add_freezes(Space *s, const Field *f)
{
    Dim *d = dim_of(s, DIM_freeze, f);
    for (uint32_t i = 0; i < f->values.len; i++) {
        const Expr *x = f->values.at[i];
        vec_push(s->c->keep, &d->options, is_none(s, x) ? (Option){.text = ""} : frozen(s, x));
    }
}

/* ablate: none, freeze(q1), no_entanglement(q1), constant(q1) */
static void add_ablations(Space *s, const Field *f)
{
    Dim *d = dim_of(s, DIM_ablate, f);
    for (uint32_t i = 0; i < f->values.len; i++) {
        const Expr *x = f->values.at[i], *layer = is_none(s, x) ? NULL : x->call.args.at[0].value;
        const char *word = layer ? name_string(s->k, x->call.callee.name) : "";
        Option o = {.text = ""};
        if (layer && !strcmp(word, "freeze")) {
            o = frozen(s, layer);
        } else if (layer) {
            Ablation *a = arena_make(s->c->keep, Ablation);
            *a = (Ablation){ablation_named(word), layer};
            o = (Option){.text = written(s, x->span), .ablation = a};
        }
        vec_push(s->c->keep, &d->options, o);
    }
}

static void add_value(Space *s, Dim *d, const char *value, Val val)
{
    const char *text = arena_printf(s->c->keep, "%s=%s", name_string(s->k, d->name), value);
    vec_push(s->c->keep, &d->options, (Option){.text = text, .value = value, .val = val});
}

/* A constant, a formal of the model, or the model itself. */
static bool add_settings(Space *s, const Field *f)
{
    const Entry *entry = scope_find(s->k->user, f->label.name);
    const char *name = name_string(s->k, f->label.name);
    Dim *d = dim_of(s, DIM_setting, f);
    Env env = {.k = s->k, .scope = s->k->user};
    bool is_model = !strcmp(name, "model");
    d->name = f->label.name;
    if (is_model)
        d->key = arena_printf(s->c->keep, "%s.model", name_string(s->k, s->train->name));
    else if (entry && entry->decl->kind == DECL_const)
        d->key = name;
    else
        d->key = arena_printf(s->c->keep, "%s.%s", name_string(s->k, s->train->model->name), name);
    for (uint32_t i = 0; i < f->values.len; i++) {
        const Expr *x = f->values.at[i];
        Val v = is_model ? val_none() : eval_expr(&env, x);
        if (v.kind != VAL_range) {
            add_value(s, d, written(s, x->span), v);
            continue;
        }
        if (v.range.to - v.range.from > MOST_VARIANTS) return too_many(s, f->span);
        for (int64_t n = v.range.from; n < v.range.to; n++)
            add_value(s, d, arena_printf(s->c->keep, "%lld", (long long)n), val_int(n));
    }
    return true;
}

static bool add_over(Space *s, const Field *f)
{
    const char *label = name_string(s->k, f->label.name);
    if (!strcmp(label, "skips")) return add_subsets(s, f, DIM_placement);
    if (!strcmp(label, "sums")) return add_subsets(s, f, DIM_sum);
    if (!strcmp(label, "freeze")) add_freezes(s, f);
    else if (!strcmp(label, "ablate")) add_ablations(s, f);
    else if (!strcmp(label, "gradient")) add_words(s, f, DIM_gradient);
    else if (!strcmp(label, "residual")) add_words(s, f, DIM_residual);
    else return add_settings(s, f);
    return true;
}

static bool read_space(Space *s)
{
    const FieldList *fields = &s->explore->decl->action.fields;
    double count = 1;
    for (uint32_t i = 0; i < fields->len; i++) {
        const Field *f = &fields->at[i];
        if (f->kind == FIELD_over && !add_over(s, f)) return false;
        if (f->kind != FIELD_placement) continue;
        Dim *d = dim_of(s, DIM_placement, f);
        const char *title = f->title && *f->title ? f->title : "placement";
        vec_push(s->c->keep, &d->options, (Option){.text = title, .field = f});
    }
    for (uint32_t i = 0; i < s->dims.len; i++) count *= s->dims.at[i].options.len;
    return count <= MOST_VARIANTS || too_many(s, s->explore->span);
}

/* ---- one variant ---- */

/* The digits of a variant: one option of each dimension. */
typedef struct Point {
    const Option **at;
} Point;

/* `where` and `require` with the values of this point. */
static bool admits(Space *s, const Point *p, FieldKind kind, const ParamCounter *counter, const char **failed)
{
    const FieldList *fields = &s->explore->decl->action.fields;
    const Entry *entry = s->train->model->request->entry;
    Env env = {.k = s->k, .scope = s->k->user, .counter = counter};
    for (uint32_t i = 0; i < s->dims.len; i++) {
        const Dim *d = &s->dims.at[i];
        if (d->kind == DIM_setting && p->at[i]->val.kind != VAL_none)
            env_bind(&env, d->name, p->at[i]->val, d->field->label.span);
    }
    for (uint32_t i = 0; i < entry->decl->unit.formals.len; i++) {
        Name name = entry->decl->unit.formals.at[i].name.name;
        if (!env_find(&env, name))
            env_bind(&env, name, s->train->model->request->arguments[i], entry->decl->name.span);
    }
    for (uint32_t i = 0; i < fields->len; i++) {
        const Field *f = &fields->at[i];
        bool is_true = true;
        if (f->kind != kind || !f->values.len) continue;
        if (!eval_bool(&env, f->values.at[0], "a condition", &is_true) || is_true) continue;
        *failed = written(s, f->values.at[0]->span);
        return false;
    }
    return true;
}

/* The train action with the settings of this point. The last one is kept, as settings change slowly. */
static const ActionInst *train_at(Space *s, const Point *p, const char **reason)
{
    const CheckOptions *given = &s->k->options;
    size_t n = given->setting_count;
    Setting *settings = arena_array(s->c->keep, Setting, n + s->dims.len);
    const char *all = "";
    for (size_t i = 0; i < n; i++) settings[i] = given->settings[i];
    for (uint32_t i = 0; i < s->dims.len; i++) {
        if (s->dims.at[i].kind != DIM_setting) continue;
        settings[n++] = (Setting){s->dims.at[i].key, p->at[i]->value};
        all = arena_printf(s->c->keep, "%s%s;", all, p->at[i]->text);
    }
    if (!*all) return s->train;
    if (!s->checked_for || strcmp(s->checked_for, all)) {
        bool failed = false;
        CheckOptions options = {.settings = settings,
                                .setting_count = n,
                                .setting_failed = &failed,
                                .only_train = true};
        unsigned errors = s->c->errors, warnings = s->c->warnings;
        uint32_t diags = s->c->diags.len;
        s->c->errors = 0;
        s->checked_for = all;
        s->checked = NULL;
        const Program *again = check(s->c, s->k->ast, &options);
        s->checked_reason = errors_taken(s->c, diags);
        s->c->errors = errors;
        s->c->warnings = warnings;
        for (uint32_t i = 0; again && i < again->actions.len; i++) {
            if (name_eq(again->actions.at[i]->name, s->train->name)) s->checked = again->actions.at[i];
        }
    }
    *reason = s->checked ? NULL : s->checked_reason ? s->checked_reason : "it does not check";
    return s->checked;
}

/* The name in "B" or "B(w: 3)". */
static const char *model_name(Space *s, const char *value) { return arena_strndup(s->c->keep, value, strcspn(value, " (")); }

/* `require`: what it counts parameters of is the variant's model and, with the other settings of this point, those of `over model`. */
static bool meets(Space *s, const Point *p, const ModelInst *model, const char **reason)
{
    VEC(CountedModel) models = {0};
    const char *failed = NULL, *missing = NULL;
    vec_push(s->c->keep, &models, (CountedModel){name_string(s->k, model->name), model, NULL});
    for (uint32_t d = 0; d < s->dims.len; d++) {
        const Dim *dim = &s->dims.at[d];
        if (dim->kind != DIM_setting || strcmp(name_string(s->k, dim->name), "model")) continue;
        Point other = {arena_array(s->c->keep, const Option *, s->dims.len)};
        memcpy(other.at, p->at, s->dims.len * sizeof *other.at);
        for (uint32_t i = 0; i < dim->options.len; i++) {
            const char *why = NULL, *value = dim->options.at[i].value;
            other.at[d] = &dim->options.at[i];
            const ActionInst *train = train_at(s, &other, &why);
            vec_push(s->c->keep, &models, (CountedModel){model_name(s, value), train ? train->model : NULL,
                                                         train ? NULL : arena_printf(s->c->keep, "%s does not fit: %s", value, why)});
        }
    }
    bool met = admits(s, p, FIELD_require, &(ParamCounter){.models = models.at, .count = models.len, .reason = &missing}, &failed);
    if (missing) *reason = arena_printf(s->c->keep, "it cannot be compared: %s", missing);
    else if (!met) *reason = arena_printf(s->c->keep, "it does not meet: require %s", failed);
    return met && !missing;
}

static Expr *sum_of(Space *s, const Option *o)
{
    Expr *sum = NULL;
    for (uint32_t i = 0; i < o->field->values.len; i++) {
        Expr *x = o->field->values.at[i];
        if (!(o->mask >> i & 1)) continue;
        if (!sum) {
            sum = x;
            continue;
        }
        Expr *both = arena_make(s->c->keep, Expr);
        *both = (Expr){.kind = EXPR_binary, .depth = sum->depth + 1, .span = x->span};
        both->binary.op = BINARY_add;
        both->binary.left = sum;
        both->binary.right = x;
        sum = both;
    }
    return sum;
}

/* A sum of n terms times 1/n. */
static Expr *mean_of(Space *s, Expr *sum)
{
    int64_t n = 1;
    for (const Expr *x = sum; x->kind == EXPR_binary; x = x->binary.left) n++;
    if (n == 1) return sum;
    Expr *share = arena_make(s->c->keep, Expr), *mean = arena_make(s->c->keep, Expr);
    *share = (Expr){.kind = EXPR_number, .depth = 1, .span = sum->span};
    share->number.value = rational_div(rational_int(1), rational_int(n));
    *mean = (Expr){.kind = EXPR_binary, .depth = sum->depth + 1, .span = sum->span};
    mean->binary.op = BINARY_mul;
    mean->binary.left = sum;
    mean->binary.right = share;
    return mean;
}

static void choose_edges(Space *s, const Option *o, Placement *place)
{
    if (o->field->kind == FIELD_placement) {
        place->replaces_all = true;
        place->skips = &o->field->body;
        return;
    }
    for (uint32_t i = 0; i < o->field->values.len; i++)
        vec_push(s->c->keep, &place->edges,
                 (EdgeChoice){o->field->values.at[i], o->mask >> i & 1});
}

static const char *joined(Arena *keep, const char *list, const char *text)
{
    return arena_printf(keep, "%s%s%s", list, *list && *text ? ", " : "", text);
}

/* What a point is called: parts of its label. */
typedef struct Words {
    const char *gradient, *residual; /* "" if not varied */
    bool is_first_residual;
} Words;

/* The change of the train action's model, and the variant's texts. */
static ModelChange change_at(Space *s, const Point *p, Variant *v, Words *words)
{
    ModelChange change = v->train ? v->train->model->request->change : (ModelChange){0};
    Placement *place = arena_make(s->c->keep, Placement);
    Arena *keep = s->c->keep;
    const char *skips = "", *sum = "";
    *words = (Words){.gradient = "", .residual = "", .is_first_residual = true};
    v->detached = s->train->detached;
    v->settings = "";
    for (uint32_t i = 0; i < s->dims.len; i++) {
        const Option *o = p->at[i];
        switch (s->dims.at[i].kind) {
        case DIM_placement:
            choose_edges(s, o, place);
            skips = o->text;
            break;
        case DIM_sum:
            place->into = o->field->into.name;
            place->sum = sum_of(s, o);
            sum = o->text;
            break;
        case DIM_gradient:
            v->detached = change.detach_all = o->detached;
            change.detach_none = !o->detached;
            words->gradient = o->text;
            break;
        case DIM_residual:
            change.mean_skips = o->is_mean;
            words->residual = o->text;
            words->is_first_residual = o == s->dims.at[i].options.at;
            break;
        case DIM_freeze:
        case DIM_ablate:
            for (uint32_t k = 0; k < o->freeze.len; k++) vec_push(keep, &change.freeze, o->freeze.at[k]);
            if (o->ablation) change.ablation = o->ablation;
            v->settings = joined(keep, v->settings, o->text);
            break;
        case DIM_setting: v->settings = joined(keep, v->settings, o->text); break;
        }
    }
    change.placement = place;
    if (change.mean_skips && place->sum) place->sum = mean_of(s, place->sum);
    v->placement = arena_printf(keep, "%s%s%s", skips, *skips && *sum ? "; " : "", sum);
    return change;
}

static void give_label(Space *s, Variant *v, const Words *words)
{
    Arena *keep = s->c->keep;
    v->label = joined(keep, joined(keep, v->placement, v->settings), words->gradient);
    if (!*v->placement) v->placement = "as declared";
    if (!*v->label) v->label = v->placement;
}

/* What distinguishes a variant: skips in a fixed order, not as they are named or listed. */
static const char *key_of(Space *s, const Variant *v, const Placement *place, const ExprList *freeze)
{
    const ModelInst *m = v->model;
    const char *last = "", *key = arena_printf(s->c->keep, "%d %s|%u|", v->detached, v->settings,
                                              freeze->len);
    for (const Expr *x = place->sum; x; x = x->kind == EXPR_binary ? x->binary.left : NULL)
        key = arena_printf(s->c->keep, "%s%u ", key, x->span.from);
    for (uint32_t n = 0; n < m->skips.len; n++) {
        const char *next = NULL;
        for (uint32_t i = 0; i < m->skips.len; i++) {
            const SkipInst *e = &m->skips.at[i];
            const char *text = e->text;
            if (e->has_scale || e->has_via)
                text = arena_printf(s->c->keep, "%s at %u", text, e->span.from);
            if (strcmp(text, last) > 0 && (!next || strcmp(text, next) < 0)) next = text;
        }
        if (!next) break;
        key = arena_printf(s->c->keep, "%s%s, ", key, next);
        last = next;
    }
    return key;
}

static bool is_new(Space *s, const char *key, const Variant *v)
{
    for (uint32_t i = 0; i < s->keys.len; i++) {
        if (!s->keys.at[i] || strcmp(s->keys.at[i], key)) continue;
        diag_error(s->c, s->explore->span, D_same_variants, s->variants->list.at[i].label, v->label);
        return false;
    }
    return true;
}

static bool add_variant(Space *s, const Point *p, uint32_t number, uint32_t base)
{
    Variant v = {.point = number, .base_point = base};
    Words words;
    const char *failed = NULL, *key = NULL;
    if (!admits(s, p, FIELD_where, NULL, &failed)) return true;
    v.train = train_at(s, p, &v.reason);
    ModelChange change = change_at(s, p, &v, &words);
    if (v.train) v.model = model_tried(s->c, v.train->model, &change, &v.reason);
    bool adds = v.model && (v.model->has_skips || (change.placement->sum && change.placement->sum->kind == EXPR_binary));
    if (!adds && !words.is_first_residual) return true; /* the mean of one value is the value */
    if (adds) v.settings = joined(s->c->keep, v.settings, words.residual);
    give_label(s, &v, &words);
    if (v.model && !meets(s, p, v.model, &v.reason)) v.model = NULL;
    if (v.model) {
        key = key_of(s, &v, change.placement, &change.freeze);
        if (!is_new(s, key, &v)) return false;
        v.flow = flow_of(s->c, v.model);
    }
    vec_push(s->c->keep, &s->keys, key);
    vec_push(s->c->keep, &s->variants->list, v);
    return true;
}

static const ActionInst *train_of(Check *k, const Program *p, const ActionInst *explore)
{
    const ConstValue *name = field_value(explore, "train");
    for (uint32_t i = 0; name && i < p->actions.len; i++) {
        if (!strcmp(name_string(k, p->actions.at[i]->name), name->text)) return p->actions.at[i];
    }
    return NULL;
}

/* The digit of what is neither frozen nor ablated, if there is such an option; else the digit itself. */
static uint32_t plain_digit(const Dim *d, uint32_t digit)
{
    for (uint32_t i = 0; (d->kind == DIM_freeze || d->kind == DIM_ablate) && i < d->options.len; i++)
        if (!d->options.at[i].freeze.len && !d->options.at[i].ablation) return i;
    return digit;
}

VariantList *variants_of(Compiler *c, const Program *p, const ActionInst *explore)
{
    Space s = {.c = c, .explore = explore};
    for (uint32_t i = 0; i < p->actions.len && !s.k; i++)
        if (p->actions.at[i]->model) s.k = p->actions.at[i]->model->request->k;
    s.train = s.k ? train_of(s.k, p, explore) : NULL;
    if (!s.train || !s.train->model)
        ice(c, explore->span, "an exploration without its train action");
    s.variants = arena_make(c->keep, VariantList);
    if (!read_space(&s)) return NULL;
    uint32_t n = s.dims.len, *digit = arena_array(c->keep, uint32_t, n + 1);
    Point point = {arena_array(c->keep, const Option *, n + 1)};
    for (bool more = true; more;) {
        uint32_t number = 0, base = 0;
        for (uint32_t i = 0; i < n; i++) {
            point.at[i] = &s.dims.at[i].options.at[digit[i]];
            number = number * s.dims.at[i].options.len + digit[i];
            base = base * s.dims.at[i].options.len + plain_digit(&s.dims.at[i], digit[i]);
        }
        if (!add_variant(&s, &point, number, base)) return NULL;
        uint32_t i = n;
        while (i && ++digit[i - 1] == s.dims.at[i - 1].options.len) digit[--i] = 0;
        more = i > 0;
    }
    return s.variants;
}

bool variant_has_quanv(const Variant *v)
{
    for (uint32_t i = 0; v->flow && i < v->flow->layers.len; i++) {
        const char *kind = v->flow->layers.at[i].kind_text;
        if (kind && !strncmp(kind, "quanv", 5)) return true;
    }
    return !v->flow;
}

bool variant_reaches_all(const Variant *v)
{
    for (uint32_t i = 0; v->flow && i < v->flow->layers.len; i++) {
        const LayerFlow *l = &v->flow->layers.at[i];
        bool is_quanv = l->kind_text && !strncmp(l->kind_text, "quanv", 5) && l->params;
        if (is_quanv && l->verdict != VERDICT_full && l->verdict != VERDICT_partial) return false;
    }
    return v->flow != NULL;
}
