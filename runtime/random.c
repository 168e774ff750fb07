/* random.c: Philox4x32-10 and what is drawn from it. See random.h for the layout of key and
 * counter. */
#include "random.h"

#include <math.h>
#include <string.h>

static uint32_t low(uint64_t x) { return (uint32_t)x; }

static uint32_t high(uint64_t x) { return (uint32_t)(x >> 32); }

/* One round: both products of 32 x 32 bits, crossed over and keyed. */
static void philox_round(uint32_t c[4], const uint32_t k[2])
{
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t next[4] = {high(p1) ^ c[1] ^ k[0], low(p1), high(p0) ^ c[3] ^ k[1], low(p0)};
    memcpy(c, next, sizeof next);
}

void rq_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
    uint32_t k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        philox_round(c, k);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

/* The finaliser of MurmurHash3 (64 bit): every bit of x reaches every bit of the result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
    x = (x ^ x >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
    return x ^ x >> 33;
}

static uint64_t fnv1a(const char *text)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (; *text; text++) h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return h;
}

static rq_random stream(uint64_t seed, rq_purpose purpose, uint64_t what)
{
    uint64_t h = mix(what + UINT64_C(0x9E3779B97F4A7C15) * (uint64_t)purpose);
    return (rq_random){{low(seed), high(seed)}, {low(h), high(h)}};
}

rq_random rq_random_stream(uint64_t seed, rq_purpose purpose, const char *name)
{
    return stream(seed, purpose, fnv1a(name));
}

rq_random rq_random_stream_id(uint64_t seed, rq_purpose purpose, uint64_t id)
{
    return stream(seed, purpose, id);
}

void rq_random_block(const rq_random *r, uint64_t b, uint32_t word[4])
{
    uint32_t counter[4] = {low(b), high(b), r->high[0], r->high[1]};
    rq_philox(counter, r->key, word);
}

static void block_pair(const rq_random *r, uint64_t b, uint64_t pair[2])
{
    uint32_t word[4];
    rq_random_block(r, b, word);
    pair[0] = (uint64_t)word[1] << 32 | word[0];
    pair[1] = (uint64_t)word[3] << 32 | word[2];
}

static double to_uniform(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

uint64_t rq_random_u64(const rq_random *r, uint64_t index)
{
    uint64_t pair[2];
    block_pair(r, index >> 1, pair);
    return pair[index & 1];
}

double rq_random_uniform01(const rq_random *r, uint64_t index)
{
    return to_uniform(rq_random_u64(r, index));
}

/* Box and Muller's radius and angle of block b. */
static double polar(const rq_random *r, uint64_t b, double *turn)
{
    uint64_t pair[2];
    block_pair(r, b, pair);
    *turn = 6.283185307179586476925 * to_uniform(pair[1]);
    return sqrt(-2.0 * log(1.0 - to_uniform(pair[0]))); /* 1 - u is never 0 */
}

void rq_random_normal_pair(const rq_random *r, uint64_t b, double out[2])
{
    double turn, radius = polar(r, b, &turn);
    out[0] = radius * cos(turn), out[1] = radius * sin(turn);
}

double rq_random_normal(const rq_random *r, uint64_t index)
{
    double turn, radius = polar(r, index >> 1, &turn);
    return radius * (index & 1 ? sin(turn) : cos(turn));
}

uint64_t rq_random_below(const rq_random *r, uint64_t index, uint64_t n)
{
    __extension__ unsigned __int128 product = (unsigned __int128)rq_random_u64(r, index) * n;
    return (uint64_t)(product >> 64);
}

void rq_random_shuffle(const rq_random *r, int64_t *items, int64_t count)
{
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = (int64_t)rq_random_below(r, (uint64_t)i, (uint64_t)i + 1);
        int64_t keep = items[i];
        items[i] = items[j];
        items[j] = keep;
    }
}

void rq_random_permutation(const rq_random *r, int64_t *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) out[i] = i;
    rq_random_shuffle(r, out, count);
}
