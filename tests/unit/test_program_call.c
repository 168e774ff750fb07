/* test_program_call.c: the runner of compiled functions, on phases written in C here: chunks, threads, sums in a fixed tree, memory.
 *
 * The function: phase 1 per chunk: kept = x * p, partial = sum of kept over lanes; phase 2 shared: mean = total / 10;
 * phase 3 per chunk: y = kept - mean, partial again; output y per chunk, total as output "sum".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/program.h"
#include "faults/fault.h"

enum { LANES = 4, ELEMENTS = 300, P = 0, X, Y, SUM, KEPT, PARTIAL, TOTAL, SCRATCH, BUFFERS };

static void phase1(void *const *buf)
{
    const float *p = buf[P], *x = buf[X];
    float *kept = buf[KEPT], *partial = buf[PARTIAL], *scratch = buf[SCRATCH];
    for (int e = 0; e < ELEMENTS; e++) {
        partial[e] = 0;
        for (int lane = 0; lane < LANES; lane++) {
            scratch[lane] = x[e * LANES + lane] * p[e];
            kept[e * LANES + lane] = scratch[lane];
            partial[e] += scratch[lane];
        }
    }
}

static void phase2(void *const *buf)
{
    const float *total = buf[TOTAL];
    float *sum = buf[SUM];
    for (int e = 0; e < ELEMENTS; e++) sum[e] = total[e];
}

static void phase3(void *const *buf)
{
    const float *kept = buf[KEPT], *x = buf[X], *sum = buf[SUM];
    float *y = buf[Y];
    for (int e = 0; e < ELEMENTS * LANES; e++) y[e] = kept[e] + x[e] - sum[e / LANES] / 10;
}

static const rq_buffer buffers[BUFFERS] = {
    [P] = {RQ_ROLE_param, 0, 0, ELEMENTS, 0},          [X] = {RQ_ROLE_input, 0, 1, ELEMENTS, 0},
    [Y] = {RQ_ROLE_output, 0, 1, ELEMENTS, 0},         [SUM] = {RQ_ROLE_output, 1, 0, ELEMENTS, 0},
    [KEPT] = {RQ_ROLE_kept, 0, 1, ELEMENTS, 0},        [PARTIAL] = {RQ_ROLE_partial, 0, 0, ELEMENTS, 0},
    [TOTAL] = {RQ_ROLE_total, 0, 0, ELEMENTS, 0},      [SCRATCH] = {RQ_ROLE_thread, 0, 1, 1, 64},
};
static const rq_phase phases[] = {{0, NULL}, {1, phase1}, {0, phase2}, {1, phase3}};
static const rq_leaf params[] = {{"p", ELEMENTS, 0}}, inputs[] = {{"x", ELEMENTS, 1}};
static const rq_leaf outputs[] = {{"y", ELEMENTS, 1}, {"sum", ELEMENTS, 0}};
static const int64_t sum_reals[] = {ELEMENTS};

static rq_function function(void)
{
    return (rq_function){
        .name = "f", .real_bytes = 4, .lanes = LANES, .buffers = buffers, .phases = phases, .params = params,
        .inputs = inputs, .outputs = outputs, .sum_reals = sum_reals, .buffer_count = BUFFERS, .phase_count = 4,
        .param_count = 1, .input_count = 1, .output_count = 2, .sum_count = 1, .thread_bytes = 128,
        .kept_bytes = ELEMENTS * LANES * 4, .shared_bytes = 0,
    };
}

static float value(int64_t sample, int element) { return (float)((sample * 7919 + element * 104729) % 1000) / 997.0f; }

static atomic_int packed; /* calls of pack */

static void pack(void *context, int input, int64_t first, int count, int lanes, void *out)
{
    assert_non_null(context);
    assert_int_equal(input, 0);
    assert_true(count >= 1 && count <= lanes);
    for (int e = 0; e < ELEMENTS; e++)
        for (int lane = 0; lane < lanes; lane++)
            ((float *)out)[e * lanes + lane] = lane < count ? value(first + lane, e) : 0;
    packed++;
}

/* The same with plain loops. Pairs of chunks first, as the tree has it. */
static float tree(const float *partial, int64_t first, int64_t n)
{
    if (n == 1) return partial[first];
    int64_t half = 1;
    while (half * 2 < n) half *= 2;
    return tree(partial, first, half) + tree(partial, first + half, n - half);
}

