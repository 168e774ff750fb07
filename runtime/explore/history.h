/* history.h: the epochs and gradients of all runs of an exploration, read back from its files, and their means over seeds. */
#ifndef RQ_EXPLORE_HISTORY_H
#define RQ_EXPLORE_HISTORY_H

#include "explore/explore.h"
#include "report/run_history.h"

typedef struct rq_histories {
    const rq_ranking *ranking;
    rq_run_history *run; /* [variant][seeds + confirm] */
    int64_t epochs;      /* the longest run */
} rq_histories;

/* Runs that did not finish are empty. */
bool rq_histories_new(const rq_ranking *r, const char *dir, rq_histories *out, rq_error *err);
void rq_histories_free(rq_histories *h);

const rq_run_history *rq_histories_run(const rq_histories *h, int variant, int seed);

typedef enum rq_quantity { RQ_QUANTITY_none, RQ_QUANTITY_metric, RQ_QUANTITY_rms, RQ_QUANTITY_snr } rq_quantity;
/* Mean over the seeds that rank at an epoch (gradients: from 0 on): of a metric, or of a layer's rms or snr by its name. Of rms it is the geometric
 * one with an interval on the same scale, as these live on a logarithmic axis. */
rq_estimate rq_histories_at(const rq_histories *h, int variant, rq_quantity quantity, int metric, const char *layer, int64_t epoch);

#endif
