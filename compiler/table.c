/* table.c: an instance and its flow as the table that the runtime executes and shows. Everything lies on c->keep. */
#include <string.h>

#include "model_code.h"
#include "graph/cost.h"

static int32_t init_of(InitKind kind)
{
    switch (kind) {
    case INIT_none:
    case INIT_zeros: return RQ_INIT_zeros;
    case INIT_constant: return RQ_INIT_constant;
    case INIT_uniform: return RQ_INIT_uniform;
    case INIT_normal: return RQ_INIT_normal;
    case INIT_orthogonal: return RQ_INIT_orthogonal;
    case INIT_haar: return RQ_INIT_haar;
    }
    unreachable();
}

/* How many inputs the perceptron has that applies the unitary matrix `group`; 0: none does. */
static int32_t perceptron_inputs(const ModelInst *model, GroupId group)
{
    for (uint32_t i = 0; i < model->stages.len; i++) {
        const Stage *s = &model->stages.at[i];
        if (s->kind != STAGE_dissipative || !s->dissipative.perceptron) continue;
        for (uint32_t j = 0; j < s->dissipative.count; j++)
            for (uint32_t k = 0; k < s->dissipative.perceptron[j]->gates.len; k++)
                if (s->dissipative.perceptron[j]->gates.at[k].group.i == group.i) return (int32_t)s->dissipative.fan_in;
    }
    return 0;
}

static void fill_params(Compiler *c, const ModelInst *model, rq_model *t)
{
    rq_param *p = arena_array(c->keep, rq_param, model->groups.len);
    for (uint32_t i = 0; i < model->groups.len; i++) {
        const GroupInst *g = &model->groups.at[i];
        p[i] = (rq_param){.path = g->path, .rank = g->rank, .count = g->count * (g->is_unitary ? 2 : 1), .init = init_of(g->init),
                          .a = g->a, .b = g->b, .has_range = g->has_range, .low = g->low, .high = g->high,
                          .is_unitary = g->is_unitary, .frozen = g->frozen, .momentum = g->momentum, .tied_to = (int32_t)g->tied_to.i - 1};
        for (int k = 0; k < g->rank; k++) p[i].dims[k] = g->dim[k];
        if (!g->is_unitary) continue;
        p[i].dims[p[i].rank++] = 2; /* complex: pairs on a trailing axis */
        p[i].inputs = perceptron_inputs(model, (GroupId){i + 1});
    }
    t->params = p;
    t->param_count = (int32_t)model->groups.len;
}

static const char *reason_text(Compiler *c, const LayerFlow *l)
{
    if (!l->cuts.len) return l->verdict == VERDICT_unused ? "no path leads from it to the loss" : "";
    const Cut *cut = &l->cuts.at[0];
    const char *text = arena_printf(c->keep, "%s (%s)", cut->reason, source_place_text(c->keep, &c->sources, cut->span));
    for (uint32_t i = 0; i < l->fixes.len; i++)
        text = arena_printf(c->keep, "%s%s%s", text, i ? " or " : "; opened by ", l->fixes.at[i]);
    return text;
}

/* How the layer's circuits are simulated, by density matrices if one of them is; NULL: it has none. */
static const char *circuit_engine(const ModelInst *model, LayerId layer, Engine wanted)
{
    Engine engine = ENGINE_none;
    for (uint32_t i = 0; i < model->stages.len && engine != ENGINE_density; i++) {
        const Stage *s = &model->stages.at[i];
        if (s->layer.i != layer.i) continue;
        if (stage_is_quantum(s) || s->kind == STAGE_dissipative) engine = stage_engine(model, (StageId){i + 1}, wanted);
    }
    return engine ? engine_text(engine) : NULL;
}

static bool has_dense(const ModelInst *model, LayerId layer)
{
    for (uint32_t i = 0; i < model->stages.len; i++) {
        const Stage *s = &model->stages.at[i];
        if (s->layer.i == layer.i && (s->kind == STAGE_dense || s->kind == STAGE_conv)) return true;
    }
    return false;
}

