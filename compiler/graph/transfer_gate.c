/* transfer_gate.c: gates and channels as linear maps of Pauli products, V^dagger P V.
 *
 * A gate is V(t) = A + B cos(ft) + C sin(ft), controls included, so with c and s for cos and sin
 *
 *     V^dagger P V = A'PA + c (A'PB + B'PA) + s (A'PC + C'PA) + c^2 B'PB + s^2 C'PC + cs (B'PC +
 * C'PB),
 *
 * and c^2 = (1 + cos 2ft)/2, s^2 = (1 - cos 2ft)/2, cs = (sin 2ft)/2. Clifford gates leave one
 * image, rotations two.
 */
#include <math.h>
#include <string.h>

#include "graph/gate_matrix.h"
#include "graph/transfer.h"

enum { MAX_DIM = 1 << TRANSFER_MAX_WIDTH };

typedef struct Square {
    double complex at[MAX_DIM][MAX_DIM];
} Square;

int gate_width(const GateApp *gate) { return gate->target_count + gate->control_count; }

GateTransfer gate_transfer(Arena *a, const GateApp *gate, uint32_t qubits)
{
    GateTransfer t = {.a = a, .gate = gate, .width = gate_width(gate)};
    for (int i = 0; i < t.width; i++) {
        uint32_t qubit =
            i < gate->target_count ? gate->targets[i] : gate->controls[i - gate->target_count];
        t.bit[i] = UINT32_C(1) << (qubits - 1 - qubit);
        t.mask |= t.bit[i];
    }
    const GateMatrix *row = gate_matrix(gate->gate);
    t.frequency = row ? row->frequency : 0;
    t.image = arena_array(a, ImageList, 1 << 2 * t.width);
    t.known = arena_array(a, bool, 1 << 2 * t.width);
    return t;
}

static uint32_t local_number(const GateTransfer *t, Pauli p)
{
    uint32_t n = 0;
    for (int i = 0; i < t->width; i++) n = n << 2 | (uint32_t)pauli_code(p, t->bit[i]);
    return n;
}

static Pauli global_product(const GateTransfer *t, uint32_t local)
{
    Pauli p = {0, 0};
    for (int i = 0; i < t->width; i++) {
        uint32_t code = local >> 2 * (t->width - 1 - i) & 3;
        if (code & 2) p.x |= t->bit[i];
        if (code & 1) p.z |= t->bit[i];
    }
    return p;
}

/* The masks of a local number in a matrix index, whose most significant bit is qubit 0 of the gate.
 */
static Pauli local_masks(const GateTransfer *t, uint32_t local)
{
    Pauli p = {0, 0};
    for (int i = 0; i < t->width; i++) {
        uint32_t code = local >> 2 * (t->width - 1 - i) & 3;
        p.x = p.x << 1 | code >> 1;
        p.z = p.z << 1 | (code & 1);
    }
    return p;
}

static void put(GateTransfer *t, uint32_t from, uint32_t to, Weight weight, double value)
{
    double eighths =
        round(8 * value) / 8; /* products of roots of 1/2 and the like become what they stand for */
    if (fabs(value - eighths) < 1e-14) value = eighths;
    if (value == 0) return;
    Image image = {.to = global_product(t, to), .weight = weight, .value = value};
    if (weight == WEIGHT_matrix) image.entry = to << 2 * t->width | from;
    vec_push(t->a, &t->image[from], image);
}

/* ---- unitary gates ---- */

/* The target's matrix where the controls match; elsewhere the identity if `outside`, else 0. */
static void expand(const GateTransfer *t, const double complex *small, bool outside, Square *out)
{
    const GateApp *gate = t->gate;
    int dim = 1 << t->width, controls = gate->control_count, small_dim = 1 << gate->target_count;
    memset(out, 0, sizeof *out);
    for (int i = 0; i < dim; i++)
        for (int j = 0; j < dim; j++) {
            int value = i & ((1 << controls) - 1);
            if (value != (j & ((1 << controls) - 1))) continue;
            bool matches = true;
            for (int k = 0; k < controls; k++)
                matches &=
                    (value >> (controls - 1 - k) & 1) == (int)(gate->control_values >> k & 1);
            if (matches)
                out->at[i][j] = small[(i >> controls) * small_dim + (j >> controls)];
            else if (outside && i == j)
                out->at[i][j] = 1;
        }
}

static void dagger(Square *m)
{
    for (int i = 0; i < MAX_DIM; i++)
        for (int j = 0; j <= i; j++) {
            double complex low = m->at[i][j];
            m->at[i][j] = conj(m->at[j][i]);
            m->at[j][i] = conj(low);
        }
}

static double complex pauli_phase(Pauli p, uint32_t row)
{
    static const double complex power[] = {1, _Complex_I, -1, -_Complex_I};
    double sign = __builtin_parity((row ^ p.x) & p.z) ? -1 : 1; /* P[row][row ^ x] */
    return sign * power[__builtin_popcount(p.x & p.z) & 3];
}

double complex gate_pauli(const GateTransfer *t, uint32_t local, uint32_t i)
{
    return pauli_phase(local_masks(t, local), i);
}

uint32_t gate_pauli_flip(const GateTransfer *t, uint32_t local) { return local_masks(t, local).x; }

