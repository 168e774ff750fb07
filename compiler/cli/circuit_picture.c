/* circuit_picture.c: a circuit as a picture. Long ones go on below, as on the terminal.
 *
 *     |0> --[RY(pi*x[0])]--:--[RX(theta[0])]--o-----|<Z>
 *     |0> --[RY(pi*x[1])]--:--[RX(theta[1])]--(+)---|<Z>
 */
#include <math.h>
#include <string.h>

#include "cli/pictures.h"

enum { ROW = 40, BOX = 28, GAP = 14, LEFT = 54, WIDTH = 1100, BETWEEN = 26, TOP = 14 };

static const rq_font gate_font = {.colour = RQ_COLOUR_ink, .size = 13}, note_font = {.colour = RQ_COLOUR_soft, .size = 13};
static const rq_pen wire_pen = {.stroke = RQ_COLOUR_soft, .width = 1.2}, line_pen = {.stroke = RQ_COLOUR_ink, .width = 1.6};

static const Cell *cell_of(const Diagram *d, uint32_t column, uint32_t wire) { return &d->cell[column * d->wires + wire]; }

static double column_width(const Diagram *d, uint32_t column)
{
    double most = 18;
    for (uint32_t w = 0; w < d->wires; w++) {
        const Cell *cell = cell_of(d, column, w);
        if (cell->kind == CELL_gate) most = fmax(most, rq_text_width(gate_font, cell->label) + 14);
    }
    return most + GAP;
}

static void draw_sign(rq_picture *p, const Cell *cell, double x, double y)
{
    double width;
    switch (cell->kind) {
    case CELL_wire:
    case CELL_passed: break;
    case CELL_gate:
        width = rq_text_width(gate_font, cell->label) + 12;
        rq_draw_rect(p, (rq_pen){.stroke = RQ_COLOUR_ink, .width = 1.3, .fill = RQ_COLOUR_panel}, x - width / 2, y - BOX / 2.0, width, BOX, 3);
        rq_draw_text(p, gate_font, x, y + 4.5, RQ_ANCHOR_middle, 0, cell->label);
        break;
    case CELL_control: rq_draw_circle(p, (rq_pen){.fill = RQ_COLOUR_ink}, x, y, 5); break;
    case CELL_open: rq_draw_circle(p, (rq_pen){.stroke = RQ_COLOUR_ink, .width = 1.6, .fill = RQ_COLOUR_back}, x, y, 5); break;
    case CELL_not:
        rq_draw_circle(p, (rq_pen){.stroke = RQ_COLOUR_ink, .width = 1.6, .fill = RQ_COLOUR_back}, x, y, 9);
        rq_draw_line(p, line_pen, x - 9, y, x + 9, y);
        rq_draw_line(p, line_pen, x, y - 9, x, y + 9);
        break;
    case CELL_swap:
        rq_draw_line(p, line_pen, x - 6, y - 6, x + 6, y + 6);
        rq_draw_line(p, line_pen, x - 6, y + 6, x + 6, y - 6);
        break;
    }
}

/* Lines between the wires of each gate first, signs over them. */
static void draw_column(rq_picture *p, const Diagram *d, uint32_t column, double x, double y)
{
    for (uint32_t w = 0; w < d->wires; w++) {
        const Cell *cell = cell_of(d, column, w);
        if (cell->first != cell->last && w == cell->first) rq_draw_line(p, line_pen, x, y + ROW * w, x, y + ROW * cell->last);
    }
    for (uint32_t w = 0; w < d->wires; w++) draw_sign(p, cell_of(d, column, w), x, y + ROW * w);
}

static void draw_start(rq_picture *p, const Diagram *d, double y)
{
    for (uint32_t w = 0; w < d->wires; w++) {
        char text[64];
        const char *start = w >= d->fresh ? "0" : d->start;
        snprintf(text, sizeof text, start[0] == 'r' ? "%s" : "|%s\342\237\251", start);
        rq_draw_text(p, gate_font, LEFT - 12, y + ROW * w + 4.5, RQ_ANCHOR_end, 0, text);
    }
}

/* Columns from .. to in one system whose first wire is at y; the right end of its wires. */
static double draw_system(rq_picture *p, const Diagram *d, uint32_t from, uint32_t to, double y)
{
    double x = LEFT, right = LEFT + GAP;
    for (uint32_t c = from; c < to; c++) right += column_width(d, c) + (d->barrier == c && c > from ? GAP : 0);
    for (uint32_t w = 0; w < d->wires; w++) rq_draw_line(p, wire_pen, x - 6, y + ROW * w, right, y + ROW * w);
    for (uint32_t c = from; c < to; c++) {
        double width = column_width(d, c);
        if (d->barrier == c && c > from) {
            rq_draw_line(p, (rq_pen){.stroke = RQ_COLOUR_bad, .width = 1.2, .dashed = true}, x + GAP / 2.0, y - 18, x + GAP / 2.0,
                         y + ROW * (d->wires - 1) + 18);
            x += GAP;
        }
        draw_column(p, d, c, x + width / 2, y);
        x += width;
    }
    return right;
}

static double draw_end(rq_picture *p, const Diagram *d, double x, double y)
{
    double right = x;
    for (uint32_t w = 0; w < d->wires; w++) {
        if (!d->measured[w]) continue;
        rq_draw_line(p, line_pen, x, y + ROW * w - 10, x, y + ROW * w + 10);
        rq_draw_text(p, gate_font, x + 8, y + ROW * w + 4.5, RQ_ANCHOR_start, 0, d->measured[w]);
        right = fmax(right, x + 8 + rq_text_width(gate_font, d->measured[w]));
    }
    return right;
}

rq_picture *circuit_picture(const Diagram *d, const char *name, const char *title, rq_error *err)
{
    char description[96];
    snprintf(description, sizeof description, "a circuit on %u wires, %u columns of gates", d->wires, d->columns);
    rq_picture *p = rq_picture_new(name, title, description, err);
    if (!p) return NULL;
    double y = TOP + ROW / 2.0;
    uint32_t from = 0;
    draw_start(p, d, y);
    do {
        uint32_t to = from;
        for (double used = LEFT; to < d->columns && (to == from || used + column_width(d, to) < WIDTH); to++) used += column_width(d, to);
        double right = draw_system(p, d, from, to, y);
        if (to == d->columns) right = draw_end(p, d, right, y);
        p->width = fmax(p->width, right + 16);
        y += ROW * d->wires + BETWEEN;
        from = to;
    } while (from < d->columns);
    for (uint32_t i = 0; i < d->yields.len; i++, y += 20) {
        rq_draw_text(p, note_font, LEFT, y - ROW / 2.0, RQ_ANCHOR_start, 0, d->yields.at[i]);
        p->width = fmax(p->width, LEFT + 16 + rq_text_width(note_font, d->yields.at[i]));
    }
    p->height = y - ROW / 2.0 - BETWEEN + TOP;
    return p;
}
