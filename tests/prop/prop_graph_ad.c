/* prop_graph_ad.c: derivatives of every row and of random graphs. Reverse = forward = differences; Hessian-vector products by all
 * mixtures = differences of the gradient; gradients per sample add up to the gradient.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "graph/op.h"
#include "reference/random_graph.h"

enum { LEAVES = RANDOM_GRAPH_LEAVES, SAMPLES = RANDOM_GRAPH_SAMPLES, CASES = 300, HESSIAN_CASES = 150 };

/* A random graph with a loss and a direction for each leaf, bound as further leaves "d scalar", ... */
typedef struct Case {
    Compiler *c;
    RandomGraph r;
    NodeId loss, direction[LEAVES];
    Binding binding[2 * LEAVES];
    uint64_t seed;
    int resolved, unresolved; /* differences that converged, and that did not: kinks */
} Case;

static Case with_loss(Compiler *c, RandomGraph r, uint64_t seed)
{
    Case x = {.c = c, .r = r, .seed = seed};
    Graph *g = x.r.g;
    x.loss = random_loss(&x.r);
    for (int i = 0; i < LEAVES; i++) {
        const char *name = arena_printf(g->arena, "d %s", x.r.name[i]);
        Type t = *type_of(g, x.r.leaf[i]);
        x.direction[i] = (t.batched ? graph_input : graph_param)(g, name, t);
        double *value = arena_array(g->arena, double, x.r.size[i]);
        for (size_t k = 0; k < x.r.size[i]; k++) value[k] = random_real(&x.r);
        x.binding[i] = x.r.binding[i];
        x.binding[LEAVES + i] = (Binding){name, value};
    }
    return x;
}

static void drop(Case *x)
{
    graph_drop(x->r.g);
    compiler_drop(x->c);
}

static size_t size_of(const Graph *g, NodeId n)
{
    const Type *t = type_of(g, n);
    return (size_t)type_count(t) * (t->is_complex ? 2 : 1) * (t->batched ? SAMPLES : 1);
}

/* The values of n, on scratch. */
static double *values(const Case *x, NodeId n)
{
    Evaluation *e = eval(x->c, x->r.g, SAMPLES, x->binding, 2 * LEAVES, &n, 1);
    size_t size = size_of(x->r.g, n);
    double *copy = arena_array(x->c->scratch, double, size);
    memcpy(copy, evaluation_of(e, n), sizeof *copy * size);
    evaluation_drop(e);
    return copy;
}

static double total(const Case *x, NodeId n)
{
    ArenaMark mark = arena_mark(x->c->scratch);
    const double *v = values(x, n);
    double sum_of = 0;
    for (size_t i = 0; i < size_of(x->r.g, n); i++) sum_of += v[i];
    arena_reset(x->c->scratch, mark);
    return sum_of;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum_of = 0;
    for (size_t i = 0; i < n; i++) sum_of += a[i] * b[i];
    return sum_of;
}

static void assert_close(const Case *x, const char *what, double a, double b, double tolerance)
{
    if (fabs(a - b) <= tolerance * (1 + fabs(a) + fabs(b))) return;
    graph_output(x->r.g, "loss", x->loss);
    Graph *h = graph_rebuild(x->c, x->r.g);
    graph_print(stderr, h);
    graph_drop(h);
    fail_msg("seed %llu, %s: %.17g and %.17g", (unsigned long long)x->seed, what, a, b);
}

/* (f(v + h d) - f(v - h d)) / 2h and the next order, for the value of n summed up, moving leaf i alone. */
static double difference(const Case *x, NodeId n, int i, double h)
{
    Case moved = *x;
    double *v = arena_array(x->c->scratch, double, x->r.size[i]);
    const double *d = x->binding[LEAVES + i].value;
    moved.binding[i].value = v;
    double sum_of = 0;
    static const double step[4] = {1, -1, 2, -2}, weight[4] = {8, -8, -1, 1};
    for (int k = 0; k < 4; k++) {
        for (size_t m = 0; m < x->r.size[i]; m++) v[m] = x->binding[i].value[m] + step[k] * h * d[m];
        sum_of += weight[k] * total(&moved, n);
    }
    return sum_of / (12 * h);
}

/* Compares a directional derivative of n's sum with differences, where these converge. */
static void assert_difference(Case *x, const char *what, NodeId n, int i, double derivative)
{
    ArenaMark mark = arena_mark(x->c->scratch);
    double coarse = difference(x, n, i, 2e-4), fine = difference(x, n, i, 1e-4);
    arena_reset(x->c->scratch, mark);
    if (fabs(coarse - fine) > 1e-7 * (1 + fabs(fine))) {
        x->unresolved++;
        return;
    }
    x->resolved++;
    assert_close(x, what, derivative, fine, 1e-6);
}

