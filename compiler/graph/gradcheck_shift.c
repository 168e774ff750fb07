/* gradcheck_shift.c: gradients by shifted arguments, one occurrence of an argument at a time.
 *
 * A gate exp(-i t G), controlled or not, makes every expectation a trigonometric polynomial in t
 * whose frequencies are the positive differences w_1..w_R of G's eigenvalues (with controls, 0 is
 * one of them):
 *
 *     E(t + s) - E(t - s) = 2 sum_k b_k sin(w_k s),   dE/dt = sum_k w_k b_k
 *
 * R shifts s give R equations for the b. The rule holds for expectations, not for the loss: dL/dE
 * comes from reverse mode, and what the argument itself is made of, too. Everything between, the
 * states, is checked.
 */
#include <math.h>
#include <string.h>

#include "graph/gate_matrix.h"
#include "graph/gradcheck_run.h"

enum { MOST_FREQUENCIES = 16 };

/* ---- the spectrum of a generator ---- */

/* Eigenvalues of a symmetric n x n matrix by Jacobi rotations, in place on the diagonal. */
static void diagonalise(double *m, int n)
{
    for (int sweep = 0; sweep < 50; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (fabs(m[p * n + q]) < 1e-15) continue;
                double angle = 0.5 * atan2(2 * m[p * n + q], m[q * n + q] - m[p * n + p]),
                       c = cos(angle), s = sin(angle);
                for (int k = 0; k < n; k++) {
                    double a = m[k * n + p], b = m[k * n + q];
                    m[k * n + p] = c * a - s * b;
                    m[k * n + q] = s * a + c * b;
                }
                for (int k = 0; k < n; k++) {
                    double a = m[p * n + k], b = m[q * n + k];
                    m[p * n + k] = c * a - s * b;
                    m[q * n + k] = s * a + c * b;
                }
            }
}

static int insert_frequency(double *w, int count, double value)
{
    if (value < 1e-9) return count;
    for (int i = 0; i < count; i++)
        if (fabs(w[i] - value) < 1e-9) return count;
    w[count] = value;
    return count + 1;
}

/* Positive differences of the eigenvalues; returns how many. A Hermitian A + iB is the symmetric
 * [[A, -B], [B, A]]. */
static int frequencies(const GateMatrix *row, bool controlled, double *w)
{
    int d = row->dim, n = 2 * d, count = 0;
    double m[64], value[9];
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++) {
            double complex g = row->g[i * d + j];
            m[i * n + j] = m[(i + d) * n + j + d] = creal(g);
            m[(i + d) * n + j] = cimag(g);
            m[i * n + j + d] = -cimag(g);
        }
    diagonalise(m, n);
    for (int i = 0; i < n; i++) value[i] = m[i * n + i];
    if (controlled) value[n++] = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n && count < MOST_FREQUENCIES; j++)
            count = insert_frequency(w, count, value[i] - value[j]);
    return count;
}

/* Solves a x = b for n x n a by elimination with pivots. */
static void solve(double *a, double *b, int n)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[pivot * n + k])) pivot = i;
        for (int j = 0; j < n; j++) {
            double t = a[k * n + j];
            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = t;
        }
        double t = b[k];
        b[k] = b[pivot];
        b[pivot] = t;
        for (int i = 0; i < n; i++) {
            double f = i == k ? 0 : a[i * n + k] / a[k * n + k];
            for (int j = 0; j < n; j++) a[i * n + j] -= f * a[k * n + j];
            b[i] -= f * b[k];
        }
    }
    for (int k = 0; k < n; k++) b[k] /= a[k * n + k];
}

/* Shifts s and weights with dE/dt = sum weight (E(t + s) - E(t - s)); returns how many. */
static int shift_rule(const GateApp *gate, double *s, double *weight)
{
    double w[MOST_FREQUENCIES], a[MOST_FREQUENCIES * MOST_FREQUENCIES], least = INFINITY;
    int n = frequencies(gate_matrix(gate->gate), gate->control_count > 0, w);
    for (int k = 0; k < n; k++) least = fmin(least, w[k]);
    for (int i = 0; i < n; i++) s[i] = (2 * i + 1) * M_PI / (2 * n * least);
    /* weights solve sum_i weight_i 2 sin(w_k s_i) = w_k for every k */
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < n; i++) a[k * n + i] = 2 * sin(w[k] * s[i]);
        weight[k] = w[k];
    }
    solve(a, weight, n);
    return n;
}

