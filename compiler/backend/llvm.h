/* llvm.h: the emit context and one small wrapper per LLVM call, so that emission reads as emission. Only for backend/.
 *
 * A value of a kernel is a scalar of type e->real or a vector of e->k->lanes of them; l_arith and l_fma splat where one of the
 * operands is a vector. Control flow is loops alone: loop_begin and loop_end build a do-while with any number of carried values.
 */
#ifndef RQ_BACKEND_LLVM_H
#define RQ_BACKEND_LLVM_H

#include <llvm-c/Core.h>
#include <llvm-c/Error.h>
#include <llvm-c/TargetMachine.h>
#include <string.h>

#include "backend/backend.h"

typedef LLVMValueRef Value;

typedef struct GateFunction GateFunction; /* gate.c */
typedef struct Table Table;               /* table.c */
typedef struct PackedFunction PackedFunction; /* emit_packed.c */
typedef struct Target Target;             /* target.c */

/* The state of the emission of one module. */
typedef struct Emit {
    Compiler *c;
    const Kernels *k;
    Arena *arena; /* until the module is emitted */
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTypeRef i1, i8, i32, i64, real, bits, vector, ptr, nothing; /* bits: the integer as wide as real */
    bool has_fma;
    Value function;            /* the current one; its first parameter is the array of buffer pointers */
    LLVMBasicBlockRef entry;   /* its first block: buffer pointers are loaded here, once */
    LLVMBasicBlockRef start;   /* where its code begins */
    Value *base;               /* of each buffer, NULL until used in this function */
    Value p;                   /* number of the patch, i64 */
    bool is_light;             /* the current function does too little work to be worth optimising */
    int64_t outer;             /* how many patches the current kernel has */
    Value *constant_tables;    /* of constant buffers, NULL until used */
    VEC(GateFunction *) gates; /* made so far */
    VEC(PackedFunction *) packed; /* likewise */
    VEC(Table *) tables;
} Emit;

/* One operand of a step, ready to be addressed: elements of `parts` planes of one real or one vector each. */
typedef struct View {
    Value base;
    bool batched;
    int parts;
} View;

/* A complex value in the making; NULL = that part is zero. */
typedef struct Pair {
    Value re, im;
} Pair;

/* A loop over i = from .. to-1. carry[] are the carried values inside; after loop_end their last values. */
typedef struct Loop {
    LLVMBasicBlockRef body, after; /* after: of a range only */
    Value i, to;
    Value *carry;
    uint32_t carried;
} Loop;

typedef struct Saved {
    Value function;
    LLVMBasicBlockRef entry, start, block;
    Value *base;
    Value p;
    bool is_light;
} Saved;

/* ---- target.c ---- */
struct Target {
    LLVMTargetMachineRef machine;
    char *triple;
    bool has_fma;
};
/* LLVM's list of targets: filled once, on one thread, before modules are made on several. Later calls find it filled. */
void targets_register(void);
Target *target_open(Arena *a, const char *cpu);
void target_close(Target *t);
void target_prepare(const Target *t, LLVMModuleRef m); /* triple and data layout */
const char *target_passes(void);
void target_optimise(const Target *t, LLVMModuleRef m); /* verifies first; a complaint is ours: abort */
void llvm_check(LLVMErrorRef error, const char *what);
_Noreturn void llvm_ice(const char *what, const char *message);

/* ---- emit.c ---- */
Loop loop_begin(Emit *e, Value count, const Value *init, uint32_t carried); /* 0 .. count, count >= 1 */
Loop loop_from(Emit *e, Value from, Value to, const Value *init, uint32_t carried); /* from < to */
Loop range_begin(Emit *e, Value from, Value to, const Value *init, uint32_t carried); /* may be empty */
void loop_end(Emit *e, Loop *loop, const Value *next);
/* Opens a function that returns nothing; the builder stands at the start of its code. */
Value function_open(Emit *e, const char *name, LLVMTypeRef type, bool is_public);
void function_close(Emit *e);
/* Leaves the current function to write another one, and returns to it. */
Saved function_leave(const Emit *e);
void function_return_to(Emit *e, Saved s);
View view_of(Emit *e, const Operand *o);
View view_at(Emit *e, BufferId b);
Value view_address(Emit *e, View view, Value element, int part);
Value view_load(Emit *e, View view, Value element, int part);
void view_store(Emit *e, View view, Value element, int part, Value v);
/* The result of a step: stored, or added up over patches. A NULL part is zero. */
void view_result(Emit *e, const Step *s, View view, Value element, Pair v);
Pair view_pair(Emit *e, View view, Value element);

