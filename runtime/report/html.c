/* html.c: report.html of one training. */
#include <math.h>
#include <string.h>

#include "report/figures.h"
#include "report/page.h"
#include "report/report.h"
#include "statistics.h"

const char *rq_flow_class(const char *flow)
{
    if (!strcmp(flow, "full")) return "t good";
    if (!strcmp(flow, "partial")) return "t warn";
    return !strcmp(flow, "none") || !strcmp(flow, "unused") ? "t bad" : "t";
}

static const char *verdict_class(const rq_layer_stat *s)
{
    static const char *const classes[] = {"t", "t good", "t bad", "t warn", "t bad", "t"};
    return classes[s ? s->verdict : RQ_VERDICT_none];
}

static const rq_layer_stat *stat_at(const rq_history *h, const rq_layer *layer, bool last)
{
    const rq_layer_stat *found = NULL;
    for (int64_t i = 0; i < h->run.stat_count; i++)
        if (h->run.stats[i].layer == layer && (last || !found)) found = &h->run.stats[i];
    return found;
}

static void print_gradient_row(FILE *out, const rq_history *h, const rq_layer *l)
{
    const rq_layer_stat *a = stat_at(h, l, false), *b = stat_at(h, l, true);
    char number[32];
    if (!l->params) return;
    fputs("<tr>", out);
    rq_page_cell(out, l->name, "t");
    rq_page_cell(out, l->kind, "t");
    fprintf(out, "<td>%s</td>", rq_grouped(l->params, number, sizeof number));
    rq_page_cell(out, l->flow, rq_flow_class(l->flow));
    rq_page_cell(out, b ? rq_verdict_names[b->verdict] : "", verdict_class(b));
    rq_page_cell(out, l->through, "t");
    rq_page_number(out, "%.2e", a ? a->rms : NAN);
    rq_page_number(out, "%.2e", b ? b->rms : NAN);
    rq_page_number(out, "%.2e", b ? b->max : NAN);
    rq_page_number(out, "%.2g", b ? b->r : NAN);
    rq_page_number(out, "%.2g", b ? b->snr : NAN);
    if (b && isfinite(b->snr_low)) fprintf(out, "<td>%.2g to %.2g</td>", b->snr_low, b->snr_high);
    else fputs("<td>&#8211;</td>", out);
    if (h->settings->compare) {
        rq_page_number(out, "%.3f", b ? b->cosine : NAN);
        rq_page_number(out, "%.3f", b ? b->norm_ratio : NAN);
        rq_page_number(out, "%.3f", b ? b->projection : NAN);
    }
    fputs("</tr>\n", out);
}

static void print_gradient_table(FILE *out, const rq_history *h)
{
    const rq_model *m = h->model;
    rq_page_table(out, "layers and their gradients");
    fputs("<thead><tr><th class=\"t\">layer</th><th class=\"t\">kind</th><th>parameters</th>"
          "<th class=\"t\">gradient</th><th class=\"t\">verdict</th><th class=\"t\">through</th><th>rms first</th><th>rms last</th><th>max</th><th>r</th>"
          "<th>snr</th><th>95% interval</th>", out);
    if (h->settings->compare) fputs("<th>cosine</th><th>norm ratio</th><th>projection</th>", out);
    fputs("</tr></thead><tbody>\n", out);
    for (int i = 0; i < m->layer_count; i++) {
        print_gradient_row(out, h, &m->layers[i]);
        for (int k = m->layer_count; k < m->layer_count + m->part_count; k++)
            if (rq_is_part(&m->layers[k], &m->layers[i])) print_gradient_row(out, h, &m->layers[k]);
    }
    rq_page_table_end(out);
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].reason[0]) {
            fprintf(out, "<p><b>%s</b>: ", m->layers[i].name);
            rq_html_text(out, m->layers[i].reason);
            fputs("</p>\n", out);
        }
    fprintf(out, "<p class=\"soft\">Per-sample gradients on %lld training samples, before the first step and after each epoch. "
                 "r = rms of the gradient / rms of dL/d(output). vanishing: r &lt; %g; exploding: r &gt; %g or not finite; converged: "
                 "rms of dL/d(output) below %g of its start; zero: all exactly 0.</p>\n",
            (long long)(h->run.stat_count ? h->run.stats[0].samples : 0), h->settings->thresholds.vanishing, h->settings->thresholds.exploding,
            h->settings->thresholds.converged);
}

