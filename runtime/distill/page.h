/* page.h: report.html of a distillation. */
#ifndef RQ_DISTILL_PAGE_H
#define RQ_DISTILL_PAGE_H

#include <stdio.h>

#include "distill/distill.h"

typedef struct rq_distill_page {
    const rq_distillation *d;
    const char *dir; /* its pictures go into the page */
    const rq_distill_epoch *epochs;
    int64_t count;
    const double *rates;
    int64_t steps;
    const rq_distill_score *score; /* scores = 0: it is still running */
    int scores;
} rq_distill_page;

/* One file without network or script; the pictures are inside. */
bool rq_distill_page_write(FILE *out, const rq_distill_page *p, rq_error *err);

#endif
