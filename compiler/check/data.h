/* data.h: data sets: their source, and what a sample is. */
#ifndef RQ_CHECK_DATA_H
#define RQ_CHECK_DATA_H

#include "check/callee.h"

/* The data set that x names or calls. NULL after a report. */
const DataInst *eval_data(Env *e, const Expr *x);
/* Checks a declared data set that nothing may use. */
void check_data(Check *k, Entry *entry);

#endif
