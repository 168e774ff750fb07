/* grid.c: which columns the ranking has, and the text of each cell. */
#include "explore/grid.h"

#include <math.h>
#include <string.h>

static bool any_settings(const rq_exploration *x)
{
    for (int v = 0; v < x->variant_count; v++)
        if (x->variants[v].settings[0]) return true;
    return false;
}

static bool any_reason(const rq_ranking *r)
{
    for (int i = 0; i < r->x->variant_count; i++)
        if (r->rows[i].reason[0] || r->rows[i].ended) return true;
    return false;
}

bool rq_selects_on_test(const rq_exploration *x) { return !strncmp(x->rank, "test.", 5) && x->variant_count > 1; }

/* The model with the most layers gives the columns. */
static const rq_model *widest(const rq_exploration *x)
{
    const rq_model *best = NULL;
    for (int v = 0; v < x->variant_count; v++) {
        const rq_model *m = x->variants[v].action ? x->variants[v].action->model : NULL;
        if (m && (!best || m->layer_count > best->layer_count)) best = m;
    }
    return best;
}

static const char *verdict(const rq_variant *v, const char *layer)
{
    for (int i = 0; v->action && i < v->action->model->layer_count; i++) {
        const rq_layer *l = &v->action->model->layers[i];
        if (!strcmp(l->name, layer)) return l->flow[0] ? l->flow : "-";
    }
    return "";
}

static bool has_test_split(const rq_exploration *x)
{
    for (int v = 0; v < x->variant_count; v++)
        if (x->variants[v].action && x->data[x->variants[v].data].count[RQ_SPLIT_test]) return true;
    return false;
}

static void add(rq_grid *g, rq_column column) { g->column[g->columns++] = column; }

/* What ranks, and the test accuracy (its loss, if ranking is by loss), each with the doubts it has. */
static void add_metrics(rq_grid *g, const rq_ranking *r, bool confirmed)
{
    int rank = rq_metric_named(r->x->rank), test = rq_metric_is_loss(rank) ? 3 : 2;
    int seeds = confirmed ? r->x->confirm : r->x->seeds;
    for (int i = 0; i < (rank == test ? 1 : 2); i++) {
        int metric = i ? test : rank;
        if (i && !has_test_split(r->x)) return;
        add(g, (rq_column){.kind = RQ_COLUMN_estimate, .metric = metric, .confirmed = confirmed});
        if (metric == 2) add(g, (rq_column){.kind = RQ_COLUMN_test_set, .metric = metric, .confirmed = confirmed});
        if (metric == rank && seeds > 1) add(g, (rq_column){.kind = RQ_COLUMN_p, .metric = metric, .confirmed = confirmed});
    }
}

static bool columns_new(rq_grid *g, const rq_model *layers, rq_error *err)
{
    g->column = rq_alloc_array((uint64_t)(layers ? layers->layer_count : 0) + 16, sizeof *g->column, "the table", err);
    return g->column != NULL;
}

static void add_variant(rq_grid *g, const rq_ranking *r, const rq_model *layers)
{
    if (any_settings(r->x)) add(g, (rq_column){.kind = RQ_COLUMN_settings});
    add(g, (rq_column){.kind = RQ_COLUMN_gradient});
    for (int i = 0; layers && i < layers->layer_count; i++)
        add(g, (rq_column){.kind = RQ_COLUMN_layer, .layer = layers->layers[i].name});
}

static bool add_columns(rq_grid *g, const rq_ranking *r, rq_error *err)
{
    const rq_model *layers = widest(r->x);
    if (!columns_new(g, layers, err)) return false;
    add(g, (rq_column){.kind = RQ_COLUMN_rank});
    add(g, (rq_column){.kind = RQ_COLUMN_placement});
    add_variant(g, r, layers);
    add_metrics(g, r, false);
    if (r->x->confirm) add_metrics(g, r, true);
    if (any_reason(r)) add(g, (rq_column){.kind = RQ_COLUMN_note});
    return true;
}

static bool add_live_columns(rq_grid *g, const rq_ranking *r, rq_error *err)
{
    const rq_model *layers = widest(r->x);
    int metric = rq_metric_named(r->x->rank);
    if (!columns_new(g, layers, err)) return false;
    add(g, (rq_column){.kind = RQ_COLUMN_rank});
    add(g, (rq_column){.kind = RQ_COLUMN_estimate, .metric = metric});
    add(g, (rq_column){.kind = RQ_COLUMN_placement});
    add(g, (rq_column){.kind = RQ_COLUMN_seeds, .metric = metric});
    add_variant(g, r, layers);
    if (any_reason(r)) add(g, (rq_column){.kind = RQ_COLUMN_note});
    return true;
}

