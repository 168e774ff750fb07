/* flow_picture.c: the model's flow as a picture: a box per layer, in layers from left to right; sources as arrows, skips as arcs above,
 * cuts in red.
 *
 *        ,------ skip -----.
 *     [x] --> [q1] --x--> [q2] --> [head] --> [loss]
 *               `--> [side] -------^
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { BOX_W = 112, BOX_H = 58, GAP = 40, MARGIN = 10, ROW_GAP = 26 };

static const rq_font name_font = {.colour = RQ_COLOUR_ink, .size = 14, .bold = true}, kind_font = {.colour = RQ_COLOUR_soft, .size = 11.5};

/* Boxes by number: the input is 0, layers follow, the loss is last. */
typedef struct Layout {
    const rq_model *m;
    rq_picture *p;
    int *column, *row; /* of each box */
    double top;        /* of row 0 */
} Layout;

static int boxes(const rq_model *m) { return m->layer_count + 2; }

static int box_named(const rq_model *m, const char *name)
{
    if (!strcmp(name, "loss")) return boxes(m) - 1;
    for (int i = 0; i < m->layer_count; i++)
        if (!strcmp(m->layers[i].name, name)) return i + 1;
    return 0;
}

/* Columns: one behind the last that is read. Boxes come in an order in which all that is read stands before. */
static void place_columns(const Layout *l)
{
    for (int box = 1; box < boxes(l->m); box++)
        for (int i = 0; i < l->m->edge_count; i++) {
            int from = box_named(l->m, l->m->edges[i].from);
            if (box_named(l->m, l->m->edges[i].to) == box && l->column[from] >= l->column[box]) l->column[box] = l->column[from] + 1;
        }
}

static bool reads_any(const Layout *l, int box)
{
    for (int i = 0; i < l->m->edge_count; i++)
        if (box_named(l->m, l->m->edges[i].to) == box) return true;
    return false;
}

/* A parameter stands in front of the first layer that reads it. */
static void place_parameters(const Layout *l)
{
    for (int box = 1; box < boxes(l->m) - 1; box++) {
        int first = INT_MAX;
        for (int i = 0; i < l->m->edge_count; i++) {
            int from = box_named(l->m, l->m->edges[i].from), to = box_named(l->m, l->m->edges[i].to);
            if (from == box && l->column[to] < first) first = l->column[to];
        }
        if (!reads_any(l, box) && first < INT_MAX) l->column[box] = first - 1;
    }
}

/* The deepest layer or input that the box reads otherwise than by a skip. */
static int source_of(const Layout *l, int box)
{
    int best = -1;
    for (int i = 0; i < l->m->edge_count; i++) {
        const rq_edge *e = &l->m->edges[i];
        int from = box_named(l->m, e->from);
        if (e->is_skip || box_named(l->m, e->to) != box || (from && !reads_any(l, from))) continue;
        if (best < 0 || l->column[from] > l->column[best]) best = from;
    }
    return best;
}

/* By another box, or by an edge that runs along that row. */
static bool is_taken(const Layout *l, int box)
{
    int row = l->row[box], column = l->column[box];
    for (int i = 0; i < boxes(l->m); i++)
        if (i != box && l->row[i] == row && l->column[i] == column) return true;
    for (int i = 0; i < l->m->edge_count; i++) {
        int a = box_named(l->m, l->m->edges[i].from), b = box_named(l->m, l->m->edges[i].to);
        bool is_along = a != box && b != box && l->row[a] != l->row[b] && (l->row[a] > l->row[b] ? l->row[a] : l->row[b]) == row;
        if (is_along && l->column[a] < column && column < l->column[b]) return true;
    }
    return false;
}

/* The longest chain that ends in the loss is row 0; others take the next row that is free in their column. */
static void place_rows(const Layout *l)
{
    for (int i = 0; i < boxes(l->m); i++) l->row[i] = -1;
    for (int box = boxes(l->m) - 1; box >= 0; box = source_of(l, box)) l->row[box] = 0;
    for (int i = 0; i < boxes(l->m); i++) {
        if (!l->row[i]) continue;
        l->row[i] = 1;
        while (is_taken(l, i)) l->row[i]++;
    }
}

static double left_of(const Layout *l, int box) { return MARGIN + (double)l->column[box] * (BOX_W + GAP); }
static double top_of(const Layout *l, int box) { return l->top + (double)l->row[box] * (BOX_H + ROW_GAP); }

static rq_colour verdict_colour(const char *flow)
{
    if (!strcmp(flow, "full")) return RQ_COLOUR_good;
    if (!strcmp(flow, "partial")) return RQ_COLOUR_warn;
    if (!strcmp(flow, "none") || !strcmp(flow, "unused")) return RQ_COLOUR_bad;
    return RQ_COLOUR_soft;
}

