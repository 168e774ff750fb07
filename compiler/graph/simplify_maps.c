/* simplify_maps.c: rules for copies, axes and sparse maps, where the number of elements decides: compute before copying, after adding
 * up, and once for all gates that read elements of one parameter.
 */
#include "graph/map.h"
#include "graph/simplify.h"

enum { MOST_PICKED_FROM = 1 << 14, MOST_EXPANDED = 1 << 18 };

/* ---- copies move outwards: f(copy x) = copy f(x) ---- */

static bool is_copy_over_outer(const Node *x)
{
    return x->op == OP_broadcast && x->type.outer && x->axes.pre == x->type.outer && !x->axes.post;
}

/* Operands that are copies over samples or over outer axes: the operation does that by itself if another operand needs it. */
static NodeId without_copies(Graph *g, const Node *n)
{
    bool joins = op_rows[n->op].traits & ELEMENTWISE || n->op == OP_matmul || n->op == OP_apply || n->op == OP_overlap;
    if (n->op == OP_to_batch || n->op == OP_batch_sum) return (NodeId){0};
    Node bare = *n;
    bool changed = false;
    for (int k = 0; k < n->arity; k++) {
        const Node *x = operand_of(g, n, k);
        bool copied = x->op == OP_to_batch || (joins && is_copy_over_outer(x) && !type_of(g, x->arg[0])->outer);
        if (!copied) continue;
        bare.arg[k] = x->arg[0];
        changed = true;
    }
    return changed ? widened_to(g, made(g, bare), &n->type) : (NodeId){0};
}

/* An element-wise operation of broadcasts along the same axes, and numbers. */
static NodeId before_broadcast(Graph *g, const Node *n)
{
    if (!(op_rows[n->op].traits & ELEMENTWISE)) return (NodeId){0};
    const Node *first = NULL;
    double value;
    for (int k = 0; k < n->arity; k++) {
        if (operand_filled(g, n, k, &value)) continue;
        const Node *x = operand_of(g, n, k);
        if (x->op != OP_broadcast || !type_same_shape(&x->type, &n->type)) return (NodeId){0};
        if (!first) first = x;
        if (x->axes.pre != first->axes.pre || x->axes.post != first->axes.post) return (NodeId){0};
        if (!type_same_shape(type_of(g, x->arg[0]), type_of(g, first->arg[0]))) return (NodeId){0};
    }
    if (!first) return (NodeId){0};
    Node small = *n;
    for (int k = 0; k < n->arity; k++) {
        small.arg[k] = operand_of(g, n, k)->arg[0];
        if (!operand_filled(g, n, k, &value)) continue;
        Type t = *type_of(g, first->arg[0]);
        t.is_complex = type_of(g, n->arg[k])->is_complex;
        small.arg[k] = graph_filled(g, &t, value);
    }
    NodeId y = made(g, small);
    return made(g, (Node){.op = OP_broadcast, .arg = {y}, .type = n->type, .axes = first->axes});
}

NodeId copies_move_out(Graph *g, const Node *n)
{
    NodeId y = without_copies(g, n);
    return node_is(y) ? y : before_broadcast(g, n);
}

/* ---- picks move outwards: f(x[index]) = f(x)[index] ---- */

bool is_pick(const Graph *g, NodeId x)
{
    const Node *n = node_of(g, x);
    return n->op == OP_sparse && !n->type.batched && n->map->cols <= MOST_PICKED_FROM && map_is_gather(n->map);
}

/* sparse(x) * factor, the factor in the map. */
static NodeId factor_into_map(Graph *g, const Node *s, double factor)
{
    if (map_entries(s->map) > 2 * s->map->rows) return (NodeId){0};
    ArenaMark mark = arena_mark(g->c->scratch);
    NodeId y = made_sparse(g, s->arg[0], map_scaled(g->c->scratch, s->map, factor), &s->type);
    arena_reset(g->c->scratch, mark);
    return y;
}

static NodeId pick_of(Graph *g, const Node *n, int k, double value)
{
    const Node *s = operand_of(g, n, k);
    Node before = *n;
    before.arg[k] = s->arg[0];
    if (n->arity == 2) {
        Type t = *type_of(g, s->arg[0]);
        t.is_complex = type_of(g, n->arg[1 - k])->is_complex;
        before.arg[1 - k] = graph_filled(g, &t, value);
    }
    NodeId y = made(g, before);
    return made_sparse(g, y, s->map, &n->type);
}

