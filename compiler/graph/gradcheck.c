/* gradcheck.c: gradients by four ways, direction by direction, and how far they lie apart.
 *
 * One graph holds the loss, its adjoints, a tangent for every leaf and what the shift rule needs. A
 * base evaluation at the given values is followed by one for each direction and way, which computes
 * again only what depends on the leaf that changed.
 */
#include "graph/gradcheck.h"

#include <math.h>
#include <string.h>

#include "graph/gradcheck_run.h"
#include "graph/kinks.h"

typedef struct Row {
    GradRow *out;
    NodeId leaf, adjoint;
    const double *value;
    const char *tangent_name; /* leaf with the direction */
    NodeId tangent_leaf, tangent;
    int64_t *direction;       /* which are tested */
    double *by[GRAD_METHODS]; /* [direction][samples for inputs] */
    bool *is_kinked;
} Row;

typedef struct Check {
    Run run;
    bool is_coupled; /* samples meet in a batch_norm */
    VEC(Row) rows;
    Kinks kinks;
    double step;
} Check;

const char *grad_method_text(GradMethod m)
{
    static const char *const text[] = {"reverse", "forward", "shift", "differences"};
    return text[m];
}

/* ---- directions ---- */

static bool is_unitary(const Check *k, const GradRow *r)
{
    return r->group.i && group_of(k->run.in->model, r->group)->is_unitary;
}

/* Inputs have a derivative for each sample, of its own loss; where samples are coupled those of all samples are one leaf of the mean
 * loss, like a parameter. */
static bool is_one_leaf(const Check *k, const GradRow *r) { return r->group.i || k->is_coupled; }

static int64_t numbers_of(const Check *k, const GradRow *r)
{
    int64_t n = type_count(&r->type) * (r->type.is_complex ? 2 : 1);
    return k->is_coupled && !r->group.i ? k->run.in->samples * n : n;
}

/* H V for element e of the basis of skew-Hermitian matrices: i on the diagonal, 1 and -1, i and i
 * beside it. */
static void skew_product(int64_t d, int64_t e, const double *v, double *out)
{
    int64_t p = e / d, q = e % d;
    memset(out, 0, sizeof *out * (size_t)(2 * d * d));
    for (int64_t j = 0; j < d; j++) {
        const double *vp = v + 2 * (p * d + j), *vq = v + 2 * (q * d + j);
        double *to_p = out + 2 * (p * d + j), *to_q = out + 2 * (q * d + j);
        if (p < q) { /* row p: V_q, row q: -V_p */
            to_p[0] = vq[0], to_p[1] = vq[1];
            to_q[0] = -vp[0], to_q[1] = -vp[1];
        } else { /* i V_q, i V_p */
            to_p[0] = -vq[1], to_p[1] = vq[0];
            to_q[0] = -vp[1], to_q[1] = vp[0];
        }
    }
}

/* The tangent of direction e at value v. */
static void direction_at(const Check *k, const GradRow *r, int64_t e, const double *v, double *out)
{
    if (is_unitary(k, r)) {
        skew_product(r->type.dim[0], e, v, out);
    } else {
        memset(out, 0, sizeof *out * (size_t)numbers_of(k, r));
        out[e] = 1;
    }
}

/* v moved by h along direction e; a unitary matrix by exp(h H), whose series is short for small h.
 */
static void moved(const Check *k, const GradRow *r, int64_t e, const double *v, double h,
                  double *out)
{
    int64_t n = numbers_of(k, r);
    memcpy(out, v, sizeof *out * (size_t)n);
    if (!is_unitary(k, r)) {
        out[e] += h;
        return;
    }
    double *term = arena_alloc(k->run.c->scratch, sizeof *term * (size_t)(2 * n)), *next = term + n;
    memcpy(term, v, sizeof *term * (size_t)n);
    for (int order = 1; order < 8; order++) {
        skew_product(r->type.dim[0], e, term, next);
        for (int64_t i = 0; i < n; i++) out[i] += term[i] = next[i] * h / order;
    }
}

/* Repeats one sample's numbers for every sample of an input. */
static double *for_all_samples(const Check *k, const GradRow *r)
{
    int64_t samples = is_one_leaf(k, r) ? 1 : k->run.in->samples;
    return arena_alloc(k->run.c->scratch, sizeof(double) * (size_t)(samples * numbers_of(k, r)));
}

/* How many derivatives a direction has: inputs have one for each sample. */
static int64_t width_of(const Check *k, const GradRow *r)
{
    return is_one_leaf(k, r) ? 1 : k->run.in->samples;
}

