/* bench_model.c: `rq bench FILE`: each layer of a model by itself, forward and backward, and the whole training step.
 *
 * A layer is cut out of the lowered graph: values of other layers are inputs of their own. Backward: its parameters' gradient from
 * the adjoint of its value, and the adjoints of the layers that it reads.
 */
#include <jansson.h>
#include <string.h>

#include "cli/bench.h"

enum { USUAL_SAMPLES = 64 };

typedef struct Part {
    const Bench *b;
    Compiler *c;
    const ModelInst *model;
    const rq_model *table;
    Engine engine;
    int64_t samples;
} Part;

typedef struct PartTimes {
    double forward, both; /* seconds per sample */
    int64_t forward_flops, flops;
} PartTimes;

/* The layer alone, its output "value"; NULL: no sample changes it, or an error is reported. */
static Graph *layer_graph(const Part *p, uint32_t number)
{
    const ModelInst *m = p->model;
    Lowered *l = lower(p->c, m, (LowerOptions){.engine = p->engine});
    if (!l) return NULL;
    NodeId value = l->stage[m->layers.at[number].value.i - 1];
    NodeId *cut = arena_array(p->c->keep, NodeId, m->layers.len + m->inputs.len + 1);
    const char **name = arena_array(p->c->keep, const char *, m->layers.len + m->inputs.len + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < m->layers.len; i++) {
        NodeId other = l->stage[m->layers.at[i].value.i - 1];
        if (other.i == value.i || !type_of(l->g, other)->batched) continue;
        cut[n] = other;
        name[n++] = arena_printf(p->c->keep, "value:%s", name_text(p->c->names, m->layers.at[i].name));
    }
    l->g->outputs.len = 0;
    graph_output(l->g, "value", value);
    Graph *g = type_of(l->g, value)->batched ? graph_cut(p->c, l->g, cut, name, n) : NULL;
    graph_drop(l->g);
    return g;
}

static bool is_trained(const Part *p, const Leaf *leaf)
{
    for (int32_t i = 0; i < p->table->param_count; i++)
        if (!strcmp(p->table->params[i].path, leaf->name)) return node_is(leaf->node) && !p->table->params[i].frozen;
    return false;
}

/* Adds adjoints of the leaves that are there: of trainable parameters, and of other layers' values. */
static void add_adjoints(const Part *p, Graph *g)
{
    NodeId value = g->outputs.at[0].node, seed = graph_input(g, "adjoint", *type_of(g, value));
    uint32_t most = g->params.len + g->inputs.len, n = 0;
    NodeId *wrt = arena_array(p->c->keep, NodeId, most + 1), *adjoint = arena_array(p->c->keep, NodeId, most + 1);
    for (uint32_t i = 0; i < g->params.len; i++)
        if (is_trained(p, &g->params.at[i])) wrt[n++] = g->params.at[i].node;
    for (uint32_t i = 0; i < g->inputs.len; i++)
        if (node_is(g->inputs.at[i].node) && !strncmp(g->inputs.at[i].name, "value:", 6)) wrt[n++] = g->inputs.at[i].node;
    pullback(g, &value, &seed, 1, wrt, n, adjoint, (GradOptions){0});
    for (uint32_t i = 0; i < n; i++) graph_output(g, "adjoint", adjoint[i]);
}

static bool measure_layer(const Part *p, uint32_t number, PartTimes *t)
{
    for (int backward = 0; backward < 2; backward++) {
        Graph *g = layer_graph(p, number);
        if (!g) return false;
        if (backward) add_adjoints(p, g);
        int64_t flops;
        double seconds = bench_graph(p->b, p->c, p->table, compile_passes(p->c, g), p->samples, &flops).seconds / (double)p->samples;
        *(backward ? &t->both : &t->forward) = seconds;
        *(backward ? &t->flops : &t->forward_flops) = flops;
    }
    return true;
}

/* ---- rows ---- */

static double share(const Part *p, int64_t flops, double seconds)
{
    return seconds > 0 ? (double)flops / seconds / p->b->flops : 0;
}

