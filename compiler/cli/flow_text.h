/* flow_text.h: static flow as JSON, and with its picture for the terminal. */
#ifndef RQ_CLI_FLOW_TEXT_H
#define RQ_CLI_FLOW_TEXT_H

#include <stdio.h>

#include "check/flow.h"

/* One object on one line; docs/flow.schema.json. */
void flow_print_json(FILE *out, Compiler *c, const Flow *flow);

#endif
