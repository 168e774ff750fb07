/* simplify.h: the rules of simplify.c, by family. Private to graph/.
 *
 * A rule sees a node that is not there yet, its operands final and its type known, and gives a node of the same type that says the
 * same with less; none if it has nothing to say. What a rule makes, it makes through made(), so that the rules meet it, too.
 */
#ifndef RQ_GRAPH_SIMPLIFY_H
#define RQ_GRAPH_SIMPLIFY_H

#include "graph/op.h"

typedef NodeId Rule(Graph *g, const Node *n);

/* Element-wise, in the order in which they are tried; and all others. */
Rule constants_fold, zeros_win, copies_move_out, units_go, signs_move_out, complex_parts, factors_meet, picks_move_out;
Rule axes_meet, maps_meet, sums_shrink, states_stay;

/* The node n, simplified. */
NodeId made(Graph *g, Node n);
static inline NodeId made1(Graph *g, Op op, NodeId a) { return made(g, (Node){.op = op, .arg = {a}}); }
static inline NodeId made2(Graph *g, Op op, NodeId a, NodeId b) { return made(g, (Node){.op = op, .arg = {a, b}}); }
static inline NodeId made_sparse(Graph *g, NodeId x, const SparseMap *m, const Type *shape)
{
    return made(g, (Node){.op = OP_sparse, .arg = {x}, .type = *shape, .map = m});
}
static inline NodeId made_reshape(Graph *g, NodeId x, const Type *shape)
{
    return made(g, (Node){.op = OP_reshape, .arg = {x}, .type = *shape});
}
/* n on another first operand. */
NodeId made_on(Graph *g, const Node *n, NodeId x);
/* One value everywhere, of exactly this type. */
NodeId filled(Graph *g, const Type *t, double value);
/* x as a value of type t, which has all that x has: copied over outer axes and samples, imaginary part 0. */
NodeId widened_to(Graph *g, NodeId x, const Type *t);
/* x * value. */
NodeId times(Graph *g, NodeId x, double value);

/* What operand k of n is. */
static inline const Node *operand_of(const Graph *g, const Node *n, int k) { return node_of(g, n->arg[k]); }
static inline bool operand_is(const Graph *g, const Node *n, int k, Op op) { return operand_of(g, n, k)->op == op; }
/* Operand k has one real value everywhere. */
static inline bool operand_filled(const Graph *g, const Node *n, int k, double *value)
{
    return graph_is_filled(g, n->arg[k], value);
}
/* x = sparse(..) gathers from a shared tensor that is not large: element-wise functions of it are taken before. */
bool is_pick(const Graph *g, NodeId x);

#endif
