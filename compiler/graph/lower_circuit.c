/* lower_circuit.c: encodings and circuits -> applications of matrices to a state.
 *
 * The matrix of a gate is A + cos(f t) B + sin(f t) C with constant A, B, C: a constant node and
 * two sparse maps of a scalar. It has map axes only if t reads data; the first such matrix gives
 * them to the state. Controls, order of qubits and daggers are in Wires.
 */
#include <math.h>
#include <string.h>

#include "graph/gate_matrix.h"
#include "graph/lowering.h"

/* A vector whose norm is below this counts as zero; its square and quotients by it stay finite in
 * f32, too. */
static const double zero_norm = 1e-15;

NodeId ground_state(Lower *l, uint32_t qubits)
{
    int64_t dim = INT64_C(1) << qubits;
    Type t = type_real(1, &dim);
    t.is_complex = true;
    ArenaMark mark = arena_mark(l->c->scratch);
    double *re = arena_alloc(l->c->scratch, (size_t)dim * sizeof *re);
    double *im = arena_alloc(l->c->scratch, (size_t)dim * sizeof *im);
    re[0] = 1;
    NodeId n = graph_constant(l->g, t, re, im);
    arena_reset(l->c->scratch, mark);
    return n;
}

NodeId elements_from(Lower *l, NodeId x, int64_t rows, const int64_t *from)
{
    Type shape = type_behind(type_of(l->g, x), 1, &rows);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, type_inner(type_of(l->g, x)), true, false);
    for (int64_t i = 0; i < rows; i++) {
        if (from[i] >= 0) map_put(&m, from[i], 1, 0);
        map_row(&m);
    }
    NodeId y = sparse(l->g, x, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return y;
}

/* ---- matrices ---- */

typedef struct Matrix {
    int dim; /* 2 or 4 */
    double frequency;
    double complex a[16], b[16], c[16];
} Matrix;

static bool any_nonzero(const double complex *entries, int count)
{
    for (int i = 0; i < count; i++)
        if (entries[i] != 0) return true;
    return false;
}

/* A phase without target becomes a diagonal gate on qubit `target`, phase where that qubit is
 * `value` (2: on both). */
static void phase_as_diagonal(Matrix *m, int value)
{
    double complex b = m->b[0], c = m->c[0];
    *m = (Matrix){.dim = 2, .frequency = m->frequency};
    for (int v = 0; v < 2; v++) {
        int i = 3 * v;
        if (value == 2 || value == v) {
            m->b[i] = b;
            m->c[i] = c;
        } else {
            m->a[i] = 1;
        }
    }
}

static const uint8_t *pattern_of(Lower *l, const Matrix *m)
{
    int count = m->dim * m->dim;
    uint8_t *p = arena_alloc(l->g->arena, (size_t)count);
    for (int i = 0; i < count; i++) {
        if (creal(m->a[i]) != 0 || creal(m->b[i]) != 0 || creal(m->c[i]) != 0) p[i] |= PART_re;
        if (cimag(m->a[i]) != 0 || cimag(m->b[i]) != 0 || cimag(m->c[i]) != 0) p[i] |= PART_im;
    }
    return p;
}

NodeId constant_matrix(Lower *l, const double complex *entries, int dim)
{
    double re[16], im[16];
    for (int i = 0; i < dim * dim; i++) {
        re[i] = creal(entries[i]);
        im[i] = cimag(entries[i]);
    }
    Type t = type_real(2, (int64_t[]){dim, dim});
    t.is_complex = true;
    return graph_constant(l->g, t, re, im);
}

