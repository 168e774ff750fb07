/* test_scan.c: moments in blocks against all values at once, quantiles of the histogram against sorting, fits against made-up curves,
 * and what is said of them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "scan/scan.h"
#include "statistics.h"

static void assert_near(double x, double y, double relative)
{
    if (!(fabs(x - y) <= relative * fmax(fabs(y), 1e-300))) fail_msg("%.15g is not within %g of %.15g", x, relative, y);
}

/* ---- moments ---- */

static void moments_come_in_blocks(void **state)
{
    enum { N = 5000 };
    static double g[2 * N];
    rq_moments m = {0};
    rq_random r = rq_random_stream(1, RQ_PURPOSE_scan, "test");
    double mean = 0, sum[5] = {0};
    (void)state;
    for (int i = 0; i < N; i++) {
        double x = rq_random_normal(&r, (uint64_t)i);
        g[2 * i] = i % 10 ? 1e-3 * x * x * x + 5e-3 : 0; /* every other one belongs to another element */
        mean += g[2 * i] / N;
    }
    for (int at = 0, n = 700; at < N; at += n) rq_moments_add(&m, NULL, g + 2 * at, N - at < n ? N - at : n, 2);
    for (int i = 0; i < N; i++)
        for (int k = 2; k <= 4; k++) sum[k] += pow(g[2 * i] - mean, k);
    assert_int_equal(m.n, N);
    assert_int_equal(m.zeros, N / 10);
    assert_near(m.mean, mean, 1e-12);
    assert_near(m.m2, sum[2], 1e-12);
    assert_near(m.m3, sum[3], 1e-11);
    assert_near(m.m4, sum[4], 1e-11);
    assert_near(rq_moments_variance(&m), sum[2] / (N - 1), 1e-12);
    assert_near(rq_moments_second(&m), sum[2] / N + mean * mean, 1e-12);
    assert_near(rq_moments_kurtosis(&m), N * sum[4] / (sum[2] * sum[2]), 1e-11);
    assert_near(rq_moments_error(&m), sqrt((N * sum[4] / (sum[2] * sum[2]) - 1) / N), 1e-11);
}

