/* hessian.c: Hessian-vector products by four ways.
 *
 *     forward over reverse   d/dt grad L(v + t d)                 one pass of tangents through the adjoints
 *     reverse over reverse   grad <grad L(v), d>                  the same vector, as the Hessian is symmetric
 *     differences            of grad L along d, from four points
 *     kernels                the first two, scheduled and compiled in double precision
 *
 * One graph holds them all; directions are leaves, 0 in the base evaluation.
 */
#include "graph/hessian.h"

#include <math.h>
#include <string.h>

#include "graph/kinks.h"

enum { SHORTENINGS = 5 }; /* steps from 1e-4 to 1e-8 */
static const double exact = 1e-8; /* what ways may differ by that only round differently */

typedef struct LeafRow {
    HessianRow *out;
    NodeId leaf, direction, adjoint, product[2]; /* H d: forward over reverse, reverse over reverse */
    Type type;
    const char *direction_name;
    const double *value;
    int64_t reals; /* of all samples */
} LeafRow;

typedef struct Check {
    Compiler *c;
    const GradcheckInput *in;
    const HessianCode *code;
    Hessian *result;
    Lowered *l;
    Graph *g;
    VEC(LeafRow) rows;
    VEC(Binding) bindings;
    Kinks kinks;
    const Evaluation *base;
    uint32_t first_output;
    uint64_t random;
} Check;

const char *hessian_method_text(HessianMethod m)
{
    static const char *const text[] = {"reverse", "kernels", "differences"};
    return text[m];
}

/* ---- leaves ---- */

static const double *binding_of(const Check *k, const char *name)
{
    for (uint32_t i = 0; i < k->bindings.len; i++)
        if (!strcmp(k->bindings.at[i].name, name)) return k->bindings.at[i].value;
    ice(k->c, k->in->model->span, "gradcheck: '%s' is not bound", name);
}

static void add_leaf(Check *k, const char *name, NodeId leaf, const char *cut)
{
    Graph *g = k->g;
    LeafRow row = {.leaf = leaf, .type = *type_of(g, leaf), .value = binding_of(k, name)};
    int64_t each = type_count(&row.type) * (row.type.is_complex ? 2 : 1);
    row.reals = each * (row.type.batched ? k->in->samples : 1);
    row.direction_name = arena_printf(g->arena, "#d:%s", name);
    row.direction = (row.type.batched ? graph_input : graph_param)(g, row.direction_name, row.type);
    vec_push(g->arena, &k->rows, row);
    vec_push(g->arena, &k->bindings, (Binding){row.direction_name, arena_array(g->arena, double, row.reals)});
    vec_push(k->c->keep, &k->result->rows, (HessianRow){.name = name, .count = each, .cut = cut});
}

/* Labels that are 0 are kinks of `nll`, and quantum targets have no derivative that anything needs. */
static bool moves_target(LossKind loss) { return loss == LOSS_cross_entropy || loss == LOSS_mse; }

static void add_leaves(Check *k)
{
    const ModelInst *m = k->in->model;
    for (uint32_t i = 0; i < m->groups.len; i++)
        if (!m->groups.at[i].tied_to.i && m->groups.at[i].momentum == 0)
            add_leaf(k, m->groups.at[i].path, k->l->group[i], gradcheck_cut(k->in, (GroupId){i + 1}, 0));
    for (uint32_t i = 0; i < m->inputs.len; i++)
        add_leaf(k, name_text(k->c->names, stage_of(m, m->inputs.at[i])->input.input), k->l->input[i], gradcheck_cut(k->in, (GroupId){0}, i));
    if (moves_target(k->in->loss)) add_leaf(k, "target", k->l->target, NULL);
    for (uint32_t i = 0; i < k->rows.len; i++) k->rows.at[i].out = &k->result->rows.at[i];
}

/* ---- the graph ---- */

