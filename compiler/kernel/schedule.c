/* schedule.c: Graph -> Kernels.
 *
 * place.c says which loop computes each node. Here the nodes of a loop are put in order by levels (again longest paths, then as late
 * as possible where that keeps less alive), neighbouring element-wise ones become one map, states are updated in place, and every
 * value that is read outside its own map gets a buffer.
 */
#include "kernel/place.h"

#include <stdlib.h>

/* A map step holds no more scalar operations than this. */
enum { MAP_MAX_OPS = 300 };

/* What units (computed nodes) are sorted by. Of one level, maps of equal extents come together, and what overwrites its operand
 * comes last. */
typedef struct Unit {
    uint32_t phase, stage, own; /* own: the node, if it has a kernel of its own */
    int64_t space;
    uint32_t level, class;
    int64_t inner;
    NodeId node;
} Unit;

enum { CLASS_map, CLASS_other, CLASS_update };

typedef struct Scheduler {
    Placement s;
    Kernels *k;
    Unit *unit;
    uint32_t unit_count, group_count, step_count;
    uint32_t *group_start; /* first unit of each group, and the end */
} Scheduler;

static int compare_units(const void *left, const void *right)
{
    const Unit *a = left, *b = right;
#define BY(field)                                                                                  \
    if (a->field != b->field) return a->field < b->field ? -1 : 1
    BY(phase);
    BY(stage);
    BY(own);
    BY(space);
    BY(level);
    BY(class);
    BY(inner);
    BY(node.i);
#undef BY
    return 0;
}

static Spot *at(const Scheduler *t, NodeId n) { return spot_of(&t->s, n); }

/* The root of operand i of the computed node n. */
static NodeId source(const Scheduler *t, NodeId n, int i) { return root_of(&t->s, read_of(&t->s, n, i)); }

static int64_t inner_of(const Scheduler *t, NodeId n)
{
    return type_count(type_of(t->s.g, n)) / at(t, n)->space;
}

/* ---- loops ---- */

static void collect_units(Scheduler *t, Arena *scratch)
{
    const Graph *g = t->s.g;
    t->unit = arena_array(scratch, Unit, g->nodes.len);
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        NodeId n = {i};
        const Spot *p = at(t, n);
        if (!is_computed(p)) continue;
        Unit u = {.phase = p->phase, .stage = p->stage, .space = p->space, .node = n, .class = CLASS_other};
        if (p->kind == PLACE_gemm || p->alone) u.own = i;
        if (p->kind == PLACE_map) {
            u.class = CLASS_map;
            u.inner = inner_of(t, n);
        } else if (overwritten_by(&t->s, n) >= 0) {
            u.class = CLASS_update;
        }
        t->unit[t->unit_count++] = u;
    }
    qsort(t->unit, t->unit_count, sizeof(Unit), compare_units);
    t->group_start = arena_array(scratch, uint32_t, t->unit_count + 1);
    for (uint32_t i = 0; i < t->unit_count; i++) {
        const Unit *u = &t->unit[i], *v = u - 1;
        if (i == 0 || u->phase != v->phase || u->stage != v->stage || u->own != v->own || u->space != v->space)
            t->group_start[t->group_count++] = i;
        at(t, u->node)->group = t->group_count - 1;
    }
    t->group_start[t->group_count] = t->unit_count;
}

static bool same_loop(const Scheduler *t, NodeId n, NodeId from)
{
    return is_computed(at(t, from)) && at(t, from)->group == at(t, n)->group;
}

/* Whether the value of operand i can pass in a register: element e of one map to element e of another. */
static bool is_fusible(const Scheduler *t, NodeId n, int i)
{
    NodeId from = source(t, n, i);
    if (at(t, n)->kind != PLACE_map || at(t, from)->kind != PLACE_map) return false;
    Operand o;
    int64_t inner = inner_of(t, n);
    return inner == inner_of(t, from) && read_address(&t->s, n, i, &o) && o.div == 1 && o.mod == inner;
}

