/* simplify_values.c: rules for element-wise operations, where values alone decide. */
#include "graph/simplify.h"

static bool is_zero(const Graph *g, NodeId x)
{
    double value;
    return graph_is_filled(g, x, &value) && value == 0;
}

/* A product of zero is zero: mul, matmul, overlap, apply on the zero state; linear maps of zero. */
NodeId zeros_win(Graph *g, const Node *n)
{
    uint16_t traits = op_rows[n->op].traits;
    bool zero = false;
    if (traits & MULTI) zero = is_zero(g, n->arg[0]) || is_zero(g, n->arg[1]);
    if (n->op == OP_apply) {
        bool nothing_stays = n->wires->zero_outside || !n->wires->control_count;
        zero = is_zero(g, n->arg[1]) || (nothing_stays && is_zero(g, n->arg[0]));
    }
    if (n->op == OP_div) zero = is_zero(g, n->arg[0]);
    if (traits & LINEAR && n->arity == 1 && n->op != OP_to_batch && n->op != OP_broadcast) zero = is_zero(g, n->arg[0]);
    return zero ? filled(g, &n->type, 0) : (NodeId){0};
}

/* ---- neutral elements ---- */

static NodeId unit_of_binary(Graph *g, const Node *n)
{
    NodeId a = n->arg[0], b = n->arg[1];
    double va, vb;
    bool fa = graph_is_filled(g, a, &va), fb = graph_is_filled(g, b, &vb);
    switch ((int)n->op) { /* those with neutral elements */
    case OP_add:
        if (fb && vb == 0) return widened_to(g, a, &n->type);
        if (fa && va == 0) return widened_to(g, b, &n->type);
        if (a.i == b.i) return times(g, a, 2);
        break;
    case OP_sub:
        if (fb && vb == 0) return widened_to(g, a, &n->type);
        if (fa && va == 0) return widened_to(g, made1(g, OP_neg, b), &n->type);
        if (a.i == b.i) return filled(g, &n->type, 0);
        break;
    case OP_mul:
        if (fb && vb == 1) return widened_to(g, a, &n->type);
        if (fa && va == 1) return widened_to(g, b, &n->type);
        if (fb && vb == -1) return widened_to(g, made1(g, OP_neg, a), &n->type);
        if (fa && va == -1) return widened_to(g, made1(g, OP_neg, b), &n->type);
        break;
    case OP_div:
        if (fb && vb == 1) return widened_to(g, a, &n->type);
        break;
    case OP_max:
    case OP_min:
        if (a.i == b.i) return a;
        break;
    }
    return (NodeId){0};
}

/* A number among operands has the shape of the result, so that equal operations are equal nodes. */
static NodeId with_full_number(Graph *g, const Node *n)
{
    double value;
    for (int k = 0; k < 2; k++) {
        const Type *t = type_of(g, n->arg[k]);
        if (!graph_is_filled(g, n->arg[k], &value) || type_same_shape(t, &n->type)) continue;
        if (!type_same_shape(type_of(g, n->arg[1 - k]), &n->type)) continue;
        Type full = n->type;
        full.is_complex = t->is_complex;
        Node same = *n;
        same.arg[k] = graph_filled(g, &full, value);
        return made(g, same);
    }
    return (NodeId){0};
}

NodeId units_go(Graph *g, const Node *n)
{
    if (n->op == OP_detach && (operand_is(g, n, 0, OP_detach) || operand_is(g, n, 0, OP_constant))) return n->arg[0];
    if (n->op == OP_select) {
        double which;
        if (graph_is_filled(g, n->arg[0], &which)) return widened_to(g, n->arg[which != 0 ? 1 : 2], &n->type);
        return n->arg[1].i == n->arg[2].i ? widened_to(g, n->arg[1], &n->type) : (NodeId){0};
    }
    if (!(op_rows[n->op].traits & ELEMENTWISE) || n->arity != 2) return (NodeId){0};
    NodeId x = unit_of_binary(g, n);
    return node_is(x) ? x : with_full_number(g, n);
}

/* ---- signs: outwards, so that they meet and go ---- */

/* x = -y: y. */
static bool negated(const Graph *g, NodeId x, NodeId *y)
{
    *y = node_of(g, x)->arg[0];
    return node_of(g, x)->op == OP_neg;
}

/* x = y * value: y. */
static bool times_value(const Graph *g, NodeId x, NodeId *y, double *value)
{
    const Node *n = node_of(g, x);
    if (n->op != OP_mul) return false;
    for (int k = 0; k < 2; k++) {
        *y = n->arg[k];
        if (graph_is_filled(g, n->arg[1 - k], value) && type_same(type_of(g, *y), &n->type)) return true;
    }
    return false;
}

static NodeId sign_of_unary(Graph *g, const Node *n)
{
    NodeId x;
    double value = 0;
    bool is_neg = negated(g, n->arg[0], &x);
    bool turned = !is_neg && times_value(g, n->arg[0], &x, &value) && value < 0;
    if (n->op == OP_neg) {
        if (is_neg) return x;
        if (operand_is(g, n, 0, OP_sub)) return made2(g, OP_sub, operand_of(g, n, 0)->arg[1], operand_of(g, n, 0)->arg[0]);
        return times_value(g, n->arg[0], &x, &value) ? times(g, x, -value) : (NodeId){0};
    }
    if (!is_neg && !turned) return (NodeId){0};
    NodeId positive = is_neg ? x : times(g, x, -value);
    switch ((int)n->op) { /* even and odd functions */
    case OP_cos:
    case OP_abs:
    case OP_abs2: return made1(g, n->op, positive);
    case OP_sin:
    case OP_tanh: return made1(g, OP_neg, made1(g, n->op, positive));
    case OP_conj:
    case OP_re:
    case OP_im: return is_neg ? made1(g, OP_neg, made1(g, n->op, positive)) : (NodeId){0};
    }
    return (NodeId){0};
}

