/* figures.h: the pictures of a report, by name: drawn once, shown in the page and written as files. */
#ifndef RQ_REPORT_FIGURES_H
#define RQ_REPORT_FIGURES_H

#include "report/picture.h"

enum { RQ_FIGURES = 96 };

typedef struct rq_figures {
    rq_picture *at[RQ_FIGURES];
    int count;
} rq_figures;

/* Takes p, which may be NULL after a failure that is worded. */
bool rq_figures_add(rq_figures *f, rq_picture *p, rq_error *err);
void rq_figures_free(rq_figures *f);
/* The figures whose names begin like that, into the page. */
void rq_figures_show(FILE *out, const rq_figures *f, const char *prefix);

struct rq_history; /* report.h */
/* run_figures.c: flow, loss, accuracy, gradient-rms, gradient-snr, confusion. */
bool rq_run_figures(const struct rq_history *h, rq_figures *out, rq_error *err);

#endif
