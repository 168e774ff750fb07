/* test_statistics.c: intervals and tests against published tables and examples, and against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "random.h"
#include "statistics.h"

static void assert_near(double x, double y, double within)
{
    if (!(fabs(x - y) <= within)) fail_msg("%.12g is not within %g of %.12g", x, within, y);
}

/* Points and tails are computed in two ways: one inverts the other. */
static void test_student(void **state)
{
    static const struct {
        int freedom;
        double point; /* two-sided 5%: any printed table */
    } table[] = {{1, 12.706}, {2, 4.303}, {4, 2.776}, {9, 2.262}, {30, 2.042}, {40, 2.021}, {60, 2.000}, {120, 1.980}, {100000, 1.960}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) assert_near(rq_student(table[i].freedom), table[i].point, 0.0006);
    for (int f = 1; f < 200; f++) assert_near(rq_student_tail(rq_student(f), f), 0.05, f <= 30 ? 1e-12 : 2e-7);
    /* With one degree of freedom T is Cauchy: 1 - 2 atan(t) / pi; with two: 1 - t / sqrt(2 + t^2). */
    for (double t = 0; t < 50; t += 0.37) {
        assert_near(rq_student_tail(t, 1), 1 - 2 * atan(t) / M_PI, 1e-14);
        assert_near(rq_student_tail(-t, 2), 1 - t / sqrt(2 + t * t), 1e-14);
    }
    assert_true(isnan(rq_student(0)) && isnan(rq_student_tail(1, 0)) && isnan(rq_student_tail(NAN, 3)));
}

/* Newcombe (Statistics in Medicine 17:857, 1998), table I, method 3. */
static void test_wilson(void **state)
{
    static const struct {
        int hits, n;
        double low, high;
    } table[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        rq_interval w = rq_wilson((double)table[i].hits / table[i].n, table[i].n);
        assert_near(w.low, table[i].low, 5.1e-5);
        assert_near(w.high, table[i].high, 5.1e-5);
        rq_interval wrong = rq_wilson(1 - (double)table[i].hits / table[i].n, table[i].n);
        assert_near(wrong.low, 1 - w.high, 1e-12);
        assert_near(wrong.high, 1 - w.low, 1e-12);
    }
    assert_true(isnan(rq_wilson(0.5, 0).low) && isnan(rq_wilson(NAN, 9).low));
}

/* Student's own example (1908): hours of sleep gained by ten patients with two drugs. */
static void test_paired(void **state)
{
    static const double a[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}, b[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    (void)state;
    rq_paired p = rq_paired_test(a, b, 10);
    assert_int_equal(p.difference.n, 10);
    assert_near(p.difference.mean, 1.58, 1e-12);
    assert_near(p.difference.deviation, 1.229995, 1e-6);
    assert_near(p.t, 4.062128, 1e-6);
    assert_near(p.p, 0.00283289, 1e-8);
    assert_near(p.difference.low, 0.7001142, 1e-7);
    assert_near(p.difference.high, 2.4598858, 1e-7);
    rq_paired turned = rq_paired_test(b, a, 10);
    assert_near(turned.t, -p.t, 1e-12);
    assert_near(turned.p, p.p, 1e-15);
}

static void test_few_values(void **state)
{
    const double a[] = {1, NAN, 3, 2}, b[] = {0, 5, 2, NAN}, same[] = {0, NAN, 2, 1};
    (void)state;
    rq_estimate e = rq_estimate_of(a, 4);
    assert_int_equal(e.n, 3);
    assert_near(e.mean, 2, 1e-15);
    assert_near(e.high - e.mean, 4.302652729749462 / sqrt(3), 1e-12);
    rq_paired p = rq_paired_test(a, b, 4); /* two pairs, both differ by 1 */
    assert_int_equal(p.difference.n, 2);
    assert_true(p.difference.mean == 1 && isnan(p.t) && isnan(p.p));
    const double c[] = {0.1 + 0.2, 0.7}, d[] = {0.2, 0.6}; /* by 0.1, up to rounding */
    assert_true(isnan(rq_paired_test(c, d, 2).p));
    assert_true(rq_paired_test(a, a, 4).p == 1);
    assert_true(rq_paired_test(same, same, 4).t == 0);
    assert_true(isnan(rq_paired_test(a, b, 1).p) && isnan(rq_estimate_of(b, 1).low) && isnan(rq_estimate_of(b, 0).mean));
}

/* The examples of R's p.adjust, and the rule itself on random values. */
static void test_holm(void **state)
{
    int64_t scratch[64];
    double p[] = {0.01, 0.04, NAN, 0.03, 0.005}, want[] = {0.03, 0.06, NAN, 0.06, 0.02};
    (void)state;
    rq_holm(p, 5, scratch);
    for (int i = 0; i < 5; i++)
        if (i != 2) assert_near(p[i], want[i], 1e-15);
    assert_true(isnan(p[2]));
    for (uint64_t round = 0; round < 50; round++) {
        rq_random s = rq_random_stream_id(round, RQ_PURPOSE_gradcheck, 1);
        double raw[40], holm[40];
        int n = 1 + (int)(round % 40);
        for (int i = 0; i < n; i++) raw[i] = holm[i] = rq_random_uniform01(&s, (uint64_t)i) / 20;
        rq_holm(holm, n, scratch);
        for (int i = 0; i < n; i++) {
            double most = 0; /* over all that are not larger: p times the number of those that are not smaller */
            for (int j = 0; j < n; j++) {
                int rest = 0;
                for (int k = 0; k < n; k++) rest += raw[k] >= raw[j];
                if (raw[j] <= raw[i]) most = fmax(most, fmin(1, raw[j] * rest));
            }
            assert_near(holm[i], most, 1e-15);
        }
    }
}

/* 95% intervals hold the truth in 95% of all cases. */
static void test_coverage(void **state)
{
    int held = 0, rounds = 4000;
    (void)state;
    for (int r = 0; r < rounds; r++) {
        rq_random s = rq_random_stream_id((uint64_t)r, RQ_PURPOSE_gradcheck, 2);
        double x[5];
        for (int i = 0; i < 5; i++) x[i] = 3 + 2 * rq_random_normal(&s, (uint64_t)i);
        rq_estimate e = rq_estimate_of(x, 5);
        held += e.low <= 3 && 3 <= e.high;
    }
    assert_near((double)held / rounds, 0.95, 4 * sqrt(0.95 * 0.05 / rounds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_student), cmocka_unit_test(test_wilson),   cmocka_unit_test(test_paired),
        cmocka_unit_test(test_few_values), cmocka_unit_test(test_holm), cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
