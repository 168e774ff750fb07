/* flow_graph.h: the stage graph as flow*.c see it. Only they include it. */
#ifndef RQ_CHECK_FLOW_GRAPH_H
#define RQ_CHECK_FLOW_GRAPH_H

#include "check/flow.h"

typedef struct Edge {
    StageId from, to;
    bool is_cut;
    Cut cut;
} Edge;

typedef struct FlowGraph {
    Compiler *c;
    const ModelInst *model;
    VEC(Edge) edges;    /* in the order of their readers */
    double *open, *cut; /* paths to the output, index StageId.i */
} FlowGraph;

FlowGraph *flow_graph(Compiler *c, const ModelInst *m);
Flow *flow_without_fixes(Compiler *c, const ModelInst *m);
/* The layer, input or parameter that a stage is the value of. */
const char *stage_name(const FlowGraph *f, StageId id);
/* The value of a frozen group that starts as a constant. */
bool group_number(const ModelInst *m, GroupId group, double *value);
bool stage_reads(const ModelInst *m, const Stage *s, GroupId root);

/* flow_circuit.c: what circuits let through. */
typedef enum ParamUse { USE_absent, USE_flat, USE_open } ParamUse;
/* How a stage that has the group in its list uses it. */
ParamUse param_use(const ModelInst *m, const Stage *s, GroupId root);
bool reads_values(const Stage *s); /* a quantum stage whose operand is real values */
bool data_is_open(
    const Stage *s); /* does its result depend on them with a derivative that is not flat */

#endif
