/* html.c: report.html: one file, no network, no script; readable in light, dark and on paper. */
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/report.h"

void rq_html_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
    }
}

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1c2330;--soft:#5b6577;--line:#d7dce4;--back:#fff;--panel:#f6f7f9}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa4b5;--line:#38414f;--back:#14181f;--panel:#1c222c}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:1080px;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}\n"
    ".big{font-size:1.3rem}.none,.soft{color:var(--soft)}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{font-size:.9rem;padding:.25rem .55rem;text-align:right;"
    "border-bottom:1px solid var(--line);white-space:nowrap}td.t,th.t{text-align:left}th{font-weight:600}\n"
    "pre{background:var(--panel);padding:.8rem;overflow-x:auto;font-size:.85rem;line-height:1.4}\n"
    "figure{margin:1rem 0}figcaption{font-weight:600}.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));"
    "gap:0 1.5rem}svg{width:100%;height:auto}\n"
    "svg text{fill:var(--ink);font:12px system-ui,sans-serif}.tick{fill:var(--soft)}.grid{stroke:var(--line);stroke-width:1}\n"
    ".line{fill:none;stroke-width:2}.s0{stroke:#2f6fde}.s1{stroke:#d9622b}.s2{stroke:#1b9e77}.s3{stroke:#b0509e}.s4{stroke:#8c6d1f}"
    ".s5{stroke:#d23b4c}.s6{stroke:#5a8f29}.s7{stroke:#6f7682}\n"
    ".dot.s0{fill:#2f6fde}.dot.s1{fill:#d9622b}.dot.s2{fill:#1b9e77}.dot.s3{fill:#b0509e}.dot.s4{fill:#8c6d1f}.dot.s5{fill:#d23b4c}"
    ".dot.s6{fill:#5a8f29}.dot.s7{fill:#6f7682}\n"
    ".box rect{fill:var(--panel);stroke:var(--soft);stroke-width:1.5}.box.full rect{stroke:#1b9e77}.box.partial rect{stroke:#d99a2b}"
    ".box.none rect,.box.unused rect{stroke:#d23b4c}.box.frozen rect{stroke-dasharray:4 3}\n"
    "svg .name{font-weight:600;font-size:14px}.edge{fill:none;stroke:var(--soft);stroke-width:1.6}.edge.skip{stroke:#2f6fde}"
    ".edge.cut{stroke:#d23b4c;stroke-dasharray:5 4}svg .cutmark{fill:#d23b4c;font-size:20px;font-weight:700}.tip{fill:var(--soft)}\n"
    ".v-healthy{color:#1b8a5f}.v-zero,.v-exploding{color:#d23b4c}.v-vanishing{color:#c07a12}\n"
    "@media print{body{max-width:none}pre{white-space:pre-wrap}}\n";

static void print_cell(FILE *out, const char *format, double x)
{
    fputs("<td>", out);
    if (isfinite(x)) fprintf(out, format, x);
    else fputs("&#8211;", out);
    fputs("</td>", out);
}

static void print_text_cell(FILE *out, const char *text)
{
    fputs("<td class=\"t\">", out);
    rq_html_text(out, text);
    fputs("</td>", out);
}

static const rq_layer_stat *stat_at(const rq_history *h, const rq_layer *layer, bool last)
{
    const rq_layer_stat *found = NULL;
    for (int64_t i = 0; i < h->stat_count; i++)
        if (h->stats[i].layer == layer && (last || !found)) found = &h->stats[i];
    return found;
}