static void draw_box(const Layout *l, int box, const char *name, const char *kind, const char *flow)
{
    char text[64];
    double x = left_of(l, box), y = top_of(l, box), middle = x + BOX_W / 2.0;
    rq_pen pen = {.stroke = verdict_colour(flow), .width = 1.8, .fill = RQ_COLOUR_panel, .dashed = !strcmp(flow, "frozen")};
    rq_draw_rect(l->p, pen, x, y, BOX_W, BOX_H, 6);
    rq_text_fit(name_font, name, BOX_W - 8, text, sizeof text);
    rq_draw_text(l->p, name_font, middle, y + (flow[0] ? 18 : kind[0] ? 25 : 33), RQ_ANCHOR_middle, 0, text);
    rq_text_fit(kind_font, kind, BOX_W - 8, text, sizeof text);
    if (kind[0]) rq_draw_text(l->p, kind_font, middle, y + (flow[0] ? 34 : 42), RQ_ANCHOR_middle, 0, text);
    if (kind[0]) rq_draw_hint(l->p, kind);
    rq_font verdict = {.colour = verdict_colour(flow), .size = 12, .bold = true};
    if (flow[0]) rq_draw_text(l->p, verdict, middle, y + 51, RQ_ANCHOR_middle, 0, flow);
}

static void draw_cut(const Layout *l, double x, double y)
{
    rq_font font = {.colour = RQ_COLOUR_bad, .size = 20, .bold = true};
    rq_draw_text(l->p, font, x, y, RQ_ANCHOR_middle, 0, "\303\227");
    rq_draw_hint(l->p, "the gradient is cut here");
}

/* Side by side: a line. In one row: an arc above, as for all skips. Else from side to side, along the lower of both rows. */
static void draw_edge(const Layout *l, const rq_edge *e)
{
    int a = box_named(l->m, e->from), b = box_named(l->m, e->to), span = l->column[b] - l->column[a];
    rq_colour colour = e->is_cut ? RQ_COLOUR_bad : e->is_skip ? RQ_COLOUR_s0 : RQ_COLOUR_soft;
    rq_pen pen = {.stroke = colour, .width = 1.7, .dashed = e->is_cut, .tip = true};
    double x0 = left_of(l, a) + BOX_W + 1, x1 = left_of(l, b) - 2, y0 = top_of(l, a) + BOX_H / 2.0, y1 = top_of(l, b) + BOX_H / 2.0;
    if (l->row[a] != l->row[b]) {
        double bend = l->row[b] > l->row[a] ? x0 + GAP * 0.6 : x1 - GAP * 0.6;
        rq_draw_curve(l->p, pen, (double[]){x0, y0, bend, y0, bend, y1, x1, y1});
        if (e->is_cut) draw_cut(l, bend, (y0 + y1) / 2 + 6);
    } else if (!e->is_skip && span == 1) {
        rq_draw_line(l->p, pen, x0, y0, x1, y1);
        if (e->is_cut) draw_cut(l, (x0 + x1) / 2 - 2, y0 + 6);
    } else {
        double y = top_of(l, a), lift = y - 20 - 15 * span;
        x0 = left_of(l, a) + BOX_W * 0.62, x1 = left_of(l, b) + BOX_W * 0.38;
        rq_draw_curve(l->p, pen, (double[]){x0, y - 1, x0, lift, x1, lift, x1, y - 2});
        if (e->is_cut) draw_cut(l, (x0 + x1) / 2, y - (y - lift) * 0.75 + 6);
    }
}

/* Room above for the arcs of row 0, and how large all is. */
static void measure(Layout *l)
{
    int columns = 0, rows = 0;
    l->top = MARGIN;
    for (int i = 0; i < l->m->edge_count; i++) {
        int a = box_named(l->m, l->m->edges[i].from), b = box_named(l->m, l->m->edges[i].to), span = l->column[b] - l->column[a];
        if (l->row[a] == 0 && l->row[b] == 0 && (span > 1 || l->m->edges[i].is_skip)) l->top = fmax(l->top, 22 + 12.0 * span);
    }
    for (int i = 0; i < boxes(l->m); i++) {
        columns = l->column[i] > columns ? l->column[i] : columns;
        rows = l->row[i] > rows ? l->row[i] : rows;
    }
    l->p->width = MARGIN + (columns + 1.0) * (BOX_W + GAP) - GAP + MARGIN;
    l->p->height = l->top + (rows + 1.0) * (BOX_H + ROW_GAP) - ROW_GAP + MARGIN;
}

static rq_picture *picture_new(const rq_model *m, rq_error *err)
{
    char title[256], description[512];
    int cuts = 0, skips = 0;
    for (int i = 0; i < m->edge_count; i++) cuts += m->edges[i].is_cut != 0, skips += m->edges[i].is_skip != 0;
    snprintf(title, sizeof title, "Gradient flow of %.200s", m->name);
    snprintf(description, sizeof description, "%.300s; %d skips, %d cuts", m->summary, skips, cuts);
    return rq_picture_new("flow", title, description, err);
}

rq_picture *rq_flow_picture(const rq_model *m, rq_error *err)
{
    int *places = rq_alloc_array((uint64_t)boxes(m), 2 * sizeof *places, "a picture", err);
    Layout l = {.m = m, .p = places ? picture_new(m, err) : NULL, .column = places, .row = places + boxes(m)};
    if (l.p) {
        place_columns(&l);
        place_parameters(&l);
        place_rows(&l);
        measure(&l);
        for (int i = 0; i < m->edge_count; i++) draw_edge(&l, &m->edges[i]);
        draw_box(&l, 0, m->input_name, "input", "");
        for (int i = 0; i < m->layer_count; i++) draw_box(&l, i + 1, m->layers[i].name, m->layers[i].kind, m->layers[i].flow);
        draw_box(&l, boxes(m) - 1, "loss", "", "");
    }
    rq_free(places);
    return l.p;
}
