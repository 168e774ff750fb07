/* halving.h: `budget`: successive halving. All variants train for a few epochs, the better half goes on for twice as many, and so on;
 * those that are left train in full. Half of them is chosen by the metric that ranks, on validation samples.
 */
#ifndef RQ_EXPLORE_HALVING_H
#define RQ_EXPLORE_HALVING_H

#include "memory.h"

enum { RQ_RUNGS = 24 };

/* So many variants train up to so many epochs, each with every seed. */
typedef struct rq_rung {
    int variants;
    int64_t epochs;
} rq_rung;

typedef struct rq_halving {
    rq_rung rung[RQ_RUNGS];
    int count;      /* 1: all variants train in full */
    int64_t epochs; /* in all, over variants and seeds */
    int64_t least;  /* of a budget with which there is a plan */
} rq_halving;

/* As few halvings as the budget (0: no bound) allows. False: it is too small even for the most; *out tells the least. */
bool rq_halving_plan(int variants, int seeds, int64_t epochs, int64_t budget, rq_halving *out);
/* "8 variants x 2 epochs, 4 x 3, 2 x 6" */
size_t rq_halving_text(const rq_halving *h, char *out, size_t size);

#endif