/* Whether later is no worse: the value is not smaller than what its operands must be kept for. A state is updated in place. */
static bool may_sink(const Scheduler *t, NodeId n)
{
    if (work_of(&t->s, n)->op == OP_apply) return true;
    int64_t kept = 0;
    for (int i = 0; i < read_count_of(&t->s, n); i++) {
        NodeId from = source(t, n, i);
        if (same_loop(t, n, from)) kept += inner_of(t, from);
    }
    return kept <= inner_of(t, n);
}

static void set_levels(Scheduler *t, Arena *scratch)
{
    const Graph *g = t->s.g;
    uint32_t *latest = arena_array(scratch, uint32_t, g->nodes.len);
    for (uint32_t j = 1; j < g->nodes.len; j++) {
        NodeId n = {j};
        Spot *p = at(t, n);
        latest[j] = UINT32_MAX;
        if (!is_computed(p)) continue;
        p->level = 0;
        for (int i = 0; i < read_count_of(&t->s, n); i++) {
            NodeId from = source(t, n, i);
            if (!same_loop(t, n, from)) continue;
            uint32_t level = at(t, from)->level + !is_fusible(t, n, i);
            if (level > p->level) p->level = level;
        }
    }
    for (uint32_t j = g->nodes.len; j-- > 1;) {
        NodeId n = {j};
        Spot *p = at(t, n);
        if (!is_computed(p)) continue;
        if (latest[j] != UINT32_MAX && may_sink(t, n)) p->level = latest[j];
        for (int i = 0; i < read_count_of(&t->s, n); i++) {
            NodeId from = source(t, n, i);
            if (!same_loop(t, n, from)) continue;
            uint32_t level = p->level - !is_fusible(t, n, i);
            if (level < latest[from.i]) latest[from.i] = level;
        }
    }
    for (uint32_t j = 0; j < t->unit_count; j++) t->unit[j].level = at(t, t->unit[j].node)->level;
    qsort(t->unit, t->unit_count, sizeof(Unit), compare_units);
}

/* Numbers the steps; maps of one level and extent share one until it is full. */
static void number_steps(Scheduler *t)
{
    uint32_t cost = 0;
    for (uint32_t j = 0; j < t->unit_count; j++) {
        const Unit *u = &t->unit[j];
        uint32_t more = u->class == CLASS_map ? map_cost(&t->s, u->node) : 0;
        bool joins = j > 0 && u->class == CLASS_map && u[-1].class == CLASS_map && u[-1].level == u->level &&
                     u[-1].inner == u->inner && at(t, u[-1].node)->group == at(t, u->node)->group &&
                     cost + more <= MAP_MAX_OPS;
        cost = joins ? cost + more : more;
        at(t, u->node)->step = joins ? t->step_count - 1 : t->step_count++;
    }
}

/* ---- memory ---- */

static void note_reads(Scheduler *t)
{
    const Graph *g = t->s.g;
    for (uint32_t j = 0; j < t->unit_count; j++) {
        NodeId n = t->unit[j].node;
        Spot *p = at(t, n);
        if (p->kind != PLACE_map) p->stored = true;
        for (int i = 0; i < read_count_of(&t->s, n); i++) {
            Spot *from = at(t, source(t, n, i));
            if (!is_computed(from)) continue;
            if (from->step != p->step) from->stored = true;
            if (from->group != p->group) from->outside = true;
            if (p->step > from->last_read) from->last_read = p->step;
            if (p->phase > from->last_phase) from->last_phase = p->phase;
        }
    }
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        Spot *p = at(t, root_of(&t->s, g->outputs.at[i].node));
        p->stored = p->outside = true;
    }
}

static bool is_read_besides(const Scheduler *t, NodeId n, int which)
{
    for (int i = 0; i < read_count_of(&t->s, n); i++) {
        if (i != which && source(t, n, i).i == source(t, n, which).i) return true;
    }
    return false;
}

/* What nothing reads after the step that overwrites it shares its memory with the result. */
static void merge_updates(Scheduler *t)
{
    for (uint32_t j = 0; j < t->unit_count; j++) {
        NodeId n = t->unit[j].node;
        int which = overwritten_by(&t->s, n);
        if (which < 0) continue;
        NodeId old = source(t, n, which);
        Spot *p = at(t, old);
        const Type *a = type_of(t->s.g, n), *b = type_of(t->s.g, old);
        bool is_last = same_loop(t, n, old) && p->last_read == at(t, n)->step && !p->outside && !is_read_besides(t, n, which);
        if (is_last && a->batched == b->batched && a->is_complex == b->is_complex && type_count(a) == type_count(b) &&
            !p->accumulates && node_of(t->s.g, old)->op != OP_batch_sum)
            p->merged = n;
    }
}

