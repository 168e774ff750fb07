/* run_figures.c: one training as pictures. */
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/figures.h"
#include "report/report.h"

/* Columns of the epochs as arrays: x, then what the charts show. */
enum { COL_epoch, COL_loss, COL_val_loss, COL_test_loss, COL_all_loss, COL_accuracy, COL_val_accuracy, COL_test_accuracy, COL_COUNT };

static void fill_columns(const rq_history *h, double *col)
{
    int64_t n = h->run.epoch_count;
    for (int64_t i = 0; i < n; i++) {
        const rq_epoch *e = &h->run.epochs[i];
        double row[COL_COUNT] = {(double)e->epoch, e->loss, e->has_val ? e->val_loss : NAN, e->has_test ? e->test_loss : NAN,
                                 e->has_train && e->has_test ? e->all_loss : NAN,
                                 e->has_accuracy ? e->accuracy : NAN, e->has_val && e->has_accuracy ? e->val_accuracy : NAN,
                                 e->has_test && e->has_accuracy ? e->test_accuracy : NAN};
        for (int k = 0; k < COL_COUNT; k++) col[k * n + i] = row[k];
    }
}

static bool add_curves(const rq_history *h, rq_figures *out, rq_error *err)
{
    static const char *const names[] = {"training", "validation", "test", "all"};
    int64_t n = h->run.epoch_count;
    double *col = rq_alloc_array((uint64_t)n * COL_COUNT, sizeof(double), "the curves", err);
    bool ok = col != NULL;
    if (ok) fill_columns(h, col);
    for (int k = 0; k < 2 && ok; k++) {
        bool accuracy = k == 1;
        rq_series series[4];
        int first = accuracy ? COL_accuracy : COL_loss, shown = 0;
        if (accuracy && !(n && h->run.epochs[0].has_accuracy)) continue;
        for (int s = 0; s < (accuracy ? 3 : 4); s++)
            if (n && isfinite(col[(first + s) * n])) series[shown++] = (rq_series){.name = names[s], .x = col, .y = col + (first + s) * n, .count = n};
        rq_chart chart = {.name = accuracy ? "accuracy" : "loss", .title = accuracy ? "Accuracy after each epoch" : "Loss",
                          .x_label = h->settings->batch ? "epoch" : "round", .y_label = accuracy ? "accuracy" : h->settings->loss,
                          .series = series, .series_count = shown};
        ok = rq_figures_add(out, rq_chart_picture(&chart, err), err);
    }
    rq_free(col);
    return ok;
}

/* One curve per layer: rms (or snr, with its interval as a band) over epochs on a log axis. */
static bool add_gradients(const rq_history *h, bool snr, rq_figures *out, rq_error *err)
{
    const rq_model *m = h->model;
    int64_t n = h->run.stat_count, at = 0;
    double *all = rq_alloc_array((uint64_t)n, 4 * sizeof(double), "the curves", err), *x = all, *y = all + n, *low = y + n, *high = low + n;
    rq_series *series = rq_alloc_array((uint64_t)m->layer_count, sizeof *series, "the curves", err);
    int lines = 0;
    bool ok = all && series;
    for (int i = 0; ok && i < m->layer_count; i++) {
        int64_t from = at;
        for (int64_t k = 0; k < n; k++) {
            const rq_layer_stat *s = &h->run.stats[k];
            if (s->layer != &m->layers[i]) continue;
            x[at] = (double)s->epoch;
            y[at] = snr ? s->snr : s->rms;
            low[at] = s->snr_low, high[at] = s->snr_high;
            at++;
        }
        if (at == from) continue;
        series[lines++] = (rq_series){.name = m->layers[i].name, .x = x + from, .y = y + from, .count = at - from,
                                      .low = snr ? low + from : NULL, .high = snr ? high + from : NULL};
    }
    rq_chart chart = {.name = snr ? "gradient-snr" : "gradient-rms",
                      .title = snr ? "Signal-to-noise ratio of the batch gradient" : "Gradient rms of each layer",
                      .x_label = h->settings->batch ? "epoch" : "round", .y_label = snr ? "snr" : "rms", .log_y = true, .series = series,
                      .series_count = lines};
    ok = ok && rq_figures_add(out, rq_chart_picture(&chart, err), err);
    rq_free(all);
    rq_free(series);
    return ok;
}

/* Rows: what an image is; columns: what it is taken for. */
static bool add_confusion(const rq_history *h, rq_figures *out, rq_error *err)
{
    const rq_predictions *p = h->predictions;
    if (!p || !p->confusion || p->classes > 40) return true;
    int n = p->classes;
    double *value = rq_alloc_array((uint64_t)(n * n), sizeof *value, "the confusion matrix", err);
    char(*number)[16] = rq_alloc_array((uint64_t)(n * n), sizeof *number, "the confusion matrix", err);
    const char **text = rq_alloc_array((uint64_t)(n * n), sizeof *text, "the confusion matrix", err);
    bool ok = value && number && text;
    for (int i = 0; ok && i < n * n; i++) {
        value[i] = p->confusion[i] ? (double)p->confusion[i] : NAN;
        snprintf(number[i], sizeof *number, "%lld", (long long)p->confusion[i]);
        text[i] = p->confusion[i] ? number[i] : "";
    }
    rq_heat heat = {.name = "confusion", .title = "Confusion matrix of the test samples", .scale = "number of samples",
                    .row = (const char *const *)p->class_name, .column = (const char *const *)p->class_name, .value = value, .text = text,
                    .rows = n, .columns = n, .row_title = "label", .column_title = "prediction", .counts = true};
    ok = ok && rq_figures_add(out, rq_heat_picture(&heat, err), err);
    rq_free(value);
    rq_free(number);
    rq_free(text);
    return ok;
}

bool rq_run_figures(const rq_history *h, rq_figures *out, rq_error *err)
{
    *out = (rq_figures){0};
    bool ok = rq_figures_add(out, rq_flow_picture(h->model, err), err) && add_curves(h, out, err) && add_gradients(h, false, out, err) &&
              add_gradients(h, true, out, err) && add_confusion(h, out, err);
    if (!ok) rq_figures_free(out);
    return ok;
}