/* ---- which sites there are ---- */

static bool has_param(const Sx *x)
{
    return x && (x->kind == SX_param || has_param(x->a) || has_param(x->b));
}

static bool reads_group(const Run *r, const Sx *x, GroupId root)
{
    if (!x) return false;
    if (x->kind == SX_param && r->l->group[x->group.i - 1].i == r->l->group[root.i - 1].i)
        return true;
    return reads_group(r, x->a, root) || reads_group(r, x->b, root);
}

static bool is_quantum(const Stage *s) { return s->kind >= STAGE_encode && s->kind <= STAGE_quanv; }

/* A channel of the circuit reads the group: the rule says nothing of its argument. */
static bool in_channel(const Run *r, const CircuitInst *circuit, GroupId group)
{
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++)
        if (circuit->gates.at[i].gate > GATE_unitary && reads_group(r, circuit->gates.at[i].arg, group)) return true;
    return false;
}

static bool in_channels(const Run *r, const Stage *s, GroupId group)
{
    bool any = false;
    if (is_quantum(s)) any = in_channel(r, s->quantum.circuit, group) || (s->quantum.encoding && in_channel(r, s->quantum.encoding->circuit, group));
    if (s->kind != STAGE_dissipative) return any;
    for (uint32_t j = 0; s->dissipative.perceptron && j < s->dissipative.count; j++) any |= in_channel(r, s->dissipative.perceptron[j], group);
    return any || in_channel(r, s->dissipative.circuit, group);
}

/* Expectations that a state leaving `stage` ends in. False: some part of it is not measured. */
static bool follow(Run *r, StageId stage, Site *site)
{
    const ModelInst *m = r->in->model;
    if (m->output.i == stage.i) return false;
    for (uint32_t i = stage.i; i < m->stages.len; i++)
        for (uint32_t k = 0; k < m->stages.at[i].operand_count; k++) {
            const Stage *s = &m->stages.at[i];
            if (s->operand[k].i != stage.i) continue;
            if (s->type.kind != VALUE_real) {
                if (!follow(r, (StageId){i + 1}, site)) return false;
            } else {
                if (!is_quantum(s)) return false;
                site->values = arena_grow(r->a, site->values, site->count * sizeof(NodeId),
                                          (site->count + 1) * sizeof(NodeId));
                site->values[site->count++] = r->l->expectation[i];
            }
        }
    return true;
}

static bool find_values(Run *r, Site *site)
{
    if (!node_is(site->at->values)) return follow(r, site->at->stage, site);
    site->values = arena_alloc(r->a, sizeof(NodeId));
    site->values[0] = site->at->values;
    site->count = 1;
    return true;
}

bool shift_covers(const Run *r, GroupId group)
{
    const ModelInst *m = r->in->model;
    bool any = false;
    if (group_of(m, group)->is_unitary) return false;
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        for (uint32_t k = 0; k < s->group_count; k++) {
            if (r->l->group[s->group[k].i - 1].i != r->l->group[group.i - 1].i) continue;
            if (in_channels(r, s, group)) return false;
            if (s->kind == STAGE_dissipative) continue;
            if (!is_quantum(s)) return false;
            const ObservableInst *o = s->quantum.observable;
            for (uint32_t y = 0; o && y < o->yields.len; y++)
                for (uint32_t t = 0; t < o->yields.at[y].terms.len; t++)
                    if (reads_group(r, o->yields.at[y].terms.at[t].coefficient, group))
                        return false;
        }
    }
    for (uint32_t i = 0; i < r->l->shifts.len; i++) {
        const ShiftSite *at = &r->l->shifts.at[i];
        if (!reads_group(r, at->gate->arg, group)) continue;
        bool followed = false;
        for (uint32_t k = 0; k < r->sites.len; k++) followed |= r->sites.at[k].at == at;
        if (!followed) return false;
        any = true;
    }
    return any;
}

/* ---- the rule ---- */

/* How many numbers a node has when evaluated. */
static int64_t size_of(const Run *r, NodeId n)
{
    const Type *t = type_of(r->g, n);
    return type_count(t) * (t->is_complex ? 2 : 1) * (t->batched ? r->in->samples : 1);
}

