/* kinks.h: where the derivative of a value jumps, and whether that lies between two evaluations: difference quotients say nothing
 * there. */
#ifndef RQ_GRAPH_KINKS_H
#define RQ_GRAPH_KINKS_H

#include "graph/graph.h"

/* A node whose derivative jumps where a - b (or a alone) changes sign. */
typedef struct Kink {
    NodeId node, a, b;
} Kink;

typedef struct Kinks {
    VEC(Kink) list;
    NodeId *watched; /* operands, which both evaluations have to give */
    uint32_t watched_count;
} Kinks;

/* Those that y depends on other than through a detach. On the graph's arena. */
Kinks kinks_of(const Graph *g, NodeId y);
/* The first that lies between the two. As a text: "max at f.rq:4:7", on c->keep; NULL: none. */
const char *kink_between(const Graph *g, const Kinks *k, int64_t samples, const Evaluation *low, const Evaluation *high);

#endif
