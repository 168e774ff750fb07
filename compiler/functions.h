/* functions.h: the functions that a model is compiled into (rq_function_kind), as graphs. */
#ifndef RQ_FUNCTIONS_H
#define RQ_FUNCTIONS_H

#include "graph/lower.h"
#include "program/model.h"

/* What one function of a model computes. */
typedef struct FunctionSpec {
    rq_function_kind kind;
    const char *layer; /* RQ_FUNCTION_layer: NULL = the output */
    LossKind loss;
    int real_bytes;
    Engine engine;
    bool ground; /* samples and targets are |0..0>, but for RQ_FUNCTION_layer, whose input may be any */
    const WrtList *wrt; /* RQ_FUNCTION_scan */
} FunctionSpec;

/* Its values and derivatives as named outputs, not yet through the passes. NULL = errors reported. */
Graph *function_graph(Compiler *c, const ModelInst *model, const FunctionSpec *spec);

#endif
