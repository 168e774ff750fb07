/* pictures.c: the ranking, the ablations, curves over epochs and gradients by layer, each as a picture. */
#include "explore/pictures.h"

#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/report.h"

static const char *label(const rq_histories *h, int variant) { return h->ranking->x->variants[variant].label; }

/* Variants with a result, best first, at most so many. */
static int ranked(const rq_ranking *r, int most)
{
    int n = 0;
    while (n < most && n < r->x->variant_count && r->rows[n].rank) n++;
    return n;
}

/* ---- estimates ---- */

static bool add_ranking(const rq_histories *h, rq_figures *out, rq_error *err)
{
    enum { MOST = 60 };
    const rq_ranking *r = h->ranking;
    int n = ranked(r, MOST), metric = rq_metric_named(r->x->rank);
    rq_bar *bar = rq_alloc_array((uint64_t)n, sizeof *bar, "the ranking", err);
    char x_label[96], title[96];
    for (int i = 0; bar && i < n; i++) {
        const rq_estimate *a = &r->rows[i].metric[metric], *b = &r->rows[i].confirmed[metric];
        bar[i] = (rq_bar){label(h, r->rows[i].variant), a->mean, a->low, a->high, b->n ? b->mean : NAN, b->low, b->high};
    }
    snprintf(x_label, sizeof x_label, "%s, mean over %d seed%s%s", r->x->rank, r->x->seeds, r->x->seeds > 1 ? "s" : "",
             r->x->seeds > 1 ? " with its 95% interval" : "");
    snprintf(title, sizeof title, "%s of the variants, best first", r->x->rank);
    rq_bars bars = {.name = "ranking", .title = title, .x_label = x_label, .first = "seeds that ranked",
                    .second = r->x->confirm ? "fresh seeds (confirmed)" : "", .bar = bar, .count = n};
    bool ok = bar && rq_figures_add(out, rq_bars_picture(&bars, err), err);
    rq_free(bar);
    return ok;
}

static bool add_ablation(const rq_histories *h, rq_figures *out, rq_error *err)
{
    const rq_ranking *r = h->ranking;
    rq_comparisons all;
    char x_label[96];
    if (!rq_compare_ablations(r, rq_metric_named(r->x->rank), &all, err)) return false;
    rq_bar *bar = rq_alloc_array((uint64_t)all.count, sizeof *bar, "the ablations", err);
    for (int64_t i = 0; bar && i < all.count; i++) {
        const rq_estimate *d = &all.pair[i].test.difference;
        bar[i] = (rq_bar){label(h, all.pair[i].b), -d->mean, -d->high, -d->low, NAN, NAN, NAN};
    }
    snprintf(x_label, sizeof x_label, "%s: difference to the variant that only lacks it", r->x->rank);
    rq_bars bars = {.name = "ablation", .title = "Ablation: what is lost or won", .x_label = x_label, .first = "", .second = "", .bar = bar,
                    .count = (int)all.count, .from_zero = true};
    bool ok = bar && (!all.count || rq_figures_add(out, rq_bars_picture(&bars, err), err));
    rq_free(bar);
    rq_comparisons_free(&all);
    return ok;
}

/* ---- curves ---- */

/* What a chart shows: one curve for each variant or for each layer. */
typedef struct Curves {
    rq_chart chart;
    rq_series series[RQ_CURVES * 4];
    double *room, *next;
} Curves;

static bool curves_new(Curves *c, const rq_histories *h, int lines, rq_error *err)
{
    *c = (Curves){0};
    c->room = c->next = rq_alloc_array((uint64_t)lines * (uint64_t)(h->epochs + 1), 4 * sizeof(double), "the curves", err);
    return c->room != NULL;
}

static void add_curve(Curves *c, const rq_histories *h, const char *name, int variant, rq_quantity quantity, int metric, const char *layer)
{
    int64_t n = 0, from = quantity == RQ_QUANTITY_metric ? 1 : 0, room = h->epochs + 1;
    double *x = c->next, *y = x + room, *low = y + room, *high = low + room;
    for (int64_t epoch = from; epoch <= h->epochs; epoch++) {
        rq_estimate e = rq_histories_at(h, variant, quantity, metric, layer, epoch);
        if (!e.n) continue;
        x[n] = (double)epoch, y[n] = e.mean, low[n] = e.low, high[n] = e.high;
        n++;
    }
    c->next = high + room;
    if (n)
        c->series[c->chart.series_count++] = (rq_series){.name = name, .x = x, .y = y, .count = n, .low = h->ranking->x->seeds > 1 ? low : NULL,
                                                         .high = h->ranking->x->seeds > 1 ? high : NULL};
}

