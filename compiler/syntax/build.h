/* build.h: one constructor for each kind of thing in the tree; what the grammar's actions call.
 *
 * All memory is on c->keep. Lists are passed by value and given back longer. Constructors check
 * what spelling alone decides (a modifier's name, which statement stands in which body) and report
 * it; names and types are the checker's business.
 */
#ifndef RQ_SYNTAX_BUILD_H
#define RQ_SYNTAX_BUILD_H

#include "syntax/ast.h"

typedef struct Parser Parser;

/* `name` or `name(args)` before it is known whether it is a gate or a modifier. */
typedef struct GateHead {
    Ident name;
    ArgList args;
    bool has_args, failed;
    Span span;
} GateHead;

/* `[in low, high]` behind a parameter; both NULL if there is none. */
typedef struct Bounds {
    Expr *low, *high;
} Bounds;

/* `: unitary[n]` behind a parameter's name. */
typedef struct ParamShape {
    Ident type; /* name 0: real numbers */
    ExprList dims;
} ParamShape;

/* The name that the source has at a span (a name or a keyword used as one). */
Ident ident_at(Parser *p, Span span);

Expr *expr_error(Parser *p, Span span);
Expr *expr_number(Parser *p, Span span);
Expr *expr_bool(Parser *p, Span span, bool value);
Expr *expr_string(Parser *p, Span span);
Expr *expr_name(Parser *p, Ident name);
Expr *expr_call(Parser *p, Span span, Ident callee, ArgList args);
Expr *expr_fold(Parser *p, Span span, Ident callee, Ident index, Expr *range, Expr *body);
Expr *expr_index(Parser *p, Span span, Expr *base, ExprList items);
Expr *expr_range(Parser *p, Span span, Expr *from, Expr *to);
Expr *expr_list(Parser *p, Span span, ExprList items);
Expr *expr_member(Parser *p, Span span, Expr *base, Ident name);
Expr *expr_unary(Parser *p, Span span, UnaryOp op, Expr *operand);
Expr *expr_binary(Parser *p, Span span, BinaryOp op, Expr *left, Expr *right);
Expr *expr_pipe(Parser *p, Span span, Expr *from, Expr *to);
Expr *expr_edge(Parser *p, Span span, Expr *from, Expr *to);
Expr *expr_assign(Parser *p, Span span, Expr *to, Expr *from);

ExprList exprs_add(Parser *p, ExprList list, Expr *item);
ArgList args_add(Parser *p, ArgList list, Arg item);
FormalList formals_add(Parser *p, FormalList list, Formal item);
RegisterList registers_add(Parser *p, RegisterList list, Register item);
ModifierList modifiers_add(Parser *p, ModifierList list, GateHead head);
StmtList stmts_add(Parser *p, StmtList list, Stmt *item);
/* Leaves out a mistake (FIELD_none). */
FieldList fields_add(Parser *p, FieldList list, Field item, Span span);

/* Formals that could not be read: the declaration becomes a DECL_error, so that nobody complains
 * about its arguments. */
FormalList formals_lost(Parser *p);
/* `depth: int = 4` */
Formal formal_typed(Parser *p, Ident name, Ident type, Expr *value);

Stmt *stmt_error(Parser *p, Span span);
Stmt *stmt_param(Parser *p, Span span, Ident name, ParamShape shape, Expr *init, Expr *value,
                 Bounds bounds);
Stmt *stmt_const(Parser *p, Span span, Ident name, Expr *value);
Stmt *stmt_for(Parser *p, Span span, Ident name, Expr *range, StmtList body);
Stmt *stmt_if(Parser *p, Span span, Expr *condition, StmtList then_body, StmtList else_body);
Stmt *stmt_gate(Parser *p, Span span, ModifierList modifiers, GateHead head, ExprList operands);
Stmt *stmt_yield(Parser *p, Span span, Expr *value);
Stmt *stmt_input(Parser *p, Span span, Ident name, Ident type, ExprList dims);
/* An input whose type could not be read. */
Stmt *stmt_lost_input(Parser *p, Span span, Ident name);
Stmt *stmt_layer(Parser *p, Span span, Ident name, Expr *value);
Stmt *stmt_skip(Parser *p, Span span, Expr *edge, Expr *scale, Expr *via);
Stmt *stmt_output(Parser *p, Span span, Expr *value);
Stmt *stmt_freeze(Parser *p, Span span, ExprList paths);
Stmt *stmt_tie(Parser *p, Span span, ExprList paths);

/* A field that is a keyword and one expression. */
Field field_of_one(Parser *p, FieldKind kind, Span label, Expr *value);
Field field_placement(Parser *p, Span label, Span title, StmtList body);

/* Each appends to p->ast. */
void decl_use(Parser *p, Span span, Ident name);
void decl_const(Parser *p, Span span, Ident name, Expr *value);
void decl_data(Parser *p, Span span, Ident name, Expr *value);
void decl_unit(Parser *p, Span span, DeclKind kind, Ident name, FormalList formals,
               RegisterList registers, StmtList body);
void decl_action(Parser *p, Span span, ActionKind kind, Span kind_span, Ident name,
                 FieldList fields);
void decl_error(Parser *p, Span span, Ident name);

/* bodies.c: reports each statement that does not belong into the body of such a declaration; it
 * becomes a STMT_error. */
void check_body(Parser *p, DeclKind kind, const StmtList *body);

#endif
