/* live.h: the ranking on a terminal while runs finish. */
#ifndef RQ_EXPLORE_LIVE_H
#define RQ_EXPLORE_LIVE_H

#include "explore/explore.h"

typedef struct rq_live {
    FILE *out;
    bool on;      /* out is a terminal that can move its cursor */
    int lines;    /* drawn above the one of the cursor */
    double drawn; /* when */
} rq_live;

rq_live rq_live_new(FILE *out);
/* The ranking as it stands, over what was drawn before; at most ten times a second. Nothing unless `on`. */
void rq_live_draw(rq_live *l, const rq_ranking *r, double seconds_left);
/* Takes away what was drawn. */
void rq_live_clear(rq_live *l);

#endif
