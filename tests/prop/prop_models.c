/* prop_models.c: every model of the examples and golden tests: generated code against eval of the plain graph, value and gradients, in
 * both precisions and with each engine. What no engine executes is passed over; at least half of the models must be left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "kernels_run.h"
#include "reference/every_model.h"

enum { SAMPLES = 3, MOST_OUTPUTS = 64, MOST_REALS = 1 << 21, MOST_PER_SAMPLE = 10000 };

static int models_run;

static int64_t reals_of(const Type *t) { return type_count(t) * (t->is_complex ? 2 : 1); }

typedef VEC(Binding) Bindings;

static Bindings bind(Compiler *c, const Graph *g)
{
    Bindings all = {0};
    for (uint32_t i = 0; i < g->params.len; i++)
        vec_push(c->keep, &all, (Binding){g->params.at[i].name, leaf_values(c, &g->params.at[i], false, SAMPLES)});
    for (uint32_t i = 0; i < g->inputs.len; i++)
        vec_push(c->keep, &all, (Binding){g->inputs.at[i].name, leaf_values(c, &g->inputs.at[i], true, SAMPLES)});
    return all;
}

static LossKind loss_for(const ModelInst *m)
{
    return stage_of(m, m->output)->type.kind == VALUE_real ? LOSS_mse : LOSS_infidelity;
}

/* The plain graph with the outputs of the function: lowered and differentiated, nothing else. */
static Graph *plain_graph(Compiler *c, const ModelInst *m, bool per_sample)
{
    Lowered *l = lower(c, m, (LowerOptions){.loss = loss_for(m), .couples = true});
    if (!l) return NULL;
    NodeId wrt[MOST_OUTPUTS], adjoint[MOST_OUTPUTS];
    const char *name[MOST_OUTPUTS];
    bool is_unitary[MOST_OUTPUTS];
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->groups.len && n < MOST_OUTPUTS; i++) {
        if (m->groups.at[i].frozen || m->groups.at[i].tied_to.i) continue;
        wrt[n] = l->group[i];
        is_unitary[n] = m->groups.at[i].is_unitary;
        name[n++] = arena_printf(c->keep, "grad:%s", m->groups.at[i].path);
    }
    gradient(l->g, per_sample ? l->loss : l->mean_loss, wrt, n, adjoint, (GradOptions){.per_sample = per_sample});
    graph_output(l->g, "loss", per_sample ? l->loss : l->mean_loss);
    for (uint32_t i = 0; i < n; i++) graph_output(l->g, name[i], is_unitary[i] ? unitary_tangent(l->g, wrt[i], adjoint[i]) : adjoint[i]);
    return l->g;
}

static NodeId output_named(const Graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (!strcmp(g->outputs.at[i].name, name)) return g->outputs.at[i].node;
    return (NodeId){0};
}

/* Largest distance of an output of the compiled graph from eval, relative to its largest value. */
static double distance(const double *have, bool have_batched, const double *want, bool want_batched, int64_t reals)
{
    double largest = 1e-3, apart = 0;
    for (int64_t s = 0; s < (have_batched || want_batched ? SAMPLES : 1); s++)
        for (int64_t i = 0; i < reals; i++) {
            double a = have[(have_batched ? s * reals : 0) + i], b = want[(want_batched ? s * reals : 0) + i];
            if (fabs(b) > largest) largest = fabs(b);
            if (!(fabs(a - b) <= apart)) apart = fabs(a - b);
        }
    return apart / largest;
}

static void compare(Compiler *c, const char *what, const Graph *plain, Graph *compiled, int real_bytes)
{
    NodeId wanted[MOST_OUTPUTS + 1];
    double *got[MOST_OUTPUTS * 2];
    Bindings bindings = bind(c, plain);
    for (uint32_t i = 0; i < plain->outputs.len; i++) wanted[i] = plain->outputs.at[i].node;
    Evaluation *e = eval(c, plain, SAMPLES, bindings.at, bindings.len, wanted, plain->outputs.len);
    Kernels *k = schedule(c, compiled, "m", LANES, real_bytes);
    for (uint32_t i = 0; i < compiled->outputs.len; i++)
        got[i] = arena_array(c->keep, double, reals_of(type_of(compiled, compiled->outputs.at[i].node)) * SAMPLES);
    kernels_run(k, NULL, 1, SAMPLES, bindings.at, bindings.len, got);
    double tolerance = real_bytes == 8 ? 1e-9 : 2e-3;
    for (uint32_t i = 0; i < compiled->outputs.len; i++) {
        const char *name = compiled->outputs.at[i].name;
        NodeId twin = output_named(plain, name);
        if (!node_is(twin)) continue; /* d_output: not in the plain graph */
        const Type *have = type_of(compiled, compiled->outputs.at[i].node), *want = type_of(plain, twin);
        double apart = distance(got[i], have->batched, evaluation_of(e, twin), want->batched, reals_of(want));
        if (!(apart <= tolerance)) fail_msg("%s: %s in f%d is %.2g from eval", what, name, 8 * real_bytes, apart);
    }
    kernels_drop(k);
    evaluation_drop(e);
}

static void check_model(Compiler *c, const char *path, const ModelInst *m)
{
    int64_t params = 0;
    for (uint32_t i = 0; i < m->groups.len; i++) params += m->groups.at[i].count;
    for (int per_sample = 0; per_sample < (params > MOST_PER_SAMPLE ? 1 : 2); per_sample++) {
        Graph *plain = plain_graph(c, m, per_sample);
        if (!plain) return;
        for (Engine engine = ENGINE_none; engine <= (per_sample ? ENGINE_transfer : ENGINE_density); engine++)
            for (int real_bytes = engine == ENGINE_none ? 4 : 8; real_bytes <= 8 && model_executes(m, engine); real_bytes += 4) {
                FunctionSpec spec = {.kind = per_sample ? RQ_FUNCTION_probe : RQ_FUNCTION_step, .loss = loss_for(m),
                                     .real_bytes = real_bytes, .engine = engine};
                Graph *compiled = compile_graph(c, m, &spec);
                assert_non_null(compiled);
                compare(c, arena_printf(c->keep, "%s, model %s, engine %d", path, name_text(c->names, m->name), (int)engine), plain,
                        compiled, real_bytes);
                graph_drop(compiled);
            }
        graph_drop(plain);
    }
    models_run++;
}

static void test_models(void **state)
{
    (void)state;
    int models_met = every_model(MOST_REALS, check_model);
    print_message("%d of %d models\n", models_run, models_met);
    assert_true(2 * models_run > models_met);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
