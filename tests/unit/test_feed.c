/* test_feed.c: dropout masks: the right share, scaled, the same for a sample wherever it stands, others in another epoch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "train/feed.h"

enum { REALS = 4000, LANES = 4, SAMPLES = 8 };

static float mask[REALS * LANES];

static rq_feed feed_of(const rq_data *data, const rq_function *f)
{
    static const rq_model model = {.name = "M"};
    rq_feed feed;
    rq_error err;
    assert_true(rq_feed_new(&model, f, data, RQ_SPLIT_train, &feed, &err));
    return feed;
}

static void masks(void **state)
{
    (void)state;
    static const rq_leaf leaf = {"dropout:0.25:head:3", REALS, 1};
    const rq_function f = {.real_bytes = 4, .lanes = LANES, .inputs = &leaf, .input_count = 1};
    rq_data data = {.size = 1};
    data.count[RQ_SPLIT_train] = SAMPLES;
    const int64_t order[] = {5, 2, 7, 1, 0, 3, 4, 6};
    rq_feed feed = feed_of(&data, &f);
    feed.order = order;
    feed.seed = 9;
    rq_feed_pack(&feed, 0, 0, 4, LANES, mask);
    double zeros = 0, of_sample_7[REALS];
    for (int e = 0; e < REALS; e++) {
        for (int l = 0; l < LANES; l++) {
            double v = mask[e * LANES + l];
            assert_true(v == 0 || fabs(v - 1 / 0.75) < 1e-6);
            zeros += v == 0;
        }
        of_sample_7[e] = mask[e * LANES + 2];
    }
    assert_true(fabs(zeros / (REALS * LANES) - 0.25) < 5 * sqrt(0.25 * 0.75 / (REALS * LANES)));
    feed.order = NULL; /* sample 7 alone: the padding repeats it */
    rq_feed_pack(&feed, 0, 7, 1, LANES, mask);
    for (int e = 0; e < REALS; e++) assert_true(mask[e * LANES] == (float)of_sample_7[e] && mask[e * LANES + 3] == mask[e * LANES]);
    int same = 0;
    feed.epoch = 1;
    rq_feed_pack(&feed, 0, 7, 1, LANES, mask);
    for (int e = 0; e < REALS; e++) same += mask[e * LANES] == (float)of_sample_7[e];
    assert_true(same < 0.8 * REALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(masks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
