/* html.c: report.html of an exploration: the answer first, then why it can be trusted and where it comes from. */
#include <math.h>
#include <string.h>

#include "explore/grid.h"
#include "explore/pictures.h"
#include "report/page.h"
#include "report/report.h"
#include "report/verbs.h"

static void print_estimate(FILE *out, const rq_estimate *e)
{
    if (e->n > 1) fprintf(out, "%.4f (95%% interval %.4f to %.4f over %d seeds)", e->mean, e->low, e->high, e->n);
    else fprintf(out, "%.4f (one seed)", e->mean);
}

static void print_answer(FILE *out, const rq_ranking *r)
{
    const rq_exploration *x = r->x;
    const rq_ranked *best = &r->rows[0];
    int metric = rq_metric_named(x->rank);
    fputs("<p class=\"big\">", out);
    if (!best->rank) {
        fputs("No variant has a result; the table says why.</p>\n", out);
        return;
    }
    fputs("Best by ", out);
    rq_html_text(out, x->rank);
    fputs(": <b>", out);
    rq_html_text(out, x->variants[best->variant].label);
    fputs("</b>, ", out);
    print_estimate(out, best->confirmed[metric].n ? &best->confirmed[metric] : &best->metric[metric]);
    if (best->confirmed[metric].n) fputs(" on fresh seeds", out);
    if (best->metric[2].n) {
        const rq_estimate *test = best->confirmed[2].n ? &best->confirmed[2] : &best->metric[2];
        rq_interval w = rq_test_interval(x, best->variant, 2, test->mean);
        fprintf(out, "; test accuracy %.1f%%, of which the finite test set leaves %.1f to %.1f%%", 100 * test->mean, 100 * w.low, 100 * w.high);
    }
    fputs(".</p>\n", out);
    if (rq_selects_on_test(x)) rq_page_note(out, "Selected on test data: the first is likely to look better than it is.");
    if (x->seeds == 1) rq_page_note(out, "One seed: nothing here tells a better variant from a lucky one. 'seeds: 5' would.");
    if (!x->confirm && x->variant_count > 1)
        rq_page_note(out, "The first was chosen by these very numbers, which flatters it a little; 'confirm: 5' runs the best again on fresh seeds.");
    rq_report_notes(out, x->variants[best->variant].action->model);
}

/* CSS class of a cell. */
static const char *cell_class(const rq_column *c, const char *text)
{
    switch (c->kind) {
    case RQ_COLUMN_layer: return rq_flow_class(text);
    case RQ_COLUMN_note: return "r";
    case RQ_COLUMN_placement:
    case RQ_COLUMN_settings:
    case RQ_COLUMN_gradient: return "t";
    case RQ_COLUMN_none:
    case RQ_COLUMN_rank:
    case RQ_COLUMN_estimate:
    case RQ_COLUMN_test_set:
    case RQ_COLUMN_seeds:
    case RQ_COLUMN_p: return "";
    }
    return "";
}

/* "+-" and ".." as a reader expects them. */
static void print_numbers(FILE *out, const char *text, const char *class)
{
    fprintf(out, "<td class=\"%s\">", class);
    for (; *text; text++) {
        if (!strncmp(text, "+-", 2)) fputs("&#177;", out), text++;
        else if (!strncmp(text, "..", 2)) fputs(" to ", out), text++;
        else fprintf(out, *text == '<' ? "&lt;" : "%c", *text);
    }
    fputs("</td>", out);
}

static void print_grid(FILE *out, const rq_grid *g)
{
    rq_page_table(out, "variants in order of rank");
    fputs("<thead><tr>", out);
    for (int i = 0; i < g->columns; i++) {
        const char *class = cell_class(&g->column[i], "");
        fprintf(out, "<th class=\"%s\" scope=\"col\">", class[0] ? "t" : "");
        rq_html_text(out, g->cell[i]);
        fputs("</th>", out);
    }
    fputs("</tr></thead><tbody>\n", out);
    for (int row = 1; row < g->rows; row++) {
        fputs("<tr>", out);
        for (int i = 0; i < g->columns; i++) {
            const char *text = g->cell[row * g->columns + i], *class = cell_class(&g->column[i], text);
            if (class[0]) rq_page_cell(out, text, class);
            else print_numbers(out, text, class);
        }
        fputs("</tr>\n", out);
    }
    rq_page_table_end(out);
}

