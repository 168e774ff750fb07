/* flow.h: instances -> static verdicts: which parameter groups can receive a gradient, along how
 * many paths, and what cuts the others. */
#ifndef RQ_CHECK_FLOW_H
#define RQ_CHECK_FLOW_H

#include "check/check.h"

typedef enum Verdict {
    VERDICT_none_set,
    VERDICT_full,
    VERDICT_partial,
    VERDICT_none,
    VERDICT_unused,
    VERDICT_frozen
} Verdict;
typedef enum CutClass { CUT_none_set, CUT_declared, CUT_flat, CUT_sampled } CutClass;

typedef struct Cut {
    Span span;        /* where it is written */
    const char *from; /* layer or input it cuts from, e.g. "q1" */
    const char *to;   /* layer in which the cut stands, e.g. "q2" */
    const char *kind; /* "input", "skip", "encoding", "factor" */
    CutClass class;
    const char *reason;
} Cut;

typedef struct GroupFlow {
    GroupId group;
    Verdict verdict;
    double open_paths, cut_paths; /* exact up to 2^53-1, then saturated */
    int64_t dead; /* elements whose derivative is identically zero; find_dead counts them */
    const bool *is_alive; /* [count], the others; NULL before find_dead, and for frozen and tied groups */
} GroupFlow;

typedef struct LayerFlow {
    LayerId layer; /* 0: a model parameter or an adapter, then `name` is its path */
    bool is_part;  /* a perceptron of the layer before, "hidden.p[0]", with some of its groups */
    const char *name, *kind_text;
    int64_t params, dead; /* elements; those that find_dead found */
    int64_t statistics, frozen_statistics; /* elements of running means and variances, which are none of the groups */
    Verdict verdict; /* worst of its groups: none, unused, partial, full; frozen when all are;
                        none_set without parameters */
    double open_paths, cut_paths;
    VEC(GroupFlow) groups;
    VEC(Cut) cuts;
    VEC(const char *)
    fixes; /* each verified on the changed model: "skip q1 -> q2", "gradient: exact" */
    const char *through; /* "q2, skip q1 -> q2", "loss": first steps of the open paths */
    Span span;
} LayerFlow;

typedef struct Flow {
    const ModelInst *model;
    VEC(LayerFlow) layers;
    VEC(LayerFlow)
    inputs; /* the same counts and cuts for the model's inputs; no groups, no fixes */
} Flow;

Flow *flow_of(Compiler *c, const ModelInst *model);
const char *verdict_text(Verdict v); /* "full", "partial", "none", "unused", "frozen" */
/* Warnings W0601 (none), W0602 (unused) with caret, cut and fix. */
void flow_warn(Compiler *c, const Flow *flow);
/* How a terminal shows a model's layers as boxes. */
typedef struct FlowLook {
    int width; /* columns there are */
    bool unicode, colour;
} FlowLook;
/* look NULL: the chain of names alone, without boxes. */
void flow_print_table(FILE *out, Compiler *c, const Flow *flow, const FlowLook *look);

#endif
