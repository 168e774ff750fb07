/* compile.c: the compiler on one page.
 *
 *     source -parse-> Ast -check-> instances -lower-> Graph -differentiate-> Graph -passes-> Graph -schedule-> Kernels -emit-> Module
 *
 * Every stage can be stopped at and printed (`rq emit --stage NAME`). After each graph pass the verifier runs.
 */
#include "compile.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/function.h"
#include "graph/cost.h"
#include "graph/dead.h"

enum { SOURCE_MOST = 64 << 20 };

static char *read_file(Compiler *c, const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) fatal("cannot read '%s': %s", path, strerror(errno));
    VEC(char) text = {0};
    char block[65536];
    size_t got;
    while ((got = fread(block, 1, sizeof block, f)) > 0) {
        if (text.len + got > SOURCE_MOST) fatal("'%s' has more than %d MB, which is too long for a source text", path, SOURCE_MOST >> 20);
        vec_reserve(c->keep, &text, got);
        memcpy(text.at + text.len, block, got);
        text.len += (uint32_t)got;
    }
    if (ferror(f)) fatal("cannot read '%s': %s", path, strerror(errno));
    fclose(f);
    *len = text.len;
    return text.len ? text.at : arena_strdup(c->keep, "");
}

Ast *compile_parse(Compiler *c, const char *path)
{
    size_t len;
    const char *text = read_file(c, path, &len);
    return parse(c, source_add(c->keep, &c->sources, path, text, len));
}

Program *compile_front(Compiler *c, const char *path, const CheckOptions *options)
{
    return check(c, compile_parse(c, path), options);
}

Flow *compile_flow(Compiler *c, const ModelInst *model)
{
    Flow *flow = flow_of(c, model);
    find_dead(c, flow);
    return flow;
}

/* ---- graph ---- */

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

static Graph *function_graph(Compiler *c, const ModelInst *model, const FunctionSpec *spec)
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

/* The graph pipeline. A pass rebuilds into a fresh arena. */
static const struct {
    const char *name;
    Graph *(*run)(Compiler *c, const Graph *g);
} passes[] = {
    {"simplify", simplify},       /* folds constants, merges equal nodes, drops what no output needs */
    {"undo_states", undo_states}, /* backward recomputes states instead of keeping them */
    {"simplify", simplify},
};

Graph *compile_passes(Compiler *c, Graph *g)
{
    for (size_t i = 0; i < COUNT(passes); i++) {
        Graph *out = passes[i].run(c, g);
        graph_drop(g);
        graph_verify(out, passes[i].name);
        g = out;
    }
    return g;
}

Graph *compile_graph(Compiler *c, const ModelInst *model, const FunctionSpec *spec)
{
    Graph *g = function_graph(c, model, spec);
    return g ? compile_passes(c, g) : NULL;
}

/* ---- code ---- */

static const char *const stages[] = {"ast", "inst", "cost", "graph", "grad", "kernel", "llvm", "asm"};

bool compile_stage_known(const char *stage)
{
    for (size_t i = 0; i < COUNT(stages); i++)
        if (!strcmp(stages[i], stage)) return true;
    return false;
}

static void print_code(Compiler *c, FILE *out, const Graph *g, int real_bytes, const char *cpu, const char *stage)
{
    Kernels *k = schedule(c, g, "step", LANES, real_bytes);
    if (!strcmp(stage, "kernel")) kernels_print(out, k);
    else {
        Module *m = emit(c, k, cpu);
        if (!strcmp(stage, "llvm")) module_print(out, m);
        else module_print_asm(out, m);
        module_drop(m);
    }
    kernels_drop(k);
}

bool compile_print(Compiler *c, FILE *out, const ModelInst *model, const FunctionSpec *spec, const char *cpu, const char *stage)
{
    if (!strcmp(stage, "cost")) {
        cost_print(out, c, model, spec->engine);
        return true;
    }
    bool forward = !strcmp(stage, "graph");
    FunctionSpec eval = *spec;
    if (forward) eval.kind = RQ_FUNCTION_eval;
    Graph *g = compile_graph(c, model, forward ? &eval : spec);
    if (!g) return false;
    if (forward || !strcmp(stage, "grad")) graph_print(out, g);
    else print_code(c, out, g, spec->real_bytes, cpu, stage);
    graph_drop(g);
    return true;
}

