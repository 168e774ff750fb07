/* register.c: groups of qubits: made one, acted on, traced, turned into density matrices. Each is a gather of elements, an apply, or
 * the overlap of a state with itself.
 */
#include "graph/register.h"

#include <math.h>
#include <string.h>

enum { PER_ENTRY = 8, PER_PRODUCT = 6 }; /* real operations of a complex multiply-add, of a product */

const char *form_text(Form f)
{
    static const char *const text[] = {"pure", "pure, then mixed", "density"};
    return text[f];
}

/* ---- registers ---- */

StateRegister *register_new(Arena *a, uint32_t wires)
{
    StateRegister *reg = arena_make(a, StateRegister);
    reg->wires = wires;
    return reg;
}

StateRegister *register_copy(Arena *a, const StateRegister *of)
{
    StateRegister *reg = register_new(a, of->wires);
    for (uint32_t i = 0; i < of->groups.len; i++) vec_push(a, &reg->groups, of->groups.at[i]);
    return reg;
}

int register_find(const StateRegister *reg, uint32_t wire, uint32_t *position)
{
    for (uint32_t i = 0; i < reg->groups.len; i++)
        for (uint32_t k = 0; k < reg->groups.at[i].count; k++)
            if (reg->groups.at[i].wire[k] == wire) {
                if (position) *position = k;
                return (int)i;
            }
    return -1;
}

static void drop_group(StateRegister *reg, int group)
{
    QubitGroup *at = reg->groups.at + group;
    memmove(at, at + 1, sizeof *at * (reg->groups.len - (uint32_t)group - 1));
    reg->groups.len--;
}

/* ---- sizes ---- */

static uint32_t live_count(const QubitGroup *g)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->count; i++) n += g->wire[i] != WIRE_traced;
    return n;
}

/* Notes that a group of this size is made. False: it does not fit. */
static bool fits(Run *r, bool is_density, uint32_t count)
{
    uint32_t *most = is_density ? &r->density : &r->pure;
    if (count > *most) *most = count;
    if (count <= (is_density ? DENSITY_MOST : PURE_MOST)) return true;
    r->operations = INFINITY;
    return false;
}

void register_add_pure(Run *r, StateRegister *reg, NodeId psi, uint32_t from, uint32_t count)
{
    QubitGroup g = {.node = psi, .count = count};
    if (!fits(r, false, count)) return;
    for (uint32_t i = 0; i < count; i++) g.wire[i] = (uint16_t)(from + i);
    vec_push(r->a, &reg->groups, g);
}

StateRegister *register_take(Run *r, const StateRegister *of)
{
    for (uint32_t i = 0; i < of->groups.len; i++) fits(r, of->groups.at[i].is_density, of->groups.at[i].count);
    return register_copy(r->a, of);
}

static double elements_of(bool is_density, uint32_t count) { return ldexp(1, (int)(is_density ? 2 * count : count)); }

static int64_t low_bits(int64_t x, uint32_t n) { return x & ((INT64_C(1) << n) - 1); }

/* ---- gathers ---- */

/* Both factors of a product of groups with a and b qubits, gathered into its elements. */
static NodeId product(Run *r, const QubitGroup *x, const QubitGroup *y)
{
    uint32_t a = x->count, b = y->count, n = a + b;
    int64_t rows = INT64_C(1) << (x->is_density ? 2 * n : n);
    ArenaMark mark = arena_mark(r->l->c->scratch);
    int64_t *left = arena_array(r->l->c->scratch, int64_t, rows), *right = arena_array(r->l->c->scratch, int64_t, rows);
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = x->is_density ? i >> n : 0, column = low_bits(i, n);
        left[i] = row >> b << a | column >> b;
        right[i] = low_bits(row, b) << b | low_bits(column, b);
    }
    NodeId u = elements_from(r->l, x->node, rows, left), v = elements_from(r->l, y->node, rows, right);
    arena_reset(r->l->c->scratch, mark);
    return mul(r->l->g, u, v);
}

/* The group with `more` qubits in |0> behind its own. */
static NodeId embedded(Run *r, const QubitGroup *g, uint32_t more)
{
    uint32_t n = g->count + more;
    int64_t rows = INT64_C(1) << (g->is_density ? 2 * n : n);
    ArenaMark mark = arena_mark(r->l->c->scratch);
    int64_t *from = arena_array(r->l->c->scratch, int64_t, rows);
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = g->is_density ? i >> n : 0, column = low_bits(i, n);
        bool is_zero = low_bits(row, more) == 0 && low_bits(column, more) == 0;
        from[i] = is_zero ? row >> more << g->count | column >> more : -1;
    }
    NodeId y = elements_from(r->l, g->node, rows, from);
    arena_reset(r->l->c->scratch, mark);
    return y;
}

