/* prop_scan.c: the function of a scan, whose parameters differ from sample to sample, against eval of the plain graph with one sample's
 * parameters at a time: the loss and every derivative that is asked for, of all models of the examples and golden tests.
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
#include "kernels_run.h"
#include "reference/every_model.h"
#include "unitary.h"

enum { SAMPLES = 3, MOST_ELEMENTS = 60, MOST_REALS = 20000 };

static int models_run, unitary_elements;

static double wave(int64_t k) { return 0.45 + 0.4 * sin(1.7 * (double)k + 0.3); }

static int64_t reals_of(const GroupInst *g) { return g->count * (g->is_unitary ? 2 : 1); }

/* Sample s's values of a group. */
static void fill_group(Compiler *c, const GroupInst *g, uint32_t number, int s, double *out)
{
    for (int64_t i = 0; i < reals_of(g); i++) out[i] = 1.3 * wave(3 * i + 7 * number + 11 * s) - 0.4;
    if (!g->is_unitary) return;
    int64_t d = g->dim[g->rank - 1];
    double *work = arena_array(c->scratch, double, rq_unitary_work(d));
    rq_random r = rq_random_stream_id(number, RQ_PURPOSE_state, (uint64_t)s);
    for (int64_t at = 0; at < reals_of(g); at += 2 * d * d) rq_unitary_haar(&r, (uint64_t)at, d, out + at, work);
}

/* The derivative by an element from the adjoint of its group, for V moved by exp(t H): Re sum conj(G) (H V). */
static double derivative(const GroupInst *g, int64_t element, const double *adjoint, const double *v)
{
    if (!g->is_unitary) return adjoint[element];
    int64_t d = g->dim[g->rank - 1], block = element / (d * d) * d * d, r = element / d % d, q = element % d;
    double sum = 0;
    unitary_elements++;
    for (int64_t j = 0; j < d; j++) {
        const double *gr = adjoint + 2 * (block + r * d + j), *gq = adjoint + 2 * (block + q * d + j);
        const double *vr = v + 2 * (block + r * d + j), *vq = v + 2 * (block + q * d + j);
        if (r < q) sum += gr[0] * vq[0] + gr[1] * vq[1] - gq[0] * vr[0] - gq[1] * vr[1];
        else sum += -gr[0] * vq[1] + gr[1] * vq[0];
        if (r > q) sum += -gq[0] * vr[1] + gq[1] * vr[0];
    }
    return sum;
}

static WrtList choose_elements(Compiler *c, const ModelInst *m)
{
    WrtList wrt = {0};
    int64_t total = 0;
    for (uint32_t i = 0; i < m->groups.len; i++) total += m->groups.at[i].tied_to.i ? 0 : m->groups.at[i].count;
    int64_t every = total / MOST_ELEMENTS + 1, at = 0;
    for (uint32_t i = 0; i < m->groups.len; i++)
        for (int64_t e = 0; !m->groups.at[i].tied_to.i && e < m->groups.at[i].count; e++)
            if (at++ % every == 0) vec_push(c->keep, &wrt, (WrtElement){{i + 1}, e, m->groups.at[i].path});
    return wrt;
}

typedef VEC(Binding) Bindings;

/* Values of the inputs alone, for all samples. */
static double *input_values(Compiler *c, const Leaf *leaf, int64_t n)
{
    double *v = arena_array(c->keep, double, n);
    for (int64_t k = 0; k < n; k++) v[k] = strcmp(leaf->name, "weight") ? wave(k) : 1;
    return v;
}

static int64_t type_reals(const Type *t) { return type_count(t) * (t->is_complex ? 2 : 1); }

/* Loss and derivatives of sample s, by eval. */
static void plain(Compiler *c, const ModelInst *m, const WrtList *wrt, int s, const double *params, double *loss, double *out)
{
    Engine engine = model_executes(m, ENGINE_state) ? ENGINE_state : ENGINE_density;
    Lowered *l = lower(c, m, (LowerOptions){.loss = LOSS_mse, .engine = engine});
    Graph *g = l->g;
    Bindings b = {0};
    uint32_t n = m->groups.len;
    NodeId *wanted = arena_array(c->keep, NodeId, n + 1);
    const double **value = arena_array(c->keep, const double *, n + 1);
    int64_t at = 0;
    gradient(g, l->mean_loss, l->group, n, wanted, (GradOptions){0});
    wanted[n] = l->loss;
    for (uint32_t i = 0; i < n; i++) {
        if (m->groups.at[i].tied_to.i) continue;
        value[i] = params + at;
        at += reals_of(&m->groups.at[i]);
        vec_push(c->keep, &b, (Binding){m->groups.at[i].path, value[i]});
    }
    for (uint32_t i = 0; i < g->inputs.len; i++) {
        int64_t reals = type_reals(&g->inputs.at[i].type);
        vec_push(c->keep, &b, (Binding){g->inputs.at[i].name, input_values(c, &g->inputs.at[i], reals * SAMPLES) + s * reals});
    }
    Evaluation *e = eval(c, g, 1, b.at, b.len, wanted, n + 1);
    *loss = *evaluation_of(e, wanted[n]);
    for (uint32_t i = 0; i < wrt->len; i++) {
        uint32_t group = wrt->at[i].group.i - 1;
        out[i] = derivative(&m->groups.at[group], wrt->at[i].element, evaluation_of(e, wanted[group]), value[group]);
    }
    evaluation_drop(e);
    graph_drop(g);
}

