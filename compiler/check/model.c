/* model.c: a model's declaration with its arguments -> ModelInst: stages in order, layers, groups
 * with their paths. */
#include "check/model.h"

#include <string.h>

#include "check/ablate.h"
#include "check/circuit.h"
#include "check/echo.h"
#include "check/layer.h"
#include "check/path.h"
#include "check/skip.h"

/* ---- stages and groups ---- */

Stage *stage_at(ModelBuild *m, StageId id) { return stage_of(m->inst, id); }

StageId stage_add(ModelBuild *m, StageKind kind, ValueType type, const StageId *operands,
                  uint32_t n, Span span)
{
    Stage s = {.kind = kind,
               .type = type,
               .operand_count = n,
               .layer = m->layer,
               .skip = m->skip,
               .span = span};
    s.operand = arena_array(m->k->keep, StageId, n + 1);
    s.maps = 1;
    for (uint32_t i = 0; i < n; i++) {
        s.operand[i] = operands[i];
        if (stage_at(m, operands[i])->maps > s.maps) s.maps = stage_at(m, operands[i])->maps;
    }
    vec_push(m->k->keep, &m->inst->stages, s);
    return (StageId){m->inst->stages.len};
}

bool model_couples_samples(const ModelInst *m)
{
    for (uint32_t i = 0; i < m->groups.len; i++)
        if (m->groups.at[i].momentum > 0 && !m->groups.at[i].frozen) return true;
    return false;
}

void stage_take_groups(ModelBuild *m, StageId id, uint32_t first)
{
    Stage *s = stage_at(m, id);
    s->group_count = m->inst->groups.len - first;
    s->group = arena_array(m->k->keep, GroupId, s->group_count + 1);
    for (uint32_t i = 0; i < s->group_count; i++) s->group[i] = (GroupId){first + i + 1};
}

GroupId group_add(ModelBuild *m, const char *name, GroupInst proto)
{
    uint32_t part = m->frame ? m->frame->parts.len : 0;
    uint32_t first = m->frame ? m->frame->first_group : 0;
    proto.path = name;
    proto.layer = m->layer;
    for (uint32_t i = first; i < m->inst->groups.len; i++) {
        if (m->group_part.at[i] != part || strcmp(m->inst->groups.at[i].path, name)) continue;
        diag_error(m->k->c, proto.span, D_param_repeated, name);
        break;
    }
    vec_push(m->k->keep, &m->inst->groups, proto);
    vec_push(m->k->keep, &m->group_part, part);
    return (GroupId){m->inst->groups.len};
}

/* ---- frames ---- */

void frame_begin(ModelBuild *m, Frame *f)
{
    *f = (Frame){.outer = m->frame, .first_group = m->inst->groups.len};
    m->frame = f;
}

void frame_part(ModelBuild *m, const char *kind)
{
    if (!m->frame) return;
    uint32_t same = 1;
    size_t len = strlen(kind);
    for (uint32_t i = 0; i < m->frame->parts.len; i++) {
        const char *part = m->frame->parts.at[i];
        bool is_same =
            !strncmp(part, kind, len) && strspn(part + len, "0123456789") == strlen(part + len);
        if (is_same) same++;
    }
    const char *part = same > 1 ? arena_printf(m->k->keep, "%s%u", kind, same) : kind;
    vec_push(m->k->keep, &m->frame->parts, part);
}

void frame_end(ModelBuild *m, Frame *f, const char *prefix)
{
    uint32_t n = m->inst->groups.len, outer_part = f->outer ? f->outer->parts.len : 0;
    bool has_several = false;
    for (uint32_t i = f->first_group; i < n; i++) {
        if (m->group_part.at[i] != m->group_part.at[f->first_group]) has_several = true;
    }
    for (uint32_t i = f->first_group; i < n; i++) {
        GroupInst *g = &m->inst->groups.at[i];
        uint32_t part = m->group_part.at[i];
        if (has_several && part)
            g->path = arena_printf(m->k->keep, "%s.%s.%s", prefix, f->parts.at[part - 1], g->path);
        else
            g->path = arena_printf(m->k->keep, "%s.%s", prefix, g->path);
        m->group_part.at[i] = outer_part;
    }
    m->frame = f->outer;
}

/* ---- statements ---- */

