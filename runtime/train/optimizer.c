/* optimizer.c: sgd, adam, adamw and matrix_step.
 *
 *     sgd    v = momentum v + g;  w -= rate v                                     (plain w -= rate g without momentum)
 *     adam   m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  w -= rate mh / (sqrt(vh) + eps)   Kingma, Ba, arXiv 1412.6980
 *     adamw  adam after w -= rate weight_decay w                                   Loshchilov, Hutter, arXiv 1711.05101
 * with mh = m / (1 - b1^t), vh = v / (1 - b2^t). sgd and adam add weight_decay w to g.
 *
 * A unitary matrix V moves along its manifold, V <- exp(-D) V with a skew-Hermitian D made of the tangent K of the loss:
 *     sgd          M = momentum M + K;  D = rate M
 *     adam, adamw  M = b1 M + (1-b1) K;  v = b2 v + (1-b2) |K|^2/d^2, one number for the matrix, which has d^2 real dimensions;
 *                  D = rate Mh / (sqrt(vh) + eps)                 after Becigneul, Ganea, arXiv 1810.00760; no weight decay, |V| is fixed
 *     matrix_step  D = eta epsilon 2^inputs K                     Beer et al., Nat. Commun. 11:808 (2020)
 * Tangents are kept as matrices on the left of V, where the manifold's metric is the same everywhere.
 */
#include "train/optimizer.h"

#include <math.h>
#include <string.h>

#include "unitary.h"

static const struct {
    const char *name;
    int slots;
} rows[] = {
    {"", 0},
#define OPTIMIZER(name, slots) {#name, slots},
#include "train/optimizer.def"
#undef OPTIMIZER
};

rq_optimizer_kind rq_optimizer_named(const char *name)
{
    for (size_t i = 1; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].name, name)) return (rq_optimizer_kind)i;
    return RQ_OPTIMIZER_none;
}

const char *rq_optimizer_name(rq_optimizer_kind kind) { return rows[kind].name; }

const char *rq_optimizer_slot_name(const rq_optimizer *o, int slot)
{
    if (rq_optimizer_of_reals(o) == RQ_OPTIMIZER_sgd) return "momentum";
    return slot == 0 ? "m" : "v";
}

rq_optimizer_kind rq_optimizer_of_reals(const rq_optimizer *o)
{
    return o->kind == RQ_OPTIMIZER_matrix_step ? o->others : o->kind;
}

/* Slots of a group: matrix_step remembers nothing. */
static int slots_of(const rq_optimizer *o, const rq_param *info)
{
    return rows[info->is_unitary ? o->kind : rq_optimizer_of_reals(o)].slots;
}

/* Rows of the unitary matrices of a group. */
static int64_t side_of(const rq_param *info) { return info->dims[info->rank - 2]; }

static bool work_new(const rq_model *m, rq_optimizer_state *out, rq_error *err)
{
    int64_t side = 0;
    for (int i = 0; i < m->param_count; i++)
        if (m->params[i].is_unitary && side_of(&m->params[i]) > side) side = side_of(&m->params[i]);
    if (!side) return true;
    out->work = rq_alloc_array(rq_unitary_work(side) + (size_t)(4 * side * side), sizeof(double), "the optimizer's work", err);
    return out->work != NULL;
}

bool rq_optimizer_state_new(const rq_optimizer *o, const rq_params *p, rq_optimizer_state *out, rq_error *err)
{
    const rq_model *m = p->model;
    *out = (rq_optimizer_state){.slots = rows[rq_optimizer_of_reals(o)].slots};
    size_t pointers = (size_t)out->slots * (size_t)m->param_count;
    out->slot = rq_alloc_array(pointers, sizeof(void *), "the optimizer's state", err);
    if (!out->slot || !work_new(m, out, err)) {
        rq_optimizer_state_free(out, p);
        return false;
    }
    for (int i = 0; i < m->param_count; i++) {
        if (m->params[i].frozen || m->params[i].tied_to >= 0 || m->params[i].momentum > 0) continue;
        for (int k = 0; k < slots_of(o, &m->params[i]); k++) {
            void *slot = rq_alloc_array((uint64_t)m->params[i].count, (uint64_t)m->real_bytes, "the optimizer's state", err);
            if (!slot) {
                rq_optimizer_state_free(out, p);
                return false;
            }
            out->slot[k * m->param_count + i] = slot;
        }
    }
    return true;
}

