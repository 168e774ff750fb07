/* emit_map.c: element-wise steps: the straight scalar program in loops over the elements.
 *
 * Operand indices are e / div % mod. Where all div and div * mod of a step are divisors of one another, e is taken apart into the
 * digits between them, one loop per digit, and every index is a sum of digits times constants: no division is left. Few elements are
 * unrolled. A value that only shared elements enter stays a scalar until it meets a vector.
 */
#include "backend/llvm.h"

enum {
    UNROLL_COST = 64, /* operations that may be unrolled, all elements together */
    DIGITS_MAX = 8,
};

/* ---- scalars ---- */

/* A constant of the integer type as wide as v's elements, splat if v is a vector. */
static Value bits_constant(Emit *e, Value v, uint64_t bits)
{
    Value one = LLVMConstInt(e->bits, bits, 0);
    if (!l_is_vector(v)) return one;
    Value *items = arena_array(e->arena, Value, e->k->lanes);
    for (int i = 0; i < e->k->lanes; i++) items[i] = one;
    return LLVMConstVector(items, (unsigned)e->k->lanes);
}

static LLVMTypeRef integer_like(Emit *e, Value v, LLVMTypeRef integer)
{
    return l_is_vector(v) ? LLVMVectorType(integer, (unsigned)e->k->lanes) : integer;
}

static Value as_bits(Emit *e, Value v)
{
    return LLVMBuildBitCast(e->builder, v, integer_like(e, v, e->bits), "");
}

static Value as_real(Emit *e, Value v)
{
    return LLVMBuildBitCast(e->builder, v, l_type(e, l_is_vector(v)), "");
}

static uint64_t mantissa_bits(const Emit *e) { return e->k->real_bytes == 8 ? 52 : 23; }
static uint64_t exponent_mask(const Emit *e) { return e->k->real_bytes == 8 ? 0x7ff : 0xff; }
static uint64_t exponent_bias(const Emit *e) { return e->k->real_bytes == 8 ? 1023 : 127; }

/* 2^a: the exponent field of a real is a + bias. Through i32, which every CPU converts in vectors. */
static Value emit_pow2(Emit *e, Value a)
{
    Value n = LLVMBuildFPToSI(e->builder, a, integer_like(e, a, e->i32), "");
    n = LLVMBuildFreeze(e->builder, n, ""); /* any number where a is none: programs select another value there */
    n = LLVMBuildSExt(e->builder, n, integer_like(e, a, e->bits), "");
    n = l_add(e, n, bits_constant(e, a, exponent_bias(e)));
    return as_real(e, LLVMBuildShl(e->builder, n, bits_constant(e, a, mantissa_bits(e)), ""));
}

static Value emit_exponent(Emit *e, Value a)
{
    Value n = LLVMBuildLShr(e->builder, as_bits(e, a), bits_constant(e, a, mantissa_bits(e)), "");
    n = l_and(e, n, bits_constant(e, a, exponent_mask(e)));
    n = l_sub(e, n, bits_constant(e, a, exponent_bias(e)));
    if (e->bits == e->i64) n = LLVMBuildTrunc(e->builder, n, integer_like(e, a, e->i32), "");
    return LLVMBuildSIToFP(e->builder, n, l_type(e, l_is_vector(a)), "");
}

static Value emit_mantissa(Emit *e, Value a)
{
    Value n = l_and(e, as_bits(e, a), bits_constant(e, a, (UINT64_C(1) << mantissa_bits(e)) - 1));
    return as_real(e, l_or(e, n, bits_constant(e, a, exponent_bias(e) << mantissa_bits(e))));
}

static Value compare(Emit *e, LLVMRealPredicate predicate, Value a, Value b)
{
    l_level(e, &a, &b);
    return LLVMBuildFCmp(e->builder, predicate, a, b, "");
}

static Value choose(Emit *e, Value condition, Value a, Value b)
{
    l_level(e, &a, &b);
    if (l_is_vector(condition) && !l_is_vector(a)) {
        a = l_splat(e, a);
        b = l_splat(e, b);
    }
    return LLVMBuildSelect(e->builder, condition, a, b, "");
}