static void compare(const char *what, const char *name, const double *have, const double *want, int64_t n, double tolerance)
{
    double largest = 1e-3;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(want[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(have[i] - want[i]) <= tolerance * largest))
            fail_msg("%s: %s [%lld] is %.12g, eval says %.12g", what, name, (long long)i, have[i], want[i]);
}

static void check_model(Compiler *c, const char *path, const ModelInst *m)
{
    WrtList wrt = choose_elements(c, m);
    int64_t reals = 0, at = 0;
    for (uint32_t i = 0; i < m->groups.len; i++) reals += m->groups.at[i].tied_to.i ? 0 : reals_of(&m->groups.at[i]);
    if (!wrt.len || reals > MOST_REALS || m->inputs.len != 1) return;
    FunctionSpec spec = {.kind = RQ_FUNCTION_scan, .loss = LOSS_mse, .real_bytes = 8, .wrt = &wrt};
    Graph *g = compile_graph(c, m, &spec);
    if (!g) return;
    const char *what = arena_printf(c->keep, "%s, model %s", path, name_text(c->names, m->name));
    double *params = arena_array(c->keep, double, reals * SAMPLES), *want = arena_array(c->keep, double, SAMPLES * (int64_t)wrt.len);
    double *loss = arena_array(c->keep, double, SAMPLES), *got[8];
    for (int s = 0; s < SAMPLES; s++) {
        at = s * reals;
        for (uint32_t i = 0; i < m->groups.len; i++) {
            if (m->groups.at[i].tied_to.i) continue;
            fill_group(c, &m->groups.at[i], i, s, params + at);
            at += reals_of(&m->groups.at[i]);
        }
        plain(c, m, &wrt, s, params + s * reals, &loss[s], want + s * (int64_t)wrt.len);
    }
    Bindings b = {0};
    for (uint32_t i = 0; i < g->inputs.len; i++) {
        const Leaf *leaf = &g->inputs.at[i];
        bool is_params = !strcmp(leaf->name, "params");
        vec_push(c->keep, &b, (Binding){leaf->name, is_params ? params : input_values(c, leaf, type_reals(&leaf->type) * SAMPLES)});
    }
    assert_true(g->outputs.len <= 8 && g->params.len == 0);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        got[i] = arena_array(c->keep, double, type_reals(type_of(g, g->outputs.at[i].node)) * SAMPLES);
    Kernels *k = schedule(c, g, "scan", LANES, 8);
    kernels_run(k, NULL, 1, SAMPLES, b.at, b.len, got);
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        if (!strcmp(g->outputs.at[i].name, "loss")) compare(what, "loss", got[i], loss, SAMPLES, 1e-9);
        if (!strcmp(g->outputs.at[i].name, "gradient")) compare(what, "gradient", got[i], want, SAMPLES * (int64_t)wrt.len, 1e-8);
    }
    kernels_drop(k);
    graph_drop(g);
    models_run++;
}

static void check_file(const char *path)
{
    Compiler *c = compiler_new();
    FILE *nowhere = fopen("/dev/null", "w");
    c->messages = nowhere;
    Program *p = compile_front(c, path, &(CheckOptions){0});
    for (uint32_t k = 0; p && k < p->models.len; k++) check_model(c, path, p->models.at[k]);
    diag_flush(c);
    compiler_drop(c);
    fclose(nowhere);
}

static void check_files(const char *pattern)
{
    const char *source = getenv("RQ_SRC");
    char full[1024];
    glob_t found;
    assert_non_null(source);
    snprintf(full, sizeof full, "%s/%s", source, pattern);
    assert_int_equal(glob(full, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) check_file(found.gl_pathv[i]);
    globfree(&found);
}

static void test_models(void **state)
{
    (void)state;
    check_files("tests/golden/inst/*.rq");
    check_files("tests/golden/g*/*.rq");
    check_files("tests/cli/model.rq");
    check_files("tests/prop/scan.rq");
    print_message("%d models, %d derivatives by elements of unitary matrices\n", models_run, unitary_elements);
    assert_true(models_run > 15 && unitary_elements > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
