/* action.h: a train action with every field resolved: what the JIT's verbs and a native program's verbs execute alike.
 *
 * Under the JIT it is filled from a checked action; a native program carries it as data.
 */
#ifndef RQ_PROGRAM_ACTION_H
#define RQ_PROGRAM_ACTION_H

#include "data/data.h"
#include "train/train.h"

/* Borrows all it points to. */
typedef struct rq_action {
    const char *name;
    const char *file;             /* the .rq file as named by the user */
    const char *source;           /* its text */
    rq_train_settings settings;   /* without what comes with a verb's options or a run: threads, compare, stop, stop_after, resume */
    const char *settings_text;    /* all fields as JSON text */
    rq_data_spec data;            /* without dir */
    rq_data_spec test;            /* the set whose test samples are taken instead; its source is NULL if there is none */
    const char *init_run;         /* `init from`: run directory or file; NULL: none */
    const rq_rename *init_rules;
    int init_rule_count;
    const rq_model *model;
    const rq_model *exact;        /* the same model with exact gradients; NULL if there is none */
    const char *llvm, *cpu;       /* the version that compiled it, the processor it is for */
} rq_action;

#endif
