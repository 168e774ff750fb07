/* verbs.h: verbs of a native program that have a file of their own. */
#ifndef RQ_NATIVE_VERBS_H
#define RQ_NATIVE_VERBS_H

#include "native/native.h"
#include "native/options.h"

/* Runs an exploration of the table, as `rq explore` does. */
rq_outcome rq_native_explore(const rq_native_program *p, const rq_native_options *o, rq_error *err);
/* Distils as `rq distill` does. */
rq_outcome rq_native_distill(const rq_native_program *p, const rq_native_options *o, rq_error *err);
/* Scans as `rq scan` does. */
rq_outcome rq_native_scan_run(const rq_native_program *p, const rq_native_options *o, rq_error *err);

#endif
