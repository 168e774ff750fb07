/* register_plan.c: which stages hand on registers, what is asked for of each, and in which form it is cheapest.
 *
 * Three walks over the stages. First: a stage is one of a register if it is dissipative or has channels, and so are those that it takes
 * its state from and hands its state on to. Backwards: what the readers of a result ask for is asked for in it. Forwards: every form
 * is run dry from the register that comes in, and the one with the fewest operations taken.
 */
#include "graph/cost.h"
#include "graph/register.h"

static bool leaves_state(const Stage *s) { return s->type.kind == VALUE_state || s->type.kind == VALUE_density; }

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

/* ---- their gates ---- */

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

static void plan_gates(Arena *a, const ModelInst *m, const Stage *s, StagePlan *p)
{
    uint32_t in = s->operand_count && leaves_state(stage_of(m, s->operand[0])) ? (uint32_t)stage_of(m, s->operand[0])->type.dim[0] : 0;
    p->results = leaves_state(s) ? (uint32_t)s->type.dim[0] : 0;
    p->wires = in > p->results ? in : p->results;
    if (s->kind == STAGE_dissipative) {
        p->wires = in + p->results;
        gates_append(a, &p->gates, s->dissipative.circuit, wires_from(a, 0, p->wires));
        for (uint32_t j = 0; s->dissipative.perceptron && j < s->dissipative.count; j++)
            gates_append(a, &p->gates, s->dissipative.perceptron[j], perceptron_wires(a, s, in, j));
    }
    if (!stage_is_quantum(s)) return;
    const uint16_t *wire = wires_from(a, 0, MAX_QUBITS);
    p->wires = s->quantum.qubits;
    if (s->quantum.encoding) gates_append(a, &p->gates, s->quantum.encoding->circuit, wire);
    gates_append(a, &p->gates, s->quantum.circuit, wire);
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
    p->asked = arena_array(a, bool, p->wires + 1);
    for (uint32_t i = 0; result && i < p->results; i++) p->asked[p->wires - p->results + i] = result[i];
    if (stage_is_quantum(s)) ask_observable(s->quantum.observable, p->asked);
    gates_ask(&p->gates, p->asked);
}

/* ---- forms ---- */

/* Stages that start a register: from values, |0..0>, or amplitudes of which nothing is known. */
static void add_source(Run *r, const Stage *s, const StagePlan *p, LowerOptions o, StateRegister *reg)
{
    bool amplitudes = stage_is_quantum(s) && s->quantum.encoding && s->quantum.encoding->kind == ENCODING_amplitude;
    if (s->kind == STAGE_input && !o.ground) {
        register_add_pure(r, reg, (NodeId){0}, 0, p->wires);
        if (s->type.kind == VALUE_density && reg->groups.len) register_to_density(r, reg, 0);
    }
    if (amplitudes) register_add_pure(r, reg, (NodeId){0}, 0, s->quantum.encoding->qubits);
}

static StateRegister *run_dry(Run *r, const Stage *s, const StagePlan *p, const StateRegister *from, LowerOptions o)
{
    StateRegister *reg = from ? register_take(r, from) : register_new(r->a, p->wires);
    reg->wires = p->wires;
    if (!from) add_source(r, s, p, o, reg);
    for (uint32_t i = 0; i < reg->groups.len && r->form == FORM_density; i++) register_to_density(r, reg, (int)i);
    gates_run(r, reg, &p->gates, p->asked);
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
    uint16_t *last = wires_from(a, p->wires - p->results, p->results);
    if (p->results && plan_fits(p)) p->value = register_renamed(a, value[p->form], last, p->results);
    if (p->results && !p->value) p->value = register_new(a, p->results);
}

/* ---- all stages ---- */

static void ask_backwards(Arena *a, const ModelInst *m, LowerOptions o, StagePlan *plan)
{
    bool **result = arena_array(a, bool *, m->stages.len + 1);
    for (uint32_t i = 0; i < m->stages.len; i++) {
        plan_gates(a, m, &m->stages.at[i], &plan[i]);
        result[i] = arena_array(a, bool, plan[i].results + 1);
        bool all = m->output.i == i + 1 || o.whole.i == i + 1;
        for (uint32_t q = 0; all && q < plan[i].results; q++) result[i][q] = true;
    }
    for (uint32_t i = m->stages.len; i-- > 0;) {
        const Stage *s = &m->stages.at[i];
        if (!plan[i].is_register) continue;
        plan_asked(a, s, &plan[i], result[i]);
        if (!s->operand_count || !leaves_state(stage_of(m, s->operand[0]))) continue;
        uint32_t from = s->operand[0].i - 1;
        for (uint32_t q = 0; q < plan[from].results; q++) result[from][q] |= plan[i].asked[q];
    }
}

StagePlan *register_plan(Arena *a, const ModelInst *m, LowerOptions o)
{
    StagePlan *plan = arena_array(a, StagePlan, m->stages.len + 1);
    for (uint32_t i = 0; i < m->stages.len; i++) plan[i].is_register = is_seed(m, i, o);
    spread(m, plan);
    if (o.whole.i) keep_whole(m, plan, o.whole);
    ask_backwards(a, m, o, plan);
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        if (!plan[i].is_register) continue;
        const StateRegister *from = NULL;
        if (s->operand_count && leaves_state(stage_of(m, s->operand[0]))) {
            from = plan[s->operand[0].i - 1].value;
            if (!from) { /* amplitudes */
                Run r = {.a = a};
                StateRegister *whole = register_new(a, (uint32_t)stage_of(m, s->operand[0])->type.dim[0]);
                register_add_pure(&r, whole, (NodeId){0}, 0, whole->wires);
                from = whole;
            }
        }
        choose_form(a, s, &plan[i], from, o);
    }
    return plan;
}

StagePlan register_plan_stage(Arena *a, const ModelInst *m, const Stage *s, Engine engine)
{
    StagePlan p = {.is_register = true};
    plan_gates(a, m, s, &p);
    plan_asked(a, s, &p, NULL);
    choose_form(a, s, &p, NULL, (LowerOptions){.engine = engine});
    return p;
}
