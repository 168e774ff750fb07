/* dense_density.c: density matrices as they are written in books. */
#include "reference/dense_density.h"

#include <math.h>
#include <string.h>

void density_of(int n, const double complex *psi, double complex *rho)
{
    int dim = 1 << n;
    for (int i = 0; i < dim; i++)
        for (int j = 0; j < dim; j++) rho[i * dim + j] = psi[i] * conj(psi[j]);
}

/* M rho M^dagger: M on every column, then on every row, which is conj(M) on what stands in it. */
static void sandwich(int n, const double complex *rho, const DenseGate *gate, double complex *out)
{
    int dim = 1 << n;
    double complex v[DENSE_MAX];
    for (int j = 0; j < dim; j++) {
        for (int i = 0; i < dim; i++) v[i] = rho[i * dim + j];
        dense_apply(n, v, gate);
        for (int i = 0; i < dim; i++) out[i * dim + j] = v[i];
    }
    for (int i = 0; i < dim; i++) {
        for (int j = 0; j < dim; j++) v[j] = conj(out[i * dim + j]);
        dense_apply(n, v, gate);
        for (int j = 0; j < dim; j++) out[i * dim + j] = conj(v[j]);
    }
}

void density_gate(int n, double complex *rho, const DenseGate *gate)
{
    double complex out[DENSE_MAX * DENSE_MAX / 16];
    sandwich(n, rho, gate, out);
    memcpy(rho, out, sizeof *out << 2 * n);
}

/* Kraus operators, row by row; returns how many. */
static int kraus(const char *name, double p, double complex k[4][4])
{
    double complex i = _Complex_I;
    double a = sqrt(1 - p), b = sqrt(p), d = sqrt(p / 3);
    memset(k, 0, 16 * sizeof k[0][0]);
    k[0][0] = k[0][3] = a;
    if (!strcmp(name, "depolarize")) {
        k[1][1] = k[1][2] = d, k[2][1] = -i * d, k[2][2] = i * d, k[3][0] = d, k[3][3] = -d;
        return 4;
    }
    if (!strcmp(name, "bit_flip")) k[1][1] = k[1][2] = b;
    if (!strcmp(name, "amplitude_damp")) k[0][0] = 1, k[1][1] = b;
    if (!strcmp(name, "phase_damp")) k[0][0] = 1, k[1][3] = b;
    if (!strcmp(name, "reset")) k[0][0] = 1, k[0][3] = 0, k[1][1] = 1;
    return 2;
}

void density_channel(int n, double complex *rho, const char *name, double p, int qubit)
{
    double complex k[4][4], part[DENSE_MAX * DENSE_MAX / 16], sum[DENSE_MAX * DENSE_MAX / 16] = {0};
    int count = kraus(name, p, k);
    for (int i = 0; i < count; i++) {
        sandwich(n, rho, &(DenseGate){.matrix = k[i], .target_count = 1, .target = {qubit}}, part);
        for (int e = 0; e < 1 << 2 * n; e++) sum[e] += part[e];
    }
    memcpy(rho, sum, sizeof *sum << 2 * n);
}

void density_extend(int n, const double complex *rho, int more, double complex *out)
{
    int dim = 1 << n, wide = 1 << (n + more);
    memset(out, 0, sizeof *out * (size_t)wide * (size_t)wide);
    for (int i = 0; i < dim; i++)
        for (int j = 0; j < dim; j++) out[(i << more) * wide + (j << more)] = rho[i * dim + j];
}

void density_trace_first(int n, const double complex *rho, int count, double complex *out)
{
    int dim = 1 << n, rest = 1 << (n - count);
    for (int i = 0; i < rest; i++)
        for (int j = 0; j < rest; j++) {
            out[i * rest + j] = 0;
            for (int t = 0; t < 1 << count; t++) out[i * rest + j] += rho[(t * rest + i) * dim + t * rest + j];
        }
}

double complex density_expectation(int n, const double complex *rho, const char *paulis)
{
    double complex trace = 0;
    int dim = 1 << n;
    for (int i = 0; i < dim; i++)
        for (int j = 0; j < dim; j++) trace += dense_pauli_entry(n, paulis, i, j) * rho[j * dim + i];
    return trace;
}

double density_fidelity(int n, const double complex *rho, const double complex *psi)
{
    double complex total = 0;
    int dim = 1 << n;
    for (int i = 0; i < dim; i++)
        for (int j = 0; j < dim; j++) total += conj(psi[i]) * rho[i * dim + j] * psi[j];
    return creal(total);
}
