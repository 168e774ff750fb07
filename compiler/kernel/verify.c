/* verify.c: what holds for Kernels, checked after every scheduling (not in release builds). A breach is an ice with its place.
 *
 * Every address is in its buffer; nothing is read before it is written, nor in the loop that still adds it up; what is shared is not
 * written in chunk phases and lanes are not touched in shared ones; a step writes over what it reads only where that is meant; buffers
 * that are alive together do not lie on each other.
 */
#include "kernel/kernel.h"

#include <inttypes.h>

typedef struct Check {
    const Kernels *k;
    uint32_t phase, kernel, step;
    Span span;
    bool *written, *adding; /* of each buffer */
    const Kernel *at;
} Check;

static void claim(const Check *v, bool holds, const char *what)
{
    if (!holds) {
        ice(v->k->c, v->span, "kernels of '%s', phase %" PRIu32 ", kernel %" PRIu32 ", step %" PRIu32 ": %s", v->k->name, v->phase,
            v->kernel, v->step, what);
    }
}

static bool in_block(const Buffer *b)
{
    return b->role == RQ_ROLE_thread || b->role == RQ_ROLE_kept || b->role == RQ_ROLE_shared;
}

static void check_buffer(const Check *v, BufferId id)
{
    claim(v, id.i > 0 && id.i <= v->k->buffers.len, "a buffer that is not there");
    const Buffer *b = buffer_of(v->k, id);
    claim(v, b->role != RQ_ROLE_none, "a buffer without a role");
    claim(v, v->phase % 2 == 1 || !b->batched, "lanes in a shared phase");
    int64_t end = b->role == RQ_ROLE_thread   ? v->k->thread_bytes
                  : b->role == RQ_ROLE_kept   ? v->k->kept_bytes
                                              : v->k->shared_bytes;
    claim(v, !in_block(b) || (b->offset >= 0 && b->offset % 64 == 0 && b->offset + b->bytes <= end), "a buffer outside its block");
}

static void check_read(const Check *v, BufferId id)
{
    check_buffer(v, id);
    const Buffer *b = buffer_of(v->k, id);
    bool is_leaf = b->role == RQ_ROLE_param || b->role == RQ_ROLE_input || b->role == RQ_ROLE_constant;
    claim(v, is_leaf || v->written[id.i - 1], "a read before the first write");
    claim(v, !v->adding[id.i - 1], "a read of a sum that is not complete");
    claim(v, b->role != RQ_ROLE_partial, "a read of a partial");
}

static void check_write(const Check *v, BufferId id)
{
    check_buffer(v, id);
    const Buffer *b = buffer_of(v->k, id);
    bool is_open = in_block(b) || b->role == RQ_ROLE_output || b->role == RQ_ROLE_partial;
    claim(v, is_open, "a write to a param, an input, a total or a constant");
    bool per_chunk = b->batched || b->role == RQ_ROLE_partial;
    claim(v, per_chunk == (v->phase % 2 == 1), "a write in a phase of the other kind");
}

static void check_address(const Check *v, const Operand *o, int64_t count, bool is_direct)
{
    claim(v, o->p_div > 0 && o->p_mod > 0 && o->inner > 0 && o->div > 0 && o->mod > 0, "an address without extents");
    int64_t steps = (v->at->outer - 1) / o->p_div, inner = (count - 1) / o->div;
    if (steps >= o->p_mod) steps = o->p_mod - 1;
    if (inner >= o->mod) inner = o->mod - 1;
    claim(v, steps * o->inner + inner < buffer_of(v->k, o->buffer)->elements, "an address beyond the buffer");
    claim(v, !is_direct || (o->div == 1 && o->mod == o->inner), "a broadcast where only maps have one");
}

/* Elements of operand i that one iteration reads. */
static int64_t read_count(const Step *s, uint32_t i)
{
    switch (s->kind) {
    case STEP_sparse: return s->sparse.map->cols;
    case STEP_sum: return s->sum.pre * s->sum.mid * s->sum.post;
    case STEP_apply: return i ? s->count : INT64_C(1) << 2 * s->gate.wires->target_count;
    case STEP_overlap: return INT64_C(1) << s->gate.wires->qubits;
    case STEP_matmul: return s->matmul.k * (i ? s->matmul.n : s->matmul.m);
    case STEP_map:
    case STEP_lane_sum:
    case STEP_copy: return s->count;
    case STEP_none: break;
    }
    unreachable();
}

static void check_program(const Check *v, const Step *s)
{
    for (uint32_t i = 0; i < s->map.ops.len; i++) {
        const ScalarOp *op = &s->map.ops.at[i];
        claim(v, op->op > SCALAR_none && op->op < SCALAR_COUNT, "no scalar operation");
        if (op->op == SCALAR_load) {
            claim(v, op->a < s->in.len, "a load of no operand");
            claim(v, op->b <= buffer_of(v->k, s->in.at[op->a].buffer)->is_complex, "a load of no part");
        } else if (op->op != SCALAR_const) {
            claim(v, op->a < i && (op->b < i || !op->b) && (op->c < i || !op->c), "a value used before it is there");
        }
    }
    for (uint32_t i = 0; i < s->map.stores.len; i++) {
        const ScalarStore *to = &s->map.stores.at[i];
        claim(v, to->value < s->map.ops.len && to->operand < s->out.len, "a store of nothing");
        claim(v, to->part <= buffer_of(v->k, s->out.at[to->operand].buffer)->is_complex, "a store of no part");
    }
}

