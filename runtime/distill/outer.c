/* outer.c: the unknowns of a distillation, and one step on them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "distill/distill.h"
#include "random.h"

/* ---- the unknowns ---- */

static double softplus(double x) { return x > 30 ? x : log1p(exp(x)); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* Trained labels of a loss on classes are distributions: softmax of the unknowns. */
static bool is_softmax(const rq_distillation *d) { return d->trained_labels && strcmp(d->loss, "mse") != 0; }

/* y = softmax(z) */
static void softmax(const double *z, int64_t n, double *y)
{
    double most = z[0], sum = 0;
    for (int64_t k = 1; k < n; k++) most = fmax(most, z[k]);
    for (int64_t k = 0; k < n; k++) sum += y[k] = exp(z[k] - most);
    for (int64_t k = 0; k < n; k++) y[k] /= sum;
}

/* dL/dz in place of dL/dy: y (dy - <y, dy>) */
static void softmax_back(const double *y, int64_t n, double *dy)
{
    double along = 0;
    for (int64_t k = 0; k < n; k++) along += y[k] * dy[k];
    for (int64_t k = 0; k < n; k++) dy[k] = y[k] * (dy[k] - along);
}

static rq_param unknown(const char *path, int64_t a, int64_t b)
{
    rq_param p = {.path = path, .rank = b ? 2 : 1, .dims = {a, b}, .count = b ? a * b : a, .init = RQ_INIT_zeros, .tied_to = -1};
    return p;
}

/* Row r is of class r mod C, so that a sheet has a column for each class. */
static void start_values(rq_outer *o)
{
    double *images = o->values.values[RQ_OUTER_images], *rates = o->values.values[RQ_OUTER_rates], *labels = o->values.values[RQ_OUTER_labels];
    rq_random stream = rq_random_stream(o->d->seed, RQ_PURPOSE_distill, "images");
    for (int64_t i = 0; i < o->row[RQ_OUTER_images].count; i++) images[i] = rq_random_normal(&stream, (uint64_t)i);
    for (int64_t t = 0; t < o->steps; t++) rates[t] = log(expm1(o->d->rate));
    int64_t classes = o->d->data->classes;
    double own = is_softmax(o->d) ? log(9 * (double)(classes - 1)) : 1; /* a share of 0.9 */
    for (int64_t r = 0; r < o->count; r++) labels[r * classes + r % classes] = own;
}

void rq_outer_update(rq_outer *o)
{
    const double *rates = o->values.values[RQ_OUTER_rates];
    for (int64_t t = 0; t < o->steps; t++) o->rates[t] = softplus(rates[t]);
    const double *labels = o->values.values[RQ_OUTER_labels];
    int64_t classes = o->d->data->classes;
    if (!is_softmax(o->d)) memcpy(o->labels, labels, (size_t)(o->count * classes) * sizeof *labels);
    else
        for (int64_t r = 0; r < o->count; r++) softmax(labels + r * classes, classes, o->labels + r * classes);
}

static bool alloc_gradient(rq_outer *o, rq_error *err)
{
    for (int i = 0; i < RQ_OUTER_COUNT; i++) {
        o->gradient[i] = rq_alloc_array((uint64_t)o->row[i].count, sizeof(double), "distillation", err);
        if (!o->gradient[i]) return false;
    }
    o->rates = rq_alloc_array((uint64_t)o->steps, sizeof(double), "distillation", err);
    o->labels = rq_alloc_array((uint64_t)o->row[RQ_OUTER_labels].count, sizeof(double), "distillation", err);
    return o->rates && o->labels;
}

/* ---- the loss on real samples ---- */

/* The loss on real samples and its gradient. */
struct rq_real {
    const rq_function *f;
    rq_runner *runner;
    const void **bound;
    void **outputs;
    rq_feed feed;
};

static bool real_open(rq_outer *o, rq_error *err)
{
    const rq_distillation *d = o->d;
    int64_t n = d->data->count[RQ_SPLIT_train];
    rq_real *r = o->real = rq_alloc_array(1, sizeof *r, "distillation", err);
    if (!r) return false;
    o->batch = d->batch < n ? d->batch : n;
    o->order = rq_alloc_array((uint64_t)n, sizeof(int64_t), "the order of samples", err);
    for (int64_t i = 0; o->order && i < n; i++) o->order[i] = i;
    r->f = d->model->function(d->model, RQ_FUNCTION_step, NULL, err);
    if (!o->order || !r->f || !rq_feed_new(d->model, r->f, d->data, RQ_SPLIT_train, &r->feed, err)) return false;
    r->bound = rq_alloc_array(r->f->param_count, sizeof(void *), "distillation", err);
    r->feed.order = o->order;
    r->feed.seed = d->seed;
    r->feed.augments = true;
    return r->bound && rq_outputs_new(r->f, o->batch, &r->outputs, err) && rq_runner_new(r->f, o->batch, o->threads, &r->runner, err);
}

static void real_close(rq_real *r)
{
    if (!r) return;
    rq_runner_free(r->runner);
    if (r->f) rq_outputs_free(r->f, r->outputs);
    rq_free(r->bound);
    rq_free(r);
}

/* Loss on samples order[first .. first + count) at the end of the inner steps; its gradient becomes the direction. */
static bool real_step(rq_outer *o, int64_t n, int64_t first, int64_t count, double *loss, rq_error *err)
{
    rq_real *r = o->real;
    const rq_params *w = rq_unroll_end(o->unroll), *direction = rq_unroll_direction(o->unroll);
    r->feed.first = first;
    r->feed.epoch = n;
    r->feed.weight = 1 / (double)count;
    if (!rq_params_bind(w, r->f, r->bound, err) || !rq_run(r->runner, count, r->bound, rq_feed_pack, &r->feed, r->outputs, err)) return false;
    if (!rq_checks_ok(r->f, r->outputs, count, 0, o->order + first, err)) return rq_fail_at(err, "training split");
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

bool rq_outer_new(const rq_distillation *d, int threads, rq_outer *o, rq_error *err)
{
    int64_t each = d->images_per_class * d->data->classes;
    *o = (rq_outer){.d = d, .threads = threads, .steps = d->inner_steps * d->inner_epochs, .count = each * d->inner_steps};
    o->row[RQ_OUTER_images] = unknown("images", o->count, d->data->size);
    o->row[RQ_OUTER_rates] = unknown("rates", o->steps, 0);
    o->row[RQ_OUTER_labels] = unknown("labels", o->count, d->data->classes);
    o->row[RQ_OUTER_labels].frozen = !d->trained_labels;
    o->unknowns = (rq_model){.name = d->model->name, .params = o->row, .param_count = RQ_OUTER_COUNT, .real_bytes = 8};
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
    s->reals = o->values.values[RQ_OUTER_images];
    s->targets = o->labels;
    s->target_size = s->classes = d->data->classes;
    o->synthetic.sets = d->inner_steps;
    o->synthetic.each = each;
    start_values(o);
    rq_outer_update(o);
    return rq_unroll_new(d->model, &o->synthetic, o->steps, d->seed, threads, true, &o->unroll, err) && real_open(o, err);
}

void rq_outer_free(rq_outer *o)
{
    rq_unroll_free(o->unroll);
    real_close(o->real);
    rq_free(o->order);
    rq_optimizer_state_free(&o->state, &o->values);
    rq_params_free(&o->values);
    for (int i = 0; i < RQ_OUTER_COUNT; i++) rq_free(o->gradient[i]);
    rq_free(o->rates);
    rq_free(o->labels);
}

bool rq_outer_network(const rq_outer *o, int64_t n, int64_t k, rq_params *out, rq_error *err)
{
    if (!o->d->nets) return rq_params_init(out, o->d->seed, err);
    rq_random stream = rq_random_stream_id(o->d->seed, RQ_PURPOSE_distill, (uint64_t)n);
    return rq_params_init(out, rq_random_u64(&stream, (uint64_t)k) >> 1, err);
}

/* ---- a step ---- */

static bool all_finite(const rq_outer *o)
{
    for (int p = 0; p < RQ_OUTER_COUNT; p++)
        for (int64_t i = 0; i < o->row[p].count; i++)
            if (!isfinite(((double *)o->gradient[p])[i])) return false;
    return true;
}

bool rq_outer_gradient(rq_outer *o, int64_t n, int64_t first, int64_t count, double *loss, rq_error *err)
{
    int64_t nets = o->d->nets ? o->d->nets : 1;
    for (int p = 0; p < RQ_OUTER_COUNT; p++) memset(o->gradient[p], 0, (size_t)o->row[p].count * sizeof(double));
    *loss = 0;
    for (int64_t k = 0; k < nets; k++) {
        double own = 0;
        if (!rq_outer_network(o, n, k, rq_unroll_start(o->unroll), err) || !rq_unroll_forward(o->unroll, o->rates, err) ||
            !real_step(o, n, first, count, &own, err) ||
            !rq_unroll_back(o->unroll, o->rates, 1 / (double)nets, o->gradient[RQ_OUTER_rates], o->gradient[RQ_OUTER_images],
                            o->d->trained_labels ? o->gradient[RQ_OUTER_labels] : NULL, err))
            return false;
        *loss += own / (double)nets;
    }
    double *d_rates = o->gradient[RQ_OUTER_rates], *rates = o->values.values[RQ_OUTER_rates];
    for (int64_t t = 0; t < o->steps; t++) d_rates[t] *= sigmoid(rates[t]);
    double *d_labels = o->gradient[RQ_OUTER_labels];
    int64_t classes = o->d->data->classes;
    for (int64_t r = 0; is_softmax(o->d) && r < o->count; r++) softmax_back(o->labels + r * classes, classes, d_labels + r * classes);
    return true;
}

bool rq_outer_step(rq_outer *o, int64_t n, int64_t first, int64_t count, double factor, double *loss, rq_error *err)
{
    if (!rq_outer_gradient(o, n, first, count, loss, err)) return false;
    if (!isfinite(*loss) || !all_finite(o)) {
        *loss = NAN;
        return true;
    }
    void *gradient[] = {o->gradient[RQ_OUTER_images], o->gradient[RQ_OUTER_rates], o->d->trained_labels ? o->gradient[RQ_OUTER_labels] : NULL};
    rq_optimizer outer = o->d->outer;
    outer.rate *= factor;
    rq_optimizer_step(&outer, &o->state, &o->values, gradient);
    rq_outer_update(o);
    return true;
}
