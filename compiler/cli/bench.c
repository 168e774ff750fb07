/* bench.c: `rq bench`: times of known works, beside the peak of the machine's multiply-adds and of its memory, measured in the
 * same run; with --export the numbers of a few samples, so that other programs can be compared before their times are.
 */
#include "cli/bench.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "backend/function.h"
#include "data/safetensors.h"
#include "graph/cost.h"
#include "random.h"
#include "train/feed.h"
#include "train/optimizer.h"

enum { REPEATS = 15 };
static const double repeat_seconds = 0.02;

typedef enum WorkKind { WORK_forward, WORK_gradient, WORK_parameters, WORK_step } WorkKind;
typedef struct Work {
    const char *name;
    WorkKind kind;
    int64_t samples, circuits;
    const char *text;
} Work;
static const Work works[] = {
#define WORK(name, kind, samples, circuits, text) {name, WORK_##kind, samples, circuits, text},
#include "cli/works.def"
#undef WORK
};

/* ---- time ---- */

Measured bench_time(void (*call)(void *context), void *context)
{
    double time[REPEATS], best = 0, first = rq_now();
    for (int i = -1; i < REPEATS; i++) {
        double begun = rq_now(), start, end = begun;
        int calls = 0;
        do {
            start = end;
            call(context);
            end = rq_now();
            if ((!calls++ && i < 0) || end - start < best) best = end - start;
        } while (end - begun < repeat_seconds);
        int at = i;
        for (; at > 0 && time[at - 1] > (end - begun) / calls; at--) time[at] = time[at - 1];
        if (i >= 0) time[at] = (end - begun) / calls;
    }
    return (Measured){.seconds = time[REPEATS / 2], .best = best, .spent = rq_now() - first};
}

/* ---- subjects ---- */

static void put_real(void *out, int64_t i, int real_bytes, double v)
{
    if (real_bytes == 4)
        ((float *)out)[i] = (float)v;
    else
        ((double *)out)[i] = v;
}

static void fill_input(const rq_leaf *leaf, uint64_t number, int64_t samples, int lanes,
                       int real_bytes, void *out)
{
    rq_random stream = rq_random_stream_id(1, RQ_PURPOSE_gradcheck, number);
    bool is_target = !strcmp(leaf->name, "target"), is_weight = !strcmp(leaf->name, "weight");
    for (int64_t lane = 0; lane < lanes; lane++) {
        int64_t label = (int64_t)(rq_random_uniform01(&stream, (uint64_t)lane) * (double)leaf->reals);
        for (int64_t i = 0; i < leaf->reals; i++) {
            double v = rq_random_uniform01(&stream, (uint64_t)(lane * leaf->reals + i));
            if (is_target) v = i == label;
            if (is_weight) v = 1 / (double)samples;
            put_real(out, i * lanes + lane, real_bytes, v);
        }
    }
}

Subject subject_new(const Bench *b, Compiler *c, const rq_model *m, const rq_function *f, int64_t samples)
{
    rq_error error;
    Subject s = {.f = f, .samples = samples};
    s.bound = arena_array(c->keep, const void *, f->param_count + 1);
    s.chunk = arena_array(c->keep, void *, f->input_count + 1);
    for (uint32_t i = 0; i < f->input_count; i++) {
        s.chunk[i] = arena_alloc(c->keep, (size_t)(f->inputs[i].reals * f->lanes * f->real_bytes));
        fill_input(&f->inputs[i], i, samples, f->lanes, f->real_bytes, s.chunk[i]);
    }
    if (!rq_params_new(m, &s.params, &error) || !rq_params_init(&s.params, 1, &error) ||
        !rq_params_bind(&s.params, f, s.bound, &error) || !rq_outputs_new(f, samples, &s.outputs, &error) ||
        !rq_runner_new(f, samples, b->threads, &s.runner, &error))
        fatal("%s", error.text);
    return s;
}

void subject_free(Subject *s)
{
    rq_runner_free(s->runner);
    rq_outputs_free(s->f, s->outputs);
    rq_params_free(&s->params);
}

