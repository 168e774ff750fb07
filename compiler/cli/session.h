/* session.h: what the verbs that read a .rq file share: loading it, choosing an action, opening its data, compiling its model. */
#ifndef RQ_CLI_SESSION_H
#define RQ_CLI_SESSION_H

#include "cli/cli.h"
#include "compile.h"
#include "report/report.h"

/* The options with a run directory in place of FILE resolved: `file` is its model.rq, `run` the directory, and the action, --set and
 * precision that it was made with hold unless others are given. */
Options session_options(Compiler *c, const Options *given);
/* Reads, checks and applies --set. NULL: errors are reported; *exit_code is EXIT_source, or EXIT_usage for a --set that fits
 * nothing. */
Program *session_program(Compiler *c, const Options *o, int *exit_code);

/* The action named by --action; without it the file's only train action. NULL: fatal() says what there is. */
const ActionInst *session_action(Compiler *c, const Options *o, const Program *p);

/* A field of an action by name; NULL if it has none. */
const ConstValue *action_field(const ActionInst *a, const char *name);
double action_number(const ActionInst *a, const char *name, double absent);
const ConstValue *call_argument(const ConstValue *call, const char *name);

/* A data set as the run time wants it; fatal() if the files are missing or damaged. */
rq_data session_data(const Options *o, const DataInst *data, uint64_t seed);
/* Settings of a train action, with --seed and --threads applied. `model` is only used for its loss's kind of target. */
rq_train_settings session_settings(Compiler *c, const Options *o, const ActionInst *a);
/* The number of threads: --threads, or the cores of the process's affinity mask. */
int session_threads(const Options *o);
int session_real_bytes(const Options *o, const ActionInst *a);
/* Compiles the action's model (nothing is compiled before a function is asked for). Reports what cannot be executed. */
ModelCode *session_code(Compiler *c, const Options *o, const ActionInst *a, const ModelInst *model, const Flow *flow, bool detached);

/* EXIT_answer_no if a verdict of --deny occurs, naming the layers; else EXIT_done. */
int session_deny(Compiler *c, const Options *o, const Flow *flow);

/* settings.c: the action's resolved fields as JSON text (with --resume those of the run); conventions and defaults in words; versions, a line each. On c->keep. */
/* Takes action, set, seed and precision of a run from its settings.json where o has none. */
void settings_restore(Compiler *c, const char *path, Options *o);
const char *settings_json(Compiler *c, const Options *o, const ActionInst *a);
const char *methods_text(Compiler *c, const Options *o, const ActionInst *a, const rq_data *data);
const char *versions_text(Compiler *c, const Options *o);

/* Trains one action and shows it: the verb `train`, and `run` for each train action. */
int train_action(Compiler *c, const Options *o, const ActionInst *a);

#endif
