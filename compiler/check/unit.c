/* unit.c: declarations as values, and their formals. */
#include "check/unit.h"

#include <string.h>

#include "check/argument.h"
#include "check/circuit.h"
#include "check/echo.h"
#include "check/layer.h"
#include "check/pauli.h"
#include "check/scalar.h"

static UnitRef *unit_new(Env *e, Entry *entry, Span at)
{
    UnitRef *u = arena_make(e->k->keep, UnitRef);
    u->kind = entry ? entry->decl->kind : DECL_encoding;
    u->entry = entry;
    u->span = at;
    u->text = entry ? name_string(e->k, entry->decl->name.name) : "amplitude";
    return u;
}

Val unit_plain(Env *e, Entry *entry, Span at)
{
    return (Val){.kind = VAL_unit, .unit = unit_new(e, entry, at)};
}

Val unit_amplitude(Env *e, const ArgList *args, Span at)
{
    static const ArgSpec specs[] = {{"zero", false}};
    static const char *const words[] = {"error", "ground"};
    const Arg *slots[1];
    uint32_t word = 0;
    if (!match_arguments(e->k, "encoding 'amplitude'", at, args, specs, 1, slots))
        return val_none();
    if (!slot_word(e, slots[0], "zero", words, 2, &word)) return val_none();
    UnitRef *u = unit_new(e, NULL, at);
    u->has_arguments = true;
    u->zero_is_ground = word == 1;
    return (Val){.kind = VAL_unit, .unit = u};
}

static bool wanted(Env *e, Span at, const char *what, const char *kind, Val v)
{
    if (v.kind != VAL_none) diag_error(e->k->c, at, D_wanted_kind, what, kind, val_kind_text(v));
    return false;
}

/* An axis may be written x although x is a value of the model. */
static bool axis_argument(Env *e, const Expr *x, const char *what, Val *result)
{
    const char *text = x->kind == EXPR_name ? name_string(e->k, x->name) : "";
    const Binding *b = x->kind == EXPR_name ? env_find(e, x->name) : NULL;
    bool is_letter = text[0] >= 'x' && text[0] <= 'z' && !text[1];
    if (is_letter && !(b && b->val.kind == VAL_axis)) {
        *result = (Val){.kind = VAL_axis, .axis = text[0]};
        return true;
    }
    *result = eval_expr(e, x);
    return result->kind == VAL_axis || wanted(e, x->span, what, "an axis (x, y or z)", *result);
}

static bool unit_argument(Env *e, const Expr *x, DeclKind kind, const char *what, Val *result)
{
    const UnitRef *u = eval_unit(e, x, kind, what);
    *result = (Val){.kind = VAL_unit, .unit = u};
    return u != NULL;
}

/* The argument x for a formal, of the formal's type. */
static bool formal_value(Env *e, const Formal *f, const Expr *x, Val *result)
{
    const char *what = arena_printf(e->k->keep, "'%s'", name_string(e->k, f->name.name));
    switch (f->type) {
    case FORMAL_int: {
        int64_t i;
        if (!eval_int(e, x, what, INT64_MIN, &i)) return false;
        *result = val_int(i);
        return true;
    }
    case FORMAL_real:
        *result = eval_expr(e, x);
        if (result->kind == VAL_number || result->kind == VAL_sx) return true;
        return wanted(e, x->span, what, "a number", *result);
    case FORMAL_bool: {
        bool b;
        if (!eval_bool(e, x, what, &b)) return false;
        *result = val_bool(b);
        return true;
    }
    case FORMAL_axis: return axis_argument(e, x, what, result);
    case FORMAL_circuit: return unit_argument(e, x, DECL_circuit, what, result);
    case FORMAL_encoding: return unit_argument(e, x, DECL_encoding, what, result);
    case FORMAL_observable: return unit_argument(e, x, DECL_observable, what, result);
    case FORMAL_block: return unit_argument(e, x, DECL_block, what, result);
    case FORMAL_data: {
        Val v = eval_expr(e, x);
        *result = (Val){.kind = VAL_array};
        return val_to_array(e, v, x->span, what, &result->array);
    }
    case FORMAL_none: break;
    }
    return false;
}

const char *unit_title(Check *k, const Decl *d)
{
    return arena_printf(k->keep, "%s '%s'", decl_kind_text(d->kind), name_string(k, d->name.name));
}

bool bind_formals(Env *e, Entry *entry, const ArgList *args, Span at, bool with_data, Env *into)
{
    const Decl *d = entry->decl;
    uint32_t n = d->unit.formals.len, used = 0;
    ArgSpec *specs = arena_array(e->k->keep, ArgSpec, n + 1);
    const Formal **formals = arena_array(e->k->keep, const Formal *, n + 1);
    const Arg **slots = arena_array(e->k->keep, const Arg *, n + 1);
    if (is_broken(e->k, d->span) && !n) return !args || !args->len; /* the formals were lost */
    for (uint32_t i = 0; i < n; i++) {
        const Formal *f = &d->unit.formals.at[i];
        if (f->type == FORMAL_data && !with_data) continue;
        specs[used] = (ArgSpec){name_string(e->k, f->name.name), !f->default_value};
        formals[used++] = f;
    }
    if (!match_arguments(e->k, unit_title(e->k, d), at, args, specs, used, slots)) {
        if (d->name.span.to)
            diag_note(e->k->c, d->name.span, D_declared_here, name_string(e->k, d->name.name));
        return false;
    }
    for (uint32_t i = 0; i < used; i++) {
        Val v;
        bool is_given = slots[i] != NULL;
        const Expr *x = is_given ? slots[i]->value : formals[i]->default_value;
        if (!formal_value(is_given ? e : into, formals[i], x, &v)) return false;
        env_bind(into, formals[i]->name.name, v, formals[i]->name.span);
    }
    return true;
}

