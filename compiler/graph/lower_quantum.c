/* lower_quantum.c: quantum stages. A quanvolution is three maps: patches are gathered, the circuit works on the inner axis, and the
 * results are put where they belong (lower_patches.c); with own parameters for each channel, channel by channel, results added.
 */
#include "graph/cost.h"
#include "graph/register.h"
#include "graph/transfer.h"

NodeId measured(Lower *l, NodeId values)
{
    l->out->expectation[l->stage_id.i - 1] = values;
    for (uint32_t i = 0; i < l->out->shifts.len; i++) {
        ShiftSite *site = &l->out->shifts.at[i];
        if (site->stage.i == l->stage_id.i && !node_is(site->values)) site->values = values;
    }
    return values;
}

/* The state with `more` qubits in |0> behind its own. */
static NodeId with_zeros(Lower *l, NodeId psi, uint32_t more)
{
    int64_t rows = type_inner(type_of(l->g, psi)) << more;
    ArenaMark mark = arena_mark(l->c->scratch);
    int64_t *from = arena_array(l->c->scratch, int64_t, rows);
    for (int64_t i = 0; i < rows; i++) from[i] = i % (INT64_C(1) << more) ? -1 : i >> more;
    NodeId wide = elements_from(l, psi, rows, from);
    arena_reset(l->c->scratch, mark);
    return wide;
}

/* State after encoding and circuit; psi: the state that comes in, if no values do. */
static NodeId prepared(Lower *l, const Scope *s, const QuantumAttr *q, NodeId psi)
{
    if (q->encoding) psi = lower_encoding(l, s, q->encoding);
    if (q->encoding && q->qubits > q->encoding->qubits && !l->failed) psi = with_zeros(l, psi, q->qubits - q->encoding->qubits);
    if (!node_is(psi) && !l->failed) psi = ground_state(l, q->qubits);
    if (q->circuit && !l->failed) psi = lower_circuit(l, s, q->circuit, psi);
    return psi;
}

/* Registers up to this size are quick by state vectors, too. */
enum { FEW_QUBITS = 10 };

static Engine engine_of(const Lower *l)
{
    bool prefers_state = l->options.few_samples && l->options.engine == ENGINE_none &&
                         l->stage->quantum.qubits <= FEW_QUBITS && !state_obstacle(l->stage);
    Engine engine = prefers_state ? ENGINE_state : stage_engine(l->model, l->stage_id, l->options.engine);
    /* coefficients are computed once for all samples, so they cannot be each sample's own */
    if (engine == ENGINE_transfer && l->options.sampled) return state_obstacle(l->stage) ? ENGINE_density : ENGINE_state;
    return engine;
}

/* Values of the data in `s` to real[outer|yields]. */
static NodeId values_by(Lower *l, Engine engine, const Scope *s)
{
    const QuantumAttr *q = &l->stage->quantum;
    NodeId values = {0};
    if (engine == ENGINE_transfer) {
        values = lower_transfer(l, s, q);
    } else if (engine == ENGINE_density) {
        StagePlan plan = register_plan_stage(l->g->arena, l->model, l->stage, l->options.engine);
        values = register_values(l, s, q, &plan);
    } else {
        NodeId psi = prepared(l, s, q, (NodeId){0});
        if (!l->failed) values = lower_observable(l, s, q->observable, psi);
    }
    return l->failed ? values : measured(l, values);
}

NodeId flat_values(Graph *g, NodeId x)
{
    const Type *t = type_of(g, x);
    int64_t count = type_inner(t);
    return reshape(g, x, type_behind(t, 1, &count));
}

NodeId shaped_values(const Lower *l, NodeId values)
{
    const ValueType *t = &l->stage->type;
    return reshape(l->g, values, type_behind(type_of(l->g, values), t->rank, t->dim));
}

NodeId lower_quantum(Lower *l)
{
    const QuantumAttr *q = &l->stage->quantum;
    NodeId x = stage_operand(l, 0), values;
    bool from_state = type_of(l->g, x)->is_complex;
    Scope s = {.outer = type_behind(type_of(l->g, x), 0, NULL)};
    if (!from_state) s.values = flat_values(l->g, x);
    if (from_state || !q->observable) {
        NodeId psi = prepared(l, &s, q, from_state ? x : (NodeId){0});
        if (l->failed || !q->observable) return psi;
        values = measured(l, lower_observable(l, &s, q->observable, psi));
    } else {
        values = values_by(l, engine_of(l), &s);
    }
    return l->failed ? values : shaped_values(l, values);
}

/* ---- quanvolutions ---- */

/* Patches of channels [from, to) through the circuit and back into the output's shape. */
static NodeId run_patches(Lower *l, const Patches *w, int64_t from, int64_t to)
{
    const QuantumAttr *q = w->q;
    bool joint = q->channels == CHANNELS_joint, own = q->channels == CHANNELS_own;
    Scope s = {.values = patches_gather(l, w, from, to, joint)};
    if (own) {
        s.channel = from;
        s.channels = w->channels;
    }
    s.outer = type_behind(type_of(l->g, s.values), 0, NULL);
    NodeId values = values_by(l, engine_of(l), &s);
    if (l->failed) return values;
    PatchResults r = {w, joint ? 0 : from, joint ? 1 : to - from, q->observable->yields.len, s.outer};
    return patches_place(l, values, &r);
}

NodeId lower_quanv(Lower *l)
{
    NodeId image = stage_operand(l, 0);
    if (type_of(l->g, image)->outer)
        return not_executable(l, l->stage->span, "'quanv' in the body of 'patchwise'", "'quantum' can stand there");
    Patches w = patches_of(&l->stage->quantum, type_of(l->g, image)->dim);
    if (w.q->channels != CHANNELS_own) return run_patches(l, &w, 0, w.channels);
    NodeId total = {0};
    for (int64_t c = 0; c < w.channels && !l->failed; c++) {
        NodeId part = run_patches(l, &w, c, c + 1);
        total = node_is(total) && !l->failed ? add(l->g, total, part) : part;
    }
    return total;
}