/* sum over all leaves of Re <adjoint, direction> */
static NodeId along_directions(Check *k)
{
    Graph *g = k->g;
    NodeId total = graph_scalar(g, 0);
    for (uint32_t i = 0; i < k->rows.len; i++) {
        NodeId both = re(g, mul(g, conj_(g, k->rows.at[i].adjoint), k->rows.at[i].direction));
        both = sum(g, both, type_of(g, both)->rank, 0);
        if (type_of(g, both)->batched) both = batch_sum(g, both);
        total = add(g, total, both);
    }
    return total;
}

static void differentiate(Check *k)
{
    Graph *g = k->g;
    uint32_t n = k->rows.len;
    NodeId *leaf = arena_array(g->arena, NodeId, n + 1), *direction = arena_array(g->arena, NodeId, n + 1);
    NodeId *adjoint = arena_array(g->arena, NodeId, n + 1), *product = arena_array(g->arena, NodeId, n + 1);
    for (uint32_t i = 0; i < n; i++) leaf[i] = k->rows.at[i].leaf, direction[i] = k->rows.at[i].direction;
    gradient(g, k->l->mean_loss, leaf, n, adjoint, (GradOptions){0});
    for (uint32_t i = 0; i < n; i++) k->rows.at[i].adjoint = adjoint[i];
    pushforward(g, leaf, direction, n, adjoint, n, product);
    for (uint32_t i = 0; i < n; i++) k->rows.at[i].product[0] = product[i];
    gradient(g, along_directions(k), leaf, n, product, (GradOptions){0});
    for (uint32_t i = 0; i < n; i++) k->rows.at[i].product[1] = product[i];
    graph_verify(g, "second derivatives");
}

/* Outputs 2i and 2i + 1 behind the first ones, the checks of lowering, are leaf i's products. */
static void compile_code(Check *k)
{
    k->first_output = k->g->outputs.len;
    for (uint32_t i = 0; i < k->rows.len; i++)
        for (int way = 0; way < 2; way++)
            graph_output(k->g, arena_printf(k->g->arena, "%s:%s", way ? "reverse" : "forward", k->rows.at[i].out->name), k->rows.at[i].product[way]);
    k->code->compile(k->code->context, graph_rebuild(k->c, k->g));
}

static const Evaluation *evaluate_base(Check *k)
{
    VEC(NodeId) wanted = {0};
    vec_push(k->g->arena, &wanted, k->l->mean_loss);
    for (uint32_t i = 0; i < k->rows.len; i++) {
        vec_push(k->g->arena, &wanted, k->rows.at[i].adjoint);
        vec_push(k->g->arena, &wanted, k->rows.at[i].product[0]);
        vec_push(k->g->arena, &wanted, k->rows.at[i].product[1]);
    }
    const Evaluation *base = eval(k->c, k->g, k->in->samples, k->bindings.at, k->bindings.len, wanted.at, wanted.len);
    k->result->loss = *evaluation_of(base, k->l->mean_loss);
    return base;
}

/* ---- one direction ---- */

/* H d, or what stands for it, for each leaf. */
typedef double **Products;

static Products products_new(const Check *k)
{
    Products p = arena_array(k->c->scratch, double *, k->rows.len + 1);
    for (uint32_t i = 0; i < k->rows.len; i++) p[i] = arena_array(k->c->scratch, double, k->rows.at[i].reals);
    return p;
}

/* Uniform in each real number, of length 1. */
static double *draw_direction(Check *k, const LeafRow *row)
{
    double *d = arena_array(k->c->scratch, double, row->reals), squares = 0;
    for (int64_t i = 0; i < row->reals; i++) {
        k->random = k->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        d[i] = (double)(k->random >> 11) * 0x1p-52 - 1;
        squares += d[i] * d[i];
    }
    for (int64_t i = 0; i < row->reals; i++) d[i] /= sqrt(squares);
    return d;
}

