/* unroll.c: the steps forward with their parameters kept, then back with Hessian-vector products. */
#include "distill/unroll.h"

#include <stdio.h>
#include <string.h>

#include "train/train.h"

/* A compiled function ready to run on one set. */
typedef struct Call {
    const rq_function *f;
    rq_runner *runner;
    const void **bound;
    void **outputs;
    rq_feed feed;
    int *output_of; /* [group]: number of its output; -1: none */
} Call;

struct rq_unroll {
    const rq_model *m;
    const rq_synthetic *s;
    int64_t steps;
    uint64_t seed;
    rq_params *w; /* [steps + 1] */
    rq_params direction;
    Call step, second;
    int slope, mixed_input, mixed_target; /* outputs of the second */
};

static void call_close(Call *c)
{
    rq_runner_free(c->runner);
    if (c->f) rq_outputs_free(c->f, c->outputs);
    rq_free(c->bound);
    rq_free(c->output_of);
}

static bool call_open(const rq_model *m, rq_function_kind kind, const char *prefix, const rq_synthetic *s, int threads, Call *c,
                      rq_error *err)
{
    c->f = m->function(m, kind, NULL, err);
    if (!c->f || !rq_feed_new(m, c->f, &s->data, RQ_SPLIT_train, &c->feed, err)) return false;
    c->bound = rq_alloc_array(c->f->param_count, sizeof(void *), "distillation", err);
    c->output_of = rq_alloc_array((uint64_t)m->param_count, sizeof(int), "distillation", err);
    if (!c->bound || !c->output_of || !rq_outputs_new(c->f, s->each, &c->outputs, err)) return false;
    for (int i = 0; i < m->param_count; i++) {
        char name[512];
        snprintf(name, sizeof name, "%s:%s", prefix, m->params[i].path);
        c->output_of[i] = rq_leaf_find(c->f->outputs, c->f->output_count, name);
    }
    c->feed.weight = 1 / (double)s->each;
    return rq_runner_new(c->f, s->each, threads, &c->runner, err);
}

static bool outputs_known(rq_unroll *u, rq_error *err)
{
    const rq_function *f = u->second.f;
    u->slope = rq_leaf_find(f->outputs, f->output_count, "slope");
    u->mixed_input = rq_leaf_find(f->outputs, f->output_count, "mixed:input");
    u->mixed_target = rq_leaf_find(f->outputs, f->output_count, "mixed:target");
    if (u->slope >= 0 && u->mixed_input >= 0 && u->mixed_target >= 0) return true;
    return rq_fail(err, "function '%s' lacks a second derivative", f->name);
}

bool rq_unroll_new(const rq_model *m, const rq_synthetic *s, int64_t steps, uint64_t seed, int threads, bool with_gradient,
                   rq_unroll **out, rq_error *err)
{
    rq_unroll *u = *out = rq_alloc_array(1, sizeof *u, "distillation", err);
    if (!u) return false;
    *u = (rq_unroll){.m = m, .s = s, .steps = steps, .seed = seed};
    u->w = rq_alloc_array((uint64_t)steps + 1, sizeof *u->w, "the parameters of every inner step", err);
    bool ok = u->w && call_open(m, RQ_FUNCTION_step, "grad", s, threads, &u->step, err);
    for (int64_t t = 0; ok && t <= steps; t++) ok = rq_params_new(m, &u->w[t], err);
    if (with_gradient)
        ok = ok && rq_params_new(m, &u->direction, err) &&
             call_open(m, RQ_FUNCTION_second, "hess", s, threads, &u->second, err) && outputs_known(u, err);
    if (ok) return true;
    rq_unroll_free(u);
    *out = NULL;
    return false;
}

void rq_unroll_free(rq_unroll *u)
{
    if (!u) return;
    for (int64_t t = 0; u->w && t <= u->steps; t++) rq_params_free(&u->w[t]);
    rq_free(u->w);
    rq_params_free(&u->direction);
    call_close(&u->step);
    call_close(&u->second);
    rq_free(u);
}

