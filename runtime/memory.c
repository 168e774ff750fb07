/* memory.c: the only place of librq that takes memory from the system.
 *
 *     | size, 64 bytes | what the caller sees ... | up to 63 bytes of padding |
 *                      ^ aligned to 64
 * Counters are atomic: worker threads allocate, too. Sizes are checked before memory is taken, so
 * that a number in a damaged file cannot ask for more than the machine has.
 */
#include "memory.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 64 };

static atomic_int_fast64_t live_objects;
static atomic_uint_fast64_t live_bytes;
static atomic_uint_fast64_t peak_bytes;
static atomic_uint_fast64_t limit_bytes;
static atomic_int_fast64_t allowed = -1;

bool rq_fail(rq_error *err, const char *format, ...)
{
    if (!err) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

bool rq_fail_at(rq_error *err, const char *format, ...)
{
    if (!err) return false;
    char place[512];
    va_list args;
    va_start(args, format);
    vsnprintf(place, sizeof place, format, args);
    va_end(args);
    size_t shift = strlen(place) + 2;
    size_t keep = strnlen(err->text, sizeof err->text - 1 - shift);
    memmove(err->text + shift, err->text, keep);
    memcpy(err->text, place, shift - 2);
    memcpy(err->text + shift - 2, ": ", 2);
    err->text[shift + keep] = 0;
    return false;
}

static uint64_t physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0) return UINT64_MAX / 4;
    return (uint64_t)pages * (uint64_t)page;
}

static uint64_t current_limit(void)
{
    uint64_t limit = atomic_load(&limit_bytes);
    if (limit == 0) {
        limit = physical_memory();
        atomic_store(&limit_bytes, limit);
    }
    return limit;
}

/* Counts one allocation against the injected fault: true = this one has to fail. */
static bool fault_is_due(void)
{
    int_fast64_t left = atomic_load(&allowed);
    while (left > 0)
        if (atomic_compare_exchange_weak(&allowed, &left, left - 1)) return false;
    return left == 0;
}

static bool reserve(uint64_t bytes)
{
    uint64_t now = atomic_fetch_add(&live_bytes, bytes) + bytes;
    if (now > current_limit()) {
        atomic_fetch_sub(&live_bytes, bytes);
        return false;
    }
    uint_fast64_t peak = atomic_load(&peak_bytes);
    while (now > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, now)) {
    }
    return true;
}

void *rq_alloc(size_t bytes)
{
    if (fault_is_due()) return NULL;
    if (bytes > SIZE_MAX / 4) return NULL;
    size_t whole = HEADER + (bytes + 63) / 64 * 64;
    if (!reserve(whole)) return NULL;
    char *block = aligned_alloc(64, whole);
    if (!block) {
        atomic_fetch_sub(&live_bytes, whole);
        return NULL;
    }
    memset(block, 0, whole);
    memcpy(block, &whole, sizeof whole);
    atomic_fetch_add(&live_objects, 1);
    return block + HEADER;
}

void *rq_alloc_array(uint64_t count, uint64_t each, const char *what, rq_error *err)
{
    if (each != 0 && count > SIZE_MAX / 4 / each) {
        rq_fail(err,
                "no memory for %s: %" PRIu64 " times %" PRIu64
                " bytes is more than can be addressed",
                what, count, each);
        return NULL;
    }
    void *memory = rq_alloc((size_t)(count * each));
    if (!memory)
        rq_fail(err,
                "no memory for %s: %" PRIu64 " bytes are needed, %" PRIu64 " of at most %" PRIu64
                " are in use",
                what, count * each, rq_memory_bytes(), current_limit());
    return memory;
}

char *rq_copy_text(const char *text, rq_error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = rq_alloc_array(size, 1, "a text", err);
    if (copy) memcpy(copy, text, size);
    return copy;
}

void rq_free(void *memory)
{
    if (!memory) return;
    char *block = (char *)memory - HEADER;
    size_t whole;
    memcpy(&whole, block, sizeof whole);
    atomic_fetch_sub(&live_bytes, whole);
    atomic_fetch_sub(&live_objects, 1);
    free(block);
}

int64_t rq_memory_live(void) { return atomic_load(&live_objects); }

uint64_t rq_memory_bytes(void) { return atomic_load(&live_bytes); }

uint64_t rq_memory_peak(void) { return atomic_load(&peak_bytes); }

void rq_memory_limit(uint64_t bytes) { atomic_store(&limit_bytes, bytes); }

void rq_memory_fail_after(int64_t n) { atomic_store(&allowed, n < 0 ? -1 : n); }