/* ---- preparation ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* `tested` of `count` directions, each as likely, in ascending order (selection sampling). */
static void draw_directions(Check *k, Row *row, uint64_t *random)
{
    GradRow *r = row->out;
    int64_t left = r->tested = r->count < k->run.in->elements ? r->count : k->run.in->elements,
            n = 0;
    row->direction = arena_alloc(k->run.a, sizeof *row->direction * (size_t)(left + 1));
    for (int64_t i = 0; i < r->count && left; i++)
        if (next_random(random) % (uint64_t)(r->count - i) < (uint64_t)left) {
            row->direction[n++] = i;
            left--;
        }
}

static const double *binding_of(const Check *k, const char *name)
{
    for (uint32_t i = 0; i < k->run.bindings.len; i++)
        if (!strcmp(k->run.bindings.at[i].name, name)) return k->run.bindings.at[i].value;
    ice(k->run.c, k->run.in->model->span, "gradcheck: '%s' is not bound", name);
}

static const LayerFlow *flow_row(const Flow *f, GroupId group)
{
    for (uint32_t i = 0; i < f->layers.len; i++)
        for (uint32_t k = 0; k < f->layers.at[i].groups.len; k++)
            if (f->layers.at[i].groups.at[k].group.i == group.i) return &f->layers.at[i];
    return NULL;
}

const char *gradcheck_cut(const GradcheckInput *in, GroupId group, uint32_t input)
{
    if (!in->flow) return NULL;
    const LayerFlow *l = group.i ? flow_row(in->flow, group) : &in->flow->inputs.at[input];
    for (uint32_t i = 0; l && i < l->cuts.len; i++)
        if (l->cuts.at[i].class == CUT_declared) return l->cuts.at[i].reason;
    return NULL;
}

static void add_row(Check *k, const char *name, GroupId group, NodeId leaf, const char *cut)
{
    Run *run = &k->run;
    vec_push(run->c->keep, &run->result->rows,
             (GradRow){.name = name, .group = group, .type = *type_of(run->g, leaf), .cut = cut});
    Row row = {.leaf = leaf, .value = binding_of(k, name)};
    vec_push(run->a, &k->rows, row);
}

static void collect_rows(Check *k)
{
    const ModelInst *m = k->run.in->model;
    for (uint32_t i = 0; i < m->groups.len; i++)
        if (!m->groups.at[i].tied_to.i && m->groups.at[i].momentum == 0)
            add_row(k, m->groups.at[i].path, (GroupId){i + 1}, k->run.l->group[i],
                    gradcheck_cut(k->run.in, (GroupId){i + 1}, 0));
    for (uint32_t i = 0; i < m->inputs.len; i++) {
        const char *name = name_text(k->run.c->names, stage_of(m, m->inputs.at[i])->input.input);
        add_row(k, name, (GroupId){0}, k->run.l->input[i], gradcheck_cut(k->run.in, (GroupId){0}, i));
    }
}

/* Adjoints, tangents and shifts. */
static void differentiate(Check *k)
{
    Run *run = &k->run;
    uint32_t n = k->rows.len;
    NodeId *leaf = arena_alloc(run->a, sizeof *leaf * (n + 1)),
           *adjoint = arena_alloc(run->a, sizeof *adjoint * (n + 1));
    for (uint32_t i = 0; i < n; i++) leaf[i] = k->rows.at[i].leaf;
    gradient(run->g, run->l->mean_loss, leaf, n, adjoint, (GradOptions){0});
    for (uint32_t i = 0; i < n; i++) k->rows.at[i].adjoint = adjoint[i];
    for (uint32_t i = 0; i < n && run->in->elements; i++) {
        Row *row = &k->rows.at[i];
        GradRow *r = row->out;
        row->tangent_name = arena_printf(run->a, "#d:%s", r->name);
        row->tangent_leaf = r->group.i ? graph_param(run->g, row->tangent_name, r->type)
                                       : graph_input(run->g, row->tangent_name, r->type);
        NodeId y = is_one_leaf(k, r) ? run->l->mean_loss : run->l->loss;
        pushforward(run->g, &row->leaf, &row->tangent_leaf, 1, &y, 1, &row->tangent);
        size_t bytes = sizeof(double) * (size_t)(numbers_of(k, r) * width_of(k, r));
        vec_push(run->a, &run->bindings, (Binding){row->tangent_name, arena_alloc(run->a, bytes)});
    }
    if (run->in->elements) shift_prepare(run);
}

