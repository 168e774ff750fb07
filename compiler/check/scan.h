/* scan.h: a scan action -> its points: one choice of everything that it varies, each with its model, data and loss.
 *
 * The file is checked again for every point, with its names bound to the point's values, so that sizes, data and derived constants
 * follow. The first `over` whose values are all numbers is the axis along which fits are made; the other choices make the curves.
 */
#ifndef RQ_CHECK_SCAN_H
#define RQ_CHECK_SCAN_H

#include "check/check.h"

typedef struct ScanPoint {
    const char *label;        /* "n=3, cost=global"; "" if nothing is varied */
    const char *curve;        /* the same without the axis */
    const char *const *value; /* of each ScanPlan.name */
    double axis;              /* NAN without one */
    const ActionInst *scan;   /* model, data, loss, wrt, samples, ... at this point */
} ScanPoint;

typedef struct ScanPlan {
    const char *axis; /* "n"; "" = nothing that is varied is a number */
    VEC(const char *) name;
    VEC(ScanPoint) points;
} ScanPlan;

/* NULL = errors reported. */
ScanPlan *scan_plan(Compiler *c, const ActionInst *scan);

#endif
