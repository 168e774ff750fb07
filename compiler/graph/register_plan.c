/* register_plan.c: which stages hand on registers, what is asked for of each, and in which form it is cheapest.
 *
 * Three walks over the stages. First: a stage is one of a register if it is dissipative or has channels, and so are those that it takes
 * its state from and hands its state on to. Backwards: what the readers of a result ask for is asked for in it. Forwards: every form
 * is run dry from the register that comes in, and the one with the fewest operations taken.
 */
#include "graph/register.h"
#include "graph/transfer.h"

static bool has_channels(const Stage *s)
{
    if (!stage_is_quantum(s)) return false;
    const QuantumAttr *q = &s->quantum;
    return (q->circuit && q->circuit->noisy) || (q->encoding && q->encoding->circuit && q->encoding->circuit->noisy);
}

/* ---- which stages ---- */

static bool is_seed(const ModelInst *m, uint32_t i, LowerOptions o)
{
    const Stage *s = &m->stages.at[i];
    bool takes_state = s->operand_count && leaves_state(stage_of(m, s->operand[0]));
    if (s->kind == STAGE_dissipative || s->type.kind == VALUE_density) return true;
    if (!leaves_state(s) && !takes_state) return false;
    if (has_channels(s) || o.engine == ENGINE_density) return true;
    if (s->kind == STAGE_input && o.ground) return true;
    return o.loss == LOSS_local && m->output.i == i + 1;
}

/* Goes along states in both directions. */
static void spread(const ModelInst *m, StagePlan *plan)
{
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < m->stages.len; i++)
            for (uint32_t k = 0; k < m->stages.at[i].operand_count; k++) {
                StageId from = m->stages.at[i].operand[k];
                bool *a = &plan[i].is_register, *b = &plan[from.i - 1].is_register;
                if (!leaves_state(stage_of(m, from)) || *a == *b) continue;
                *a = *b = again = true;
            }
    }
}

/* The amplitudes of this stage are wanted: neither it nor what it comes from is split into groups. */
static void keep_whole(const ModelInst *m, StagePlan *plan, StageId id)
{
    const Stage *s = stage_of(m, id);
    if (s->type.kind != VALUE_state) return;
    plan[id.i - 1].is_register = false;
    for (uint32_t k = 0; k < s->operand_count; k++) keep_whole(m, plan, s->operand[k]);
}

/* ---- what is asked for ---- */

static void ask_observable(const ObservableInst *o, bool *asked)
{
    for (uint32_t y = 0; o && y < o->yields.len; y++)
        for (uint32_t t = 0; t < o->yields.at[y].terms.len; t++)
            for (uint32_t q = 0; q < o->qubits; q++)
                asked[q] |= ((o->yields.at[y].terms.at[t].x | o->yields.at[y].terms.at[t].z) >> (o->qubits - 1 - q) & 1) != 0;
}

/* result: of its result's qubits; NULL: it leaves values. */
static void plan_asked(Arena *a, const Stage *s, StagePlan *p, const bool *result)
{
    p->asked = arena_array(a, bool, p->g.wires + 1);
    for (uint32_t i = 0; result && i < p->g.results; i++) p->asked[p->g.wires - p->g.results + i] = result[i];
    if (stage_is_quantum(s) && !p->transfer) ask_observable(s->quantum.observable, p->asked);
    p->is_read = !result;
    for (uint32_t i = 0; result && i < p->g.results; i++) p->is_read |= result[i];
    gates_ask(&p->g.gates, p->asked);
}

/* ---- forms ---- */

/* Stages that start a register: from values, |0..0>, or amplitudes of which nothing is known. */
static void add_source(Run *r, const Stage *s, const StagePlan *p, LowerOptions o, StateRegister *reg)
{
    bool amplitudes = stage_is_quantum(s) && s->quantum.encoding && s->quantum.encoding->kind == ENCODING_amplitude;
    if (s->kind == STAGE_input && !o.ground) {
        register_add_pure(r, reg, (NodeId){0}, 0, p->g.wires);
        if (s->type.kind == VALUE_density && reg->groups.len) register_to_density(r, reg, 0);
    }
    if (amplitudes) register_add_pure(r, reg, (NodeId){0}, 0, s->quantum.encoding->qubits);
}

static StateRegister *run_dry(Run *r, const Stage *s, const StagePlan *p, const StateRegister *from, LowerOptions o)
{
    StateRegister *reg = from ? register_take(r, from) : register_new(r->a, p->g.wires);
    reg->wires = p->g.wires;
    if (!from) add_source(r, s, p, o, reg);
    for (uint32_t i = 0; i < reg->groups.len && r->form == FORM_density; i++) register_to_density(r, reg, (int)i);
    gates_run(r, reg, &p->g.gates, p->asked);
    double terms = 0;
    for (uint32_t y = 0; stage_is_quantum(s) && s->quantum.observable && y < s->quantum.observable->yields.len; y++)
        terms += s->quantum.observable->yields.at[y].terms.len;
    for (uint32_t i = 0; i < reg->groups.len; i++)
        r->operations += terms * ldexp(1, (int)reg->groups.at[i].count);
    return reg;
}

