/* prop_backend.c: generated code computes what its kernels say. Random graphs and their gradients are scheduled, run by the JIT and by
 * the interpreter, in both precisions, and every output is compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "reference/random_graph.h"
#include "kernels_run.h"

enum { CASES = 40, SAMPLES = RANDOM_GRAPH_SAMPLES };

static size_t size_of(const Graph *g, uint32_t output)
{
    const Type *t = type_of(g, g->outputs.at[output].node);
    return (size_t)type_count(t) * (t->is_complex ? 2 : 1) * (t->batched ? SAMPLES : 1);
}

/* The largest number of an output: rounding is relative to it, as sums cancel. */
static double largest(const double *at, size_t n)
{
    double max = 1;
    for (size_t i = 0; i < n; i++) max = fmax(max, fabs(at[i]));
    return max;
}

static void compare(Compiler *c, const Graph *g, uint64_t seed, const Binding *b, size_t n)
{
    ArenaMark mark = arena_mark(c->scratch);
    int real_bytes = seed % 3 ? 8 : 4;
    Kernels *k = schedule(c, g, "property", seed % 2 ? 16 : 2, real_bytes);
    double **got = arena_array(c->scratch, double *, g->outputs.len);
    double **want = arena_array(c->scratch, double *, g->outputs.len);
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        got[i] = arena_array(c->scratch, double, size_of(g, i));
        want[i] = arena_array(c->scratch, double, size_of(g, i));
    }
    kernels_interpret(k, SAMPLES, b, n, want);
    kernels_run(k, "native", 1 + (int)(seed % 2), SAMPLES, b, n, got);
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        double tolerance = (real_bytes == 8 ? 1e-11 : 2e-3) * largest(want[i], size_of(g, i));
        for (size_t j = 0; j < size_of(g, i); j++) {
            if (fabs(got[i][j] - want[i][j]) <= tolerance || (isnan(got[i][j]) && isnan(want[i][j]))) continue;
            kernels_print(stderr, k);
            fail_msg("seed %llu, %d bytes, output %u [%zu]: %.17g, not %.17g", (unsigned long long)seed, real_bytes, i, j,
                     got[i][j], want[i][j]);
        }
    }
    kernels_drop(k);
    arena_reset(c->scratch, mark);
}

static void test_random_graphs(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        Compiler *c = compiler_new();
        RandomGraph r = random_graph(c, seed, 20 + (int)(seed % 60), true);
        for (uint32_t i = 0; i < 5; i++)
            graph_output(r.g, arena_printf(r.g->arena, "out%u", i), r.pool.at[r.pool.len - 1 - i]);
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