static void print_notes(FILE *out, const rq_ranking *r, const rq_grid *g)
{
    char note[RQ_NOTES][RQ_NOTE_LENGTH];
    int notes = rq_grid_notes(r, g, note);
    fputs("<ul class=\"soft\">\n", out);
    for (int i = 0; i < notes; i++) {
        fputs("<li>", out);
        rq_html_text(out, note[i]);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static bool print_ranking(FILE *out, const rq_ranking *r, const rq_figures *figures, rq_error *err)
{
    rq_grid g;
    if (!rq_grid_new(r, &g, err)) return false;
    rq_page_heading(out, "Ranking");
    rq_figures_show(out, figures, "ranking");
    print_grid(out, &g);
    print_notes(out, r, &g);
    rq_grid_free(&g);
    return true;
}

static bool print_ablations(FILE *out, const rq_ranking *r, const rq_figures *figures, rq_error *err)
{
    rq_comparisons all;
    if (!rq_compare_ablations(r, rq_metric_named(r->x->rank), &all, err)) return false;
    if (all.count) {
        rq_page_heading(out, "Ablation: does the layer contribute?");
        rq_figures_show(out, figures, "ablation");
        rq_page_table(out, "ablations with their differences");
        fputs("<thead><tr><th class=\"t\">ablation</th><th class=\"t\">instead of</th><th>difference</th><th>95% interval</th><th>t</th>"
              "<th>p</th><th>p (Holm)</th></tr></thead><tbody>\n", out);
    }
    for (int64_t i = 0; i < all.count; i++) {
        const rq_comparison *c = &all.pair[i];
        const rq_estimate *d = &c->test.difference;
        fputs("<tr>", out);
        rq_page_cell(out, r->x->variants[c->b].label, "t");
        rq_page_cell(out, r->x->variants[c->a].label, "t");
        rq_page_number(out, "%+.4f", 0 - d->mean);
        if (d->n > 1) fprintf(out, "<td>%+.4f to %+.4f</td>", 0 - d->high, 0 - d->low);
        else rq_page_number(out, "%g", NAN);
        rq_page_number(out, "%.2f", 0 - c->test.t);
        rq_page_number(out, "%.3f", c->test.p);
        rq_page_number(out, "%.3f", c->p_holm);
        fputs("</tr>\n", out);
    }
    if (all.count) {
        rq_page_table_end(out);
        fprintf(out, "<p class=\"soft\">Difference in %s, paired over seeds; Student's paired test; Holm's correction over these %lld.</p>\n",
                r->x->rank, (long long)all.family);
    }
    rq_comparisons_free(&all);
    return true;
}

static void print_figures(FILE *out, const rq_figures *figures)
{
    rq_page_heading(out, "Gradients");
    fputs("<div class=\"charts\">\n", out);
    rq_figures_show(out, figures, "heat");
    rq_figures_show(out, figures, "best");
    fputs("</div>\n<details><summary>Each layer in the best variants</summary><div class=\"charts\">\n", out);
    rq_figures_show(out, figures, "gradient");
    fputs("</div></details>\n", out);
    rq_page_heading(out, "Curves");
    fputs("<div class=\"charts\">\n", out);
    rq_figures_show(out, figures, "curve");
    fputs("</div>\n", out);
    rq_page_heading(out, "Where gradients flow");
    bool more = false;
    for (int i = 0, flows = 0; i < figures->count; i++) {
        if (strncmp(figures->at[i]->name, "flow-", 5)) continue;
        if (++flows == 2) fputs("<details><summary>The other variants</summary>\n", out);
        more = flows > 1;
        rq_picture_inline(out, figures->at[i]);
    }
    if (more) fputs("</details>\n", out);
}

/* Of the first variant that runs; what varies is in the table. */
static bool print_methods(FILE *out, const rq_exploration *x, rq_error *err)
{
    int v = 0;
    while (v < x->variant_count && !x->variants[v].action) v++;
    if (v == x->variant_count) return true;
    char *text = rq_methods_text(x->variants[v].action, &x->data[x->variants[v].data], err);
    if (!text) return false;
    rq_page_heading(out, "Methods");
    fputs("<p>Each variant was trained with every seed, from the same initial values (by parameter path) and with the same order of batches. "
          "Settings as resolved for the variant &#8216;", out);
    rq_html_text(out, x->variants[v].label);
    fputs("&#8217;; what the others vary is in the table. ", out);
    rq_html_text(out, text);
    fputs("</p>\n", out);
    rq_free(text);
    return true;
}

bool rq_explore_html(FILE *out, const rq_histories *h, rq_error *err)
{
    const rq_ranking *r = h->ranking;
    const rq_exploration *x = r->x;
    rq_figures figures;
    if (!rq_explore_figures(h, &figures, err)) return false;
    rq_page_begin(out, x->name);
    fputs("<h1>Exploration &#8216;", out);
    rq_html_text(out, x->name);
    fputs("&#8217;</h1>\n<p class=\"soft\">", out);
    fprintf(out, "%d variants, %d of %d runs</p>\n", x->variant_count, r->runs_done, r->runs_in_all);
    print_answer(out, r);
    bool ok = print_ranking(out, r, &figures, err) && print_ablations(out, r, &figures, err);
    if (ok) print_figures(out, &figures);
    rq_figures_free(&figures);
    ok = ok && print_methods(out, x, err);
    rq_page_text(out, "Source", x->source);
    rq_page_text(out, "Settings", x->settings_text);
    rq_page_text(out, "Versions", x->versions);
    rq_page_end(out);
    return ok && (!ferror(out) || rq_fail(err, "the report could not be written"));
}