NodeId times_matrix(Lower *l, NodeId x, const double complex *entries, int dim)
{
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, 1, true, true);
    for (int i = 0; i < dim * dim; i++) {
        if (entries[i] != 0) map_put(&m, 0, creal(entries[i]), cimag(entries[i]));
        map_row(&m);
    }
    Type shape = type_behind(type_of(l->g, x), 2, (int64_t[]){dim, dim});
    NodeId n = sparse(l->g, x, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

static NodeId variable_matrix(Lower *l, const Matrix *m, NodeId t)
{
    Graph *g = l->g;
    int count = m->dim * m->dim;
    NodeId angle = m->frequency == 1 ? t : scaled(g, t, m->frequency);
    NodeId sum = {0};
    if (any_nonzero(m->b, count)) sum = times_matrix(l, cos_(g, angle), m->b, m->dim);
    if (any_nonzero(m->c, count)) {
        NodeId term = times_matrix(l, sin_(g, angle), m->c, m->dim);
        sum = node_is(sum) ? add(g, sum, term) : term;
    }
    if (any_nonzero(m->a, count)) {
        NodeId term = constant_matrix(l, m->a, m->dim);
        sum = node_is(sum) ? add(g, term, sum) : term;
    }
    return sum;
}

NodeId gate_unitary(Lower *l, const Scope *s, GroupId group, int64_t dim)
{
    NodeId whole = group_node(l, group);
    if (!s->channels) return whole;
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, s->channels * dim * dim, true, true);
    for (int64_t i = 0; i < dim * dim; i++) {
        map_put(&m, group_element(l, s, group, i), 1, 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, whole, map_end(&m), type_real(2, (int64_t[]){dim, dim}));
    arena_reset(l->c->scratch, mark);
    return n;
}

/* ---- gates ---- */

NodeId gate_argument(Lower *l, const Scope *s, const GateApp *gate)
{
    NodeId t = scalar_node(l, s, gate->arg);
    if (!node_is(l->out->shift)) return t;
    uint32_t index = l->out->shifts.len;
    Scope apart = *s; /* the argument as a function of parameters alone: what came before is no part of its derivative */
    if (node_is(s->values)) apart.values = detach(l->g, s->values);
    NodeId own = scalar_node(l, &apart, gate->arg);
    vec_push(l->g->arena, &l->out->shifts, (ShiftSite){l->stage_id, gate, index, own, {0}});
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, type_count(type_of(l->g, l->out->shift)), true, false);
    map_put(&m, index, 1, 0);
    map_row(&m);
    NodeId d = sparse(l->g, l->out->shift, map_end(&m), type_real(0, NULL));
    arena_reset(l->c->scratch, mark);
    return add(l->g, t, d);
}

static Wires wires_of(const GateApp *gate, uint32_t qubits)
{
    Wires w = {.qubits = (uint8_t)qubits,
               .target_count = gate->target_count,
               .control_count = gate->control_count,
               .control_values = gate->control_values,
               .dagger = gate->dagger,
               .unitary = true};
    for (int i = 0; i < gate->target_count; i++) w.target[i] = gate->targets[i];
    for (int i = 0; i < gate->control_count; i++) w.control[i] = gate->controls[i];
    return w;
}

/* gphase: its last control becomes the target of a diagonal gate; without controls qubit 0 takes
 * the phase on both values. */
static void place_phase(Wires *w, Matrix *m)
{
    int value = 2;
    if (w->control_count) {
        int k = --w->control_count;
        value = w->control_values >> k & 1;
        w->control_values &= (UINT32_C(1) << k) - 1;
        w->target[0] = w->control[k];
    } else {
        w->target[0] = 0;
    }
    w->target_count = 1;
    phase_as_diagonal(m, value);
}

static NodeId unitary_matrix(Lower *l, const Scope *s, const GateApp *gate, Wires *w)
{
    int64_t dim = INT64_C(1) << gate->target_count;
    uint8_t *pattern = arena_alloc(l->g->arena, (size_t)(dim * dim));
    for (int64_t i = 0; i < dim * dim; i++) pattern[i] = PART_re | PART_im;
    w->pattern = pattern;
    return gate_unitary(l, s, gate->group, dim);
}

NodeId gate_node(Lower *l, const Scope *s, const GateApp *gate, uint32_t qubits, Wires *w)
{
    *w = wires_of(gate, qubits);
    if (gate->gate == GATE_unitary) return unitary_matrix(l, s, gate, w);
    const GateMatrix *row = gate_matrix(gate->gate);
    Matrix m = {.dim = row->dim, .frequency = row->frequency};
    memcpy(m.a, row->a, sizeof m.a);
    memcpy(m.b, row->b, sizeof m.b);
    memcpy(m.c, row->c, sizeof m.c);
    if (!row->qubits) place_phase(w, &m);
    double t = 0;
    if (row->params && !scalar_constant(gate->arg, &t)) {
        w->pattern = pattern_of(l, &m);
        return variable_matrix(l, &m, gate_argument(l, s, gate));
    }
    Matrix fixed = {.dim = m.dim};
    for (int i = 0; i < m.dim * m.dim; i++) {
        fixed.a[i] = m.a[i];
        if (row->params)
            fixed.a[i] += m.b[i] * cos(m.frequency * t) + m.c[i] * sin(m.frequency * t);
    }
    w->pattern = pattern_of(l, &fixed);
    return constant_matrix(l, fixed.a, fixed.dim);
}

