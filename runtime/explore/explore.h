/* explore.h: runs every variant of an exploration with every seed, and ranks them.
 *
 * Runs are spread over threads, each training on one; a run depends on nothing but its variant and seed, so results are the same
 * for any number of threads. A finished run is one file of metrics; an exploration that was killed goes on with the runs that have
 * none. Seeds are paired: initial values and the order of batches do not depend on the variant.
 */
#ifndef RQ_EXPLORE_EXPLORE_H
#define RQ_EXPLORE_EXPLORE_H

#include <stdio.h>

#include "explore/halving.h"
#include "program/action.h"
#include "statistics.h"

typedef struct rq_variant {
    const char *label;     /* all its choices */
    const char *placement, *settings, *gradient;
    const char *reason;    /* why it cannot run; NULL if it can */
    const rq_action *action; /* NULL with a reason */
    int data;              /* which data set, an index into the exploration's */
    int base;              /* frozen or ablated: the variant that only lacks this; -1: neither, or there is none */
} rq_variant;

/* Borrows all it points to. */
typedef struct rq_exploration {
    const char *name, *file, *source, *settings_text, *versions;
    const rq_variant *variants;
    int variant_count;
    const rq_data *data;
    const char *rank; /* a name of rq_metric_names */
    uint64_t seed;    /* the first of `seeds` in a row; fresh ones for `confirm` follow */
    int seeds, confirm;
    int64_t budget; /* epochs in all of the ranking's runs; 0: no bound */
} rq_exploration;

enum { RQ_METRICS = 6, RQ_CONFIRMED = 3 /* so many of the best run again on fresh seeds */ };
extern const char *const rq_metric_names[RQ_METRICS]; /* val.accuracy, val.loss, test.accuracy, ... */
int rq_metric_named(const char *name);
bool rq_metric_is_loss(int metric);

/* One run as its file of metrics tells it. */
typedef struct rq_explored {
    bool done;
    uint64_t seed;
    int64_t epochs;            /* trained */
    double metric[RQ_METRICS]; /* NAN: not measured */
    char reason[240];          /* why it has no result: diverged, failed; "" */
} rq_explored;

/* A row of the answer, in the order of ranking; those without a rank come last. */
typedef struct rq_ranked {
    int variant, rank;                    /* rank 0: has no result */
    int rung;                             /* of the budget's plan, from 0; those of a higher one rank before */
    int64_t ended;                        /* after so many epochs the budget ended it; 0: it trained in full */
    rq_estimate metric[RQ_METRICS];       /* over the exploration's seeds */
    rq_estimate confirmed[RQ_METRICS];    /* over the fresh ones; n 0: not confirmed */
    char reason[240];
} rq_ranked;

typedef struct rq_ranking {
    const rq_exploration *x;
    const rq_explored *runs;  /* [variant][seeds + confirm] */
    rq_ranked *rows;          /* variant_count of them */
    int *rung;                /* [variant]: how far the budget let it go; all 0 without one */
    double *values;           /* [metric][variant][seeds + confirm], NAN: not measured */
    rq_halving plan;
    int runs_done, runs_in_all;
    bool so_far; /* variants rank by the seeds that they have, if not all are there */
} rq_ranking;

/* ranking.c: room for a ranking of these runs, which it borrows; then its rows and values from the runs, as often as they change. */
bool rq_ranking_new(const rq_exploration *x, const rq_explored *runs, rq_ranking *out, rq_error *err);
void rq_ranking_free(rq_ranking *r);
void rq_rank(rq_ranking *r);
/* A variant's values of a metric, one per seed, those of `confirm` behind. */
double *rq_values(const rq_ranking *r, int metric, int variant);

/* compare.c: two variants tested against each other, paired over seeds. */
typedef struct rq_comparison {
    int a, b; /* variants; a ranks before b */
    rq_paired test;
    double p_holm; /* corrected over the whole family */
} rq_comparison;
/* All pairs of variants with a result (with a budget: of those that trained in full), which are one family: Holm's correction then holds however a pair is picked from them. */
typedef struct rq_comparisons {
    int metric;
    bool confirmed; /* on the fresh seeds, else on those that ranked */
    rq_comparison *pair; /* (row 0, row 1), (0, 2), .., (0, rows - 1), (1, 2), .. */
    int64_t rows, count; /* rows: the first so many of the ranking */
    int64_t family;      /* tests that the p values are corrected for: pairs with two seeds or more */
} rq_comparisons;
bool rq_compare(const rq_ranking *r, int metric, bool confirmed, rq_comparisons *out, rq_error *err);
/* Each frozen or ablated variant against the one that only lacks this, which is its pair's a; a family of its own, as these pairs
 * were named beforehand. rows is 0. */
bool rq_compare_ablations(const rq_ranking *r, int metric, rq_comparisons *out, rq_error *err);
void rq_comparisons_free(rq_comparisons *c);
/* Rows i < j of the ranking; NULL: not compared. */
const rq_comparison *rq_comparison_at(const rq_comparisons *c, int64_t i, int64_t j);
/* The 95% interval that a test set of this variant's size leaves of an accuracy; NAN for losses and without a test set. */
rq_interval rq_test_interval(const rq_exploration *x, int variant, int metric, double share);

/* record.c: files of metrics, DIR/metrics/007-s42.jsonl: the events of a run, or one line that says why it failed. epochs: of a run
 * that did not train in full, else 0. */
char *rq_record_path(const char *dir, int variant, uint64_t seed, int64_t epochs, bool finished, rq_error *err);
/* False: no such file, or not a finished run. */
bool rq_record_read(const char *path, rq_explored *run);
bool rq_record_failure(FILE *out, const rq_exploration *x, int variant, uint64_t seed, const char *reason, rq_error *err);

/* table.c: what the ranking looks like. False: could not be written. */
bool rq_ranking_text(FILE *out, const rq_ranking *r, rq_error *err);
bool rq_ranking_tex(FILE *out, const rq_ranking *r, rq_error *err);
/* Is the metric that ranks one of the test split, with something to choose from? */
bool rq_selects_on_test(const rq_exploration *x);

/* results.c: the same as data, every number with 17 digits. */
enum { RQ_PAIRS_SHOWN = 100 /* comparisons.csv: with more variants only the pairs with the first */ };
bool rq_ranking_csv(FILE *out, const rq_ranking *r, rq_error *err); /* variant, seed, metric, value: one row each */
bool rq_comparisons_csv(FILE *out, const rq_ranking *r, rq_error *err);
bool rq_ranking_json(FILE *out, const rq_ranking *r, bool lines, rq_error *err); /* lines: one object per variant */

typedef struct rq_explore_options {
    int threads;
    const char *out; /* the directory to make or to go on in; NULL: runs/NAME-NNN */
    bool json, quiet;
    const volatile sig_atomic_t *stop;
    const struct rq_export *report; /* nothing is run: what `out` holds is reported (report/export.h); NULL: explore */
} rq_explore_options;

typedef enum rq_explore_end { RQ_EXPLORE_failed, RQ_EXPLORE_done, RQ_EXPLORE_interrupted } rq_explore_end;
/* Prints the ranking on standard output, progress on standard error; leaves results.csv, .json, .tex in the directory. */
rq_explore_end rq_explore(const rq_exploration *x, const rq_explore_options *o, rq_error *err);

#endif
