/* gate_vector.c: gate functions for states without lanes: neighbouring amplitudes of one state side by side in a vector.
 *
 * The lowest VECTOR_BITS bits of an index are the lane j. Targets and controls above them are as ever, in the table of wires, now in
 * units of whole vectors. Those below are folded into lanes: with X the set of low targets in which row and column differ,
 *
 *     result_R[j] = sum over C, X of M[(R, j), (C, j ^ X)] psi_C[j ^ X]       R, C: high parts of row and column
 *
 * is a shuffle of psi_C and a product with a vector of entries that is made before the loop. Lanes whose controls do not match have
 * the identity's entries. K of an overlap is added up in vectors over (R, C, X), whose lanes are added at the end.
 */
#include "backend/gate.h"

enum { WIDTH = 1 << VECTOR_BITS };

/* Row (or column) of M: its high part, and the low part that lane j has. */
static int row_of(const GateKey *key, int high, int j)
{
    int row = 0, left = key->high;
    for (int i = 0; i < key->targets; i++)
        row = 2 * row + ((key->low[i] ? j >> (key->low[i] - 1) : high >> --left) & 1);
    return row;
}

static bool acts_on(const GateKey *key, int j) { return (j & key->low_controls) == key->low_values; }

/* Low targets of a subset, as bits of a lane. */
static int flips(const GateKey *key, int subset)
{
    int x = 0;
    for (int i = 0; i < key->targets; i++) {
        if (!key->low[i]) continue;
        if (subset & 1) x |= 1 << (key->low[i] - 1);
        subset >>= 1;
    }
    return x;
}

/* ---- vectors ---- */

static LLVMTypeRef vector_type(const Emit *e) { return LLVMVectorType(e->real, WIDTH); }

static Value shuffled(Emit *e, Value a, Value b, const int *lane)
{
    Value index[WIDTH];
    for (int j = 0; j < WIDTH; j++) index[j] = l_int32(e, lane[j]);
    return LLVMBuildShuffleVector(e->builder, a, b, LLVMConstVector(index, WIDTH), "");
}

static Value flipped(Emit *e, Value v, int x)
{
    int lane[WIDTH];
    for (int j = 0; j < WIDTH; j++) lane[j] = j ^ x;
    return x && v ? shuffled(e, v, LLVMGetPoison(LLVMTypeOf(v)), lane) : v;
}

/* Memory has real and imaginary parts in turn. */
static Pair vector_load(Emit *e, View state, Value at)
{
    unsigned align = (unsigned)e->k->real_bytes;
    int even[WIDTH], odd[WIDTH];
    for (int j = 0; j < WIDTH; j++) even[j] = 2 * j, odd[j] = 2 * j + 1;
    Value a = l_load(e, vector_type(e), l_gep(e, e->i8, state.base, at), align);
    Value second = l_add(e, at, l_int(e, WIDTH * e->k->real_bytes));
    Value b = l_load(e, vector_type(e), l_gep(e, e->i8, state.base, second), align);
    return (Pair){shuffled(e, a, b, even), shuffled(e, a, b, odd)};
}

static void vector_store(Emit *e, View state, Value at, Pair v)
{
    unsigned align = (unsigned)e->k->real_bytes;
    Value zero = LLVMConstNull(vector_type(e));
    for (int half = 0; half < 2; half++) {
        int lane[WIDTH];
        for (int j = 0; j < WIDTH; j++) lane[j] = half * WIDTH / 2 + j / 2 + j % 2 * WIDTH;
        Value to = half ? l_add(e, at, l_int(e, WIDTH * e->k->real_bytes)) : at;
        l_store(e, shuffled(e, v.re ? v.re : zero, v.im ? v.im : zero, lane), l_gep(e, e->i8, state.base, to), align);
    }
}

/* Of a value for each lane; NULL is 0, and none at all gives NULL. */
static Value vector_of(Emit *e, Value *lane)
{
    Value v = LLVMConstNull(vector_type(e));
    bool any = false, same = true;
    for (int j = 0; j < WIDTH; j++) any |= lane[j] != NULL, same &= lane[j] == lane[0];
    if (!any) return NULL;
    for (int j = 0; j < (same ? 1 : WIDTH); j++)
        if (lane[j]) v = LLVMBuildInsertElement(e->builder, v, lane[j], l_int32(e, j), "");
    return same ? shuffled(e, v, LLVMGetPoison(vector_type(e)), (int[WIDTH]){0}) : v;
}

/* ---- apply ---- */

static Pair entries_of(Emit *e, const GateKey *key, const Pair *m, int row, int column, int x)
{
    Value re[WIDTH], im[WIDTH], one = l_real(e, 1);
    for (int j = 0; j < WIDTH; j++) {
        const Pair *entry = &m[row_of(key, row, j) << key->targets | row_of(key, column, j ^ x)];
        bool acts = acts_on(key, j);
        re[j] = acts ? entry->re : row == column && !x ? one : NULL;
        im[j] = acts ? entry->im : NULL;
    }
    return (Pair){vector_of(e, re), vector_of(e, im)};
}

static bool keeps_row(const GateKey *key, int row)
{
    for (int j = 0; j < WIDTH; j++)
        if (acts_on(key, j) && !is_identity_row(key, row_of(key, row, j))) return false;
    return true;
}

