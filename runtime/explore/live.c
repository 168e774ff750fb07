/* live.c: the ranking on a terminal while runs finish, drawn over itself.
 *
 *     rank  val.accuracy      placement  seeds  gradient  q1       q2    head
 *     1     0.8300 +- 0.0259  q1 -> q2   3/5    exact     full     full  full
 *     2     0.8252 +- 0.0134  q1 -> q2   3/5    detached  partial  full  full
 *     31 of 80 runs, 4 s left
 *
 * The cursor stays below what is drawn, so an interrupt at any time leaves a usable terminal. What is too wide is cut, placements
 * first; what is too long is left out at the end.
 */
#include "explore/live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "explore/grid.h"

enum { LEAST_PLACEMENT = 12, USUAL_WIDTH = 80, USUAL_HEIGHT = 24, LINE = 512 };

static const double least_seconds = 0.1; /* between two drawings */

rq_live rq_live_new(FILE *out)
{
    const char *term = getenv("TERM");
    return (rq_live){.out = out, .on = isatty(fileno(out)) && term && strcmp(term, "dumb") != 0};
}

static void terminal_size(FILE *out, int *width, int *height)
{
    struct winsize size;
    bool known = !ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col && size.ws_row;
    *width = known ? size.ws_col : USUAL_WIDTH;
    *height = known ? size.ws_row : USUAL_HEIGHT;
}

void rq_live_clear(rq_live *l)
{
    if (!l->on) return;
    if (l->lines) fprintf(l->out, "\033[%dA", l->lines);
    fputs("\r\033[J", l->out);
    fflush(l->out);
    l->lines = 0;
}

/* Widths of columns; that of placements gives way until the line fits, as far as it can. */
static void choose_widths(const rq_grid *g, int width, int *out)
{
    int whole = -2, placement = 0;
    for (int c = 0; c < g->columns; c++) {
        out[c] = 0;
        for (int row = 0; row < g->rows; row++) {
            int n = (int)strlen(g->cell[row * g->columns + c]);
            if (n > out[c]) out[c] = n;
        }
        whole += out[c] + 2;
        if (g->column[c].kind == RQ_COLUMN_placement) placement = c;
    }
    if (whole <= width) return;
    int fits = out[placement] - (whole - width);
    if (out[placement] > LEAST_PLACEMENT) out[placement] = fits > LEAST_PLACEMENT ? fits : LEAST_PLACEMENT;
}

static void draw_row(const rq_grid *g, const int *widths, int row, int width, FILE *out)
{
    char line[LINE] = "";
    int at = 0;
    for (int c = 0; c < g->columns && at < LINE - 1; c++) {
        const char *text = g->cell[row * g->columns + c];
        bool cut = (int)strlen(text) > widths[c];
        at += snprintf(line + at, (size_t)(LINE - at), "%-*.*s%s  ", cut ? widths[c] - 2 : widths[c], cut ? widths[c] - 2 : widths[c], text,
                       cut ? ".." : "");
    }
    at = (int)strlen(line);
    while (at && line[at - 1] == ' ') at--;
    fprintf(out, "%.*s\n", at < width ? at : width - 1, line);
}

static bool draw_table(rq_live *l, const rq_ranking *r, int width, int height, rq_error *err)
{
    int rows = height - 3 < r->x->variant_count ? height - 3 : r->x->variant_count;
    rq_grid g;
    if (rows < 1) return true;
    if (!rq_grid_live(r, rows, &g, err)) return false;
    int *widths = rq_alloc_array((uint64_t)g.columns, sizeof *widths, "the table", err);
    if (widths) {
        choose_widths(&g, width, widths);
        for (int row = 0; row < g.rows; row++) draw_row(&g, widths, row, width, l->out);
        l->lines += g.rows;
    }
    rq_free(widths);
    rq_grid_free(&g);
    return widths != NULL;
}

void rq_live_draw(rq_live *l, const rq_ranking *r, double seconds_left)
{
    rq_error none;
    double t = rq_now();
    int width, height;
    bool is_last = r->runs_done == r->runs_in_all;
    if (!l->on || (t - l->drawn < least_seconds && !is_last)) return;
    l->drawn = t;
    terminal_size(l->out, &width, &height);
    rq_live_clear(l);
    draw_table(l, r, width, height, &none); /* without memory for it the line below stands alone */
    fprintf(l->out, "%d of %d runs, %.0f s left", r->runs_done, r->runs_in_all, seconds_left);
    fflush(l->out);
}
