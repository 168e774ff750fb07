/* place.c: Graph -> Placement, by longest paths alone; nothing is searched.
 *
 * phase  counts the batch sums behind a node: shared nodes are at even numbers, batched ones at odd, a batch sum is written in the
 *        odd phase of its operand and read from the next even one on.
 * stage  counts, inside a phase, the loops that must have ended before: an edge costs one if its reader needs more than the current
 *        iteration of the same loop has written. Operands have smaller numbers than nodes, so one walk does it; a walk back moves
 *        nodes to the stage of their readers.
 * Invariant: an edge leads to a later (phase, stage), or stays inside one loop and is aligned. So no cycle can arise between loops.
 */
#include "kernel/place.h"

#include <string.h>

/* Below this number of multiplications per sample a product is a loop among its neighbours rather than a call. */
enum { GEMM_MIN = 256 };

/* A product of so many elements that is summed over a loop has the loop for itself. */
enum { ALONE_MIN = 64 };

NodeId worker_of(const Placement *s, NodeId n)
{
    NodeId absorbed = spot_of(s, n)->absorbs;
    return node_is(absorbed) ? absorbed : n;
}

const Node *work_of(const Placement *s, NodeId n) { return node_of(s->g, worker_of(s, n)); }

bool is_computed(const Spot *p)
{
    return p->kind == PLACE_map || p->kind == PLACE_step || p->kind == PLACE_gemm;
}

int read_count_of(const Placement *s, NodeId n)
{
    return work_of(s, n)->arity + node_is(spot_of(s, n)->base);
}

NodeId read_of(const Placement *s, NodeId n, int i)
{
    const Node *work = work_of(s, n);
    return i < work->arity ? work->arg[i] : spot_of(s, n)->base;
}

int overwritten_by(const Placement *s, NodeId n)
{
    if (node_is(spot_of(s, n)->base)) return read_count_of(s, n) - 1;
    return work_of(s, n)->op == OP_apply ? 1 : -1;
}

/* ---- addresses ---- */

bool address(int64_t inner, int64_t div, int64_t mod, Operand *out)
{
    *out = (Operand){.p_div = 1, .p_mod = 1, .inner = 1, .div = 1, .mod = 1};
    if (div <= inner) {
        if (inner % div != 0) return false;
        int64_t per_p = inner / div;
        if (mod % per_p != 0 && per_p % mod != 0) return false;
        out->inner = out->mod = mod < per_p ? mod : per_p;
        out->div = div;
        out->p_mod = mod > per_p ? mod / per_p : 1;
    } else {
        if (div % inner != 0) return false;
        out->p_div = div / inner;
        out->p_mod = mod;
        out->div = inner;
    }
    if (out->p_mod == 1) out->p_div = 1;
    if (out->mod == 1) out->div = 1;
    return true;
}

/* Elements of the last `post` axes. */
static int64_t post_count(const Type *t, int post)
{
    int64_t count = 1;
    for (int k = t->rank - post; k < t->rank; k++) count *= t->dim[k];
    return count;
}

static bool is_direct(const Operand *o, int64_t inner) { return o->div == 1 && o->mod == inner; }

static int64_t count_of(const Placement *s, NodeId n) { return type_count(type_of(s->g, n)); }

/* A step that reads operand i by absolute element numbers. */
static bool reads_whole(const Placement *s, NodeId n, int i)
{
    const Node *node = work_of(s, n);
    return spot_of(s, n)->kind == PLACE_gemm || (node->op == OP_sparse && !node->map->inner && i == 0);
}

/* Elements of operand i that one iteration reads. An operand without the outer axes of the result is the same for every p: its view
 * (f / div % mod) just repeats, as f runs over all of the result. */
static int64_t read_count(const Placement *s, NodeId n, int i)
{
    const Node *node = work_of(s, n);
    if (spot_of(s, n)->kind == PLACE_map) return type_inner(&node->type);
    if (i == node->arity) return count_of(s, n) / spot_of(s, n)->space; /* the base */
    if (node->op == OP_apply || node->op == OP_overlap) {
        bool is_matrix = node->op == OP_apply && i == 0;
        return INT64_C(1) << (is_matrix ? 2 * node->wires->target_count : node->wires->qubits);
    }
    int64_t count = count_of(s, node->arg[i]);
    if (reads_whole(s, n, i)) return count;
    if (node->op == OP_matmul) {
        Product x = product_of(s, worker_of(s, n));
        return i == 0 ? x.m * x.k : x.k * x.n;
    }
    return count / spot_of(s, n)->space;
}

