/* pictures.h: an exploration as pictures and as a page. */
#ifndef RQ_EXPLORE_PICTURES_H
#define RQ_EXPLORE_PICTURES_H

#include "explore/history.h"
#include "report/figures.h"

enum { RQ_CURVES = 8 /* of the best variants, in charts with a curve for each */ };

/* ranking, ablation, curve-METRIC, heat-first, heat-last, gradient-LAYER, best-rms, best-snr, flow-1, flow-2 .. */
bool rq_explore_figures(const rq_histories *h, rq_figures *out, rq_error *err);

/* html.c: report.html of the exploration in `dir`. */
bool rq_explore_html(FILE *out, const rq_histories *h, rq_error *err);

#endif
