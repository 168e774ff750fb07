/* transfer_contract.c: coefficients and the functions of the encoded qubits -> values.
 *
 * Factors on one qubit are C_1 + C_x <X> + C_y <Y> + C_z <Z>, for all such qubits side by side.
 * Larger factors on about the same products are one block E_k = sum over a, b of C[k, a, b] left[a]
 * right[b], where left and right hold the products of two halves of the qubits: a product of
 * matrices for the right half, a sum for the left one. So a factor of n products costs about n
 * multiplications, and so does either half of its derivative. Values of terms are products of their
 * factors' values.
 */
#include <string.h>

#include "graph/transfer.h"

/* Values of factors: real[outer|count] or real[count]. */
typedef struct Values {
    NodeId node;
    VEC(uint32_t) factor; /* of each element; UINT32_MAX: none */
} Values;

typedef struct Block {
    VEC(uint32_t) factor;
    PauliSet products;
    uint64_t entries; /* of all factors */
} Block;

typedef struct Contract {
    Lower *l;
    const Reach *r;
    const EncodingFunctions *f;
    NodeId v; /* coefficients */
    Arena *a;
    VEC(Values) sources;
} Contract;

static NodeId plus(Graph *g, NodeId a, NodeId b)
{
    if (!node_is(a) || !node_is(b)) return node_is(a) ? a : b;
    return add(g, a, b);
}

/* Inner axes of x replaced. */
static Type shape_of(const Contract *k, NodeId x, int rank, const int64_t *dim)
{
    return type_behind(type_of(k->l->g, x), rank, dim);
}

static NodeId map_inner(Contract *k, NodeId x, MapMaker *m)
{
    const SparseMap *map = map_end(m);
    return sparse(k->l->g, x, map, shape_of(k, x, 1, &map->rows));
}

static MapMaker map_of(Contract *k, NodeId x)
{
    return map_begin(k->a, type_inner(type_of(k->l->g, x)), true, false);
}

static NodeId ones_at(Contract *k, int64_t i, int64_t count)
{
    double *value = arena_array(k->a, double, count);
    value[i] = 1;
    return graph_constant(k->l->g, type_real(1, &count), value, NULL);
}

static uint32_t qubit_of(const Contract *k, uint32_t bit)
{
    return k->r->qubits - 1 - (uint32_t)__builtin_ctz(bit);
}

/* ---- factors on one qubit ---- */

/* C_code of the factors that stand at the members of a group: real[members]. None: no factor has
 * it. */
static NodeId member_coefficients(Contract *k, const Values *at, int code)
{
    bool any = false;
    MapMaker m = map_of(k, k->v);
    for (uint32_t i = 0; i < at->factor.len; i++) {
        const Factor *f =
            at->factor.at[i] == UINT32_MAX ? NULL : &k->r->factors.at[at->factor.at[i]];
        for (uint32_t j = 0; f && j < f->count; j++) {
            if (pauli_code(k->r->product.at[f->first + j], f->support) != code) continue;
            map_put(&m, f->first + j, 1, 0);
            any = true;
        }
        map_row(&m);
    }
    return any ? map_inner(k, k->v, &m) : (NodeId){0};
}

static NodeId member_values(Contract *k, const FunctionGroup *group, const Values *at)
{
    Graph *g = k->l->g;
    NodeId total = {0};
    for (int code = 3; code >= 0; code--) {
        NodeId c = member_coefficients(k, at, code);
        if (!node_is(c)) continue;
        total = plus(g, total, code ? mul(g, c, group->of[code]) : c);
    }
    return total;
}