static BufferId add_buffer(Kernels *k, Buffer b)
{
    int64_t reals = b.elements * (b.is_complex ? 2 : 1) * (b.batched ? k->lanes : 1);
    b.bytes = (reals * k->real_bytes + 63) / 64 * 64;
    vec_push(k->arena, &k->buffers, b);
    return (BufferId){k->buffers.len};
}

static Buffer buffer_for(const Type *t, NodeId n, rq_role role)
{
    return (Buffer){.role = role, .batched = t->batched, .is_complex = t->is_complex, .elements = type_count(t), .node = n};
}

/* A leaf that nothing reads has no node, and its buffer all the same. */
static void add_leaf(Scheduler *t, const Leaf *leaf, rq_role role, uint32_t number)
{
    Buffer b = buffer_for(&leaf->type, leaf->node, role);
    b.leaf = number;
    BufferId id = add_buffer(t->k, b);
    if (node_is(leaf->node)) at(t, leaf->node)->buffer = id;
}

static void add_leaves(Scheduler *t)
{
    Kernels *k = t->k;
    const Graph *g = t->s.g;
    for (uint32_t i = 0; i < g->params.len; i++) {
        add_leaf(t, &g->params.at[i], RQ_ROLE_param, i);
        vec_push(k->arena, &k->params, arena_strdup(k->arena, g->params.at[i].name));
    }
    for (uint32_t i = 0; i < g->inputs.len; i++) {
        add_leaf(t, &g->inputs.at[i], RQ_ROLE_input, i);
        vec_push(k->arena, &k->inputs, arena_strdup(k->arena, g->inputs.at[i].name));
    }
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        Buffer b = buffer_for(type_of(g, g->outputs.at[i].node), g->outputs.at[i].node, RQ_ROLE_output);
        b.leaf = i;
        BufferId id = add_buffer(k, b);
        NodeId root = root_of(&t->s, b.node);
        Spot *p = at(t, root);
        bool is_direct = is_computed(p) && node_of(g, root)->op != OP_batch_sum && !p->buffer.i &&
                         type_of(g, root)->batched == b.batched;
        if (is_direct) p->buffer = id;
        vec_push(k->arena, &k->outputs, arena_strdup(k->arena, g->outputs.at[i].name));
    }
}

/* What ends a chain of updates in place. */
static NodeId last_of_chain(const Scheduler *t, NodeId n)
{
    while (node_is(at(t, n)->merged)) n = at(t, n)->merged;
    return n;
}

static void give_buffer(Scheduler *t, NodeId n)
{
    Spot *p = at(t, n);
    if (p->buffer.i || !p->stored) return;
    if (node_is(p->merged)) {
        NodeId last = last_of_chain(t, n);
        give_buffer(t, last);
        p->buffer = at(t, last)->buffer;
        p->local = at(t, last)->local;
        return;
    }
    if (node_of(t->s.g, n)->op == OP_batch_sum) {
        Buffer b = buffer_for(type_of(t->s.g, n), n, RQ_ROLE_total);
        b.leaf = t->k->sums++;
        p->buffer = add_buffer(t->k, b);
        b.role = RQ_ROLE_partial;
        add_buffer(t->k, b); /* the one after the total */
        return;
    }
    Buffer b = buffer_for(type_of(t->s.g, n), n, RQ_ROLE_shared);
    if (b.batched) b.role = p->last_phase > p->phase ? RQ_ROLE_kept : RQ_ROLE_thread;
    p->local = !p->outside && !p->accumulates && p->space > 1;
    if (p->local) b.elements /= p->space;
    p->buffer = add_buffer(t->k, b);
}

