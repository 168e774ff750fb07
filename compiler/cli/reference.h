/* reference.h: a model with parameters and a few samples, as the slow reference interpreter gets them: for gradcheck, and for what
 * is compared with other programs. */
#ifndef RQ_CLI_REFERENCE_H
#define RQ_CLI_REFERENCE_H

#include "cli/session.h"
#include "graph/graph.h"

enum { REFERENCE_SAMPLES = 4 };

typedef struct Reference {
    Compiler *c;
    const Options *o;
    const ActionInst *action; /* NULL: none in the file */
    const ModelInst *model;
    const Flow *flow;
    LossKind loss; /* without a train action: mse */
    const rq_model *table;
    uint64_t seed;
    int64_t samples;
    double *input, *target; /* [samples][reals] */
    rq_params params;       /* initial ones, or those of --init */
    VEC(Binding) bindings;  /* every group by path, the input by name, "target" */
} Reference;

/* Samples are those of --input and --target, else the first REFERENCE_SAMPLES of the action's data, else random ones. What is wrong
 * is fatal. */
Reference reference_new(Compiler *c, const Options *o, const Program *p);
void reference_drop(Reference *r);

#endif
