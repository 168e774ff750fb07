/* constant.c: evaluation of expressions: exact numbers, comparisons, ranges, names and indexing.
 *
 * Arithmetic on what is known stays exact (rational.h); with a scalar of run time it builds an Sx,
 * with an operator a Pauli sum, with a stage of a model a further stage.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "check/echo.h"
#include "check/layer.h"
#include "check/pauli.h"
#include "check/scalar.h"
#include "check/setting.h"
#include "check/unit.h"

Env env_inner(const Env *parent)
{
    return (Env){.parent = parent,
                 .k = parent->k,
                 .scope = parent->scope,
                 .body = parent->body,
                 .model = parent->model,
                 .counter = parent->counter};
}

void env_bind(Env *e, Name name, Val val, Span span)
{
    vec_push(e->k->keep, &e->bindings, (Binding){name, val, span});
}

const Binding *env_find(const Env *e, Name name)
{
    for (; e; e = e->parent) {
        for (uint32_t i = e->bindings.len; i-- > 0;) {
            if (name_eq(e->bindings.at[i].name, name)) return &e->bindings.at[i];
        }
    }
    return NULL;
}

void env_declare(Env *e, Ident name, Val val)
{
    for (uint32_t i = 0; i < e->bindings.len; i++) {
        const Binding *b = &e->bindings.at[i];
        if (!name_eq(b->name, name.name)) continue;
        diag_error(e->k->c, name.span, D_declared_twice, name_string(e->k, name.name));
        diag_note(e->k->c, b->span, D_first_here);
        return;
    }
    env_bind(e, name.name, val, name.span);
}

const char *val_kind_text(Val v)
{
    switch (v.kind) {
    case VAL_none: return "nothing";
    case VAL_number: return rational_is_int(v.number) ? "a whole number" : "a number";
    case VAL_bool: return "a truth value";
    case VAL_string: return "a text";
    case VAL_axis: return "an axis";
    case VAL_range: return "a range";
    case VAL_list: return "a list";
    case VAL_sx: return "a value that is known at run time only";
    case VAL_array: return "several values";
    case VAL_unitary: return "a matrix";
    case VAL_qubits: return v.qubits.len == 1 ? "a qubit" : "qubits";
    case VAL_pauli: return "an operator";
    case VAL_unit:
        if (v.unit->kind == DECL_circuit) return "a circuit";
        if (v.unit->kind == DECL_encoding) return "an encoding";
        return v.unit->kind == DECL_observable ? "an observable" : "a block";
    case VAL_stage: return "a value of the model";
    }
    unreachable();
}

const char *rational_text(Compiler *c, Rational r)
{
    if (!r.exact) return arena_printf(c->keep, "%.9g", r.real);
    if (r.den == 1) return arena_printf(c->keep, "%" PRId64, r.num);
    double tenth = r.real * 1e6;
    if (fabs(tenth) < 1e15 && tenth == floor(tenth)) return arena_printf(c->keep, "%.9g", r.real);
    return arena_printf(c->keep, "%" PRId64 "/%" PRId64, r.num, r.den);
}

/* ---- names ---- */

/* The value of a file-level constant; `const a = b;` may stand before b. */
static Val constant_value(Check *k, Entry *entry, Span at)
{
    if (entry->state == ENTRY_busy) {
        diag_error(k->c, at, D_constant_cycle, name_string(k, entry->decl->name.name));
        return val_none();
    }
    if (entry->state == ENTRY_done) return *entry->value;
    Env outer = {.k = k, .scope = entry->scope};
    entry->state = ENTRY_busy;
    const Expr *x = entry->set_value ? entry->set_value : entry->decl->constant.value;
    Val v = eval_expr(&outer, x);
    if (entry->set_value && v.kind != VAL_none &&
        v.kind != eval_expr(&outer, entry->decl->constant.value).kind) {
        setting_fails(k);
        diag_error(k->c, x->span, D_set_value, name_string(k, entry->decl->name.name),
                   val_kind_text(v));
        v = val_none();
    }
    Val *kept = arena_make(k->keep, Val);
    *kept = v;
    entry->value = kept;
    entry->state = ENTRY_done;
    return v;
}

static Val entry_value(Env *e, Entry *entry, Ident name)
{
    Check *k = e->k;
    switch (entry->decl->kind) {
    case DECL_const: return constant_value(k, entry, name.span);
    case DECL_circuit:
    case DECL_encoding:
    case DECL_observable:
    case DECL_block: return unit_plain(e, entry, name.span);
    case DECL_data:
    case DECL_model:
    case DECL_action:
        diag_error(k->c, name.span, D_not_a_value, name_string(k, name.name),
                   decl_kind_article(k, entry->decl->kind));
        diag_note(k->c, entry->decl->name.span, D_declared_here, name_string(k, name.name));
        return val_none();
    case DECL_none:
    case DECL_error:
    case DECL_use: return val_none();
    }
    unreachable();
}

