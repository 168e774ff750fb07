/* dense_density.h: density matrices by full matrices: the slow and obvious twin of registers, channels and dissipative layers.
 * rho has 2^n x 2^n entries, row by row; qubit 0 is the most significant bit.
 */
#ifndef RQ_TESTS_DENSE_DENSITY_H
#define RQ_TESTS_DENSE_DENSITY_H

#include "reference/dense_simulator.h"

/* |psi><psi| */
void density_of(int n, const double complex *psi, double complex *rho);
/* rho <- U rho U^dagger */
void density_gate(int n, double complex *rho, const DenseGate *gate);
/* rho <- sum K rho K^dagger by Kraus operators: "depolarize", "amplitude_damp", "phase_damp", "bit_flip", "reset". */
void density_channel(int n, double complex *rho, const char *name, double p, int qubit);
/* out <- rho (x) |0..0><0..0| of `more` qubits behind it. */
void density_extend(int n, const double complex *rho, int more, double complex *out);
/* out <- rho with its first `count` qubits traced out. */
void density_trace_first(int n, const double complex *rho, int count, double complex *out);
/* tr(P rho) for a text of n letters. */
double complex density_expectation(int n, const double complex *rho, const char *paulis);
/* <psi|rho|psi> */
double density_fidelity(int n, const double complex *rho, const double complex *psi);

#endif
