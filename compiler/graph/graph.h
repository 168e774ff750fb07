/* graph.h: the differentiable graph. One sample's computation as tensor operations, closed under differentiation.
 *
 * A node's type says what is written for one sample and what is not said: `batched` values exist once per sample, the others
 * (parameters and what follows from them alone) once. Samples never appear as an axis; an operation of a batched and a shared
 * operand is batched; batch_sum adds over the samples of the batch and is shared again. The first `outer` axes of a type are
 * map axes (patches of a quanvolution, channels): state operations work on the inner axes, for each outer index alike.
 * Printed: real[196|4] S = batched, 196 outer, 4 inner;  complex[16] = shared state of four qubits.
 *
 * Convention of adjoints: the adjoint of z is dL/dRe z + i dL/dIm z; the adjoint of a real node is real.
 * Nodes are numbered as they are added; operands have smaller numbers. Equal nodes are one (graph_add looks them up).
 */
#ifndef RQ_GRAPH_GRAPH_H
#define RQ_GRAPH_GRAPH_H

#include "base/compiler.h"

enum { TYPE_MAX_RANK = 8 };

typedef struct NodeId { uint32_t i; } NodeId; /* 0 = none */

typedef struct Type {
    bool is_complex, batched;
    uint8_t outer, rank; /* outer <= rank */
    int64_t dim[TYPE_MAX_RANK];
} Type;

typedef enum Op {
    OP_none,
#define OP(name, arity, traits) OP_##name,
#define EW1(name, traits, grad) OP_##name,
#define EW2(name, traits, grad_a, grad_b) OP_##name,
#define EW3(name, traits, grad_a, grad_b, grad_c) OP_##name,
#include "graph/ops.def"
#undef OP
#undef EW1
#undef EW2
#undef EW3
    OP_COUNT
} Op;

/* A constant linear map: y[i] = sum over k in [start[i], start[i+1]) of (re[k] + i im[k]) x[index[k]].
 * Everything structural is one: gather, scatter, permute, pad, patches, partial trace, Pauli tables, matrices from coefficients.
 * `inner`: it acts on the inner axes for each outer index; otherwise rows and columns count all elements, outer ones included. */
typedef struct SparseMap {
    bool inner;
    int64_t rows, cols;
    const int64_t *start;
    const int64_t *index;
    const double *re;
    const double *im; /* NULL: real */
} SparseMap;

/* Which parts of a matrix entry can be nonzero, bit 0 real, bit 1 imaginary; from the gate's row. */
enum { PART_re = 1, PART_im = 2 };

/* Where a matrix acts in a state of n qubits (inner axis 2^n). targets[0] is the most significant bit of the matrix index. */
typedef struct Wires {
    uint8_t qubits, target_count, control_count;
    uint8_t target[8];
    uint8_t control[26];
    uint32_t control_values;     /* bit k: the value controls[k] must have */
    const uint8_t *pattern;      /* PART_ bits of each of the 4^target_count entries of M (as given, before dagger); NULL: all */
    bool dagger;                 /* apply: M^dagger */
    bool zero_outside;           /* apply: amplitudes whose controls do not match become 0 instead of staying */
    bool unitary;                /* M is unitary for every parameter value: its application can be undone */
} Wires;

typedef struct Node {
    Op op;
    Type type;
    bool is_adjoint; /* made by differentiation; span is that of the forward node */
    uint32_t hash;   /* of everything but is_adjoint and span */
    Span span;
    uint8_t arity;
    NodeId arg[3];
    union {
        struct { const double *re, *im; } constant; /* type's elements; im NULL if real */
        uint32_t index;                             /* param, input: number in Graph.params, .inputs */
        const SparseMap *map;                       /* sparse */
        const Wires *wires;                         /* apply, overlap */
        struct { uint8_t pre, post; } axes;         /* broadcast, sum: how many leading and trailing axes are added / summed */
        struct { bool ta, tb; } matmul;             /* transposed operands */
    };
} Node;

/* A leaf bound from outside. */
typedef struct Leaf {
    const char *name; /* parameter path, input name; "target", "weight" for what the loss needs */
    Type type;
    NodeId node; /* none: the outputs do not need it (after a rebuild); leaves keep their numbers */
} Leaf;
typedef struct Output {
    const char *name; /* "loss", "output", "grad:q1.theta", "layer:q1", "check:..." */
    NodeId node;
} Output;

typedef struct Graph {
    Compiler *c;
    Arena *arena;
    VEC(Node) nodes; /* nodes.at[0] is unused */
    VEC(Leaf) params, inputs;
    VEC(Output) outputs;
    uint32_t *slot; /* hash of equal nodes */
    uint32_t slot_mask;
    Span span;       /* given to nodes that are added now */
    bool is_adjoint; /* likewise */
} Graph;

Graph *graph_new(Compiler *c, const char *name);
void graph_drop(Graph *g);
static inline const Node *node_of(const Graph *g, NodeId n) { return &g->nodes.at[n.i]; }
static inline const Type *type_of(const Graph *g, NodeId n) { return &g->nodes.at[n.i].type; }
static inline bool node_is(NodeId n) { return n.i != 0; }

int64_t type_count(const Type *t); /* all elements */
int64_t type_outer(const Type *t); /* product of the outer axes */
int64_t type_inner(const Type *t);
bool type_same(const Type *a, const Type *b);       /* everything */
bool type_same_shape(const Type *a, const Type *b); /* outer, rank, dims */
char *type_text(Arena *a, const Type *t);           /* real[196|4] S */
Type type_real(int rank, const int64_t *dim);       /* shared, no outer axes */

