/* chart.c: curves with bands on linear or logarithmic axes; the legend stands above, in as many rows as it takes. */
#include "report/chart.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 520, PLOT = 230, LEFT = 66, RIGHT = 16, BOTTOM = 46, LEGEND_ROW = 19 };

typedef struct Axis {
    double low, high;
    bool log, whole; /* whole: only whole numbers occur */
} Axis;

typedef struct Frame {
    const rq_chart *chart;
    rq_picture *p;
    Axis x, y;
    double top;
} Frame;

static const rq_font tick_font = {.colour = RQ_COLOUR_soft, .size = 12};

static bool usable(const rq_chart *c, double x, double y)
{
    return isfinite(x) && isfinite(y) && (!c->log_y || y > 0) && (!c->log_x || x > 0);
}

static double share(const Axis *a, double v)
{
    if (a->log) return (log10(v) - log10(a->low)) / (log10(a->high) - log10(a->low));
    return (v - a->low) / (a->high - a->low);
}

static double px(const Frame *f, double v) { return LEFT + share(&f->x, v) * (WIDTH - LEFT - RIGHT); }
static double py(const Frame *f, double v) { return f->top + PLOT - fmin(fmax(share(&f->y, v), 0), 1) * PLOT; }

double rq_tick_step(double range)
{
    double unit = pow(10, floor(log10(range / 5))), m = range / 5 / unit;
    return unit * (m > 7 ? 10 : m > 3 ? 5 : m > 1.5 ? 2 : 1);
}

static void widen(Axis *a, double v, bool *any)
{
    if (!isfinite(v) || (a->log && v <= 0)) return;
    a->low = *any ? fmin(a->low, v) : v;
    a->high = *any ? fmax(a->high, v) : v;
    a->whole = a->whole && v == floor(v);
    *any = true;
}

/* To whole powers of ten, or with some room at both ends. */
static void round_axis(Axis *a, double room)
{
    if (a->log) {
        a->low = pow(10, floor(log10(a->low) + 1e-9));
        a->high = pow(10, ceil(log10(a->high) - 1e-9));
        if (a->high <= a->low) a->high = a->low * 10;
        return;
    }
    double pad = a->high > a->low ? room * (a->high - a->low) : 0.5;
    a->low -= pad, a->high += pad;
}

static bool find_axes(Frame *f)
{
    const rq_chart *c = f->chart;
    bool any_x = false, any_y = false;
    f->x = (Axis){.log = c->log_x, .whole = true};
    f->y = (Axis){.log = c->log_y};
    for (int s = 0; s < c->series_count; s++)
        for (int64_t i = 0; i < c->series[s].count; i++) {
            const rq_series *line = &c->series[s];
            if (!usable(c, line->x[i], line->y[i])) continue;
            widen(&f->x, line->x[i], &any_x);
            widen(&f->y, line->y[i], &any_y);
            if (line->low) widen(&f->y, line->low[i], &any_y), widen(&f->y, line->high[i], &any_y);
        }
    if (!any_x || !any_y) return false;
    round_axis(&f->x, f->x.high > f->x.low ? 0 : 0.5);
    round_axis(&f->y, 0.05);
    return true;
}

static void tick_y(const Frame *f, double v)
{
    char text[32];
    rq_pen grid = {.stroke = RQ_COLOUR_line, .width = 1};
    snprintf(text, sizeof text, "%.3g", fabs(v) < 1e-12 && !f->y.log ? 0 : v);
    rq_draw_line(f->p, grid, LEFT, py(f, v), WIDTH - RIGHT, py(f, v));
    rq_draw_text(f->p, tick_font, LEFT - 7, py(f, v) + 4, RQ_ANCHOR_end, 0, text);
}

static void tick_x(const Frame *f, double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", v);
    rq_draw_line(f->p, (rq_pen){.stroke = RQ_COLOUR_soft, .width = 1}, px(f, v), f->top + PLOT, px(f, v), f->top + PLOT + 4);
    rq_draw_text(f->p, tick_font, px(f, v), f->top + PLOT + 18, RQ_ANCHOR_middle, 0, text);
}

static void draw_axis(const Frame *f, const Axis *a, void (*tick)(const Frame *, double))
{
    if (a->log) {
        int from = (int)lround(log10(a->low)), to = (int)lround(log10(a->high)), every = (to - from) / 8 + 1;
        for (int k = from; k <= to; k += every) tick(f, pow(10, k));
        return;
    }
    double step = rq_tick_step(a->high - a->low);
    if (a->whole) step = fmax(1, step);
    for (double k = ceil(a->low / step - 1e-9); k * step <= a->high + 1e-9 * step; k++) tick(f, k == 0 ? 0 : k * step);
}

