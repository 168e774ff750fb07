/* arena.h: memory with a named lifetime.
 *
 * Everything the compiler allocates belongs to an arena, and the arena says how long it lives. Nothing is freed singly.
 * Memory comes back zeroed and 16-aligned, never NULL: running out of memory is fatal().
 */
#ifndef RQ_BASE_ARENA_H
#define RQ_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct Arena Arena;
typedef struct ArenaMark {
    void *block;
    size_t used;
} ArenaMark;

/* `name` is kept by pointer and only serves messages. */
Arena *arena_new(const char *name);
/* Gives all memory of the arena back. NULL is allowed. */
void arena_drop(Arena *a);

void *arena_alloc(Arena *a, size_t bytes);
/* Copies `old` (may be NULL) into a block of new_bytes; the new part is zero, the old block stays until the arena ends. */
void *arena_grow(Arena *a, const void *old, size_t old_bytes, size_t new_bytes);
char *arena_strdup(Arena *a, const char *text);
char *arena_strndup(Arena *a, const char *text, size_t len);
char *arena_printf(Arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* mark/reset: everything allocated since the mark is given up. */
ArenaMark arena_mark(const Arena *a);
void arena_reset(Arena *a, ArenaMark mark);
size_t arena_bytes(const Arena *a);

#define arena_make(arena, T) ((T *)arena_alloc((arena), sizeof(T)))
#define arena_array(arena, T, n) ((T *)arena_alloc((arena), sizeof(T) * (size_t)(n)))

/* Prints "rq: error: ..." and ends the program with exit code 2: the world failed (usage, file, memory, linker). */
_Noreturn void fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void unreachable_at(const char *file, int line);
#define unreachable() unreachable_at(__FILE__, __LINE__)

#endif
