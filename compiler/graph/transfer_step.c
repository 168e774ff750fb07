/* transfer_step.c: one gate, backwards, on all products that are reached.
 *
 * A gate that touches one factor of a term changes its products; one that touches several joins
 * them, unless it leaves them alone (as CNOT does with products of Z and I beside X and I); a qubit
 * on which all products of a factor agree becomes a factor of its own again. So behind a layer
 * without entanglement every qubit stays a factor, and terms share what they have in common: equal
 * sets of factors have equal images. Each step is a Move: how the vector of coefficients follows
 * from the one before.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/transfer.h"

/* scale * V[col] * p; col 0: scale is the value. */
typedef struct Summand {
    Pauli p;
    uint32_t col;
    double scale;
} Summand;
typedef VEC(Summand) SummandList;

/* Old factors, sorted, and what they became. */
typedef struct Became {
    VEC(uint32_t) from, to;
    double scale;
} Became;

/* The vector that a move makes. */
typedef struct Stepper {
    Reach *r;
    Move move;
    GateTransfer *t;
    VEC(Pauli) product;
    VEC(double) known;
    VEC(Factor) factors;
    VEC(Became) became;
    VEC(uint32_t) units; /* factors of one Pauli on one qubit with coefficient 1 */
    uint32_t *carried;   /* old factor -> new one plus one */
    bool changes;
} Stepper;

static Stepper stepper(Reach *r, GateTransfer *t)
{
    Stepper s = {.r = r,
                 .t = t,
                 .move = {.transfer = t, .gate = t ? t->gate : NULL, .before = r->product.len}};
    s.carried = arena_array(r->a, uint32_t, r->factors.len + 1);
    vec_push(r->a, &s.product, (Pauli){0, 0});
    vec_push(r->a, &s.known, 1);
    vec_push(r->a, &s.move.entries, (Entry){0, 0, WEIGHT_one, 0, 1});
    return s;
}

static void step_done(Stepper *s)
{
    Reach *r = s->r;
    memcpy(&r->factors, &s->factors, sizeof r->factors);
    s->move.after = s->product.len;
    r->work += s->move.entries.len;
    r->too_large |= s->product.len > REACH_MAX_PRODUCTS || r->work > REACH_MAX_ENTRIES;
    memcpy(&r->product, &s->product, sizeof r->product);
    memcpy(&r->known, &s->known, sizeof r->known);
    vec_push(r->a, &r->moves, s->move);
}

/* ---- rows of the new vector ---- */

