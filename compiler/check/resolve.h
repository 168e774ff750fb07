/* resolve.h: names in declarations that nothing uses, and that are therefore never expanded. */
#ifndef RQ_CHECK_RESOLVE_H
#define RQ_CHECK_RESOLVE_H

#include "check/scope.h"

/* Reports unknown names in every circuit, encoding, observable, block and model of the file that
 * was not expanded. */
void resolve_unused(Check *k);

#endif
