/* undo_states.c: Graph -> Graph whose backward part recomputes states instead of keeping them. */
#include "graph/rebuild.h"

Graph *undo_states(Compiler *c, const Graph *g) { return graph_rebuild(c, g); }