static int compare_entries(const void *left, const void *right)
{
    const Entry *a = left, *b = right;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    if (a->weight != b->weight) return a->weight < b->weight ? -1 : 1;
    if (a->col != b->col) return a->col < b->col ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

typedef VEC(Entry) EntryList;

/* Sorts by row and adds up equal ones. */
static void merge_entries(EntryList *list)
{
    if (list->len) qsort(list->at, list->len, sizeof *list->at, compare_entries);
    uint32_t n = 0;
    for (uint32_t i = 0; i < list->len; i++) {
        const Entry *e = &list->at[i];
        if (n && !compare_entries(&list->at[n - 1], e))
            list->at[n - 1].value += e->value;
        else
            list->at[n++] = *e;
    }
    list->len = n;
}

static bool is_nothing(double v) { return fabs(v) < 1e-14; }

/* The constant that a row's entries [from, to) add up to, else NAN. */
static double known_sum(const EntryList *list, uint32_t from, uint32_t to)
{
    double sum = 0;
    for (uint32_t i = from; i < to; i++) {
        const Entry *e = &list->at[i];
        if (is_nothing(e->value)) continue;
        if (e->weight != WEIGHT_one || e->col != 0) return NAN;
        sum += e->value;
    }
    return sum;
}

/* The unit factor of Pauli `code` on the qubit of `bit`. */
static uint32_t unit_factor(Stepper *s, Pauli p)
{
    for (uint32_t i = 0; i < s->units.len; i++) {
        uint32_t f = s->units.at[i];
        if (pauli_same(s->product.at[s->factors.at[f].first], p)) return f;
    }
    uint32_t row = s->product.len;
    vec_push(s->r->a, &s->product, p);
    vec_push(s->r->a, &s->known, 1);
    vec_push(s->r->a, &s->move.entries, (Entry){row, 0, WEIGHT_one, 0, 1});
    vec_push(s->r->a, &s->factors, (Factor){row, 1, pauli_support(p)});
    vec_push(s->r->a, &s->units, s->factors.len - 1);
    return s->factors.len - 1;
}

/* Appends the unit factors of a product. */
static void put_units(Stepper *s, Became *b, Pauli p)
{
    for (uint32_t left = pauli_support(p); left; left &= left - 1) {
        uint32_t unit = unit_factor(s, pauli_within(p, left & -left));
        vec_push(s->r->a, &b->to, unit);
    }
}

/* Products with the entries of their coefficients, sorted; an entry's row is the number of a
 * product. */
typedef struct Rows {
    PauliSet products;
    EntryList entries;
    uint32_t
        *row; /* of each product, numbered anew without those whose coefficient is 0 (UINT32_MAX) */
    double *known;       /* constant coefficients, else NAN */
    uint32_t kept, only; /* how many are kept; the last of them */
    uint32_t support;
    Pauli first;  /* that is kept */
    Pauli common; /* on the qubits on which all kept ones agree */
} Rows;

static void survey(Arena *a, Rows *rows)
{
    uint32_t count = rows->products.at.len, agree = UINT32_MAX;
    rows->row = arena_array(a, uint32_t, count + 1);
    rows->known = arena_array(a, double, count + 1);
    merge_entries(&rows->entries);
    for (uint32_t i = 0, end; i < rows->entries.len; i = end) {
        uint32_t row = rows->entries.at[i].row;
        for (end = i; end < rows->entries.len && rows->entries.at[end].row == row;) end++;
        rows->known[row] = known_sum(&rows->entries, i, end);
    }
    for (uint32_t i = 0; i < count; i++) {
        rows->row[i] = UINT32_MAX;
        if (is_nothing(rows->known[i])) continue;
        Pauli p = rows->products.at.at[i];
        if (!rows->kept) rows->first = p;
        agree &= ~((p.x ^ rows->first.x) | (p.z ^ rows->first.z));
        rows->support |= pauli_support(p);
        rows->row[i] = rows->kept++;
        rows->only = i;
    }
    rows->common = pauli_within(rows->first, agree);
}

/* Appends the kept rows, without the qubits of `off`, as one factor. */
static void append_factor(Stepper *s, Became *b, const Rows *rows, uint32_t off)
{
    Arena *a = s->r->a;
    uint32_t first = s->product.len;
    for (uint32_t i = 0; i < rows->products.at.len; i++) {
        if (rows->row[i] == UINT32_MAX) continue;
        vec_push(a, &s->product, pauli_without(rows->products.at.at[i], off));
        vec_push(a, &s->known, rows->known[i]);
        if (!isnan(rows->known[i]))
            vec_push(a, &s->move.entries,
                     (Entry){first + rows->row[i], 0, WEIGHT_one, 0, rows->known[i]});
    }
    for (uint32_t i = 0; i < rows->entries.len; i++) {
        Entry e = rows->entries.at[i];
        if (!isnan(rows->known[e.row]) || is_nothing(e.value)) continue;
        e.row = first + rows->row[e.row];
        vec_push(a, &s->move.entries, e);
    }
    vec_push(a, &s->factors, (Factor){first, rows->kept, rows->support & ~off});
    vec_push(a, &b->to, s->factors.len - 1);
}

/* Rows as a factor, and units for the qubits on which all products agree. A constant coefficient of
 * a single product goes into the scale; one that is no constant stays with the product's lowest
 * qubit. */
static void put_rows(Stepper *s, Became *b, Rows *rows)
{
    survey(s->r->a, rows);
    if (!rows->kept) {
        b->scale = 0;
        return;
    }
    Pauli units = rows->common;
    if (rows->kept == 1) {
        if (!isnan(rows->known[rows->only])) {
            b->scale *= rows->known[rows->only];
            put_units(s, b, units);
            return;
        }
        units = pauli_without(units, rows->support & -rows->support);
    }
    append_factor(s, b, rows, pauli_support(units));
    put_units(s, b, units);
}

/* ---- one gate ---- */

static SummandList sources_of(const Reach *r, uint32_t factor)
{
    const Factor *f = &r->factors.at[factor];
    SummandList list = {0};
    for (uint32_t i = f->first; i < f->first + f->count; i++) {
        bool fixed = !isnan(r->known.at[i]);
        vec_push(r->a, &list,
                 (Summand){r->product.at[i], fixed ? 0 : i, fixed ? r->known.at[i] : 1});
    }
    return list;
}

/* All products of one of a with one of b. */
static SummandList joined(Stepper *s, const SummandList *a, const SummandList *b)
{
    SummandList list = {0};
    if ((uint64_t)a->len * b->len > REACH_MAX_PRODUCTS) {
        s->r->too_large = true;
        return list;
    }
    for (uint32_t i = 0; i < a->len; i++)
        for (uint32_t j = 0; j < b->len; j++) {
            const Summand *x = &a->at[i], *y = &b->at[j];
            Summand both = {pauli_join(x->p, y->p), x->col ? x->col : y->col, x->scale * y->scale};
            if (x->col && y->col) {
                both.col = s->move.before + s->move.joins.len;
                vec_push(s->r->a, &s->move.joins, (Join){x->col, y->col});
            }
            vec_push(s->r->a, &list, both);
        }
    return list;
}

/* The images of `list`. */
static void put_images(Stepper *s, Became *b, const SummandList *list)
{
    Arena *a = s->r->a;
    Rows rows = {.products = pauli_set(a)};
    for (uint32_t i = 0; i < list->len && !s->r->too_large; i++) {
        const Summand *x = &list->at[i];
        Pauli rest = pauli_without(x->p, s->t->mask);
        const ImageList *images = gate_image(s->t, x->p);
        for (uint32_t k = 0; k < images->len; k++) {
            const Image *image = &images->at[k];
            uint32_t row = pauli_set_put(&rows.products, pauli_join(rest, image->to));
            Entry e = {row, x->col, image->weight, image->entry, x->scale * image->value};
            vec_push(a, &rows.entries, e);
        }
        s->r->too_large =
            rows.products.at.len > REACH_MAX_PRODUCTS || rows.entries.len > REACH_MAX_ENTRIES;
    }
    s->changes = true;
    put_rows(s, b, &rows);
}

/* Whether the gate leaves p as it is. */
static bool leaves(GateTransfer *t, Pauli p)
{
    const ImageList *images = gate_image(t, p);
    if (images->len != 1 || images->at[0].weight != WEIGHT_one) return false;
    return images->at[0].value == 1 && pauli_same(images->at[0].to, pauli_within(p, t->mask));
}

/* Whether it leaves every product of p with one product of each list. */
static bool leaves_all(Stepper *s, const SummandList *lists, uint32_t n, Pauli p)
{
    if (n == 0) return leaves(s->t, p);
    PauliSet parts = pauli_set(s->r->a);
    for (uint32_t i = 0; i < lists->len; i++)
        pauli_set_put(&parts, pauli_within(lists->at[i].p, s->t->mask));
    for (uint32_t i = 0; i < parts.at.len; i++)
        if (!leaves_all(s, lists + 1, n - 1, pauli_join(p, parts.at.at[i]))) return false;
    return true;
}

/* The same factor in the new vector. */
static uint32_t carry(Stepper *s, uint32_t factor)
{
    if (s->carried[factor]) return s->carried[factor] - 1;
    Reach *r = s->r;
    const Factor *f = &r->factors.at[factor];
    bool is_unit =
        f->count == 1 && r->known.at[f->first] == 1 && __builtin_popcount(f->support) == 1;
    uint32_t to = is_unit ? unit_factor(s, r->product.at[f->first]) : s->factors.len;
    s->carried[factor] = to + 1;
    if (is_unit) return to;
    vec_push(r->a, &s->factors, (Factor){s->product.len, f->count, f->support});
    for (uint32_t i = 0; i < f->count; i++) {
        uint32_t col = f->first + i, row = s->product.len;
        double known = r->known.at[col];
        Entry e = {row, isnan(known) ? col : 0, WEIGHT_one, 0, isnan(known) ? 1 : known};
        vec_push(r->a, &s->product, r->product.at[col]);
        vec_push(r->a, &s->known, known);
        vec_push(r->a, &s->move.entries, e);
    }
    return to;
}

/* What the factors that one term has on the gate's qubits become. */
static const Became *became(Stepper *s, const uint32_t *from, uint32_t n)
{
    for (uint32_t i = 0; i < s->became.len; i++) {
        const Became *b = &s->became.at[i];
        if (b->from.len == n && !memcmp(b->from.at, from, n * sizeof *from)) return b;
    }
    Arena *a = s->r->a;
    Became b = {.scale = 1};
    SummandList *lists = arena_array(a, SummandList, n);
    for (uint32_t i = 0; i < n; i++) {
        vec_push(a, &b.from, from[i]);
        lists[i] = sources_of(s->r, from[i]);
    }
    if (leaves_all(s, lists, n, (Pauli){0, 0})) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t to = carry(s, from[i]);
            vec_push(a, &b.to, to);
        }
    } else {
        SummandList all = lists[0];
        for (uint32_t i = 1; i < n; i++) all = joined(s, &all, &lists[i]);
        put_images(s, &b, &all);
    }
    vec_push(a, &s->became, b);
    return &s->became.at[s->became.len - 1];
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* The term with its factors behind the gate. Vanished: scale 0. */
static void step_term(Stepper *s, Term *term)
{
    Arena *a = s->r->a;
    VEC(uint32_t) on = {0}, after = {0};
    for (uint32_t i = 0; i < term->factors.len; i++) {
        uint32_t f = term->factors.at[i];
        if (s->r->factors.at[f].support & s->t->mask) {
            vec_push(a, &on, f);
            continue;
        }
        uint32_t to = carry(s, f);
        vec_push(a, &after, to);
    }
    if (on.len) {
        const Became *b = became(s, on.at, on.len);
        term->scale *= b->scale;
        for (uint32_t i = 0; i < b->to.len; i++) vec_push(a, &after, b->to.at[i]);
    }
    if (after.len) qsort(after.at, after.len, sizeof *after.at, compare_numbers);
    memcpy(&term->factors, &after, sizeof after);
}