static void title_text(const rq_column *c, char *out, size_t size)
{
    static const char *const plain[] = {"", "rank", "placement", "settings", "gradient", "", "", "test set", "p (1)", "note", "seeds"};
    if (c->kind == RQ_COLUMN_layer) snprintf(out, size, "%s", c->layer);
    else if (c->kind == RQ_COLUMN_estimate) snprintf(out, size, "%s%s", c->confirmed ? "confirmed " : "", rq_metric_names[c->metric]);
    else snprintf(out, size, "%s", plain[c->kind]);
}

static void estimate_text(const rq_estimate *e, char *out, size_t size)
{
    if (e->n == 0 || !isfinite(e->mean)) out[0] = 0;
    else if (e->n == 1) snprintf(out, size, "%.4f", e->mean);
    else snprintf(out, size, "%.4f +- %.4f", e->mean, e->high - e->mean);
}

void rq_p_text(double p, char *out, size_t size)
{
    if (isnan(p)) out[0] = 0;
    else if (p < 0.001) snprintf(out, size, "<0.001");
    else snprintf(out, size, "%.3f", p);
}

static void cell_text(const rq_ranking *r, const rq_column *c, int row, const rq_comparisons *compared, char *out, size_t size)
{
    const rq_ranked *at = &r->rows[row];
    const rq_variant *v = &r->x->variants[at->variant];
    const rq_estimate *e = c->confirmed ? &at->confirmed[c->metric] : &at->metric[c->metric];
    out[0] = 0;
    switch (c->kind) {
    case RQ_COLUMN_none: break;
    case RQ_COLUMN_rank: snprintf(out, size, at->rank ? "%d" : "-", at->rank); break;
    case RQ_COLUMN_placement: snprintf(out, size, "%s", v->placement); break;
    case RQ_COLUMN_settings: snprintf(out, size, "%s", v->settings); break;
    case RQ_COLUMN_gradient: snprintf(out, size, "%s", v->gradient); break;
    case RQ_COLUMN_layer: snprintf(out, size, "%s", verdict(v, c->layer)); break;
    case RQ_COLUMN_estimate: estimate_text(e, out, size); break;
    case RQ_COLUMN_test_set: {
        rq_interval w = rq_test_interval(r->x, at->variant, c->metric, e->mean);
        if (e->n && isfinite(w.low)) snprintf(out, size, "%.3f..%.3f", w.low, w.high);
        break;
    }
    case RQ_COLUMN_seeds: snprintf(out, size, "%d/%d", (int)e->n, r->x->seeds); break;
    case RQ_COLUMN_p: {
        const rq_comparison *pair = rq_comparison_at(&compared[c->confirmed], 0, row);
        if (pair) rq_p_text(pair->p_holm, out, size);
        break;
    }
    case RQ_COLUMN_note:
        if (at->ended && !at->reason[0]) snprintf(out, size, "ended after %lld epoch%s", (long long)at->ended, at->ended == 1 ? "" : "s");
        else snprintf(out, size, "%s", at->reason);
        break;
    }
}

static bool fill(rq_grid *g, const rq_ranking *r, int rows, const rq_comparisons *compared, rq_error *err)
{
    enum { LONGEST = 1024 };
    char text[LONGEST];
    g->rows = rows + 1;
    g->cell = rq_alloc_array((uint64_t)g->rows * (uint64_t)g->columns, sizeof *g->cell, "the table", err);
    if (!g->cell) return false;
    for (int i = 0; i < g->rows * g->columns; i++) {
        const rq_column *c = &g->column[i % g->columns];
        if (i < g->columns) title_text(c, text, sizeof text);
        else cell_text(r, c, i / g->columns - 1, compared, text, sizeof text);
        if (!(g->cell[i] = rq_copy_text(text, err))) return false;
    }
    return true;
}

bool rq_grid_new(const rq_ranking *r, rq_grid *out, rq_error *err)
{
    rq_comparisons compared[2] = {0};
    int rank = rq_metric_named(r->x->rank);
    *out = (rq_grid){0};
    bool ok = add_columns(out, r, err) && rq_compare(r, rank, false, &compared[0], err) &&
              rq_compare(r, rank, true, &compared[1], err) && fill(out, r, r->x->variant_count, compared, err);
    out->family = compared[0].family;
    out->confirmed_family = compared[1].family;
    rq_comparisons_free(&compared[0]);
    rq_comparisons_free(&compared[1]);
    if (!ok) rq_grid_free(out);
    return ok;
}

bool rq_grid_live(const rq_ranking *r, int rows, rq_grid *out, rq_error *err)
{
    *out = (rq_grid){0};
    bool ok = add_live_columns(out, r, err) && fill(out, r, rows, NULL, err);
    if (!ok) rq_grid_free(out);
    return ok;
}