bool input_type(Env *e, const Stmt *s, ValueType *type)
{
    static const struct {
        const char *name;
        ValueKind kind;
        uint32_t rank;
    } rows[] = {{"image", VALUE_real, 3},
                {"real", VALUE_real, 1},
                {"state", VALUE_state, 1},
                {"density", VALUE_density, 1}};
    const char *text = name_string(e->k, s->input.type.name);
    WordList words = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        words_add(e->k, &words, rows[i].name);
        if (strcmp(rows[i].name, text)) continue;
        if (s->input.dims.len != rows[i].rank) {
            diag_error(e->k->c, s->input.type.span, D_input_rank, text, (int)rows[i].rank,
                       (int)s->input.dims.len);
            return false;
        }
        *type = (ValueType){.kind = rows[i].kind, .rank = (uint8_t)rows[i].rank};
        return true;
    }
    diag_error(e->k->c, s->input.type.span, D_input_type, text);
    help_closest(e->k, text, &words);
    return false;
}

static bool input_dims(Env *e, const Stmt *s, ValueType *type)
{
    int64_t most = type->kind == VALUE_real ? LARGEST_SIZE : MAX_QUBITS, count = 1;
    for (uint32_t i = 0; i < s->input.dims.len; i++) {
        const Expr *x = s->input.dims.at[i];
        if (!eval_int(e, x, "a size of an input", 1, &type->dim[i])) return false;
        if (type->dim[i] > most || type->dim[i] > most / count) {
            diag_error(e->k->c, x->span, D_input_too_big, (long long)most);
            return false;
        }
        count *= type->dim[i];
    }
    return true;
}

static void model_input(Env *e, const Stmt *s)
{
    ModelBuild *m = e->model;
    ValueType type;
    if (!input_type(e, s, &type) || !input_dims(e, s, &type)) {
        m->source_is_poison = m->is_poison = true;
        env_declare(e, s->input.name, val_none());
        return;
    }
    StageId id = stage_add(m, STAGE_input, type, NULL, 0, s->input.name.span);
    stage_at(m, id)->input.input = s->input.name.name;
    vec_push(m->k->keep, &m->inst->inputs, id);
    if (!m->inst->layers.len) {
        m->source_is_ambiguous = m->source.i != 0;
        m->source = id;
    }
    env_declare(e, s->input.name, (Val){.kind = VAL_stage, .stage = id});
}

/* `x` with its first source replaced by `sum`: sum |> KIND |> KIND. */
static Expr *with_source(Env *e, Expr *x, Expr *sum)
{
    bool is_call = x->kind == EXPR_call;
    Name name = is_call ? x->call.callee.name : x->kind == EXPR_name ? x->name : (Name){0};
    bool is_kind = name.i && (is_layer_kind(e->k, name) ||
                              layer_is_block(e, name));
    if (x->kind != EXPR_pipe && (!is_kind || (!is_call && env_find(e, name)))) return sum;
    Expr *pipe = arena_make(e->k->keep, Expr);
    *pipe = (Expr){.kind = EXPR_pipe, .depth = x->depth + 1, .span = x->span};
    pipe->pipe.from = x->kind == EXPR_pipe ? with_source(e, x->pipe.from, sum) : sum;
    pipe->pipe.to = x->kind == EXPR_pipe ? x->pipe.to : x;
    return pipe;
}

/* A layer's value as written, or with the source that a placement gives it. */
static Expr *placed_source(Env *e, const Stmt *s)
{
    const Placement *p = e->model->request->change.placement;
    bool is_placed = p && p->sum && !e->model->depth && name_eq(p->into, s->layer.name.name);
    return is_placed ? with_source(e, s->layer.value, p->sum) : s->layer.value;
}

/* Own output of a layer; {0} after a report. */
static StageId layer_own(Env *e, const Stmt *s, const char **text)
{
    ModelBuild *m = e->model;
    m->text = NULL;
    Val v = eval_expr(e, placed_source(e, s));
    *text = m->text ? m->text : "sum";
    if (v.kind == VAL_none) return (StageId){0};
    return val_to_stage(e, v, s->layer.value->span);
}

