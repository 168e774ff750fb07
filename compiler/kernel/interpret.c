/* interpret.c: runs Kernels as they are, in C and in double: what code from them must do.
 *
 * Memory is laid out as the plan says, with lanes, so that a buffer placed on another that still lives is found out, too. Blocks start
 * as NaN: what is read before it is written shows.
 */
#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

typedef struct Machine {
    const Kernels *k;
    int64_t samples, chunks;
    double **memory; /* of each buffer: its chunks one after another */
    double *thread, *kept, *shared; /* blocks, in doubles; kept for each chunk */
    int64_t chunk;
} Machine;

/* The plan counts bytes of real_bytes; here a real is a double. */
static int64_t block_reals(const Machine *m, int64_t bytes) { return bytes / m->k->real_bytes; }

static int64_t reals_of(const Machine *m, const Buffer *b)
{
    return b->elements * (b->is_complex ? 2 : 1) * (b->batched ? m->k->lanes : 1);
}

static double *base_of(const Machine *m, BufferId id)
{
    const Buffer *b = buffer_of(m->k, id);
    int64_t at = block_reals(m, b->offset);
    switch (b->role) {
    case RQ_ROLE_thread: return m->thread + at;
    case RQ_ROLE_shared: return m->shared + at;
    case RQ_ROLE_kept: return m->kept + m->chunk * block_reals(m, m->k->kept_bytes) + at;
    case RQ_ROLE_input:
    case RQ_ROLE_partial: return m->memory[id.i - 1] + m->chunk * reals_of(m, b);
    case RQ_ROLE_output: return m->memory[id.i - 1] + (b->batched ? m->chunk * reals_of(m, b) : 0);
    case RQ_ROLE_param:
    case RQ_ROLE_total:
    case RQ_ROLE_constant: return m->memory[id.i - 1];
    case RQ_ROLE_none: break;
    }
    unreachable();
}

/* An operand in one iteration and lane: pieces of the address of an element. */
typedef struct View {
    double *at;
    int64_t div, mod, parts, stride, lane;
} View;

static View view(const Machine *m, const Operand *o, int64_t p, int64_t lane)
{
    const Buffer *b = buffer_of(m->k, o->buffer);
    View v = {.div = o->div, .mod = o->mod, .parts = b->is_complex ? 2 : 1};
    v.stride = b->batched ? m->k->lanes : 1;
    v.lane = b->batched ? lane : 0;
    v.at = base_of(m, o->buffer) + p / o->p_div % o->p_mod * o->inner * v.parts * v.stride;
    return v;
}

static double *real_at(const View *v, int64_t e, int part)
{
    return &v->at[(e / v->div % v->mod * v->parts + part) * v->stride + v->lane];
}

typedef struct Complex {
    double re, im;
} Complex;

static Complex get(const View *v, int64_t e)
{
    return (Complex){*real_at(v, e, 0), v->parts == 2 ? *real_at(v, e, 1) : 0};
}

static void put(const View *v, int64_t e, Complex x, bool adds)
{
    *real_at(v, e, 0) = x.re + (adds ? *real_at(v, e, 0) : 0);
    if (v->parts == 2) *real_at(v, e, 1) = x.im + (adds ? *real_at(v, e, 1) : 0);
}

