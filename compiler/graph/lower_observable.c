/* lower_observable.c: sums of Pauli products -> real numbers per map index.
 *
 * A product with bit masks x and z is i^|x&z| X^x Z^z, and (X^x Z^z psi)[s] = (-1)^|(s^x)&z|
 * psi[s^x]. So all products with the same x read w[s] = conj(psi[s]) psi[s^x] (for x = 0:
 * |psi[s]|^2), and each is a signed sum of Re w or, for odd |x&z|, of Im w:
 *
 *     <P> = sum_s (-1)^|(s^x)&z| Re(i^|x&z| w[s])
 *
 * As w[s^x] = conj(w[s]), half of the s are enough for x != 0. Constant coefficients go into the
 * signs.
 */
#include <string.h>

#include "graph/lowering.h"

typedef struct Term {
    uint32_t x, z, yield;
    double factor; /* constant coefficient; 1 for the others */
} Term;
typedef VEC(Term) TermList;

static int parity(uint32_t v) { return __builtin_parity(v); }

/* The half of the indices whose bit `low` is 0, in order: opens a gap at that bit. */
static int64_t half_index(int64_t k, int low)
{
    int64_t below = k & ((INT64_C(1) << low) - 1);
    return (k ^ below) << 1 | below;
}

/* psi[s ^ x] for the s whose lowest bit of x is 0 (x = 0 here means those s of `half` as they are).
 */