static void print_gradient_table(FILE *out, const rq_history *h)
{
    const rq_model *m = h->model;
    fputs("<div class=\"wide\"><table><thead><tr><th class=\"t\">layer</th><th class=\"t\">kind</th><th>parameters</th>"
          "<th class=\"t\">gradient</th><th class=\"t\">verdict</th><th class=\"t\">through</th><th>rms first</th><th>rms last</th><th>max</th><th>r</th>"
          "<th>snr</th><th>95% interval</th>", out);
    if (h->settings->compare) fputs("<th>cosine</th><th>norm ratio</th><th>projection</th>", out);
    fputs("</tr></thead><tbody>\n", out);
    for (int i = 0; i < m->layer_count; i++) {
        const rq_layer *l = &m->layers[i];
        const rq_layer_stat *a = stat_at(h, l, false), *b = stat_at(h, l, true);
        char number[32];
        if (!l->params) continue;
        fputs("<tr>", out);
        print_text_cell(out, l->name);
        print_text_cell(out, l->kind);
        fprintf(out, "<td>%s</td>", rq_grouped(l->params, number, sizeof number));
        print_text_cell(out, l->flow);
        fprintf(out, "<td class=\"t v-%s\">%s</td>", b ? rq_verdict_names[b->verdict] : "", b ? rq_verdict_names[b->verdict] : "");
        print_text_cell(out, l->through);
        print_cell(out, "%.2e", a ? a->rms : NAN);
        print_cell(out, "%.2e", b ? b->rms : NAN);
        print_cell(out, "%.2e", b ? b->max : NAN);
        print_cell(out, "%.2g", b ? b->r : NAN);
        print_cell(out, "%.2g", b ? b->snr : NAN);
        if (b && isfinite(b->snr_low)) fprintf(out, "<td>%.2g to %.2g</td>", b->snr_low, b->snr_high);
        else fputs("<td>&#8211;</td>", out);
        if (h->settings->compare) {
            print_cell(out, "%.3f", b ? b->cosine : NAN);
            print_cell(out, "%.3f", b ? b->norm_ratio : NAN);
            print_cell(out, "%.3f", b ? b->projection : NAN);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].reason[0]) {
            fprintf(out, "<p><b>%s</b>: ", m->layers[i].name);
            rq_html_text(out, m->layers[i].reason);
            fputs("</p>\n", out);
        }
    fprintf(out, "<p class=\"soft\">Per-sample gradients on %lld training samples, before the first step and after each epoch. "
                 "r = rms of the gradient / rms of dL/d(output). vanishing: r &lt; %g; exploding: r &gt; %g or not finite; converged: "
                 "rms of dL/d(output) below %g of its start; zero: all exactly 0.</p>\n",
            (long long)(h->stat_count ? h->stats[0].samples : 0), h->settings->thresholds.vanishing, h->settings->thresholds.exploding,
            h->settings->thresholds.converged);
}

/* Columns of the epochs as arrays: x, then what the charts show. */
enum { COL_epoch, COL_loss, COL_val_loss, COL_test_loss, COL_all_loss, COL_accuracy, COL_val_accuracy, COL_test_accuracy, COL_COUNT };

static void fill_columns(const rq_history *h, double *col)
{
    int64_t n = h->epoch_count;
    for (int64_t i = 0; i < n; i++) {
        const rq_epoch *e = &h->epochs[i];
        double row[COL_COUNT] = {(double)e->epoch, e->loss, e->has_val ? e->val_loss : NAN, e->has_test ? e->test_loss : NAN,
                                 e->has_train && e->has_test ? e->all_loss : NAN,
                                 e->has_accuracy ? e->accuracy : NAN, e->has_val && e->has_accuracy ? e->val_accuracy : NAN,
                                 e->has_test && e->has_accuracy ? e->test_accuracy : NAN};
        for (int k = 0; k < COL_COUNT; k++) col[k * n + i] = row[k];
    }
}

static bool print_curves(FILE *out, const rq_history *h)
{
    static const char *const names[] = {"training", "validation", "test", "all"};
    int64_t n = h->epoch_count;
    double *col = rq_alloc((size_t)(n * COL_COUNT + 1) * sizeof(double));
    if (!col) return false;
    fill_columns(h, col);
    for (int k = 0; k < 2; k++) {
        bool accuracy = k == 1;
        rq_series series[4];
        int first = accuracy ? COL_accuracy : COL_loss, shown = 0;
        if (accuracy && !(n && h->epochs[0].has_accuracy)) continue;
        for (int s = 0; s < (accuracy ? 3 : 4); s++)
            if (n && isfinite(col[(first + s) * n])) series[shown++] = (rq_series){names[s], col, col + (first + s) * n, n};
        rq_chart chart = {accuracy ? "Accuracy after each epoch" : "Loss", "epoch", accuracy ? "accuracy" : h->settings->loss, false, series,
                          shown};
        rq_chart_svg(out, &chart);
    }
    rq_free(col);
    return true;
}

