/* transfer_coefficients.c: Reach -> the vector of coefficients as nodes, shared by all samples and
 * patches.
 *
 * Each move is V' = S0 V + sum over weights w(t) of w(t) * (S_w V) with constant sparse maps S, so
 * differentiation gives the way back through the circuit. The Pauli transfer matrix of a
 * matrix-valued parameter is re tr(Q V^dagger P V) / dim, quadratic in V.
 */
#include <math.h>

#include "graph/transfer.h"

static NodeId plus(Graph *g, NodeId a, NodeId b)
{
    if (!node_is(a) || !node_is(b)) return node_is(a) ? a : b;
    return add(g, a, b);
}

/* ---- maps ---- */

/* Rows [0, count) of the entries with this weight: value * x[col]. None: there is no such entry. */
static NodeId weighted_map(Lower *l, const Move *m, NodeId x, Weight weight)
{
    Arena *a = l->c->scratch;
    int64_t n = 0, *start = arena_array(a, int64_t, m->after + 1);
    for (uint32_t i = 0; i < m->entries.len; i++) {
        if (m->entries.at[i].weight != weight) continue;
        start[m->entries.at[i].row + 1]++;
        n++;
    }
    if (!n) return (NodeId){0};
    for (uint32_t row = 0; row < m->after; row++) start[row + 1] += start[row];
    int64_t *next = arena_array(a, int64_t, m->after), *index = arena_array(a, int64_t, n);
    double *re = arena_array(a, double, n);
    for (uint32_t row = 0; row < m->after; row++) next[row] = start[row];
    for (uint32_t i = 0; i < m->entries.len; i++) {
        const Entry *e = &m->entries.at[i];
        if (e->weight != weight) continue;
        index[next[e->row]] = e->col;
        re[next[e->row]++] = e->value;
    }
    SparseMap map = {.inner = true,
                     .rows = m->after,
                     .cols = type_inner(type_of(l->g, x)),
                     .start = start,
                     .index = index,
                     .re = re};
    return sparse(l->g, x, &map, type_real(1, &(int64_t){m->after}));
}

/* y[i] = x[index[i]] in a vector of `rows`, from row `first` on; zero elsewhere. */
static NodeId gather(Lower *l, NodeId x, const int64_t *index, int64_t count, int64_t first,
                     int64_t rows)
{
    MapMaker m = map_begin(l->c->scratch, type_inner(type_of(l->g, x)), true, false);
    for (int64_t row = 0; row < rows; row++) {
        if (row >= first && row < first + count)
            map_put(&m, index ? index[row - first] : row - first, 1, 0);
        map_row(&m);
    }
    return sparse(l->g, x, map_end(&m), type_real(1, &rows));
}

/* ---- matrix-valued parameters ---- */

/* The gate's matrix with its controls: complex[dim, dim]. */
static NodeId whole_matrix(Lower *l, const Scope *s, const GateTransfer *t)
{
    const GateApp *gate = t->gate;
    int dim = 1 << t->width, controls = gate->control_count, small = 1 << gate->target_count;
    uint32_t wanted = 0;
    for (int k = 0; k < controls; k++)
        wanted |= (gate->control_values >> k & 1) << (controls - 1 - k);
    double *outside = arena_array(l->c->scratch, double, dim *dim);
    MapMaker m = map_begin(l->c->scratch, small * small, true, true);
    for (int i = 0; i < dim; i++)
        for (int j = 0; j < dim; j++) {
            uint32_t value = (uint32_t)i & ((1u << controls) - 1);
            bool same = value == ((uint32_t)j & ((1u << controls) - 1));
            if (same && value == wanted)
                map_put(&m, (i >> controls) * small + (j >> controls), 1, 0);
            if (i == j && value != wanted) outside[i * dim + j] = 1;
            map_row(&m);
        }
    Type shape = type_real(2, (int64_t[]){dim, dim});
    NodeId v = sparse(l->g, gate_unitary(l, s, gate->group, small), map_end(&m), shape);
    if (!controls) return v;
    shape.is_complex = true;
    double *none = arena_array(l->c->scratch, double, dim *dim);
    return add(l->g, v, graph_constant(l->g, shape, outside, none));
}

/* real[4^width * 4^width]: see Image.entry. V: complex[dim, dim]; dagger: its adjoint is the gate.
 */
static NodeId transfer_matrix(Lower *l, const GateTransfer *t, NodeId v)
{
    Graph *g = l->g;
    Arena *a = l->c->scratch;
    int64_t dim = INT64_C(1) << t->width, count = dim * dim;
    bool dagger = t->gate->dagger;
    MapMaker pv = map_begin(a, count, true, true), trace = map_begin(a, count * count, true, true);
    for (uint32_t p = 0; p < (uint32_t)count; p++)
        for (int64_t i = 0; i < dim; i++)
            for (int64_t j = 0; j < dim; j++) { /* (P V)[i, j] = P[i, i ^ x] V[i ^ x, j]; with a
                                                   dagger V^dagger[k, j] = conj V[j, k] */
                double complex phase = gate_pauli(t, p, (uint32_t)i);
                int64_t k = i ^ (int64_t)gate_pauli_flip(t, p);
                map_put(&pv, dagger ? j * dim + k : k * dim + j, creal(phase),
                        dagger ? -cimag(phase) : cimag(phase));
                map_row(&pv);
            }
    for (uint32_t to = 0; to < (uint32_t)count; to++)
        for (int64_t from = 0; from < count; from++) {
            for (int64_t i = 0; i < dim; i++) { /* tr(Q W) = sum of Q[i, i ^ x] W[i ^ x, i] */
                double complex phase = gate_pauli(t, to, (uint32_t)i) / (double)dim;
                int64_t k = i ^ (int64_t)gate_pauli_flip(t, to);
                map_put(&trace, (from * dim + k) * dim + i, creal(phase), cimag(phase));
            }
            map_row(&trace);
        }
    Type each = type_real(3, (int64_t[]){count, dim, dim});
    NodeId left = dagger ? v : conj_(g, v);
    NodeId right = sparse(g, v, map_end(&pv), each);
    if (dagger) right = conj_(g, right);
    NodeId w = matmul(g, left, right, !dagger, false);
    return re(g, sparse(g, w, map_end(&trace), type_real(1, (int64_t[]){count * count})));
}