static bool curves_add(Curves *c, rq_figures *out, rq_error *err)
{
    c->chart.series = c->series;
    bool ok = !c->chart.series_count || rq_figures_add(out, rq_chart_picture(&c->chart, err), err);
    rq_free(c->room);
    return ok;
}

static bool add_metric(const rq_histories *h, int metric, rq_figures *out, rq_error *err)
{
    Curves c;
    char name[64], title[128];
    int n = ranked(h->ranking, RQ_CURVES);
    if (!curves_new(&c, h, n, err)) return false;
    snprintf(name, sizeof name, "curve-%s", rq_metric_names[metric]);
    snprintf(title, sizeof title, "%s%s", rq_metric_names[metric], n < ranked(h->ranking, INT32_MAX) ? " of the best variants" : "");
    c.chart = (rq_chart){.name = name, .title = title, .x_label = "epoch", .y_label = rq_metric_names[metric]};
    for (int i = 0; i < n; i++)
        add_curve(&c, h, label(h, h->ranking->rows[i].variant), h->ranking->rows[i].variant, RQ_QUANTITY_metric, metric, "");
    return curves_add(&c, out, err);
}

/* The best variant's layers over time. */
static bool add_best(const rq_histories *h, rq_quantity quantity, rq_figures *out, rq_error *err)
{
    bool snr = quantity == RQ_QUANTITY_snr;
    char title[400];
    Curves c;
    if (!ranked(h->ranking, 1)) return true;
    int best = h->ranking->rows[0].variant;
    const rq_model *m = h->ranking->x->variants[best].action->model;
    if (!curves_new(&c, h, RQ_CURVES * 4, err)) return false;
    snprintf(title, sizeof title, "%s by layer: %.200s", snr ? "Signal-to-noise ratio" : "Gradient rms", label(h, best));
    c.chart = (rq_chart){.name = snr ? "best-snr" : "best-rms", .title = title, .x_label = "epoch", .y_label = snr ? "snr" : "rms", .log_y = true};
    for (int i = 0; i < m->layer_count && c.chart.series_count < RQ_CURVES * 4; i++)
        if (m->layers[i].params) add_curve(&c, h, m->layers[i].name, best, quantity, 0, m->layers[i].name);
    return curves_add(&c, out, err);
}

/* One layer in the best variants over time. */
static bool add_layer(const rq_histories *h, const char *layer, rq_figures *out, rq_error *err)
{
    Curves c;
    char name[96], title[160];
    int n = ranked(h->ranking, RQ_CURVES);
    if (!curves_new(&c, h, n, err)) return false;
    snprintf(name, sizeof name, "gradient-%.60s", layer);
    snprintf(title, sizeof title, "Gradient rms of %.60s in the best variants", layer);
    c.chart = (rq_chart){.name = name, .title = title, .x_label = "epoch", .y_label = "rms", .log_y = true};
    for (int i = 0; i < n; i++)
        add_curve(&c, h, label(h, h->ranking->rows[i].variant), h->ranking->rows[i].variant, RQ_QUANTITY_rms, 0, layer);
    return curves_add(&c, out, err);
}

/* ---- heat map of layers x variants ---- */

typedef struct Names {
    const char *at[64];
    int count;
} Names;

/* Layers with parameters of all variants, in order of appearance. */
static Names layer_names(const rq_exploration *x)
{
    Names n = {0};
    for (int v = 0; v < x->variant_count; v++) {
        const rq_model *m = x->variants[v].action ? x->variants[v].action->model : NULL;
        for (int i = 0; m && i < m->layer_count; i++) {
            bool known = !m->layers[i].params;
            for (int k = 0; k < n.count; k++) known = known || !strcmp(n.at[k], m->layers[i].name);
            if (!known && n.count < 64) n.at[n.count++] = m->layers[i].name;
        }
    }
    return n;
}

static const char *flow_of(const rq_variant *v, const char *layer)
{
    for (int i = 0; v->action && i < v->action->model->layer_count; i++)
        if (!strcmp(v->action->model->layers[i].name, layer)) return v->action->model->layers[i].flow;
    return "";
}

static int64_t last_epoch(const rq_histories *h, int variant)
{
    const rq_run_history *run = rq_histories_run(h, variant, 0);
    return run->stat_count ? run->stats[run->stat_count - 1].epoch : 0;
}

