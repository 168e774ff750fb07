/* hand_kernels.c: buffers, steps and scalar programs without a scheduler. Every temporary has a place of its own. */
#include "reference/hand_kernels.h"

#include <string.h>

Hand hand_open(const char *name, int lanes, int real_bytes)
{
    Arena *arena = arena_new("hand");
    Hand h = {.k = arena_make(arena, Kernels)};
    h.k->c = compiler_new();
    h.k->arena = arena;
    h.k->name = arena_strdup(arena, name);
    h.k->lanes = lanes;
    h.k->real_bytes = real_bytes;
    return h;
}

void hand_close(Hand *h)
{
    compiler_drop(h->k->c);
    arena_drop(h->k->arena);
}

static int64_t take(int64_t *block, int64_t bytes)
{
    int64_t at = *block;
    *block += bytes;
    return at;
}

BufferId hand_buffer(Hand *h, rq_role role, uint32_t leaf, int64_t elements, bool batched, bool is_complex)
{
    Kernels *k = h->k;
    Buffer b = {.role = role, .leaf = leaf, .elements = elements, .batched = batched, .is_complex = is_complex,
                .node = {1}};
    int64_t reals = elements * (is_complex ? 2 : 1) * (batched ? k->lanes : 1);
    b.bytes = (reals * k->real_bytes + 63) / 64 * 64;
    if (role == RQ_ROLE_thread) b.offset = take(&k->thread_bytes, b.bytes);
    if (role == RQ_ROLE_kept) b.offset = take(&k->kept_bytes, b.bytes);
    if (role == RQ_ROLE_shared) b.offset = take(&k->shared_bytes, b.bytes);
    vec_push(k->arena, &k->buffers, b);
    return (BufferId){k->buffers.len};
}

BufferId hand_param(Hand *h, const char *name, int64_t elements, bool is_complex)
{
    vec_push(h->k->arena, &h->k->params, name);
    return hand_buffer(h, RQ_ROLE_param, h->k->params.len - 1, elements, false, is_complex);
}

BufferId hand_input(Hand *h, const char *name, int64_t elements)
{
    vec_push(h->k->arena, &h->k->inputs, name);
    return hand_buffer(h, RQ_ROLE_input, h->k->inputs.len - 1, elements, true, false);
}

BufferId hand_output(Hand *h, const char *name, int64_t elements, bool batched, bool is_complex)
{
    vec_push(h->k->arena, &h->k->outputs, name);
    return hand_buffer(h, RQ_ROLE_output, h->k->outputs.len - 1, elements, batched, is_complex);
}

BufferId hand_temporary(Hand *h, rq_role role, int64_t elements, bool is_complex)
{
    return hand_buffer(h, role, 0, elements, role != RQ_ROLE_shared, is_complex);
}

BufferId hand_constant(Hand *h, int64_t elements, const double *re, const double *im)
{
    BufferId b = hand_buffer(h, RQ_ROLE_constant, 0, elements, false, im != NULL);
    size_t bytes = sizeof *re * (size_t)elements;
    buffer_of(h->k, b)->constant_re = arena_grow(h->k->arena, re, bytes, bytes);
    if (im) buffer_of(h->k, b)->constant_im = arena_grow(h->k->arena, im, bytes, bytes);
    return b;
}

BufferId hand_sum(Hand *h, int64_t elements, bool is_complex, BufferId *total)
{
    uint32_t number = h->k->sums++;
    *total = hand_buffer(h, RQ_ROLE_total, number, elements, false, is_complex);
    return hand_buffer(h, RQ_ROLE_partial, number, elements, false, is_complex);
}

void hand_kernel(Hand *h, uint32_t phase, int64_t outer)
{
    Kernels *k = h->k;
    for (uint32_t i = k->phases.len; i <= phase; i++) vec_push(k->arena, &k->phases, (Phase){.per_chunk = i % 2 == 1});
    h->phase = &k->phases.at[phase];
    vec_push(k->arena, &h->phase->kernels, (Kernel){.kind = KERNEL_loop, .outer = outer});
    h->kernel = &h->phase->kernels.at[h->phase->kernels.len - 1];
}

static Operand operand(const Hand *h, BufferId b, int64_t inner)
{
    int64_t outer = h->kernel->outer, elements = buffer_of(h->k, b)->elements;
    bool mapped = outer > 1 && elements == inner * outer;
    return (Operand){.buffer = b, .p_div = 1, .p_mod = mapped ? outer : 1, .inner = inner, .div = 1, .mod = inner};
}

Step *hand_step(Hand *h, StepKind kind, int64_t count, BufferId out)
{
    vec_push(h->k->arena, &h->kernel->steps, (Step){.kind = kind, .count = count});
    Step *s = &h->kernel->steps.at[h->kernel->steps.len - 1];
    vec_push(h->k->arena, &s->out, operand(h, out, count));
    return s;
}

void hand_in(Hand *h, Step *s, BufferId b, int64_t inner)
{
    Operand o = b.i ? operand(h, b, inner) : (Operand){0};
    vec_push(h->k->arena, &s->in, o);
}

static uint32_t add_op(Hand *h, Step *s, ScalarOp op)
{
    vec_push(h->k->arena, &s->map.ops, op);
    return s->map.ops.len - 1;
}

uint32_t hand_load(Hand *h, Step *s, uint32_t in, uint32_t part)
{
    return add_op(h, s, (ScalarOp){.op = SCALAR_load, .a = in, .b = part});
}

uint32_t hand_number(Hand *h, Step *s, double value)
{
    return add_op(h, s, (ScalarOp){.op = SCALAR_const, .constant = value});
}

uint32_t hand_op(Hand *h, Step *s, Scalar op, uint32_t a, uint32_t b, uint32_t c)
{
    return add_op(h, s, (ScalarOp){.op = op, .a = a, .b = b, .c = c});
}

void hand_store(Hand *h, Step *s, uint32_t out, uint32_t part, uint32_t value)
{
    vec_push(h->k->arena, &s->map.stores, (ScalarStore){.value = value, .operand = out, .part = part});
}

double hand_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int64_t)(*state >> 11) / 4503599627370496.0 - 1;
}
