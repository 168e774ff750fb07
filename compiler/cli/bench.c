/* bench.c: `rq bench`: circuits per second of known works, beside the peak of the machine's
 * multiply-adds, measured in the same run.
 *
 * A work is a model with one quantum layer, run forward or forward and backward (angles and inputs)
 * over random samples. The loss is half the square sum of the values, so that its adjoint is the
 * values themselves. Times are medians over repeats; the first run is not timed.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/function.h"
#include "cli/session.h"
#include "random.h"

enum { REPEATS = 15 };

typedef struct Work {
    const char *name, *layer; /* layer: the kind of layer q reading input x */
    const char *input;
    bool gradient;
    int64_t samples, circuits; /* circuits per sample */
} Work;

#define QUANV4(depth)                                                                              \
    "quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: " #depth              \
    "), measure: z_each)"
#define QUANV9(depth)                                                                              \
    "quanv(kernel: 3, stride: 3, pad: 1, encode: angle(), circuit: ry_rx_cnot(depth: " #depth      \
    "), measure: z_each)"
static const Work works[] = {
    {"4q-d4-grad", QUANV4(4), "image[1, 28, 28]", true, 256, 196},
    {"4q-d4-batch32", QUANV4(4), "image[1, 28, 28]", true, 32, 196},
    {"4q-d4-forward", QUANV4(4), "image[1, 28, 28]", false, 256, 196},
    {"4q-d1-grad", QUANV4(1), "image[1, 28, 28]", true, 256, 196},
    {"4q-d1-forward", QUANV4(1), "image[1, 28, 28]", false, 256, 196},
    {"9q-d1-grad", QUANV9(1), "image[1, 28, 28]", true, 256, 100},
    {"9q-d4-grad", QUANV9(4), "image[1, 28, 28]", true, 64, 100},
    {"10q-d2-grad", "quantum(encode: angle(), circuit: ry_rx_cnot(depth: 2), measure: z_each)",
     "real[10]", true, 64, 1},
};

