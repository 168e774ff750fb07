/* memory.h: memory and failure in librq.
 *
 * Nothing in librq exits or prints. A function that can fail returns false (or NULL) and words the
 * reason in an rq_error. All memory of the runtime is taken and returned here: zeroed, 64-byte
 * aligned, counted, held against a limit before it is taken. Tests ask for zero live objects at the
 * end.
 */
#ifndef RQ_MEMORY_H
#define RQ_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before a function whose loops wider vectors make faster: the CPU at hand chooses. No result depends on it. */
#if defined(__x86_64__) && defined(__gnu_linux__)
#define RQ_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define RQ_CLONES
#endif

typedef struct rq_error {
    char text[1024]; /* one or more lines without a final newline; cut when longer */
    bool of_system;  /* memory, files or threads, which another time may be there */
} rq_error;

/* Words the failure; err may be NULL. Always false, so that `return rq_fail(err, ...)` reads as
 * what it does. */
bool rq_fail(rq_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same where the system is the reason. */
bool rq_fail_system(rq_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "PREFIX: " in front of the text. Always false. */
bool rq_fail_at(rq_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed memory, aligned to 64 bytes; 0 bytes give a valid pointer. NULL = no memory, or above the
 * limit. */
void *rq_alloc(size_t bytes);

/* The same for count things of `each` bytes, with the product checked; a failure is worded as "no
 * memory for WHAT". */
void *rq_alloc_array(uint64_t count, uint64_t each, const char *what, rq_error *err);

/* A copy of the text. NULL = no memory, worded. */
char *rq_copy_text(const char *text, rq_error *err);

/* Takes NULL. */
void rq_free(void *memory);

/* Objects and bytes taken and not yet freed, and the most bytes there ever were at once. */
int64_t rq_memory_live(void);
uint64_t rq_memory_bytes(void);
uint64_t rq_memory_peak(void);

/* Live bytes may not exceed this; 0 = the machine's physical memory, which is also the start. */
void rq_memory_limit(uint64_t bytes);

/* How often memory was refused so far. Jansson takes its memory here, too, and leaves out what it cannot hold: when this has grown
 * since the first of some calls of it, what they made is not to be used. */
uint64_t rq_memory_refused(void);
/* False = some was refused since there were `before` refusals, worded as "no memory for WHAT". */
bool rq_memory_sufficed(uint64_t before, const char *what, rq_error *err);

#endif
