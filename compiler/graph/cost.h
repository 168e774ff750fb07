/* cost.h: counted operations of each engine for each quantum stage, and which engine is chosen. */
#ifndef RQ_GRAPH_COST_H
#define RQ_GRAPH_COST_H

#include "graph/lower.h"

typedef struct EngineCost {
    const char *obstacle; /* why it cannot; NULL: it can */
    double circuit;       /* real operations forward for one circuit */
    double step;          /* once for all circuits of a step */
    double ns;            /* estimated for one circuit, forward, with its share of the step */
} EngineCost;

typedef struct StageCost {
    StageId stage;
    int64_t circuits; /* per sample */
    EngineCost state, transfer, density;
    bool is_unread; /* nobody asks for the state that it leaves */
    Engine chosen; /* the cheapest that can, unless one is wanted */
} StageCost;

/* By the transfer engine, which has no obstacle but perhaps their number; for so many circuits of a sample. */
EngineCost parts_cost(const QuantumAttr *q, double circuits);
const char *engine_text(Engine engine);
/* Of a quantum stage. wanted: none lets the costs choose. */
StageCost stage_cost(const ModelInst *model, StageId stage, Engine wanted);
/* The engine alone: with a wanted one nothing is counted. Stages that leave or read a state have
 * the state or the density engine, whatever is wanted. */
Engine stage_engine(const ModelInst *model, StageId stage, Engine wanted);
/* Why the state engine cannot compute a quantum stage; NULL: it can. */
const char *state_obstacle(const Stage *s);
bool stage_is_quantum(const Stage *s); /* encode, evolve, measure, quantum, quanv */
/* One line for each quantum stage and engine:
 *
 *     q1   quanv 4q d4   196 circuits   transfer   1096 operations, 6120 per step   9 ns  chosen
 *     q1   quanv 4q d4   196 circuits   state      5488 operations                 52 ns
 */
void cost_print(FILE *out, Compiler *c, const ModelInst *model, Engine wanted);

#endif
