/* gate_apply.c: functions that apply a class of gates to a state in place.
 *
 * For each group of 2^targets amplitudes: load those that some row needs, multiply, store the rows that are not the identity's. Only
 * the entries and parts that the pattern has cost anything: a real dense gate takes half of a complex one, a diagonal one touches a
 * row at a time, a permutation only moves. Wide gates copy the group aside and loop over rows and columns.
 */
#include "backend/gate.h"

bool is_identity_row(const GateKey *key, int row)
{
    int dim = 1 << key->targets;
    for (int column = 0; column < dim; column++)
        if (key->kind[row * dim + column] != (row == column ? KIND_one : KIND_zero)) return false;
    return true;
}

Pair load_entry(Emit *e, const GateKey *key, View m, int row, int column)
{
    int dim = 1 << key->targets;
    Value at = l_int(e, key->dagger ? column * dim + row : row * dim + column);
    Pair entry = {0};
    switch ((Kind)key->kind[row * dim + column]) {
    case KIND_zero: break;
    case KIND_one: return (Pair){l_real(e, 1), NULL};
    case KIND_minus_one: return (Pair){l_real(e, -1), NULL};
    case KIND_re: entry.re = view_load(e, m, at, 0); break;
    case KIND_im: entry.im = view_load(e, m, at, 1); break;
    case KIND_both: entry = view_pair(e, m, at); break;
    }
    if (key->vectors) {
        if (entry.re) entry.re = l_first(e, entry.re);
        if (entry.im) entry.im = l_first(e, entry.im);
    } else if (key->psi_batched) {
        if (entry.re) entry.re = l_splat(e, entry.re);
        if (entry.im) entry.im = l_splat(e, entry.im);
    }
    return key->dagger ? l_conj(e, entry) : entry;
}

static void emit_straight(Emit *e, const GateKey *key, View psi, View m, Value gate)
{
    int dim = 1 << key->targets;
    Pair entries[ENTRIES_MAX];
    for (int row = 0; row < dim; row++)
        for (int column = 0; column < dim; column++)
            entries[row * dim + column] = load_entry(e, key, m, row, column);
    Group group = group_open(e, key, gate);
    Loop loop = loop_begin(e, group_count(e, gate), NULL, 0);
    Value base = group_base(e, &group, loop.i), at[4];
    Pair amplitude[4], result[4] = {{0}};
    for (int i = 0; i < dim; i++) {
        at[i] = l_add(e, base, group.offset[i]);
        amplitude[i] = amplitude_load(e, &group, psi, at[i]);
    }
    for (int row = 0; row < dim; row++)
        for (int column = 0; column < dim; column++)
            result[row] = l_pair_fma(e, result[row], entries[row * dim + column], amplitude[column]);
    for (int row = 0; row < dim; row++) {
        if (is_identity_row(key, row)) continue;
        amplitude_store(e, psi, at[row], result[row]);
    }
    loop_end(e, &loop, NULL);
}

/* Any number of targets: group -> scratch, then a loop over rows around one over columns. */
static void emit_wide(Emit *e, const GateKey *key, View psi, View m, Value gate)
{
    Value dim = l_int(e, INT64_C(1) << key->targets);
    LLVMTypeRef room = LLVMArrayType2(l_type(e, psi.batched), UINT64_C(2) << key->targets);
    View scratch = {LLVMBuildAlloca(e->builder, room, ""), psi.batched, 2};
    Group group = group_open(e, key, gate);
    Loop loop = loop_begin(e, group_count(e, gate), NULL, 0);
    Value base = group_base(e, &group, loop.i);
    Loop copy = loop_begin(e, dim, NULL, 0);
    Pair v = amplitude_load(e, &group, psi, l_add(e, base, group_offset(e, &group, copy.i)));
    view_store(e, scratch, copy.i, 0, v.re);
    view_store(e, scratch, copy.i, 1, v.im);
    loop_end(e, &copy, NULL);
    Loop row = loop_begin(e, dim, NULL, 0);
    Value zero = l_zero(e, psi.batched);
    Loop column = loop_begin(e, dim, (Value[]){zero, zero}, 2);
    Value major = key->dagger ? column.i : row.i, minor = key->dagger ? row.i : column.i;
    Pair entry = view_pair(e, m, l_add(e, l_mul(e, major, dim), minor));
    if (key->dagger) entry = l_conj(e, entry);
    Pair acc = l_pair_fma(e, (Pair){column.carry[0], column.carry[1]}, entry, view_pair(e, scratch, column.i));
    loop_end(e, &column, (Value[]){acc.re, acc.im});
    Value at = l_add(e, base, group_offset(e, &group, row.i));
    amplitude_store(e, psi, at, (Pair){column.carry[0], column.carry[1]});
    loop_end(e, &row, NULL);
    loop_end(e, &loop, NULL);
}

Value apply_function(Emit *e, const GateKey *key)
{
    char *name = arena_printf(e->arena, "%s_apply%u", e->k->name, e->gates.len);
    Value f = function_open(e, name, gate_function_type(e), false);
    View psi = {LLVMGetParam(f, 0), key->psi_batched, 2}, m = {LLVMGetParam(f, 1), key->m_batched, 2};
    if (key->vectors) apply_vectors(e, key, psi, m, LLVMGetParam(f, 3));
    else if (key->targets <= GATE_STRAIGHT) emit_straight(e, key, psi, m, LLVMGetParam(f, 3));
    else emit_wide(e, key, psi, m, LLVMGetParam(f, 3));
    function_close(e);
    return f;
}
