/* page.c: report.html of a scan: verdicts, the variance along the axis on logarithmic scales, the table; and the plot as a file. */
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/page.h"
#include "report/report.h"
#include "scan/scan.h"

/* The points of all curves in columns. */
typedef struct Plot {
    rq_series *series; /* those of the draws, each followed by its expectation if it has any */
    int count;
    double *room;
    char (*names)[180];
} Plot;

static void plot_free(Plot *p)
{
    rq_free(p->series);
    rq_free(p->room);
    rq_free(p->names);
}

/* Fills x, y, low, high, expected with the points of a curve and element; how many there are. */
static int64_t gather(const rq_scan *s, const rq_scan_state *st, const rq_fit *f, double *const column[5])
{
    int64_t n = 0;
    for (int i = 0; i < st->done; i++) {
        const rq_scan_point *p = &s->points[i];
        for (int e = 0; e < p->element_count; e++) {
            if (strcmp(p->curve, f->curve) || strcmp(rq_scan_element(s, i, e), f->element)) continue;
            const rq_moments *m = &st->results[i][e].moments;
            double variance = rq_moments_variance(m), error = rq_moments_error(m);
            const double row[5] = {p->axis, variance, variance * exp(-1.96 * error), variance * exp(1.96 * error),
                                   p->has_expected ? p->expected : NAN};
            for (int k = 0; k < 5; k++) column[k][n] = row[k];
            n++;
        }
    }
    return n;
}

static bool plot_new(const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count, Plot *p, rq_error *err)
{
    uint64_t points = (uint64_t)s->point_count, curves = (uint64_t)fit_count;
    *p = (Plot){.series = rq_alloc_array(2 * curves, sizeof *p->series, "the plot", err),
                .room = rq_alloc_array(5 * points * curves, sizeof *p->room, "the plot", err),
                .names = rq_alloc_array(2 * curves, sizeof *p->names, "the plot", err)};
    for (int k = 0; p->series && p->room && p->names && k < fit_count; k++) {
        double *column[5];
        for (int c = 0; c < 5; c++) column[c] = p->room + (uint64_t)(5 * k + c) * points;
        int64_t n = gather(s, st, &fits[k], column);
        char *name = p->names[2 * k], *expected = p->names[2 * k + 1];
        snprintf(name, sizeof *p->names, "%.70s%s%.80s", fits[k].curve, fits[k].curve[0] ? ", " : "", fits[k].element);
        snprintf(expected, sizeof *p->names, "expected%s%.70s", fits[k].curve[0] ? ", " : "", fits[k].curve);
        p->series[p->count++] = (rq_series){.name = name, .x = column[0], .y = column[1], .count = n, .low = column[2], .high = column[3]};
        if (n && isfinite(column[4][0]))
            p->series[p->count++] = (rq_series){.name = expected, .x = column[0], .y = column[4], .count = n, .dashed = true};
    }
    return p->series && p->room && p->names;
}

bool rq_scan_figures(const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count, rq_figures *out, rq_error *err)
{
    Plot p;
    bool good = plot_new(s, st, fits, fit_count, &p, err);
    *out = (rq_figures){0};
    for (int k = 0; good && fit_count && k < 2; k++) {
        rq_chart chart = {.name = k ? "variance-log" : "variance",
                          .title = k ? "Variance of the derivative, both axes logarithmic" : "Variance of the derivative", .x_label = s->axis,
                          .y_label = "variance", .log_y = true, .log_x = k == 1, .series = p.series, .series_count = p.count};
        good = rq_figures_add(out, rq_chart_picture(&chart, err), err);
    }
    plot_free(&p);
    if (!good) rq_figures_free(out);
    return good;
}

/* ---- the page ---- */

static void print_row(FILE *out, const rq_scan *s, const rq_scan_point *p, int e, const rq_scan_result *r)
{
    const rq_moments *m = &r->moments;
    double variance = rq_moments_variance(m), error = rq_moments_error(m), z = rq_scan_z(p, r);
    char drawn[32];
    fputs("<tr>", out);
    for (int k = 0; k < s->name_count; k++) rq_page_cell(out, p->values[k], "t");
    rq_page_cell(out, p->elements[e], "t");
    fprintf(out, "<td>%s</td>", rq_grouped(m->n, drawn, sizeof drawn));
    rq_page_number(out, "%.2e", m->mean);
    rq_page_number(out, "%.3e", rq_moments_second(m));
    rq_page_number(out, "%.3e", variance);
    fprintf(out, "<td%s>%.2e to %.2e%s</td>", rq_moments_reliable(m) ? "" : " class=\"warn\"", variance * exp(-1.96 * error),
            variance * exp(1.96 * error), rq_moments_reliable(m) ? "" : ", unreliable");
    rq_page_number(out, "%.3g", rq_moments_kurtosis(m));
    for (int q = 0; q < RQ_QUANTILES; q++) rq_page_number(out, "%.2e", r->quantile[q]);
    rq_page_number(out, "%.3g%%", 100 * (double)m->zeros / (double)m->n);
    rq_page_number(out, "%.4g", p->has_expected ? p->expected : NAN);
    fprintf(out, "<td class=\"%s\">", fabs(z) > rq_scan_z_limit(s) ? "bad" : "");
    if (isfinite(z)) fprintf(out, "%.2f", z);
    else fputs("&#8211;", out);
    fputs("</td></tr>\n", out);
}