static Complex plus(Complex a, Complex b) { return (Complex){a.re + b.re, a.im + b.im}; }
static Complex times(Complex a, Complex b) { return (Complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static Complex conjugate(Complex a) { return (Complex){a.re, -a.im}; }

/* ---- steps, for one iteration and lane ---- */

static double scalar_value(const ScalarOp *op, const double *value)
{
    double a = value[op->a], b = value[op->b], c = value[op->c];
    switch (op->op) {
    case SCALAR_add: return a + b;
    case SCALAR_sub: return a - b;
    case SCALAR_mul: return a * b;
    case SCALAR_div: return a / b;
    case SCALAR_fma: return fma(a, b, c);
    case SCALAR_neg: return -a;
    case SCALAR_abs: return fabs(a);
    case SCALAR_sqrt: return sqrt(a);
    case SCALAR_min: return a < b ? a : b;
    case SCALAR_max: return a > b ? a : b;
    case SCALAR_round: return nearbyint(a);
    case SCALAR_floor: return floor(a);
    case SCALAR_ge: return a >= b;
    case SCALAR_gt: return a > b;
    case SCALAR_eq: return a == b;
    case SCALAR_select: return a != 0 ? b : c;
    case SCALAR_pow2: return a >= -1022 && a <= 1023 ? ldexp(1, (int)a) : NAN;
    case SCALAR_exponent: return logb(a);
    case SCALAR_mantissa: return isfinite(a) && a != 0 ? fabs(a) / ldexp(1, (int)logb(a)) : a;
    case SCALAR_none:
    case SCALAR_load:
    case SCALAR_const:
    case SCALAR_COUNT: break;
    }
    unreachable();
}

static void run_map(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    ArenaMark mark = arena_mark(m->k->c->scratch);
    double *value = arena_array(m->k->c->scratch, double, s->map.ops.len);
    View *in = arena_array(m->k->c->scratch, View, s->in.len + 1), *out = arena_array(m->k->c->scratch, View, s->out.len);
    for (uint32_t i = 0; i < s->in.len; i++) in[i] = view(m, &s->in.at[i], p, lane);
    for (uint32_t i = 0; i < s->out.len; i++) out[i] = view(m, &s->out.at[i], p, lane);
    for (int64_t e = 0; e < s->count; e++) {
        for (uint32_t i = 0; i < s->map.ops.len; i++) {
            const ScalarOp *op = &s->map.ops.at[i];
            value[i] = op->op == SCALAR_load    ? *real_at(&in[op->a], e, (int)op->b)
                       : op->op == SCALAR_const ? op->constant
                                                : scalar_value(op, value);
        }
        for (uint32_t i = 0; i < s->map.stores.len; i++) {
            const ScalarStore *to = &s->map.stores.at[i];
            *real_at(&out[to->operand], e, (int)to->part) = value[to->value];
        }
    }
    arena_reset(m->k->c->scratch, mark);
}

static void run_sparse(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    const SparseMap *map = s->sparse.map;
    View x = view(m, &s->in.at[0], p, lane), y = view(m, &s->out.at[0], p, lane);
    int64_t first = map->inner ? 0 : p * s->count;
    for (int64_t i = 0; i < s->count; i++) {
        Complex sum = {0, 0};
        for (int64_t n = map->start[first + i]; n < map->start[first + i + 1]; n++)
            sum = plus(sum, times((Complex){map->re[n], map->im ? map->im[n] : 0}, get(&x, map->index[n])));
        put(&y, i, sum, s->over_outer || s->adds);
    }
}

static void run_sum(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    View x = view(m, &s->in.at[0], p, lane), y = view(m, &s->out.at[0], p, lane);
    for (int64_t d = 0; d < s->sum.mid; d++) {
        Complex sum = {0, 0};
        for (int64_t a = 0; a < s->sum.pre; a++) {
            for (int64_t b = 0; b < s->sum.post; b++) sum = plus(sum, get(&x, (a * s->sum.mid + d) * s->sum.post + b));
        }
        put(&y, d, sum, s->over_outer);
    }
}

/* The bits of `index` (most significant first) go to the qubits in `qubit`. */
static int64_t spread_bits(const Wires *w, const uint8_t *qubit, int n, int64_t index)
{
    int64_t at = 0;
    for (int i = 0; i < n; i++) at |= (index >> (n - 1 - i) & 1) << (w->qubits - 1 - qubit[i]);
    return at;
}

static bool controls_match(const Wires *w, int64_t at)
{
    for (int i = 0; i < w->control_count; i++) {
        if ((at >> (w->qubits - 1 - w->control[i]) & 1) != (w->control_values >> i & 1)) return false;
    }
    return true;
}

static Complex masked(const Wires *w, int64_t entry, Complex x)
{
    int parts = w->pattern ? w->pattern[entry] : PART_re | PART_im;
    return (Complex){parts & PART_re ? x.re : 0, parts & PART_im ? x.im : 0};
}

static void run_apply(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    const Wires *w = s->gate.wires;
    View psi = view(m, &s->out.at[0], p, lane), matrix = {0};
    if (s->in.at[0].buffer.i) matrix = view(m, &s->in.at[0], p, lane);
    int64_t d = INT64_C(1) << w->target_count, all = spread_bits(w, w->target, w->target_count, d - 1);
    ArenaMark mark = arena_mark(m->k->c->scratch);
    Complex *entry = arena_array(m->k->c->scratch, Complex, d * d), *old = arena_array(m->k->c->scratch, Complex, d);
    for (int64_t i = 0; i < d * d; i++) {
        Complex x = matrix.at ? get(&matrix, i)
                              : (Complex){s->gate.constant_re[i], s->gate.constant_im ? s->gate.constant_im[i] : 0};
        x = masked(w, i, x);
        entry[w->dagger ? i % d * d + i / d : i] = w->dagger ? conjugate(x) : x;
    }
    for (int64_t base = 0; base < INT64_C(1) << w->qubits; base++) {
        if (base & all) continue;
        for (int64_t c = 0; c < d; c++) old[c] = get(&psi, base | spread_bits(w, w->target, w->target_count, c));
        for (int64_t r = 0; r < d; r++) {
            int64_t at = base | spread_bits(w, w->target, w->target_count, r);
            Complex sum = {0, 0};
            if (controls_match(w, base)) {
                for (int64_t c = 0; c < d; c++) sum = plus(sum, times(entry[r * d + c], old[c]));
                put(&psi, at, sum, false);
            } else if (w->zero_outside) {
                put(&psi, at, sum, false);
            }
        }
    }
    arena_reset(m->k->c->scratch, mark);
}

static void run_overlap(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    const Wires *w = s->gate.wires;
    View l = view(m, &s->in.at[0], p, lane), r = view(m, &s->in.at[1], p, lane), k = view(m, &s->out.at[0], p, lane);
    int64_t d = INT64_C(1) << w->target_count, all = spread_bits(w, w->target, w->target_count, d - 1);
    for (int64_t i = 0; i < d * d; i++) {
        Complex sum = {0, 0};
        for (int64_t base = 0; base < INT64_C(1) << w->qubits; base++) {
            if (base & all || !controls_match(w, base)) continue;
            Complex x = get(&l, base | spread_bits(w, w->target, w->target_count, i / d));
            Complex y = get(&r, base | spread_bits(w, w->target, w->target_count, i % d));
            sum = plus(sum, times(x, conjugate(y)));
        }
        put(&k, i, masked(w, i, sum), s->over_outer);
    }
}

static void run_matmul(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    View a = view(m, &s->in.at[0], p, lane), b = view(m, &s->in.at[1], p, lane), y = view(m, &s->out.at[0], p, lane);
    for (int64_t i = 0; i < s->matmul.m; i++) {
        for (int64_t j = 0; j < s->matmul.n; j++) {
            Complex sum = {0, 0};
            for (int64_t n = 0; n < s->matmul.k; n++) {
                Complex x = get(&a, s->matmul.ta ? n * s->matmul.m + i : i * s->matmul.k + n);
                sum = plus(sum, times(x, get(&b, s->matmul.tb ? j * s->matmul.k + n : n * s->matmul.n + j)));
            }
            put(&y, i * s->matmul.n + j, sum, s->over_outer);
        }
    }
}

static void run_copy(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    View x = view(m, &s->in.at[0], p, lane), y = view(m, &s->out.at[0], p, lane);
    for (int64_t e = 0; e < s->count; e++) put(&y, e, get(&x, e), s->kind == STEP_lane_sum && lane > 0);
}

static void run_step(const Machine *m, const Step *s, int64_t p, int64_t lane)
{
    switch (s->kind) {
    case STEP_map: run_map(m, s, p, lane); return;
    case STEP_sparse: run_sparse(m, s, p, lane); return;
    case STEP_sum: run_sum(m, s, p, lane); return;
    case STEP_apply: run_apply(m, s, p, lane); return;
    case STEP_overlap: run_overlap(m, s, p, lane); return;
    case STEP_matmul: run_matmul(m, s, p, lane); return;
    case STEP_lane_sum:
    case STEP_copy: run_copy(m, s, p, lane); return;
    case STEP_none: break;
    }
    unreachable();
}

/* ---- kernels ---- */

static void run_gemm(const Machine *m, const Kernel *k)
{
    const double *a = base_of(m, k->gemm.a), *b = base_of(m, k->gemm.b);
    double *c = base_of(m, k->gemm.c);
    for (int64_t i = 0; i < k->gemm.m; i++) {
        for (int64_t j = 0; j < k->gemm.n; j++) {
            double sum = k->gemm.accumulate ? c[i * k->gemm.ldc + j] : 0;
            for (int64_t n = 0; n < k->gemm.k; n++) {
                double x = a[k->gemm.ta ? n * k->gemm.lda + i : i * k->gemm.lda + n];
                sum += x * b[k->gemm.tb ? j * k->gemm.ldb + n : n * k->gemm.ldb + j];
            }
            c[i * k->gemm.ldc + j] = sum;
        }
    }
}

static void run_kernel(const Machine *m, const Kernel *k)
{
    if (k->kind == KERNEL_gemm) {
        run_gemm(m, k);
        return;
    }
    for (uint32_t i = 0; i < k->steps.len; i++) {
        if (!k->steps.at[i].over_outer) continue;
        BufferId out = k->steps.at[i].out.at[0].buffer;
        memset(base_of(m, out), 0, sizeof(double) * (size_t)reals_of(m, buffer_of(m->k, out)));
    }
    for (int64_t p = 0; p < k->outer; p++) {
        for (uint32_t i = 0; i < k->steps.len; i++) {
            const Step *s = &k->steps.at[i];
            int64_t lanes = 1; /* shared work is done once */
            for (uint32_t n = 0; n < s->out.len; n++) {
                if (s->kind == STEP_lane_sum || buffer_of(m->k, s->out.at[n].buffer)->batched) lanes = m->k->lanes;
            }
            for (int64_t lane = 0; lane < lanes; lane++) run_step(m, s, p, lane);
        }
    }
}

/* The runtime's part: totals of what the chunks summed. */
static void add_partials(const Machine *m)
{
    for (uint32_t i = 0; i + 1 < m->k->buffers.len; i++) {
        const Buffer *total = &m->k->buffers.at[i]; /* its partial is the next one */
        if (total->role != RQ_ROLE_total) continue;
        int64_t n = reals_of(m, total);
        for (int64_t e = 0; e < n; e++) {
            double sum = 0;
            for (int64_t chunk = 0; chunk < m->chunks; chunk++) sum += m->memory[i + 1][chunk * n + e];
            m->memory[i][e] = sum;
        }
    }
}

static const double *bound(const Kernels *k, const char *name, const Binding *bindings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(bindings[i].name, name) == 0) return bindings[i].value;
    }
    ice(k->c, (Span){0, 0}, "'%s' is not bound", name);
}

