/* plan.c: where temporaries lie in their blocks.
 *
 * Steps are counted through all phases; a buffer lives from its first to its last use. A buffer that holds a whole value and is used in
 * a loop lives through the loop. In the order of their births buffers take the smallest gap that fits, the lowest of equal ones, so that
 * every host plans alike; the dead leave gaps.
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

static int by_birth(const void *left, const void *right)
{
    const Life *a = left, *b = right;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a->buffer < b->buffer ? -1 : 1;
}

static int by_death(const void *left, const void *right)
{
    const Life *a = left, *b = right;
    if (a->last != b->last) return a->last < b->last ? -1 : 1;
    return a->buffer < b->buffer ? -1 : 1;
}

typedef struct Gap {
    int64_t from, to;
} Gap;

/* A block while it is planned: gaps in the order of their offsets, none touching another, none at the end. */
typedef struct Block {
    Gap *gap;
    uint32_t gaps;
    int64_t end, most;
} Block;

static void remove_gap(Block *b, uint32_t i)
{
    b->gaps--;
    for (; i < b->gaps; i++) b->gap[i] = b->gap[i + 1];
}

static int64_t take(Block *b, int64_t bytes)
{
    uint32_t best = b->gaps;
    for (uint32_t i = 0; i < b->gaps; i++) {
        int64_t size = b->gap[i].to - b->gap[i].from;
        if (size >= bytes && (best == b->gaps || size < b->gap[best].to - b->gap[best].from)) best = i;
    }
    if (best == b->gaps) {
        b->end += bytes;
        if (b->end > b->most) b->most = b->end;
        return b->end - bytes;
    }
    int64_t at = b->gap[best].from;
    b->gap[best].from += bytes;
    if (b->gap[best].from == b->gap[best].to) remove_gap(b, best);
    return at;
}

static void give_back(Block *b, int64_t from, int64_t to)
{
    uint32_t i = b->gaps;
    while (i > 0 && b->gap[i - 1].from > from) i--;
    bool joins_left = i > 0 && b->gap[i - 1].to == from, joins_right = i < b->gaps && b->gap[i].from == to;
    if (joins_left && joins_right) {
        b->gap[i - 1].to = b->gap[i].to;
        remove_gap(b, i);
    } else if (joins_left) {
        b->gap[i - 1].to = to;
    } else if (joins_right) {
        b->gap[i].from = from;
    } else {
        for (uint32_t j = b->gaps++; j > i; j--) b->gap[j] = b->gap[j - 1];
        b->gap[i] = (Gap){from, to};
    }
    if (b->gap[b->gaps - 1].to == b->end) b->end = b->gap[--b->gaps].from;
}

/* Places the buffers of `life`; returns the size of the block. */
static int64_t fit(Kernels *k, Life *life, uint32_t n, Arena *scratch)
{
    Block block = {.gap = arena_array(scratch, Gap, n + 1)};
    Life *death = arena_array(scratch, Life, n);
    for (uint32_t i = 0; i < n; i++) death[i] = life[i];
    qsort(life, n, sizeof *life, by_birth);
    qsort(death, n, sizeof *death, by_death);
    uint32_t dead = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (; death[dead].last < life[i].first; dead++) {
            const Buffer *b = &k->buffers.at[death[dead].buffer];
            give_back(&block, b->offset, b->offset + b->bytes);
        }
        Buffer *b = &k->buffers.at[life[i].buffer];
        b->offset = take(&block, b->bytes);
    }
    return block.most;
}

void plan_buffers(Kernels *k)
{
    ArenaMark mark = arena_mark(k->c->scratch);
    uint32_t n = k->buffers.len;
    Life *life = arena_array(k->c->scratch, Life, n), *some = arena_array(k->c->scratch, Life, n);
    for (uint32_t i = 0; i < n; i++) life[i] = (Life){.buffer = i, .first = UINT32_MAX};
    find_lives(k, life);
    const rq_role roles[] = {RQ_ROLE_thread, RQ_ROLE_kept, RQ_ROLE_shared};
    int64_t *const bytes[] = {&k->thread_bytes, &k->kept_bytes, &k->shared_bytes};
    for (size_t r = 0; r < COUNT(roles); r++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < n; i++) {
            if (k->buffers.at[i].role == roles[r] && life[i].first <= life[i].last) some[count++] = life[i];
        }
        *bytes[r] = fit(k, some, count, k->c->scratch);
    }
    arena_reset(k->c->scratch, mark);
}
