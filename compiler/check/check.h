/* check.h: AST -> instances. */
#ifndef RQ_CHECK_CHECK_H
#define RQ_CHECK_CHECK_H

#include "check/inst.h"

/* `--set key=value`, in order. */
typedef struct Setting {
    const char *key, *value;
} Setting;

/* Options that change what is instantiated: --set, and for tests and flow a forced gradient mode.
 */
typedef struct CheckOptions {
    const Setting *settings;
    size_t setting_count;
    bool *setting_failed; /* set when an error is that a setting fits nothing: a mistake of usage,
                             not of the source */
    bool only_train;      /* no other actions are built: a variant sets what explore sweeps */
    const char *only_scan; /* no other action is built; NULL: all are */
    const Setting *swept;  /* names that it sweeps, with the values of one point */
    size_t swept_count;
} CheckOptions;

/* Checks a parsed file against the standard library and instantiates its models and actions. NULL =
 * errors reported (some may have been reported by parse already). Reads `use`d files beside the
 * source. */
Program *check(Compiler *c, const Ast *ast, const CheckOptions *options);

/* A data set from the text of its source alone, as after `data NAME =`: "mnist" or "glyphs(size: 16)". NULL
 * = errors reported. */
const DataInst *check_source(Compiler *c, const char *text);

/* Where the skips of a variant go, and what a layer reads (variant.h). */
typedef struct EdgeChoice {
    const Expr *edge; /* a -> b: in this variant only if chosen, declared in the model or not */
    bool chosen;
} EdgeChoice;
typedef struct Placement {
    VEC(EdgeChoice) edges;
    bool replaces_all;     /* no skip of the model stays */
    const StmtList *skips; /* further skips; may be NULL */
    Name into;             /* with sum: the layer whose source it replaces */
    Expr *sum;
} Placement;

/* What `over ablate:` does to a layer besides freezing it (ablate.h). */
typedef enum AblationKind { ABLATION_none, ABLATION_no_entanglement, ABLATION_constant } AblationKind;
typedef struct Ablation {
    AblationKind kind;
    const Expr *layer; /* its name */
} Ablation;

/* A changed copy of a model, for flow's verified fixes and for actions: */
typedef struct ModelChange {
    bool detach_all;  /* gradient: detached on every quanvolutional layer */
    bool detach_none; /* gradient: exact everywhere: no detach stages made by `gradient:` (detach(e)
                         stays) */
    LayerId skip_from; /* with skip_to: one further skip; 0 = first input */
    LayerId skip_to;   /* 0 = no further skip */
    bool has_skip;
    const Placement *placement; /* NULL: as declared */
    ExprList freeze;            /* besides the action's */
    const Ablation *ablation;   /* NULL: none */
    bool mean_skips; /* a layer's value is the mean of its own output and the skips into it, not their sum */
} ModelChange;
/* The same model declaration and arguments, with the change. NULL if it does not fit (shapes),
 * silently. */
ModelInst *model_changed(Compiler *c, const ModelInst *model, const ModelChange *change);
/* The same; *reason is what the first error would have said, on c->keep. */
ModelInst *model_tried(Compiler *c, const ModelInst *model, const ModelChange *change,
                       const char **reason);
/* Forgets what was reported since there were `diags` diagnostics, and gives the first error's text with its
 * place, or NULL. */
const char *errors_taken(Compiler *c, uint32_t diags);

/* Prints an instance for tests: one line per stage, group and gate. */
void model_print(FILE *out, const Compiler *c, const ModelInst *model);

#endif
