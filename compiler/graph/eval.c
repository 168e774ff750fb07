/* eval.c: the values of a graph by plain loops in double precision; what compiled kernels are compared with.
 *
 * A value lies as [samples if batched][elements][2 if complex]. Nodes are computed in the order of their numbers.
 */
#include "graph/op.h"

#include <math.h>
#include <string.h>

struct Evaluation {
    Arena *arena;
    const Graph *g;
    int64_t samples;
    const double **value; /* NULL: not needed */
};

/* What an operation computes from: the values of its operands. */
typedef struct Call {
    const Graph *g;
    int64_t samples;
    const double *x[3];
} Call;

/* One operand: where element i of outer index o, sample s is. */
typedef struct In {
    const double *at;
    const Type *type;
    int64_t count, parts; /* elements for one sample; 2 if complex */
} In;

static In operand(const Call *e, const Node *n, int k)
{
    const Type *t = type_of(e->g, n->arg[k]);
    return (In){e->x[k], t, type_count(t), t->is_complex ? 2 : 1};
}

/* First element of the inner part for sample s and outer index o; a shared or not mapped operand has just one. */
static const double *inner_of(In x, int64_t s, int64_t o)
{
    int64_t sample = x.type->batched ? s : 0, first = x.type->outer ? o * type_inner(x.type) : 0;
    return x.at + (sample * x.count + first) * x.parts;
}

static int64_t samples_of(const Call *e, const Type *t) { return t->batched ? e->samples : 1; }

/* ---- element-wise ---- */

static double real_value(Op op, double a, double b, double c)
{
    switch ((int)op) { /* element-wise rows only */
    case OP_neg: return -a;
    case OP_sin: return sin(a);
    case OP_cos: return cos(a);
    case OP_exp: return exp(a);
    case OP_log: return log(a);
    case OP_sqrt: return sqrt(a);
    case OP_tanh: return tanh(a);
    case OP_abs: return fabs(a);
    case OP_step: return a >= 0;
    case OP_abs2: return a * a;
    case OP_add: return a + b;
    case OP_sub: return a - b;
    case OP_mul: return a * b;
    case OP_div: return a / b;
    case OP_max: return a >= b ? a : b;
    case OP_min: return b >= a ? a : b;
    case OP_select: return a != 0 ? b : c;
    }
    unreachable();
}

/* Rows that meet complex values; y is [1] for re, im, abs2. */
static void complex_value(Op op, const double a[2], const double b[2], double *y)
{
    switch ((int)op) { /* rows of kind CPLX, TO_REAL, TO_CPLX only */
    case OP_neg: y[0] = -a[0], y[1] = -a[1]; return;
    case OP_conj: y[0] = a[0], y[1] = -a[1]; return;
    case OP_re: y[0] = a[0]; return;
    case OP_im: y[0] = a[1]; return;
    case OP_abs2: y[0] = a[0] * a[0] + a[1] * a[1]; return;
    case OP_add: y[0] = a[0] + b[0], y[1] = a[1] + b[1]; return;
    case OP_sub: y[0] = a[0] - b[0], y[1] = a[1] - b[1]; return;
    case OP_mul: y[0] = a[0] * b[0] - a[1] * b[1], y[1] = a[0] * b[1] + a[1] * b[0]; return;
    case OP_cplx: y[0] = a[0], y[1] = b[0]; return;
    }
    unreachable();
}

static void eval_elementwise(const Call *e, const Node *n, double *y)
{
    In in[3] = {0};
    bool is_complex = n->type.is_complex;
    for (int k = 0; k < n->arity; k++) {
        in[k] = operand(e, n, k);
        is_complex |= in[k].type->is_complex;
    }
    int64_t outer = type_outer(&n->type), inner = type_inner(&n->type), parts = n->type.is_complex ? 2 : 1;
    for (int64_t s = 0; s < samples_of(e, &n->type); s++) {
        for (int64_t i = 0; i < outer * inner; i++, y += parts) {
            double v[3][2] = {{0}};
            for (int k = 0; k < n->arity; k++)
                memcpy(v[k], inner_of(in[k], s, i / inner) + i % inner * in[k].parts, sizeof(double) * (size_t)in[k].parts);
            if (is_complex) complex_value(n->op, v[0], v[1], y);
            else *y = real_value(n->op, v[0][0], v[1][0], v[2][0]);
        }
    }
}

/* ---- structure ---- */

