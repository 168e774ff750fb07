/* lower_register.c: stages that take or leave registers: inputs, encodings, circuits, dissipative layers, measurements. */
#include <string.h>

#include "graph/cost.h"
#include "graph/register.h"
#include "graph/transfer.h"

/* ---- what does not fit ---- */

/* Of one sample in f64. */
static const char *bytes_text(Compiler *c, double bytes)
{
    static const char *const unit[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
    int i = 0;
    for (; bytes >= 1024 && i < 5; i++) bytes /= 1024;
    return arena_printf(c->keep, "%.4g %s", bytes, unit[i]);
}

static const char *need_text(Compiler *c, uint32_t qubits, bool is_density)
{
    const char *bytes = bytes_text(c, ldexp(16, (int)(is_density ? 2 * qubits : qubits)));
    return arena_printf(c->keep, "%u qubits at once as a %s (%s for each sample)", qubits, is_density ? "density matrix" : "pure state", bytes);
}

NodeId register_too_large(Lower *l, Span at, uint32_t pure, uint32_t density)
{
    Compiler *c = l->c;
    if (!l->failed) {
        const char *first = pure > PURE_MOST ? need_text(c, pure, false) : need_text(c, density, true);
        bool both = pure > PURE_MOST && density > DENSITY_MOST;
        diag_error(c, at, D_register_too_large, both ? arena_printf(c->keep, "%s or %s", first, need_text(c, density, true)) : first);
        diag_help(c, D_register_fits, PURE_MOST, DENSITY_MOST);
    }
    l->failed = true;
    return (NodeId){0};
}

/* False after a report: a group does not fit, or the wanted engine cannot compute the stage. */
static bool executable(Lower *l, const StagePlan *p)
{
    for (uint32_t i = 0; i < p->g.gates.len && l->options.engine == ENGINE_state; i++) {
        const GateApp *gate = p->g.gates.at[i].gate;
        if (gate->gate < GATE_depolarize || gate->gate == GATE_reset || p->g.gates.at[i].is_dropped) continue;
        not_executable(l, gate->span, "a channel by state vectors", "noise needs density matrices; 'engine: auto' takes them");
        return false;
    }
    if (plan_fits(p)) return true;
    register_too_large(l, l->stage->span, p->pure[FORM_pure], p->density[FORM_density]);
    return false;
}

/* ---- where registers come from ---- */

static const Stage *operand(const Lower *l) { return l->stage->operand_count ? stage_of(l->model, l->stage->operand[0]) : NULL; }

/* A copy of the operand's register, or its amplitudes as one group. NULL: it has values. */
static StateRegister *operand_register(Run *r)
{
    Lower *l = r->l;
    const Stage *from = operand(l);
    if (!from || from->type.kind == VALUE_real) return NULL;
    const StateRegister *reg = l->registers[l->stage->operand[0].i - 1];
    if (reg) return register_copy(r->a, reg);
    StateRegister *whole = register_new(r->a, (uint32_t)from->type.dim[0]);
    register_add_pure(r, whole, stage_operand(l, 0), 0, whole->wires);
    return whole;
}

/* *x: the leaf; none for ground samples. */
static StateRegister *input_register(Run *r, NodeId *x)
{
    Lower *l = r->l;
    const Stage *s = l->stage;
    StateRegister *reg = register_new(r->a, (uint32_t)s->type.dim[0]);
    if (l->options.ground) return reg;
    *x = graph_input(l->g, name_text(l->c->names, s->input.input), value_type(&s->type));
    register_add_pure(r, reg, *x, 0, reg->wires);
    if (s->type.kind == VALUE_density && reg->groups.len) {
        int64_t count = INT64_C(1) << 2 * reg->wires;
        reg->groups.at[0].is_density = true;
        reg->groups.at[0].node = reshape(l->g, *x, type_behind(type_of(l->g, *x), 1, &count));
    }
    return reg;
}

static void add_amplitudes(Run *r, const QuantumAttr *q, StateRegister *reg)
{
    if (!q->encoding || q->encoding->kind != ENCODING_amplitude) return;
    register_add_pure(r, reg, lower_encoding(r->l, r->s, q->encoding), 0, q->encoding->qubits);
}

/* ---- stages ---- */

/* The stage's wires behind its gates; NULL after a report. */
static StateRegister *run_stage(Run *r, StateRegister *reg, const StagePlan *p)
{
    if (!executable(r->l, p)) return NULL;
    if (!reg) reg = register_new(r->a, p->g.wires);
    reg->wires = p->g.wires;
    if (stage_is_quantum(r->l->stage)) add_amplitudes(r, &r->l->stage->quantum, reg);
    for (uint32_t i = 0; i < reg->groups.len && r->form == FORM_density; i++) register_to_density(r, reg, (int)i);
    gates_run(r, reg, &p->g.gates, p->asked);
    return reg;
}

static Run run_of(Lower *l, const Scope *s, const StagePlan *p)
{
    return (Run){.l = l, .s = s, .a = l->g->arena, .form = p->form};
}

NodeId register_values(Lower *l, const Scope *s, const QuantumAttr *q, const StagePlan *plan)
{
    Run r = run_of(l, s, plan);
    StateRegister *reg = run_stage(&r, NULL, plan);
    return reg ? register_observable(&r, q->observable, reg) : (NodeId){0};
}

/* The stage's result: the last of its wires. */
static void leave(Run *r, const StagePlan *p, const StateRegister *reg)
{
    uint16_t *keep = arena_array(r->a, uint16_t, p->g.results + 1);
    for (uint32_t i = 0; i < p->g.results; i++) keep[i] = (uint16_t)(p->g.wires - p->g.results + i);
    r->l->registers[r->l->stage_id.i - 1] = register_renamed(r->a, reg, keep, p->g.results);
}

static StateRegister *detached(Run *r, StateRegister *reg)
{
    for (uint32_t i = 0; i < reg->groups.len; i++) reg->groups.at[i].node = detach(r->l->g, reg->groups.at[i].node);
    return reg;
}

/* A measurement with all stages back to the encoding, whose data come from the stage before it. */
static NodeId transferred(Lower *l, Scope *scope, const StagePlan *p)
{
    const Stage *source = stage_of(l->model, p->source);
    if (source->kind == STAGE_encode) {
        scope->values = flat_values(l->g, l->out->stage[source->operand[0].i - 1]);
        scope->outer = type_behind(type_of(l->g, scope->values), 0, NULL);
    }
    NodeId values = lower_transfer(l, scope, p->transfer);
    return l->failed ? values : shaped_values(l, measured(l, values));
}

NodeId lower_register(Lower *l)
{
    const StagePlan *p = &l->plan[l->stage_id.i - 1];
    const Stage *s = l->stage;
    Scope *scope = arena_make(l->g->arena, Scope);
    *scope = (Scope){.outer = type_real(0, NULL)};
    Run r = run_of(l, scope, p);
    NodeId leaf = {0};
    StateRegister *reg = s->kind == STAGE_input ? input_register(&r, &leaf) : operand_register(&r);
    if (!reg && s->operand_count) {
        scope->values = flat_values(l->g, stage_operand(l, 0));
        scope->outer = type_behind(type_of(l->g, scope->values), 0, NULL);
    }
    if (p->transfer) return transferred(l, scope, p);
    if (s->kind == STAGE_detach && reg) reg = detached(&r, reg);
    reg = run_stage(&r, reg, p);
    if (!reg) return (NodeId){0};
    if (p->g.results) leave(&r, p, reg);
    if (s->kind == STAGE_input) return leaf;
    if (l->options.whole.i == l->stage_id.i) {
        NodeId rho = register_density(&r, l->registers[l->stage_id.i - 1]);
        return node_is(rho) || l->failed ? rho : register_too_large(l, s->span, r.pure, r.density);
    }
    return p->g.results ? (NodeId){0} : shaped_values(l, measured(l, register_observable(&r, s->quantum.observable, reg)));
}
