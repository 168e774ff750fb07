/* bars.c: estimates with intervals, a row each.
 *
 *     q1 -> q2, exact        |--------o--------|
 *     none, exact       |------o------|
 *                    0.80      0.84      0.88
 */
#include <math.h>

#include "report/chart.h"

enum { WIDTH = 620, ROW = 26, TOP = 30, BOTTOM = 46, RIGHT = 20 };

static const rq_font label_font = {.colour = RQ_COLOUR_ink, .size = 12.5}, tick_font = {.colour = RQ_COLOUR_soft, .size = 12};

typedef struct Scale {
    double low, high, left;
} Scale;

static double px(const Scale *s, double v) { return s->left + (v - s->low) / (s->high - s->low) * (WIDTH - RIGHT - s->left); }

static bool find_scale(const rq_bars *b, Scale *s)
{
    bool any = false;
    s->low = s->high = 0;
    for (int i = 0; i < b->count; i++) {
        const double values[] = {b->bar[i].mean, b->bar[i].low, b->bar[i].high, b->bar[i].mean2, b->bar[i].low2, b->bar[i].high2};
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            if (!isfinite(values[k])) continue;
            s->low = any || b->from_zero ? fmin(s->low, values[k]) : values[k];
            s->high = any || b->from_zero ? fmax(s->high, values[k]) : values[k];
            any = true;
        }
        double width = rq_text_width(label_font, b->bar[i].label) + 16;
        s->left = fmin(fmax(s->left, width), WIDTH * 0.45);
    }
    double pad = s->high > s->low ? 0.04 * (s->high - s->low) : 0.5;
    s->low -= pad, s->high += pad;
    return any;
}

static void draw_estimate(rq_picture *p, const Scale *s, rq_colour colour, bool hollow, double y, double mean, double low, double high)
{
    char hint[96];
    rq_pen line = {.stroke = colour, .width = 2};
    if (!isfinite(mean)) return;
    if (isfinite(low)) {
        rq_draw_line(p, line, px(s, low), y, px(s, high), y);
        rq_draw_line(p, line, px(s, low), y - 4, px(s, low), y + 4);
        rq_draw_line(p, line, px(s, high), y - 4, px(s, high), y + 4);
    }
    rq_draw_circle(p, (rq_pen){.stroke = colour, .width = 2, .fill = hollow ? RQ_COLOUR_back : colour}, px(s, mean), y, 4);
    snprintf(hint, sizeof hint, isfinite(low) ? "%.4f (%.4f to %.4f)" : "%.4f", mean, low, high);
    rq_draw_hint(p, hint);
}

static void draw_legend(rq_picture *p, const rq_bars *b)
{
    if (!b->second[0]) return;
    rq_draw_circle(p, (rq_pen){.stroke = RQ_COLOUR_s0, .width = 2, .fill = RQ_COLOUR_s0}, 14, 12, 4);
    rq_draw_text(p, label_font, 24, 16, RQ_ANCHOR_start, 0, b->first);
    double x = 48 + rq_text_width(label_font, b->first);
    rq_draw_circle(p, (rq_pen){.stroke = RQ_COLOUR_s1, .width = 2, .fill = RQ_COLOUR_back}, x, 12, 4);
    rq_draw_text(p, label_font, x + 10, 16, RQ_ANCHOR_start, 0, b->second);
}

static void draw_scale(rq_picture *p, const rq_bars *b, const Scale *s, double bottom)
{
    double step = rq_tick_step(s->high - s->low);
    for (double k = ceil(s->low / step); k * step <= s->high; k++) {
        char text[32];
        bool is_zero = b->from_zero && k == 0;
        snprintf(text, sizeof text, "%.3g", fabs(k * step) < 1e-12 ? 0 : k * step);
        rq_draw_line(p, (rq_pen){.stroke = is_zero ? RQ_COLOUR_ink : RQ_COLOUR_line, .width = 1}, px(s, k * step), TOP - 6, px(s, k * step), bottom);
        rq_draw_text(p, tick_font, px(s, k * step), bottom + 16, RQ_ANCHOR_middle, 0, text);
    }
    rq_draw_text(p, tick_font, (s->left + WIDTH - RIGHT) / 2, bottom + 36, RQ_ANCHOR_middle, 0, b->x_label);
}

rq_picture *rq_bars_picture(const rq_bars *b, rq_error *err)
{
    char description[160], text[256];
    Scale s = {0};
    snprintf(description, sizeof description, "%d rows of estimates with 95%% intervals", b->count);
    rq_picture *p = rq_picture_new(b->name, b->title, description, err);
    if (!p) return NULL;
    p->width = WIDTH;
    if (!find_scale(b, &s)) {
        p->height = 40;
        rq_draw_text(p, tick_font, 8, 24, RQ_ANCHOR_start, 0, "no finite values");
        return p;
    }
    double bottom = TOP + (double)b->count * ROW;
    p->height = bottom + BOTTOM;
    draw_legend(p, b);
    draw_scale(p, b, &s, bottom);
    for (int i = 0; i < b->count; i++) {
        const rq_bar *r = &b->bar[i];
        double y = TOP + ROW * (i + 0.5), apart = isfinite(r->mean2) ? 5 : 0;
        rq_text_fit(label_font, r->label, s.left - 12, text, sizeof text);
        rq_draw_text(p, label_font, s.left - 10, y + 4, RQ_ANCHOR_end, 0, text);
        rq_draw_hint(p, r->label);
        draw_estimate(p, &s, RQ_COLOUR_s0, false, y - apart, r->mean, r->low, r->high);
        draw_estimate(p, &s, RQ_COLOUR_s1, true, y + apart, r->mean2, r->low2, r->high2);
    }
    return p;
}
