/* action.h: train, explore, scan, distill: fields with their values, checked against the model and the data. */
#ifndef RQ_CHECK_ACTION_H
#define RQ_CHECK_ACTION_H

#include "check/value.h"

/* Builds a model; args may be NULL. Equal requests give the same instance. NULL after a report. */
ModelInst *model_named(Check *k, Entry *entry, const ArgList *args, Span at);
void build_actions(Check *k);

#endif