typedef VEC(rq_layer) LayerRows;

/* Perceptrons are rows behind all others. */
static void fill_layers(Compiler *c, const ModelInst *model, const Flow *flow, Engine wanted, rq_model *t)
{
    LayerRows rows = {0}, parts = {0};
    for (uint32_t i = 0; i < flow->layers.len; i++) {
        const LayerFlow *l = &flow->layers.at[i];
        int32_t *groups = arena_array(c->keep, int32_t, l->groups.len);
        for (uint32_t k = 0; k < l->groups.len; k++) groups[k] = (int32_t)l->groups.at[k].group.i - 1;
        const char *engine = l->layer.i ? circuit_engine(model, l->layer, wanted) : NULL;
        if (!engine) engine = l->layer.i && has_dense(model, l->layer) ? "blas" : "";
        rq_layer row = {.name = l->name, .kind = l->kind_text ? l->kind_text : "", .params = l->params, .dead = l->dead,
                             .flow = l->verdict == VERDICT_none_set ? "" : verdict_text(l->verdict),
                             .through = l->through ? l->through : "", .reason = reason_text(c, l), .engine = engine,
                             .groups = groups, .group_count = (int32_t)l->groups.len};
        if (l->is_part) vec_push(c->keep, &parts, row);
        else vec_push(c->keep, &rows, row);
    }
    t->layer_count = (int32_t)rows.len;
    t->part_count = (int32_t)parts.len;
    for (uint32_t i = 0; i < parts.len; i++) vec_push(c->keep, &rows, parts.at[i]);
    t->layers = rows.at;
}

/* ---- the picture's edges ---- */

typedef VEC(rq_edge) Edges;

static const char *stage_owner(Compiler *c, const ModelInst *model, const Stage *s)
{
    return name_text(c->names, s->layer.i ? layer_of(model, s->layer)->name : s->input.input);
}

static void add_edge(Compiler *c, Edges *edges, rq_edge e)
{
    for (uint32_t i = 0; i < edges->len; i++)
        if (!strcmp(edges->at[i].from, e.from) && !strcmp(edges->at[i].to, e.to) && edges->at[i].is_skip == e.is_skip) return;
    vec_push(c->keep, edges, e);
}

/* Adds edges from the layers, inputs and model parameters whose values stage `id` of layer `to` reads, looking through the layer's own
 * stages. */
static void walk_sources(Compiler *c, const ModelInst *model, StageId id, const char *to, LayerId inside, rq_edge how, Edges *edges)
{
    const Stage *s = stage_of(model, id);
    if (s->kind == STAGE_detach) how.is_cut = 1;
    if (s->skip) how.is_skip = how.is_skip || s->kind != STAGE_add;
    how.to = to;
    if (s->kind == STAGE_group) {
        how.from = group_of(model, s->group[0])->path;
        how.is_skip = 0;
        add_edge(c, edges, how);
        return;
    }
    if (s->layer.i != inside.i || s->kind == STAGE_input) {
        if (s->kind == STAGE_constant) return;
        how.from = stage_owner(c, model, s);
        add_edge(c, edges, how);
        return;
    }
    for (uint32_t i = 0; i < s->operand_count; i++) {
        rq_edge next = how;
        /* A skip's sum has the layer's own value first; the other operand comes along the skip. */
        if (s->skip && s->kind == STAGE_add && i == 1) next.is_skip = 1, next.is_cut = 0;
        walk_sources(c, model, s->operand[i], to, inside, next, edges);
    }
}

static void fill_edges(Compiler *c, const ModelInst *model, rq_model *t)
{
    Edges edges = {0};
    for (uint32_t i = 0; i < model->layers.len; i++)
        walk_sources(c, model, model->layers.at[i].value, name_text(c->names, model->layers.at[i].name), (LayerId){i + 1}, (rq_edge){0},
                     &edges);
    walk_sources(c, model, model->output, "loss", (LayerId){UINT32_MAX}, (rq_edge){0}, &edges);
    t->edges = edges.at;
    t->edge_count = (int32_t)edges.len;
}