/* Lanes without a sample weigh nothing. */
static void pack(void *context, int input, int64_t first, int count, int lanes, void *out)
{
    (void)first;
    const Subject *s = context;
    const rq_leaf *leaf = &s->f->inputs[input];
    memcpy(out, s->chunk[input], (size_t)(leaf->reals * lanes * s->f->real_bytes));
    bool is_weight = !strcmp(leaf->name, "weight");
    for (int64_t i = is_weight ? count : lanes; i < lanes; i++) put_real(out, i, s->f->real_bytes, 0);
}

void subject_call(void *subject)
{
    Subject *s = subject;
    rq_error error;
    if (!rq_run(s->runner, s->samples, s->bound, pack, s, s->outputs, &error)) fatal("%s", error.text);
}

Measured bench_graph(const Bench *b, Compiler *c, const rq_model *m, Graph *g, int64_t samples, int64_t *flops)
{
    Kernels *k = schedule(c, g, "bench", chunk_lanes(g, LANES), b->real_bytes);
    Jit *jit = jit_open();
    Subject s = subject_new(b, c, m, jit_function(jit, c, k, b->o->cpu, c->keep), samples);
    Measured measured = bench_time(subject_call, &s);
    *flops = kernels_flops(k);
    subject_free(&s);
    jit_close(jit);
    kernels_drop(k);
    graph_drop(g);
    return measured;
}

/* ---- works ---- */

static Graph *work_graph(Compiler *c, const ModelInst *model, const Bench *b, const Work *w, Engine engine)
{
    if (w->kind == WORK_step) {
        FunctionSpec spec = {.kind = RQ_FUNCTION_step, .loss = LOSS_cross_entropy, .real_bytes = b->real_bytes, .engine = engine};
        return compile_graph(c, model, &spec);
    }
    Lowered *l = lower(c, model, (LowerOptions){.engine = engine});
    if (!l) return NULL;
    Graph *g = l->g;
    graph_output(g, "output", l->output);
    NodeId wrt[] = {l->group[0], l->input[0]}, adjoint[2];
    size_t count = w->kind == WORK_gradient ? 2 : w->kind == WORK_parameters;
    NodeId seed = l->output;
    if (w->kind == WORK_parameters) {
        Type shape = *type_of(g, l->output);
        seed = broadcast(g, graph_input(g, "weight", type_real(0, NULL)), shape, 0, shape.rank);
    }
    if (count) pullback(g, &l->output, &seed, 1, wrt, count, adjoint, (GradOptions){0});
    if (count) graph_output(g, "grad:q.theta", adjoint[0]);
    if (count > 1) graph_output(g, "grad:x", adjoint[1]);
    return compile_passes(c, g);
}

/* A training step is the subject's call and what the optimizer does with it. */
typedef struct TrainingStep {
    Subject *subject;
    rq_optimizer optimizer;
    rq_optimizer_state state;
    void **gradient;
} TrainingStep;

static void training_step(void *context)
{
    TrainingStep *t = context;
    subject_call(t->subject);
    rq_optimizer_step(&t->optimizer, &t->state, &t->subject->params, t->gradient);
}

