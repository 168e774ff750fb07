/* arena.c: blocks in a chain, bumped from the front; a request larger than a block gets a block of its own.
 *
 * Memory is zeroed when it is handed out. Under AddressSanitizer, what is not handed out is poisoned.
 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define RQ_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RQ_ASAN 1
#endif
#endif
#ifdef RQ_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, n) ASAN_POISON_MEMORY_REGION(at, n)
#define UNPOISON(at, n) ASAN_UNPOISON_MEMORY_REGION(at, n)
#else
#define POISON(at, n) ((void)(at), (void)(n))
#define UNPOISON(at, n) ((void)(at), (void)(n))
#endif

enum { ALIGN = 16, FIRST_BLOCK = 64 * 1024 };

typedef struct Block {
    struct Block *before;
    size_t used, size;
    size_t pad; /* keeps data[] 16-aligned */
    unsigned char data[];
} Block;

struct Arena {
    const char *name;
    Block *top;
};

static Block *block_new(size_t size, Block *before)
{
    Block *b = malloc(sizeof(Block) + size);
    if (!b) fatal("out of memory: %zu bytes wanted", size);
    *b = (Block){.before = before, .size = size};
    POISON(b->data, size);
    return b;
}

static void block_free(Block *b)
{
    UNPOISON(b->data, b->size);
    free(b);
}

Arena *arena_new(const char *name)
{
    Arena *a = malloc(sizeof *a);
    if (!a) fatal("out of memory for arena '%s'", name);
    *a = (Arena){name, block_new(FIRST_BLOCK, NULL)};
    return a;
}

void arena_drop(Arena *a)
{
    if (!a) return;
    for (Block *b = a->top; b;) {
        Block *before = b->before;
        block_free(b);
        b = before;
    }
    free(a);
}

void *arena_alloc(Arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 4) fatal("out of memory: %zu bytes wanted for '%s'", bytes, a->name);
    size_t want = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (a->top->size - a->top->used < want) {
        size_t size = a->top->size < (1u << 22) ? a->top->size * 2 : a->top->size;
        a->top = block_new(want > size ? want : size, a->top);
    }
    void *at = a->top->data + a->top->used;
    a->top->used += want;
    UNPOISON(at, bytes);
    return bytes ? memset(at, 0, bytes) : at;
}

void *arena_grow(Arena *a, const void *old, size_t old_bytes, size_t new_bytes)
{
    void *at = arena_alloc(a, new_bytes);
    if (old && old_bytes) memcpy(at, old, old_bytes);
    return at;
}

char *arena_strndup(Arena *a, const char *text, size_t len)
{
    char *at = arena_alloc(a, len + 1);
    if (len) memcpy(at, text, len);
    return at;
}

char *arena_strdup(Arena *a, const char *text) { return arena_strndup(a, text, strlen(text)); }

char *arena_vprintf(Arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0) fatal("a message could not be formatted: '%s'", format);
    char *at = arena_alloc(a, (size_t)n + 1);
    vsnprintf(at, (size_t)n + 1, format, again);
    va_end(again);
    return at;
}

char *arena_printf(Arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *at = arena_vprintf(a, format, args);
    va_end(args);
    return at;
}

ArenaMark arena_mark(const Arena *a) { return (ArenaMark){a->top, a->top->used}; }

void arena_reset(Arena *a, ArenaMark mark)
{
    while (a->top != mark.block) {
        Block *before = a->top->before;
        block_free(a->top);
        a->top = before;
    }
    POISON(a->top->data + mark.used, a->top->used - mark.used);
    a->top->used = mark.used;
}

size_t arena_bytes(const Arena *a)
{
    size_t sum = 0;
    for (const Block *b = a->top; b; b = b->before) sum += b->used;
    return sum;
}

void fatal(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("rq: error: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

void unreachable_at(const char *file, int line)
{
    fprintf(stderr, "rq: internal error: unreachable code reached at %s:%d\n", file, line);
    abort();
}