static Value truth(Emit *e, LLVMRealPredicate predicate, Value a, Value b)
{
    return choose(e, compare(e, predicate, a, b), l_real(e, 1), l_real(e, 0));
}

Value emit_scalar(Emit *e, const ScalarOp *op, const Value *values)
{
    Value a = values[op->a], b = values[op->b], c = values[op->c];
    switch (op->op) {
    case SCALAR_none:
    case SCALAR_load:
    case SCALAR_COUNT: break;
    case SCALAR_const: return l_real(e, op->constant);
    case SCALAR_add: return l_fadd(e, a, b);
    case SCALAR_sub: return l_fsub(e, a, b);
    case SCALAR_mul: return l_fmul(e, a, b);
    case SCALAR_div: return l_arith(e, LLVMFDiv, a, b);
    case SCALAR_fma: return l_fma(e, a, b, c);
    case SCALAR_neg: return l_fneg(e, a);
    case SCALAR_abs: return l_math(e, "llvm.fabs", &a, 1);
    case SCALAR_sqrt: return l_math(e, "llvm.sqrt", &a, 1);
    case SCALAR_min: return choose(e, compare(e, LLVMRealOLT, a, b), a, b);
    case SCALAR_max: return choose(e, compare(e, LLVMRealOGT, a, b), a, b);
    case SCALAR_round: return l_math(e, "llvm.roundeven", &a, 1);
    case SCALAR_floor: return l_math(e, "llvm.floor", &a, 1);
    case SCALAR_ge: return truth(e, LLVMRealOGE, a, b);
    case SCALAR_gt: return truth(e, LLVMRealOGT, a, b);
    case SCALAR_eq: return truth(e, LLVMRealOEQ, a, b);
    case SCALAR_select: return choose(e, compare(e, LLVMRealUNE, a, l_real(e, 0)), b, c);
    case SCALAR_pow2: return emit_pow2(e, a);
    case SCALAR_exponent: return emit_exponent(e, a);
    case SCALAR_mantissa: return emit_mantissa(e, a);
    }
    unreachable();
}

/* ---- loops over elements ---- */

/* The inner index e as digits: e = sum of digit[i] * at[i], digit[i] < at[i + 1] / at[i]; at[count] is the number of elements. */
typedef struct Digits {
    int64_t at[DIGITS_MAX + 1];
    int count;
    Value digit[DIGITS_MAX];
    Value e; /* the whole index */
} Digits;

static bool add_bound(Digits *d, int64_t bound)
{
    int i = 0;
    while (i <= d->count && d->at[i] < bound) i++;
    if (i <= d->count && d->at[i] == bound) return true;
    if (i == 0 || i > d->count || d->count == DIGITS_MAX) return false;
    if (bound % d->at[i - 1] || d->at[i] % bound) return false;
    memmove(&d->at[i + 1], &d->at[i], sizeof d->at[0] * (size_t)(d->count + 1 - i));
    d->at[i] = bound;
    d->count++;
    return true;
}

/* Takes [0, count) apart at the bounds of the step's operands; one digit if they do not divide one another. */
static Digits digits_of(const Step *s)
{
    Digits whole = {.at = {1, s->count}, .count = 1}, d = whole;
    if (s->count <= 1) return whole;
    for (uint32_t i = 0; i < s->in.len; i++) {
        const Operand *o = &s->in.at[i];
        if (o->mod <= 1 || o->div >= s->count) continue;
        if (!add_bound(&d, o->div)) return whole;
        int64_t end = o->div * o->mod;
        if (end < s->count && !add_bound(&d, end)) return whole;
    }
    return d;
}

/* e / div % mod. */
static Value element_of(Emit *e, const Digits *d, const Operand *o, int64_t count)
{
    if (o->mod <= 1 || o->div >= count) return l_int(e, 0);
    if (d->count == 1 || LLVMIsConstant(d->e)) {
        Value index = d->e;
        if (o->div > 1) index = l_udiv(e, index, l_int(e, o->div));
        if (o->div * o->mod < count) index = l_urem(e, index, l_int(e, o->mod));
        return index;
    }
    Value sum = NULL;
    for (int i = 0; i < d->count; i++) {
        if (d->at[i] < o->div || d->at[i] >= o->div * o->mod) continue;
        Value part = l_mul(e, d->digit[i], l_int(e, d->at[i] / o->div));
        sum = sum ? l_add(e, sum, part) : part;
    }
    return sum ? sum : l_int(e, 0);
}

