/* picture.c: the model's flow as SVG: one box per layer in a row, sources as arrows between them, skips as arcs above, cuts in red.
 *
 *        ,------ skip -----.
 *     [x] --> [q1] --x--> [q2] --> [head] --> loss
 */
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { BOX_W = 116, BOX_H = 44, GAP = 44, MARGIN = 12 };

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

static void draw_box(FILE *out, double y, int col, const char *name, const char *text, const char *flow)
{
    fprintf(out, "<g class=\"box %s\"><rect x=\"%.0f\" y=\"%.0f\" width=\"%d\" height=\"%d\" rx=\"6\"/>", flow, left_of(col), y, BOX_W, BOX_H);
    fprintf(out, "<text class=\"name\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">", left_of(col) + BOX_W / 2.0, y + 18);
    rq_html_text(out, name);
    fprintf(out, "</text><text class=\"tick\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">", left_of(col) + BOX_W / 2.0, y + 35);
    rq_html_text(out, text);
    fputs("</text></g>\n", out);
}

static void draw_edge(FILE *out, const rq_model *m, const rq_edge *e, double y)
{
    int a = column(m, e->from), b = column(m, e->to);
    const char *class = e->is_cut ? "edge cut" : e->is_skip ? "edge skip" : "edge";
    if (!e->is_skip && b == a + 1) {
        double x0 = left_of(a) + BOX_W, x1 = left_of(b), mid = y + BOX_H / 2.0;
        fprintf(out, "<path class=\"%s\" d=\"M%.0f %.0fH%.0f\" marker-end=\"url(#tip)\"/>\n", class, x0, mid, x1 - 2);
        if (e->is_cut) fprintf(out, "<text class=\"cutmark\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">&#215;</text>\n", (x0 + x1) / 2, mid + 6);
        return;
    }
    double x0 = left_of(a) + BOX_W * 0.6, x1 = left_of(b) + BOX_W * 0.4, lift = y - 18 - 14 * (b - a);
    fprintf(out, "<path class=\"%s\" d=\"M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0f\" marker-end=\"url(#tip)\"/>\n", class, x0, y, x0, lift, x1,
            lift, x1, y - 2);
    if (e->is_cut)
        fprintf(out, "<text class=\"cutmark\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">&#215;</text>\n", (x0 + x1) / 2, y - (y - lift) * 0.75 + 5);
}

void rq_flow_svg(FILE *out, const rq_model *m)
{
    double top = 32;
    for (int i = 0; i < m->edge_count; i++) {
        int span = column(m, m->edges[i].to) - column(m, m->edges[i].from);
        if (span > 1 || m->edges[i].is_skip) top = fmax(top, 34 + 12.0 * span);
    }
    double width = left_of(boxes(m)) - GAP + MARGIN, height = top + BOX_H + MARGIN;
    fprintf(out, "<svg viewBox=\"0 0 %.0f %.0f\" style=\"max-width:%.0fpx\" role=\"img\" aria-label=\"gradient flow of %s\">\n", width, height,
            width, m->name);
    fputs("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
          "<path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n", out);
    for (int i = 0; i < m->edge_count; i++) draw_edge(out, m, &m->edges[i], top);
    draw_box(out, top, 0, m->input_name, "input", "io");
    for (int i = 0; i < m->layer_count; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", m->layers[i].flow[0] ? m->layers[i].flow : m->layers[i].kind);
        draw_box(out, top, i + 1, m->layers[i].name, text, m->layers[i].flow);
    }
    draw_box(out, top, boxes(m) - 1, "loss", "", "io");
    fputs("</svg>\n", out);
}
