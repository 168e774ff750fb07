/* kernel.h: scheduled kernels: what runs when, on which buffers, in loops over lanes.
 *
 * A batch is cut into chunks of `lanes` samples (a constant of the program: the same bits for any number of threads). A chunk value
 * lies in memory as [element][part if complex][lane]: each element is one vector of samples, so gathering patches, folding, adding
 * samples up and matrix products ([k] elements x lanes is a k x lanes matrix) are all plain addressing. Shared values (parameters
 * and what follows from them) lie as [element][part if complex].
 *
 * The program is a list of phases that alternate: shared phases run once; chunk phases run once per chunk, on any thread. Between
 * them the runtime adds up batch sums over chunks in a fixed tree. A phase is a list of kernels. A loop kernel is
 * `for p in 0..outer { steps }`: all steps for one patch while its state is in the first-level cache.
 *
 *     phase 0 shared   matrices from angles
 *     phase 1 chunk    gather, encode, gates, expectation values, head, loss, and back; batch sums of matrix adjoints
 *     phase 2 shared   adjoints of angles from those of matrices
 */
#ifndef RQ_KERNEL_KERNEL_H
#define RQ_KERNEL_KERNEL_H

#include "graph/graph.h"
#include "program/roles.h"

typedef struct BufferId { uint32_t i; } BufferId; /* index + 1; 0 = none */

typedef struct Buffer {
    rq_role role;      /* see runtime/program/roles.h */
    bool batched;      /* has lanes */
    bool is_complex;
    int64_t elements;  /* for one sample; a complex element counts once */
    uint32_t leaf;     /* param, input, output: number in the program's list; partial, total: number of the batch sum */
    int64_t offset;    /* temporaries: in bytes, in the thread's, the chunk's or the shared block; set by plan_buffers */
    int64_t bytes;
    NodeId node;       /* the value it holds, for dumps */
} Buffer;

/* How a step reads or writes a buffer. Element number: (mapped ? p * inner : 0) + (whole ? p * step rows... : e / div % mod). */
typedef struct Operand {
    BufferId buffer;
    bool mapped;   /* advances by `inner` elements with p */
    int64_t inner; /* elements per p */
    int64_t div, mod; /* element of inner index e: (e / div) % mod; the identity is div 1, mod = inner. Broadcasts are other values */
} Operand;

/* A value in the straight scalar program of a map step; operands are earlier values. Row of scalars.def. */
typedef enum Scalar {
    SCALAR_none,
    SCALAR_load,  /* operand `a` of the step, part `b` */
    SCALAR_const, /* constant */
#define SCALAR(name, arity) SCALAR_##name,
#include "kernel/scalars.def"
#undef SCALAR
    SCALAR_COUNT
} Scalar;
typedef struct ScalarOp {
    Scalar op;
    uint32_t a, b, c;
    double constant;
} ScalarOp;
typedef struct ScalarStore {
    uint32_t value, operand, part;
} ScalarStore;

typedef enum StepKind {
    STEP_none,
    STEP_map,      /* for e in 0..count: the scalar program */
    STEP_sparse,   /* out[row] = sum over the row of coefficient * in[col] */
    STEP_sum,      /* out[d] = sum over a, b of in[a, d, b] (inner axes); with over_outer: added up over p, too */
    STEP_apply,    /* psi_out = apply(M, psi_in); in place where the buffers are one */
    STEP_overlap,  /* K = overlap(l, r); with over_outer: added up over p */
    STEP_matmul,   /* loops, for what is no gemm kernel */
    STEP_lane_sum, /* partial[e] = in[e] added over the lanes in a fixed tree */
    STEP_copy,
} StepKind;

typedef struct Step {
    StepKind kind;
    NodeId node;  /* what it computes (the last one, for fused maps) */
    Span span;
    VEC(Operand) in, out;
    bool over_outer; /* results are accumulated over p; set to zero before the loop */
    union {
        struct { int64_t count; VEC(ScalarOp) ops; VEC(ScalarStore) stores; } map;
        struct { const SparseMap *map; } sparse; /* not inner: rows [p * out.inner, (p+1) * out.inner) at iteration p; columns absolute */
        struct { int64_t pre, mid, post; } sum;
        struct { const Wires *wires; const double *constant_re, *constant_im; } gate; /* in: M, psi (apply); l, r (overlap). constant: M is known: in[0] unset */
        struct { int64_t m, n, k; bool ta, tb; } matmul; /* inner extents, after transposition */
    };
} Step;

typedef enum KernelKind {
    KERNEL_none,
    KERNEL_loop,
    KERNEL_gemm, /* dense products by cblas on whole matrices, see `gemm` */
} KernelKind;

typedef struct Kernel {
    KernelKind kind;
    int64_t outer;     /* loop: number of iterations p */
    VEC(Step) steps;
    /* C[m, n] (+)= op(A)[m, k] op(B)[k, n], row-major, shapes fixed by the program; n or k includes the lanes of batched operands. */
    struct { BufferId a, b, c; int64_t m, n, k, lda, ldb, ldc; bool ta, tb, accumulate; } gemm;
} Kernel;

typedef struct Phase {
    bool per_chunk;
    VEC(Kernel) kernels;
} Phase;

typedef struct Kernels {
    Compiler *c;
    Arena *arena;
    const char *name;
    int lanes, real_bytes;
    VEC(Buffer) buffers;
    VEC(Phase) phases;
    VEC(const char *) params, inputs, outputs; /* names, in the order of Buffer.leaf */
    uint32_t sums;              /* number of batch sums */
    int64_t thread_bytes;       /* temporaries of one chunk while it runs */
    int64_t kept_bytes;         /* per chunk: values that a later chunk phase reads */
    int64_t shared_bytes;
    const Graph *g;             /* for dumps; must outlive this */
} Kernels;

/* Graph (simplified, undo_states done) -> kernels. Consumes nothing; g must live as long as the result. */
Kernels *schedule(Compiler *c, const Graph *g, const char *name, int lanes, int real_bytes);
/* Puts temporaries whose lives do not overlap at the same place. Called by schedule. */
void plan_buffers(Kernels *k);
void kernels_verify(const Kernels *k);
void kernels_print(FILE *out, const Kernels *k);
void kernels_drop(Kernels *k);
/* The slow twin of generated code: runs the kernels as they are, in C, on double values (real_bytes is ignored). Bindings and result
 * as in eval(): outputs[i] receives [samples if batched][elements][2 if complex]. */
void kernels_interpret(const Kernels *k, int64_t samples, const Binding *bindings, size_t n, double **outputs);

static inline Buffer *buffer_of(const Kernels *k, BufferId b) { return &k->buffers.at[b.i - 1]; }

#endif