/* A frozen layer, or one that the variant lacks, has no statistic. */
static bool was_measured(const rq_histories *h, int variant, const char *layer)
{
    const rq_run_history *run = rq_histories_run(h, variant, 0);
    for (int64_t i = 0; i < run->stat_count; i++)
        if (!strcmp(run->stats[i].layer->name, layer)) return true;
    return false;
}

static bool fill_heat(const rq_histories *h, const Names *layers, int rows, bool last, double *value, char (*text)[24], const char **shown,
                      const char **row)
{
    bool any = false;
    for (int i = 0; i < rows; i++) {
        int v = h->ranking->rows[i].variant;
        row[i] = label(h, v);
        for (int k = 0; k < layers->count; k++) {
            int at = i * layers->count + k;
            double rms = rq_histories_at(h, v, RQ_QUANTITY_rms, 0, layers->at[k], last ? last_epoch(h, v) : 0).mean;
            value[at] = rms > 0 ? log10(rms) : NAN;
            any = any || isfinite(value[at]);
            if (rms > 0) snprintf(text[at], sizeof *text, "%.1e", rms);
            else snprintf(text[at], sizeof *text, "%s", was_measured(h, v, layers->at[k]) ? "0" : flow_of(&h->ranking->x->variants[v], layers->at[k]));
            shown[at] = text[at];
        }
    }
    return any;
}

static bool add_heat(const rq_histories *h, bool last, rq_figures *out, rq_error *err)
{
    enum { MOST = 60 };
    Names layers = layer_names(h->ranking->x);
    int rows = ranked(h->ranking, MOST), cells = rows * layers.count;
    double *value = rq_alloc_array((uint64_t)cells, sizeof *value, "the heat map", err);
    char(*text)[24] = rq_alloc_array((uint64_t)cells, sizeof *text, "the heat map", err);
    const char **shown = rq_alloc_array((uint64_t)cells, sizeof *shown, "the heat map", err);
    const char **row = rq_alloc_array((uint64_t)rows, sizeof *row, "the heat map", err);
    bool ok = value && text && shown && row;
    if (ok && cells && fill_heat(h, &layers, rows, last, value, text, shown, row)) {
        rq_heat heat = {.name = last ? "heat-last" : "heat-first",
                        .title = last ? "Gradient rms of each layer after the last epoch" : "Gradient rms of each layer before the first step",
                        .scale = "log10 of the rms (geometric mean over seeds)", .row = row, .column = layers.at, .value = value,
                        .text = shown, .rows = rows, .columns = layers.count, .row_title = "", .column_title = ""};
        ok = rq_figures_add(out, rq_heat_picture(&heat, err), err);
    }
    rq_free(value);
    rq_free(text);
    rq_free(shown);
    rq_free(row);
    return ok;
}

/* ---- flow pictures ---- */

static bool add_flows(const rq_histories *h, rq_figures *out, rq_error *err)
{
    enum { MOST = 16 };
    for (int i = 0; i < ranked(h->ranking, MOST); i++) {
        const rq_variant *v = &h->ranking->x->variants[h->ranking->rows[i].variant];
        rq_picture *p = rq_flow_picture(v->action->model, err);
        char name[32], title[400];
        if (!p) return false;
        snprintf(name, sizeof name, "flow-%d", i + 1);
        snprintf(title, sizeof title, "%d. %.300s", i + 1, v->label);
        rq_free(p->name);
        rq_free(p->title);
        p->name = rq_copy_text(name, err);
        p->title = rq_copy_text(title, err);
        if (!p->name || !p->title) {
            rq_picture_free(p);
            return false;
        }
        if (!rq_figures_add(out, p, err)) return false;
    }
    return true;
}

bool rq_explore_figures(const rq_histories *h, rq_figures *out, rq_error *err)
{
    enum { LAYERS = 24 };
    int rank = rq_metric_named(h->ranking->x->rank);
    Names layers = layer_names(h->ranking->x);
    *out = (rq_figures){0};
    bool ok = add_ranking(h, out, err) && add_ablation(h, out, err) && add_metric(h, rank, out, err) &&
              (rank == 5 || add_metric(h, 5, out, err)) && add_heat(h, false, out, err) && add_heat(h, true, out, err) &&
              add_best(h, RQ_QUANTITY_rms, out, err) && add_best(h, RQ_QUANTITY_snr, out, err);
    for (int i = 0; ok && i < layers.count && i < LAYERS; i++) ok = add_layer(h, layers.at[i], out, err);
    ok = ok && add_flows(h, out, err);
    if (!ok) rq_figures_free(out);
    return ok;
}