void reach_gate(Reach *r, const GateApp *gate)
{
    GateTransfer *t = arena_make(r->a, GateTransfer);
    *t = gate_transfer(r->a, gate, r->qubits);
    Stepper s = stepper(r, t);
    uint32_t n = 0;
    Term *terms = arena_array(r->a, Term, r->terms.len);
    for (uint32_t i = 0; i < r->terms.len && !r->too_large; i++) {
        terms[n] = r->terms.at[i];
        step_term(&s, &terms[n]);
        if (terms[n].scale != 0) n++;
    }
    if (!s.changes || r->too_large) return;
    r->terms.at = terms;
    r->terms.len = r->terms.cap = n;
    step_done(&s);
}

/* ---- the encoding's zeros and constants ---- */

/* What is left of a product: its variable components. False: it vanishes. */
static bool evaluate(const EncodingFunctions *f, Pauli p, Pauli *rest, double *value)
{
    *rest = p;
    *value = 1;
    for (uint32_t left = pauli_support(p); left; left &= left - 1) {
        uint32_t bit = left & -left;
        const Component *c =
            &f->qubit[f->qubits - 1 - (uint32_t)__builtin_ctz(bit)].of[pauli_code(p, bit)];
        if (c->kind == COMPONENT_zero) return false;
        if (c->kind == COMPONENT_variable) continue;
        *rest = pauli_without(*rest, bit);
        *value *= c->value;
    }
    return true;
}

