/* identity.c: Kernels -> bytes, all of them that machine code is made of and none more.
 *
 * Equal bytes are equal code, so a cache may go by their hash without emitting anything. Left out is what only dumps and the runtime's
 * table read: nodes, spans, offsets of temporaries, names of leaves. Fields are written one by one, as the space between them holds
 * anything; who adds one meets an assertion here.
 */
#include "kernel/identity.h"

#include <string.h>

_Static_assert(sizeof(Buffer) == 64 && sizeof(Operand) == 48 && sizeof(ScalarOp) == 24 && sizeof(ScalarStore) == 12 &&
                   sizeof(Step) == 96 && sizeof(Kernel) == 104 && sizeof(Phase) == 24 && sizeof(SparseMap) == 56 &&
                   sizeof(Wires) == 64,
               "a field was added: write it below if the code depends on it");

typedef struct Writer {
    ByteSink sink;
    void *context;
} Writer;

static void put(const Writer *w, const void *from, size_t bytes) { w->sink(w->context, from, bytes); }

static void put_int(const Writer *w, int64_t x) { put(w, &x, sizeof x); }

static void put_reals(const Writer *w, const double *x, int64_t n)
{
    put_int(w, x ? n : -1);
    if (x) put(w, x, (size_t)n * sizeof *x);
}

static void put_ints(const Writer *w, const int64_t *x, int64_t n) { put(w, x, (size_t)n * sizeof *x); }

static void put_text(const Writer *w, const char *text) { put(w, text, strlen(text) + 1); }

static void put_buffer(const Writer *w, const Buffer *b)
{
    put_ints(w, (int64_t[]){b->role, b->batched, b->is_complex, b->elements}, 4);
    put_reals(w, b->constant_re, b->elements);
    put_reals(w, b->constant_im, b->elements);
}

static void put_operand(const Writer *w, const Operand *o)
{
    put_ints(w, (int64_t[]){o->buffer.i, o->p_div, o->p_mod, o->inner, o->div, o->mod}, 6);
}

static void put_map(const Writer *w, const SparseMap *m)
{
    int64_t entries = m->start[m->rows];
    put_ints(w, (int64_t[]){m->inner, m->rows, m->cols}, 3);
    put_ints(w, m->start, m->rows + 1);
    put_ints(w, m->index, entries);
    put_reals(w, m->re, entries);
    put_reals(w, m->im, entries);
}

static void put_wires(const Writer *w, const Wires *x)
{
    put_ints(w, (int64_t[]){x->qubits, x->target_count, x->control_count, x->control_values, x->dagger, x->zero_outside, x->unitary}, 7);
    put(w, x->target, x->target_count);
    put(w, x->control, x->control_count);
    put_int(w, x->pattern != NULL);
    if (x->pattern) put(w, x->pattern, (size_t)1 << 2 * x->target_count);
}

static void put_scalars(const Writer *w, const Step *s)
{
    put_ints(w, (int64_t[]){s->map.ops.len, s->map.stores.len}, 2);
    for (uint32_t i = 0; i < s->map.ops.len; i++) {
        const ScalarOp *op = &s->map.ops.at[i];
        put_ints(w, (int64_t[]){op->op, op->a, op->b, op->c}, 4);
        put_reals(w, &op->constant, 1);
    }
    for (uint32_t i = 0; i < s->map.stores.len; i++) {
        const ScalarStore *store = &s->map.stores.at[i];
        put_ints(w, (int64_t[]){store->value, store->operand, store->part}, 3);
    }
}

static void put_step(const Writer *w, const Step *s)
{
    put_ints(w, (int64_t[]){s->kind, s->in.len, s->out.len, s->count, s->adds, s->over_outer}, 6);
    for (uint32_t i = 0; i < s->in.len; i++) put_operand(w, &s->in.at[i]);
    for (uint32_t i = 0; i < s->out.len; i++) put_operand(w, &s->out.at[i]);
    switch (s->kind) {
    case STEP_none:
    case STEP_lane_sum:
    case STEP_copy: return;
    case STEP_map: put_scalars(w, s); return;
    case STEP_sparse: put_map(w, s->sparse.map); return;
    case STEP_sum: put_ints(w, (int64_t[]){s->sum.pre, s->sum.mid, s->sum.post}, 3); return;
    case STEP_apply:
    case STEP_overlap:
        put_wires(w, s->gate.wires);
        put_reals(w, s->gate.constant_re, INT64_C(1) << 2 * s->gate.wires->target_count);
        put_reals(w, s->gate.constant_im, INT64_C(1) << 2 * s->gate.wires->target_count);
        return;
    case STEP_matmul:
        put_ints(w, (int64_t[]){s->matmul.m, s->matmul.n, s->matmul.k, s->matmul.ta, s->matmul.tb}, 5);
        return;
    }
    unreachable();
}

static void put_kernel(const Writer *w, const Kernel *k)
{
    put_ints(w, (int64_t[]){k->kind, k->outer, k->steps.len}, 3);
    if (k->kind == KERNEL_gemm)
        put_ints(w, (int64_t[]){k->gemm.a.i, k->gemm.b.i, k->gemm.c.i, k->gemm.m, k->gemm.n, k->gemm.k, k->gemm.lda, k->gemm.ldb,
                                k->gemm.ldc, k->gemm.ta, k->gemm.tb, k->gemm.accumulate}, 12);
    for (uint32_t i = 0; i < k->steps.len; i++) put_step(w, &k->steps.at[i]);
}

void kernels_identity(const Kernels *k, ByteSink sink, void *context)
{
    Writer w = {sink, context};
    put_text(&w, k->name);
    put_ints(&w, (int64_t[]){k->lanes, k->real_bytes, k->buffers.len, k->phases.len}, 4);
    for (uint32_t i = 0; i < k->buffers.len; i++) put_buffer(&w, &k->buffers.at[i]);
    for (uint32_t i = 0; i < k->phases.len; i++) {
        const Phase *p = &k->phases.at[i];
        put_ints(&w, (int64_t[]){p->per_chunk, p->kernels.len}, 2);
        for (uint32_t n = 0; n < p->kernels.len; n++) put_kernel(&w, &p->kernels.at[n]);
    }
}
