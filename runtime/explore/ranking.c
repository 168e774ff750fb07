/* ranking.c: runs -> means with intervals, in order of the metric that ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"

const char *const rq_metric_names[RQ_METRICS] = {"val.accuracy", "val.loss",       "test.accuracy",
                                                 "test.loss",    "train.accuracy", "train.loss"};

int rq_metric_named(const char *name)
{
    for (int i = 0; i < RQ_METRICS; i++)
        if (!strcmp(rq_metric_names[i], name)) return i;
    return 0;
}

bool rq_metric_is_loss(int metric) { return metric % 2 == 1; }

/* A table up to 30; beyond it the expansion of Cornish and Fisher in 1/freedom, within 2e-6 there. */
double rq_student(int freedom)
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
    const double z = 1.959963984540054, n = freedom, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

static bool has_value(const rq_explored *run, int metric) { return run->done && isfinite(run->metric[metric]); }

/* Over those of n runs that have a value. */
static rq_estimate over_runs(const rq_explored *runs, int n, int metric)
{
    rq_estimate e = {.mean = NAN, .deviation = NAN, .low = NAN, .high = NAN};
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++)
        if (has_value(&runs[i], metric)) sum += runs[i].metric[metric], e.n++;
    if (e.n) e.mean = sum / e.n;
    if (e.n < 2) return e;
    for (int i = 0; i < n; i++) {
        double d = runs[i].metric[metric] - e.mean;
        if (has_value(&runs[i], metric)) squares += d * d;
    }
    e.deviation = sqrt(squares / (e.n - 1));
    double half = rq_student(e.n - 1) * e.deviation / sqrt(e.n);
    e.low = e.mean - half;
    e.high = e.mean + half;
    return e;
}

static void fill_row(const rq_ranking *r, int variant, rq_ranked *row)
{
    const rq_exploration *x = r->x;
    const rq_explored *runs = r->runs + (size_t)variant * (size_t)(x->seeds + x->confirm);
    *row = (rq_ranked){.variant = variant};
    if (x->variants[variant].reason) snprintf(row->reason, sizeof row->reason, "does not fit: %s", x->variants[variant].reason);
    for (int m = 0; m < RQ_METRICS; m++) {
        row->metric[m] = over_runs(runs, x->seeds, m);
        row->confirmed[m] = over_runs(runs + x->seeds, x->confirm, m);
    }
    for (int i = 0; i < x->seeds && !row->reason[0]; i++) {
        if (runs[i].reason[0])
            snprintf(row->reason, sizeof row->reason, "seed %llu: %.200s", (unsigned long long)runs[i].seed, runs[i].reason);
        else if (!runs[i].done) snprintf(row->reason, sizeof row->reason, "not finished");
    }
}

/* Is a before b? Without a result: after all others. Equal ones stay in the order of the file. */
static bool is_before(const rq_ranking *r, const rq_ranked *a, const rq_ranked *b)
{
    int m = rq_metric_named(r->x->rank);
    bool has_a = !a->reason[0] && isfinite(a->metric[m].mean), has_b = !b->reason[0] && isfinite(b->metric[m].mean);
    if (has_a != has_b) return has_a;
    if (!has_a) return a->variant < b->variant;
    double x = a->metric[m].mean, y = b->metric[m].mean;
    if (x != y) return rq_metric_is_loss(m) ? x < y : x > y;
    return a->variant < b->variant;
}

void rq_rank(rq_ranking *r)
{
    int n = r->x->variant_count, m = rq_metric_named(r->x->rank);
    for (int v = 0; v < n; v++) {
        rq_ranked row;
        int at = v;
        fill_row(r, v, &row);
        for (; at > 0 && is_before(r, &row, &r->rows[at - 1]); at--) r->rows[at] = r->rows[at - 1];
        r->rows[at] = row;
    }
    for (int i = 0; i < n; i++) r->rows[i].rank = !r->rows[i].reason[0] && isfinite(r->rows[i].metric[m].mean) ? i + 1 : 0;
}
