/* prop_kernels.c: kernels compute what their graph says. Random graphs, their gradients and hand-made ones are scheduled, verified and
 * interpreted, and every output is compared with eval().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "kernel/kernel.h"
#include "reference/random_graph.h"

enum { CASES = 300, SAMPLES = RANDOM_GRAPH_SAMPLES };

static size_t size_of(const Graph *g, NodeId n)
{
    const Type *t = type_of(g, n);
    return (size_t)type_count(t) * (t->is_complex ? 2 : 1) * (t->batched ? SAMPLES : 1);
}

static int kernel_lanes(uint64_t seed) { return seed % 2 ? SAMPLES : 1; } /* no lane is padding: batch sums count all lanes */

/* Schedules g and compares all outputs. */
static void compare(Compiler *c, const Graph *g, uint64_t seed, const Binding *b, size_t n)
{
    ArenaMark mark = arena_mark(c->scratch);
    Kernels *k = schedule(c, g, "property", kernel_lanes(seed), 8);
    kernels_verify(k);
    NodeId *wanted = arena_array(c->scratch, NodeId, g->outputs.len);
    double **got = arena_array(c->scratch, double *, g->outputs.len);
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        wanted[i] = g->outputs.at[i].node;
        got[i] = arena_array(c->scratch, double, size_of(g, wanted[i]));
    }
    kernels_interpret(k, SAMPLES, b, n, got);
    Evaluation *e = eval(c, g, SAMPLES, b, n, wanted, g->outputs.len);
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        const double *want = evaluation_of(e, wanted[i]);
        for (size_t j = 0; j < size_of(g, wanted[i]); j++) {
            if (fabs(got[i][j] - want[j]) <= 1e-10 * (1 + fabs(want[j]))) continue;
            graph_print(stderr, g);
            kernels_print(stderr, k);
            fail_msg("seed %llu, output %u [%zu]: %.17g, not %.17g", (unsigned long long)seed, i, j, got[i][j], want[j]);
        }
    }
    evaluation_drop(e);
    kernels_drop(k);
    arena_reset(c->scratch, mark);
}

static void add_outputs(RandomGraph *r)
{
    int count = 1 + random_below(r, 5);
    for (int i = 0; i < count; i++) {
        NodeId n = r->pool.at[r->pool.len - 1 - (uint32_t)random_below(r, (int)(r->pool.len < 20 ? r->pool.len : 20))];
        graph_output(r->g, arena_printf(r->g->arena, "out%d", i), n);
    }
}

static void test_random_graphs(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        Compiler *c = compiler_new();
        RandomGraph r = random_graph(c, seed, 20 + (int)(seed % 60), true);
        add_outputs(&r);
        compare(c, r.g, seed, r.binding, RANDOM_GRAPH_LEAVES);
        graph_drop(r.g);
        compiler_drop(c);
    }
}

static void test_random_gradients(void **state)
{
    (void)state;
    each_random_gradient(CASES, compare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_random_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