/* ---- table.c: private constant arrays of the module; equal ones are one ---- */
Value table_i32(Emit *e, const int64_t *at, int64_t n);
Value table_i64(Emit *e, const int64_t *at, int64_t n);
Value table_real(Emit *e, const double *at, int64_t n);
Value table_complex(Emit *e, const double *re, const double *im, int64_t n); /* pairs; im may be NULL */

/* ---- abi.c ---- */
void call_abi(Emit *e, const char *name, Value *args, unsigned n);

/* ---- one function per kind of step ---- */
void emit_map(Emit *e, const Step *s);
void emit_sparse(Emit *e, const Step *s);
void emit_sum(Emit *e, const Step *s);
void emit_lane_sum(Emit *e, const Step *s);
Value l_add_lanes(Emit *e, Value v); /* v[0] + ... + v[lanes-1] in a fixed tree */
void emit_matmul(Emit *e, const Step *s);
/* A loop with one product that is added up over all of it. */
bool matmul_sums_loop(const Emit *e, const Step *s);
void emit_matmul_loop(Emit *e, const Step *s);
void emit_copy(Emit *e, const Step *s);
/* Shared values, elements side by side in vectors; for steps of some length. */
bool is_packed(const Emit *e, const Step *s);
void emit_packed(Emit *e, const Step *s);
/* One operation of a map's program; values: of the operations before. */
Value emit_scalar(Emit *e, const ScalarOp *op, const Value *values);
void emit_gate(Emit *e, const Step *s); /* apply and overlap */
/* How many steps from `first` on are one loop over a table, 0 if too few for that. */
uint32_t step_run_length(const Emit *e, const Kernel *kernel, uint32_t first);
void emit_step_run(Emit *e, const Kernel *kernel, uint32_t first);
/* The same for state steps. */
uint32_t gate_run_length(const Emit *e, const Kernel *kernel, uint32_t first);
void emit_gate_run(Emit *e, const Kernel *kernel, uint32_t first, uint32_t n);
/* About how many vector operations such a step adds to its function. */
int64_t cost_of_map(const Step *s);
int64_t cost_of_sparse(const Emit *e, const Step *s);
int64_t cost_of_matmul(const Emit *e, const Step *s);

/* ---- wrappers ---- */
static inline Value l_int(Emit *e, int64_t v) { return LLVMConstInt(e->i64, (uint64_t)v, 1); }
static inline Value l_int32(Emit *e, int64_t v) { return LLVMConstInt(e->i32, (uint64_t)v, 1); }
static inline Value l_real(Emit *e, double v) { return LLVMConstReal(e->real, v); }
static inline bool l_is_vector(Value v)
{
    return LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMVectorTypeKind;
}
static inline Value l_add(Emit *e, Value a, Value b) { return LLVMBuildAdd(e->builder, a, b, ""); }
static inline Value l_sub(Emit *e, Value a, Value b) { return LLVMBuildSub(e->builder, a, b, ""); }
static inline Value l_mul(Emit *e, Value a, Value b) { return LLVMBuildMul(e->builder, a, b, ""); }
static inline Value l_and(Emit *e, Value a, Value b) { return LLVMBuildAnd(e->builder, a, b, ""); }
static inline Value l_or(Emit *e, Value a, Value b) { return LLVMBuildOr(e->builder, a, b, ""); }
static inline Value l_udiv(Emit *e, Value a, Value b) { return LLVMBuildUDiv(e->builder, a, b, ""); }
static inline Value l_urem(Emit *e, Value a, Value b) { return LLVMBuildURem(e->builder, a, b, ""); }