NodeId picks_move_out(Graph *g, const Node *n)
{
    double value = -1;
    if (!(op_rows[n->op].traits & ELEMENTWISE) || n->arity > 2 || n->op == OP_cplx) return (NodeId){0};
    for (int k = 0; k < n->arity; k++) {
        const Node *s = operand_of(g, n, k);
        if (s->op != OP_sparse || !type_same_shape(&s->type, &n->type)) continue;
        if (n->arity == 2 && !operand_filled(g, n, 1 - k, &value)) continue;
        if (is_pick(g, n->arg[k])) return pick_of(g, n, k, value);
        bool by_factor = n->op == OP_neg || (n->op == OP_mul && type_same(&s->type, &n->type));
        if (by_factor) return factor_into_map(g, s, value);
    }
    return (NodeId){0};
}

/* ---- axes ---- */

NodeId axes_meet(Graph *g, const Node *n)
{
    double value;
    if (n->op != OP_broadcast && n->op != OP_sum && n->op != OP_reshape) return (NodeId){0};
    const Node *x = operand_of(g, n, 0);
    bool is_number = x->op == OP_constant && x->type.rank == 0 && n->op == OP_broadcast; /* that is the normal form */
    if (!is_number && n->op != OP_sum && graph_is_filled(g, n->arg[0], &value)) return filled(g, &n->type, value);
    if (n->op == OP_reshape) return (NodeId){0};
    Node both = *n;
    if (x->op == n->op) {
        both.axes.pre = (uint8_t)(both.axes.pre + x->axes.pre);
        both.axes.post = (uint8_t)(both.axes.post + x->axes.post);
        return made_on(g, &both, x->arg[0]);
    }
    bool same_count = type_count(&n->type) == type_count(&x->type); /* axes of one element */
    return same_count ? made_reshape(g, n->arg[0], &n->type) : (NodeId){0};
}

/* ---- maps ---- */

static NodeId reshape_meets(Graph *g, const Node *n)
{
    const Node *x = operand_of(g, n, 0);
    if (type_same_shape(&x->type, &n->type)) return n->arg[0];
    if (x->op == OP_reshape) return made_reshape(g, x->arg[0], &n->type);
    if (x->op != OP_sparse) return (NodeId){0};
    bool keeps_blocks = type_outer(&x->type) == type_outer(&n->type);
    return !x->map->inner || keeps_blocks ? made_sparse(g, x->arg[0], x->map, &n->type) : (NodeId){0};
}

/* Two maps as one, if that has no more entries than the second: others may read the result of the first, and an inner map works
 * inside a loop on values nearby. */
static NodeId composed(Graph *g, const Node *n)
{
    const Node *x = operand_of(g, n, 0);
    Arena *scratch = g->c->scratch;
    const SparseMap *second = n->map, *first = x->map;
    int64_t outer_second = type_outer(&n->type), outer_first = type_outer(&x->type);
    if (second->inner != first->inner) {
        if (second->inner && map_entries(second) * outer_second > MOST_EXPANDED) return (NodeId){0};
        if (first->inner && map_entries(first) * outer_first > MOST_EXPANDED) return (NodeId){0};
    }
    ArenaMark mark = arena_mark(scratch);
    bool expand = second->inner != first->inner;
    if (expand && second->inner) second = map_for_all(scratch, second, outer_second);
    if (expand && first->inner) first = map_for_all(scratch, first, outer_first);
    const SparseMap *both = map_composed(scratch, second, first);
    NodeId y = {0};
    if (map_entries(both) <= map_entries(second)) y = made_sparse(g, x->arg[0], both, &n->type);
    arena_reset(scratch, mark);
    return y;
}

/* A map that does the same for each outer index says so: what it does can then stay in one loop over them. */
static NodeId block_by_block(Graph *g, const Node *n)
{
    int64_t outer = type_outer(&n->type);
    if (n->map->inner || outer == 1 || type_outer(type_of(g, n->arg[0])) != outer) return (NodeId){0};
    ArenaMark mark = arena_mark(g->c->scratch);
    const SparseMap *block = map_of_blocks(g->c->scratch, n->map, outer);
    NodeId y = block ? made_sparse(g, n->arg[0], block, &n->type) : (NodeId){0};
    arena_reset(g->c->scratch, mark);
    return y;
}

static NodeId sparse_meets(Graph *g, const Node *n)
{
    const Node *x = operand_of(g, n, 0);
    const SparseMap *m = n->map;
    double zero;
    if (!map_entries(m)) return filled(g, &n->type, 0);
    if (map_is_identity(m)) return made_reshape(g, n->arg[0], &n->type);
    if (m->inner && type_outer(&n->type) == 1) {
        SparseMap whole = *m;
        whole.inner = false;
        return made_sparse(g, n->arg[0], &whole, &n->type);
    }
    NodeId inner = block_by_block(g, n);
    if (node_is(inner)) return inner;
    if (x->op == OP_reshape && (!m->inner || type_outer(type_of(g, x->arg[0])) == type_outer(&n->type)))
        return made_sparse(g, x->arg[0], m, &n->type);
    if (x->op == OP_sparse) return composed(g, n);
    if (x->op == OP_neg && !(map_is_gather(m) && !x->type.batched)) {
        Node bare = *n;
        bare.arg[0] = x->arg[0];
        return factor_into_map(g, &bare, -1);
    }
    if (x->op == OP_cplx && graph_is_filled(g, x->arg[1], &zero) && zero == 0 && type_same_shape(&x->type, type_of(g, x->arg[0])))
        return widened_to(g, made_sparse(g, x->arg[0], m, &n->type), &n->type);
    return (NodeId){0};
}