/* ---- one group of several ---- */

/* Makes group b part of group a < b. */
static void absorb(Run *r, StateRegister *reg, int a, int b)
{
    bool mixed = reg->groups.at[a].is_density || reg->groups.at[b].is_density || r->form == FORM_density;
    if (!mixed && reg->groups.at[a].count + reg->groups.at[b].count > PURE_MOST) {
        mixed = live_count(&reg->groups.at[a]) + live_count(&reg->groups.at[b]) <= DENSITY_MOST;
    }
    if (mixed) {
        register_to_density(r, reg, a);
        register_to_density(r, reg, b);
    }
    QubitGroup *x = &reg->groups.at[a], *y = &reg->groups.at[b];
    if (fits(r, mixed, x->count + y->count)) {
        r->operations += PER_PRODUCT * elements_of(mixed, x->count + y->count);
        if (!is_dry(r)) x->node = product(r, x, y);
        memcpy(x->wire + x->count, y->wire, sizeof *x->wire * y->count);
        x->count += y->count;
    }
    drop_group(reg, b);
}

/* Adds wires that have no group to a group, or makes one of them. */
static int add_fresh(Run *r, StateRegister *reg, int group, const uint16_t *wire, uint32_t count)
{
    if (group < 0) {
        QubitGroup zeros = {.is_density = r->form == FORM_density, .count = count};
        if (!fits(r, zeros.is_density, count)) return -1;
        if (!is_dry(r)) zeros.node = ground_state(r->l, zeros.is_density ? 2 * count : count); /* |0..0> of twice the qubits is its matrix */
        memcpy(zeros.wire, wire, sizeof *wire * count);
        vec_push(r->a, &reg->groups, zeros);
        return (int)reg->groups.len - 1;
    }
    QubitGroup *g = &reg->groups.at[group];
    if (!g->is_density && g->count + count > PURE_MOST && live_count(g) + count <= DENSITY_MOST) register_to_density(r, reg, group);
    if (!fits(r, g->is_density, g->count + count)) return -1;
    r->operations += elements_of(g->is_density, g->count + count);
    if (!is_dry(r)) g->node = embedded(r, g, count);
    memcpy(g->wire + g->count, wire, sizeof *wire * count);
    g->count += count;
    return group;
}

int register_join(Run *r, StateRegister *reg, const uint16_t *wire, uint32_t count)
{
    uint16_t *fresh = arena_array(r->a, uint16_t, count);
    uint32_t fresh_count = 0;
    int into = -1;
    for (uint32_t i = 0; i < count; i++) {
        int g = register_find(reg, wire[i], NULL);
        if (g < 0) fresh[fresh_count++] = wire[i];
        else if (into < 0) into = g;
        else if (g != into) {
            int low = g < into ? g : into, high = g < into ? into : g;
            absorb(r, reg, low, high);
            into = low;
        }
        if (isinf(r->operations)) return -1;
    }
    return fresh_count ? add_fresh(r, reg, into, fresh, fresh_count) : into;
}

/* ---- density matrices ---- */

void register_to_density(Run *r, StateRegister *reg, int group)
{
    QubitGroup *g = &reg->groups.at[group];
    uint32_t live = live_count(g), kept = 0;
    if (g->is_density || !fits(r, true, live)) return;
    Wires w = {.qubits = (uint8_t)g->count, .target_count = (uint8_t)live};
    uint16_t wire[PURE_MOST];
    for (uint32_t i = 0; i < g->count; i++)
        if (g->wire[i] != WIRE_traced) {
            w.target[kept] = (uint8_t)i;
            wire[kept++] = g->wire[i];
        }
    r->operations += PER_ENTRY * ldexp(1, (int)(g->count + live));
    if (!is_dry(r)) {
        NodeId rho = overlap(r->l->g, g->node, g->node, &w);
        g->node = reshape(r->l->g, rho, type_behind(type_of(r->l->g, rho), 1, &(int64_t){INT64_C(1) << 2 * live}));
    }
    memcpy(g->wire, wire, sizeof *wire * live);
    g->count = live;
    g->is_density = true;
}