static void unknown_name(Env *e, Ident name)
{
    WordList words = {0};
    for (const Env *at = e; at; at = at->parent) {
        for (uint32_t i = 0; i < at->bindings.len; i++)
            words_add(e->k, &words, name_string(e->k, at->bindings.at[i].name));
    }
    scope_words(e->k, e->scope, DECL_none, &words);
    if (e->model) layer_kind_words(e->k, &words);
    const char *text = name_string(e->k, name.name);
    if (is_echo(e->k, text)) return;
    diag_error(e->k->c, name.span, D_unknown_name, text);
    help_closest(e->k, text, &words);
}

Val eval_name(Env *e, Ident name)
{
    const Binding *b = env_find(e, name.name);
    if (e->model && layer_is_block(e, name.name))
        return layer_call(e, name, NULL, name.span, (StageId){0});
    if (b) return b->val;
    Entry *entry = scope_find(e->scope, name.name);
    if (entry) return entry_value(e, entry, name);
    const char *text = name_string(e->k, name.name);
    if (!strcmp(text, "pi")) return val_number(rational_real(3.14159265358979323846));
    if (text[0] >= 'x' && text[0] <= 'z' && !text[1])
        return (Val){.kind = VAL_axis, .axis = text[0]};
    if (e->model && is_layer_kind(e->k, name.name))
        return layer_call(e, name, NULL, name.span, (StageId){0});
    if (!strcmp(text, "amplitude")) return unit_amplitude(e, NULL, name.span);
    if (name.name.i) unknown_name(e, name);
    return val_none();
}

/* ---- arithmetic ---- */

/* order: the sign of a - b; op compares. */
static Val compare(BinaryOp op, int order)
{
    bool holds_below = op == BINARY_ne || op == BINARY_lt || op == BINARY_le;
    bool holds_equal = op == BINARY_eq || op == BINARY_le || op == BINARY_ge;
    bool holds_above = op == BINARY_ne || op == BINARY_gt || op == BINARY_ge;
    return val_bool(order < 0 ? holds_below : order == 0 ? holds_equal : holds_above);
}

const char *binary_text(BinaryOp op)
{
    static const char *const texts[] = {"",   "+",  "-", "*",  "/", "div", "mod", "^",
                                        "==", "!=", "<", "<=", ">", ">=",  "and", "or"};
    _Static_assert(COUNT(texts) == BINARY_or + 1, "one text for each operator");
    return texts[op];
}

static Val bad_operands(Env *e, BinaryOp op, Val a, Val b, Span at)
{
    if (a.kind == VAL_none || b.kind == VAL_none) return val_none();
    diag_error(e->k->c, at, D_bad_operands, binary_text(op), val_kind_text(a), val_kind_text(b));
    return val_none();
}

/* `div` and `mod` round towards minus infinity, so that a mod b has the sign of b. */
static Val whole_binary(Env *e, BinaryOp op, Rational a, Rational b, Span at)
{
    if (!rational_is_int(a) || !rational_is_int(b)) {
        diag_error(e->k->c, at, D_needs_whole_operands, op == BINARY_idiv ? "div" : "mod",
                   rational_text(e->k->c, a), rational_text(e->k->c, b));
        return val_none();
    }
    if (a.num == INT64_MIN || b.num == INT64_MIN)
        return bad_operands(e, op, val_number(a), val_number(b), at);
    int64_t size = b.num < 0 ? -b.num : b.num;
    int64_t rest = a.num % size;
    if (rest < 0) rest += size;
    if (op == BINARY_mod) return val_int(rest);
    return val_int((a.num - rest) / size * (b.num < 0 ? -1 : 1));
}

