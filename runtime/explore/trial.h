/* trial.h: one run of an exploration: a variant with a seed, trained up to some epoch, and what it leaves in the directory.
 *
 *     metrics/007-s42.jsonl          trained in full
 *     metrics/007-s42-e2.jsonl       trained for 2 epochs, the first rung of a budget
 *     states/007-s42-e2.safetensors  where the next rung goes on; removed when that has ended
 *
 * Without the state of the rung before, a trial begins anew: with the same bits, only later.
 */
#ifndef RQ_EXPLORE_TRIAL_H
#define RQ_EXPLORE_TRIAL_H

#include "explore/explore.h"

typedef struct rq_trial {
    int variant;
    uint64_t seed;
    int64_t from, to; /* epochs of the rung before and of this one; to 0: all */
    rq_explored *run; /* the outcome, as the file tells it */
} rq_trial;

/* Reads the trial's file if it is finished. */
bool rq_trial_read(const char *dir, const rq_trial *t, rq_error *err);
/* From the first event to the renamed file, on one thread. False: the directory cannot be written. A training that fails is no
 * failure here but a run with a reason. *interrupted: there is no result. */
bool rq_trial_run(const rq_exploration *x, const char *dir, const volatile sig_atomic_t *stop, const rq_trial *t, bool *interrupted,
                  rq_error *err);

/* Removes the state after `epochs`, if there is one. */
void rq_trial_forget(const char *dir, const rq_trial *t, int64_t epochs);

#endif
