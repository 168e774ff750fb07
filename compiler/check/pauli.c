/* pauli.c: the algebra of Pauli products.
 *
 * A product is two masks: bit (n-1-q) of x and z belongs to qubit q; X = x, Z = z, Y = i X Z = x
 * and z. Equal products are merged, so that x*y + y*x is 0.
 */
#include "check/pauli.h"

#include "check/scalar.h"

static Val pauli_val(const Pauli *p) { return (Val){.kind = VAL_pauli, .pauli = p}; }

const Pauli *pauli_scalar(Env *e, const Sx *s)
{
    Pauli *p = arena_make(e->k->keep, Pauli);
    vec_push(e->k->keep, &p->parts, (PauliPart){.re = s});
    return p;
}

static uint32_t bit_of(const Env *e, uint32_t qubit) { return UINT32_C(1) << (e->body->instance_qubits - 1 - qubit); }

/* The qubits that an argument names; none after a report. */
static Val qubits_of(Env *e, const Expr *operand, const char *name)
{
    Val v = eval_expr(e, operand);
    if (v.kind == VAL_none || (v.kind == VAL_qubits && v.qubits.len)) return v;
    diag_error(e->k->c, operand->span, D_wanted_kind, arena_printf(e->k->keep, "'%s'", name), "qubits", val_kind_text(v));
    return val_none();
}

/* The product of X, Y or Z (`letter`) on all qubits that `operand` names. */
static Val on_qubits(Env *e, char letter, const Expr *operand, const char *name)
{
    Check *k = e->k;
    Val v = qubits_of(e, operand, name);
    if (v.kind == VAL_none) return v;
    uint32_t bits = 0;
    for (uint32_t i = 0; i < v.qubits.len; i++) bits |= bit_of(e, v.qubits.at[i]);
    PauliPart part = {.re = sx_number(k, rational_int(1))};
    if (letter == 'x' || letter == 'y') part.x = bits;
    if (letter == 'z' || letter == 'y') part.z = bits;
    Pauli *p = arena_make(k->keep, Pauli);
    vec_push(k->keep, &p->parts, part);
    return pauli_val(p);
}

static bool has_arguments(Env *e, const Expr *x, uint32_t n)
{
    if (x->call.args.len == n) return true;
    diag_error(e->k->c, x->span, D_wrong_argument_count, name_string(e->k, x->call.callee.name), (int)n, plural(n),
               (int)x->call.args.len);
    return false;
}

Val pauli_call(Env *e, const Expr *x)
{
    const char *name = name_string(e->k, x->call.callee.name);
    return has_arguments(e, x, 1) ? on_qubits(e, *name, x->call.args.at[0].value, name) : val_none();
}

Val pauli_by_number(Env *e, const Expr *x)
{
    int64_t d;
    if (!has_arguments(e, x, 2) || !eval_int(e, x->call.args.at[0].value, "the number of a Pauli matrix", 0, &d)) return val_none();
    if (d < 4) return on_qubits(e, "1xyz"[d], x->call.args.at[1].value, "pauli");
    diag_error(e->k->c, x->call.args.at[0].value->span, D_out_of_bounds, "the number of a Pauli matrix", "0 to 3",
               rational_text(e->k->c, rational_int(d)));
    return val_none();
}

static const Sx *add_or_null(Check *k, SxKind kind, const Sx *a, const Sx *b)
{
    if (!b) return a;
    if (!a) a = sx_number(k, rational_int(0));
    const Sx *s = sx_make(k, kind, a, b);
    return sx_is_zero(s) ? NULL : s;
}

static void add_part(Check *k, Pauli *sum, PauliPart part, SxKind kind)
{
    for (uint32_t i = 0; i < sum->parts.len; i++) {
        PauliPart *have = &sum->parts.at[i];
        if (have->x != part.x || have->z != part.z) continue;
        have->re = add_or_null(k, kind, have->re, part.re);
        have->im = add_or_null(k, kind, have->im, part.im);
        return;
    }
    if (kind == SX_sub && part.re) part.re = sx_make(k, SX_neg, part.re, NULL);
    if (kind == SX_sub && part.im) part.im = sx_make(k, SX_neg, part.im, NULL);
    vec_push(k->keep, &sum->parts, part);
}

