/* test_expand.c: sin, cos, exp, log and tanh as built of scalar rows, against long double, in both types; and at the edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "kernel/expand.h"

typedef uint32_t Expansion(Program *p, uint32_t x);
typedef long double Reference(long double x);

typedef struct Function {
    Compiler *c;
    Step step;
    uint32_t result;
    int real_bytes;
    double *d;
    float *f;
} Function;

static Function build(Compiler *c, Expansion *expansion, int real_bytes)
{
    Function fn = {.c = c, .real_bytes = real_bytes};
    Program p = {.arena = c->keep, .step = &fn.step, .real_bytes = real_bytes};
    uint32_t x = program_op(&p, SCALAR_load, 0, 0, 0);
    fn.result = expansion(&p, x);
    fn.d = arena_array(c->keep, double, fn.step.map.ops.len);
    fn.f = arena_array(c->keep, float, fn.step.map.ops.len);
    return fn;
}

/* What the rows mean, in either type. */
#define EVALUATE(T, name, V, FMA, SQRT, RINT, FLOOR, LOGB, LDEXP, MIN_EXP, MAX_EXP)                \
    static double name(const Function *fn, double x)                                               \
    {                                                                                              \
        T *v = fn->V;                                                                              \
        for (uint32_t i = 0; i < fn->step.map.ops.len; i++) {                                      \
            const ScalarOp *op = &fn->step.map.ops.at[i];                                          \
            T a = v[op->a], b = v[op->b], c = v[op->c];                                            \
            switch (op->op) {                                                                      \
            case SCALAR_load: v[i] = (T)x; break;                                                  \
            case SCALAR_const: v[i] = (T)op->constant; break;                                      \
            case SCALAR_add: v[i] = a + b; break;                                                  \
            case SCALAR_sub: v[i] = a - b; break;                                                  \
            case SCALAR_mul: v[i] = a * b; break;                                                  \
            case SCALAR_div: v[i] = a / b; break;                                                  \
            case SCALAR_fma: v[i] = FMA(a, b, c); break;                                           \
            case SCALAR_neg: v[i] = -a; break;                                                     \
            case SCALAR_abs: v[i] = a < 0 ? -a : a; break;                                         \
            case SCALAR_sqrt: v[i] = SQRT(a); break;                                               \
            case SCALAR_min: v[i] = a < b ? a : b; break;                                          \
            case SCALAR_max: v[i] = a > b ? a : b; break;                                          \
            case SCALAR_round: v[i] = RINT(a); break;                                              \
            case SCALAR_floor: v[i] = FLOOR(a); break;                                             \
            case SCALAR_ge: v[i] = a >= b; break;                                                  \
            case SCALAR_gt: v[i] = a > b; break;                                                   \
            case SCALAR_eq: v[i] = a == b; break;                                                  \
            case SCALAR_select: v[i] = a != 0 ? b : c; break;                                      \
            case SCALAR_pow2: v[i] = a >= MIN_EXP && a <= MAX_EXP ? LDEXP(1, (int)a) : (T)NAN; break; \
            case SCALAR_exponent: v[i] = LOGB(a); break;                                           \
            case SCALAR_mantissa: v[i] = a / LDEXP(1, (int)LOGB(a)); break;                        \
            case SCALAR_none:                                                                      \
            case SCALAR_COUNT: fail();                                                             \
            }                                                                                      \
        }                                                                                          \
        return (double)v[fn->result];                                                              \
    }
EVALUATE(double, value_f64, d, fma, sqrt, rint, floor, logb, ldexp, -1022, 1023)
EVALUATE(float, value_f32, f, fmaf, sqrtf, rintf, floorf, logbf, ldexpf, -126, 127)

static double value(const Function *fn, double x) { return fn->real_bytes == 8 ? value_f64(fn, x) : value_f32(fn, x); }

/* Distance in units of the last place of the type at `want`. */
static double ulps(const Function *fn, double got, long double want)
{
    int e, digits = fn->real_bytes == 8 ? DBL_MANT_DIG : FLT_MANT_DIG, least = fn->real_bytes == 8 ? DBL_MIN_EXP : FLT_MIN_EXP;
    frexpl(want, &e);
    if (e < least) e = least;
    return (double)fabsl(((long double)got - want) / ldexpl(1, e - digits));
}

static uint64_t state_of_points = 1;

static double uniform(double low, double high)
{
    state_of_points = state_of_points * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (high - low) * ((double)(state_of_points >> 11) * 0x1p-53);
}

typedef struct Span2 {
    double low, high;
    bool is_exponent; /* points are 2^e */
} Span2;