/* A result lies on an operand only where each element is read before it is written. */
static void check_aliases(const Check *v, const Step *s)
{
    for (uint32_t i = 0; i < s->in.len; i++) {
        for (uint32_t j = 0; j < s->out.len && s->in.at[i].buffer.i; j++) {
            const Operand *x = &s->in.at[i], *y = &s->out.at[j];
            const Buffer *a = buffer_of(v->k, x->buffer), *b = buffer_of(v->k, y->buffer);
            bool is_same = x->buffer.i == y->buffer.i;
            bool meets = a->role == b->role && in_block(a) && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
            if (!is_same) claim(v, !meets, "buffers on each other");
            else if (s->kind == STEP_apply) claim(v, i == 1 && x->p_mod == y->p_mod && x->inner == y->inner, "an apply from elsewhere");
            else claim(v, s->kind == STEP_map && x->p_mod == y->p_mod && x->div == 1 && x->mod == x->inner, "a result on an operand");
        }
    }
    if (s->kind == STEP_apply) claim(v, s->in.at[1].buffer.i == s->out.at[0].buffer.i, "an apply that is not in place");
}

static void check_step(Check *v, const Step *s)
{
    v->span = s->span;
    bool has_gate = s->kind == STEP_apply && s->gate.constant_re;
    for (uint32_t i = 0; i < s->in.len; i++) {
        if (i == 0 && has_gate) {
            claim(v, !s->in.at[0].buffer.i, "a known matrix in memory");
            continue;
        }
        check_read(v, s->in.at[i].buffer);
        check_address(v, &s->in.at[i], read_count(s, i), s->kind != STEP_map);
    }
    for (uint32_t i = 0; i < s->out.len; i++) {
        check_write(v, s->out.at[i].buffer);
        if (s->adds) check_read(v, s->out.at[i].buffer);
        check_address(v, &s->out.at[i], s->count, true);
    }
    claim(v, !s->over_outer || s->kind == STEP_sum || s->kind == STEP_overlap || s->kind == STEP_matmul, "another step adds up over the loop");
    claim(v, !s->adds || s->kind == STEP_sparse, "rows added by another step");
    claim(v, s->kind == STEP_map || s->out.len == 1, "a step without result");
    check_aliases(v, s);
    if (s->kind == STEP_map) check_program(v, s);
    for (uint32_t i = 0; i < s->out.len; i++) v->written[s->out.at[i].buffer.i - 1] = true;
}

static int64_t reals_of(const Kernels *k, BufferId id)
{
    const Buffer *b = buffer_of(k, id);
    return b->elements * (b->is_complex ? 2 : 1) * (b->batched ? k->lanes : 1);
}

static void check_gemm(const Check *v, const Kernel *k)
{
    int64_t rows_a = k->gemm.ta ? k->gemm.k : k->gemm.m, rows_b = k->gemm.tb ? k->gemm.n : k->gemm.k;
    check_read(v, k->gemm.a);
    check_read(v, k->gemm.b);
    check_write(v, k->gemm.c);
    claim(v, rows_a * k->gemm.lda == reals_of(v->k, k->gemm.a), "a first factor of another size");
    claim(v, rows_b * k->gemm.ldb == reals_of(v->k, k->gemm.b), "a second factor of another size");
    claim(v, k->gemm.m * k->gemm.ldc == reals_of(v->k, k->gemm.c), "a product of another size");
    claim(v, k->gemm.lda >= (k->gemm.ta ? k->gemm.m : k->gemm.k) && k->gemm.ldb >= (k->gemm.tb ? k->gemm.k : k->gemm.n) &&
                 k->gemm.ldc >= k->gemm.n, "a row shorter than its matrix");
}

static void check_kernel(Check *v, const Kernel *k)
{
    v->at = k;
    v->step = 0;
    if (k->kind == KERNEL_gemm) {
        check_gemm(v, k);
        v->written[k->gemm.c.i - 1] = true;
        return;
    }
    for (uint32_t i = 0; i < k->steps.len; i++) {
        if (k->steps.at[i].over_outer) v->adding[k->steps.at[i].out.at[0].buffer.i - 1] = true;
    }
    for (v->step = 0; v->step < k->steps.len; v->step++) check_step(v, &k->steps.at[v->step]);
    for (uint32_t i = 0; i < k->steps.len; i++) {
        if (k->steps.at[i].over_outer) v->adding[k->steps.at[i].out.at[0].buffer.i - 1] = false;
    }
}

void kernels_verify(const Kernels *k)
{
    ArenaMark mark = arena_mark(k->c->scratch);
    Check v = {.k = k};
    v.written = arena_array(k->c->scratch, bool, k->buffers.len);
    v.adding = arena_array(k->c->scratch, bool, k->buffers.len);
    for (v.phase = 0; v.phase < k->phases.len; v.phase++) {
        const Phase *phase = &k->phases.at[v.phase];
        claim(&v, phase->per_chunk == (v.phase % 2 == 1), "phases do not alternate");
        for (v.kernel = 0; v.kernel < phase->kernels.len; v.kernel++) check_kernel(&v, &phase->kernels.at[v.kernel]);
        for (uint32_t i = 0; i < k->buffers.len; i++) {
            rq_role role = k->buffers.at[i].role;
            if (role == RQ_ROLE_thread) v.written[i] = false;
            if (role == RQ_ROLE_partial) v.written[i - 1] |= v.written[i]; /* its total */
        }
    }
    for (uint32_t i = 0; i < k->buffers.len; i++)
        claim(&v, k->buffers.at[i].role != RQ_ROLE_output || v.written[i], "an output that nothing writes");
    arena_reset(k->c->scratch, mark);
}