/* input[chunk][real][lane] of value[sample][real] */
static void pack(const Machine *m, const Buffer *b, const char *name, const double *value, double *to)
{
    int64_t lanes = m->k->lanes, reals = reals_of(m, b) / lanes;
    for (int64_t i = 0; i < m->chunks * lanes; i++) {
        int64_t sample = i < m->samples ? i : m->samples - 1;
        bool is_weightless = i >= m->samples && strcmp(name, "weight") == 0;
        for (int64_t e = 0; e < reals; e++)
            to[(i / lanes * reals + e) * lanes + i % lanes] = is_weightless ? 0 : value[sample * reals + e];
    }
}

static double *filled(Arena *a, int64_t n)
{
    double *at = arena_array(a, double, n + 1);
    for (int64_t i = 0; i < n; i++) at[i] = NAN;
    return at;
}

static void bind(Machine *m, const Binding *bindings, size_t n, Arena *a)
{
    const Kernels *k = m->k;
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        const Buffer *b = &k->buffers.at[i];
        int64_t reals = reals_of(m, b);
        if (b->role == RQ_ROLE_thread || b->role == RQ_ROLE_kept || b->role == RQ_ROLE_shared) continue;
        bool per_chunk = b->batched || b->role == RQ_ROLE_partial;
        m->memory[i] = filled(a, reals * (per_chunk ? m->chunks : 1));
        if (b->role == RQ_ROLE_constant) {
            for (int64_t e = 0; e < b->elements; e++) {
                m->memory[i][b->is_complex ? 2 * e : e] = b->constant_re[e];
                if (b->is_complex) m->memory[i][2 * e + 1] = b->constant_im ? b->constant_im[e] : 0;
            }
        }
        if (!node_is(b->node)) continue; /* nothing reads this leaf */
        if (b->role == RQ_ROLE_param)
            memcpy(m->memory[i], bound(k, k->params.at[b->leaf], bindings, n), sizeof(double) * (size_t)reals);
        if (b->role == RQ_ROLE_input)
            pack(m, b, k->inputs.at[b->leaf], bound(k, k->inputs.at[b->leaf], bindings, n), m->memory[i]);
    }
    m->kept = filled(a, m->chunks * block_reals(m, k->kept_bytes));
    m->shared = filled(a, block_reals(m, k->shared_bytes));
    m->thread = filled(a, block_reals(m, k->thread_bytes));
}