rq_params *rq_unroll_start(rq_unroll *u) { return &u->w[0]; }
const rq_params *rq_unroll_end(const rq_unroll *u) { return &u->w[u->steps]; }
rq_params *rq_unroll_direction(rq_unroll *u) { return &u->direction; }

/* Parameters by path; direction:PATH from u->direction. */
static bool bind(rq_unroll *u, Call *c, const rq_params *w, rq_error *err)
{
    static const char prefix[] = "direction:";
    for (uint32_t i = 0; i < c->f->param_count; i++) {
        const char *name = c->f->params[i].name;
        bool is_direction = !strncmp(name, prefix, sizeof prefix - 1);
        const char *path = is_direction ? name + sizeof prefix - 1 : name;
        int group = 0;
        while (group < u->m->param_count && strcmp(u->m->params[group].path, path)) group++;
        if (group == u->m->param_count) return rq_fail(err, "function '%s' wants an unknown parameter '%s'", c->f->name, name);
        c->bound[i] = is_direction ? u->direction.values[group] : w->values[group];
    }
    return true;
}

static bool run(rq_unroll *u, Call *c, int64_t t, rq_error *err)
{
    int64_t first = t % u->s->sets * u->s->each;
    c->feed.first = first;
    c->feed.seed = u->seed;
    c->feed.epoch = t;
    if (!bind(u, c, &u->w[t], err) || !rq_run(c->runner, u->s->each, c->bound, rq_feed_pack, &c->feed, c->outputs, err)) return false;
    return rq_checks_ok(c->f, c->outputs, u->s->each, first, NULL, err) || rq_fail_at(err, "synthetic images");
}

/* to = from - rate * output of each group; groups without one stay. */
static void descend(const rq_unroll *u, const Call *c, const rq_params *from, const rq_params *to, double rate)
{
    for (int g = 0; g < u->m->param_count; g++) {
        if (u->m->params[g].tied_to >= 0) continue;
        for (int64_t i = 0; i < u->m->params[g].count; i++) {
            double change = c->output_of[g] < 0 ? 0 : rate * rq_output_get(c->f, c->outputs, c->output_of[g], 0, i);
            rq_param_set(to, g, i, rq_param_get(from, g, i) - change);
        }
    }
}

bool rq_unroll_forward(rq_unroll *u, const double *rates, rq_error *err)
{
    for (int64_t t = 0; t < u->steps; t++) {
        if (!run(u, &u->step, t, err)) return false;
        descend(u, &u->step, &u->w[t], &u->w[t + 1], rates[t]);
    }
    return true;
}

/* Adds factor * the batched output to rows [first, first + each). */
static void add_rows(const rq_unroll *u, int output, int64_t first, double factor, double *rows)
{
    const Call *c = &u->second;
    int64_t reals = c->f->outputs[output].reals;
    for (int64_t s = 0; s < u->s->each; s++)
        for (int64_t i = 0; i < reals; i++) rows[(first + s) * reals + i] += factor * rq_output_get(c->f, c->outputs, output, s, i);
}

bool rq_unroll_back(rq_unroll *u, const double *rates, double share, double *d_rates, double *d_images, double *d_targets,
                    rq_error *err)
{
    for (int64_t t = u->steps; t-- > 0;) {
        int64_t first = t % u->s->sets * u->s->each;
        if (!run(u, &u->second, t, err)) return false;
        d_rates[t] -= share * rq_output_get(u->second.f, u->second.outputs, u->slope, 0, 0);
        add_rows(u, u->mixed_input, first, -share * rates[t], d_images);
        if (d_targets) add_rows(u, u->mixed_target, first, -share * rates[t], d_targets);
        descend(u, &u->second, &u->direction, &u->direction, rates[t]);
    }
    return true;
}