static int bench_threads(const Options *o)
{
    rq_verb_options verb = session_verb_options(o);
    return rq_verb_threads(&verb);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void put_real(void *out, int64_t i, int real_bytes, double v)
{
    if (real_bytes == 4)
        ((float *)out)[i] = (float)v;
    else
        ((double *)out)[i] = v;
}

/* ---- inputs ---- */

typedef struct Feed {
    const rq_function *f;
    void **chunk; /* of each input, one chunk, the same for all */
} Feed;

static void feed(void *context, int input, int64_t first, int count, int lanes, void *out)
{
    (void)first, (void)count;
    const Feed *x = context;
    memcpy(out, x->chunk[input], (size_t)(x->f->inputs[input].reals * lanes * x->f->real_bytes));
}

static void *random_reals(Arena *a, int64_t count, int real_bytes, uint64_t which)
{
    void *out = arena_alloc(a, (size_t)(count * real_bytes));
    rq_random stream = rq_random_stream_id(1, RQ_PURPOSE_gradcheck, which);
    for (int64_t i = 0; i < count; i++)
        put_real(out, i, real_bytes, rq_random_uniform01(&stream, (uint64_t)i));
    return out;
}

/* Median seconds of a call over `samples`; *best: of the fastest
 * call. */
static double time_function(const rq_function *f, int64_t samples, int threads, double *best)
{
    Arena *a = arena_new("bench");
    void **params = arena_array(a, void *, f->param_count),
         **outputs = arena_array(a, void *, f->output_count);
    Feed x = {f, arena_array(a, void *, f->input_count)};
    int64_t chunks = (samples + f->lanes - 1) / f->lanes;
    for (uint32_t i = 0; i < f->param_count; i++)
        params[i] = random_reals(a, f->params[i].reals, f->real_bytes, i);
    for (uint32_t i = 0; i < f->input_count; i++)
        x.chunk[i] = random_reals(a, f->inputs[i].reals * f->lanes, f->real_bytes, 100 + i);
    for (uint32_t i = 0; i < f->output_count; i++) {
        int64_t reals = f->outputs[i].reals * (f->outputs[i].batched ? chunks * f->lanes : 1);
        outputs[i] = arena_alloc(a, (size_t)(reals * f->real_bytes));
    }
    rq_runner *runner;
    rq_error error;
    double time[REPEATS];
    if (!rq_runner_new(f, samples, threads, &runner, &error)) fatal("%s", error.text);
    for (int i = -1; i < REPEATS; i++) {
        double begun = seconds();
        int calls = 0;
        do {
            double start = seconds();
            if (!rq_run(runner, samples, (const void *const *)params, feed, &x, outputs, &error))
                fatal("%s", error.text);
            double call = seconds() - start;
            if (!calls++ && i < 0) *best = call;
            if (call < *best) *best = call;
        } while (seconds() - begun < 0.02);
        if (i < 0) continue;
        double t = (seconds() - begun) / calls;
        int at = i;
        for (; at > 0 && time[at - 1] > t; at--) time[at] = time[at - 1];
        time[at] = t;
    }
    rq_runner_free(runner);
    arena_drop(a);
    return time[REPEATS / 2];
}

/* ---- works ---- */

static const ModelInst *work_model(Compiler *c, const Work *w)
{
    char *text = arena_printf(c->keep, "model Work { input x: %s; layer q = %s; output q; }",
                              w->input, w->layer);
    Ast *ast = parse(c, source_add(c->keep, &c->sources, "<bench>", text, strlen(text)));
    Program *p = check(c, ast, &(CheckOptions){0});
    return p && p->models.len ? p->models.at[0] : NULL;
}

static Graph *work_graph(Compiler *c, const ModelInst *model, const Work *w, Engine engine)
{
    Lowered *l = lower(c, model, (LowerOptions){.engine = engine});
    if (!l) return NULL;
    Graph *g = l->g;
    graph_output(g, "output", l->output);
    if (w->gradient) {
        NodeId wrt[] = {l->group[0], l->input[0]}, adjoint[2];
        pullback(g, &l->output, &l->output, 1, wrt, 2, adjoint, (GradOptions){0});
        graph_output(g, "grad:theta", adjoint[0]);
        graph_output(g, "grad:x", adjoint[1]);
    }
    return compile_passes(c, g);
}

typedef struct Measured {
    double seconds, best, compile; /* best: the shortest repeat */
    int64_t flops;                 /* per sample */
} Measured;

/* Consumes k. */
static Measured measure_kernels(Compiler *c, Kernels *k, int64_t samples, const Options *o,
                                int threads)
{
    double begun = seconds();
    Jit *jit = jit_open();
    const rq_function *f = jit_function(jit, c, k, o->cpu, c->keep);
    Measured m = {.compile = seconds() - begun, .flops = kernels_flops(k)};
    m.seconds = time_function(f, samples, threads, &m.best);
    jit_close(jit);
    kernels_drop(k);
    return m;
}

/* ---- the machine ---- */

enum { PEAK_ELEMENTS = 256, PEAK_CHAINS = 16, PEAK_LENGTH = 20 };

static uint32_t put_op(Kernels *k, Step *s, Scalar op, uint32_t a, uint32_t b, uint32_t c)
{
    vec_push(k->arena, &s->map.ops,
             (ScalarOp){.op = op, .a = a, .b = b, .c = c, .constant = 0.5 + 0.01 * c});
    return s->map.ops.len - 1;
}

/* For each element of x independent chains of multiply-adds in registers: y = y * x + x. */
static void peak_step(Kernels *k, Step *s)
{
    uint32_t x = put_op(k, s, SCALAR_load, 0, 0, 0), y[PEAK_CHAINS], total;
    for (uint32_t i = 0; i < PEAK_CHAINS; i++) y[i] = put_op(k, s, SCALAR_const, 0, 0, i);
    for (uint32_t j = 0; j < PEAK_LENGTH; j++)
        for (uint32_t i = 0; i < PEAK_CHAINS; i++) y[i] = put_op(k, s, SCALAR_fma, y[i], x, x);
    total = y[0];
    for (uint32_t i = 1; i < PEAK_CHAINS; i++) total = put_op(k, s, SCALAR_add, total, y[i], 0);
    vec_push(k->arena, &s->map.stores, (ScalarStore){.value = total});
}

static Kernels *peak_kernels(Compiler *c, int real_bytes)
{
    Arena *arena = arena_new("peak");
    Kernels *k = arena_make(arena, Kernels);
    *k =
        (Kernels){.c = c, .arena = arena, .name = "peak", .lanes = LANES, .real_bytes = real_bytes};
    int64_t bytes = (int64_t)PEAK_ELEMENTS * LANES * real_bytes;
    Buffer b = {.role = RQ_ROLE_input, .batched = true, .elements = PEAK_ELEMENTS, .bytes = bytes};
    vec_push(arena, &k->inputs, "x");
    vec_push(arena, &k->outputs, "y");
    vec_push(arena, &k->buffers, b);
    b.role = RQ_ROLE_output;
    vec_push(arena, &k->buffers, b);
    Step s = {.kind = STEP_map, .count = PEAK_ELEMENTS};
    for (uint32_t i = 1; i <= 2; i++) {
        Operand o = {
            .buffer = {i}, .p_div = 1, .p_mod = 1, .inner = s.count, .div = 1, .mod = s.count};
        if (i == 1)
            vec_push(arena, &s.in, o);
        else
            vec_push(arena, &s.out, o);
    }
    peak_step(k, &s);
    Kernel kernel = {.kind = KERNEL_loop, .outer = 1};
    vec_push(arena, &kernel.steps, s);
    vec_push(arena, &k->phases, (Phase){0});
    vec_push(arena, &k->phases, (Phase){.per_chunk = true});
    vec_push(arena, &k->phases.at[1].kernels, kernel);
    return k;
}

/* Real operations per second that the machine reaches. */
static double peak_flops(Compiler *c, const Options *o, int real_bytes, int threads)
{
    int64_t samples = 64 * LANES * threads;
    Measured m = measure_kernels(c, peak_kernels(c, real_bytes), samples, o, threads);
    return (double)(m.flops * samples) / m.best;
}

static void print_row(const Options *o, const Work *w, const char *engine, int threads,
                      const Measured *m, double peak)
{
    double circuits = (double)(w->samples * w->circuits), each = m->seconds / circuits;
    double flops = (double)m->flops / (double)w->circuits, share = flops / each / peak;
    if (o->json) {
        json_t *row = json_pack("{s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f}", "work", w->name,
                                "engine", engine, "threads", threads, "per_s", 1 / each, "ns_each",
                                1e9 * each, "ns_best", 1e9 * m->best / circuits, "flop_each", flops,
                                "share_of_peak", share, "compile_s", m->compile);
        json_dumpf(row, stdout, JSON_REAL_PRECISION(4));
        printf("\n");
        json_decref(row);
        return;
    }
    printf("%-14s %-8s %2d threads %10.3g /s %9.2f ns each (best %.2f) %8.0f flop %5.1f%% of peak, "
           "compiled in "
           "%.2f s\n",
           w->name, engine, threads, 1 / each, 1e9 * each, 1e9 * m->best / circuits, flops,
           100 * share, m->compile);
}

static void run_work(Compiler *c, const Options *o, const Work *w, double peak)
{
    static const struct {
        const char *name;
        Engine engine;
    } engines[] = {{"transfer", ENGINE_transfer}, {"state", ENGINE_state}};
    int real_bytes = o->precision && !strcmp(o->precision, "f64") ? 8 : 4,
        threads = bench_threads(o);
    const ModelInst *model = work_model(c, w);
    for (size_t i = 0; model && i < COUNT(engines); i++) {
        if (o->engine && strcmp(o->engine, "auto") && strcmp(o->engine, engines[i].name)) continue;
        double begun = seconds();
        Graph *g = work_graph(c, model, w, engines[i].engine);
        if (!g) continue;
        Kernels *k = schedule(c, g, "work", LANES, real_bytes);
        double made = seconds() - begun;
        Measured m = measure_kernels(c, k, w->samples, o, threads);
        m.compile += made;
        graph_drop(g);
        print_row(o, w, engines[i].name, threads, &m, peak);
    }
}

int verb_bench(Compiler *c, const Options *o)
{
    int real_bytes = o->precision && !strcmp(o->precision, "f64") ? 8 : 4,
        threads = bench_threads(o);
    bool any = false;
    double peak = peak_flops(c, o, real_bytes, threads);
    if (!o->json) printf("peak %.1f Gflop/s on %d threads\n", 1e-9 * peak, threads);
    for (size_t i = 0; i < COUNT(works); i++) {
        if (o->file && strcmp(o->file, works[i].name)) continue;
        any = true;
        Compiler *own = compiler_new();
        run_work(own, o, &works[i], peak);
        diag_flush(own);
        compiler_drop(own);
    }
    if (!any)
        fatal("'%s' is no work of rq bench; '%s' is, and without WORK all are run", o->file,
              works[0].name);
    return EXIT_done;
}