static void give_constant(Scheduler *t, NodeId n)
{
    Spot *p = at(t, n);
    const Node *node = node_of(t->s.g, n);
    if (node->op != OP_constant || p->buffer.i) return;
    Buffer b = buffer_for(type_of(t->s.g, n), n, RQ_ROLE_constant);
    b.constant_re = node->constant.re;
    b.constant_im = node->constant.im;
    p->buffer = add_buffer(t->k, b);
}

/* The known matrix of an apply, the same for all p. */
static bool is_known(const Scheduler *t, NodeId n, int i)
{
    Operand o;
    return work_of(&t->s, n)->op == OP_apply && i == 0 && node_of(t->s.g, source(t, n, i))->op == OP_constant &&
           read_address(&t->s, n, i, &o) && o.p_mod == 1;
}

static void give_buffers(Scheduler *t)
{
    add_leaves(t);
    for (uint32_t j = 0; j < t->unit_count; j++) {
        NodeId n = t->unit[j].node;
        give_buffer(t, n);
        for (int i = 0; i < read_count_of(&t->s, n); i++) {
            NodeId from = source(t, n, i);
            if (!is_known(t, n, i) && !(at(t, n)->kind == PLACE_map && at(t, from)->splat)) give_constant(t, from);
        }
    }
    for (uint32_t i = 0; i < t->s.g->outputs.len; i++) give_constant(t, root_of(&t->s, t->s.g->outputs.at[i].node));
}

/* ---- steps ---- */

Operand operand_of(const Placement *s, NodeId n, int i)
{
    const Spot *from = spot_of(s, root_of(s, read_of(s, n, i)));
    Operand o;
    if (!read_address(s, n, i, &o)) ice(s->c, node_of(s->g, n)->span, "no address for operand %d", i);
    o.buffer = from->buffer;
    if (from->local) o.p_div = o.p_mod = 1;
    return o;
}

Operand result_of(const Placement *s, NodeId n)
{
    const Spot *p = spot_of(s, n);
    Operand o = write_address(s, n);
    o.buffer = p->buffer;
    if (node_of(s->g, n)->op == OP_batch_sum) o.buffer.i++; /* the partial */
    if (p->local) o.p_div = o.p_mod = 1;
    if (o.p_mod == 1) o.p_div = 1;
    return o;
}

/* Copies what the step of n overwrites, unless it lies there already. */
static void add_copy(Scheduler *t, Kernel *kernel, NodeId n)
{
    Operand out = result_of(&t->s, n), old = operand_of(&t->s, n, overwritten_by(&t->s, n));
    if (old.buffer.i == out.buffer.i) return;
    Step copy = {.kind = STEP_copy, .node = n, .span = node_of(t->s.g, n)->span, .count = out.inner};
    vec_push(t->k->arena, &copy.in, old);
    vec_push(t->k->arena, &copy.out, out);
    vec_push(t->k->arena, &kernel->steps, copy);
}

static void add_apply(Scheduler *t, Kernel *kernel, NodeId n)
{
    Arena *arena = t->k->arena;
    const Node *node = node_of(t->s.g, n);
    Operand out = result_of(&t->s, n);
    add_copy(t, kernel, n);
    Step step = {.kind = STEP_apply, .node = n, .span = node->span, .count = out.inner, .gate = {.wires = node->wires}};
    Operand m = {0};
    if (is_known(t, n, 0)) {
        const Node *known = node_of(t->s.g, source(t, n, 0));
        step.gate.constant_re = known->constant.re;
        step.gate.constant_im = known->constant.im;
    } else {
        m = operand_of(&t->s, n, 0);
    }
    vec_push(arena, &step.in, m);
    vec_push(arena, &step.in, out);
    vec_push(arena, &step.out, out);
    vec_push(arena, &kernel->steps, step);
}

