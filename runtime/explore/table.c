/* table.c: the ranking's grid as text and as LaTeX.
 *
 *     rank  placement   gradient  q1       q2    head  val.accuracy     p (1)  test.accuracy    test set      note
 *     1     q1 -> q2    exact     full     full  full  0.873 +- 0.012          0.865 +- 0.020  0.833..0.892
 *     2     q1 -> q2    detached  partial  full  full  0.871 +- 0.015   0.412  0.866 +- 0.018  0.834..0.893
 *     -     q1 -> head  exact                                                                                does not fit: ...
 */
#include <math.h>
#include <string.h>

#include "explore/grid.h"
#include "report/export.h"

static int width_of(const rq_grid *g, int column)
{
    size_t most = 0;
    for (int row = 0; row < g->rows; row++) {
        size_t n = strlen(g->cell[row * g->columns + column]);
        if (n > most) most = n;
    }
    return (int)most;
}

/* Four decimals, never "-0.0000". */
static double four(double x) { return round(x * 1e4) / 1e4 + 0.0; }

/* What freezing or taking out does to each variant:
 *
 *     ablation                     instead of        val.accuracy without it
 *     none, freeze q1, exact       none, exact       -0.0120 (-0.0310 to 0.0070)  p 0.152
 */
static void print_ablations(FILE *out, const rq_ranking *r, const rq_comparisons *all)
{
    size_t first = strlen("ablation"), second = strlen("instead of");
    for (int64_t i = 0; i < all->count; i++) {
        const rq_comparison *c = &all->pair[i];
        size_t a = strlen(r->x->variants[c->b].label), b = strlen(r->x->variants[c->a].label);
        if (a > first) first = a;
        if (b > second) second = b;
    }
    if (all->count)
        fprintf(out, "\n%-*s  %-*s  %s: difference (95%% interval), p of the paired test by Holm over %lld\n", (int)first, "ablation",
                (int)second, "instead of", rq_metric_names[all->metric], (long long)all->family);
    for (int64_t i = 0; i < all->count; i++) {
        const rq_comparison *c = &all->pair[i];
        const rq_estimate *d = &c->test.difference;
        char p[32];
        rq_p_text(c->p_holm, p, sizeof p);
        fprintf(out, "%-*s  %-*s  %+.4f", (int)first, r->x->variants[c->b].label, (int)second, r->x->variants[c->a].label, four(-d->mean));
        if (d->n > 1) fprintf(out, " (%+.4f to %+.4f)  p %s", four(-d->high), four(-d->low), p);
        fputc('\n', out);
    }
}

static bool text_ablations(FILE *out, const rq_ranking *r, rq_error *err)
{
    rq_comparisons all;
    if (!rq_compare_ablations(r, rq_metric_named(r->x->rank), &all, err)) return false;
    print_ablations(out, r, &all);
    rq_comparisons_free(&all);
    return true;
}

bool rq_ranking_text(FILE *out, const rq_ranking *r, rq_error *err)
{
    rq_grid g;
    if (!rq_grid_new(r, &g, err)) return false;
    for (int row = 0; row < g.rows; row++) {
        int blanks = 0;
        for (int i = 0; i < g.columns; i++) {
            const char *text = g.cell[row * g.columns + i];
            if (*text) fprintf(out, "%*s%s", blanks, "", text), blanks = 0;
            blanks += width_of(&g, i) - (int)strlen(text) + 2;
        }
        fputc('\n', out);
    }
    char note[RQ_NOTES][RQ_NOTE_LENGTH];
    int notes = rq_grid_notes(r, &g, note);
    for (int i = 0; i < notes; i++) fprintf(out, "%s\n", note[i]);
    rq_grid_free(&g);
    if (!text_ablations(out, r, err)) return false;
    return !ferror(out) || rq_fail(err, "the table could not be written");
}

bool rq_ranking_tex(FILE *out, const rq_ranking *r, rq_error *err)
{
    rq_grid g;
    if (!rq_grid_new(r, &g, err)) return false;
    fprintf(out, "%% exploration '%s'\n\\begin{tabular}{", r->x->name);
    for (int i = 0; i < g.columns; i++) fputc('l', out);
    fprintf(out, "}\n\\hline\n");
    for (int row = 0; row < g.rows; row++) {
        for (int i = 0; i < g.columns; i++) {
            if (i) fputs(" & ", out);
            rq_tex_text(out, g.cell[row * g.columns + i]);
        }
        fprintf(out, " \\\\\n%s", row ? "" : "\\hline\n");
    }
    fprintf(out, "\\hline\n\\end{tabular}\n");
    rq_grid_free(&g);
    return !ferror(out) || rq_fail(err, "the table could not be written");
}