/* Known kurtoses: normal 3, uniform 9/5; and the error of a variance is what it is from one experiment to another. */
static void errors_are_those_of_variances(void **state)
{
    enum { N = 4000, EXPERIMENTS = 300 };
    static double g[N];
    double sum = 0, squares = 0, error = 0;
    (void)state;
    for (int k = 0; k < EXPERIMENTS; k++) {
        rq_moments m = {0};
        rq_random r = rq_random_stream_id(2, RQ_PURPOSE_scan, (uint64_t)k);
        for (int i = 0; i < N; i++) g[i] = rq_random_normal(&r, (uint64_t)i);
        rq_moments_add(&m, NULL, g, N, 1);
        sum += rq_moments_variance(&m), squares += rq_moments_variance(&m) * rq_moments_variance(&m);
        error += rq_moments_error(&m) / EXPERIMENTS;
        assert_true(rq_moments_reliable(&m) && fabs(rq_moments_kurtosis(&m) - 3) < 0.6);
    }
    double mean = sum / EXPERIMENTS, spread = sqrt(squares / EXPERIMENTS - mean * mean);
    assert_near(spread, error, 0.15);
    assert_near(error, sqrt(2.0 / N), 0.02);
    rq_moments none = {0}, same = {0};
    const double ones[] = {1, 1, 1};
    rq_moments_add(&same, NULL, ones, 3, 1);
    assert_true(isnan(rq_moments_variance(&none)) && isnan(rq_moments_kurtosis(&same)) && isnan(rq_moments_error(&same)));
    assert_false(rq_moments_reliable(&same));
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantiles_are_near_sorted_ones(void **state)
{
    enum { N = 20000 };
    static double g[N];
    static int64_t histogram[RQ_HISTOGRAM_BINS];
    rq_moments m = {0};
    rq_random r = rq_random_stream(3, RQ_PURPOSE_scan, "test");
    (void)state;
    for (int i = 0; i < N; i++) g[i] = i % 4 ? exp(3 * rq_random_normal(&r, (uint64_t)i)) * (i % 2 ? 1 : -1) : 0;
    rq_moments_add(&m, histogram, g, N, 1);
    for (int i = 0; i < N; i++) g[i] = fabs(g[i]);
    qsort(g, N, sizeof *g, ascending);
    assert_true(rq_histogram_quantile(histogram, &m, 0.2) == 0);
    for (int q = 0; q < RQ_QUANTILES; q++)
        assert_near(rq_histogram_quantile(histogram, &m, rq_quantile_shares[q]), g[(int)(rq_quantile_shares[q] * N)], 0.05);
    assert_near(rq_histogram_quantile(histogram, &m, 1), g[N - 1], 0.05);
    /* beyond the range, and no numbers at all */
    const double far[] = {1e-300, 1e300, 5e-324};
    rq_moments_add(&m, histogram, far, 3, 1);
    assert_true(rq_histogram_quantile(histogram, &m, 1) <= 1e300);
    assert_true(isnan(rq_histogram_quantile(histogram, &(rq_moments){0}, 0.5)));
}

/* ---- fits ---- */

enum { SIZES = 8 };
static const char *const elements[] = {"a.t"};

typedef struct Curve {
    rq_scan scan;
    rq_scan_point points[SIZES];
    rq_scan_result results[SIZES], *rows[SIZES];
    double seconds[SIZES];
    rq_scan_state state;
} Curve;

/* Moments of `draws` values with this variance and kurtosis. */
static rq_moments moments_with(double variance, double kurtosis, int64_t draws)
{
    double n = (double)draws;
    return (rq_moments){.n = draws, .m2 = variance * (n - 1), .m4 = kurtosis * variance * variance * (n - 1) * (n - 1) / n, .largest = 1};
}

static rq_fit fit_of(Curve *c, int n, double (*variance)(double), double kurtosis, int64_t draws)
{
    int count;
    rq_error err;
    *c = (Curve){.scan = {.axis = "n", .wrt = "", .points = c->points, .point_count = n}, .state = {.done = n, .results = c->rows, .seconds = c->seconds}};
    for (int i = 0; i < n; i++) {
        c->points[i] = (rq_scan_point){.label = "", .curve = "", .axis = i + 1, .elements = elements, .element_count = 1, .has_expected = 1,
                                       .expected = variance(i + 1)};
        c->rows[i] = &c->results[i];
        /* an error of 0.7 standard errors up and down */
        double error = sqrt((kurtosis - 1) / (double)draws);
        c->results[i].moments = moments_with(variance(i + 1) * exp((i % 2 ? 0.7 : -0.7) * error), kurtosis, draws);
    }
    rq_fit *fits = rq_scan_fits(&c->scan, &c->state, &count, &err), fit = fits[0];
    assert_int_equal(count, 1);
    rq_free(fits);
    return fit;
}

static double exponential(double n) { return 0.125 * pow(0.375, n - 1); }
static double power(double n) { return 0.125 / (n * n); }
static double neither(double n) { return exp(-0.1 * n * n); }
static double flat(double n) { return 0.3 + 0 * n; }

static void said(const rq_fit *f, const char *text)
{
    if (!strstr(f->text, text)) fail_msg("'%s' does not say '%s'", f->text, text);
}

static void curves_are_told_apart(void **state)
{
    Curve c;
    (void)state;
    rq_fit f = fit_of(&c, SIZES, exponential, 10, 100000);
    assert_int_equal(f.decay, RQ_DECAY_exponential);
    assert_near(f.exponential.b, log(0.375), 0.005);
    assert_true(f.exponential.p > 0.3 && f.power.p < 1e-6 && f.delta_aic > 10);
    said(&f, "consistent with exponential decay, 2.66x per step of n (2.6");
    said(&f, "over n = 1..8, for this derivative");
    f = fit_of(&c, SIZES, power, 10, 100000);
    assert_int_equal(f.decay, RQ_DECAY_power);
    assert_near(f.power.b, -2, 0.01);
    said(&f, "consistent with a power law, n^-2");
    f = fit_of(&c, SIZES, neither, 10, 100000);
    assert_int_equal(f.decay, RQ_DECAY_undecided);
    said(&f, "undecided: neither law fits");
    f = fit_of(&c, SIZES, flat, 10, 100000);
    assert_int_equal(f.decay, RQ_DECAY_undecided);
    said(&f, "undecided: no change along n is seen");
}

static void few_or_poor_points_decide_nothing(void **state)
{
    Curve c;
    (void)state;
    rq_fit f = fit_of(&c, RQ_SCAN_SIZES - 1, exponential, 10, 100000);
    said(&f, "undecided: 5 sizes, and a verdict needs 6");
    f = fit_of(&c, SIZES, exponential, 10, 999); /* kurtosis above S/100 */
    said(&f, "undecided: 0 sizes, and a verdict needs 6; 8 unreliable points left out");
    f = fit_of(&c, 2, exponential, 10, 100000);
    assert_true(isnan(f.exponential.b));
    f = fit_of(&c, SIZES, power, 60, 6000);
    assert_true(f.delta_aic > 10 || f.decay == RQ_DECAY_undecided);
    /* shallow decay over a short range: both laws fit */
    f = fit_of(&c, RQ_SCAN_SIZES, power, 90, 9001);
    if (f.decay == RQ_DECAY_undecided) said(&f, "both laws fit alike");
}

/* A deviation of 0.7 errors in log v is a z of about 0.7; a wrong expectation is found. */
static void expectations_are_tested(void **state)
{
    Curve c;
    (void)state;
    fit_of(&c, SIZES, exponential, 10, 1000000);
    assert_int_equal(rq_scan_expectations(&c.scan, &c.state), SIZES);
    assert_near(rq_scan_z_limit(&c.scan), rq_normal_point(0.01 / SIZES), 1e-12);
    assert_near(rq_scan_z(&c.points[1], &c.results[1]), 0.7, 0.01);
    assert_int_equal(rq_scan_unmet(&c.scan, &c.state), 0);
    c.points[3].expected *= 1.05;
    c.points[5].expected = 0;
    assert_int_equal(rq_scan_unmet(&c.scan, &c.state), 2);
    c.results[5].moments = (rq_moments){.n = 10, .zeros = 10};
    assert_int_equal(rq_scan_unmet(&c.scan, &c.state), 1);
    c.points[6].has_expected = 0;
    assert_true(isnan(rq_scan_z(&c.points[6], &c.results[6])));
}

/* Chi squared: tables; normal points: tables and the inverse. */
static void tails_are_those_of_tables(void **state)
{
    (void)state;
    assert_near(rq_chi2_tail(3.841459, 1), 0.05, 1e-6);
    assert_near(rq_chi2_tail(9.487729, 4), 0.05, 1e-6);
    assert_near(rq_chi2_tail(20.090235, 8), 0.01, 1e-6);
    assert_near(rq_chi2_tail(2, 2), exp(-1), 1e-13);
    assert_near(rq_chi2_tail(150, 2), exp(-75), 1e-10);
    assert_true(rq_chi2_tail(0, 3) == 1 && rq_chi2_tail(INFINITY, 3) == 0 && isnan(rq_chi2_tail(1, 0)));
    assert_near(rq_normal_point(0.05), 1.959963984540054, 1e-12);
    assert_near(rq_normal_point(0.01), 2.5758293035489, 1e-12);
    assert_true(isnan(rq_normal_point(0)) && rq_normal_point(1) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_come_in_blocks),        cmocka_unit_test(errors_are_those_of_variances),
        cmocka_unit_test(quantiles_are_near_sorted_ones), cmocka_unit_test(curves_are_told_apart),
        cmocka_unit_test(few_or_poor_points_decide_nothing), cmocka_unit_test(expectations_are_tested),
        cmocka_unit_test(tails_are_those_of_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