bool read_address(const Placement *s, NodeId n, int i, Operand *out)
{
    const Node *node = work_of(s, n);
    const Spot *arg = spot_of(s, read_of(s, n, i));
    int64_t div = arg->div, mod = arg->mod, inner = read_count(s, n, i);
    if (node->op == OP_broadcast) div *= post_count(&node->type, node->axes.post);
    if (!address(inner, div, mod, out)) return false;
    if (spot_of(s, n)->kind == PLACE_map) return true;
    return is_direct(out, inner) && (node->op != OP_batch_sum || is_batched(s, node->arg[0]));
}

/* Outer axes of a sum's operand, element d of its result: y[d] = sum of x[a, d, b]. */
static Operand sum_address(const Placement *s, const Node *sum)
{
    const Type *x = type_of(s->g, sum->arg[0]);
    Operand o;
    if (!address(type_inner(x), post_count(x, sum->axes.post), type_count(&sum->type), &o))
        ice(s->c, sum->span, "a sum cuts through an axis");
    o.div = 1;
    return o;
}

Operand write_address(const Placement *s, NodeId n)
{
    const Node *node = node_of(s->g, n);
    if (node->op == OP_sum) return sum_address(s, node);
    int64_t outer = spot_of(s, n)->space, inner = type_count(&node->type) / outer;
    return (Operand){.p_div = 1, .p_mod = outer, .inner = inner, .div = 1, .mod = inner};
}

bool is_aligned(const Placement *s, NodeId n, int i)
{
    const Spot *here = spot_of(s, n);
    NodeId root = root_of(s, read_of(s, n, i));
    const Spot *from = spot_of(s, root);
    if (from->kind == PLACE_gemm || here->kind == PLACE_gemm || here->alone) return false;
    if (from->space != here->space || from->accumulates) return false;
    if (here->space == 1) return true;
    if (reads_whole(s, n, i)) return false;
    Operand o;
    return read_address(s, n, i, &o) && o.p_div == 1 && o.p_mod == here->space &&
           o.inner * here->space == count_of(s, root);
}

/* ---- kinds and views ---- */

Product product_of(const Placement *s, NodeId matmul)
{
    const Node *node = node_of(s->g, matmul);
    const Type *y = &node->type, *a = type_of(s->g, node->arg[0]);
    Product x = {.m = y->dim[y->rank - 2], .n = y->dim[y->rank - 1], .ta = node->matmul.ta, .tb = node->matmul.tb};
    x.k = a->dim[x.ta ? a->rank - 2 : a->rank - 1];
    x.batch = type_count(y) / (x.m * x.n);
    bool has_rows = !x.ta || x.k == 1;
    if (x.batch == 1 && x.m > 1 && has_rows && is_batched(s, node->arg[0]) && !is_batched(s, node->arg[1])) {
        x.batch = x.m;
        x.m = 1;
        x.ta = false;
    }
    return x;
}

static bool is_real_product(const Placement *s, const Node *node)
{
    return !type_of(s->g, node->arg[0])->is_complex && !type_of(s->g, node->arg[1])->is_complex;
}

static bool is_gemm(const Placement *s, NodeId n)
{
    const Node *node = node_of(s->g, n);
    Product x = product_of(s, n);
    if (!is_real_product(s, node) || x.batch > 1 || x.m * x.n * x.k < GEMM_MIN) return false;
    bool a = is_batched(s, node->arg[0]), b = is_batched(s, node->arg[1]);
    if ((a && b) || (a || b) != node->type.batched) return false;
    if (b) return !x.tb || x.n == 1 || x.k == 1;
    return !a || x.m == 1;
}

