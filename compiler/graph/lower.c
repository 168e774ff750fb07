/* lower.c: instances -> Graph.
 *
 * Stages become nodes in their order. Every parameter group is one leaf under its path, tied groups
 * share the root's. What a kind of stage becomes is in lower_layers.c (classical), lower_quantum.c
 * (circuits) and lower_loss.c.
 */
#include "graph/lower.h"

#include <string.h>

#include "graph/register.h"

NodeId not_executable(Lower *l, Span at, const char *what, const char *why)
{
    if (!l->failed) diag_error(l->c, at, D_not_executable, what, why);
    l->failed = true;
    return (NodeId){0};
}

static int64_t group_reals(const GroupInst *g) { return g->count * (g->is_unitary ? 2 : 1); }

int64_t params_offset(const ModelInst *m, GroupId id)
{
    int64_t at = 0;
    while (group_of(m, id)->tied_to.i) id = group_of(m, id)->tied_to;
    for (uint32_t i = 0; i + 1 < id.i; i++)
        if (!m->groups.at[i].tied_to.i) at += group_reals(&m->groups.at[i]);
    return at;
}

NodeId group_slice(Graph *g, const ModelInst *m, GroupId id, NodeId all)
{
    while (group_of(m, id)->tied_to.i) id = group_of(m, id)->tied_to;
    const GroupInst *group = group_of(m, id);
    int64_t from = params_offset(m, id), parts = group->is_unitary ? 2 : 1;
    ArenaMark mark = arena_mark(g->c->scratch);
    MapMaker map = map_begin(g->c->scratch, type_count(type_of(g, all)), false, group->is_unitary);
    for (int64_t i = 0; i < group->count; i++) {
        map_put(&map, from + parts * i, 1, 0);
        if (group->is_unitary) map_put(&map, from + parts * i + 1, 0, 1);
        map_row(&map);
    }
    NodeId n = sparse(g, all, map_end(&map), type_real(group->rank, group->dim));
    arena_reset(g->c->scratch, mark);
    return n;
}

static void slice_groups(Lower *l)
{
    const ModelInst *m = l->model;
    int64_t total = 0;
    for (uint32_t i = 0; i < m->groups.len; i++)
        if (!m->groups.at[i].tied_to.i) total += group_reals(&m->groups.at[i]);
    if (!total) return;
    l->out->params = graph_input(l->g, "params", type_real(1, &total));
    for (uint32_t i = 0; i < m->groups.len; i++) l->out->group[i] = group_slice(l->g, m, (GroupId){i + 1}, l->out->params);
}

static void lower_groups(Lower *l)
{
    const ModelInst *m = l->model;
    if (l->options.sampled) {
        slice_groups(l);
        return;
    }
    for (uint32_t i = 0; i < m->groups.len; i++) {
        const GroupInst *group = &m->groups.at[i];
        while (group->tied_to.i) group = group_of(m, group->tied_to);
        Type t = type_real(group->rank, group->dim);
        t.is_complex = group->is_unitary;
        l->g->span = group->span;
        l->out->group[i] = graph_param(l->g, group->path, t);
    }
}

static NodeId lower_stage(Lower *l)
{
    const Stage *s = l->stage;
    if (l->plan[l->stage_id.i - 1].is_register) return lower_register(l);
    switch (s->kind) {
    case STAGE_input: return graph_input(l->g, name_text(l->c->names, s->input.input), value_type(&s->type));
    case STAGE_encode:
    case STAGE_evolve:
    case STAGE_measure:
    case STAGE_quantum: return lower_quantum(l);
    case STAGE_quanv: return lower_quanv(l);
    case STAGE_dissipative: /* a register, always */
    case STAGE_none:
    case STAGE_constant:
    case STAGE_group:
    case STAGE_add:
    case STAGE_sub:
    case STAGE_mul:
    case STAGE_div:
    case STAGE_neg:
    case STAGE_detach:
    case STAGE_flatten:
    case STAGE_reshape:
    case STAGE_concat:
    case STAGE_fold:
    case STAGE_unfold:
    case STAGE_relu:
    case STAGE_tanh:
    case STAGE_sigmoid:
    case STAGE_softmax:
    case STAGE_scale:
    case STAGE_dense:
    case STAGE_conv:
    case STAGE_patches:
    case STAGE_place:
    case STAGE_layer_norm:
    case STAGE_group_norm:
    case STAGE_batch_norm:
    case STAGE_maxpool:
    case STAGE_avgpool:
    case STAGE_dropout: break;
    }
    return lower_classical(l);
}

