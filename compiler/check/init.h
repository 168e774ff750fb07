/* init.h: initialisers: the distributions that first values of parameters are drawn from. */
#ifndef RQ_CHECK_INIT_H
#define RQ_CHECK_INIT_H

#include "check/value.h"

/* Sets init, a and b of g, whose axes are known, from `uniform(0, 1)`, `xavier_normal`, ... False after a report. */
bool read_init(Env *e, const Expr *x, GroupInst *g);

#endif