/* Slot after slot, until each factor on one qubit of the group has a place. */
static void single_factors(Contract *k, bool *done, uint32_t group)
{
    const FunctionGroup *members = &k->f->groups.at[group];
    for (bool any = true; any;) {
        Values at = {0};
        any = false;
        for (uint32_t i = 0; i < members->qubit.len; i++) vec_push(k->a, &at.factor, UINT32_MAX);
        for (uint32_t i = 0; i < k->r->factors.len; i++) {
            const Factor *f = &k->r->factors.at[i];
            if (done[i] || __builtin_popcount(f->support) != 1) continue;
            const QubitFunctions *q = &k->f->qubit[qubit_of(k, f->support)];
            if (q->group != group || at.factor.at[q->member] != UINT32_MAX) continue;
            at.factor.at[q->member] = i;
            any = done[i] = true;
        }
        if (!any) return;
        at.node = member_values(k, members, &at);
        vec_push(k->a, &k->sources, at);
    }
}

/* Factors that no qubit is left of: their coefficients. */
static void number_factors(Contract *k, bool *done)
{
    Values at = {0};
    MapMaker m = map_of(k, k->v);
    for (uint32_t i = 0; i < k->r->factors.len; i++) {
        const Factor *f = &k->r->factors.at[i];
        if (done[i] || f->support) continue;
        map_put(&m, f->first, 1, 0);
        map_row(&m);
        vec_push(k->a, &at.factor, i);
        done[i] = true;
    }
    if (!at.factor.len) return;
    at.node = map_inner(k, k->v, &m);
    vec_push(k->a, &k->sources, at);
}

/* ---- products of functions ---- */

/* Products of functions of some qubits: real[outer|count]; none for the product of nothing. */
typedef struct Basis {
    NodeId node;
    PauliSet products; /* of each element */
} Basis;

/* 1 and the variable components of one qubit, as far as they are wanted. */
static Basis qubit_basis(Contract *k, const PauliSet *wanted, uint32_t bit)
{
    Graph *g = k->l->g;
    const QubitFunctions *q = &k->f->qubit[qubit_of(k, bit)];
    Basis b = {.products = *wanted};
    int64_t count = wanted->at.len, one = -1;
    for (int code = 1; code < 4; code++) {
        NodeId x = k->f->groups.at[q->group].of[code];
        if (!node_is(x)) continue;
        bool any = false;
        MapMaker m = map_of(k, x);
        for (int64_t i = 0; i < count; i++) {
            if (pauli_code(wanted->at.at[i], bit) == code) {
                map_put(&m, q->member, 1, 0);
                any = true;
            }
            map_row(&m);
        }
        if (any) b.node = plus(g, b.node, map_inner(k, x, &m));
    }
    for (int64_t i = 0; i < count; i++)
        if (!pauli_support(wanted->at.at[i])) one = i;
    if (one >= 0) b.node = plus(g, b.node, ones_at(k, one, count));
    return b;
}

static PauliSet parts_of(Arena *a, const PauliSet *set, uint32_t mask)
{
    PauliSet parts = pauli_set(a);
    for (uint32_t i = 0; i < set->at.len; i++)
        pauli_set_put(&parts, pauli_within(set->at.at[i], mask));
    return parts;
}

/* A vector as a matrix of one column, of one row. */
static NodeId column(Contract *k, NodeId x)
{
    return reshape(k->l->g, x, shape_of(k, x, 2, (int64_t[]){type_inner(type_of(k->l->g, x)), 1}));
}

static NodeId row(Contract *k, NodeId x)
{
    return reshape(k->l->g, x, shape_of(k, x, 2, (int64_t[]){1, type_inner(type_of(k->l->g, x))}));
}

static NodeId picked(Contract *k, const Basis *b, const PauliSet *wanted, uint32_t mask)
{
    MapMaker m = map_of(k, b->node);
    for (uint32_t i = 0; i < wanted->at.len; i++) {
        map_put(&m, pauli_set_find(&b->products, pauli_within(wanted->at.at[i], mask)), 1, 0);
        map_row(&m);
    }
    return map_inner(k, b->node, &m);
}

/* The lower half of the mask's bits. */
static uint32_t low_half(uint32_t mask)
{
    uint32_t low = 0;
    for (int n = __builtin_popcount(mask) / 2; n > 0; n--) low |= (mask ^ low) & -(mask ^ low);
    return low;
}