void rq_grid_free(rq_grid *g)
{
    for (int i = 0; g->cell && i < g->rows * g->columns; i++) rq_free(g->cell[i]);
    rq_free(g->cell);
    rq_free(g->column);
    *g = (rq_grid){0};
}

/* ---- notes ---- */

/* A model with a quanvolutional layer; NULL, one that does not fit, may have been meant to be one. */
static bool is_quanvolutional(const rq_model *m)
{
    for (int i = 0; m && i < m->layer_count; i++)
        if (!strncmp(m->layers[i].kind, "quanv", 5)) return true;
    return !m;
}

static bool reaches_all(const rq_model *m)
{
    for (int i = 0; i < m->layer_count; i++) {
        const rq_layer *l = &m->layers[i];
        bool is_fed = !l->flow[0] || !strcmp(l->flow, "full") || !strcmp(l->flow, "partial");
        if (!strncmp(l->kind, "quanv", 5) && !is_fed) return false;
    }
    return true;
}

/* "every quanvolutional layer receives a gradient: exact 8 of 15, detached 2 of 15". False: no variant has such a layer. */
static bool reached_text(const rq_exploration *x, char *out, size_t size)
{
    static const char *const modes[] = {"exact", "detached"};
    const char *between = "";
    bool any = false;
    for (int v = 0; v < x->variant_count; v++) any |= x->variants[v].action && is_quanvolutional(x->variants[v].action->model);
    if (!any) return false;
    size_t at = (size_t)snprintf(out, size, "every quanvolutional layer receives a gradient:");
    for (int k = 0; k < 2; k++) {
        int all = 0, reached = 0;
        for (int v = 0; v < x->variant_count; v++) {
            const rq_model *m = x->variants[v].action ? x->variants[v].action->model : NULL;
            if (strcmp(x->variants[v].gradient, modes[k]) || !is_quanvolutional(m)) continue;
            all++;
            reached += m && reaches_all(m);
        }
        if (!all) continue;
        at += (size_t)snprintf(out + at, size - at, "%s %s %d of %d", between, modes[k], reached, all);
        between = ",";
    }
    return *between;
}

static bool has_column(const rq_grid *g, rq_column_kind kind)
{
    for (int i = 0; i < g->columns; i++)
        if (g->column[i].kind == kind) return true;
    return false;
}

static void budget_text(const rq_ranking *r, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "budget of %lld epochs: ", (long long)r->x->budget);
    at += rq_halving_text(&r->plan, out + at, size - at);
    snprintf(out + at, size - at, ", %d seeds each: %lld epochs; %s chose who went on", r->x->seeds, (long long)r->plan.epochs, r->x->rank);
}

int rq_grid_notes(const rq_ranking *r, const rq_grid *g, char note[RQ_NOTES][RQ_NOTE_LENGTH])
{
    const rq_exploration *x = r->x;
    const size_t size = RQ_NOTE_LENGTH;
    unsigned long long first = (unsigned long long)x->seed, last = first + (unsigned long long)x->seeds - 1;
    int n = 0;
    n += reached_text(x, note[n], size);
    if (x->seeds > 1)
        snprintf(note[n++], size, "mean over %d seeds (%llu to %llu) +- half of the 95%% interval by Student's t; %d of %d runs", x->seeds, first,
                 last, r->runs_done, r->runs_in_all);
    else snprintf(note[n++], size, "one seed (%llu): no interval; 'seeds: 5' gives one", first);
    if (r->plan.count > 1) budget_text(r, note[n++], size);
    if (has_column(g, RQ_COLUMN_test_set))
        snprintf(note[n++], size, "test set: Wilson's 95%% interval of that accuracy, as the test samples are finite; no seed narrows it");
    if (g->family || g->confirmed_family) {
        size_t at = (size_t)snprintf(note[n], size, "p (1): %s differs from that of rank 1, paired over seeds; corrected by Holm over all %lld pair%s",
                                     x->rank, (long long)g->family, g->family == 1 ? "" : "s");
        if (g->confirmed_family) snprintf(note[n] + at, size - at, " (confirmed: %lld)", (long long)g->confirmed_family);
        n++;
    }
    if (x->confirm)
        snprintf(note[n++], size, "confirmed: the best %d again on %d fresh seeds, which did not choose them; quote these",
                 RQ_CONFIRMED < x->variant_count ? RQ_CONFIRMED : x->variant_count, x->confirm);
    if (rq_selects_on_test(x))
        snprintf(note[n++], size, "selected on test data: the first of %d variants is likely to look better than it is", x->variant_count);
    return n;
}
