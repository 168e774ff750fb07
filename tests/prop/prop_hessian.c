/* prop_hessian.c: second derivatives of every model of the examples and tests, by graph, by generated code and by differences, with
 * each engine. What no engine executes is passed over; at least half of the models must be left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reference/every_model.h"

enum { SAMPLES = 2, MOST_REALS = 4000, DENSITY_EACH = 4 /* density matrices take longest: one model in so many */ };

static int models_met, models_run, products, kinked;

/* Every leaf of the model's graph. NULL: it cannot be executed. */
static const Binding *bind(Compiler *c, const ModelInst *m, LossKind loss, uint32_t *n)
{
    VEC(Binding) all = {0};
    Lowered *l = lower(c, m, (LowerOptions){.loss = loss});
    if (!l) return NULL;
    const Graph *g = l->g;
    for (uint32_t i = 0; i < g->params.len; i++)
        vec_push(c->keep, &all, (Binding){arena_strdup(c->keep, g->params.at[i].name), leaf_values(c, &g->params.at[i], false, SAMPLES)});
    for (uint32_t i = 0; i < g->inputs.len; i++)
        if (strcmp(g->inputs.at[i].name, "weight"))
            vec_push(c->keep, &all, (Binding){arena_strdup(c->keep, g->inputs.at[i].name), leaf_values(c, &g->inputs.at[i], true, SAMPLES)});
    graph_drop(l->g);
    *n = all.len;
    return all.at;
}

static void check_rows(const char *path, const Hessian *h, Engine engine)
{
    for (uint32_t i = 0; i < h->rows.len; i++) {
        products += h->rows.at[i].directions;
        kinked += h->rows.at[i].kinked;
    }
    if (h->ok) return;
    hessian_print(stderr, h);
    fail_msg("%s, engine %d", path, (int)engine);
}

static void check_model(Compiler *c, const char *path, const ModelInst *m)
{
    uint32_t n;
    bool is_state = stage_of(m, m->output)->type.kind != VALUE_real;
    LossKind loss = is_state ? LOSS_infidelity : stage_of(m, m->output)->type.rank == 1 ? LOSS_cross_entropy : LOSS_mse;
    const Binding *bindings = bind(c, m, loss, &n);
    if (!bindings || m->inputs.len != 1) return;
    bool runs = false;
    models_met++;
    for (Engine engine = ENGINE_state; engine <= ENGINE_density; engine++) {
        if (engine == ENGINE_density && models_met % DENSITY_EACH) continue;
        if (!model_executes(m, engine)) continue;
        GradcheckInput in = {.model = m, .flow = compile_flow(c, m), .loss = loss, .engine = engine, .samples = SAMPLES,
                             .bindings = bindings, .binding_count = n, .seed = 5, .elements = 1, .tolerance = 1e-5};
        Hessian *h = compile_hessian(c, &in);
        if (h) check_rows(path, h, engine);
        runs |= h != NULL;
    }
    models_run += runs;
}

static void test_every_model(void **state)
{
    (void)state;
    int met = every_model(MOST_REALS, check_model);
    print_message("%d of %d models, %d products, %d of them at a kink\n", models_run, met, products, kinked);
    assert_true(2 * models_run > met);
    assert_true(20 * kinked < products);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
