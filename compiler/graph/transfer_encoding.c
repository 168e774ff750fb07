/* transfer_encoding.c: encodings that work qubit by qubit -> <X>, <Y>, <Z> of each qubit.
 *
 * The three numbers of a qubit start as those of |0>, (0, 0, 1), and every gate mixes them as its
 * Pauli transfer matrix says. What stays zero or constant is known without data, so Pauli products
 * that need it cost nothing: <Y> is zero behind RY(x). Qubits with equal gates are one vector
 * real[outer|members] for each component.
 */
#include <math.h>

#include "graph/transfer.h"

/* ---- without data ---- */

const char *encoding_obstacle(const EncodingInst *e)
{
    if (!e) return NULL;
    if (e->kind != ENCODING_circuit) return "its encoding prepares amplitudes, not qubit by qubit";
    for (uint32_t i = 0; i < e->circuit->gates.len; i++) {
        const GateApp *gate = &e->circuit->gates.at[i];
        int width = gate_width(gate);
        if (width > 1) return "its encoding has a gate on more than one qubit";
        if (gate->gate == GATE_unitary) return "its encoding has a matrix-valued parameter";
    }
    return NULL;
}

typedef VEC(const GateApp *) GateList;

static GateList gates_on(Arena *a, const EncodingInst *e, uint32_t qubit)
{
    GateList list = {0};
    for (uint32_t i = 0; e && i < e->circuit->gates.len; i++) {
        const GateApp *gate = &e->circuit->gates.at[i];
        if (!gate_width(gate)) continue;
        if ((gate->target_count ? gate->targets[0] : gate->controls[0]) == qubit)
            vec_push(a, &list, gate);
    }
    return list;
}

/* Gates on a register of their own qubit: products are then those of one qubit, bit 0. */
static GateTransfer on_its_qubit(Arena *a, const GateApp *gate)
{
    GateTransfer t = gate_transfer(a, gate, 32);
    t.mask = t.bit[0] = 1;
    return t;
}

static Pauli product_of_code(int code) { return (Pauli){(uint32_t)code >> 1, (uint32_t)code & 1}; }

static void step_components(GateTransfer *t, const Component *old, Component *next)
{
    for (int code = 1; code < 4; code++) {
        const ImageList *images = gate_image(t, product_of_code(code));
        Component sum = {COMPONENT_zero, 0};
        for (uint32_t i = 0; i < images->len; i++) {
            const Image *image = &images->at[i];
            const Component *from = &old[pauli_code(image->to, 1)];
            if (from->kind == COMPONENT_zero) continue;
            if (from->kind == COMPONENT_variable || image->weight != WEIGHT_one)
                sum.kind = COMPONENT_variable;
            else if (sum.kind == COMPONENT_zero)
                sum.kind = COMPONENT_constant;
            if (from->kind == COMPONENT_constant) sum.value += image->value * from->value;
        }
        if (sum.kind == COMPONENT_constant && fabs(sum.value) < 1e-14)
            sum = (Component){COMPONENT_zero, 0};
        next[code] = sum;
    }
    next[0] = old[0];
}

static const Component ground[4] = {{COMPONENT_constant, 1}, {COMPONENT_constant, 1}};

static bool same_argument(const Sx *a, const Sx *b)
{
    double u, v;
    if (!a || !b) return a == b;
    bool fixed = scalar_constant(a, &u);
    if (fixed != scalar_constant(b, &v)) return false;
    return !fixed || u == v;
}

static bool same_gates(const GateList *a, const GateList *b)
{
    if (a->len != b->len) return false;
    for (uint32_t i = 0; i < a->len; i++) {
        const GateApp *x = a->at[i], *y = b->at[i];
        if (x->gate != y->gate || x->dagger != y->dagger || x->target_count != y->target_count)
            return false;
        if (x->control_count != y->control_count || x->control_values != y->control_values)
            return false;
        if (!same_argument(x->arg, y->arg)) return false;
    }
    return true;
}

static bool is_variable(const QubitFunctions *q)
{
    return q->of[1].kind == COMPONENT_variable || q->of[2].kind == COMPONENT_variable ||
           q->of[3].kind == COMPONENT_variable;
}

