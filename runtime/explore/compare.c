/* compare.c: every two variants with a result, paired over seeds: initial values and the order of batches do not depend on the
 * variant, so what two runs of one seed differ by is the variant's doing.
 */
#include <math.h>
#include <string.h>

#include "explore/explore.h"

bool rq_compare(const rq_ranking *r, int metric, bool confirmed, rq_comparisons *out, rq_error *err)
{
    const rq_exploration *x = r->x;
    int from = confirmed ? x->seeds : 0, seeds = confirmed ? x->confirm : x->seeds;
    uint64_t n = 0;
    while ((int)n < x->variant_count && r->rows[n].rank && (!confirmed || r->rows[n].confirmed[metric].n)) n++;
    *out = (rq_comparisons){.metric = metric, .confirmed = confirmed, .rows = (int64_t)n, .count = (int64_t)(n * (n - !!n) / 2)};
    double *p = rq_alloc_array((uint64_t)out->count, sizeof *p, "the comparisons", err);
    int64_t *scratch = rq_alloc_array((uint64_t)out->count, sizeof *scratch, "the comparisons", err);
    out->pair = rq_alloc_array((uint64_t)out->count, sizeof *out->pair, "the comparisons", err);
    bool ok = p && scratch && out->pair;
    int64_t k = 0;
    for (uint64_t i = 0; i < n && ok; i++)
        for (uint64_t j = i + 1; j < n; j++, k++) {
            rq_comparison *c = &out->pair[k];
            *c = (rq_comparison){.a = r->rows[i].variant, .b = r->rows[j].variant};
            c->test = rq_paired_test(rq_values(r, metric, c->a) + from, rq_values(r, metric, c->b) + from, seeds);
            p[k] = c->test.p;
            out->family += !isnan(p[k]);
        }
    if (ok) rq_holm(p, out->count, scratch);
    for (k = 0; k < out->count && ok; k++) out->pair[k].p_holm = p[k];
    rq_free(p);
    rq_free(scratch);
    if (!ok) rq_comparisons_free(out);
    return ok;
}

void rq_comparisons_free(rq_comparisons *c)
{
    rq_free(c->pair);
    *c = (rq_comparisons){0};
}

const rq_comparison *rq_comparison_at(const rq_comparisons *c, int64_t i, int64_t j)
{
    if (i < 0 || i >= j || j >= c->rows) return NULL;
    return &c->pair[i * c->rows - i * (i + 1) / 2 + j - i - 1];
}

rq_interval rq_test_interval(const rq_exploration *x, int variant, int metric, double share)
{
    static const rq_split splits[] = {RQ_SPLIT_val, RQ_SPLIT_test, RQ_SPLIT_train};
    const rq_variant *v = &x->variants[variant];
    if (rq_metric_is_loss(metric) || !v->action) return (rq_interval){NAN, NAN};
    return rq_wilson(share, x->data[v->data].count[splits[metric / 2]]);
}
