/* test_graph_build.c: nodes are made once, types are inferred, a rebuild is canonical, the text says it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "graph/graph.h"

static Type real_type(int rank, int64_t a, int64_t b) { return type_real(rank, (int64_t[]){a, b}); }

/* The graph's text; free() it. */
static char *text_of(const Graph *g)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    graph_print(out, g);
    fclose(out);
    return text;
}

static void test_equal_nodes_are_one(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    Graph *g = graph_new(c, "test");
    NodeId x = graph_param(g, "x", real_type(1, 3, 0)), y = graph_param(g, "y", real_type(1, 3, 0));
    assert_int_equal(graph_param(g, "x", real_type(1, 3, 0)).i, x.i);
    NodeId s = add(g, x, y);
    assert_int_equal(add(g, x, y).i, s.i);
    assert_int_equal(add(g, y, x).i, s.i);
    assert_int_not_equal(sub(g, y, x).i, sub(g, x, y).i);
    int64_t start[] = {0, 1}, index[] = {2}, other[] = {1};
    double one[] = {1};
    SparseMap pick = {.rows = 1, .cols = 3, .start = start, .index = index, .re = one};
    NodeId a = sparse(g, x, &pick, real_type(0, 0, 0));
    assert_int_equal(sparse(g, x, &pick, real_type(0, 0, 0)).i, a.i);
    pick.index = other;
    assert_int_not_equal(sparse(g, x, &pick, real_type(0, 0, 0)).i, a.i);
    assert_int_equal(graph_scalar(g, 2).i, graph_scalar(g, 2).i);
    assert_int_not_equal(graph_scalar(g, 2).i, graph_scalar(g, -2).i);
    for (int i = 0; i < 1000; i++) graph_scalar(g, i); /* the table grows */
    assert_int_equal(add(g, x, y).i, s.i);
    graph_verify(g, "building");
    graph_drop(g);
    compiler_drop(c);
}

static void assert_type(const Graph *g, NodeId n, const char *want)
{
    assert_string_equal(type_text(g->arena, type_of(g, n)), want);
}

static void test_types(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    Graph *g = graph_new(c, "test");
    Type patches = real_type(2, 6, 4);
    patches.outer = 1;
    NodeId x = graph_input(g, "x", patches), b = graph_param(g, "b", real_type(1, 4, 0));
    NodeId w = graph_param(g, "w", real_type(2, 4, 3));
    assert_type(g, x, "real[6|4] S");
    assert_type(g, add(g, b, x), "real[6|4] S");
    assert_type(g, sum(g, x, 0, 1), "real[6|] S");
    assert_type(g, sum(g, x, 1, 0), "real[4] S");
    assert_type(g, batch_sum(g, x), "real[6|4]");
    assert_type(g, to_batch(g, b), "real[4] S");
    assert_type(g, cplx(g, b, b), "complex[4]");
    assert_type(g, mul(g, x, cplx(g, b, b)), "complex[6|4] S");
    assert_type(g, abs2(g, cplx(g, b, b)), "real[4]");
    NodeId row = broadcast(g, x, (Type){.outer = 1, .rank = 3, .dim = {6, 4, 1}}, 0, 1);
    assert_type(g, row, "real[6|4,1] S");
    assert_type(g, matmul(g, row, w, true, false), "real[6|1,3] S");
    assert_int_equal(conj_(g, b).i, b.i);
    assert_int_equal(re(g, b).i, b.i);
    NodeId psi = cplx(g, x, x), m = broadcast(g, graph_constant(g, (Type){0}, (double[]){1}, (double[]){0}), real_type(2, 2, 2), 0, 2);
    Wires wires = {.qubits = 2, .target_count = 1, .control_count = 1, .target = {1}, .control = {0}};
    assert_type(g, apply(g, m, psi, &wires), "complex[6|4] S");
    assert_type(g, overlap(g, psi, psi, &wires), "complex[6|2,2] S");
    graph_verify(g, "building");
    graph_drop(g);
    compiler_drop(c);
}

static void test_rebuild_is_canonical(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    Graph *g = graph_new(c, "test");
    NodeId x = graph_input(g, "x", real_type(1, 2, 0)), p = graph_param(g, "p", real_type(1, 2, 0));
    NodeId late = sin_(g, x), early = cos_(g, p);
    exp_(g, early); /* dead */
    graph_output(g, "y", mul(g, early, late));
    Graph *h = graph_rebuild(c, g);
    graph_verify(h, "rebuild");
    char *text = text_of(h);
    assert_string_equal(text, "%1 = param[p] : real[2]\n"
                              "%2 = cos %1 : real[2]\n"
                              "%3 = input[x] : real[2] S\n"
                              "%4 = sin %3 : real[2] S\n"
                              "%5 = mul %2 %4 : real[2] S\n"
                              "y = %5\n");
    free(text);
    graph_drop(h);
    graph_drop(g);
    compiler_drop(c);
}

static void test_text(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    const Source *source = source_add(c->keep, &c->sources, "f.rq", "ry(t) q[0];\n", 12);
    Graph *g = graph_new(c, "test");
    g->span = (Span){source->base, source->base + 5};
    NodeId t = graph_param(g, "t", real_type(1, 2, 0));
    int64_t start[] = {0, 1, 1, 3, 3}, index[] = {0, 1, 0};
    double coefficient[] = {1, -0.5, 2};
    SparseMap map = {.rows = 4, .cols = 2, .start = start, .index = index, .re = coefficient};
    NodeId m = sparse(g, t, &map, real_type(2, 2, 2));
    NodeId m2 = cplx(g, m, m);
    NodeId psi = graph_constant(g, real_type(1, 4, 0), (double[]){1, 0, 0, 0}, (double[]){0, 0, 0, 0});
    Wires w = {.qubits = 2, .target_count = 1, .control_count = 1, .target = {1}, .control = {0}, .control_values = 1, .dagger = true,
               .pattern = (uint8_t[]){3, 0, 1, 2}};
    g->is_adjoint = true;
    graph_output(g, "psi", apply(g, m2, psi, &w));
    char *text = text_of(g);
    assert_string_equal(text, "%1 = param[t] : real[2]  ; f.rq:1:1\n"
                              "%2 = sparse[4x2: 0<-0 2<-1*-0.5 2<-0*2] %1 : real[2,2]  ; f.rq:1:1\n"
                              "%3 = cplx %2 %2 : complex[2,2]  ; f.rq:1:1\n"
                              "%4 = constant[1+0i 0+0i 0+0i 0+0i] : complex[4]  ; f.rq:1:1\n"
                              "%5 = apply[q1 ctrl q0=1 of 2 dagger c0ri] %3 %4 : complex[4]  ; adjoint of f.rq:1:1\n"
                              "psi = %5\n");
    free(text);
    graph_drop(g);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_nodes_are_one), cmocka_unit_test(test_types),
        cmocka_unit_test(test_rebuild_is_canonical), cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
