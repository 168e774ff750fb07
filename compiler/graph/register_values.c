/* register_values.c: what is read from a register: observables and fidelities, group by group.
 *
 *     <P>       the product over groups of their parts of P; of a density matrix sum over r of P[r^x, r] rho[r, r^x]
 *     fidelity  <t|rho|t>, a product over what neither register nor target holds together
 */
#include <string.h>

#include "graph/register.h"

/* ---- Pauli products ---- */

typedef VEC(Pauli) PauliList;

/* The part of p (wire w is bit wires-1-w) on a group (qubit k is bit count-1-k). */
static Pauli local_part(const StateRegister *reg, const QubitGroup *g, Pauli p)
{
    Pauli out = {0, 0};
    for (uint32_t k = 0; k < g->count; k++) {
        if (g->wire[k] == WIRE_traced) continue;
        uint32_t bit = reg->wires - 1 - g->wire[k], to = g->count - 1 - k;
        out.x |= (p.x >> bit & 1) << to;
        out.z |= (p.z >> bit & 1) << to;
    }
    return out;
}

static uint32_t number_of(Arena *a, PauliList *list, Pauli p)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (pauli_same(list->at[i], p)) return i;
    vec_push(a, list, p);
    return list->len - 1;
}

/* tr(P rho) for each product: real[outer|products]. */
static NodeId density_values(Lower *l, const QubitGroup *g, const PauliList *list)
{
    static const double phase_re[] = {1, 0, -1, 0}, phase_im[] = {0, 1, 0, -1};
    uint32_t n = g->count;
    int64_t rows = list->len;
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, INT64_C(1) << 2 * n, true, true);
    for (int64_t i = 0; i < rows; i++) {
        Pauli p = list->at[i];
        int y = __builtin_popcount(p.x & p.z) & 3;
        for (uint32_t r = 0; r < 1u << n; r++) { /* P[r, r^x] = i^|x&z| (-1)^|(r^x)&z| */
            double sign = __builtin_parity((r ^ p.x) & p.z) ? -1 : 1;
            map_put(&m, (int64_t)(r ^ p.x) << n | r, sign * phase_re[y], sign * phase_im[y]);
        }
        map_row(&m);
    }
    NodeId v = sparse(l->g, g->node, map_end(&m), type_behind(type_of(l->g, g->node), 1, &rows));
    arena_reset(l->c->scratch, mark);
    return re(l->g, v);
}

static NodeId group_values(Lower *l, const QubitGroup *g, const PauliList *list)
{
    return g->is_density ? density_values(l, g, list) : pauli_values(l, g->node, list->at, list->len);
}

/* Which value of its group each term has in its k-th factor. */
typedef struct Factors {
    uint32_t terms, depth; /* most factors of a term */
    uint32_t *count;       /* of each term */
    uint32_t *at;          /* [term][group], filled up to count: numbers in the row of all values */
} Factors;

/* Values of all groups in one row: real[outer|values]. */
static NodeId all_values(Run *r, const StateRegister *reg, const PauliList *lists, int64_t values)
{
    Lower *l = r->l;
    NodeId total = {0};
    int64_t first = 0;
    for (uint32_t i = 0; i < reg->groups.len; i++) {
        if (!lists[i].len) continue;
        NodeId own = group_values(l, &reg->groups.at[i], &lists[i]);
        int64_t *from = arena_array(r->a, int64_t, values);
        for (int64_t k = 0; k < values; k++) from[k] = k >= first && k < first + lists[i].len ? k - first : -1;
        NodeId part = elements_from(l, own, values, from);
        total = node_is(total) ? add(l->g, total, part) : part;
        first += lists[i].len;
    }
    return total;
}

static Factors factors_of(Run *r, const StateRegister *reg, const PauliList *terms, PauliList *lists)
{
    Factors f = {.terms = terms->len, .count = arena_array(r->a, uint32_t, terms->len), .at = arena_array(r->a, uint32_t, terms->len * (reg->groups.len + 1))};
    uint32_t width = reg->groups.len;
    for (uint32_t t = 0; t < terms->len; t++)
        for (uint32_t i = 0; i < width; i++) {
            Pauli p = local_part(reg, &reg->groups.at[i], terms->at[t]);
            if (p.x | p.z) number_of(r->a, &lists[i], p);
        }
    for (uint32_t t = 0; t < terms->len; t++) {
        uint32_t first = 0;
        for (uint32_t i = 0; i < width; i++) {
            Pauli p = local_part(reg, &reg->groups.at[i], terms->at[t]);
            if (p.x | p.z) f.at[t * width + f.count[t]++] = first + number_of(r->a, &lists[i], p);
            first += lists[i].len;
        }
        if (f.count[t] > f.depth) f.depth = f.count[t];
    }
    return f;
}