static void set_extents(const Scheduler *t, NodeId n, Step *step)
{
    const Node *node = work_of(&t->s, n);
    switch (step->kind) {
    case STEP_sparse: step->sparse.map = node->map; return;
    case STEP_overlap: step->gate.wires = node->wires; return;
    case STEP_sum: {
        int64_t inner = step->in.at[0].inner;
        step->sum.post = 1;
        const Type *x = type_of(t->s.g, node->arg[0]);
        for (int k = x->rank - node->axes.post; k < x->rank; k++) step->sum.post *= x->dim[k];
        if (step->sum.post > inner) step->sum.post = inner;
        step->sum.mid = step->count;
        step->sum.pre = inner / (step->sum.post * step->sum.mid);
        return;
    }
    case STEP_matmul: {
        Product x = product_of(&t->s, worker_of(&t->s, n));
        step->matmul.m = x.m;
        step->matmul.n = x.n;
        step->matmul.k = x.k;
        step->matmul.ta = x.ta;
        step->matmul.tb = x.tb;
        return;
    }
    case STEP_none:
    case STEP_map:
    case STEP_apply:
    case STEP_lane_sum:
    case STEP_copy: return;
    }
}

static StepKind step_kind(Op op)
{
    return op == OP_sparse    ? STEP_sparse
           : op == OP_sum     ? STEP_sum
           : op == OP_overlap ? STEP_overlap
           : op == OP_matmul  ? STEP_matmul
                              : STEP_lane_sum;
}

static void add_step(Scheduler *t, Kernel *kernel, NodeId n)
{
    const Node *node = work_of(&t->s, n);
    Operand out = result_of(&t->s, n);
    bool adds = node_is(at(t, n)->base);
    if (adds) add_copy(t, kernel, n);
    Step step = {.kind = step_kind(node->op), .node = n, .span = node->span, .count = out.inner, .adds = adds,
                 .over_outer = at(t, n)->accumulates};
    for (int i = 0; i < node->arity; i++) vec_push(t->k->arena, &step.in, operand_of(&t->s, n, i));
    vec_push(t->k->arena, &step.out, out);
    set_extents(t, n, &step);
    vec_push(t->k->arena, &kernel->steps, step);
}

static void set_gemm(const Scheduler *t, Kernel *kernel, NodeId n)
{
    const Node *node = work_of(&t->s, n);
    Product x = product_of(&t->s, worker_of(&t->s, n));
    int64_t lanes = t->k->lanes;
    BufferId a = operand_of(&t->s, n, 0).buffer, b = operand_of(&t->s, n, 1).buffer, c = result_of(&t->s, n).buffer;
    kernel->kind = KERNEL_gemm;
    kernel->outer = 1;
    if (node_is(at(t, n)->absorbs)) { /* C = A B^T over k and lanes */
        int64_t row = x.k * lanes;
        kernel->gemm.tb = true;
        kernel->gemm.m = x.m, kernel->gemm.n = x.n, kernel->gemm.k = row;
        kernel->gemm.lda = kernel->gemm.ldb = row, kernel->gemm.ldc = x.n;
    } else if (is_batched(&t->s, node->arg[0])) { /* a row vector per sample: C^T = B^T A^T */
        BufferId swap = a;
        a = b, b = swap;
        kernel->gemm.ta = !x.tb;
        kernel->gemm.m = x.n, kernel->gemm.n = lanes, kernel->gemm.k = x.k;
        kernel->gemm.lda = x.tb ? x.k : x.n, kernel->gemm.ldb = kernel->gemm.ldc = lanes;
    } else {
        int64_t columns = x.n * (node->type.batched ? lanes : 1);
        kernel->gemm.ta = x.ta, kernel->gemm.tb = !node->type.batched && x.tb;
        kernel->gemm.m = x.m, kernel->gemm.n = columns, kernel->gemm.k = x.k;
        kernel->gemm.lda = x.ta ? x.m : x.k;
        kernel->gemm.ldb = kernel->gemm.tb ? x.k : columns, kernel->gemm.ldc = columns;
    }
    kernel->gemm.a = a, kernel->gemm.b = b, kernel->gemm.c = c;
}

