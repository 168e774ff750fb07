/* encoding.c: encodings as layers use them: the number of values fixes the number of qubits. */
#include "check/circuit.h"
#include "check/scalar.h"

static bool circuit_is_flat(const CircuitInst *c)
{
    for (uint32_t i = 0; i < c->gates.len; i++) {
        if (c->gates.at[i].arg && !sx_is_flat_in_data(c->gates.at[i].arg)) return false;
    }
    return true;
}

const EncodingInst *encoding_instance(Env *e, ModelBuild *m, const UnitRef *u, int64_t values,
                                      const char *prefix, Span at)
{
    EncodingInst *inst = arena_make(e->k->keep, EncodingInst);
    inst->values = (uint32_t)values;
    inst->span = at;
    if (!u->entry) {
        inst->kind = ENCODING_amplitude;
        inst->name = name_of(e->k->c->names, "amplitude");
        inst->zero_is_ground = u->zero_is_ground;
        while ((INT64_C(1) << inst->qubits) < values) inst->qubits++;
        if (!inst->qubits) inst->qubits = 1;
        if (inst->qubits <= MAX_QUBITS) return inst;
        diag_error(e->k->c, at, D_too_many_qubits, (long long)inst->qubits, (int)MAX_QUBITS);
        return NULL;
    }
    if (!unit_takes_data(u)) {
        diag_error(e->k->c, at, D_encoding_without_data, u->text);
        return NULL;
    }
    CircuitUse use = {.values = values, .prefix = prefix, .span = at};
    inst->circuit = circuit_instance(e, m, u, use);
    if (!inst->circuit) return NULL;
    inst->kind = ENCODING_circuit;
    inst->name = inst->circuit->name;
    inst->qubits = inst->circuit->qubits;
    inst->is_flat = circuit_is_flat(inst->circuit);
    return inst;
}
