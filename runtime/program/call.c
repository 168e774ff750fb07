/* call.c: calls a compiled function: memory for its buffers, chunks over threads, batch sums in a fixed tree.
 *
 * Memory is one block: what is shared, then one part per thread, then one per chunk.
 *
 *     | shared temporaries | totals | unwanted shared outputs |
 *     | temporaries, inputs, unwanted outputs | ... per thread
 *     | kept values, partial sums             | ... per chunk
 * A function with more than one phase per chunk keeps its inputs and outputs per chunk as well, so that each chunk is packed once and
 * any thread may run any phase of it. Which thread runs what changes no bit: chunks are independent, and sums over chunks meet in a
 * tree that depends on their number alone.
 */
#include "program/program.h"

#include <inttypes.h>
#include <string.h>

#include "program/pool.h"

enum {
    LINE = 64,
    SUM_BLOCK = 256,
    SUM_ALONE = 65536, /* so few additions are done before another thread has heard of them */
};

/* Where a buffer's address comes from. */
typedef enum home {
    HOME_none,   /* known to the code alone */
    HOME_caller, /* parameters and wanted outputs: bound at each call */
    HOME_shared,
    HOME_thread,
    HOME_chunk,
} home;

typedef struct slot {
    home home;
    int64_t offset; /* in bytes into the part of its home */
} slot;

struct rq_runner {
    const rq_function *f;
    int threads;
    rq_pool *pool;
    int64_t max_chunks;
    slot *slots;
    int64_t shared_bytes, thread_bytes, chunk_bytes; /* of one part, multiples of LINE */
    bool packs_once;   /* inputs live per chunk */
    char *memory;
    void **bufs;       /* a table of buffer_count pointers for each thread */
    int64_t *totals;   /* offset of each batch sum's total in the shared part */
    int64_t *partials; /* offset of each batch sum in the part of a chunk */
};

/* What is the same for all threads of one call. */
typedef struct call {
    rq_runner *r;
    int64_t samples, chunks;
    rq_pack_fn pack;
    void *context;
    void *const *outputs;
    rq_phase_fn run; /* the current phase */
    bool packs;      /* it is the first to see its chunks, or inputs are not kept */
} call;

static int64_t chunks_of(const rq_function *f, int64_t samples) { return (samples + f->lanes - 1) / f->lanes; }

/* ---- layout ---- */

/* Takes `bytes` from a part; false if it becomes larger than any memory. */
static bool place(int64_t *part, int64_t bytes, int64_t *offset)
{
    int64_t padded;
    *offset = *part;
    return !__builtin_add_overflow(bytes, (int64_t)(LINE - 1), &padded) &&
           !__builtin_add_overflow(*part, padded & ~(int64_t)(LINE - 1), part);
}

static int64_t buffer_bytes(const rq_function *f, const rq_buffer *b)
{
    return b->reals * f->real_bytes * (b->batched ? f->lanes : 1);
}

static home home_of(const rq_runner *r, const rq_buffer *b)
{
    switch ((rq_role)b->role) {
    case RQ_ROLE_none:
    case RQ_ROLE_constant: return HOME_none;
    case RQ_ROLE_param: return HOME_caller;
    case RQ_ROLE_shared:
    case RQ_ROLE_total: return HOME_shared;
    case RQ_ROLE_thread: return HOME_thread;
    case RQ_ROLE_kept:
    case RQ_ROLE_partial: return HOME_chunk;
    case RQ_ROLE_output:
        if (!b->batched) return HOME_shared;
        return r->packs_once ? HOME_chunk : HOME_thread;
    case RQ_ROLE_input: return r->packs_once ? HOME_chunk : HOME_thread;
    }
    return HOME_none;
}

