/* chart.c: line charts as inline SVG: 640 x 300 units, legend above, colours by CSS classes s0..s7 of the page. */
#include "report/chart.h"

#include <math.h>

#include "report/report.h"

enum { WIDTH = 640, HEIGHT = 300, LEFT = 64, RIGHT = 16, TOP = 34, BOTTOM = 44 };

typedef struct Axis {
    double low, high;
    bool log;
} Axis;

static bool usable(const rq_chart *c, double x, double y) { return isfinite(x) && isfinite(y) && (!c->log_y || y > 0); }

static double position(const Axis *a, double v)
{
    if (a->log) return (log10(v) - log10(a->low)) / (log10(a->high) - log10(a->low));
    return (v - a->low) / (a->high - a->low);
}

static double px(const Axis *x, double v) { return LEFT + position(x, v) * (WIDTH - LEFT - RIGHT); }
static double py(const Axis *y, double v) { return HEIGHT - BOTTOM - position(y, v) * (HEIGHT - TOP - BOTTOM); }

/* 1, 2 or 5 times a power of ten, about a fifth of the range. */
static double tick_step(double range)
{
    double unit = pow(10, floor(log10(range / 5))), m = range / 5 / unit;
    return unit * (m > 5 ? 10 : m > 2 ? 5 : m > 1 ? 2 : 1);
}

static bool axes(const rq_chart *c, Axis *x, Axis *y)
{
    bool any = false;
    for (int s = 0; s < c->series_count; s++)
        for (int64_t i = 0; i < c->series[s].count; i++) {
            double u = c->series[s].x[i], v = c->series[s].y[i];
            if (!usable(c, u, v)) continue;
            if (!any) *x = (Axis){u, u, false}, *y = (Axis){v, v, c->log_y};
            any = true;
            x->low = fmin(x->low, u), x->high = fmax(x->high, u);
            y->low = fmin(y->low, v), y->high = fmax(y->high, v);
        }
    if (!any) return false;
    if (x->high == x->low) x->low -= 0.5, x->high += 0.5;
    if (c->log_y) {
        y->low = pow(10, floor(log10(y->low))), y->high = pow(10, ceil(log10(y->high)));
        if (y->high == y->low) y->high *= 10;
    } else {
        double pad = y->high > y->low ? 0.05 * (y->high - y->low) : 0.5;
        y->low -= pad, y->high += pad;
    }
    return true;
}

static void tick_y(FILE *out, const Axis *y, double v)
{
    double at = py(y, v);
    fprintf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n",
            LEFT, at, WIDTH - RIGHT, LEFT - 6, at + 4, fabs(v) < 1e-12 ? 0 : v);
}

static void draw_ticks(FILE *out, const Axis *x, const Axis *y)
{
    if (y->log) {
        int from = (int)lround(log10(y->low)), to = (int)lround(log10(y->high)), every = (to - from) / 8 + 1;
        for (int k = from; k <= to; k += every) tick_y(out, y, pow(10, k));
    } else {
        double step = tick_step(y->high - y->low);
        for (double v = ceil(y->low / step) * step; v <= y->high; v += step) tick_y(out, y, v);
    }
    double step = fmax(1, tick_step(x->high - x->low));
    for (double v = ceil(x->low / step) * step; v <= x->high; v += step)
        fprintf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>\n", px(x, v), HEIGHT - BOTTOM + 18, v);
}

static void draw_series(FILE *out, const rq_chart *c, int s, const Axis *x, const Axis *y)
{
    const rq_series *line = &c->series[s];
    bool pen_down = false;
    fprintf(out, "<path class=\"line s%d\" d=\"", s % 8);
    for (int64_t i = 0; i < line->count; i++) {
        if (!usable(c, line->x[i], line->y[i])) {
            pen_down = false;
            continue;
        }
        fprintf(out, "%c%.1f %.1f", pen_down ? 'L' : 'M', px(x, line->x[i]), py(y, line->y[i]));
        pen_down = true;
    }
    fputs("\"/>\n", out);
    for (int64_t i = 0; i < line->count && line->count <= 40; i++)
        if (usable(c, line->x[i], line->y[i]))
            fprintf(out, "<circle class=\"dot s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>\n", s % 8, px(x, line->x[i]), py(y, line->y[i]));
}

static void draw_legend(FILE *out, const rq_chart *c)
{
    double at = LEFT;
    for (int s = 0; s < c->series_count; s++) {
        int letters = 0;
        while (c->series[s].name[letters]) letters++;
        fprintf(out, "<path class=\"line s%d\" d=\"M%.0f 14h18\"/><text class=\"tick\" x=\"%.0f\" y=\"18\">", s % 8, at, at + 24);
        rq_html_text(out, c->series[s].name);
        fputs("</text>\n", out);
        at += 40 + 7.2 * letters;
    }
}

void rq_chart_svg(FILE *out, const rq_chart *c)
{
    Axis x = {0}, y = {0};
    fputs("<figure><figcaption>", out);
    rq_html_text(out, c->title);
    fputs("</figcaption>\n", out);
    if (!axes(c, &x, &y)) {
        fputs("<p class=\"none\">no finite values</p></figure>\n", out);
        return;
    }
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    rq_html_text(out, c->title);
    fputs("\">\n", out);
    draw_ticks(out, &x, &y);
    for (int s = 0; s < c->series_count; s++) draw_series(out, c, s, &x, &y);
    draw_legend(out, c);
    fprintf(out, "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
    rq_html_text(out, c->x_label);
    fprintf(out, "</text><text class=\"tick\" transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">", (TOP + HEIGHT - BOTTOM) / 2);
    rq_html_text(out, c->y_label);
    fputs("</text>\n</svg></figure>\n", out);
}
