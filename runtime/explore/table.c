/* table.c: the ranking's grid as text and as LaTeX.
 *
 *     rank  placement   gradient  q1       q2    head  val.accuracy     p (1)  test.accuracy    test set      note
 *     1     q1 -> q2    exact     full     full  full  0.873 +- 0.012          0.865 +- 0.020  0.833..0.892
 *     2     q1 -> q2    detached  partial  full  full  0.871 +- 0.015   0.412  0.866 +- 0.018  0.834..0.893
 *     -     q1 -> head  exact                                                                                does not fit: ...
 */
#include <string.h>

#include "explore/grid.h"

static int width_of(const rq_grid *g, int column)
{
    size_t most = 0;
    for (int row = 0; row < g->rows; row++) {
        size_t n = strlen(g->cell[row * g->columns + column]);
        if (n > most) most = n;
    }
    return (int)most;
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
    rq_grid_notes(out, r, &g);
    rq_grid_free(&g);
    return !ferror(out) || rq_fail(err, "the table could not be written");
}

static void tex_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (!strncmp(text, "->", 2)) fputs("$\\rightarrow$", out), text++;
        else if (!strncmp(text, "+-", 2)) fputs("$\\pm$", out), text++;
        else if (!strncmp(text, "..", 2)) fputs("--", out), text++;
        else if (strchr("&%$#_{}", *text)) fprintf(out, "\\%c", *text);
        else if (*text == '\\') fputs("\\textbackslash{}", out);
        else if (*text == '~' || *text == '^') fprintf(out, "\\%c{}", *text);
        else if (*text == '<' || *text == '>') fprintf(out, "$%c$", *text);
        else fputc(*text, out);
    }
}

bool rq_ranking_tex(FILE *out, const rq_ranking *r, rq_error *err)
{
    rq_grid g;
    if (!rq_grid_new(r, &g, err)) return false;
    fprintf(out, "%% exploration '%s' of %s\n\\begin{tabular}{", r->x->name, r->x->file);
    for (int i = 0; i < g.columns; i++) fputc('l', out);
    fprintf(out, "}\n\\hline\n");
    for (int row = 0; row < g.rows; row++) {
        for (int i = 0; i < g.columns; i++) {
            if (i) fputs(" & ", out);
            tex_text(out, g.cell[row * g.columns + i]);
        }
        fprintf(out, " \\\\\n%s", row ? "" : "\\hline\n");
    }
    fprintf(out, "\\hline\n\\end{tabular}\n");
    rq_grid_free(&g);
    return !ferror(out) || rq_fail(err, "the table could not be written");
}
