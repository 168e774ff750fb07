/* module.h: an emitted module and, once asked for, its machine code. One code for the JIT and for object files. */
#ifndef RQ_BACKEND_MODULE_H
#define RQ_BACKEND_MODULE_H

#include "backend/llvm.h"

struct Module {
    Arena *arena;
    Target *target;
    LLVMContextRef context;
    LLVMModuleRef module;
};

/* The module as an object file in memory; the caller owns it. */
LLVMMemoryBufferRef module_object(Module *m);

#endif
