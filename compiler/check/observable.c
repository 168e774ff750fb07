/* observable.c: observables as layers use them: a list of yields, each a real sum of Pauli
 * products. */
#include "check/model.h"
#include "check/pauli.h"
#include "check/scalar.h"

void body_yield(Env *e, const Stmt *s)
{
    Compiler *c = e->k->c;
    if (!expansion_step(e->k, s->span)) return;
    Val v = eval_expr(e, s->yield.value);
    const Pauli *p = v.kind == VAL_pauli ? v.pauli : NULL;
    if (v.kind == VAL_number) p = pauli_scalar(e, sx_number(e->k, v.number));
    if (v.kind == VAL_sx) p = pauli_scalar(e, v.sx);
    if (!p) {
        if (v.kind != VAL_none)
            diag_error(c, s->yield.value->span, D_wanted_kind, "'yield'",
                       "an operator such as z(q[0])", val_kind_text(v));
        return;
    }
    YieldInst yield = {.span = s->span};
    for (uint32_t i = 0; i < p->parts.len; i++) {
        const PauliPart *part = &p->parts.at[i];
        if (part->im && !sx_is_zero(part->im)) {
            diag_error(c, s->yield.value->span, D_observable_not_real);
            return;
        }
        if (!part->re || sx_is_zero(part->re)) continue;
        vec_push(e->k->keep, &yield.terms, (PauliTerm){part->re, part->x, part->z});
    }
    vec_push(e->k->keep, &e->body->yields, yield);
}

const ObservableInst *observable_instance(Env *e, ModelBuild *m, const UnitRef *u, uint32_t qubits,
                                          const char *prefix, Span at)
{
    const Decl *d = u->entry->decl;
    Env in = {.k = e->k, .scope = u->entry->scope};
    unsigned errors = e->k->c->errors;
    u->entry->expanded = true;
    if (!bind_unit(e, u, &in)) return NULL;
    if (d->unit.registers.len != 1) {
        diag_error(e->k->c, at, D_observable_registers, u->text, (int)d->unit.registers.len);
        return NULL;
    }
    if (!solve_registers(&in, d, &qubits, at)) return NULL;
    uint8_t all[MAX_QUBITS + 1];
    for (uint32_t i = 0; i < qubits && i < MAX_QUBITS; i++) all[i] = (uint8_t)i;
    bind_registers(&in, d, &qubits, all);
    Body body = {.k = e->k,
                 .model = m,
                 .decl = d,
                 .use = at,
                 .qubits = qubits,
                 .instance_qubits = qubits,
                 .prefix = prefix};
    body_expand(&body, &in);
    if (e->k->c->errors > errors || e->k->overflowed) return NULL;
    if (!body.yields.len) {
        diag_error(e->k->c, at, D_no_yield, u->text);
        return NULL;
    }
    ObservableInst *o = arena_make(e->k->keep, ObservableInst);
    o->name = d->name.name;
    o->qubits = qubits;
    o->yields.at = body.yields.at;
    o->yields.len = body.yields.len;
    o->yields.cap = body.yields.cap;
    o->span = at;
    return o;
}
