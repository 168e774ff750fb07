/* undo_states.c: Graph -> Graph whose backward part recomputes states instead of keeping them.
 *
 *     forward    psi0 -M1-> psi1 -M2-> psi2 .. -> psiL -> loss
 *     backward   R(psiL) = psiL,  R(psi1) = M2^H R(psi2), ..      where derivatives read psi1, they read R(psi1)
 *
 * So one state is alive at a time, whatever the depth. A state can be undone if a unitary matrix takes it to a state of the same
 * type. See Note: levels.
 */
#include "graph/rebuild.h"

typedef struct Undo {
    Graph *g;          /* the copy to which undone states are added */
    NodeId *successor; /* apply that takes state i on; none = it cannot be undone */
    uint8_t *level;
    NodeId *undone; /* R(i), once made */
    uint32_t count; /* nodes that were there at the start */
} Undo;

static uint8_t level_of(const Undo *u, const Node *n)
{
    unsigned level = 0;
    for (int k = 0; k < n->arity; k++) {
        if (u->level[n->arg[k].i] > level) level = u->level[n->arg[k].i];
    }
    if (level % 2 != n->is_adjoint) level++;
    return (uint8_t)(level < 254 ? level : 254u + n->is_adjoint);
}

static void find_successors(Undo *u)
{
    const Graph *g = u->g;
    for (uint32_t i = 1; i < u->count; i++) {
        const Node *n = &g->nodes.at[i];
        u->level[i] = level_of(u, n);
        if (n->op != OP_apply || !n->wires->unitary || n->is_adjoint || u->level[i] >= 254) continue;
        NodeId psi = n->arg[1];
        bool is_leaf = op_rows[node_of(g, psi)->op].traits & LEAF;
        if (is_leaf || node_is(u->successor[psi.i]) || u->level[psi.i] != u->level[i]) continue;
        if (type_same(type_of(g, psi), &n->type)) u->successor[psi.i] = (NodeId){i};
    }
}

/* Makes R of psi and of all states behind it. */
static NodeId undone(Undo *u, NodeId psi)
{
    Graph *g = u->g;
    VEC(NodeId) chain = {0};
    NodeId state = psi;
    while (!node_is(u->undone[state.i]) && node_is(u->successor[state.i])) {
        vec_push(g->c->scratch, &chain, state);
        state = u->successor[state.i];
    }
    NodeId back = node_is(u->undone[state.i]) ? u->undone[state.i] : state;
    while (chain.len) {
        state = chain.at[--chain.len];
        const Node *n = node_of(g, u->successor[state.i]);
        Wires w = *n->wires;
        w.dagger = !w.dagger;
        g->span = n->span;
        back = u->undone[state.i] = apply(g, n->arg[0], back, &w);
    }
    return back;
}

/* Derivatives read undone states. */
static NodeId operand_read(const Graph *g, const Node *n, int k, void *state)
{
    const Undo *u = state;
    (void)g;
    NodeId x = n->arg[k];
    bool made_here = x.i >= u->count;
    return n->is_adjoint && !made_here && node_is(u->undone[x.i]) ? u->undone[x.i] : x;
}

Graph *undo_states(Compiler *c, const Graph *g)
{
    ArenaMark mark = arena_mark(c->scratch);
    Graph *copy = graph_rebuild(c, g);
    uint32_t count = copy->nodes.len;
    Undo u = {copy, arena_array(c->scratch, NodeId, count), arena_array(c->scratch, uint8_t, count),
              arena_array(c->scratch, NodeId, count), count};
    find_successors(&u);
    copy->is_adjoint = true;
    for (uint32_t i = 1; i < count; i++) {
        const Node *n = &copy->nodes.at[i];
        for (int k = 0; k < n->arity && n->is_adjoint; k++) {
            if (node_is(u.successor[n->arg[k].i])) undone(&u, n->arg[k]);
        }
    }
    Graph *to = rebuild_reading(c, copy, "graph that undoes states", operand_read, &u);
    graph_drop(copy);
    arena_reset(c->scratch, mark);
    return to;
}

/* Note: levels
 *
 * A forward part may depend on derivatives (a training step inside the model), and their states must not be undone from states that
 * need them first. The level of a node is even for forward nodes and odd for derivatives, and grows along operands: 0 forward,
 * 1 its derivatives, 2 forward again, behind those. A state is undone from states of its own level only, and read undone by
 * derivatives, whose level is higher: no cycle can arise. Levels from 254 on are not told apart, and nothing is undone there.
 */
