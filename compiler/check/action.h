/* action.h: train, explore, scan, distill: fields with their values, checked against the model and
 * the data. */
#ifndef RQ_CHECK_ACTION_H
#define RQ_CHECK_ACTION_H

#include "check/callee.h"
#include "check/model.h"

enum { MOST_FIELDS = 32 };

/* An action under construction. */
typedef struct ActionBuild {
    Check *k;
    Env env; /* the file's scope, with the names that a scan sweeps */
    const Decl *decl;
    ActionInst *inst;
    const Expr *raw[MOST_FIELDS]; /* what was written or set for each row of the action, in the
                                     order of fields.def */
    const Field *first[MOST_FIELDS];
    const Field *init_from;
} ActionBuild;

/* Builds all actions of the file. */
void build_actions(Check *k);
/* The instance of a model without arguments, built once. NULL after a report. */
ModelInst *model_plain(Check *k, Entry *entry);
/* The model that x names or calls, with changes. NULL after a report. */
ModelInst *model_for(ActionBuild *a, const Expr *x, ModelChange change, const ExprList *freeze);
/* The declaration that x names or calls; NULL after a report. */
Entry *named_entry(Check *k, const Expr *x, DeclKind kind, const char *what);

/* field.c: fields by the rows of fields.def. */
bool read_fields(ActionBuild *a);
const Expr *raw_field(const ActionBuild *a, const char *name);
const ConstValue *field_value(const ActionInst *a, const char *name);
void set_field(ActionBuild *a, const char *name, ConstValue *value);
bool is_field(ActionKind kind, const char *name);
void field_words(Check *k, ActionKind kind, WordList *words);
/* The expressions of a field that lists paths. */
ExprList field_paths(const ActionBuild *a, const char *name);

/* loss.c: what the loss, the model and the data have to say to each other. */
bool check_loss(ActionBuild *a);
bool read_loss(ActionBuild *a, const char *field);

/* range.c: warns of encodings that repeat within the range of their values. */
void warn_ranges(ActionBuild *a);

/* sweep.c: over, placement, where, require, expect. */
bool check_explore(ActionBuild *a);
/* False after a report. entry: the model's declaration. */
bool check_sweeps(ActionBuild *a, Entry *entry, const ModelInst *model);
/* Binds the names that a scan or exploration sweeps to their first values. */
bool bind_sweeps(ActionBuild *a);
/* The value of a swept name at the point of a scan that is checked; NULL: none is given. */
const char *swept_value(const Check *k, const char *name);
/* scan.c */
bool check_scan(ActionBuild *a);
/* Checks an expression made of parameter paths against a model. */
bool check_path(Check *k, const ModelInst *m, const Expr *x);

#endif