/* At least the wanted products, on the qubits of `mask`. All products of two halves if that is not
 * many more. */
static Basis basis(Contract *k, const PauliSet *wanted, uint32_t mask)
{
    if (!(mask & (mask - 1))) return qubit_basis(k, wanted, mask);
    uint32_t low = low_half(mask), high = mask & ~low;
    PauliSet left_parts = parts_of(k->a, wanted, high), right_parts = parts_of(k->a, wanted, low);
    Basis left = basis(k, &left_parts, high), right = basis(k, &right_parts, low);
    Basis b = {.products = *wanted};
    uint64_t all = (uint64_t)left.products.at.len * right.products.at.len;
    if (4 * all > 5 * (uint64_t)wanted->at.len) {
        NodeId x = picked(k, &left, wanted, high);
        b.node = mul(k->l->g, x, picked(k, &right, wanted, low));
        return b;
    }
    b.products = pauli_set(k->a);
    for (uint32_t i = 0; i < left.products.at.len; i++)
        for (uint32_t j = 0; j < right.products.at.len; j++)
            pauli_set_put(&b.products, pauli_join(left.products.at.at[i], right.products.at.at[j]));
    NodeId x = column(k, left.node);
    x = matmul(k->l->g, x, row(k, right.node), false, false);
    b.node = reshape(k->l->g, x, shape_of(k, x, 1, &(int64_t){(int64_t)all}));
    return b;
}

/* ---- blocks ---- */

static uint32_t block_support(const Block *b)
{
    uint32_t support = 0;
    for (uint32_t i = 0; i < b->products.at.len; i++)
        support |= pauli_support(b->products.at.at[i]);
    return support;
}

/* The qubits of the left half: the cut that leaves the smallest rectangle of products. */
static uint32_t best_cut(Contract *k, const Block *b, uint32_t support)
{
    uint32_t left = support & ~(support & -support), best = left;
    uint64_t least = UINT64_MAX;
    for (; left; left &= left - 1) {
        ArenaMark mark = arena_mark(k->a);
        uint64_t high = parts_of(k->a, &b->products, left).at.len,
                 low = parts_of(k->a, &b->products, support & ~left).at.len;
        uint64_t cost = b->factor.len * high * low + (b->factor.len + 1) * high + low;
        arena_reset(k->a, mark);
        if (cost >= least) continue;
        least = cost;
        best = left;
    }
    return best;
}

/* real[left * factors, right] */
static NodeId block_matrix(Contract *k, const Block *b, const Basis *left, const Basis *right,
                           uint32_t low)
{
    int64_t factors = b->factor.len, columns = right->products.at.len,
            rows = left->products.at.len * factors;
    int64_t *element =
        arena_array(k->a, int64_t, rows *columns); /* V[0] is no coefficient: 0 = none */
    for (int64_t i = 0; i < factors; i++) {
        const Factor *f = &k->r->factors.at[b->factor.at[i]];
        for (uint32_t j = f->first; j < f->first + f->count; j++) {
            int64_t at =
                pauli_set_find(&left->products, pauli_without(k->r->product.at[j], low)) * factors +
                i;
            element[at * columns +
                    pauli_set_find(&right->products, pauli_within(k->r->product.at[j], low))] = j;
        }
    }
    MapMaker m = map_of(k, k->v);
    for (int64_t e = 0; e < rows * columns; e++) {
        if (element[e]) map_put(&m, element[e], 1, 0);
        map_row(&m);
    }
    return sparse(k->l->g, k->v, map_end(&m), type_real(2, (int64_t[]){rows, columns}));
}

