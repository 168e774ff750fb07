/* train.c: the training loop.
 *
 * Epoch e visits the training split in the order of stream (seed, batches, e), in batches of which the last may be smaller. A step's
 * loss is the mean over its samples, an epoch's the sample-weighted mean of its steps. Accuracies are taken after the epoch; the
 * probe batch before the first step and after each epoch. The result is the same for any number of threads.
 */
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "random.h"
#include "train/checkpoint.h"
#include "train/feed.h"
#include "train/probe.h"

typedef struct Training {
    const rq_model *m;
    const rq_train_settings *s;
    const rq_data *data;
    rq_params *params;
    const rq_sink *sinks;
    int sink_count;
    rq_result *result;
    const rq_function *f;
    rq_runner *runner;
    const void **bound;
    void **outputs;
    void **gradient; /* per group: its output, or NULL */
    void **of_batch; /* per group: the batch's value of a running statistic, or NULL */
    int64_t *order;
    int64_t batch;
    rq_feed feed;
    rq_optimizer_state state;
    rq_progress progress;
    rq_probe *probe;
    double started;
} Training;

static double real_at(const void *values, int64_t i, int real_bytes)
{
    return real_bytes == 4 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

/* The output KIND:PATH of a group, or NULL. */
static void *group_output(const Training *t, const char *kind, int group)
{
    char name[512];
    snprintf(name, sizeof name, "%s:%s", kind, t->m->params[group].path);
    int at = rq_leaf_find(t->f->outputs, t->f->output_count, name);
    return at >= 0 ? t->outputs[at] : NULL;
}

/* Where samples are coupled, every batch has two at least. */
static bool batches_ok(const Training *t, int64_t n, rq_error *err)
{
    const char *layer = rq_params_coupled(t->m);
    if (!layer || (n > 1 && t->batch > 1 && n % t->batch != 1)) return true;
    return rq_fail(err,
                   "layer '%s' takes the mean and variance of a batch, so one needs 2 samples or more; %lld training samples in batches of"
                   " %lld leave a batch of one: change 'batch' or the number of samples",
                   layer, (long long)n, (long long)t->batch);
}

static bool training_open(Training *t, rq_error *err)
{
    const rq_model *m = t->m;
    int64_t n = t->data->count[RQ_SPLIT_train];
    if (n == 0) return rq_fail(err, "data set '%s' has no training samples", t->data->name);
    t->batch = t->s->batch && t->s->batch < n ? t->s->batch : n;
    if (!batches_ok(t, n, err)) return false;
    t->f = m->function(m, RQ_FUNCTION_step, NULL, err);
    if (!t->f || !rq_feed_new(m, t->f, t->data, RQ_SPLIT_train, &t->feed, err)) return false;
    t->bound = rq_alloc_array(t->f->param_count, sizeof(void *), "training", err);
    t->gradient = rq_alloc_array((uint64_t)m->param_count, sizeof(void *), "training", err);
    t->of_batch = rq_alloc_array((uint64_t)m->param_count, sizeof(void *), "training", err);
    t->order = rq_alloc_array((uint64_t)n, sizeof(int64_t), "the order of samples", err);
    if (!t->bound || !t->gradient || !t->of_batch || !t->order || !rq_params_bind(t->params, t->f, t->bound, err)) return false;
    if (!rq_outputs_new(t->f, t->batch, &t->outputs, err) || !rq_runner_new(t->f, t->batch, t->s->threads, &t->runner, err) ||
        !rq_optimizer_state_new(&t->s->optimizer, t->params, &t->state, err))
        return false;
    for (int i = 0; i < m->param_count; i++) {
        t->gradient[i] = group_output(t, "grad", i);
        t->of_batch[i] = group_output(t, "batch", i);
    }
    t->feed.order = t->order;
    if (t->s->probe > 0 && !rq_probe_new(m, t->s, t->data, &t->probe, err)) return false;
    t->progress = (rq_progress){.best_score = NAN, .best_loss = NAN};
    rq_data_identity(t->data, t->progress.data, sizeof t->progress.data);
    if (!t->s->resume) return true;
    if (!rq_checkpoint_load(t->s->resume, t->params, &t->state, &t->progress, t->s, err)) return false;
    if (t->progress.epoch >= t->s->epochs)
        return rq_fail(err, "'%s' is complete: %lld of %lld epochs; --set %s.epochs=N trains on", t->s->resume,
                       (long long)t->progress.epoch, (long long)t->s->epochs, t->s->action);
    if (t->probe && t->progress.epoch) rq_probe_set_start(t->probe, t->progress.d_start);
    return true;
}

static void training_close(Training *t)
{
    rq_probe_free(t->probe);
    rq_runner_free(t->runner);
    if (t->f) rq_outputs_free(t->f, t->outputs);
    rq_optimizer_state_free(&t->state, t->params);
    rq_free(t->bound);
    rq_free(t->gradient);
    rq_free(t->of_batch);
    rq_free(t->order);
}

/* Finite are those that are 0 when taken from themselves. */
#define ALL_FINITE(name, real)                                                                                         \
    RQ_CLONES static bool name(const real *values, int64_t n)                                                          \
    {                                                                                                                  \
        int other = 0;                                                                                                 \
        for (int64_t i = 0; i < n; i++) other |= values[i] - values[i] != 0;                                           \
        return !other;                                                                                                 \
    }
ALL_FINITE(all_finite_f32, float)
ALL_FINITE(all_finite_f64, double)

static bool gradients_finite(const Training *t)
{
    for (int i = 0; i < t->m->param_count; i++) {
        int64_t n = t->m->params[i].count;
        if (!t->gradient[i]) continue;
        if (!(t->m->real_bytes == 4 ? all_finite_f32(t->gradient[i], n) : all_finite_f64(t->gradient[i], n))) return false;
    }
    return true;
}

static void real_scale(void *values, int64_t i, int real_bytes, double factor)
{
    if (real_bytes == 4) ((float *)values)[i] = (float)((double)((float *)values)[i] * factor);
    else ((double *)values)[i] *= factor;
}

/* Cuts elements of gradients at +-clip_value. */
static void clip_elements(const Training *t)
{
    for (int i = 0; i < t->m->param_count; i++)
        for (int64_t k = 0; t->gradient[i] && k < t->m->params[i].count; k++) {
            double size = fabs(real_at(t->gradient[i], k, t->m->real_bytes));
            if (size > t->s->clip_value) real_scale(t->gradient[i], k, t->m->real_bytes, t->s->clip_value / size);
        }
}

/* Scales all gradients down to the norm `clip` if theirs is larger. */
static void clip_gradients(const Training *t)
{
    double squares = 0;
    for (int i = 0; i < t->m->param_count; i++)
        for (int64_t k = 0; t->gradient[i] && k < t->m->params[i].count; k++) {
            double g = real_at(t->gradient[i], k, t->m->real_bytes);
            squares += g * g;
        }
    double norm = sqrt(squares);
    if (norm <= t->s->clip) return;
    for (int i = 0; i < t->m->param_count; i++)
        for (int64_t k = 0; t->gradient[i] && k < t->m->params[i].count; k++)
            real_scale(t->gradient[i], k, t->m->real_bytes, t->s->clip / norm);
}

double rq_schedule_factor(const rq_schedule *s, int64_t epoch, double share, int64_t epochs)
{
    if (epoch <= s->warmup) return ((double)(epoch - 1) + share) / (double)s->warmup;
    epoch -= s->warmup;
    epochs -= s->warmup;
    switch (s->kind) {
    case RQ_SCHEDULE_constant: return 1;
    case RQ_SCHEDULE_step: return pow(s->factor, (double)((epoch - 1) / s->every));
    case RQ_SCHEDULE_cosine: return s->floor + (1 - s->floor) * (1 + cos(M_PI * (double)(epoch - 1) / (double)epochs)) / 2;
    }
    return 1;
}

/* Running statistics follow those of the step's batch. */
static void move_statistics(const Training *t)
{
    for (int i = 0; i < t->m->param_count; i++)
        for (int64_t k = 0; t->of_batch[i] && k < t->m->params[i].count; k++) {
            double momentum = t->m->params[i].momentum, kept = rq_param_get(t->params, i, k);
            rq_param_set(t->params, i, k, (1 - momentum) * kept + momentum * real_at(t->of_batch[i], k, t->m->real_bytes));
        }
}

/* One step on samples order[first .. first+count), the rate times `factor`. Sets diverged instead of stepping when loss or gradient is not finite. */
static bool step(Training *t, double factor, int64_t first, int64_t count, double *loss, rq_error *err)
{
    t->feed.first = first;
    t->feed.seed = t->s->seed;
    t->feed.augments = true;
    t->feed.epoch = t->progress.epoch;
    t->feed.weight = 1 / (double)count;
    if (!rq_run(t->runner, count, t->bound, rq_feed_pack, &t->feed, t->outputs, err)) return false;
    if (!rq_checks_ok(t->f, t->outputs, count, 0, t->order + first, err)) return rq_fail_at(err, "training split");
    int at = rq_leaf_find(t->f->outputs, t->f->output_count, "loss");
    if (at < 0) return rq_fail(err, "function '%s' gives no loss", t->f->name);
    *loss = real_at(t->outputs[at], 0, t->m->real_bytes);
    if (!isfinite(*loss) || !gradients_finite(t)) {
        t->result->diverged = true;
        return true;
    }
    if (t->s->clip_value > 0) clip_elements(t);
    if (t->s->clip > 0) clip_gradients(t);
    rq_optimizer optimizer = t->s->optimizer;
    optimizer.rate *= factor;
    optimizer.epsilon *= factor;
    move_statistics(t);
    rq_optimizer_step(&optimizer, &t->state, t->params, t->gradient);
    return true;
}

static bool stopped(const Training *t) { return t->s->stop && *t->s->stop; }

static bool epoch_steps(Training *t, int64_t epoch, rq_epoch *out, rq_error *err)
{
    int64_t n = t->data->count[RQ_SPLIT_train];
    rq_random stream = rq_random_stream_id(t->s->seed, RQ_PURPOSE_batches, (uint64_t)epoch);
    rq_random_permutation(&stream, t->order, n);
    double begun = rq_now(), sum = 0;
    int64_t done = 0;
    for (int64_t first = 0; first < n && !stopped(t); first += t->batch) {
        int64_t count = n - first < t->batch ? n - first : t->batch;
        double loss = 0, share = (double)(first + count) / (double)n;
        double factor = rq_schedule_factor(&t->s->schedule, epoch, share, t->s->epochs);
        if (!step(t, factor, first, count, &loss, err)) return false;
        if (t->result->diverged) break;
        if (!t->result->first_step_seconds) t->result->first_step_seconds = rq_now() - t->started;
        sum += loss * (double)count;
        done += count;
        for (int k = 0; k < t->sink_count; k++)
            if (t->sinks[k].progress)
                t->sinks[k].progress(t->sinks[k].context, epoch, t->s->epochs, (double)done / (double)n, sum / (double)done);
    }
    out->seconds = rq_now() - begun;
    out->loss = done ? sum / (double)done : NAN;
    out->has_unitary = t->state.work != NULL;
    out->deviation = t->state.deviation;
    out->reorthogonalised = t->state.reorthogonalised;
    out->circuits_per_s = out->seconds > 0 ? (double)(t->m->circuits_per_sample * done) / out->seconds : 0;
    return true;
}

/* The mean over the samples of all splits. */
static double mean_of_splits(const rq_data *data, const rq_epoch *e)
{
    const double loss[RQ_SPLIT_COUNT] = {0, e->train_loss, e->val_loss, e->test_loss};
    double sum = 0;
    for (int k = RQ_SPLIT_train; k < RQ_SPLIT_COUNT; k++)
        if (data->count[k]) sum += loss[k] * (double)data->count[k];
    return sum / (double)data->total;
}

static bool evaluate_splits(Training *t, rq_epoch *e, rq_error *err)
{
    int threads = t->s->threads;
    if (t->data->labels || t->data->is_states) {
        if (!rq_evaluate(t->m, t->params, t->data, RQ_SPLIT_train, threads, &e->train_loss, &e->accuracy, NULL, err)) return false;
        e->has_accuracy = t->data->labels != NULL;
        e->has_train = t->data->is_states;
        t->result->train_loss = e->train_loss;
        t->result->train_accuracy = e->accuracy;
    }
    if (t->data->count[RQ_SPLIT_val] > 0) {
        if (!rq_evaluate(t->m, t->params, t->data, RQ_SPLIT_val, threads, &e->val_loss, &e->val_accuracy, NULL, err)) return false;
        e->has_val = true;
    }
    if (t->data->count[RQ_SPLIT_test] > 0) {
        if (!rq_evaluate(t->m, t->params, t->data, RQ_SPLIT_test, threads, &e->test_loss, &e->test_accuracy, NULL, err))
            return false;
        e->has_test = true;
    }
    e->all_loss = mean_of_splits(t->data, e);
    return true;
}

/* Keeps the best validation score and the lowest validation loss. */
static void note_best(Training *t, rq_epoch *e)
{
    rq_progress *p = &t->progress;
    p->epoch = e->epoch;
    if (!e->has_val) return;
    double score = e->has_accuracy ? e->val_accuracy : -e->val_loss;
    e->is_best = isnan(p->best_score) || score > p->best_score;
    if (e->is_best) p->best_score = score;
    p->since_best++;
    if (!isnan(p->best_loss) && !(e->val_loss < p->best_loss)) return;
    p->best_loss = e->val_loss;
    p->since_best = 0;
}

static bool tell_epoch(Training *t, const rq_epoch *e, rq_error *err)
{
    for (int k = 0; k < t->sink_count; k++)
        if (t->sinks[k].epoch && !t->sinks[k].epoch(t->sinks[k].context, e, err)) return false;
    return true;
}

/* Rounds are short: a gradient report and a checkpoint after each would take longer than the training. */
static bool is_kept(const rq_train_settings *s, int64_t epoch)
{
    int64_t every = s->batch ? 1 : (s->epochs + 49) / 50;
    return epoch % every == 0 || epoch == s->epochs;
}

static void note_result(rq_result *r, const rq_epoch *e)
{
    r->epochs_done = e->epoch;
    r->has_val = e->has_val, r->has_test = e->has_test, r->has_accuracy = e->has_accuracy, r->has_train = e->has_train;
    r->val_loss = e->val_loss, r->val_accuracy = e->val_accuracy;
    r->test_loss = e->test_loss, r->test_accuracy = e->test_accuracy;
    r->all_loss = e->all_loss;
}

static bool run_epochs(Training *t, rq_error *err)
{
    rq_result *r = t->result;
    r->epochs_done = t->progress.epoch;
    /* A run that ended within its first epoch begins anew. */
    if (t->probe && !t->progress.epoch && !rq_probe_run(t->probe, t->params, 0, t->sinks, t->sink_count, err)) return false;
    if (t->probe) t->progress.d_start = rq_probe_start(t->probe);
    for (int64_t epoch = t->progress.epoch + 1; epoch <= t->s->epochs; epoch++) {
        rq_epoch e = {.epoch = epoch, .epochs = t->s->epochs};
        if (!epoch_steps(t, epoch, &e, err)) return false;
        r->seconds += e.seconds;
        r->interrupted = stopped(t);
        if (r->interrupted || r->diverged) break;
        if (!evaluate_splits(t, &e, err)) return false;
        note_result(r, &e);
        note_best(t, &e);
        r->stopped_early = t->s->early_stop > 0 && e.has_val && t->progress.since_best >= t->s->early_stop;
        e.is_kept = is_kept(t->s, epoch) || r->stopped_early;
        if (t->probe && e.is_kept && !rq_probe_run(t->probe, t->params, epoch, t->sinks, t->sink_count, err)) return false;
        if (!tell_epoch(t, &e, err)) return false;
        if (r->stopped_early || epoch == t->s->stop_after) break;
    }
    return true;
}

/* The states' distances from their targets. An exploration ranks by losses and does without. */
static bool measure_distances(Training *t, rq_error *err)
{
    rq_result *r = t->result;
    if (t->s->variant[0] || r->interrupted || !r->has_train || !rq_distances_exist(t->m, t->data)) return true;
    for (rq_split split = RQ_SPLIT_train; split < RQ_SPLIT_COUNT; split++)
        if (t->data->count[split] &&
            !rq_distances(t->m, t->params, t->data, split, t->s->threads, &r->distance[split], err))
            return false;
    r->has_distances = true;
    return true;
}

bool rq_train(const rq_model *m, const rq_train_settings *s, const rq_data *data, rq_params *params, const rq_sink *sinks,
              int sink_count, rq_result *result, rq_error *err)
{
    Training t = {.m = m, .s = s, .data = data, .params = params, .sinks = sinks, .sink_count = sink_count, .result = result};
    *result = (rq_result){.test_samples = data->count[RQ_SPLIT_test]};
    t.started = rq_now();
    bool ok = training_open(&t, err);
    for (int k = 0; ok && k < sink_count; k++)
        ok = !sinks[k].start || sinks[k].start(sinks[k].context, m, s, data, params, &t.state, &t.progress, err);
    ok = ok && run_epochs(&t, err) && measure_distances(&t, err);
    for (int k = 0; ok && k < sink_count; k++)
        ok = !sinks[k].result || sinks[k].result(sinks[k].context, result, err);
    training_close(&t);
    return ok;
}
