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
    uint32_t leaf;     /* param, input, output: number in the program's list; partial, total: number of the batch sum. The partial of a
                        * total is the next buffer */
    int64_t offset;    /* temporaries: in bytes, in the thread's, the chunk's or the shared block; set by plan_buffers */
    int64_t bytes;     /* of one chunk if batched, padded to a multiple of 64 */
    NodeId node;       /* the value it holds, for dumps */
    const double *constant_re, *constant_im; /* RQ_ROLE_constant: its elements; constant_im NULL if real */
} Buffer;

/* How a step reads or writes a buffer. In iteration p of its loop, inner index e is the buffer's element
 *
 *     (p / p_div % p_mod) * inner + e / div % mod
 *
 * p_mod 1: the same elements for every p. p_div 1 and p_mod = outer: advances with p. div 1 and mod = inner: e itself.
 * Only the inputs of maps have another div and mod (absorbed broadcasts of inner axes); everywhere else e is direct. A local buffer
 * (thread role, `inner` elements, used in one loop only) is an operand with p_mod 1. */
typedef struct Operand {
    BufferId buffer;
    int64_t p_div, p_mod, inner;
    int64_t div, mod;
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
    STEP_map,      /* for e in 0..count: the scalar program; its loads precede its stores, so in and out may be one buffer */
    STEP_sparse,   /* out[row] = sum over the row of coefficient * in[col], see `sparse`; an empty row gives 0 */
    STEP_sum,      /* out[d] = sum over a, b of in[a, d, b], inner extents pre, mid = count, post */
    STEP_apply,    /* psi = apply(M, psi): always in place, in[1] and out[0] are the same operand; in[0] is M, see `gate` */
    STEP_overlap,  /* K = overlap(l, r), in[0] = l, in[1] = r; count = entries of K, all written */
    STEP_matmul,   /* out[m, n] = op(in[0])[m, k] op(in[1])[k, n], real or complex: for what is no gemm kernel */
    STEP_lane_sum, /* out[e] = in[e] added over the lanes in a fixed tree; in is batched, out is not */
    STEP_copy,     /* out[e] = in[e]; a shared in is spread over the lanes of a batched out */
} StepKind;

/* An operand is shared or batched as its buffer is: a shared element is the same in all lanes. */
typedef struct Step {
    StepKind kind;
    NodeId node;     /* what it computes (the last one, for fused maps) */
    Span span;
    VEC(Operand) in, out;
    int64_t count;   /* elements of out that one iteration writes */
    bool adds;       /* sparse: rows are added to what out holds; empty rows leave it. In the order of the steps */
    bool over_outer; /* each p adds to out, whose buffer is set to zero before the loop: sums over outer axes (sum, overlap,
                      * matmul). The result is complete after the loop */
    union {
        struct { VEC(ScalarOp) ops; VEC(ScalarStore) stores; } map;
        /* inner: rows 0..count of every p, columns within the operand. Else rows [p * count, (p + 1) * count), columns absolute */
        struct { const SparseMap *map; } sparse;
        struct { int64_t pre, mid, post; } sum;
        /* constant_re: M is known (target_dim^2 entries, constant_im may be NULL: real) and in[0].buffer is none */
        struct { const Wires *wires; const double *constant_re, *constant_im; } gate;
        struct { int64_t m, n, k; bool ta, tb; } matmul; /* extents after transposition: in[0] is stored [k, m] if ta */
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
    /* C[m, n] (+)= op(A)[m, k] op(B)[k, n], row-major, real; ld: reals from row to row as stored. n or k includes the lanes of
     * batched operands, as [element][lane] is a row of elements * lanes. */
    struct { BufferId a, b, c; int64_t m, n, k, lda, ldb, ldc; bool ta, tb, accumulate; } gemm;
} Kernel;

typedef struct Phase {
    bool per_chunk; /* phase i is per chunk if i is odd; a phase may be empty */
    VEC(Kernel) kernels;
} Phase;

typedef struct Kernels {
    Compiler *c;
    Arena *arena;
    const char *name;
    int lanes, real_bytes;
    VEC(Buffer) buffers; /* first all params, inputs and outputs of the graph, used or not, in the order of their lists */
    VEC(Phase) phases;
    VEC(const char *) params, inputs, outputs; /* names, in the order of Buffer.leaf */
    uint32_t sums;              /* number of batch sums */
    int64_t thread_bytes;       /* temporaries of one chunk while it runs */
    int64_t kept_bytes;         /* per chunk: values that a later chunk phase reads */
    int64_t shared_bytes;       /* once */
    const Graph *g;             /* for dumps; must outlive this */
} Kernels;

/* How many samples a chunk has: `lanes`, but one where states have LARGE_STATE qubits or more. Many of those do not fit in caches;
 * the vectors that gates work on are then amplitudes of one state. */
enum { LARGE_STATE = 12 };
int chunk_lanes(const Graph *g, int lanes);

/* Graph (simplified, undo_states done) -> kernels. Consumes nothing; g must live as long as the result. */
Kernels *schedule(Compiler *c, const Graph *g, const char *name, int lanes, int real_bytes);
/* Puts temporaries whose lives do not overlap at the same place. Called by schedule. */
void plan_buffers(Kernels *k);
void kernels_verify(const Kernels *k);
void kernels_print(FILE *out, const Kernels *k);
void kernels_drop(Kernels *k);
/* The slow twin of generated code: runs the kernels as they are, in C, on double values (real_bytes is ignored). Bindings and result
 * as in eval(): outputs[i] receives [samples if batched][elements][2 if complex]. Lanes beyond the last sample repeat it, as in the
 * runtime; those of the input "weight" are 0. */
void kernels_interpret(const Kernels *k, int64_t samples, const Binding *bindings, size_t n, double **outputs);

/* Real additions and multiplications of the phases per chunk, for one sample. */
int64_t kernels_flops(const Kernels *k);

const char *scalar_name(Scalar op);
static inline Buffer *buffer_of(const Kernels *k, BufferId b) { return &k->buffers.at[b.i - 1]; }

#endif
