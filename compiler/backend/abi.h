/* abi.h: what generated code may call, from the rows of program/abi.def. */
#ifndef RQ_BACKEND_ABI_H
#define RQ_BACKEND_ABI_H

#include <stddef.h>

typedef struct AbiRow {
    const char *name, *params; /* params: the C text, from which the LLVM declaration is made */
    void *address;             /* in this process */
} AbiRow;

extern const AbiRow abi_rows[];
extern const size_t abi_count;

#endif
