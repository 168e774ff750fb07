/* flow_chain.h: what `rq flow` shows of a model on a terminal: who reads whose value, and the longest chain of them. */
#ifndef RQ_CHECK_FLOW_CHAIN_H
#define RQ_CHECK_FLOW_CHAIN_H

#include <stdio.h>

#include "check/flow_graph.h"

/* The value of one layer or input read by another layer. */
typedef struct Reading {
    StageId from;
    LayerId to;
    uint32_t skip;  /* index into skips plus one */
    uint32_t depth; /* layers on the longest way to `from` */
    bool is_cut, in_chain;
} Reading;

/* A name of the chain, and how the one before reaches it. */
typedef struct Link {
    const char *name;
    LayerId layer; /* 0: an input */
    bool is_cut;
} Link;

typedef struct Chain {
    const FlowGraph *f;
    VEC(Reading) readings;
    VEC(Link) links; /* from an input to the output */
} Chain;

Chain *flow_chain(const FlowGraph *f);
bool chain_has_cut(const Chain *c);
/* Place of a value in the chain, -1 if it stands aside. */
int chain_find(const Chain *c, const char *name);

/* flow_boxes.c: false = wider than that many columns; nothing is printed. */
bool flow_print_boxes(FILE *out, const Chain *c, const Flow *flow, const FlowLook *look);

#endif