/* batch_sum(matmul(a, b, tb)) of batched [m, k], [n, k] is one product over k and all lanes; a vector is its own transpose. */
static bool sums_gemm(const Placement *s, NodeId n)
{
    const Node *node = node_of(s->g, n);
    if (!is_real_product(s, node) || !is_batched(s, node->arg[0]) || !is_batched(s, node->arg[1])) return false;
    Product x = product_of(s, n);
    return x.batch == 1 && (!x.ta || x.m == 1 || x.k == 1) && (x.tb || x.n == 1 || x.k == 1);
}

static bool is_splat(const Node *n)
{
    int64_t count = type_count(&n->type);
    for (int64_t i = 1; i < count; i++) {
        if (memcmp(&n->constant.re[i], &n->constant.re[0], sizeof(double)) != 0) return false;
        if (n->constant.im && memcmp(&n->constant.im[i], &n->constant.im[0], sizeof(double)) != 0)
            return false;
    }
    return true;
}

static void set_kind(Placement *s, NodeId n)
{
    const Node *node = node_of(s->g, n);
    Spot *p = spot_of(s, n);
    p->root = n;
    p->div = 1;
    p->mod = type_count(&node->type);
    switch (node->op) {
    case OP_none:
    case OP_COUNT: unreachable();
    case OP_param:
    case OP_input: p->kind = PLACE_leaf; break;
    case OP_constant:
        p->kind = PLACE_leaf;
        p->splat = is_splat(node);
        break;
    case OP_broadcast:
    case OP_to_batch:
    case OP_reshape:
    case OP_detach: {
        if (p->in_memory) {
            p->kind = PLACE_map;
            break;
        }
        const Spot *arg = spot_of(s, node->arg[0]);
        p->kind = PLACE_view;
        p->root = arg->root;
        p->div = arg->div;
        p->mod = arg->mod;
        if (node->op == OP_broadcast) p->div *= post_count(&node->type, node->axes.post);
        break;
    }
    case OP_sparse:
    case OP_sum:
    case OP_apply:
    case OP_overlap:
    case OP_batch_sum: p->kind = PLACE_step; break;
    case OP_matmul: p->kind = is_gemm(s, n) ? PLACE_gemm : PLACE_step; break;
#define OP(name, arity, traits)
#define EW1(name, traits, grad) case OP_##name:
#define EW2(name, traits, grad_a, grad_b) case OP_##name:
#define EW3(name, traits, grad_a, grad_b, grad_c) case OP_##name:
#include "graph/ops.def"
#undef OP
#undef EW1
#undef EW2
#undef EW3
        p->kind = PLACE_map;
        break;
    }
}

/* Iterations of the loop that computes n. */
static int64_t space_of(const Placement *s, NodeId n)
{
    const Node *node = work_of(s, n);
    if (spot_of(s, n)->kind == PLACE_gemm) return 1;
    if (node->op == OP_sum) return type_outer(type_of(s->g, node->arg[0]));
    if (node->op == OP_matmul) return product_of(s, worker_of(s, n)).batch;
    return type_outer(&node->type);
}

/* Asks for the broadcast or to_batch below a view to lie in memory. */
static bool put_in_memory(Placement *s, NodeId n)
{
    while (node_of(s->g, n)->op == OP_reshape || node_of(s->g, n)->op == OP_detach)
        n = node_of(s->g, n)->arg[0];
    if (spot_of(s, n)->kind != PLACE_view) return false;
    return spot_of(s, n)->in_memory = true;
}

static bool is_whole_view(const Placement *s, NodeId n)
{
    const Spot *p = spot_of(s, n);
    return p->div == 1 && p->mod == count_of(s, n);
}

/* Marks what must lie in memory for its readers. True: something was, so views change. */
static bool views_to_memory(Placement *s)
{
    bool changed = false;
    for (uint32_t i = 1; i < s->g->nodes.len; i++) {
        NodeId n = {i};
        if (!is_computed(spot_of(s, n))) continue;
        const Node *node = node_of(s->g, n);
        spot_of(s, n)->space = space_of(s, n);
        for (int k = 0; k < node->arity; k++) {
            Operand o;
            if (!read_address(s, n, k, &o)) changed |= put_in_memory(s, node->arg[k]);
        }
    }
    for (uint32_t i = 0; i < s->g->outputs.len; i++) {
        NodeId n = s->g->outputs.at[i].node;
        if (!is_whole_view(s, n)) changed |= put_in_memory(s, n);
    }
    return changed;
}