static void print_layer(const Part *p, const rq_layer *layer, const PartTimes *t)
{
    double backward = t->both > t->forward ? t->both - t->forward : 0;
    if (p->b->o->json) {
        json_t *row = json_pack("{s:s, s:s, s:s, s:I, s:f, s:f, s:I, s:f}", "layer", layer->name, "kind", layer->kind, "engine",
                                layer->engine, "samples", (json_int_t)p->samples, "forward_s", t->forward, "backward_s", backward,
                                "flop", (json_int_t)t->flops, "share_of_peak", share(p, t->flops, t->both));
        json_dumpf(row, stdout, JSON_REAL_PRECISION(4));
        printf("\n");
        json_decref(row);
        return;
    }
    printf("%-12s %-18s %-9s %10.2f us %10.2f us %12lld %8.1f%%\n", layer->name, layer->kind, layer->engine, 1e6 * t->forward,
           1e6 * backward, (long long)t->flops, 100 * share(p, t->flops, t->both));
}

/* Loss and all gradients in one function, as training runs it. */
static void print_step(const Part *p, LossKind loss)
{
    FunctionSpec spec = {.kind = RQ_FUNCTION_step, .loss = loss, .real_bytes = p->b->real_bytes, .engine = p->engine};
    Graph *g = compile_graph(p->c, p->model, &spec);
    int64_t flops;
    if (!g) return;
    double seconds = bench_graph(p->b, p->c, p->table, g, p->samples, &flops).seconds / (double)p->samples;
    if (p->b->o->json) {
        printf("{\"step\": \"%s\", \"samples\": %lld, \"seconds\": %.4g, \"flop\": %lld, \"share_of_peak\": %.4g}\n", p->table->name,
               (long long)p->samples, seconds, (long long)flops, share(p, flops, seconds));
        return;
    }
    printf("%-12s %-18s %-9s %10.2f us together %15lld %8.1f%%\n", "step", "loss, gradients", "", 1e6 * seconds, (long long)flops,
           100 * share(p, flops, seconds));
}

/* The train action that says engine, loss and batch; NULL: none, or several and no --action. */
static const ActionInst *action_of(const Bench *b, Compiler *c, const Program *program)
{
    uint32_t trains = 0;
    for (uint32_t i = 0; i < program->actions.len; i++) trains += program->actions.at[i]->kind == ACTION_train;
    return b->o->action || trains == 1 ? session_action_of(c, b->o, program, ACTION_train) : NULL;
}

int bench_model(Bench *b, Compiler *c)
{
    int exit_code;
    const Program *program = session_program(c, b->o, &exit_code);
    if (!program) return exit_code;
    const ActionInst *a = action_of(b, c, program);
    const ModelInst *model = a ? a->model : program->models.len ? program->models.at[0] : NULL;
    if (!model) fatal("'%s' has no model that needs no arguments", b->o->file);
    Part p = {.b = b, .c = c, .model = model, .engine = session_engine(b->o, a), .samples = USUAL_SAMPLES};
    double batch = a ? action_number(a, "batch", 0) : 0;
    if (batch >= 1) p.samples = (int64_t)batch;
    p.table = model_table(c, model, compile_flow(c, model), b->real_bytes, p.engine, false);
    bench_machine(b, c);
    if (!b->o->json)
        printf("%s, %lld samples a step; per sample:\n%-12s %-18s %-9s %13s %13s %12s %9s\n", p.table->name, (long long)p.samples,
               "layer", "kind", "engine", "forward", "backward", "operations", "of peak");
    for (uint32_t i = 0; i < model->layers.len; i++) {
        PartTimes t = {0};
        const char *name = name_text(c->names, model->layers.at[i].name);
        const rq_layer *row = NULL;
        for (int32_t k = 0; k < p.table->layer_count; k++)
            if (!strcmp(p.table->layers[k].name, name)) row = &p.table->layers[k];
        if (row && measure_layer(&p, i, &t)) print_layer(&p, row, &t);
        fflush(stdout);
    }
    if (a) print_step(&p, a->loss);
    return c->errors ? EXIT_source : EXIT_done;
}
