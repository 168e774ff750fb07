/* bench_machine.c: the peak of the machine's multiply-adds and of its memory, as a measure for everything else. */
#include <string.h>

#include "backend/function.h"
#include "cli/bench.h"
#include "program/pool.h"

/* ---- multiply-adds ---- */

enum { PEAK_ELEMENTS = 256, PEAK_CHAINS = 16, PEAK_LENGTH = 20 };

static uint32_t put_op(Kernels *k, Step *s, Scalar op, uint32_t a, uint32_t b, uint32_t c)
{
    vec_push(k->arena, &s->map.ops,
             (ScalarOp){.op = op, .a = a, .b = b, .c = c, .constant = 0.5 + 0.01 * c});
    return s->map.ops.len - 1;
}

/* For each element of x independent chains of multiply-adds in registers: y = y * x + x. */
static void peak_step(Kernels *k, Step *s)
{
    uint32_t x = put_op(k, s, SCALAR_load, 0, 0, 0), y[PEAK_CHAINS], total;
    for (uint32_t i = 0; i < PEAK_CHAINS; i++) y[i] = put_op(k, s, SCALAR_const, 0, 0, i);
    for (uint32_t j = 0; j < PEAK_LENGTH; j++)
        for (uint32_t i = 0; i < PEAK_CHAINS; i++) y[i] = put_op(k, s, SCALAR_fma, y[i], x, x);
    total = y[0];
    for (uint32_t i = 1; i < PEAK_CHAINS; i++) total = put_op(k, s, SCALAR_add, total, y[i], 0);
    vec_push(k->arena, &s->map.stores, (ScalarStore){.value = total});
}

static Kernels *peak_kernels(Compiler *c, int real_bytes)
{
    Arena *arena = arena_new("peak");
    Kernels *k = arena_make(arena, Kernels);
    *k =
        (Kernels){.c = c, .arena = arena, .name = "peak", .lanes = LANES, .real_bytes = real_bytes};
    int64_t bytes = (int64_t)PEAK_ELEMENTS * LANES * real_bytes;
    Buffer b = {.role = RQ_ROLE_input, .batched = true, .elements = PEAK_ELEMENTS, .bytes = bytes};
    vec_push(arena, &k->inputs, "x");
    vec_push(arena, &k->outputs, "y");
    vec_push(arena, &k->buffers, b);
    b.role = RQ_ROLE_output;
    vec_push(arena, &k->buffers, b);
    Step s = {.kind = STEP_map, .count = PEAK_ELEMENTS};
    for (uint32_t i = 1; i <= 2; i++) {
        Operand o = {
            .buffer = {i}, .p_div = 1, .p_mod = 1, .inner = s.count, .div = 1, .mod = s.count};
        if (i == 1)
            vec_push(arena, &s.in, o);
        else
            vec_push(arena, &s.out, o);
    }
    peak_step(k, &s);
    Kernel kernel = {.kind = KERNEL_loop, .outer = 1};
    vec_push(arena, &kernel.steps, s);
    vec_push(arena, &k->phases, (Phase){0});
    vec_push(arena, &k->phases, (Phase){.per_chunk = true});
    vec_push(arena, &k->phases.at[1].kernels, kernel);
    return k;
}

double bench_flops(Compiler *c, const Bench *b)
{
    static const rq_model none = {.name = "peak"};
    Kernels *k = peak_kernels(c, b->real_bytes);
    Jit *jit = jit_open();
    int64_t samples = 64 * LANES * b->threads, flops = kernels_flops(k);
    Subject s = subject_new(b, c, &none, jit_function(jit, c, k, b->o->cpu, c->keep), samples);
    kernels_drop(k);
    Measured m = bench_time(subject_call, &s);
    subject_free(&s);
    jit_close(jit);
    return (double)(flops * samples) / m.best;
}

/* ---- memory ---- */

enum { COPIED_BYTES = 64 << 20, COPY_BLOCK = 1 << 20 };

typedef struct Copies {
    rq_pool *pool;
    char *from, *to;
} Copies;

static void copy_block(void *context, int64_t task, int thread)
{
    (void)thread;
    const Copies *x = context;
    memcpy(x->to + task * COPY_BLOCK, x->from + task * COPY_BLOCK, COPY_BLOCK);
}

static void copy_all(void *context)
{
    const Copies *x = context;
    rq_pool_run(x->pool, copy_block, context, COPIED_BYTES / COPY_BLOCK);
}

double bench_bandwidth(const Bench *b)
{
    rq_error error;
    Copies x = {.from = rq_alloc(COPIED_BYTES), .to = rq_alloc(COPIED_BYTES)};
    if (!x.from || !x.to) fatal("no memory for two blocks of %d MiB to copy", COPIED_BYTES >> 20);
    memset(x.from, 1, COPIED_BYTES);
    memset(x.to, 1, COPIED_BYTES);
    x.pool = rq_pool_new(b->threads, &error);
    if (!x.pool) fatal("%s", error.text);
    Measured m = bench_time(copy_all, &x);
    rq_pool_free(x.pool);
    rq_free(x.from);
    rq_free(x.to);
    return 2.0 * COPIED_BYTES / m.best;
}
