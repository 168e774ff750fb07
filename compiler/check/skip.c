/* skip.c: skips into a layer: value(to) = own(to) + scale * via(value(from)); with `over residual: mean` the mean of these. */
#include "check/skip.h"

#include "check/circuit.h"
#include "check/echo.h"
#include "check/layer.h"

void collect_skips(Env *e, const StmtList *body)
{
    for (uint32_t i = 0; i < body->len; i++) {
        const Stmt *s = body->at[i];
        if (s->kind == STMT_skip) {
            vec_push(e->k->keep, &e->model->skips->list, (SkipStmt){s, false});
        } else if (s->kind == STMT_if) {
            Env inner = env_inner(e);
            bool is_true;
            if (!eval_bool(&inner, s->branch.condition, "the condition of 'if'", &is_true))
                continue;
            collect_skips(e, is_true ? &s->branch.then_body : &s->branch.else_body);
        } else if (s->kind == STMT_const) {
            continue;
        }
    }
}

static bool is_edge(const Stmt *s, const Expr *edge)
{
    const Expr *ends[] = {s->skip.from, s->skip.to, edge->edge.from, edge->edge.to};
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (ends[i]->kind != EXPR_name) return false;
    }
    return name_eq(ends[0]->name, ends[2]->name) && name_eq(ends[1]->name, ends[3]->name);
}

/* A chosen edge that the model declares keeps its scale and adapter. */
static void choose_edge(Env *e, SkipList *skips, const EdgeChoice *choice)
{
    uint32_t kept = 0;
    bool is_declared = false;
    for (uint32_t i = 0; i < skips->list.len; i++) {
        bool is_it = is_edge(skips->list.at[i].stmt, choice->edge);
        is_declared = is_declared || is_it;
        if (!is_it || choice->chosen) skips->list.at[kept++] = skips->list.at[i];
    }
    skips->list.len = kept;
    if (is_declared || !choice->chosen) return;
    Stmt *s = arena_make(e->k->keep, Stmt);
    *s = (Stmt){.kind = STMT_skip, .span = choice->edge->span};
    s->skip.from = choice->edge->edge.from;
    s->skip.to = choice->edge->edge.to;
    vec_push(e->k->keep, &skips->list, (SkipStmt){s, false});
}

void change_skips(Env *e)
{
    const Placement *p = e->model->request->change.placement;
    SkipList *skips = e->model->skips;
    if (!p) return;
    if (p->replaces_all) skips->list.len = 0;
    for (uint32_t i = 0; i < p->edges.len; i++) choose_edge(e, skips, &p->edges.at[i]);
    if (p->skips) collect_skips(e, p->skips);
}

/* What a skip adds to. */
typedef struct SkipUse {
    Ident from, to;
    Span span;
    Expr *scale, *via;
    const char *text; /* "q1 -> q2" */
} SkipUse;

/* Names of an endpoint; false after a report. */
static bool endpoint(Env *e, const Expr *x, Ident *name)
{
    *name = (Ident){x->kind == EXPR_name ? x->name : (Name){0}, x->span};
    if (name->name.i) return true;
    if (x->kind != EXPR_error) diag_error(e->k->c, x->span, D_skip_endpoint);
    return false;
}

static LayerId layer_named(ModelBuild *m, Name name)
{
    for (uint32_t i = 0; i < m->inst->layers.len; i++) {
        if (name_eq(m->inst->layers.at[i].name, name)) return (LayerId){i + 1};
    }
    return (LayerId){0};
}

static bool declares(const StmtList *body, Name name)
{
    for (uint32_t i = 0; i < body->len; i++) {
        const Stmt *s = body->at[i];
        if (s->kind == STMT_layer && name_eq(s->layer.name.name, name)) return true;
        if (s->kind == STMT_if &&
            (declares(&s->branch.then_body, name) || declares(&s->branch.else_body, name)))
            return true;
    }
    return false;
}

static void unknown_layer(Env *e, Ident name)
{
    WordList words = {0};
    if (is_echo(e->k, name_string(e->k, name.name))) return;
    for (uint32_t i = 0; i < e->bindings.len; i++)
        words_add(e->k, &words, name_string(e->k, e->bindings.at[i].name));
    diag_error(e->k->c, name.span, D_unknown_layer, name_string(e->k, name.name));
    help_closest(e->k, name_string(e->k, name.name), &words);
}

/* The value a skip starts from; {0} after a report. */
static StageId skip_source(Env *e, const SkipUse *u)
{
    const Binding *b = env_find(e, u->from.name);
    if (b && b->val.kind == VAL_stage) return b->val.stage;
    if (b && b->val.kind == VAL_none) return (StageId){0};
    if (b) {
        diag_error(e->k->c, u->from.span, D_wanted_kind, "the start of a skip",
                   "a layer or an input", val_kind_text(b->val));
        return (StageId){0};
    }
    if (name_eq(u->from.name, u->to.name)) {
        diag_error(e->k->c, u->span, D_skip_to_itself, name_string(e->k, u->to.name));
        return (StageId){0};
    }
    if (!declares(e->model->body, u->from.name)) {
        unknown_layer(e, u->from);
        return (StageId){0};
    }
    diag_error(e->k->c, u->from.span, D_skip_backwards, name_string(e->k, u->from.name),
               name_string(e->k, u->to.name));
    diag_note(e->k->c, u->to.span, D_declared_here, name_string(e->k, u->to.name));
    return (StageId){0};
}

