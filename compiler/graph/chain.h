/* chain.h: from a measurement back to where its state comes from, as one circuit on the qubits of all stages between: the fresh qubits
 * of dissipative layers stand behind those that came in, and what is traced out is not measured. Private to graph/.
 */
#ifndef RQ_GRAPH_CHAIN_H
#define RQ_GRAPH_CHAIN_H

#include "check/inst.h"

typedef struct StateChain {
    StageId first;            /* an encoding, whose gates are not in the circuit; an input; or a stage whose state others read, too */
    uint32_t taken;           /* its qubits, the first ones of the circuit */
    CircuitInst circuit;      /* gates of all stages behind it */
    ObservableInst observable;
} StateChain;

/* Of a stage that measures a state. past_forks: also through states that others read. NULL: more than MAX_QUBITS. */
const StateChain *state_chain(Arena *a, const ModelInst *m, StageId measurement, bool past_forks);
/* How many stages read it. */
uint32_t readers_of(const ModelInst *m, StageId id);

/* A gate on wires of a register. */
typedef struct WireGate {
    const GateApp *gate;
    const uint16_t *wire; /* of each qubit of the gate's circuit */
    bool is_dropped;      /* nobody asks for what it does */
    uint64_t ends;        /* bit k: nobody asks for its k-th qubit (targets, then controls) any more */
} WireGate;
typedef VEC(WireGate) WireGates;

/* What a stage does to a register: its gates, on the qubits that come in and, behind them, those that it adds. */
typedef struct StageGates {
    uint32_t taken, wires, results; /* qubits that come in; in all; of the result: the last ones */
    WireGates gates;
} StageGates;
StageGates stage_gates(Arena *a, const ModelInst *m, const Stage *s);
static inline bool leaves_state(const Stage *s) { return s->type.kind == VALUE_state || s->type.kind == VALUE_density; }

#endif
