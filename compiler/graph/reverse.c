/* reverse.c: adjoints of nodes, from the results back. Appends to the graph.
 *
 * Nodes are visited from the last to the first: when a node is reached, its adjoint is complete. Only nodes that depend on what is
 * asked for are visited. Adjoints that are zero by construction are not carried.
 */
#include "graph/op.h"

typedef struct Reverse {
    Graph *g;
    NodeId *adjoint; /* of each node that was there at the start; none = zero */
    bool *depends;   /* on one of wrt, with a derivative */
    bool per_sample;
} Reverse;

static bool passes_derivative(const Node *n) { return n->op != OP_detach && !(op_rows[n->op].traits & FLAT); }

static bool is_zero(const Graph *g, NodeId n)
{
    double value;
    return graph_is_filled(g, n, &value) && value == 0;
}

static void contribute(Reverse *r, NodeId to, NodeId x_adj)
{
    Graph *g = r->g;
    if (!node_is(x_adj) || is_zero(g, x_adj)) return;
    Type t = *type_of(g, to);
    x_adj = fit_to(g, x_adj, &t, r->per_sample);
    NodeId *sum_so_far = &r->adjoint[to.i];
    *sum_so_far = node_is(*sum_so_far) ? add(g, *sum_so_far, x_adj) : x_adj;
}

static void visit(Reverse *r, NodeId y)
{
    Graph *g = r->g;
    const Node *n = node_of(g, y); /* stays readable when nodes are added: an arena keeps old blocks */
    if (!passes_derivative(n)) return;
    g->span = n->span;
    for (int k = 0; k < n->arity; k++) {
        if (!r->depends[n->arg[k].i]) continue;
        contribute(r, n->arg[k], op_rows[n->op].grad(g, y, k, r->adjoint[y.i]));
    }
}

static void find_dependent(Reverse *r, const NodeId *wrt, size_t n, uint32_t count)
{
    for (size_t i = 0; i < n; i++) r->depends[wrt[i].i] = true;
    for (uint32_t i = 1; i < count; i++) {
        const Node *node = &r->g->nodes.at[i];
        if (!passes_derivative(node)) continue;
        for (int k = 0; k < node->arity; k++) r->depends[i] |= r->depends[node->arg[k].i];
    }
}

void pullback(Graph *g, const NodeId *y, const NodeId *seed, size_t ny, const NodeId *wrt, size_t n, NodeId *adjoint,
              GradOptions options)
{
    ArenaMark mark = arena_mark(g->c->scratch);
    uint32_t count = g->nodes.len;
    Reverse r = {g, arena_array(g->c->scratch, NodeId, count), arena_array(g->c->scratch, bool, count), options.per_sample};
    Span span = g->span;
    bool is_adjoint = g->is_adjoint, batched = false;
    g->is_adjoint = true;
    find_dependent(&r, wrt, n, count);
    for (size_t i = 0; i < ny; i++) {
        batched |= type_of(g, y[i])->batched;
        contribute(&r, y[i], seed[i]);
    }
    for (uint32_t i = count - 1; i > 0; i--) {
        if (r.depends[i] && node_is(r.adjoint[i])) visit(&r, (NodeId){i});
    }
    for (size_t i = 0; i < n; i++) {
        g->span = node_of(g, wrt[i])->span;
        NodeId x_adj = r.adjoint[wrt[i].i];
        if (!node_is(x_adj)) x_adj = zero_like(g, wrt[i]);
        Type t = *type_of(g, wrt[i]);
        t.batched |= options.per_sample && batched;
        adjoint[i] = fit_to(g, x_adj, &t, options.per_sample);
    }
    g->span = span;
    g->is_adjoint = is_adjoint;
    arena_reset(g->c->scratch, mark);
}

void gradient(Graph *g, NodeId y, const NodeId *wrt, size_t n, NodeId *adjoint, GradOptions options)
{
    Type t = *type_of(g, y);
    if (t.is_complex || type_count(&t) != 1) ice(g->c, node_of(g, y)->span, "a gradient is that of one real number");
    bool is_adjoint = g->is_adjoint;
    g->is_adjoint = true;
    NodeId seed = graph_filled(g, &t, 1);
    g->is_adjoint = is_adjoint;
    pullback(g, &y, &seed, 1, wrt, n, adjoint, options);
}