/* Runs of points without gaps: the band of one as a closed path, or its line. */
static void draw_run(const Frame *f, const rq_series *line, int s, int64_t from, int64_t to, double *xy)
{
    rq_colour colour = rq_colour_series(s);
    int n = 0;
    if (line->low) {
        for (int64_t i = from; i < to; i++) xy[n++] = px(f, line->x[i]), xy[n++] = py(f, line->high[i]);
        for (int64_t i = to; i-- > from;) xy[n++] = px(f, line->x[i]), xy[n++] = py(f, line->low[i]);
        rq_draw_path(f->p, (rq_pen){.fill = colour, .opacity = f->chart->series_count > 4 ? 0.08 : 0.18}, xy, n / 2, true);
    }
    n = 0;
    for (int64_t i = from; i < to; i++) xy[n++] = px(f, line->x[i]), xy[n++] = py(f, line->y[i]);
    if (!line->dots) rq_draw_path(f->p, (rq_pen){.stroke = colour, .width = 2, .dashed = line->dashed}, xy, n / 2, false);
}

static bool in_run(const rq_chart *c, const rq_series *l, int64_t i)
{
    if (!usable(c, l->x[i], l->y[i])) return false;
    return !l->low || (usable(c, l->x[i], l->high[i]) && isfinite(l->low[i]));
}

static void draw_series(const Frame *f, int s)
{
    const rq_series *line = &f->chart->series[s];
    double *xy = rq_alloc((size_t)(4 * line->count + 1) * sizeof *xy);
    if (!xy) f->p->failed = true;
    for (int64_t i = 0; xy && i < line->count;) {
        int64_t to = i;
        while (to < line->count && in_run(f->chart, line, to)) to++;
        if (to > i) draw_run(f, line, s, i, to, xy);
        i = to > i ? to : i + 1;
    }
    rq_free(xy);
    bool few = line->count <= 40 && f->chart->series_count * line->count <= 160;
    for (int64_t i = 0; i < line->count && (few || line->dots); i++) {
        char hint[160];
        if (!usable(f->chart, line->x[i], line->y[i])) continue;
        rq_draw_circle(f->p, (rq_pen){.fill = rq_colour_series(s)}, px(f, line->x[i]), py(f, line->y[i]), line->dots ? 3.2 : 2.4);
        snprintf(hint, sizeof hint, "%.60s, %.30s %.6g: %.6g", line->name, f->chart->x_label, line->x[i], line->y[i]);
        rq_draw_hint(f->p, hint);
    }
}

/* Places the names; draws them if `draw`. The height they take. */
static double legend(const Frame *f, bool draw)
{
    double x = 8, y = 13;
    rq_font font = {.colour = RQ_COLOUR_ink, .size = 12};
    for (int s = 0; s < f->chart->series_count; s++) {
        const rq_series *line = &f->chart->series[s];
        char text[128];
        rq_text_fit(font, line->name, WIDTH - 60, text, sizeof text);
        double width = 30 + rq_text_width(font, text);
        if (x > 8 && x + width > WIDTH - 4) x = 8, y += LEGEND_ROW;
        rq_pen pen = {.stroke = rq_colour_series(s), .width = 3, .dashed = line->dashed};
        if (draw && line->dots) rq_draw_circle(f->p, (rq_pen){.fill = rq_colour_series(s)}, x + 9, y - 4, 3.2);
        if (draw && !line->dots) rq_draw_line(f->p, pen, x, y - 4, x + 18, y - 4);
        if (draw) rq_draw_text(f->p, font, x + 24, y, RQ_ANCHOR_start, 0, text);
        x += width + 14;
    }
    return y + 12;
}

rq_picture *rq_chart_picture(const rq_chart *c, rq_error *err)
{
    char description[256];
    snprintf(description, sizeof description, "%s over %s, %d curves", c->y_label, c->x_label, c->series_count);
    Frame f = {.chart = c, .p = rq_picture_new(c->name ? c->name : "chart", c->title, description, err)};
    if (!f.p) return NULL;
    f.p->width = WIDTH;
    if (!find_axes(&f)) {
        f.p->height = 40;
        rq_draw_text(f.p, tick_font, 8, 24, RQ_ANCHOR_start, 0, "no finite values");
        return f.p;
    }
    f.top = legend(&f, true);
    f.p->height = f.top + PLOT + BOTTOM;
    draw_axis(&f, &f.y, tick_y);
    draw_axis(&f, &f.x, tick_x);
    for (int s = 0; s < c->series_count; s++) draw_series(&f, s);
    rq_font label = {.colour = RQ_COLOUR_soft, .size = 12.5};
    rq_draw_text(f.p, label, (LEFT + WIDTH - RIGHT) / 2.0, f.p->height - 8, RQ_ANCHOR_middle, 0, c->x_label);
    rq_draw_text(f.p, label, 14, f.top + PLOT / 2.0, RQ_ANCHOR_middle, -90, c->y_label);
    return f.p;
}