/* Gives buffer i its place. Temporaries have theirs from the compiler; buffers of one batch sum share one. */
static bool place_buffer(rq_runner *r, uint32_t i)
{
    const rq_buffer *b = &r->f->buffers[i];
    slot *s = &r->slots[i];
    s->home = home_of(r, b);
    int64_t *known = b->role == RQ_ROLE_partial ? r->partials : b->role == RQ_ROLE_total ? r->totals : NULL;
    if (b->role == RQ_ROLE_thread || b->role == RQ_ROLE_kept || b->role == RQ_ROLE_shared) {
        s->offset = b->offset;
        return true;
    }
    if (known) {
        s->offset = known[b->leaf];
        return true;
    }
    int64_t bytes = buffer_bytes(r->f, b);
    if (s->home == HOME_shared) return place(&r->shared_bytes, bytes, &s->offset);
    if (s->home == HOME_thread) return place(&r->thread_bytes, bytes, &s->offset);
    if (s->home == HOME_chunk) return place(&r->chunk_bytes, bytes, &s->offset);
    return true;
}

/* Sizes of the three parts and the place of every buffer. */
static bool lay_out(rq_runner *r)
{
    const rq_function *f = r->f;
    int64_t none;
    int chunk_phases = 0;
    for (uint32_t i = 0; i < f->phase_count; i++) chunk_phases += f->phases[i].per_chunk && f->phases[i].run;
    r->packs_once = chunk_phases > 1;
    bool fits = place(&r->shared_bytes, f->shared_bytes, &none) && place(&r->thread_bytes, f->thread_bytes, &none) &&
                place(&r->chunk_bytes, f->kept_bytes, &none);
    for (uint32_t i = 0; i < f->sum_count && fits; i++)
        fits = place(&r->shared_bytes, f->sum_reals[i] * f->real_bytes, &r->totals[i]) &&
               place(&r->chunk_bytes, f->sum_reals[i] * f->real_bytes, &r->partials[i]);
    for (uint32_t i = 0; i < f->buffer_count && fits; i++) fits = place_buffer(r, i);
    return fits;
}

static bool total_bytes(const rq_runner *r, int64_t *bytes)
{
    int64_t threads, chunks;
    return !__builtin_mul_overflow(r->thread_bytes, (int64_t)r->threads, &threads) &&
           !__builtin_mul_overflow(r->chunk_bytes, r->max_chunks, &chunks) &&
           !__builtin_add_overflow(r->shared_bytes, threads, bytes) && !__builtin_add_overflow(*bytes, chunks, bytes);
}

/* ---- a runner ---- */

static bool take_memory(rq_runner *r, int64_t max_samples, rq_error *error)
{
    const rq_function *f = r->f;
    r->slots = rq_alloc_array(f->buffer_count, sizeof *r->slots, "the buffers of a function", error);
    r->totals = rq_alloc_array(f->sum_count, sizeof *r->totals, "the sums of a function", error);
    r->partials = rq_alloc_array(f->sum_count, sizeof *r->partials, "the sums of a function", error);
    uint64_t pointers = (uint64_t)f->buffer_count * (uint64_t)r->threads;
    r->bufs = rq_alloc_array(pointers, sizeof *r->bufs, "the buffers of a function", error);
    if (!r->slots || !r->totals || !r->partials || !r->bufs) return false;
    int64_t bytes = 0;
    if (!lay_out(r) || !total_bytes(r, &bytes))
        return rq_fail(error, "'%s' for %" PRId64 " samples at once needs more memory than can be addressed: run fewer at once",
                       f->name, max_samples);
    r->memory = rq_alloc((size_t)bytes);
    if (!r->memory)
        return rq_fail_system(error,
                       "no memory for '%s': %" PRId64 " samples at once on %d threads need %" PRId64
                       " bytes: use a smaller batch or fewer threads",
                       f->name, max_samples, r->threads, bytes);
    return true;
}

static char *thread_part(const rq_runner *r, int thread)
{
    return r->memory + r->shared_bytes + thread * r->thread_bytes;
}

static char *chunk_part(const rq_runner *r, int64_t chunk)
{
    return r->memory + r->shared_bytes + r->threads * r->thread_bytes + chunk * r->chunk_bytes;
}