static int popcount(uint32_t bits)
{
    int n = 0;
    for (; bits; bits &= bits - 1) n++;
    return n;
}

/* With P = i^|x&z| X^x Z^z (Y = i X Z): P1 P2 = i^k P12, k from the Y's that come and go and (-1)
 * for each Z that passes an X. */
static int product_phase(const PauliPart *a, const PauliPart *b)
{
    uint32_t x = a->x ^ b->x, z = a->z ^ b->z;
    int k =
        popcount(a->x & a->z) + popcount(b->x & b->z) - popcount(x & z) + 2 * popcount(a->z & b->x);
    return ((k % 4) + 4) % 4;
}

static const Sx *times(Check *k, const Sx *a, const Sx *b)
{
    return a && b ? sx_make(k, SX_mul, a, b) : NULL;
}

static PauliPart part_product(Check *k, const PauliPart *a, const PauliPart *b)
{
    const Sx *re = add_or_null(k, SX_sub, times(k, a->re, b->re), times(k, a->im, b->im));
    const Sx *im = add_or_null(k, SX_add, times(k, a->re, b->im), times(k, a->im, b->re));
    const Sx *minus_re = re ? sx_make(k, SX_neg, re, NULL) : NULL;
    const Sx *minus_im = im ? sx_make(k, SX_neg, im, NULL) : NULL;
    PauliPart p = {.x = a->x ^ b->x, .z = a->z ^ b->z};
    switch (product_phase(a, b)) {
    case 0:
        p.re = re;
        p.im = im;
        break;
    case 1:
        p.re = minus_im;
        p.im = re;
        break;
    case 2:
        p.re = minus_re;
        p.im = minus_im;
        break;
    case 3:
        p.re = im;
        p.im = minus_re;
        break;
    }
    return p;
}

static const Pauli *as_pauli(Env *e, Val v)
{
    if (v.kind == VAL_pauli) return v.pauli;
    if (v.kind == VAL_sx) return pauli_scalar(e, v.sx);
    return v.kind == VAL_number ? pauli_scalar(e, sx_number(e->k, v.number)) : NULL;
}

static Val pauli_product(Env *e, const Pauli *a, const Pauli *b, Span at)
{
    Pauli *p = arena_make(e->k->keep, Pauli);
    for (uint32_t i = 0; i < a->parts.len; i++) {
        for (uint32_t j = 0; j < b->parts.len; j++) {
            if (!expansion_step(e->k, at)) return val_none();
            add_part(e->k, p, part_product(e->k, &a->parts.at[i], &b->parts.at[j]), SX_add);
        }
    }
    return pauli_val(p);
}

static Val pauli_quotient(Env *e, Val a, Val b, Span at)
{
    Val one = val_int(1);
    if (b.kind == VAL_pauli) {
        diag_error(e->k->c, at, D_divided_by_operator);
        return val_none();
    }
    Val inverse = eval_binary(e, BINARY_div, one, b, at);
    if (inverse.kind == VAL_none) return inverse;
    return pauli_binary(e, BINARY_mul, inverse, a, at);
}