/* The k-th factor of each term, 1 for terms that have fewer: real[outer|terms]. */
static NodeId factor_row(Run *r, NodeId values, const Factors *f, uint32_t width, uint32_t k)
{
    Graph *g = r->l->g;
    int64_t *from = arena_array(r->a, int64_t, f->terms), terms = f->terms;
    double *missing = arena_array(r->a, double, f->terms);
    bool any = false;
    for (uint32_t t = 0; t < f->terms; t++) {
        from[t] = k < f->count[t] ? (int64_t)f->at[t * width + k] : -1;
        any |= (missing[t] = from[t] < 0) != 0;
    }
    NodeId row = elements_from(r->l, values, terms, from);
    return any ? add(g, row, graph_constant(g, type_real(1, &terms), missing, NULL)) : row;
}

NodeId register_observable(Run *r, const ObservableInst *o, const StateRegister *reg)
{
    StateRegister *whole = register_copy(r->a, reg);
    PauliList terms = {0};
    for (uint32_t y = 0; y < o->yields.len; y++)
        for (uint32_t t = 0; t < o->yields.at[y].terms.len; t++) {
            Pauli p = {o->yields.at[y].terms.at[t].x, o->yields.at[y].terms.at[t].z};
            for (uint32_t w = 0; w < whole->wires; w++) /* |0> that no gate touched */
                if ((p.x | p.z) >> (whole->wires - 1 - w) & 1) register_join(r, whole, &(uint16_t){(uint16_t)w}, 1);
            vec_push(r->a, &terms, p);
        }
    PauliList *lists = arena_array(r->a, PauliList, whole->groups.len + 1);
    Factors f = factors_of(r, whole, &terms, lists);
    int64_t values = 0;
    for (uint32_t i = 0; i < whole->groups.len; i++) values += lists[i].len;
    Type shape = type_real(1, &(int64_t){terms.len});
    NodeId product = graph_filled(r->l->g, &shape, 1);
    if (values) {
        NodeId all = all_values(r, whole, lists, values);
        for (uint32_t k = 0; k < f.depth; k++) {
            NodeId row = factor_row(r, all, &f, whole->groups.len, k);
            product = k ? mul(r->l->g, product, row) : row;
        }
    }
    return observable_yields(r->l, r->s, o, product);
}

/* ---- fidelities ---- */

/* complex[2^k] of these wires, which hold no other with them. */
static NodeId target_amplitudes(Run *r, StateRegister *target, const uint16_t *wire, uint32_t count)
{
    int group = register_join(r, target, wire, count);
    const QubitGroup *g = &target->groups.at[group];
    int64_t rows = INT64_C(1) << count, *from = arena_array(r->a, int64_t, rows);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t at;
        register_find(target, wire[k], &at);
        for (int64_t i = 0; i < rows; i++)
            if (i >> (count - 1 - k) & 1) from[i] |= INT64_C(1) << (g->count - 1 - at);
    }
    return elements_from(r->l, g->node, rows, from);
}

/* sum over the traced qubits of |<t|psi>|^2. */
static NodeId pure_fidelity(Run *r, const QubitGroup *g, NodeId t, uint32_t live)
{
    Graph *graph = r->l->g;
    uint32_t rest = g->count - live;
    int64_t rows = INT64_C(1) << g->count, *from = arena_array(r->a, int64_t, rows);
    uint32_t at_live = 0, at_rest = 0;
    for (uint32_t k = 0; k < g->count; k++) {
        uint32_t bit = g->wire[k] == WIRE_traced ? live + rest - 1 - at_rest++ : live - 1 - at_live++;
        for (int64_t i = 0; i < rows; i++)
            if (i >> bit & 1) from[i] |= INT64_C(1) << (g->count - 1 - k);
    }
    int64_t shape[] = {INT64_C(1) << rest, INT64_C(1) << live};
    NodeId psi = elements_from(r->l, g->node, rows, from);
    psi = reshape(graph, psi, type_behind(type_of(graph, psi), 2, shape));
    NodeId bra = broadcast(graph, conj_(graph, t), *type_of(graph, psi), 1, 0);
    NodeId overlaps = sum(graph, mul(graph, bra, psi), 0, 1);
    return sum(graph, abs2(graph, overlaps), 0, 1);
}