static void **thread_bufs(const rq_runner *r, int thread)
{
    return r->bufs + (size_t)thread * r->f->buffer_count;
}

/* Addresses that never change. */
static void bind_fixed(rq_runner *r)
{
    for (int t = 0; t < r->threads; t++)
        for (uint32_t i = 0; i < r->f->buffer_count; i++) {
            const slot *s = &r->slots[i];
            void **buf = &thread_bufs(r, t)[i];
            if (s->home == HOME_shared) *buf = r->memory + s->offset;
            if (s->home == HOME_thread) *buf = thread_part(r, t) + s->offset;
        }
}

bool rq_runner_new(const rq_function *f, int64_t max_samples, int threads, rq_runner **out, rq_error *error)
{
    *out = NULL;
    if (max_samples < 1 || threads < 1)
        return rq_fail(error, "'%s' needs at least one sample and one thread, not %" PRId64 " and %d", f->name,
                       max_samples, threads);
    rq_runner *r = rq_alloc(sizeof *r);
    if (!r) return rq_fail_system(error, "no memory for '%s'", f->name);
    r->f = f;
    r->max_chunks = chunks_of(f, max_samples);
    r->threads = threads > r->max_chunks ? (int)r->max_chunks : threads;
    r->pool = rq_pool_new(r->threads, error);
    if (!r->pool || !take_memory(r, max_samples, error)) {
        rq_runner_free(r);
        return false;
    }
    bind_fixed(r);
    *out = r;
    return true;
}

void rq_runner_free(rq_runner *r)
{
    if (!r) return;
    rq_pool_free(r->pool);
    rq_free(r->slots);
    rq_free(r->totals);
    rq_free(r->partials);
    rq_free(r->bufs);
    rq_free(r->memory);
    rq_free(r);
}

/* ---- a call ---- */

/* Parameters and wanted shared outputs, for each thread. */
static void bind_call(const call *c, const void *const *params)
{
    const rq_runner *r = c->r;
    for (int t = 0; t < r->threads; t++)
        for (uint32_t i = 0; i < r->f->buffer_count; i++) {
            const rq_buffer *b = &r->f->buffers[i];
            void **buf = &thread_bufs(r, t)[i];
            if (b->role == RQ_ROLE_param) *buf = (void *)(uintptr_t)params[b->leaf];
            if (b->role == RQ_ROLE_output && !b->batched)
                *buf = c->outputs[b->leaf] ? c->outputs[b->leaf] : r->memory + r->slots[i].offset;
        }
}

/* What belongs to one chunk; its inputs are packed if need be. */
static void bind_chunk(const call *c, int64_t chunk, int thread)
{
    const rq_runner *r = c->r;
    const rq_function *f = r->f;
    int64_t first = chunk * f->lanes, left = c->samples - first;
    void **bufs = thread_bufs(r, thread);
    for (uint32_t i = 0; i < f->buffer_count; i++) {
        const rq_buffer *b = &f->buffers[i];
        const slot *s = &r->slots[i];
        if (s->home == HOME_chunk) bufs[i] = chunk_part(r, chunk) + s->offset;
        if (b->role == RQ_ROLE_output && b->batched) {
            if (c->outputs[b->leaf]) bufs[i] = (char *)c->outputs[b->leaf] + chunk * buffer_bytes(f, b);
            else if (s->home == HOME_thread) bufs[i] = thread_part(r, thread) + s->offset;
        }
        if (b->role == RQ_ROLE_input && c->packs)
            c->pack(c->context, (int)b->leaf, first, left < f->lanes ? (int)left : f->lanes, f->lanes, bufs[i]);
    }
}

/* The sum of n vectors of `width` reals, `stride` bytes apart: halves of a power of two first.
 *
 *     5 chunks: ((0 + 1) + (2 + 3)) + 4
 */