static void eval_sparse(const Call *e, const Node *n, double *y)
{
    In x = operand(e, n, 0);
    const SparseMap *m = n->map;
    int64_t blocks = samples_of(e, &n->type) * (m->inner ? type_outer(&n->type) : 1);
    bool to_complex = n->type.is_complex;
    for (int64_t b = 0; b < blocks; b++) {
        const double *from = x.at + b * m->cols * x.parts;
        for (int64_t i = 0; i < m->rows; i++) {
            double sum_re = 0, sum_im = 0;
            for (int64_t k = m->start[i]; k < m->start[i + 1]; k++) {
                const double *at = from + m->index[k] * x.parts;
                double c_im = m->im ? m->im[k] : 0, x_im = x.parts == 2 ? at[1] : 0;
                sum_re += m->re[k] * at[0] - c_im * x_im;
                sum_im += m->re[k] * x_im + c_im * at[0];
            }
            *y++ = sum_re;
            if (to_complex) *y++ = sum_im;
        }
    }
}

/* Extents [pre, mid, post] of the larger type of a broadcast or sum; a complex element's parts count into post. */
typedef struct Extents {
    int64_t pre, mid, post;
} Extents;

static Extents extents_of(const Type *t, const Node *n)
{
    Extents x = {1, 1, 1};
    for (int i = 0; i < t->rank; i++) *(i < n->axes.pre ? &x.pre : i < t->rank - n->axes.post ? &x.mid : &x.post) *= t->dim[i];
    return x;
}

static void eval_broadcast(const Call *e, const Node *n, double *y)
{
    In x = operand(e, n, 0);
    Extents ext = extents_of(&n->type, n);
    size_t bytes = sizeof(double) * (size_t)x.parts;
    for (int64_t s = 0; s < samples_of(e, &n->type); s++)
        for (int64_t i = 0; i < ext.pre * ext.mid * ext.post; i++, y += x.parts)
            memcpy(y, x.at + (s * x.count + i / ext.post % ext.mid) * x.parts, bytes);
}

static void eval_sum(const Call *e, const Node *n, double *y)
{
    In x = operand(e, n, 0);
    Extents ext = extents_of(x.type, n);
    for (int64_t s = 0; s < samples_of(e, &n->type); s++, y += ext.mid * x.parts)
        for (int64_t i = 0; i < x.count * x.parts; i++)
            y[i / (ext.post * x.parts) % ext.mid * x.parts + i % x.parts] += x.at[s * x.count * x.parts + i];
}

static void eval_batch_sum(const Call *e, const Node *n, double *y)
{
    In x = operand(e, n, 0);
    for (int64_t i = 0; i < e->samples * x.count * x.parts; i++) y[i % (x.count * x.parts)] += x.at[i];
}

static void eval_to_batch(const Call *e, const Node *n, double *y)
{
    In x = operand(e, n, 0);
    for (int64_t i = 0; i < e->samples * x.count * x.parts; i++) y[i] = x.at[i % (x.count * x.parts)];
}

static void eval_copy(const Call *e, const Node *n, double *y)
{
    In x = operand(e, n, 0);
    memcpy(y, x.at, sizeof(double) * (size_t)(samples_of(e, &n->type) * x.count * x.parts));
}

/* ---- matrices and states ---- */

/* y += a * b or conj(a) * b */
static void add_product(double y[2], const double a[2], const double b[2], bool conj_a)
{
    double a_im = conj_a ? -a[1] : a[1];
    y[0] += a[0] * b[0] - a_im * b[1];
    y[1] += a[0] * b[1] + a_im * b[0];
}

static void matrix_product(const Node *n, In a, const double *at_a, In b, const double *at_b, int64_t inner, double *y)
{
    int64_t rows = n->type.dim[n->type.rank - 2], cols = n->type.dim[n->type.rank - 1];
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < cols; c++) {
            double sum_here[2] = {0};
            for (int64_t k = 0; k < inner; k++) {
                double va[2] = {0}, vb[2] = {0};
                memcpy(va, at_a + (n->matmul.ta ? k * rows + r : r * inner + k) * a.parts, sizeof(double) * (size_t)a.parts);
                memcpy(vb, at_b + (n->matmul.tb ? c * inner + k : k * cols + c) * b.parts, sizeof(double) * (size_t)b.parts);
                add_product(sum_here, va, vb, false);
            }
            *y++ = sum_here[0];
            if (n->type.is_complex) *y++ = sum_here[1];
        }
    }
}

static void eval_matmul(const Call *e, const Node *n, double *y)
{
    In a = operand(e, n, 0), b = operand(e, n, 1);
    int64_t rows = n->type.dim[n->type.rank - 2], cols = n->type.dim[n->type.rank - 1];
    int64_t inner = a.type->dim[a.type->rank - (n->matmul.ta ? 2 : 1)];
    int64_t outer = type_outer(&n->type), lead = type_inner(&n->type) / (rows * cols);
    for (int64_t s = 0; s < samples_of(e, &n->type); s++) {
        for (int64_t i = 0; i < outer * lead; i++, y += rows * cols * (n->type.is_complex ? 2 : 1)) {
            int64_t at_a = a.type->rank > a.type->outer + 2 ? i % lead : 0, at_b = b.type->rank > b.type->outer + 2 ? i % lead : 0;
            matrix_product(n, a, inner_of(a, s, i / lead) + at_a * rows * inner * a.parts, b,
                           inner_of(b, s, i / lead) + at_b * inner * cols * b.parts, inner, y);
        }
    }
}

