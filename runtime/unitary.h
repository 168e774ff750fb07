/* unitary.h: d x d unitary matrices as points of a manifold: first values, steps along it, and how far rounding has led away.
 *
 * A matrix is [d][d][2] doubles, row-major, real and imaginary part of each entry side by side. `work` is scratch memory of
 * rq_unitary_work(d) reals. Results do not depend on threads or on a library.
 */
#ifndef RQ_UNITARY_H
#define RQ_UNITARY_H

#include <stddef.h>
#include <stdint.h>

#include "random.h"

size_t rq_unitary_work(int64_t d);

/* From the Haar measure: Q of the QR decomposition of a complex Gaussian matrix with R's diagonal positive. Entry e of the Gaussian
 * matrix are the normal deviates first + 2e and first + 2e + 1 of the stream; `first` is even. */
void rq_unitary_haar(const rq_random *stream, uint64_t first, int64_t d, double *v, double *work);

/* V <- exp(scale (K - K^dagger)/2) V. */
void rq_unitary_step(int64_t d, const double *k, double scale, double *v, double *work);

/* The largest absolute part of an entry of V V^dagger - 1; NAN if V has one. */
double rq_unitary_deviation(int64_t d, const double *v, double *work);

/* Moves a nearly unitary V to the nearest unitary matrix up to the square of its deviation: V <- V (3 - V^dagger V)/2. */
void rq_unitary_orthogonalise(int64_t d, double *v, double *work);

#endif
