/* kernels_run.h: runs generated code with the face of kernels_interpret: doubles in, doubles out, whatever its precision. For
 * comparisons, not for speed. */
#ifndef RQ_KERNELS_RUN_H
#define RQ_KERNELS_RUN_H

#include "backend/function.h"

/* outputs[i] receives [samples if batched][elements][2 if complex]; NULL: not wanted. Leaves that are not bound are 0. Fatal if there
 * is no memory. */
void function_run(const rq_function *f, int threads, int64_t samples, const Binding *bindings, size_t n, double **outputs);
/* The same for kernels, which are compiled for it. */
void kernels_run(const Kernels *k, const char *cpu, int threads, int64_t samples, const Binding *bindings, size_t n,
                 double **outputs);

#endif