static NodeId density_fidelity(Run *r, const QubitGroup *g, NodeId t)
{
    Graph *graph = r->l->g;
    int64_t d = INT64_C(1) << g->count;
    NodeId rho = reshape(graph, g->node, type_behind(type_of(graph, g->node), 2, (int64_t[]){d, d}));
    NodeId right = sum(graph, mul(graph, rho, broadcast(graph, t, *type_of(graph, rho), 1, 0)), 0, 1);
    return re(graph, sum(graph, mul(graph, conj_(graph, t), right), 0, 1));
}

NodeId register_fidelity(Run *r, const StateRegister *reg, const StateRegister *target)
{
    StateRegister *whole = register_copy(r->a, reg), *bra = register_copy(r->a, target);
    for (uint32_t i = 0; i < bra->groups.len; i++) register_join(r, whole, bra->groups.at[i].wire, bra->groups.at[i].count);
    NodeId product = {0};
    for (uint32_t w = 0; w < whole->wires; w++) register_join(r, whole, &(uint16_t){(uint16_t)w}, 1);
    if (isinf(r->operations)) return product;
    for (uint32_t i = 0; i < whole->groups.len; i++) {
        const QubitGroup *g = &whole->groups.at[i];
        uint16_t wire[PURE_MOST];
        uint32_t live = 0;
        for (uint32_t k = 0; k < g->count; k++)
            if (g->wire[k] != WIRE_traced) wire[live++] = g->wire[k];
        NodeId t = target_amplitudes(r, bra, wire, live);
        NodeId own = g->is_density ? density_fidelity(r, g, t) : pure_fidelity(r, g, t, live);
        product = node_is(product) ? mul(r->l->g, product, own) : own;
    }
    return product;
}

/* The density matrix of one wire: complex[2, 2]. */
static NodeId one_density(Run *r, const StateRegister *reg, uint32_t wire)
{
    Graph *g = r->l->g;
    uint32_t at;
    StateRegister *own = register_copy(r->a, reg);
    int group = register_join(r, own, &(uint16_t){(uint16_t)wire}, 1);
    if (!own->groups.at[group].is_density) {
        register_find(own, wire, &at);
        Wires w = {.qubits = (uint8_t)own->groups.at[group].count, .target_count = 1, .target = {(uint8_t)at}};
        return overlap(g, own->groups.at[group].node, own->groups.at[group].node, &w);
    }
    for (uint32_t w = 0; w < own->wires; w++)
        if (w != wire && register_find(own, w, NULL) == register_find(own, wire, NULL)) register_trace(r, own, w);
    NodeId rho = own->groups.at[register_find(own, wire, NULL)].node;
    return reshape(g, rho, type_behind(type_of(g, rho), 2, (int64_t[]){2, 2}));
}

NodeId register_fidelities(Run *r, const StateRegister *reg, const StateRegister *target)
{
    Graph *g = r->l->g;
    NodeId total = {0};
    int64_t n = reg->wires;
    for (int64_t w = 0; w < n && !isinf(r->operations); w++) {
        NodeId rho = one_density(r, reg, (uint32_t)w);
        NodeId sigma = one_density(r, target, (uint32_t)w);
        NodeId own = re(g, sum(g, mul(g, rho, conj_(g, sigma)), 0, 2));
        int64_t *from = arena_array(r->a, int64_t, n);
        for (int64_t k = 0; k < n; k++) from[k] = k == w ? 0 : -1;
        NodeId part = elements_from(r->l, own, n, from);
        total = node_is(total) ? add(g, total, part) : part;
    }
    return total;
}

/* ---- the whole ---- */

NodeId register_density(Run *r, const StateRegister *reg)
{
    Graph *g = r->l->g;
    StateRegister *whole = register_copy(r->a, reg);
    uint16_t *all = arena_array(r->a, uint16_t, reg->wires);
    for (uint32_t i = 0; i < reg->wires; i++) all[i] = (uint16_t)i;
    int group = register_join(r, whole, all, reg->wires);
    if (group >= 0) register_to_density(r, whole, group);
    if (isinf(r->operations)) return (NodeId){0};
    const QubitGroup *one = &whole->groups.at[group];
    uint32_t n = one->count;
    int64_t dim = INT64_C(1) << n, *from = arena_array(r->a, int64_t, dim * dim), *place = arena_array(r->a, int64_t, dim);
    for (int64_t i = 0; i < dim; i++)
        for (uint32_t k = 0; k < n; k++)
            if (i >> (n - 1 - one->wire[k]) & 1) place[i] |= INT64_C(1) << (n - 1 - k);
    for (int64_t i = 0; i < dim * dim; i++) from[i] = place[i / dim] << n | place[i % dim];
    NodeId rho = elements_from(r->l, one->node, dim * dim, from);
    return reshape(g, rho, type_behind(type_of(g, rho), 2, (int64_t[]){dim, dim}));
}
