/* module.h: a module, which is emitted when its text is needed, and its machine code. One code for the JIT and for object files. */
#ifndef RQ_BACKEND_MODULE_H
#define RQ_BACKEND_MODULE_H

#include "backend/llvm.h"

struct Module {
    Arena *arena;
    Compiler *c;
    const Kernels *k;
    const char *cpu;        /* as given; NULL: native */
    Target *target;         /* NULL until emitted, as the next two */
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMMemoryBufferRef object; /* machine code, NULL until generated */
    bool optimised;
    char name[65];              /* in the cache; set by cache_load */
};

/* Makes the text from the kernels. */
void module_emit(Module *m);

/* Makes the machine code, if it is not there yet, or takes it from the cache (NULL: none). True: it is new in the cache. Different
 * modules may do so at the same time. */
bool module_generate(Module *m, const char *cache);
/* Takes the machine code from the module. */
LLVMMemoryBufferRef module_object(Module *m);

#endif
