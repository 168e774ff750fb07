/* expand.c: sin, cos, exp, log and tanh as scalar operations, so that every engine computes the same bits.
 *
 * Each reduces its argument with fused multiply-adds (x - q * c in one rounding, c in several parts), evaluates a polynomial that was
 * fitted to the reduced range, and puts the pieces together without branches. A set of coefficients per type.
 * min and max give their second operand if one is NaN; arguments stand second, so that a NaN comes through.
 */
#include "kernel/expand.h"

#include <float.h>
#include <math.h>

typedef struct Set {
    double half_pi[3], two_over_pi; /* pi / 2 in parts */
    double log2_e, ln2[2];
    double ln2_short[2];            /* the first part has so few bits that any exponent times it is exact */
    double exp_low, exp_high;       /* beyond, exp is 0 and inf */
    double tanh_high;               /* beyond, tanh is 1 */
    double max, min_normal, lift, lift_bits; /* lift = 2^lift_bits makes a subnormal normal */
    int sin_n, cos_n, exp_n, log_n;
    double sin[6]; /* sin x = x + x^3 (sin[0] + sin[1] x^2 + ..)        |x| <= pi/4 */
    double cos[6]; /* cos x = 1 - x^2/2 + x^4 (cos[0] + cos[1] x^2 + ..) */
    double exp[11]; /* e^x - 1 = x + x^2 (exp[0] + exp[1] x + ..)        |x| <= ln(2)/2 */
    double log[7]; /* log((1+s)/(1-s)) = 2s + s^3 (log[0] + log[1] s^2 + ..) */
} Set;

static const Set set_f64 = {
    .half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110},
    .two_over_pi = 0x1.45f306dc9c883p-1,
    .log2_e = 0x1.71547652b82fep+0,
    .ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56},
    .ln2_short = {0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45},
    .exp_low = -746, .exp_high = 710, .tanh_high = 20,
    .max = DBL_MAX, .min_normal = DBL_MIN, .lift = 0x1p54, .lift_bits = 54,
    .sin_n = 6, .cos_n = 6, .exp_n = 11, .log_n = 7,
    .sin = {-0x1.5555555555555p-3, 0x1.1111111110b23p-7, -0x1.a01a019e620eep-13, 0x1.71de376b644ccp-19,
            -0x1.ae5fde7f12068p-26, 0x1.5dfb39c3139b6p-33},
    .cos = {0x1.5555555555555p-5, -0x1.6c16c16c1691fp-10, 0x1.a01a019f3dde1p-16, -0x1.27e4fa0241f7cp-22,
            0x1.1eeb52a201da3p-29, -0x1.906dbf4fda044p-37},
    .exp = {0x1p-1, 0x1.5555555555557p-3, 0x1.5555555555556p-5, 0x1.11111111100bep-7, 0x1.6c16c16c162c3p-10,
            0x1.a01a01abf85abp-13, 0x1.a01a01a6e1e2ap-16, 0x1.71de01fdbf9cap-19, 0x1.27e4db46cddd1p-22,
            0x1.af4e554377204p-26, 0x1.1f7340dbc337ep-29},
    .log = {0x1.5555555555558p-1, 0x1.9999999995204p-2, 0x1.2492492e09d4dp-2, 0x1.c71c62c639fdep-3,
            0x1.7462bd8f7796ep-3, 0x1.39fd392179a95p-3, 0x1.2b6688a387e03p-3},
};

static const Set set_f32 = {
    .half_pi = {0x1.921fb6p+0, -0x1.777a5cp-25, -0x1.ee59dap-50},
    .two_over_pi = 0x1.45f306p-1,
    .log2_e = 0x1.715476p+0,
    .ln2 = {0x1.62e43p-1, -0x1.05c61p-29},
    .ln2_short = {0x1.62e4p-1, 0x1.7f7d1cp-20},
    .exp_low = -105, .exp_high = 90, .tanh_high = 10,
    .max = FLT_MAX, .min_normal = FLT_MIN, .lift = 0x1p24, .lift_bits = 24,
    .sin_n = 4, .cos_n = 3, .exp_n = 6, .log_n = 3,
    .sin = {-0x1.555556p-3, 0x1.11110ep-7, -0x1.a01366p-13, 0x1.6da8ecp-19},
    .cos = {0x1.555554p-5, -0x1.6c12aap-10, 0x1.9bc2d4p-16},
    .exp = {0x1p-1, 0x1.555556p-3, 0x1.5554e8p-5, 0x1.1110ep-7, 0x1.6d43bp-10, 0x1.a1256cp-13},
    .log = {0x1.55555cp-1, 0x1.997c12p-2, 0x1.2eeb8p-2},
};

static const Set *set_of(const Program *p) { return p->real_bytes == 4 ? &set_f32 : &set_f64; }

uint32_t program_op(Program *p, Scalar op, uint32_t a, uint32_t b, uint32_t c)
{
    vec_push(p->arena, &p->step->map.ops, (ScalarOp){.op = op, .a = a, .b = b, .c = c});
    return p->step->map.ops.len - 1;
}

