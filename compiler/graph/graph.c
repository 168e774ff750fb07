/* graph.c: nodes, each once. graph_add finds an equal node by its hash: operation, operands, type and attributes by content.
 *
 * The order of commutative operands stays as written, so that numbers do not depend on the order in which nodes were made; a lookup
 * tries both orders.
 */
#include "graph/map.h"
#include "graph/op.h"

#include <string.h>

enum { FIRST_SLOTS = 256 };

Graph *graph_new(Compiler *c, const char *name)
{
    Arena *arena = arena_new(name);
    Graph *g = arena_make(arena, Graph);
    g->c = c;
    g->arena = arena;
    vec_push(arena, &g->nodes, (Node){.op = OP_none});
    g->slot_mask = FIRST_SLOTS - 1;
    g->slot = arena_array(arena, uint32_t, FIRST_SLOTS);
    return g;
}

void graph_drop(Graph *g)
{
    if (g) arena_drop(g->arena);
}

/* ---- equality ---- */

static uint32_t mix(uint32_t h, uint64_t x)
{
    uint64_t z = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(z ^ z >> 32);
}

/* 64 bits a step; bytes is a multiple of 8. */
static uint32_t mix_words(uint32_t h, const void *at, size_t bytes)
{
    const unsigned char *p = at;
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        h = mix(h, word);
    }
    return h;
}

static size_t pattern_bytes(const Wires *w) { return (size_t)1 << 2 * w->target_count; }

uint32_t map_hash(uint32_t h, const SparseMap *m)
{
    h = mix(mix(mix(h, m->inner), (uint64_t)m->rows), (uint64_t)m->cols);
    int64_t entries = m->start[m->rows];
    h = mix_words(h, m->start, sizeof *m->start * (size_t)m->rows);
    h = mix_words(h, m->index, sizeof *m->index * (size_t)entries);
    h = mix_words(h, m->re, sizeof *m->re * (size_t)entries);
    return m->im ? mix_words(h, m->im, sizeof *m->im * (size_t)entries) : h;
}

static uint32_t wires_hash(uint32_t h, const Wires *w)
{
    h = mix(h, (uint64_t)w->qubits | (uint64_t)w->dagger << 8 | (uint64_t)w->zero_outside << 9 |
                   (uint64_t)w->unitary << 10 | (uint64_t)w->control_values << 32);
    for (int i = 0; i < w->target_count; i++) h = mix(h, w->target[i]);
    for (int i = 0; i < w->control_count; i++) h = mix(h, w->control[i] | 256u);
    return h;
}

uint32_t node_hash(const Node *n)
{
    uint32_t h = mix(0, (uint64_t)n->op | (uint64_t)n->type.is_complex << 16 | (uint64_t)n->type.batched << 17 |
                            (uint64_t)n->type.outer << 24 | (uint64_t)n->type.rank << 32);
    for (int i = 0; i < n->type.rank; i++) h = mix(h, (uint64_t)n->type.dim[i]);
    if (op_rows[n->op].traits & COMMUTATIVE) h = mix(h, (uint64_t)n->arg[0].i + n->arg[1].i);
    else for (int i = 0; i < n->arity; i++) h = mix(h, n->arg[i].i);
    size_t bytes = sizeof(double) * (size_t)type_count(&n->type);
    switch (attributes_of(n->op)) {
    case ATTR_none: return h;
    case ATTR_index: return mix(h, n->index);
    case ATTR_constant:
        h = mix_words(h, n->constant.re, bytes);
        return n->constant.im ? mix_words(h, n->constant.im, bytes) : h;
    case ATTR_map: return map_hash(h, n->map);
    case ATTR_wires: return wires_hash(h, n->wires);
    case ATTR_axes: return mix(h, (uint64_t)n->axes.pre << 8 | n->axes.post);
    case ATTR_matmul: return mix(h, (uint64_t)n->matmul.ta << 1 | n->matmul.tb);
    }
    unreachable();
}

/* Both may be NULL. */
static bool same_words(const void *a, const void *b, int64_t count)
{
    return a == b || (a && b && !memcmp(a, b, 8 * (size_t)count));
}

bool map_same(const SparseMap *a, const SparseMap *b)
{
    if (a == b) return true;
    if (a->inner != b->inner || a->rows != b->rows || a->cols != b->cols || !same_words(a->start, b->start, a->rows + 1))
        return false;
    int64_t entries = a->start[a->rows];
    return same_words(a->index, b->index, entries) && same_words(a->re, b->re, entries) &&
           same_words(a->im, b->im, entries);
}

static bool wires_same(const Wires *a, const Wires *b)
{
    if (a == b) return true;
    return a->qubits == b->qubits && a->target_count == b->target_count && a->control_count == b->control_count &&
           !memcmp(a->target, b->target, a->target_count) && !memcmp(a->control, b->control, a->control_count) &&
           a->control_values == b->control_values && a->dagger == b->dagger &&
           a->zero_outside == b->zero_outside && a->unitary == b->unitary && !a->pattern == !b->pattern &&
           (!a->pattern || !memcmp(a->pattern, b->pattern, pattern_bytes(a)));
}

static bool same_operands(const Node *a, const Node *b)
{
    if (a->arg[0].i == b->arg[0].i && a->arg[1].i == b->arg[1].i && a->arg[2].i == b->arg[2].i) return true;
    return (op_rows[a->op].traits & COMMUTATIVE) && a->arg[0].i == b->arg[1].i && a->arg[1].i == b->arg[0].i;
}

