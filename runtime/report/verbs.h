/* verbs.h: train, eval and predict of one action, the same for the JIT and for native programs.
 *
 * Data and results go to standard output, progress to standard error. Nothing here ends the program.
 */
#ifndef RQ_REPORT_VERBS_H
#define RQ_REPORT_VERBS_H

#include "program/action.h"

/* The values are exit codes. */
typedef enum rq_outcome {
    RQ_OUTCOME_done = 0,
    RQ_OUTCOME_failed = 2,      /* worded in the error */
    RQ_OUTCOME_interrupted = 3, /* a checkpoint is saved */
    RQ_OUTCOME_no = 4,          /* it ran and its answer is no, or --deny refused it */
} rq_outcome;

/* Options of all verbs; what a verb does not take is zero. */
typedef struct rq_verb_options {
    int threads;      /* 0: the cores of the process's affinity mask */
    const char *data; /* where data sets are looked for first, or NULL */
    const char *out;  /* run directory to make, NULL: runs/NAME-NNN */
    const char *init; /* parameters by path, or NULL */
    const char *deny; /* gradient verdicts that are refused: "none,partial", or NULL */
    const char *run;  /* eval, predict: the run directory whose parameters are wanted without init; resume: the one to go on in */
    const char *input, *index, *split, *output, *layer; /* predict; see rq_action_predict */
    bool json, quiet, compare, resume;
    bool keeps_copies; /* of packed data files, see rq_data_spec */
} rq_verb_options;

/* The number of threads that the options mean. */
int rq_verb_threads(const rq_verb_options *o);

/* From the data to a run directory. */
rq_outcome rq_action_train(const rq_action *a, const rq_verb_options *o, rq_error *err);
/* Loss and accuracy on each split. */
rq_outcome rq_action_eval(const rq_action *a, const rq_verb_options *o, rq_error *err);
/* predict.c: the output, or with o->layer that layer's value, for the samples of a file (o->input: PNG, npy) or for some of the data set
 * (o->index "17" or "0..10", of o->split, without it of the test split), to a file, as a table or as JSON. */
rq_outcome rq_action_predict(const rq_action *a, const rq_verb_options *o, rq_error *err);

/* What eval and predict begin with: the parameters of --init, else of the run directory's best or last checkpoint; the action's data. */
bool rq_verb_params(const rq_action *a, const rq_verb_options *o, rq_params *out, rq_error *err);
bool rq_verb_data(const rq_action *a, const rq_verb_options *o, rq_data *out, rq_error *err);

/* methods.c: conventions and resolved fields in words; versions of all that took part, a line each. Taken from rq_alloc; NULL:
 * failed, worded. */
char *rq_methods_text(const rq_action *a, const rq_data *data, rq_error *err);
char *rq_versions_text(const rq_action *a, int threads, rq_error *err);

#endif