/* out += factor * L^dagger P R */
static void add_sandwich(Square *out, double factor, const Square *l, Pauli p, const Square *r,
                         int dim)
{
    for (int i = 0; i < dim; i++)
        for (int k = 0; k < dim; k++) {
            double complex left = factor * conj(l->at[k][i]) * pauli_phase(p, (uint32_t)k);
            if (left == 0) continue;
            for (int j = 0; j < dim; j++) out->at[i][j] += left * r->at[(uint32_t)k ^ p.x][j];
        }
}

/* The coefficients of w in Pauli products: tr(Q w) / dim. */
static void decompose(GateTransfer *t, uint32_t from, Weight weight, const Square *w)
{
    int dim = 1 << t->width;
    for (uint32_t to = 0; to < 1u << 2 * t->width; to++) {
        Pauli q = local_masks(t, to);
        double complex trace = 0;
        for (uint32_t i = 0; i < (uint32_t)dim; i++) trace += pauli_phase(q, i) * w->at[i ^ q.x][i];
        put(t, from, to, weight, creal(trace) / dim);
    }
}

static void unitary_image(GateTransfer *t, uint32_t from)
{
    const GateMatrix *row = gate_matrix(t->gate->gate);
    Pauli p = local_masks(t, from);
    int dim = 1 << t->width;
    double value;
    double complex fixed[16];
    Square part[3];
    bool variable = row->params && !scalar_constant(t->gate->arg, &value);
    if (!variable) gate_matrix_at(row, row->params ? value : 0, fixed);
    expand(t, variable ? row->a : fixed, true, &part[0]);
    Square w[WEIGHT_sin2 + 1]; /* 20 KB, of which nothing is kept */
    memset(w, 0, sizeof w);
    if (t->gate->dagger) dagger(&part[0]);
    add_sandwich(&w[WEIGHT_one], 1, &part[0], p, &part[0], dim);
    if (variable) {
        for (int k = 1; k < 3; k++) {
            expand(t, k == 1 ? row->b : row->c, false, &part[k]);
            if (t->gate->dagger) dagger(&part[k]);
        }
        for (int k = 1; k < 3; k++) {
            Weight mixed = k == 1 ? WEIGHT_cos : WEIGHT_sin;
            add_sandwich(&w[mixed], 1, &part[0], p, &part[k], dim);
            add_sandwich(&w[mixed], 1, &part[k], p, &part[0], dim);
            add_sandwich(&w[WEIGHT_one], 0.5, &part[k], p, &part[k], dim);
            add_sandwich(&w[WEIGHT_cos2], k == 1 ? 0.5 : -0.5, &part[k], p, &part[k], dim);
            add_sandwich(&w[WEIGHT_sin2], 0.5, &part[k], p, &part[3 - k], dim);
        }
    }
    for (Weight k = WEIGHT_one; k <= WEIGHT_sin2; k++) decompose(t, from, k, &w[k]);
}

/* A matrix-valued parameter can mix everything but the identity, which it leaves. */
static void parameter_image(GateTransfer *t, uint32_t from)
{
    for (uint32_t to = 1; to < 1u << 2 * t->width; to++) put(t, from, to, WEIGHT_matrix, 1);
}

/* ---- channels, adjoint: the operator before, whose expectation is that of P after ---- */

typedef struct Shrink {
    double constant, argument, root; /* constant + argument * t + root * sqrt(1 - t) */
} Shrink;

static void put_shrink(GateTransfer *t, uint32_t from, uint32_t to, Shrink s)
{
    double value;
    if (t->gate->arg && scalar_constant(t->gate->arg, &value)) {
        put(t, from, to, WEIGHT_one,
            s.constant + s.argument * value + (s.root != 0 ? s.root * sqrt(1 - value) : 0));
        return;
    }
    put(t, from, to, WEIGHT_one, s.constant);
    put(t, from, to, WEIGHT_argument, s.argument);
    put(t, from, to, WEIGHT_root, s.root);
}

static void channel_image(GateTransfer *t, uint32_t from)
{
    enum { PAULI_i, PAULI_z, PAULI_x, PAULI_y };
    bool damps = from == PAULI_x || from == PAULI_y;
    GateId gate = t->gate->gate;
    Shrink s = {.constant = 1};
    if (gate == GATE_depolarize) s.argument = -4.0 / 3;
    if (gate == GATE_bit_flip && from != PAULI_x) s.argument = -2;
    if ((gate == GATE_phase_damp || gate == GATE_amplitude_damp) && damps) s = (Shrink){.root = 1};
    if (gate == GATE_amplitude_damp && from == PAULI_z) {
        s.argument = -1;
        put_shrink(t, from, PAULI_i, (Shrink){.argument = 1});
    }
    if (gate == GATE_reset)
        put(t, from, PAULI_i, WEIGHT_one, from == PAULI_z);
    else
        put_shrink(t, from, from, s);
}

const ImageList *gate_image(GateTransfer *t, Pauli p)
{
    uint32_t from = local_number(t, p);
    if (!t->known[from]) {
        t->known[from] = true;
        if (from == 0)
            put(t, 0, 0, WEIGHT_one, 1);
        else if (t->gate->gate == GATE_unitary)
            parameter_image(t, from);
        else if (gate_matrix(t->gate->gate))
            unitary_image(t, from);
        else
            channel_image(t, from);
    }
    return &t->image[from];
}
