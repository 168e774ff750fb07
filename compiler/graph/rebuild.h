/* rebuild.h: Graph -> Graph in canonical order, with a rule for each node. Private to graph/. */
#ifndef RQ_GRAPH_REBUILD_H
#define RQ_GRAPH_REBUILD_H

#include "graph/op.h"

/* Gives the node that stands for old node n in `to`; arg are its operands there. Not called for leaves. */
typedef NodeId NodeRule(Graph *to, const Node *n, const NodeId *arg, void *state);

/* Post-order from the outputs, operands left to right. What outputs do not need is left behind. */
Graph *rebuild_with(Compiler *c, const Graph *g, const char *name, NodeRule *rule, void *state);

/* Gives what node n of the old graph reads as operand k. */
typedef NodeId OperandRule(const Graph *from, const Node *n, int k, void *state);
/* Rebuilds with other operands. They must not depend on the node. */
Graph *rebuild_reading(Compiler *c, const Graph *g, const char *name, OperandRule *rule, void *state);

#endif
