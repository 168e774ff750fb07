/* step_run.c: many small steps in a row as loops over tables: sparse maps, sums over lanes, gates (gate_run.c).
 *
 * The matrices of a circuit's gates are picked from their angles by hundreds of sparse maps of a few terms each. As code they would
 * cost more time to compile than to run for a whole training; as a table they cost nothing. A row of the table is one real number;
 * what a map leaves empty is set to zero first, so that a scatter of one number among thousands is one row:
 *
 *     for s in 0..steps:
 *         the first zero[s] bytes of bufs[out[s]] = 0
 *         for row in last[s - 1]..last[s]: bufs[out[s]][at[row]] = sum for k in start[row]..start[row + 1] of
 *                                          coefficient[k] * bufs[from[k]][index[k]]
 */
#include "backend/llvm.h"

enum { RUN_MIN = 4, TERMS_MAX = 256 };

typedef struct Rows {
    Arena *arena;
    VEC(int64_t) out, zero, last;   /* of each step */
    VEC(int64_t) to, at, start;     /* of each row */
    VEC(int64_t) from, index;       /* of each term */
    VEC(double) coefficient;
} Rows;

/* ---- sparse maps and copies ---- */

static bool same_level(const Emit *e, const Step *s, bool batched)
{
    return operand_buffer(e, &s->in.at[0])->batched == batched && operand_buffer(e, &s->out.at[0])->batched == batched;
}

/* The table holds numbers of buffer pointers, which constants do not have. */
static bool has_pointers(const Emit *e, const Step *s)
{
    return operand_buffer(e, &s->in.at[0])->role != RQ_ROLE_constant;
}

static bool is_small_sparse(const Emit *e, const Step *s, bool batched)
{
    if (s->kind != STEP_sparse || s->over_outer || !has_pointers(e, s) || is_packed(e, s)) return false;
    return same_level(e, s, batched) && s->sparse.map->start[s->sparse.map->rows] <= TERMS_MAX;
}

static void begin_row(Rows *t, const Operand *out, int64_t real)
{
    vec_push(t->arena, &t->to, out->buffer.i - 1);
    vec_push(t->arena, &t->at, real);
    vec_push(t->arena, &t->start, t->from.len);
}

static void add_term(Rows *t, const Operand *in, int64_t real, double coefficient)
{
    if (coefficient == 0) return;
    vec_push(t->arena, &t->from, in->buffer.i - 1);
    vec_push(t->arena, &t->index, real);
    vec_push(t->arena, &t->coefficient, coefficient);
}

/* The real and imaginary parts of each row as rows of their own, if it has terms. A row that adds begins with what is there. */
static void add_sparse(const Emit *e, Rows *t, const Step *s)
{
    const SparseMap *map = s->sparse.map;
    const Operand *in = &s->in.at[0], *out = &s->out.at[0];
    int in_parts = operand_buffer(e, in)->is_complex ? 2 : 1, out_parts = operand_buffer(e, out)->is_complex ? 2 : 1;
    int64_t first = t->at.len, reals = map->rows * out_parts;
    for (int64_t row = 0; row < map->rows; row++)
        for (int part = 0; part < out_parts && map->start[row] < map->start[row + 1]; part++) {
            begin_row(t, out, row * out_parts + part);
            if (s->adds) add_term(t, out, row * out_parts + part, 1);
            for (int64_t k = map->start[row]; k < map->start[row + 1]; k++) {
                double re = map->re[k], im = map->im ? map->im[k] : 0;
                int64_t column = map->index[k] * in_parts;
                add_term(t, in, column, part ? im : re);
                if (in_parts == 2) add_term(t, in, column + 1, part ? re : -im);
            }
        }
    bool stays = s->adds || t->at.len - first == reals;
    int64_t real_bytes = e->k->real_bytes * (operand_buffer(e, out)->batched ? e->k->lanes : 1);
    vec_push(t->arena, &t->out, out->buffer.i - 1);
    vec_push(t->arena, &t->zero, stays ? 0 : reals * real_bytes);
    vec_push(t->arena, &t->last, t->at.len);
}

static Value item(Emit *e, Value table, Value i)
{
    Value v = l_load(e, e->i32, l_gep(e, e->i32, table, i), 4);
    return LLVMBuildZExt(e->builder, v, e->i64, "");
}

static Value buffer_pointer(Emit *e, Value numbers, Value i)
{
    Value number = l_load(e, e->i32, l_gep(e, e->i32, numbers, i), 4);
    return l_load(e, e->ptr, l_gep(e, e->ptr, LLVMGetParam(e->function, 0), number), 8);
}

/* The address of a real (with all its lanes, if it has any) of a buffer that a table names. */
static Value real_pointer(Emit *e, Value buffers, Value reals, Value i, bool batched)
{
    Value real = l_load(e, e->i32, l_gep(e, e->i32, reals, i), 4);
    return l_gep(e, l_type(e, batched), buffer_pointer(e, buffers, i), real);
}

/* The tables of rows and terms. */
typedef struct RowTables {
    Value at, start, from, index, coefficient;
    bool batched;
} RowTables;

