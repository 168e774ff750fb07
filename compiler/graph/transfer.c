/* transfer.c: quantum stages by the transfer engine. */
#include "graph/chain.h"
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

bool transfer_applies(const ModelInst *model, const Stage *s)
{
    return s->quantum.observable && stage_of(model, s->operand[0])->type.kind == VALUE_real;
}

const char *transfer_obstacle(const ModelInst *model, const Stage *s)
{
    if (!transfer_applies(model, s))
        return s->quantum.observable ? "a state comes in" : "it leaves a state";
    return parts_obstacle(&s->quantum);
}

const char *parts_obstacle(const QuantumAttr *q)
{
    const char *why = encoding_obstacle(q->encoding);
    return why ? why : circuit_obstacle(q->circuit);
}

const QuantumAttr *transfer_chain(Arena *a, const ModelInst *m, StageId stage, bool ground, StageId *from)
{
    const Stage *s = stage_of(m, stage);
    if (s->kind != STAGE_measure) return NULL;
    const StateChain *chain = state_chain(a, m, stage, true);
    const Stage *first = chain ? stage_of(m, chain->first) : NULL;
    if (!first || (first->kind != STAGE_encode && !(first->kind == STAGE_input && ground))) return NULL;
    QuantumAttr *q = arena_make(a, QuantumAttr);
    *q = (QuantumAttr){.encoding = first->kind == STAGE_encode ? first->quantum.encoding : NULL, .circuit = &chain->circuit,
                       .observable = &chain->observable, .qubits = chain->circuit.qubits};
    *from = chain->first;
    return parts_obstacle(q) ? NULL : q;
}

NodeId lower_transfer(Lower *l, const Scope *s, const QuantumAttr *q)
{
    const char *why = parts_obstacle(q);
    Arena *a = arena_new("transfer");
    NodeId values = {0};
    if (!why) {
        EncodingFunctions *f = encoding_functions(a, q->encoding, q->qubits);
        const Reach *r = reach(a, q->observable, q->circuit, f);
        if (r->too_large) {
            why = "its observable reaches too many Pauli products";
        } else {
            encoding_nodes(l, s, q->encoding, f);
            values = reach_values(l, s, r, f, q->observable->yields.len);
        }
    }
    arena_drop(a);
    return why ? not_executable(l, l->stage->span, "this layer by the transfer engine", why)
               : values;
}