static NodeId apply_gate(Lower *l, const Scope *s, const GateApp *gate, uint32_t qubits, NodeId psi)
{
    Wires w;
    if (gate->gate != GATE_unitary && !gate_matrix(gate->gate))
        return not_executable(l, gate->span, "a channel by state vectors", "noise needs density matrices; 'engine: auto' takes them");
    NodeId u = gate_node(l, s, gate, qubits, &w);
    return apply(l->g, u, psi, &w);
}

NodeId lower_circuit(Lower *l, const Scope *s, const CircuitInst *circuit, NodeId psi)
{
    Span before = l->g->span;
    for (uint32_t i = 0; i < circuit->gates.len && !l->failed; i++) {
        const GateApp *gate = &circuit->gates.at[i];
        l->g->span = gate->span;
        psi = apply_gate(l, s, gate, circuit->qubits, psi);
    }
    l->g->span = before;
    return psi;
}

/* ---- encodings ---- */

/* real[outer|v] -> complex[outer|2^n]: value i to amplitude i. */
static NodeId as_amplitudes(Lower *l, NodeId x, uint32_t qubits)
{
    int64_t dim = INT64_C(1) << qubits, cols = type_inner(type_of(l->g, x));
    Type shape = type_behind(type_of(l->g, x), 1, &dim);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, cols, true, true);
    for (int64_t i = 0; i < dim; i++) {
        if (i < cols) map_put(&m, i, 1, 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, x, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

/* psi = x / |x|. Where |x| counts as zero, the quotient is taken of 0 and 1, so that value and
 * gradient are 0, and then the ground state is added, or the sample is reported through a check
 * that is 0 there. */
static NodeId amplitude_state(Lower *l, const Scope *s, const EncodingInst *e)
{
    Graph *g = l->g;
    NodeId x = s->values;
    const Type wide = *type_of(g, x);
    NodeId squares = sum(g, mul(g, x, x), 0, 1);
    Type narrow = *type_of(g, squares);
    narrow.batched = false;
    NodeId good = step_(g, sub(g, squares, graph_filled(g, &narrow, zero_norm * zero_norm)));
    NodeId norm = sqrt_(g, select_(g, good, squares, graph_filled(g, &narrow, 1)));
    Type like_x = wide;
    like_x.batched = false;
    NodeId good_wide = broadcast(g, good, wide, 0, 1);
    NodeId kept = select_(g, good_wide, x, graph_filled(g, &like_x, 0));
    NodeId psi = as_amplitudes(l, div_(g, kept, broadcast(g, norm, wide, 0, 1)), e->qubits);
    if (e->zero_is_ground) {
        NodeId missing = sub(g, graph_filled(g, &narrow, 1), good);
        Type column = type_behind(type_of(g, missing), 1, &(int64_t){1});
        return add(g, psi, as_amplitudes(l, reshape(g, missing, column), e->qubits));
    }
    const LayerInst *layer = layer_of(l->model, l->stage->layer);
    char *name = arena_printf(g->arena, "check:%s", name_text(l->c->names, layer->name));
    vec_push(g->arena, &l->out->checks, good);
    graph_output(g, name, good);
    return psi;
}

NodeId lower_encoding(Lower *l, const Scope *s, const EncodingInst *e)
{
    Span before = l->g->span;
    if (e->span.to) l->g->span = e->span;
    NodeId psi = e->kind == ENCODING_amplitude
                     ? amplitude_state(l, s, e)
                     : lower_circuit(l, s, e->circuit, ground_state(l, e->qubits));
    l->g->span = before;
    return psi;
}