static const char *dims_text(Compiler *c, const ValueType *v)
{
    const char *text = "[";
    for (int i = 0; i < v->rank; i++) text = arena_printf(c->keep, "%s%s%lld", text, i ? "," : "", (long long)v->dim[i]);
    return arena_printf(c->keep, "%s]", text);
}

/* "x [1,28,28] > q1 quanv 2x2 > q2 quanv 2x2 + q1 > head dense 10" */
static const char *summary_text(Compiler *c, const ModelInst *model, const rq_model *t)
{
    const char *text = arena_printf(c->keep, "%s %s", t->input_name, dims_text(c, &stage_of(model, model->inputs.at[0])->type));
    for (uint32_t i = 0; i < model->layers.len; i++) {
        const LayerInst *l = &model->layers.at[i];
        text = arena_printf(c->keep, "%s > %s %s", text, name_text(c->names, l->name), l->kind_text ? l->kind_text : "");
        for (int k = 0; k < t->edge_count; k++)
            if (t->edges[k].is_skip && !strcmp(t->edges[k].to, name_text(c->names, l->name)))
                text = arena_printf(c->keep, "%s + %s", text, t->edges[k].from);
    }
    return text;
}

/* Of a sample in a file: states are [2^n, 2], density matrices [2^n, 2^n, 2]. */
static int64_t shape_of(const ValueType *v, int32_t *rank, int64_t *dims)
{
    int64_t reals = 1;
    *rank = 0;
    if (v->kind == VALUE_real) {
        for (int i = 0; i < v->rank; i++) dims[(*rank)++] = v->dim[i];
    } else {
        for (int i = 0; i < (v->kind == VALUE_density ? 2 : 1); i++) dims[(*rank)++] = INT64_C(1) << v->dim[0];
        dims[(*rank)++] = 2;
    }
    for (int i = 0; i < *rank; i++) reals *= dims[i];
    return reals;
}

static int64_t count_circuits(const ModelInst *model)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < model->stages.len; i++) {
        const Stage *s = &model->stages.at[i];
        if (s->kind == STAGE_quantum || s->kind == STAGE_encode) n += s->maps;
        if (s->kind != STAGE_quanv) continue;
        int64_t channels = s->quantum.channels == CHANNELS_joint ? 1 : stage_of(model, s->operand[0])->type.dim[0];
        n += channels * s->quantum.patches_h * s->quantum.patches_w;
    }
    return n;
}

rq_model *model_table(Compiler *c, const ModelInst *model, const Flow *flow, int real_bytes, Engine wanted, bool detached)
{
    rq_model *t = arena_make(c->keep, rq_model);
    const Stage *input = stage_of(model, model->inputs.at[0]), *output = stage_of(model, model->output);
    t->name = name_text(c->names, model->name);
    t->gradient = detached ? "detached" : "exact";
    t->input_name = name_text(c->names, input->input.input);
    t->input_reals = shape_of(&input->type, &t->input_rank, t->input_dims);
    t->input_is_density = input->type.kind == VALUE_density;
    t->output_reals = shape_of(&output->type, &t->output_rank, t->output_dims);
    t->target_reals = output->type.kind == VALUE_density ? INT64_C(2) << output->type.dim[0] : t->output_reals; /* amplitudes */
    t->circuits_per_sample = count_circuits(model);
    t->real_bytes = real_bytes;
    fill_params(c, model, t);
    fill_layers(c, model, flow, wanted, t);
    fill_edges(c, model, t);
    t->summary = summary_text(c, model, t);
    t->warnings = c->warned.at;
    t->warning_count = (int32_t)c->warned.len;
    return t;
}
