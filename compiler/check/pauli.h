/* pauli.h: sums of Pauli products with scalar coefficients, as observables write them. */
#ifndef RQ_CHECK_PAULI_H
#define RQ_CHECK_PAULI_H

#include "check/circuit.h"

/* x(q[i]), y(q[i]), z(q[i]); of several qubits, x(q): the product of each one's. */
Val pauli_call(Env *e, const Expr *x);
/* Sums, differences, products and quotients in which at least one side is an operator. */
Val pauli_binary(Env *e, BinaryOp op, Val a, Val b, Span at);
/* A number as a multiple of the identity. */
const Pauli *pauli_scalar(Env *e, const Sx *s);

#endif
