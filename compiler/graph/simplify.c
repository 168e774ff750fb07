/* simplify.c: Graph -> smaller Graph.
 *
 * Rebuilds from the outputs. Each node meets the rules once its operands are final; equal nodes become one in graph_add.
 * Invariant: a rule returns a node that no rule changes again, so a single walk is enough. Types stay as they are. Values agree to
 * rounding where all is finite: x * 0 is 0, x - x is 0.
 */
#include "graph/simplify.h"

#include <string.h>

#include "graph/rebuild.h"

enum { MOST_FOLDED = 1 << 16 };

NodeId filled(Graph *g, const Type *t, double value)
{
    NodeId x = graph_filled(g, t, value);
    return t->batched ? to_batch(g, x) : x;
}

NodeId widened_to(Graph *g, NodeId x, const Type *t)
{
    Type have = *type_of(g, x);
    if (!have.outer && t->outer) x = made(g, (Node){.op = OP_broadcast, .arg = {x}, .type = *t, .axes = {t->outer, 0}});
    if (!have.is_complex && t->is_complex) x = made2(g, OP_cplx, x, zero_like(g, x));
    return !have.batched && t->batched ? made1(g, OP_to_batch, x) : x;
}

NodeId times(Graph *g, NodeId x, double value)
{
    Type t = *type_of(g, x);
    t.is_complex = false;
    return made2(g, OP_mul, x, graph_filled(g, &t, value));
}

NodeId made_on(Graph *g, const Node *n, NodeId x)
{
    Node on = *n;
    on.arg[0] = x;
    return made(g, on);
}

/* ---- constants ---- */

static bool is_constant(const Graph *g, NodeId x)
{
    double value;
    return node_of(g, x)->op == OP_constant || (graph_is_filled(g, x, &value) && !type_of(g, x)->batched);
}

/* A constant's elements as eval.c lays them out, on scratch. */
static const double *constant_values(const Graph *g, NodeId n)
{
    const Node *x = node_of(g, n);
    int64_t count = type_count(&x->type);
    int parts = x->type.is_complex ? 2 : 1;
    double *y = arena_array(g->c->scratch, double, count * parts), value = 0;
    bool is_filled = x->op != OP_constant && graph_is_filled(g, n, &value);
    for (int64_t i = 0; i < count; i++) {
        y[i * parts] = is_filled ? value : x->constant.re[i];
        if (parts == 2 && !is_filled) y[i * 2 + 1] = x->constant.im[i];
    }
    return y;
}

static NodeId constant_of(Graph *g, const Type *t, const double *y)
{
    int64_t count = type_count(t);
    double *re_part = arena_array(g->c->scratch, double, count);
    double *im_part = t->is_complex ? arena_array(g->c->scratch, double, count) : NULL;
    for (int64_t i = 0; i < count; i++) {
        re_part[i] = y[t->is_complex ? 2 * i : i];
        if (im_part) im_part[i] = y[2 * i + 1];
    }
    return made(g, (Node){.op = OP_constant, .type = *t, .constant = {re_part, im_part}});
}

/* An operation of constants is a constant; a constant with one value everywhere is one number, broadcast. */
NodeId constants_fold(Graph *g, const Node *n)
{
    if (n->op == OP_constant) {
        bool same = n->type.rank > 0;
        for (int64_t i = 0; i < type_count(&n->type) && same; i++)
            same = n->constant.re[i] == n->constant.re[0] && (!n->constant.im || n->constant.im[i] == 0);
        return same ? filled(g, &n->type, n->constant.re[0]) : (NodeId){0};
    }
    if (!n->arity || n->type.batched || n->op == OP_detach || type_count(&n->type) > MOST_FOLDED) return (NodeId){0};
    for (int k = 0; k < n->arity; k++) {
        if (!is_constant(g, n->arg[k]) || type_count(type_of(g, n->arg[k])) > MOST_FOLDED) return (NodeId){0};
    }
    if (n->op == OP_broadcast && type_of(g, n->arg[0])->rank == 0) return (NodeId){0}; /* is as it should be */
    ArenaMark mark = arena_mark(g->c->scratch);
    const double *x[3] = {0};
    for (int k = 0; k < n->arity; k++) x[k] = constant_values(g, n->arg[k]);
    double *y = arena_array(g->c->scratch, double, type_count(&n->type) * (n->type.is_complex ? 2 : 1));
    eval_shared(g, n, x, y);
    NodeId folded = constant_of(g, &n->type, y);
    arena_reset(g->c->scratch, mark);
    return folded;
}

/* ---- the walk ---- */

static Rule *const rules[] = {
    constants_fold, zeros_win, copies_move_out, units_go,  signs_move_out, complex_parts,
    factors_meet,   picks_move_out, axes_meet,  maps_meet, sums_shrink,    states_stay,
};

NodeId made(Graph *g, Node n)
{
    n.arity = op_rows[n.op].arity;
    Type t = n.type;
    const char *complaint = op_rows[n.op].shape(g, &n, &t);
    if (complaint) ice(g->c, g->span, "simplify: %s: %s", op_rows[n.op].name, complaint);
    n.type = t;
    for (size_t i = 0; i < COUNT(rules); i++) {
        NodeId better = rules[i](g, &n);
        if (!node_is(better)) continue;
        if (!type_same(type_of(g, better), &t))
            ice(g->c, g->span, "simplify: %s from %s became %s", op_rows[n.op].name, type_text(g->arena, &t),
                type_text(g->arena, type_of(g, better)));
        return better;
    }
    return graph_add(g, n);
}

static NodeId simplified(Graph *g, const Node *n, const NodeId *arg, void *state)
{
    (void)state;
    Node again = *n;
    memcpy(again.arg, arg, sizeof again.arg);
    return made(g, again);
}

Graph *simplify(Compiler *c, const Graph *g)
{
    Graph *with_leftovers = rebuild_with(c, g, "simplified graph", simplified, NULL);
    Graph *simple = graph_rebuild(c, with_leftovers);
    graph_drop(with_leftovers);
    return simple;
}
