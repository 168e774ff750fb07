/* statistics.h: what repeated runs say, and how surely.
 *
 * Two kinds of doubt are kept apart. A t interval speaks of the mean over seeds: how it would move with other seeds on the same
 * test samples. A Wilson interval speaks of one share of correct answers among n test samples: how it would move with other
 * samples. Values that are not finite are left out by all functions.
 */
#ifndef RQ_STATISTICS_H
#define RQ_STATISTICS_H

#include <stdint.h>

/* Mean with its 95% interval by Student's t; NAN where n is too small. */
typedef struct rq_estimate {
    int n;
    double mean, deviation, low, high;
} rq_estimate;
rq_estimate rq_estimate_of(const double *x, int n);

/* The 97.5% point of Student's t with so many degrees of freedom (from 1); NAN below. */
double rq_student(int64_t freedom);
/* Pr(|T| >= |t|) for Student's t: the two-sided p value. */
double rq_student_tail(double t, double freedom);

/* Pr(X >= x) for chi squared with so many degrees of freedom. */
double rq_chi2_tail(double x, double freedom);
/* The z with Pr(|Z| >= z) = p for the normal distribution, 0 < p <= 1. */
double rq_normal_point(double p);

typedef struct rq_interval {
    double low, high;
} rq_interval;
/* 95% score interval of a share of n independent samples (Wilson 1927); share may be a mean over seeds of such shares. */
rq_interval rq_wilson(double share, int64_t n);

/* Student's paired test: is the mean of a[i] - b[i] zero? Pairs with a value that is not finite are left out. */
typedef struct rq_paired {
    rq_estimate difference; /* a - b */
    double t, p;            /* NAN: fewer than 2 pairs, or differences that are all alike and not 0 (up to rounding): no spread to
                             * judge them by. All 0: p is 1 */
} rq_paired;
rq_paired rq_paired_test(const double *a, const double *b, int n);

/* Replaces p values of one family of tests by Holm's (1979), which bound the chance of any false alarm in the family. NAN stays and
 * counts as no test. scratch: n numbers of room. */
void rq_holm(double *p, int64_t n, int64_t *scratch);

#endif