static void expect(int64_t samples, const float *p, float *y, float *sum)
{
    int64_t chunks = (samples + LANES - 1) / LANES;
    float *partial = calloc((size_t)chunks, sizeof *partial);
    for (int e = 0; e < ELEMENTS; e++) {
        for (int64_t c = 0; c < chunks; c++) {
            partial[c] = 0;
            for (int lane = 0; lane < LANES; lane++)
                partial[c] += c * LANES + lane < samples ? value(c * LANES + lane, e) * p[e] : 0;
        }
        sum[e] = tree(partial, 0, chunks);
        for (int64_t s = 0; s < samples; s++) {
            float kept = value(s, e) * p[e];
            y[(s / LANES * ELEMENTS + e) * LANES + s % LANES] = kept + value(s, e) - sum[e] / 10;
        }
    }
    free(partial);
}

static void fill(float *p)
{
    for (int e = 0; e < ELEMENTS; e++) p[e] = (float)(e % 13) / 7.0f - 1;
}

static void check_run(int64_t samples, int threads, bool wants_y)
{
    rq_function f = function();
    int64_t chunks = (samples + LANES - 1) / LANES, context = 0;
    size_t bytes = sizeof(float) * (size_t)(chunks * ELEMENTS * LANES);
    float p[ELEMENTS], sum[ELEMENTS], want_sum[ELEMENTS];
    float *y = calloc(1, bytes), *want = calloc(1, bytes);
    fill(p);
    expect(samples, p, want, want_sum);
    rq_runner *r;
    rq_error error;
    assert_true(rq_runner_new(&f, samples + 5, threads, &r, &error));
    for (int call = 0; call < 2; call++) { /* the second call finds the first one's memory */
        packed = 0;
        assert_true(rq_run(r, samples, (const void *[]){p}, pack, &context, (void *[]){wants_y ? y : NULL, sum}, &error));
        assert_int_equal(packed, chunks); /* once, though two phases read it */
        assert_memory_equal(sum, want_sum, sizeof sum);
        for (int64_t s = 0; wants_y && s < samples; s++)
            for (int e = 0; e < ELEMENTS; e++) {
                int64_t at = (s / LANES * ELEMENTS + e) * LANES + s % LANES;
                assert_true(y[at] == want[at]);
            }
    }
    rq_runner_free(r);
    free(y);
    free(want);
}

/* Bit for bit the plain loops' result, so the same for any number of threads. */
static void test_any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    static const int64_t samples[] = {1, 4, 5, 13, 64, 101};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (size_t j = 0; j < sizeof samples / sizeof *samples; j++) check_run(samples[j], threads[i], j % 2);
    assert_int_equal(rq_memory_live(), 0);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    rq_function f = function();
    rq_runner *r;
    rq_error error;
    assert_false(rq_runner_new(&f, 0, 1, &r, &error));
    assert_non_null(strstr(error.text, "at least one sample"));
    assert_false(rq_runner_new(&f, INT64_C(1) << 40, 2, &r, &error));
    assert_null(r);
    assert_non_null(strstr(error.text, "bytes"));
    assert_non_null(strstr(error.text, "smaller batch"));
    assert_false(rq_runner_new(&f, INT64_MAX - 8, 1, &r, &error));
    assert_non_null(strstr(error.text, "more memory than can be addressed"));
    assert_true(rq_runner_new(&f, 8, 1, &r, &error));
    assert_false(rq_run(r, 9, NULL, pack, NULL, NULL, &error));
    assert_string_equal(error.text, "'f' was prepared for 1 to 8 samples, not 9");
    assert_false(rq_run(r, 0, NULL, pack, NULL, NULL, &error));
    rq_runner_free(r);
    assert_int_equal(rq_memory_live(), 0);
}

static void test_failing_allocations(void **state)
{
    (void)state;
    rq_function f = function();
    for (int n = 0; n < 8; n++) {
        rq_runner *r = NULL;
        rq_error error = {0};
        fault_after(FAULT_memory, n);
        assert_false(rq_runner_new(&f, 8, 1, &r, &error));
        fault_after(FAULT_memory, -1);
        assert_null(r);
        assert_non_null(strstr(error.text, "no memory for"));
        assert_int_equal(rq_memory_live(), 0);
    }
}

static void test_leaves_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(rq_leaf_find(outputs, 2, "sum"), 1);
    assert_int_equal(rq_leaf_find(outputs, 2, "su"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_leaves_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