/* An adapter that makes `from` fit `to`, as the user would write it; NULL if there is none. */
static const char *adapter_for(Check *k, ValueType from, ValueType to)
{
    if (from.kind != VALUE_real || to.kind != VALUE_real) return NULL;
    if (value_count(from) == value_count(to)) {
        if (to.rank == 1) return "flatten";
        const char *dims = "";
        for (int i = 0; i < to.rank; i++)
            dims = arena_printf(k->keep, "%s%s%lld", dims, i ? ", " : "", (long long)to.dim[i]);
        return to.rank ? arena_printf(k->keep, "reshape(%s)", dims) : NULL;
    }
    if (to.rank == 1) return arena_printf(k->keep, "dense(%lld)", (long long)to.dim[0]);
    bool is_image = from.rank == 3 && to.rank == 3;
    if (is_image && from.dim[1] == to.dim[1] && from.dim[2] == to.dim[2])
        return arena_printf(k->keep, "conv(%lld, kernel: 1)", (long long)to.dim[0]);
    return NULL;
}

static void shape_mismatch(Env *e, const SkipUse *u, StageId from, ValueType have, StageId own)
{
    Compiler *c = e->k->c;
    ValueType want = stage_at(e->model, own)->type;
    const char *have_text = value_type_text(e->k, have), *want_text = value_type_text(e->k, want);
    bool has_state = have.kind != VALUE_real || want.kind != VALUE_real;
    diag_error(c, u->span, has_state ? D_skip_states : D_skip_shape, have_text, want_text);
    const Binding *b = env_find(e, u->from.name);
    if (b)
        diag_note(c, b->span, D_shape_here, value_type_text(e->k, stage_at(e->model, from)->type));
    diag_note(c, u->to.span, D_shape_here, want_text);
    const char *adapter = has_state || u->via ? NULL : adapter_for(e->k, have, want);
    if (!adapter) return;
    diag_help(c, D_skip_adapter, u->text, adapter);
    if (u->span.to)
        diag_fixit(c, (Span){u->span.to, u->span.to}, arena_printf(e->k->keep, " via %s", adapter));
}

/* The adapter applied to the skipped value. */
static StageId skip_via(Env *e, const SkipUse *u, StageId from)
{
    ModelBuild *m = e->model;
    Frame frame;
    StageId saved = m->source;
    const char *layer_text = m->text;
    frame_begin(m, &frame);
    m->source = from;
    m->source_is_ambiguous = m->source_is_poison = false;
    Val v = eval_expr(e, u->via);
    m->source = saved;
    m->text = layer_text;
    const char *prefix = arena_printf(e->k->keep, "skip(%s->%s)", name_string(e->k, u->from.name),
                                      name_string(e->k, u->to.name));
    frame_end(m, &frame, prefix);
    return v.kind == VAL_none ? (StageId){0} : val_to_stage(e, v, u->via->span);
}

/* Declares the parameters in a scale that the body declares further down: the order of skips does not count. */
static void declare_early(Env *e, const Expr *x)
{
    if (x->kind == EXPR_unary) declare_early(e, x->unary.operand);
    if (x->kind == EXPR_binary) {
        declare_early(e, x->binary.left);
        declare_early(e, x->binary.right);
    }
    if (x->kind != EXPR_name || env_find(e, x->name)) return;
    for (uint32_t i = 0; i < e->model->body->len; i++) {
        const Stmt *s = e->model->body->at[i];
        if (s->kind == STMT_param && name_eq(s->param.name.name, x->name)) declare_param(e, s);
    }
}

static StageId skip_scale(Env *e, const SkipUse *u, StageId value)
{
    declare_early(e, u->scale);
    Val factor = eval_expr(e, u->scale);
    if (factor.kind == VAL_none) return (StageId){0};
    ValueType type =
        factor.kind == VAL_stage ? stage_at(e->model, factor.stage)->type : type_scalar();
    if (type.kind != VALUE_real || type.rank != 0) {
        diag_error(e->k->c, u->scale->span, D_wanted_kind, "the scale of a skip",
                   "a number or a parameter without axes", value_type_text(e->k, type));
        return (StageId){0};
    }
    Val scaled = layer_binary(e, BINARY_mul, factor, (Val){.kind = VAL_stage, .stage = value},
                              u->scale->span);
    return scaled.kind == VAL_stage ? scaled.stage : (StageId){0};
}