static inline Value l_gep(Emit *e, LLVMTypeRef type, Value base, Value index)
{
    return LLVMBuildGEP2(e->builder, type, base, &index, 1, "");
}
static inline Value l_load(Emit *e, LLVMTypeRef type, Value address, unsigned align)
{
    Value v = LLVMBuildLoad2(e->builder, type, address, "");
    LLVMSetAlignment(v, align);
    return v;
}
static inline void l_store(Emit *e, Value v, Value address, unsigned align)
{
    LLVMSetAlignment(LLVMBuildStore(e->builder, v, address), align);
}
static inline Value l_call(Emit *e, Value function, Value *args, unsigned n)
{
    return LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(function), function, args, n, "");
}
/* An intrinsic that is overloaded on one type, that of its first argument. */
static inline Value l_math(Emit *e, const char *name, Value *args, unsigned n)
{
    LLVMTypeRef type = LLVMTypeOf(args[0]);
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    return l_call(e, LLVMGetIntrinsicDeclaration(e->module, id, &type, 1), args, n);
}
static inline Value l_splat(Emit *e, Value v)
{
    if (l_is_vector(v)) return v;
    Value one = LLVMBuildInsertElement(e->builder, LLVMGetPoison(e->vector), v, l_int32(e, 0), "");
    Value zeros = LLVMConstNull(LLVMVectorType(e->i32, (unsigned)e->k->lanes));
    return LLVMBuildShuffleVector(e->builder, one, LLVMGetPoison(e->vector), zeros, "");
}
/* A scalar, or the first lane of a vector. */
static inline Value l_first(Emit *e, Value v)
{
    return l_is_vector(v) ? LLVMBuildExtractElement(e->builder, v, l_int32(e, 0), "") : v;
}
/* Both scalars or both vectors. */
static inline void l_level(Emit *e, Value *a, Value *b)
{
    if (l_is_vector(*a) && !l_is_vector(*b)) *b = l_splat(e, *b);
    if (l_is_vector(*b) && !l_is_vector(*a)) *a = l_splat(e, *a);
}
static inline Value l_arith(Emit *e, LLVMOpcode op, Value a, Value b)
{
    l_level(e, &a, &b);
    return LLVMBuildBinOp(e->builder, op, a, b, "");
}
static inline Value l_fadd(Emit *e, Value a, Value b) { return l_arith(e, LLVMFAdd, a, b); }
static inline Value l_fsub(Emit *e, Value a, Value b) { return l_arith(e, LLVMFSub, a, b); }
static inline Value l_fmul(Emit *e, Value a, Value b) { return l_arith(e, LLVMFMul, a, b); }
static inline Value l_fneg(Emit *e, Value a) { return LLVMBuildFNeg(e->builder, a, ""); }
/* a * b + c: rounded once where the CPU has it, else twice, never a call. */
static inline Value l_fma(Emit *e, Value a, Value b, Value c)
{
    if (!e->has_fma) return l_fadd(e, l_fmul(e, a, b), c);
    l_level(e, &a, &b);
    l_level(e, &a, &c);
    l_level(e, &a, &b);
    return l_math(e, "llvm.fma", (Value[]){a, b, c}, 3);
}
/* acc + a * b, where acc may be NULL (nothing yet). */
static inline Value l_accumulate(Emit *e, Value acc, Value a, Value b)
{
    return acc ? l_fma(e, a, b, acc) : l_fmul(e, a, b);
}
/* acc + a * b for complex values; a product with a NULL part costs nothing. */
static inline Pair l_pair_fma(Emit *e, Pair acc, Pair a, Pair b)
{
    if (a.re && b.re) acc.re = l_accumulate(e, acc.re, a.re, b.re);
    if (a.im && b.im) acc.re = l_accumulate(e, acc.re, l_fneg(e, a.im), b.im);
    if (a.re && b.im) acc.im = l_accumulate(e, acc.im, a.re, b.im);
    if (a.im && b.re) acc.im = l_accumulate(e, acc.im, a.im, b.re);
    return acc;
}
static inline Pair l_conj(Emit *e, Pair a) { return (Pair){a.re, a.im ? l_fneg(e, a.im) : NULL}; }
static inline Value l_zero(Emit *e, bool vector) { return LLVMConstNull(vector ? e->vector : e->real); }
static inline LLVMTypeRef l_type(const Emit *e, bool vector) { return vector ? e->vector : e->real; }
static inline const Buffer *operand_buffer(const Emit *e, const Operand *o)
{
    return buffer_of(e->k, o->buffer);
}

#endif
