/* baselines.c: what else the same number of images can teach: real ones drawn at random, the mean of each class; and the whole set.
 *
 * Networks are trained on them with as many steps as on the distilled images, with the best of a few constant rates, chosen on
 * training samples.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "distill/distill.h"
#include "random.h"

enum { DRAWS = 5, FINAL_NETWORKS = 8, CHOOSING_NETWORKS = 2, RATES = 9, CHOOSING_SAMPLES = 2000 };

static const double least_rate = 1.0 / 1024; /* times 4 each: up to 64 */

static bool stopped(const rq_distill_options *o) { return o->stop && *o->stop; }

/* Samples of class k of the training split in random order: numbers[] has their count. */
static int64_t of_class(const rq_data *data, int32_t k, uint64_t seed, int64_t draw, int64_t *numbers)
{
    int64_t n = 0;
    for (int64_t i = 0; i < data->count[RQ_SPLIT_train]; i++)
        if (rq_data_label(data, RQ_SPLIT_train, i) == k) numbers[n++] = i;
    rq_random stream = rq_random_stream_id(seed, RQ_PURPOSE_distill, UINT64_C(1) << 40 | (uint64_t)draw << 16 | (uint64_t)k);
    rq_random_shuffle(&stream, numbers, n);
    return n;
}

/* Row r = j C + k becomes the j-th sample drawn of class k, or with mean the mean of the class. */
static bool fill(const rq_outer *o, rq_synthetic *s, double *images, bool mean, int64_t draw, rq_error *err)
{
    const rq_data *data = o->d->data;
    int64_t size = data->size, classes = data->classes, rows = o->count;
    int64_t *numbers = rq_alloc_array((uint64_t)data->count[RQ_SPLIT_train], sizeof *numbers, "real images", err);
    if (!numbers) return false;
    for (int64_t k = 0; k < classes; k++) {
        int64_t n = of_class(data, (int32_t)k, o->d->seed, draw, numbers);
        for (int64_t r = k; r < rows && n > 0; r += classes) {
            double *row = images + r * size;
            int64_t from = mean ? 0 : r / classes % n, to = mean ? n : from + 1;
            memset(row, 0, (size_t)size * sizeof *row);
            for (int64_t i = from; i < to; i++)
                for (int64_t e = 0; e < size; e++) row[e] += rq_data_value(data, RQ_SPLIT_train, numbers[i], e) / (double)(to - from);
        }
    }
    s->data.reals = images;
    rq_free(numbers);
    return true;
}

/* Accuracy on the first training samples: what rates are chosen by. */
static bool train_accuracy(const rq_outer *o, rq_unroll *u, const double *rates, double *out, rq_error *err)
{
    rq_data some = *o->d->data;
    rq_distillation d = *o->d;
    rq_outer view = *o;
    double spread;
    if (some.count[RQ_SPLIT_train] > CHOOSING_SAMPLES) some.count[RQ_SPLIT_train] = CHOOSING_SAMPLES;
    d.data = &some;
    view.d = &d;
    return rq_distill_test(&view, u, rates, CHOOSING_NETWORKS, RQ_SPLIT_train, out, &spread, err);
}

static bool best_rate(const rq_outer *o, rq_unroll *u, double *rates, double *best, rq_error *err)
{
    double highest = -1, rate = least_rate;
    for (int i = 0; i < RATES; i++, rate *= 4) {
        double accuracy;
        for (int64_t t = 0; t < o->steps; t++) rates[t] = rate;
        bool ok = train_accuracy(o, u, rates, &accuracy, err);
        if (!ok && err->of_system) return false;
        if (!ok || !(accuracy > highest)) continue; /* a large rate may leave a network that computes nothing */
        highest = accuracy;
        *best = rate;
    }
    for (int64_t t = 0; t < o->steps; t++) rates[t] = *best;
    return highest >= 0;
}

