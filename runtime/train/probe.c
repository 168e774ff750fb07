/* probe.c: per-sample gradients g_s, chunk by chunk, to rms, r, snr and a verdict per row.
 *
 *     rms^2  = sum_s |g_s|^2 / (S n), n live elements           r = rms / rms(d_s), d_s = dL_s/d(output)
 *     tr Cov = (sum_s |g_s|^2 - S |mean|^2) / (S - 1)
 *     snr    = sqrt(max(0, |mean|^2 - tr Cov / S) / (tr Cov / B))     S probe samples, B the training batch
 * Where a layer couples the samples (batch_norm), each block of one chunk is normalised by itself, and g_s is what the gradient of the
 * block's summed loss gets by way of sample s; their sum is that gradient.
 * The interval of snr is the jackknife's over blocks of one chunk each: only sums per block are kept, never all gradients.
 */
#include "train/probe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "statistics.h"
#include "train/feed.h"

const char *const rq_verdict_names[] = {"", "healthy", "zero", "vanishing", "exploding", "converged"};

/* Sums of one row over the probe batch. */
typedef struct Sums {
    int64_t elements;
    double *total;         /* [elements] */
    double *block;         /* [blocks][elements] */
    double *block_squares; /* [blocks] */
    double squares, largest;
    bool any, finite;
} Sums;

/* A model's probe function with what it needs to run. */
typedef struct Side {
    const rq_model *model;
    const rq_function *f;
    rq_runner *runner;
    const void **params;
    void **outputs;
    rq_feed feed;
    Sums *rows; /* one per layer row */
    double d_squares;
    double loss; /* mean */
} Side;

struct rq_probe {
    const rq_train_settings *settings;
    int64_t samples, blocks;
    Side own, exact;
    bool states;    /* the loss is an infidelity: its derivative by the output does not become small, but the loss does */
    double d_start; /* rms(d_s) at the first call; 0 before */
};

static int group_output(const Side *s, int group)
{
    char name[512];
    snprintf(name, sizeof name, "grad:%s", s->model->params[group].path);
    return rq_leaf_find(s->f->outputs, s->f->output_count, name);
}

/* Layers and parts of layers. */
static int row_count(const rq_model *m) { return m->layer_count + m->part_count; }

static void side_free(Side *s)
{
    if (!s->f) return;
    for (int i = 0; s->rows && i < row_count(s->model); i++) {
        rq_free(s->rows[i].total);
        rq_free(s->rows[i].block);
        rq_free(s->rows[i].block_squares);
    }
    rq_free(s->rows);
    rq_free(s->params);
    rq_runner_free(s->runner);
    rq_outputs_free(s->f, s->outputs);
}

static bool side_new(Side *s, const rq_model *m, const rq_data *data, int64_t blocks, int threads, rq_error *err)
{
    *s = (Side){.model = m, .f = m->function(m, RQ_FUNCTION_probe, NULL, err)};
    if (!s->f || !rq_feed_new(m, s->f, data, RQ_SPLIT_train, &s->feed, err)) return false;
    s->rows = rq_alloc_array((uint64_t)row_count(m), sizeof(Sums), "the gradient report", err);
    s->params = rq_alloc_array(s->f->param_count, sizeof(void *), "the gradient report", err);
    if (!s->rows || !s->params || !rq_outputs_new(s->f, s->f->lanes, &s->outputs, err) ||
        !rq_runner_new(s->f, s->f->lanes, threads, &s->runner, err))
        return false;
    for (int i = 0; i < row_count(m); i++) {
        Sums *row = &s->rows[i];
        for (int k = 0; k < m->layers[i].group_count; k++) {
            int at = group_output(s, m->layers[i].groups[k]);
            if (at >= 0) row->elements += s->f->outputs[at].reals;
        }
        if (!row->elements) continue;
        row->total = rq_alloc_array((uint64_t)row->elements, sizeof(double), "the gradient report", err);
        row->block = rq_alloc_array((uint64_t)blocks * (uint64_t)row->elements, sizeof(double), "the gradient report", err);
        row->block_squares = rq_alloc_array((uint64_t)blocks, sizeof(double), "the gradient report", err);
        if (!row->total || !row->block || !row->block_squares) return false;
    }
    return true;
}

