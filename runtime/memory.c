/* memory.c: the only place of librq that takes memory from the system.
 *
 *     | size, 64 bytes | what the caller sees ... | up to 63 bytes of padding |
 *                      ^ aligned to 64            size 0: of jansson's reserve
 * Counters are atomic: worker threads allocate, too. Sizes are checked before memory is taken, so
 * that a number in a damaged file cannot ask for more than the machine has.
 */
#include "memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 64, RESERVE = 1 << 20 };

static atomic_int_fast64_t live_objects;
static atomic_uint_fast64_t live_bytes;
static atomic_uint_fast64_t peak_bytes;
static atomic_uint_fast64_t limit_bytes;
static atomic_uint_fast64_t refused;

/* For jansson when there is no memory: it loses characters of a text, or aborts, when it is refused some while it reads. */
static struct {
    _Alignas(64) char bytes[RESERVE];
    size_t used;
    int blocks;
    pthread_mutex_t mutex;
} reserve = {.mutex = PTHREAD_MUTEX_INITIALIZER};

bool rq_fail(rq_error *err, const char *format, ...)
{
    if (!err) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->of_system = false;
    return false;
}

bool rq_fail_system(rq_error *err, const char *format, ...)
{
    if (!err) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->of_system = true;
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

static bool count_bytes(uint64_t bytes)
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

static void *refuse(void)
{
    atomic_fetch_add(&refused, 1);
    return NULL;
}

void *rq_alloc(size_t bytes)
{
    if (bytes > SIZE_MAX / 4) return refuse();
    size_t whole = HEADER + (bytes + 63) / 64 * 64;
    if (!count_bytes(whole)) return refuse();
    char *block = aligned_alloc(64, whole);
    if (!block) {
        atomic_fetch_sub(&live_bytes, whole);
        return refuse();
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
        rq_fail_system(err,
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

/* From the reserve, which is whole again when nothing of it is in use. What is made of it is thrown away: rq_memory_refused(). */
static void *from_reserve(size_t bytes)
{
    char *block = NULL;
    size_t whole = HEADER + (bytes + 63) / 64 * 64;
    pthread_mutex_lock(&reserve.mutex);
    if (bytes < RESERVE && whole <= RESERVE - reserve.used) {
        block = reserve.bytes + reserve.used;
        reserve.used += whole;
        reserve.blocks++;
    }
    pthread_mutex_unlock(&reserve.mutex);
    if (!block) return NULL;
    memset(block, 0, whole);
    return block + HEADER;
}

static void give_back(void)
{
    pthread_mutex_lock(&reserve.mutex);
    if (--reserve.blocks == 0) reserve.used = 0;
    pthread_mutex_unlock(&reserve.mutex);
}

static void *json_alloc(size_t bytes)
{
    void *memory = rq_alloc(bytes);
    return memory ? memory : from_reserve(bytes);
}

void rq_free(void *memory)
{
    if (!memory) return;
    char *block = (char *)memory - HEADER;
    size_t whole;
    memcpy(&whole, block, sizeof whole);
    if (whole == 0) {
        give_back();
        return;
    }
    atomic_fetch_sub(&live_bytes, whole);
    atomic_fetch_sub(&live_objects, 1);
    free(block);
}

int64_t rq_memory_live(void) { return atomic_load(&live_objects); }

uint64_t rq_memory_bytes(void) { return atomic_load(&live_bytes); }

uint64_t rq_memory_peak(void) { return atomic_load(&peak_bytes); }

void rq_memory_limit(uint64_t bytes) { atomic_store(&limit_bytes, bytes); }

uint64_t rq_memory_refused(void) { return atomic_load(&refused); }

bool rq_memory_sufficed(uint64_t before, const char *what, rq_error *err)
{
    return rq_memory_refused() == before || rq_fail_system(err, "no memory for %s", what);
}

/* Before main(): jansson wants it before its first call. */
__attribute__((constructor)) static void give_jansson_memory(void) { json_set_alloc_funcs(json_alloc, rq_free); }
