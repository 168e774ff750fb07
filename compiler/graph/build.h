/* build.h: builders of the element-wise rows, and what rows and rules say often.
 *
 * Every row has a builder with an underscore: sin_(g, a), mul_(g, a, b); those whose bare name C leaves free have that, too.
 */
#ifndef RQ_GRAPH_BUILD_H
#define RQ_GRAPH_BUILD_H

#include "graph/graph.h"

/* Any element-wise row; unused operands are none. Kinds that change nothing (re of a real value) give the operand. */
NodeId elementwise(Graph *g, Op op, NodeId a, NodeId b, NodeId c);

#define OP(name, arity, traits)
#define EW1(name, traits, grad)                                                                    \
    static inline NodeId name##_(Graph *g, NodeId a)                                               \
    {                                                                                              \
        return elementwise(g, OP_##name, a, (NodeId){0}, (NodeId){0});                             \
    }
#define EW2(name, traits, grad_a, grad_b)                                                          \
    static inline NodeId name##_(Graph *g, NodeId a, NodeId b)                                     \
    {                                                                                              \
        return elementwise(g, OP_##name, a, b, (NodeId){0});                                       \
    }
#define EW3(name, traits, grad_a, grad_b, grad_c)                                                  \
    static inline NodeId name##_(Graph *g, NodeId a, NodeId b, NodeId c)                           \
    {                                                                                              \
        return elementwise(g, OP_##name, a, b, c);                                                 \
    }
#include "graph/ops.def"
#undef OP
#undef EW1
#undef EW2
#undef EW3

static inline NodeId neg(Graph *g, NodeId a) { return neg_(g, a); }
static inline NodeId re(Graph *g, NodeId a) { return re_(g, a); }
static inline NodeId im(Graph *g, NodeId a) { return im_(g, a); }
static inline NodeId abs2(Graph *g, NodeId a) { return abs2_(g, a); }
static inline NodeId add(Graph *g, NodeId a, NodeId b) { return add_(g, a, b); }
static inline NodeId sub(Graph *g, NodeId a, NodeId b) { return sub_(g, a, b); }
static inline NodeId mul(Graph *g, NodeId a, NodeId b) { return mul_(g, a, b); }
static inline NodeId cplx(Graph *g, NodeId real, NodeId imaginary) { return cplx_(g, real, imaginary); }

NodeId scaled(Graph *g, NodeId x, double factor);
NodeId zero_like(Graph *g, NodeId x);                /* real or complex as x, shared */
NodeId sign_of(Graph *g, NodeId x);                  /* -1, 0, 1 */
NodeId at_least(Graph *g, NodeId a, NodeId b);       /* a >= b ? 1 : 0 */
NodeId where_at_least(Graph *g, NodeId a, NodeId b, NodeId x); /* a >= b ? x : 0 */
NodeId where_less(Graph *g, NodeId a, NodeId b, NodeId x);     /* a >= b ? 0 : x */

#endif