static void unpack(const Machine *m, double **outputs)
{
    for (uint32_t i = 0; i < m->k->buffers.len; i++) {
        const Buffer *b = &m->k->buffers.at[i];
        if (b->role != RQ_ROLE_output) continue;
        int64_t lanes = b->batched ? m->k->lanes : 1, reals = reals_of(m, b) / lanes;
        for (int64_t s = 0; s < (b->batched ? m->samples : 1); s++) {
            for (int64_t e = 0; e < reals; e++)
                outputs[b->leaf][s * reals + e] = m->memory[i][(s / lanes * reals + e) * lanes + s % lanes];
        }
    }
}

void kernels_interpret(const Kernels *k, int64_t samples, const Binding *bindings, size_t n, double **outputs)
{
    Arena *a = arena_new("interpreter");
    Machine m = {.k = k, .samples = samples, .chunks = (samples + k->lanes - 1) / k->lanes};
    m.memory = arena_array(a, double *, k->buffers.len);
    bind(&m, bindings, n, a);
    for (uint32_t i = 0; i < k->phases.len; i++) {
        const Phase *phase = &k->phases.at[i];
        for (m.chunk = 0; m.chunk < (phase->per_chunk ? m.chunks : 1); m.chunk++) {
            int64_t thread = phase->per_chunk ? block_reals(&m, k->thread_bytes) : 0;
            for (int64_t e = 0; e < thread; e++) m.thread[e] = NAN;
            for (uint32_t j = 0; j < phase->kernels.len; j++) run_kernel(&m, &phase->kernels.at[j]);
        }
        m.chunk = 0;
        if (phase->per_chunk) add_partials(&m);
    }
    unpack(&m, outputs);
    arena_drop(a);
}