#define TREE(name, real)                                                                                               \
    static void name(const char *from, int64_t stride, int64_t n, int64_t width, real *out)                            \
    {                                                                                                                  \
        if (n == 1) {                                                                                                  \
            memcpy(out, from, sizeof *out * (size_t)width);                                                            \
            return;                                                                                                    \
        }                                                                                                              \
        int64_t half = 1;                                                                                              \
        while (half * 2 < n) half *= 2;                                                                                \
        real right[SUM_BLOCK];                                                                                         \
        name(from, stride, half, width, out);                                                                          \
        name(from + half * stride, stride, n - half, width, right);                                                    \
        for (int64_t i = 0; i < width; i++) out[i] += right[i];                                                        \
    }
TREE(tree_f32, float)
TREE(tree_f64, double)

/* One block of elements of one batch sum. */
static void add_block(const call *c, uint32_t sum, int64_t first)
{
    const rq_runner *r = c->r;
    const rq_function *f = r->f;
    int64_t width = f->sum_reals[sum] - first;
    if (width > SUM_BLOCK) width = SUM_BLOCK;
    const char *from = chunk_part(r, 0) + r->partials[sum] + first * f->real_bytes;
    char *to = r->memory + r->totals[sum] + first * f->real_bytes;
    if (f->real_bytes == 4) tree_f32(from, r->chunk_bytes, c->chunks, width, (float *)to);
    else tree_f64(from, r->chunk_bytes, c->chunks, width, (double *)to);
}

static int64_t blocks_of_sum(const rq_function *f, uint32_t sum) { return (f->sum_reals[sum] + SUM_BLOCK - 1) / SUM_BLOCK; }

/* Blocks are numbered through all sums. */
static void add_task(void *context, int64_t task, int thread)
{
    (void)thread;
    const call *c = context;
    uint32_t sum = 0;
    while (task >= blocks_of_sum(c->r->f, sum)) task -= blocks_of_sum(c->r->f, sum++);
    add_block(c, sum, task * SUM_BLOCK);
}

/* Totals of all batch sums. */
static void add_sums(call *c)
{
    const rq_function *f = c->r->f;
    int64_t blocks = 0;
    for (uint32_t i = 0; i < f->sum_count; i++) blocks += blocks_of_sum(f, i);
    if (blocks * SUM_BLOCK * c->chunks > SUM_ALONE) {
        rq_pool_run(c->r->pool, add_task, c, blocks);
        return;
    }
    for (uint32_t i = 0; i < f->sum_count; i++)
        for (int64_t first = 0; first < f->sum_reals[i]; first += SUM_BLOCK) add_block(c, i, first);
}

static void chunk_task(void *context, int64_t chunk, int thread)
{
    const call *c = context;
    bind_chunk(c, chunk, thread);
    c->run(thread_bufs(c->r, thread));
}

bool rq_run(rq_runner *r, int64_t samples, const void *const *params, rq_pack_fn pack, void *context,
            void *const *outputs, rq_error *error)
{
    const rq_function *f = r->f;
    if (samples < 1 || chunks_of(f, samples) > r->max_chunks)
        return rq_fail(error, "'%s' was prepared for 1 to %" PRId64 " samples, not %" PRId64, f->name,
                       r->max_chunks * f->lanes, samples);
    call c = {.r = r, .samples = samples, .chunks = chunks_of(f, samples), .pack = pack, .context = context,
              .outputs = outputs};
    bind_call(&c, params);
    bool packed = false;
    for (uint32_t i = 0; i < f->phase_count; i++) {
        if (!f->phases[i].run) continue;
        if (!f->phases[i].per_chunk) {
            f->phases[i].run(thread_bufs(r, 0));
            continue;
        }
        c.run = f->phases[i].run;
        c.packs = !packed;
        rq_pool_run(r->pool, chunk_task, &c, c.chunks);
        add_sums(&c);
        packed = r->packs_once;
    }
    return true;
}

int rq_leaf_find(const rq_leaf *leaves, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(leaves[i].name, name) == 0) return (int)i;
    return -1;
}
