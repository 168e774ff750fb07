/* native.h: a native program's table, written by `rq build`, and the program around it.
 *
 * The table is C data over the structs of the other headers: actions, their models and compiled functions. Nothing in it is made at
 * run time.
 */
#ifndef RQ_NATIVE_NATIVE_H
#define RQ_NATIVE_NATIVE_H

#include "distill/distill.h"
#include "explore/explore.h"
#include "report/verbs.h"
#include "scan/scan.h"

/* A compiled function of a model. */
typedef struct rq_native_function {
    int32_t kind;       /* rq_function_kind */
    const char *layer;  /* RQ_FUNCTION_layer: its layer, "" for the output */
    const rq_function *f;
} rq_native_function;

/* What rq_model.context points to. */
typedef struct rq_native_functions {
    const rq_native_function *at;
    int32_t count;
} rq_native_functions;

/* An argument that --set may give, of an optimizer, a schedule or a data source; a row of callees.def. */
typedef struct rq_native_argument {
    const char *group, *callee, *name, *type;
    double value;      /* its default, 0 without one */
    int32_t is_needed;
} rq_native_argument;

/* An action and what `flow` says of its model. Actions of the same model have the same number. */
typedef struct rq_native_action {
    rq_action action;
    int32_t flow;
} rq_native_action;

typedef struct rq_native_flow {
    const char *text, *json;
} rq_native_flow;

/* A variant: its row, and the number of its action; -1 with a reason. */
typedef struct rq_native_variant {
    rq_variant row;
    int32_t action;
} rq_native_variant;

/* An exploration without variants, data and versions, which are made of the list. */
typedef struct rq_native_exploration {
    rq_exploration x;
    const rq_native_variant *variants;
    int32_t variant_count;
} rq_native_exploration;

/* A distillation without model, data and versions, which are those of the action of this number. */
typedef struct rq_native_distillation {
    rq_distillation d;
    int32_t action;
} rq_native_distillation;

/* A scan without versions; its points have no model and no data, which are those of action `first` and the following ones. */
typedef struct rq_native_scan {
    rq_scan s;
    int32_t first;
} rq_native_scan;

typedef struct rq_native_program {
    const char *build;    /* the command that made it, without --cpu and -o: "rq build model.rq --set classes=3" */
    const char *cpu_option; /* " --cpu x86-64-v3", or "" */
    const char *output;   /* its -o */
    const char *features; /* of cpu_features.def, separated by blanks */
    const rq_native_action *actions; /* action_count of the file, then those of variants */
    const rq_native_exploration *explorations;
    const rq_native_distillation *distillations;
    const rq_native_scan *scans;
    const rq_native_flow *flows;
    const char *const *names; /* all that --set of `rq build` takes: "classes", "Small.depth", "quick.epochs" */
    const char *const *data; /* names of the data sets among their owners */
    const rq_native_argument *arguments;
    int32_t action_count, exploration_count, distillation_count, scan_count, flow_count, name_count, data_count, argument_count;
} rq_native_program;

/* rq_model.function of a native program. */
const rq_function *rq_native_find(const rq_model *m, rq_function_kind kind, const char *layer, rq_error *err);

/* The program: its arguments to its exit code. */
int rq_native_main(const rq_native_program *p, int argc, char **argv);

/* cpu.c: false if this CPU lacks one of the features, which are then named. */
bool rq_native_cpu_ok(const char *features, rq_error *err);

/* set.c: an action with --set and --seed applied; what it points to lives until rq_native_set_free. */
typedef struct rq_native_set {
    rq_action action;
    char *settings_text;
} rq_native_set;
bool rq_native_set_new(const rq_native_program *p, const rq_action *a, const char *const *sets, int count, const uint64_t *seed,
                       rq_native_set *out, rq_error *err);
void rq_native_set_free(rq_native_set *s);
/* Words that a setting is compiled in, with the command that builds a program with it. Always false. */
bool rq_native_set_refuse(const rq_native_program *p, const char *set, rq_error *err);

#endif
