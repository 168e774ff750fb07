/* emit_gate.c: state steps: which gate function, on which wires. The functions themselves are in gate_apply.c and gate_overlap.c. */
#include "backend/gate.h"

#include <stdlib.h>

/* ---- the wires as a table ---- */

/* Bit of the state's index that belongs to a qubit: qubit 0 is the most significant. */
static int bit_of(const Wires *w, int qubit) { return w->qubits - 1 - qubit; }

static int compare_bits(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Bytes of an amplitude, real and imaginary part. */
static int64_t amplitude_bytes(const Emit *e, bool batched)
{
    return 2 * e->k->real_bytes * (batched ? e->k->lanes : 1);
}

/* The table of a gate's wires, those below bit `low` left out, for amplitudes of `unit` bytes. */
static Value wires_table(Emit *e, const Wires *w, int64_t unit, int low)
{
    int64_t set = 0, target[8];
    int bits[34], gaps = 0, high = 0;
    for (int i = 0; i < w->control_count; i++) {
        int bit = bit_of(w, w->control[i]);
        if (bit < low) continue;
        if (w->control_values >> i & 1) set |= unit << bit;
        bits[gaps++] = bit;
    }
    for (int i = 0; i < w->target_count; i++) {
        int bit = bit_of(w, w->target[i]);
        if (bit < low) continue;
        target[high++] = unit << bit;
        bits[gaps++] = bit;
    }
    qsort(bits, (size_t)gaps, sizeof *bits, compare_bits);
    int64_t len = 2 + gaps + (INT64_C(1) << high), *at = arena_array(e->arena, int64_t, len);
    at[0] = INT64_C(1) << (w->qubits - low - gaps);
    at[1] = set;
    for (int i = 0; i < gaps; i++) at[2 + i] = ~((unit << bits[i]) - 1);
    for (int row = 0; row < 1 << high; row++)
        for (int i = 0; i < high; i++)
            if (row >> (high - 1 - i) & 1) at[2 + gaps + row] |= target[i];
    return table_i64(e, at, len);
}

Group group_open(Emit *e, const GateKey *key, Value gate)
{
    Group g = {.gate = gate, .key = key};
    g.unit = amplitude_bytes(e, key->psi_batched || (key->is_overlap && key->left_batched));
    if (key->vectors) g.unit <<= VECTOR_BITS;
    g.set = l_load(e, e->i64, l_gep(e, e->i64, gate, l_int(e, 1)), 8);
    g.gap = arena_array(e->arena, Value, key->gaps);
    for (int i = 0; i < key->gaps; i++)
        g.gap[i] = l_load(e, e->i64, l_gep(e, e->i64, gate, l_int(e, 2 + i)), 8);
    if (key->targets > GATE_STRAIGHT) return g;
    int dim = 1 << key->high;
    g.offset = arena_array(e->arena, Value, dim);
    g.offset[0] = l_int(e, 0);
    for (int i = 1; i < dim; i++) g.offset[i] = group_offset(e, &g, l_int(e, i));
    return g;
}

Value group_count(Emit *e, Value gate) { return l_load(e, e->i64, gate, 8); }

Value group_base(Emit *e, const Group *g, Value k)
{
    k = l_mul(e, k, l_int(e, g->unit));
    for (int i = 0; i < g->key->gaps; i++) k = l_add(e, k, l_and(e, k, g->gap[i]));
    return g->key->gaps > g->key->high ? l_or(e, k, g->set) : k;
}

Value group_offset(Emit *e, const Group *g, Value row)
{
    Value at = l_add(e, row, l_int(e, 2 + g->key->gaps));
    return l_load(e, e->i64, l_gep(e, e->i64, g->gate, at), 8);
}

static Value part_address(Emit *e, View state, Value at, int part)
{
    int64_t half = amplitude_bytes(e, state.batched) / 2;
    return l_gep(e, e->i8, state.base, part ? l_add(e, at, l_int(e, half)) : at);
}

Pair amplitude_load(Emit *e, const Group *g, View state, Value at)
{
    int64_t unit = amplitude_bytes(e, state.batched);
    if (unit != g->unit) at = l_udiv(e, at, l_int(e, g->unit / unit));
    LLVMTypeRef type = l_type(e, state.batched);
    unsigned align = (unsigned)e->k->real_bytes;
    Value re = l_load(e, type, part_address(e, state, at, 0), align);
    return (Pair){re, l_load(e, type, part_address(e, state, at, 1), align)};
}

void amplitude_store(Emit *e, View state, Value at, Pair v)
{
    Value zero = l_zero(e, state.batched);
    unsigned align = (unsigned)e->k->real_bytes;
    l_store(e, v.re ? v.re : zero, part_address(e, state, at, 0), align);
    l_store(e, v.im ? v.im : zero, part_address(e, state, at, 1), align);
}

/* ---- classes ---- */

static GateKey key_of(const Wires *w)
{
    GateKey key;
    memset(&key, 0, sizeof key);
    key.targets = key.high = w->target_count;
    key.gaps = (uint8_t)(w->target_count + w->control_count);
    return key;
}

/* Large states without lanes are vectors of amplitudes: wires among their lowest bits go from the table to the key. */
static void set_vectors(const Emit *e, GateKey *key, const Wires *w)
{
    bool has_lanes = e->k->lanes > 1 && (key->psi_batched || key->left_batched);
    if (has_lanes || w->target_count > GATE_STRAIGHT || w->qubits < VECTOR_QUBITS) return;
    key->vectors = true;
    for (int i = 0; i < w->target_count; i++) {
        int bit = bit_of(w, w->target[i]);
        if (bit >= VECTOR_BITS) continue;
        key->low[i] = (uint8_t)(bit + 1);
        key->high--, key->gaps--;
    }
    for (int i = 0; i < w->control_count; i++) {
        int bit = bit_of(w, w->control[i]);
        if (bit >= VECTOR_BITS) continue;
        key->low_controls |= (uint8_t)(1 << bit);
        if (w->control_values >> i & 1) key->low_values |= (uint8_t)(1 << bit);
        key->gaps--;
    }
}

/* The kinds of the entries as applied: of M, or of its transpose. */
static void set_kinds(GateKey *key, const Step *s)
{
    const Wires *w = s->gate.wires;
    int dim = 1 << w->target_count;
    const double *re = s->gate.constant_re, *im = s->gate.constant_im;
    for (int row = 0; row < dim; row++)
        for (int column = 0; column < dim; column++) {
            int from = key->dagger ? column * dim + row : row * dim + column;
            int kind = w->pattern ? w->pattern[from] : KIND_both;
            if (re) kind = (re[from] != 0 ? KIND_re : 0) | (im && im[from] != 0 ? KIND_im : 0);
            if (re && kind == KIND_re && re[from] == 1) kind = KIND_one;
            if (re && kind == KIND_re && re[from] == -1) kind = KIND_minus_one;
            key->kind[row * dim + column] = (uint8_t)kind;
        }
}

static Value gate_function(Emit *e, const GateKey *key)
{
    for (uint32_t i = 0; i < e->gates.len; i++)
        if (memcmp(&e->gates.at[i]->key, key, sizeof *key) == 0) return e->gates.at[i]->function;
    GateFunction *f = arena_make(e->arena, GateFunction);
    memcpy(&f->key, key, sizeof *key);
    Saved caller = function_leave(e);
    e->is_light = false;
    f->function = key->is_overlap ? overlap_function(e, &f->key) : apply_function(e, &f->key);
    function_return_to(e, caller);
    vec_push(e->arena, &e->gates, f);
    return f->function;
}

/* ---- steps ---- */

/* psi[i] = 0 where a control has not the value it must have. */
static void emit_zero_outside(Emit *e, const Wires *w, View psi)
{
    int64_t mask = 0, values = 0;
    for (int i = 0; i < w->control_count; i++) {
        int64_t bit = INT64_C(1) << bit_of(w, w->control[i]);
        mask |= bit;
        if (w->control_values >> i & 1) values |= bit;
    }
    Loop loop = loop_begin(e, l_int(e, INT64_C(1) << w->qubits), NULL, 0);
    Value inside = LLVMBuildICmp(e->builder, LLVMIntEQ, l_and(e, loop.i, l_int(e, mask)), l_int(e, values), "");
    for (int part = 0; part < 2; part++) {
        Value v = view_load(e, psi, loop.i, part);
        v = LLVMBuildSelect(e->builder, inside, v, l_zero(e, psi.batched), "");
        view_store(e, psi, loop.i, part, v);
    }
    loop_end(e, &loop, NULL);
}

LLVMTypeRef gate_function_type(const Emit *e)
{
    return LLVMFunctionType(e->nothing, (LLVMTypeRef[]){e->ptr, e->ptr, e->ptr, e->ptr, e->ptr}, 5, 0);
}

static GateCall apply_call(Emit *e, const Step *s)
{
    const Wires *w = s->gate.wires;
    GateCall call = {.operand = {&s->out.at[0]}};
    GateKey key = key_of(w);
    key.psi_batched = operand_buffer(e, &s->out.at[0])->batched;
    key.dagger = w->dagger;
    if (s->gate.constant_re) {
        int64_t dim = INT64_C(1) << w->target_count;
        call.constant = table_complex(e, s->gate.constant_re, s->gate.constant_im, dim * dim);
    } else if (operand_buffer(e, &s->in.at[0])->role == RQ_ROLE_constant) {
        call.constant = view_at(e, s->in.at[0].buffer).base;
    } else {
        call.operand[1] = &s->in.at[0];
        key.m_batched = operand_buffer(e, &s->in.at[0])->batched;
    }
    if (w->target_count <= GATE_STRAIGHT) set_kinds(&key, s);
    set_vectors(e, &key, w);
    call.function = gate_function(e, &key);
    call.gate = wires_table(e, w, amplitude_bytes(e, key.psi_batched), key.vectors ? VECTOR_BITS : 0);
    call.pattern = LLVMConstNull(e->ptr);
    return call;
}

/* Entries of K outside the pattern are 0. For wide gates the pattern is a table beside the wires. */
static GateCall overlap_call(Emit *e, const Step *s)
{
    const Wires *w = s->gate.wires;
    GateCall call = {.operand = {&s->in.at[0], &s->in.at[1], &s->out.at[0]}};
    GateKey key = key_of(w);
    key.is_overlap = true;
    key.left_batched = operand_buffer(e, call.operand[0])->batched;
    key.psi_batched = operand_buffer(e, call.operand[1])->batched;
    key.m_batched = operand_buffer(e, call.operand[2])->batched;
    key.accumulate = s->over_outer;
    int64_t entries = INT64_C(1) << (2 * w->target_count);
    int64_t *parts = arena_array(e->arena, int64_t, entries);
    for (int64_t i = 0; i < entries; i++) parts[i] = w->pattern ? w->pattern[i] : KIND_both;
    bool straight = w->target_count <= GATE_STRAIGHT;
    for (int64_t i = 0; i < entries && straight; i++) key.kind[i] = (uint8_t)parts[i];
    set_vectors(e, &key, w);
    call.pattern = straight ? LLVMConstNull(e->ptr) : table_i32(e, parts, entries);
    call.function = gate_function(e, &key);
    bool batched = key.left_batched || key.psi_batched;
    call.gate = wires_table(e, w, amplitude_bytes(e, batched), key.vectors ? VECTOR_BITS : 0);
    return call;
}

GateCall gate_call(Emit *e, const Step *s)
{
    return s->kind == STEP_apply ? apply_call(e, s) : overlap_call(e, s);
}

void emit_gate(Emit *e, const Step *s)
{
    const Wires *w = s->gate.wires;
    if (s->kind == STEP_apply && w->zero_outside && w->control_count)
        emit_zero_outside(e, w, view_of(e, &s->out.at[0]));
    GateCall call = gate_call(e, s);
    Value args[5];
    for (int i = 0; i < 3; i++)
        args[i] = call.operand[i] ? view_of(e, call.operand[i]).base : LLVMConstNull(e->ptr);
    if (call.constant) args[1] = call.constant;
    args[3] = call.gate;
    args[4] = call.pattern;
    l_call(e, call.function, args, 5);
}
