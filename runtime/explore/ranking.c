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

double *rq_values(const rq_ranking *r, int metric, int variant)
{
    int runs = r->x->seeds + r->x->confirm;
    return &r->values[((int64_t)metric * r->x->variant_count + variant) * runs];
}

bool rq_ranking_new(const rq_exploration *x, const rq_explored *runs, rq_ranking *out, rq_error *err)
{
    uint64_t n = (uint64_t)x->variant_count, each = (uint64_t)(x->seeds + x->confirm) * RQ_METRICS;
    *out = (rq_ranking){.x = x, .runs = runs};
    out->rung = rq_alloc_array(n, sizeof *out->rung, "the ranking", err);
    out->rows = rq_alloc_array(n, sizeof *out->rows, "the ranking", err);
    out->values = rq_alloc_array(n * each, sizeof *out->values, "the ranking", err);
    return out->rows && out->values && out->rung;
}

void rq_ranking_free(rq_ranking *r)
{
    rq_free(r->rows);
    rq_free(r->values);
    rq_free(r->rung);
    *r = (rq_ranking){0};
}

static void fill_row(const rq_ranking *r, int variant, rq_ranked *row)
{
    const rq_exploration *x = r->x;
    const rq_explored *runs = r->runs + (size_t)variant * (size_t)(x->seeds + x->confirm);
    *row = (rq_ranked){.variant = variant, .rung = r->rung[variant]};
    if (row->rung + 1 < r->plan.count) row->ended = r->plan.rung[row->rung].epochs;
    if (x->variants[variant].reason) snprintf(row->reason, sizeof row->reason, "does not fit: %s", x->variants[variant].reason);
    for (int m = 0; m < RQ_METRICS; m++) {
        double *values = rq_values(r, m, variant);
        for (int i = 0; i < x->seeds + x->confirm; i++) values[i] = runs[i].done ? runs[i].metric[m] : NAN;
        row->metric[m] = rq_estimate_of(values, x->seeds);
        row->confirmed[m] = rq_estimate_of(values + x->seeds, x->confirm);
    }
    for (int i = 0; i < x->seeds && !row->reason[0]; i++) {
        if (runs[i].reason[0])
            snprintf(row->reason, sizeof row->reason, "seed %llu: %.200s", (unsigned long long)runs[i].seed, runs[i].reason);
        else if (!runs[i].done && !r->so_far) snprintf(row->reason, sizeof row->reason, "not finished");
    }
}

/* Is a before b? Without a result: after all others. Equal ones stay in the order of the file. */
static bool is_before(const rq_ranking *r, const rq_ranked *a, const rq_ranked *b)
{
    int m = rq_metric_named(r->x->rank);
    bool has_a = !a->reason[0] && isfinite(a->metric[m].mean), has_b = !b->reason[0] && isfinite(b->metric[m].mean);
    if (has_a != has_b) return has_a;
    if (!has_a) return a->variant < b->variant;
    if (a->rung != b->rung) return a->rung > b->rung;
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