static void evaluate_base(Check *k)
{
    Run *run = &k->run;
    VEC(NodeId) wanted = {0};
    vec_push(run->a, &wanted, run->l->mean_loss);
    vec_push(run->a, &wanted, run->l->loss);
    for (uint32_t i = 0; i < k->rows.len; i++) {
        vec_push(run->a, &wanted, k->rows.at[i].adjoint);
        if (run->in->elements) vec_push(run->a, &wanted, k->rows.at[i].tangent);
    }
    for (uint32_t i = 0; i < run->sites.len; i++)
        for (uint32_t j = 0; j < run->sites.at[i].count; j++)
            vec_push(run->a, &wanted, run->sites.at[i].adjoint[j]);
    for (uint32_t i = 0; run->sites.len && i < run->in->model->groups.len; i++)
        vec_push(run->a, &wanted, run->shifted[i]);
    run->base = eval(run->c, run->g, run->in->samples, run->bindings.at, run->bindings.len,
                     wanted.at, wanted.len);
    run->result->loss = *evaluation_of(run->base, run->l->mean_loss);
}

/* ---- the four ways ---- */

/* Along each tested direction the sum of the adjoint's and the direction's products. */
static void by_reverse(Check *k, Row *row)
{
    GradRow *r = row->out;
    int64_t n = numbers_of(k, r), width = width_of(k, r);
    const double *adjoint = evaluation_of(k->run.base, row->adjoint);
    r->gradient = arena_grow(k->run.c->keep, adjoint, sizeof *adjoint * (size_t)(n * width),
                             sizeof *adjoint * (size_t)(n * width));
    double *d = arena_alloc(k->run.c->scratch, sizeof *d * (size_t)n);
    for (int64_t e = 0; e < r->tested; e++) {
        direction_at(k, r, row->direction[e], row->value, d);
        for (int64_t s = 0; s < width; s++) {
            double total = 0;
            for (int64_t i = 0; i < n; i++) total += adjoint[s * n + i] * d[i];
            row->by[GRAD_reverse][e * width + s] = total;
        }
    }
    r->has[GRAD_reverse] = true;
}

static void by_forward(Check *k, Row *row)
{
    GradRow *r = row->out;
    int64_t n = numbers_of(k, r), width = width_of(k, r);
    double *d = for_all_samples(k, r);
    for (int64_t e = 0; e < r->tested; e++) {
        for (int64_t s = 0; s < width; s++)
            direction_at(k, r, row->direction[e], row->value + s * n, d + s * n);
        Evaluation *v =
            eval_again(k->run.base, &(Binding){row->tangent_name, d}, 1, &row->tangent, 1);
        const double *t = evaluation_of(v, row->tangent);
        double weight = is_one_leaf(k, r) ? 1 : 1 / (double)width;
        for (int64_t s = 0; s < width; s++) row->by[GRAD_forward][e * width + s] = weight * t[s];
        evaluation_drop(v);
    }
    r->has[GRAD_forward] = true;
}

static void by_shift(Row *row, const double *gradient)
{
    GradRow *r = row->out;
    if (!gradient) return;
    for (int64_t e = 0; e < r->tested; e++) row->by[GRAD_shift][e] = gradient[row->direction[e]];
    r->has[GRAD_shift] = true;
}

static bool crosses_kink(Check *k, GradRow *r, const Evaluation *low, const Evaluation *high)
{
    const char *kink = kink_between(k->run.g, &k->kinks, k->run.in->samples, low, high);
    if (!r->kink) r->kink = kink;
    return kink != NULL;
}

static Evaluation *evaluate_moved(Check *k, const Row *row, int64_t e, double h)
{
    const GradRow *r = row->out;
    int64_t n = numbers_of(k, r);
    double *v = for_all_samples(k, r);
    for (int64_t s = 0; s < width_of(k, r); s++) moved(k, r, e, row->value + s * n, h, v + s * n);
    uint32_t n_watched = k->kinks.watched_count;
    NodeId *wanted = arena_alloc(k->run.c->scratch, sizeof *wanted * (n_watched + 1));
    if (n_watched) memcpy(wanted, k->kinks.watched, sizeof *wanted * n_watched);
    wanted[n_watched] = is_one_leaf(k, r) ? k->run.l->mean_loss : k->run.l->loss;
    return eval_again(k->run.base, &(Binding){r->name, v}, 1, wanted, n_watched + 1);
}

/* With kinks (f(h) - f(-h)) / 2h at a small step; without, four points at a larger one: (8 (f(h) -
 * f(-h)) - f(2h) + f(-2h)) / 12h. */
