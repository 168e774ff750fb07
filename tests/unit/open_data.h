/* open_data.h: data sets opened, and refused with the words that are expected. */
#ifndef RQ_TESTS_OPEN_DATA_H
#define RQ_TESTS_OPEN_DATA_H

#include "data/source.h"
#include "faults/fault.h"
#include "memory.h"
#include "unit/scratch.h"

static inline rq_data opened(const rq_data_spec *s)
{
    rq_data d;
    rq_error err = {0};
    if (!rq_data_open(s, &d, &err)) fail_msg("%s", err.text);
    return d;
}

static inline void refused(const rq_data_spec *s, const char *expected)
{
    rq_data d;
    rq_error err = {0};
    assert_false(rq_data_open(s, &d, &err));
    if (!strstr(err.text, expected)) fail_msg("'%s' is not in: %s", expected, err.text);
    assert_int_equal(rq_memory_live(), 0);
}

/* Each allocation fails in turn, until it opens: every failure is an error that leaves nothing. Returns how many failed. */
static inline int64_t opened_without_memory(const rq_data_spec *s)
{
    for (int64_t n = 0;; n++) {
        rq_data d;
        rq_error err;
        fault_after(FAULT_memory, n);
        bool good = rq_data_open(s, &d, &err);
        fault_after(FAULT_memory, -1);
        if (good) {
            rq_data_free(&d);
            return n;
        }
        assert_non_null(strstr(err.text, "no memory"));
        assert_int_equal(rq_memory_live(), 0);
    }
}

#endif
