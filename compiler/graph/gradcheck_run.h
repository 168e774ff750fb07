/* gradcheck_run.h: what gradcheck.c and gradcheck_shift.c share. Only they include it. */
#ifndef RQ_GRAPH_GRADCHECK_RUN_H
#define RQ_GRAPH_GRADCHECK_RUN_H

#include "graph/gradcheck.h"

/* A gate argument that depends on parameters, and the measured values it can change. */
typedef struct Site {
    const ShiftSite *at;
    NodeId *values, *adjoint; /* their nodes, and dL/d of them */
    uint32_t count;
    const char *seed_name; /* leaf with dL/d argument */
    NodeId seed;
} Site;

typedef struct Run {
    Compiler *c;
    const GradcheckInput *in;
    Gradcheck *result;
    Lowered *l;
    Graph *g;
    Arena *a; /* the graph's */
    VEC(Binding) bindings;
    const Evaluation *base;
    VEC(Site) sites;
    NodeId *shifted; /* dL/d of each group by the seeds, index GroupId.i - 1 */
} Run;

/* Can the shift rule give the whole gradient of this group: do only gates read it, and is all that
 * they change measured? */
bool shift_covers(const Run *r, GroupId group);
/* Adds the nodes that the rule needs, and bindings that make them 0. Before the base evaluation. */
void shift_prepare(Run *r);
/* Gradients of all covered groups: gradient[GroupId.i - 1], NULL for the others. */
const double **shift_gradients(Run *r);

#endif
