/* simplify.c: Graph -> smaller Graph.
 *
 * Rebuilds from the outputs. Each node meets the rules once its operands are final; equal nodes become one in graph_add.
 * Invariant: a rule returns a node that no rule changes again, so a single walk is enough.
 */
#include "graph/rebuild.h"

static NodeId simplified(Graph *g, const Node *n, const NodeId *arg, void *state)
{
    (void)state;
    return graph_again(g, n, arg);
}

Graph *simplify(Compiler *c, const Graph *g) { return rebuild_with(c, g, "simplified graph", simplified, NULL); }