uint32_t program_constant(Program *p, double value)
{
    vec_push(p->arena, &p->step->map.ops, (ScalarOp){.op = SCALAR_const, .constant = value});
    return p->step->map.ops.len - 1;
}

static uint32_t op1(Program *p, Scalar op, uint32_t a) { return program_op(p, op, a, 0, 0); }
static uint32_t op2(Program *p, Scalar op, uint32_t a, uint32_t b) { return program_op(p, op, a, b, 0); }
static uint32_t fma3(Program *p, uint32_t a, uint32_t b, uint32_t c) { return program_op(p, SCALAR_fma, a, b, c); }

/* a * factor, a * factor + c */
static uint32_t times(Program *p, uint32_t a, double factor)
{
    uint32_t f = program_constant(p, factor);
    return op2(p, SCALAR_mul, a, f);
}
static uint32_t plus_times(Program *p, uint32_t a, double factor, uint32_t c)
{
    uint32_t f = program_constant(p, factor);
    return fma3(p, a, f, c);
}

static uint32_t clamp(Program *p, uint32_t x, double low, double high)
{
    uint32_t most = program_constant(p, high), least = program_constant(p, low);
    x = op2(p, SCALAR_min, most, x);
    return op2(p, SCALAR_max, least, x);
}

/* c[0] + c[1] x + .. by Horner */
static uint32_t polynomial(Program *p, const double *c, int n, uint32_t x)
{
    uint32_t y = program_constant(p, c[n - 1]);
    for (int i = n - 2; i >= 0; i--) {
        uint32_t next = program_constant(p, c[i]);
        y = fma3(p, y, x, next);
    }
    return y;
}

/* floor(x / 2) */
static uint32_t halved(Program *p, uint32_t x)
{
    uint32_t half = times(p, x, 0.5);
    return op1(p, SCALAR_floor, half);
}

/* x = q pi/2 + r with |r| <= pi/4; q = 4 i + 2 half + odd. Far out r is noise: it is clamped, so that the result stays a sine. */
static const Turn *turn_of(Program *p, uint32_t x)
{
    for (uint32_t i = 0; i < p->turns.len; i++) {
        if (p->turns.at[i].x == x) return &p->turns.at[i];
    }
    const Set *s = set_of(p);
    Turn t = {.x = x};
    uint32_t q = times(p, x, s->two_over_pi);
    q = op1(p, SCALAR_round, q);
    uint32_t r = x;
    for (int i = 0; i < 3; i++) r = plus_times(p, q, -s->half_pi[i], r);
    r = clamp(p, r, -0.79, 0.79);
    uint32_t half = halved(p, q);
    t.odd = plus_times(p, half, -2, q);
    uint32_t quarter = halved(p, half);
    t.half = plus_times(p, quarter, -2, half);
    uint32_t r2 = op2(p, SCALAR_mul, r, r);
    uint32_t r3 = op2(p, SCALAR_mul, r2, r);
    uint32_t poly = polynomial(p, s->sin, s->sin_n, r2);
    t.sin = fma3(p, poly, r3, r);
    poly = polynomial(p, s->cos, s->cos_n, r2);
    uint32_t r4 = op2(p, SCALAR_mul, r2, r2);
    uint32_t one = program_constant(p, 1);
    uint32_t main = plus_times(p, r2, -0.5, one);
    t.cos = fma3(p, poly, r4, main);
    vec_push(p->arena, &p->turns, t);
    return &p->turns.at[p->turns.len - 1];
}

/* value * (1 - 2 bit) */
static uint32_t negate_if(Program *p, uint32_t bit, uint32_t value)
{
    uint32_t one = program_constant(p, 1);
    uint32_t sign = plus_times(p, bit, -2, one);
    return op2(p, SCALAR_mul, value, sign);
}

uint32_t expand_sin(Program *p, uint32_t x)
{
    const Turn *t = turn_of(p, x);
    uint32_t half = t->half;
    uint32_t y = program_op(p, SCALAR_select, t->odd, t->cos, t->sin);
    return negate_if(p, half, y);
}

uint32_t expand_cos(Program *p, uint32_t x)
{
    const Turn *t = turn_of(p, x);
    uint32_t half = t->half, odd = t->odd;
    uint32_t y = program_op(p, SCALAR_select, odd, t->sin, t->cos);
    uint32_t differ = op2(p, SCALAR_sub, half, odd);
    differ = op1(p, SCALAR_abs, differ);
    return negate_if(p, differ, y);
}

/* x = n ln 2 + r; gives e^r - 1. */
static uint32_t reduced_expm1(Program *p, uint32_t x, uint32_t *n)
{
    const Set *s = set_of(p);
    uint32_t q = times(p, x, s->log2_e);
    *n = q = op1(p, SCALAR_round, q);
    uint32_t r = plus_times(p, q, -s->ln2[0], x);
    r = plus_times(p, q, -s->ln2[1], r);
    uint32_t poly = polynomial(p, s->exp, s->exp_n, r);
    uint32_t r2 = op2(p, SCALAR_mul, r, r);
    return fma3(p, poly, r2, r);
}

