/* moments.c: merging central moments (Pebay, Sandia report SAND2008-6212), quantiles of a histogram of logarithms. */
#include "scan/moments.h"

#include <math.h>

const double rq_quantile_shares[RQ_QUANTILES] = {0.5, 0.9, 0.99, 0.999};

/* Of n values, by two passes. */
static rq_moments moments_of(const double *g, int64_t n, int64_t stride)
{
    rq_moments m = {.n = n};
    for (int64_t i = 0; i < n; i++) m.mean += g[i * stride];
    m.mean /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double x = g[i * stride], d = x - m.mean, d2 = d * d;
        m.m2 += d2;
        m.m3 += d2 * d;
        m.m4 += d2 * d2;
        m.zeros += x == 0;
        if (!(fabs(x) <= m.largest)) m.largest = fabs(x);
    }
    return m;
}

/* With d = b.mean - a.mean and n = na + nb:
 *     m2 = m2a + m2b + d^2 na nb / n
 *     m3 = m3a + m3b + d^3 na nb (na - nb) / n^2 + 3 d (na m2b - nb m2a) / n
 *     m4 = m4a + m4b + d^4 na nb (na^2 - na nb + nb^2) / n^3 + 6 d^2 (na^2 m2b + nb^2 m2a) / n^2 + 4 d (na m3b - nb m3a) / n
 */
static rq_moments merged(const rq_moments *a, const rq_moments *b)
{
    double na = (double)a->n, nb = (double)b->n, n = na + nb, d = b->mean - a->mean, d2 = d * d;
    rq_moments m = {.n = a->n + b->n, .zeros = a->zeros + b->zeros, .largest = b->largest <= a->largest ? a->largest : b->largest};
    m.mean = a->mean + d * nb / n;
    m.m2 = a->m2 + b->m2 + d2 * na * nb / n;
    m.m3 = a->m3 + b->m3 + d2 * d * na * nb * (na - nb) / (n * n) + 3 * d * (na * b->m2 - nb * a->m2) / n;
    m.m4 = a->m4 + b->m4 + d2 * d2 * na * nb * (na * na - na * nb + nb * nb) / (n * n * n) +
           6 * d2 * (na * na * b->m2 + nb * nb * a->m2) / (n * n) + 4 * d * (na * b->m3 - nb * a->m3) / n;
    return m;
}

/* Bin 0 lies below the range, bin k from 2^(FROM + (k-1)/STEPS) on. */
static int bin_of(double size)
{
    double at = (log2(size) - RQ_HISTOGRAM_FROM) * RQ_HISTOGRAM_STEPS;
    if (!(at >= 0)) return 0;
    return at < RQ_HISTOGRAM_BINS - 2 ? (int)at + 1 : RQ_HISTOGRAM_BINS - 1;
}

void rq_moments_add(rq_moments *m, int64_t *histogram, const double *g, int64_t n, int64_t stride)
{
    if (n < 1) return;
    rq_moments more = moments_of(g, n, stride);
    *m = m->n ? merged(m, &more) : more;
    for (int64_t i = 0; histogram && i < n; i++)
        if (g[i * stride] != 0) histogram[bin_of(fabs(g[i * stride]))]++;
}

double rq_moments_variance(const rq_moments *m) { return m->n > 1 ? m->m2 / (double)(m->n - 1) : NAN; }

double rq_moments_second(const rq_moments *m) { return m->n ? m->m2 / (double)m->n + m->mean * m->mean : NAN; }

double rq_moments_kurtosis(const rq_moments *m) { return m->m2 > 0 ? (double)m->n * m->m4 / (m->m2 * m->m2) : NAN; }

double rq_moments_error(const rq_moments *m)
{
    double excess = rq_moments_kurtosis(m) - 1;
    return sqrt(fmax(excess, 0) / (double)m->n) + (isnan(excess) ? NAN : 0);
}

int rq_moments_reliable(const rq_moments *m) { return rq_moments_kurtosis(m) <= (double)m->n / 100; }

double rq_histogram_quantile(const int64_t *histogram, const rq_moments *m, double share)
{
    double wanted = share * (double)m->n, below = (double)m->zeros;
    if (!m->n) return NAN;
    if (wanted <= below) return 0;
    for (int k = 0; k < RQ_HISTOGRAM_BINS; k++) {
        double inside = (double)histogram[k];
        if (wanted <= below + inside && inside > 0) {
            double from = RQ_HISTOGRAM_FROM + (k - 1) / (double)RQ_HISTOGRAM_STEPS;
            return fmin(exp2(from + (wanted - below) / inside / RQ_HISTOGRAM_STEPS), m->largest);
        }
        below += inside;
    }
    return m->largest;
}
