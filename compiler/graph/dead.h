/* dead.h: elements of parameter groups whose derivative is identically zero, whatever the values. */
#ifndef RQ_GRAPH_DEAD_H
#define RQ_GRAPH_DEAD_H

#include "check/flow.h"

/* Fills GroupFlow.dead, GroupFlow.is_alive and LayerFlow.dead from the light cones of the model's observables. What is called dead
 * is; an element may be missed where terms cancel or a light cone grows too large to be followed. Lives in c->keep. */
void find_dead(Compiler *c, Flow *flow);

#endif
