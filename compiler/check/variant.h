/* variant.h: an explore action -> its variants, each with its model and static flow.
 *
 * A variant is one choice from each `over`, in the order in which they are written; `over skips` and
 * `placement` blocks are alternatives of one choice. What sets constants, formals or the model checks the
 * file again with those settings, so that data and derived constants follow. A variant that does not
 * fit has a reason instead of a model.
 */
#ifndef RQ_CHECK_VARIANT_H
#define RQ_CHECK_VARIANT_H

#include "check/flow.h"

typedef struct Variant {
    const char *placement; /* "q1 -> q2, x -> q2", "x + q1", a block's title, "none", "as declared" */
    const char *settings;  /* "depth1=2, freeze q1"; "" = none */
    const char *label;     /* all choices, for tables and events: "x + q1, detached" */
    bool detached;
    const ActionInst *train; /* with this variant's settings; NULL if they do not fit */
    const ModelInst *model;  /* NULL: see reason */
    Flow *flow;
    const char *reason; /* why it does not fit; NULL if it does */
    uint32_t point;      /* its number among all choices, those left out included */
    uint32_t base_point; /* the same choices without freeze and ablation; `point` itself if it has none */
} Variant;

typedef struct VariantList {
    VEC(Variant) list;
} VariantList;

enum { MOST_VARIANTS = 4096 };

/* All variants that `where` admits. NULL = errors reported (equal variants, too many of them). */
VariantList *variants_of(Compiler *c, const Program *p, const ActionInst *explore);
/* Has it a quanvolutional layer? One that does not fit may have been meant to. */
bool variant_has_quanv(const Variant *v);
/* Does every quanvolutional layer with parameters receive a gradient? */
bool variant_reaches_all(const Variant *v);

#endif
