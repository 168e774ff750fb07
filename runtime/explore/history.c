/* history.c: the runs of an exploration, and means over their seeds. */
#include "explore/history.h"

#include <math.h>
#include <string.h>


static bool read_run(const rq_ranking *r, const char *dir, int variant, int seed, rq_run_history *h, rq_error *err)
{
    const rq_model *m = r->x->variants[variant].action->model;
    int rung = r->rung[variant];
    int64_t ended = rung + 1 < r->plan.count && seed < r->x->seeds ? r->plan.rung[rung].epochs : 0;
    char *path = rq_record_path(dir, variant, r->x->seed + (uint64_t)seed, ended, true, err);
    if (!path) return false;
    bool is_there, ok = rq_run_history_read(h, path, m, &is_there, err);
    rq_free(path);
    return ok;
}

bool rq_histories_new(const rq_ranking *r, const char *dir, rq_histories *out, rq_error *err)
{
    int seeds = r->x->seeds + r->x->confirm;
    *out = (rq_histories){.ranking = r};
    out->run = rq_alloc_array((uint64_t)r->x->variant_count * (uint64_t)seeds, sizeof *out->run, "the history of the runs", err);
    bool ok = out->run != NULL;
    for (int v = 0; ok && v < r->x->variant_count; v++)
        for (int s = 0; ok && r->x->variants[v].action && s < seeds; s++) {
            rq_run_history *h = &out->run[(int64_t)v * seeds + s];
            ok = read_run(r, dir, v, s, h, err);
            if (h->epoch_count && h->epochs[h->epoch_count - 1].epoch > out->epochs) out->epochs = h->epochs[h->epoch_count - 1].epoch;
        }
    if (!ok) rq_histories_free(out);
    return ok;
}

void rq_histories_free(rq_histories *h)
{
    for (int i = 0; h->run && i < h->ranking->x->variant_count * (h->ranking->x->seeds + h->ranking->x->confirm); i++)
        rq_run_history_free(&h->run[i]);
    rq_free(h->run);
    *h = (rq_histories){0};
}

const rq_run_history *rq_histories_run(const rq_histories *h, int variant, int seed)
{
    return &h->run[(int64_t)variant * (h->ranking->x->seeds + h->ranking->x->confirm) + seed];
}

static double metric_of(const rq_epoch *e, int metric)
{
    const double values[RQ_METRICS] = {e->val_accuracy, e->val_loss, e->test_accuracy, e->test_loss, e->accuracy, e->loss};
    const bool has[RQ_METRICS] = {e->has_val && e->has_accuracy, e->has_val, e->has_test && e->has_accuracy, e->has_test, e->has_accuracy, true};
    return has[metric] ? values[metric] : NAN;
}

static double value_at(const rq_run_history *h, rq_quantity quantity, int metric, const char *layer, int64_t epoch)
{
    for (int64_t i = 0; quantity == RQ_QUANTITY_metric && i < h->epoch_count; i++)
        if (h->epochs[i].epoch == epoch) return metric_of(&h->epochs[i], metric);
    for (int64_t i = 0; quantity != RQ_QUANTITY_metric && i < h->stat_count; i++)
        if (h->stats[i].epoch == epoch && !strcmp(h->stats[i].layer->name, layer))
            return quantity == RQ_QUANTITY_rms ? log(h->stats[i].rms) : h->stats[i].snr;
    return NAN;
}

rq_estimate rq_histories_at(const rq_histories *h, int variant, rq_quantity quantity, int metric, const char *layer, int64_t epoch)
{
    int seeds = h->ranking->x->seeds;
    double values[256];
    int n = seeds < 256 ? seeds : 256;
    for (int s = 0; s < n; s++) values[s] = value_at(rq_histories_run(h, variant, s), quantity, metric, layer, epoch);
    rq_estimate e = rq_estimate_of(values, n);
    if (quantity == RQ_QUANTITY_rms) e.mean = exp(e.mean), e.low = exp(e.low), e.high = exp(e.high);
    return e;
}
