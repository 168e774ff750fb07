/* dense_simulator.h: quantum circuits by full matrices, the slow and obvious twin of everything
 * that applies gates. Up to 9 qubits. Written without looking at the compiler's tables: it shares
 * only the conventions (qubit 0 is the most significant bit).
 */
#ifndef RQ_TESTS_DENSE_SIMULATOR_H
#define RQ_TESTS_DENSE_SIMULATOR_H

#include <complex.h>
#include <stdbool.h>

enum { DENSE_MAX = 512 };

typedef struct DenseGate {
    const char *name; /* "rx", "swap", ...; NULL: `matrix` */
    double t;
    const double complex *matrix; /* 2^targets square, row by row */
    int target_count, control_count;
    int target[4], control[8];
    bool control_value[8];
    bool dagger;
} DenseGate;

/* psi <- gate psi, n qubits. Returns false if the name is not known. */
bool dense_apply(int n, double complex *psi, const DenseGate *gate);
/* The matrix of a named gate, 2^targets square. Returns the number of targets, -1 if not known;
 * gphase has 0. */
int dense_matrix(const char *name, double t, double complex *m);
/* P[row, col] of a product of Paulis. */
double complex dense_pauli_entry(int n, const char *paulis, int row, int col);
/* <psi| P |psi> for a text of n letters of I, X, Y, Z, qubit 0 first. */
double complex dense_expectation(int n, const double complex *psi, const char *paulis);

#endif
