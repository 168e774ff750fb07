/* run_history.h: the epochs and layer statistics of one training, as they come or as its metrics tell them. */
#ifndef RQ_REPORT_RUN_HISTORY_H
#define RQ_REPORT_RUN_HISTORY_H

#include "train/train.h"

typedef struct rq_run_history {
    rq_epoch *epochs;
    rq_layer_stat *stats;
    int64_t epoch_count, stat_count;
    rq_result result; /* of a finished run; zero before */
    bool has_result;
} rq_run_history;

bool rq_run_history_stat(rq_run_history *h, const rq_layer_stat *stat, rq_error *err);
bool rq_run_history_epoch(rq_run_history *h, const rq_epoch *epoch, rq_error *err);
/* Adds what a file of metrics tells. A file that is not there is an empty history: *is_there says so. */
bool rq_run_history_read(rq_run_history *h, const char *path, const rq_model *m, bool *is_there, rq_error *err);
void rq_run_history_free(rq_run_history *h);

#endif