/* The index of a basis state with its target bits set to t, most significant first. */
static int64_t with_targets(const Wires *w, int64_t index, int64_t t)
{
    for (int k = 0; k < w->target_count; k++) {
        int64_t bit = INT64_C(1) << (w->qubits - 1 - w->target[k]);
        index = t >> (w->target_count - 1 - k) & 1 ? index | bit : index & ~bit;
    }
    return index;
}

static bool controls_match(const Wires *w, int64_t index)
{
    for (int k = 0; k < w->control_count; k++) {
        if ((index >> (w->qubits - 1 - w->control[k]) & 1) != (w->control_values >> k & 1)) return false;
    }
    return true;
}

/* Where a matrix acts: groups of d amplitudes that it mixes, their indices in the order of the matrix; and those that the controls
 * leave alone. */
typedef struct Places {
    int64_t d, groups, alone_count;
    int64_t *index, *alone;
} Places;

static Places places_of(Arena *a, const Wires *w)
{
    int64_t amplitudes = INT64_C(1) << w->qubits;
    Places p = {.d = INT64_C(1) << w->target_count};
    p.index = arena_array(a, int64_t, amplitudes);
    p.alone = arena_array(a, int64_t, amplitudes);
    for (int64_t i = 0; i < amplitudes; i++) {
        if (!controls_match(w, i)) {
            p.alone[p.alone_count++] = i;
        } else if (with_targets(w, i, 0) == i) { /* all values of the targets at once, from the first */
            for (int64_t t = 0; t < p.d; t++) p.index[p.groups * p.d + t] = with_targets(w, i, t);
            p.groups++;
        }
    }
    return p;
}

static void masked(const Wires *w, int64_t entry, const double m[2], double out[2])
{
    int part = w->pattern ? w->pattern[entry] : PART_re | PART_im;
    out[0] = part & PART_re ? m[0] : 0;
    out[1] = part & PART_im ? m[1] : 0;
}

static void apply_one(const Wires *w, const Places *p, const double *m, const double *psi, double *y)
{
    for (int64_t i = 0; i < p->alone_count && !w->zero_outside; i++)
        memcpy(y + 2 * p->alone[i], psi + 2 * p->alone[i], 2 * sizeof *y);
    for (int64_t r = 0; r < p->d; r++) {
        for (int64_t c = 0; c < p->d; c++) {
            double entry[2];
            int64_t at = w->dagger ? c * p->d + r : r * p->d + c;
            masked(w, at, m + 2 * at, entry);
            for (const int64_t *g = p->index; g < p->index + p->groups * p->d; g += p->d)
                add_product(y + 2 * g[r], entry, psi + 2 * g[c], w->dagger);
        }
    }
}

static void overlap_one(const Wires *w, const Places *p, const double *l, const double *psi, double *y)
{
    for (int64_t r = 0; r < p->d; r++) {
        for (int64_t c = 0; c < p->d; c++) {
            double total[2] = {0};
            for (const int64_t *g = p->index; g < p->index + p->groups * p->d; g += p->d)
                add_product(total, psi + 2 * g[c], l + 2 * g[r], true);
            masked(w, r * p->d + c, total, y + 2 * (r * p->d + c));
        }
    }
}

static void eval_state(const Call *e, const Node *n, double *y)
{
    In a = operand(e, n, 0), b = operand(e, n, 1);
    int64_t outer = type_outer(&n->type), inner = type_inner(&n->type);
    ArenaMark mark = arena_mark(e->g->c->scratch);
    Places p = places_of(e->g->c->scratch, n->wires);
    for (int64_t s = 0; s < samples_of(e, &n->type); s++) {
        for (int64_t o = 0; o < outer; o++, y += 2 * inner)
            (n->op == OP_apply ? apply_one : overlap_one)(n->wires, &p, inner_of(a, s, o), inner_of(b, s, o), y);
    }
    arena_reset(e->g->c->scratch, mark);
}

/* ---- all of it ---- */

static const char *leaf_name(const Graph *g, const Node *n)
{
    return (n->op == OP_param ? g->params.at : g->inputs.at)[n->index].name;
}

