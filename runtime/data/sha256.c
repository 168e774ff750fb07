/* sha256.c: bytes -> SHA-256. Names a .. h, K and W are those of FIPS 180-4, section 6.2. */
#include "data/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void expand(const unsigned char *block, uint32_t W[64])
{
    for (int t = 0; t < 16; t++)
        W[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotate(W[t - 15], 7) ^ rotate(W[t - 15], 18) ^ W[t - 15] >> 3;
        uint32_t s1 = rotate(W[t - 2], 17) ^ rotate(W[t - 2], 19) ^ W[t - 2] >> 10;
        W[t] = W[t - 16] + s0 + W[t - 7] + s1;
    }
}

static void compress(uint32_t state[8], const unsigned char *block)
{
    uint32_t W[64];
    expand(block, W);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; t++) {
        uint32_t S1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t S0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t t1 = h + S1 + ((e & f) ^ (~e & g)) + K[t] + W[t];
        uint32_t t2 = S0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const uint32_t add[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) state[i] += add[i];
}

void rq_sha256_start(rq_sha256 *s)
{
    *s = (rq_sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                               0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void rq_sha256_add(rq_sha256 *s, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;
    while (count > 0) {
        size_t used = s->bytes % 64;
        if (used == 0 && count >= 64) {
            compress(s->state, from);
            s->bytes += 64;
            from += 64;
            count -= 64;
            continue;
        }
        size_t take = 64 - used < count ? 64 - used : count;
        memcpy(s->block + used, from, take);
        s->bytes += take;
        from += take;
        count -= take;
        if (s->bytes % 64 == 0) compress(s->state, s->block);
    }
}

void rq_sha256_end(rq_sha256 *s, char hex[65])
{
    uint64_t bits = s->bytes * 8;
    unsigned char tail[72] = {0x80};
    size_t pad = (s->bytes % 64 < 56 ? 56 : 120) - s->bytes % 64;
    for (int i = 0; i < 8; i++) tail[pad + (size_t)i] = (unsigned char)(bits >> (56 - 8 * i));
    rq_sha256_add(s, tail, pad + 8);
    for (int i = 0; i < 8; i++) snprintf(hex + 8 * i, 9, "%08x", (unsigned)s->state[i]);
}

void rq_sha256_bytes(const void *bytes, size_t count, char hex[65])
{
    rq_sha256 s;
    rq_sha256_start(&s);
    rq_sha256_add(&s, bytes, count);
    rq_sha256_end(&s, hex);
}

bool rq_sha256_file(const char *path, char hex[65], rq_error *err)
{
    FILE *f = fopen(path, "rb");
    if (!f) return rq_fail_system(err, "cannot open '%s': %s", path, strerror(errno));
    rq_sha256 s;
    rq_sha256_start(&s);
    unsigned char buffer[16384];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, f)) > 0) rq_sha256_add(&s, buffer, got);
    bool good = !ferror(f);
    int reason = errno;
    fclose(f);
    if (!good) return rq_fail_system(err, "cannot read '%s': %s", path, strerror(reason));
    rq_sha256_end(&s, hex);
    return true;
}
