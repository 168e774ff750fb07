/* function.h: Kernels and their machine code -> the table that the runtime calls. */
#ifndef RQ_BACKEND_FUNCTION_H
#define RQ_BACKEND_FUNCTION_H

#include "backend/backend.h"
#include "program/program.h"

/* Emits the kernels for cpu, adds them to the JIT and fills the table, on `arena`. The kernels may be dropped afterwards. No two
 * functions of one JIT may have the same name. */
const rq_function *jit_function(Jit *jit, Compiler *c, const Kernels *k, const char *cpu, Arena *arena);
/* The same for n functions, compiled on as many threads as there are processors; the code does not depend on that. */
void jit_functions(Jit *jit, Compiler *c, const Kernels *const *k, size_t n, const char *cpu, Arena *arena,
                   const rq_function **functions);

/* The same without a JIT: tables whose phases have no address yet, and their modules with machine code; see phase_symbol. */
void native_functions(Compiler *c, const Kernels *const *k, size_t n, const char *cpu, Arena *arena, const rq_function **functions,
                      Module **modules);
/* The name of phase i in the object file; NULL if it has no code. */
const char *phase_symbol(const Kernels *k, uint32_t i, Arena *arena);

#endif
