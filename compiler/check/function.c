/* function.c: the functions of expressions. */
#include <math.h>
#include <string.h>

#include "check/argument.h"
#include "check/require.h"
#include "check/scalar.h"
#include "check/value.h"

typedef struct Function {
    const char *name;
    uint32_t arity;
    SxKind scalar;
} Function;

static const Function functions[] = {
#define FUNCTION(name, arity, scalar, help) {#name, arity, scalar},
#include "check/functions.def"
#undef FUNCTION
};

static const Function *find_function(const char *name)
{
    for (size_t i = 0; i < COUNT(functions); i++) {
        if (!strcmp(functions[i].name, name)) return &functions[i];
    }
    return NULL;
}

bool is_function(const Check *k, Name name) { return find_function(name_string(k, name)) != NULL; }

void function_words(Check *k, WordList *words)
{
    for (size_t i = 0; i < COUNT(functions); i++) words_add(k, words, functions[i].name);
}

/* splitmix64: its output depends on every bit of the input. */
static uint64_t scramble(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* random(seed, i, ...) and random_int(n, seed, i, ...): a counter generator, so that a choice
 * depends on nothing else. */
static Val random_call(Env *e, const Expr *x, bool is_whole)
{
    uint64_t h = 0;
    int64_t n = 0;
    uint32_t least = is_whole ? 2 : 1;
    if (x->call.args.len < least) {
        diag_error(e->k->c, x->span, D_few_arguments, name_string(e->k, x->call.callee.name),
                   (int)least, plural(least), (int)x->call.args.len);
        return val_none();
    }
    for (uint32_t i = 0; i < x->call.args.len; i++) {
        int64_t v;
        bool is_count = is_whole && i == 0;
        if (!eval_int(e, x->call.args.at[i].value, "an argument of random",
                      is_count ? 1 : INT64_MIN, &v))
            return val_none();
        if (is_count)
            n = v;
        else
            h = scramble(h ^ (uint64_t)v);
    }
    h = scramble(h);
    if (is_whole) return val_int((int64_t)(h % (uint64_t)n));
    return val_number(rational_real((double)(h >> 11) * 0x1p-53));
}

static Val no_value(Env *e, const Expr *x, Rational a)
{
    diag_error(e->k->c, x->span, D_no_value_there, name_string(e->k, x->call.callee.name),
               rational_text(e->k->c, a));
    return val_none();
}

/* floor, ceil, log2 of what is known. */
static Val known_call(Env *e, const Expr *x, const Function *f, Val v)
{
    if (v.kind != VAL_number) {
        if (v.kind != VAL_none) diag_error(e->k->c, x->span, D_run_time_value);
        return val_none();
    }
    Rational a = v.number;
    if (!strcmp(f->name, "log2")) {
        if (a.real <= 0) return no_value(e, x, a);
        int power;
        if (rational_is_int(a) && frexp(a.real, &power) == 0.5) return val_int(power - 1);
        return val_number(rational_real(log2(a.real)));
    }
    bool is_floor = !strcmp(f->name, "floor");
    if (rational_is_int(a)) return v;
    if (a.exact) {
        int64_t down = a.num / a.den - (a.num % a.den < 0);
        return val_int(is_floor ? down : down + 1);
    }
    double r = is_floor ? floor(a.real) : ceil(a.real);
    return fabs(r) < 9e15 ? val_int((int64_t)r) : no_value(e, x, a);
}

static bool scalar_operand(Env *e, const Expr *x, const char *what, Val *v)
{
    *v = eval_expr(e, x);
    if (v->kind == VAL_number || v->kind == VAL_sx || v->kind == VAL_none)
        return v->kind != VAL_none;
    diag_error(e->k->c, x->span, D_wanted_kind, what, "a number", val_kind_text(*v));
    return false;
}

Val function_call(Env *e, const Expr *x)
{
    const Function *f = find_function(name_string(e->k, x->call.callee.name));
    if (!strcmp(f->name, "params")) return count_params(e, x);
    if (!f->arity) return random_call(e, x, !strcmp(f->name, "random_int"));
    if (x->call.args.len != f->arity) {
        diag_error(e->k->c, x->span, D_wrong_argument_count, f->name, (int)f->arity,
                   plural(f->arity), (int)x->call.args.len);
        return val_none();
    }
    Val v[2] = {{0}};
    const char *what = arena_printf(e->k->keep, "the argument of '%s'", f->name);
    for (uint32_t i = 0; i < f->arity; i++) {
        if (!scalar_operand(e, x->call.args.at[i].value, what, &v[i])) return val_none();
    }
    if (f->scalar == SX_none) return known_call(e, x, f, v[0]);
    bool is_known = v[0].kind == VAL_number && (f->arity == 1 || v[1].kind == VAL_number);
    if (is_known) {
        double a = v[0].number.real;
        if ((f->scalar == SX_log && a <= 0) || (f->scalar == SX_sqrt && a < 0))
            return no_value(e, x, v[0].number);
        Rational r =
            number_function(f->scalar, v[0].number, f->arity == 2 ? v[1].number : rational_int(0));
        return isfinite(r.real) ? val_number(r) : no_value(e, x, v[0].number);
    }
    const Sx *a = v[0].kind == VAL_sx ? v[0].sx : sx_number(e->k, v[0].number);
    const Sx *b = NULL;
    if (f->arity == 2) b = v[1].kind == VAL_sx ? v[1].sx : sx_number(e->k, v[1].number);
    return (Val){.kind = VAL_sx, .sx = sx_make(e->k, f->scalar, a, b)};
}
