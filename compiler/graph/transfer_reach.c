/* transfer_reach.c: which Pauli products an observable reaches behind a circuit, without any
 * number.
 *
 * A term of the observable is a product of factors on different qubits, at first one for each Pauli
 * of its product. The gates come last one first (transfer_step.c). In the end the encoding's zeros
 * and constants are put in, and a walk back drops all that nothing needs. This is done twice: the
 * first time every term is for itself; then the terms of a yield whose products are better added up
 * than multiplied start as one factor, with their coefficients.
 */
#include <math.h>
#include <string.h>

#include "graph/transfer.h"

/* ---- the beginning ---- */

static Reach *reach_new(Arena *a, uint32_t qubits)
{
    Reach *r = arena_make(a, Reach);
    r->a = a;
    r->qubits = qubits;
    return r;
}

/* A further element of the vector. */
static uint32_t start_product(Reach *r, Pauli p, Start start)
{
    vec_push(r->a, &r->product, p);
    vec_push(r->a, &r->known, start.coefficient ? NAN : start.value);
    vec_push(r->a, &r->start, start);
    return r->product.len - 1;
}

static uint32_t unit(Reach *r, Pauli p)
{
    for (uint32_t i = 0; i < r->factors.len; i++) {
        const Factor *f = &r->factors.at[i];
        if (f->count == 1 && r->known.at[f->first] == 1 && pauli_same(r->product.at[f->first], p))
            return i;
    }
    uint32_t first = start_product(r, p, (Start){1, NULL});
    vec_push(r->a, &r->factors, (Factor){first, 1, pauli_support(p)});
    return r->factors.len - 1;
}

static void start_term(Reach *r, uint32_t yield, const PauliTerm *p)
{
    Term term = {.yield = yield, .scale = 1, .coefficient = p->coefficient};
    Pauli whole = {p->x, p->z};
    if (p->coefficient && scalar_constant(p->coefficient, &term.scale)) term.coefficient = NULL;
    for (uint32_t left = pauli_support(whole); left; left &= left - 1) {
        uint32_t f = unit(r, pauli_within(whole, left & -left));
        vec_push(r->a, &term.factors, f);
    }
    if (term.scale != 0) vec_push(r->a, &r->terms, term);
}

/* These terms of a yield as one factor. */
static void start_sum(Reach *r, uint32_t yield, const YieldInst *y, const bool *added)
{
    Factor f = {.first = r->product.len};
    for (uint32_t i = 0; i < y->terms.len; i++) {
        const PauliTerm *p = &y->terms.at[i];
        Start start = {1, p->coefficient};
        if (!added[i]) continue;
        if (p->coefficient && scalar_constant(p->coefficient, &start.value))
            start.coefficient = NULL;
        start_product(r, (Pauli){p->x, p->z}, start);
        f.support |= p->x | p->z;
        f.count++;
    }
    if (!f.count) return;
    Term term = {.yield = yield, .scale = 1};
    vec_push(r->a, &r->factors, f);
    vec_push(r->a, &term.factors, r->factors.len - 1);
    vec_push(r->a, &r->terms, term);
}

/* added[yield][term]: starts in the yield's sum. NULL: none. */
static Reach *reach_from(Arena *a, const ObservableInst *o, const CircuitInst *circuit,
                         const EncodingFunctions *f, bool **added)
{
    Reach *r = reach_new(a, o->qubits);
    start_product(r, (Pauli){0, 0}, (Start){1, NULL});
    for (uint32_t y = 0; y < o->yields.len; y++) {
        const YieldInst *yield = &o->yields.at[y];
        for (uint32_t i = 0; i < yield->terms.len; i++)
            if (!added || !added[y][i]) start_term(r, y, &yield->terms.at[i]);
        if (added) start_sum(r, y, yield, added[y]);
    }
    for (uint32_t i = circuit ? circuit->gates.len : 0; i-- > 0 && !r->too_large;)
        if (gate_width(&circuit->gates.at[i])) reach_gate(r, &circuit->gates.at[i]);
    if (!r->too_large) reach_fold(r, f);
    return r;
}

