/* chart.h: charts as pictures: curves with bands, estimates with intervals, heat maps. */
#ifndef RQ_REPORT_CHART_H
#define RQ_REPORT_CHART_H

#include "report/picture.h"

typedef struct rq_series {
    const char *name;
    const double *x, *y; /* points that are not finite (or not positive on a log axis) are gaps */
    int64_t count;
    const double *low, *high; /* a band around y; NULL: none */
    bool dots;                /* points alone, as measured ones beside a theory's curve */
    bool dashed;
} rq_series;

typedef struct rq_chart {
    const char *title, *x_label, *y_label;
    bool log_y;
    const rq_series *series;
    int series_count;
    const char *name; /* of the file it may become: "loss" */
    bool log_x;
} rq_chart;

/* NULL: no memory, worded. A chart without a finite point is a picture that says so. */
rq_picture *rq_chart_picture(const rq_chart *chart, rq_error *err);

/* Rows of estimates with intervals, from top to bottom. */
typedef struct rq_bar {
    const char *label;
    double mean, low, high;    /* NAN: absent */
    double mean2, low2, high2; /* a second estimate below it, hollow; NAN: absent */
} rq_bar;
typedef struct rq_bars {
    const char *name, *title, *x_label, *first, *second; /* legend of the two estimates; second "": there is none */
    const rq_bar *bar;
    int count;
    bool from_zero; /* differences: a line stands at 0 */
} rq_bars;
rq_picture *rq_bars_picture(const rq_bars *bars, rq_error *err);

/* Colours by value; a cell that is not finite shows its text alone. */
typedef struct rq_heat {
    const char *name, *title, *scale; /* what the colours mean: "log10 of the gradient's rms" */
    const char *const *row, *const *column;
    const double *value;       /* [rows][columns] */
    const char *const *text;   /* [rows][columns]; NULL: none */
    int rows, columns;
    const char *row_title, *column_title; /* "" if they speak for themselves */
    bool counts; /* from pale to blue, so that small numbers recede */
} rq_heat;
rq_picture *rq_heat_picture(const rq_heat *heat, rq_error *err);

/* ---- pieces, for charts of other kinds ---- */
/* 1, 2 or 5 times a power of ten, near a fifth of the range. */
double rq_tick_step(double range);

#endif
