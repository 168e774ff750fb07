/* identity.h: what machine code is made of, as bytes. */
#ifndef RQ_KERNEL_IDENTITY_H
#define RQ_KERNEL_IDENTITY_H

#include "kernel/kernel.h"

/* Takes the next bytes. */
typedef void (*ByteSink)(void *context, const void *bytes, size_t n);

/* Equal bytes: equal code, down to the names of its functions. */
void kernels_identity(const Kernels *k, ByteSink sink, void *context);

#endif
