/* dead.c: which elements no observable can see: light cones of Pauli products.
 *
 * Carried backwards, an observable is a set of Pauli products before each gate. Carried forwards, the initial state has a
 * nonzero expectation for some products only (of |0..0>: those of I and Z). A product is live before a gate if it is in the first
 * set and can be nonzero. Turning a gate's angle t moves a product P behind it among its images V^dagger P V; so the derivative
 * in t vanishes identically if no P has an image that depends on t and is live. The last RZ before a measurement of Z is such a
 * gate, and so is an RZ on |0>.
 */
#include <string.h>

#include "graph/chain.h"
#include "graph/dead.h"
#include "graph/transfer.h"

/* Beyond, every product counts as reached: nothing is dead there. */
enum { MOST_PRODUCTS = 1 << 12, MOST_WORK = 1 << 18 };

/* What may be nonzero at first. */
typedef enum Initial {
    INITIAL_ground, /* |0..0> */
    INITIAL_real,   /* any real amplitudes on the first qubits, |0> on the others */
    INITIAL_any     /* any state of the first qubits, |0> on the others */
} Initial;

/* Gates from preparation to measurement, over stages that hand a state on. */
typedef struct Chain {
    const ModelInst *m;
    uint32_t qubits, prepared; /* the first ones, of which something else than |0> may be known */
    int64_t channels;          /* own: parameters have this leading axis */
    Initial initial;
    VEC(const GateApp *) gates;
    const ObservableInst *observable;
} Chain;

/* Products before a gate (or before the measurement); is_all: any. */
typedef struct Level {
    bool is_all;
    PauliSet set;
    bool *live;
} Level;

typedef struct Marks {
    Compiler *c;
    const ModelInst *m;
    bool **alive; /* [group][element] */
} Marks;

static void mark_all(const Marks *k, GroupId group)
{
    memset(k->alive[group.i - 1], true, (size_t)group_of(k->m, group)->count);
}

/* Marks the elements that x is made of. */
static void mark_scalar(const Marks *k, const Chain *chain, const Sx *x)
{
    if (!x) return;
    if (x->kind == SX_param) {
        int64_t each = group_of(k->m, x->group)->count / chain->channels;
        for (int64_t i = 0; i < chain->channels; i++) k->alive[x->group.i - 1][i * each + x->index] = true;
    }
    mark_scalar(k, chain, x->a);
    mark_scalar(k, chain, x->b);
}

/* ---- which gates ---- */

/* False: a gate is too wide. Gates are pushed last one first. */
static bool push_gates(Arena *a, Chain *chain, const CircuitInst *circuit)
{
    for (uint32_t i = circuit ? circuit->gates.len : 0; i-- > 0;) {
        const GateApp *gate = &circuit->gates.at[i];
        if (gate_width(gate) > TRANSFER_MAX_WIDTH) return false;
        if (gate_width(gate)) vec_push(a, &chain->gates, gate);
    }
    return true;
}

static bool push_encoding(Arena *a, Chain *chain, const Stage *s)
{
    const EncodingInst *e = s->quantum.encoding;
    chain->initial = INITIAL_ground;
    if (!e) return true; /* values go into the circuit's data argument */
    if (e->kind == ENCODING_circuit) return push_gates(a, chain, e->circuit);
    chain->initial = INITIAL_real;
    chain->prepared = e->qubits;
    return true;
}

/* From a stage with an observable back to where its state comes from. False: not understood. */
static bool chain_of(Arena *a, const ModelInst *m, StageId id, Chain *chain)
{
    const Stage *s = stage_of(m, id);
    *chain = (Chain){.m = m, .qubits = s->quantum.observable->qubits, .channels = 1, .initial = INITIAL_any,
                     .observable = s->quantum.observable};
    if (s->kind == STAGE_quanv && s->quantum.channels == CHANNELS_own) chain->channels = stage_of(m, s->operand[0])->type.dim[0];
    if (s->kind == STAGE_quantum || s->kind == STAGE_quanv) {
        chain->prepared = chain->qubits;
        if (!push_gates(a, chain, s->quantum.circuit)) return false;
        return stage_of(m, s->operand[0])->type.kind != VALUE_real || push_encoding(a, chain, s);
    }
    const StateChain *whole = state_chain(a, m, id, false);
    if (!whole || !push_gates(a, chain, &whole->circuit)) return false;
    chain->qubits = whole->circuit.qubits;
    chain->prepared = whole->taken;
    chain->observable = &whole->observable;
    s = stage_of(m, whole->first);
    return s->kind != STAGE_encode || readers_of(m, whole->first) != 1 || push_encoding(a, chain, s);
}

/* ---- levels ---- */

static bool may_be_nonzero(const Chain *chain, Pauli p)
{
    uint32_t prepared = chain->initial == INITIAL_ground ? 0 : chain->prepared;
    if (p.x & ((UINT32_C(1) << (chain->qubits - prepared)) - 1)) return false;
    return chain->initial != INITIAL_real || __builtin_parity(p.x & p.z) == 0; /* a product with an odd number of Y is imaginary */
}

static bool varies(Weight w) { return w != WEIGHT_one && w != WEIGHT_matrix; }

static bool in_level(const Level *l, Pauli p)
{
    if (l->is_all) return true;
    uint32_t at = pauli_set_find(&l->set, p);
    return at != UINT32_MAX && l->live[at];
}

