/* cairo.c: the shapes of a picture by cairo. */
#include "cli/cairo.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <math.h>
#include <string.h>

static void set_colour(cairo_t *to, rq_colour c, double opacity)
{
    uint32_t rgb = rq_colour_rgb(c, false);
    cairo_set_source_rgba(to, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0, opacity > 0 ? opacity : 1);
}

/* Fills and strokes the current path. */
static void paint(cairo_t *to, const rq_pen *pen)
{
    static const double dashes[] = {5, 4};
    if (pen->fill) {
        set_colour(to, pen->fill, pen->opacity);
        cairo_fill_preserve(to);
    }
    if (pen->stroke) {
        set_colour(to, pen->stroke, 1);
        cairo_set_line_width(to, pen->width);
        cairo_set_dash(to, dashes, pen->dashed ? 2 : 0, 0);
        cairo_stroke_preserve(to);
    }
    cairo_new_path(to);
}

static void draw_tip(cairo_t *to, const rq_shape *s)
{
    const double *p = s->point + 2 * s->points - 4;
    double dx = p[2] - p[0], dy = p[3] - p[1], n = hypot(dx, dy), u = n > 0 ? dx / n : 1, v = n > 0 ? dy / n : 0;
    set_colour(to, s->pen.stroke, 1);
    cairo_move_to(to, p[2], p[3]);
    cairo_line_to(to, p[2] - 7 * u - 3.2 * v, p[3] - 7 * v + 3.2 * u);
    cairo_line_to(to, p[2] - 7 * u + 3.2 * v, p[3] - 7 * v - 3.2 * u);
    cairo_close_path(to);
    cairo_fill(to);
}

static void draw_path(cairo_t *to, const rq_shape *s)
{
    const double *p = s->point;
    cairo_move_to(to, p[0], p[1]);
    if (s->kind == RQ_SHAPE_curve) cairo_curve_to(to, p[2], p[3], p[4], p[5], p[6], p[7]);
    else
        for (int i = 1; i < s->points; i++) cairo_line_to(to, p[2 * i], p[2 * i + 1]);
    if (s->closed) cairo_close_path(to);
    paint(to, &s->pen);
    if (s->pen.tip && s->points > 1) draw_tip(to, s);
}

static void draw_rect(cairo_t *to, const rq_shape *s)
{
    double r = fmin(s->r, fmin(s->w, s->h) / 2), x = s->x, y = s->y;
    if (r > 0) {
        cairo_arc(to, x + s->w - r, y + r, r, -M_PI / 2, 0);
        cairo_arc(to, x + s->w - r, y + s->h - r, r, 0, M_PI / 2);
        cairo_arc(to, x + r, y + s->h - r, r, M_PI / 2, M_PI);
        cairo_arc(to, x + r, y + r, r, M_PI, 3 * M_PI / 2);
        cairo_close_path(to);
    } else {
        cairo_rectangle(to, x, y, s->w, s->h);
    }
    paint(to, &s->pen);
}

static void draw_text(cairo_t *to, const rq_shape *s)
{
    cairo_text_extents_t size;
    cairo_select_font_face(to, s->font.mono ? "monospace" : "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           s->font.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(to, s->font.size);
    cairo_text_extents(to, s->text, &size);
    double shift = s->anchor == RQ_ANCHOR_start ? 0 : s->anchor == RQ_ANCHOR_middle ? size.x_advance / 2 : size.x_advance;
    cairo_save(to);
    cairo_translate(to, s->x, s->y);
    cairo_rotate(to, s->angle * M_PI / 180);
    cairo_move_to(to, -shift, 0);
    set_colour(to, s->font.colour, 1);
    cairo_show_text(to, s->text);
    cairo_restore(to);
    cairo_new_path(to);
}

static void draw_shape(cairo_t *to, const rq_shape *s)
{
    switch (s->kind) {
    case RQ_SHAPE_none: break;
    case RQ_SHAPE_path:
    case RQ_SHAPE_curve: draw_path(to, s); break;
    case RQ_SHAPE_rect: draw_rect(to, s); break;
    case RQ_SHAPE_circle:
        cairo_arc(to, s->x, s->y, s->r, 0, 2 * M_PI);
        paint(to, &s->pen);
        break;
    case RQ_SHAPE_text: draw_text(to, s); break;
    }
}

static void draw(cairo_t *to, const rq_picture *p)
{
    set_colour(to, RQ_COLOUR_back, 1);
    cairo_paint(to);
    cairo_set_line_join(to, CAIRO_LINE_JOIN_ROUND);
    for (int64_t i = 0; i < p->count; i++) draw_shape(to, &p->shape[i]);
}

bool cairo_write(const rq_picture *p, const char *path, const char *format, rq_error *err)
{
    const int scale = 2;
    bool pdf = !strcmp(format, "pdf");
    cairo_surface_t *surface = pdf ? cairo_pdf_surface_create(path, ceil(p->width), ceil(p->height))
                                   : cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(p->width) * scale, (int)ceil(p->height) * scale);
    cairo_t *to = cairo_create(surface);
    if (!pdf) cairo_scale(to, scale, scale);
    if (pdf) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, p->title);
    draw(to, p);
    cairo_status_t status = cairo_status(to);
    cairo_destroy(to);
    if (!pdf && status == CAIRO_STATUS_SUCCESS) status = cairo_surface_write_to_png(surface, path);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS || rq_fail(err, "file '%s' could not be written: %s", path, cairo_status_to_string(status));
}
