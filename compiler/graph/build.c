/* build.c: constants, and small expressions that rows and rules share. */
#include "graph/op.h"

NodeId graph_constant(Graph *g, Type t, const double *re, const double *im)
{
    t.batched = false;
    t.is_complex = im != NULL;
    return graph_add(g, (Node){.op = OP_constant, .type = t, .constant = {re, im}});
}

NodeId graph_scalar(Graph *g, double value) { return graph_constant(g, (Type){0}, &value, NULL); }

NodeId graph_filled(Graph *g, const Type *t, double value)
{
    double zero = 0;
    NodeId one = graph_constant(g, (Type){0}, &value, t->is_complex ? &zero : NULL);
    return t->rank ? broadcast(g, one, *t, 0, t->rank) : one;
}

bool graph_is_filled(const Graph *g, NodeId n, double *value)
{
    const Node *x = node_of(g, n);
    if (x->op == OP_broadcast || x->op == OP_to_batch || x->op == OP_reshape) return graph_is_filled(g, x->arg[0], value);
    if (x->op != OP_constant) return false;
    int64_t count = type_count(&x->type);
    for (int64_t i = 0; i < count; i++) {
        if (x->constant.re[i] != x->constant.re[0] || (x->constant.im && x->constant.im[i] != 0)) return false;
    }
    *value = count ? x->constant.re[0] : 0;
    return true;
}

/* Real and shared, shaped like x. */
static NodeId filled_like(Graph *g, NodeId x, double value)
{
    Type t = *type_of(g, x);
    t.is_complex = false;
    return graph_filled(g, &t, value);
}

NodeId scaled(Graph *g, NodeId x, double factor)
{
    NodeId f = filled_like(g, x, factor);
    return mul(g, x, f);
}

NodeId zero_like(Graph *g, NodeId x)
{
    Type t = *type_of(g, x);
    return graph_filled(g, &t, 0);
}

NodeId sign_of(Graph *g, NodeId x)
{
    NodeId above = step_(g, x);
    NodeId below = step_(g, neg(g, x));
    return sub(g, above, below);
}

NodeId at_least(Graph *g, NodeId a, NodeId b) { return step_(g, sub(g, a, b)); }

NodeId where_at_least(Graph *g, NodeId a, NodeId b, NodeId x)
{
    NodeId which = at_least(g, a, b);
    NodeId zero = zero_like(g, x);
    return select_(g, which, x, zero);
}

NodeId where_less(Graph *g, NodeId a, NodeId b, NodeId x)
{
    NodeId which = at_least(g, a, b);
    NodeId zero = zero_like(g, x);
    return select_(g, which, zero, x);
}
