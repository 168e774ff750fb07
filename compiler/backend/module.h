/* module.h: an emitted module and, once asked for, its machine code. One code for the JIT and for object files. */
#ifndef RQ_BACKEND_MODULE_H
#define RQ_BACKEND_MODULE_H

#include "backend/llvm.h"

struct Module {
    Arena *arena;
    Target *target;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMMemoryBufferRef object; /* machine code, NULL until generated */
    bool optimised;
    char name[65];              /* in the cache; set by cache_load */
};

/* Makes the machine code, if it is not there yet, or takes it from the cache (NULL: none). True: it is new in the cache. Different
 * modules may do so at the same time. */
bool module_generate(Module *m, const char *cache);
/* Takes the machine code from the module. */
LLVMMemoryBufferRef module_object(Module *m);

#endif
