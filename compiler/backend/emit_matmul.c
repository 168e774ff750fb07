/* emit_matmul.c: matrix products of small matrices: out[m, n] = sum over k of a[m, k] b[k, n].
 *
 * The result is cut into tiles that fit in vector registers; the loop over k reads a column of a
 * and a row of b for each tile, so an element that is read meets a whole row or column of the tile.
 * A shared element is read once and meets vectors of samples.
 */
#include "backend/llvm.h"

enum {
    TILE_MAX = 24, /* results of a tile: leaves room in 32 registers for what is read */
    TILE_SIDE = 12,
    UNROLLED = 48, /* products that are written out without a loop */
    BLOCK_BYTES =
        24576, /* of operands that tiles pass over again and again: most of a first-level cache */
};

typedef struct Product {
    const Step *s;
    View a, b, out;
    int64_t rows, columns; /* of a full tile */
    Value from, to; /* iterations that a tile is summed over; NULL: it belongs to the current one */
} Product;

/* The largest side up to `most` that cuts n into equal parts, or nearly. */
static int64_t tile_side(int64_t n, int64_t most)
{
    if (n <= most) return n;
    int64_t parts = (n + most - 1) / most;
    return (n + parts - 1) / parts;
}

static void choose_tile(Product *p)
{
    int64_t m = p->s->matmul.m, n = p->s->matmul.n,
            most = p->out.parts == 2 ? TILE_MAX / 2 : TILE_MAX;
    if (m <= n) {
        p->rows = tile_side(m, m * n <= most ? m : 4);
        p->columns = tile_side(n, most / p->rows < TILE_SIDE ? most / p->rows : TILE_SIDE);
    } else {
        p->columns = tile_side(n, m * n <= most ? n : 4);
        p->rows = tile_side(m, most / p->columns < TILE_SIDE ? most / p->columns : TILE_SIDE);
    }
}

/* The element [row, column] of a matrix stored with `columns` columns, or of its transpose. */
static Value matrix_index(Emit *e, Value row, Value column, int64_t rows, int64_t columns,
                          bool transposed)
{
    if (transposed) return l_add(e, l_mul(e, column, l_int(e, rows)), row);
    return l_add(e, l_mul(e, row, l_int(e, columns)), column);
}

static Value plus(Emit *e, Value from, int64_t i) { return i ? l_add(e, from, l_int(e, i)) : from; }

