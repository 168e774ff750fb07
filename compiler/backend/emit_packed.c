/* emit_packed.c: steps on shared values, many elements at a time: vectors of elements in place of
 * samples.
 *
 * Coefficients of the transfer engine are vectors of some hundred elements that many similar gates
 * change one after the other. So the code of a step is a function of its pointers and its number of
 * elements, made once for all steps with the same program:
 *
 *     map      for e in 0, 16, ..: the program on 16 elements; then the rest one by one
 *     sparse   rows of at most four terms: out[16 rows] = sum over j of coefficient[j][16] *
 * in[index[j][16]], from tables padded with 0 sum      16 partial sums, added up in a tree
 */
#include "backend/llvm.h"

enum {
    PACKED_MIN = 32, /* elements, so that it pays */
    TERMS_MAX = 4,
    POINTERS_MAX = 24,
};

struct PackedFunction {
    const char *program;
    Value function;
};

/* ---- which steps ---- */

static bool is_flat(const Emit *e, const Operand *o, int64_t count)
{
    return !operand_buffer(e, o)->batched && !operand_buffer(e, o)->is_complex && o->p_mod <= 1 &&
           o->div == 1 && o->mod == count;
}

static bool is_one(const Emit *e, const Operand *o)
{
    return !operand_buffer(e, o)->batched && !operand_buffer(e, o)->is_complex && o->p_mod <= 1 &&
           o->mod == 1;
}

static bool is_packed_map(const Emit *e, const Step *s)
{
    for (uint32_t i = 0; i < s->in.len; i++)
        if (!is_flat(e, &s->in.at[i], s->count) && !is_one(e, &s->in.at[i])) return false;
    for (uint32_t i = 0; i < s->out.len; i++)
        if (!is_flat(e, &s->out.at[i], s->count)) return false;
    return s->in.len + s->out.len <= POINTERS_MAX;
}

static int64_t longest_row(const SparseMap *map)
{
    int64_t longest = 0;
    for (int64_t i = 0; i < map->rows; i++)
        if (map->start[i + 1] - map->start[i] > longest)
            longest = map->start[i + 1] - map->start[i];
    return longest;
}

static bool is_packed_sparse(const Emit *e, const Step *s)
{
    const SparseMap *map = s->sparse.map;
    const Buffer *in = operand_buffer(e, &s->in.at[0]), *out = operand_buffer(e, &s->out.at[0]);
    if (in->batched || out->batched || in->is_complex || out->is_complex || map->im ||
        s->over_outer)
        return false;
    return longest_row(map) <= TERMS_MAX && 4 * map->start[map->rows] >= map->rows;
}

bool is_packed(const Emit *e, const Step *s)
{
    if (e->k->lanes == 1) return false;
    if (e->outer != 1 || s->count < PACKED_MIN) {
        bool is_sum = e->outer == 1 && s->kind == STEP_sum && s->sum.pre == 1 && s->sum.mid == 1 &&
                      s->sum.post >= PACKED_MIN;
        return is_sum && is_flat(e, &s->in.at[0], s->sum.post) && !s->over_outer;
    }
    if (s->kind == STEP_map) return is_packed_map(e, s);
    return s->kind == STEP_sparse && is_packed_sparse(e, s);
}

/* ---- functions ---- */

/* The function of this program: void (pointers.., i64 count). New ones are open, and *is_new. */
static Value packed_function(Emit *e, const char *program, uint32_t pointers, Saved *caller,
                             bool *is_new)
{
    *is_new = false;
    for (uint32_t i = 0; i < e->packed.len; i++)
        if (!strcmp(e->packed.at[i]->program, program)) return e->packed.at[i]->function;
    *is_new = true;
    *caller = function_leave(e);
    LLVMTypeRef types[POINTERS_MAX + 1];
    for (uint32_t i = 0; i < pointers; i++) types[i] = e->ptr;
    types[pointers] = e->i64;
    PackedFunction *w = arena_make(e->arena, PackedFunction);
    w->program = program;
    char *name = arena_printf(e->arena, "%s_packed%u", e->k->name, e->packed.len);
    w->function =
        function_open(e, name, LLVMFunctionType(e->nothing, types, pointers + 1, 0), false);
    vec_push(e->arena, &e->packed, w);
    return w->function;
}

static Value parameter(Emit *e, uint32_t i) { return LLVMGetParam(e->function, i); }

static Value element_at(Emit *e, Value base, Value i) { return l_gep(e, e->real, base, i); }

static Value load_real(Emit *e, Value at, bool wide)
{
    return l_load(e, l_type(e, wide), at, (unsigned)e->k->real_bytes);
}

