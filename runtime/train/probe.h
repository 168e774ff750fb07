/* probe.h: the dynamic gradient report: statistics of per-sample gradients on a fixed probe batch. */
#ifndef RQ_TRAIN_PROBE_H
#define RQ_TRAIN_PROBE_H

#include "train/train.h"

typedef struct rq_probe rq_probe;

/* The first settings->probe samples of the training split, the same at every call. */
bool rq_probe_new(const rq_model *m, const rq_train_settings *s, const rq_data *data, rq_probe **out, rq_error *err);
/* rms(d_s) of the first call, 0 before; a resumed run sets it. */
double rq_probe_start(const rq_probe *p);
void rq_probe_set_start(rq_probe *p, double d_start);
void rq_probe_free(rq_probe *p);
/* One statistic per row of the model's gradient table that has a trainable group, told to all sinks. The first call sets the start for
 * `converged`. */
bool rq_probe_run(rq_probe *p, const rq_params *params, int64_t epoch, const rq_sink *sinks, int sink_count, rq_error *err);

#endif
