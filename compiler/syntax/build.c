/* build.c: the constructors of the syntax tree. */
#include "syntax/build.h"

#include <math.h>
#include <string.h>

#include "closest.h"
#include "syntax/mistakes.h"
#include "syntax/parser.h"

enum { LONGEST_NAME = 200, DEEPEST = 1000 };

Ident ident_at(Parser *p, Span span)
{
    const char *text = p->source->text + (span.from - p->source->base);
    uint32_t len = span.to - span.from;
    if (len > LONGEST_NAME) {
        diag_error(p->c, span, D_long_name, len, LONGEST_NAME);
        len = LONGEST_NAME;
    }
    return (Ident){name_intern(p->c->names, text, len), span};
}

/* ---- expressions
 * --------------------------------------------------------------------------------------------------
 */

/* A new expression one level above the deepest of its parts. Too deep ones become errors, so that
 * depth is bounded. */
static Expr *make(Parser *p, ExprKind kind, Span span, uint32_t below)
{
    Expr *e = arena_make(p->c->keep, Expr);
    e->span = span;
    e->kind = kind;
    e->depth = below + 1;
    if (below < DEEPEST) return e;
    mistake_too_deep(p, span, DEEPEST);
    e->kind = EXPR_error;
    e->depth = 1;
    return e;
}

static uint32_t depth_of(const Expr *e) { return e ? e->depth : 0; }

static uint32_t deeper(const Expr *a, const Expr *b)
{
    return depth_of(a) > depth_of(b) ? depth_of(a) : depth_of(b);
}

static uint32_t deepest(const ExprList *list, uint32_t depth)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (depth_of(list->at[i]) > depth) depth = list->at[i]->depth;
    return depth;
}

Expr *expr_error(Parser *p, Span span) { return make(p, EXPR_error, span, 0); }

Expr *expr_number(Parser *p, Span span)
{
    const char *text = p->source->text + (span.from - p->source->base);
    uint32_t len = 0, all = span.to - span.from;
    while (len < all && strchr("0123456789.eE+-", text[len])) len++;
    if (len < all || text[0] == '.' || strchr(".eE+-", text[all - 1]))
        return expr_error(p, span); /* the scanner has reported it */
    Expr *e = make(p, EXPR_number, span, 0);
    e->number.value = rational_parse(text, all);
    e->number.integer =
        !memchr(text, '.', all) && !memchr(text, 'e', all) && !memchr(text, 'E', all);
    if (!isfinite(e->number.value.real)) diag_error(p->c, span, D_number_range, text_at(p, span));
    return e;
}

Expr *expr_bool(Parser *p, Span span, bool value)
{
    Expr *e = make(p, EXPR_bool, span, 0);
    e->boolean = value;
    return e;
}

/* What stands between the quotes. */
static const char *string_at(Parser *p, Span span)
{
    const char *text = p->source->text + (span.from - p->source->base) + 1;
    uint32_t len = span.to - span.from - 1;
    if (len && text[len - 1] == '"') len--; /* an open string has no second one */
    return arena_strndup(p->c->keep, text, len);
}

Expr *expr_string(Parser *p, Span span)
{
    Expr *e = make(p, EXPR_string, span, 0);
    e->string.text = string_at(p, span);
    return e;
}

Expr *expr_name(Parser *p, Ident name)
{
    Expr *e = make(p, EXPR_name, name.span, 0);
    e->name = name.name;
    return e;
}

Expr *expr_call(Parser *p, Span span, Ident callee, ArgList args)
{
    uint32_t below = 0;
    for (uint32_t i = 0; i < args.len; i++)
        if (args.at[i].value->depth > below) below = args.at[i].value->depth;
    Expr *e = make(p, EXPR_call, span, below);
    e->call.callee = callee;
    e->call.args = args;
    return e;
}

Expr *expr_fold(Parser *p, Span span, Ident callee, Ident index, Expr *range, Expr *body)
{
    Expr *e = make(p, EXPR_fold, span, deeper(range, body));
    e->fold.callee = callee;
    e->fold.index = index;
    e->fold.range = range;
    e->fold.body = body;
    return e;
}