static void check(const char *name, Expansion *expansion, Reference *reference, const Span2 *spans, size_t count, double limit)
{
    for (int bytes = 4; bytes <= 8; bytes += 4) {
        Compiler *c = compiler_new();
        Function fn = build(c, expansion, bytes);
        uint32_t ops = 0;
        for (uint32_t i = 0; i < fn.step.map.ops.len; i++)
            ops += fn.step.map.ops.at[i].op != SCALAR_const && fn.step.map.ops.at[i].op != SCALAR_load;
        assert_true(ops <= EXPAND_MAX_OPS);
        double worst = 0, where = 0;
        for (size_t s = 0; s < count; s++) {
            for (int i = 0; i < 40000; i++) {
                double x = uniform(spans[s].low, spans[s].high);
                if (spans[s].is_exponent) x = exp2(x) * (reference != logl && i % 2 ? -1 : 1);
                if (bytes == 4) x = (float)x;
                if (bytes == 4 && fabs(x) < FLT_MIN && reference != logl) continue;
                double off = ulps(&fn, value(&fn, x), reference((long double)x));
                if (!(off <= worst)) worst = off, where = x;
            }
        }
        print_message("%s f%d: %.3f ulp at %.17g, %u operations\n", name, 8 * bytes, worst, where, ops);
        assert_true(worst <= limit);
        compiler_drop(c);
    }
}

#define CHECK(name, reference, limit, ...)                                                              \
    check(#name, expand_##name, reference, (const Span2[]){__VA_ARGS__}, COUNT(((const Span2[]){__VA_ARGS__})), limit)

static void test_accuracy(void **state)
{
    (void)state;
    CHECK(sin, sinl, 2, {-4, 4, false}, {-1e4, 1e4, false}, {-100, 13, true});
    CHECK(cos, cosl, 2, {-4, 4, false}, {-1e4, 1e4, false}, {-100, 13, true});
    CHECK(exp, expl, 2, {-1, 1, false}, {-87, 88, false}, {-60, 6, true});
    CHECK(log, logl, 2, {0.5, 2, false}, {-126, 127, true}, {-20, 20, true}, {-149, -127, true});
    CHECK(tanh, tanhl, 3, {-1, 1, false}, {-20, 20, false}, {-100, 6, true});
}

/* The arguments next to multiples of pi / 2, where sine or cosine is smallest. */
static void test_near_zeros_of_sine(void **state)
{
    (void)state;
    for (int bytes = 4; bytes <= 8; bytes += 4) {
        Compiler *c = compiler_new();
        Function sine = build(c, expand_sin, bytes), cosine = build(c, expand_cos, bytes);
        for (int q = -6366; q <= 6366; q++) {
            double x = (double)(q * 1.5707963267948966192313L);
            if (bytes == 4) x = (float)x;
            assert_true(ulps(&sine, value(&sine, x), sinl((long double)x)) <= 2);
            assert_true(ulps(&cosine, value(&cosine, x), cosl((long double)x)) <= 2);
        }
        compiler_drop(c);
    }
}

static void test_edges(void **state)
{
    (void)state;
    for (int bytes = 4; bytes <= 8; bytes += 4) {
        Compiler *c = compiler_new();
        Function sine = build(c, expand_sin, bytes), cosine = build(c, expand_cos, bytes);
        Function e = build(c, expand_exp, bytes), l = build(c, expand_log, bytes), t = build(c, expand_tanh, bytes);
        double max = bytes == 8 ? DBL_MAX : FLT_MAX;
        for (double x = 1; x <= max / 8; x *= 7.3) { /* far out: still in [-1, 1] */
            assert_true(fabs(value(&sine, x)) <= 1 && fabs(value(&cosine, -x)) <= 1);
        }
        assert_true(fabs(value(&sine, max)) <= 1 && fabs(value(&cosine, -max)) <= 1);
        const Function *all[] = {&sine, &cosine, &e, &l, &t};
        for (size_t i = 0; i < COUNT(all); i++) assert_true(isnan(value(all[i], NAN)));
        assert_true(isnan(value(&sine, INFINITY)) && isnan(value(&cosine, -INFINITY)));
        assert_true(value(&sine, 0) == 0 && value(&cosine, 0) == 1 && value(&e, 0) == 1 && value(&l, 1) == 0 && value(&t, 0) == 0);
        assert_true(isinf(value(&e, INFINITY)) && isinf(value(&e, 1000)) && isinf(value(&e, max)));
        assert_true(value(&e, -INFINITY) == 0 && value(&e, -1000) == 0 && value(&e, -max) == 0);
        assert_true(isfinite(value(&e, bytes == 8 ? 709.7 : 88.7)) && value(&e, bytes == 8 ? -744 : -103) > 0);
        assert_true(value(&l, 0) == -INFINITY && isnan(value(&l, -1)) && isnan(value(&l, -INFINITY)));
        assert_true(value(&l, INFINITY) == INFINITY && isfinite(value(&l, max)));
        assert_true(value(&t, INFINITY) == 1 && value(&t, -INFINITY) == -1 && value(&t, max) == 1 && value(&t, -max) == -1);
        compiler_drop(c);
    }
}

/* sin and cos of one value share all but a few operations. */
static void test_sine_and_cosine_share(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    Step step = {0};
    Program p = {.arena = c->keep, .step = &step, .real_bytes = 8};
    uint32_t x = program_op(&p, SCALAR_load, 0, 0, 0);
    expand_sin(&p, x);
    uint32_t before = step.map.ops.len;
    expand_cos(&p, x);
    assert_true(step.map.ops.len - before <= 10);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy),
        cmocka_unit_test(test_near_zeros_of_sine),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_sine_and_cosine_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
