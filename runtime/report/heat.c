/* heat.c: a table of coloured cells with a scale below. */
#include <math.h>

#include "report/chart.h"

enum { ROW = 24, RIGHT = 12, LEAST_CELL = 46, MOST_CELL = 96, WIDTH = 660, SCALE = 160 };

static const rq_font label_font = {.colour = RQ_COLOUR_ink, .size = 12.5}, small_font = {.colour = RQ_COLOUR_soft, .size = 12};

typedef struct Place {
    double left, top, cell, low, high;
} Place;

static double widest(const char *const *text, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++) most = fmax(most, rq_text_width(label_font, text[i]));
    return most;
}

static Place place_of(const rq_heat *h)
{
    Place p = {.low = INFINITY, .high = -INFINITY};
    p.left = fmin(fmax(widest(h->row, h->rows), rq_text_width(small_font, h->row_title)) + 18, 300);
    p.cell = fmin(fmax(widest(h->column, h->columns) + 10, (WIDTH - p.left - RIGHT) / (h->columns ? h->columns : 1)), MOST_CELL);
    p.cell = fmax(p.cell, LEAST_CELL);
    p.top = h->column_title[0] ? 44 : 28;
    for (int i = 0; i < h->rows * h->columns; i++)
        if (isfinite(h->value[i])) p.low = fmin(p.low, h->value[i]), p.high = fmax(p.high, h->value[i]);
    return p;
}

static void draw_cell(rq_picture *p, const rq_heat *h, const Place *at, int row, int column)
{
    int i = row * h->columns + column;
    double x = at->left + column * at->cell, y = at->top + row * ROW;
    rq_colour ink = RQ_COLOUR_soft, fill = RQ_COLOUR_panel;
    if (isfinite(h->value[i])) fill = rq_colour_scale(at->high > at->low ? (h->value[i] - at->low) / (at->high - at->low) : 0.5, h->counts, &ink);
    rq_draw_rect(p, (rq_pen){.fill = fill, .stroke = RQ_COLOUR_back, .width = 1}, x, y, at->cell, ROW, 0);
    char hint[192];
    snprintf(hint, sizeof hint, "%.70s, %.70s: %.6g", h->row[row], h->column[column], h->value[i]);
    if (isfinite(h->value[i])) rq_draw_hint(p, hint);
    if (!h->text || !h->text[i][0]) return;
    char text[64];
    rq_font font = {.colour = ink, .size = 11.5};
    rq_text_fit(font, h->text[i], at->cell - 2, text, sizeof text);
    rq_draw_text(p, font, x + at->cell / 2, y + 16, RQ_ANCHOR_middle, 0, text);
}

static void draw_scale(rq_picture *p, const rq_heat *h, const Place *at)
{
    double y = p->height - 32;
    char low[32], high[32];
    rq_colour ink;
    if (!(at->high >= at->low)) return;
    snprintf(low, sizeof low, "%.3g", at->low);
    snprintf(high, sizeof high, "%.3g", at->high);
    double x = 14 + rq_text_width(small_font, low);
    for (int i = 0; i < 32; i++)
        rq_draw_rect(p, (rq_pen){.fill = rq_colour_scale((i + 0.5) / 32, h->counts, &ink)}, x + i * (SCALE / 32.0), y, SCALE / 32.0 + 0.5, 12, 0);
    rq_draw_text(p, small_font, x - 6, y + 11, RQ_ANCHOR_end, 0, low);
    rq_draw_text(p, small_font, x + SCALE + 6, y + 11, RQ_ANCHOR_start, 0, high);
    rq_draw_text(p, small_font, x + SCALE + 20 + rq_text_width(small_font, high), y + 11, RQ_ANCHOR_start, 0, h->scale);
}

rq_picture *rq_heat_picture(const rq_heat *h, rq_error *err)
{
    char description[160], text[128];
    snprintf(description, sizeof description, "%d rows, %d columns; colours: %.90s", h->rows, h->columns, h->scale);
    rq_picture *p = rq_picture_new(h->name, h->title, description, err);
    if (!p) return NULL;
    Place at = place_of(h);
    p->width = fmax(at.left + at.cell * h->columns + RIGHT, 20 + SCALE + 90 + rq_text_width(small_font, h->scale));
    p->height = at.top + ROW * h->rows + 48;
    if (h->column_title[0])
        rq_draw_text(p, small_font, at.left + at.cell * h->columns / 2, 14, RQ_ANCHOR_middle, 0, h->column_title);
    if (h->row_title[0]) rq_draw_text(p, small_font, at.left - 9, at.top - 8, RQ_ANCHOR_end, 0, h->row_title);
    for (int k = 0; k < h->columns; k++)
        rq_draw_text(p, label_font, at.left + (k + 0.5) * at.cell, at.top - 8, RQ_ANCHOR_middle, 0, h->column[k]);
    for (int i = 0; i < h->rows; i++) {
        rq_text_fit(label_font, h->row[i], at.left - 14, text, sizeof text);
        rq_draw_text(p, label_font, at.left - 9, at.top + i * ROW + 16, RQ_ANCHOR_end, 0, text);
        rq_draw_hint(p, h->row[i]);
        for (int k = 0; k < h->columns; k++) draw_cell(p, h, &at, i, k);
    }
    draw_scale(p, h, &at);
    return p;
}