/* The scale 2^n comes in two factors, as n goes beyond the exponents of the type. */
uint32_t expand_exp(Program *p, uint32_t x)
{
    const Set *s = set_of(p);
    uint32_t n;
    x = clamp(p, x, s->exp_low, s->exp_high);
    uint32_t y = reduced_expm1(p, x, &n);
    uint32_t one = program_constant(p, 1);
    y = op2(p, SCALAR_add, y, one);
    uint32_t first = halved(p, n);
    uint32_t rest = op2(p, SCALAR_sub, n, first);
    first = op1(p, SCALAR_pow2, first);
    rest = op1(p, SCALAR_pow2, rest);
    y = op2(p, SCALAR_mul, y, first);
    return op2(p, SCALAR_mul, y, rest);
}

/* |x| = (1 - e^-2|x|) / (1 + ..) by y = e^(2|x|) - 1:  y / (y + 2). Exact near 0, as y is. */
uint32_t expand_tanh(Program *p, uint32_t x)
{
    const Set *s = set_of(p);
    uint32_t n, u = op1(p, SCALAR_abs, x);
    uint32_t high = program_constant(p, s->tanh_high);
    u = op2(p, SCALAR_min, high, u);
    u = op2(p, SCALAR_add, u, u);
    uint32_t y = reduced_expm1(p, u, &n);
    uint32_t scale = op1(p, SCALAR_pow2, n);
    uint32_t one = program_constant(p, 1), two = program_constant(p, 2), zero = program_constant(p, 0);
    uint32_t below = op2(p, SCALAR_sub, scale, one);
    y = fma3(p, y, scale, below);
    uint32_t bottom = op2(p, SCALAR_add, y, two);
    y = op2(p, SCALAR_div, y, bottom);
    uint32_t minus = op1(p, SCALAR_neg, y);
    uint32_t positive = op2(p, SCALAR_ge, x, zero);
    return program_op(p, SCALAR_select, positive, y, minus);
}

/* x = 2^e m, m in [sqrt(1/2), sqrt(2)], m = 1 + f = (1+s)/(1-s):  log x = e ln2 + f - (f^2/2 - s (f^2/2 + R)),  R = s^2 (..). */
static uint32_t positive_log(Program *p, uint32_t x)
{
    const Set *s = set_of(p);
    uint32_t one = program_constant(p, 1), two = program_constant(p, 2), zero = program_constant(p, 0);
    uint32_t bits = program_constant(p, s->lift_bits), normal = program_constant(p, s->min_normal);
    uint32_t is_normal = op2(p, SCALAR_ge, x, normal);
    uint32_t lifted = times(p, x, s->lift);
    x = program_op(p, SCALAR_select, is_normal, x, lifted);
    uint32_t e = op1(p, SCALAR_exponent, x), m = op1(p, SCALAR_mantissa, x);
    uint32_t less = program_op(p, SCALAR_select, is_normal, zero, bits);
    e = op2(p, SCALAR_sub, e, less);
    uint32_t root = program_constant(p, 1.41421356237309504880);
    uint32_t is_high = op2(p, SCALAR_gt, m, root);
    uint32_t half = times(p, m, 0.5);
    m = program_op(p, SCALAR_select, is_high, half, m);
    e = op2(p, SCALAR_add, e, is_high);
    uint32_t f = op2(p, SCALAR_sub, m, one);
    uint32_t bottom = op2(p, SCALAR_add, f, two);
    uint32_t t = op2(p, SCALAR_div, f, bottom);
    uint32_t z = op2(p, SCALAR_mul, t, t);
    uint32_t poly = polynomial(p, s->log, s->log_n, z);
    uint32_t r = op2(p, SCALAR_mul, poly, z);
    uint32_t square = op2(p, SCALAR_mul, f, f);
    square = times(p, square, 0.5);
    uint32_t sum = op2(p, SCALAR_add, square, r);
    uint32_t low = times(p, e, s->ln2_short[1]);
    low = fma3(p, t, sum, low);
    low = op2(p, SCALAR_sub, square, low);
    low = op2(p, SCALAR_sub, f, low);
    return plus_times(p, e, s->ln2_short[0], low);
}

uint32_t expand_log(Program *p, uint32_t x)
{
    uint32_t y = positive_log(p, x);
    uint32_t zero = program_constant(p, 0), max = program_constant(p, set_of(p)->max);
    uint32_t infinite = program_constant(p, -INFINITY), nan = program_constant(p, NAN);
    uint32_t is_infinite = op2(p, SCALAR_gt, x, max);
    y = program_op(p, SCALAR_select, is_infinite, x, y);
    uint32_t is_zero = op2(p, SCALAR_eq, x, zero);
    uint32_t other = program_op(p, SCALAR_select, is_zero, infinite, nan);
    uint32_t is_positive = op2(p, SCALAR_gt, x, zero);
    return program_op(p, SCALAR_select, is_positive, y, other);
}
