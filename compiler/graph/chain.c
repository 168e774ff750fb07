/* chain.c: stages that hand a state on: their gates on common qubits. */
#include "graph/chain.h"

#include "graph/cost.h"

/* ---- one stage ---- */

static uint16_t *wires_from(Arena *a, uint32_t first, uint32_t count)
{
    uint16_t *wire = arena_array(a, uint16_t, count + 1);
    for (uint32_t i = 0; i < count; i++) wire[i] = (uint16_t)(first + i);
    return wire;
}

/* Where perceptron j's qubits are: its inputs, then output j behind all inputs. */
static uint16_t *perceptron_wires(Arena *a, const Stage *s, uint32_t inputs, uint32_t j)
{
    uint32_t fan_in = s->dissipative.fan_in;
    int64_t n = inputs, first = j + s->dissipative.shift;
    uint16_t *wire = arena_array(a, uint16_t, fan_in + 1);
    if (!s->dissipative.periodic) first = first < 0 ? 0 : first > n - fan_in ? n - fan_in : first;
    for (uint32_t i = 0; i < fan_in; i++) wire[i] = (uint16_t)(((first + i) % n + n) % n);
    wire[fan_in] = (uint16_t)(inputs + j);
    return wire;
}

static void append(Arena *a, WireGates *gates, const CircuitInst *circuit, const uint16_t *wire)
{
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++) vec_push(a, gates, (WireGate){.gate = &circuit->gates.at[i], .wire = wire});
}

StageGates stage_gates(Arena *a, const ModelInst *m, const Stage *s)
{
    StageGates g = {0};
    const Stage *from = s->operand_count ? stage_of(m, s->operand[0]) : NULL;
    g.taken = from && leaves_state(from) ? (uint32_t)from->type.dim[0] : 0;
    g.results = leaves_state(s) ? (uint32_t)s->type.dim[0] : 0;
    g.wires = g.taken > g.results ? g.taken : g.results;
    if (s->kind == STAGE_dissipative) {
        g.wires = g.taken + g.results;
        append(a, &g.gates, s->dissipative.circuit, wires_from(a, 0, g.wires));
        for (uint32_t j = 0; s->dissipative.perceptron && j < s->dissipative.count; j++)
            append(a, &g.gates, s->dissipative.perceptron[j], perceptron_wires(a, s, g.taken, j));
    }
    if (!stage_is_quantum(s)) return g;
    const uint16_t *wire = wires_from(a, 0, MAX_QUBITS);
    g.wires = s->quantum.qubits;
    if (s->quantum.encoding) append(a, &g.gates, s->quantum.encoding->circuit, wire);
    append(a, &g.gates, s->quantum.circuit, wire);
    return g;
}

/* ---- a chain ---- */

uint32_t readers_of(const ModelInst *m, StageId id)
{
    uint32_t n = m->output.i == id.i;
    for (uint32_t i = 0; i < m->stages.len; i++)
        for (uint32_t k = 0; k < m->stages.at[i].operand_count; k++) n += m->stages.at[i].operand[k].i == id.i;
    return n;
}

static GateApp gate_on(Arena *a, const WireGate *g, const uint8_t *qubit)
{
    GateApp out = *g->gate;
    out.targets = arena_array(a, uint8_t, out.target_count + 1);
    out.controls = arena_array(a, uint8_t, out.control_count + 1);
    for (int i = 0; i < out.target_count; i++) out.targets[i] = qubit[g->wire[g->gate->targets[i]]];
    for (int i = 0; i < out.control_count; i++) out.controls[i] = qubit[g->wire[g->gate->controls[i]]];
    return out;
}

/* Appends a stage's gates. qubit[]: where its wires are in the chain; afterwards where its result is. False: too many. */
static bool append_stage(Arena *a, const ModelInst *m, const Stage *s, CircuitInst *circuit, uint8_t *qubit)
{
    StageGates g = stage_gates(a, m, s);
    for (uint32_t w = g.taken; w < g.wires; w++) {
        if (circuit->qubits == MAX_QUBITS) return false;
        qubit[w] = (uint8_t)circuit->qubits++;
    }
    for (uint32_t i = 0; i < g.gates.len; i++) {
        vec_push(a, &circuit->gates, gate_on(a, &g.gates.at[i], qubit));
        circuit->noisy |= g.gates.at[i].gate->gate > GATE_unitary;
    }
    for (uint32_t i = 0; i < g.results; i++) qubit[i] = qubit[g.wires - g.results + i];
    return true;
}

static uint32_t mask_on(uint32_t mask, uint32_t from_qubits, uint32_t qubits, const uint8_t *qubit)
{
    uint32_t out = 0;
    for (uint32_t q = 0; q < from_qubits; q++)
        if (mask >> (from_qubits - 1 - q) & 1) out |= UINT32_C(1) << (qubits - 1 - qubit[q]);
    return out;
}

static ObservableInst observable_on(Arena *a, const ObservableInst *o, uint32_t qubits, const uint8_t *qubit)
{
    ObservableInst out = {.name = o->name, .qubits = qubits, .span = o->span};
    for (uint32_t y = 0; y < o->yields.len; y++) {
        YieldInst yield = {.span = o->yields.at[y].span};
        for (uint32_t i = 0; i < o->yields.at[y].terms.len; i++) {
            PauliTerm t = o->yields.at[y].terms.at[i];
            t.x = mask_on(t.x, o->qubits, qubits, qubit);
            t.z = mask_on(t.z, o->qubits, qubits, qubit);
            vec_push(a, &yield.terms, t);
        }
        vec_push(a, &out.yields, yield);
    }
    return out;
}

static bool goes_on(const ModelInst *m, StageId id, bool past_forks)
{
    const Stage *s = stage_of(m, id);
    return (s->kind == STAGE_evolve || s->kind == STAGE_dissipative) && (past_forks || readers_of(m, id) == 1);
}

const StateChain *state_chain(Arena *a, const ModelInst *m, StageId measurement, bool past_forks)
{
    VEC(StageId) stages = {0}; /* last one first */
    StateChain *c = arena_make(a, StateChain);
    uint8_t qubit[2 * MAX_QUBITS + 2];
    vec_push(a, &stages, measurement);
    StageId at = stage_of(m, measurement)->operand[0];
    for (; goes_on(m, at, past_forks); at = stage_of(m, at)->operand[0]) vec_push(a, &stages, at);
    c->first = at;
    c->taken = c->circuit.qubits = (uint32_t)stage_of(m, at)->type.dim[0];
    for (uint32_t i = 0; i < c->taken; i++) qubit[i] = (uint8_t)i;
    for (uint32_t i = stages.len; i-- > 0;)
        if (!append_stage(a, m, stage_of(m, stages.at[i]), &c->circuit, qubit)) return NULL;
    c->observable = observable_on(a, stage_of(m, measurement)->quantum.observable, c->circuit.qubits, qubit);
    return c;
}
