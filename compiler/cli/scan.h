/* scan.h: a scan action as the run time wants it, for `rq scan` and `rq build`. */
#ifndef RQ_CLI_SCAN_H
#define RQ_CLI_SCAN_H

#include "check/scan.h"
#include "cli/session.h"
#include "scan/scan.h"

/* Everything but points and versions. */
rq_scan scan_fields(Compiler *c, const Options *o, const ActionInst *a, const ScanPlan *plan);
/* A point without its model, and how that is compiled. */
rq_scan_point scan_point(Compiler *c, const ScanPoint *p);
ModelCodeOptions scan_code_options(const Options *o, const ScanPoint *p);

#endif
