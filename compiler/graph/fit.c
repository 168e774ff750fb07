/* fit.c: a derivative to the type of the value it belongs to.
 *
 * A rule of ops.def gives a contribution in the type that its expression has. What it has more than its node (an imaginary part,
 * outer axes, samples) goes by the transpose of the implicit copy that the operation made; what it lacks is copied.
 */
#include "graph/op.h"

NodeId fit_to(Graph *g, NodeId x, const Type *t, bool per_sample)
{
    if (type_of(g, x)->is_complex && !t->is_complex) x = re(g, x);
    Type have = *type_of(g, x);
    if (have.outer && !t->outer) x = sum(g, x, have.outer, 0);
    if (!have.outer && t->outer) {
        Type want = *t;
        x = broadcast(g, x, want, want.outer, 0);
    }
    if (have.batched && !t->batched && !per_sample) x = batch_sum(g, x);
    if (!have.batched && t->batched) x = to_batch(g, x);
    if (!have.is_complex && t->is_complex) {
        NodeId zero = zero_like(g, x);
        x = cplx(g, x, zero);
    }
    if (!type_same_shape(type_of(g, x), t))
        ice(g->c, g->span, "a derivative %s does not fit %s", type_text(g->arena, type_of(g, x)), type_text(g->arena, t));
    return x;
}
