/* unit.h: circuits, encodings, observables and blocks as values, and the binding of their formals.
 */
#ifndef RQ_CHECK_UNIT_H
#define RQ_CHECK_UNIT_H

#include "check/value.h"

/* A declaration named without parentheses; missing arguments are found where it is used. */
Val unit_plain(Env *e, Entry *entry, Span at);
/* The same with arguments; data arguments stay open. `args` may be NULL. */
Val unit_call(Env *e, Entry *entry, const ArgList *args, Span at);
/* The built-in encoding amplitude(zero: error | ground). */
Val unit_amplitude(Env *e, const ArgList *args, Span at);
/* Evaluates an argument that has to be a unit of this kind. NULL after a report. */
const UnitRef *eval_unit(Env *e, const Expr *x, DeclKind kind, const char *what);

/* Binds the formals of `entry` in `into`, a fresh environment of its scope. `args` are evaluated in
 * e. With `with_data` the data arguments are among them, and are bound as arrays without a look at
 * their sizes; otherwise they are left out. */
bool bind_formals(Env *e, Entry *entry, const ArgList *args, Span at, bool with_data, Env *into);
/* Binds what unit_call has evaluated; data arguments are left out. */
bool bind_unit(Env *e, const UnitRef *unit, Env *into);

/* "circuit 'ansatz'": for messages. */
const char *unit_title(Check *k, const Decl *d);

/* Calls and indexing, for eval. */
Val eval_call(Env *e, const Expr *x);
Val eval_index(Env *e, const Expr *x);

/* Any scalar or array as an array of rank 1 (scalars: rank 0). False after a report. */
bool val_to_array(Env *e, Val v, Span at, const char *what, Array *result);
int64_t array_count(const Array *a);
const Sx *array_item(Check *k, const Array *a, int64_t i);

#endif
