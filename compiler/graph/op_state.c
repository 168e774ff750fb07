/* op_state.c: apply and overlap, of which circuits and their derivatives are made.
 *
 *     y = apply(M, psi)    y_r = sum_c M_rc psi_c on the target bits, for each value of the other bits, where controls match;
 *                          elsewhere y = psi, or 0 with zero_outside
 *     K = overlap(l, p)    K_rc = sum over the other bits, where controls match, of l_r conj(p_c)
 *
 * M counts, and K is given, only in the parts named by the pattern. With L changing by Re(conj(adj) dz):
 *     apply:    psi_adj = M^H dy               M_adj = overlap(dy, psi); of M^H psi: overlap(psi, dy)
 *     overlap:  l_adj = apply(K_adj, p)        p_adj = apply(K_adj^H, l)      both 0 outside
 */
#include "graph/op.h"

#include <string.h>

static const char *wires_complaint(const Wires *w)
{
    uint32_t seen = 0;
    if (w->qubits > sizeof w->control || w->target_count > sizeof w->target) return "too many qubits";
    if (w->target_count + w->control_count > w->qubits) return "more targets and controls than qubits";
    for (int i = 0; i < w->target_count + w->control_count; i++) {
        uint8_t q = i < w->target_count ? w->target[i] : w->control[i - w->target_count];
        if (q >= w->qubits) return "a qubit is out of range";
        if (seen & 1u << q) return "a qubit is used twice";
        seen |= 1u << q;
    }
    return NULL;
}

static bool is_state(const Type *t, int qubits)
{
    return t->is_complex && t->rank == t->outer + 1 && t->dim[t->outer] == INT64_C(1) << qubits;
}

const char *apply_shape(const Graph *g, const Node *n, Type *out)
{
    const Type *m = type_of(g, n->arg[0]);
    Type t = *type_of(g, n->arg[1]);
    const char *complaint = wires_complaint(n->wires);
    if (complaint) return complaint;
    int64_t d = INT64_C(1) << n->wires->target_count;
    if (!is_state(&t, n->wires->qubits)) return "the state is complex with one inner axis of 2^qubits";
    if (!m->is_complex || m->rank != m->outer + 2 || m->dim[m->outer] != d || m->dim[m->outer + 1] != d)
        return "the matrix is complex with inner axes of 2^targets";
    if (!join_outer(&t, m)) return "outer axes of matrix and state differ";
    t.batched |= m->batched;
    *out = t;
    return NULL;
}

NodeId apply(Graph *g, NodeId m, NodeId psi, const Wires *w)
{
    Wires wires = *w;
    if (!w->control_count) wires.zero_outside = false; /* nothing is outside */
    if (wires.zero_outside) wires.unitary = false;
    return graph_add(g, (Node){.op = OP_apply, .arg = {m, psi}, .wires = &wires});
}

NodeId apply_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    const Node *n = node_of(g, y);
    Wires w = *n->wires;
    NodeId m = n->arg[0], psi = n->arg[1];
    if (k == 0) return w.dagger ? overlap(g, psi, dy, &w) : overlap(g, dy, psi, &w);
    w.dagger = !w.dagger;
    return apply(g, m, dy, &w);
}

/* dM psi: what the controls leave alone does not depend on M. */
NodeId apply_tangent(Graph *g, NodeId y, int k, NodeId dx)
{
    const Node *n = node_of(g, y);
    if (k == 1) return apply(g, n->arg[0], dx, n->wires);
    Wires w = *n->wires;
    w.zero_outside = true;
    w.unitary = false;
    return apply(g, dx, n->arg[1], &w);
}

const char *overlap_shape(const Graph *g, const Node *n, Type *out)
{
    Type t = *type_of(g, n->arg[0]);
    const Type *p = type_of(g, n->arg[1]);
    const char *complaint = wires_complaint(n->wires);
    if (complaint) return complaint;
    if (!is_state(&t, n->wires->qubits) || !is_state(p, n->wires->qubits))
        return "states are complex with one inner axis of 2^qubits";
    if (t.outer == TYPE_MAX_RANK - 1) return "too many outer axes";
    if (!join_outer(&t, p)) return "outer axes of the states differ";
    t.batched |= p->batched;
    t.rank = (uint8_t)(t.outer + 2);
    t.dim[t.outer] = t.dim[t.outer + 1] = INT64_C(1) << n->wires->target_count;
    *out = t;
    return NULL;
}

NodeId overlap(Graph *g, NodeId l, NodeId p, const Wires *w)
{
    Wires wires = *w;
    wires.dagger = wires.zero_outside = wires.unitary = false; /* they say nothing here */
    return graph_add(g, (Node){.op = OP_overlap, .arg = {l, p}, .wires = &wires});
}

NodeId overlap_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    const Node *n = node_of(g, y);
    Wires w = *n->wires;
    w.zero_outside = true;
    w.dagger = k == 1;
    return apply(g, dy, n->arg[1 - k], &w);
}
