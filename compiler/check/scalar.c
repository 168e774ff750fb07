/* scalar.c: scalars of run time and their folding. */
#include "check/scalar.h"

#include <inttypes.h>
#include <math.h>

enum { HEAVIEST_SCALAR = 10000 };

const Sx *sx_number(Check *k, Rational value)
{
    Sx *s = arena_make(k->keep, Sx);
    s->kind = SX_const;
    s->value = value;
    return s;
}

const Sx *sx_param(Check *k, GroupId group, uint32_t index)
{
    Sx *s = arena_make(k->keep, Sx);
    s->kind = SX_param;
    s->group = group;
    s->index = index;
    return s;
}

const Sx *sx_data(Check *k, uint32_t index)
{
    Sx *s = arena_make(k->keep, Sx);
    s->kind = SX_data;
    s->index = index;
    return s;
}

bool sx_is_zero(const Sx *s)
{
    return s->kind == SX_const && rational_compare(s->value, rational_int(0)) == 0;
}

static bool is_one(const Sx *s)
{
    return s->kind == SX_const && rational_compare(s->value, rational_int(1)) == 0;
}

bool sx_equal(const Sx *a, const Sx *b)
{
    if (a == b) return true;
    if (!a || !b || a->kind != b->kind) return false;
    if (a->kind == SX_const) return rational_compare(a->value, b->value) == 0;
    if (a->kind == SX_param) return a->group.i == b->group.i && a->index == b->index;
    if (a->kind == SX_data) return a->index == b->index;
    return sx_equal(a->a, b->a) && sx_equal(a->b, b->b);
}

Rational number_function(SxKind kind, Rational a, Rational b)
{
    bool is_zero = a.exact && a.num == 0;
    switch (kind) {
    case SX_neg: return rational_neg(a);
    case SX_sin: return is_zero ? rational_int(0) : rational_real(sin(a.real));
    case SX_cos: return is_zero ? rational_int(1) : rational_real(cos(a.real));
    case SX_exp: return is_zero ? rational_int(1) : rational_real(exp(a.real));
    case SX_log:
        return rational_compare(a, rational_int(1)) ? rational_real(log(a.real)) : rational_int(0);
    case SX_tanh: return is_zero ? rational_int(0) : rational_real(tanh(a.real));
    case SX_sqrt: {
        double root = sqrt(a.real);
        if (rational_is_int(a) && root == floor(root) && root < 9e15)
            return rational_int((int64_t)root);
        return rational_real(root);
    }
    case SX_abs: return rational_compare(a, rational_int(0)) < 0 ? rational_neg(a) : a;
    case SX_step: return rational_int(rational_compare(a, rational_int(0)) >= 0);
    case SX_add: return rational_add(a, b);
    case SX_sub: return rational_sub(a, b);
    case SX_mul: return rational_mul(a, b);
    case SX_div: return rational_div(a, b);
    case SX_min: return rational_compare(b, a) < 0 ? b : a;
    case SX_max: return rational_compare(b, a) > 0 ? b : a;
    case SX_none:
    case SX_const:
    case SX_param:
    case SX_data: break;
    }
    unreachable();
}

/* a op b where an operand is 0 or 1 and nothing is left to compute; else NULL. */
static const Sx *sx_identity(Check *k, SxKind kind, const Sx *a, const Sx *b)
{
    if (kind == SX_add && sx_is_zero(a)) return b;
    if ((kind == SX_add || kind == SX_sub) && sx_is_zero(b)) return a;
    if (kind == SX_sub && sx_equal(a, b)) return sx_number(k, rational_int(0));
    if (kind == SX_mul && (sx_is_zero(a) || sx_is_zero(b))) return sx_number(k, rational_int(0));
    if (kind == SX_mul && is_one(a)) return b;
    if ((kind == SX_mul || kind == SX_div) && is_one(b)) return a;
    return NULL;
}

const Sx *sx_make(Check *k, SxKind kind, const Sx *a, const Sx *b)
{
    if (sx_is_number(a) && (!b || sx_is_number(b)))
        return sx_number(k, number_function(kind, a->value, b ? b->value : rational_int(0)));
    if (kind == SX_neg && a->kind == SX_neg) return a->a;
    const Sx *simple = b ? sx_identity(k, kind, a, b) : NULL;
    if (simple) return simple;
    Sx *s = arena_make(k->keep, Sx);
    uint64_t weight = UINT64_C(1) + a->weight + (b ? b->weight : 0);
    s->kind = kind;
    s->weight = weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX;
    s->a = a;
    s->b = b;
    if (weight > HEAVIEST_SCALAR) k->has_heavy_scalar = true;
    return s;
}

bool sx_is_flat_in_data(const Sx *s)
{
    if (!s || s->kind == SX_step) return true;
    if (s->kind == SX_data) return false;
    return sx_is_flat_in_data(s->a) && sx_is_flat_in_data(s->b);
}

static const char *sx_kind_text(SxKind kind)
{
    switch (kind) {
    case SX_none:
    case SX_const:
    case SX_param:
    case SX_data: return "";
    case SX_neg: return "-";
    case SX_sin: return "sin";
    case SX_cos: return "cos";
    case SX_exp: return "exp";
    case SX_log: return "log";
    case SX_sqrt: return "sqrt";
    case SX_abs: return "abs";
    case SX_tanh: return "tanh";
    case SX_step: return "step";
    case SX_add: return " + ";
    case SX_sub: return " - ";
    case SX_mul: return "*";
    case SX_div: return "/";
    case SX_min: return "min";
    case SX_max: return "max";
    }
    unreachable();
}

static void number_print(FILE *out, Rational r)
{
    if (!r.exact)
        fprintf(out, "%.9g", r.real);
    else if (r.den == 1)
        fprintf(out, "%" PRId64, r.num);
    else
        fprintf(out, "%" PRId64 "/%" PRId64, r.num, r.den);
}

void sx_print(FILE *out, const Compiler *c, const ModelInst *m, const Sx *s)
{
    bool is_infix = s->kind >= SX_add && s->kind <= SX_div;
    if (s->kind == SX_const) {
        number_print(out, s->value);
    } else if (s->kind == SX_param) {
        fprintf(out, "%s[%u]", group_of(m, s->group)->path, s->index);
    } else if (s->kind == SX_data) {
        fprintf(out, "data[%u]", s->index);
    } else if (is_infix) {
        fputc('(', out);
        sx_print(out, c, m, s->a);
        fputs(sx_kind_text(s->kind), out);
        sx_print(out, c, m, s->b);
        fputc(')', out);
    } else {
        fprintf(out, "%s(", sx_kind_text(s->kind));
        sx_print(out, c, m, s->a);
        if (s->b) {
            fputs(", ", out);
            sx_print(out, c, m, s->b);
        }
        fputc(')', out);
    }
}