static NodeId dense_block(Contract *k, const Block *b, const Basis *left, const Basis *right,
                          uint32_t low)
{
    Graph *g = k->l->g;
    int64_t factors = b->factor.len;
    NodeId c = block_matrix(k, b, left, right, low);
    NodeId y = matmul(g, c, column(k, right->node), false, false);
    y = reshape(g, y, shape_of(k, y, 2, (int64_t[]){left->products.at.len, factors}));
    NodeId e = matmul(g, row(k, left->node), y, false, false);
    return reshape(g, e, shape_of(k, e, 1, &factors));
}

/* Few of the rectangle's products are there: one by one. */
static NodeId sparse_block(Contract *k, const Block *b)
{
    Basis all = basis(k, &b->products, block_support(b));
    MapMaker coefficient = map_of(k, k->v), product = map_of(k, all.node);
    int64_t n = 0;
    for (uint32_t i = 0; i < b->factor.len; i++) {
        const Factor *f = &k->r->factors.at[b->factor.at[i]];
        for (uint32_t j = f->first; j < f->first + f->count; j++, n++) {
            map_put(&coefficient, j, 1, 0);
            map_row(&coefficient);
            map_put(&product, pauli_set_find(&all.products, k->r->product.at[j]), 1, 0);
            map_row(&product);
        }
    }
    NodeId c = map_inner(k, k->v, &coefficient);
    NodeId terms = mul(k->l->g, c, map_inner(k, all.node, &product));
    MapMaker sums = map_of(k, terms);
    n = 0;
    for (uint32_t i = 0; i < b->factor.len; i++) {
        for (uint32_t j = k->r->factors.at[b->factor.at[i]].count; j > 0; j--)
            map_put(&sums, n++, 1, 0);
        map_row(&sums);
    }
    return map_inner(k, terms, &sums);
}

static void block_values(Contract *k, const Block *b)
{
    Values at = {0};
    uint32_t support = block_support(b), high = best_cut(k, b, support), low = support & ~high;
    PauliSet left = parts_of(k->a, &b->products, high), right = parts_of(k->a, &b->products, low);
    if (5 * b->entries >= 2 * (uint64_t)b->factor.len * left.at.len * right.at.len) {
        Basis x = basis(k, &left, high), y = basis(k, &right, low);
        at.node = dense_block(k, b, &x, &y, low);
    } else {
        at.node = sparse_block(k, b);
    }
    for (uint32_t i = 0; i < b->factor.len; i++) vec_push(k->a, &at.factor, b->factor.at[i]);
    vec_push(k->a, &k->sources, at);
}

/* Adds the factor to the first block whose rectangle of factors and products it does not blow up.
 */
static void larger_factors(Contract *k, bool *done)
{
    VEC(Block) blocks = {0};
    for (uint32_t i = 0; i < k->r->factors.len; i++) {
        const Factor *f = &k->r->factors.at[i];
        if (done[i] || !f->count) continue;
        uint32_t at = 0;
        for (; at < blocks.len; at++) {
            const Block *b = &blocks.at[at];
            uint64_t more = 0;
            for (uint32_t j = f->first; j < f->first + f->count; j++)
                more += pauli_set_find(&b->products, k->r->product.at[j]) == UINT32_MAX;
            uint64_t old = (uint64_t)b->factor.len * b->products.at.len;
            if (4 * (b->factor.len + 1) * (b->products.at.len + more) <= 5 * (old + f->count))
                break;
        }
        if (at == blocks.len) vec_push(k->a, &blocks, (Block){.products = pauli_set(k->a)});
        Block *b = &blocks.at[at];
        vec_push(k->a, &b->factor, i);
        b->entries += f->count;
        for (uint32_t j = f->first; j < f->first + f->count; j++)
            pauli_set_put(&b->products, k->r->product.at[j]);
    }
    for (uint32_t i = 0; i < blocks.len; i++) block_values(k, &blocks.at[i]);
}

/* ---- terms ---- */