static void store_real(Emit *e, Value v, Value at)
{
    l_store(e, v, at, (unsigned)e->k->real_bytes);
}

/* Loops over whole vectors of elements and over the rest; between begin and end the body is written
 * for both. */
typedef struct Pass {
    bool wide;
    Loop loop;
    Value e; /* the first element */
} Pass;

static Pass pass_begin(Emit *e, bool wide, Value count, const Value *init, uint32_t carried)
{
    Value width = l_int(e, e->k->lanes), vectors = l_udiv(e, count, width);
    Pass p = {.wide = wide};
    p.loop = wide ? range_begin(e, l_int(e, 0), vectors, init, carried)
                  : range_begin(e, l_mul(e, vectors, width), count, init, carried);
    p.e = wide ? l_mul(e, p.loop.i, width) : p.loop.i;
    return p;
}

/* ---- maps ---- */

static const char *map_program(Emit *e, const Step *s)
{
    char *text = arena_printf(e->arena, "map %u %u", s->in.len, s->out.len);
    for (uint32_t i = 0; i < s->in.len; i++)
        text = arena_printf(e->arena, "%s%c", text, is_flat(e, &s->in.at[i], s->count) ? 'v' : 's');
    for (uint32_t i = 0; i < s->map.ops.len; i++) {
        const ScalarOp *op = &s->map.ops.at[i];
        text = arena_printf(e->arena, "%s %d,%u,%u,%u,%a", text, (int)op->op, op->a, op->b, op->c,
                            op->constant);
    }
    for (uint32_t i = 0; i < s->map.stores.len; i++)
        text = arena_printf(e->arena, "%s;%u,%u", text, s->map.stores.at[i].value,
                            s->map.stores.at[i].operand);
    return text;
}

static void map_body(Emit *e, const Step *s, const Pass *p)
{
    Value *values = arena_array(e->arena, Value, s->map.ops.len);
    for (uint32_t i = 0; i < s->map.ops.len; i++) {
        const ScalarOp *op = &s->map.ops.at[i];
        if (op->op == SCALAR_load) {
            bool flat = is_flat(e, &s->in.at[op->a], s->count);
            Value base = parameter(e, op->a);
            values[i] = load_real(e, flat ? element_at(e, base, p->e) : base, flat && p->wide);
        } else {
            values[i] = emit_scalar(e, op, values);
        }
    }
    for (uint32_t i = 0; i < s->map.stores.len; i++) {
        const ScalarStore *store = &s->map.stores.at[i];
        Value v = values[store->value];
        if (p->wide) v = l_splat(e, v);
        store_real(e, v, element_at(e, parameter(e, s->in.len + store->operand), p->e));
    }
}

static void packed_map(Emit *e, const Step *s)
{
    Saved caller;
    bool is_new;
    uint32_t pointers = s->in.len + s->out.len;
    Value f = packed_function(e, map_program(e, s), pointers, &caller, &is_new);
    if (is_new) {
        for (int wide = 1; wide >= 0; wide--) {
            Pass p = pass_begin(e, wide, parameter(e, pointers), NULL, 0);
            map_body(e, s, &p);
            loop_end(e, &p.loop, NULL);
        }
        function_close(e);
        function_return_to(e, caller);
    }
    Value args[POINTERS_MAX + 1];
    for (uint32_t i = 0; i < s->in.len; i++) args[i] = view_of(e, &s->in.at[i]).base;
    for (uint32_t i = 0; i < s->out.len; i++) args[s->in.len + i] = view_of(e, &s->out.at[i]).base;
    args[pointers] = l_int(e, s->count);
    l_call(e, f, args, pointers + 1);
}

/* ---- sparse maps ---- */

enum { SPARSE_out, SPARSE_in, SPARSE_index, SPARSE_coefficient, SPARSE_POINTERS };

/* in[index[at + lane]] for all lanes. */
static Value gather(Emit *e, Value at)
{
    LLVMTypeRef indices = LLVMVectorType(e->i32, (unsigned)e->k->lanes);
    Value index = l_load(e, indices, l_gep(e, e->i32, parameter(e, SPARSE_index), at), 4);
    index = LLVMBuildSExt(e->builder, index, LLVMVectorType(e->i64, (unsigned)e->k->lanes), "");
    Value base = parameter(e, SPARSE_in),
          pointers = LLVMBuildGEP2(e->builder, e->real, base, &index, 1, "");
    LLVMTypeRef types[2] = {e->vector, LLVMTypeOf(pointers)};
    unsigned id = LLVMLookupIntrinsicID("llvm.masked.gather", strlen("llvm.masked.gather"));
    Value mask = LLVMConstAllOnes(LLVMVectorType(e->i1, (unsigned)e->k->lanes));
    Value args[] = {pointers, l_int32(e, e->k->real_bytes), mask, LLVMGetPoison(e->vector)};
    return l_call(e, LLVMGetIntrinsicDeclaration(e->module, id, types, 2), args, 4);
}

