/* svg.c: a picture as SVG. Colours are CSS variables; a file of its own brings the light ones along. */
#include <math.h>
#include <string.h>

#include "report/page.h"
#include "report/picture.h"

static const char *const names[] = {"none",
#define COLOUR(name, light, dark) "var(--" #name ")",
#include "report/colour.def"
#undef COLOUR
};

static void put_colour(FILE *out, const char *what, rq_colour c)
{
    if (c & RQ_COLOUR_given) fprintf(out, " %s=\"#%06x\"", what, (unsigned)(c & 0xffffff));
    else fprintf(out, " %s=\"%s\"", what, names[c]);
}

static void put_pen(FILE *out, const rq_pen *pen)
{
    put_colour(out, "fill", pen->fill);
    if (pen->opacity > 0 && pen->opacity < 1) fprintf(out, " fill-opacity=\"%.2f\"", pen->opacity);
    if (!pen->stroke) return;
    put_colour(out, "stroke", pen->stroke);
    fprintf(out, " stroke-width=\"%.2g\"", pen->width);
    if (pen->dashed) fputs(" stroke-dasharray=\"5 4\"", out);
}

/* The head of an arrow along (dx, dy), its point at (x, y). */
static void put_tip(FILE *out, const rq_pen *pen, double x, double y, double dx, double dy)
{
    double n = hypot(dx, dy), u = n > 0 ? dx / n : 1, v = n > 0 ? dy / n : 0;
    fprintf(out, "<path d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"", x, y, x - 7 * u - 3.2 * v, y - 7 * v + 3.2 * u, x - 7 * u + 3.2 * v,
            y - 7 * v - 3.2 * u);
    put_colour(out, "fill", pen->stroke);
    fputs("/>\n", out);
}

static void put_end(FILE *out, const rq_shape *s, const char *element)
{
    if (!s->hint) {
        fputs("/>\n", out);
        return;
    }
    fputs("><title>", out);
    rq_html_text(out, s->hint);
    fprintf(out, "</title></%s>\n", element);
}

static void put_path(FILE *out, const rq_shape *s)
{
    const double *p = s->point;
    fputs("<path", out);
    put_pen(out, &s->pen);
    fputs(" stroke-linejoin=\"round\" d=\"", out);
    if (s->kind == RQ_SHAPE_curve)
        fprintf(out, "M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]);
    else
        for (int i = 0; i < s->points; i++) fprintf(out, "%c%.1f %.1f", i ? 'L' : 'M', p[2 * i], p[2 * i + 1]);
    fputs(s->closed ? "z\"" : "\"", out);
    put_end(out, s, "path");
    int n = s->points;
    if (s->pen.tip && n > 1) put_tip(out, &s->pen, p[2 * n - 2], p[2 * n - 1], p[2 * n - 2] - p[2 * n - 4], p[2 * n - 1] - p[2 * n - 3]);
}

static void put_text(FILE *out, const rq_shape *s)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.3g\"", s->x, s->y, s->font.size);
    put_colour(out, "fill", s->font.colour);
    if (s->anchor) fprintf(out, " text-anchor=\"%s\"", anchors[s->anchor]);
    if (s->font.bold) fputs(" font-weight=\"600\"", out);
    if (s->font.mono) fputs(" font-family=\"monospace\" xml:space=\"preserve\"", out);
    if (s->angle != 0) fprintf(out, " transform=\"rotate(%.3g %.1f %.1f)\"", s->angle, s->x, s->y);
    fputc('>', out);
    if (s->hint) {
        fputs("<title>", out);
        rq_html_text(out, s->hint);
        fputs("</title>", out);
    }
    rq_html_text(out, s->text);
    fputs("</text>\n", out);
}

static void put_shape(FILE *out, const rq_shape *s)
{
    switch (s->kind) {
    case RQ_SHAPE_none: break;
    case RQ_SHAPE_path:
    case RQ_SHAPE_curve: put_path(out, s); break;
    case RQ_SHAPE_rect:
        fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", s->x, s->y, s->w, s->h);
        if (s->r > 0) fprintf(out, " rx=\"%.3g\"", s->r);
        put_pen(out, &s->pen);
        put_end(out, s, "rect");
        break;
    case RQ_SHAPE_circle:
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.3g\"", s->x, s->y, s->r);
        put_pen(out, &s->pen);
        put_end(out, s, "circle");
        break;
    case RQ_SHAPE_text: put_text(out, s); break;
    }
}

static void put_label(FILE *out, const rq_picture *p)
{
    fputs(" role=\"img\" aria-label=\"", out);
    rq_html_text(out, p->title);
    fputs(". ", out);
    rq_html_text(out, p->description);
    fputs("\">\n", out);
}

void rq_picture_inline(FILE *out, const rq_picture *p)
{
    fputs("<figure id=\"", out);
    rq_html_text(out, p->name);
    fputs("\"><figcaption>", out);
    rq_html_text(out, p->title);
    /* No narrower than is legible: the page scrolls the figure instead, by keys, too. */
    fputs("</figcaption><div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"", out);
    rq_html_text(out, p->title);
    fprintf(out, "\"><svg viewBox=\"0 0 %.0f %.0f\" style=\"max-width:%.0fpx;min-width:%.0fpx\"", ceil(p->width), ceil(p->height),
            ceil(p->width) * 1.2, ceil(p->width) * 0.68);
    put_label(out, p);
    for (int64_t i = 0; i < p->count; i++) put_shape(out, &p->shape[i]);
    fputs("</svg></div></figure>\n", out);
}

static void put_colours(FILE *out, bool dark)
{
#define COLOUR(name, on_white, on_dark) fprintf(out, "--" #name ":#%06x;", (unsigned)(dark ? on_dark : on_white));
#include "report/colour.def"
#undef COLOUR
}

bool rq_picture_svg(FILE *out, const rq_picture *p, rq_error *err)
{
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\"", ceil(p->width),
            ceil(p->height), ceil(p->width), ceil(p->height));
    put_label(out, p);
    fputs("<title>", out);
    rq_html_text(out, p->title);
    fputs("</title><style>:root{", out);
    put_colours(out, false);
    fputs("}text{font-family:Helvetica,Arial,sans-serif}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"var(--back)\"/>\n", out);
    for (int64_t i = 0; i < p->count; i++) put_shape(out, &p->shape[i]);
    fputs("</svg>\n", out);
    return !ferror(out) || rq_fail(err, "the picture '%s' could not be written", p->name);
}

void rq_picture_css(FILE *out)
{
    fputs(":root{color-scheme:light dark;", out);
    put_colours(out, false);
    fputs("}\n@media screen and (prefers-color-scheme:dark){:root{", out);
    put_colours(out, true);
    fputs("}}\nfigure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.3rem}.wide{overflow-x:auto}svg{display:block;width:100%;height:auto}\n"
          "svg text{font-family:system-ui,sans-serif}\n", out);
}
