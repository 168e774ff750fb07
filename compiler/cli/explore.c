/* explore.c: `rq explore FILE`: an explore action's variants as the run time executes them. */
#include <string.h>

#include "cli/explore.h"
#include "cli/flow_text.h"
#include "explore/explore.h"
#include "random.h"
#include "train/interrupt.h"

/* All that an exploration holds. */
typedef struct Exploring {
    Compiler *c;
    const Options *o;
    const ActionInst *explore;
    VariantList *variants;
    rq_variant *rows;
    ActionCode *code;
    VEC(const ActionInst *) trains; /* whose data are opened: data.at[i] is that of trains.at[i] */
    VEC(rq_data) data;
} Exploring;

/* `limit`: so many variants, drawn by the seed, in the order of the file. */
static void draw(VariantList *variants, Arena *keep, int64_t limit, uint64_t seed)
{
    uint32_t n = variants->list.len, kept = 0;
    if (limit <= 0 || limit >= n) return;
    int64_t *order = arena_array(keep, int64_t, n);
    bool *chosen = arena_array(keep, bool, n);
    rq_random stream = rq_random_stream(seed, RQ_PURPOSE_explore, "limit");
    rq_random_permutation(&stream, order, n);
    for (int64_t i = 0; i < limit; i++) chosen[order[i]] = true;
    for (uint32_t i = 0; i < n; i++)
        if (chosen[i]) variants->list.at[kept++] = variants->list.at[i];
    variants->list.len = kept;
}

/* Number of the data set of a train action, opened the first time. */
static int data_of(Exploring *e, const ActionInst *train)
{
    for (uint32_t i = 0; i < e->trains.len; i++)
        if (e->trains.at[i] == train) return (int)i;
    rq_data data = session_action_data(e->c, e->o, train);
    vec_push(e->c->keep, &e->trains, train);
    vec_push(e->c->keep, &e->data, data);
    return (int)e->data.len - 1;
}

static int base_of(const VariantList *variants, const Variant *v)
{
    for (uint32_t i = 0; i < variants->list.len && v->base_point != v->point; i++)
        if (variants->list.at[i].point == v->base_point) return (int)i;
    return -1;
}

rq_variant explore_row(const VariantList *variants, uint32_t i)
{
    const Variant *v = &variants->list.at[i];
    return (rq_variant){.label = v->label, .placement = v->placement, .settings = v->settings,
                        .gradient = v->detached ? "detached" : "exact", .reason = v->reason, .base = base_of(variants, v)};
}

ActionInst *explore_trial(Compiler *c, const Variant *v)
{
    ActionInst *train = arena_make(c->keep, ActionInst);
    *train = *v->train;
    train->model = v->model;
    train->detached = v->detached;
    return train;
}

static void fill_row(Exploring *e, uint32_t i)
{
    const Variant *v = &e->variants->list.at[i];
    e->rows[i] = explore_row(e->variants, i);
    if (v->reason) return;
    rq_action *action = arena_make(e->c->keep, rq_action);
    *action = session_table(e->c, e->o, explore_trial(e->c, v), v->flow, &e->code[i]);
    e->rows[i].action = action;
    e->rows[i].data = data_of(e, v->train);
}

static const ActionInst *train_of(Compiler *c, const Program *p, const ActionInst *explore)
{
    const char *name = action_field(explore, "train")->text;
    for (uint32_t i = 0; i < p->actions.len; i++)
        if (!strcmp(name_text(c->names, p->actions.at[i]->name), name)) return p->actions.at[i];
    unreachable();
}

rq_exploration explore_fields(Compiler *c, const Options *o, const Program *p, const ActionInst *explore)
{
    const ActionInst *train = train_of(c, p, explore);
    const char *settings = o->run ? settings_json(c, o, explore) /* as the run has them */
                                  : arena_printf(c->keep, "{\"explore\": %s, \"train\": %s}\n", settings_json(c, o, explore), settings_json(c, o, train));
    return (rq_exploration){.name = name_text(c->names, explore->name), .file = o->file, .source = c->sources.list.at[0]->text,
                            .settings_text = settings, .versions = "", .rank = action_field(explore, "rank")->text,
                            .seed = session_settings(c, o, train).seed, .seeds = (int)action_number(explore, "seeds", 1),
                            .confirm = (int)action_number(explore, "confirm", 0), .budget = (int64_t)action_number(explore, "budget", 0)};
}