static void by_graph(const Check *k, const LeafRow *row, const double *d, Products forward, Products reverse)
{
    NodeId *wanted = arena_array(k->c->scratch, NodeId, 2 * k->rows.len);
    for (uint32_t i = 0; i < k->rows.len; i++)
        for (int way = 0; way < 2; way++) wanted[2 * i + (uint32_t)way] = k->rows.at[i].product[way];
    Evaluation *e = eval_again(k->base, &(Binding){row->direction_name, d}, 1, wanted, 2 * k->rows.len);
    for (uint32_t i = 0; i < k->rows.len; i++) {
        const LeafRow *to = &k->rows.at[i];
        memcpy(forward[i], evaluation_of(e, to->product[0]), sizeof(double) * (size_t)to->reals);
        memcpy(reverse[i], evaluation_of(e, to->product[1]), sizeof(double) * (size_t)to->reals);
    }
    evaluation_drop(e);
}

static void by_code(const Check *k, const LeafRow *row, const double *d, Products forward, Products reverse)
{
    Binding *bindings = arena_array(k->c->scratch, Binding, k->bindings.len);
    double **outputs = arena_array(k->c->scratch, double *, k->first_output + 2 * k->rows.len);
    memcpy(bindings, k->bindings.at, sizeof *bindings * k->bindings.len);
    for (uint32_t i = 0; i < k->bindings.len; i++)
        if (bindings[i].name == row->direction_name) bindings[i].value = d;
    for (uint32_t i = 0; i < k->rows.len; i++) {
        outputs[k->first_output + 2 * i] = forward[i];
        outputs[k->first_output + 2 * i + 1] = reverse[i];
    }
    k->code->run(k->code->context, k->in->samples, bindings, k->bindings.len, outputs);
}

/* The gradient and the operands of kinks at v + h d. */
static Evaluation *evaluate_moved(const Check *k, const LeafRow *row, const double *d, double h)
{
    uint32_t watched = k->kinks.watched_count;
    double *v = arena_array(k->c->scratch, double, row->reals);
    NodeId *wanted = arena_array(k->c->scratch, NodeId, watched + k->rows.len);
    for (int64_t i = 0; i < row->reals; i++) v[i] = row->value[i] + h * d[i];
    if (watched) memcpy(wanted, k->kinks.watched, sizeof *wanted * watched);
    for (uint32_t i = 0; i < k->rows.len; i++) wanted[watched + i] = k->rows.at[i].adjoint;
    return eval_again(k->base, &(Binding){row->out->name, v}, 1, wanted, watched + k->rows.len);
}

/* Adds the difference over 2h times `weight`. What is near it, if a kink lies between. */
static const char *add_difference(const Check *k, const LeafRow *row, const double *d, double h, double weight, Products out)
{
    Evaluation *high = evaluate_moved(k, row, d, h), *low = evaluate_moved(k, row, d, -h);
    const char *kink = kink_between(k->g, &k->kinks, k->in->samples, low, high);
    for (uint32_t i = 0; i < k->rows.len; i++) {
        const double *a = evaluation_of(high, k->rows.at[i].adjoint), *b = evaluation_of(low, k->rows.at[i].adjoint);
        for (int64_t j = 0; j < k->rows.at[i].reals; j++) out[i][j] += weight * (a[j] - b[j]) / (2 * h);
    }
    evaluation_drop(high);
    evaluation_drop(low);
    return kink;
}

/* (8 (f(h) - f(-h)) - f(2h) + f(-2h)) / 12h. Where there are kinks, a step so small that none lies within is looked for. Returns it;
 * 0: there is none. */
static double by_difference(const Check *k, LeafRow *row, const double *d, Products out)
{
    double h = k->kinks.list.len ? 1e-4 : 1e-3;
    const char *kink = NULL;
    for (int i = 0; i < SHORTENINGS; i++, h /= 10) {
        for (uint32_t j = 0; j < k->rows.len; j++) memset(out[j], 0, sizeof(double) * (size_t)k->rows.at[j].reals);
        kink = add_difference(k, row, d, 2 * h, -1.0 / 3, out);
        if (!kink) kink = add_difference(k, row, d, h, 4.0 / 3, out);
        if (!kink) return h;
    }
    row->out->kinked++;
    if (!row->out->kink) row->out->kink = kink;
    return 0;
}

/* ---- comparison ---- */

static double largest(const double *v, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(v[i]) <= most)) most = fabs(v[i]);
    return most;
}