static Val number_binary(Env *e, BinaryOp op, Rational a, Rational b, Span at)
{
    bool divides = op == BINARY_div || op == BINARY_idiv || op == BINARY_mod;
    if (divides && rational_compare(b, rational_int(0)) == 0) {
        diag_error(e->k->c, at, D_division_by_zero);
        return val_none();
    }
    switch (op) {
    case BINARY_add: return val_number(rational_add(a, b));
    case BINARY_sub: return val_number(rational_sub(a, b));
    case BINARY_mul: return val_number(rational_mul(a, b));
    case BINARY_div: return val_number(rational_div(a, b));
    case BINARY_idiv:
    case BINARY_mod: return whole_binary(e, op, a, b, at);
    case BINARY_pow: {
        Rational r = {0};
        bool zero_base = rational_compare(a, rational_int(0)) == 0;
        bool is_negative = rational_compare(b, rational_int(0)) < 0;
        if (!(zero_base && is_negative)) r = rational_pow(a, b);
        if (!(zero_base && is_negative) && isfinite(r.real)) return val_number(r);
        diag_error(e->k->c, at, D_no_finite_value, "^", rational_text(e->k->c, a),
                   rational_text(e->k->c, b));
        return val_none();
    }
    case BINARY_eq:
    case BINARY_ne:
    case BINARY_lt:
    case BINARY_le:
    case BINARY_gt:
    case BINARY_ge: return compare(op, rational_compare(a, b));
    case BINARY_and:
    case BINARY_or:
    case BINARY_none: return bad_operands(e, op, val_number(a), val_number(b), at);
    }
    unreachable();
}

/* a ^ b by multiplication; the exponent has to be a small whole number. */
static Val scalar_power(Env *e, const Sx *a, const Sx *b, Span at)
{
    enum { HIGHEST_POWER = 64 };
    bool is_fit = sx_is_number(b) && rational_is_int(b->value) && b->value.num >= 0 &&
                  b->value.num <= HIGHEST_POWER;
    if (!is_fit) {
        diag_error(e->k->c, at, D_bad_power, (int)HIGHEST_POWER);
        return val_none();
    }
    const Sx *product = sx_number(e->k, rational_int(1));
    for (int64_t i = 0; i < b->value.num; i++) product = sx_make(e->k, SX_mul, product, a);
    return (Val){.kind = VAL_sx, .sx = product};
}

static Val scalar_binary(Env *e, BinaryOp op, Val a, Val b, Span at)
{
    const Sx *left = a.kind == VAL_sx ? a.sx : sx_number(e->k, a.number);
    const Sx *right = b.kind == VAL_sx ? b.sx : sx_number(e->k, b.number);
    SxKind kind = SX_none;
    if (op == BINARY_pow) return scalar_power(e, left, right, at);
    if (op == BINARY_add) kind = SX_add;
    if (op == BINARY_sub) kind = SX_sub;
    if (op == BINARY_mul) kind = SX_mul;
    if (op == BINARY_div) kind = SX_div;
    if (!kind) {
        diag_error(e->k->c, at, D_run_time_value);
        return val_none();
    }
    if (kind == SX_div && sx_is_zero(right)) {
        diag_error(e->k->c, at, D_division_by_zero);
        return val_none();
    }
    return (Val){.kind = VAL_sx, .sx = sx_make(e->k, kind, left, right)};
}

Val eval_binary(Env *e, BinaryOp op, Val a, Val b, Span at)
{
    if (a.kind == VAL_none || b.kind == VAL_none) return val_none();
    if (a.kind == VAL_stage || b.kind == VAL_stage) return layer_binary(e, op, a, b, at);
    if (a.kind == VAL_pauli || b.kind == VAL_pauli) return pauli_binary(e, op, a, b, at);
    bool left_scalar = a.kind == VAL_number || a.kind == VAL_sx;
    bool right_scalar = b.kind == VAL_number || b.kind == VAL_sx;
    if (a.kind == VAL_number && b.kind == VAL_number)
        return number_binary(e, op, a.number, b.number, at);
    if (left_scalar && right_scalar) return scalar_binary(e, op, a, b, at);
    bool is_equality = op == BINARY_eq || op == BINARY_ne;
    if (a.kind == VAL_bool && b.kind == VAL_bool) {
        if (op == BINARY_and) return val_bool(a.boolean && b.boolean);
        if (op == BINARY_or) return val_bool(a.boolean || b.boolean);
        if (is_equality) return compare(op, a.boolean != b.boolean);
    }
    if (a.kind == VAL_axis && b.kind == VAL_axis && is_equality)
        return compare(op, a.axis != b.axis);
    return bad_operands(e, op, a, b, at);
}

