/* sample.c: draws of parameters through the compiled function, block by block.
 *
 * Sample number s of a call is data sample s mod N with draw s div N, N the samples of the data; the derivative of a draw is the mean
 * over its samples, added up in their order.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "scan/scan.h"
#include "train/feed.h"
#include "train/params.h"
#include "train/train.h"

enum { CALL_LANES = 8192, CALL_REALS = 1 << 22, FIRST_TEST = 16384 };

struct rq_sampler {
    const rq_scan_point *point;
    rq_data data;
    const rq_function *f;
    rq_runner *runner;
    void **outputs;
    rq_feed feed;
    int64_t *order;      /* [draws of a call][N]: 0 .. N-1 again and again */
    int64_t call_draws;
    rq_random *streams;  /* of each group */
    int64_t reals, work; /* of all groups together; most that a draw of one needs */
    int params_input, gradient_output;
    int64_t first_draw;  /* of the call */
    atomic_int no_memory;
    double *gradient;    /* [RQ_SCAN_BLOCK][elements] */
    rq_tally tally;
};

/* ---- one call ---- */

static void put(const rq_sampler *p, void *out, int64_t at, double x)
{
    if (p->f->real_bytes == 4) ((float *)out)[at] = (float)x;
    else ((double *)out)[at] = x;
}

/* values[reals]: all groups of one draw. */
static void draw_params(const rq_sampler *p, int64_t draw, double *values, double *work)
{
    const rq_model *m = p->point->model;
    int64_t at = 0;
    for (int i = 0; i < m->param_count; i++) {
        if (m->params[i].tied_to >= 0) continue;
        rq_param_draw(&m->params[i], &p->streams[i], draw, values + at, work);
        at += m->params[i].count;
    }
}

static void pack_params(rq_sampler *p, int64_t first, int count, int lanes, void *out)
{
    int64_t n = p->data.count[RQ_SPLIT_train], drawn = -1;
    double *values = rq_alloc((size_t)(p->reals + p->work) * sizeof *values);
    if (!values) {
        atomic_store(&p->no_memory, 1);
        memset(out, 0, (size_t)(p->reals * lanes * p->f->real_bytes));
        return;
    }
    for (int l = 0; l < lanes; l++) {
        int64_t draw = p->first_draw + (first + (l < count ? l : count - 1)) / n;
        if (draw != drawn) draw_params(p, draw, values, values + p->reals);
        drawn = draw;
        for (int64_t e = 0; e < p->reals; e++) put(p, out, e * lanes + l, values[e]);
    }
    rq_free(values);
}

static void pack(void *context, int input, int64_t first, int count, int lanes, void *out)
{
    rq_sampler *p = context;
    if (input == p->params_input) pack_params(p, first, count, lanes, out);
    else rq_feed_pack(&p->feed, input, first, count, lanes, out);
}

/* The mean over the samples of draw number d of the call. */
static double derivative(const rq_sampler *p, int64_t d, int64_t element)
{
    int64_t n = p->data.count[RQ_SPLIT_train];
    double sum = 0;
    for (int64_t s = 0; s < n; s++) sum += rq_output_get(p->f, p->outputs, p->gradient_output, d * n + s, element);
    return sum / (double)n;
}

/* `count` draws from first_draw on, to rows `at` .. of p->gradient. */
static bool call(rq_sampler *p, int64_t count, int64_t at, rq_error *err)
{
    int64_t n = p->data.count[RQ_SPLIT_train], elements = p->point->element_count;
    if (!rq_run(p->runner, count * n, NULL, pack, p, p->outputs, err)) return false;
    if (atomic_load(&p->no_memory)) return rq_fail(err, "no memory for the parameters of '%s'", p->point->model->name);
    if (!rq_checks_ok(p->f, p->outputs, count * n, 0, p->order, err)) return false;
    for (int64_t d = 0; d < count; d++)
        for (int64_t e = 0; e < elements; e++) {
            double g = derivative(p, d, e);
            if (!isfinite(g))
                return rq_fail(err, "the derivative by %s is %g at draw %lld of %s", p->point->elements[e], g, (long long)(p->first_draw + d),
                               p->point->label[0] ? p->point->label : "the scan");
            p->gradient[(at + d) * elements + e] = g;
        }
    return true;
}

/* ---- when to stop ---- */

/* Two successive tests, at S = 2^k from 16,384 on, of every element; one whose derivative is always 0 has no error. */
static bool is_exact_enough(rq_sampler *p)
{
    int64_t drawn = p->tally.moments[0].n;
    if (p->point->error <= 0 || drawn < FIRST_TEST || (drawn & (drawn - 1))) return false;
    bool passes = true;
    for (int e = 0; e < p->point->element_count; e++) {
        const rq_moments *m = &p->tally.moments[e];
        if (m->zeros < m->n && !(rq_moments_error(m) < p->point->error)) passes = false;
    }
    p->tally.passes = passes ? p->tally.passes + 1 : 0;
    return p->tally.passes >= 2;
}

