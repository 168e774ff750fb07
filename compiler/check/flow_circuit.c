/* flow_circuit.c: does a derivative pass through the scalars of a circuit, encoding or observable?
 *
 * A scalar passes it unless each way to the wanted leaf leads through a step or is multiplied by a
 * constant 0.
 */
#include "check/flow_graph.h"

/* What is looked for: the group `root`, or data. */
typedef struct Wanted {
    const ModelInst *m; /* NULL: data */
    GroupId root;
} Wanted;

static bool is_zero(const Sx *x) { return x->kind == SX_const && x->value.real == 0; }

static ParamUse stronger(ParamUse a, ParamUse b) { return a > b ? a : b; }

static bool is_wanted(const Wanted *w, const Sx *x)
{
    if (!w->m) return x->kind == SX_data;
    if (x->kind != SX_param) return false;
    GroupId g = x->group;
    while (group_of(w->m, g)->tied_to.i) g = group_of(w->m, g)->tied_to;
    return g.i == w->root.i;
}

static ParamUse scalar_use(const Wanted *w, const Sx *x)
{
    if (!x) return USE_absent;
    if (is_wanted(w, x)) return USE_open;
    ParamUse use = stronger(scalar_use(w, x->a), scalar_use(w, x->b));
    if (use != USE_open) return use;
    bool flat = x->kind == SX_step || (x->kind == SX_mul && (is_zero(x->a) || is_zero(x->b))) ||
                (x->kind == SX_div && is_zero(x->a));
    return flat ? USE_flat : USE_open;
}

static ParamUse circuit_use(const Wanted *w, const CircuitInst *circuit)
{
    ParamUse use = USE_absent;
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++) {
        const GateApp *gate = &circuit->gates.at[i];
        use = stronger(use, scalar_use(w, gate->arg));
        if (gate->gate == GATE_unitary)
            use = stronger(use, scalar_use(w, &(Sx){.kind = SX_param, .group = gate->group}));
    }
    return use;
}

static ParamUse observable_use(const Wanted *w, const ObservableInst *o)
{
    ParamUse use = USE_absent;
    for (uint32_t y = 0; o && y < o->yields.len; y++)
        for (uint32_t i = 0; i < o->yields.at[y].terms.len; i++)
            use = stronger(use, scalar_use(w, o->yields.at[y].terms.at[i].coefficient));
    return use;
}

_Static_assert(STAGE_quanv == STAGE_encode + 4,
               "encode, evolve, measure, quantum, quanv are one range");
static bool is_quantum(const Stage *s) { return s->kind >= STAGE_encode && s->kind <= STAGE_quanv; }

ParamUse param_use(const ModelInst *m, const Stage *s, GroupId root)
{
    Wanted w = {m, root};
    if (!is_quantum(s)) return USE_open;
    const QuantumAttr *q = &s->quantum;
    ParamUse use = observable_use(&w, q->observable);
    use = stronger(use, circuit_use(&w, q->circuit));
    if (q->encoding) use = stronger(use, circuit_use(&w, q->encoding->circuit));
    return use;
}

bool reads_values(const Stage *s)
{
    if (!is_quantum(s) || s->kind == STAGE_measure) return false;
    return s->quantum.encoding || (s->quantum.circuit && s->quantum.circuit->data_count);
}

bool data_is_open(const Stage *s)
{
    const QuantumAttr *q = &s->quantum;
    Wanted data = {0};
    if (q->encoding && q->encoding->is_flat) return false;
    if (q->encoding && q->encoding->kind == ENCODING_amplitude) return true;
    ParamUse use = circuit_use(&data, q->circuit);
    if (q->encoding) use = stronger(use, circuit_use(&data, q->encoding->circuit));
    return use == USE_open;
}
