/* layer_quantum.c: quantum, encode, evolve, measure, dissipative. */
#include "check/quantum.h"

#include <string.h>

static const UnitRef *stdlib_unit(LayerCall *l, const char *name)
{
    Entry *entry = scope_find(l->e->scope, name_of(l->m->k->c->names, name));
    if (!entry) {
        diag_error(l->m->k->c, l->span, D_unknown_name, name);
        return NULL;
    }
    Val v = unit_plain(l->e, entry, l->span);
    return v.unit;
}

static const UnitRef *part(LayerCall *l, const Arg *arg, DeclKind kind, const char *what)
{
    return eval_unit(l->e, arg->value, kind, what);
}

/* `qubits: m`, at least what the encoding needs. */
static bool total_qubits(LayerCall *l, const Arg *slot, uint32_t least, uint32_t *total)
{
    int64_t n = least;
    if (!slot_int(l->e, slot, "'qubits'", 1, &n)) return false;
    if (n < least) {
        diag_error(l->m->k->c, slot->value->span, D_few_qubits, (int)least, (int)n);
        return false;
    }
    if (n > MAX_QUBITS) {
        diag_error(l->m->k->c, slot->value->span, D_too_many_qubits, (long long)n, (int)MAX_QUBITS);
        return false;
    }
    *total = (uint32_t)n;
    return true;
}

bool quantum_units(LayerCall *l, QuantumArgs *args)
{
    if (args->encode) args->encoding_unit = part(l, args->encode, DECL_encoding, "'encode'");
    if (args->circuit) args->circuit_unit = part(l, args->circuit, DECL_circuit, "'circuit'");
    args->observable_unit = args->measure ? part(l, args->measure, DECL_observable, "'measure'")
                                          : stdlib_unit(l, "z_each");
    bool is_good = (!args->encode || args->encoding_unit) && (!args->circuit || args->circuit_unit);
    return is_good && !l->is_poison;
}

static bool encoding_part(LayerCall *l, const QuantumArgs *args, int64_t values, QuantumAttr *a)
{
    Span at = args->encode ? args->encode->value->span : l->span;
    const UnitRef *u = args->encode ? args->encoding_unit : stdlib_unit(l, "angle");
    if (!u) return false;
    a->encoding = encoding_instance(l->e, l->m, u, values, "encode.", at);
    return a->encoding && total_qubits(l, args->qubits, a->encoding->qubits, &a->qubits);
}

static bool circuit_part(LayerCall *l, const QuantumArgs *args, const UnitRef *u, int64_t values,
                         QuantumAttr *a)
{
    CircuitUse use = {
        .qubits = a->qubits, .values = values, .prefix = "", .span = args->circuit->value->span};
    if (values >= 0 && args->qubits && !total_qubits(l, args->qubits, 1, &use.qubits)) return false;
    a->circuit = circuit_instance(l->e, l->m, u, use);
    if (!a->circuit) return false;
    a->qubits = a->circuit->qubits;
    return true;
}

bool quantum_parts(LayerCall *l, QuantumArgs args, int64_t values, QuantumAttr *a)
{
    const UnitRef *u = args.circuit_unit;
    bool is_state = l->type.kind != VALUE_real;
    bool uploads = !is_state && !args.encode && u && unit_takes_data(u);
    if (is_state && args.encode) {
        diag_error(l->m->k->c, args.encode->value->span, D_encode_state,
                   value_type_text(l->m->k, l->type));
        return false;
    }
    if (is_state)
        a->qubits = (uint32_t)l->type.dim[0];
    else if (!uploads && !encoding_part(l, &args, values, a))
        return false;
    if (u && !circuit_part(l, &args, u, uploads ? values : -1, a)) return false;
    if (!args.observable_unit) return false; /* reported; the circuit's mistakes are found all the same */
    Span at = args.measure ? args.measure->value->span : l->span;
    a->observable =
        observable_instance(l->e, l->m, args.observable_unit, a->qubits, "measure.", at);
    return a->observable != NULL;
}

/* The value of an argument called depth or layers, 0 if there is none. */
static int64_t depth_of(Check *k, const UnitRef *u)
{
    if (!u || !u->entry || !u->arguments) return 0;
    const FormalList *formals = &u->entry->decl->unit.formals;
    for (uint32_t i = 0; i < formals->len; i++) {
        const char *name = name_string(k, formals->at[i].name.name);
        bool is_depth = !strcmp(name, "depth") || !strcmp(name, "layers");
        if (is_depth && formals->at[i].type == FORMAL_int && u->arguments[i].kind == VAL_number)
            return u->arguments[i].number.num;
    }
    return 0;
}