static Measured time_step(Compiler *c, Subject *s)
{
    rq_error error;
    const rq_model *m = s->params.model;
    TrainingStep t = {.subject = s, .gradient = arena_array(c->keep, void *, m->param_count + 1)};
    t.optimizer = (rq_optimizer){.kind = rq_optimizer_named("adam"), .rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    for (int i = 0; i < m->param_count; i++)
        t.gradient[i] = s->outputs[rq_leaf_find(s->f->outputs, s->f->output_count, arena_printf(c->keep, "grad:%s", m->params[i].path))];
    if (!rq_optimizer_state_new(&t.optimizer, &s->params, &t.state, &error)) fatal("%s", error.text);
    Measured measured = bench_time(training_step, &t);
    rq_optimizer_state_free(&t.state, &s->params);
    return measured;
}

static void print_row(const Bench *b, const Work *w, const char *engine, bool chosen, const Subject *s, const Measured *m)
{
    double circuits = (double)(w->samples * w->circuits), each = m->seconds / circuits;
    double flops = (double)s->flops / (double)w->circuits, share = flops / each / b->flops;
    if (b->o->json) {
        json_t *row = json_pack("{s:s, s:s, s:b, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "work", w->name, "engine", engine,
                                "chosen", chosen, "threads", b->threads, "seconds", m->seconds, "per_s", 1 / each, "ns_each", 1e9 * each,
                                "ns_best", 1e9 * m->best / circuits, "flop_each", flops, "share_of_peak", share,
                                "compile_s", s->compile);
        json_dumpf(row, stdout, JSON_REAL_PRECISION(4));
        printf("\n");
        json_decref(row);
        return;
    }
    printf("%-14s %-8s%c %2d threads %10.3g /s %9.2f ns each (best %.2f) %8.0f flop %5.1f%% of peak, compiled in %.2f s\n", w->name,
           engine, chosen ? '*' : ' ', b->threads, 1 / each, 1e9 * each, 1e9 * m->best / circuits, flops, 100 * share, s->compile);
}

/* ---- numbers for other programs ---- */

enum { EXPORTED_SAMPLES = 16 };

typedef struct Exported {
    Arena *a;
    VEC(rq_tensor) tensors;
} Exported;

/* reals [samples][reals] of a batched value that lies as [reals][lanes], or [reals]; samples 0: not batched. */
static void export_values(Exported *x, const char *work, const rq_leaf *leaf, int64_t samples, const void *values,
                          int lanes, int real_bytes)
{
    rq_array array;
    rq_error error;
    int64_t dims[2] = {samples, leaf->reals};
    bool batched = samples > 0;
    if (!rq_array_new(&array, RQ_DTYPE_f64, batched ? 2 : 1, batched ? dims : dims + 1, leaf->name, &error))
        fatal("%s", error.text);
    for (int64_t i = 0; i < array.size; i++) {
        int64_t at = batched ? i % leaf->reals * lanes + i / leaf->reals : i;
        ((double *)array.values)[i] = real_bytes == 4 ? (double)((const float *)values)[at] : ((const double *)values)[at];
    }
    vec_push(x->a, &x->tensors, (rq_tensor){arena_printf(x->a, "%s/%s", work, leaf->name), array});
}

/* Parameters, inputs and results of a few samples. */
static void export_work(Exported *x, const Bench *b, Compiler *c, const Work *w, const rq_model *m, const rq_function *f)
{
    int64_t samples = w->samples < EXPORTED_SAMPLES ? w->samples : EXPORTED_SAMPLES;
    Subject s = subject_new(b, c, m, f, samples);
    subject_call(&s);
    for (uint32_t i = 0; i < f->param_count; i++) export_values(x, w->name, &f->params[i], 0, s.bound[i], 1, f->real_bytes);
    for (uint32_t i = 0; i < f->input_count; i++)
        export_values(x, w->name, &f->inputs[i], samples, s.chunk[i], f->lanes, f->real_bytes);
    for (uint32_t i = 0; i < f->output_count; i++)
        export_values(x, w->name, &f->outputs[i], f->outputs[i].batched ? samples : 0, s.outputs[i], f->lanes, f->real_bytes);
    subject_free(&s);
}

static void write_exported(Exported *x, const char *path)
{
    rq_error error;
    if (!rq_safetensors_write(path, &(rq_tensors){.tensors = x->tensors.at, .count = (int)x->tensors.len}, &error))
        fatal("%s", error.text);
    for (uint32_t i = 0; i < x->tensors.len; i++) rq_array_free(&x->tensors.at[i].array);
}

/* ---- the verb ---- */

/* The engine that costs choose for all quantum layers; none if they differ. */
static Engine chosen_engine(const ModelInst *model)
{
    Engine chosen = ENGINE_none;
    for (uint32_t i = 1; i <= model->stages.len; i++) {
        if (!stage_is_quantum(stage_of(model, (StageId){i}))) continue;
        Engine engine = stage_engine(model, (StageId){i}, ENGINE_none);
        if (chosen && engine != chosen) return ENGINE_none;
        chosen = engine;
    }
    return chosen;
}

static void run_engine(const Bench *b, Compiler *c, const Work *w, const ModelInst *model, Engine engine, Exported *x)
{
    Engine chosen = chosen_engine(model);
    double begun = rq_now();
    Graph *g = work_graph(c, model, b, w, engine);
    if (!g) return;
    Kernels *k = schedule(c, g, "work", chunk_lanes(g, LANES), b->real_bytes);
    Jit *jit = jit_open();
    const rq_function *f = jit_function(jit, c, k, b->o->cpu, c->keep);
    double compile = rq_now() - begun;
    const rq_model *m = model_table(c, model, compile_flow(c, model), b->real_bytes, engine, false);
    if (x) {
        export_work(x, b, c, w, m, f);
    } else {
        Subject s = subject_new(b, c, m, f, w->samples);
        s.flops = kernels_flops(k);
        s.compile = compile;
        Measured measured = w->kind == WORK_step ? time_step(c, &s) : bench_time(subject_call, &s);
        print_row(b, w, engine_text(engine ? engine : chosen), !engine || engine == chosen, &s, &measured);
        subject_free(&s);
    }
    jit_close(jit);
    kernels_drop(k);
    graph_drop(g);
}

/* Whether the engine can compute all quantum layers. */
static bool engine_can(const ModelInst *model, Engine engine)
{
    for (uint32_t i = 1; i <= model->stages.len; i++) {
        if (!stage_is_quantum(stage_of(model, (StageId){i}))) continue;
        StageCost cost = stage_cost(model, (StageId){i}, ENGINE_none);
        if (engine == ENGINE_state ? cost.state.obstacle : cost.transfer.obstacle) return false;
    }
    return true;
}

static void run_work(const Bench *b, const Work *w, Exported *x)
{
    static const Engine engines[] = {ENGINE_transfer, ENGINE_state};
    Compiler *c = compiler_new();
    Ast *ast = parse(c, source_add(c->keep, &c->sources, "<bench>", w->text, strlen(w->text)));
    Program *p = check(c, ast, &(CheckOptions){0});
    const ModelInst *model = p && p->models.len ? p->models.at[0] : NULL;
    const char *wanted = b->o->engine ? b->o->engine : x ? "auto" : NULL;
    if (model && wanted) run_engine(b, c, w, model, session_engine(b->o, NULL), x);
    for (size_t i = 0; model && !wanted && i < COUNT(engines); i++) {
        if (engine_can(model, engines[i])) run_engine(b, c, w, model, engines[i], NULL);
    }
    diag_flush(c);
    compiler_drop(c);
}

void bench_machine(Bench *b, Compiler *c)
{
    b->flops = bench_flops(c, b);
    b->bandwidth = bench_bandwidth(b);
    if (b->o->json)
        printf("{\"machine\": \"%s\", \"threads\": %d, \"flops\": %.4g, \"bandwidth\": %.4g}\n", backend_cpu_name(c->keep, NULL),
               b->threads, b->flops, b->bandwidth);
    else printf("peak %.1f Gflop/s, memory %.1f GB/s on %d threads\n", 1e-9 * b->flops, 1e-9 * b->bandwidth, b->threads);
}

int verb_bench(Compiler *c, const Options *o)
{
    rq_verb_options verb = session_verb_options(o);
    Bench b = {.o = o, .real_bytes = session_real_bytes(o, NULL), .threads = rq_verb_threads(&verb)};
    Exported exported = {.a = c->keep}, *x = o->export ? &exported : NULL;
    bool any = !o->file, is_model = o->file && access(o->file, F_OK) == 0;
    for (size_t i = 0; i < COUNT(works); i++) any |= o->file && !strcmp(o->file, works[i].name);
    if (!any && !is_model)
        fatal("'%s' is neither a file nor a work of rq bench; '%s' is a work, and without WORK all are run", o->file,
              works[0].name);
    if (is_model && x) fatal("--export writes the numbers of works; of a model 'rq gradcheck %s --export' does", o->file);
    if (is_model) return bench_model(&b, c);
    if (!x) bench_machine(&b, c);
    for (size_t i = 0; i < COUNT(works); i++) {
        if (!o->file || !strcmp(o->file, works[i].name)) run_work(&b, &works[i], x);
    }
    if (x) write_exported(x, o->export);
    return EXIT_done;
}
