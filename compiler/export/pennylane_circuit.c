/* pennylane_circuit.c: encodings, circuits and observables as Python. Wires are rq's qubits: both count the most significant first. */
#include <string.h>

#include "check/gate.h"
#include "export/pennylane.h"
#include "graph/gate_matrix.h"

typedef struct Writer {
    Compiler *c;
    FILE *out;
    const ModelInst *m;
    const Stage *s;
} Writer;

/* Gates that PennyLane has by a name; any other is written as its matrix. */
static const struct {
    GateId gate;
    const char *name;
} names[] = {
    {GATE_id, "Identity"},       {GATE_x, "PauliX"},         {GATE_y, "PauliY"},
    {GATE_z, "PauliZ"},          {GATE_h, "Hadamard"},       {GATE_s, "S"},
    {GATE_t, "T"},               {GATE_sx, "SX"},            {GATE_swap, "SWAP"},
    {GATE_iswap, "ISWAP"},       {GATE_p, "PhaseShift"},     {GATE_rx, "RX"},
    {GATE_ry, "RY"},             {GATE_rz, "RZ"},            {GATE_rxx, "IsingXX"},
    {GATE_ryy, "IsingYY"},       {GATE_rzz, "IsingZZ"},      {GATE_depolarize, "DepolarizingChannel"},
    {GATE_amplitude_damp, "AmplitudeDamping"},               {GATE_phase_damp, "PhaseDamping"},
    {GATE_bit_flip, "BitFlip"},
};

static const char *operation_name(GateId gate)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].gate == gate) return names[i].name;
    return NULL;
}

/* ---- scalars ---- */

static const char *function_name(SxKind kind)
{
    switch (kind) {
    case SX_neg: return "-";
    case SX_sin: return "np.sin";
    case SX_cos: return "np.cos";
    case SX_exp: return "np.exp";
    case SX_log: return "np.log";
    case SX_sqrt: return "np.sqrt";
    case SX_abs: return "np.abs";
    case SX_tanh: return "np.tanh";
    case SX_step: return "step";
    case SX_min: return "np.minimum";
    case SX_max: return "np.maximum";
    case SX_add: return " + ";
    case SX_sub: return " - ";
    case SX_mul: return " * ";
    case SX_div: return " / ";
    case SX_none:
    case SX_const:
    case SX_param:
    case SX_data: break;
    }
    unreachable();
}

static GroupId root_of(const ModelInst *m, GroupId g)
{
    while (group_of(m, g)->tied_to.i) g = group_of(m, g)->tied_to;
    return g;
}

static void put_scalar(const Writer *w, const Sx *x)
{
    bool infix = x->kind >= SX_add && x->kind <= SX_div;
    switch (x->kind) {
    case SX_const: fprintf(w->out, "%.17g", x->value.real); return;
    case SX_data: fprintf(w->out, "v[%u]", x->index); return;
    case SX_param: {
        const GroupInst *g = group_of(w->m, root_of(w->m, x->group));
        bool own = w->s->kind == STAGE_quanv && w->s->quantum.channels == CHANNELS_own;
        fprintf(w->out, "p[\"%s\"].flatten()[", g->path);
        if (own) fprintf(w->out, "%lld * c + ", (long long)(g->count / g->dim[0]));
        fprintf(w->out, "%u]", x->index);
        return;
    }
    default: break;
    }
    fprintf(w->out, "%s(", infix ? "" : function_name(x->kind));
    put_scalar(w, x->a);
    if (x->b) {
        fputs(infix ? function_name(x->kind) : ", ", w->out);
        put_scalar(w, x->b);
    }
    fputc(')', w->out);
}

/* ---- gates ---- */

static void put_wires(const Writer *w, const uint8_t *wire, int count)
{
    fputc('[', w->out);
    for (int i = 0; i < count; i++) fprintf(w->out, "%s%d", i ? ", " : "", wire[i]);
    fputc(']', w->out);
}

static void put_square(const Writer *w, const double complex *m, int dim)
{
    fputs("numpy.array([", w->out);
    for (int i = 0; i < dim; i++) {
        fputs(i ? ", [" : "[", w->out);
        for (int j = 0; j < dim; j++)
            fprintf(w->out, "%s%.17g%+.17gj", j ? ", " : "", creal(m[i * dim + j]), cimag(m[i * dim + j]));
        fputc(']', w->out);
    }
    fputs("])", w->out);
}

/* A + B cos(f t) + C sin(f t). */
static void put_matrix(const Writer *w, const GateApp *gate)
{
    const GateMatrix *row = gate_matrix(gate->gate);
    int dim = 1 << gate->target_count;
    put_square(w, row->a, dim);
    for (int k = 0; k < 2 && row->params; k++) {
        fputs(" + ", w->out);
        put_square(w, k ? row->c : row->b, dim);
        fprintf(w->out, " * %s(%.17g * each(", k ? "np.sin" : "np.cos", row->frequency);
        put_scalar(w, gate->arg);
        fputs("))", w->out);
    }
}

