/* table.c: the ranking as text, LaTeX, CSV and JSON.
 *
 *     rank  placement  gradient  q1       q2    head  val.accuracy     test.accuracy    note
 *     1     q1 -> q2   exact     full     full  full  0.873 +- 0.012   0.865 +- 0.020
 *     2     q1 -> q2   detached  partial  full  full  0.871 +- 0.015   0.866 +- 0.018
 *     -     q1 -> head exact                                                            does not fit: ...
 *
 * Text and LaTeX are two ways to write one grid of cells. CSV and JSON hold every number with 17 digits.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "explore/explore.h"

/* ---- the grid ---- */

typedef struct Grid {
    char **cell; /* [row][column]; row 0: titles */
    int rows, columns, column;
} Grid;

static bool put(Grid *g, int row, const char *text, rq_error *err)
{
    char *copy = rq_copy_text(text, err);
    g->cell[row * g->columns + g->column++] = copy;
    return copy != NULL;
}

static void grid_free(Grid *g)
{
    for (int i = 0; g->cell && i < g->rows * g->columns; i++) rq_free(g->cell[i]);
    rq_free(g->cell);
}

static bool any_settings(const rq_exploration *x)
{
    for (int v = 0; v < x->variant_count; v++)
        if (x->variants[v].settings[0]) return true;
    return false;
}

static bool any_reason(const rq_ranking *r)
{
    for (int i = 0; i < r->x->variant_count; i++)
        if (r->rows[i].reason[0]) return true;
    return false;
}

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

/* What is shown: what ranks, and the test accuracy (its loss, if ranking is by loss). */
static int shown_metrics(const rq_ranking *r, int shown[2])
{
    int rank = rq_metric_named(r->x->rank), test = rq_metric_is_loss(rank) ? 3 : 2;
    shown[0] = rank;
    shown[1] = test;
    return rank == test ? 1 : 2;
}

static void estimate_text(const rq_estimate *e, char *out, size_t size)
{
    if (e->n == 0 || !isfinite(e->mean)) snprintf(out, size, "%s", "");
    else if (e->n == 1) snprintf(out, size, "%.4f", e->mean);
    else snprintf(out, size, "%.4f +- %.4f", e->mean, e->high - e->mean);
}

static bool put_estimates(Grid *g, int row, const rq_ranking *r, const rq_ranked *at, rq_error *err)
{
    int shown[2], n = shown_metrics(r, shown);
    bool ok = true;
    for (int again = 0; again < (r->x->confirm ? 2 : 1); again++)
        for (int i = 0; i < n && ok; i++) {
            char text[80];
            if (!at) snprintf(text, sizeof text, "%s%s", again ? "confirmed " : "", rq_metric_names[shown[i]]);
            else estimate_text(again ? &at->confirmed[shown[i]] : &at->metric[shown[i]], text, sizeof text);
            ok = put(g, row, text, err);
        }
    return ok;
}

/* Row 0 holds titles; row i + 1 the i-th of the ranking. */
static bool fill_row(Grid *g, int row, const rq_ranking *r, const rq_model *layers, rq_error *err)
{
    const rq_ranked *at = row ? &r->rows[row - 1] : NULL;
    const rq_variant *v = at ? &r->x->variants[at->variant] : NULL;
    char rank[16] = "rank";
    g->column = 0;
    if (at) snprintf(rank, sizeof rank, at->rank ? "%d" : "-", at->rank);
    bool ok = put(g, row, rank, err) && put(g, row, at ? v->placement : "placement", err);
    if (ok && any_settings(r->x)) ok = put(g, row, at ? v->settings : "settings", err);
    ok = ok && put(g, row, at ? v->gradient : "gradient", err);
    for (int i = 0; layers && i < layers->layer_count && ok; i++) {
        const char *name = layers->layers[i].name;
        ok = put(g, row, at ? verdict(v, name) : name, err);
    }
    ok = ok && put_estimates(g, row, r, at, err);
    if (ok && any_reason(r)) ok = put(g, row, at ? at->reason : "note", err);
    return ok;
}

static bool grid_make(Grid *g, const rq_ranking *r, rq_error *err)
{
    const rq_model *layers = widest(r->x);
    int shown[2], metrics = shown_metrics(r, shown) * (r->x->confirm ? 2 : 1);
    *g = (Grid){.rows = r->x->variant_count + 1};
    g->columns = 3 + any_settings(r->x) + (layers ? layers->layer_count : 0) + metrics + any_reason(r);
    g->cell = rq_alloc_array((uint64_t)g->rows * (uint64_t)g->columns, sizeof *g->cell, "the table", err);
    bool ok = g->cell != NULL;
    for (int row = 0; row < g->rows && ok; row++) ok = fill_row(g, row, r, layers, err);
    return ok;
}

