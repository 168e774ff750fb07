/* grid.h: the ranking as a grid of cells, which text, LaTeX and HTML write each in their way. */
#ifndef RQ_EXPLORE_GRID_H
#define RQ_EXPLORE_GRID_H

#include "explore/explore.h"

typedef enum rq_column_kind {
    RQ_COLUMN_none,
    RQ_COLUMN_rank, RQ_COLUMN_placement, RQ_COLUMN_settings, RQ_COLUMN_gradient,
    RQ_COLUMN_layer,    /* its static verdict */
    RQ_COLUMN_estimate, /* of a metric over seeds */
    RQ_COLUMN_test_set, /* what the finite test set leaves of its mean */
    RQ_COLUMN_p,        /* of the paired test against the first row, corrected */
    RQ_COLUMN_note,
    RQ_COLUMN_seeds,    /* how many of them have a result */
} rq_column_kind;

typedef struct rq_column {
    rq_column_kind kind;
    const char *layer;
    int metric;
    bool confirmed;
} rq_column;

typedef struct rq_grid {
    rq_column *column;
    char **cell; /* [row][column]; row 0: titles; row i + 1: the i-th of the ranking */
    int rows, columns;
    int64_t family, confirmed_family; /* comparisons that the p values are corrected for */
} rq_grid;

bool rq_grid_new(const rq_ranking *r, rq_grid *out, rq_error *err);
/* What fits a terminal while runs finish: the first `rows` of the ranking, the metric that ranks, no tests. */
bool rq_grid_live(const rq_ranking *r, int rows, rq_grid *out, rq_error *err);
void rq_grid_free(rq_grid *g);
/* "0.4120", "<0.001", "" for NAN. */
void rq_p_text(double p, char *out, size_t size);
/* Sentences on what the numbers are; how many there are. */
enum { RQ_NOTES = 8, RQ_NOTE_LENGTH = 640 };
int rq_grid_notes(const rq_ranking *r, const rq_grid *g, char note[RQ_NOTES][RQ_NOTE_LENGTH]);

#endif