/* The largest element of the gradient, of all leaves: where a derivative is 0 because its parts cancel, these are as large. */
static double largest_adjoint(const Check *k)
{
    double most = 1e-3;
    for (uint32_t i = 0; i < k->rows.len; i++)
        most = fmax(most, largest(evaluation_of(k->base, k->rows.at[i].adjoint), k->rows.at[i].reals));
    return most;
}

/* A product that is much smaller than those for other leaves, or than the gradient, is a difference of large numbers. */
static double floor_of(const Check *k, const Products have)
{
    double most = fmax(1e-8, 1e-7 * largest_adjoint(k));
    for (uint32_t i = 0; i < k->rows.len; i++) most = fmax(most, 1e-6 * largest(have[i], k->rows.at[i].reals));
    return most;
}

/* h: the step of differences, which are no better than the rounding of the gradients that they subtract; 0 for other methods. */
static void compare(const Check *k, LeafRow *row, HessianMethod method, const Products want, const Products have, double h)
{
    HessianRow *r = row->out;
    double rounding = h > 0 ? 4e-15 * largest_adjoint(k) / h : 0;
    double least = floor_of(k, want), tolerance = method == HESSIAN_difference ? k->in->tolerance : exact;
    for (uint32_t i = 0; i < k->rows.len; i++) {
        const LeafRow *to = &k->rows.at[i];
        double apart = 0, scale = fmax(least, largest(want[i], to->reals));
        for (int64_t j = 0; j < to->reals; j++)
            if (!(fabs(want[i][j] - have[i][j]) <= apart)) apart = fabs(want[i][j] - have[i][j]);
        if (!(apart / scale <= r->error[method])) r->error[method] = apart / scale, r->where[method] = to->out->name;
        bool counts = method != HESSIAN_difference || !r->cut;
        if (counts && !(apart - rounding <= tolerance * scale)) r->ok = false;
    }
    r->has[method] = true;
}

static void check_direction(Check *k, LeafRow *row)
{
    ArenaMark mark = arena_mark(k->c->scratch);
    const double *d = draw_direction(k, row);
    Products want = products_new(k), have = products_new(k), other = products_new(k);
    by_graph(k, row, d, want, have);
    compare(k, row, HESSIAN_reverse, want, have, 0);
    by_code(k, row, d, have, other);
    compare(k, row, HESSIAN_kernels, want, have, 0);
    compare(k, row, HESSIAN_kernels, want, other, 0);
    Products differences = products_new(k);
    double h = by_difference(k, row, d, differences);
    if (h > 0) compare(k, row, HESSIAN_difference, want, differences, h);
    row->out->directions++;
    arena_reset(k->c->scratch, mark);
}

Hessian *hessian_check(Compiler *c, const GradcheckInput *in, const HessianCode *code)
{
    Lowered *l = lower(c, in->model, (LowerOptions){.loss = in->loss, .engine = in->engine, .couples = true});
    if (!l) return NULL;
    Check k = {.c = c, .in = in, .code = code, .l = l, .g = l->g, .random = in->seed, .result = arena_make(c->keep, Hessian)};
    double *weight = arena_array(k.g->arena, double, in->samples);
    for (int64_t s = 0; s < in->samples; s++) weight[s] = 1 / (double)in->samples;
    for (size_t i = 0; i < in->binding_count; i++) vec_push(k.g->arena, &k.bindings, in->bindings[i]);
    vec_push(k.g->arena, &k.bindings, (Binding){"weight", weight});
    add_leaves(&k);
    k.kinks = kinks_of(k.g, l->mean_loss);
    differentiate(&k);
    compile_code(&k);
    k.base = evaluate_base(&k);
    k.result->ok = true;
    for (uint32_t i = 0; i < k.rows.len; i++) {
        k.rows.at[i].out->ok = true;
        for (int64_t n = 0; n < in->elements; n++) check_direction(&k, &k.rows.at[i]);
        k.result->ok &= k.rows.at[i].out->ok;
    }
    evaluation_drop((Evaluation *)k.base);
    graph_drop(l->g);
    return k.result;
}
