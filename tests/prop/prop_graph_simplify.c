/* prop_graph_simplify.c: simplified = as written, on random graphs and their gradients; simplifying twice changes nothing; time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "reference/random_graph.h"

enum { LEAVES = RANDOM_GRAPH_LEAVES, SAMPLES = RANDOM_GRAPH_SAMPLES, CASES = 300 };

static size_t size_of(const Graph *g, NodeId n)
{
    const Type *t = type_of(g, n);
    return (size_t)type_count(t) * (t->is_complex ? 2 : 1) * (t->batched ? SAMPLES : 1);
}

static char *text_of(const Graph *g)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    graph_print(out, g);
    fclose(out);
    return text;
}

static void assert_same_values(Compiler *c, const RandomGraph *r, const Graph *a, const Graph *b, uint64_t seed)
{
    assert_int_equal(a->outputs.len, b->outputs.len);
    for (uint32_t i = 0; i < a->outputs.len; i++) {
        NodeId na = a->outputs.at[i].node, nb = b->outputs.at[i].node;
        assert_true(type_same(type_of(a, na), type_of(b, nb)));
        Evaluation *ea = eval(c, a, SAMPLES, r->binding, LEAVES, &na, 1);
        Evaluation *eb = eval(c, b, SAMPLES, r->binding, LEAVES, &nb, 1);
        for (size_t k = 0; k < size_of(a, na); k++) {
            double x = evaluation_of(ea, na)[k], y = evaluation_of(eb, nb)[k];
            if (fabs(x - y) <= 1e-10 * (1 + fabs(x))) continue;
            graph_print(stderr, a);
            graph_print(stderr, b);
            fail_msg("seed %llu, %s[%zu]: %.17g as written, %.17g simplified", (unsigned long long)seed, a->outputs.at[i].name, k, x, y);
        }
        evaluation_drop(ea);
        evaluation_drop(eb);
    }
}

/* Outputs: the loss, its gradient, and nodes on the way. */
static RandomGraph drawn(Compiler *c, uint64_t seed)
{
    RandomGraph r = random_graph(c, seed, 20, true);
    for (uint32_t i = LEAVES; i < r.pool.len; i++) graph_output(r.g, "node", r.pool.at[i]);
    NodeId loss = random_loss(&r), adjoint[LEAVES];
    gradient(r.g, loss, r.leaf, LEAVES, adjoint, (GradOptions){0});
    graph_output(r.g, "loss", loss);
    for (int i = 0; i < LEAVES; i++) graph_output(r.g, "grad", adjoint[i]);
    return r;
}

static void test_values_stay(void **state)
{
    (void)state;
    size_t before = 0, after = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        Compiler *c = compiler_new();
        RandomGraph r = drawn(c, seed);
        Graph *plain = graph_rebuild(c, r.g), *simple = simplify(c, r.g);
        graph_verify(simple, "simplify");
        assert_same_values(c, &r, plain, simple, seed);
        assert_true(simple->nodes.len <= plain->nodes.len + plain->nodes.len / 8);
        before += plain->nodes.len;
        after += simple->nodes.len;
        graph_drop(plain);
        graph_drop(simple);
        graph_drop(r.g);
        compiler_drop(c);
    }
    assert_true(after * 10 < before * 8);
}

static void test_a_second_time_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        Compiler *c = compiler_new();
        RandomGraph r = drawn(c, seed);
        Graph *once = simplify(c, r.g), *twice = simplify(c, once);
        char *a = text_of(once), *b = text_of(twice);
        if (strcmp(a, b)) {
            fprintf(stderr, "%s\n%s", a, b);
            fail_msg("seed %llu", (unsigned long long)seed);
        }
        free(a);
        free(b);
        graph_drop(once);
        graph_drop(twice);
        graph_drop(r.g);
        compiler_drop(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_stay),
        cmocka_unit_test(test_a_second_time_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