void rq_optimizer_state_free(rq_optimizer_state *s, const rq_params *p)
{
    if (!s->slot) return;
    for (int i = 0; i < s->slots * p->model->param_count; i++) rq_free(s->slot[i]);
    rq_free(s->slot);
    rq_free(s->work);
    *s = (rq_optimizer_state){0};
}

static double get(const void *values, int64_t i, int real_bytes)
{
    return real_bytes == 4 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

static void set(void *values, int64_t i, int real_bytes, double x)
{
    if (real_bytes == 4) ((float *)values)[i] = (float)x;
    else ((double *)values)[i] = x;
}

/* What does not change from one number to the next of one step. */
typedef struct Adam {
    double rate, decay, shrink; /* decay: added to g; shrink: the factor of w before its step */
    double beta1, beta2, unbias1, unbias2, eps;
} Adam;

/* Both in the precision of the parameters. */
#define STEPS(real, root, sgd, adam)                                                                                   \
    RQ_CLONES static void sgd(const rq_optimizer *o, real *w, const real *gradient, real *momentum, int64_t n)         \
    {                                                                                                                  \
        real rate = (real)o->rate, decay = (real)o->weight_decay, kept = (real)o->momentum;                            \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            momentum[i] = kept * momentum[i] + (gradient[i] + decay * w[i]);                                           \
            w[i] -= rate * momentum[i];                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    RQ_CLONES static void adam(const Adam *a, real *restrict w, const real *restrict gradient, real *restrict m,       \
                               real *restrict v, int64_t n)                                                            \
    {                                                                                                                  \
        real rate = (real)a->rate, decay = (real)a->decay, shrink = (real)a->shrink, eps = (real)a->eps;               \
        real keep1 = (real)a->beta1, keep2 = (real)a->beta2, take1 = (real)(1 - a->beta1), take2 = (real)(1 - a->beta2); \
        real unbias1 = (real)a->unbias1, unbias2 = (real)a->unbias2;                                                   \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            real x = shrink * w[i], g = gradient[i] + decay * w[i];                                                    \
            m[i] = keep1 * m[i] + take1 * g;                                                                           \
            v[i] = keep2 * v[i] + take2 * g * g;                                                                       \
            w[i] = x - rate * (unbias1 * m[i]) / (root(unbias2 * v[i]) + eps);                                         \
        }                                                                                                              \
    }
STEPS(float, sqrtf, sgd_f32, adam_f32)
STEPS(double, sqrt, sgd_f64, adam_f64)

static void step_sgd(const rq_optimizer *o, void *w, const void *gradient, void *momentum, int64_t n, int bytes)
{
    if (bytes == 4) sgd_f32(o, w, gradient, momentum, n);
    else sgd_f64(o, w, gradient, momentum, n);
}

static void step_adam(const rq_optimizer *o, bool decoupled, int64_t t, void *w, const void *gradient, void *m, void *v,
                      int64_t n, int bytes)
{
    Adam a = {.rate = o->rate, .decay = decoupled ? 0 : o->weight_decay, .shrink = decoupled ? 1 - o->rate * o->weight_decay : 1,
              .beta1 = o->beta1, .beta2 = o->beta2, .eps = o->eps};
    a.unbias1 = 1 / (1 - pow(o->beta1, (double)t));
    a.unbias2 = 1 / (1 - pow(o->beta2, (double)t));
    if (bytes == 4) adam_f32(&a, w, gradient, m, v, n);
    else adam_f64(&a, w, gradient, m, v, n);
}

/* The factor of a unitary group's direction; matrices of one group step alike. */
static double unitary_scale(const rq_optimizer *o, const rq_param *info)
{
    if (o->kind == RQ_OPTIMIZER_matrix_step) return o->eta * o->epsilon * ldexp(1, info->inputs);
    return o->rate;
}

/* The direction of one matrix, from its tangent k and what the slots remember from element `at` on, which are updated; adam's v
 * lies in the first element. */
static void unitary_direction(const rq_optimizer *o, int64_t t, int64_t at, int64_t n, double *k, void *first, void *second, int bytes)
{
    double decay = o->kind == RQ_OPTIMIZER_sgd ? o->momentum : o->beta1, share = o->kind == RQ_OPTIMIZER_sgd ? 1 : 1 - o->beta1;
    double squares = 0, divisor = 1;
    if (!first) return;
    for (int64_t i = 0; i < n; i++) {
        squares += k[i] * k[i];
        k[i] = decay * get(first, at + i, bytes) + share * k[i];
        set(first, at + i, bytes, k[i]);
    }
    if (second) {
        double v = o->beta2 * get(second, at, bytes) + (1 - o->beta2) * squares / (double)(n / 2);
        set(second, at, bytes, v);
        divisor = (1 - pow(o->beta1, (double)t)) * (sqrt(v / (1 - pow(o->beta2, (double)t))) + o->eps);
    }
    for (int64_t i = 0; i < n; i++) k[i] /= divisor;
}

/* Beyond it a matrix is made unitary again. */
static double most_deviation(int bytes) { return bytes == 4 ? 2e-6 : 2e-13; }

static void step_unitaries(const rq_optimizer *o, rq_optimizer_state *s, const rq_param *info, void *w, const void *gradient,
                           void *first, void *second, int bytes)
{
    int64_t d = side_of(info), n = 2 * d * d;
    double *k = s->work, *v = k + n, *work = v + n;
    for (int64_t at = 0; at < info->count; at += n) {
        for (int64_t i = 0; i < n; i++) k[i] = get(gradient, at + i, bytes), v[i] = get(w, at + i, bytes);
        unitary_direction(o, s->steps, at, n, k, first, second, bytes);
        rq_unitary_step(d, k, -unitary_scale(o, info), v, work);
        double deviation = rq_unitary_deviation(d, v, work);
        if (deviation > most_deviation(bytes)) {
            rq_unitary_orthogonalise(d, v, work);
            deviation = rq_unitary_deviation(d, v, work);
            s->reorthogonalised++;
        }
        if (!(deviation <= s->deviation)) s->deviation = deviation;
        for (int64_t i = 0; i < n; i++) set(w, at + i, bytes, v[i]);
    }
}

void rq_optimizer_step(const rq_optimizer *o, rq_optimizer_state *s, rq_params *p, void *const *gradient)
{
    const rq_model *m = p->model;
    s->steps++;
    s->deviation = 0;
    for (int i = 0; i < m->param_count; i++) {
        if (!gradient[i] || m->params[i].frozen || m->params[i].tied_to >= 0) continue;
        void *first = s->slots > 0 ? s->slot[i] : NULL, *second = s->slots > 1 ? s->slot[m->param_count + i] : NULL;
        int64_t n = m->params[i].count;
        if (m->params[i].is_unitary) {
            step_unitaries(o, s, &m->params[i], p->values[i], gradient[i], first, second, m->real_bytes);
            continue;
        }
        switch (rq_optimizer_of_reals(o)) {
        case RQ_OPTIMIZER_sgd: step_sgd(o, p->values[i], gradient[i], first, n, m->real_bytes); break;
        case RQ_OPTIMIZER_adam:
        case RQ_OPTIMIZER_adamw:
            step_adam(o, rq_optimizer_of_reals(o) == RQ_OPTIMIZER_adamw, s->steps, p->values[i], gradient[i], first, second, n, m->real_bytes);
            break;
        case RQ_OPTIMIZER_matrix_step:
        case RQ_OPTIMIZER_none: break;
        }
    }
    rq_params_project(p);
}