/* ---- builders: one per row of ops.def, plus these. They infer the type; a shape that does not fit is an ice. Operands of
 * different outer axes meet when one of them has none: it is the same for each outer index. ---- */
NodeId graph_param(Graph *g, const char *path, Type t);  /* shared; the same path twice gives the same node */
NodeId graph_input(Graph *g, const char *name, Type t);  /* batched */
NodeId graph_constant(Graph *g, Type t, const double *re, const double *im); /* copied */
NodeId graph_scalar(Graph *g, double value);             /* real[] shared */
NodeId graph_filled(Graph *g, const Type *t, double value); /* shared, shaped like t: a scalar constant, broadcast */
bool graph_is_filled(const Graph *g, NodeId n, double *value); /* n is constant with one real value everywhere */
void graph_output(Graph *g, const char *name, NodeId n);

NodeId reshape(Graph *g, NodeId x, Type shape);          /* takes outer, rank and dims of shape */
NodeId sparse(Graph *g, NodeId x, const SparseMap *map, Type shape); /* likewise; map is copied */
NodeId broadcast(Graph *g, NodeId x, Type shape, int pre, int post); /* y[a, d, b] = x[d] */
NodeId sum(Graph *g, NodeId x, int pre, int post);       /* y[d] = sum of x[a, d, b]; outer shrinks with leading axes */
NodeId batch_sum(Graph *g, NodeId x);                    /* over samples; x is batched */
NodeId to_batch(Graph *g, NodeId x);                     /* x is shared; x itself if it is batched */
NodeId detach(Graph *g, NodeId x);
NodeId matmul(Graph *g, NodeId a, NodeId b, bool ta, bool tb); /* on the last two axes; leading axes equal or absent on one side */
/* m complex[..|d,d] with d = 2^targets, psi complex[..|2^qubits]. Entries and parts of m outside w->pattern count as 0. */
NodeId apply(Graph *g, NodeId m, NodeId psi, const Wires *w);
/* K[r,c] = sum over the rest of l[r,rest] conj(p[c,rest]), only entries and parts of w->pattern, controls matching: the adjoint
 * of M in l = adjoint of apply(M, p). */
NodeId overlap(Graph *g, NodeId l, NodeId p, const Wires *w);

/* Rebuilds what the outputs need in canonical order (post-order from the outputs, operands left to right) into a fresh graph. */
Graph *graph_rebuild(Compiler *c, const Graph *g);
/* The same with new inputs in place of batched nodes: whoever reads node[i] reads input name[i]. */
Graph *graph_cut(Compiler *c, Graph *g, const NodeId *node, const char *const *name, size_t count);
/* Folds constants, merges equal nodes, applies the rules of simplify.c while rebuilding. Rules may go around inner nodes, so
 * derivatives with respect to these are taken before; those with respect to leaves may be taken after. */
Graph *simplify(Compiler *c, const Graph *g);
/* Replaces states that only the backward part needs by undoing unitary applications from the last state (memory independent of
 * depth). A scheduling rule: results agree to rounding. */
Graph *undo_states(Compiler *c, const Graph *g);
/* Checks all that must hold; an ice names `after`. */
void graph_verify(const Graph *g, const char *after);
void graph_print(FILE *out, const Graph *g);

/* ---- differentiation: appends nodes; composable in any order ---- */

typedef struct GradOptions {
    bool per_sample; /* y is batched; do not add over samples: the gradient of a shared node is batched, one per sample */
} GradOptions;
/* Reverse mode: adjoints of `wrt[0..n)` for the scalar-per-sample (added up) or shared scalar y, seeded with 1. An adjoint has the
 * type of its node (but see per_sample); a node that y does not depend on gets zeros. */
void gradient(Graph *g, NodeId y, const NodeId *wrt, size_t n, NodeId *adjoint, GradOptions options);
/* Vector-Jacobian product with given seeds for several results. */
void pullback(Graph *g, const NodeId *y, const NodeId *seed, size_t ny, const NodeId *wrt, size_t n, NodeId *adjoint,
              GradOptions options);
/* Forward mode: tangents of y[0..ny), of y's types, when x[0..nx) have tangents dx. */
void pushforward(Graph *g, const NodeId *x, const NodeId *dx, size_t nx, const NodeId *y, size_t ny, NodeId *tangent);
/* K of a unitary matrix v complex[..d, d] from its adjoint: the skew-Hermitian direction, on the left of v, in which y grows fastest. */
NodeId unitary_tangent(Graph *g, NodeId v, NodeId v_adj);

/* ---- eval: the slow, obvious twin, in double precision ---- */
typedef struct Binding {
    const char *name;
    const double *value; /* params: elements (complex: trailing 2); inputs: samples x elements */
} Binding;
typedef struct Evaluation Evaluation;
/* Evaluates the given nodes for `samples` samples. Every param and input they need must be bound (ice otherwise). */
Evaluation *eval(Compiler *c, const Graph *g, int64_t samples, const Binding *bindings, size_t n, const NodeId *wanted,
                 size_t wanted_count);
/* The same with some leaves bound to other values; what does not depend on them is taken from `base`, which has to outlive the result.
 */
Evaluation *eval_again(const Evaluation *base, const Binding *changed, size_t n, const NodeId *wanted, size_t wanted_count);
/* Values of a wanted node: [samples if batched][elements][2 if complex]. Valid until evaluation_drop. */
const double *evaluation_of(const Evaluation *e, NodeId n);
void evaluation_drop(Evaluation *e);

#include "graph/build.h" /* builders of the rows: add(g, a, b), sin_(g, a), ... */
#endif
