/* gradcheck.h: the same gradients by four ways that share little: reverse mode, forward mode,
 * parameter shift, central differences.
 *
 * In double precision by eval. Elements of a parameter are directions: for a unitary matrix V they
 * are dV = H V with the basis H of skew-Hermitian matrices, for complex inputs the real and
 * imaginary parts.
 */
#ifndef RQ_GRAPH_GRADCHECK_H
#define RQ_GRAPH_GRADCHECK_H

#include "check/flow.h"
#include "graph/lower.h"

typedef enum GradMethod {
    GRAD_reverse,
    GRAD_forward,
    GRAD_shift,
    GRAD_difference,
    GRAD_METHODS
} GradMethod;
const char *grad_method_text(GradMethod m);

typedef struct GradRow {
    const char *name; /* parameter path, or input */
    GroupId group;    /* 0: an input */
    Type type;
    int64_t count, tested; /* directions */
    bool has[GRAD_METHODS];
    double error[GRAD_METHODS][GRAD_METHODS]; /* [a][b], a < b: max|a-b| / max(max|a|, 1e-8) */
    int64_t kinks;    /* elements without difference: a kink lies within the step */
    const char *kink; /* the first one: "max at f.rq:4:7" */
    const char *cut; /* a declared cut on the way to the loss: differences do not see it, so they do
                        not count */
    bool ok; /* all errors within the tolerance; those of differences but for the rounding of the
                losses */
    const double *gradient; /* by reverse mode: of the mean loss, all elements; inputs: samples x
                               elements; complex: trailing 2 */
} GradRow;

typedef struct Gradcheck {
    double loss;
    VEC(GradRow) rows; /* groups that have values of their own, then inputs */
    bool ok;
} Gradcheck;

typedef struct GradcheckInput {
    const ModelInst *model;
    const Flow *flow; /* of the model, for declared cuts */
    LossKind loss;
    Engine engine;
    int64_t samples;
    const Binding
        *bindings; /* every group by path (unitary: [d][d][2]), every input by name, "target" */
    size_t binding_count;
    uint64_t seed; /* which elements are drawn */
    int64_t
        elements; /* most of them per row; 0: nothing is compared, only the gradients are wanted */
    double tolerance;
} GradcheckInput;

/* Lives in c->keep. NULL: the model cannot be executed (reported). */
Gradcheck *gradcheck(Compiler *c, const GradcheckInput *in);
void gradcheck_print(FILE *out, const Gradcheck *r);

/* Why differences do not count for this group (none: for that input): a declared cut on its way to the loss; NULL: they do. */
const char *gradcheck_cut(const GradcheckInput *in, GroupId group, uint32_t input);

#endif
