/* sha256.h: SHA-256 (FIPS 180-4) of bytes and of files, as the 64 hexadecimal digits that runs and
 * checks store. */
#ifndef RQ_DATA_SHA256_H
#define RQ_DATA_SHA256_H

#include "memory.h"

typedef struct rq_sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
} rq_sha256;

void rq_sha256_start(rq_sha256 *s);
void rq_sha256_add(rq_sha256 *s, const void *bytes, size_t count);
void rq_sha256_end(rq_sha256 *s, char hex[65]);

void rq_sha256_bytes(const void *bytes, size_t count, char hex[65]);
bool rq_sha256_file(const char *path, char hex[65], rq_error *err);

#endif
