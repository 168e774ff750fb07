/* picture.h: a drawing as a list of shapes. Charts, flow pictures and circuits are drawn into it once; svg.c writes it for a page or as
 * a file, the program `rq` as PDF and PNG.
 *
 * Units are those of a screen pixel; y grows downwards. Drawing never fails by itself: what did not fit into memory is remembered and
 * told at the end (rq_picture_ok).
 */
#ifndef RQ_REPORT_PICTURE_H
#define RQ_REPORT_PICTURE_H

#include <stdint.h>
#include <stdio.h>

#include "memory.h"

typedef enum rq_colour {
    RQ_COLOUR_none, /* nothing is painted */
#define COLOUR(name, light, dark) RQ_COLOUR_##name,
#include "report/colour.def"
#undef COLOUR
    RQ_COLOUR_COUNT,
    RQ_COLOUR_given = 1 << 24, /* | 0xrrggbb: the same on white and on dark, for scales of colour */
} rq_colour;
enum { RQ_SERIES = 8 };
/* Colour of curve number i. */
rq_colour rq_colour_series(int i);
/* 0xrrggbb of a colour. */
uint32_t rq_colour_rgb(rq_colour c, bool dark);
/* A scale from dark violet (0) over green to yellow (1), or with `pale` from near white to blue; and black or white to write on it. */
rq_colour rq_colour_scale(double share, bool pale, rq_colour *ink);

typedef struct rq_pen {
    rq_colour stroke, fill;
    double width;   /* of the stroke */
    double opacity; /* of the fill; 0 means 1 */
    bool dashed;
    bool tip;       /* an arrow's head at the end of a line */
} rq_pen;

typedef enum rq_anchor { RQ_ANCHOR_start, RQ_ANCHOR_middle, RQ_ANCHOR_end } rq_anchor;
typedef struct rq_font {
    rq_colour colour;
    double size;
    bool bold, mono;
} rq_font;

typedef enum rq_shape_kind { RQ_SHAPE_none, RQ_SHAPE_path, RQ_SHAPE_curve, RQ_SHAPE_rect, RQ_SHAPE_circle, RQ_SHAPE_text } rq_shape_kind;
typedef struct rq_shape {
    rq_shape_kind kind;
    rq_pen pen;
    double x, y, w, h, r; /* rect: corner, size, radius of corners; circle: centre and r; text: where its baseline is anchored */
    const double *point;  /* path: x0 y0 x1 y1 ..; curve: end, control, control, end */
    int points;
    bool closed;
    rq_font font;
    rq_anchor anchor;
    double angle; /* text: degrees, clockwise */
    const char *text;
    const char *hint; /* what a reader sees who points at it; NULL: nothing */
} rq_shape;

typedef struct rq_picture {
    double width, height;
    char *name;        /* of a file: "loss" */
    char *title, *description; /* the second is for readers who do not see it */
    rq_shape *shape;
    int64_t count, room;
    bool failed;
} rq_picture;

rq_picture *rq_picture_new(const char *name, const char *title, const char *description, rq_error *err);
void rq_picture_free(rq_picture *p);
/* False: something could not be drawn for want of memory, worded. */
bool rq_picture_ok(const rq_picture *p, rq_error *err);

void rq_draw_line(rq_picture *p, rq_pen pen, double x0, double y0, double x1, double y1);
/* n points, x and y in turn. */
void rq_draw_path(rq_picture *p, rq_pen pen, const double *xy, int n, bool closed);
/* Bezier's cubic from the first to the last of four points. */
void rq_draw_curve(rq_picture *p, rq_pen pen, const double xy[8]);
void rq_draw_rect(rq_picture *p, rq_pen pen, double x, double y, double w, double h, double radius);
void rq_draw_circle(rq_picture *p, rq_pen pen, double x, double y, double r);
void rq_draw_text(rq_picture *p, rq_font font, double x, double y, rq_anchor anchor, double angle, const char *text);
/* Gives the last shape a hint. */
void rq_draw_hint(rq_picture *p, const char *hint);
/* About how wide a text is. */
double rq_text_width(rq_font font, const char *text);
/* The text, its end replaced by dots if it is wider than that. */
void rq_text_fit(rq_font font, const char *text, double width, char *out, size_t size);

/* svg.c: as an element of a page, whose style sheet has the colours, or as a file of its own with its title. */
void rq_picture_inline(FILE *out, const rq_picture *p);
bool rq_picture_svg(FILE *out, const rq_picture *p, rq_error *err);
/* The colours as CSS variables, light and dark, and what inline pictures refer to. */
void rq_picture_css(FILE *out);

#endif
