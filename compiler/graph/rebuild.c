/* rebuild.c: Graph -> Graph in canonical order: post-order from the outputs, operands left to right, in a fresh arena.
 *
 * Dead nodes stay behind, and numbers depend on what the graph says, not on the order in which it was made.
 */
#include "graph/rebuild.h"

typedef struct Frame {
    uint32_t node;
    int next; /* operand to visit */
} Frame;

typedef struct Walk {
    const Graph *from;
    Graph *to;
    NodeId *image; /* of each old node; none = not yet */
    NodeRule *rule;
    OperandRule *operand;
    void *state;
    VEC(Frame) stack;
} Walk;

static NodeId image_of(Walk *w, const Node *n)
{
    Graph *to = w->to;
    to->span = n->span;
    to->is_adjoint = n->is_adjoint;
    if (n->op == OP_param || n->op == OP_input) return graph_leaf_again(to, n);
    NodeId arg[3] = {{0}};
    for (int k = 0; k < n->arity; k++) arg[k] = w->image[w->operand(w->from, n, k, w->state).i];
    return w->rule(to, n, arg, w->state);
}

static NodeId visit(Walk *w, NodeId root)
{
    Arena *scratch = w->to->c->scratch;
    if (!node_is(w->image[root.i])) vec_push(scratch, &w->stack, (Frame){root.i, 0});
    while (w->stack.len) {
        Frame *top = &w->stack.at[w->stack.len - 1];
        const Node *n = &w->from->nodes.at[top->node];
        if (top->next < n->arity) {
            NodeId x = w->operand(w->from, n, top->next++, w->state);
            if (!node_is(w->image[x.i])) vec_push(scratch, &w->stack, (Frame){x.i, 0});
            continue;
        }
        w->image[top->node] = image_of(w, n);
        w->stack.len--;
    }
    return w->image[root.i];
}

static void copy_leaves(Graph *to, const Graph *from)
{
    for (uint32_t i = 0; i < from->params.len; i++) {
        const Leaf *leaf = &from->params.at[i];
        vec_push(to->arena, &to->params, (Leaf){arena_strdup(to->arena, leaf->name), leaf->type, {0}});
    }
    for (uint32_t i = 0; i < from->inputs.len; i++) {
        const Leaf *leaf = &from->inputs.at[i];
        vec_push(to->arena, &to->inputs, (Leaf){arena_strdup(to->arena, leaf->name), leaf->type, {0}});
    }
}

static Graph *rebuild(Compiler *c, const Graph *g, const char *name, NodeRule *rule, OperandRule *operand, void *state)
{
    ArenaMark mark = arena_mark(c->scratch);
    Graph *to = graph_new(c, name);
    NodeId *image = arena_array(c->scratch, NodeId, g->nodes.len);
    Walk w = {.from = g, .to = to, .image = image, .rule = rule, .operand = operand, .state = state};
    copy_leaves(to, g);
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        const Output *o = &g->outputs.at[i];
        graph_output(to, o->name, visit(&w, o->node));
    }
    to->span = (Span){0};
    to->is_adjoint = false;
    arena_reset(c->scratch, mark);
    return to;
}

static NodeId as_it_is(const Graph *from, const Node *n, int k, void *state)
{
    (void)from, (void)state;
    return n->arg[k];
}

static NodeId same_again(Graph *to, const Node *n, const NodeId *arg, void *state)
{
    (void)state;
    return graph_again(to, n, arg);
}

Graph *rebuild_with(Compiler *c, const Graph *g, const char *name, NodeRule *rule, void *state)
{
    return rebuild(c, g, name, rule, as_it_is, state);
}

Graph *rebuild_reading(Compiler *c, const Graph *g, const char *name, OperandRule *rule, void *state)
{
    return rebuild(c, g, name, same_again, rule, state);
}

Graph *graph_rebuild(Compiler *c, const Graph *g) { return rebuild(c, g, "graph", same_again, as_it_is, NULL); }

/* ---- cuts ---- */

typedef struct Cuts {
    const NodeId *node;
    NodeId *input;
    size_t count;
} Cuts;

static NodeId cut_operand(const Graph *from, const Node *n, int k, void *state)
{
    const Cuts *cuts = state;
    (void)from;
    for (size_t i = 0; i < cuts->count; i++)
        if (cuts->node[i].i == n->arg[k].i) return cuts->input[i];
    return n->arg[k];
}

Graph *graph_cut(Compiler *c, Graph *g, const NodeId *node, const char *const *name, size_t count)
{
    Cuts cuts = {node, arena_array(g->arena, NodeId, count + 1), count};
    for (size_t i = 0; i < count; i++) cuts.input[i] = graph_input(g, name[i], *type_of(g, node[i]));
    return rebuild_reading(c, g, "cut graph", cut_operand, &cuts);
}
