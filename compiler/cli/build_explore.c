/* build_explore.c: the variants of explorations, the models of distillations and the points of scans, as further actions of a native program. */
#include "cli/build.h"
#include "cli/distill.h"
#include "cli/explore.h"
#include "cli/scan.h"

enum { MOST_COMPILED = 256 };

/* The number of the variant's action; -1: failed, reported. */
static int32_t add_trial(Build *b, const Variant *v, const char *name)
{
    Compiler *c = b->c;
    ActionInst *train = explore_trial(c, v);
    NativeAction n = {.action = session_fields(c, b->o, train), .flow = -1};
    ModelCodeOptions options = session_code_options(b->o, train, train->detached);
    if (!c->errors) n.model = native_model(c, train->model, v->flow, &options, name, NATIVE_trial, &b->files);
    if (!n.model) return -1;
    vec_push(c->keep, &b->program.actions, n);
    return (int32_t)b->program.actions.len - 1;
}

static uint32_t count_fitting(const VariantList *variants)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < variants->list.len; i++) n += !variants->list.at[i].reason;
    return n;
}

static int add_exploration(Build *b, const Program *p, const ActionInst *a, uint32_t *left)
{
    Compiler *c = b->c;
    rq_halving plan;
    VariantList *variants = explore_variants(c, b->o, p, a, &plan);
    if (!variants) return EXIT_source;
    uint32_t fit = count_fitting(variants);
    if (fit > *left) {
        b->files.error = arena_printf(c->keep, "'%s' has %u variants, and a program takes %u in all unless --max-variants N allows more",
                                      name_text(c->names, a->name), fit, b->o->max_variants ? (uint32_t)b->o->max_variants : MOST_COMPILED);
        return EXIT_usage;
    }
    *left -= fit;
    NativeExploration e = {.x = explore_fields(c, b->o, p, a)};
    for (uint32_t i = 0; i < variants->list.len; i++) {
        NativeVariant v = {explore_row(variants, i), -1};
        if (!v.row.reason) v.action = add_trial(b, &variants->list.at[i], arena_printf(c->keep, "%s_%u", e.x.name, i));
        if (!v.row.reason && v.action < 0) return c->errors ? EXIT_source : EXIT_usage;
        vec_push(c->keep, &e.variants, v);
    }
    vec_push(c->keep, &b->program.explorations, e);
    return EXIT_done;
}

int build_explorations(Build *b, const Program *p)
{
    uint32_t left = b->o->max_variants ? (uint32_t)b->o->max_variants : MOST_COMPILED;
    int code = EXIT_done;
    for (uint32_t i = 0; i < p->actions.len && code == EXIT_done; i++)
        if (p->actions.at[i]->kind == ACTION_explore) code = add_exploration(b, p, p->actions.at[i], &left);
    return code;
}

int build_distillations(Build *b, const Program *p)
{
    Compiler *c = b->c;
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        if (a->kind != ACTION_distill) continue;
        NativeAction n = {.action = session_fields(c, b->o, a), .flow = -1};
        ModelCodeOptions options = session_code_options(b->o, a, false);
        if (!c->errors) n.model = native_model(c, a->model, compile_flow(c, a->model), &options, n.action.name, NATIVE_distill, &b->files);
        if (!n.model) return c->errors ? EXIT_source : EXIT_usage;
        vec_push(c->keep, &b->program.distillations, (NativeDistillation){distill_fields(c, b->o, a), (int32_t)b->program.actions.len});
        vec_push(c->keep, &b->program.actions, n);
    }
    return EXIT_done;
}

static bool add_point(Build *b, NativeScan *n, const ScanPoint *point, uint32_t i)
{
    Compiler *c = b->c;
    const ActionInst *a = point->scan;
    NativeAction action = {.action = session_fields(c, b->o, a), .flow = -1};
    ModelCodeOptions options = scan_code_options(b->o, point);
    const char *name = arena_printf(c->keep, "%s_%u", n->s.name, i);
    if (!c->errors) action.model = native_model(c, a->model, flow_of(c, a->model), &options, name, NATIVE_scan, &b->files);
    if (!action.model) return false;
    vec_push(c->keep, &n->points, scan_point(c, point));
    vec_push(c->keep, &b->program.actions, action);
    return true;
}

int build_scans(Build *b, const Program *p)
{
    Compiler *c = b->c;
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        if (a->kind != ACTION_scan) continue;
        const ScanPlan *plan = scan_plan(c, a);
        bool wrong = c->errors != 0;
        diag_flush(c);
        if (!plan || wrong) return EXIT_source;
        NativeScan n = {.s = scan_fields(c, b->o, a, plan), .first = (int32_t)b->program.actions.len};
        for (uint32_t k = 0; k < plan->points.len; k++)
            if (!add_point(b, &n, &plan->points.at[k], k)) return c->errors ? EXIT_source : EXIT_usage;
        vec_push(c->keep, &b->program.scans, n);
    }
    return EXIT_done;
}
