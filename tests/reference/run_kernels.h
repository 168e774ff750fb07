/* run_kernels.h: runs Kernels through the JIT and the runtime, with the face of kernels_interpret: doubles in, doubles out. */
#ifndef RQ_TESTS_RUN_KERNELS_H
#define RQ_TESTS_RUN_KERNELS_H

#include "kernel/kernel.h"

/* outputs[i] receives [samples if batched][elements][2 if complex]; NULL: not wanted. Aborts with a message on failure. */
void kernels_run(const Kernels *k, const char *cpu, int threads, int64_t samples, const Binding *bindings, size_t n,
                 double **outputs);

#endif