/* The products before a gate from those behind it. */
static Level level_before(Arena *a, GateTransfer *t, const Level *behind, uint64_t *work)
{
    Level before = {.is_all = behind->is_all};
    if (before.is_all) return before;
    before.set = pauli_set(a);
    for (uint32_t i = 0; i < behind->set.at.len; i++) {
        Pauli p = behind->set.at.at[i];
        const ImageList *images = gate_image(t, p);
        for (uint32_t k = 0; k < images->len; k++)
            pauli_set_put(&before.set, pauli_join(pauli_without(p, t->mask), images->at[k].to));
        *work += images->len;
    }
    before.is_all = before.set.at.len > MOST_PRODUCTS || *work > MOST_WORK;
    return before;
}

/* Sets live behind the gate; returns whether its argument matters. */
static bool pass_gate(Arena *a, GateTransfer *t, const Level *before, Level *behind)
{
    bool matters = behind->is_all;
    if (behind->is_all) return matters;
    behind->live = arena_array(a, bool, behind->set.at.len + 1);
    for (uint32_t i = 0; i < behind->set.at.len; i++) {
        Pauli p = behind->set.at.at[i];
        const ImageList *images = gate_image(t, p);
        for (uint32_t k = 0; k < images->len; k++) {
            if (!in_level(before, pauli_join(pauli_without(p, t->mask), images->at[k].to))) continue;
            behind->live[i] = true;
            matters |= varies(images->at[k].weight);
        }
    }
    return matters;
}

static void mark_gate(const Marks *k, const Chain *chain, const GateApp *gate, bool matters)
{
    if (gate->gate == GATE_unitary) mark_all(k, gate->group);
    else if (matters) mark_scalar(k, chain, gate->arg);
}

static void mark_chain(const Marks *k, const Chain *chain)
{
    Arena *a = k->c->scratch;
    uint32_t n = chain->gates.len;
    Level *level = arena_array(a, Level, n + 1); /* level[i]: behind gates.at[i]; the last: the beginning */
    GateTransfer *transfer = arena_array(a, GateTransfer, n + 1);
    uint64_t work = 0;
    level[0].set = pauli_set(a);
    for (uint32_t y = 0; y < chain->observable->yields.len; y++)
        for (uint32_t i = 0; i < chain->observable->yields.at[y].terms.len; i++) {
            const PauliTerm *t = &chain->observable->yields.at[y].terms.at[i];
            pauli_set_put(&level[0].set, (Pauli){t->x, t->z});
        }
    for (uint32_t i = 0; i < n; i++) {
        transfer[i] = gate_transfer(a, chain->gates.at[i], chain->qubits);
        level[i + 1] = level_before(a, &transfer[i], &level[i], &work);
    }
    Level *first = &level[n];
    if (!first->is_all) {
        first->live = arena_array(a, bool, first->set.at.len + 1);
        for (uint32_t i = 0; i < first->set.at.len; i++) first->live[i] = may_be_nonzero(chain, first->set.at.at[i]);
    }
    for (uint32_t i = n; i-- > 0;) mark_gate(k, chain, chain->gates.at[i], pass_gate(a, &transfer[i], &level[i + 1], &level[i]));
    for (uint32_t y = 0; y < chain->observable->yields.len; y++)
        for (uint32_t i = 0; i < chain->observable->yields.at[y].terms.len; i++) {
            const PauliTerm *t = &chain->observable->yields.at[y].terms.at[i];
            if (in_level(&level[0], (Pauli){t->x, t->z})) mark_scalar(k, chain, t->coefficient);
        }
}

/* ---- all stages ---- */

/* Stages whose gates a chain to a measurement takes in: every state between has one reader. */
static void find_chained(Arena *a, const ModelInst *m, bool *chained, Marks *k)
{
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        Chain chain;
        if (s->kind < STAGE_encode || s->kind > STAGE_quanv || !s->quantum.observable) continue;
        if (!chain_of(a, m, (StageId){i + 1}, &chain)) continue;
        mark_chain(k, &chain);
        chained[i] = true;
        while (s->kind == STAGE_measure || s->kind == STAGE_evolve || s->kind == STAGE_dissipative) {
            StageId id = s->operand[0];
            s = stage_of(m, id);
            if (readers_of(m, id) != 1 || (s->kind != STAGE_evolve && s->kind != STAGE_encode && s->kind != STAGE_dissipative)) break;
            chained[id.i - 1] = true;
        }
    }
}

void find_dead(Compiler *c, Flow *flow)
{
    const ModelInst *m = flow->model;
    Marks k = {c, m, arena_array(c->keep, bool *, m->groups.len + 1)};
    bool *chained = arena_array(c->scratch, bool, m->stages.len + 1);
    for (uint32_t i = 0; i < m->groups.len; i++) k.alive[i] = arena_array(c->keep, bool, (size_t)m->groups.at[i].count + 1);
    find_chained(c->scratch, m, chained, &k);
    for (uint32_t i = 0; i < m->stages.len; i++)
        for (uint32_t g = 0; g < m->stages.at[i].group_count && !chained[i]; g++) mark_all(&k, m->stages.at[i].group[g]);
    for (uint32_t i = 0; i < m->groups.len; i++) { /* tied groups are one */
        GroupId root = m->groups.at[i].tied_to;
        for (int64_t e = 0; root.i && e < m->groups.at[i].count; e++)
            if (k.alive[i][e]) k.alive[root.i - 1][e] = true;
    }
    for (uint32_t i = 0; i < flow->layers.len; i++) {
        LayerFlow *l = &flow->layers.at[i];
        for (uint32_t n = 0; n < l->groups.len; n++) {
            GroupFlow *g = &l->groups.at[n];
            const GroupInst *group = group_of(m, g->group);
            if (group->tied_to.i || group->frozen) continue;
            g->is_alive = k.alive[g->group.i - 1];
            for (int64_t e = 0; e < group->count; e++) g->dead += !g->is_alive[e];
            l->dead += g->dead;
        }
    }
}