static void add_kernel(Scheduler *t, uint32_t group, NodeId *nodes)
{
    uint32_t first = t->group_start[group], end = t->group_start[group + 1];
    Kernel kernel = {.kind = KERNEL_loop, .outer = t->unit[first].space};
    if (at(t, t->unit[first].node)->kind == PLACE_gemm) set_gemm(t, &kernel, t->unit[first].node);
    for (uint32_t j = first; j < end && kernel.kind == KERNEL_loop; j++) {
        NodeId n = t->unit[j].node;
        if (t->unit[j].class == CLASS_map) {
            uint32_t count = 0;
            while (j + count < end && at(t, t->unit[j + count].node)->step == at(t, n)->step) {
                nodes[count] = t->unit[j + count].node;
                count++;
            }
            Step step = {.kind = STEP_map, .count = t->unit[j].inner};
            fuse_map(&t->s, t->k, &step, nodes, count);
            vec_push(t->k->arena, &kernel.steps, step);
            j += count - 1;
        } else if (work_of(&t->s, n)->op == OP_apply) {
            add_apply(t, &kernel, n);
        } else {
            add_step(t, &kernel, n);
        }
    }
    vec_push(t->k->arena, &t->k->phases.at[t->unit[first].phase].kernels, kernel);
}

/* Outputs that no step could write directly: leaves, totals, views, and the second name of a value. */
static void copy_outputs(Scheduler *t, uint32_t phase)
{
    const Graph *g = t->s.g;
    Kernels *k = t->k;
    Kernel kernel = {.kind = KERNEL_loop, .outer = 1};
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        NodeId n = g->outputs.at[i].node, root = root_of(&t->s, n);
        BufferId to = {g->params.len + g->inputs.len + i + 1}, from = at(t, root)->buffer;
        if (from.i == to.i || readable_from(&t->s, root, type_of(g, n)->batched) != phase) continue;
        int64_t count = type_count(type_of(g, n));
        Operand o = {.p_div = 1, .p_mod = 1, .inner = count, .div = 1, .mod = count, .buffer = from};
        Step step = {.kind = STEP_copy, .node = n, .span = node_of(g, n)->span, .count = count};
        vec_push(k->arena, &step.in, o);
        o.buffer = to;
        vec_push(k->arena, &step.out, o);
        vec_push(k->arena, &kernel.steps, step);
    }
    if (kernel.steps.len) vec_push(k->arena, &k->phases.at[phase].kernels, kernel);
}

static void add_phases(Scheduler *t)
{
    const Graph *g = t->s.g;
    uint32_t count = 2;
    for (uint32_t j = 0; j < t->unit_count; j++) {
        if (t->unit[j].phase + 1 > count) count = t->unit[j].phase + 1;
    }
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        NodeId n = g->outputs.at[i].node;
        uint32_t phase = readable_from(&t->s, root_of(&t->s, n), type_of(g, n)->batched);
        if (phase + 1 > count) count = phase + 1;
    }
    for (uint32_t i = 0; i < count; i++) vec_push(t->k->arena, &t->k->phases, (Phase){.per_chunk = i % 2});
}

int chunk_lanes(const Graph *g, int lanes)
{
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        const Node *n = &g->nodes.at[i];
        if (n->op == OP_apply && n->wires->qubits >= LARGE_STATE) return 1;
    }
    return lanes;
}

Kernels *schedule(Compiler *c, const Graph *g, const char *name, int lanes, int real_bytes)
{
    ArenaMark mark = arena_mark(c->scratch);
    Arena *arena = arena_new("kernels");
    Kernels *k = arena_make(arena, Kernels);
    *k = (Kernels){.c = c, .arena = arena, .name = arena_strdup(arena, name), .lanes = lanes, .real_bytes = real_bytes, .g = g};
    Scheduler t = {.s = place_nodes(c, g, c->scratch), .k = k};
    collect_units(&t, c->scratch);
    set_levels(&t, c->scratch);
    number_steps(&t);
    note_reads(&t);
    merge_updates(&t);
    give_buffers(&t);
    add_phases(&t);
    NodeId *nodes = arena_array(c->scratch, NodeId, t.unit_count + 1);
    for (uint32_t i = 0; i < t.group_count; i++) add_kernel(&t, i, nodes);
    for (uint32_t i = 0; i < k->phases.len; i++) copy_outputs(&t, i);
    plan_buffers(k);
    arena_reset(c->scratch, mark);
#ifndef NDEBUG
    kernels_verify(k);
#endif
    return k;
}

void kernels_drop(Kernels *k)
{
    if (k) arena_drop(k->arena);
}
