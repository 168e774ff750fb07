/* distance.h: distances between the states that a model gives and their pure targets, as metrics beside the loss.
 *
 *     trace             1/2 tr |rho - sigma|            of pure states sqrt(1 - F), else at least 1 - F
 *     Hilbert-Schmidt   sqrt(tr (rho - sigma)^2)        of pure states sqrt(2 (1 - F))
 *
 * States are [d][2] reals, density matrices [d][d][2].
 */
#ifndef RQ_TRAIN_DISTANCE_H
#define RQ_TRAIN_DISTANCE_H

#include <complex.h>

#include "data/data.h"
#include "program/model.h"
#include "train/params.h"

typedef struct rq_distance {
    double trace, hilbert_schmidt;
} rq_distance;

/* The sum of |eigenvalues| of a Hermitian a[d][d], which is overwritten; work: [3 d]. */
double rq_trace_norm(int64_t d, double complex *a, double complex *work);

rq_distance rq_distance_pure(int64_t d, const double *state, const double *target);
/* work: [d d + 3 d]. The target is pure. */
rq_distance rq_distance_mixed(int64_t d, const double *rho, const double *target, double complex *work);

/* Are there distances: the data are states, and the output can be written down as one, which is so for pure states and for density
 * matrices of up to eight qubits? */
bool rq_distances_exist(const rq_model *m, const rq_data *data);

/* Means over the samples of a split, which is not empty. */
bool rq_distances(const rq_model *m, const rq_params *params, const rq_data *data, rq_split split, int threads, rq_distance *out,
                  rq_error *err);

#endif
