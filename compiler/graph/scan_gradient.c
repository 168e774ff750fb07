/* scan_gradient.c: the derivatives that a scan wants, from the adjoint of the input "params" of all groups.
 *
 * Of a unitary matrix V with tangent K the derivative along H is Re tr(K^dagger H): Im K[r,r] on the diagonal, 2 Re K[r,c] above it,
 * 2 Im K[r,c] below.
 */
#include "graph/lower.h"
#include "graph/map_maker.h"

typedef enum Part { PART_real_group, PART_tangent_re, PART_tangent_im } Part;

/* How much of the source's element the derivative number `i` is; 0: it comes from elsewhere. */
static double factor(const ModelInst *m, const WrtElement *w, GroupId group, Part part)
{
    const GroupInst *g = group_of(m, w->group);
    if (part == PART_real_group) return g->is_unitary ? 0 : 1;
    if (w->group.i != group.i) return 0;
    int64_t d = g->dim[g->rank - 1], r = w->element / d % d, c = w->element % d;
    if (part == PART_tangent_re) return r < c ? 2 : 0;
    return r == c ? 1 : r > c ? 2 : 0;
}

/* real[elements]: what of them comes from this source. */
static NodeId taken(Graph *g, const ModelInst *m, const WrtList *wrt, GroupId group, Part part, NodeId source)
{
    int64_t count = wrt->len;
    bool any = false;
    ArenaMark mark = arena_mark(g->c->scratch);
    MapMaker map = map_begin(g->c->scratch, type_count(type_of(g, source)), false, false);
    for (uint32_t i = 0; i < wrt->len; i++) {
        double f = factor(m, &wrt->at[i], group, part);
        int64_t from = part == PART_real_group ? params_offset(m, wrt->at[i].group) : 0;
        if (f != 0) map_put(&map, from + wrt->at[i].element, f, 0);
        map_row(&map);
        any = any || f != 0;
    }
    NodeId n = any ? sparse(g, source, map_end(&map), type_real(1, &count)) : (NodeId){0};
    arena_reset(g->c->scratch, mark);
    return n;
}

static NodeId plus(Graph *g, NodeId a, NodeId b)
{
    if (!node_is(a)) return b;
    return node_is(b) ? add(g, a, b) : a;
}

NodeId scan_gradient(Graph *g, const ModelInst *m, const WrtList *wrt, NodeId params, NodeId params_adj)
{
    NodeId sum = taken(g, m, wrt, (GroupId){0}, PART_real_group, params_adj);
    for (uint32_t i = 0; i < m->groups.len; i++) {
        GroupId id = {i + 1};
        bool wanted = false;
        for (uint32_t k = 0; k < wrt->len; k++) wanted = wanted || wrt->at[k].group.i == id.i;
        if (!wanted || !group_of(m, id)->is_unitary) continue;
        NodeId tangent = unitary_tangent(g, group_slice(g, m, id, params), group_slice(g, m, id, params_adj));
        sum = plus(g, sum, taken(g, m, wrt, id, PART_tangent_re, re(g, tangent)));
        sum = plus(g, sum, taken(g, m, wrt, id, PART_tangent_im, im(g, tangent)));
    }
    return sum;
}
