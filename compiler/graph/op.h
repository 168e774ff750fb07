/* op.h: what the passes over the graph know of an operation, as rows made of ops.def. Private to graph/. */
#ifndef RQ_GRAPH_OP_H
#define RQ_GRAPH_OP_H

#include "graph/graph.h"

/* Traits; see ops.def. */
enum {
    REAL = 1,
    CPLX = 2,
    TO_REAL = 4,
    TO_CPLX = 8,
    COMMUTATIVE = 16,
    LINEAR = 32,
    MULTI = 64,
    FLAT = 128,
    LEAF = 256,
    ELEMENTWISE = 512, /* every EW row */
};

/* The type of a node from its operands and attributes. NULL, or what does not fit. */
typedef const char *ShapeRule(const Graph *g, const Node *n, Type *out);
/* The contribution of y's adjoint dy to the adjoint of operand k: any kind, outer axes and batching; none = zero. */
typedef NodeId GradRule(Graph *g, NodeId y, int k, NodeId dy);

typedef struct OpRow {
    const char *name;
    uint8_t arity;
    uint16_t traits;
    ShapeRule *shape;
    GradRule *grad;
} OpRow;

extern const OpRow op_rows[OP_COUNT];

/* Which member of Node's union is live. */
typedef enum Attributes { ATTR_none, ATTR_index, ATTR_constant, ATTR_map, ATTR_wires, ATTR_axes, ATTR_matmul } Attributes;
Attributes attributes_of(Op op);

#define OP(name, arity, traits)                                                                    \
    ShapeRule name##_shape;                                                                        \
    GradRule name##_grad;
#define EW1(name, traits, grad)
#define EW2(name, traits, grad_a, grad_b)
#define EW3(name, traits, grad_a, grad_b, grad_c)
#include "graph/ops.def"
#undef OP
#undef EW1
#undef EW2
#undef EW3

/* Gives the node its type, or the equal node that is there already. Attributes are copied. A shape that does not fit is an ice. */
NodeId graph_add(Graph *g, Node n);
/* The node n (of any graph) again on other operands; the type is derived anew. Not for leaves. */
NodeId graph_again(Graph *g, const Node *n, const NodeId *arg);
/* A leaf of another graph here. Leaf tables must have been copied. */
NodeId graph_leaf_again(Graph *g, const Node *n);
uint32_t node_hash(const Node *n);
bool node_same(const Node *a, const Node *b); /* same op, operands, type and attributes */

/* The value of a shared node, no leaf, from those of its operands as eval.c lays them out; y is zeroed. */
void eval_shared(const Graph *g, const Node *n, const double *const x[3], double *y);

/* Tangent of y = apply(..) when operand k moves by dx. */
NodeId apply_tangent(Graph *g, NodeId y, int k, NodeId dx);

/* Joins b's outer axes into *t, keeping t's inner axes. False: both have some and they differ. */
bool join_outer(Type *t, const Type *b);
/* Outer, rank and dims of `shape` on t. */
void take_shape(Type *t, const Type *shape);
/* Brings a derivative x to the type of the node that it belongs to: real part, sum over outer axes and samples that the node lacks
 * (samples are kept if per_sample); the other way round, copies. */
NodeId fit_to(Graph *g, NodeId x, const Type *t, bool per_sample);

#endif
