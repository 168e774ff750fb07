/* test_rational.c: compile-time numbers stay exact while they fit and become doubles after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/rational.h"

static Rational parse_text(const char *text)
{
    return rational_parse(text, (uint32_t)strlen(text));
}

static void assert_exact(Rational r, int64_t num, int64_t den)
{
    assert_true(r.exact);
    assert_int_equal(r.num, num);
    assert_int_equal(r.den, den);
    assert_true(r.real == (double)num / (double)den);
}

static void test_division_is_exact(void **state)
{
    (void)state;
    Rational half3 = rational_div(rational_int(3), rational_int(2));
    assert_exact(half3, 3, 2);
    assert_false(rational_is_int(half3));
    assert_exact(rational_mul(half3, rational_int(-2)), -3, 1);
    assert_exact(rational_div(rational_int(3), rational_int(-6)), -1, 2);
    assert_exact(rational_sub(rational_div(rational_int(1), rational_int(3)), half3), -7, 6);
    assert_true(rational_is_int(rational_add(half3, half3)));
}

static void test_powers(void **state)
{
    (void)state;
    Rational r = rational_div(rational_int(3), rational_int(8));
    assert_exact(rational_pow(r, rational_int(3)), 27, 512);
    assert_exact(rational_pow(r, rational_int(-1)), 8, 3);
    assert_exact(rational_pow(rational_int(0), rational_int(0)), 1, 1);
    assert_exact(rational_pow(rational_int(-1), rational_int(INT64_MAX)), -1, 1);
    assert_exact(rational_pow(rational_int(2), rational_int(62)), INT64_C(1) << 62, 1);
    Rational big = rational_pow(rational_int(2), rational_int(63));
    assert_false(big.exact);
    assert_true(big.real == 0x1p63);
    assert_false(rational_pow(rational_int(0), rational_int(-1)).exact);
    assert_false(rational_pow(rational_int(4), r).exact);
}

static void test_overflow_becomes_real(void **state)
{
    (void)state;
    Rational max = rational_int(INT64_MAX);
    Rational sum = rational_add(max, rational_int(1));
    assert_false(sum.exact);
    assert_true(sum.real == 0x1p63);
    assert_exact(rational_div(max, max), 1, 1);
    assert_false(rational_mul(max, max).exact);
    assert_true(rational_mul(rational_real(0.5), rational_int(4)).real == 2);
}

static void test_comparison(void **state)
{
    (void)state;
    Rational third = rational_div(rational_int(1), rational_int(3));
    assert_true(rational_compare(third, rational_real(0.4)) < 0);
    Rational a = rational_int(INT64_MAX), b = rational_sub(a, rational_int(1));
    assert_true(a.real == b.real); /* doubles cannot tell them apart */
    assert_true(rational_compare(a, b) > 0);
    assert_int_equal(rational_compare(third, third), 0);
}

static void test_reading(void **state)
{
    (void)state;
    assert_exact(parse_text("12"), 12, 1);
    assert_exact(parse_text("0.25"), 1, 4);
    assert_exact(parse_text("1e-3"), 1, 1000);
    assert_exact(parse_text("2.5E+1"), 25, 1);
    assert_exact(parse_text("0"), 0, 1);
    assert_exact(parse_text("0000.10"), 1, 10);
    assert_exact(parse_text("9223372036854775807"), INT64_MAX, 1);
    assert_false(parse_text("9223372036854775808").exact);
    assert_true(parse_text("9223372036854775808").real == 0x1p63);
    assert_true(parse_text("1e300").real == 1e300);
    assert_true(isinf(parse_text("1e999999999999999999999").real));
    assert_true(parse_text("1e-999999999999999999999").real == 0);
    assert_true(parse_text("3.14159265358979323846264338327950288").real == 3.14159265358979323846);
    char nines[2001];
    memset(nines, '9', 2000);
    nines[2000] = 0;
    assert_true(isinf(parse_text(nines).real));
    memcpy(nines + 1996, "e-", 2);
    memcpy(nines + 1998, "99", 2);
    assert_true(isinf(parse_text(nines).real)); /* 1996 digits less 99 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_division_is_exact),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_overflow_becomes_real),
        cmocka_unit_test(test_comparison),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