static void by_difference(Check *k, Row *row)
{
    GradRow *r = row->out;
    int64_t width = width_of(k, r);
    NodeId y = is_one_leaf(k, r) ? k->run.l->mean_loss : k->run.l->loss;
    double h = k->step, weight = is_one_leaf(k, r) ? 1 : 1 / (double)width;
    for (int64_t e = 0; e < r->tested; e++) {
        ArenaMark mark = arena_mark(k->run.c->scratch);
        double *out = row->by[GRAD_difference] + e * width;
        for (int far = 1; far <= (k->kinks.list.len ? 1 : 2); far++) {
            Evaluation *high = evaluate_moved(k, row, row->direction[e], far * h);
            Evaluation *low = evaluate_moved(k, row, row->direction[e], -far * h);
            double factor = k->kinks.list.len ? 1 / (2 * h) : (far == 1 ? 8 : -1) / (12 * h);
            for (int64_t s = 0; s < width; s++)
                out[s] += weight * factor * (evaluation_of(high, y)[s] - evaluation_of(low, y)[s]);
            if (crosses_kink(k, r, low, high)) {
                row->is_kinked[e] = true;
                r->kinks++;
            }
            evaluation_drop(high);
            evaluation_drop(low);
        }
        arena_reset(k->run.c->scratch, mark);
    }
    r->has[GRAD_difference] = true;
}

/* ---- comparison ---- */

/* A difference quotient is no better than the rounding of the losses it subtracts; a derivative that is 0 because its parts cancel
 * (of an offset in front of a batch_norm) no better than theirs. */
static double rounding(const Check *k, GradMethod b)
{
    double loss = fmax(fabs(k->run.result->loss), 0.01);
    return b == GRAD_difference ? 1e-14 * loss / k->step : 4e-16 * loss;
}

static void compare(Check *k, Row *row)
{
    GradRow *r = row->out;
    int64_t width = width_of(k, r);
    r->ok = true;
    for (int a = 0; a < GRAD_METHODS; a++)
        for (int b = a + 1; b < GRAD_METHODS; b++) {
            if (!r->has[a] || !r->has[b]) continue;
            double largest = 1e-8, error = 0;
            for (int64_t i = 0; i < r->tested * width; i++) {
                if (b == GRAD_difference && row->is_kinked[i / width]) continue;
                double distance = fabs(row->by[a][i] - row->by[b][i]);
                if (distance > error || isnan(distance)) error = distance;
                largest = fmax(largest, fabs(row->by[a][i]));
            }
            r->error[a][b] = error / largest;
            bool counts = b != GRAD_difference || !r->cut;
            if (counts && !(error - rounding(k, (GradMethod)b) <= k->run.in->tolerance * largest))
                r->ok = false;
        }
    k->run.result->ok &= r->ok;
}

static void check_row(Check *k, Row *row, uint64_t *random, const double **shifted)
{
    GradRow *r = row->out;
    r->count = is_unitary(k, r) ? type_count(&r->type) : numbers_of(k, r);
    draw_directions(k, row, random);
    for (int m = 0; m < GRAD_METHODS; m++)
        row->by[m] =
            arena_alloc(k->run.a, sizeof(double) * (size_t)(r->tested * width_of(k, r) + 1));
    row->is_kinked = arena_alloc(k->run.a, (size_t)r->tested + 1);
    ArenaMark mark = arena_mark(k->run.c->scratch);
    by_reverse(k, row);
    by_forward(k, row);
    by_shift(row, r->group.i ? shifted[r->group.i - 1] : NULL);
    by_difference(k, row);
    compare(k, row);
    arena_reset(k->run.c->scratch, mark);
}

Gradcheck *gradcheck(Compiler *c, const GradcheckInput *in)
{
    Lowered *l =
        lower(c, in->model, (LowerOptions){.loss = in->loss, .with_shifts = in->elements > 0, .engine = in->engine, .couples = true});
    if (!l) return NULL;
    Check k = {.run = {.c = c, .in = in, .l = l, .g = l->g, .a = l->g->arena}, .is_coupled = model_couples_samples(in->model)};
    Run *run = &k.run;
    run->result = arena_alloc(c->keep, sizeof *run->result);
    run->result->ok = true;
    for (size_t i = 0; i < in->binding_count; i++)
        vec_push(run->a, &run->bindings, in->bindings[i]);
    double *weight = arena_alloc(run->a, sizeof *weight * (size_t)in->samples);
    for (int64_t s = 0; s < in->samples; s++) weight[s] = 1 / (double)in->samples;
    vec_push(run->a, &run->bindings, (Binding){"weight", weight});
    collect_rows(&k);
    for (uint32_t i = 0; i < k.rows.len; i++) k.rows.at[i].out = &run->result->rows.at[i];
    k.kinks = kinks_of(run->g, l->mean_loss);
    k.step = k.kinks.list.len ? 1e-5 : 1e-3;
    differentiate(&k);
    evaluate_base(&k);
    const double **shifted = shift_gradients(run);
    uint64_t random = in->seed;
    for (uint32_t i = 0; i < k.rows.len; i++) check_row(&k, &k.rows.at[i], &random, shifted);
    evaluation_drop((Evaluation *)run->base);
    graph_drop(l->g);
    return run->result;
}