/* Where the values of factors are in the sources: all of them one after the other. */
static uint32_t place_of(const Contract *k, uint32_t factor)
{
    uint32_t before = 0;
    for (uint32_t s = 0; s < k->sources.len; s++) {
        const Values *source = &k->sources.at[s];
        for (uint32_t i = 0; i < source->factor.len; i++)
            if (source->factor.at[i] == factor) return before + i;
        before += source->factor.len;
    }
    return UINT32_MAX;
}

/* sum over the sources of the rows' columns that are theirs; m: rows over all places. */
static NodeId over_sources(Contract *k, const MapMaker *m, int64_t rows)
{
    NodeId total = {0};
    int64_t before = 0;
    for (uint32_t s = 0; s < k->sources.len; s++) {
        const Values *source = &k->sources.at[s];
        bool any = false;
        MapMaker part = map_of(k, source->node);
        for (int64_t row = 0; row < rows; row++) {
            for (int64_t e = m->start.at[row]; e < m->start.at[row + 1]; e++) {
                int64_t col = m->index.at[e] - before;
                if (col < 0 || col >= source->factor.len) continue;
                map_put(&part, col, m->re.at[e], 0);
                any = true;
            }
            map_row(&part);
        }
        if (any) total = plus(k->l->g, total, map_inner(k, source->node, &part));
        before += source->factor.len;
    }
    return total;
}

/* Values of the factors of all terms, and 1 behind them. */
static NodeId pool(Contract *k)
{
    Graph *g = k->l->g;
    int64_t count = 0;
    for (uint32_t s = 0; s < k->sources.len; s++) count += k->sources.at[s].factor.len;
    MapMaker m = map_begin(k->a, count + 1, true, false);
    for (int64_t i = 0; i <= count; i++) {
        if (i < count) map_put(&m, i, 1, 0);
        map_row(&m);
    }
    return plus(g, over_sources(k, &m, count + 1), ones_at(k, count, count + 1));
}

typedef struct Pair {
    uint32_t left, right;
} Pair;
typedef VEC(Pair) PairList;

static uint32_t put_pair(Arena *a, PairList *list, Pair p)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (list->at[i].left == p.left && list->at[i].right == p.right) return i;
    vec_push(a, list, p);
    return list->len - 1;
}

typedef VEC(uint32_t) NumberList;

/* Replaces neighbours in each list by their products; terms share those that they have in common.
 * The last element of x is 1. */
static NodeId multiply_pairs(Contract *k, NodeId x, NumberList *list, uint32_t lists, uint32_t one)
{
    PairList pairs = {0};
    for (uint32_t i = 0; i < lists; i++) {
        NumberList *at = &list[i];
        uint32_t n = 0;
        for (uint32_t j = 0; j < at->len; j += 2) {
            Pair p = {at->at[j], j + 1 < at->len ? at->at[j + 1] : one};
            at->at[n++] = put_pair(k->a, &pairs, p);
        }
        at->len = n;
    }
    vec_push(k->a, &pairs, (Pair){one, one});
    MapMaker left = map_of(k, x), right = map_of(k, x);
    for (uint32_t i = 0; i < pairs.len; i++) {
        map_put(&left, pairs.at[i].left, 1, 0);
        map_row(&left);
        map_put(&right, pairs.at[i].right, 1, 0);
        map_row(&right);
    }
    NodeId a = map_inner(k, x, &left);
    return mul(k->l->g, a, map_inner(k, x, &right));
}

/* Terms that are one factor each, or a number: straight from the sources. */
static NodeId plain_terms(Contract *k, const bool *is_plain, uint32_t yields)
{
    int64_t places = 0;
    double *number = arena_array(k->a, double, yields);
    bool any_number = false;
    for (uint32_t s = 0; s < k->sources.len; s++) places += k->sources.at[s].factor.len;
    MapMaker m = map_begin(k->a, places, true, false);
    for (uint32_t y = 0; y < yields; y++) {
        for (uint32_t i = 0; i < k->r->terms.len; i++) {
            const Term *term = &k->r->terms.at[i];
            if (!is_plain[i] || term->yield != y) continue;
            if (term->factors.len)
                map_put(&m, place_of(k, term->factors.at[0]), term->scale, 0);
            else
                number[y] += term->scale;
            any_number |= !term->factors.len;
        }
        map_row(&m);
    }
    NodeId total = over_sources(k, &m, yields);
    if (!any_number) return total;
    return plus(k->l->g, total,
                graph_constant(k->l->g, type_real(1, &(int64_t){yields}), number, NULL));
}