/* ---- liveness and absorption ---- */

static void count_uses(Placement *s)
{
    bool *live = arena_array(s->arena, bool, s->g->nodes.len);
    for (uint32_t i = 0; i < s->g->outputs.len; i++) {
        NodeId n = s->g->outputs.at[i].node;
        live[n.i] = true;
        spot_of(s, spot_of(s, n)->root)->uses++;
    }
    for (uint32_t i = s->g->nodes.len; i-- > 1;) {
        const Node *node = node_of(s->g, (NodeId){i});
        Spot *p = &s->at[i];
        if (!live[i]) {
            p->kind = PLACE_none;
            continue;
        }
        for (int k = 0; k < node->arity; k++) {
            live[node->arg[k].i] = true;
            if (is_computed(p)) spot_of(s, spot_of(s, node->arg[k])->root)->uses++;
        }
    }
}

/* Sum over outer axes of an overlap, batch sum of a product: never written per patch or per sample. */
static void absorb(Placement *s, NodeId n)
{
    const Node *node = node_of(s->g, n);
    Spot *p = spot_of(s, n);
    if (p->kind != PLACE_step || (node->op != OP_sum && node->op != OP_batch_sum)) return;
    NodeId from = spot_of(s, node->arg[0])->root;
    Spot *f = spot_of(s, from);
    if (f->uses != 1 || f->kind == PLACE_leaf || !is_whole_view(s, node->arg[0])) return;
    Op op = node_of(s->g, from)->op;
    if (node->op == OP_sum && (op == OP_overlap || (op == OP_matmul && f->kind == PLACE_step))) {
        const Type *x = type_of(s->g, node->arg[0]);
        int64_t outer = space_of(s, from);
        if (type_outer(x) != outer || sum_address(s, node).mod * outer != count_of(s, from)) return;
    } else if (node->op == OP_batch_sum && op == OP_matmul && sums_gemm(s, from)) {
        p->kind = PLACE_gemm;
    } else {
        return;
    }
    p->absorbs = from;
    f->kind = PLACE_absorbed;
    f->by = n;
}

static bool is_lone_sparse(const Placement *s, NodeId n)
{
    const Spot *p = spot_of(s, n);
    return node_of(s->g, n)->op == OP_sparse && p->kind == PLACE_step && p->uses == 1;
}

/* Whether most rows have no entry. */
static bool is_sparing(const SparseMap *m)
{
    int64_t filled = 0;
    for (int64_t i = 0; i < m->rows; i++) filled += m->start[i + 1] > m->start[i];
    return 2 * filled <= m->rows;
}

/* a + sparse(y): rows are added to a, in place where that is possible. Pays where few rows are, or where a is a map's result, too:
 * then neither lies in memory beside their sum. Gradients of shared values are long sums of this kind. */
static void absorb_rows(Placement *s, NodeId n)
{
    const Node *node = node_of(s->g, n);
    Spot *p = spot_of(s, n);
    for (int k = 1; k >= 0 && node->op == OP_add && p->kind == PLACE_map; k--) {
        NodeId rows = root_of(s, node->arg[k]), base = node->arg[1 - k];
        const Type *a = type_of(s->g, rows), *b = type_of(s->g, base);
        if (!is_lone_sparse(s, rows) || rows.i == root_of(s, base).i) continue;
        if (!is_whole_view(s, base) || !is_whole_view(s, node->arg[k])) continue;
        if (type_outer(a) != type_outer(&node->type) || type_count(a) != type_count(&node->type)) continue;
        if (type_count(b) != type_count(a) || a->is_complex != node->type.is_complex || b->is_complex != a->is_complex) continue;
        bool joins = is_lone_sparse(s, root_of(s, base)) || node_is(spot_of(s, root_of(s, base))->base);
        if (!joins && !is_sparing(node_of(s->g, rows)->map)) continue;
        p->kind = PLACE_step;
        p->absorbs = rows;
        p->base = base;
        spot_of(s, rows)->kind = PLACE_absorbed;
        spot_of(s, rows)->by = n;
    }
}

