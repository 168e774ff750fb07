/* layer.c: calls of layer kinds, pipelines and arithmetic on values of a model. */
#include "check/layer.h"

#include <string.h>

#include "check/echo.h"

typedef struct LayerRow {
    const char *name;
    StageId (*build)(LayerCall *l);
} LayerRow;

static const LayerRow rows[] = {
#define LAYER(name, function, help) {#name, function},
#include "check/layers.def"
#undef LAYER
};

static const LayerRow *find_row(const char *name)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!strcmp(rows[i].name, name)) return &rows[i];
    }
    return NULL;
}

bool is_layer_kind(const Check *k, Name name) { return find_row(name_string(k, name)) != NULL; }

void layer_kind_words(Check *k, WordList *words)
{
    for (size_t i = 0; i < COUNT(rows); i++) words_add(k, words, rows[i].name);
}

bool layer_is_block(const Env *e, Name name)
{
    const Binding *b = env_find(e, name);
    if (b) return b->val.kind == VAL_unit && b->val.unit->kind == DECL_block;
    const Entry *entry = scope_find(e->scope, name);
    return entry && entry->decl->kind == DECL_block;
}

/* ---- building blocks of rows ---- */

StageId layer_wants(LayerCall *l, const char *wanted)
{
    if (l->is_poison) return (StageId){0};
    diag_error(l->m->k->c, l->span, D_layer_wants, l->title, wanted,
               value_type_text(l->m->k, l->type));
    Span source = stage_at(l->m, l->source)->span;
    if (source.to && source.from != l->span.from)
        diag_note(l->m->k->c, source, D_shape_here, value_type_text(l->m->k, l->type));
    return (StageId){0};
}

bool layer_wants_real(LayerCall *l)
{
    if (l->type.kind == VALUE_real) return true;
    layer_wants(l, "real numbers");
    if (l->type.kind == VALUE_state || l->type.kind == VALUE_density)
        diag_help(l->m->k->c, D_measure_first);
    return false;
}

StageId layer_stage(LayerCall *l, StageKind kind, ValueType type)
{
    StageId id = stage_add(l->m, kind, type, &l->source, 1, l->span);
    stage_take_groups(l->m, id, l->first_group);
    return id;
}

/* ---- calls ---- */

/* Takes `gradient: exact | detached` out of the arguments. */
static bool take_gradient(Env *e, const ArgList *args, ArgList *rest, bool *detached, Span *at)
{
    static const char *const words[] = {"exact", "detached"};
    for (uint32_t i = 0; args && i < args->len; i++) {
        const Arg *arg = &args->at[i];
        if (strcmp(name_string(e->k, arg->label.name), "gradient")) {
            vec_push(e->k->keep, rest, *arg);
            continue;
        }
        uint32_t word = 0;
        if (!slot_word(e, arg, "'gradient'", words, 2, &word)) return false;
        *detached = word == 1;
        *at = span_join(arg->label.span, arg->value->span);
    }
    return true;
}

static StageId detached_source(ModelBuild *m, StageId source, Span at)
{
    StageId id = stage_add(m, STAGE_detach, stage_at(m, source)->type, &source, 1, at);
    stage_at(m, id)->detach.by_gradient = true;
    return id;
}

/* What a kind reads: the pipeline's value, or that of the layer before. Poison if that had a
 * mistake. */
static void find_source(LayerCall *l, StageId given)
{
    ModelBuild *m = l->m;
    l->source = given.i ? given : m->source;
    l->is_poison = !l->source.i || (m->source_is_ambiguous && !given.i);
    if (!l->is_poison) return;
    bool is_silent =
        m->source_is_poison || m->is_poison || is_broken(m->k, m->request->entry->decl->span);
    if (l->source.i)
        diag_error(m->k->c, l->span, D_ambiguous_source, l->title);
    else if (!is_silent)
        diag_error(m->k->c, l->span, D_no_source, l->title);
}

/* Kinds whose arguments are the values they read. */
static bool reads_arguments(const char *kind)
{
    return !strcmp(kind, "concat") || !strcmp(kind, "detach");
}

/* "conv 6, relu, maxpool 2": what the layer under construction is made of. */
static void note_text(ModelBuild *m, const LayerCall *l, StageId result)
{
    const char *text = l->text ? l->text : l->kind;
    if (!result.i || m->depth) return;
    if (!strcmp(l->kind, "dense") || !strcmp(l->kind, "conv"))
        text = arena_printf(m->k->keep, "%s %lld", l->kind,
                            (long long)stage_at(m, result)->type.dim[0]);
    m->text = m->text ? arena_printf(m->k->keep, "%s, %s", m->text, text) : text;
}

Val layer_call(Env *e, Ident callee, const ArgList *args, Span at, StageId given)
{
    ModelBuild *m = e->model;
    const char *kind = name_string(e->k, callee.name);
    LayerCall *l = arena_make(e->k->keep, LayerCall);
    ArgList rest = {0};
    bool detached = false;
    Span detached_at = {0, 0};
    *l = (LayerCall){.e = e, .m = m, .kind = kind, .args = &rest, .span = at};
    l->title = arena_printf(e->k->keep, "layer '%s'", kind);
    if (!take_gradient(e, args, &rest, &detached, &detached_at)) return val_none();
    bool has_source = !reads_arguments(kind) || given.i;
    if (has_source) find_source(l, given);
    bool by_action = m->request->change.detach_all && !strcmp(kind, "quanv");
    if (m->request->change.detach_none) detached = false;
    if (has_source && !l->is_poison && (detached || by_action))
        l->source = detached_source(m, l->source, detached_at.to ? detached_at : callee.span);
    if (has_source && !l->is_poison) l->type = stage_at(m, l->source)->type;
    StageId saved = m->source;
    frame_part(m, kind);
    l->first_group = m->inst->groups.len;
    StageId result;
    if (layer_is_block(e, callee.name)) {
        const UnitRef *u = named_block(e, callee, args ? &rest : NULL, at);
        result = u && !l->is_poison ? block_call(e, u, at, l->source) : (StageId){0};
    } else {
        result = find_row(kind)->build(l);
    }
    note_text(m, l, result);
    m->source = saved;
    if (!result.i || l->is_poison) return val_none();
    return (Val){.kind = VAL_stage, .stage = result};
}