/* The other terms: products of values, times coefficients. */
static NodeId product_terms(Contract *k, const Scope *s, const bool *is_plain, uint32_t yields)
{
    NumberList *list = arena_array(k->a, NumberList, k->r->terms.len);
    SxList weights = {0};
    uint32_t n = 0, longest = 1;
    static const Sx one = {.kind = SX_const,
                           .value = {.exact = true, .num = 1, .den = 1, .real = 1}};
    for (uint32_t i = 0; i < k->r->terms.len; i++) {
        const Term *term = &k->r->terms.at[i];
        if (is_plain[i]) continue;
        for (uint32_t j = 0; j < term->factors.len; j++) {
            uint32_t place = place_of(k, term->factors.at[j]);
            vec_push(k->a, &list[n], place);
        }
        vec_push(k->a, &weights, term->coefficient ? term->coefficient : &one);
        if (list[n].len > longest) longest = list[n].len;
        n++;
    }
    if (!n) return (NodeId){0};
    NodeId x = pool(k);
    bool weighted = false;
    for (uint32_t i = 0; i < n; i++) weighted |= weights.at[i] != &one;
    for (; longest > 1; longest = (longest + 1) / 2) {
        uint32_t last = (uint32_t)type_inner(type_of(k->l->g, x)) - 1;
        x = multiply_pairs(k, x, list, n, last);
    }
    MapMaker m = map_of(k, x), sums = map_begin(k->a, n, true, false);
    for (uint32_t i = 0; i < n; i++) {
        int64_t last = type_inner(type_of(k->l->g, x)) - 1;
        map_put(&m, list[i].len ? list[i].at[0] : last, 1, 0);
        map_row(&m);
    }
    x = map_inner(k, x, &m);
    if (weighted) x = mul(k->l->g, x, coefficient_vector(k->l, s, &weights));
    for (uint32_t y = 0; y < yields; y++) {
        uint32_t at = 0;
        for (uint32_t i = 0; i < k->r->terms.len; i++) {
            if (is_plain[i]) continue;
            if (k->r->terms.at[i].yield == y) map_put(&sums, at, k->r->terms.at[i].scale, 0);
            at++;
        }
        map_row(&sums);
    }
    return map_inner(k, x, &sums);
}

NodeId reach_values(Lower *l, const Scope *s, const Reach *r, const EncodingFunctions *f,
                    uint32_t yields)
{
    ArenaMark mark = arena_mark(l->c->scratch);
    Contract k = {.l = l, .r = r, .f = f, .a = l->c->scratch};
    k.v = reach_coefficients(l, s, r);
    bool *done = arena_array(k.a, bool, r->factors.len),
         *is_plain = arena_array(k.a, bool, r->terms.len);
    for (uint32_t i = 0; i < r->factors.len; i++) done[i] = !r->factors.at[i].count;
    number_factors(&k, done);
    for (uint32_t i = 0; i < f->groups.len; i++) single_factors(&k, done, i);
    larger_factors(&k, done);
    for (uint32_t i = 0; i < r->terms.len; i++)
        is_plain[i] = r->terms.at[i].factors.len <= 1 && !r->terms.at[i].coefficient;
    NodeId total = plain_terms(&k, is_plain, yields);
    total = plus(l->g, total, product_terms(&k, s, is_plain, yields));
    Type shape = type_real(1, &(int64_t){yields});
    if (!node_is(total)) total = graph_filled(l->g, &shape, 0);
    arena_reset(l->c->scratch, mark);
    return total;
}
