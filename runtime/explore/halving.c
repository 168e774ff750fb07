/* halving.c: the plan of successive halving (Karnin, Koren, Somekh 2013; Jamieson, Talwalkar 2016).
 *
 * With r rungs the last has all epochs E and each before it half as many; the first has all n variants and each after it half of
 * them:  n, n/2, n/4, ... (rounded up)  for  E/2^(r-1), ..., E/2, E epochs (rounded up).  A rung goes on where the one before ended.
 */
#include "explore/halving.h"

#include <stdio.h>

static int64_t half_of(int64_t n, int times)
{
    for (int i = 0; i < times; i++) n = (n + 1) / 2;
    return n;
}

/* False: so many rungs do not get epochs or variants of their own. */
static bool plan(int variants, int seeds, int64_t epochs, int rungs, rq_halving *out)
{
    int64_t before = 0;
    out->count = rungs;
    out->epochs = 0;
    for (int k = 0; k < rungs; k++) {
        rq_rung *r = &out->rung[k];
        *r = (rq_rung){(int)half_of(variants, k), half_of(epochs, rungs - 1 - k)};
        if (r->epochs <= before || (k && r->variants == out->rung[k - 1].variants)) return false;
        out->epochs += (r->epochs - before) * r->variants * seeds;
        before = r->epochs;
    }
    return true;
}

bool rq_halving_plan(int variants, int seeds, int64_t epochs, int64_t budget, rq_halving *out)
{
    rq_halving best = {.least = INT64_MAX};
    bool found = false;
    for (int rungs = 1; rungs <= RQ_RUNGS && !found; rungs++) {
        rq_halving h = {0};
        if (!plan(variants, seeds, epochs, rungs, &h)) break;
        if (h.epochs < best.least) best.least = h.epochs;
        found = !budget || h.epochs <= budget;
        if (found) h.least = best.least, best = h;
    }
    *out = best;
    return found;
}

size_t rq_halving_text(const rq_halving *h, char *out, size_t size)
{
    size_t at = 0;
    for (int k = 0; k < h->count && at < size; k++)
        at += (size_t)snprintf(out + at, size - at, k ? ", %d x %lld" : "%d variants x %lld epoch%s", h->rung[k].variants,
                               (long long)h->rung[k].epochs, h->rung[k].epochs == 1 ? "" : "s");
    return at < size ? at : size - 1;
}
