/* emit_sparse.c: constant sparse maps: out[row] = sum over the row of coefficient * in[column].
 *
 * Few terms are unrolled, coefficients and all. A map over all patches that is the same for each but for where it begins is a
 * small map on a moving operand. Every other map is a loop over rows around a loop over terms, with tables of what is not the same
 * everywhere: where rows start, columns, coefficients.
 */
#include "backend/llvm.h"

enum { UNROLL_TERMS = 64 };

/* What the terms of a map have in common. */
typedef struct Shape {
    int64_t terms, length; /* length: of every row, -1 if they differ */
    bool ones;             /* every coefficient is 1 */
    bool affine;           /* term k has column scale * k + offset */
    int64_t scale, offset;
} Shape;

static Shape shape_of(const SparseMap *map)
{
    Shape shape = {.terms = map->start[map->rows], .ones = true};
    shape.length = map->rows ? map->start[1] - map->start[0] : -1;
    for (int64_t i = 0; i < map->rows; i++)
        if (map->start[i + 1] - map->start[i] != shape.length) shape.length = -1;
    for (int64_t k = 0; k < shape.terms; k++)
        if (map->re[k] != 1 || (map->im && map->im[k] != 0)) shape.ones = false;
    if (!shape.terms) return shape;
    shape.offset = map->index[0];
    shape.scale = shape.terms > 1 ? map->index[1] - map->index[0] : 0;
    shape.affine = true;
    for (int64_t k = 0; k < shape.terms; k++)
        if (map->index[k] != shape.scale * k + shape.offset) shape.affine = false;
    return shape;
}

/* Has a map over all of `outer` the same rows for every p, with columns that move on by the same amount? Then it is one inner map on a
 * moving operand. The rows of one p; false: it is not. */
static bool moving_rows(const SparseMap *map, int64_t outer, SparseMap *rows, int64_t *advance)
{
    if (map->inner || outer < 2 || map->rows % outer) return false;
    int64_t n = map->rows / outer, terms = map->start[n];
    *rows = *map;
    rows->rows = n;
    *advance = terms && map->start[2 * n] > terms ? map->index[terms] - map->index[0] : 0;
    for (int64_t row = 0; row < map->rows; row++)
        if (map->start[row] != row / n * terms + map->start[row % n]) return false;
    if (map->start[map->rows] != outer * terms) return false;
    for (int64_t k = terms; k < outer * terms; k++) {
        if (map->index[k] != map->index[k % terms] + k / terms * *advance) return false;
        if (map->re[k] != map->re[k % terms] || (map->im && map->im[k] != map->im[k % terms])) return false;
    }
    return true;
}

/* Loads, products and stores; rows that only add write nothing where they are empty. */
static int64_t work_of(const Step *s, const SparseMap *map)
{
    return map->start[map->rows] + (s->adds ? 0 : map->rows);
}

static bool unrolls(const Step *s, const SparseMap *map, int64_t outer)
{
    return work_of(s, map) <= UNROLL_TERMS && (map->inner || outer == 1);
}

int64_t cost_of_sparse(const Emit *e, const Step *s)
{
    const SparseMap *map = s->sparse.map;
    if (!map->inner && e->outer > 1) return UNROLL_TERMS;
    return unrolls(s, map, e->outer) ? 2 * work_of(s, map) : 12;
}

/* A coefficient part as a constant, NULL for 0. */
static Value coefficient(Emit *e, const double *at, int64_t k)
{
    return at && at[k] != 0 ? l_real(e, at[k]) : NULL;
}

static void emit_unrolled(Emit *e, const Step *s, const SparseMap *map, View in, View out)
{
    for (int64_t row = 0; row < map->rows; row++) {
        Pair acc = {0};
        for (int64_t k = map->start[row]; k < map->start[row + 1]; k++) {
            Pair c = {coefficient(e, map->re, k), coefficient(e, map->im, k)};
            acc = l_pair_fma(e, acc, c, view_pair(e, in, l_int(e, map->index[k])));
        }
        view_result(e, s, out, l_int(e, row), acc);
    }
}