Val pauli_binary(Env *e, BinaryOp op, Val a, Val b, Span at)
{
    const Pauli *left = as_pauli(e, a), *right = as_pauli(e, b);
    bool is_sum = op == BINARY_add || op == BINARY_sub;
    if (left && right && op == BINARY_div) return pauli_quotient(e, a, b, at);
    if (left && right && op == BINARY_mul) return pauli_product(e, left, right, at);
    bool is_power =
        op == BINARY_pow && b.kind == VAL_number && rational_is_int(b.number) && b.number.num >= 0;
    if (left && is_power) {
        Val p = pauli_val(pauli_scalar(e, sx_number(e->k, rational_int(1))));
        for (int64_t i = 0; i < b.number.num && p.kind == VAL_pauli; i++)
            p = pauli_product(e, p.pauli, left, at);
        return p;
    }
    if (!left || !right || !is_sum) {
        diag_error(e->k->c, at, D_bad_operands, binary_text(op), val_kind_text(a),
                   val_kind_text(b));
        return val_none();
    }
    Pauli *sum = arena_make(e->k->keep, Pauli);
    for (uint32_t i = 0; i < left->parts.len; i++) add_part(e->k, sum, left->parts.at[i], SX_add);
    for (uint32_t i = 0; i < right->parts.len; i++)
        add_part(e->k, sum, right->parts.at[i], op == BINARY_sub ? SX_sub : SX_add);
    return pauli_val(sum);
}

Pauli *pauli_copy(Env *e, const Pauli *p)
{
    Pauli *copy = arena_make(e->k->keep, Pauli);
    for (uint32_t i = 0; i < p->parts.len; i++) vec_push(e->k->keep, &copy->parts, p->parts.at[i]);
    return copy;
}

bool pauli_add_to(Env *e, Pauli *sum, Val v)
{
    const Pauli *p = as_pauli(e, v);
    for (uint32_t i = 0; p && i < p->parts.len; i++) add_part(e->k, sum, p->parts.at[i], SX_add);
    return p != NULL;
}

/* (1 + Z)/2 or (1 - Z)/2, with X in front if `flips`: |row><column| of one qubit. */
static const Pauli *unit_of_qubit(Env *e, uint32_t bit, bool column, bool flips, Span at)
{
    Pauli *p = arena_make(e->k->keep, Pauli);
    Rational half = rational_div(rational_int(1), rational_int(2));
    PauliPart z = {.z = bit, .re = sx_number(e->k, column ? rational_neg(half) : half)};
    vec_push(e->k->keep, &p->parts, (PauliPart){.re = sx_number(e->k, half)});
    vec_push(e->k->keep, &p->parts, z);
    if (!flips) return p;
    Pauli *x = arena_make(e->k->keep, Pauli);
    vec_push(e->k->keep, &x->parts, (PauliPart){.x = bit, .re = sx_number(e->k, rational_int(1))});
    Val product = pauli_product(e, x, p, at);
    return product.kind == VAL_pauli ? product.pauli : p;
}

Val pauli_unit(Env *e, const Expr *x)
{
    int64_t index[2];
    if (!has_arguments(e, x, 3)) return val_none();
    Val v = qubits_of(e, x->call.args.at[2].value, "unit");
    if (v.kind == VAL_none) return v;
    for (int i = 0; i < 2; i++) {
        const Expr *arg = x->call.args.at[i].value;
        if (!eval_int(e, arg, i ? "the column of a unit" : "the row of a unit", 0, &index[i])) return val_none();
        if (index[i] >> v.qubits.len == 0) continue;
        diag_error(e->k->c, arg->span, D_out_of_bounds, i ? "the column of a unit" : "the row of a unit",
                   arena_printf(e->k->keep, "below %lld", (long long)(INT64_C(1) << v.qubits.len)), rational_text(e->k->c, rational_int(index[i])));
        return val_none();
    }
    Val total = pauli_val(pauli_scalar(e, sx_number(e->k, rational_int(1))));
    for (uint32_t j = 0; j < v.qubits.len && total.kind == VAL_pauli; j++) {
        bool row = index[0] >> (v.qubits.len - 1 - j) & 1, column = index[1] >> (v.qubits.len - 1 - j) & 1;
        total = pauli_product(e, total.pauli, unit_of_qubit(e, bit_of(e, v.qubits.at[j]), column, row != column, x->span), x->span);
    }
    return total;
}