typedef struct CompiledFunction {
    rq_function_kind kind;
    const char *layer; /* "" for none */
    const rq_function *f;
} CompiledFunction;

struct ModelCode {
    Compiler *c;
    const ModelInst *model;
    ModelCodeOptions options;
    Jit *jit;
    VEC(CompiledFunction) functions;
    rq_model *table;
};

static const rq_function *find_function(const ModelCode *m, rq_function_kind kind, const char *layer)
{
    for (uint32_t i = 0; i < m->functions.len; i++) {
        const CompiledFunction *f = &m->functions.at[i];
        if (f->kind == kind && !strcmp(f->layer, layer ? layer : "")) return f->f;
    }
    return NULL;
}

static void drop_functions(Graph **g, Kernels **k, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        kernels_drop(k[i]);
        graph_drop(g[i]);
    }
}

/* Functions that are not there yet, all at once. False: an error is reported. */
static bool compile_functions(ModelCode *m, const rq_function_kind *kinds, size_t n, const char *layer)
{
    Graph *g[RQ_FUNCTION_layer];
    Kernels *k[RQ_FUNCTION_layer] = {NULL};
    const rq_function *f[RQ_FUNCTION_layer];
    assert(n <= COUNT(g));
    for (size_t i = 0; i < n; i++) {
        FunctionSpec spec = {.kind = kinds[i], .layer = layer, .loss = m->options.loss, .real_bytes = m->options.real_bytes, .engine = m->options.engine,
                             .ground = m->options.ground, .wrt = m->options.wrt};
        g[i] = compile_graph(m->c, m->model, &spec);
        if (!g[i]) {
            drop_functions(g, k, i);
            return false;
        }
        /* one of a kind in this model, and the same in all models: equal code then has equal names */
        const char *name = arena_printf(m->c->keep, "f%d_%s", (int)kinds[i], layer ? layer : "");
        k[i] = schedule(m->c, g[i], name, LANES, m->options.real_bytes);
    }
    if (!m->jit) m->jit = jit_open(); /* a scan has many models that wait for their turn */
    jit_functions(m->jit, m->c, (const Kernels *const *)k, n, m->options.cpu, m->c->keep, f);
    drop_functions(g, k, n);
    for (size_t i = 0; i < n; i++)
        vec_push(m->c->keep, &m->functions, (CompiledFunction){kinds[i], layer ? arena_strdup(m->c->keep, layer) : "", f[i]});
    return true;
}

static const rq_function *model_function(const rq_model *table, rq_function_kind kind, const char *layer, rq_error *error)
{
    ModelCode *m = (ModelCode *)table->context;
    const rq_function *f = find_function(m, kind, layer);
    if (f) return f;
    /* who asks for the step trains, and will want the others */
    static const rq_function_kind training[] = {RQ_FUNCTION_step, RQ_FUNCTION_eval, RQ_FUNCTION_probe};
    bool all = kind == RQ_FUNCTION_step && m->functions.len == 0;
    if (all ? compile_functions(m, training, COUNT(training), NULL) : compile_functions(m, &kind, 1, layer))
        return find_function(m, kind, layer);
    rq_fail(error, "model '%s' cannot be executed", table->name);
    return NULL;
}

ModelCode *model_code_new(Compiler *c, const ModelInst *model, const Flow *flow, const ModelCodeOptions *options)
{
    ModelCode *m = arena_make(c->keep, ModelCode);
    *m = (ModelCode){.c = c, .model = model, .options = *options};
    m->table = model_table(c, model, flow, options->real_bytes, options->engine, options->detached);
    m->table->context = m;
    m->table->function = model_function;
    return m;
}

void model_code_drop(ModelCode *m)
{
    if (m && m->jit) jit_close(m->jit);
}

const rq_model *model_code_table(const ModelCode *m) { return m->table; }

const char *model_code_cpu(const ModelCode *m) { return backend_cpu_name(m->c->keep, m->options.cpu); }