Expr *expr_index(Parser *p, Span span, Expr *base, ExprList items)
{
    Expr *e = make(p, EXPR_index, span, deepest(&items, base->depth));
    e->index.base = base;
    e->index.items = items;
    return e;
}

Expr *expr_range(Parser *p, Span span, Expr *from, Expr *to)
{
    Expr *e = make(p, EXPR_range, span, deeper(from, to));
    e->range.from = from;
    e->range.to = to;
    return e;
}

Expr *expr_list(Parser *p, Span span, ExprList items)
{
    Expr *e = make(p, EXPR_list, span, deepest(&items, 0));
    e->list = items;
    return e;
}

Expr *expr_member(Parser *p, Span span, Expr *base, Ident name)
{
    Expr *e = make(p, EXPR_member, span, base->depth);
    e->member.base = base;
    e->member.name = name;
    return e;
}

Expr *expr_unary(Parser *p, Span span, UnaryOp op, Expr *operand)
{
    Expr *e = make(p, EXPR_unary, span, operand->depth);
    e->unary.op = op;
    e->unary.operand = operand;
    return e;
}

Expr *expr_binary(Parser *p, Span span, BinaryOp op, Expr *left, Expr *right)
{
    Expr *e = make(p, EXPR_binary, span, deeper(left, right));
    e->binary.op = op;
    e->binary.left = left;
    e->binary.right = right;
    return e;
}

Expr *expr_pipe(Parser *p, Span span, Expr *from, Expr *to)
{
    Expr *e = make(p, EXPR_pipe, span, deeper(from, to));
    e->pipe.from = from;
    e->pipe.to = to;
    return e;
}

Expr *expr_edge(Parser *p, Span span, Expr *from, Expr *to)
{
    Expr *e = make(p, EXPR_edge, span, deeper(from, to));
    e->edge.from = from;
    e->edge.to = to;
    return e;
}

Expr *expr_assign(Parser *p, Span span, Expr *to, Expr *from)
{
    Expr *e = make(p, EXPR_assign, span, deeper(to, from));
    e->assign.to = to;
    e->assign.from = from;
    return e;
}

/* ---- lists
 * --------------------------------------------------------------------------------------------------------
 */

ExprList exprs_add(Parser *p, ExprList list, Expr *item)
{
    vec_push(p->c->keep, &list, item);
    return list;
}

ArgList args_add(Parser *p, ArgList list, Arg item)
{
    vec_push(p->c->keep, &list, item);
    return list;
}

FormalList formals_add(Parser *p, FormalList list, Formal item)
{
    vec_push(p->c->keep, &list, item);
    return list;
}

RegisterList registers_add(Parser *p, RegisterList list, Register item)
{
    vec_push(p->c->keep, &list, item);
    return list;
}

StmtList stmts_add(Parser *p, StmtList list, Stmt *item)
{
    vec_push(p->c->keep, &list, item);
    return list;
}

FieldList fields_add(Parser *p, FieldList list, Field item, Span span)
{
    if (item.kind == FIELD_none) return list;
    item.span = span;
    vec_push(p->c->keep, &list, item);
    return list;
}

/* ---- formals, modifiers
 * ------------------------------------------------------------------------------------------- */

FormalList formals_lost(Parser *p)
{
    p->formals_lost = true;
    return (FormalList){0};
}

Formal formal_typed(Parser *p, Ident name, Ident type, Expr *value)
{
    static const char *const types[] = {"int",     "real",     "bool",       "axis",
                                        "circuit", "encoding", "observable", "block"};
    _Static_assert(FORMAL_block - FORMAL_int + 1 == COUNT(types),
                   "one name for each type, in the enum's order");
    Formal f = {.name = name, .default_value = value};
    const char *text = name_text(p->c->names, type.name);
    for (size_t i = 0; i < COUNT(types); i++)
        if (!strcmp(text, types[i])) f.type = (FormalType)(FORMAL_int + i);
    if (f.type) return f;
    diag_error(p->c, type.span, D_unknown_formal, text);
    const char *near = rq_closest(text, types, COUNT(types));
    if (near) diag_fixit(p->c, type.span, near);
    f.type = FORMAL_real;
    return f;
}

