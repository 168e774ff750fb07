/* optimizer.c: sgd, adam and adamw.
 *
 *     sgd    v = momentum v + g;  w -= rate v                                     (plain w -= rate g without momentum)
 *     adam   m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  w -= rate mh / (sqrt(vh) + eps)   Kingma, Ba, arXiv 1412.6980
 *     adamw  adam after w -= rate weight_decay w                                   Loshchilov, Hutter, arXiv 1711.05101
 * with mh = m / (1 - b1^t), vh = v / (1 - b2^t). sgd and adam add weight_decay w to g.
 */
#include "train/optimizer.h"

#include <math.h>
#include <string.h>

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

const char *rq_optimizer_slot_name(rq_optimizer_kind kind, int slot)
{
    if (kind == RQ_OPTIMIZER_sgd) return "momentum";
    return slot == 0 ? "m" : "v";
}

bool rq_optimizer_state_new(const rq_optimizer *o, const rq_params *p, rq_optimizer_state *out, rq_error *err)
{
    const rq_model *m = p->model;
    *out = (rq_optimizer_state){.slots = rows[o->kind].slots};
    size_t pointers = (size_t)out->slots * (size_t)m->param_count;
    out->slot = rq_alloc_array(pointers, sizeof(void *), "the optimizer's state", err);
    if (!out->slot) return false;
    for (int i = 0; i < m->param_count; i++) {
        if (m->params[i].frozen || m->params[i].tied_to >= 0) continue;
        for (int k = 0; k < out->slots; k++) {
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

static void step_sgd(const rq_optimizer *o, void *w, const void *gradient, void *momentum, int64_t n, int bytes)
{
    for (int64_t i = 0; i < n; i++) {
        double x = get(w, i, bytes), g = get(gradient, i, bytes) + o->weight_decay * x;
        double v = o->momentum * get(momentum, i, bytes) + g;
        set(momentum, i, bytes, v);
        set(w, i, bytes, x - o->rate * v);
    }
}

static void step_adam(const rq_optimizer *o, bool decoupled, int64_t t, void *w, const void *gradient, void *m, void *v,
                      int64_t n, int bytes)
{
    double correct1 = 1 - pow(o->beta1, (double)t), correct2 = 1 - pow(o->beta2, (double)t);
    for (int64_t i = 0; i < n; i++) {
        double x = get(w, i, bytes), g = get(gradient, i, bytes);
        if (decoupled) x -= o->rate * o->weight_decay * x;
        else g += o->weight_decay * x;
        double mi = o->beta1 * get(m, i, bytes) + (1 - o->beta1) * g;
        double vi = o->beta2 * get(v, i, bytes) + (1 - o->beta2) * g * g;
        set(m, i, bytes, mi);
        set(v, i, bytes, vi);
        set(w, i, bytes, x - o->rate * (mi / correct1) / (sqrt(vi / correct2) + o->eps));
    }
}

void rq_optimizer_step(const rq_optimizer *o, rq_optimizer_state *s, rq_params *p, void *const *gradient)
{
    const rq_model *m = p->model;
    s->steps++;
    for (int i = 0; i < m->param_count; i++) {
        if (!gradient[i] || m->params[i].frozen || m->params[i].tied_to >= 0) continue;
        void *first = s->slot[i], *second = s->slots > 1 ? s->slot[m->param_count + i] : NULL;
        int64_t n = m->params[i].count;
        switch (o->kind) {
        case RQ_OPTIMIZER_sgd: step_sgd(o, p->values[i], gradient[i], first, n, m->real_bytes); break;
        case RQ_OPTIMIZER_adam:
        case RQ_OPTIMIZER_adamw:
            step_adam(o, o->kind == RQ_OPTIMIZER_adamw, s->steps, p->values[i], gradient[i], first, second, n, m->real_bytes);
            break;
        case RQ_OPTIMIZER_none: break;
        }
    }
    rq_params_project(p);
}
