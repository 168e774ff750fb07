/* callee.h: calls in actions and data sets, such as adam(rate: 0.01), as compile-time values. */
#ifndef RQ_CHECK_CALLEE_H
#define RQ_CHECK_CALLEE_H

#include "check/value.h"

typedef enum CalleeGroup {
    GROUP_loss,
    GROUP_optimizer,
    GROUP_schedule,
    GROUP_start,
    GROUP_source
} CalleeGroup;

/* The call x (or bare name) with all arguments, defaults included; absent optional ones are left
 * out. NULL after a report. */
ConstValue *eval_callee(Env *e, const Expr *x, CalleeGroup group);
/* The same of a data set declared under this name (0: none), with what --set says of its arguments. */
ConstValue *eval_source(Env *e, const Expr *x, Name owner);
/* Names of the arguments of a data source; none if there is no such source. */
void source_words(Check *k, const Expr *x, WordList *words);
/* NULL if absent. */
const ConstValue *callee_argument(const ConstValue *call, const char *name);
/* The argument as a whole number, or `absent`. */
int64_t callee_int(const ConstValue *call, const char *name, int64_t absent);

/* A value of a type of fields.def or callees.def that is no call. NULL after a report. */
ConstValue *eval_typed(Env *e, const Expr *x, const char *type, const char *what);
/* Parses text as an expression, under a file name for messages. */
const Expr *parse_text(Check *k, const char *file, const char *text);
ConstValue *const_word(Check *k, const char *word, Span at);

#endif