/* ---- as text ---- */

static int width_of(const Grid *g, int column)
{
    size_t most = 0;
    for (int row = 0; row < g->rows; row++) {
        size_t n = strlen(g->cell[row * g->columns + column]);
        if (n > most) most = n;
    }
    return (int)most;
}

static bool by_test(const rq_exploration *x) { return !strncmp(x->rank, "test.", 5) && x->variant_count > 1; }

static bool reaches_all(const rq_model *m)
{
    for (int i = 0; i < m->layer_count; i++) {
        const rq_layer *l = &m->layers[i];
        bool is_fed = !l->flow[0] || !strcmp(l->flow, "full") || !strcmp(l->flow, "partial");
        if (!strncmp(l->kind, "quanv", 5) && !is_fed) return false;
    }
    return true;
}

/* "every quanvolutional layer receives a gradient: exact 8 of 15, detached 2 of 15" */
static void print_reached(FILE *out, const rq_exploration *x)
{
    static const char *const modes[] = {"exact", "detached"};
    const char *between = "";
    fprintf(out, "every quanvolutional layer receives a gradient:");
    for (int k = 0; k < 2; k++) {
        int all = 0, reached = 0;
        for (int v = 0; v < x->variant_count; v++) {
            if (strcmp(x->variants[v].gradient, modes[k])) continue;
            all++;
            reached += x->variants[v].action && reaches_all(x->variants[v].action->model);
        }
        if (all) fprintf(out, "%s %s %d of %d", between, modes[k], reached, all), between = ",";
    }
    fputc('\n', out);
}

static void print_notes(FILE *out, const rq_ranking *r)
{
    const rq_exploration *x = r->x;
    print_reached(out, x);
    if (x->seeds > 1)
        fprintf(out, "mean over %d seeds (%llu to %llu) +- half of the 95%% interval by Student's t; %d of %d runs\n", x->seeds,
                (unsigned long long)x->seed, (unsigned long long)x->seed + (unsigned long long)x->seeds - 1, r->runs_done, r->runs_in_all);
    else fprintf(out, "one seed (%llu): no interval; 'seeds: 5' gives one\n", (unsigned long long)x->seed);
    if (x->confirm)
        fprintf(out, "confirmed: the best %d again on %d fresh seeds, which did not choose them; quote these\n",
                RQ_CONFIRMED < x->variant_count ? RQ_CONFIRMED : x->variant_count, x->confirm);
    if (by_test(x)) fprintf(out, "selected on test data: the first of %d variants is likely to look better than it is\n", x->variant_count);
}

bool rq_ranking_text(FILE *out, const rq_ranking *r, rq_error *err)
{
    Grid g;
    bool ok = grid_make(&g, r, err);
    for (int row = 0; row < g.rows && ok; row++) {
        int blanks = 0;
        for (int i = 0; i < g.columns; i++) {
            const char *text = g.cell[row * g.columns + i];
            if (*text) fprintf(out, "%*s%s", blanks, "", text), blanks = 0;
            blanks += width_of(&g, i) - (int)strlen(text) + 2;
        }
        fputc('\n', out);
    }
    if (ok) print_notes(out, r);
    grid_free(&g);
    return ok && (!ferror(out) || rq_fail(err, "the table could not be written"));
}

/* ---- as LaTeX ---- */

static void tex_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (!strncmp(text, "->", 2)) fputs("$\\rightarrow$", out), text++;
        else if (!strncmp(text, "+-", 2)) fputs("$\\pm$", out), text++;
        else if (strchr("&%$#_{}", *text)) fprintf(out, "\\%c", *text);
        else if (*text == '\\') fputs("\\textbackslash{}", out);
        else if (*text == '~' || *text == '^') fprintf(out, "\\%c{}", *text);
        else fputc(*text, out);
    }
}

