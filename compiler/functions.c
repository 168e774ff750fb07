/* functions.c: what each function of a model computes: its lowered graph, differentiated as its kind asks for.
 *
 * What is differentiated is simplified before: what gates share, their derivatives share, too.
 */
#include "functions.h"

#include <string.h>

#include "graph/lower.h"
#include "graph/simplify.h"

/* Adjoints of every trainable group, as outputs grad:PATH, tangents of unitary ones; also that of the model's output, if given. */
static void differentiate(Graph *g, const ModelInst *model, NodeId loss, NodeId output, GradOptions options)
{
    Arena *a = g->arena;
    uint32_t n = 0, most = model->groups.len + 1;
    NodeId *wrt = arena_array(a, NodeId, most), *adjoint = arena_array(a, NodeId, most);
    bool *is_unitary = arena_array(a, bool, most);
    const char **name = arena_array(a, const char *, most);
    for (uint32_t i = 0; i < model->groups.len; i++) {
        const GroupInst *group = &model->groups.at[i];
        if (!group_is_trained(group)) continue;
        wrt[n] = graph_param(g, group->path, (Type){0}); /* lowering made it with its type */
        is_unitary[n] = group->is_unitary;
        name[n++] = arena_printf(a, "grad:%s", group->path);
    }
    if (node_is(output)) {
        wrt[n] = output;
        name[n++] = "d_output";
    }
    gradient(g, loss, wrt, n, adjoint, options);
    for (uint32_t i = 0; i < n; i++) graph_output(g, name[i], is_unitary[i] ? unitary_tangent(g, wrt[i], adjoint[i]) : adjoint[i]);
}

/* The loss of a step and its gradient. Simplified before it is differentiated: what gates share, their derivatives share, too. */
static Graph *step_graph(Compiler *c, Lowered *l, const ModelInst *model)
{
    uint32_t loss = l->g->outputs.len; /* behind the checks */
    graph_output(l->g, "loss", l->mean_loss);
    for (uint32_t i = 0; i < model->groups.len; i++)
        if (node_is(l->statistic[i]))
            graph_output(l->g, arena_printf(l->g->arena, "batch:%s", model->groups.at[i].path), l->statistic[i]);
    graph_verify(l->g, "lower");
    Graph *g = simplify(c, l->g);
    graph_drop(l->g);
    differentiate(g, model, g->outputs.at[loss].node, (NodeId){0}, (GradOptions){0});
    return g;
}

/* Forward over reverse: the change of loss and gradients when the trainable groups move along a direction. */
static Graph *second_graph(Compiler *c, Lowered *l, const ModelInst *model)
{
    uint32_t loss = l->g->outputs.len, n = 0, most = model->groups.len + 2;
    NodeId input = l->input[0], target = l->target;
    graph_output(l->g, "slope", l->mean_loss);
    graph_output(l->g, "mixed:input", input);
    graph_output(l->g, "mixed:target", target);
    graph_verify(l->g, "lower");
    Graph *g = simplify(c, l->g);
    graph_drop(l->g);
    NodeId *wrt = arena_array(g->arena, NodeId, most), *direction = arena_array(g->arena, NodeId, most);
    NodeId *adjoint = arena_array(g->arena, NodeId, most + 1), *tangent = arena_array(g->arena, NodeId, most + 1);
    const char **name = arena_array(g->arena, const char *, most);
    for (uint32_t i = 0; i < model->groups.len; i++) {
        const GroupInst *group = &model->groups.at[i];
        if (!group_is_trained(group)) continue;
        wrt[n] = graph_param(g, group->path, (Type){0}); /* lowering made it with its type */
        direction[n] = graph_param(g, arena_printf(g->arena, "direction:%s", group->path), *type_of(g, wrt[n]));
        name[n++] = arena_printf(g->arena, "hess:%s", group->path);
    }
    wrt[n] = g->outputs.at[loss + 1].node;
    wrt[n + 1] = g->outputs.at[loss + 2].node;
    adjoint[n + 2] = g->outputs.at[loss].node;
    gradient(g, adjoint[n + 2], wrt, n + 2, adjoint, (GradOptions){0});
    pushforward(g, wrt, direction, n, adjoint, n + 3, tangent);
    for (uint32_t i = 0; i < n; i++) graph_output(g, name[i], tangent[i]);
    g->outputs.at[loss].node = tangent[n + 2];
    g->outputs.at[loss + 1].node = tangent[n];
    g->outputs.at[loss + 2].node = tangent[n + 1];
    return g;
}

/* As for a step: what gates share, their derivatives share, too. */
static Graph *scan_graph(Compiler *c, Lowered *l, const ModelInst *model, const WrtList *wrt)
{
    uint32_t loss = l->g->outputs.len;
    Type params = *type_of(l->g, l->params);
    graph_output(l->g, "loss", l->loss);
    graph_verify(l->g, "lower");
    Graph *g = simplify(c, l->g);
    graph_drop(l->g);
    NodeId all = graph_input(g, "params", params), adjoint;
    gradient(g, g->outputs.at[loss].node, &all, 1, &adjoint, (GradOptions){0});
    graph_output(g, "gradient", scan_gradient(g, model, wrt, all, adjoint));
    return g;
}

static StageId layer_stage(Compiler *c, const ModelInst *model, const char *name)
{
    for (uint32_t i = 0; name && i < model->layers.len; i++)
        if (!strcmp(name_text(c->names, model->layers.at[i].name), name)) return model->layers.at[i].value;
    return model->output;
}

Graph *function_graph(Compiler *c, const ModelInst *model, const FunctionSpec *spec)
{
    bool with_loss = spec->kind != RQ_FUNCTION_layer;
    bool is_probe = spec->kind == RQ_FUNCTION_probe, trains = spec->kind == RQ_FUNCTION_step || spec->kind == RQ_FUNCTION_second;
    StageId whole = with_loss ? (StageId){0} : layer_stage(c, model, spec->layer);
    Lowered *l = lower(c, model, (LowerOptions){.loss = with_loss ? spec->loss : LOSS_none, .engine = spec->engine, .whole = whole,
                                              .ground = with_loss && spec->ground, .sampled = spec->kind == RQ_FUNCTION_scan,
                                              .few_samples = is_probe, .training = trains, .couples = trains || is_probe});
    if (!l) return NULL;
    switch (spec->kind) {
    case RQ_FUNCTION_step:
        return step_graph(c, l, model);
    case RQ_FUNCTION_second:
        return second_graph(c, l, model);
    case RQ_FUNCTION_eval:
        graph_output(l->g, "loss", l->loss);
        graph_output(l->g, "output", l->output);
        break;
    case RQ_FUNCTION_probe:
        graph_output(l->g, "loss", l->loss);
        differentiate(l->g, model, l->loss, l->output, (GradOptions){.per_sample = true});
        break;
    case RQ_FUNCTION_layer:
        graph_output(l->g, "value:layer", l->stage[whole.i - 1]);
        break;
    case RQ_FUNCTION_scan: return scan_graph(c, l, model, spec->wrt);
    case RQ_FUNCTION_none: unreachable();
    }
    graph_verify(l->g, "lower");
    return l->g;
}
