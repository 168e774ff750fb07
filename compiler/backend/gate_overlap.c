/* gate_overlap.c: functions for K[r, c] = sum over groups of l[r] conj(psi[c]), the adjoint of a gate's matrix.
 *
 * Straight ones keep every entry of K in a register over all groups. Wide ones take one entry at a time.
 */
#include "backend/gate.h"

Pair add_product(Emit *e, Pair acc, Pair l, Pair psi, int kind)
{
    if (kind & PART_re) {
        acc.re = l_fma(e, l.re, psi.re, acc.re);
        acc.re = l_fma(e, l.im, psi.im, acc.re);
    }
    if (kind & PART_im) {
        acc.im = l_fma(e, l.im, psi.re, acc.im);
        acc.im = l_fma(e, l_fneg(e, l.re), psi.im, acc.im);
    }
    return acc;
}

static void put(Emit *e, const GateKey *key, View k, Value at, int part, Value v)
{
    if (key->accumulate) v = l_fadd(e, view_load(e, k, at, part), v);
    view_store(e, k, at, part, v);
}

static void emit_straight(Emit *e, const GateKey *key, View l, View psi, View k, Value gate)
{
    int dim = 1 << key->targets;
    Value init[2 * ENTRIES_MAX], next[2 * ENTRIES_MAX];
    uint32_t n = 0;
    for (int i = 0; i < dim * dim; i++)
        for (int part = 0; part < 2; part++)
            if (key->kind[i] >> part & 1) init[n++] = l_zero(e, k.batched);
    Group group = group_open(e, key, gate);
    Loop loop = loop_begin(e, group_count(e, gate), init, n);
    Value base = group_base(e, &group, loop.i);
    Pair left[4], right[4];
    for (int i = 0; i < dim; i++) {
        Value at = l_add(e, base, group.offset[i]);
        left[i] = amplitude_load(e, &group, l, at);
        right[i] = amplitude_load(e, &group, psi, at);
    }
    n = 0;
    for (int i = 0; i < dim * dim; i++) {
        int kind = key->kind[i];
        uint32_t first = n;
        Pair acc = {kind & PART_re ? loop.carry[n++] : NULL, NULL};
        if (kind & PART_im) acc.im = loop.carry[n++];
        acc = add_product(e, acc, left[i / dim], right[i % dim], kind);
        if (kind & PART_re) next[first++] = acc.re;
        if (kind & PART_im) next[first] = acc.im;
    }
    loop_end(e, &loop, next);
    n = 0;
    for (int i = 0; i < dim * dim; i++)
        for (int part = 0; part < 2; part++) {
            if (key->kind[i] >> part & 1) put(e, key, k, l_int(e, i), part, loop.carry[n++]);
            else if (!key->accumulate) view_store(e, k, l_int(e, i), part, l_zero(e, k.batched));
        }
}

static void emit_wide(Emit *e, const GateKey *key, View l, View psi, View k, Value gate, Value pattern)
{
    Value dim = l_int(e, INT64_C(1) << key->targets), zero = l_zero(e, k.batched);
    Group group = group_open(e, key, gate);
    Loop row = loop_begin(e, dim, NULL, 0);
    Loop column = loop_begin(e, dim, NULL, 0);
    Value row_offset = group_offset(e, &group, row.i), column_offset = group_offset(e, &group, column.i);
    Loop loop = loop_begin(e, group_count(e, gate), (Value[]){zero, zero}, 2);
    Value base = group_base(e, &group, loop.i);
    Pair acc = {loop.carry[0], loop.carry[1]};
    acc = add_product(e, acc, amplitude_load(e, &group, l, l_add(e, base, row_offset)),
                      amplitude_load(e, &group, psi, l_add(e, base, column_offset)), KIND_both);
    loop_end(e, &loop, (Value[]){acc.re, acc.im});
    Value at = l_add(e, l_mul(e, row.i, dim), column.i);
    Value kind = l_load(e, e->i32, l_gep(e, e->i32, pattern, at), 4);
    for (int part = 0; part < 2; part++) {
        Value has = l_and(e, kind, l_int32(e, part ? PART_im : PART_re));
        has = LLVMBuildICmp(e->builder, LLVMIntNE, has, l_int32(e, 0), "");
        put(e, key, k, at, part, LLVMBuildSelect(e->builder, has, loop.carry[part], zero, ""));
    }
    loop_end(e, &column, NULL);
    loop_end(e, &row, NULL);
}

Value overlap_function(Emit *e, const GateKey *key)
{
    char *name = arena_printf(e->arena, "%s_overlap%u", e->k->name, e->gates.len);
    Value f = function_open(e, name, gate_function_type(e), false);
    View l = {LLVMGetParam(f, 0), key->left_batched, 2}, psi = {LLVMGetParam(f, 1), key->psi_batched, 2};
    View k = {LLVMGetParam(f, 2), key->m_batched, 2};
    if (key->vectors) overlap_vectors(e, key, l, psi, k, LLVMGetParam(f, 3));
    else if (key->targets <= GATE_STRAIGHT) emit_straight(e, key, l, psi, k, LLVMGetParam(f, 3));
    else emit_wide(e, key, l, psi, k, LLVMGetParam(f, 3), LLVMGetParam(f, 4));
    function_close(e);
    return f;
}
