/* explore.h: an explore action as the run time wants it, for `rq explore` and `rq build`. */
#ifndef RQ_CLI_EXPLORE_H
#define RQ_CLI_EXPLORE_H

#include "check/variant.h"
#include "cli/session.h"
#include "explore/explore.h"

/* The variants that `limit` leaves, and what the budget makes of them. NULL: errors are reported. */
VariantList *explore_variants(Compiler *c, const Options *o, const Program *p, const ActionInst *explore, rq_halving *plan);
/* explore_plan.c: what would run. */
void explore_plan_print(Compiler *c, const Options *o, const ActionInst *explore, const VariantList *variants, const rq_halving *plan);
/* Everything but variants, data and versions. */
rq_exploration explore_fields(Compiler *c, const Options *o, const Program *p, const ActionInst *explore);
/* A variant without its action. */
rq_variant explore_row(const VariantList *variants, uint32_t i);
/* The train action with the variant's model. */
ActionInst *explore_trial(Compiler *c, const Variant *v);

#endif