static NodeId half_state(Lower *l, NodeId psi, uint32_t half, uint32_t x)
{
    const Type *t = type_of(l->g, psi);
    int64_t dim = type_inner(t), rows = dim / 2;
    int low = __builtin_ctz(half);
    Type shape = *t;
    shape.dim[shape.outer] = rows;
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, dim, true, false);
    for (int64_t k = 0; k < rows; k++) {
        map_put(&m, half_index(k, low) ^ (int64_t)x, 1, 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, psi, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

/* Sign with which w[s] enters <P>, for its real (odd = 0) or imaginary part. */
static double term_sign(const Term *t, int64_t s)
{
    int y = __builtin_popcount(t->x & t->z);
    /* Re(i^y w): y = 0: Re w, 1: -Im w, 2: -Re w, 3: Im w */
    double sign = (y & 3) == 1 || (y & 3) == 2 ? -1 : 1;
    return parity(((uint32_t)s ^ t->x) & t->z) ? -sign : sign;
}

static bool is_odd(const Term *t) { return __builtin_popcount(t->x & t->z) & 1; }

/* Which rows a table of signs has: one per yield for constant coefficients, one per term for the
 * others. */
typedef struct Rows {
    int64_t count;
    bool by_term;
} Rows;

static int64_t row_of(const TermList *terms, uint32_t i, Rows rows)
{
    return rows.by_term ? (int64_t)i : (int64_t)terms->at[i].yield;
}

/* w (real[outer|dim or dim/2]) -> real[outer|rows]; entries of the terms with this x and parity, rows in the order of the terms. */
static NodeId signed_sums(Lower *l, NodeId w, const TermList *terms, uint32_t x, bool odd,
                          Rows rows)
{
    const Type *t = type_of(l->g, w);
    int64_t cols = type_inner(t);
    int low = x ? __builtin_ctz(x) : 0;
    Type shape = *t;
    shape.dim[shape.outer] = rows.count;
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, cols, true, false);
    double *factor = arena_array(l->c->scratch, double, cols);
    uint32_t next = 0;
    for (int64_t r = 0; r < rows.count; r++) {
        memset(factor, 0, sizeof *factor * (size_t)cols);
        for (; next < terms->len && row_of(terms, next, rows) == r; next++) {
            const Term *term = &terms->at[next];
            if (term->x != x || is_odd(term) != odd) continue;
            for (int64_t k = 0; k < cols; k++) factor[k] += term->factor * term_sign(term, x ? half_index(k, low) : k);
        }
        for (int64_t k = 0; k < cols; k++)
            if (factor[k] != 0) map_put(&m, k, x ? 2 * factor[k] : factor[k], 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, w, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

static NodeId plus(Graph *g, NodeId a, NodeId b) { return node_is(a) ? add(g, a, b) : b; }

static bool has_term(const TermList *terms, uint32_t x, bool odd)
{
    for (uint32_t i = 0; i < terms->len; i++)
        if (terms->at[i].x == x && is_odd(&terms->at[i]) == odd) return true;
    return false;
}

/* All terms of a list: real[outer|rows]; none for an empty list. */
static NodeId term_values(Lower *l, NodeId psi, const TermList *terms, Rows rows)
{
    Graph *g = l->g;
    NodeId total = {0};
    for (uint32_t i = 0; i < terms->len; i++) {
        uint32_t x = terms->at[i].x;
        bool seen = false;
        for (uint32_t j = 0; j < i; j++) seen |= terms->at[j].x == x;
        if (seen) continue;
        if (!x) {
            total = plus(g, total, signed_sums(l, abs2(g, psi), terms, 0, false, rows));
            continue;
        }
        NodeId left = conj_(g, half_state(l, psi, x, 0));
        NodeId w = mul(g, left, half_state(l, psi, x, x));
        if (has_term(terms, x, false))
            total = plus(g, total, signed_sums(l, re(g, w), terms, x, false, rows));
        if (has_term(terms, x, true))
            total = plus(g, total, signed_sums(l, im(g, w), terms, x, true, rows));
    }
    return total;
}

/* ---- coefficients ---- */

/* factors * x as a vector of `count`, entry i from element index[i] of x where use[i]. */
static NodeId scatter(Lower *l, NodeId x, int64_t count, const int64_t *column,
                      const double *factor)
{
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, type_inner(type_of(l->g, x)), true, false);
    for (int64_t i = 0; i < count; i++) {
        if (column[i] >= 0) map_put(&m, column[i], factor[i], 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, x, map_end(&m), type_real(1, &count));
    arena_reset(l->c->scratch, mark);
    return n;
}

/* A coefficient k*h[i] is gathered from its group, with all others that are of that form; anything
 * else is an expression of its own. */
NodeId coefficient_vector(Lower *l, const Scope *s, const SxList *list)
{
    Graph *g = l->g;
    int64_t count = list->len;
    Arena *a = l->c->scratch;
    int64_t *column = arena_alloc(a, (size_t)count * sizeof *column);
    double *factor = arena_alloc(a, (size_t)count * sizeof *factor);
    bool *done = arena_alloc(a, (size_t)count);
    NodeId total = {0};
    for (uint32_t group = 1; group <= l->model->groups.len; group++) {
        bool any = false;
        for (int64_t i = 0; i < count; i++) {
            Linear sum = {0};
            column[i] = -1;
            if (done[i] || !scalar_linear(a, list->at[i], 1, &sum)) continue;
            if (sum.terms.len != 1 || sum.constant != 0 || sum.terms.at[0].group.i != group)
                continue;
            column[i] = group_element(l, s, sum.terms.at[0].group, sum.terms.at[0].index);
            factor[i] = sum.terms.at[0].factor;
            any = done[i] = true;
        }
        if (any)
            total =
                plus(g, total, scatter(l, group_node(l, (GroupId){group}), count, column, factor));
    }
    for (int64_t i = 0; i < count; i++) {
        if (done[i]) continue;
        for (int64_t j = 0; j < count; j++) {
            column[j] = j == i ? 0 : -1;
            factor[j] = 1;
        }
        total = plus(g, total, scatter(l, scalar_node(l, s, list->at[i]), count, column, factor));
    }
    return total;
}

/* values[outer|terms] -> [outer|yields]: sums of the terms of each yield. */
static NodeId sum_by_yield(Lower *l, NodeId values, const TermList *terms, int64_t yields)
{
    Type shape = *type_of(l->g, values);
    shape.dim[shape.outer] = yields;
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, terms->len, true, false);
    for (int64_t y = 0; y < yields; y++) {
        for (uint32_t i = 0; i < terms->len; i++)
            if (terms->at[i].yield == y) map_put(&m, i, 1, 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, values, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

NodeId lower_observable(Lower *l, const Scope *s, const ObservableInst *o, NodeId psi)
{
    Graph *g = l->g;
    ArenaMark mark = arena_mark(l->c->scratch);
    TermList fixed = {0}, weighted = {0};
    SxList weights = {0};
    for (uint32_t y = 0; y < o->yields.len; y++)
        for (uint32_t i = 0; i < o->yields.at[y].terms.len; i++) {
            const PauliTerm *p = &o->yields.at[y].terms.at[i];
            Term t = {.x = p->x, .z = p->z, .yield = y, .factor = 1};
            if (!p->coefficient || scalar_constant(p->coefficient, &t.factor)) {
                vec_push(l->c->scratch, &fixed, t);
            } else {
                vec_push(l->c->scratch, &weighted, t);
                vec_push(l->c->scratch, &weights, p->coefficient);
            }
        }
    int64_t yields = o->yields.len;
    NodeId total = term_values(l, psi, &fixed, (Rows){yields, false});
    if (weighted.len) {
        NodeId values = term_values(l, psi, &weighted, (Rows){weighted.len, true});
        NodeId c = coefficient_vector(l, s, &weights);
        NodeId products = mul(g, values, c);
        total = plus(g, total, sum_by_yield(l, products, &weighted, yields));
    }
    arena_reset(l->c->scratch, mark);
    return total;
}

/* ---- for registers, whose groups have values of their own ---- */

NodeId pauli_values(Lower *l, NodeId psi, const Pauli *list, uint32_t count)
{
    TermList terms = {0};
    ArenaMark mark = arena_mark(l->c->scratch);
    for (uint32_t i = 0; i < count; i++) vec_push(l->c->scratch, &terms, (Term){.x = list[i].x, .z = list[i].z, .factor = 1});
    NodeId values = term_values(l, psi, &terms, (Rows){count, true});
    arena_reset(l->c->scratch, mark);
    return values;
}

/* Rows by yield of the terms of `list`, whose columns are at[i]: their values times their factors. */
static NodeId factors_by_yield(Lower *l, NodeId values, const TermList *list, const int64_t *at, int64_t yields)
{
    Type shape = *type_of(l->g, values);
    shape.dim[shape.outer] = yields;
    MapMaker m = map_begin(l->c->scratch, type_inner(type_of(l->g, values)), true, false);
    for (int64_t y = 0; y < yields; y++) {
        for (uint32_t i = 0; i < list->len; i++)
            if (list->at[i].yield == y) map_put(&m, at[i], list->at[i].factor, 0);
        map_row(&m);
    }
    return sparse(l->g, values, map_end(&m), shape);
}

NodeId observable_yields(Lower *l, const Scope *s, const ObservableInst *o, NodeId values)
{
    TermList fixed = {0}, weighted = {0};
    SxList weights = {0};
    ArenaMark mark = arena_mark(l->c->scratch);
    int64_t terms = type_inner(type_of(l->g, values)), yields = o->yields.len, next = 0;
    int64_t *fixed_at = arena_array(l->c->scratch, int64_t, terms), *weighted_at = arena_array(l->c->scratch, int64_t, terms);
    for (uint32_t y = 0; y < yields; y++)
        for (uint32_t i = 0; i < o->yields.at[y].terms.len; i++, next++) {
            Term t = {.yield = y, .factor = 1};
            const Sx *c = o->yields.at[y].terms.at[i].coefficient;
            if (!c || scalar_constant(c, &t.factor)) {
                fixed_at[fixed.len] = next;
                vec_push(l->c->scratch, &fixed, t);
            } else {
                weighted_at[weighted.len] = next;
                vec_push(l->c->scratch, &weighted, t);
                vec_push(l->c->scratch, &weights, c);
            }
        }
    NodeId total = factors_by_yield(l, values, &fixed, fixed_at, yields);
    if (weighted.len) {
        NodeId gathered = elements_from(l, values, weighted.len, weighted_at);
        NodeId products = mul(l->g, gathered, coefficient_vector(l, s, &weights));
        total = add(l->g, total, sum_by_yield(l, products, &weighted, yields));
    }
    arena_reset(l->c->scratch, mark);
    return total;
}
