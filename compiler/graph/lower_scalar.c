/* lower_scalar.c: scalars of circuits and observables -> element-wise nodes.
 *
 * A scalar of parameters alone is real[]; one that reads data is real[outer|], one per map index.
 * Scalars without either are folded here, so that constant gates become constant matrices.
 */
#include <math.h>

#include "graph/lowering.h"

Type type_behind(const Type *outer, int rank, const int64_t *dim)
{
    Type t = *outer;
    t.rank = t.outer;
    for (int i = 0; i < rank; i++) t.dim[t.rank++] = dim[i];
    return t;
}

NodeId group_node(const Lower *l, GroupId group) { return l->out->group[group.i - 1]; }

int64_t group_element(const Lower *l, const Scope *s, GroupId group, int64_t index)
{
    const GroupInst *p = group_of(l->model, group);
    bool is_own = s->channels && p->layer.i && p->rank && p->dim[0] == s->channels;
    return is_own ? s->channel * (p->count / s->channels) + index : index;
}

/* One element of x as a scalar; inner: of each map index. */
static NodeId pick(Lower *l, NodeId x, int64_t element, const Type *shape)
{
    ArenaMark mark = arena_mark(l->c->scratch);
    int64_t cols = type_inner(type_of(l->g, x));
    MapMaker m = map_begin(l->c->scratch, cols, true, false);
    map_put(&m, element, 1, 0);
    map_row(&m);
    NodeId n = sparse(l->g, x, map_end(&m), *shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

static double apply_constant(SxKind kind, double a, double b)
{
    switch (kind) {
    case SX_neg: return -a;
    case SX_sin: return sin(a);
    case SX_cos: return cos(a);
    case SX_exp: return exp(a);
    case SX_log: return log(a);
    case SX_sqrt: return sqrt(a);
    case SX_abs: return fabs(a);
    case SX_tanh: return tanh(a);
    case SX_step: return a >= 0 ? 1 : 0;
    case SX_add: return a + b;
    case SX_sub: return a - b;
    case SX_mul: return a * b;
    case SX_div: return a / b;
    case SX_min: return b < a ? b : a;
    case SX_max: return b > a ? b : a;
    case SX_none:
    case SX_const:
    case SX_param:
    case SX_data: break;
    }
    return NAN;
}

bool scalar_constant(const Sx *x, double *value)
{
    if (x->kind == SX_const) {
        *value = x->value.real;
        return true;
    }
    if (x->kind == SX_param || x->kind == SX_data) return false;
    double a = 0, b = 0;
    if (!scalar_constant(x->a, &a) || (x->b && !scalar_constant(x->b, &b))) return false;
    *value = apply_constant(x->kind, a, b);
    return true;
}

bool scalar_linear(Arena *arena, const Sx *x, double factor, Linear *sum)
{
    double k;
    if (scalar_constant(x, &k)) {
        sum->constant += factor * k;
        return true;
    }
    switch (x->kind) {
    case SX_param:
        vec_push(arena, &sum->terms, (LinearTerm){x->group, x->index, factor});
        return true;
    case SX_neg: return scalar_linear(arena, x->a, -factor, sum);
    case SX_add:
    case SX_sub:
        return scalar_linear(arena, x->a, factor, sum) &&
               scalar_linear(arena, x->b, x->kind == SX_add ? factor : -factor, sum);
    case SX_mul:
        if (scalar_constant(x->a, &k)) return scalar_linear(arena, x->b, k * factor, sum);
        return scalar_constant(x->b, &k) && scalar_linear(arena, x->a, k * factor, sum);
    case SX_div: return scalar_constant(x->b, &k) && scalar_linear(arena, x->a, factor / k, sum);
    case SX_none:
    case SX_const:
    case SX_data:
    case SX_sin:
    case SX_cos:
    case SX_exp:
    case SX_log:
    case SX_sqrt:
    case SX_abs:
    case SX_tanh:
    case SX_step:
    case SX_min:
    case SX_max: break;
    }
    return false;
}

static NodeId unary_node(Graph *g, SxKind kind, NodeId a)
{
    switch (kind) {
    case SX_neg: return neg(g, a);
    case SX_sin: return sin_(g, a);
    case SX_cos: return cos_(g, a);
    case SX_exp: return exp_(g, a);
    case SX_log: return log_(g, a);
    case SX_sqrt: return sqrt_(g, a);
    case SX_abs: return abs_(g, a);
    case SX_tanh: return tanh_(g, a);
    case SX_step: return step_(g, a);
    case SX_none:
    case SX_const:
    case SX_param:
    case SX_data:
    case SX_add:
    case SX_sub:
    case SX_mul:
    case SX_div:
    case SX_min:
    case SX_max: break;
    }
    return (NodeId){0};
}

static NodeId binary_node(Graph *g, SxKind kind, NodeId a, NodeId b)
{
    switch (kind) {
    case SX_add: return add(g, a, b);
    case SX_sub: return sub(g, a, b);
    case SX_mul: return mul(g, a, b);
    case SX_div: return div_(g, a, b);
    case SX_min: return min_(g, a, b);
    case SX_max: return max_(g, a, b);
    case SX_none:
    case SX_const:
    case SX_param:
    case SX_data:
    case SX_neg:
    case SX_sin:
    case SX_cos:
    case SX_exp:
    case SX_log:
    case SX_sqrt:
    case SX_abs:
    case SX_tanh:
    case SX_step: break;
    }
    return (NodeId){0};
}

NodeId scalar_node(Lower *l, const Scope *s, const Sx *x)
{
    double k;
    Type scalar = type_real(0, NULL);
    if (scalar_constant(x, &k)) return graph_scalar(l->g, k);
    if (x->kind == SX_param)
        return pick(l, group_node(l, x->group), group_element(l, s, x->group, x->index), &scalar);
    if (x->kind == SX_data) return pick(l, s->values, x->index, &s->outer);
    if (!x->b) return unary_node(l->g, x->kind, scalar_node(l, s, x->a));
    if (x->kind == SX_mul && scalar_constant(x->a, &k))
        return scaled(l->g, scalar_node(l, s, x->b), k);
    if (x->kind == SX_mul && scalar_constant(x->b, &k))
        return scaled(l->g, scalar_node(l, s, x->a), k);
    NodeId a = scalar_node(l, s, x->a);
    NodeId b = scalar_node(l, s, x->b);
    return binary_node(l->g, x->kind, a, b);
}