/* ---- sums or products ---- */

enum { MAX_EXPANDED = 1 << 16 };

/* Adds the term's products, all factors multiplied out. */
static void expand_term(const Reach *r, const Term *term, PauliSet *set)
{
    uint64_t count = 1;
    for (uint32_t k = 0; k < term->factors.len; k++)
        count *= r->factors.at[term->factors.at[k]].count;
    for (uint64_t i = 0; i < count; i++) {
        Pauli p = {0, 0};
        uint64_t rest = i;
        for (uint32_t k = 0; k < term->factors.len; k++) {
            const Factor *f = &r->factors.at[term->factors.at[k]];
            p = pauli_join(p, r->product.at[f->first + rest % f->count]);
            rest /= f->count;
        }
        pauli_set_put(set, p);
    }
}

static uint64_t expanded_count(const Reach *r, const Term *term)
{
    uint64_t count = 1;
    for (uint32_t k = 0; k < term->factors.len && count <= MAX_EXPANDED; k++)
        count *= r->factors.at[term->factors.at[k]].count;
    return count;
}

/* How many products the yield has, at most: UINT64_MAX if there are too many to count. */
static uint64_t yield_count(const Reach *r, uint32_t yield)
{
    PauliSet set = pauli_set(r->a);
    uint64_t most = 0;
    for (uint32_t i = 0; i < r->terms.len; i++) {
        const Term *term = &r->terms.at[i];
        if (term->yield != yield) continue;
        most += expanded_count(r, term);
        if (most > MAX_EXPANDED) return UINT64_MAX;
        expand_term(r, term, &set);
    }
    return set.at.len;
}

uint64_t reach_count(const Reach *r, uint32_t yields)
{
    uint64_t count = 0;
    for (uint32_t y = 0; y < yields; y++) count += yield_count(r, y);
    return count;
}

/* Operations of the yield's terms as products of factors, per patch. */
static uint64_t product_cost(const Reach *r, uint32_t yield)
{
    uint64_t cost = 0;
    for (uint32_t i = 0; i < r->terms.len; i++) {
        const Term *term = &r->terms.at[i];
        if (term->yield != yield) continue;
        for (uint32_t k = 0; k < term->factors.len; k++)
            cost += r->factors.at[term->factors.at[k]].count + 1;
    }
    return cost;
}

/* Which terms start in sums: all of a yield where that is cheaper; else those that end as one
 * factor, with any company or with a coefficient to take in. False: none does. */
static bool choose_sums(const Reach *r, const ObservableInst *o, bool **added)
{
    bool any = false;
    for (uint32_t y = 0; y < o->yields.len; y++) {
        const YieldInst *yield = &o->yields.at[y];
        uint32_t single = 0, terms = 0, weighted = 0;
        for (uint32_t i = 0; i < r->terms.len; i++) {
            const Term *term = &r->terms.at[i];
            if (term->yield != y) continue;
            terms++;
            single += term->factors.len <= 1;
            weighted += term->factors.len <= 1 && (term->coefficient || term->scale != 1);
        }
        bool all = (terms > 1 || single == terms) && yield_count(r, y) <= product_cost(r, y);
        added[y] = arena_array(r->a, bool, yield->terms.len);
        if (!all || (terms < 2 && !weighted)) continue;
        memset(added[y], true, yield->terms.len);
        any = any || yield->terms.len;
    }
    return any;
}

/* ---- what nothing needs ---- */

/* New numbers of the live ones of `count`; the others UINT32_MAX. */
static uint32_t renumber(const bool *live, uint32_t count, uint32_t *number)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) number[i] = live[i] ? n++ : UINT32_MAX;
    return n;
}