static void choose_form(Arena *a, const Stage *s, StagePlan *p, const StateRegister *from, LowerOptions o)
{
    StateRegister *value[FORM_COUNT];
    for (Form f = FORM_pure; f < FORM_COUNT; f++) {
        Run r = {.a = a, .form = f};
        value[f] = run_dry(&r, s, p, from, o);
        p->operations[f] = r.operations;
        p->pure[f] = r.pure;
        p->density[f] = r.density;
        if (r.operations < p->operations[p->form]) p->form = f;
    }
    if (o.engine == ENGINE_state) p->form = FORM_pure;
    if (o.engine == ENGINE_density) p->form = FORM_density;
    uint16_t *last = arena_array(a, uint16_t, p->g.results + 1);
    for (uint32_t i = 0; i < p->g.results; i++) last[i] = (uint16_t)(p->g.wires - p->g.results + i);
    if (p->g.results && plan_fits(p)) p->value = register_renamed(a, value[p->form], last, p->g.results);
    if (p->g.results && !p->value) p->value = register_new(a, p->g.results);
}

/* ---- all stages ---- */

static void ask_backwards(Arena *a, const ModelInst *m, LowerOptions o, StagePlan *plan)
{
    bool **result = arena_array(a, bool *, m->stages.len + 1);
    for (uint32_t i = 0; i < m->stages.len; i++) {
        plan[i].g = stage_gates(a, m, &m->stages.at[i]);
        result[i] = arena_array(a, bool, plan[i].g.results + 1);
        bool all = m->output.i == i + 1 || o.whole.i == i + 1;
        for (uint32_t q = 0; all && q < plan[i].g.results; q++) result[i][q] = true;
    }
    for (uint32_t i = m->stages.len; i-- > 0;) {
        const Stage *s = &m->stages.at[i];
        if (!plan[i].is_register) continue;
        plan_asked(a, s, &plan[i], plan[i].g.results ? result[i] : NULL);
        if (!s->operand_count || !leaves_state(stage_of(m, s->operand[0]))) continue;
        uint32_t from = s->operand[0].i - 1;
        for (uint32_t q = 0; q < plan[from].g.results; q++) result[from][q] |= plan[i].asked[q];
    }
}

/* A register of one group. */
static const StateRegister *amplitudes(Arena *a, uint32_t qubits)
{
    Run r = {.a = a};
    StateRegister *whole = register_new(a, qubits);
    register_add_pure(&r, whole, (NodeId){0}, 0, qubits);
    return whole;
}

static void choose_forms(Arena *a, const ModelInst *m, LowerOptions o, StagePlan *plan)
{
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        if (!plan[i].is_register) continue;
        const StateRegister *from = NULL;
        if (s->operand_count && leaves_state(stage_of(m, s->operand[0]))) {
            from = plan[s->operand[0].i - 1].value;
            if (!from) from = amplitudes(a, (uint32_t)stage_of(m, s->operand[0])->type.dim[0]);
        }
        choose_form(a, s, &plan[i], from, o);
    }
}

/* ---- transfer ---- */

/* Measurements of which the transfer engine computes all from the encoding on, because that is cheaper, or it is wanted. */
static bool choose_transfers(Arena *a, const ModelInst *m, LowerOptions o, StagePlan *plan)
{
    bool any = false;
    if (o.sampled || (o.engine != ENGINE_none && o.engine != ENGINE_transfer)) return false;
    for (uint32_t i = 0; i < m->stages.len; i++) {
        StagePlan *p = &plan[i];
        const QuantumAttr *q = p->is_register ? transfer_chain(a, m, (StageId){i + 1}, o.ground, &p->source) : NULL;
        if (!q || (o.few_samples && o.engine == ENGINE_none && plan_fits(p))) continue;
        EngineCost cost = parts_cost(q, m->stages.at[i].maps);
        if (cost.obstacle || (o.engine == ENGINE_none && cost.ns > chain_ns(m, plan, (StageId){i + 1}, p->source))) continue;
        chain_costs(m, plan, (StageId){i + 1}, p->source, &p->state_chain, &p->density_chain);
        p->transfer = q;
        any = true;
    }
    return any;
}

StagePlan *register_plan(Arena *a, const ModelInst *m, LowerOptions o)
{
    StagePlan *plan = arena_array(a, StagePlan, m->stages.len + 1);
    for (uint32_t i = 0; i < m->stages.len; i++) plan[i].is_register = is_seed(m, i, o);
    spread(m, plan);
    if (o.whole.i) keep_whole(m, plan, o.whole);
    ask_backwards(a, m, o, plan);
    choose_forms(a, m, o, plan);
    if (!choose_transfers(a, m, o, plan)) return plan;
    ask_backwards(a, m, o, plan);
    choose_forms(a, m, o, plan);
    return plan;
}

StagePlan register_plan_stage(Arena *a, const ModelInst *m, const Stage *s, Engine engine)
{
    StagePlan p = {.is_register = true};
    p.g = stage_gates(a, m, s);
    plan_asked(a, s, &p, NULL);
    choose_form(a, s, &p, NULL, (LowerOptions){.engine = engine});
    return p;
}