ModifierList modifiers_add(Parser *p, ModifierList list, GateHead head)
{
    static const char *const names[] = {"ctrl", "negctrl", "inv", "pow"};
    _Static_assert(MOD_pow - MOD_ctrl + 1 == COUNT(names),
                   "one name for each modifier, in the enum's order");
    if (head.failed) return list;
    Modifier m = {.span = head.span};
    const char *text = name_text(p->c->names, head.name.name);
    for (size_t i = 0; i < COUNT(names); i++)
        if (!strcmp(text, names[i])) m.kind = (ModifierKind)(MOD_ctrl + i);
    uint32_t given = head.args.len;
    if (!m.kind) {
        diag_error(p->c, head.name.span, D_unknown_modifier, text);
        return list;
    }
    bool labelled = given && head.args.at[0].label.name.i;
    if (m.kind == MOD_inv ? head.has_args
                          : (given > 1 || labelled || (m.kind == MOD_pow && !given))) {
        const char *takes = m.kind == MOD_inv ? "nothing in brackets"
                            : m.kind == MOD_pow
                                ? "one number in brackets, the exponent"
                                : "at most one number in brackets, that of the controls";
        diag_error(p->c, head.span, D_modifier_arguments, text, takes);
        return list;
    }
    m.count = given ? head.args.at[0].value : NULL;
    vec_push(p->c->keep, &list, m);
    return list;
}

/* ---- statements
 * ---------------------------------------------------------------------------------------------------
 */

static Stmt *statement(Parser *p, StmtKind kind, Span span)
{
    Stmt *s = arena_make(p->c->keep, Stmt);
    s->kind = kind;
    s->span = span;
    return s;
}

Stmt *stmt_error(Parser *p, Span span) { return statement(p, STMT_error, span); }

Stmt *stmt_param(Parser *p, Span span, Ident name, ParamShape shape, Expr *init, Expr *value,
                 Bounds bounds)
{
    Stmt *s = statement(p, STMT_param, span);
    s->param.name = name;
    s->param.type = PARAM_real;
    s->param.dims = shape.dims;
    s->param.init = init;
    s->param.value = value;
    s->param.low = bounds.low;
    s->param.high = bounds.high;
    if (!shape.type.name.i) return s;
    const char *type = name_text(p->c->names, shape.type.name);
    if (!strcmp(type, "unitary") && shape.dims.len == 1)
        s->param.type = PARAM_unitary;
    else {
        const char *text = text_at(
            p, (Span){shape.type.span.from, shape.dims.at[shape.dims.len - 1]->span.to + 1});
        diag_error(p->c, shape.type.span, D_parameter_type, text);
    }
    return s;
}

Stmt *stmt_const(Parser *p, Span span, Ident name, Expr *value)
{
    Stmt *s = statement(p, STMT_const, span);
    s->let.name = name;
    s->let.value = value;
    return s;
}

Stmt *stmt_for(Parser *p, Span span, Ident name, Expr *range, StmtList body)
{
    Stmt *s = statement(p, STMT_for, span);
    s->loop.name = name;
    s->loop.range = range;
    s->loop.body = body;
    return s;
}

Stmt *stmt_if(Parser *p, Span span, Expr *condition, StmtList then_body, StmtList else_body)
{
    Stmt *s = statement(p, STMT_if, span);
    s->branch.condition = condition;
    s->branch.then_body = then_body;
    s->branch.else_body = else_body;
    return s;
}

Stmt *stmt_gate(Parser *p, Span span, ModifierList modifiers, GateHead head, ExprList operands)
{
    Stmt *s = statement(p, head.failed ? STMT_error : STMT_gate, span);
    if (head.failed) return s;
    s->gate.modifiers = modifiers;
    s->gate.name = head.name;
    s->gate.args = head.args;
    s->gate.operands = operands;
    return s;
}