/* A x + B x = (A + B) x */
static NodeId maps_add_up(Graph *g, const Node *n)
{
    const Node *a = operand_of(g, n, 0), *b = operand_of(g, n, 1);
    if (a->op != OP_sparse || b->op != OP_sparse || a->arg[0].i != b->arg[0].i) return (NodeId){0};
    if (a->map->inner != b->map->inner || !type_same_shape(&a->type, &b->type)) return (NodeId){0};
    ArenaMark mark = arena_mark(g->c->scratch);
    const SparseMap *m = map_sum(g->c->scratch, a->map, b->map, n->op == OP_add ? 1 : -1);
    NodeId y = {0};
    if (map_entries(m) <= 2 * m->rows) y = made_sparse(g, a->arg[0], m, &n->type);
    arena_reset(g->c->scratch, mark);
    return y;
}

NodeId maps_meet(Graph *g, const Node *n)
{
    if (n->op == OP_reshape) return reshape_meets(g, n);
    if (n->op == OP_sparse) return sparse_meets(g, n);
    return n->op == OP_add || n->op == OP_sub ? maps_add_up(g, n) : (NodeId){0};
}

/* ---- sums: what is common leaves ---- */

/* sum(x * y) = sum(x) * y, if y does not change along what is added up. Gives x's and y's place in the product. */
static bool has_common_factor(const Graph *g, const Node *n, const Node *product, int *x, NodeId *y)
{
    double value;
    for (int k = 0; k < 2; k++) {
        const Node *f = node_of(g, product->arg[k]), *other = node_of(g, product->arg[1 - k]);
        *x = 1 - k;
        *y = product->arg[k];
        if (!type_same_shape(&other->type, &product->type)) continue;
        if (n->op == OP_batch_sum && !f->type.batched) return true;
        if (n->op != OP_sum || other->type.batched != product->type.batched) continue;
        if (graph_is_filled(g, *y, &value)) return true;
        bool outer_only = n->axes.pre == product->type.outer && !n->axes.post;
        if (outer_only && product->type.outer && !f->type.outer) return true;
        if (f->op != OP_broadcast || f->axes.pre != n->axes.pre || f->axes.post != n->axes.post) continue;
        *y = f->arg[0];
        if (type_same_shape(type_of(g, *y), &n->type)) return true;
    }
    return false;
}

NodeId sums_shrink(Graph *g, const Node *n)
{
    if (n->op != OP_sum && n->op != OP_batch_sum) return (NodeId){0};
    const Node *x = operand_of(g, n, 0);
    int which;
    NodeId factor;
    double value;
    if (x->op == OP_neg) return made1(g, OP_neg, made_on(g, n, x->arg[0]));
    if (x->op == OP_broadcast && n->op == OP_sum && x->axes.pre == n->axes.pre && x->axes.post == n->axes.post &&
        type_same(type_of(g, x->arg[0]), &n->type))
        return times(g, x->arg[0], (double)(type_count(&x->type) / type_count(&n->type)));
    if (x->op != OP_mul || !has_common_factor(g, n, x, &which, &factor)) return (NodeId){0};
    NodeId total = made_on(g, n, x->arg[which]);
    if (graph_is_filled(g, factor, &value)) return widened_to(g, times(g, total, value), &n->type);
    return made2(g, OP_mul, total, factor);
}

/* ---- states ---- */

/* A matrix that is the constant 1 changes nothing. */
NodeId states_stay(Graph *g, const Node *n)
{
    if (n->op != OP_apply || n->wires->zero_outside) return (NodeId){0};
    const Node *m = operand_of(g, n, 0);
    if (m->op != OP_constant) return (NodeId){0};
    int64_t dim = m->type.dim[m->type.rank - 1];
    for (int64_t i = 0; i < dim * dim; i++) {
        bool on_diagonal = i % (dim + 1) == 0;
        if (m->constant.re[i] != on_diagonal || m->constant.im[i] != 0) return (NodeId){0};
        if (on_diagonal && n->wires->pattern && !(n->wires->pattern[i] & PART_re)) return (NodeId){0};
    }
    return n->arg[1];
}
