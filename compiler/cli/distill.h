/* distill.h: a distill action as the run time wants it, for `rq distill` and `rq build`. */
#ifndef RQ_CLI_DISTILL_H
#define RQ_CLI_DISTILL_H

#include "cli/session.h"
#include "distill/distill.h"

/* Everything but model, data and versions. */
rq_distillation distill_fields(Compiler *c, const Options *o, const ActionInst *a);

#endif