void rq_report_notes(FILE *out, const rq_model *m)
{
    for (int i = 0; i < m->warning_count; i++) rq_page_note(out, m->warnings[i]);
    for (int i = 0; i < m->layer_count; i++) {
        const rq_layer *l = &m->layers[i];
        char text[200];
        if (!l->dead) continue;
        snprintf(text, sizeof text, "%.80s: %lld of %lld parameters are dead, as nothing that is measured depends on them", l->name,
                 (long long)l->dead, (long long)l->params);
        rq_page_note(out, text);
    }
}

static void print_head(FILE *out, const rq_history *h)
{
    const rq_result *r = &h->result;
    rq_page_begin(out, h->settings->action);
    fputs("<h1>", out);
    rq_html_text(out, h->model->name);
    fputs(", training &#8216;", out);
    rq_html_text(out, h->settings->action);
    fputs("&#8217;</h1>\n<p class=\"soft\">", out);
    rq_html_text(out, h->model->summary);
    fputs("</p>\n<p class=\"big\">", out);
    if (r->diverged) fputs("<b class=\"bad\">Stopped: loss or gradient was not finite.</b> ", out);
    if (r->interrupted) fputs("<b class=\"warn\">Interrupted.</b> ", out);
    if (r->has_test && r->has_accuracy) {
        rq_interval w = rq_wilson(r->test_accuracy, r->test_samples);
        fprintf(out, "Test accuracy %.1f%%; the %lld test samples leave %.1f to %.1f%% (95%% interval, Wilson),", 100 * r->test_accuracy,
                (long long)r->test_samples, 100 * w.low, 100 * w.high);
    } else if (r->has_train) rq_print_states(out, h->settings, r);
    else if (r->has_test) fprintf(out, "Test loss %.6g", r->test_loss);
    fprintf(out, " after %lld %s, %.2f s of training.</p>\n", (long long)r->epochs_done, h->settings->batch ? "epochs" : "rounds", r->seconds);
    if (r->has_distances) {
        fputs("<p>Means over samples: ", out);
        rq_print_distances(out, r);
        fputs(".</p>\n", out);
    }
    fprintf(out, "<p class=\"soft\">One seed (%llu). What another seed would give is not in that interval; an <code>explore</code> with "
                 "<code>seeds: 5</code> tells.</p>\n", (unsigned long long)h->settings->seed);
}

bool rq_report_html(FILE *out, const rq_history *h, rq_error *err)
{
    rq_figures figures;
    if (!rq_run_figures(h, &figures, err)) return false;
    print_head(out, h);
    rq_page_heading(out, "Which layers receive gradients");
    print_gradient_table(out, h);
    rq_report_notes(out, h->model);
    rq_figures_show(out, &figures, "flow");
    rq_page_heading(out, "Curves");
    fputs("<div class=\"charts\">\n", out);
    rq_figures_show(out, &figures, "accuracy");
    rq_figures_show(out, &figures, "loss");
    rq_figures_show(out, &figures, "gradient");
    fputs("</div>\n", out);
    if (h->predictions && h->predictions->confusion) rq_page_heading(out, "Predictions");
    rq_figures_show(out, &figures, "confusion");
    rq_figures_free(&figures);
    rq_page_heading(out, "Methods");
    fputs("<p>", out);
    rq_html_text(out, h->info->methods);
    fputs("</p>\n", out);
    rq_page_text(out, "Data", h->data_text);
    rq_page_text(out, "Source", h->info->source);
    rq_page_text(out, "Settings", h->info->settings);
    rq_page_text(out, "Versions", h->info->versions);
    rq_page_end(out);
    return !ferror(out) || rq_fail(err, "the report could not be written");
}