/* own + skip; the skip is recorded if it is the model's own and not a block's. */
static StageId add_skip(Env *e, const SkipUse *u, StageId own)
{
    ModelBuild *m = e->model;
    StageId from = skip_source(e, u);
    if (!from.i) return from;
    bool is_recorded = m->depth == 0;
    if (is_recorded) {
        SkipInst inst = {.from = layer_named(m, u->from.name),
                         .to = m->layer,
                         .from_stage = from,
                         .span = u->span,
                         .has_scale = u->scale != NULL,
                         .has_via = u->via != NULL,
                         .text = u->text};
        vec_push(m->k->keep, &m->inst->skips, inst);
        m->skip = m->inst->skips.len;
    }
    StageId value = u->via ? skip_via(e, u, from) : from;
    if (value.i && u->scale) value = skip_scale(e, u, value);
    StageId sum = {0};
    if (value.i) {
        ValueType have = stage_at(m, value)->type, want = stage_at(m, own)->type;
        StageId operand[2] = {own, value};
        if (!type_equal(have, want) || have.kind != VALUE_real)
            shape_mismatch(e, u, from, have, own);
        else
            sum = stage_add(m, STAGE_add, want, operand, 2, u->span);
    }
    if (is_recorded) m->inst->skips.at[m->inst->skips.len - 1].add = sum;
    m->skip = 0;
    return sum;
}

/* The further skip of a ModelChange, by the names of its ends. */
static bool changed_skip(Env *e, Ident to, SkipUse *u)
{
    ModelBuild *m = e->model;
    const ModelChange *change = &m->request->change;
    if (!change->has_skip || m->depth || change->skip_to.i != m->layer.i) return false;
    Ident from = to;
    if (change->skip_from.i)
        from = (Ident){layer_of(m->inst, change->skip_from)->name, to.span};
    else
        from = (Ident){stage_at(m, m->inst->inputs.at[0])->input.input, to.span};
    *u = (SkipUse){.from = from, .to = to, .span = to.span};
    return true;
}

static StageId add_one(Env *e, SkipUse u, StageId own)
{
    u.text = arena_printf(e->k->keep, "%s -> %s", name_string(e->k, u.from.name),
                          name_string(e->k, u.to.name));
    return add_skip(e, &u, own);
}

static void report_twice(Env *e, const Stmt *s, const Stmt *first)
{
    diag_error(e->k->c, span_join(s->skip.from->span, s->skip.to->span), D_skip_twice,
               name_string(e->k, s->skip.from->name), name_string(e->k, s->skip.to->name));
    diag_note(e->k->c, span_join(first->skip.from->span, first->skip.to->span), D_first_here);
}

/* An equal skip above number i. */
static const Stmt *same_skip(const SkipList *skips, uint32_t i)
{
    const Stmt *s = skips->list.at[i].stmt;
    for (uint32_t j = 0; j < i; j++) {
        const Stmt *t = skips->list.at[j].stmt;
        bool are_names = s->skip.from->kind == EXPR_name && t->skip.from->kind == EXPR_name &&
                         t->skip.to->kind == EXPR_name;
        if (are_names && name_eq(s->skip.from->name, t->skip.from->name) &&
            name_eq(s->skip.to->name, t->skip.to->name))
            return t;
    }
    return NULL;
}

/* The sum of own output and n skips; their mean if the request says so. */
static StageId summed(Env *e, StageId sum, uint32_t n, Span at)
{
    if (n) e->model->inst->has_skips = true;
    if (!n || !sum.i || !e->model->request->change.mean_skips) return sum;
    Val share = {.kind = VAL_number, .number = rational_div(rational_int(1), rational_int(n + 1))};
    return layer_binary(e, BINARY_mul, share, (Val){.kind = VAL_stage, .stage = sum}, at).stage;
}

StageId skips_into(Env *e, Ident to, StageId own)
{
    SkipList *skips = e->model->skips;
    SkipUse u;
    uint32_t n = 0;
    for (uint32_t i = 0; i < skips->list.len && own.i; i++) {
        const Stmt *s = skips->list.at[i].stmt;
        Ident target;
        if (s->skip.to->kind != EXPR_name || !name_eq(s->skip.to->name, to.name)) continue;
        skips->list.at[i].is_used = true;
        if (!endpoint(e, s->skip.to, &target)) return (StageId){0};
        u = (SkipUse){.to = to,
                      .span = span_join(s->skip.from->span, s->skip.to->span),
                      .scale = s->skip.scale,
                      .via = s->skip.via};
        if (!endpoint(e, s->skip.from, &u.from)) return (StageId){0};
        const Stmt *first = same_skip(skips, i);
        if (first) {
            report_twice(e, s, first);
            return (StageId){0};
        }
        own = add_one(e, u, own);
        n++;
    }
    if (own.i && changed_skip(e, to, &u)) own = add_one(e, u, own), n++;
    return summed(e, own, n, to.span);
}

void skips_unused(Env *e)
{
    SkipList *skips = e->model->skips;
    for (uint32_t i = 0; i < skips->list.len; i++) {
        const Stmt *s = skips->list.at[i].stmt;
        Ident to;
        if (skips->list.at[i].is_used || !endpoint(e, s->skip.to, &to)) continue;
        const Binding *b = env_find(e, to.name);
        const char *text = name_string(e->k, to.name);
        if (b && b->val.kind == VAL_none) continue;
        if (b) {
            diag_error(e->k->c, to.span, D_skip_into, text);
            continue;
        }
        unknown_layer(e, to);
    }
}
