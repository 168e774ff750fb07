/* test_distance.c: trace norms of matrices with known eigenvalues, and distances of pure states both ways. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/distance.h"
#include "unitary.h"

enum { MOST = 16 };

static double complex work[MOST * MOST + 3 * MOST];

/* a = V diag(values) V^+ with a Haar matrix V. */
static void with_eigenvalues(const rq_random *r, int64_t d, const double *values, double complex *a)
{
    static double v[2 * MOST * MOST], scratch[16 * MOST * MOST];
    rq_unitary_haar(r, 0, d, v, scratch);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            a[i * d + j] = 0;
            for (int64_t k = 0; k < d; k++)
                a[i * d + j] += CMPLX(v[2 * (i * d + k)], v[2 * (i * d + k) + 1]) * values[k] *
                                CMPLX(v[2 * (j * d + k)], -v[2 * (j * d + k) + 1]);
        }
}

static void trace_norms_add_up_the_eigenvalues(void **state)
{
    (void)state;
    for (int64_t d = 1; d <= MOST; d++)
        for (uint64_t trial = 0; trial < 8; trial++) {
            rq_random r = rq_random_stream_id(5, RQ_PURPOSE_state, (uint64_t)d * 100 + trial);
            double values[MOST], want = 0;
            double complex a[MOST * MOST];
            for (int64_t k = 0; k < d; k++) {
                values[k] = rq_random_normal(&r, 5000 + (uint64_t)k);
                if (trial % 4 == 1) values[k] = k % 2 ? -0.5 : 0.5; /* degenerate */
                if (trial % 4 == 2 && k) values[k] = 0;              /* of rank one */
                if (trial % 4 == 3) values[k] *= pow(10, -(double)k);
                want += fabs(values[k]);
            }
            with_eigenvalues(&r, d, values, a);
            double have = rq_trace_norm(d, a, work);
            if (!(fabs(have - want) < 1e-13 * (double)d * fmax(1, want))) fail_msg("d %d trial %d: %.17g, not %.17g", (int)d, (int)trial, have, want);
        }
    double complex none[MOST * MOST] = {0}, diagonal[4] = {3, 0, 0, -2}, off[4] = {0, -2 * I, 2 * I, 0};
    assert_true(rq_trace_norm(MOST, none, work) < 1e-290);
    assert_true(fabs(rq_trace_norm(2, diagonal, work) - 5) < 1e-14);
    assert_true(fabs(rq_trace_norm(2, off, work) - 4) < 1e-14);
}

static void random_state(uint64_t number, int64_t d, double *out)
{
    rq_random r = rq_random_stream_id(6, RQ_PURPOSE_state, number);
    double norm = 0;
    for (int64_t i = 0; i < 2 * d; i++) out[i] = rq_random_normal(&r, (uint64_t)i), norm += out[i] * out[i];
    for (int64_t i = 0; i < 2 * d; i++) out[i] /= sqrt(norm);
}

static void pure_states_have_the_same_distances_as_their_matrices(void **state)
{
    (void)state;
    for (int64_t d = 2; d <= MOST; d *= 2)
        for (uint64_t trial = 0; trial < 6; trial++) {
            double a[2 * MOST], b[2 * MOST], rho[2 * MOST * MOST], re = 0, im = 0;
            random_state(2 * trial, d, a);
            random_state(2 * trial + 1, d, b);
            if (trial == 5) memcpy(b, a, sizeof a);
            for (int64_t i = 0; i < d; i++) re += a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
            for (int64_t i = 0; i < d; i++) im += a[2 * i] * b[2 * i + 1] - a[2 * i + 1] * b[2 * i];
            for (int64_t i = 0; i < d; i++)
                for (int64_t j = 0; j < d; j++) {
                    rho[2 * (i * d + j)] = a[2 * i] * a[2 * j] + a[2 * i + 1] * a[2 * j + 1];
                    rho[2 * (i * d + j) + 1] = a[2 * i + 1] * a[2 * j] - a[2 * i] * a[2 * j + 1];
                }
            rq_distance pure = rq_distance_pure(d, a, b), mixed = rq_distance_mixed(d, rho, b, work);
            double want = sqrt(fmax(0, 1 - re * re - im * im));
            assert_true(fabs(pure.trace - mixed.trace) < 1e-13 && fabs(pure.hilbert_schmidt - mixed.hilbert_schmidt) < 1e-13);
            assert_true(fabs(pure.trace - want) < (trial == 5 ? 1e-7 : 1e-13));
            assert_true(fabs(pure.hilbert_schmidt - sqrt(2) * pure.trace) < 1e-15);
        }
}

static void a_mixed_state_by_hand(void **state)
{
    (void)state;
    /* diag(3/4, 1/4) and |0>: eigenvalues of the difference -1/4, 1/4 */
    const double rho[8] = {0.75, 0, 0, 0, 0, 0, 0.25, 0}, zero[4] = {1, 0, 0, 0};
    rq_distance d = rq_distance_mixed(2, rho, zero, work);
    assert_true(fabs(d.trace - 0.25) < 1e-15 && fabs(d.hilbert_schmidt - sqrt(0.125)) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(trace_norms_add_up_the_eigenvalues),
                                       cmocka_unit_test(pure_states_have_the_same_distances_as_their_matrices),
                                       cmocka_unit_test(a_mixed_state_by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
