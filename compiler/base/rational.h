/* rational.h: compile-time numbers. Exact while numerator and denominator fit 63 bits, then a
 * double; `exact` tells which.
 *
 * `/` on integers gives 3/2, not 1; a size must be an exact integer. sin, sqrt and pi are inexact
 * from the start.
 */
#ifndef RQ_BASE_RATIONAL_H
#define RQ_BASE_RATIONAL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Rational {
    bool exact;
    int64_t num, den; /* exact: lowest terms, den > 0 */
    double real;      /* always set */
} Rational;

Rational rational_int(int64_t value);
Rational rational_real(double value); /* inexact */
Rational rational_add(Rational a, Rational b);
Rational rational_sub(Rational a, Rational b);
Rational rational_mul(Rational a, Rational b);
Rational rational_div(Rational a, Rational b); /* b must not be zero */
/* Exact for integer exponents while it fits. */
Rational rational_pow(Rational a, Rational b);
Rational rational_neg(Rational a);
int rational_compare(Rational a, Rational b);
bool rational_is_int(Rational a);
/* Reads "12", "0.25", "1e-3" exactly if it fits. */
Rational rational_parse(const char *text, uint32_t len);

#endif
