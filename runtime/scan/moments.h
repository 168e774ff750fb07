/* moments.h: what is kept of the derivatives that a scan draws: central moments up to the fourth, and a histogram of absolute values.
 *
 * Draws come in blocks of fixed size, each of which is summed on its own and then added to what there is; so nothing depends on how
 * many threads there are or where a scan was interrupted.
 */
#ifndef RQ_SCAN_MOMENTS_H
#define RQ_SCAN_MOMENTS_H

#include <stdint.h>

enum {
    RQ_SCAN_BLOCK = 1024,    /* draws that are summed at once */
    RQ_HISTOGRAM_FROM = -120, /* |g| from 2^-120 */
    RQ_HISTOGRAM_OCTAVES = 160,
    RQ_HISTOGRAM_STEPS = 16, /* bins of an octave: 4.4% wide */
    RQ_HISTOGRAM_BINS = RQ_HISTOGRAM_OCTAVES * RQ_HISTOGRAM_STEPS + 2, /* those at the ends take what lies beyond; 0 is in none */
    RQ_QUANTILES = 4
};

extern const double rq_quantile_shares[RQ_QUANTILES]; /* 0.5, 0.9, 0.99, 0.999 */

typedef struct rq_moments {
    int64_t n;
    double mean, m2, m3, m4; /* mk: sum of (g - mean)^k */
    int64_t zeros;           /* exactly 0 */
    double largest;          /* |g| */
} rq_moments;

/* Adds n values that are `stride` doubles apart to the moments and the histogram (which may be NULL). */
void rq_moments_add(rq_moments *m, int64_t *histogram, const double *g, int64_t n, int64_t stride);

double rq_moments_variance(const rq_moments *m); /* m2 / (n - 1) */
double rq_moments_second(const rq_moments *m);   /* E[g^2] */
double rq_moments_kurtosis(const rq_moments *m); /* NAN without spread */
/* Relative standard error of the variance, sqrt((kurtosis - 1)/n). */
double rq_moments_error(const rq_moments *m);
/* Whether the kurtosis itself can be believed: it is at most n/100. */
int rq_moments_reliable(const rq_moments *m);

/* |g| below which so many of the n values lie; linear in the logarithm inside a bin. */
double rq_histogram_quantile(const int64_t *histogram, const rq_moments *m, double share);

#endif
