/* path.h: parameter groups by path: freeze and tie. */
#ifndef RQ_CHECK_PATH_H
#define RQ_CHECK_PATH_H

#include "check/model.h"

/* "q1.measure.h" of an expression made of names, members and indices; NULL if it is something else.
 */
const char *path_of(Check *k, const Expr *x);
/* Is it `prefix` itself, or a part of it? */
bool path_is_under(const char *path, const char *prefix);
/* Applies all `freeze` and `tie` statements of a body. */
void freeze_and_tie(Env *e, const StmtList *body);
/* Freezes what each item names: a layer or a path. */
void freeze_list(Env *e, const ExprList *list);

#endif