bool node_same(const Node *a, const Node *b)
{
    if (a->op != b->op || !type_same(&a->type, &b->type) || !same_operands(a, b)) return false;
    int64_t count = type_count(&a->type);
    switch (attributes_of(a->op)) {
    case ATTR_none: return true;
    case ATTR_index: return a->index == b->index;
    case ATTR_constant:
        return same_words(a->constant.re, b->constant.re, count) && same_words(a->constant.im, b->constant.im, count);
    case ATTR_map: return map_same(a->map, b->map);
    case ATTR_wires: return wires_same(a->wires, b->wires);
    case ATTR_axes: return a->axes.pre == b->axes.pre && a->axes.post == b->axes.post;
    case ATTR_matmul: return a->matmul.ta == b->matmul.ta && a->matmul.tb == b->matmul.tb;
    }
    unreachable();
}

/* ---- adding ---- */

static void *copied(Arena *a, const void *from, size_t bytes)
{
    return from ? memcpy(arena_alloc(a, bytes ? bytes : 1), from, bytes) : NULL;
}

static const SparseMap *map_copied(Arena *a, const SparseMap *m)
{
    SparseMap *copy = copied(a, m, sizeof *m);
    size_t entries = (size_t)m->start[m->rows];
    copy->start = copied(a, m->start, sizeof *m->start * ((size_t)m->rows + 1));
    copy->index = copied(a, m->index, sizeof *m->index * entries);
    copy->re = copied(a, m->re, sizeof *m->re * entries);
    copy->im = copied(a, m->im, sizeof *m->im * entries);
    return copy;
}

/* Moves the attributes that a node points to into the graph's arena. */
static void keep_attributes(Graph *g, Node *n)
{
    size_t bytes = sizeof(double) * (size_t)type_count(&n->type);
    if (n->op == OP_constant) {
        n->constant.re = copied(g->arena, n->constant.re, bytes);
        n->constant.im = copied(g->arena, n->constant.im, bytes);
    }
    if (n->op == OP_sparse) n->map = map_copied(g->arena, n->map);
    if (n->op == OP_apply || n->op == OP_overlap) {
        Wires *w = copied(g->arena, n->wires, sizeof *w);
        w->pattern = copied(g->arena, w->pattern, w->pattern ? pattern_bytes(w) : 0);
        n->wires = w;
    }
}

static void grow_slots(Graph *g)
{
    uint32_t count = (g->slot_mask + 1) * 2;
    uint32_t *slot = arena_array(g->arena, uint32_t, count);
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        uint32_t at = g->nodes.at[i].hash & (count - 1);
        while (slot[at]) at = (at + 1) & (count - 1);
        slot[at] = i;
    }
    g->slot = slot;
    g->slot_mask = count - 1;
}

NodeId graph_add(Graph *g, Node n)
{
    const OpRow *row = &op_rows[n.op];
    n.arity = row->arity;
    n.span = g->span;
    n.is_adjoint = g->is_adjoint;
    Type type = n.type;
    const char *complaint = row->shape(g, &n, &type);
    if (complaint) ice(g->c, g->span, "%s: %s", row->name, complaint);
    n.type = type;
    n.hash = node_hash(&n);
    uint32_t at = n.hash & g->slot_mask;
    for (; g->slot[at]; at = (at + 1) & g->slot_mask) {
        Node *other = &g->nodes.at[g->slot[at]];
        if (other->hash != n.hash || !node_same(other, &n)) continue;
        if (other->is_adjoint && !n.is_adjoint) { /* the forward part needs it, too */
            other->is_adjoint = false;
            other->span = n.span;
        }
        return (NodeId){g->slot[at]};
    }
    keep_attributes(g, &n);
    NodeId id = {g->nodes.len};
    g->slot[at] = id.i;
    vec_push(g->arena, &g->nodes, n);
    if (g->nodes.len * 2 > g->slot_mask) grow_slots(g);
    return id;
}

NodeId graph_again(Graph *g, const Node *n, const NodeId *arg)
{
    Node again = *n;
    for (int i = 0; i < n->arity; i++) again.arg[i] = arg[i];
    return graph_add(g, again);
}

/* ---- leaves and outputs ---- */

NodeId graph_param(Graph *g, const char *path, Type t)
{
    for (uint32_t i = 0; i < g->params.len; i++) {
        Leaf *leaf = &g->params.at[i];
        if (strcmp(leaf->name, path)) continue;
        if (!node_is(leaf->node)) leaf->node = graph_add(g, (Node){.op = OP_param, .type = leaf->type, .index = i});
        return leaf->node;
    }
    t.batched = false;
    NodeId n = graph_add(g, (Node){.op = OP_param, .type = t, .index = g->params.len});
    vec_push(g->arena, &g->params, (Leaf){arena_strdup(g->arena, path), t, n});
    return n;
}

NodeId graph_input(Graph *g, const char *name, Type t)
{
    for (uint32_t i = 0; i < g->inputs.len; i++) {
        Leaf *leaf = &g->inputs.at[i];
        if (strcmp(leaf->name, name)) continue;
        if (!node_is(leaf->node)) leaf->node = graph_add(g, (Node){.op = OP_input, .type = leaf->type, .index = i});
        return leaf->node;
    }
    t.batched = true;
    NodeId n = graph_add(g, (Node){.op = OP_input, .type = t, .index = g->inputs.len});
    vec_push(g->arena, &g->inputs, (Leaf){arena_strdup(g->arena, name), t, n});
    return n;
}

NodeId graph_leaf_again(Graph *g, const Node *n)
{
    Leaf *leaf = n->op == OP_param ? &g->params.at[n->index] : &g->inputs.at[n->index];
    leaf->node = graph_add(g, *n);
    return leaf->node;
}

void graph_output(Graph *g, const char *name, NodeId n)
{
    vec_push(g->arena, &g->outputs, (Output){arena_strdup(g->arena, name), n});
}
