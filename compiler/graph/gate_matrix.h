/* gate_matrix.h: the rows of gates.def as numbers: U(t) = A + B cos(f t) + C sin(f t), G the
 * generator. */
#ifndef RQ_GRAPH_GATE_MATRIX_H
#define RQ_GRAPH_GATE_MATRIX_H

#include <complex.h>

#include "check/inst.h"

typedef struct GateMatrix {
    const char *name;
    int qubits, params;
    int dim; /* 2^qubits */
    double frequency;
    double complex g[16], a[16], b[16], c[16]; /* dim * dim entries, row by row */
} GateMatrix;

/* NULL for what is not a row: GATE_none, GATE_unitary and the channels. */
const GateMatrix *gate_matrix(GateId gate);
/* The matrix for one argument (ignored by gates without). */
void gate_matrix_at(const GateMatrix *m, double t, double complex *entries);

#endif
