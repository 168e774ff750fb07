/* register_circuit.c: the gates of a stage on a register.
 *
 * A walk back over the gates finds what is asked for: a gate none of whose qubits is asked for behind it is dropped (it keeps the trace),
 * and a qubit is traced behind the last gate that somebody asks for. A swap without controls is a renaming; a reset ends what was
 * there and leaves a wire without a group, |0>. A global phase does nothing.
 */
#include <math.h>

#include "graph/gate_matrix.h"
#include "graph/register.h"

static bool is_channel(const GateApp *gate) { return gate->gate != GATE_unitary && !gate_matrix(gate->gate); }
static bool is_swap(const GateApp *gate) { return gate->gate == GATE_swap && !gate->control_count; }
static uint32_t qubit_count(const GateApp *gate) { return (uint32_t)gate->target_count + gate->control_count; }

/* The wire of its k-th qubit: targets, then controls. */
static uint16_t wire_of(const WireGate *g, uint32_t k)
{
    const GateApp *gate = g->gate;
    return g->wire[k < gate->target_count ? gate->targets[k] : gate->controls[k - gate->target_count]];
}

/* ---- what is asked for ---- */

static void ask(WireGate *g, bool *asked)
{
    uint32_t count = qubit_count(g->gate);
    bool any = false;
    g->ends = 0;
    for (uint32_t k = 0; k < count; k++) {
        any |= asked[wire_of(g, k)];
        if (!asked[wire_of(g, k)]) g->ends |= UINT64_C(1) << k;
    }
    g->is_dropped = !any;
    if (!any) return;
    if (is_swap(g->gate)) {
        bool first = asked[wire_of(g, 0)];
        asked[wire_of(g, 0)] = asked[wire_of(g, 1)];
        asked[wire_of(g, 1)] = first;
        g->ends = 0;
        return;
    }
    for (uint32_t k = 0; k < count; k++) asked[wire_of(g, k)] = g->gate->gate != GATE_reset;
}

void gates_ask(WireGates *gates, bool *asked)
{
    for (uint32_t i = gates->len; i-- > 0;) ask(&gates->at[i], asked);
}

/* ---- execution ---- */

/* As gate_node gives them, for a dry run. */
static Wires dry_wires(const GateApp *gate)
{
    Wires w = {.target_count = gate->target_count, .control_count = gate->control_count};
    for (int i = 0; i < w.target_count; i++) w.target[i] = gate->targets[i];
    for (int i = 0; i < w.control_count; i++) w.control[i] = gate->controls[i];
    if (!w.target_count) { /* a phase: its last control is the target */
        w.target[0] = w.control[--w.control_count];
        w.target_count = 1;
    }
    return w;
}

static void run_gate(Run *r, StateRegister *reg, const WireGate *g)
{
    Wires w = dry_wires(g->gate);
    NodeId m = {0};
    if (!is_dry(r)) m = gate_node(r->l, r->s, g->gate, MAX_QUBITS, &w);
    for (int i = 0; i < w.target_count; i++) w.target[i] = (uint8_t)g->wire[w.target[i]];
    for (int i = 0; i < w.control_count; i++) w.control[i] = (uint8_t)g->wire[w.control[i]];
    register_apply(r, reg, m, &w);
}

static void run_channel(Run *r, StateRegister *reg, const WireGate *g)
{
    const uint8_t *pattern = NULL;
    NodeId m = {0};
    uint32_t wire = wire_of(g, 0);
    if (g->gate->gate == GATE_reset) {
        register_trace(r, reg, wire);
        return;
    }
    if (!is_dry(r)) m = channel_node(r->l, r->s, g->gate, &pattern);
    register_channel(r, reg, m, wire, pattern);
}

void gates_run(Run *r, StateRegister *reg, const WireGates *gates, const bool *asked)
{
    Span before = is_dry(r) ? (Span){0} : r->l->g->span;
    for (uint32_t w = 0; w < reg->wires; w++)
        if (!asked[w]) register_trace(r, reg, w);
    for (uint32_t i = 0; i < gates->len && !isinf(r->operations); i++) {
        const WireGate *g = &gates->at[i];
        if (g->is_dropped) continue;
        if (!is_dry(r)) r->l->g->span = g->gate->span;
        if (is_swap(g->gate)) register_swap(reg, wire_of(g, 0), wire_of(g, 1));
        else if (is_channel(g->gate)) run_channel(r, reg, g);
        else run_gate(r, reg, g);
        for (uint32_t k = 0; k < qubit_count(g->gate); k++)
            if (g->ends >> k & 1) register_trace(r, reg, wire_of(g, k));
    }
    if (!is_dry(r)) r->l->g->span = before;
}
