/* dense_simulator.c: every gate becomes a 2^n x 2^n matrix, and matrices multiply vectors. */
#include "reference/dense_simulator.h"

#include <math.h>
#include <string.h>

static const double complex pauli[4][4] = {
    {1, 0, 0, 1}, {0, 1, 1, 0}, {0, -_Complex_I, _Complex_I, 0}, {1, 0, 0, -1}};

static int letter_index(char letter) { return (int)(strchr("IXYZ", letter) - "IXYZ"); }

/* c = a (x) b for square a, b of sizes na, nb. */
static void kron(const double complex *a, int na, const double complex *b, int nb,
                 double complex *c)
{
    for (int i = 0; i < na * nb; i++)
        for (int j = 0; j < na * nb; j++)
            c[i * na * nb + j] = a[i / nb * na + j / nb] * b[i % nb * nb + j % nb];
}

/* exp(-i t/2 P) = cos(t/2) 1 - i sin(t/2) P for a product of Paulis. */
static int rotation(const char *letters, double t, double complex *m)
{
    int n = (int)strlen(letters), dim = 1 << n;
    double complex p[16];
    if (n == 1)
        memcpy(p, pauli[letter_index(letters[0])], sizeof p[0] * 4);
    else
        kron(pauli[letter_index(letters[0])], 2, pauli[letter_index(letters[1])], 2, p);
    for (int i = 0; i < dim * dim; i++)
        m[i] = (i % (dim + 1) == 0 ? cos(t / 2) : 0) - _Complex_I * sin(t / 2) * p[i];
    return n;
}

static int fixed(double complex *m, double complex a, double complex b, double complex c,
                 double complex d)
{
    m[0] = a, m[1] = b, m[2] = c, m[3] = d;
    return 1;
}

int dense_matrix(const char *name, double t, double complex *m)
{
    const double complex i = _Complex_I;
    memset(m, 0, 16 * sizeof *m);
    if (!strcmp(name, "rx")) return rotation("X", t, m);
    if (!strcmp(name, "ry")) return rotation("Y", t, m);
    if (!strcmp(name, "rz")) return rotation("Z", t, m);
    if (!strcmp(name, "rxx")) return rotation("XX", t, m);
    if (!strcmp(name, "ryy")) return rotation("YY", t, m);
    if (!strcmp(name, "rzz")) return rotation("ZZ", t, m);
    if (!strcmp(name, "id")) return fixed(m, 1, 0, 0, 1);
    if (!strcmp(name, "x")) return fixed(m, 0, 1, 1, 0);
    if (!strcmp(name, "y")) return fixed(m, 0, -i, i, 0);
    if (!strcmp(name, "z")) return fixed(m, 1, 0, 0, -1);
    if (!strcmp(name, "h")) return fixed(m, sqrt(0.5), sqrt(0.5), sqrt(0.5), -sqrt(0.5));
    if (!strcmp(name, "s")) return fixed(m, 1, 0, 0, i);
    if (!strcmp(name, "sdg")) return fixed(m, 1, 0, 0, -i);
    if (!strcmp(name, "t")) return fixed(m, 1, 0, 0, cexp(i * M_PI / 4));
    if (!strcmp(name, "tdg")) return fixed(m, 1, 0, 0, cexp(-i * M_PI / 4));
    if (!strcmp(name, "sx")) return fixed(m, (1 + i) / 2, (1 - i) / 2, (1 - i) / 2, (1 + i) / 2);
    if (!strcmp(name, "p")) return fixed(m, 1, 0, 0, cexp(i * t));
    if (!strcmp(name, "gphase")) return m[0] = cexp(i * t), 0;
    if (!strcmp(name, "swap") || !strcmp(name, "iswap")) {
        m[0] = m[15] = 1;
        m[6] = m[9] = name[0] == 's' ? 1 : i;
        return 2;
    }
    return -1;
}

static int bit_of(int n, int index, int qubit) { return index >> (n - 1 - qubit) & 1; }

static double complex entry(int n, const DenseGate *g, const double complex *m, int row, int col)
{
    int inside = 1, r = 0, c = 0, others = row ^ col;
    for (int k = 0; k < g->control_count; k++)
        inside &= bit_of(n, col, g->control[k]) == g->control_value[k];
    if (!inside) return row == col;
    for (int k = 0; k < g->target_count; k++) {
        r = 2 * r + bit_of(n, row, g->target[k]);
        c = 2 * c + bit_of(n, col, g->target[k]);
        others &= ~(1 << (n - 1 - g->target[k]));
    }
    int dim = 1 << g->target_count;
    if (others) return 0;
    return g->dagger ? conj(m[c * dim + r]) : m[r * dim + c];
}

bool dense_apply(int n, double complex *psi, const DenseGate *gate)
{
    double complex named[16], out[DENSE_MAX];
    const double complex *m = gate->matrix;
    if (gate->name) {
        if (dense_matrix(gate->name, gate->t, named) < 0) return false;
        m = named;
    }
    for (int row = 0; row < 1 << n; row++) {
        out[row] = 0;
        for (int col = 0; col < 1 << n; col++) out[row] += entry(n, gate, m, row, col) * psi[col];
    }
    memcpy(psi, out, sizeof *psi << n);
    return true;
}

double complex dense_pauli_entry(int n, const char *paulis, int row, int col)
{
    double complex p = 1;
    for (int q = 0; q < n; q++)
        p *= pauli[letter_index(paulis[q])][2 * bit_of(n, row, q) + bit_of(n, col, q)];
    return p;
}

double complex dense_expectation(int n, const double complex *psi, const char *paulis)
{
    double complex total = 0;
    for (int row = 0; row < 1 << n; row++)
        for (int col = 0; col < 1 << n; col++)
            total += conj(psi[row]) * dense_pauli_entry(n, paulis, row, col) * psi[col];
    return total;
}