EncodingFunctions *encoding_functions(Arena *a, const EncodingInst *e, uint32_t qubits)
{
    EncodingFunctions *f = arena_make(a, EncodingFunctions);
    f->qubits = qubits;
    f->qubit = arena_array(a, QubitFunctions, qubits);
    VEC(GateList) kinds = {0};
    for (uint32_t q = 0; q < qubits; q++) {
        GateList list = gates_on(a, e, q);
        QubitFunctions *here = &f->qubit[q];
        Component at[4] = {ground[0], ground[1], ground[2], ground[3]}, next[4];
        for (uint32_t i = 0; i < list.len; i++) {
            GateTransfer t = on_its_qubit(a, list.at[i]);
            step_components(&t, at, next);
            for (int k = 0; k < 4; k++) at[k] = next[k];
        }
        for (int k = 0; k < 4; k++) here->of[k] = at[k];
        if (!is_variable(here)) continue;
        uint32_t g = 0;
        while (g < kinds.len && !same_gates(&kinds.at[g], &list)) g++;
        if (g == kinds.len) {
            vec_push(a, &kinds, list);
            vec_push(a, &f->groups, (FunctionGroup){.of = {{0}}});
        }
        here->group = g;
        here->member = f->groups.at[g].qubit.len;
        vec_push(a, &f->groups.at[g].qubit, q);
    }
    return f;
}

/* ---- with data ---- */

/* constant + sum of factor * data value. */
typedef struct DataSum {
    double constant;
    VEC(uint32_t) index;
    VEC(double) factor;
} DataSum;

/* Adds factor * x. False: x is not of this form. */
static bool data_linear(Arena *a, const Sx *x, double factor, DataSum *sum)
{
    double k;
    if (scalar_constant(x, &k)) {
        sum->constant += factor * k;
        return true;
    }
    if (x->kind == SX_data) {
        vec_push(a, &sum->index, x->index);
        vec_push(a, &sum->factor, factor);
        return true;
    }
    if (x->kind == SX_neg) return data_linear(a, x->a, -factor, sum);
    if (x->kind == SX_add)
        return data_linear(a, x->a, factor, sum) && data_linear(a, x->b, factor, sum);
    if (x->kind == SX_sub)
        return data_linear(a, x->a, factor, sum) && data_linear(a, x->b, -factor, sum);
    if (x->kind == SX_mul && scalar_constant(x->a, &k))
        return data_linear(a, x->b, k * factor, sum);
    if (x->kind == SX_mul && scalar_constant(x->b, &k))
        return data_linear(a, x->a, k * factor, sum);
    if (x->kind == SX_div && scalar_constant(x->b, &k))
        return data_linear(a, x->a, factor / k, sum);
    return false;
}

static NodeId plus(Graph *g, NodeId a, NodeId b)
{
    if (!node_is(a) || !node_is(b)) return node_is(a) ? a : b;
    return add(g, a, b);
}

/* x (a scalar) as element i of a vector of `count` that is zero elsewhere. */
static NodeId unit_vector(Lower *l, NodeId x, int64_t i, int64_t count)
{
    MapMaker m = map_begin(l->c->scratch, 1, true, false);
    for (int64_t row = 0; row < count; row++) {
        if (row == i) map_put(&m, 0, 1, 0);
        map_row(&m);
    }
    return sparse(l->g, x, map_end(&m), type_behind(type_of(l->g, x), 1, &count));
}

/* real[outer|members]: the arguments of these gates. Linear ones come by one map, the others one by
 * one. */
static NodeId argument_vector(Lower *l, const Scope *s, const GateList *gates)
{
    int64_t count = gates->len;
    Arena *a = l->c->scratch;
    NodeId total = {0};
    double *constant = arena_array(a, double, count);
    bool any_constant = false, any_data = false;
    int64_t values = node_is(s->values) ? type_inner(type_of(l->g, s->values)) : 1;
    MapMaker m = map_begin(a, values, true, false);
    for (int64_t i = 0; i < count; i++) {
        DataSum sum = {0};
        bool linear = !node_is(l->out->shift) && node_is(s->values) &&
                      data_linear(a, gates->at[i]->arg, 1, &sum);
        for (uint32_t k = 0; linear && k < sum.index.len; k++)
            map_put(&m, sum.index.at[k], sum.factor.at[k], 0);
        map_row(&m);
        if (linear) constant[i] = sum.constant;
        any_constant |= constant[i] != 0;
        any_data |= linear && sum.index.len;
        if (!linear)
            total = plus(l->g, total, unit_vector(l, gate_argument(l, s, gates->at[i]), i, count));
    }
    if (any_data)
        total = plus(l->g, sparse(l->g, s->values, map_end(&m), type_behind(&s->outer, 1, &count)),
                     total);
    if (any_constant)
        total = plus(l->g, total, graph_constant(l->g, type_real(1, &count), constant, NULL));
    return node_is(total) ? total : graph_constant(l->g, type_real(1, &count), constant, NULL);
}