Stmt *stmt_yield(Parser *p, Span span, Expr *value)
{
    Stmt *s = statement(p, STMT_yield, span);
    s->yield.value = value;
    return s;
}

Stmt *stmt_input(Parser *p, Span span, Ident name, Ident type, ExprList dims)
{
    Stmt *s = statement(p, STMT_input, span);
    s->input.name = name;
    s->input.type = type;
    s->input.dims = dims;
    return s;
}

Stmt *stmt_lost_input(Parser *p, Span span, Ident name)
{
    Ident type = {name_of(p->c->names, "real"), span};
    return stmt_input(p, span, name, type, exprs_add(p, (ExprList){0}, expr_error(p, span)));
}

Stmt *stmt_layer(Parser *p, Span span, Ident name, Expr *value)
{
    Stmt *s = statement(p, STMT_layer, span);
    s->layer.name = name;
    s->layer.value = value;
    return s;
}

Stmt *stmt_skip(Parser *p, Span span, Expr *edge, Expr *scale, Expr *via)
{
    Stmt *s = statement(p, edge->kind == EXPR_error ? STMT_error : STMT_skip, span);
    if (s->kind == STMT_error) return s;
    s->skip.from = edge->edge.from;
    s->skip.to = edge->edge.to;
    s->skip.scale = scale;
    s->skip.via = via;
    return s;
}

Stmt *stmt_output(Parser *p, Span span, Expr *value)
{
    Stmt *s = statement(p, STMT_output, span);
    s->expr = value;
    return s;
}

Stmt *stmt_freeze(Parser *p, Span span, ExprList paths)
{
    Stmt *s = statement(p, STMT_freeze, span);
    s->list = paths;
    return s;
}

Stmt *stmt_tie(Parser *p, Span span, ExprList paths)
{
    if (paths.len != 2) {
        const char *given =
            paths.len == 1 ? "is one" : arena_printf(p->c->keep, "are %u", paths.len);
        diag_error(p->c, span, D_tie_pair, given);
        return stmt_error(p, span);
    }
    Stmt *s = statement(p, STMT_tie, span);
    s->list = paths;
    return s;
}

Field field_of_one(Parser *p, FieldKind kind, Span label, Expr *value)
{
    return (Field){kind, .label = ident_at(p, label), .values = exprs_add(p, (ExprList){0}, value)};
}

Field field_placement(Parser *p, Span label, Span title, StmtList body)
{
    check_body(p, DECL_action, &body);
    return (Field){FIELD_placement, .label = ident_at(p, label), .title = string_at(p, title),
                   .body = body};
}

/* ---- declarations
 * -------------------------------------------------------------------------------------------------
 */

static Decl *declaration(Parser *p, DeclKind kind, Span span, Ident name)
{
    Decl *d = arena_make(p->c->keep, Decl);
    d->kind = kind;
    d->span = span;
    d->name = name;
    vec_push(p->c->keep, &p->ast->decls, d);
    return d;
}

void decl_use(Parser *p, Span span, Ident name) { declaration(p, DECL_use, span, name); }

void decl_const(Parser *p, Span span, Ident name, Expr *value)
{
    declaration(p, DECL_const, span, name)->constant.value = value;
}

void decl_data(Parser *p, Span span, Ident name, Expr *value)
{
    declaration(p, DECL_data, span, name)->data.value = value;
}

void decl_unit(Parser *p, Span span, DeclKind kind, Ident name, FormalList formals,
               RegisterList registers, StmtList body)
{
    check_body(p, kind, &body);
    Decl *d = declaration(p, p->formals_lost ? DECL_error : kind, span, name);
    p->formals_lost = false;
    d->unit.formals = formals;
    d->unit.registers = registers;
    d->unit.body = body;
}

void decl_action(Parser *p, Span span, ActionKind kind, Span kind_span, Ident name,
                 FieldList fields)
{
    Decl *d = declaration(p, DECL_action, span, name);
    d->action.kind = kind;
    d->action.kind_span = kind_span;
    d->action.fields = fields;
}

void decl_error(Parser *p, Span span, Ident name) { declaration(p, DECL_error, span, name); }