/* Of a dissipative layer. */
static int64_t count_gates(const Stage *s)
{
    int64_t count = s->dissipative.circuit ? s->dissipative.circuit->gates.len : 0;
    for (uint32_t j = 0; s->dissipative.perceptron && j < s->dissipative.count; j++) count += s->dissipative.perceptron[j]->gates.len;
    return count;
}

/* How many gate arguments the circuits have: an upper bound of the shift sites. */
static int64_t count_arguments(const ModelInst *m)
{
    int64_t count = 1;
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        if (s->kind == STAGE_dissipative) count += count_gates(s);
        if (s->kind < STAGE_encode || s->kind > STAGE_quanv) continue;
        const QuantumAttr *q = &s->quantum;
        int64_t channels = 1;
        if (q->channels == CHANNELS_own) channels = stage_of(m, s->operand[0])->type.dim[0];
        if (q->encoding && q->encoding->circuit)
            count += channels * q->encoding->circuit->gates.len;
        if (q->circuit) count += channels * q->circuit->gates.len;
    }
    return count;
}

static Lowered *lowered_new(Graph *g, const ModelInst *m)
{
    Lowered *out = arena_make(g->arena, Lowered);
    out->g = g;
    out->stage = arena_alloc(g->arena, (m->stages.len + 1) * sizeof *out->stage);
    out->expectation = arena_alloc(g->arena, (m->stages.len + 1) * sizeof *out->expectation);
    out->group = arena_alloc(g->arena, (m->groups.len + 1) * sizeof *out->group);
    out->statistic = arena_alloc(g->arena, (m->groups.len + 1) * sizeof *out->statistic);
    out->input = arena_alloc(g->arena, (m->inputs.len + 1) * sizeof *out->input);
    return out;
}

/* A register that begins as an input has other nodes for its value. None: no stage reads it. */
static NodeId input_leaf(const Lower *l, StageId input)
{
    const char *name = name_text(l->c->names, stage_of(l->model, input)->input.input);
    for (uint32_t i = 0; i < l->g->inputs.len; i++)
        if (!strcmp(l->g->inputs.at[i].name, name)) return l->g->inputs.at[i].node;
    return (NodeId){0};
}

Lowered *lower(Compiler *c, const ModelInst *model, LowerOptions options)
{
    Graph *g = graph_new(c, name_text(c->names, model->name));
    if (options.loss == LOSS_none && !options.whole.i) options.whole = model->output;
    Lower l = {.c = c, .g = g, .model = model, .options = options, .out = lowered_new(g, model)};
    l.plan = register_plan(g->arena, model, options);
    l.registers = arena_array(g->arena, StateRegister *, model->stages.len + 1);
    lower_groups(&l);
    if (options.with_shifts) {
        int64_t count = count_arguments(model);
        l.out->shift = graph_param(g, "#shift", type_real(1, &count));
    }
    for (uint32_t i = 0; i < model->stages.len && !l.failed; i++) {
        l.stage_id = (StageId){i + 1};
        l.stage = &model->stages.at[i];
        g->span = l.stage->span;
        l.out->stage[i] = lower_stage(&l);
    }
    if (!l.failed) {
        for (uint32_t i = 0; i < model->inputs.len; i++) l.out->input[i] = input_leaf(&l, model->inputs.at[i]);
        l.out->output = l.out->stage[model->output.i - 1];
        if (options.loss != LOSS_none) lower_loss(&l);
    }
    if (!l.failed) return l.out;
    graph_drop(g);
    return NULL;
}
