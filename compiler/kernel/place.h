/* place.h: where and when each node of a graph is computed. Private to the scheduler (place.c, schedule.c, fuse.c).
 *
 * A node is a leaf, a view (reshape, detach, broadcast, to_batch: no work, its readers address its root), or it is computed by a step.
 * Every computed node has a phase, a space (iterations of its loop) and a stage in the phase; the nodes of one (phase, stage, space) share a
 * loop. Inside the loop it has a level; a map level is one step per inner extent.
 */
#ifndef RQ_KERNEL_PLACE_H
#define RQ_KERNEL_PLACE_H

#include "kernel/kernel.h"

typedef enum PlaceKind {
    PLACE_none,     /* nothing reads it */
    PLACE_leaf,     /* param, input, constant */
    PLACE_view,     /* element f is element f / div % mod of root */
    PLACE_map,      /* element-wise, or a broadcast that must lie in memory */
    PLACE_step,     /* a step of its own */
    PLACE_gemm,     /* a kernel of its own */
    PLACE_absorbed, /* computed by the step of `by`, straight into its result */
} PlaceKind;

typedef struct Spot {
    PlaceKind kind;
    NodeId root;        /* itself unless a view */
    int64_t div, mod;
    bool in_memory;     /* a broadcast that may not be a view, for some reader cannot address it */
    bool accumulates;   /* its step adds up over the loop: complete only after it */
    bool alone;         /* its step has a loop of its own, in which it keeps sums in registers */
    bool splat;         /* a constant of equal elements */
    NodeId absorbs, by; /* sum absorbs overlap; batch_sum absorbs matmul; add absorbs sparse */
    NodeId base;        /* of an add that absorbs: what the rows are added to, in place where nothing else reads it */
    uint32_t uses;      /* by computed nodes and outputs */
    uint32_t phase, stage, level;
    int64_t space;
    uint32_t group, step; /* kernel and step, numbered over all phases */
    bool stored;          /* has memory: something outside its own step reads it */
    bool outside;         /* something outside its own loop reads it, or it is an output */
    NodeId merged;        /* what overwrites it in place */
    uint32_t last_read;   /* the last step that reads it */
    uint32_t last_phase;  /* the last phase that reads it */
    BufferId buffer;
    bool local;           /* the buffer holds one iteration */
} Spot;

typedef struct Placement {
    Compiler *c;
    const Graph *g;
    Arena *arena; /* scratch */
    Spot *at;    /* per node */
} Placement;

static inline Spot *spot_of(const Placement *s, NodeId n) { return &s->at[n.i]; }

/* Kinds, views, phases, spaces, stages. */
Placement place_nodes(Compiler *c, const Graph *g, Arena *arena);

/* The absorbed node, or n itself. What a computed node reads: the operands of that, then its base. */
NodeId worker_of(const Placement *s, NodeId n);
const Node *work_of(const Placement *s, NodeId n);
int read_count_of(const Placement *s, NodeId n);
NodeId read_of(const Placement *s, NodeId n, int i);
static inline NodeId root_of(const Placement *s, NodeId n) { return spot_of(s, n)->root; }
/* Which read the result of n overwrites, where nothing else reads it: a state, a base; or -1. */
int overwritten_by(const Placement *s, NodeId n);
bool is_computed(const Spot *p); /* by a step or kernel of its own: map, step or gemm */
/* The first phase that may read a root, for a batched or a shared reader. */
uint32_t readable_from(const Placement *s, NodeId n, bool batched);

/* The address of flat element f = p * inner + e of a view (f / div % mod). False: no Operand can say it. */
bool address(int64_t inner, int64_t div, int64_t mod, Operand *out);
/* How the computed node n reads its i-th operand (buffer not set). */
bool read_address(const Placement *s, NodeId n, int i, Operand *out);
/* How it writes its result, in a buffer that holds all of it. */
Operand write_address(const Placement *s, NodeId n);
/* Whether iteration p of n reads of operand i only what iteration p of the same loop writes. */
bool is_aligned(const Placement *s, NodeId n, int i);

/* Whether what is behind a node has lanes: to_batch is a view of a shared value. */
static inline bool is_batched(const Placement *s, NodeId n)
{
    return type_of(s->g, spot_of(s, n)->root)->batched;
}

/* Operand i of the computed node n, and its result, once buffers are set. */
Operand operand_of(const Placement *s, NodeId n, int i);
Operand result_of(const Placement *s, NodeId n);

/* fuse.c: scalar operations that the element-wise node n becomes, at most; and the program of a step of such nodes. */
uint32_t map_cost(const Placement *s, NodeId n);
void fuse_map(const Placement *s, Kernels *k, Step *step, const NodeId *nodes, uint32_t count);

/* Extents of a matmul: `batch` products [m, k] x [k, n]. */
typedef struct Product {
    int64_t batch, m, n, k;
    bool ta, tb;
} Product;
/* A batched [m, k] x shared [k, n] is m products of one row, in a loop over rows. */
Product product_of(const Placement *s, NodeId matmul);

#endif
