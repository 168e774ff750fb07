/* flow_picture.c: the model's flow as a picture: a box per layer in a row, sources as arrows between them, skips as arcs above, cuts
 * in red.
 *
 *        ,------ skip -----.
 *     [x] --> [q1] --x--> [q2] --> [head] --> [loss]
 */
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { BOX_W = 112, BOX_H = 58, GAP = 40, MARGIN = 10 };

static const rq_font name_font = {.colour = RQ_COLOUR_ink, .size = 14, .bold = true}, kind_font = {.colour = RQ_COLOUR_soft, .size = 11.5};

typedef struct Row {
    const rq_model *m;
    rq_picture *p;
    double y; /* of the boxes' upper side */
} Row;

static int boxes(const rq_model *m) { return m->layer_count + 2; }

/* Column of a name: the input is 0, layers follow, the loss is last. */
static int column(const rq_model *m, const char *name)
{
    if (!strcmp(name, "loss")) return boxes(m) - 1;
    for (int i = 0; i < m->layer_count; i++)
        if (!strcmp(m->layers[i].name, name)) return i + 1;
    return 0;
}

static double left_of(int col) { return MARGIN + (double)col * (BOX_W + GAP); }

static rq_colour verdict_colour(const char *flow)
{
    if (!strcmp(flow, "full")) return RQ_COLOUR_good;
    if (!strcmp(flow, "partial")) return RQ_COLOUR_warn;
    if (!strcmp(flow, "none") || !strcmp(flow, "unused")) return RQ_COLOUR_bad;
    return RQ_COLOUR_soft;
}

static void draw_box(const Row *r, int col, const char *name, const char *kind, const char *flow)
{
    char text[64];
    double x = left_of(col), middle = x + BOX_W / 2.0;
    rq_pen pen = {.stroke = verdict_colour(flow), .width = 1.8, .fill = RQ_COLOUR_panel, .dashed = !strcmp(flow, "frozen")};
    rq_draw_rect(r->p, pen, x, r->y, BOX_W, BOX_H, 6);
    rq_text_fit(name_font, name, BOX_W - 8, text, sizeof text);
    rq_draw_text(r->p, name_font, middle, r->y + (flow[0] ? 18 : kind[0] ? 25 : 33), RQ_ANCHOR_middle, 0, text);
    rq_text_fit(kind_font, kind, BOX_W - 8, text, sizeof text);
    if (kind[0]) rq_draw_text(r->p, kind_font, middle, r->y + (flow[0] ? 34 : 42), RQ_ANCHOR_middle, 0, text);
    if (kind[0]) rq_draw_hint(r->p, kind);
    rq_font verdict = {.colour = verdict_colour(flow), .size = 12, .bold = true};
    if (flow[0]) rq_draw_text(r->p, verdict, middle, r->y + 51, RQ_ANCHOR_middle, 0, flow);
}

static void draw_cut(const Row *r, double x, double y)
{
    rq_font font = {.colour = RQ_COLOUR_bad, .size = 20, .bold = true};
    rq_draw_text(r->p, font, x, y, RQ_ANCHOR_middle, 0, "\303\227");
    rq_draw_hint(r->p, "the gradient is cut here");
}

static void draw_edge(const Row *r, const rq_edge *e)
{
    int a = column(r->m, e->from), b = column(r->m, e->to);
    rq_colour colour = e->is_cut ? RQ_COLOUR_bad : e->is_skip ? RQ_COLOUR_s0 : RQ_COLOUR_soft;
    rq_pen pen = {.stroke = colour, .width = 1.7, .dashed = e->is_cut, .tip = true};
    if (!e->is_skip && b == a + 1) {
        double x0 = left_of(a) + BOX_W, x1 = left_of(b), middle = r->y + BOX_H / 2.0;
        rq_draw_line(r->p, pen, x0 + 1, middle, x1 - 2, middle);
        if (e->is_cut) draw_cut(r, (x0 + x1) / 2 - 2, middle + 6);
        return;
    }
    double x0 = left_of(a) + BOX_W * 0.62, x1 = left_of(b) + BOX_W * 0.38, lift = r->y - 20 - 15 * (b - a);
    rq_draw_curve(r->p, pen, (double[]){x0, r->y - 1, x0, lift, x1, lift, x1, r->y - 2});
    if (e->is_cut) draw_cut(r, (x0 + x1) / 2, r->y - (r->y - lift) * 0.75 + 6);
}

rq_picture *rq_flow_picture(const rq_model *m, rq_error *err)
{
    char title[256], description[512];
    double top = MARGIN;
    int cuts = 0, skips = 0;
    for (int i = 0; i < m->edge_count; i++) {
        int span = column(m, m->edges[i].to) - column(m, m->edges[i].from);
        if (span > 1 || m->edges[i].is_skip) top = fmax(top, 22 + 12.0 * span);
        cuts += m->edges[i].is_cut != 0, skips += m->edges[i].is_skip != 0;
    }
    snprintf(title, sizeof title, "Gradient flow of %.200s", m->name);
    snprintf(description, sizeof description, "%.300s; %d skips, %d cuts", m->summary, skips, cuts);
    Row r = {.m = m, .p = rq_picture_new("flow", title, description, err), .y = top};
    if (!r.p) return NULL;
    r.p->width = left_of(boxes(m)) - GAP + MARGIN;
    r.p->height = top + BOX_H + MARGIN;
    for (int i = 0; i < m->edge_count; i++) draw_edge(&r, &m->edges[i]);
    draw_box(&r, 0, m->input_name, "input", "");
    for (int i = 0; i < m->layer_count; i++) draw_box(&r, i + 1, m->layers[i].name, m->layers[i].kind, m->layers[i].flow);
    draw_box(&r, boxes(m) - 1, "loss", "", "");
    return r.p;
}