/* A component while gates are applied: zero if the node is none and the value 0. */
typedef struct Moving {
    NodeId node;
    double value;
} Moving;

/* sum + value * weight * x */
static void add_product(Graph *g, Moving *sum, double value, NodeId weight, const Moving *x)
{
    if (!node_is(weight) && !node_is(x->node)) {
        sum->value += value * x->value;
        return;
    }
    NodeId term = node_is(weight) ? weight : x->node;
    if (node_is(weight) && node_is(x->node)) term = mul(g, weight, x->node);
    if (!node_is(x->node)) value *= x->value;
    if (value == 0) return;
    if (value == -1 && node_is(sum->node))
        sum->node = sub(g, sum->node, term);
    else
        sum->node = plus(g, sum->node, value == 1 ? term : scaled(g, term, value));
}

NodeId weight_node(Graph *g, Weight weight, NodeId argument, double frequency)
{
    bool twice = weight == WEIGHT_cos2 || weight == WEIGHT_sin2;
    double factor = twice ? 2 * frequency : frequency;
    if (weight == WEIGHT_argument) return argument;
    if (weight == WEIGHT_root)
        return sqrt_(g, sub(g, graph_filled(g, type_of(g, argument), 1), argument));
    NodeId angle = factor == 1 ? argument : scaled(g, argument, factor);
    return weight == WEIGHT_cos || weight == WEIGHT_cos2 ? cos_(g, angle) : sin_(g, angle);
}

static void step_nodes(Lower *l, GateTransfer *t, NodeId argument, const Moving *old, Moving *next,
                       int64_t count)
{
    Graph *g = l->g;
    next[0] = old[0];
    for (int code = 1; code < 4; code++) {
        const ImageList *images = gate_image(t, product_of_code(code));
        Moving sum = {{0}, 0};
        for (uint32_t i = 0; i < images->len; i++) {
            const Image *image = &images->at[i];
            const Moving *from = &old[pauli_code(image->to, 1)];
            if (!node_is(from->node) && from->value == 0) continue;
            NodeId weight = {0};
            if (image->weight != WEIGHT_one)
                weight = weight_node(g, image->weight, argument, t->frequency);
            add_product(g, &sum, image->value, weight, from);
        }
        if (node_is(sum.node) && sum.value != 0) {
            Type shape = type_real(1, &count);
            sum.node = add(g, sum.node, graph_filled(g, &shape, sum.value));
        }
        next[code] = sum;
    }
}

static void group_nodes(Lower *l, const Scope *s, const EncodingInst *e, FunctionGroup *group)
{
    Arena *a = l->c->scratch;
    int64_t count = group->qubit.len;
    GateList *lists = arena_array(a, GateList, count);
    for (int64_t i = 0; i < count; i++) lists[i] = gates_on(a, e, group->qubit.at[i]);
    Moving at[4] = {{{0}, 1}, {{0}, 1}, {{0}, 0}, {{0}, 0}}, next[4];
    double value;
    for (uint32_t k = 0; k < lists[0].len; k++) {
        GateTransfer t = on_its_qubit(a, lists[0].at[k]);
        GateList same = {0};
        for (int64_t i = 0; i < count; i++) vec_push(a, &same, lists[i].at[k]);
        const Sx *arg = lists[0].at[k]->arg;
        NodeId argument = {0};
        l->g->span = lists[0].at[k]->span;
        if (arg && !scalar_constant(arg, &value)) argument = argument_vector(l, s, &same);
        step_nodes(l, &t, argument, at, next, count);
        for (int c = 0; c < 4; c++) at[c] = next[c];
    }
    for (int c = 0; c < 4; c++) group->of[c] = at[c].node;
}

void encoding_nodes(Lower *l, const Scope *s, const EncodingInst *e, EncodingFunctions *f)
{
    Span before = l->g->span;
    for (uint32_t i = 0; i < f->groups.len; i++) {
        ArenaMark mark = arena_mark(l->c->scratch);
        group_nodes(l, s, e, &f->groups.at[i]);
        arena_reset(l->c->scratch, mark);
    }
    l->g->span = before;
}
