/* statistics.c: estimates over seeds, Wilson's interval, paired tests, Holm's correction.
 *
 * Tails of Student's t are incomplete beta integrals:  Pr(|T| >= t) = I_x(f/2, 1/2),  x = f / (f + t^2),
 * computed by their continued fraction (Lentz's method; Abramowitz and Stegun 26.5.8).
 */
#include "statistics.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#define Z95 1.959963984540054 /* the 97.5% point of the normal distribution */

/* A table up to 30; beyond it the expansion of Cornish and Fisher in 1/freedom, within 2e-6 there. */
double rq_student(int64_t freedom)
{
    static const double points[] = {
        12.706204736174694, 4.302652729749462, 3.182446305283708, 2.776445105197793, 2.570581835636314, 2.446911851144969,
        2.364624251592784,  2.306004135204166, 2.262157162798205, 2.228138851986273, 2.200985160082949, 2.178812829667228,
        2.160368656462791,  2.144786687917804, 2.131449545559774, 2.119905299221255, 2.109815577833317, 2.100922040241039,
        2.093024054408309,  2.085963447265837, 2.079613844727680, 2.073873067904022, 2.068657610419049, 2.063898561628025,
        2.059538552753294,  2.055529438642870, 2.051830516480282, 2.048407141795244, 2.045229642132703, 2.042272456301237,
    };
    const int count = (int)(sizeof points / sizeof *points);
    if (freedom < 1) return NAN;
    if (freedom <= count) return points[freedom - 1];
    const double z = Z95, n = (double)freedom, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

/* Step m of the continued fraction's two kinds of coefficients; converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    if (fabs(d) < tiny) d = tiny;
    d = 1 / d;
    double value = d;
    for (int m = 1; m < 300; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double before = value;
        for (int k = 0; k < 2; k++) {
            double coefficient = k ? odd : even;
            d = 1 + coefficient * d, c = 1 + coefficient / c;
            if (fabs(d) < tiny) d = tiny;
            if (fabs(c) < tiny) c = tiny;
            d = 1 / d;
            value *= c * d;
        }
        if (fabs(value / before - 1) < 1e-15) break;
    }
    return value;
}

/* I_x(a, b) for 0 <= x <= 1. */
static double beta_share(double a, double b, double x)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double rq_student_tail(double t, double freedom)
{
    if (isnan(t) || !(freedom >= 1)) return NAN;
    if (isinf(t)) return 0;
    return beta_share(freedom / 2, 0.5, freedom / (freedom + t * t));
}

/* a[i], or a[i] - b[i] with b: their mean, deviation and interval. */
static rq_estimate estimate(const double *a, const double *b, int n)
{
    rq_estimate e = {.mean = NAN, .deviation = NAN, .low = NAN, .high = NAN};
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        double x = b ? a[i] - b[i] : a[i];
        if (isfinite(x)) sum += x, e.n++;
    }
    if (e.n) e.mean = sum / e.n;
    if (e.n < 2) return e;
    for (int i = 0; i < n; i++) {
        double x = b ? a[i] - b[i] : a[i];
        if (isfinite(x)) squares += (x - e.mean) * (x - e.mean);
    }
    e.deviation = sqrt(squares / (e.n - 1));
    double half = rq_student(e.n - 1) * e.deviation / sqrt(e.n);
    e.low = e.mean - half;
    e.high = e.mean + half;
    return e;
}

rq_estimate rq_estimate_of(const double *x, int n) { return estimate(x, NULL, n); }

rq_interval rq_wilson(double share, int64_t n)
{
    if (!(share >= 0 && share <= 1) || n < 1) return (rq_interval){NAN, NAN};
    double z2 = Z95 * Z95 / (double)n;
    double middle = (share + z2 / 2) / (1 + z2);
    double half = sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2);
    return (rq_interval){fmax(0, middle - half), fmin(1, middle + half)};
}

rq_paired rq_paired_test(const double *a, const double *b, int n)
{
    rq_paired p = {.difference = estimate(a, b, n), .t = NAN, .p = NAN};
    const rq_estimate *d = &p.difference;
    double largest = 0;
    for (int i = 0; i < n; i++)
        if (isfinite(a[i] - b[i])) largest = fmax(largest, fmax(fabs(a[i]), fabs(b[i])));
    double rounding = 10 * DBL_EPSILON * largest, error = d->deviation / sqrt(d->n);
    if (d->n < 2 || (error <= rounding && fabs(d->mean) > rounding)) return p;
    p.t = error <= rounding ? 0 : d->mean / error;
    p.p = rq_student_tail(p.t, d->n - 1);
    return p;
}

/* Sorts numbers of p values ascending by heap sort; equal ones by number. */
static int is_after(const double *p, int64_t i, int64_t j) { return p[i] != p[j] ? p[i] > p[j] : i > j; }

static void sink(const double *p, int64_t *heap, int64_t at, int64_t n)
{
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_after(p, heap[child + 1], heap[child])) child++;
        if (!is_after(p, heap[child], heap[at])) return;
        int64_t swap = heap[at];
        heap[at] = heap[child], heap[child] = swap;
    }
}

/* The k-th smallest of m is multiplied by m - k (k from 0), never below the one before it, never above 1. */
void rq_holm(double *p, int64_t n, int64_t *scratch)
{
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(p[i])) scratch[m++] = i;
    for (int64_t i = m / 2; i-- > 0;) sink(p, scratch, i, m);
    for (int64_t i = m; i-- > 1;) {
        int64_t swap = scratch[0];
        scratch[0] = scratch[i], scratch[i] = swap;
        sink(p, scratch, 0, i);
    }
    double before = 0;
    for (int64_t k = 0; k < m; k++) {
        double adjusted = fmin(1, p[scratch[k]] * (double)(m - k));
        p[scratch[k]] = before = fmax(before, adjusted);
    }
}

/* Q(a, x) = Gamma(a, x) / Gamma(a): the series of P below x = a + 1, the continued fraction of Q above (6.5.29, 6.5.31). */
static double gamma_tail(double a, double x)
{
    double scale = exp(a * log(x) - x - lgamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < 2000 && term > sum * 1e-17; n++) sum += term *= x / (a + n);
        return 1 - sum * scale;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, value = d;
    for (int n = 1; n < 2000; n++) {
        double coefficient = -n * (n - a), before = value;
        b += 2;
        d = 1 / (coefficient * d + b);
        c = b + coefficient / c;
        value *= c * d;
        if (fabs(value / before - 1) < 1e-16) break;
    }
    return value * scale;
}

double rq_chi2_tail(double x, double freedom)
{
    if (!(freedom > 0) || isnan(x)) return NAN;
    if (x <= 0) return 1;
    if (isinf(x)) return 0;
    return gamma_tail(freedom / 2, x / 2);
}

double rq_normal_point(double p)
{
    double low = 0, high = 40;
    if (!(p > 0 && p <= 1)) return NAN;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) > p) low = middle;
        else high = middle;
    }
    return (low + high) / 2;
}
