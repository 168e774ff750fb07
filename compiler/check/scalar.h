/* scalar.h: building scalars of run time (Sx), folded where both sides are known. Nodes are on
 * c->keep and shared. */
#ifndef RQ_CHECK_SCALAR_H
#define RQ_CHECK_SCALAR_H

#include "check/scope.h"

const Sx *sx_number(Check *k, Rational value);
const Sx *sx_param(Check *k, GroupId group, uint32_t index);
const Sx *sx_data(Check *k, uint32_t index);
/* One or two operands; b = NULL for functions of one. Known operands give a constant. */
const Sx *sx_make(Check *k, SxKind kind, const Sx *a, const Sx *b);

static inline bool sx_is_number(const Sx *s) { return s->kind == SX_const; }
bool sx_is_zero(const Sx *s);
/* The same expression, not merely the same value. */
bool sx_equal(const Sx *a, const Sx *b);
/* The value of a function of the language for a known argument, exact where it can be. */
Rational number_function(SxKind kind, Rational a, Rational b);
/* True if every data argument in `s` lies under a step: the derivative with respect to data is 0.
 */
bool sx_is_flat_in_data(const Sx *s);
/* "theta[3] * 0.5": groups are named by their paths. */
void sx_print(FILE *out, const Compiler *c, const ModelInst *m, const Sx *s);

#endif
