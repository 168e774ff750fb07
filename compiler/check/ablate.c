/* ablate.c: layers without entanglement, and layers that say nothing.
 *
 * no_entanglement(L) leaves out every gate of L's circuits (encoding included) on two qubits or more but swap, which moves states
 * without entangling them; parameters of those gates stay and are unused. constant(L) makes L's own output 0, whatever it reads;
 * skips into L stay.
 */
#include "check/ablate.h"

#include <string.h>

#include "check/layer.h"

AblationKind ablation_named(const char *word)
{
    if (!strcmp(word, "no_entanglement")) return ABLATION_no_entanglement;
    return !strcmp(word, "constant") ? ABLATION_constant : ABLATION_none;
}

static bool entangles(const GateApp *g)
{
    return g->target_count + g->control_count > 1 && (g->gate != GATE_swap || g->control_count);
}

/* The circuit without entangling gates; itself if it has none. */
static const CircuitInst *disentangled(Check *k, const CircuitInst *circuit, bool *changed)
{
    CircuitInst *kept = arena_make(k->keep, CircuitInst);
    *kept = *circuit;
    memset(&kept->gates, 0, sizeof kept->gates);
    for (uint32_t i = 0; i < circuit->gates.len; i++) {
        if (!entangles(&circuit->gates.at[i])) vec_push(k->keep, &kept->gates, circuit->gates.at[i]);
    }
    if (kept->gates.len == circuit->gates.len) return circuit;
    *changed = true;
    return kept;
}

static bool has_circuits(const Stage *s)
{
    return s->kind == STAGE_encode || s->kind == STAGE_evolve || s->kind == STAGE_quantum || s->kind == STAGE_quanv;
}

static void disentangle(Check *k, QuantumAttr *q, bool *changed)
{
    if (q->circuit) q->circuit = disentangled(k, q->circuit, changed);
    if (!q->encoding || !q->encoding->circuit) return;
    EncodingInst *encoding = arena_make(k->keep, EncodingInst);
    *encoding = *q->encoding;
    encoding->circuit = disentangled(k, q->encoding->circuit, changed);
    q->encoding = encoding;
}

static StageId without_entanglement(Env *e, const Ablation *a, StageId own)
{
    ModelBuild *m = e->model;
    bool changed = false;
    for (uint32_t i = 0; i < m->inst->stages.len; i++) {
        Stage *s = &m->inst->stages.at[i];
        if (s->layer.i == m->layer.i && !s->skip && has_circuits(s)) disentangle(e->k, &s->quantum, &changed);
    }
    if (changed) return own;
    diag_error(e->k->c, a->layer->span, D_wanted_kind, "what loses its entanglement", "a layer with a gate on two qubits or more",
               name_string(e->k, a->layer->name));
    return (StageId){0};
}

static StageId made_constant(Env *e, const Ablation *a, StageId own)
{
    ValueType type = stage_at(e->model, own)->type;
    Val zero = {.kind = VAL_number, .number = rational_int(0)};
    if (type.kind == VALUE_real) {
        Val v = layer_binary(e, BINARY_mul, zero, (Val){.kind = VAL_stage, .stage = own}, a->layer->span);
        return v.kind == VAL_stage ? v.stage : (StageId){0};
    }
    diag_error(e->k->c, a->layer->span, D_wanted_kind, "what becomes constant", "a layer of real numbers", value_type_text(e->k, type));
    return (StageId){0};
}

StageId ablate_layer(Env *e, Ident layer, StageId own)
{
    const Ablation *a = e->model->request->change.ablation;
    if (!a || e->model->depth || !own.i || a->layer->kind != EXPR_name || !name_eq(a->layer->name, layer.name)) return own;
    switch (a->kind) {
    case ABLATION_none: break;
    case ABLATION_no_entanglement: return without_entanglement(e, a, own);
    case ABLATION_constant: return made_constant(e, a, own);
    }
    return own;
}