/* The gate without controls and dagger. */
static void put_plain(const Writer *w, const GateApp *gate)
{
    const char *name = operation_name(gate->gate);
    if (gate->gate == GATE_gphase) {
        fputs("qml.GlobalPhase(-", w->out); /* exp(-i phi) there */
        put_scalar(w, gate->arg);
        fputs(", wires=[0])", w->out);
        return;
    }
    if (gate->gate == GATE_reset) {
        fputs("qml.ResetError(1.0, 0.0, wires=", w->out);
    } else if (gate->gate == GATE_unitary) {
        fprintf(w->out, "qml.QubitUnitary(p[\"%s\"][..., 0] + 1j * p[\"%s\"][..., 1], wires=", group_of(w->m, root_of(w->m, gate->group))->path,
                group_of(w->m, root_of(w->m, gate->group))->path);
    } else if (!name) {
        fputs("qml.QubitUnitary(", w->out);
        put_matrix(w, gate);
        fputs(", wires=", w->out);
    } else {
        fprintf(w->out, "qml.%s(", name);
        if (gate->arg) {
            put_scalar(w, gate->arg);
            fputs(", ", w->out);
        }
        fputs("wires=", w->out);
    }
    put_wires(w, gate->targets, gate->target_count);
    fputc(')', w->out);
}

static void put_gate(const Writer *w, const GateApp *gate)
{
    fputs("    ", w->out);
    if (gate->control_count) fputs("qml.ctrl(", w->out);
    if (gate->dagger) fputs("qml.adjoint(", w->out);
    put_plain(w, gate);
    if (gate->dagger) fputc(')', w->out);
    if (gate->control_count) {
        fputs(", control=", w->out);
        put_wires(w, gate->controls, gate->control_count);
        fputs(", control_values=[", w->out);
        for (int i = 0; i < gate->control_count; i++) fprintf(w->out, "%s%d", i ? ", " : "", (int)(gate->control_values >> i & 1));
        fputs("])", w->out);
    }
    fputc('\n', w->out);
}

static uint32_t put_gates(const Writer *w, const CircuitInst *circuit)
{
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++) put_gate(w, &circuit->gates.at[i]);
    return circuit ? circuit->gates.len : 0;
}

/* ---- observables ---- */

static void put_word(const Writer *w, const PauliTerm *t, uint32_t qubits)
{
    bool any = false;
    for (uint32_t q = 0; q < qubits; q++) {
        uint32_t bit = UINT32_C(1) << (qubits - 1 - q);
        if (!((t->x | t->z) & bit)) continue;
        fprintf(w->out, "%sqml.Pauli%c(%u)", any ? " @ " : "", !(t->z & bit) ? 'X' : t->x & bit ? 'Y' : 'Z', q);
        any = true;
    }
    if (!any) fputs("qml.Identity(0)", w->out);
}

/* words_N() lists the words of all terms; values_N(e, p, c) makes the yields of their expectation values. */
static void put_observable(const Writer *w, uint32_t number, const ObservableInst *o)
{
    fprintf(w->out, "def words_%u():\n    return [", number);
    for (uint32_t y = 0; y < o->yields.len; y++)
        for (uint32_t i = 0; i < o->yields.at[y].terms.len; i++) {
            if (y || i) fputs(", ", w->out);
            put_word(w, &o->yields.at[y].terms.at[i], o->qubits);
        }
    fprintf(w->out, "]\n\n\ndef values_%u(e, p, c):\n    return [", number);
    uint32_t word = 0;
    for (uint32_t y = 0; y < o->yields.len; y++) {
        const YieldInst *yield = &o->yields.at[y];
        if (y) fputs(", ", w->out);
        if (!yield->terms.len) fputs("0.0", w->out);
        for (uint32_t i = 0; i < yield->terms.len; i++, word++) {
            if (i) fputs(" + ", w->out);
            if (yield->terms.at[i].coefficient) {
                put_scalar(w, yield->terms.at[i].coefficient);
                fputs(" * ", w->out);
            }
            fprintf(w->out, "e[%u]", word);
        }
    }
    fputs("]\n\n\n", w->out);
}

void pennylane_circuit(Compiler *c, FILE *out, const ModelInst *m, uint32_t number, const Stage *s)
{
    Writer w = {c, out, m, s};
    const QuantumAttr *q = &s->quantum;
    const EncodingInst *e = q->encoding;
    uint32_t lines = 0;
    fprintf(out, "def gates_%u(v, p, c):\n", number);
    if (e && e->kind == ENCODING_amplitude) {
        fprintf(out, "    amplitudes(v, %u, %u, %s)\n", e->qubits, q->qubits, e->zero_is_ground ? "True" : "False");
        lines++;
    }
    if (e) lines += put_gates(&w, e->circuit);
    lines += put_gates(&w, q->circuit);
    if (!lines) fputs("    pass\n", out);
    fputs("\n\n", out);
    if (q->observable) put_observable(&w, number, q->observable);
}
