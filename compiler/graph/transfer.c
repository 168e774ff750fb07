/* transfer.c: quantum stages by the transfer engine. */
#include "graph/transfer.h"

static bool reads_data(const Sx *x)
{
    return x && (x->kind == SX_data || reads_data(x->a) || reads_data(x->b));
}

static const char *circuit_obstacle(const CircuitInst *circuit)
{
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++) {
        const GateApp *gate = &circuit->gates.at[i];
        int width = gate_width(gate);
        if (reads_data(gate->arg)) return "its circuit reads data, too";
        if (width > TRANSFER_MAX_WIDTH) return "its circuit has a gate on more than four qubits";
        if (gate->gate == GATE_unitary && width > 3)
            return "its circuit has a matrix-valued parameter on more than three qubits";
    }
    return NULL;
}

static const char too_large[] = "its observable reaches too many Pauli products";

const char *transfer_obstacle(Lower *l, const QuantumAttr *q)
{
    if (!q->observable) return "it leaves a state";
    if (!q->encoding && type_of(l->g, stage_operand(l, 0))->is_complex) return "a state comes in";
    const char *why = encoding_obstacle(q->encoding);
    if (!why) why = circuit_obstacle(q->circuit);
    if (why) return why;
    ArenaMark mark = arena_mark(l->c->scratch);
    EncodingFunctions *f = encoding_functions(l->c->scratch, q->encoding, q->qubits);
    if (reach(l->c->scratch, q->observable, q->circuit, f)->too_large) why = too_large;
    arena_reset(l->c->scratch, mark);
    return why;
}

NodeId lower_transfer(Lower *l, const Scope *s, const QuantumAttr *q)
{
    Arena *a = arena_new("reach");
    EncodingFunctions *f = encoding_functions(a, q->encoding, q->qubits);
    const Reach *r = reach(a, q->observable, q->circuit, f);
    encoding_nodes(l, s, q->encoding, f);
    NodeId values = reach_values(l, s, r, f, q->observable->yields.len);
    arena_drop(a);
    return values;
}
