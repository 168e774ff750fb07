/* plan.c: where temporaries lie in their blocks.
 *
 * Steps are counted through all phases; a buffer lives from its first to its last use. A buffer that holds a whole value and is used in
 * a loop lives through the loop. First fit, larger ones first; ties by number, so that every host plans alike.
 * Blocks: of a thread (reused from phase to phase), of a chunk (kept between phases), shared.
 */
#include "kernel/kernel.h"

#include <stdlib.h>

typedef struct Life {
    uint32_t buffer, first, last; /* first > last: not used */
    bool is_local;                /* every iteration writes it anew before it reads it */
} Life;

/* The steps of one kernel, in the count through all phases. */
typedef struct Stretch {
    uint32_t first, last;
    int64_t outer;
} Stretch;

static void use(Life *life, BufferId b, uint32_t at, Stretch s)
{
    if (!b.i) return;
    Life *l = &life[b.i - 1];
    bool is_whole = s.outer > 1 && !l->is_local;
    uint32_t first = is_whole ? s.first : at, last = is_whole ? s.last : at;
    if (first < l->first) l->first = first;
    if (last > l->last) l->last = last;
}

static void find_locals(const Kernel *kernel, Life *life)
{
    if (kernel->outer == 1) return;
    for (uint32_t s = 0; s < kernel->steps.len; s++) {
        const Step *step = &kernel->steps.at[s];
        for (uint32_t n = 0; n < step->out.len && !step->over_outer; n++) {
            if (step->out.at[n].p_mod == 1) life[step->out.at[n].buffer.i - 1].is_local = true;
        }
    }
}

static void find_lives_in(const Kernel *kernel, Stretch s, Life *life)
{
    find_locals(kernel, life);
    if (kernel->kind == KERNEL_gemm) {
        use(life, kernel->gemm.a, s.first, s);
        use(life, kernel->gemm.b, s.first, s);
        use(life, kernel->gemm.c, s.first, s);
    }
    for (uint32_t i = 0; i < kernel->steps.len; i++) {
        const Step *step = &kernel->steps.at[i];
        for (uint32_t n = 0; n < step->in.len; n++) use(life, step->in.at[n].buffer, s.first + i, s);
        for (uint32_t n = 0; n < step->out.len; n++) use(life, step->out.at[n].buffer, s.first + i, s);
    }
}

static void find_lives(const Kernels *k, Life *life)
{
    uint32_t at = 1;
    for (uint32_t i = 0; i < k->phases.len; i++) {
        for (uint32_t j = 0; j < k->phases.at[i].kernels.len; j++) {
            const Kernel *kernel = &k->phases.at[i].kernels.at[j];
            uint32_t steps = kernel->steps.len ? kernel->steps.len : 1;
            find_lives_in(kernel, (Stretch){at, at + steps - 1, kernel->outer}, life);
            at += steps;
        }
    }
}

static int by_size(const void *left, const void *right, const Kernels *k)
{
    const Life *a = left, *b = right;
    int64_t x = k->buffers.at[a->buffer].bytes, y = k->buffers.at[b->buffer].bytes;
    if (x != y) return x > y ? -1 : 1;
    return a->buffer < b->buffer ? -1 : 1;
}

/* Merge sort, as qsort takes no context. */
static void sort_by_size(Life *life, Life *spare, uint32_t n, const Kernels *k)
{
    if (n < 2) return;
    uint32_t half = n / 2, i = 0, j = half, to = 0;
    sort_by_size(life, spare, half, k);
    sort_by_size(life + half, spare, n - half, k);
    for (; i < half || j < n; to++) {
        bool left = j == n || (i < half && by_size(&life[i], &life[j], k) < 0);
        spare[to] = left ? life[i++] : life[j++];
    }
    for (i = 0; i < n; i++) life[i] = spare[i];
}

static bool overlaps(const Life *a, const Life *b) { return a->first <= b->last && b->first <= a->last; }

typedef struct Range {
    int64_t from, to;
} Range;

static int by_offset(const void *left, const void *right)
{
    const Range *a = left, *b = right;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* Places life[0..n), sorted by size; returns the size of the block. */
static int64_t fit(Kernels *k, const Life *life, uint32_t n, Range *taken)
{
    int64_t end = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t count = 0;
        for (uint32_t j = 0; j < i; j++) {
            if (!overlaps(&life[i], &life[j])) continue;
            const Buffer *b = &k->buffers.at[life[j].buffer];
            taken[count++] = (Range){b->offset, b->offset + b->bytes};
        }
        qsort(taken, count, sizeof *taken, by_offset);
        Buffer *b = &k->buffers.at[life[i].buffer];
        int64_t at = 0;
        for (uint32_t j = 0; j < count && taken[j].from < at + b->bytes; j++) {
            if (taken[j].to > at) at = taken[j].to;
        }
        b->offset = at;
        if (at + b->bytes > end) end = at + b->bytes;
    }
    return end;
}

void plan_buffers(Kernels *k)
{
    ArenaMark mark = arena_mark(k->c->scratch);
    uint32_t n = k->buffers.len;
    Life *life = arena_array(k->c->scratch, Life, n), *some = arena_array(k->c->scratch, Life, n);
    Life *spare = arena_array(k->c->scratch, Life, n);
    Range *taken = arena_array(k->c->scratch, Range, n);
    for (uint32_t i = 0; i < n; i++) life[i] = (Life){.buffer = i, .first = UINT32_MAX};
    find_lives(k, life);
    const rq_role roles[] = {RQ_ROLE_thread, RQ_ROLE_kept, RQ_ROLE_shared};
    int64_t *const bytes[] = {&k->thread_bytes, &k->kept_bytes, &k->shared_bytes};
    for (size_t r = 0; r < COUNT(roles); r++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < n; i++) {
            if (k->buffers.at[i].role == roles[r] && life[i].first <= life[i].last) some[count++] = life[i];
        }
        sort_by_size(some, spare, count, k);
        *bytes[r] = fit(k, some, count, taken);
    }
    arena_reset(k->c->scratch, mark);
}