/* One line per layer: rms (or snr) over epochs on a log axis. */
static bool print_gradient_chart(FILE *out, const rq_history *h, bool snr)
{
    const rq_model *m = h->model;
    double *x = rq_alloc((size_t)(h->stat_count + 1) * sizeof(double)), *y = rq_alloc((size_t)(h->stat_count + 1) * sizeof(double));
    rq_series *series = rq_alloc((size_t)(m->layer_count + 1) * sizeof(rq_series));
    int64_t at = 0;
    int lines = 0;
    for (int i = 0; x && y && series && i < m->layer_count; i++) {
        int64_t from = at;
        for (int64_t k = 0; k < h->stat_count; k++)
            if (h->stats[k].layer == &m->layers[i]) {
                x[at] = (double)h->stats[k].epoch;
                y[at++] = snr ? h->stats[k].snr : h->stats[k].rms;
            }
        if (at > from) series[lines++] = (rq_series){m->layers[i].name, x + from, y + from, at - from};
    }
    rq_chart chart = {snr ? "Signal-to-noise ratio of the batch gradient" : "Gradient rms per layer", "epoch", snr ? "snr" : "rms", true, series,
                      lines};
    if (x && y && series) rq_chart_svg(out, &chart);
    bool ok = x && y && series;
    rq_free(x);
    rq_free(y);
    rq_free(series);
    return ok;
}

static void print_head(FILE *out, const rq_history *h)
{
    fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    rq_html_text(out, h->settings->action);
    fputs(" - rq</title>\n<style>\n", out);
    fputs(style, out);
    fputs("</style></head><body>\n<h1>", out);
    rq_html_text(out, h->model->name);
    fputs(", training &#8216;", out);
    rq_html_text(out, h->settings->action);
    fputs("&#8217;</h1>\n<p class=\"soft\">", out);
    rq_html_text(out, h->model->summary);
    fprintf(out, "</p>\n<p class=\"big\">");
    const rq_result *r = &h->result;
    if (r->diverged) fputs("<b>Stopped: loss or gradient was not finite.</b> ", out);
    if (r->interrupted) fputs("<b>Interrupted.</b> ", out);
    if (r->has_test && r->has_accuracy) {
        double p = r->test_accuracy, n = (double)r->test_samples;
        fprintf(out, "Test accuracy %.1f%% (standard error %.1f from %lld images)", 100 * p, 100 * sqrt(p * (1 - p) / n),
                (long long)r->test_samples);
    } else if (r->has_train) rq_print_states(out, h->settings, r);
    else if (r->has_test) fprintf(out, "Test loss %.6g", r->test_loss);
    fprintf(out, " after %lld %s, %.2f s of training.</p>\n", (long long)r->epochs_done, h->settings->batch ? "epochs" : "rounds", r->seconds);
}

static void print_pre(FILE *out, const char *title, const char *text)
{
    fprintf(out, "<h2>%s</h2>\n<pre>", title);
    rq_html_text(out, text);
    fputs("</pre>\n", out);
}

bool rq_report_html(FILE *out, const rq_history *h)
{
    print_head(out, h);
    fputs("<h2>Which layers receive gradients</h2>\n", out);
    print_gradient_table(out, h);
    fputs("<div class=\"wide\">", out);
    rq_flow_svg(out, h->model);
    fputs("</div>\n<h2>Curves</h2>\n<div class=\"charts\">\n", out);
    bool ok = print_curves(out, h) && print_gradient_chart(out, h, false) && print_gradient_chart(out, h, true);
    fputs("</div>\n<h2>Methods</h2>\n<p>", out);
    rq_html_text(out, h->info->methods);
    fputs("</p>\n", out);
    print_pre(out, "Data", h->data_text);
    print_pre(out, "Source", h->info->source);
    print_pre(out, "Settings", h->info->settings);
    print_pre(out, "Versions", h->info->versions);
    fputs("</body></html>\n", out);
    return ok && !ferror(out);
}
