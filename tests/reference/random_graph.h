/* random_graph.h: graphs drawn by seed over all operations, with values for their leaves. Shapes are few, so that operands meet:
 * real and complex, batched and shared, with and without three outer indices, states of one to three qubits.
 */
#ifndef RQ_TESTS_REFERENCE_RANDOM_GRAPH_H
#define RQ_TESTS_REFERENCE_RANDOM_GRAPH_H

#include "graph/graph.h"

enum { RANDOM_GRAPH_SAMPLES = 3, RANDOM_GRAPH_LEAVES = 10 };

typedef struct RandomGraph {
    Graph *g;
    uint64_t state;                         /* of the random numbers */
    VEC(NodeId) pool;                       /* what operands are drawn from */
    NodeId leaf[RANDOM_GRAPH_LEAVES];       /* params, then inputs */
    Binding binding[RANDOM_GRAPH_LEAVES];   /* their values */
    size_t size[RANDOM_GRAPH_LEAVES];       /* number of doubles of each */
    const char *name[RANDOM_GRAPH_LEAVES];
} RandomGraph;

/* A graph with leaves alone. Drop r->g with graph_drop. */
RandomGraph random_leaves(Compiler *c, uint64_t seed);
/* Adds a node of this operation on operands from the pool. False: none fits, or its value would be large or not finite. */
bool random_grow(RandomGraph *r, Op op);
/* Leaves and `count` nodes of random operations; detach only if asked for, as differences do not see it. */
RandomGraph random_graph(Compiler *c, uint64_t seed, int count, bool with_detach);
/* A weighted sum of all elements of the last nodes: real[], per sample if one of them is. */
NodeId random_loss(RandomGraph *r);

typedef void CompareGraph(Compiler *c, const Graph *g, uint64_t seed, const Binding *b, size_t n);
/* Losses of `cases` random graphs beside their gradients by all leaves, simplified, states undone: what compilation gets to see. */
void each_random_gradient(int cases, CompareGraph *compare);

uint64_t random_bits(RandomGraph *r);
int random_below(RandomGraph *r, int n);
double random_real(RandomGraph *r); /* in [-1, 1) */

#endif
