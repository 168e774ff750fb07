/* distill.c: the outer loop. */
#include "distill/distill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "random.h"

/* Held-out networks that an epoch is judged by, where networks are drawn. */
enum { NETWORKS = 4 };

bool rq_distill_test(const rq_outer *o, rq_unroll *u, const double *rates, int64_t nets, rq_split split, double *mean, double *spread,
                     rq_error *err)
{
    double sum = 0, squares = 0, loss, accuracy;
    if (!o->d->nets) nets = 1;
    for (int64_t k = 0; k < nets; k++) {
        if (!rq_outer_network(o, -1, k, rq_unroll_start(u), err) || !rq_unroll_forward(u, rates, err) ||
            !rq_evaluate(o->d->model, rq_unroll_end(u), o->d->data, split, o->threads, &loss, &accuracy, NULL, err))
            return false;
        sum += accuracy;
        squares += accuracy * accuracy;
    }
    *mean = sum / (double)nets;
    *spread = nets > 1 ? sqrt(fmax(0, (squares - sum * *mean) / (double)(nets - 1))) : 0;
    return true;
}

/* What the loop keeps. */
typedef struct Loop {
    rq_outer *o;
    const rq_distill_options *options;
    rq_distill_record *record;
    rq_progress progress;
    double begun;
} Loop;

static bool stopped(const Loop *l) { return l->options->stop && *l->options->stop; }

/* Returns the end if the loop has to end: failed, interrupted or diverged; done to go on. */
static rq_distill_end one_epoch(Loop *l, int64_t epoch, rq_error *err)
{
    const rq_distillation *d = l->o->d;
    int64_t n = d->data->count[RQ_SPLIT_train], batches = (n + l->o->batch - 1) / l->o->batch, done = 0;
    rq_distill_epoch e = {.epoch = epoch, .val_accuracy = NAN};
    rq_random stream = rq_random_stream_id(d->seed, RQ_PURPOSE_batches, (uint64_t)epoch);
    rq_random_permutation(&stream, l->o->order, n);
    for (int64_t first = 0; first < n; first += l->o->batch) {
        int64_t count = n - first < l->o->batch ? n - first : l->o->batch, step = (epoch - 1) * batches + first / l->o->batch;
        double loss, factor = rq_schedule_factor(&d->schedule, epoch, (double)(first + count) / (double)n, d->epochs);
        if (stopped(l)) return RQ_DISTILL_interrupted;
        if (!rq_outer_step(l->o, step, first, count, factor, &loss, err)) return RQ_DISTILL_failed;
        if (isnan(loss)) {
            rq_fail(err, "the outer loss of epoch %lld, step %lld is not finite; the last epoch is saved in %s. A smaller rate may help, "
                         "as in --set %s.rate=%g", (long long)epoch, (long long)(first / l->o->batch + 1),
                    rq_distill_record_dir(l->record), d->name, d->rate / 2);
            return RQ_DISTILL_diverged;
        }
        done += count;
        e.loss += loss * (double)count / (double)n;
        rq_distill_record_progress(l->record, epoch, (double)done / (double)n, loss);
    }
    double unused;
    bool has_val = d->data->count[RQ_SPLIT_val] > 0;
    if (!rq_distill_test(l->o, l->o->unroll, l->o->rates, NETWORKS, RQ_SPLIT_test, &e.accuracy, &e.spread, err)) return RQ_DISTILL_failed;
    if (has_val && !rq_distill_test(l->o, l->o->unroll, l->o->rates, NETWORKS, RQ_SPLIT_val, &e.val_accuracy, &unused, err))
        return RQ_DISTILL_failed;
    bool is_best = has_val && !(e.val_accuracy <= l->progress.best_score);
    if (is_best) l->progress.best_score = e.val_accuracy;
    l->progress.epoch = epoch;
    e.seconds = rq_distill_record_seconds(l->record) + rq_now() - l->begun;
    return rq_distill_record_epoch(l->record, l->o, &l->progress, &e, is_best, err) ? RQ_DISTILL_done : RQ_DISTILL_failed;
}

static rq_distill_end finish(Loop *l, rq_error *err)
{
    rq_distill_score score[RQ_DISTILL_SCORES];
    if (!rq_distill_record_best(l->record, l->o, err)) return RQ_DISTILL_failed;
    int count = rq_distill_baselines(l->o, l->options, score, err);
    if (count == -2) return RQ_DISTILL_interrupted;
    return count >= 0 && rq_distill_record_scores(l->record, l->o, score, count, err) ? RQ_DISTILL_done : RQ_DISTILL_failed;
}

static bool data_fit(const rq_distillation *d, rq_error *err)
{
    const rq_data *data = d->data;
    if (!data->labels || !data->classes) return rq_fail(err, "data set '%s' has no labels, which distillation is about", data->name);
    if (!data->count[RQ_SPLIT_train] || !data->count[RQ_SPLIT_test])
        return rq_fail(err, "data set '%s' has %lld training and %lld test samples; distillation wants both", data->name,
                       (long long)data->count[RQ_SPLIT_train], (long long)data->count[RQ_SPLIT_test]);
    return true;
}

rq_distill_end rq_distill(const rq_distillation *d, const rq_distill_options *options, rq_error *err)
{
    rq_outer o = {0};
    Loop l = {.o = &o, .options = options, .progress = {.best_score = NAN, .best_loss = NAN}, .begun = rq_now()};
    rq_distill_end end = RQ_DISTILL_failed;
    rq_data_identity(d->data, l.progress.data, sizeof l.progress.data);
    bool ok = data_fit(d, err) && rq_outer_new(d, options->threads, &o, err);
    if (ok) l.record = rq_distill_record_new(d, options, err);
    ok = l.record && rq_distill_record_resume(l.record, &o, &l.progress, err);
    if (ok) end = RQ_DISTILL_done;
    for (int64_t epoch = l.progress.epoch + 1; epoch <= d->epochs && end == RQ_DISTILL_done; epoch++) end = one_epoch(&l, epoch, err);
    if (end == RQ_DISTILL_done) end = finish(&l, err);
    if (end == RQ_DISTILL_interrupted)
        fprintf(stderr, "rq: interrupted after %lld of %lld whole epochs; the same command with --out %s goes on\n",
                (long long)l.progress.epoch, (long long)d->epochs, rq_distill_record_dir(l.record));
    rq_distill_record_free(l.record);
    rq_outer_free(&o);
    return end;
}