/* The sum of one row. */
static Value emit_row(Emit *e, const RowTables *t, Value row)
{
    Value zero = l_zero(e, t->batched);
    unsigned align = (unsigned)e->k->real_bytes;
    Loop term = range_begin(e, item(e, t->start, row), item(e, t->start, l_add(e, row, l_int(e, 1))), &zero, 1);
    Value c = l_load(e, e->real, l_gep(e, e->real, t->coefficient, term.i), align);
    Value x = l_load(e, l_type(e, t->batched), real_pointer(e, t->from, t->index, term.i, t->batched), align);
    Value sum = l_fma(e, c, x, term.carry[0]);
    loop_end(e, &term, &sum);
    return term.carry[0];
}

static void emit_table(Emit *e, Rows *t, bool batched)
{
    vec_push(t->arena, &t->start, t->from.len);
    Value out = table_i32(e, t->out.at, t->out.len), zero = table_i32(e, t->zero.at, t->zero.len);
    Value last = table_i32(e, t->last.at, t->last.len);
    RowTables rows = {.batched = batched};
    rows.at = table_i32(e, t->at.at, t->at.len);
    rows.start = table_i32(e, t->start.at, t->start.len);
    rows.from = table_i32(e, t->from.at, t->from.len);
    rows.index = table_i32(e, t->index.at, t->index.len);
    rows.coefficient = table_real(e, t->coefficient.at, t->coefficient.len);
    unsigned align = (unsigned)e->k->real_bytes;
    Value first = l_int(e, 0);
    Loop step = loop_begin(e, l_int(e, t->out.len), &first, 1);
    Value to = buffer_pointer(e, out, step.i);
    LLVMBuildMemSet(e->builder, to, LLVMConstInt(e->i8, 0, 0), item(e, zero, step.i), align);
    Value end = item(e, last, step.i);
    Loop row = range_begin(e, step.carry[0], end, NULL, 0);
    Value sum = emit_row(e, &rows, row.i);
    l_store(e, sum, l_gep(e, l_type(e, batched), to, item(e, rows.at, row.i)), align);
    loop_end(e, &row, NULL);
    loop_end(e, &step, &end);
}

static void emit_sparse_run(Emit *e, const Kernel *kernel, uint32_t first, uint32_t n)
{
    Rows t = {.arena = e->arena};
    bool batched = operand_buffer(e, &kernel->steps.at[first].out.at[0])->batched;
    for (uint32_t i = first; i < first + n; i++) add_sparse(e, &t, &kernel->steps.at[i]);
    emit_table(e, &t, batched);
}

/* ---- sums over lanes ---- */

static bool is_lane_sum(const Emit *e, const Step *s)
{
    return s->kind == STEP_lane_sum && has_pointers(e, s);
}

/* One row for each real of each step. */
static void emit_lane_sum_run(Emit *e, const Kernel *kernel, uint32_t first, uint32_t n)
{
    Rows t = {.arena = e->arena};
    for (uint32_t i = first; i < first + n; i++) {
        const Step *s = &kernel->steps.at[i];
        const Operand *in = &s->in.at[0], *out = &s->out.at[0];
        int64_t reals = s->count * (operand_buffer(e, out)->is_complex ? 2 : 1);
        for (int64_t real = 0; real < reals; real++) {
            begin_row(&t, out, real);
            vec_push(t.arena, &t.from, in->buffer.i - 1);
        }
    }
    int64_t rows = t.to.len;
    Value to = table_i32(e, t.to.at, rows), at = table_i32(e, t.at.at, rows), from = table_i32(e, t.from.at, rows);
    unsigned align = (unsigned)e->k->real_bytes;
    Loop row = loop_begin(e, l_int(e, rows), NULL, 0);
    Value lanes = l_load(e, e->vector, real_pointer(e, from, at, row.i, true), align);
    l_store(e, l_add_lanes(e, lanes), real_pointer(e, to, at, row.i, false), align);
    loop_end(e, &row, NULL);
}

/* ---- which steps ---- */

typedef enum RunKind { RUN_none, RUN_sparse, RUN_lane_sum, RUN_gates } RunKind;

static RunKind run_kind(const Emit *e, const Kernel *kernel, uint32_t first, uint32_t *n)
{
    *n = gate_run_length(e, kernel, first);
    if (*n) return RUN_gates;
    if (kernel->outer > 1) return RUN_none;
    const Step *s = &kernel->steps.at[first];
    bool sums = is_lane_sum(e, s), batched = operand_buffer(e, &s->out.at[0])->batched;
    uint32_t i = first;
    while (i < kernel->steps.len &&
           (sums ? is_lane_sum(e, &kernel->steps.at[i]) : is_small_sparse(e, &kernel->steps.at[i], batched)))
        i++;
    *n = i - first;
    return *n < RUN_MIN ? RUN_none : sums ? RUN_lane_sum : RUN_sparse;
}

uint32_t step_run_length(const Emit *e, const Kernel *kernel, uint32_t first)
{
    uint32_t n;
    return run_kind(e, kernel, first, &n) ? n : 0;
}

void emit_step_run(Emit *e, const Kernel *kernel, uint32_t first)
{
    uint32_t n;
    switch (run_kind(e, kernel, first, &n)) {
    case RUN_none: break;
    case RUN_sparse: emit_sparse_run(e, kernel, first, n); return;
    case RUN_lane_sum: emit_lane_sum_run(e, kernel, first, n); return;
    case RUN_gates: emit_gate_run(e, kernel, first, n); return;
    }
    unreachable();
}