const char *quantum_text(LayerCall *l, const QuantumAttr *a, const UnitRef *u)
{
    if (u && u->entry && !u->arguments) u = unit_call(l->e, u->entry, NULL, u->span).unit;
    long long depth = depth_of(l->m->k, u);
    if (depth) return arena_printf(l->m->k->keep, "%s %uq d%lld", l->kind, a->qubits, depth);
    return arena_printf(l->m->k->keep, "%s %uq", l->kind, a->qubits);
}

StageId layer_quantum(LayerCall *l)
{
    static const ArgSpec specs[] = {
        {"encode", false}, {"circuit", false}, {"measure", false}, {"qubits", false}};
    QuantumAttr a = {0};
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot))
        return (StageId){0};
    QuantumArgs args = {
        .encode = l->slot[0], .circuit = l->slot[1], .measure = l->slot[2], .qubits = l->slot[3]};
    if (!quantum_units(l, &args) || !quantum_parts(l, args, value_count(l->type), &a))
        return (StageId){0};
    StageId id = layer_stage(l, STAGE_quantum, type_vector(a.observable->yields.len));
    stage_at(l->m, id)->quantum = a;
    l->text = quantum_text(l, &a, args.circuit_unit);
    return id;
}

StageId layer_encode(LayerCall *l)
{
    static const ArgSpec specs[] = {{"encoding", true}, {"qubits", false}};
    QuantumAttr a = {0};
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot))
        return (StageId){0};
    const UnitRef *u = part(l, l->slot[0], DECL_encoding, "'encode'");
    if (!u || !layer_wants_real(l)) return (StageId){0};
    a.encoding =
        encoding_instance(l->e, l->m, u, value_count(l->type), "", l->slot[0]->value->span);
    if (!a.encoding || !total_qubits(l, l->slot[1], a.encoding->qubits, &a.qubits))
        return (StageId){0};
    bool noisy = a.encoding->circuit && a.encoding->circuit->noisy;
    StageId id =
        layer_stage(l, STAGE_encode, type_state(noisy ? VALUE_density : VALUE_state, a.qubits));
    stage_at(l->m, id)->quantum = a;
    l->text = quantum_text(l, &a, NULL);
    return id;
}

static bool wants_state(LayerCall *l)
{
    if (l->type.kind == VALUE_state || l->type.kind == VALUE_density) return true;
    if (l->is_poison) return false;
    layer_wants(l, "a state");
    diag_help(l->m->k->c, D_encode_first);
    return false;
}

StageId layer_evolve(LayerCall *l)
{
    static const ArgSpec specs[] = {{"circuit", true}};
    QuantumAttr a = {0};
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot))
        return (StageId){0};
    const UnitRef *u = part(l, l->slot[0], DECL_circuit, "'evolve'");
    if (!u || !wants_state(l)) return (StageId){0};
    a.qubits = (uint32_t)l->type.dim[0];
    CircuitUse use = {
        .qubits = a.qubits, .values = -1, .prefix = "", .span = l->slot[0]->value->span};
    a.circuit = circuit_instance(l->e, l->m, u, use);
    if (!a.circuit) return (StageId){0};
    ValueKind kind = a.circuit->noisy ? VALUE_density : l->type.kind;
    StageId id = layer_stage(l, STAGE_evolve, type_state(kind, a.qubits));
    stage_at(l->m, id)->quantum = a;
    l->text = quantum_text(l, &a, u);
    return id;
}

StageId layer_measure(LayerCall *l)
{
    static const ArgSpec specs[] = {{"observable", false}};
    QuantumAttr a = {0};
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot))
        return (StageId){0};
    const UnitRef *u =
        l->slot[0] ? part(l, l->slot[0], DECL_observable, "'measure'") : stdlib_unit(l, "z_each");
    if (!u || !wants_state(l)) return (StageId){0};
    a.qubits = (uint32_t)l->type.dim[0];
    a.observable = observable_instance(l->e, l->m, u, a.qubits, "",
                                       l->slot[0] ? l->slot[0]->value->span : l->span);
    if (!a.observable) return (StageId){0};
    StageId id = layer_stage(l, STAGE_measure, type_vector(a.observable->yields.len));
    stage_at(l->m, id)->quantum = a;
    l->text = quantum_text(l, &a, NULL);
    return id;
}

/* ---- dissipative ---- */