/* rho of n qubits -> of n - 1: the sum over both values of the one at `position`. */
static NodeId traced(Run *r, const QubitGroup *g, uint32_t position)
{
    Lower *l = r->l;
    uint32_t n = g->count, low = n - 1 - position;
    int64_t rows = INT64_C(1) << 2 * (n - 1);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, INT64_C(1) << 2 * n, true, false);
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = i >> (n - 1), column = low_bits(i, n - 1);
        row = row >> low << (low + 1) | low_bits(row, low);
        column = column >> low << (low + 1) | low_bits(column, low);
        for (int64_t v = 0; v < 2; v++) map_put(&m, (row | v << low) << n | column | v << low, 1, 0);
        map_row(&m);
    }
    NodeId y = sparse(l->g, g->node, map_end(&m), type_behind(type_of(l->g, g->node), 1, &rows));
    arena_reset(l->c->scratch, mark);
    return y;
}

void register_trace(Run *r, StateRegister *reg, uint32_t wire)
{
    uint32_t at;
    int group = register_find(reg, wire, &at);
    if (group < 0) return;
    QubitGroup *g = &reg->groups.at[group];
    if (live_count(g) == 1) { /* the trace of all of it is 1 */
        drop_group(reg, group);
        return;
    }
    if (!g->is_density) {
        g->wire[at] = WIRE_traced;
        uint32_t live = live_count(g);
        if (r->form == FORM_eager && g->count - live > live) register_to_density(r, reg, group);
        return;
    }
    r->operations += elements_of(true, g->count);
    if (!is_dry(r)) g->node = traced(r, g, at);
    memmove(g->wire + at, g->wire + at + 1, sizeof *g->wire * (g->count - at - 1));
    g->count--;
}

/* ---- what acts on a group ---- */

void register_apply(Run *r, StateRegister *reg, NodeId m, Wires *w)
{
    uint16_t wire[COUNT(w->target) + COUNT(w->control)];
    uint32_t count = w->target_count + w->control_count, at = 0;
    for (uint32_t i = 0; i < count; i++) wire[i] = i < w->target_count ? w->target[i] : w->control[i - w->target_count];
    int group = register_join(r, reg, wire, count);
    if (isinf(r->operations)) return;
    QubitGroup *g = &reg->groups.at[group];
    r->operations += PER_ENTRY * elements_of(g->is_density, g->count) * (1 << w->target_count) * (g->is_density ? 2 : 1) /
                     (1 << w->control_count);
    if (is_dry(r)) return;
    for (uint32_t i = 0; i < count; i++) {
        register_find(reg, wire[i], &at);
        *(i < w->target_count ? &w->target[i] : &w->control[i - w->target_count]) = (uint8_t)at;
    }
    w->qubits = (uint8_t)(g->is_density ? 2 * g->count : g->count);
    g->node = apply(r->l->g, m, g->node, w);
    if (!g->is_density) return;
    for (int i = 0; i < w->target_count; i++) w->target[i] = (uint8_t)(w->target[i] + g->count);
    for (int i = 0; i < w->control_count; i++) w->control[i] = (uint8_t)(w->control[i] + g->count);
    g->node = apply(r->l->g, conj_(r->l->g, m), g->node, w);
}

void register_swap(StateRegister *reg, uint32_t a, uint32_t b)
{
    uint32_t at_a = 0, at_b = 0;
    int group_a = register_find(reg, a, &at_a), group_b = register_find(reg, b, &at_b);
    if (group_a >= 0) reg->groups.at[group_a].wire[at_a] = (uint16_t)b;
    if (group_b >= 0) reg->groups.at[group_b].wire[at_b] = (uint16_t)a;
}

void register_channel(Run *r, StateRegister *reg, NodeId m, uint32_t wire, const uint8_t *pattern)
{
    uint32_t at = 0;
    int group = register_join(r, reg, &(uint16_t){(uint16_t)wire}, 1);
    if (group >= 0) register_to_density(r, reg, group);
    if (isinf(r->operations)) return;
    QubitGroup *g = &reg->groups.at[group];
    r->operations += PER_ENTRY * elements_of(true, g->count);
    if (is_dry(r)) return;
    register_find(reg, wire, &at);
    Wires w = {.qubits = (uint8_t)(2 * g->count), .target_count = 2, .target = {(uint8_t)at, (uint8_t)(at + g->count)}, .pattern = pattern};
    g->node = apply(r->l->g, m, g->node, &w);
}

/* ---- whole registers ---- */

StateRegister *register_renamed(Arena *a, const StateRegister *reg, const uint16_t *keep, uint32_t count)
{
    StateRegister *out = register_copy(a, reg);
    out->wires = count;
    for (uint32_t i = 0; i < out->groups.len; i++)
        for (uint32_t k = 0; k < out->groups.at[i].count; k++) {
            uint16_t *wire = &out->groups.at[i].wire[k];
            if (*wire == WIRE_traced) continue;
            uint32_t to = 0;
            while (keep[to] != *wire) to++;
            *wire = (uint16_t)to;
        }
    return out;
}
