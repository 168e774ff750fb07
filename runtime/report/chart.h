/* chart.h: line charts as inline SVG. */
#ifndef RQ_REPORT_CHART_H
#define RQ_REPORT_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct rq_series {
    const char *name;
    const double *x, *y; /* points that are not finite (or not positive on a log axis) are gaps */
    int64_t count;
} rq_series;

typedef struct rq_chart {
    const char *title, *x_label, *y_label;
    bool log_y;
    const rq_series *series;
    int series_count;
} rq_chart;

/* A <figure> with an accessible title; nothing is drawn but a note if there is no point. */
void rq_chart_svg(FILE *out, const rq_chart *chart);

#endif