Val unit_call(Env *e, Entry *entry, const ArgList *args, Span at)
{
    Env into = {.k = e->k, .scope = entry->scope};
    if (!bind_formals(e, entry, args, at, false, &into)) return val_none();
    UnitRef *u = unit_new(e, entry, at);
    u->has_arguments = true;
    u->arguments = arena_array(e->k->keep, Val, entry->decl->unit.formals.len + 1);
    for (uint32_t i = 0; i < entry->decl->unit.formals.len; i++) {
        const Binding *b = env_find(&into, entry->decl->unit.formals.at[i].name.name);
        if (b) u->arguments[i] = b->val;
    }
    return (Val){.kind = VAL_unit, .unit = u};
}

bool bind_unit(Env *e, const UnitRef *unit, Env *into)
{
    if (!unit->has_arguments) return bind_formals(e, unit->entry, NULL, unit->span, false, into);
    const Decl *d = unit->entry->decl;
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        const Formal *f = &d->unit.formals.at[i];
        if (f->type != FORMAL_data) env_bind(into, f->name.name, unit->arguments[i], f->name.span);
    }
    return true;
}

/* The unit that a name means, with `args` if there are any. VAL_none with *is_unit false: the name
 * is no unit. */
static Val named_unit(Env *e, Ident name, const ArgList *args, Span at, bool *is_unit)
{
    const Binding *b = env_find(e, name.name);
    Entry *entry = b ? NULL : scope_find(e->scope, name.name);
    *is_unit = true;
    if (b && b->val.kind == VAL_unit) {
        if (!args) return b->val;
        if (b->val.unit->entry && !b->val.unit->has_arguments)
            return unit_call(e, b->val.unit->entry, args, at);
        diag_error(e->k->c, at, D_arguments_given_already, name_string(e->k, name.name));
        return val_none();
    }
    bool is_declared =
        entry && entry->decl->kind >= DECL_circuit && entry->decl->kind <= DECL_block;
    if (is_declared) return args ? unit_call(e, entry, args, at) : unit_plain(e, entry, at);
    if (!b && !entry && !strcmp(name_string(e->k, name.name), "amplitude"))
        return unit_amplitude(e, args, at);
    *is_unit = false;
    return val_none();
}

static void not_declared(Env *e, Ident name, DeclKind kind)
{
    WordList words = {0};
    scope_words(e->k, e->scope, kind, &words);
    if (kind == DECL_encoding) words_add(e->k, &words, "amplitude");
    const char *text = name_string(e->k, name.name);
    if (is_echo(e->k, text)) return;
    diag_error(e->k->c, name.span, D_unknown_unit, decl_kind_text(kind), text);
    help_closest(e->k, text, &words);
}

const UnitRef *eval_unit(Env *e, const Expr *x, DeclKind kind, const char *what)
{
    if (x->kind == EXPR_error) return NULL;
    bool is_call = x->kind == EXPR_call, is_unit = false;
    const char *article = kind == DECL_encoding || kind == DECL_observable ? "an" : "a";
    const char *kind_text = arena_printf(e->k->keep, "%s %s", article, decl_kind_text(kind));
    Val v = val_none();
    if (is_call || x->kind == EXPR_name) {
        Ident name = is_call ? x->call.callee : (Ident){x->name, x->span};
        v = named_unit(e, name, is_call ? &x->call.args : NULL, x->span, &is_unit);
        if (is_unit && v.kind == VAL_none) return NULL;
        if (!is_unit && !env_find(e, name.name) && !scope_find(e->scope, name.name)) {
            not_declared(e, name, kind);
            return NULL;
        }
    }
    if (is_unit && v.unit->kind == kind) return v.unit;
    if (!is_unit) v = eval_expr(e, x);
    wanted(e, x->span, what, kind_text, v);
    return NULL;
}

/* ---- calls in expressions ---- */

static void unknown_callee(Env *e, const Expr *x)
{
    WordList words = {0};
    scope_words(e->k, e->scope, DECL_none, &words);
    function_words(e->k, &words);
    if (e->model) layer_kind_words(e->k, &words);
    const char *text = name_string(e->k, x->call.callee.name);
    if (is_echo(e->k, text)) return;
    if (e->model)
        diag_error(e->k->c, x->call.callee.span, D_unknown_layer_kind, text);
    else
        diag_error(e->k->c, x->call.callee.span, D_unknown_function, text);
    help_closest(e->k, text, &words);
}

Val eval_call(Env *e, const Expr *x)
{
    Ident name = x->call.callee;
    if (!name.name.i) return val_none();
    const char *text = name_string(e->k, name.name);
    bool is_letter = text[0] >= 'x' && text[0] <= 'z' && !text[1];
    bool in_observable = e->body && body_is_observable(e->body);
    if (is_letter && in_observable) return pauli_call(e, x);
    if (in_observable && !strcmp(text, "pauli")) return pauli_by_number(e, x);
    if (in_observable && !strcmp(text, "unit")) return pauli_unit(e, x);
    if (e->model && (is_layer_kind(e->k, name.name) || layer_is_block(e, name.name)))
        return layer_call(e, name, &x->call.args, x->span, (StageId){0});
    bool is_unit;
    Val v = named_unit(e, name, &x->call.args, x->span, &is_unit);
    if (is_unit) return v;
    if (is_function(e->k, name.name)) return function_call(e, x);
    if (env_find(e, name.name) || scope_find(e->scope, name.name)) {
        diag_error(e->k->c, name.span, D_not_callable, text);
        return val_none();
    }
    unknown_callee(e, x);
    return val_none();
}
