/* clock.h: the time that passes, in seconds. */
#ifndef RQ_CLOCK_H
#define RQ_CLOCK_H

#include <time.h>

/* Seconds since some moment before the program began. */
static inline double rq_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
