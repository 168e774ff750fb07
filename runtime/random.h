/* random.h: random numbers from a counter.
 *
 * A stream is named by (seed, purpose, name or id); its i-th number is computed from i alone, so
 * numbers can be drawn in any order, by any thread, and do not depend on what else was drawn.
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11).
 *
 *     key      = seed, low and high half
 *     counter  = block number, low and high half | hash of purpose and name, low and high half
 * Block b holds the 64-bit numbers 2b and 2b+1 of the stream, and the normal deviates 2b and 2b+1.
 */
#ifndef RQ_RANDOM_H
#define RQ_RANDOM_H

#include <stdint.h>

/* What a number is for. The values are part of what a seed means: rows are only ever added. */
typedef enum rq_purpose {
    RQ_PURPOSE_none,
    RQ_PURPOSE_init = 1,      /* a parameter's first values, by its path */
    RQ_PURPOSE_batches = 2,   /* order of samples, by epoch */
    RQ_PURPOSE_shuffle = 3,   /* order of a data split, by its name */
    RQ_PURPOSE_glyph = 4,     /* one drawn digit, by sample */
    RQ_PURPOSE_label = 5,     /* labels of drawn digits, by group of ten */
    RQ_PURPOSE_probe = 6,     /* which samples are probed */
    RQ_PURPOSE_dropout = 7,   /* dropout masks, by layer and step */
    RQ_PURPOSE_gradcheck = 8, /* which elements are checked, by path */
    RQ_PURPOSE_scan = 9,      /* sampled parameters of a scan */
    RQ_PURPOSE_circuit = 10,  /* layout of a random circuit */
    RQ_PURPOSE_state = 11,    /* random states and unitaries */
    RQ_PURPOSE_augment = 12,  /* crops and flips, by sample and epoch */
    RQ_PURPOSE_distill = 13,  /* synthetic images and fresh networks */
    RQ_PURPOSE_explore = 14   /* which variants are tried */
} rq_purpose;

typedef struct rq_random {
    uint32_t key[2];
    uint32_t high[2];
} rq_random;

/* The function itself: ten rounds on one block. */
void rq_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

rq_random rq_random_stream(uint64_t seed, rq_purpose purpose, const char *name);
rq_random rq_random_stream_id(uint64_t seed, rq_purpose purpose, uint64_t id);

/* Block b as four words: the low and high half of number 2b, then of 2b+1. */
void rq_random_block(const rq_random *r, uint64_t b, uint32_t word[4]);

/* 64 random bits. */
uint64_t rq_random_u64(const rq_random *r, uint64_t index);

/* k / 2^53 with k in 0 .. 2^53-1. */
double rq_random_uniform01(const rq_random *r, uint64_t index);

/* Mean 0, deviation 1, Box-Muller. */
double rq_random_normal(const rq_random *r, uint64_t index);
/* Those of numbers 2b and 2b+1. */
void rq_random_normal_pair(const rq_random *r, uint64_t b, double out[2]);

/* One of 0 .. n-1, n >= 1. */
uint64_t rq_random_below(const rq_random *r, uint64_t index, uint64_t n);

/* Fisher-Yates with the stream's first count numbers. */
void rq_random_shuffle(const rq_random *r, int64_t *items, int64_t count);

/* out = 0 .. count-1, shuffled. */
void rq_random_permutation(const rq_random *r, int64_t *out, int64_t count);

#endif
