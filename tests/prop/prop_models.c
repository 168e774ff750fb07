/* prop_models.c: every model of the examples and golden tests: generated code against eval of the plain graph, value and gradients, in
 * both precisions and with each engine. What no engine executes is passed over; at least half of the models must be left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "graph/cost.h"
#include "reference/run_kernels.h"

enum { SAMPLES = 3, MOST_OUTPUTS = 64, MOST_REALS = 1 << 21, MOST_PER_SAMPLE = 10000, MOST_DENSITY = 300000 };

static int models_run, models_met;

static double wave(int64_t k) { return 0.45 + 0.4 * sin(1.7 * (double)k + 0.3); }

static int64_t reals_of(const Type *t) { return type_count(t) * (t->is_complex ? 2 : 1); }

/* Makes a state of d amplitudes, or the matrix of one. */
static void make_state(double *v, int64_t d, bool is_matrix)
{
    double norm = 0;
    for (int64_t i = 0; i < d && is_matrix; i++) v[2 * i + 1] = 0;
    for (int64_t i = 0; i < 2 * d; i++) norm += v[i] * v[i];
    for (int64_t i = 0; i < 2 * d; i++) v[i] /= sqrt(norm);
    for (int64_t i = is_matrix ? d * d - 1 : -1; i >= 0; i--) { /* of real amplitudes; the first row is read until the end */
        double a = v[2 * (i / d)], b = v[2 * (i % d)];
        v[2 * i] = a * b;
        v[2 * i + 1] = 0;
    }
}

/* Values for a leaf; unitary parameters are the identity. */
static double *values_for(Compiler *c, const Leaf *leaf, bool is_input)
{
    int64_t n = reals_of(&leaf->type) * (is_input ? SAMPLES : 1);
    double *v = arena_array(c->keep, double, n);
    for (int64_t k = 0; k < n; k++) v[k] = is_input ? wave(k) : 1.3 * wave(3 * k + 1) - 0.4;
    if (!strcmp(leaf->name, "weight"))
        for (int64_t k = 0; k < n; k++) v[k] = 1.0 / SAMPLES;
    for (int64_t s = 0; s < SAMPLES && leaf->type.is_complex && is_input; s++)
        make_state(v + s * reals_of(&leaf->type), leaf->type.dim[0], leaf->type.rank == 2);
    if (leaf->type.is_complex && !is_input) {
        int64_t d = leaf->type.dim[leaf->type.rank - 1];
        for (int64_t k = 0; k < n; k++) v[k] = k % 2 == 0 && k / 2 / d % d == k / 2 % d;
    }
    return v;
}

typedef VEC(Binding) Bindings;

static Bindings bind(Compiler *c, const Graph *g)
{
    Bindings all = {0};
    for (uint32_t i = 0; i < g->params.len; i++)
        vec_push(c->keep, &all, (Binding){g->params.at[i].name, values_for(c, &g->params.at[i], false)});
    for (uint32_t i = 0; i < g->inputs.len; i++)
        vec_push(c->keep, &all, (Binding){g->inputs.at[i].name, values_for(c, &g->inputs.at[i], true)});
    return all;
}

static LossKind loss_for(const ModelInst *m)
{
    return stage_of(m, m->output)->type.kind == VALUE_real ? LOSS_mse : LOSS_infidelity;
}

/* The plain graph with the outputs of the function: lowered and differentiated, nothing else. */
static Graph *plain_graph(Compiler *c, const ModelInst *m, bool per_sample)
{
    Lowered *l = lower(c, m, (LowerOptions){.loss = loss_for(m)});
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

static bool small_enough(const ModelInst *m)
{
    int64_t reals = 0;
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        int64_t n = s->type.kind == VALUE_real ? 1 : INT64_C(1) << s->type.dim[0];
        for (int d = 0; s->type.kind == VALUE_real && d < s->type.rank; d++) n *= s->type.dim[d];
        reals += n;
    }
    return reals < MOST_REALS;
}

/* Whether every layer can be computed by the engine in a short time. */
static bool executes(Compiler *c, const ModelInst *m, Engine engine)
{
    for (uint32_t i = 1; i <= m->stages.len; i++) {
        StageId id = {i};
        if (!stage_is_quantum(stage_of(m, id)) && stage_of(m, id)->kind != STAGE_dissipative) continue;
        StageCost cost = stage_cost(c, m, id, engine);
        if (cost.chosen == ENGINE_transfer && cost.transfer.obstacle) return false;
        if (cost.chosen == ENGINE_density && (cost.density.obstacle || cost.density.circuit * (double)cost.circuits > MOST_DENSITY)) return false;
        if ((cost.chosen == ENGINE_state || engine == ENGINE_state) && cost.state.obstacle) return false;
    }
    return true;
}

static void check_model(Compiler *c, const char *path, const ModelInst *m)
{
    models_met++;
    if (!small_enough(m)) return;
    int64_t params = 0;
    for (uint32_t i = 0; i < m->groups.len; i++) params += m->groups.at[i].count;
    for (int per_sample = 0; per_sample < (params > MOST_PER_SAMPLE ? 1 : 2); per_sample++) {
        Graph *plain = plain_graph(c, m, per_sample);
        if (!plain) return;
        for (Engine engine = ENGINE_none; engine <= (per_sample ? ENGINE_transfer : ENGINE_density); engine++)
            for (int real_bytes = engine == ENGINE_none ? 4 : 8; real_bytes <= 8 && executes(c, m, engine); real_bytes += 4) {
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

static void check_files(const char *pattern)
{
    const char *source = getenv("RQ_SRC");
    char full[1024];
    glob_t found;
    assert_non_null(source);
    snprintf(full, sizeof full, "%s/%s", source, pattern);
    assert_int_equal(glob(full, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Compiler *c = compiler_new();
        FILE *nowhere = fopen("/dev/null", "w");
        c->messages = nowhere;
        Program *p = compile_front(c, found.gl_pathv[i], &(CheckOptions){0});
        for (uint32_t k = 0; p && k < p->models.len; k++) check_model(c, found.gl_pathv[i], p->models.at[k]);
        diag_flush(c);
        compiler_drop(c);
        fclose(nowhere);
    }
    globfree(&found);
}

static void test_models(void **state)
{
    (void)state;
    check_files("tests/golden/inst/*.rq");
    check_files("tests/golden/flow/*.rq");
    check_files("tests/golden/g*/*.rq");
    check_files("tests/cli/model.rq");
    check_files("examples/qlenet/qlenet.rq");
    print_message("%d of %d models\n", models_run, models_met);
    assert_true(2 * models_run > models_met);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