/* Keeps what live rows of the vector after the move need; marks and numbers the vector before. */
static void prune_move(Move *m, const bool *live, const uint32_t *number, bool *live_before,
                       uint32_t *number_before)
{
    uint32_t n = 0, before = m->before;
    memset(live_before, 0, before + m->joins.len);
    live_before[0] = true;
    for (uint32_t i = 0; i < m->entries.len; i++) {
        Entry e = m->entries.at[i];
        if (!live[e.row]) continue;
        live_before[e.col] = true;
        e.row = number[e.row];
        m->entries.at[n++] = e;
    }
    m->entries.len = n;
    for (uint32_t j = m->joins.len; j-- > 0;) {
        if (!live_before[before + j]) continue;
        live_before[m->joins.at[j].left] = true;
        live_before[m->joins.at[j].right] = true;
    }
    renumber(live_before, before + m->joins.len, number_before);
    for (uint32_t i = 0; i < n; i++) m->entries.at[i].col = number_before[m->entries.at[i].col];
    n = 0;
    for (uint32_t j = 0; j < m->joins.len; j++) {
        if (!live_before[before + j]) continue;
        Join join = m->joins.at[j];
        m->joins.at[n++] = (Join){number_before[join.left], number_before[join.right]};
    }
    m->joins.len = n;
    m->before = 0;
    for (uint32_t i = 0; i < before; i++) m->before += live_before[i];
}

static void prune_end(Reach *r, bool *live, uint32_t *number)
{
    live[0] = true;
    bool *used = arena_array(r->a, bool, r->factors.len + 1);
    for (uint32_t i = 0; i < r->terms.len; i++)
        for (uint32_t k = 0; k < r->terms.at[i].factors.len; k++)
            used[r->terms.at[i].factors.at[k]] = true;
    for (uint32_t i = 0; i < r->factors.len; i++)
        if (used[i]) memset(live + r->factors.at[i].first, true, r->factors.at[i].count);
    r->moves.at[r->moves.len - 1].after = renumber(live, r->product.len, number);
    for (uint32_t i = 0; i < r->factors.len; i++) {
        if (used[i])
            r->factors.at[i].first = number[r->factors.at[i].first];
        else
            r->factors.at[i] = (Factor){0};
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->product.len; i++) {
        if (!live[i]) continue;
        r->product.at[n] = r->product.at[i];
        r->known.at[n++] = r->known.at[i];
    }
    r->product.len = r->known.len = n;
}

static void prune(Reach *r)
{
    uint32_t most = r->product.len > r->start.len ? r->product.len : r->start.len, n = 0;
    for (uint32_t i = 0; i < r->moves.len; i++) {
        const Move *m = &r->moves.at[i];
        if (m->before + m->joins.len > most) most = m->before + m->joins.len;
    }
    bool *live[2] = {arena_array(r->a, bool, most), arena_array(r->a, bool, most)};
    uint32_t *number[2] = {arena_array(r->a, uint32_t, most), arena_array(r->a, uint32_t, most)};
    int now = 0;
    prune_end(r, live[0], number[0]);
    for (uint32_t i = r->moves.len; i-- > 0; now = 1 - now) {
        Move *m = &r->moves.at[i];
        prune_move(m, live[now], number[now], live[1 - now], number[1 - now]);
        if (i) r->moves.at[i - 1].after = m->before;
    }
    for (uint32_t i = 0; i < r->start.len; i++)
        if (live[now][i]) r->start.at[n++] = r->start.at[i];
    r->start.len = n;
    r->work = 0;
    for (uint32_t i = 0; i < r->moves.len; i++)
        r->work += r->moves.at[i].entries.len + r->moves.at[i].joins.len;
}

Reach *reach(Arena *a, const ObservableInst *o, const CircuitInst *circuit,
             const EncodingFunctions *f)
{
    bool **added = arena_array(a, bool *, o->yields.len + 1);
    Reach *r = reach_from(a, o, circuit, f, NULL);
    if (!r->too_large && choose_sums(r, o, added)) r = reach_from(a, o, circuit, f, added);
    if (!r->too_large) prune(r);
    return r;
}