static Val eval_unary(Env *e, const Expr *x)
{
    Val v = eval_expr(e, x->unary.operand);
    if (v.kind == VAL_none) return v;
    if (x->unary.op == UNARY_not) {
        if (v.kind == VAL_bool) return val_bool(!v.boolean);
    } else if (v.kind == VAL_number) {
        return val_number(rational_neg(v.number));
    } else if (v.kind == VAL_sx) {
        return (Val){.kind = VAL_sx, .sx = sx_make(e->k, SX_neg, v.sx, NULL)};
    } else if (v.kind == VAL_pauli) {
        return pauli_binary(e, BINARY_mul, val_int(-1), v, x->span);
    } else if (v.kind == VAL_stage) {
        return layer_negated(e, v, x->span);
    }
    diag_error(e->k->c, x->span, D_bad_operand, x->unary.op == UNARY_not ? "not" : "-",
               val_kind_text(v));
    return val_none();
}

/* `and`, `or` look at the right side only when the left one does not decide. */
static Val eval_binary_expr(Env *e, const Expr *x)
{
    Val a = eval_expr(e, x->binary.left);
    BinaryOp op = x->binary.op;
    if (a.kind == VAL_bool && op == BINARY_and && !a.boolean) return a;
    if (a.kind == VAL_bool && op == BINARY_or && a.boolean) return a;
    Val b = eval_expr(e, x->binary.right);
    return eval_binary(e, op, a, b, x->span);
}

static Val eval_range(Env *e, const Expr *x)
{
    Val r = {.kind = VAL_range};
    if (!x->range.from || !x->range.to)
        return val_none(); /* the parser allows it in an index only */
    if (!eval_int(e, x->range.from, "the start of a range", INT64_MIN, &r.range.from))
        return val_none();
    if (!eval_int(e, x->range.to, "the end of a range", INT64_MIN, &r.range.to)) return val_none();
    return r;
}

static Val eval_list(Env *e, const Expr *x)
{
    Val v = {.kind = VAL_list};
    v.list.len = x->list.len;
    v.list.at = arena_array(e->k->keep, Val, x->list.len);
    for (uint32_t i = 0; i < x->list.len; i++) {
        v.list.at[i] = eval_expr(e, x->list.at[i]);
        if (v.list.at[i].kind == VAL_none) return val_none();
    }
    return v;
}

Val eval_expr(Env *e, const Expr *x)
{
    switch (x->kind) {
    case EXPR_none:
    case EXPR_error: return val_none();
    case EXPR_number: return val_number(x->number.value);
    case EXPR_bool: return val_bool(x->boolean);
    case EXPR_string: return (Val){.kind = VAL_string, .text = x->string.text};
    case EXPR_name: return eval_name(e, (Ident){x->name, x->span});
    case EXPR_call: return eval_call(e, x);
    case EXPR_fold: return eval_fold(e, x);
    case EXPR_index: return eval_index(e, x);
    case EXPR_range: return eval_range(e, x);
    case EXPR_list: return eval_list(e, x);
    case EXPR_unary: return eval_unary(e, x);
    case EXPR_binary: return eval_binary_expr(e, x);
    case EXPR_pipe: return e->model ? layer_pipe(e, x) : layer_misplaced(e, x);
    case EXPR_member:
    case EXPR_edge:
    case EXPR_assign: return layer_misplaced(e, x);
    }
    unreachable();
}

/* ---- wanted kinds ---- */

bool val_to_int(Env *e, Val v, Span at, const char *what, int64_t least, int64_t *result)
{
    Compiler *c = e->k->c;
    if (v.kind == VAL_none) return false;
    if (v.kind != VAL_number) {
        diag_error(c, at, D_wanted_kind, what, "a whole number", val_kind_text(v));
        return false;
    }
    if (!rational_is_int(v.number)) {
        diag_error(c, at, D_not_whole, what, rational_text(c, v.number));
        return false;
    }
    if (v.number.num < least) {
        diag_error(c, at, D_too_small, what, (long long)least, (long long)v.number.num);
        return false;
    }
    *result = v.number.num;
    return true;
}

bool eval_int(Env *e, const Expr *x, const char *what, int64_t least, int64_t *result)
{
    return val_to_int(e, eval_expr(e, x), x->span, what, least, result);
}

bool eval_number(Env *e, const Expr *x, const char *what, Rational *result)
{
    Val v = eval_expr(e, x);
    if (v.kind == VAL_none) return false;
    if (v.kind != VAL_number) {
        diag_error(e->k->c, x->span, D_wanted_kind, what, "a number", val_kind_text(v));
        return false;
    }
    *result = v.number;
    return true;
}

bool eval_bool(Env *e, const Expr *x, const char *what, bool *result)
{
    Val v = eval_expr(e, x);
    if (v.kind == VAL_none) return false;
    if (v.kind != VAL_bool) {
        diag_error(e->k->c, x->span, D_wanted_kind, what, "true or false", val_kind_text(v));
        return false;
    }
    *result = v.boolean;
    return true;
}
