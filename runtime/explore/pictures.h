/* pictures.h: an exploration as pictures, as a page and as files. */
#ifndef RQ_EXPLORE_PICTURES_H
#define RQ_EXPLORE_PICTURES_H

#include "explore/history.h"
#include "report/export.h"

enum { RQ_CURVES = 8 /* of the best variants, in charts with a curve for each */ };

/* ranking, ablation, curve-METRIC, heat-first, heat-last, gradient-LAYER, best-rms, best-snr, flow-1, flow-2 .. */
bool rq_explore_figures(const rq_histories *h, rq_figures *out, rq_error *err);

/* html.c: report.html of the exploration in `dir`. */
bool rq_explore_html(FILE *out, const rq_histories *h, rq_error *err);

/* export.c: results.csv, results.json, results.tex, comparisons.csv and report.html, at the end of an exploration. */
bool rq_explore_leave(const char *dir, const rq_histories *h, rq_error *err);
/* What `rq report` is asked for; metrics.csv has the epochs and gradients of every run. */
bool rq_explore_export(const rq_export *e, const rq_histories *h, rq_error *err);

#endif
