/* flow_text.h: static flow as JSON, and with its picture for the terminal. */
#ifndef RQ_CLI_FLOW_TEXT_H
#define RQ_CLI_FLOW_TEXT_H

#include <stdio.h>

#include "check/variant.h"
#include "program/model.h"

/* One object on one line; docs/flow.schema.json. */
void flow_print_json(FILE *out, Compiler *c, const Flow *flow);
/* The same for a variant of an exploration; `reason` and no layers if it does not fit. */
void variant_print_json(FILE *out, Compiler *c, const Variant *v);
/* placements.c: variants x layers of verdicts, and for how many all quanvolutional layers receive a gradient; with_params: how many
 * numbers each variant trains. */
void variants_print(FILE *out, const VariantList *variants, bool with_params);

/* flow_dot.c: the model as a graph for Graphviz. */
void flow_print_dot(FILE *out, const rq_model *m);

#endif
