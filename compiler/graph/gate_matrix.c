/* gate_matrix.c: gates.def as a table of numbers. */
#include "graph/gate_matrix.h"

#include <math.h>

#define J _Complex_I
#define M0(...) {__VA_ARGS__}
#define M2(...) {__VA_ARGS__}
#define M4(...) {__VA_ARGS__}
#define GATE(name, qubits, params, class, freq, generator, a, b, c)                                \
    [GATE_##name] = {#name, qubits, params, 1 << (qubits), freq, generator, a, b, c},
static const GateMatrix matrices[] = {
#include "check/gates.def"
};
#undef GATE
#undef J

const GateMatrix *gate_matrix(GateId gate)
{
    if ((size_t)gate >= COUNT(matrices) || !matrices[gate].name) return NULL;
    return &matrices[gate];
}

void gate_matrix_at(const GateMatrix *m, double t, double complex *entries)
{
    double co = cos(m->frequency * t), si = sin(m->frequency * t);
    for (int i = 0; i < m->dim * m->dim; i++) {
        entries[i] = m->a[i];
        if (m->params) entries[i] += m->b[i] * co + m->c[i] * si;
    }
}
