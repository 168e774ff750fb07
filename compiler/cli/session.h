/* session.h: what the verbs that read a .rq file share: loading it, choosing an action, opening its data, compiling its model. */
#ifndef RQ_CLI_SESSION_H
#define RQ_CLI_SESSION_H

#include "cli/cli.h"
#include "compile.h"
#include "model_code.h"
#include "report/verbs.h"

/* The options with a run directory in place of FILE resolved: `file` is its model.rq, `run` the directory, and the action, --set and
 * precision that it was made with hold unless others are given. */
Options session_options(Compiler *c, const Options *given);
/* Reads, checks and applies --set. NULL: errors are reported; *exit_code is EXIT_source, or EXIT_usage for a --set that fits
 * nothing. */
Program *session_program(Compiler *c, const Options *o, int *exit_code);

/* The action named by --action; without it the file's only train action. NULL: fatal() says what there is. */
const ActionInst *session_action(Compiler *c, const Options *o, const Program *p);

/* The action of this kind that --action names, or the file's only one; else fatal(). */
const ActionInst *session_action_of(Compiler *c, const Options *o, const Program *p, ActionKind kind);

/* A field of an action by name; NULL if it has none. */
const ConstValue *action_field(const ActionInst *a, const char *name);
double action_number(const ActionInst *a, const char *name, double absent);
const ConstValue *call_argument(const ConstValue *call, const char *name);

/* A data set as the run time wants it, on c->keep. */
rq_data_spec session_data_spec(Compiler *c, const DataInst *data);
/* The same opened; fatal() if the files are missing or damaged. */
rq_data session_data(Compiler *c, const Options *o, const DataInst *data);
/* That of an action, with the test samples that it names. */
rq_data session_action_data(Compiler *c, const Options *o, const ActionInst *a);
/* Settings of a train action, with --seed applied. What cannot be executed is reported. */
rq_train_settings session_settings(Compiler *c, const Options *o, const ActionInst *a);
/* The call of an optimizer, and the action's `schedule`, as the run time wants them. */
rq_optimizer session_optimizer(const ConstValue *call);
rq_schedule session_schedule(const ActionInst *a);
/* --engine, else the action's (NULL: none). */
Engine session_engine(const Options *o, const ActionInst *a);
int session_real_bytes(const Options *o, const ActionInst *a);
/* How the action's model is compiled; fatal() if --cpu or --engine names none. a may be NULL. */
/* Its samples and targets are |0..0>. */
bool session_ground(const ActionInst *a);
ModelCodeOptions session_code_options(const Options *o, const ActionInst *a, bool detached);
/* Compiles the action's model (nothing is compiled before a function is asked for). Reports what cannot be executed. */
ModelCode *session_code(Compiler *c, const Options *o, const ActionInst *a, const ModelInst *model, const Flow *flow, bool detached);

/* An action as the run time executes it, and what is to be dropped after it. */
typedef struct ActionCode {
    ModelCode *code, *exact;
} ActionCode;
/* All of the action but its compiled models. */
rq_action session_fields(Compiler *c, const Options *o, const ActionInst *a);
/* The exact twin is there with --compare only. */
rq_action session_table(Compiler *c, const Options *o, const ActionInst *a, const Flow *flow, ActionCode *code);
void action_code_drop(ActionCode *code);
rq_verb_options session_verb_options(const Options *o);

/* EXIT_answer_no if a verdict of --deny occurs, naming the layers; else EXIT_done. */
int session_deny(Compiler *c, const Options *o, const Flow *flow);

/* settings.c: the action's resolved fields as JSON text, with --resume those of the run; on c->keep. */
const char *settings_json(Compiler *c, const Options *o, const ActionInst *a);
/* Takes action, set, seed and precision of a run from its settings.json where o has none. */
void settings_restore(Compiler *c, const char *path, Options *o);

/* Runs an exploration, or with --dry-run says what it would run. */
int explore_action(Compiler *c, const Options *o, const Program *p, const ActionInst *a);
/* Distils a data set. */
int distill_action(Compiler *c, const Options *o, const ActionInst *a);
struct rq_export;
/* Reports what the exploration in the directory o->run left. */
int explore_report(Compiler *c, const Options *o, const Program *p, const ActionInst *a, const struct rq_export *e);
/* Runs a scan, or with --dry-run says what it would run. */
int scan_action(Compiler *c, const Options *o, const ActionInst *a);
/* Trains one action and shows it: the verb `train`, and `run` for each train action. */
int train_action(Compiler *c, const Options *o, const ActionInst *a);

#endif