bool rq_ranking_tex(FILE *out, const rq_ranking *r, rq_error *err)
{
    Grid g;
    bool ok = grid_make(&g, r, err);
    if (ok) fprintf(out, "%% exploration '%s' of %s\n\\begin{tabular}{", r->x->name, r->x->file);
    for (int i = 0; i < g.columns && ok; i++) fputc('l', out);
    if (ok) fprintf(out, "}\n\\hline\n");
    for (int row = 0; row < g.rows && ok; row++) {
        for (int i = 0; i < g.columns; i++) {
            if (i) fputs(" & ", out);
            tex_text(out, g.cell[row * g.columns + i]);
        }
        fprintf(out, " \\\\\n%s", row ? "" : "\\hline\n");
    }
    if (ok) fprintf(out, "\\hline\n\\end{tabular}\n");
    grid_free(&g);
    return ok && (!ferror(out) || rq_fail(err, "the table could not be written"));
}

/* ---- as data ---- */

static void csv_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

bool rq_ranking_csv(FILE *out, const rq_ranking *r, rq_error *err)
{
    const rq_exploration *x = r->x;
    fprintf(out, "rank,variant,placement,settings,gradient,seed,purpose,metric,value\n");
    for (int i = 0; i < x->variant_count; i++) {
        const rq_variant *v = &x->variants[r->rows[i].variant];
        for (int k = 0; k < x->seeds + x->confirm; k++) {
            const rq_explored *run = &r->runs[r->rows[i].variant * (x->seeds + x->confirm) + k];
            for (int m = 0; m < RQ_METRICS; m++) {
                if (!run->done || !isfinite(run->metric[m])) continue;
                fprintf(out, "%d,", r->rows[i].rank);
                const char *const texts[] = {v->label, v->placement, v->settings, v->gradient};
                for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) csv_text(out, texts[t]), fputc(',', out);
                fprintf(out, "%llu,%s,%s,%.17g\n", (unsigned long long)run->seed, k < x->seeds ? "explore" : "confirm",
                        rq_metric_names[m], run->metric[m]);
            }
        }
    }
    return !ferror(out) || rq_fail(err, "the table could not be written");
}

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *estimates_json(const rq_estimate *e)
{
    json_t *all = json_object();
    for (int m = 0; m < RQ_METRICS; m++) {
        if (!e[m].n) continue;
        json_t *o = json_object();
        json_object_set_new(o, "n", json_integer(e[m].n));
        json_object_set_new(o, "mean", number(e[m].mean));
        json_object_set_new(o, "deviation", number(e[m].deviation));
        json_object_set_new(o, "low", number(e[m].low));
        json_object_set_new(o, "high", number(e[m].high));
        json_object_set_new(all, rq_metric_names[m], o);
    }
    return all;
}

static json_t *row_json(const rq_ranking *r, const rq_ranked *row)
{
    const rq_variant *v = &r->x->variants[row->variant];
    json_t *flow = json_object();
    json_t *o = json_pack("{s:s, s:o, s:s, s:s, s:s, s:s}", "action", r->x->name, "rank", row->rank ? json_integer(row->rank) : json_null(),
                          "variant", v->label, "placement", v->placement, "settings", v->settings, "gradient", v->gradient);
    for (int i = 0; v->action && i < v->action->model->layer_count; i++) {
        const rq_layer *l = &v->action->model->layers[i];
        if (l->flow[0]) json_object_set_new(flow, l->name, json_string(l->flow));
    }
    json_object_set_new(o, "flow", flow);
    json_object_set_new(o, "metrics", estimates_json(row->metric));
    if (r->x->confirm) json_object_set_new(o, "confirmed", estimates_json(row->confirmed));
    if (row->reason[0]) json_object_set_new(o, "reason", json_string(row->reason));
    return o;
}

bool rq_ranking_json(FILE *out, const rq_ranking *r, bool lines, rq_error *err)
{
    json_t *all = json_array();
    size_t flags = JSON_REAL_PRECISION(17);
    bool bad = false;
    for (int i = 0; i < r->x->variant_count; i++) json_array_append_new(all, row_json(r, &r->rows[i]));
    for (size_t i = 0; lines && i < json_array_size(all); i++)
        bad |= json_dumpf(json_array_get(all, i), out, flags | JSON_COMPACT) != 0 || fputc('\n', out) == EOF;
    if (!lines) {
        json_t *o = json_pack("{s:i, s:s, s:s, s:b, s:I, s:i, s:i, s:O}", "schema", 1, "action", r->x->name, "rank", r->x->rank,
                              "selected_on_test", by_test(r->x), "seed", (json_int_t)r->x->seed, "seeds", r->x->seeds, "confirm",
                              r->x->confirm, "variants", all);
        bad = !o || json_dumpf(o, out, flags | JSON_INDENT(1)) != 0 || fputc('\n', out) == EOF;
        json_decref(o);
    }
    json_decref(all);
    return !bad || rq_fail(err, "the results could not be written");
}
