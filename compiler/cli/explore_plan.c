/* explore_plan.c: `rq explore --dry-run`: every variant with its verdicts and parameters, and about how long the runs will take.
 *
 * A step of the first variant is compiled and timed; steps of the others take as much longer as they have more operations, counted for
 * a few of them, spread over the list. Nothing is trained, and no data set is opened.
 */
#include "cli/bench.h"
#include "cli/explore.h"
#include "cli/flow_text.h"

enum { COUNTED = 8 };

typedef struct Estimate {
    double sample, compile; /* seconds: of one sample in a step, of a variant's code */
} Estimate;

static uint32_t fitting(const VariantList *variants)
{
    uint32_t fit = 0;
    for (uint32_t i = 0; i < variants->list.len; i++) fit += !variants->list.at[i].reason;
    return fit;
}

static Graph *step_of(Compiler *c, const Options *o, const Variant *v)
{
    FunctionSpec spec = {.kind = RQ_FUNCTION_step, .loss = v->train->loss, .real_bytes = session_real_bytes(o, v->train),
                         .engine = session_engine(o, v->train), .ground = session_ground(v->train)};
    return compile_graph(c, v->model, &spec);
}

/* Real operations of one sample; 0: the model cannot be executed. */
static int64_t flops_of(Compiler *c, const Options *o, const Variant *v)
{
    Graph *g = step_of(c, o, v);
    if (!g) return 0;
    Kernels *k = schedule(c, g, "plan", LANES, session_real_bytes(o, v->train));
    int64_t flops = kernels_flops(k);
    kernels_drop(k);
    graph_drop(g);
    return flops;
}

/* The first variant that fits, timed on one thread, as an exploration's runs are. */
static bool time_first(Compiler *c, const Options *o, const Variant *v, int64_t *flops, Estimate *e)
{
    Bench b = {.o = o, .real_bytes = session_real_bytes(o, v->train), .threads = 1};
    double begun = rq_now();
    const rq_model *table = model_table(c, v->model, v->flow, b.real_bytes, session_engine(o, v->train), v->detached);
    Graph *g = step_of(c, o, v);
    if (!g) return false;
    int64_t batch = (int64_t)action_number(v->train, "batch", 32);
    Measured m = bench_graph(&b, c, table, g, batch, flops);
    e->sample = m.seconds / (double)batch;
    e->compile = rq_now() - begun - m.spent;
    return *flops > 0;
}

/* Means over the variants. */
static bool estimate(Compiler *c, const Options *o, const VariantList *variants, Estimate *e)
{
    uint32_t fit = fitting(variants), seen = 0, counted = 0;
    uint32_t apart = fit > COUNTED ? fit / COUNTED : 1;
    int64_t first = 0, flops = 0;
    for (uint32_t i = 0; i < variants->list.len; i++) {
        const Variant *v = &variants->list.at[i];
        if (v->reason) continue;
        if (!seen && !time_first(c, o, v, &first, e)) return false;
        if (seen++ % apart) continue;
        flops += flops_of(c, o, v);
        counted++;
    }
    if (!counted) return false;
    e->sample *= (double)flops / (double)counted / (double)first;
    return !c->errors;
}

/* Seconds of all runs on one thread. An evaluation takes about a third of a step. */
static double seconds_of(const rq_data_spec *data, double sample, double epochs, double runs)
{
    double train = (double)data->train + (double)data->val / 3;
    return sample * (epochs * train + runs * (double)data->test / 3);
}

static const char *duration_text(Arena *a, double s)
{
    if (s < 1) return "less than a second";
    if (s < 100) return arena_printf(a, "about %.0f s", s);
    if (s < 6000) return arena_printf(a, "about %.0f min", s / 60);
    return arena_printf(a, "about %.1f h", s / 3600);
}

static void print_time(Compiler *c, const Options *o, const ActionInst *explore, const VariantList *variants, const rq_halving *plan)
{
    const ActionInst *train = NULL;
    for (uint32_t i = 0; i < variants->list.len && !train; i++) train = variants->list.at[i].reason ? NULL : variants->list.at[i].train;
    if (!train || !train->data) return;
    rq_data_spec data = session_data_spec(c, train->data);
    rq_verb_options verb = session_verb_options(o);
    Estimate e = {0};
    double seeds = action_number(explore, "seeds", 1), confirm = action_number(explore, "confirm", 0), fit = fitting(variants);
    double best = fit < RQ_CONFIRMED ? fit : RQ_CONFIRMED, each = action_number(train, "epochs", 1), runs = fit * seeds + best * confirm;
    double epochs = (plan->count > 1 ? (double)plan->epochs : fit * seeds * each) + best * confirm * each;
    int threads = rq_verb_threads(&verb);
    if (data.train <= 0) {
        printf("how long: not known before the data set is read, as the file does not say how many samples to take\n");
    } else if (estimate(c, o, variants, &e)) {
        double all = seconds_of(&data, e.sample, epochs, runs) / (runs < threads ? runs : threads);
        printf("%s on %d thread%s, and %s to compile; from a timed step of the first variant\n", duration_text(c->keep, all), threads,
               threads == 1 ? "" : "s", duration_text(c->keep, e.compile * fit));
    }
}

void explore_plan_print(Compiler *c, const Options *o, const ActionInst *explore, const VariantList *variants, const rq_halving *plan)
{
    uint32_t fit = fitting(variants);
    int64_t seeds = (int64_t)action_number(explore, "seeds", 1), confirm = (int64_t)action_number(explore, "confirm", 0);
    variants_print(stdout, variants, true);
    printf("%u variants, %u fit; %lld runs: %u variants x %lld seeds", variants->list.len, fit, (long long)(fit * seeds), fit,
           (long long)seeds);
    if (plan->count > 1) {
        char text[512];
        rq_halving_text(plan, text, sizeof text);
        printf("; within the budget: %s, %lld epochs in all", text, (long long)plan->epochs);
    }
    if (confirm) printf("; then the best %d x %lld fresh seeds", RQ_CONFIRMED, (long long)confirm);
    printf("\n");
    if (fit) print_time(c, o, explore, variants, plan);
}
