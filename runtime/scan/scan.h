/* scan.h: how the derivative of a cost is spread over a model's parameters, drawn from their initialisers, at every point of a scan.
 *
 * A draw is one set of parameters; the cost is the mean over the samples of the data. Parameters are inputs of the compiled function,
 * so that draws stand side by side in vector lanes. Draw number d of a parameter is drawn from (seed, point, path, d): the result does
 * not depend on threads, nor on whether the scan was interrupted and went on.
 */
#ifndef RQ_SCAN_SCAN_H
#define RQ_SCAN_SCAN_H

#include <signal.h>
#include <stdio.h>

#include "data/data.h"
#include "program/model.h"
#include "report/figures.h"
#include "scan/moments.h"

enum { RQ_SCAN_SIZES = 6 /* a verdict needs so many points on its axis */ };

/* One choice of all that is varied. */
typedef struct rq_scan_point {
    const char *label, *curve;       /* "n=3, cost=global"; the same without the axis */
    const char *const *values;       /* of each of rq_scan.names */
    double axis;                     /* NAN without one */
    const rq_model *model;           /* gives RQ_FUNCTION_scan */
    rq_data_spec data;
    const char *const *elements;     /* paths */
    int32_t element_count, has_expected;
    double expected;                 /* variance */
    int64_t samples;                 /* draws at most */
    double error;                    /* relative standard error at which drawing ends; 0: all samples are drawn */
} rq_scan_point;

/* Borrows all it points to. */
typedef struct rq_scan {
    const char *name, *file, *source, *settings_text, *versions, *methods, *loss;
    const char *wrt;          /* the number that all points derive by, as it is written: "out.p[(n-1) div 2].t"; "" = each has its own */
    const char *axis;         /* the name along which fits are made, "" = none */
    const char *const *names; /* of what is varied */
    int32_t name_count, point_count;
    const rq_scan_point *points;
    uint64_t seed;
} rq_scan;

/* One element at one point. */
typedef struct rq_scan_result {
    rq_moments moments;
    double quantile[RQ_QUANTILES]; /* of |g| */
} rq_scan_result;

typedef struct rq_scan_options {
    int threads;
    const char *data; /* where data sets are looked for first, or NULL */
    const char *out;  /* the directory to make or to go on in; NULL: runs/NAME-NNN */
    bool json, quiet;
    const volatile sig_atomic_t *stop;
} rq_scan_options;

typedef enum rq_scan_end {
    RQ_SCAN_failed,
    RQ_SCAN_done,
    RQ_SCAN_interrupted,
    RQ_SCAN_unexpected, /* done, and an expectation is not met */
} rq_scan_end;
/* Prints a line for each point and the verdicts; leaves scan.csv, events.jsonl, variance.svg and report.html in the directory. */
rq_scan_end rq_scan_run(const rq_scan *s, const rq_scan_options *o, rq_error *err);

/* ---- sample.c: one point ---- */

typedef struct rq_sampler rq_sampler;
/* Opens the data and compiles the function. NULL: failed, worded. */
rq_sampler *rq_sampler_new(const rq_scan *s, int point, const rq_scan_options *o, rq_error *err);
void rq_sampler_free(rq_sampler *p);
/* How far it is: moments and histogram of each element; kept in the state of an interrupted scan. */
typedef struct rq_tally {
    rq_moments *moments;  /* [elements] */
    int64_t *histogram;   /* [elements][RQ_HISTOGRAM_BINS] */
    int32_t passes;       /* successive passes of the test so far */
} rq_tally;
rq_tally *rq_sampler_tally(rq_sampler *p);
/* Draws one block. *is_done: the last one. */
bool rq_sampler_block(rq_sampler *p, bool *is_done, rq_error *err);

/* ---- state.c: what an interrupted scan goes on from ---- */

typedef struct rq_scan_state {
    int32_t done;              /* points that are complete, in order */
    rq_scan_result **results;  /* [points][elements] */
    double *seconds;           /* [points] */
} rq_scan_state;
bool rq_scan_state_new(const rq_scan *s, rq_scan_state *out, rq_error *err);
void rq_scan_state_free(const rq_scan *s, rq_scan_state *st);
/* Writes DIR/state.safetensors; tally: of the point after the complete ones, or NULL. */
bool rq_scan_state_save(const rq_scan *s, const rq_scan_state *st, const rq_tally *tally, const char *dir, rq_error *err);
/* False: it cannot be read; no file: nothing is done. */
bool rq_scan_state_load(const rq_scan *s, rq_scan_state *st, const char *dir, rq_error *err);
/* The tally of the point after the complete ones; without one nothing changes. */
bool rq_scan_tally_load(const rq_scan *s, const rq_scan_state *st, const char *dir, rq_tally *tally, rq_error *err);

/* ---- fit.c ---- */

/* log variance = a + b x, weighted. */
typedef struct rq_line {
    double a, b, b_error, chi2, p; /* p: probability of a chi2 at least as large */
} rq_line;

typedef enum rq_decay { RQ_DECAY_undecided, RQ_DECAY_exponential, RQ_DECAY_power } rq_decay;

/* One curve of one element. */
typedef struct rq_fit {
    const char *curve, *element;
    int32_t sizes;                   /* points that are fitted */
    double from, to;                 /* their axis */
    rq_line exponential, power;      /* x = axis, x = log axis */
    double delta_aic;                /* of the worse one over the better */
    rq_decay decay;
    char text[400];                  /* the verdict in words */
} rq_fit;
/* What element e of a point is called along a curve. */
const char *rq_scan_element(const rq_scan *s, int point, int e);
/* Fits of all curves and elements, *count of them, from rq_alloc; NULL: no memory, worded. */
rq_fit *rq_scan_fits(const rq_scan *s, const rq_scan_state *st, int *count, rq_error *err);

/* How many standard errors the variance lies from what is expected; NAN: nothing is. */
double rq_scan_z(const rq_scan_point *p, const rq_scan_result *r);
/* |z| beyond it is unexpected: 1% for all expectations of the scan together. */
double rq_scan_z_limit(const rq_scan *s);
int rq_scan_expectations(const rq_scan *s, const rq_scan_state *st); /* how many are tested so far */
int rq_scan_unmet(const rq_scan *s, const rq_scan_state *st);        /* how many of them are not met */

/* ---- what is shown ---- */

/* table.c: lines for people. */
void rq_scan_print_head(FILE *out, const rq_scan *s);
void rq_scan_print_point(FILE *out, const rq_scan *s, int point, const rq_scan_result *r);
void rq_scan_print_end(FILE *out, const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count);
/* results.c: scan.csv, and JSON lines as in docs/scan.schema.json. */
bool rq_scan_csv(FILE *out, const rq_scan *s, const rq_scan_state *st, rq_error *err);
bool rq_scan_json_start(FILE *out, const rq_scan *s, const char *dir, int threads, rq_error *err);
bool rq_scan_json_point(FILE *out, const rq_scan *s, const rq_scan_state *st, int point, const char *dir, rq_error *err);
bool rq_scan_json_end(FILE *out, const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count, const char *dir, rq_error *err);
/* page.c: variance, variance-log; and report.html, which shows them. */
bool rq_scan_figures(const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count, rq_figures *out, rq_error *err);
bool rq_scan_page(FILE *out, const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count, rq_error *err);

#endif