static rq_exploration exploration_of(Exploring *e, const Program *p)
{
    uint32_t n = e->variants->list.len;
    e->rows = arena_array(e->c->keep, rq_variant, n + 1);
    e->code = arena_array(e->c->keep, ActionCode, n + 1);
    for (uint32_t i = 0; i < n; i++) fill_row(e, i);
    rq_exploration x = explore_fields(e->c, e->o, p, e->explore);
    x.variants = e->rows;
    x.variant_count = (int)n;
    x.data = e->data.at;
    return x;
}

static void drop(Exploring *e)
{
    for (uint32_t i = 0; i < e->variants->list.len; i++) action_code_drop(&e->code[i]);
    for (uint32_t i = 0; i < e->data.len; i++) rq_data_free(&e->data.at[i]);
}

/* Explores, or reports what an exploration left. */
static int run(Exploring *e, const Program *p, const struct rq_export *report)
{
    Compiler *c = e->c;
    rq_exploration x = exploration_of(e, p);
    rq_verb_options verb = session_verb_options(e->o);
    rq_explore_options options = {.threads = rq_verb_threads(&verb), .out = e->o->out, .json = e->o->json, .quiet = e->o->quiet,
                                  .stop = rq_interrupt_flag(), .report = report};
    if (report) options.out = e->o->run;
    rq_explore_end end = RQ_EXPLORE_failed;
    rq_error err = {0};
    char *versions = NULL;
    for (int i = 0; i < x.variant_count && !versions; i++)
        if (x.variants[i].action) versions = rq_versions_text(x.variants[i].action, options.threads, &err);
    x.versions = versions ? versions : "";
    if (!c->errors) end = rq_explore(&x, &options, &err);
    rq_free(versions);
    drop(e);
    bool is_wrong = c->errors != 0;
    diag_flush(c);
    if (end == RQ_EXPLORE_failed && is_wrong) return EXIT_source;
    if (end == RQ_EXPLORE_failed) fatal("%s", err.text);
    return end == RQ_EXPLORE_interrupted ? EXIT_interrupted : EXIT_done;
}

static uint32_t fitting(const VariantList *variants)
{
    uint32_t fit = 0;
    for (uint32_t i = 0; i < variants->list.len; i++) fit += !variants->list.at[i].reason;
    return fit;
}

/* The budget's plan, reported if it is too small for any. */
static rq_halving halving(Compiler *c, const VariantList *variants, const ActionInst *explore, const rq_train_settings *train)
{
    const ConstValue *budget = action_field(explore, "budget");
    int seeds = (int)action_number(explore, "seeds", 1), fit = (int)fitting(variants);
    int64_t epochs = budget ? (int64_t)budget->number.real : 0;
    rq_halving plan;
    if (!rq_halving_plan(fit, seeds, train->epochs, epochs, &plan))
        diag_error(c, budget->span, D_small_budget, (long long)epochs, fit, seeds, (long long)plan.least);
    return plan;
}

VariantList *explore_variants(Compiler *c, const Options *o, const Program *p, const ActionInst *explore, rq_halving *plan)
{
    VariantList *variants = c->errors ? NULL : variants_of(c, p, explore);
    if (variants) {
        rq_train_settings train = session_settings(c, o, train_of(c, p, explore));
        draw(variants, c->keep, (int64_t)action_number(explore, "limit", 0), train.seed);
        *plan = halving(c, variants, explore, &train);
    }
    if (c->errors) variants = NULL;
    diag_flush(c);
    return variants;
}

static int explore(Compiler *c, const Options *o, const Program *p, const ActionInst *a, const struct rq_export *report)
{
    Exploring e = {.c = c, .o = o, .explore = a};
    rq_halving plan;
    e.variants = explore_variants(c, o, p, a, &plan);
    if (!e.variants) return EXIT_source;
    if (report || !o->dry_run) return run(&e, p, report);
    for (uint32_t i = 0; o->json && i < e.variants->list.len; i++) variant_print_json(stdout, c, &e.variants->list.at[i]);
    if (!o->json) explore_plan_print(c, o, a, e.variants, &plan);
    diag_flush(c);
    return EXIT_done;
}

int explore_action(Compiler *c, const Options *o, const Program *p, const ActionInst *a) { return explore(c, o, p, a, NULL); }

int explore_report(Compiler *c, const Options *o, const Program *p, const ActionInst *a, const struct rq_export *e)
{
    return explore(c, o, p, a, e);
}

int verb_explore(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    return p ? explore_action(c, o, p, session_action_of(c, o, p, ACTION_explore)) : code;
}