static void check_gradient(Case *x)
{
    Graph *g = x->r.g;
    NodeId adjoint[LEAVES], per_sample[LEAVES];
    gradient(g, x->loss, x->r.leaf, LEAVES, adjoint, (GradOptions){0});
    bool batched = type_of(g, x->loss)->batched;
    if (batched) gradient(g, x->loss, x->r.leaf, LEAVES, per_sample, (GradOptions){.per_sample = true});
    graph_verify(g, "gradient");
    for (int i = 0; i < LEAVES; i++) {
        NodeId tangent;
        ArenaMark mark = arena_mark(x->c->scratch);
        assert_true(type_same(type_of(g, adjoint[i]), type_of(g, x->r.leaf[i])));
        double along = dot(values(x, adjoint[i]), x->binding[LEAVES + i].value, x->r.size[i]);
        pushforward(g, &x->r.leaf[i], &x->direction[i], 1, &x->loss, 1, &tangent);
        assert_true(type_same(type_of(g, tangent), type_of(g, x->loss)));
        assert_close(x, x->r.name[i], along, total(x, tangent), 1e-11);
        if (batched && !type_of(g, x->r.leaf[i])->batched) {
            assert_true(type_of(g, per_sample[i])->batched);
            const double *each = values(x, per_sample[i]);
            double sum_of = 0;
            for (int s = 0; s < SAMPLES; s++)
                sum_of += dot(each + (size_t)s * x->r.size[i], x->binding[LEAVES + i].value, x->r.size[i]);
            assert_close(x, "per sample", sum_of, along, 1e-11);
        }
        arena_reset(x->c->scratch, mark);
        assert_difference(x, x->r.name[i], x->loss, i, along);
    }
    graph_verify(g, "forward mode");
}

/* Every row alone: its node on leaves, or on what it needs to have operands. */
static void test_every_row(void **state)
{
    (void)state;
    for (Op op = (Op)1; op < OP_COUNT; op = (Op)(op + 1)) {
        if (op_rows[op].traits & LEAF || op == OP_detach) continue;
        int done = 0, resolved = 0;
        for (uint64_t seed = 0; seed < 400 && done < 8; seed++) {
            Compiler *c = compiler_new();
            RandomGraph r = random_leaves(c, seed);
            r.pool.len = RANDOM_GRAPH_LEAVES;
            if (op == OP_matmul || op == OP_overlap || op == OP_apply) random_grow(&r, OP_reshape);
            uint32_t before = r.pool.len;
            bool grown = random_grow(&r, op);
            if (grown) {
                r.pool.at[0] = r.pool.at[before];
                r.pool.len = 1;
                Case x = with_loss(c, r, seed);
                check_gradient(&x);
                resolved += x.resolved;
                done++;
                drop(&x);
                continue;
            }
            graph_drop(r.g);
            compiler_drop(c);
        }
        if (done < 8 || resolved < 40) fail_msg("%s: %d graphs, %d comparisons", op_rows[op].name, done, resolved);
    }
}

static void test_random_graphs(void **state)
{
    (void)state;
    int resolved = 0, unresolved = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        Compiler *c = compiler_new();
        Case x = with_loss(c, random_graph(c, seed, 20, false), seed);
        check_gradient(&x);
        resolved += x.resolved;
        unresolved += x.unresolved;
        drop(&x);
    }
    assert_true(unresolved * 20 < resolved);
}

/* <a, b> of adjoints and directions over all leaves. */
static NodeId inner_product(Graph *g, const NodeId *a, const NodeId *b)
{
    NodeId sum_of = graph_scalar(g, 0);
    for (int i = 0; i < LEAVES; i++) {
        NodeId both = re(g, mul(g, conj_(g, a[i]), b[i]));
        both = sum(g, both, type_of(g, both)->rank, 0);
        if (type_of(g, both)->batched) both = batch_sum(g, both);
        sum_of = add(g, sum_of, both);
    }
    return sum_of;
}

static void test_hessian_vector_products(void **state)
{
    (void)state;
    int resolved = 0, unresolved = 0;
    for (uint64_t seed = 1; seed <= HESSIAN_CASES; seed++) {
        Compiler *c = compiler_new();
        Case x = with_loss(c, random_graph(c, seed + 1000, 10, false), seed);
        Graph *g = x.r.g;
        const NodeId *leaf = x.r.leaf;
        NodeId grad[LEAVES], slope, forward_reverse[LEAVES], reverse_forward[LEAVES], reverse_reverse[LEAVES];
        gradient(g, x.loss, leaf, LEAVES, grad, (GradOptions){0});
        pushforward(g, leaf, x.direction, LEAVES, grad, LEAVES, forward_reverse);
        pushforward(g, leaf, x.direction, LEAVES, &x.loss, 1, &slope);
        gradient(g, slope, leaf, LEAVES, reverse_forward, (GradOptions){0});
        NodeId along = inner_product(g, grad, x.direction);
        gradient(g, along, leaf, LEAVES, reverse_reverse, (GradOptions){0});
        graph_verify(g, "second derivatives");
        for (int i = 0; i < LEAVES; i++) {
            ArenaMark mark = arena_mark(c->scratch);
            const double *d = x.binding[LEAVES + i].value;
            double a = dot(values(&x, forward_reverse[i]), d, x.r.size[i]);
            double b = dot(values(&x, reverse_forward[i]), d, x.r.size[i]);
            double r = dot(values(&x, reverse_reverse[i]), d, x.r.size[i]);
            arena_reset(c->scratch, mark);
            assert_close(&x, "forward over reverse, reverse over forward", a, b, 1e-9);
            assert_close(&x, "forward over reverse, reverse over reverse", a, r, 1e-9);
            assert_difference(&x, "differences of the gradient", along, i, a);
        }
        resolved += x.resolved;
        unresolved += x.unresolved;
        drop(&x);
    }
    assert_true(unresolved * 20 < resolved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_hessian_vector_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