static void fold_factor(Stepper *s, const EncodingFunctions *f, uint32_t factor)
{
    Arena *a = s->r->a;
    SummandList list = sources_of(s->r, factor);
    Rows rows = {.products = pauli_set(a)};
    for (uint32_t i = 0; i < list.len; i++) {
        Pauli rest;
        double value;
        if (!evaluate(f, list.at[i].p, &rest, &value)) continue;
        uint32_t row = pauli_set_put(&rows.products, rest);
        vec_push(a, &rows.entries,
                 (Entry){row, list.at[i].col, WEIGHT_one, 0, list.at[i].scale * value});
    }
    Became b = {.scale = 1};
    vec_push(a, &b.from, factor);
    survey(a, &rows);
    bool is_number = rows.kept == 1 && !rows.support && !isnan(rows.known[rows.only]);
    if (!rows.kept)
        b.scale = 0;
    else if (is_number)
        b.scale = rows.known[rows.only];
    else
        append_factor(s, &b, &rows, 0);
    vec_push(a, &s->became, b);
}

void reach_fold(Reach *r, const EncodingFunctions *f)
{
    Stepper s = stepper(r, NULL);
    s.changes = true;
    for (uint32_t i = 0; i < r->factors.len; i++) fold_factor(&s, f, i);
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->terms.len; i++) {
        Term term = r->terms.at[i];
        uint32_t kept = 0;
        for (uint32_t k = 0; k < term.factors.len; k++) {
            const Became *b = &s.became.at[term.factors.at[k]];
            term.scale *= b->scale;
            if (b->to.len) term.factors.at[kept++] = b->to.at[0];
        }
        term.factors.len = kept;
        if (term.scale != 0) r->terms.at[n++] = term;
    }
    r->terms.len = n;
    step_done(&s);
}
