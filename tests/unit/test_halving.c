/* test_halving.c: plans of successive halving stay within their budget and are the longest that do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "explore/halving.h"

static void test_example(void **state)
{
    rq_halving h;
    (void)state;
    assert_true(rq_halving_plan(8, 4, 6, 90, &h));
    assert_int_equal(h.count, 4);
    const rq_rung want[] = {{8, 1}, {4, 2}, {2, 3}, {1, 6}};
    for (int k = 0; k < 4; k++) {
        assert_int_equal(h.rung[k].variants, want[k].variants);
        assert_int_equal(h.rung[k].epochs, want[k].epochs);
    }
    assert_int_equal(h.epochs, 4 * (8 * 1 + 4 * 1 + 2 * 1 + 1 * 3));
    assert_true(rq_halving_plan(8, 4, 6, 0, &h) && h.count == 1 && h.epochs == 8 * 4 * 6);
    assert_false(rq_halving_plan(8, 4, 6, 67, &h));
    assert_int_equal(h.least, 68);
    assert_true(rq_halving_plan(8, 4, 6, 68, &h));
    assert_true(rq_halving_plan(1, 1, 1, 1, &h) && h.count == 1);
}

static void test_all_plans(void **state)
{
    (void)state;
    for (int n = 1; n < 40; n += 3)
        for (int64_t epochs = 1; epochs < 40; epochs += 4) {
            rq_halving h, full;
            assert_true(rq_halving_plan(n, 3, epochs, 0, &full));
            rq_halving_plan(n, 3, epochs, 1, &h);
            int64_t least = h.least;
            for (int64_t budget = least; budget <= full.epochs; budget += 1 + full.epochs / 40) {
                int64_t used = 0, before = 0;
                assert_true(rq_halving_plan(n, 3, epochs, budget, &h));
                assert_int_equal(h.rung[0].variants, n);
                assert_int_equal(h.rung[h.count - 1].epochs, epochs);
                for (int k = 0; k < h.count; k++) {
                    assert_true(h.rung[k].epochs > before);
                    if (k) assert_int_equal(h.rung[k].variants, (h.rung[k - 1].variants + 1) / 2);
                    used += 3 * h.rung[k].variants * (h.rung[k].epochs - before);
                    before = h.rung[k].epochs;
                }
                assert_int_equal(used, h.epochs);
                assert_true(used <= budget);
            }
            assert_true(least == 1 || !rq_halving_plan(n, 3, epochs, least - 1, &h));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_example), cmocka_unit_test(test_all_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