/* ---- phases and stages ---- */

uint32_t readable_from(const Placement *s, NodeId n, bool batched)
{
    const Node *node = node_of(s->g, n);
    const Spot *p = spot_of(s, n);
    uint32_t phase = p->kind == PLACE_leaf ? node->type.batched : p->phase;
    if (node->op == OP_batch_sum) phase++;
    return batched ? phase | 1 : phase;
}

static void set_phase_and_stage(Placement *s, NodeId n)
{
    Spot *p = spot_of(s, n);
    bool batched = type_of(s->g, n)->batched || node_of(s->g, n)->op == OP_batch_sum;
    p->phase = batched;
    for (int i = 0; i < read_count_of(s, n); i++) {
        uint32_t from = readable_from(s, root_of(s, read_of(s, n, i)), batched);
        if (from > p->phase) p->phase = from;
    }
    p->stage = 0;
    for (int i = 0; i < read_count_of(s, n); i++) {
        const Spot *arg = spot_of(s, root_of(s, read_of(s, n, i)));
        if (arg->kind == PLACE_leaf || arg->phase != p->phase) continue;
        uint32_t stage = arg->stage + !is_aligned(s, n, i);
        if (stage > p->stage) p->stage = stage;
    }
}

static NodeId source(const Placement *s, NodeId n, int i) { return root_of(s, read_of(s, n, i)); }

static bool same_phase(const Placement *s, NodeId n, NodeId from)
{
    return is_computed(spot_of(s, from)) && spot_of(s, from)->phase == spot_of(s, n)->phase;
}

/* Whether the value takes no less memory than the operands that must wait for it. States: they are undone in place. */
static bool may_wait(const Placement *s, NodeId n)
{
    if (work_of(s, n)->op == OP_apply) return true;
    int64_t waiting = 0;
    for (int i = 0; i < read_count_of(s, n); i++) {
        NodeId from = source(s, n, i);
        if (same_phase(s, n, from)) waiting += count_of(s, from);
    }
    return waiting <= count_of(s, n);
}

/* Moves nodes to the last stage that serves their readers: backward, states are undone where they are read, not kept from forward. */
static void wait_for_readers(Placement *s)
{
    uint32_t *latest = arena_array(s->arena, uint32_t, s->g->nodes.len);
    for (uint32_t j = 1; j < s->g->nodes.len; j++) latest[j] = UINT32_MAX;
    for (uint32_t j = s->g->nodes.len; j-- > 1;) {
        NodeId n = {j};
        Spot *p = spot_of(s, n);
        if (!is_computed(p)) continue;
        if (latest[j] != UINT32_MAX && may_wait(s, n)) p->stage = latest[j];
        for (int i = 0; i < read_count_of(s, n); i++) {
            NodeId from = source(s, n, i);
            if (!same_phase(s, n, from)) continue;
            uint32_t stage = p->stage - !is_aligned(s, n, i);
            if (stage < latest[from.i]) latest[from.i] = stage;
        }
    }
}

Placement place_nodes(Compiler *c, const Graph *g, Arena *arena)
{
    Placement s = {.c = c, .g = g, .arena = arena, .at = arena_array(arena, Spot, g->nodes.len)};
    do {
        for (uint32_t i = 1; i < g->nodes.len; i++) set_kind(&s, (NodeId){i});
    } while (views_to_memory(&s));
    count_uses(&s);
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        absorb(&s, (NodeId){i});
        absorb_rows(&s, (NodeId){i});
    }
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        NodeId n = {i};
        Spot *p = spot_of(&s, n);
        if (!is_computed(p)) continue;
        p->space = space_of(&s, n);
        if (node_of(g, n)->op == OP_sum)
            p->accumulates = p->space > 1 && write_address(&s, n).p_mod != p->space;
        p->alone = p->accumulates && work_of(&s, n)->op == OP_matmul && count_of(&s, n) >= ALONE_MIN;
        set_phase_and_stage(&s, n);
    }
    wait_for_readers(&s);
    return s;
}
