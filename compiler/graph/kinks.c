/* kinks.c: max, min, abs and step, and on which side of each the two evaluations are. */
#include "graph/kinks.h"

Kinks kinks_of(const Graph *g, NodeId y)
{
    Kinks k = {0};
    bool *reached = arena_array(g->arena, bool, g->nodes.len);
    reached[y.i] = true;
    for (uint32_t i = g->nodes.len - 1; i > 0; i--) {
        const Node *n = &g->nodes.at[i];
        for (int j = 0; j < n->arity && reached[i] && n->op != OP_detach; j++) reached[n->arg[j].i] = true;
        if (!reached[i]) continue;
        if (n->op == OP_max || n->op == OP_min) vec_push(g->arena, &k.list, (Kink){{i}, n->arg[0], n->arg[1]});
        if (n->op == OP_abs || n->op == OP_step) vec_push(g->arena, &k.list, (Kink){{i}, n->arg[0], {0}});
    }
    k.watched = arena_array(g->arena, NodeId, 2 * (size_t)k.list.len + 2);
    for (uint32_t i = 0; i < k.list.len; i++) {
        k.watched[k.watched_count++] = k.list.at[i].a;
        if (node_is(k.list.at[i].b)) k.watched[k.watched_count++] = k.list.at[i].b;
    }
    return k;
}

/* Does the kink's operand difference change its sign between the two evaluations? */
static bool lies_between(const Graph *g, const Kink *kink, int64_t samples, const Evaluation *low, const Evaluation *high)
{
    const Type *t = type_of(g, kink->node), *ta = type_of(g, kink->a), *tb = node_is(kink->b) ? type_of(g, kink->b) : NULL;
    int64_t count = type_count(t) * (t->batched ? samples : 1);
    int64_t na = type_count(ta) * (ta->batched ? samples : 1), nb = tb ? type_count(tb) * (tb->batched ? samples : 1) : 1;
    const double *la = evaluation_of(low, kink->a), *ha = evaluation_of(high, kink->a);
    const double *lb = tb ? evaluation_of(low, kink->b) : NULL, *hb = tb ? evaluation_of(high, kink->b) : NULL;
    for (int64_t i = 0; i < count; i++) {
        double l = la[i % na] - (lb ? lb[i % nb] : 0), h = ha[i % na] - (hb ? hb[i % nb] : 0);
        if ((l > 0) != (h > 0) || (l < 0) != (h < 0)) return true;
    }
    return false;
}

const char *kink_between(const Graph *g, const Kinks *k, int64_t samples, const Evaluation *low, const Evaluation *high)
{
    static const char *const text[] = {"max", "min", "abs", "step"};
    for (uint32_t i = 0; i < k->list.len; i++) {
        const Kink *kink = &k->list.at[i];
        if (!lies_between(g, kink, samples, low, high)) continue;
        const Node *n = node_of(g, kink->node);
        int which = n->op == OP_max ? 0 : n->op == OP_min ? 1 : n->op == OP_abs ? 2 : 3;
        return arena_printf(g->c->keep, "%s at %s", text[which], source_place_text(g->c->scratch, &g->c->sources, n->span));
    }
    return NULL;
}
