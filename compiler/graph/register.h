/* register.h: qubits while they are lowered: independent groups, each a pure state or a density matrix. Only lower*.c and register*.c
 * include this.
 *
 * A register has wires 0..wires-1. A group is a node for some of them, first wire most significant:
 *
 *     pure      complex[outer|2^k]   amplitudes. A qubit that nobody asks for any more (WIRE_traced) stays among the k, and what the
 *                                    others are in is mixed
 *     density   complex[outer|4^k]   rho[row, column], all qubits of the row before those of the column
 *
 * A wire without a group is |0>. Groups become one when a gate acts on both, and not before: what falls apart stays apart.
 *
 * In a dry run nothing is added to the graph (nodes are none) and operations are counted, by which the form is chosen.
 *
 *     register.c           groups: made one, traced, turned into density matrices
 *     register_circuit.c   the gates of a stage on a register, dropped or followed by traces where nobody asks for the result
 *     register_plan.c      which stages hand on registers, what of them is asked for, which form they take
 *     register_values.c    observables, fidelities
 *     lower_register.c     stages
 */
#ifndef RQ_GRAPH_REGISTER_H
#define RQ_GRAPH_REGISTER_H

#include <math.h>

#include "graph/chain.h"
#include "graph/cost.h"
#include "graph/lowering.h"

/* How many qubits a group may have. For 16 samples in f64 a state of 18 takes 64 MB, a density matrix of 8 takes 16 MB. */
enum { PURE_MOST = 18, DENSITY_MOST = DENSITY_QUBITS };

enum { WIRE_traced = UINT16_MAX };

typedef struct QubitGroup {
    NodeId node;
    bool is_density;
    uint32_t count; /* of its qubits, traced ones included */
    uint16_t wire[PURE_MOST];
} QubitGroup;

typedef struct StateRegister {
    uint32_t wires;
    VEC(QubitGroup) groups;
} StateRegister;

/* pure: density matrices only where a channel wants one or a pure state would not fit. eager: also where the traced qubits of a state
 * are more than the others. density: from the beginning. */
typedef enum Form { FORM_pure, FORM_eager, FORM_density, FORM_COUNT } Form;
const char *form_text(Form f);

typedef struct Run {
    Lower *l;       /* dry: NULL */
    const Scope *s; /* likewise */
    Arena *a;       /* registers lie here */
    Form form;
    double operations;       /* real ones, counted whether dry or not; infinite: a group does not fit */
    uint32_t pure, density;  /* most qubits of a group that was made or wanted */
} Run;

static inline bool is_dry(const Run *r) { return r->l == NULL; }

/* ---- register.c ---- */

/* wires without groups. */
StateRegister *register_new(Arena *a, uint32_t wires);
StateRegister *register_copy(Arena *a, const StateRegister *of);
/* A copy to work on, whose groups count as made. */
StateRegister *register_take(Run *r, const StateRegister *of);
/* Adds the pure group of wires from..from+count-1. */
void register_add_pure(Run *r, StateRegister *reg, NodeId psi, uint32_t from, uint32_t count);
/* The number of a wire's group, -1 without; *position: its place in it (may be NULL). */
int register_find(const StateRegister *reg, uint32_t wire, uint32_t *position);
/* One group with these wires, which get groups if they have none: its number. */
int register_join(Run *r, StateRegister *reg, const uint16_t *wire, uint32_t count);
void register_to_density(Run *r, StateRegister *reg, int group);
/* Nobody asks for the wire any more: it has no group then. */
void register_trace(Run *r, StateRegister *reg, uint32_t wire);
/* The register whose wire i is wire keep[i] of this one; the others must be traced. */
StateRegister *register_renamed(Arena *a, const StateRegister *reg, const uint16_t *keep, uint32_t count);
/* M on these wires: w has qubits, targets and controls as wires, *w is changed. */
void register_apply(Run *r, StateRegister *reg, NodeId m, Wires *w);
/* Two wires change names. */
void register_swap(StateRegister *reg, uint32_t a, uint32_t b);
/* A one-qubit channel as a matrix on (row, column). */
void register_channel(Run *r, StateRegister *reg, NodeId m, uint32_t wire, const uint8_t *pattern);

/* ---- register_circuit.c ---- */

/* asked[w]: whether wire w is asked for, behind all gates; then it is whether it is asked for before. Sets is_dropped and ends. */
void gates_ask(WireGates *gates, bool *asked);
/* The register after the gates, wires that are not asked for traced as soon as they can be. asked: before the gates. */
void gates_run(Run *r, StateRegister *reg, const WireGates *gates, const bool *asked);

/* ---- register_plan.c ---- */

/* A stage that takes or leaves a register. */
typedef struct StagePlan {
    bool is_register;
    StageGates g;
    bool *asked;             /* of its wires, before the gates */
    Form form;               /* the cheapest that fits, unless an engine is wanted */
    double operations[FORM_COUNT];
    uint32_t pure[FORM_COUNT], density[FORM_COUNT]; /* most qubits of a group */
    const StateRegister *value;   /* dry; NULL without a result */
    bool is_read;                 /* its result is asked for, or values come out */
    const QuantumAttr *transfer;  /* a measurement that takes the transfer engine, with all stages back to `source`; else NULL */
    StageId source;
    EngineCost state_chain, density_chain; /* then: what the same stages cost otherwise */
} StagePlan;

/* Of all stages: index StageId.i - 1. */
StagePlan *register_plan(Arena *a, const ModelInst *m, LowerOptions o);
/* Of a stage from values to values alone, as if a register were in it. */
StagePlan register_plan_stage(Arena *a, const ModelInst *m, const Stage *s, Engine engine);
/* cost.c: estimated, forward, for one sample; of all stages back to `source`. */
double chain_ns(const ModelInst *m, const StagePlan *plan, StageId id, StageId source);
void chain_costs(const ModelInst *m, const StagePlan *plan, StageId id, StageId source, EngineCost *state, EngineCost *density);
static inline bool plan_fits(const StagePlan *p) { return p->operations[p->form] < INFINITY; }
/* A density matrix occurs. */
static inline bool plan_is_mixed(const StagePlan *p) { return p->density[p->form] > 0; }

/* ---- register_values.c ---- */

/* real[outer|yields] */
NodeId register_observable(Run *r, const ObservableInst *o, const StateRegister *reg);
/* <target|rho|target>, real[], of a pure target without traced qubits. */
NodeId register_fidelity(Run *r, const StateRegister *reg, const StateRegister *target);
/* The same of each qubit with that of the target: real[wires]. The target is taken to be a product. */
NodeId register_fidelities(Run *r, const StateRegister *reg, const StateRegister *target);
/* All of it, in order: complex[outer|2^n, 2^n]. */
NodeId register_density(Run *r, const StateRegister *reg);

/* ---- lower_register.c: what lower.c and lower_quantum.c call ---- */

/* A stage whose plan says so: its values, or the leaf of an input; none if it leaves a register, which l->registers has. */
NodeId lower_register(Lower *l);
/* Says that a pure group of so many qubits or a density matrix of so many was wanted; at least one is too large. */
NodeId register_too_large(Lower *l, Span at, uint32_t pure, uint32_t density);
/* Values to values, with a register between. */
NodeId register_values(Lower *l, const Scope *s, const QuantumAttr *q, const StagePlan *plan);

#endif
