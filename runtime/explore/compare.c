/* compare.c: every two variants with a result, paired over seeds: initial values and the order of batches do not depend on the
 * variant, so what two runs of one seed differ by is the variant's doing.
 */
#include <math.h>
#include <string.h>

#include "explore/explore.h"

static bool comparisons_new(rq_comparisons *c, uint64_t count, rq_error *err)
{
    c->pair = rq_alloc_array(count, sizeof *c->pair, "the comparisons", err);
    return c->pair != NULL;
}

static void compare_pair(const rq_ranking *r, rq_comparisons *all, int a, int b)
{
    int from = all->confirmed ? r->x->seeds : 0, seeds = all->confirmed ? r->x->confirm : r->x->seeds;
    rq_comparison *c = &all->pair[all->count++];
    *c = (rq_comparison){.a = a, .b = b};
    c->test = rq_paired_test(rq_values(r, all->metric, a) + from, rq_values(r, all->metric, b) + from, seeds);
    all->family += !isnan(c->test.p);
}

/* False: no memory; nothing is held then. */
static bool correct(rq_comparisons *all, rq_error *err)
{
    double *p = rq_alloc_array((uint64_t)all->count, sizeof *p, "the comparisons", err);
    int64_t *scratch = rq_alloc_array((uint64_t)all->count, sizeof *scratch, "the comparisons", err);
    bool ok = p && scratch;
    for (int64_t k = 0; k < all->count && ok; k++) p[k] = all->pair[k].test.p;
    if (ok) rq_holm(p, all->count, scratch);
    for (int64_t k = 0; k < all->count && ok; k++) all->pair[k].p_holm = p[k];
    rq_free(p);
    rq_free(scratch);
    if (!ok) rq_comparisons_free(all);
    return ok;
}

bool rq_compare(const rq_ranking *r, int metric, bool confirmed, rq_comparisons *out, rq_error *err)
{
    const rq_exploration *x = r->x;
    uint64_t n = 0;
    while ((int)n < x->variant_count && r->rows[n].rank && r->rows[n].rung == r->rows[0].rung && (!confirmed || r->rows[n].confirmed[metric].n)) n++;
    *out = (rq_comparisons){.metric = metric, .confirmed = confirmed, .rows = (int64_t)n};
    if (!comparisons_new(out, n * (n - !!n) / 2, err)) return false;
    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = i + 1; j < n; j++) compare_pair(r, out, r->rows[i].variant, r->rows[j].variant);
    return correct(out, err);
}

static const rq_ranked *row_of(const rq_ranking *r, int variant)
{
    for (int i = 0; i < r->x->variant_count; i++)
        if (r->rows[i].variant == variant) return &r->rows[i];
    return NULL;
}

bool rq_compare_ablations(const rq_ranking *r, int metric, rq_comparisons *out, rq_error *err)
{
    const rq_exploration *x = r->x;
    *out = (rq_comparisons){.metric = metric};
    if (!comparisons_new(out, (uint64_t)x->variant_count, err)) return false;
    for (int v = 0; v < x->variant_count; v++) {
        int base = x->variants[v].base;
        if (base >= 0 && r->rung[v] == r->rung[base] && row_of(r, v)->rank && row_of(r, base)->rank) compare_pair(r, out, base, v);
    }
    return correct(out, err);
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