bool rq_probe_new(const rq_model *m, const rq_train_settings *s, const rq_data *data, rq_probe **out, rq_error *err)
{
    rq_probe *p = rq_alloc_array(1, sizeof *p, "the gradient report", err);
    *out = NULL;
    if (!p) return false;
    p->settings = s;
    p->states = data->is_states;
    p->samples = data->count[RQ_SPLIT_train] < s->probe ? data->count[RQ_SPLIT_train] : s->probe;
    const rq_function *f = m->function(m, RQ_FUNCTION_probe, NULL, err);
    if (f && p->samples > 1 && p->samples % f->lanes == 1 && rq_params_coupled(m)) p->samples--; /* no block of one sample */
    if (f) p->blocks = (p->samples + f->lanes - 1) / f->lanes;
    if (!f || !side_new(&p->own, m, data, p->blocks, s->threads, err) ||
        (s->compare && !side_new(&p->exact, s->compare, data, p->blocks, s->threads, err))) {
        rq_probe_free(p);
        return false;
    }
    *out = p;
    return true;
}

void rq_probe_free(rq_probe *p)
{
    if (!p) return;
    side_free(&p->own);
    side_free(&p->exact);
    rq_free(p);
}

static void sums_reset(Sums *row, int64_t blocks)
{
    if (!row->elements) return;
    memset(row->total, 0, (size_t)row->elements * sizeof(double));
    memset(row->block, 0, (size_t)(row->elements * blocks) * sizeof(double));
    memset(row->block_squares, 0, (size_t)blocks * sizeof(double));
    row->squares = row->largest = 0;
    row->any = false;
    row->finite = true;
}

/* What one chunk's gradients of one group add to a row. */
typedef struct Chunk {
    double squares, largest;
    bool any, finite;
} Chunk;

/* g[elements][lanes], of which `count` are samples: their sums by element, and what all of them have in common. Squares are added lane
 * by lane, so that lanes go side by side. */
#define CHUNK_ADD(name, real, size_of)                                                                                 \
    RQ_CLONES static void name(const real *g, int64_t elements, int lanes, int count, double *sum, Chunk *chunk)       \
    {                                                                                                                  \
        double squares[MOST_LANES] = {0};                                                                              \
        real largest[MOST_LANES] = {0};                                                                                \
        int odd = 0;                                                                                                   \
        for (int64_t e = 0; e < elements; e++, g += lanes) {                                                           \
            double all = 0;                                                                                            \
            for (int l = 0; l < count; l++) {                                                                          \
                real size = size_of(g[l]);                                                                             \
                odd |= g[l] - g[l] != 0;                                                                               \
                largest[l] = size > largest[l] ? size : largest[l];                                                    \
                squares[l] += (double)g[l] * (double)g[l];                                                             \
            }                                                                                                          \
            for (int l = 0; l < count; l++) all += (double)g[l];                                                       \
            sum[e] += all;                                                                                             \
        }                                                                                                              \
        if (odd) chunk->finite = false;                                                                                \
        for (int l = 0; l < count; l++) {                                                                              \
            chunk->squares += squares[l];                                                                              \
            if ((double)largest[l] > chunk->largest) chunk->largest = (double)largest[l];                              \
        }                                                                                                              \
        chunk->any = chunk->any || odd || chunk->largest > 0;                                                          \
    }
enum { MOST_LANES = 64 };
CHUNK_ADD(chunk_add_f32, float, fabsf)
CHUNK_ADD(chunk_add_f64, double, fabs)

