/* evaluate.c: loss and accuracy over a split, and a layer's value for given samples, in blocks of bounded memory. */
#include <math.h>
#include <string.h>

#include "train/feed.h"
#include "train/train.h"

enum { BLOCK = 512 };

/* All that one function needs to be called again and again. */
typedef struct Call {
    const rq_function *f;
    rq_runner *runner;
    const void **params;
    void **outputs;
} Call;

static void call_close(Call *c)
{
    rq_runner_free(c->runner);
    rq_free(c->params);
    if (c->f) rq_outputs_free(c->f, c->outputs);
    *c = (Call){0};
}

static bool call_open(const rq_model *m, const rq_params *p, rq_function_kind kind, const char *layer, int64_t samples,
                      int threads, Call *c, rq_error *err)
{
    *c = (Call){.f = m->function(m, kind, layer, err)};
    if (!c->f) return false;
    c->params = rq_alloc_array(c->f->param_count, sizeof(void *), "a call", err);
    if (c->params && rq_params_bind(p, c->f, c->params, err) && rq_outputs_new(c->f, samples, &c->outputs, err) &&
        rq_runner_new(c->f, samples, threads, &c->runner, err))
        return true;
    call_close(c);
    return false;
}

bool rq_checks_ok(const rq_function *f, void *const *outputs, int64_t samples, int64_t first, const int64_t *numbers, rq_error *err)
{
    for (uint32_t i = 0; i < f->output_count; i++) {
        if (strncmp(f->outputs[i].name, "check:", 6) || !outputs[i]) continue;
        for (int64_t s = 0; s < samples; s++)
            for (int64_t e = 0; e < f->outputs[i].reals; e++)
                if (rq_output_get(f, outputs, (int)i, s, e) == 0)
                    return rq_fail(err,
                                   "sample %lld: a zero vector cannot be amplitude-encoded in layer '%s' (patch %lld);"
                                   " write amplitude(zero: ground) to start such patches in |0..0>",
                                   (long long)(numbers ? numbers[s] : first + s), f->outputs[i].name + 6, (long long)e);
    }
    return true;
}

static int64_t argmax(const rq_function *f, void *const *outputs, int i, int64_t sample)
{
    int64_t best = 0;
    for (int64_t k = 1; k < f->outputs[i].reals; k++)
        if (rq_output_get(f, outputs, i, sample, k) > rq_output_get(f, outputs, i, sample, best)) best = k;
    return best;
}

/* Adds up one block's losses and hits. */
static bool evaluate_block(Call *c, rq_feed *feed, int64_t samples, double *loss, int64_t *hits, double *output, rq_error *err)
{
    const rq_function *f = c->f;
    int at_loss = rq_leaf_find(f->outputs, f->output_count, "loss"), at_output = rq_leaf_find(f->outputs, f->output_count, "output");
    if (!rq_run(c->runner, samples, c->params, rq_feed_pack, feed, c->outputs, err)) return false;
    if (at_loss < 0 || at_output < 0) return rq_fail(err, "function '%s' gives no loss or no output", f->name);
    int64_t reals = f->outputs[at_output].reals;
    for (int64_t s = 0; s < samples; s++) {
        *loss += rq_output_get(f, c->outputs, at_loss, s, 0);
        if (feed->data->labels)
            *hits += argmax(f, c->outputs, at_output, s) == rq_data_label(feed->data, feed->split, feed->first + s);
        for (int64_t k = 0; output && k < reals; k++)
            output[(feed->first + s) * reals + k] = rq_output_get(f, c->outputs, at_output, s, k);
    }
    return rq_checks_ok(f, c->outputs, samples, feed->first, NULL, err) || rq_fail_at(err, "%s split", rq_split_names[feed->split]);
}

bool rq_evaluate(const rq_model *m, const rq_params *params, const rq_data *data, rq_split split, int threads, double *loss,
                 double *accuracy, double *output, rq_error *err)
{
    int64_t n = data->count[split], hits = 0;
    *loss = *accuracy = NAN;
    if (n == 0) return rq_fail(err, "data set '%s' has no samples in its %s split", data->name, rq_split_names[split]);
    Call c;
    rq_feed feed;
    if (!call_open(m, params, RQ_FUNCTION_eval, NULL, n < BLOCK ? n : BLOCK, threads, &c, err)) return false;
    bool ok = rq_feed_new(m, c.f, data, split, &feed, err);
    double sum = 0;
    for (int64_t first = 0; ok && first < n; first += BLOCK) {
        feed.first = first;
        ok = evaluate_block(&c, &feed, n - first < BLOCK ? n - first : BLOCK, &sum, &hits, output, err);
    }
    call_close(&c);
    if (!ok) return false;
    *loss = sum / (double)n;
    if (data->labels) *accuracy = (double)hits / (double)n;
    return true;
}

/* Samples in rows as a function's only input. */
typedef struct Rows {
    const double *values;
    int64_t reals, first;
    int real_bytes;
} Rows;

static void rows_pack(void *context, int input, int64_t first, int count, int lanes, void *out)
{
    const Rows *r = context;
    (void)input;
    for (int64_t e = 0; e < r->reals; e++)
        for (int l = 0; l < lanes; l++) {
            int64_t s = r->first + first + (l < count ? l : count - 1);
            double x = r->values[s * r->reals + e];
            if (r->real_bytes == 4) ((float *)out)[e * lanes + l] = (float)x;
            else ((double *)out)[e * lanes + l] = x;
        }
}

bool rq_predict(const rq_model *m, const rq_params *params, const char *layer, const double *input, int64_t samples, int threads,
                double **out, int64_t *reals, rq_error *err)
{
    Call c;
    *out = NULL;
    if (!call_open(m, params, RQ_FUNCTION_layer, layer, samples < BLOCK ? samples : BLOCK, threads, &c, err)) return false;
    int value = -1;
    for (uint32_t i = 0; i < c.f->output_count; i++)
        if (!strncmp(c.f->outputs[i].name, "value:", 6)) value = (int)i;
    Rows rows = {.values = input, .reals = m->input_reals, .real_bytes = c.f->real_bytes};
    bool ok = value >= 0 || rq_fail(err, "function '%s' gives no value", c.f->name);
    if (ok) {
        *reals = c.f->outputs[value].reals;
        *out = rq_alloc_array((uint64_t)samples, (uint64_t)*reals * sizeof(double), "the prediction", err);
        ok = *out != NULL;
    }
    for (int64_t first = 0; ok && first < samples; first += BLOCK) {
        int64_t n = samples - first < BLOCK ? samples - first : BLOCK;
        rows.first = first;
        ok = rq_run(c.runner, n, c.params, rows_pack, &rows, c.outputs, err) && rq_checks_ok(c.f, c.outputs, n, first, NULL, err);
        for (int64_t s = 0; ok && s < n; s++)
            for (int64_t k = 0; k < *reals; k++)
                (*out)[(first + s) * *reals + k] = rq_output_get(c.f, c.outputs, value, s, k);
    }
    call_close(&c);
    if (!ok) {
        rq_free(*out);
        *out = NULL;
    }
    return ok;
}
