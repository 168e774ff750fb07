/* test_kernel_checks.c: phases of graphs with batch sums in sequence; and that kernels_verify stops at each kind of breach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"

enum { LANES = 2, SAMPLES = 3 };

typedef struct Fixture {
    Compiler *c;
    Graph *g;
    NodeId x, weight;
    Kernels *k;
} Fixture;

static NodeId mean(Fixture *f, NodeId x)
{
    return batch_sum(f->g, mul(f->g, x, broadcast(f->g, f->weight, *type_of(f->g, x), 0, type_of(f->g, x)->rank)));
}

/* y = (x - mean x) / sqrt(mean (x - mean x)^2): two batch sums, each of which needs the one before. */
static Fixture normalised(void)
{
    Fixture f = {.c = compiler_new()};
    f.g = graph_new(f.c, "normalised");
    f.x = graph_input(f.g, "x", (Type){.outer = 1, .rank = 2, .dim = {3, 2}});
    f.weight = graph_input(f.g, "weight", (Type){0});
    NodeId centred = sub(f.g, f.x, mean(&f, f.x));
    NodeId variance = mean(&f, mul(f.g, centred, centred));
    graph_output(f.g, "y", div_(f.g, centred, sqrt_(f.g, variance)));
    graph_output(f.g, "variance", variance);
    f.k = schedule(f.c, f.g, "normalised", LANES, 8);
    kernels_verify(f.k);
    return f;
}

static void drop(Fixture f)
{
    kernels_drop(f.k);
    graph_drop(f.g);
    compiler_drop(f.c);
}

static void test_batch_sums_alternate_phases(void **state)
{
    (void)state;
    Fixture f = normalised();
    assert_int_equal(f.k->phases.len, 6);
    assert_int_equal(f.k->sums, 2);
    assert_true(f.k->kept_bytes > 0); /* x - mean x, for the last phase */
    double x[SAMPLES * 6] = {1, 2, 3, 4, 5, 6, 7, -8, 9, 10, -11, 12, 13, 14, 15, -16, 17, 18}, third = 1.0 / SAMPLES;
    double y[SAMPLES * 6], variance[6], weight[SAMPLES] = {third, third, third};
    kernels_interpret(f.k, SAMPLES, (Binding[]){{"x", x}, {"weight", weight}}, 2, (double *[]){y, variance});
    for (int e = 0; e < 6; e++) {
        double m = (x[e] + x[6 + e] + x[12 + e]) / 3, v = 0;
        for (int s = 0; s < SAMPLES; s++) v += (x[6 * s + e] - m) * (x[6 * s + e] - m) / 3;
        assert_true(fabs(variance[e] - v) < 1e-12);
        for (int s = 0; s < SAMPLES; s++) assert_true(fabs(y[6 * s + e] - (x[6 * s + e] - m) / sqrt(v)) < 1e-12);
    }
    drop(f);
}

/* ---- breaches ---- */

static Step *first_step(Kernels *k, StepKind kind)
{
    for (uint32_t i = 0; i < k->phases.len; i++) {
        for (uint32_t j = 0; j < k->phases.at[i].kernels.len; j++) {
            Kernel *kernel = &k->phases.at[i].kernels.at[j];
            for (uint32_t s = 0; s < kernel->steps.len; s++) {
                if (kernel->steps.at[s].kind == kind) return &kernel->steps.at[s];
            }
        }
    }
    return NULL;
}

static Buffer *of_role(Kernels *k, rq_role role)
{
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        if (k->buffers.at[i].role == role) return &k->buffers.at[i];
    }
    return NULL;
}

static void address_beyond(Kernels *k) { first_step(k, STEP_map)->in.at[0].inner = 1000; }
static void unknown_buffer(Kernels *k) { first_step(k, STEP_map)->in.at[0].buffer.i = 1000; }
static void read_too_early(Kernels *k)
{
    first_step(k, STEP_map)->in.at[0].buffer.i = (uint32_t)(of_role(k, RQ_ROLE_kept) - k->buffers.at) + 1;
}
static void write_to_input(Kernels *k) { first_step(k, STEP_map)->out.at[0].buffer.i = 1; }
static void value_not_there(Kernels *k)
{
    Step *s = first_step(k, STEP_map);
    s->map.ops.at[s->map.ops.len - 1].a = s->map.ops.len;
}
static void outside_block(Kernels *k) { of_role(k, RQ_ROLE_kept)->offset = 1 << 20; }
static void phase_of_other_kind(Kernels *k) { k->phases.at[2].per_chunk = true; }
static void no_output(Kernels *k) { k->phases.at[k->phases.len - 1].kernels.len = k->phases.at[5].kernels.len = 0; }
static void sum_read_in_its_loop(Kernels *k)
{
    Step *s = first_step(k, STEP_lane_sum);
    s->over_outer = true;
    s->in.at[0] = s->out.at[0];
}

/* Whether verifying ends in an abort. */
static bool is_found(void (*breach)(Kernels *k))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        if (!freopen("/dev/null", "w", stderr)) _exit(2);
        Fixture f = normalised();
        breach(f.k);
        kernels_verify(f.k);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

static void nothing(Kernels *k) { (void)k; }

static void test_breaches_are_found(void **state)
{
    (void)state;
    assert_false(is_found(nothing));
    assert_true(is_found(address_beyond));
    assert_true(is_found(unknown_buffer));
    assert_true(is_found(read_too_early));
    assert_true(is_found(write_to_input));
    assert_true(is_found(value_not_there));
    assert_true(is_found(outside_block));
    assert_true(is_found(phase_of_other_kind));
    assert_true(is_found(no_output));
    assert_true(is_found(sum_read_in_its_loop));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_sums_alternate_phases),
        cmocka_unit_test(test_breaches_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
