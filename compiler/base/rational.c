/* rational.c: exact arithmetic on fractions of 63-bit integers, with a double as the way out.
 *
 * Every operation computes in 128 bits, reduces, and becomes inexact when the result does not fit.
 */
#include "base/rational.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef __int128 Wide;

Rational rational_int(int64_t value)
{
    return (Rational){.exact = value != INT64_MIN, .num = value, .den = 1, .real = (double)value};
}

Rational rational_real(double value) { return (Rational){.real = value}; }

static Wide wide_gcd(Wide a, Wide b)
{
    while (b) {
        Wide rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* num / den with den != 0; `real` is what an inexact result is. */
static Rational reduce(Wide num, Wide den, double real)
{
    if (den < 0) {
        num = -num;
        den = -den;
    }
    Wide common = wide_gcd(num < 0 ? -num : num, den);
    num /= common;
    den /= common;
    if (num > INT64_MAX || num < -INT64_MAX || den > INT64_MAX) return rational_real(real);
    return (Rational){true, (int64_t)num, (int64_t)den, (double)num / (double)den};
}

/* Products of 63-bit numbers fit 126 bits, and so does the sum of two of them. */
Rational rational_add(Rational a, Rational b)
{
    double real = a.real + b.real;
    if (!a.exact || !b.exact) return rational_real(real);
    return reduce((Wide)a.num * b.den + (Wide)b.num * a.den, (Wide)a.den * b.den, real);
}

Rational rational_sub(Rational a, Rational b) { return rational_add(a, rational_neg(b)); }

Rational rational_mul(Rational a, Rational b)
{
    double real = a.real * b.real;
    if (!a.exact || !b.exact) return rational_real(real);
    return reduce((Wide)a.num * b.num, (Wide)a.den * b.den, real);
}

Rational rational_div(Rational a, Rational b)
{
    double real = a.real / b.real;
    if (!a.exact || !b.exact || !b.num) return rational_real(real);
    return reduce((Wide)a.num * b.den, (Wide)a.den * b.num, real);
}

Rational rational_pow(Rational a, Rational b)
{
    Rational inexact = rational_real(pow(a.real, b.real));
    if (!a.exact || !rational_is_int(b) || (!a.num && b.num < 0)) return inexact;
    uint64_t times = b.num < 0 ? -(uint64_t)b.num : (uint64_t)b.num;
    Rational result = rational_int(1), square = a;
    for (; times; times >>= 1) {
        if (times & 1) result = rational_mul(result, square);
        if (times > 1) square = rational_mul(square, square);
        if (!result.exact || !square.exact) return inexact;
    }
    return b.num < 0 ? rational_div(rational_int(1), result) : result;
}

Rational rational_neg(Rational a)
{
    a.num = -a.num;
    a.real = -a.real;
    if (a.exact && !a.num) a.real = 0; /* an exact zero has no sign */
    return a;
}

int rational_compare(Rational a, Rational b)
{
    if (!a.exact || !b.exact) return (a.real > b.real) - (a.real < b.real);
    Wide left = (Wide)a.num * b.den, right = (Wide)b.num * a.den;
    return (left > right) - (left < right);
}

bool rational_is_int(Rational a) { return a.exact && a.den == 1; }

/* digits * 10^exponent, exactly if it fits. */
static Rational scaled(int64_t digits, int64_t exponent, double real)
{
    Rational r = rational_int(digits);
    if (!digits) return r;
    if (exponent < -18 || exponent > 18) return rational_real(real);
    int64_t power = 1;
    for (int64_t k = exponent < 0 ? -exponent : exponent; k > 0; k--) power *= 10;
    r = exponent < 0 ? rational_div(r, rational_int(power)) : rational_mul(r, rational_int(power));
    r.real = real;
    return r;
}

Rational rational_parse(const char *text, uint32_t len)
{
    enum { KEPT = 800 }; /* more significant digits than ever decide how a double is rounded */
    char buffer[KEPT + 40];
    uint32_t i = 0, kept = 0;
    int64_t digits = 0, exponent = 0, written = 0;
    bool fits = true, fraction = false;
    for (; i < len && (isdigit((unsigned char)text[i]) || text[i] == '.'); i++) {
        if (text[i] == '.') {
            fraction = true;
            continue;
        }
        int d = text[i] - '0';
        exponent -= fraction;
        if (!kept && !d) continue; /* leading zeros */
        if (kept < KEPT)
            buffer[kept++] = text[i];
        else
            exponent++;
        fits = fits && !__builtin_mul_overflow(digits, 10, &digits) &&
               !__builtin_add_overflow(digits, d, &digits);
    }
    if (i < len) { /* 'e' or 'E', a sign, digits */
        bool negative = i + 1 < len && text[i + 1] == '-';
        for (i += 1; i < len; i++) {
            if (!isdigit((unsigned char)text[i])) continue;
            if (written < 100000000) written = written * 10 + (text[i] - '0');
        }
        exponent += negative ? -written : written;
    }
    snprintf(buffer + kept, sizeof buffer - kept, "%se%lld", kept ? "" : "0", (long long)exponent);
    double real = strtod(buffer, NULL);
    return fits ? scaled(digits, exponent, real) : rational_real(real);
}
