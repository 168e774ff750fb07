/* pauli.h: sums of Pauli products with scalar coefficients, as observables write them. */
#ifndef RQ_CHECK_PAULI_H
#define RQ_CHECK_PAULI_H

#include "check/circuit.h"

/* x(q[i]), y(q[i]), z(q[i]); of several qubits, x(q): the product of each one's. */
Val pauli_call(Env *e, const Expr *x);
/* Sums, differences, products and quotients in which at least one side is an operator. */
Val pauli_binary(Env *e, BinaryOp op, Val a, Val b, Span at);
/* pauli(d, q): 1, x(q), y(q) or z(q) for d = 0 .. 3. */
Val pauli_by_number(Env *e, const Expr *x);
/* unit(r, c, q): |r><c| on these qubits, the first one the most significant bit. */
Val pauli_unit(Env *e, const Expr *x);
/* A sum of its own, and v added to it in place. False: v is neither an operator nor a number. */
Pauli *pauli_copy(Env *e, const Pauli *p);
bool pauli_add_to(Env *e, Pauli *sum, Val v);
/* A number as a multiple of the identity. */
const Pauli *pauli_scalar(Env *e, const Sx *s);

#endif