void apply_vectors(Emit *e, const GateKey *key, View psi, View m, Value gate)
{
    int dim = 1 << key->high, subsets = 1 << (key->targets - key->high), n = 0;
    Pair entry[ENTRIES_MAX], factor[ENTRIES_MAX], amplitude[4];
    for (int i = 0; i < 1 << 2 * key->targets; i++)
        entry[i] = load_entry(e, key, m, i >> key->targets, i & ((1 << key->targets) - 1));
    for (int row = 0; row < dim; row++)
        for (int column = 0; column < dim; column++)
            for (int s = 0; s < subsets; s++) factor[n++] = entries_of(e, key, entry, row, column, flips(key, s));
    Group group = group_open(e, key, gate);
    Loop loop = loop_begin(e, group_count(e, gate), NULL, 0);
    Value base = group_base(e, &group, loop.i);
    for (int i = 0; i < dim; i++) amplitude[i] = vector_load(e, psi, l_add(e, base, group.offset[i]));
    n = 0;
    for (int row = 0; row < dim; row++) {
        Pair result = {0};
        for (int i = 0; i < dim * subsets; i++) {
            Pair v = amplitude[i / subsets];
            int x = flips(key, i % subsets);
            result = l_pair_fma(e, result, factor[n++], (Pair){flipped(e, v.re, x), flipped(e, v.im, x)});
        }
        if (!keeps_row(key, row)) vector_store(e, psi, l_add(e, base, group.offset[row]), result);
    }
    loop_end(e, &loop, NULL);
}

/* ---- overlap ---- */

/* Parts that an entry of some lane has. */
static int kinds_of(const GateKey *key, int row, int column, int x)
{
    int kinds = 0;
    for (int j = 0; j < WIDTH; j++)
        if (acts_on(key, j)) kinds |= key->kind[row_of(key, row, j) << key->targets | row_of(key, column, j ^ x)];
    return kinds;
}

/* Adds up the lanes that belong to entry `at` of K. */
static Value lanes_of(Emit *e, const GateKey *key, Value v, int row, int column, int x, int at)
{
    Value mine[WIDTH];
    for (int j = 0; j < WIDTH; j++)
        mine[j] = LLVMConstInt(e->i1, acts_on(key, j) && (row_of(key, row, j) << key->targets | row_of(key, column, j ^ x)) == at, 0);
    v = LLVMBuildSelect(e->builder, LLVMConstVector(mine, WIDTH), v, LLVMConstNull(vector_type(e)), "");
    return l_add_lanes(e, v);
}

/* Which sum an entry of K is in. */
static void sum_of(const GateKey *key, int at, int *row, int *column, int *x)
{
    int dim = 1 << key->high, subsets = 1 << (key->targets - key->high);
    for (int i = 0; i < dim * dim * subsets; i++) {
        *row = i / subsets / dim, *column = i / subsets % dim, *x = flips(key, i % subsets);
        for (int j = 0; j < WIDTH; j++)
            if ((row_of(key, *row, j) << key->targets | row_of(key, *column, j ^ *x)) == at) return;
    }
}

static void store_sums(Emit *e, const GateKey *key, View k, Pair sum[4][4][WIDTH])
{
    for (int at = 0; at < 1 << 2 * key->targets; at++) {
        int row = 0, column = 0, x = 0;
        sum_of(key, at, &row, &column, &x);
        for (int part = 0; part < 2; part++) {
            bool has = key->kind[at] >> part & 1;
            if (!has && key->accumulate) continue;
            Value v = l_real(e, 0), all = part ? sum[row][column][x].im : sum[row][column][x].re;
            if (has) v = lanes_of(e, key, all, row, column, x, at);
            if (k.batched) v = l_splat(e, v);
            if (key->accumulate) v = l_fadd(e, view_load(e, k, l_int(e, at), part), v);
            view_store(e, k, l_int(e, at), part, v);
        }
    }
}

void overlap_vectors(Emit *e, const GateKey *key, View l, View psi, View k, Value gate)
{
    int dim = 1 << key->high, subsets = 1 << (key->targets - key->high);
    Value zero = LLVMConstNull(vector_type(e)), init[2 * ENTRIES_MAX], next[2 * ENTRIES_MAX];
    for (int i = 0; i < 2 * ENTRIES_MAX; i++) init[i] = zero;
    uint32_t n = 0, carried = 2 * (uint32_t)(dim * dim * subsets);
    Group group = group_open(e, key, gate);
    Loop loop = loop_begin(e, group_count(e, gate), init, carried);
    Value base = group_base(e, &group, loop.i);
    Pair left[4], right[4], sum[4][4][WIDTH] = {{{{0}}}};
    for (int i = 0; i < dim; i++) {
        left[i] = vector_load(e, l, l_add(e, base, group.offset[i]));
        right[i] = vector_load(e, psi, l_add(e, base, group.offset[i]));
    }
    for (int i = 0; i < dim * dim * subsets; i++, n += 2) {
        int row = i / subsets / dim, column = i / subsets % dim, x = flips(key, i % subsets);
        Pair acc = {loop.carry[n], loop.carry[n + 1]}, v = right[column];
        acc = add_product(e, acc, left[row], (Pair){flipped(e, v.re, x), flipped(e, v.im, x)}, kinds_of(key, row, column, x));
        next[n] = acc.re, next[n + 1] = acc.im;
    }
    loop_end(e, &loop, next);
    for (int i = 0; i < dim * dim * subsets; i++)
        sum[i / subsets / dim][i / subsets % dim][flips(key, i % subsets)] = (Pair){loop.carry[2 * i], loop.carry[2 * i + 1]};
    store_sums(e, key, k, sum);
}