bool rq_sampler_block(rq_sampler *p, bool *is_done, rq_error *err)
{
    int64_t drawn = p->tally.moments[0].n, left = p->point->samples - drawn, elements = p->point->element_count;
    int64_t count = left < RQ_SCAN_BLOCK ? left : RQ_SCAN_BLOCK;
    *is_done = left <= 0;
    if (*is_done) return true;
    for (int64_t at = 0; at < count; at += p->call_draws) {
        p->first_draw = drawn + at;
        if (!call(p, count - at < p->call_draws ? count - at : p->call_draws, at, err)) return false;
    }
    for (int64_t e = 0; e < elements; e++)
        rq_moments_add(&p->tally.moments[e], p->tally.histogram + e * RQ_HISTOGRAM_BINS, p->gradient + e, count, elements);
    *is_done = is_exact_enough(p) || p->tally.moments[0].n >= p->point->samples;
    return true;
}

rq_tally *rq_sampler_tally(rq_sampler *p) { return &p->tally; }

/* ---- life ---- */

static bool open_streams(const rq_scan *s, rq_sampler *p, rq_error *err)
{
    const rq_model *m = p->point->model;
    p->streams = rq_alloc_array((uint64_t)m->param_count, sizeof *p->streams, "the scan", err);
    for (int i = 0; p->streams && i < m->param_count; i++) {
        char name[1024];
        snprintf(name, sizeof name, "%.500s:%.500s", p->point->label, m->params[i].path);
        p->streams[i] = rq_random_stream(s->seed, RQ_PURPOSE_scan, name);
        if (m->params[i].tied_to >= 0) continue;
        p->reals += m->params[i].count;
        if ((int64_t)rq_param_draw_work(&m->params[i]) > p->work) p->work = (int64_t)rq_param_draw_work(&m->params[i]);
    }
    return p->streams != NULL;
}

static bool open_function(rq_sampler *p, const rq_scan_options *o, rq_error *err)
{
    const rq_model *m = p->point->model;
    int64_t n = p->data.count[RQ_SPLIT_train], elements = p->point->element_count;
    p->f = m->function(m, RQ_FUNCTION_scan, NULL, err);
    if (!p->f || !rq_feed_new(m, p->f, &p->data, RQ_SPLIT_train, &p->feed, err)) return false;
    p->params_input = rq_leaf_find(p->f->inputs, p->f->input_count, "params");
    p->gradient_output = rq_leaf_find(p->f->outputs, p->f->output_count, "gradient");
    if (p->gradient_output < 0 || p->f->outputs[p->gradient_output].reals != elements)
        return rq_fail(err, "function '%s' does not give %lld derivatives", p->f->name, (long long)elements);
    p->call_draws = RQ_SCAN_BLOCK;
    while (p->call_draws > 1 && (p->call_draws * n > CALL_LANES || p->call_draws * n * elements > CALL_REALS)) p->call_draws /= 2;
    p->order = rq_alloc_array((uint64_t)(p->call_draws * n), sizeof *p->order, "the scan", err);
    for (int64_t i = 0; p->order && i < p->call_draws * n; i++) p->order[i] = i % n;
    p->feed.order = p->order;
    return p->order && rq_outputs_new(p->f, p->call_draws * n, &p->outputs, err) &&
           rq_runner_new(p->f, p->call_draws * n, o->threads, &p->runner, err);
}

static bool open_tally(rq_sampler *p, rq_error *err)
{
    uint64_t elements = (uint64_t)p->point->element_count;
    p->gradient = rq_alloc_array(RQ_SCAN_BLOCK * elements, sizeof *p->gradient, "the derivatives", err);
    p->tally.moments = rq_alloc_array(elements, sizeof *p->tally.moments, "the moments", err);
    p->tally.histogram = rq_alloc_array(elements * RQ_HISTOGRAM_BINS, sizeof *p->tally.histogram, "the histograms", err);
    return p->gradient && p->tally.moments && p->tally.histogram;
}

rq_sampler *rq_sampler_new(const rq_scan *s, int point, const rq_scan_options *o, rq_error *err)
{
    rq_sampler *p = rq_alloc_array(1, sizeof *p, "the scan", err);
    if (!p) return NULL;
    p->point = &s->points[point];
    rq_data_spec spec = p->point->data;
    spec.dir = o->data;
    bool good = rq_data_open(&spec, &p->data, err);
    if (good && !p->data.count[RQ_SPLIT_train]) good = rq_fail(err, "data set '%s' has no training samples", p->data.name);
    if (good && open_streams(s, p, err) && open_function(p, o, err) && open_tally(p, err)) return p;
    rq_sampler_free(p);
    return NULL;
}

void rq_sampler_free(rq_sampler *p)
{
    if (!p) return;
    rq_runner_free(p->runner);
    if (p->f) rq_outputs_free(p->f, p->outputs);
    rq_data_free(&p->data);
    rq_free(p->order);
    rq_free(p->streams);
    rq_free(p->gradient);
    rq_free(p->tally.moments);
    rq_free(p->tally.histogram);
    rq_free(p);
}
