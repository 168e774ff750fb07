/* model_builder.c: what the checker would have made. */
#include "reference/model_builder.h"

#include <math.h>
#include <string.h>

ModelInst *model_new(Compiler *c, const char *name)
{
    ModelInst *m = arena_alloc(c->keep, sizeof *m);
    m->name = name_of(c->names, name);
    return m;
}

GroupId add_group(Compiler *c, ModelInst *m, const char *path, int rank, const int64_t *dim)
{
    GroupInst g = {.path = path, .rank = (uint8_t)rank, .count = 1};
    for (int i = 0; i < rank; i++) g.count *= g.dim[i] = dim[i];
    vec_push(c->keep, &m->groups, g);
    return (GroupId){m->groups.len};
}

ValueType real_type(int rank, const int64_t *dim)
{
    ValueType t = {.kind = VALUE_real, .rank = (uint8_t)rank};
    for (int i = 0; i < rank; i++) t.dim[i] = dim[i];
    return t;
}

ValueType state_type(int qubits)
{
    return (ValueType){.kind = VALUE_state, .rank = 1, .dim = {qubits}};
}

StageId add_stage(Compiler *c, ModelInst *m, Stage s, StageId a, StageId b)
{
    s.maps = 1;
    s.operand_count = (uint32_t)(a.i != 0) + (b.i != 0);
    s.operand = arena_alloc(c->keep, 2 * sizeof *s.operand);
    s.operand[0] = a;
    s.operand[1] = b;
    vec_push(c->keep, &m->stages, s);
    return m->output = (StageId){m->stages.len};
}

StageId add_input(Compiler *c, ModelInst *m, const char *name, ValueType type)
{
    Stage s = {.kind = STAGE_input, .type = type};
    s.input.input = name_of(c->names, name);
    StageId id = add_stage(c, m, s, (StageId){0}, (StageId){0});
    vec_push(c->keep, &m->inputs, id);
    return id;
}

StageId add_layer(Compiler *c, ModelInst *m, const char *name, Stage s, StageId a)
{
    s.layer = (LayerId){m->layers.len + 1};
    StageId id = add_stage(c, m, s, a, (StageId){0});
    vec_push(c->keep, &m->layers,
             (LayerInst){.name = name_of(c->names, name), .kind_text = "", .own = id, .value = id});
    for (uint32_t k = 0; k < s.group_count; k++) group_of(m, s.group[k])->layer = s.layer;
    return id;
}

void set_groups(Compiler *c, Stage *s, GroupId first, GroupId second)
{
    s->group_count = (uint32_t)(first.i != 0) + (second.i != 0);
    s->group = arena_alloc(c->keep, 2 * sizeof *s->group);
    s->group[0] = first;
    s->group[1] = second;
}

const Sx *make_number(Compiler *c, double value)
{
    Sx *x = arena_alloc(c->keep, sizeof *x);
    x->kind = SX_const;
    x->value = rational_real(value);
    return x;
}

const Sx *make_param(Compiler *c, GroupId group, uint32_t index)
{
    Sx *x = arena_alloc(c->keep, sizeof *x);
    x->kind = SX_param;
    x->group = group;
    x->index = index;
    return x;
}

const Sx *make_data(Compiler *c, uint32_t index)
{
    Sx *x = arena_alloc(c->keep, sizeof *x);
    x->kind = SX_data;
    x->index = index;
    return x;
}

const Sx *make_of(Compiler *c, SxKind kind, const Sx *a, const Sx *b)
{
    Sx *x = arena_alloc(c->keep, sizeof *x);
    x->kind = kind;
    x->a = a;
    x->b = b;
    return x;
}

CircuitInst *circuit_new(Compiler *c, uint32_t qubits, uint32_t data_count)
{
    CircuitInst *circuit = arena_alloc(c->keep, sizeof *circuit);
    circuit->qubits = qubits;
    circuit->data_count = data_count;
    return circuit;
}

GateApp *add_gate(Compiler *c, CircuitInst *circuit, GateId gate, const Sx *arg, int targets,
                  int operands, const int *qubit)
{
    GateApp g = {.gate = gate,
                 .arg = arg,
                 .target_count = (uint8_t)targets,
                 .control_count = (uint8_t)(operands - targets)};
    g.targets = arena_alloc(c->keep, 32);
    g.controls = arena_alloc(c->keep, 32);
    for (int i = 0; i < operands; i++) {
        if (i < targets)
            g.targets[i] = (uint8_t)qubit[i];
        else
            g.controls[i - targets] = (uint8_t)qubit[i];
    }
    g.control_values = (UINT32_C(1) << g.control_count) - 1;
    vec_push(c->keep, &circuit->gates, g);
    return &circuit->gates.at[circuit->gates.len - 1];
}

const char *channel_name(GateId gate)
{
    static const char *const name[] = {"depolarize", "amplitude_damp", "phase_damp", "bit_flip", "reset"};
    return name[gate - GATE_depolarize];
}

const EncodingInst *angle_encoding(Compiler *c, uint32_t n)
{
    CircuitInst *circuit = circuit_new(c, n, n);
    for (uint32_t i = 0; i < n; i++)
        add_gate(c, circuit, GATE_ry, make_of(c, SX_mul, make_number(c, M_PI), make_data(c, i)), 1,
                 1, (int[]){(int)i});
    EncodingInst *e = arena_alloc(c->keep, sizeof *e);
    *e = (EncodingInst){.kind = ENCODING_circuit, .values = n, .qubits = n, .circuit = circuit};
    return e;
}

const EncodingInst *amplitude_encoding(Compiler *c, uint32_t values, uint32_t qubits,
                                       bool zero_is_ground)
{
    EncodingInst *e = arena_alloc(c->keep, sizeof *e);
    *e = (EncodingInst){.kind = ENCODING_amplitude,
                        .values = values,
                        .qubits = qubits,
                        .zero_is_ground = zero_is_ground};
    return e;
}

ObservableInst *observable_new(Compiler *c, uint32_t qubits)
{
    ObservableInst *o = arena_alloc(c->keep, sizeof *o);
    o->qubits = qubits;
    return o;
}

void add_yield(Compiler *c, ObservableInst *o)
{
    vec_push(c->keep, &o->yields, (YieldInst){.span = {0, 0}});
}

void add_term(Compiler *c, ObservableInst *o, const Sx *coefficient, const char *paulis)
{
    PauliTerm t = {.coefficient = coefficient};
    for (const char *p = paulis; *p; p++) {
        t.x = t.x << 1 | (*p == 'X' || *p == 'Y');
        t.z = t.z << 1 | (*p == 'Z' || *p == 'Y');
    }
    vec_push(c->keep, &o->yields.at[o->yields.len - 1].terms, t);
}

const ObservableInst *z_each(Compiler *c, uint32_t qubits)
{
    ObservableInst *o = observable_new(c, qubits);
    for (uint32_t i = 0; i < qubits; i++) {
        char text[MAX_QUBITS + 1];
        memset(text, 'I', qubits);
        text[qubits] = 0;
        text[i] = 'Z';
        add_yield(c, o);
        add_term(c, o, make_number(c, 1), text);
    }
    return o;
}