/* Real images, drawn `draws` times, or the means. */
static bool score_real(const rq_outer *o, bool mean, rq_distill_score *out, rq_error *err)
{
    rq_synthetic s = o->synthetic;
    rq_unroll *u = NULL;
    double *images = rq_alloc_array((uint64_t)(o->count * o->d->data->size), sizeof *images, "real images", err);
    double *rates = rq_alloc_array((uint64_t)o->steps, sizeof *rates, "rates", err), *labels = NULL, sum = 0, squares = 0, spread = 0;
    int64_t draws = mean ? 1 : DRAWS, classes = o->d->data->classes;
    labels = rq_alloc_array((uint64_t)(o->count * classes), sizeof *labels, "labels", err);
    bool ok = images && rates && labels;
    for (int64_t r = 0; ok && r < o->count; r++) labels[r * classes + r % classes] = 1;
    s.data.reals = images;
    s.data.targets = labels;
    ok = ok && rq_unroll_new(o->d->model, &s, o->steps, o->d->seed, o->threads, false, &u, err);
    *out = (rq_distill_score){.what = mean ? "class means" : "random real images", .images = o->count, .trials = draws};
    for (int64_t k = 0; ok && k < draws; k++) {
        double accuracy;
        ok = fill(o, &s, images, mean, k, err) && (k > 0 || best_rate(o, u, rates, &out->rate, err)) &&
             rq_distill_test(o, u, rates, FINAL_NETWORKS, RQ_SPLIT_test, &accuracy, &spread, err);
        sum += accuracy;
        squares += accuracy * accuracy;
    }
    out->accuracy = sum / (double)draws;
    out->spread = draws > 1 ? sqrt(fmax(0, (squares - sum * out->accuracy) / (double)(draws - 1))) : spread;
    if (mean) out->trials = o->d->nets ? FINAL_NETWORKS : 1;
    rq_unroll_free(u);
    rq_free(images);
    rq_free(rates);
    rq_free(labels);
    return ok;
}

/* One network trained on the whole set. */
static bool score_full(const rq_outer *o, const rq_distill_options *options, rq_distill_score *out, rq_error *err)
{
    rq_params p = {0};
    rq_result result = {0};
    rq_train_settings s = {.action = o->d->name, .variant = "", .loss = o->d->loss, .classification = true, .epochs = o->d->full_epochs,
                           .batch = 64, .seed = o->d->seed, .threads = o->threads, .stop = options->stop,
                           .optimizer = {.kind = RQ_OPTIMIZER_adam, .rate = 0.001, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}};
    bool ok = rq_params_new(o->d->model, &p, err) && rq_params_init(&p, o->d->seed, err) &&
              rq_train(o->d->model, &s, o->d->data, &p, NULL, 0, &result, err);
    *out = (rq_distill_score){.what = "all training images", .images = o->d->data->count[RQ_SPLIT_train], .rate = 0.001,
                              .accuracy = result.test_accuracy, .trials = 1};
    rq_params_free(&p);
    return ok;
}

/* What cannot be trained is a score without a number, and its reason; false only where the machine failed. */
static bool keep_going(bool ok, rq_distill_score *score, const rq_error *err)
{
    if (ok) return true;
    score->accuracy = NAN;
    snprintf(score->reason, sizeof score->reason, "%.199s", err->text);
    return !err->of_system;
}

int rq_distill_baselines(rq_outer *o, const rq_distill_options *options, rq_distill_score *score, rq_error *err)
{
    int n = 0;
    score[n] = (rq_distill_score){.what = "distilled images", .images = o->count, .trials = o->d->nets ? FINAL_NETWORKS : 1};
    if (!rq_distill_test(o, o->unroll, o->rates, FINAL_NETWORKS, RQ_SPLIT_test, &score[n].accuracy, &score[n].spread, err)) return -1;
    n++;
    if (!o->d->baselines) return n;
    for (int mean = 0; mean < 2; mean++) {
        if (stopped(options)) return -2;
        if (!keep_going(score_real(o, mean, &score[n], err), &score[n], err)) return -1;
        n++;
    }
    if (o->d->full_epochs) {
        if (!keep_going(score_full(o, options, &score[n], err), &score[n], err)) return -1;
        n++;
        if (stopped(options)) return -2;
    }
    return n;
}