static void print_table(FILE *out, const rq_scan *s, const rq_scan_state *st)
{
    rq_page_table(out, "points of the scan");
    fputs("<thead><tr>", out);
    for (int k = 0; k < s->name_count; k++) {
        fputs("<th class=\"t\">", out);
        rq_html_text(out, s->names[k]);
        fputs("</th>", out);
    }
    fputs("<th class=\"t\">derivative by</th><th>draws</th><th>mean</th><th>E[g&#178;]</th><th>variance</th><th>95% interval</th><th>kurtosis</th>", out);
    for (int q = 0; q < RQ_QUANTILES; q++) fprintf(out, "<th>|g| %g%%</th>", 100 * rq_quantile_shares[q]);
    fputs("<th>exactly 0</th><th>expected</th><th>z</th></tr></thead><tbody>\n", out);
    for (int i = 0; i < st->done; i++)
        for (int e = 0; e < s->points[i].element_count; e++) print_row(out, s, &s->points[i], e, &st->results[i][e]);
    rq_page_table_end(out);
}

static void print_fits(FILE *out, const rq_scan *s, const rq_fit *fits, int count)
{
    rq_page_table(out, "fitted lines");
    fputs("<thead><tr><th class=\"t\">curve</th><th class=\"t\">derivative by</th><th>sizes</th>"
          "<th>exponential slope</th><th>&#967;&#178;</th><th>p</th><th>power slope</th><th>&#967;&#178;</th><th>p</th><th>&#916;AIC</th></tr></thead><tbody>\n", out);
    for (int k = 0; k < count; k++) {
        const rq_line *both[] = {&fits[k].exponential, &fits[k].power};
        fputs("<tr>", out);
        rq_page_cell(out, fits[k].curve[0] ? fits[k].curve : s->axis, "t");
        rq_page_cell(out, fits[k].element, "t");
        fprintf(out, "<td>%d</td>", fits[k].sizes);
        for (int l = 0; l < 2; l++) {
            if (isfinite(both[l]->b)) fprintf(out, "<td>%.4g &#177; %.2g</td>", both[l]->b, both[l]->b_error);
            else fputs("<td>&#8211;</td>", out);
            rq_page_number(out, "%.3g", both[l]->chi2);
            rq_page_number(out, "%.2g", both[l]->p);
        }
        rq_page_number(out, "%.1f", fits[k].delta_aic);
        fputs("</tr>\n", out);
    }
    rq_page_table_end(out);
}

static void print_head(FILE *out, const rq_scan *s, const rq_fit *fits, int count)
{
    rq_page_begin(out, s->name);
    fputs("<h1>", out);
    rq_html_text(out, s->points[0].model->name);
    fputs(", scan &#8216;", out);
    rq_html_text(out, s->name);
    fprintf(out, "&#8217;</h1>\n<p class=\"soft\">variance of the derivative of %s over parameters drawn from their initialisers</p>\n", s->loss);
    for (int k = 0; k < count; k++) {
        fputs("<p><b>", out);
        rq_html_text(out, fits[k].curve);
        fputs(fits[k].curve[0] ? ", " : "", out);
        rq_html_text(out, fits[k].element);
        fputs("</b>: ", out);
        rq_html_text(out, fits[k].text);
        fputs("</p>\n", out);
    }
}

bool rq_scan_page(FILE *out, const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count, rq_error *err)
{
    rq_figures figures;
    if (!rq_scan_figures(s, st, fits, fit_count, &figures, err)) return false;
    print_head(out, s, fits, fit_count);
    if (figures.count) {
        fputs("<div class=\"charts\">\n", out);
        rq_figures_show(out, &figures, "variance");
        fputs("</div>\n<p class=\"soft\">Bands: 95% intervals of the variance, exp(&#177;1.96 sqrt((kurtosis - 1)/draws)); dashed: what the "
              "file expects.</p>\n", out);
        rq_page_heading(out, "Fits");
        print_fits(out, s, fits, fit_count);
    }
    rq_figures_free(&figures);
    rq_page_heading(out, "Points");
    print_table(out, s, st);
    rq_page_heading(out, "Methods");
    fputs("<p>", out);
    rq_html_text(out, s->methods);
    fputs("</p>\n", out);
    rq_page_text(out, "Source", s->source);
    rq_page_text(out, "Settings", s->settings_text);
    rq_page_text(out, "Versions", s->versions);
    rq_page_end(out);
    return !ferror(out) || rq_fail(err, "the report could not be written");
}
