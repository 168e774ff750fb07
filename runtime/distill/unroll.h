/* unroll.h: plain gradient descent on a few synthetic samples, and the derivative of what comes out with respect to them.
 *
 *     w_{t+1} = w_t - rate_t g_t,     g_t = mean gradient on set t mod S at w_t,     t = 0 .. T-1,  T = S E
 *
 * and back, for a loss L at w_T with v = dL/dw_T:
 *
 *     dL/drate_t = -<g_t, v>      dL/dx += -rate_t d<g_t, v>/dx      v -= rate_t Hessian_t v
 *
 * (Maclaurin, Duvenaud, Adams 2015; Wang, Zhu, Torralba, Efros 2018, arXiv 1811.10959). Only w_0 .. w_T are kept.
 */
#ifndef RQ_DISTILL_UNROLL_H
#define RQ_DISTILL_UNROLL_H

#include "data/data.h"
#include "train/feed.h"
#include "train/params.h"

/* Samples that are trained on: S sets of n. Borrowed; the values may change between calls. */
typedef struct rq_synthetic {
    int64_t sets, each; /* S and n */
    rq_data data;       /* reals [S n][size] and targets [S n][classes], all in the training split */
} rq_synthetic;

typedef struct rq_unroll rq_unroll;

/* T steps; with_gradient: the way back is wanted, too. */
bool rq_unroll_new(const rq_model *m, const rq_synthetic *s, int64_t steps, uint64_t seed, int threads, bool with_gradient,
                   rq_unroll **out, rq_error *err);
void rq_unroll_free(rq_unroll *u);
/* w_0, to be filled before a forward run; w_T behind it. */
rq_params *rq_unroll_start(rq_unroll *u);
const rq_params *rq_unroll_end(const rq_unroll *u);
bool rq_unroll_forward(rq_unroll *u, const double *rates, rq_error *err);
/* The direction v, to be filled with dL/dw_T before the way back; like parameters. */
rq_params *rq_unroll_direction(rq_unroll *u);
/* Adds `share` times the derivatives to d_rates[T], d_images[S n][size] and d_targets[S n][classes] (NULL: not wanted). */
bool rq_unroll_back(rq_unroll *u, const double *rates, double share, double *d_rates, double *d_images, double *d_targets,
                    rq_error *err);

#endif
