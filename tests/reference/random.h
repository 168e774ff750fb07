/* random.h: a stream of random numbers for property tests (splitmix64): a test's cases are the same on every machine. */
#ifndef RQ_TESTS_RANDOM_H
#define RQ_TESTS_RANDOM_H

#include <stdint.h>

typedef struct Random {
    uint64_t s;
} Random;

static inline uint64_t next(Random *r)
{
    uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline int below(Random *r, int n) { return (int)(next(r) % (uint64_t)n); }
static inline double between(Random *r, double a, double b) { return a + (b - a) * (double)(next(r) >> 11) * 0x1p-53; }

/* order: 0 .. n-1, in any order. */
static inline void shuffled(Random *r, int n, int *order)
{
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = below(r, i + 1), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}

#endif
