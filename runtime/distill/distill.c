/* distill.c: the outer loop. */
#include "distill/distill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "random.h"

enum { IMAGES, RATES, LABELS, UNKNOWNS };

/* Held-out networks that an epoch is judged by, where networks are drawn. */
enum { NETWORKS = 4 };

/* ---- the unknowns ---- */

static double softplus(double x) { return x > 30 ? x : log1p(exp(x)); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static rq_param unknown(const char *path, int64_t a, int64_t b)
{
    rq_param p = {.path = path, .rank = b ? 2 : 1, .dims = {a, b}, .count = b ? a * b : a, .init = RQ_INIT_zeros, .tied_to = -1};
    return p;
}

/* Row r is of class r mod C, so that a sheet has a column for each class. */
static void start_values(rq_outer *o)
{
    double *images = o->values.values[IMAGES], *rates = o->values.values[RATES], *labels = o->values.values[LABELS];
    rq_random stream = rq_random_stream(o->d->seed, RQ_PURPOSE_distill, "images");
    for (int64_t i = 0; i < o->row[IMAGES].count; i++) images[i] = rq_random_normal(&stream, (uint64_t)i);
    for (int64_t t = 0; t < o->steps; t++) rates[t] = log(expm1(o->d->rate));
    for (int64_t r = 0; r < o->count; r++) labels[r * o->d->data->classes + r % o->d->data->classes] = 1;
}

void rq_outer_update(rq_outer *o)
{
    const double *rates = o->values.values[RATES];
    for (int64_t t = 0; t < o->steps; t++) o->rates[t] = softplus(rates[t]);
}

static bool alloc_gradient(rq_outer *o, rq_error *err)
{
    for (int i = 0; i < UNKNOWNS; i++) {
        o->gradient[i] = rq_alloc_array((uint64_t)o->row[i].count, sizeof(double), "distillation", err);
        if (!o->gradient[i]) return false;
    }
    o->rates = rq_alloc_array((uint64_t)o->steps, sizeof(double), "distillation", err);
    return o->rates != NULL;
}

bool rq_outer_new(const rq_distillation *d, int threads, rq_outer *o, rq_error *err)
{
    int64_t each = d->images_per_class * d->data->classes;
    *o = (rq_outer){.d = d, .threads = threads, .steps = d->inner_steps * d->inner_epochs, .count = each * d->inner_steps};
    o->row[IMAGES] = unknown("images", o->count, d->data->size);
    o->row[RATES] = unknown("rates", o->steps, 0);
    o->row[LABELS] = unknown("labels", o->count, d->data->classes);
    o->row[LABELS].frozen = !d->trained_labels;
    o->unknowns = (rq_model){.name = d->model->name, .params = o->row, .param_count = UNKNOWNS, .real_bytes = 8};
    if (!rq_params_new(&o->unknowns, &o->values, err) || !rq_optimizer_state_new(&d->outer, &o->values, &o->state, err) ||
        !alloc_gradient(o, err))
        return false;
    rq_data *s = &o->synthetic.data;
    snprintf(s->name, sizeof s->name, "images");
    s->total = s->count[RQ_SPLIT_train] = o->count;
    s->ndim = d->data->ndim;
    memcpy(s->dims, d->data->dims, sizeof s->dims);
    s->size = d->data->size;
    s->channels = d->data->channels;
    s->reals = o->values.values[IMAGES];
    s->targets = o->values.values[LABELS];
    s->target_size = s->classes = d->data->classes;
    o->synthetic.sets = d->inner_steps;
    o->synthetic.each = each;
    start_values(o);
    rq_outer_update(o);
    return rq_unroll_new(d->model, &o->synthetic, o->steps, d->seed, threads, true, &o->unroll, err);
}

void rq_outer_free(rq_outer *o)
{
    rq_unroll_free(o->unroll);
    rq_optimizer_state_free(&o->state, &o->values);
    rq_params_free(&o->values);
    for (int i = 0; i < UNKNOWNS; i++) rq_free(o->gradient[i]);
    rq_free(o->rates);
}

bool rq_outer_network(const rq_outer *o, int64_t n, int64_t k, rq_params *out, rq_error *err)
{
    if (!o->d->nets) return rq_params_init(out, o->d->seed, err);
    rq_random stream = rq_random_stream_id(o->d->seed, RQ_PURPOSE_distill, (uint64_t)n);
    return rq_params_init(out, rq_random_u64(&stream, (uint64_t)k) >> 1, err);
}

/* ---- a step ---- */

/* The loss on real samples and its gradient. */
typedef struct Real {
    const rq_function *f;
    rq_runner *runner;
    const void **bound;
    void **outputs;
    rq_feed feed;
    int64_t *order, batch;
} Real;

static bool real_open(rq_outer *o, Real *r, rq_error *err)
{
    const rq_distillation *d = o->d;
    int64_t n = d->data->count[RQ_SPLIT_train];
    r->batch = d->batch < n ? d->batch : n;
    r->f = d->model->function(d->model, RQ_FUNCTION_step, NULL, err);
    if (!r->f || !rq_feed_new(d->model, r->f, d->data, RQ_SPLIT_train, &r->feed, err)) return false;
    r->bound = rq_alloc_array(r->f->param_count, sizeof(void *), "distillation", err);
    r->order = rq_alloc_array((uint64_t)n, sizeof(int64_t), "the order of samples", err);
    r->feed.order = r->order;
    r->feed.seed = d->seed;
    return r->bound && r->order && rq_outputs_new(r->f, r->batch, &r->outputs, err) &&
           rq_runner_new(r->f, r->batch, o->threads, &r->runner, err);
}

static void real_close(Real *r)
{
    rq_runner_free(r->runner);
    if (r->f) rq_outputs_free(r->f, r->outputs);
    rq_free(r->bound);
    rq_free(r->order);
}

/* Loss on samples order[first .. first + count) at w; its gradient becomes the direction. */
static bool real_step(Real *r, const rq_params *w, int64_t first, int64_t count, const rq_params *direction, double *loss, rq_error *err)
{
    r->feed.first = first;
    r->feed.weight = 1 / (double)count;
    if (!rq_params_bind(w, r->f, r->bound, err) || !rq_run(r->runner, count, r->bound, rq_feed_pack, &r->feed, r->outputs, err)) return false;
    if (!rq_checks_ok(r->f, r->outputs, count, 0, r->order + first, err)) return rq_fail_at(err, "training split");
    int at = rq_leaf_find(r->f->outputs, r->f->output_count, "loss");
    if (at < 0) return rq_fail(err, "function '%s' gives no loss", r->f->name);
    *loss = rq_output_get(r->f, r->outputs, at, 0, 0);
    for (int g = 0; g < w->model->param_count; g++) {
        char name[512];
        snprintf(name, sizeof name, "grad:%s", w->model->params[g].path);
        at = rq_leaf_find(r->f->outputs, r->f->output_count, name);
        for (int64_t i = 0; at >= 0 && i < w->model->params[g].count; i++)
            rq_param_set(direction, g, i, rq_output_get(r->f, r->outputs, at, 0, i));
    }
    return true;
}

static bool all_finite(const rq_outer *o)
{
    for (int p = 0; p < UNKNOWNS; p++)
        for (int64_t i = 0; i < o->row[p].count; i++)
            if (!isfinite(((double *)o->gradient[p])[i])) return false;
    return true;
}

/* Outer step number n. *loss is not finite if it diverged; nothing has changed then. */
static bool outer_step(rq_outer *o, Real *r, int64_t n, int64_t first, int64_t count, double factor, double *loss, rq_error *err)
{
    int64_t nets = o->d->nets ? o->d->nets : 1;
    for (int p = 0; p < UNKNOWNS; p++) memset(o->gradient[p], 0, (size_t)o->row[p].count * sizeof(double));
    *loss = 0;
    for (int64_t k = 0; k < nets; k++) {
        double own = 0;
        if (!rq_outer_network(o, n, k, rq_unroll_start(o->unroll), err) || !rq_unroll_forward(o->unroll, o->rates, err) ||
            !real_step(r, rq_unroll_end(o->unroll), first, count, rq_unroll_direction(o->unroll), &own, err) ||
            !rq_unroll_back(o->unroll, o->rates, 1 / (double)nets, o->gradient[RATES], o->gradient[IMAGES],
                            o->d->trained_labels ? o->gradient[LABELS] : NULL, err))
            return false;
        *loss += own / (double)nets;
    }
    double *d_rates = o->gradient[RATES], *rates = o->values.values[RATES];
    for (int64_t t = 0; t < o->steps; t++) d_rates[t] *= sigmoid(rates[t]);
    if (!isfinite(*loss) || !all_finite(o)) {
        *loss = NAN;
        return true;
    }
    void *gradient[] = {o->gradient[IMAGES], o->gradient[RATES], o->d->trained_labels ? o->gradient[LABELS] : NULL};
    rq_optimizer outer = o->d->outer;
    outer.rate *= factor;
    rq_optimizer_step(&outer, &o->state, &o->values, gradient);
    rq_outer_update(o);
    return true;
}

/* ---- epochs ---- */

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

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What the loop keeps. */
typedef struct Loop {
    rq_outer *o;
    const rq_distill_options *options;
    rq_distill_record *record;
    Real real;
    rq_progress progress;
    double begun;
} Loop;

static bool stopped(const Loop *l) { return l->options->stop && *l->options->stop; }

/* Returns the end if the loop has to end: failed, interrupted or diverged; done to go on. */
static rq_distill_end one_epoch(Loop *l, int64_t epoch, rq_error *err)
{
    const rq_distillation *d = l->o->d;
    int64_t n = d->data->count[RQ_SPLIT_train], batches = (n + l->real.batch - 1) / l->real.batch, done = 0;
    rq_distill_epoch e = {.epoch = epoch, .val_accuracy = NAN};
    rq_random stream = rq_random_stream_id(d->seed, RQ_PURPOSE_batches, (uint64_t)epoch);
    rq_random_permutation(&stream, l->real.order, n);
    for (int64_t first = 0; first < n; first += l->real.batch) {
        int64_t count = n - first < l->real.batch ? n - first : l->real.batch, step = (epoch - 1) * batches + first / l->real.batch;
        double loss, factor = rq_schedule_factor(&d->schedule, epoch, (double)(first + count) / (double)n, d->epochs);
        if (stopped(l)) return RQ_DISTILL_interrupted;
        if (!outer_step(l->o, &l->real, step, first, count, factor, &loss, err)) return RQ_DISTILL_failed;
        if (isnan(loss)) {
            rq_fail(err, "the outer loss of epoch %lld, step %lld is not finite; the last epoch is saved in %s. A smaller rate may help, "
                         "as in --set %s.rate=%g", (long long)epoch, (long long)(first / l->real.batch + 1),
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
    e.seconds = rq_distill_record_seconds(l->record) + now() - l->begun;
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
    Loop l = {.o = &o, .options = options, .progress = {.best_score = NAN, .best_loss = NAN}, .begun = now()};
    rq_distill_end end = RQ_DISTILL_failed;
    bool ok = data_fit(d, err) && rq_outer_new(d, options->threads, &o, err) && real_open(&o, &l.real, err);
    if (ok) l.record = rq_distill_record_new(d, options, err);
    ok = l.record && rq_distill_record_resume(l.record, &o, &l.progress, err);
    if (ok) end = RQ_DISTILL_done;
    for (int64_t epoch = l.progress.epoch + 1; epoch <= d->epochs && end == RQ_DISTILL_done; epoch++) end = one_epoch(&l, epoch, err);
    if (end == RQ_DISTILL_done) end = finish(&l, err);
    rq_distill_record_free(l.record);
    real_close(&l.real);
    rq_outer_free(&o);
    return end;
}
