/* picture.c: shapes into a growing list. */
#include "report/picture.h"

#include <math.h>
#include <string.h>

rq_colour rq_colour_series(int i) { return (rq_colour)(RQ_COLOUR_s0 + i % RQ_SERIES); }

uint32_t rq_colour_rgb(rq_colour c, bool dark)
{
    static const uint32_t light_rgb[] = {0,
#define COLOUR(name, light, dark) light,
#include "report/colour.def"
#undef COLOUR
    };
    static const uint32_t dark_rgb[] = {0,
#define COLOUR(name, light, dark) dark,
#include "report/colour.def"
#undef COLOUR
    };
    if (c & RQ_COLOUR_given) return c & 0xffffff;
    return dark ? dark_rgb[c] : light_rgb[c];
}

/* Between neighbouring points of a table, in equal steps of lightness. */
rq_colour rq_colour_scale(double share, bool pale, rq_colour *ink)
{
    enum { POINTS = 5, last = POINTS - 1 };
    static const unsigned char violet[POINTS][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
    static const unsigned char blue[POINTS][3] = {{232, 239, 250}, {178, 203, 236}, {112, 158, 216}, {54, 108, 186}, {20, 62, 132}};
    const unsigned char(*at)[3] = pale ? blue : violet;
    double place = fmin(fmax(share, 0), 1) * last;
    int i = (int)fmin(floor(place), last - 1);
    uint32_t rgb = 0;
    double light = 0;
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    for (int k = 0; k < 3; k++) {
        double v = at[i][k] + (place - i) * (at[i + 1][k] - at[i][k]);
        rgb = rgb << 8 | (uint32_t)lround(v);
        light += weight[k] * pow(v / 255, 2.2);
    }
    *ink = (rq_colour)(RQ_COLOUR_given | (light > 0.18 ? 0x000000 : 0xffffff));
    return (rq_colour)(RQ_COLOUR_given | rgb);
}

rq_picture *rq_picture_new(const char *name, const char *title, const char *description, rq_error *err)
{
    rq_picture *p = rq_alloc_array(1, sizeof *p, "a picture", err);
    if (!p) return NULL;
    p->name = rq_copy_text(name, err);
    p->title = rq_copy_text(title, err);
    p->description = rq_copy_text(description, err);
    if (p->name && p->title && p->description) return p;
    rq_picture_free(p);
    return NULL;
}

void rq_picture_free(rq_picture *p)
{
    if (!p) return;
    for (int64_t i = 0; i < p->count; i++) {
        rq_free((void *)p->shape[i].point);
        rq_free((void *)p->shape[i].text);
        rq_free((void *)p->shape[i].hint);
    }
    rq_free(p->shape);
    rq_free(p->name);
    rq_free(p->title);
    rq_free(p->description);
    rq_free(p);
}

bool rq_picture_ok(const rq_picture *p, rq_error *err) { return !p->failed || rq_fail_system(err, "no memory for the picture '%s'", p->name); }

/* A copy, or NULL with the picture marked. */
static void *copied(rq_picture *p, const void *from, size_t size)
{
    void *to = rq_alloc(size);
    if (to) memcpy(to, from, size);
    else p->failed = true;
    return to;
}

static void add(rq_picture *p, rq_shape s)
{
    if (p->count == p->room) {
        int64_t more = p->room ? 2 * p->room : 64;
        rq_shape *bigger = rq_alloc((size_t)more * sizeof *bigger);
        if (!bigger) p->failed = true;
        if (bigger && p->count) memcpy(bigger, p->shape, (size_t)p->count * sizeof *bigger);
        if (bigger) rq_free(p->shape), p->shape = bigger, p->room = more;
    }
    if (p->count < p->room) p->shape[p->count++] = s;
    else rq_free((void *)s.point), rq_free((void *)s.text);
}

void rq_draw_path(rq_picture *p, rq_pen pen, const double *xy, int n, bool closed)
{
    if (n > 0) add(p, (rq_shape){.kind = RQ_SHAPE_path, .pen = pen, .point = copied(p, xy, (size_t)n * 2 * sizeof *xy), .points = n, .closed = closed});
}

void rq_draw_line(rq_picture *p, rq_pen pen, double x0, double y0, double x1, double y1)
{
    rq_draw_path(p, pen, (double[]){x0, y0, x1, y1}, 2, false);
}

void rq_draw_curve(rq_picture *p, rq_pen pen, const double xy[8])
{
    add(p, (rq_shape){.kind = RQ_SHAPE_curve, .pen = pen, .point = copied(p, xy, 8 * sizeof *xy), .points = 4});
}

void rq_draw_rect(rq_picture *p, rq_pen pen, double x, double y, double w, double h, double radius)
{
    add(p, (rq_shape){.kind = RQ_SHAPE_rect, .pen = pen, .x = x, .y = y, .w = w, .h = h, .r = radius});
}

void rq_draw_circle(rq_picture *p, rq_pen pen, double x, double y, double r)
{
    add(p, (rq_shape){.kind = RQ_SHAPE_circle, .pen = pen, .x = x, .y = y, .r = r});
}

void rq_draw_text(rq_picture *p, rq_font font, double x, double y, rq_anchor anchor, double angle, const char *text)
{
    add(p, (rq_shape){.kind = RQ_SHAPE_text, .font = font, .x = x, .y = y, .anchor = anchor, .angle = angle,
                      .text = copied(p, text, strlen(text) + 1)});
}

void rq_draw_hint(rq_picture *p, const char *hint)
{
    if (p->count && !p->shape[p->count - 1].hint) p->shape[p->count - 1].hint = copied(p, hint, strlen(hint) + 1);
}

/* Shares of the size, as in a wide sans-serif face, so that estimates are rather too large. Bytes that continue a UTF-8 character
 * have no width. */
static double letter_width(unsigned char c)
{
    if ((c & 0xc0) == 0x80) return 0;
    if (strchr("iljI.,:;'|! ", c)) return 0.34;
    if (strchr("frt()[]-\"", c)) return 0.42;
    if (strchr("mwMW%@", c)) return 0.98;
    return c >= 'A' && c <= 'Z' ? 0.72 : 0.62;
}

double rq_text_width(rq_font font, const char *text)
{
    double width = 0;
    for (; *text; text++) width += font.mono ? ((unsigned char)*text & 0xc0) == 0x80 ? 0 : 0.61 : letter_width((unsigned char)*text);
    return width * font.size * (font.bold ? 1.08 : 1);
}

void rq_text_fit(rq_font font, const char *text, double width, char *out, size_t size)
{
    snprintf(out, size, "%s", text);
    if (rq_text_width(font, out) <= width) return;
    size_t n = strlen(out);
    while (n > 0) {
        n--;
        while (n > 0 && ((unsigned char)out[n] & 0xc0) == 0x80) n--;
        snprintf(out + n, size - n, "..");
        if (rq_text_width(font, out) <= width) return;
    }
}