/* Adds the gradients of one chunk of `count` samples. */
static void sums_add(Sums *row, const Side *s, const rq_layer *layer, int64_t block, int count)
{
    double *sum = row->block + block * row->elements;
    Chunk chunk = {.finite = true};
    for (int k = 0; k < layer->group_count; k++) {
        int output = group_output(s, layer->groups[k]);
        if (output < 0) continue;
        int64_t reals = s->f->outputs[output].reals;
        if (s->f->real_bytes == 4) chunk_add_f32(s->outputs[output], reals, s->f->lanes, count, sum, &chunk);
        else chunk_add_f64(s->outputs[output], reals, s->f->lanes, count, sum, &chunk);
        sum += reals;
    }
    for (int64_t e = 0; e < row->elements; e++) row->total[e] += row->block[block * row->elements + e];
    row->block_squares[block] += chunk.squares;
    row->squares += chunk.squares;
    if (chunk.largest > row->largest) row->largest = chunk.largest;
    row->any = row->any || chunk.any;
    row->finite = row->finite && chunk.finite;
}

static bool side_run(Side *s, const rq_params *params, int64_t samples, int64_t blocks, rq_error *err)
{
    int d = rq_leaf_find(s->f->outputs, s->f->output_count, "d_output");
    if (d < 0) return rq_fail(err, "function '%s' gives no 'd_output'", s->f->name);
    int64_t d_reals = s->f->outputs[d].reals;
    if (!rq_params_bind(params, s->f, s->params, err)) return false;
    for (int i = 0; i < row_count(s->model); i++) sums_reset(&s->rows[i], blocks);
    int loss = rq_leaf_find(s->f->outputs, s->f->output_count, "loss");
    s->d_squares = s->loss = 0;
    for (int64_t b = 0; b < blocks; b++) {
        s->feed.first = b * s->f->lanes;
        int64_t left = samples - s->feed.first;
        int count = left < s->f->lanes ? (int)left : s->f->lanes;
        s->feed.weight = 1 / (double)count;
        if (!rq_run(s->runner, count, s->params, rq_feed_pack, &s->feed, s->outputs, err)) return false;
        if (!rq_checks_ok(s->f, s->outputs, count, s->feed.first, NULL, err)) return rq_fail_at(err, "training split");
        for (int i = 0; i < row_count(s->model); i++)
            if (s->rows[i].elements) sums_add(&s->rows[i], s, &s->model->layers[i], b, count);
        for (int l = 0; loss >= 0 && l < count; l++) s->loss += rq_output_get(s->f, s->outputs, loss, l, 0) / (double)samples;
        for (int l = 0; l < count; l++)
            for (int64_t k = 0; k < d_reals; k++) {
                double x = rq_output_get(s->f, s->outputs, d, l, k);
                s->d_squares += x * x;
            }
    }
    s->d_squares /= (double)(samples * d_reals);
    return true;
}

/* snr from |sum|^2, the sum of squares and the number of samples. */
static double snr_of(double sum_squared, double squares, double samples, double batch)
{
    double mean2 = sum_squared / (samples * samples), cov = (squares - samples * mean2) / (samples - 1);
    if (!(cov > 0)) return NAN;
    double signal = mean2 - cov / samples;
    return signal > 0 ? sqrt(signal / (cov / batch)) : 0;
}