/* table[index] as i64. */
static Value entry(Emit *e, Value table, Value index)
{
    Value v = l_load(e, e->i32, l_gep(e, e->i32, table, index), 4);
    return LLVMBuildSExt(e->builder, v, e->i64, "");
}

static Value column_of(Emit *e, const Shape *shape, Value table, Value row)
{
    if (!shape->affine) return entry(e, table, row);
    return l_add(e, l_mul(e, row, l_int(e, shape->scale)), l_int(e, shape->offset));
}

/* The tables that the loop over terms reads. */
typedef struct Terms {
    Value start, index, re, im;
} Terms;

static Terms tables_of(Emit *e, const SparseMap *map, const Shape *shape)
{
    Terms t = {0};
    if (shape->length < 0) t.start = table_i32(e, map->start, map->rows + 1);
    if (!shape->affine) t.index = table_i32(e, map->index, shape->terms);
    if (!shape->ones) t.re = table_real(e, map->re, shape->terms);
    if (!shape->ones && map->im) t.im = table_real(e, map->im, shape->terms);
    return t;
}

static Value table_value(Emit *e, Value table, Value k)
{
    return table ? l_load(e, e->real, l_gep(e, e->real, table, k), (unsigned)e->k->real_bytes) : NULL;
}

/* acc + coefficient k * in[column k] */
static Pair add_term(Emit *e, const Shape *shape, const Terms *t, Value k, View in, Pair acc)
{
    Pair x = view_pair(e, in, column_of(e, shape, t->index, k));
    if (shape->ones)
        return (Pair){acc.re ? l_fadd(e, acc.re, x.re) : x.re,
                      acc.im && x.im ? l_fadd(e, acc.im, x.im) : x.im};
    return l_pair_fma(e, acc, (Pair){table_value(e, t->re, k), table_value(e, t->im, k)}, x);
}

/* The sum over the terms of one row, in a loop where it has not just one. */
static Pair emit_row(Emit *e, const Shape *shape, const Terms *t, Value row, View in, View out)
{
    if (shape->length == 1) return add_term(e, shape, t, row, in, (Pair){0});
    Value zero = l_zero(e, in.batched);
    Value init[2] = {zero, zero};
    Loop loop;
    Value k;
    if (shape->length > 0) {
        loop = loop_begin(e, l_int(e, shape->length), init, (uint32_t)out.parts);
        k = l_add(e, l_mul(e, row, l_int(e, shape->length)), loop.i);
    } else {
        Value from = entry(e, t->start, row);
        Value to = entry(e, t->start, l_add(e, row, l_int(e, 1)));
        loop = range_begin(e, from, to, init, (uint32_t)out.parts);
        k = loop.i;
    }
    Pair acc = {loop.carry[0], out.parts == 2 ? loop.carry[1] : NULL};
    acc = add_term(e, shape, t, k, in, acc);
    loop_end(e, &loop, (Value[]){acc.re, out.parts == 2 ? (acc.im ? acc.im : loop.carry[1]) : NULL});
    return (Pair){loop.carry[0], out.parts == 2 ? loop.carry[1] : NULL};
}

void emit_sparse(Emit *e, const Step *s)
{
    const SparseMap *map = s->sparse.map;
    View in = view_of(e, &s->in.at[0]), out = view_of(e, &s->out.at[0]);
    SparseMap moving;
    int64_t advance;
    if (moving_rows(map, e->outer, &moving, &advance)) {
        in.base = view_address(e, in, l_mul(e, e->p, l_int(e, advance)), 0);
        moving.inner = true;
        map = &moving;
    }
    if (unrolls(s, map, e->outer)) {
        emit_unrolled(e, s, map, in, out);
        return;
    }
    Shape shape = shape_of(map);
    Terms terms = tables_of(e, map, &shape);
    Value first = map->inner ? l_int(e, 0) : l_mul(e, e->p, l_int(e, s->count));
    Loop loop = loop_begin(e, l_int(e, s->count), NULL, 0);
    Pair row = shape.terms ? emit_row(e, &shape, &terms, l_add(e, first, loop.i), in, out) : (Pair){0};
    view_result(e, s, out, loop.i, row);
    loop_end(e, &loop, NULL);
}