/* The entries with WEIGHT_matrix: matrix entry times coefficient, added up by rows. */
static NodeId matrix_part(Lower *l, const Scope *s, const Move *m, NodeId x)
{
    Arena *a = l->c->scratch;
    int64_t n = 0, *entry = arena_array(a, int64_t, m->entries.len),
            *col = arena_array(a, int64_t, m->entries.len);
    Move sums = {.after = m->after};
    for (uint32_t i = 0; i < m->entries.len; i++) {
        Entry e = m->entries.at[i];
        if (e.weight != WEIGHT_matrix) continue;
        entry[n] = e.entry;
        col[n] = e.col;
        e.col = (uint32_t)n++;
        vec_push(a, &sums.entries, e);
    }
    if (!n) return (NodeId){0};
    NodeId matrix = transfer_matrix(l, m->transfer, whole_matrix(l, s, m->transfer));
    NodeId entries = gather(l, matrix, entry, n, 0, n);
    NodeId products = mul(l->g, entries, gather(l, x, col, n, 0, n));
    return weighted_map(l, &sums, products, WEIGHT_matrix);
}

/* ---- moves ---- */

/* V with the products of joins behind it. Joins of joins come in a later round. */
static NodeId with_joins(Lower *l, const Move *m, NodeId v)
{
    int64_t done = m->before, all = m->before + m->joins.len;
    while (done < all) {
        int64_t count = 0, *left = arena_array(l->c->scratch, int64_t, all),
                *right = arena_array(l->c->scratch, int64_t, all);
        for (uint32_t j = (uint32_t)(done - m->before); j < m->joins.len; j++) {
            const Join *join = &m->joins.at[j];
            if (join->left >= done || join->right >= done) break;
            left[count] = join->left;
            right[count++] = join->right;
        }
        NodeId a = gather(l, v, left, count, 0, count);
        NodeId products = mul(l->g, a, gather(l, v, right, count, 0, count));
        NodeId old = gather(l, v, NULL, done, 0, done + count);
        v = add(l->g, old, gather(l, products, NULL, count, done, done + count));
        done += count;
    }
    return v;
}

static NodeId moved(Lower *l, const Scope *s, const Move *m, NodeId v)
{
    Graph *g = l->g;
    v = with_joins(l, m, v);
    NodeId total = weighted_map(l, m, v, WEIGHT_one), argument = {0};
    Type shape = type_real(1, &(int64_t){m->after});
    for (Weight w = WEIGHT_cos; w < WEIGHT_matrix; w++) {
        NodeId part = weighted_map(l, m, v, w);
        if (!node_is(part)) continue;
        if (!node_is(argument)) argument = gate_argument(l, s, m->gate);
        NodeId weight = weight_node(g, w, argument, m->transfer->frequency);
        total = plus(g, total, mul(g, part, broadcast(g, weight, shape, 0, 1)));
    }
    return plus(g, total, matrix_part(l, s, m, v));
}

static NodeId start_vector(Lower *l, const Scope *s, const Reach *r)
{
    Arena *a = l->c->scratch;
    int64_t count = r->start.len;
    double *known = arena_array(a, double, count);
    SxList weights = {0};
    MapMaker m = map_begin(a, count, true, false);
    for (int64_t i = 0; i < count; i++) {
        if (r->start.at[i].coefficient) {
            map_put(&m, weights.len, 1, 0);
            vec_push(a, &weights, r->start.at[i].coefficient);
        } else {
            known[i] = r->start.at[i].value;
        }
        map_row(&m);
    }
    NodeId v = graph_constant(l->g, type_real(1, &count), known, NULL);
    if (!weights.len) return v;
    NodeId c = coefficient_vector(l, s, &weights);
    m.map.cols = weights.len;
    return add(l->g, v, sparse(l->g, c, map_end(&m), type_real(1, &count)));
}

NodeId reach_coefficients(Lower *l, const Scope *s, const Reach *r)
{
    Span before = l->g->span;
    ArenaMark mark = arena_mark(l->c->scratch);
    NodeId v = start_vector(l, s, r);
    for (uint32_t i = 0; i < r->moves.len; i++) {
        const Move *m = &r->moves.at[i];
        l->g->span = m->gate ? m->gate->span : before;
        v = moved(l, s, m, v);
    }
    arena_reset(l->c->scratch, mark);
    l->g->span = before;
    return v;
}