static void snr_interval(const rq_probe *p, const Sums *row, double batch, rq_layer_stat *out)
{
    double samples = (double)p->samples, sum2 = 0, mean = 0, spread = 0;
    for (int64_t e = 0; e < row->elements; e++) sum2 += row->total[e] * row->total[e];
    out->snr = snr_of(sum2, row->squares, samples, batch);
    out->snr_low = out->snr_high = NAN;
    enum { MOST_BLOCKS = 256 };
    double left_out[MOST_BLOCKS];
    if (p->blocks < 2 || p->blocks > MOST_BLOCKS) return;
    for (int64_t b = 0; b < p->blocks; b++) {
        int64_t before = b * p->own.f->lanes, size = p->samples - before < p->own.f->lanes ? p->samples - before : p->own.f->lanes;
        const double *block = row->block + b * row->elements;
        double rest2 = 0;
        for (int64_t e = 0; e < row->elements; e++) rest2 += (row->total[e] - block[e]) * (row->total[e] - block[e]);
        left_out[b] = snr_of(rest2, row->squares - row->block_squares[b], samples - (double)size, batch);
        mean += left_out[b] / (double)p->blocks;
    }
    for (int64_t b = 0; b < p->blocks; b++) spread += (left_out[b] - mean) * (left_out[b] - mean);
    double half = rq_student(p->blocks - 1) * sqrt(spread * (double)(p->blocks - 1) / (double)p->blocks);
    out->snr_low = out->snr - half > 0 ? out->snr - half : 0;
    out->snr_high = out->snr + half;
}

static void compare(const Sums *own, const Sums *exact, rq_layer_stat *out)
{
    double dot = 0, a2 = 0, b2 = 0;
    if (own->elements != exact->elements) return;
    for (int64_t e = 0; e < own->elements; e++) {
        dot += own->total[e] * exact->total[e];
        a2 += own->total[e] * own->total[e];
        b2 += exact->total[e] * exact->total[e];
    }
    out->has_compare = true;
    out->cosine = a2 > 0 && b2 > 0 ? dot / sqrt(a2 * b2) : NAN;
    out->norm_ratio = b2 > 0 ? sqrt(a2 / b2) : NAN;
    out->projection = b2 > 0 ? dot / b2 : NAN;
}

static rq_verdict verdict_of(const rq_probe *p, const Sums *row, double r, double d)
{
    const rq_thresholds *t = &p->settings->thresholds;
    if (!row->finite || !isfinite(r)) return row->any || !row->finite ? RQ_VERDICT_exploding : RQ_VERDICT_zero;
    if (!row->any) return RQ_VERDICT_zero;
    if (d < t->converged * p->d_start || (p->states && p->own.loss < t->converged)) return RQ_VERDICT_converged;
    if (r < t->vanishing) return RQ_VERDICT_vanishing;
    return r > t->exploding ? RQ_VERDICT_exploding : RQ_VERDICT_healthy;
}

bool rq_probe_run(rq_probe *p, const rq_params *params, int64_t epoch, const rq_sink *sinks, int sink_count, rq_error *err)
{
    const rq_model *m = p->own.model;
    if (!side_run(&p->own, params, p->samples, p->blocks, err)) return false;
    if (p->exact.f && !side_run(&p->exact, params, p->samples, p->blocks, err)) return false;
    double d = sqrt(p->own.d_squares), batch = (double)(p->settings->batch ? p->settings->batch : p->samples);
    if (p->d_start == 0) p->d_start = d;
    for (int i = 0; i < row_count(m); i++) {
        const Sums *row = &p->own.rows[i];
        if (!row->elements) continue;
        rq_layer_stat stat = {.epoch = epoch, .layer = &m->layers[i], .samples = p->samples, .max = row->largest};
        int64_t live = row->elements - m->layers[i].dead;
        stat.rms = live > 0 ? sqrt(row->squares / (double)(p->samples * live)) : 0;
        stat.r = stat.rms / d;
        stat.verdict = verdict_of(p, row, stat.r, d);
        snr_interval(p, row, batch, &stat);
        if (p->exact.f) compare(row, &p->exact.rows[i], &stat);
        for (int k = 0; k < sink_count; k++)
            if (sinks[k].layer && !sinks[k].layer(sinks[k].context, &stat, err)) return false;
    }
    return true;
}

double rq_probe_start(const rq_probe *p) { return p->d_start; }

void rq_probe_set_start(rq_probe *p, double d_start) { p->d_start = d_start; }