static void model_layer(Env *e, const Stmt *s)
{
    ModelBuild *m = e->model;
    bool is_outer = m->depth == 0;
    const char *name = name_string(e->k, s->layer.name.name), *text;
    Frame frame;
    if (is_outer) {
        LayerInst inst = {
            .name = s->layer.name.name, .span = s->layer.name.span, .statement = s->span};
        vec_push(m->k->keep, &m->inst->layers, inst);
        m->layer = (LayerId){m->inst->layers.len};
    }
    frame_begin(m, &frame);
    StageId own = ablate_layer(e, s->layer.name, layer_own(e, s, &text));
    frame_end(m, &frame, name);
    StageId value = own.i ? skips_into(e, s->layer.name, own) : own;
    if (is_outer) {
        LayerInst *l = layer_of(m->inst, m->layer);
        l->own = own;
        l->value = value;
        l->kind_text = text;
        m->layer = (LayerId){0};
    }
    m->source = value;
    m->source_is_ambiguous = false;
    m->source_is_poison = !value.i;
    m->is_poison = m->is_poison || !value.i;
    env_declare(e, s->layer.name, value.i ? (Val){.kind = VAL_stage, .stage = value} : val_none());
}

static void model_output(Env *e, const Stmt *s, StageId *output)
{
    if (output->i) {
        diag_error(e->k->c, s->span, D_second_output);
        return;
    }
    Frame frame; /* layers written here have the path of a layer called output */
    frame_begin(e->model, &frame);
    *output = val_to_stage(e, eval_expr(e, s->expr), s->expr->span);
    frame_end(e->model, &frame, "output");
    e->model->is_poison = e->model->is_poison || !output->i;
}

/* Whether a skip has declared it already. */
static bool is_early(const Env *e, const Stmt *param)
{
    const Binding *b = env_find(e, param->param.name.name);
    return b && b->span.from == param->param.name.span.from;
}

static void model_statements(Env *e, const StmtList *list, StageId *output)
{
    for (uint32_t i = 0; i < list->len && !e->k->overflowed; i++) {
        const Stmt *s = list->at[i];
        bool is_true;
        switch (s->kind) {
        case STMT_none:
        case STMT_error: break;
        case STMT_param:
            if (!is_early(e, s)) declare_param(e, s);
            break;
        case STMT_const: env_declare(e, s->let.name, eval_expr(e, s->let.value)); break;
        case STMT_if:
            if (eval_bool(e, s->branch.condition, "the condition of 'if'", &is_true))
                model_statements(e, is_true ? &s->branch.then_body : &s->branch.else_body, output);
            break;
        case STMT_input:
            if (!e->model->depth) model_input(e, s);
            break;
        case STMT_layer: model_layer(e, s); break;
        case STMT_output: model_output(e, s, output); break;
        case STMT_skip:
        case STMT_freeze:
        case STMT_tie: break; /* taken before or after all others */
        case STMT_for:
            diag_error(e->k->c, s->span, D_misplaced_statement, "'for'",
                       e->model->depth ? "a block" : "a model");
            break;
        case STMT_gate:
        case STMT_yield: break; /* the parser keeps them out */
        }
    }
}

StageId model_body(Env *e, const Decl *d)
{
    StageId output = {0};
    SkipList *outer = e->model->skips, own = {0};
    const StmtList *outer_body = e->model->body;
    e->model->body = &d->unit.body;
    e->model->skips = &own;
    collect_skips(e, &d->unit.body);
    if (!e->model->depth) change_skips(e);
    model_statements(e, &d->unit.body, &output);
    skips_unused(e);
    e->model->skips = outer;
    e->model->body = outer_body;
    if (!output.i && is_broken(e->k, d->span)) e->model->is_poison = true;
    if (!output.i && !e->model->is_poison)
        diag_error(e->k->c, d->name.span, D_no_output, decl_kind_text(d->kind),
                   name_string(e->k, d->name.name));
    return output;
}

ModelInst *model_build(const ModelRequest *request)
{
    Check *k = request->k;
    const Decl *d = request->entry->decl;
    unsigned errors = k->c->errors;
    request->entry->expanded = true;
    ModelBuild m = {.k = k, .request = request, .inst = arena_make(k->keep, ModelInst)};
    m.inst->name = d->name.name;
    m.inst->span = d->name.span;
    m.inst->request = request;
    Env e = {.k = k, .scope = request->entry->scope, .model = &m};
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        const Formal *f = &d->unit.formals.at[i];
        env_bind(&e, f->name.name, request->arguments[i], f->name.span);
    }
    m.inst->output = model_body(&e, d);
    freeze_and_tie(&e, &d->unit.body);
    freeze_list(&e, &request->freeze);
    freeze_list(&e, &request->change.freeze);
    bool is_good = k->c->errors == errors && !k->overflowed && !m.is_poison;
    if (is_good && !m.inst->inputs.len) {
        diag_error(k->c, d->name.span, D_no_input, name_string(k, d->name.name));
        is_good = false;
    }
    return is_good ? m.inst : NULL;
}
