/* forward.c: tangents of nodes, from the operands on. Appends to the graph; only what the results need. */
#include "graph/op.h"

typedef struct Forward {
    Graph *g;
    NodeId *tangent; /* of each node that was there at the start; none = zero */
    bool *needed;
} Forward;

static NodeId plus(Graph *g, NodeId a, NodeId b)
{
    if (!node_is(a) || !node_is(b)) return node_is(a) ? a : b;
    return add(g, a, b);
}

/* y = f(operands) with f linear in all of them: f(tangents). */
static NodeId of_tangents(Forward *f, const Node *n)
{
    NodeId arg[3] = {{0}};
    for (int k = 0; k < n->arity; k++) {
        NodeId dx = f->tangent[n->arg[k].i];
        arg[k] = node_is(dx) ? dx : zero_like(f->g, n->arg[k]);
    }
    return graph_again(f->g, n, arg);
}

/* The part of y's tangent that comes from operand k moving by dx. */
static NodeId part(Graph *g, NodeId y, int k, NodeId dx)
{
    const Node *n = node_of(g, y);
    uint16_t traits = op_rows[n->op].traits;
    if (n->op == OP_apply) return apply_tangent(g, y, k, dx);
    if (traits & MULTI) {
        NodeId arg[3] = {n->arg[0], n->arg[1], n->arg[2]};
        arg[k] = dx;
        return graph_again(g, n, arg);
    }
    if (!(traits & TO_REAL)) return op_rows[n->op].grad(g, y, k, dx);
    Type t = n->type; /* y changes by Re(conj(p) dx), p the adjoint for dy = 1 */
    NodeId one = graph_filled(g, &t, 1);
    NodeId p = op_rows[n->op].grad(g, y, k, one);
    return re(g, mul(g, conj_(g, p), dx));
}

static NodeId tangent_of(Forward *f, NodeId y)
{
    Graph *g = f->g;
    const Node *n = node_of(g, y); /* stays readable when nodes are added: an arena keeps old blocks */
    bool moves = false;
    for (int k = 0; k < n->arity; k++) moves |= node_is(f->tangent[n->arg[k].i]);
    uint16_t traits = op_rows[n->op].traits;
    if (!moves || n->op == OP_detach || traits & FLAT) return (NodeId){0};
    g->span = n->span;
    Type t = n->type;
    bool by_operand = n->op == OP_add || n->op == OP_sub || !(traits & LINEAR);
    if (!by_operand) return fit_to(g, of_tangents(f, n), &t, false);
    NodeId dy = {0};
    for (int k = 0; k < n->arity; k++) {
        NodeId dx = f->tangent[n->arg[k].i];
        if (node_is(dx)) dy = plus(g, dy, fit_to(g, part(g, y, k, dx), &t, false));
    }
    return dy;
}

void pushforward(Graph *g, const NodeId *x, const NodeId *dx, size_t nx, const NodeId *y, size_t ny, NodeId *tangent)
{
    ArenaMark mark = arena_mark(g->c->scratch);
    uint32_t count = g->nodes.len;
    Forward f = {g, arena_array(g->c->scratch, NodeId, count), arena_array(g->c->scratch, bool, count)};
    Span span = g->span;
    bool is_adjoint = g->is_adjoint;
    g->is_adjoint = true;
    for (size_t i = 0; i < ny; i++) f.needed[y[i].i] = true;
    for (uint32_t i = count - 1; i > 0; i--) {
        const Node *n = &g->nodes.at[i];
        for (int k = 0; k < n->arity && f.needed[i]; k++) f.needed[n->arg[k].i] = true;
    }
    for (size_t i = 0; i < nx; i++) {
        Type t = *type_of(g, x[i]);
        f.tangent[x[i].i] = fit_to(g, dx[i], &t, false);
    }
    for (uint32_t i = 1; i < count; i++) {
        if (f.needed[i] && !node_is(f.tangent[i])) f.tangent[i] = tangent_of(&f, (NodeId){i});
    }
    for (size_t i = 0; i < ny; i++) {
        Type t = *type_of(g, y[i]);
        NodeId dy = f.tangent[y[i].i];
        if (!node_is(dy)) dy = zero_like(g, y[i]);
        tangent[i] = fit_to(g, dy, &t, false);
    }
    g->span = span;
    g->is_adjoint = is_adjoint;
    arena_reset(g->c->scratch, mark);
}
