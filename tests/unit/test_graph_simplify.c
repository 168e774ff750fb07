/* test_graph_simplify.c: what single rules of simplify.c make, as text. Random graphs are in prop_graph_simplify.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "graph/graph.h"

typedef struct Fixture {
    Compiler *c;
    Graph *g;
    NodeId p, q, m, x, z; /* params real[4], real[4], real[2,2], input real[3|4], param complex[4] */
} Fixture;

static Type shape(int outer, int rank, int64_t a, int64_t b)
{
    Type t = type_real(rank, (int64_t[]){a, b});
    t.outer = (uint8_t)outer;
    return t;
}

static Fixture fixture(void)
{
    Fixture f = {.c = compiler_new()};
    Graph *g = f.g = graph_new(f.c, "test");
    f.p = graph_param(g, "p", shape(0, 1, 4, 0));
    f.q = graph_param(g, "q", shape(0, 1, 4, 0));
    f.m = graph_param(g, "m", shape(0, 2, 2, 2));
    f.x = graph_input(g, "x", shape(1, 2, 3, 4));
    Type complex4 = shape(0, 1, 4, 0);
    complex4.is_complex = true;
    f.z = graph_param(g, "z", complex4);
    return f;
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

/* Simplifies `y` and ends the fixture. */
static void assert_becomes(Fixture f, NodeId y, const char *want)
{
    graph_output(f.g, "y", y);
    Graph *simple = simplify(f.c, f.g);
    graph_verify(simple, "simplify");
    char *text = text_of(simple);
    assert_string_equal(text, want);
    free(text);
    graph_drop(simple);
    graph_drop(f.g);
    compiler_drop(f.c);
}

static NodeId picked(Graph *g, NodeId x, int64_t i, double coefficient)
{
    SparseMap m = {.inner = true, .rows = 1, .cols = 4, .start = (int64_t[]){0, 1}, .index = &i, .re = &coefficient};
    return sparse(g, x, &m, shape(0, 0, 0, 0));
}

static void test_neutral_elements(void **state)
{
    (void)state;
    Fixture f = fixture();
    Graph *g = f.g;
    NodeId y = add(g, scaled(g, f.p, 1), zero_like(g, f.p));
    y = sub(g, neg(g, neg(g, y)), mul(g, f.q, zero_like(g, f.q)));
    assert_becomes(f, y, "%1 = param[p] : real[4]\ny = %1\n");
    f = fixture();
    y = sub(f.g, scaled(f.g, f.p, 3), scaled(f.g, scaled(f.g, f.p, 1.5), 2));
    assert_becomes(f, y, "%1 = constant[0] : real[]\n%2 = broadcast[0, 1] %1 : real[4]\ny = %2\n");
}

static void test_constants_fold(void **state)
{
    (void)state;
    Fixture f = fixture();
    NodeId a = graph_constant(f.g, shape(0, 1, 4, 0), (double[]){1, 2, 3, 4}, NULL);
    NodeId y = mul(f.g, f.p, add(f.g, mul(f.g, a, a), graph_filled(f.g, &(Type){.rank = 1, .dim = {4}}, 1)));
    assert_becomes(f, y, "%1 = param[p] : real[4]\n%2 = constant[2 5 10 17] : real[4]\n%3 = mul %1 %2 : real[4]\ny = %3\n");
    f = fixture();
    y = cos_(f.g, sum(f.g, graph_filled(f.g, &(Type){.rank = 1, .dim = {4}}, 0), 1, 0));
    assert_becomes(f, y, "%1 = constant[1] : real[]\ny = %1\n");
}

static void test_complex_parts(void **state)
{
    (void)state;
    Fixture f = fixture();
    NodeId y = re(f.g, conj_(f.g, cplx(f.g, f.p, f.q)));
    assert_becomes(f, y, "%1 = param[p] : real[4]\ny = %1\n");
    f = fixture();
    y = re(f.g, mul(f.g, cplx(f.g, f.p, zero_like(f.g, f.p)), f.z));
    assert_becomes(f, y, "%1 = param[z] : complex[4]\n%2 = re %1 : real[4]\n%3 = param[p] : real[4]\n%4 = mul %2 %3 : real[4]\ny = %4\n");
    f = fixture();
    y = abs2(f.g, conj_(f.g, neg(f.g, f.z)));
    assert_becomes(f, y, "%1 = param[z] : complex[4]\n%2 = abs2 %1 : real[4]\ny = %2\n");
}

static void test_picks_share_functions(void **state)
{
    (void)state;
    Fixture f = fixture();
    NodeId a = cos_(f.g, scaled(f.g, picked(f.g, f.p, 1, 1), 0.5)), b = cos_(f.g, scaled(f.g, picked(f.g, f.p, 3, 1), -0.5));
    assert_becomes(f, add(f.g, a, b), "%1 = param[p] : real[4]\n"
                                      "%2 = constant[0.5] : real[]\n"
                                      "%3 = broadcast[0, 1] %2 : real[4]\n"
                                      "%4 = mul %1 %3 : real[4]\n"
                                      "%5 = cos %4 : real[4]\n"
                                      "%6 = sparse[1x4: 0<-1 0<-3] %5 : real[]\n"
                                      "y = %6\n");
}

static void test_maps_compose(void **state)
{
    (void)state;
    Fixture f = fixture();
    SparseMap turn = {.rows = 4, .cols = 4, .start = (int64_t[]){0, 1, 2, 3, 4}, .index = (int64_t[]){1, 2, 3, 0}, .re = (double[]){1, 1, 1, 1}};
    NodeId y = f.p;
    for (int i = 0; i < 4; i++) y = sparse(f.g, y, &turn, shape(0, 1, 4, 0));
    assert_becomes(f, y, "%1 = param[p] : real[4]\ny = %1\n");
    f = fixture();
    y = neg(f.g, sparse(f.g, reshape(f.g, f.m, shape(0, 1, 4, 0)), &turn, shape(0, 2, 2, 2)));
    assert_becomes(f, reshape(f.g, y, shape(0, 1, 4, 0)),
                   "%1 = param[m] : real[2,2]\n%2 = neg %1 : real[2,2]\n%3 = sparse[4x4: 0<-1 1<-2 2<-3 3<-0] %2 : real[4]\ny = %3\n");
}

static void test_copies_and_sums(void **state)
{
    (void)state;
    Fixture f = fixture();
    NodeId wide = broadcast(f.g, f.p, shape(1, 2, 3, 4), 1, 0);
    NodeId y = sum(f.g, mul(f.g, wide, f.x), 1, 0);
    assert_becomes(f, y, "%1 = input[x] : real[3|4] S\n%2 = sum[1, 0] %1 : real[4] S\n%3 = param[p] : real[4]\n%4 = mul %2 %3 : real[4] S\ny = %4\n");
    f = fixture();
    y = sum(f.g, sin_(f.g, broadcast(f.g, f.p, shape(0, 2, 3, 4), 1, 0)), 1, 0);
    assert_becomes(f, y, "%1 = param[p] : real[4]\n%2 = sin %1 : real[4]\n%3 = constant[3] : real[]\n%4 = broadcast[0, 1] %3 : real[4]\n"
                         "%5 = mul %2 %4 : real[4]\ny = %5\n");
    f = fixture();
    y = batch_sum(f.g, mul(f.g, to_batch(f.g, f.p), mul(f.g, f.x, to_batch(f.g, f.q))));
    assert_becomes(f, y, "%1 = input[x] : real[3|4] S\n%2 = batch_sum %1 : real[3|4]\n%3 = param[q] : real[4]\n%4 = mul %2 %3 : real[3|4]\n"
                         "%5 = param[p] : real[4]\n%6 = mul %4 %5 : real[3|4]\ny = %6\n");
}

static void test_identity_gates_go(void **state)
{
    (void)state;
    Wires w = {.qubits = 2, .target_count = 1, .target = {1}, .unitary = true};
    double zero[4] = {0};
    Fixture f = fixture();
    NodeId one = graph_constant(f.g, shape(0, 2, 2, 2), (double[]){1, 0, 0, 1}, zero);
    assert_becomes(f, apply(f.g, one, f.z, &w), "%1 = param[z] : complex[4]\ny = %1\n");
    f = fixture();
    NodeId swap = graph_constant(f.g, shape(0, 2, 2, 2), (double[]){0, 1, 1, 0}, zero);
    assert_becomes(f, apply(f.g, swap, f.z, &w), "%1 = constant[0+0i 1+0i 1+0i 0+0i] : complex[2,2]\n%2 = param[z] : complex[4]\n"
                                                 "%3 = apply[q1 of 2 unitary] %1 %2 : complex[4]\ny = %3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neutral_elements), cmocka_unit_test(test_constants_fold), cmocka_unit_test(test_complex_parts),
        cmocka_unit_test(test_picks_share_functions), cmocka_unit_test(test_maps_compose), cmocka_unit_test(test_copies_and_sums),
        cmocka_unit_test(test_identity_gates_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