void shift_prepare(Run *r)
{
    for (uint32_t i = 0; i < r->l->shifts.len; i++) {
        Site site = {.at = &r->l->shifts.at[i]};
        if (has_param(site.at->gate->arg) && find_values(r, &site)) vec_push(r->a, &r->sites, site);
    }
    NodeId *arguments = arena_alloc(r->a, (r->sites.len + 1) * sizeof *arguments);
    NodeId *seeds = arena_alloc(r->a, (r->sites.len + 1) * sizeof *seeds);
    for (uint32_t i = 0; i < r->sites.len; i++) {
        Site *site = &r->sites.at[i];
        site->adjoint = arena_alloc(r->a, (site->count + 1) * sizeof *site->adjoint);
        gradient(r->g, r->l->mean_loss, site->values, site->count, site->adjoint, (GradOptions){0});
        Type t = *type_of(r->g, site->at->argument);
        site->seed_name = arena_printf(r->a, "#seed%u", i);
        site->seed = t.batched ? graph_input(r->g, site->seed_name, t)
                               : graph_param(r->g, site->seed_name, t);
        arguments[i] = site->at->argument;
        seeds[i] = site->seed;
        double *zeros = arena_alloc(r->a, (size_t)size_of(r, site->seed) * sizeof *zeros);
        vec_push(r->a, &r->bindings, (Binding){site->seed_name, zeros});
    }
    uint32_t groups = r->in->model->groups.len;
    r->shifted = arena_alloc(r->a, (groups + 1) * sizeof *r->shifted);
    if (r->sites.len)
        pullback(r->g, arguments, seeds, r->sites.len, r->l->group, groups, r->shifted,
                 (GradOptions){0});
    double *none = arena_alloc(r->a, (size_t)size_of(r, r->l->shift) * sizeof *none);
    vec_push(r->a, &r->bindings, (Binding){"#shift", none});
}

/* seed += factor * sum_k dL/dE_k E_k at the shifted argument, summed over what the argument does
 * not distinguish. */
static void add_shifted(Run *r, const Site *site, double shift, double factor, double *seed)
{
    double *shifts = arena_alloc(r->c->scratch, (size_t)size_of(r, r->l->shift) * sizeof *shifts);
    shifts[site->at->index] = shift;
    Evaluation *e = eval_again(r->base, &(Binding){"#shift", shifts}, 1, site->values, site->count);
    int64_t seeds = size_of(r, site->seed);
    for (uint32_t v = 0; v < site->count; v++) {
        const double *value = evaluation_of(e, site->values[v]),
                     *adjoint = evaluation_of(r->base, site->adjoint[v]);
        int64_t count = size_of(r, site->values[v]),
                each = count / seeds; /* seeds: 1, samples, or samples x maps */
        for (int64_t i = 0; i < count; i++) seed[i / each] += factor * value[i] * adjoint[i];
    }
    evaluation_drop(e);
}

const double **shift_gradients(Run *r)
{
    uint32_t groups = r->in->model->groups.len, n = r->sites.len;
    const double **out = arena_alloc(r->c->keep, (groups + 1) * sizeof *out);
    if (!n) return out;
    Binding *bindings = arena_alloc(r->a, n * sizeof *bindings);
    for (uint32_t i = 0; i < n; i++) {
        const Site *site = &r->sites.at[i];
        double s[MOST_FREQUENCIES], weight[MOST_FREQUENCIES];
        double *seed = arena_alloc(r->a, (size_t)size_of(r, site->seed) * sizeof *seed);
        int shifts = shift_rule(site->at->gate, s, weight);
        ArenaMark mark = arena_mark(r->c->scratch);
        for (int k = 0; k < shifts; k++) {
            add_shifted(r, site, s[k], weight[k], seed);
            add_shifted(r, site, -s[k], -weight[k], seed);
        }
        arena_reset(r->c->scratch, mark);
        bindings[i] = (Binding){site->seed_name, seed};
    }
    Evaluation *e = eval_again(r->base, bindings, n, r->shifted, groups);
    for (uint32_t i = 0; i < groups; i++) {
        if (!shift_covers(r, (GroupId){i + 1})) continue;
        size_t bytes = (size_t)size_of(r, r->shifted[i]) * sizeof(double);
        out[i] = arena_grow(r->c->keep, evaluation_of(e, r->shifted[i]), bytes, bytes);
    }
    evaluation_drop(e);
    return out;
}