static Value pick(Emit *e, Value at)
{
    Value index = l_load(e, e->i32, l_gep(e, e->i32, parameter(e, SPARSE_index), at), 4);
    index = LLVMBuildSExt(e->builder, index, e->i64, "");
    return load_real(e, element_at(e, parameter(e, SPARSE_in), index), false);
}

/* Tables are [rows / lanes][terms][lanes]. */
static void sparse_body(Emit *e, const Pass *p, int64_t terms, bool adds)
{
    Value width = l_int(e, e->k->lanes), chunk = l_udiv(e, p->e, width),
          lane = l_urem(e, p->e, width);
    Value first = l_add(e, l_mul(e, chunk, l_int(e, terms * e->k->lanes)), lane);
    Value out = element_at(e, parameter(e, SPARSE_out), p->e),
          sum = adds ? load_real(e, out, p->wide) : NULL;
    for (int64_t j = 0; j < terms; j++) {
        Value at = l_add(e, first, l_int(e, j * e->k->lanes));
        Value x = p->wide ? gather(e, at) : pick(e, at);
        Value c = load_real(e, element_at(e, parameter(e, SPARSE_coefficient), at), p->wide);
        sum = l_accumulate(e, sum, c, x);
    }
    store_real(e, sum, out);
}

static void packed_sparse(Emit *e, const Step *s)
{
    const SparseMap *map = s->sparse.map;
    int64_t terms = longest_row(map), lanes = e->k->lanes, chunks = (map->rows + lanes - 1) / lanes;
    Saved caller;
    bool is_new;
    const char *program = arena_printf(e->arena, "sparse %d %d", (int)terms, s->adds);
    Value f = packed_function(e, program, SPARSE_POINTERS, &caller, &is_new);
    if (is_new) {
        for (int wide = 1; wide >= 0; wide--) {
            Pass p = pass_begin(e, wide, parameter(e, SPARSE_POINTERS), NULL, 0);
            sparse_body(e, &p, terms, s->adds);
            loop_end(e, &p.loop, NULL);
        }
        function_close(e);
        function_return_to(e, caller);
    }
    int64_t *index = arena_array(e->arena, int64_t, chunks *terms *lanes);
    double *coefficient = arena_array(e->arena, double, chunks *terms *lanes);
    for (int64_t row = 0; row < map->rows; row++)
        for (int64_t k = map->start[row]; k < map->start[row + 1]; k++) {
            int64_t at = (row / lanes * terms + k - map->start[row]) * lanes + row % lanes;
            index[at] = map->index[k];
            coefficient[at] = map->re[k];
        }
    Value args[] = {view_of(e, &s->out.at[0]).base, view_of(e, &s->in.at[0]).base,
                    table_i32(e, index, chunks * terms * lanes),
                    table_real(e, coefficient, chunks * terms * lanes), l_int(e, map->rows)};
    l_call(e, f, args, COUNT(args));
}

/* ---- sums ---- */

static void packed_sum(Emit *e, const Step *s)
{
    Saved caller;
    bool is_new;
    Value f = packed_function(e, "sum", 2, &caller, &is_new);
    if (is_new) {
        Value sum = l_zero(e, true);
        for (int wide = 1; wide >= 0; wide--) {
            Pass p = pass_begin(e, wide, parameter(e, 2), &sum, 1);
            Value x = load_real(e, element_at(e, parameter(e, 1), p.e), wide);
            Value next = l_fadd(e, p.loop.carry[0], x);
            loop_end(e, &p.loop, &next);
            sum = wide ? l_add_lanes(e, p.loop.carry[0]) : p.loop.carry[0];
        }
        store_real(e, sum, parameter(e, 0));
        function_close(e);
        function_return_to(e, caller);
    }
    Value out = view_of(e, &s->out.at[0]).base, in = view_of(e, &s->in.at[0]).base;
    l_call(e, f, (Value[]){out, in, l_int(e, s->sum.post)}, 3);
}

void emit_packed(Emit *e, const Step *s)
{
    if (s->kind == STEP_map)
        packed_map(e, s);
    else if (s->kind == STEP_sparse)
        packed_sparse(e, s);
    else
        packed_sum(e, s);
}