/* May a result be stored before all operands are loaded? */
static bool stores_early(const Step *s, uint32_t operand)
{
    for (uint32_t i = 0; i < s->in.len; i++)
        if (s->in.at[i].buffer.i == s->out.at[operand].buffer.i) return false;
    return true;
}

static void emit_stores(Emit *e, const Step *s, const View *out, const Digits *d, const Value *values, bool early, uint32_t value)
{
    for (uint32_t i = 0; i < s->map.stores.len; i++) {
        const ScalarStore *store = &s->map.stores.at[i];
        if (stores_early(s, store->operand) != early || (early && store->value != value)) continue;
        view_store(e, out[store->operand], d->e, (int)store->part, values[store->value]);
    }
}

/* Stores follow their values at once where they may: a wide map has few values alive then. */
static void emit_element(Emit *e, const Step *s, const View *in, const View *out, const Digits *d)
{
    Value *values = arena_array(e->arena, Value, s->map.ops.len);
    for (uint32_t i = 0; i < s->map.ops.len; i++) {
        const ScalarOp *op = &s->map.ops.at[i];
        if (op->op == SCALAR_load)
            values[i] = view_load(e, in[op->a], element_of(e, d, &s->in.at[op->a], s->count), (int)op->b);
        else values[i] = emit_scalar(e, op, values);
        emit_stores(e, s, out, d, values, true, i);
    }
    emit_stores(e, s, out, d, values, false, 0);
}

static int64_t map_cost(const Step *s)
{
    return (int64_t)s->map.ops.len + s->map.stores.len;
}

static bool map_unrolls(const Step *s) { return map_cost(s) * s->count <= UNROLL_COST; }

int64_t cost_of_map(const Step *s) { return map_unrolls(s) ? map_cost(s) * s->count : map_cost(s); }

void emit_map(Emit *e, const Step *s)
{
    View *in = arena_array(e->arena, View, s->in.len), *out = arena_array(e->arena, View, s->out.len);
    for (uint32_t i = 0; i < s->in.len; i++) in[i] = view_of(e, &s->in.at[i]);
    for (uint32_t i = 0; i < s->out.len; i++) out[i] = view_of(e, &s->out.at[i]);
    if (map_unrolls(s)) {
        Digits d = {.at = {1, s->count}, .count = 1};
        for (int64_t i = 0; i < s->count; i++) {
            d.e = l_int(e, i);
            emit_element(e, s, in, out, &d);
        }
        return;
    }
    Digits d = digits_of(s);
    Loop loop[DIGITS_MAX];
    d.e = l_int(e, 0);
    for (int i = d.count - 1; i >= 0; i--) {
        loop[i] = loop_begin(e, l_int(e, d.at[i + 1] / d.at[i]), NULL, 0);
        d.digit[i] = loop[i].i;
        d.e = l_add(e, d.e, l_mul(e, loop[i].i, l_int(e, d.at[i])));
    }
    emit_element(e, s, in, out, &d);
    for (int i = 0; i < d.count; i++) loop_end(e, &loop[i], NULL);
}

void emit_copy(Emit *e, const Step *s)
{
    View in = view_of(e, &s->in.at[0]), out = view_of(e, &s->out.at[0]);
    if (!in.batched && !out.batched && in.parts == out.parts) {
        unsigned align = (unsigned)e->k->real_bytes;
        Value bytes = l_int(e, s->count * in.parts * e->k->real_bytes);
        LLVMBuildMemMove(e->builder, out.base, align, in.base, align, bytes);
        return;
    }
    Loop loop = loop_begin(e, l_int(e, s->count), NULL, 0);
    for (int part = 0; part < out.parts; part++)
        view_store(e, out, loop.i, part, view_load(e, in, loop.i, part));
    loop_end(e, &loop, NULL);
}
