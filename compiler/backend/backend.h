/* backend.h: Kernels -> machine code. Only this folder knows LLVM; no type of it leaves. */
#ifndef RQ_BACKEND_BACKEND_H
#define RQ_BACKEND_BACKEND_H

#include "kernel/kernel.h"

typedef struct Module Module; /* LLVM text of one function's kernels */
typedef struct Jit Jit;

/* cpu: "native", "x86-64-v3", ... ; NULL = native. An unknown name is reported by backend_cpu_ok. */
bool backend_cpu_ok(const char *cpu);
bool backend_cpu_runs_here(const char *cpu); /* may its code run on this host? */
const char *backend_cpu_name(Arena *a, const char *cpu); /* "sapphirerapids" for native here */
/* What its code may use: names from cpu_features.def, separated by blanks. */
const char *backend_cpu_features(Arena *a, const char *cpu);
const char *backend_cpu_at(size_t i);        /* the names besides native, NULL after the last */
const char *backend_llvm_version(void);
int backend_vector_bits(Arena *a); /* the host's widest vector registers: 512, 256 or 128 */

/* Machine code that was kept (cache.h) in a directory: c->cache. */
typedef struct CacheSize {
    uint64_t files, bytes;
} CacheSize;
CacheSize backend_cache_size(const char *dir);
/* Removes what was used longest ago until `most` bytes are left; 0 empties it. */
void backend_cache_trim(const char *dir, uint64_t most);

/* Emitted, verified and optimised when it is asked for: k lives as long. The phases are functions named NAME_phase0, NAME_phase1, ... */
Module *module_new(Compiler *c, const Kernels *k, const char *cpu);
void module_print(FILE *out, Module *m);              /* LLVM assembly */
bool module_print_asm(FILE *out, Module *m);          /* machine assembly */
bool module_write_object(Module *m, const char *path, const char **error);
void module_drop(Module *m);

Jit *jit_open(void);
/* Consumes m. */
void jit_add(Jit *jit, Module *m);
void *jit_symbol(Jit *jit, const char *name);
void jit_close(Jit *jit);

#endif
