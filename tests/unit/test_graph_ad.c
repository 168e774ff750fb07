/* test_graph_ad.c: derivatives with known answers. Random graphs are in prop_graph_ad.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "graph/graph.h"

typedef struct Fixture {
    Compiler *c;
    Graph *g;
} Fixture;

static Fixture fixture(void)
{
    Compiler *c = compiler_new();
    return (Fixture){c, graph_new(c, "test")};
}

static void drop(Fixture f)
{
    graph_drop(f.g);
    compiler_drop(f.c);
}

static void assert_values(Fixture f, NodeId n, int64_t samples, const Binding *b, size_t count, const double *want, size_t wanted)
{
    graph_verify(f.g, "the test");
    Evaluation *e = eval(f.c, f.g, samples, b, count, &n, 1);
    for (size_t i = 0; i < wanted; i++) assert_true(fabs(evaluation_of(e, n)[i] - want[i]) <= 1e-14 * (1 + fabs(want[i])));
    evaluation_drop(e);
}

/* L = sum over samples of x * t: dL/dt = sum of x, or x for each sample. */
static void test_shared_values_add_over_samples(void **state)
{
    (void)state;
    Fixture f = fixture();
    NodeId x = graph_input(f.g, "x", (Type){0}), t = graph_param(f.g, "t", (Type){0}), grad;
    NodeId loss = mul(f.g, x, t);
    Binding b[] = {{"x", (double[]){1, 2, 4}}, {"t", (double[]){3}}};
    gradient(f.g, loss, &t, 1, &grad, (GradOptions){0});
    assert_values(f, grad, 3, b, 2, (double[]){7}, 1);
    gradient(f.g, loss, &t, 1, &grad, (GradOptions){.per_sample = true});
    assert_true(type_of(f.g, grad)->batched);
    assert_values(f, grad, 3, b, 2, (double[]){1, 2, 4}, 3);
    NodeId plain = add(f.g, x, t); /* its adjoint is the same for all samples, and counts for each */
    gradient(f.g, batch_sum(f.g, plain), &t, 1, &grad, (GradOptions){0});
    assert_values(f, grad, 3, b, 2, (double[]){3}, 1);
    drop(f);
}

static void test_outer_axes_add_up(void **state)
{
    (void)state;
    Fixture f = fixture();
    Type patches = {.outer = 1, .rank = 2, .dim = {2, 3}};
    NodeId x = graph_input(f.g, "x", patches), b = graph_param(f.g, "b", type_real(1, (int64_t[]){3})), grad;
    NodeId y = sum(f.g, mul(f.g, x, b), 0, 2);
    gradient(f.g, y, &b, 1, &grad, (GradOptions){0});
    Binding bind[] = {{"x", (double[]){1, 2, 3, 10, 20, 30}}, {"b", (double[]){1, 1, 1}}};
    assert_values(f, grad, 1, bind, 2, (double[]){11, 22, 33}, 3);
    drop(f);
}

/* |a + i b|^2 through complex values, and L = Im(z^2) = 2ab. */
static void test_complex_convention(void **state)
{
    (void)state;
    Fixture f = fixture();
    NodeId a = graph_param(f.g, "a", (Type){0}), b = graph_param(f.g, "b", (Type){0});
    NodeId z = cplx(f.g, a, b), wrt[3] = {a, b, z}, grad[3];
    Binding bind[] = {{"a", (double[]){3}}, {"b", (double[]){5}}};
    gradient(f.g, im(f.g, mul(f.g, z, z)), wrt, 3, grad, (GradOptions){0});
    assert_values(f, grad[0], 1, bind, 2, (double[]){10}, 1);
    assert_values(f, grad[1], 1, bind, 2, (double[]){6}, 1);
    assert_values(f, grad[2], 1, bind, 2, (double[]){10, 6}, 2);
    gradient(f.g, abs2(f.g, z), wrt, 3, grad, (GradOptions){0});
    assert_values(f, grad[2], 1, bind, 2, (double[]){6, 10}, 2);
    NodeId tangent, one = graph_scalar(f.g, 1), y = abs2(f.g, z);
    pushforward(f.g, &b, &one, 1, &y, 1, &tangent);
    assert_values(f, tangent, 1, bind, 2, (double[]){10}, 1);
    drop(f);
}

static void test_detach_and_step_cut(void **state)
{
    (void)state;
    Fixture f = fixture();
    NodeId t = graph_param(f.g, "t", (Type){0}), grad;
    Binding bind[] = {{"t", (double[]){3}}};
    gradient(f.g, mul(f.g, t, detach(f.g, t)), &t, 1, &grad, (GradOptions){0});
    assert_values(f, grad, 1, bind, 1, (double[]){3}, 1);
    gradient(f.g, mul(f.g, t, step_(f.g, t)), &t, 1, &grad, (GradOptions){0});
    assert_values(f, grad, 1, bind, 1, (double[]){1}, 1);
    gradient(f.g, detach(f.g, t), &t, 1, &grad, (GradOptions){0});
    assert_values(f, grad, 1, bind, 1, (double[]){0}, 1);
    NodeId m = max_(f.g, t, scaled(f.g, t, 1)); /* a tie goes to the first */
    gradient(f.g, m, &t, 1, &grad, (GradOptions){0});
    assert_values(f, grad, 1, bind, 1, (double[]){1}, 1);
    drop(f);
}

/* d^3/dt^3 of sin(t) by any mixture is -cos(t). */
static void test_modes_compose(void **state)
{
    (void)state;
    for (int mixture = 0; mixture < 8; mixture++) {
        Fixture f = fixture();
        NodeId t = graph_param(f.g, "t", (Type){0}), one = graph_scalar(f.g, 1), y = sin_(f.g, t);
        for (int i = 0; i < 3; i++) {
            NodeId dy;
            if (mixture >> i & 1) gradient(f.g, y, &t, 1, &dy, (GradOptions){0});
            else pushforward(f.g, &t, &one, 1, &y, 1, &dy);
            y = dy;
        }
        assert_values(f, y, 1, &(Binding){"t", (double[]){0.7}}, 1, (double[]){-cos(0.7)}, 1);
        drop(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_values_add_over_samples), cmocka_unit_test(test_outer_axes_add_up),
        cmocka_unit_test(test_complex_convention), cmocka_unit_test(test_detach_and_step_cut),
        cmocka_unit_test(test_modes_compose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