/* acc[r, c] += a[row + r, k] b[k, column + c] */
static void add_products(Emit *e, const Product *p, Value row, Value column, int64_t rows,
                         int64_t columns, Value k, Pair *acc)
{
    const Step *s = p->s;
    Pair *x = arena_array(e->arena, Pair, rows), *y = arena_array(e->arena, Pair, columns);
    for (int64_t r = 0; r < rows; r++) {
        Value at = plus(e, row, r);
        x[r] = view_pair(e, p->a, matrix_index(e, at, k, s->matmul.m, s->matmul.k, s->matmul.ta));
    }
    for (int64_t c = 0; c < columns; c++) {
        Value at = plus(e, column, c);
        y[c] = view_pair(e, p->b, matrix_index(e, k, at, s->matmul.k, s->matmul.n, s->matmul.tb));
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            acc[r * columns + c] = l_pair_fma(e, acc[r * columns + c], x[r], y[c]);
}

static void set_views(Emit *e, Product *p)
{
    p->a = view_of(e, &p->s->in.at[0]);
    p->b = view_of(e, &p->s->in.at[1]);
}

/* Opens a loop that carries the tile's sums, and sets acc to them inside it. */
static Loop sums_begin(Emit *e, const Product *p, Value from, Value to, Pair *acc, int64_t count)
{
    int parts = p->out.parts;
    Value zero = l_zero(e, operand_buffer(e, &p->s->out.at[0])->batched);
    Value *carry = arena_array(e->arena, Value, parts * count);
    for (int64_t i = 0; i < count; i++) {
        carry[parts * i] = acc[i].re ? acc[i].re : zero;
        if (parts == 2) carry[parts * i + 1] = acc[i].im ? acc[i].im : zero;
    }
    Loop loop = loop_from(e, from, to, carry, (uint32_t)(parts * count));
    for (int64_t i = 0; i < count; i++)
        acc[i] = (Pair){loop.carry[parts * i], parts == 2 ? loop.carry[parts * i + 1] : NULL};
    return loop;
}

static void sums_end(Emit *e, const Product *p, Loop *loop, Pair *acc, int64_t count)
{
    int parts = p->out.parts;
    Value *carry = arena_array(e->arena, Value, parts * count);
    for (int64_t i = 0; i < count; i++) {
        carry[parts * i] = acc[i].re;
        if (parts == 2) carry[parts * i + 1] = acc[i].im;
    }
    loop_end(e, loop, carry);
    for (int64_t i = 0; i < count; i++)
        acc[i] = (Pair){loop->carry[parts * i], parts == 2 ? loop->carry[parts * i + 1] : NULL};
}

/* acc += the tile of a b in the current iteration. */
static void add_tile(Emit *e, const Product *p, Value row, Value column, int64_t rows,
                     int64_t columns, Pair *acc)
{
    int64_t count = rows * columns, k = p->s->matmul.k;
    if (k * count <= UNROLLED || k == 1) {
        for (int64_t i = 0; i < k; i++)
            add_products(e, p, row, column, rows, columns, l_int(e, i), acc);
        return;
    }
    Loop loop = sums_begin(e, p, l_int(e, 0), l_int(e, k), acc, count);
    add_products(e, p, row, column, rows, columns, loop.i, acc);
    sums_end(e, p, &loop, acc, count);
}

static void emit_tile(Emit *e, const Product *p, Value row, Value column, int64_t rows,
                      int64_t columns)
{
    int64_t count = rows * columns;
    Pair *acc = arena_array(e->arena, Pair, count);
    if (p->from) {
        Product here = *p;
        Loop loop = sums_begin(e, p, p->from, p->to, acc, count);
        e->p = loop.i;
        set_views(e, &here);
        add_tile(e, &here, row, column, rows, columns, acc);
        sums_end(e, p, &loop, acc, count);
    } else {
        add_tile(e, p, row, column, rows, columns, acc);
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            Value first = l_mul(e, plus(e, row, r), l_int(e, p->s->matmul.n));
            Value at = plus(e, column, c);
            view_result(e, p->s, p->out, l_add(e, first, at), acc[r * columns + c]);
        }
}

/* Tiles side by side: full ones in a loop, then what is left. */
static void emit_rows(Emit *e, const Product *p, Value row, int64_t rows)
{
    int64_t n = p->s->matmul.n, full = n / p->columns, rest = n % p->columns;
    if (full == 1) {
        emit_tile(e, p, row, l_int(e, 0), rows, p->columns);
    } else {
        Loop loop = loop_begin(e, l_int(e, full), NULL, 0);
        emit_tile(e, p, row, l_mul(e, loop.i, l_int(e, p->columns)), rows, p->columns);
        loop_end(e, &loop, NULL);
    }
    if (rest) emit_tile(e, p, row, l_int(e, full * p->columns), rows, rest);
}

/* Calls emit_rows for all rows: full tiles in a loop, then what is left. */
static void emit_tiles(Emit *e, const Product *p)
{
    int64_t full = p->s->matmul.m / p->rows, rest = p->s->matmul.m % p->rows;
    if (full == 1) {
        emit_rows(e, p, l_int(e, 0), p->rows);
    } else {
        Loop loop = loop_begin(e, l_int(e, full), NULL, 0);
        emit_rows(e, p, l_mul(e, loop.i, l_int(e, p->rows)), p->rows);
        loop_end(e, &loop, NULL);
    }
    if (rest) emit_rows(e, p, l_int(e, full * p->rows), rest);
}

void emit_matmul(Emit *e, const Step *s)
{
    Product p = {.s = s};
    set_views(e, &p);
    p.out = view_of(e, &s->out.at[0]);
    choose_tile(&p);
    emit_tiles(e, &p);
}

/* ---- sums over a loop ---- */

bool matmul_sums_loop(const Emit *e, const Step *s)
{
    return s->kind == STEP_matmul && s->over_outer && e->outer > 1 && s->out.at[0].p_mod == 1;
}

/* How many iterations read no more than stays in the first-level cache while all tiles pass over
 * it. */
static int64_t block_length(const Emit *e, const Product *p)
{
    int64_t k = p->s->matmul.k,
            reals = (p->s->matmul.m + p->s->matmul.n) * k * p->out.parts * e->k->lanes;
    int64_t length = BLOCK_BYTES / (reals * e->k->real_bytes);
    return length < 4 ? 4 : length > e->outer ? e->outer : length;
}

/*     for blocks of iterations { for tiles { sum over the block in registers; out += sum } } */
void emit_matmul_loop(Emit *e, const Step *s)
{
    Product p = {.s = s, .out = view_of(e, &s->out.at[0])};
    choose_tile(&p);
    int64_t length = block_length(e, &p), blocks = (e->outer + length - 1) / length;
    Loop block = loop_begin(e, l_int(e, blocks), NULL, 0);
    p.from = l_mul(e, block.i, l_int(e, length));
    p.to = l_add(e, p.from, l_int(e, length));
    if (e->outer % length) {
        Value end = l_int(e, e->outer);
        Value inside = LLVMBuildICmp(e->builder, LLVMIntULT, p.to, end, "");
        p.to = LLVMBuildSelect(e->builder, inside, p.to, end, "");
    }
    emit_tiles(e, &p);
    loop_end(e, &block, NULL);
}
int64_t cost_of_matmul(const Emit *e, const Step *s)
{
    Product p = {.s = s, .out = {.parts = operand_buffer(e, &s->out.at[0])->is_complex ? 2 : 1}};
    choose_tile(&p);
    int64_t count = p.rows * p.columns, k = s->matmul.k;
    int64_t tile = (k * count <= UNROLLED ? k : 1) * (count + p.rows + p.columns) + 2 * count;
    return tile * p.out.parts * (1 + (s->matmul.m % p.rows != 0)) *
           (1 + (s->matmul.n % p.columns != 0));
}