static const double *bound(const Evaluation *e, const Node *n, const Binding *bindings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(bindings[i].name, leaf_name(e->g, n))) return bindings[i].value;
    }
    return NULL;
}

static void eval_constant(const Node *n, double *y)
{
    for (int64_t i = 0; i < type_count(&n->type); i++) {
        *y++ = n->constant.re[i];
        if (n->constant.im) *y++ = n->constant.im[i];
    }
}

static void compute(const Call *e, const Node *n, double *y)
{
    if (op_rows[n->op].traits & ELEMENTWISE) {
        eval_elementwise(e, n, y);
        return;
    }
    switch ((int)n->op) { /* neither element-wise nor bound */
    case OP_constant: eval_constant(n, y); return;
    case OP_reshape:
    case OP_detach: eval_copy(e, n, y); return;
    case OP_sparse: eval_sparse(e, n, y); return;
    case OP_broadcast: eval_broadcast(e, n, y); return;
    case OP_sum: eval_sum(e, n, y); return;
    case OP_batch_sum: eval_batch_sum(e, n, y); return;
    case OP_to_batch: eval_to_batch(e, n, y); return;
    case OP_matmul: eval_matmul(e, n, y); return;
    case OP_apply:
    case OP_overlap: eval_state(e, n, y); return;
    }
    unreachable();
}

void eval_shared(const Graph *g, const Node *n, const double *const x[3], double *y)
{
    Call call = {.g = g, .samples = 1, .x = {x[0], x[1], x[2]}};
    compute(&call, n, y);
}

/* Whether the value of node i has to be computed: leaves with a new binding and what depends on what changed. */
static bool differs(const Evaluation *e, const Evaluation *base, const bool *changed, const Node *n, const Binding *bindings,
                    size_t count)
{
    if (n->op == OP_param || n->op == OP_input) return bound(e, n, bindings, count) != NULL;
    for (int k = 0; k < n->arity; k++)
        if (changed[n->arg[k].i]) return true;
    return !base->value[n - e->g->nodes.at];
}

static const double *value_of(Evaluation *e, const Node *n, const Binding *bindings, size_t count)
{
    if (n->op == OP_param || n->op == OP_input) {
        const double *value = bound(e, n, bindings, count);
        if (!value) ice(e->g->c, n->span, "'%s' is not bound", leaf_name(e->g, n));
        return value;
    }
    int64_t size = (n->type.batched ? e->samples : 1) * type_count(&n->type) * (n->type.is_complex ? 2 : 1);
    double *y = arena_array(e->arena, double, size ? size : 1);
    Call call = {.g = e->g, .samples = e->samples};
    for (int k = 0; k < n->arity; k++) call.x[k] = e->value[n->arg[k].i];
    compute(&call, n, y);
    return y;
}

static Evaluation *evaluate(const Graph *g, int64_t samples, const Evaluation *base, const Binding *bindings, size_t n,
                            const NodeId *wanted, size_t wanted_count)
{
    Arena *arena = arena_new("eval");
    Evaluation *e = arena_make(arena, Evaluation);
    *e = (Evaluation){arena, g, samples, arena_array(arena, const double *, g->nodes.len)};
    bool *needed = arena_array(arena, bool, g->nodes.len), *changed = arena_array(arena, bool, g->nodes.len);
    for (size_t i = 0; i < wanted_count; i++) needed[wanted[i].i] = true;
    for (uint32_t i = g->nodes.len - 1; i > 0; i--) {
        for (int k = 0; k < g->nodes.at[i].arity && needed[i]; k++) needed[g->nodes.at[i].arg[k].i] = true;
    }
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        const Node *node = &g->nodes.at[i];
        if (op_rows[node->op].traits & LEAF && node->op != OP_constant) /* also those that only a later evaluation needs */
            e->value[i] = base ? base->value[i] : bound(e, node, bindings, n);
        if (!needed[i]) continue;
        changed[i] = !base || differs(e, base, changed, node, bindings, n);
        e->value[i] = changed[i] ? value_of(e, node, bindings, n) : base->value[i];
    }
    return e;
}

Evaluation *eval(Compiler *c, const Graph *g, int64_t samples, const Binding *bindings, size_t n, const NodeId *wanted,
                 size_t wanted_count)
{
    (void)c;
    return evaluate(g, samples, NULL, bindings, n, wanted, wanted_count);
}

Evaluation *eval_again(const Evaluation *base, const Binding *changed, size_t n, const NodeId *wanted, size_t wanted_count)
{
    return evaluate(base->g, base->samples, base, changed, n, wanted, wanted_count);
}

const double *evaluation_of(const Evaluation *e, NodeId n) { return e->value[n.i]; }

void evaluation_drop(Evaluation *e)
{
    if (e) arena_drop(e->arena);
}