/* The end of a pipeline whose beginning had a mistake. */
static Val poisoned_call(Env *e, Ident name, const ArgList *args, Span at)
{
    ModelBuild *m = e->model;
    StageId source = m->source;
    bool was_poison = m->source_is_poison, was_ambiguous = m->source_is_ambiguous;
    m->source = (StageId){0};
    m->source_is_poison = true;
    m->source_is_ambiguous = false;
    layer_call(e, name, args, at, (StageId){0});
    m->source = source;
    m->source_is_poison = was_poison;
    m->source_is_ambiguous = was_ambiguous;
    return val_none();
}

Val layer_pipe(Env *e, const Expr *x)
{
    Val from = eval_expr(e, x->pipe.from);
    const Expr *to = x->pipe.to;
    if (to->kind == EXPR_error) return val_none();
    StageId source = val_to_stage(e, from, x->pipe.from->span);
    Ident name = to->kind == EXPR_call
                     ? to->call.callee
                     : (Ident){to->kind == EXPR_name ? to->name : (Name){0}, to->span};
    bool is_kind = name.name.i && (is_layer_kind(e->k, name.name) || layer_is_block(e, name.name));
    const ArgList *args = to->kind == EXPR_call ? &to->call.args : NULL;
    if (is_kind && !source.i) return poisoned_call(e, name, args, to->span);
    if (is_kind) return layer_call(e, name, args, to->span, source);
    if (!name.name.i) {
        diag_error(e->k->c, to->span, D_pipe_into_value);
        return val_none();
    }
    WordList words = {0};
    if (is_echo(e->k, name_string(e->k, name.name))) return val_none();
    scope_words(e->k, e->scope, DECL_block, &words);
    layer_kind_words(e->k, &words);
    diag_error(e->k->c, name.span, D_unknown_layer_kind, name_string(e->k, name.name));
    help_closest(e->k, name_string(e->k, name.name), &words);
    return val_none();
}

Val layer_misplaced(Env *e, const Expr *x)
{
    diag_error(e->k->c, x->span, D_misplaced_expression);
    return val_none();
}

/* ---- arithmetic on values ---- */

StageId val_to_stage(Env *e, Val v, Span at)
{
    if (v.kind == VAL_stage) return v.stage;
    if (v.kind == VAL_number) {
        StageId id = stage_add(e->model, STAGE_constant, type_scalar(), NULL, 0, at);
        stage_at(e->model, id)->value = v.number;
        return id;
    }
    if (v.kind != VAL_none)
        diag_error(e->k->c, at, D_wanted_kind, "this", "a value of the model", val_kind_text(v));
    return (StageId){0};
}

/* Broadcasting as in numpy: axes are aligned at the end; equal, or one of them 1. */
static bool broadcast(ValueType a, ValueType b, ValueType *out)
{
    *out = a.rank >= b.rank ? a : b;
    const ValueType *low = a.rank >= b.rank ? &b : &a;
    for (int i = 0; i < low->rank; i++) {
        int64_t *wide = &out->dim[out->rank - 1 - i];
        int64_t narrow = low->dim[low->rank - 1 - i];
        if (*wide == narrow || narrow == 1) continue;
        if (*wide != 1) return false;
        *wide = narrow;
    }
    return true;
}

Val layer_binary(Env *e, BinaryOp op, Val a, Val b, Span at)
{
    Compiler *c = e->k->c;
    StageKind kind = STAGE_none;
    if (op == BINARY_add) kind = STAGE_add;
    if (op == BINARY_sub) kind = STAGE_sub;
    if (op == BINARY_mul) kind = STAGE_mul;
    if (op == BINARY_div) kind = STAGE_div;
    if (!kind) {
        diag_error(c, at, D_no_layer_operator);
        return val_none();
    }
    StageId operand[2];
    operand[0] = val_to_stage(e, a, at);
    operand[1] = val_to_stage(e, b, at);
    if (!operand[0].i || !operand[1].i) return val_none();
    ValueType left = stage_at(e->model, operand[0])->type,
              right = stage_at(e->model, operand[1])->type;
    if (left.kind != VALUE_real || right.kind != VALUE_real) {
        diag_error(c, at, D_states_do_not_add, value_type_text(e->k, left),
                   value_type_text(e->k, right));
        return val_none();
    }
    ValueType type;
    if (!broadcast(left, right, &type)) {
        diag_error(c, at, D_operand_shapes, value_type_text(e->k, left),
                   value_type_text(e->k, right));
        return val_none();
    }
    if (value_count(type) > LARGEST_SIZE) {
        diag_error(c, at, D_layer_too_big, "this value");
        return val_none();
    }
    return (Val){.kind = VAL_stage, .stage = stage_add(e->model, kind, type, operand, 2, at)};
}

Val layer_negated(Env *e, Val v, Span at)
{
    ValueType type = stage_at(e->model, v.stage)->type;
    if (type.kind != VALUE_real) {
        diag_error(e->k->c, at, D_states_do_not_add, value_type_text(e->k, type),
                   value_type_text(e->k, type));
        return val_none();
    }
    return (Val){.kind = VAL_stage, .stage = stage_add(e->model, STAGE_neg, type, &v.stage, 1, at)};
}