enum {
    DISSIPATIVE_out,
    DISSIPATIVE_perceptron,
    DISSIPATIVE_fan_in,
    DISSIPATIVE_boundary,
    DISSIPATIVE_shift,
    DISSIPATIVE_circuit
};

static bool perceptrons(LayerCall *l, Stage *s, int64_t inputs)
{
    static const char *const boundaries[] = {"open", "periodic"};
    const UnitRef *u = part(l, l->slot[DISSIPATIVE_perceptron], DECL_circuit, "'perceptron'");
    int64_t fan_in = inputs;
    uint32_t boundary = 0;
    if (!u || !slot_int(l->e, l->slot[DISSIPATIVE_fan_in], "'fan_in'", 1, &fan_in)) return false;
    if (!slot_word(l->e, l->slot[DISSIPATIVE_boundary], "'boundary'", boundaries, 2, &boundary))
        return false;
    if (!slot_int(l->e, l->slot[DISSIPATIVE_shift], "'shift'", INT64_MIN, &s->dissipative.shift))
        return false;
    if (fan_in > inputs) {
        diag_error(l->m->k->c, l->slot[DISSIPATIVE_fan_in]->value->span, D_fan_in,
                   (long long)fan_in, (long long)inputs);
        return false;
    }
    s->dissipative.fan_in = (uint32_t)fan_in;
    s->dissipative.periodic = boundary == 1;
    s->dissipative.perceptron =
        arena_array(l->m->k->keep, const CircuitInst *, s->dissipative.count);
    for (uint32_t j = 0; j < s->dissipative.count; j++) {
        CircuitUse use = {.qubits = (uint32_t)fan_in + 1,
                          .values = -1,
                          .span = l->slot[DISSIPATIVE_perceptron]->value->span,
                          .prefix = arena_printf(l->m->k->keep, "p[%u].", j)};
        s->dissipative.perceptron[j] = circuit_instance(l->e, l->m, u, use);
        if (!s->dissipative.perceptron[j]) return false;
    }
    return true;
}

static bool whole_circuit(LayerCall *l, Stage *s, int64_t inputs)
{
    const UnitRef *u = part(l, l->slot[DISSIPATIVE_circuit], DECL_circuit, "'circuit'");
    Span at = l->slot[DISSIPATIVE_circuit]->value->span;
    if (!u) return false;
    if (u->entry->decl->unit.registers.len != 2) {
        diag_error(l->m->k->c, at, D_two_registers, u->text,
                   (int)u->entry->decl->unit.registers.len);
        return false;
    }
    uint32_t registers[2] = {(uint32_t)inputs, s->dissipative.count};
    CircuitUse use = {.registers = registers, .values = -1, .prefix = "", .span = at};
    s->dissipative.circuit = circuit_instance(l->e, l->m, u, use);
    return s->dissipative.circuit != NULL;
}

StageId layer_dissipative(LayerCall *l)
{
    static const ArgSpec specs[] = {{"out", true},       {"perceptron", false}, {"fan_in", false},
                                    {"boundary", false}, {"shift", false},      {"circuit", false}};
    int64_t out = 0;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot))
        return (StageId){0};
    if (!slot_int(l->e, l->slot[DISSIPATIVE_out], "the number of perceptrons", 1, &out) ||
        !wants_state(l))
        return (StageId){0};
    int64_t inputs = l->type.dim[0];
    if (out > MAX_QUBITS || out + inputs > MAX_QUBITS) {
        diag_error(l->m->k->c, l->span, D_too_many_qubits, (long long)(out > MAX_QUBITS ? out : out + inputs),
                   (int)MAX_QUBITS);
        return (StageId){0};
    }
    bool has_perceptron = l->slot[DISSIPATIVE_perceptron] != NULL,
         has_circuit = l->slot[DISSIPATIVE_circuit] != NULL;
    if (has_perceptron == has_circuit) {
        diag_error(l->m->k->c, l->span, D_perceptron_or_circuit);
        return (StageId){0};
    }
    Stage attr = {.dissipative = {.count = (uint32_t)out}};
    bool is_good = has_circuit ? whole_circuit(l, &attr, inputs) : perceptrons(l, &attr, inputs);
    if (!is_good) return (StageId){0};
    StageId id = layer_stage(l, STAGE_dissipative, type_state(VALUE_density, out));
    stage_at(l->m, id)->dissipative = attr.dissipative;
    l->text =
        arena_printf(l->m->k->keep, "dissipative %lld > %lld", (long long)inputs, (long long)out);
    return id;
}