static NodeId sign_of_binary(Graph *g, const Node *n)
{
    NodeId a = n->arg[0], b = n->arg[1], minus_a, minus_b;
    bool neg_a = negated(g, a, &minus_a), neg_b = negated(g, b, &minus_b);
    if (!neg_a && !neg_b) return (NodeId){0};
    switch ((int)n->op) { /* where a sign can leave */
    case OP_add:
        if (neg_a && neg_b) return made1(g, OP_neg, made2(g, OP_add, minus_a, minus_b));
        return neg_a ? made2(g, OP_sub, b, minus_a) : made2(g, OP_sub, a, minus_b);
    case OP_sub:
        if (neg_a && neg_b) return made2(g, OP_sub, minus_b, minus_a);
        return neg_a ? made1(g, OP_neg, made2(g, OP_add, minus_a, b)) : made2(g, OP_add, a, minus_b);
    case OP_mul:
    case OP_div: {
        NodeId positive = made2(g, n->op, neg_a ? minus_a : a, neg_b ? minus_b : b);
        return neg_a && neg_b ? positive : made1(g, OP_neg, positive);
    }
    }
    return (NodeId){0};
}

NodeId signs_move_out(Graph *g, const Node *n)
{
    if (!(op_rows[n->op].traits & ELEMENTWISE)) return (NodeId){0};
    if (n->arity == 1) return sign_of_unary(g, n);
    return n->arity == 2 ? sign_of_binary(g, n) : (NodeId){0};
}

/* ---- real and imaginary parts ---- */

/* x = cplx(y, 0): y. */
static bool is_embedded(const Graph *g, NodeId x, NodeId *y)
{
    const Node *n = node_of(g, x);
    *y = n->arg[0];
    return n->op == OP_cplx && is_zero(g, n->arg[1]);
}

static NodeId part_of(Graph *g, const Node *n)
{
    const Node *x = operand_of(g, n, 0);
    bool real = n->op == OP_re;
    if (x->op == OP_cplx) return widened_to(g, x->arg[real ? 0 : 1], &n->type);
    if (x->op == OP_conj) return real ? made1(g, OP_re, x->arg[0]) : made1(g, OP_neg, made1(g, OP_im, x->arg[0]));
    if (x->op == OP_mul) {
        for (int k = 0; k < 2; k++) {
            if (type_of(g, x->arg[k])->is_complex) continue;
            NodeId part = made1(g, n->op, x->arg[1 - k]);
            return made2(g, OP_mul, part, x->arg[k]);
        }
    }
    if (x->op == OP_sparse && !x->map->im) return made_sparse(g, made1(g, n->op, x->arg[0]), x->map, &x->type);
    if (x->op == OP_to_batch || x->op == OP_reshape || x->op == OP_broadcast || x->op == OP_sum || x->op == OP_batch_sum)
        return made_on(g, x, made1(g, n->op, x->arg[0]));
    return (NodeId){0};
}

NodeId complex_parts(Graph *g, const Node *n)
{
    NodeId a, b;
    const Node *x = n->arity ? operand_of(g, n, 0) : NULL;
    switch ((int)n->op) { /* those that know of complex values */
    case OP_re:
    case OP_im:
        if (x->type.is_complex) return part_of(g, n);
        return n->op == OP_re ? n->arg[0] : filled(g, &n->type, 0);
    case OP_conj:
        if (!x->type.is_complex || x->op == OP_conj) return x->type.is_complex ? x->arg[0] : n->arg[0];
        if (is_embedded(g, n->arg[0], &a)) return n->arg[0];
        if (x->op == OP_cplx) return made2(g, OP_cplx, x->arg[0], made1(g, OP_neg, x->arg[1]));
        break;
    case OP_abs2:
        if (!x->type.is_complex) return made2(g, OP_mul, n->arg[0], n->arg[0]);
        if (x->op == OP_conj) return made1(g, OP_abs2, x->arg[0]);
        if (is_embedded(g, n->arg[0], &a)) return widened_to(g, made2(g, OP_mul, a, a), &n->type);
        break;
    case OP_cplx:
        if (operand_is(g, n, 0, OP_re) && operand_is(g, n, 1, OP_im) && operand_of(g, n, 0)->arg[0].i == operand_of(g, n, 1)->arg[0].i)
            return operand_of(g, n, 0)->arg[0];
        break;
    case OP_add:
    case OP_sub:
        if (is_embedded(g, n->arg[0], &a) && is_embedded(g, n->arg[1], &b))
            return widened_to(g, made2(g, n->op, a, b), &n->type);
        break;
    case OP_mul:
        for (int k = 0; k < 2; k++) {
            if (is_embedded(g, n->arg[k], &a)) return widened_to(g, made2(g, OP_mul, a, n->arg[1 - k]), &n->type);
        }
        break;
    }
    return (NodeId){0};
}

/* (x * c) * d = x * (c d) */
NodeId factors_meet(Graph *g, const Node *n)
{
    NodeId x;
    double inside, outside;
    if (n->op != OP_mul) return (NodeId){0};
    for (int k = 0; k < 2; k++) {
        if (!graph_is_filled(g, n->arg[1 - k], &outside)) continue;
        if (times_value(g, n->arg[k], &x, &inside)) return widened_to(g, times(g, x, inside * outside), &n->type);
    }
    return (NodeId){0};
}
