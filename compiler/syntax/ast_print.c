/* ast_print.c: the tree as .rq text. Printing, parsing and printing again gives the same text.
 *
 *     circuit ansatz(depth: int = 4) on q[n] {
 *         for d in 0..depth {
 *             ry(theta[d]) q[0];
 *         }
 *     }
 *
 * Brackets stand where precedence needs them and nowhere else; numbers are spelt as in the source.
 */
#include "syntax/ast.h"

typedef struct Printer {
    FILE *out;
    const Compiler *c;
    unsigned indent;
} Printer;

static const char *text_of(const Printer *p, Name name) { return name_text(p->c->names, name); }

/* ---- expressions
 * --------------------------------------------------------------------------------------------------
 */

/* How tight an expression binds, as in rq.y. */
enum { PIPE = 1, OR, AND, NOT, COMPARE, RANGE, ADD, MULTIPLY, NEGATE, POWER, POSTFIX };

typedef struct Operator {
    const char *text;
    int level;
} Operator;

static const Operator operators[] = {
    [BINARY_add] = {" + ", ADD},         [BINARY_sub] = {" - ", ADD},
    [BINARY_mul] = {" * ", MULTIPLY},    [BINARY_div] = {" / ", MULTIPLY},
    [BINARY_idiv] = {" div ", MULTIPLY}, [BINARY_mod] = {" mod ", MULTIPLY},
    [BINARY_pow] = {"^", POWER},         [BINARY_eq] = {" == ", COMPARE},
    [BINARY_ne] = {" != ", COMPARE},     [BINARY_lt] = {" < ", COMPARE},
    [BINARY_le] = {" <= ", COMPARE},     [BINARY_gt] = {" > ", COMPARE},
    [BINARY_ge] = {" >= ", COMPARE},     [BINARY_and] = {" and ", AND},
    [BINARY_or] = {" or ", OR},
};

static int level_of(const Expr *e)
{
    switch (e->kind) {
    case EXPR_binary: return operators[e->binary.op].level;
    case EXPR_unary: return e->unary.op == UNARY_not ? NOT : NEGATE;
    case EXPR_pipe: return PIPE;
    case EXPR_range: return RANGE;
    case EXPR_edge:
    case EXPR_assign: return 0;
    case EXPR_none:
    case EXPR_error:
    case EXPR_number:
    case EXPR_bool:
    case EXPR_string:
    case EXPR_name:
    case EXPR_call:
    case EXPR_fold:
    case EXPR_index:
    case EXPR_list:
    case EXPR_member: return POSTFIX;
    }
    unreachable();
}

static void print_expr(const Printer *p, const Expr *e);

/* In brackets if it binds less tight than `level`. */
static void print_at(const Printer *p, const Expr *e, int level)
{
    bool brackets = level_of(e) < level;
    if (brackets) fputc('(', p->out);
    print_expr(p, e);
    if (brackets) fputc(')', p->out);
}

static void print_exprs(const Printer *p, const ExprList *list)
{
    for (uint32_t i = 0; i < list->len; i++) {
        if (i) fputs(", ", p->out);
        print_expr(p, list->at[i]);
    }
}

static void print_args(const Printer *p, const ArgList *args)
{
    fputc('(', p->out);
    for (uint32_t i = 0; i < args->len; i++) {
        if (i) fputs(", ", p->out);
        if (args->at[i].label.name.i) fprintf(p->out, "%s: ", text_of(p, args->at[i].label.name));
        print_expr(p, args->at[i].value);
    }
    fputc(')', p->out);
}

static void print_binary(const Printer *p, const Expr *e)
{
    const Operator *op = &operators[e->binary.op];
    bool to_left = op->level != COMPARE && op->level != POWER, to_right = op->level == POWER;
    print_at(p, e->binary.left, op->level + !to_left);
    fputs(op->text, p->out);
    print_at(p, e->binary.right, op->level + !to_right);
}

static void print_number(const Printer *p, const Expr *e)
{
    Place at = source_place(&p->c->sources, e->span.from);
    if (!at.source) return;
    fwrite(at.source->text + (e->span.from - at.source->base), 1, e->span.to - e->span.from,
           p->out);
}

static void print_pair(const Printer *p, const Expr *a, const char *sign, const Expr *b)
{
    print_at(p, a, PIPE);
    fputs(sign, p->out);
    print_at(p, b, PIPE);
}

static void print_expr(const Printer *p, const Expr *e)
{
    switch (e->kind) {
    case EXPR_none:
    case EXPR_error: fputs("<error>", p->out); return;
    case EXPR_number: print_number(p, e); return;
    case EXPR_bool: fputs(e->boolean ? "true" : "false", p->out); return;
    case EXPR_string: fprintf(p->out, "\"%s\"", e->string.text); return;
    case EXPR_name: fputs(text_of(p, e->name), p->out); return;
    case EXPR_call:
        fputs(text_of(p, e->call.callee.name), p->out);
        print_args(p, &e->call.args);
        return;
    case EXPR_fold:
        fprintf(p->out, "%s(%s in ", text_of(p, e->fold.callee.name), text_of(p, e->fold.index.name));
        print_expr(p, e->fold.range);
        fputs(": ", p->out);
        print_expr(p, e->fold.body);
        fputc(')', p->out);
        return;
    case EXPR_index:
        print_at(p, e->index.base, POSTFIX);
        fputc('[', p->out);
        print_exprs(p, &e->index.items);
        fputc(']', p->out);
        return;
    case EXPR_range:
        if (e->range.from) print_at(p, e->range.from, RANGE + 1);
        fputs("..", p->out);
        if (e->range.to) print_at(p, e->range.to, RANGE + 1);
        return;
    case EXPR_list:
        fputc('[', p->out);
        print_exprs(p, &e->list);
        fputc(']', p->out);
        return;
    case EXPR_member:
        print_at(p, e->member.base, POSTFIX);
        fprintf(p->out, ".%s", text_of(p, e->member.name.name));
        return;
    case EXPR_unary:
        fputs(e->unary.op == UNARY_not ? "not " : "-", p->out);
        print_at(p, e->unary.operand, level_of(e));
        return;
    case EXPR_binary: print_binary(p, e); return;
    case EXPR_pipe:
        print_at(p, e->pipe.from, PIPE);
        fputs(" |> ", p->out);
        print_at(p, e->pipe.to, PIPE + 1);
        return;
    case EXPR_edge: print_pair(p, e->edge.from, " -> ", e->edge.to); return;
    case EXPR_assign: print_pair(p, e->assign.to, " <- ", e->assign.from); return;
    }
    unreachable();
}

void expr_print(FILE *out, const Compiler *c, const Expr *expr)
{
    print_expr(&(Printer){out, c, 0}, expr);
}

/* ---- statements
 * ---------------------------------------------------------------------------------------------------
 */

static void print_body(const Printer *p, const StmtList *body);

static void start_line(const Printer *p) { fprintf(p->out, "%*s", (int)p->indent * 4, ""); }

static void print_dims(const Printer *p, const ExprList *dims)
{
    if (!dims->len) return;
    fputc('[', p->out);
    print_exprs(p, dims);
    fputc(']', p->out);
}

static void print_param(const Printer *p, const Stmt *s)
{
    fprintf(p->out, "param %s", text_of(p, s->param.name.name));
    if (s->param.type == PARAM_unitary) fputs(": unitary", p->out);
    print_dims(p, &s->param.dims);
    if (s->param.init) fputs(" ~ ", p->out), print_expr(p, s->param.init);
    if (s->param.value) fputs(" = ", p->out), print_expr(p, s->param.value);
    if (!s->param.low) return;
    fputs(" in [", p->out);
    print_expr(p, s->param.low);
    fputs(", ", p->out);
    print_expr(p, s->param.high);
    fputc(']', p->out);
}

static void print_gate(const Printer *p, const Stmt *s)
{
    static const char *const names[] = {
        [MOD_ctrl] = "ctrl", [MOD_negctrl] = "negctrl", [MOD_inv] = "inv", [MOD_pow] = "pow"};
    for (uint32_t i = 0; i < s->gate.modifiers.len; i++) {
        const Modifier *m = &s->gate.modifiers.at[i];
        fputs(names[m->kind], p->out);
        if (m->count) fputc('(', p->out), print_expr(p, m->count), fputc(')', p->out);
        fputs(" @ ", p->out);
    }
    fputs(text_of(p, s->gate.name.name), p->out);
    if (s->gate.args.len) print_args(p, &s->gate.args);
    if (s->gate.operands.len) fputc(' ', p->out);
    print_exprs(p, &s->gate.operands);
}

static void print_skip(const Printer *p, const Stmt *s)
{
    fputs("skip ", p->out);
    print_pair(p, s->skip.from, " -> ", s->skip.to);
    if (s->skip.scale) fputs(" scale: ", p->out), print_expr(p, s->skip.scale);
    if (s->skip.via) fputs(" via ", p->out), print_expr(p, s->skip.via);
}

static void print_if(const Printer *p, const Stmt *s)
{
    fputs("if ", p->out);
    print_expr(p, s->branch.condition);
    print_body(p, &s->branch.then_body);
    if (!s->branch.else_body.len) return;
    fputs(" else", p->out);
    const StmtList *rest = &s->branch.else_body;
    if (rest->len == 1 && rest->at[0]->kind == STMT_if) {
        fputc(' ', p->out);
        print_if(p, rest->at[0]);
    } else {
        print_body(p, rest);
    }
}

static void print_list(const Printer *p, const char *word, const ExprList *list)
{
    fprintf(p->out, "%s ", word);
    print_exprs(p, list);
}

static void print_named(const Printer *p, const char *word, Ident name, const Expr *value)
{
    fprintf(p->out, "%s %s = ", word, text_of(p, name.name));
    print_expr(p, value);
}

/* Without its ';'. */
static void print_stmt(const Printer *p, const Stmt *s)
{
    switch (s->kind) {
    case STMT_none:
    case STMT_error: fputs("<error>", p->out); return;
    case STMT_param: print_param(p, s); return;
    case STMT_const: print_named(p, "const", s->let.name, s->let.value); return;
    case STMT_for:
        fprintf(p->out, "for %s in ", text_of(p, s->loop.name.name));
        print_expr(p, s->loop.range);
        print_body(p, &s->loop.body);
        return;
    case STMT_if: print_if(p, s); return;
    case STMT_gate: print_gate(p, s); return;
    case STMT_yield: fputs("yield ", p->out), print_expr(p, s->yield.value); return;
    case STMT_input:
        fprintf(p->out, "input %s: %s", text_of(p, s->input.name.name),
                text_of(p, s->input.type.name));
        print_dims(p, &s->input.dims);
        return;
    case STMT_layer: print_named(p, "layer", s->layer.name, s->layer.value); return;
    case STMT_skip: print_skip(p, s); return;
    case STMT_output: fputs("output ", p->out), print_expr(p, s->expr); return;
    case STMT_freeze: print_list(p, "freeze", &s->list); return;
    case STMT_tie: print_list(p, "tie", &s->list); return;
    }
    unreachable();
}

static void print_body(const Printer *p, const StmtList *body)
{
    Printer inner = {p->out, p->c, p->indent + 1};
    fputs(" {\n", p->out);
    for (uint32_t i = 0; i < body->len; i++) {
        const Stmt *s = body->at[i];
        start_line(&inner);
        print_stmt(&inner, s);
        fputs(s->kind == STMT_for || s->kind == STMT_if ? "\n" : ";\n", p->out);
    }
    start_line(p);
    fputc('}', p->out);
}

/* ---- declarations
 * -------------------------------------------------------------------------------------------------
 */

static void print_formal(const Printer *p, const Formal *f)
{
    static const char *const types[] = {
        [FORMAL_int] = "int",
        [FORMAL_real] = "real",
        [FORMAL_bool] = "bool",
        [FORMAL_axis] = "axis",
        [FORMAL_circuit] = "circuit",
        [FORMAL_encoding] = "encoding",
        [FORMAL_observable] = "observable",
        [FORMAL_block] = "block",
    };
    fputs(text_of(p, f->name.name), p->out);
    if (f->type != FORMAL_data) fprintf(p->out, ": %s", types[f->type]);
    if (f->size) fputc('[', p->out), print_expr(p, f->size), fputc(']', p->out);
    if (f->default_value) fputs(" = ", p->out), print_expr(p, f->default_value);
}

static void print_unit(const Printer *p, const char *word, const Decl *d)
{
    fprintf(p->out, "%s %s", word, text_of(p, d->name.name));
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        fputs(i ? ", " : "(", p->out);
        print_formal(p, &d->unit.formals.at[i]);
    }
    if (d->unit.formals.len) fputc(')', p->out);
    for (uint32_t i = 0; i < d->unit.registers.len; i++) {
        const Register *r = &d->unit.registers.at[i];
        fprintf(p->out, "%s%s[", i ? ", " : " on ", text_of(p, r->name.name));
        print_expr(p, r->size);
        fputc(']', p->out);
    }
    print_body(p, &d->unit.body);
    fputc('\n', p->out);
}

/* `init from RUN { to <- from; ... }` */
static void print_init(const Printer *p, const Field *f)
{
    fputs("init from ", p->out);
    print_exprs(p, &f->values);
    if (!f->more.len) {
        fputs(";\n", p->out);
        return;
    }
    Printer inner = {p->out, p->c, p->indent + 1};
    fputs(" {\n", p->out);
    for (uint32_t i = 0; i < f->more.len; i++) {
        start_line(&inner);
        print_expr(p, f->more.at[i]);
        fputs(";\n", p->out);
    }
    start_line(p);
    fputs("}\n", p->out);
}

static void print_field(const Printer *p, const Field *f)
{
    start_line(p);
    const char *label = text_of(p, f->label.name), *into = text_of(p, f->into.name);
    switch (f->kind) {
    case FIELD_none: fputs("<error>", p->out); break;
    case FIELD_set: fprintf(p->out, "%s: ", label); break;
    case FIELD_over: fprintf(p->out, "over %s%s%s: ", label, *into ? " into " : "", into); break;
    case FIELD_placement:
        fprintf(p->out, "placement \"%s\"", f->title);
        print_body(p, &f->body);
        fputc('\n', p->out);
        return;
    case FIELD_init_from: print_init(p, f); return;
    case FIELD_where: fputs("where ", p->out); break;
    case FIELD_require: fputs("require ", p->out); break;
    case FIELD_expect: fprintf(p->out, "expect %s: ", into); break;
    }
    print_exprs(p, &f->values);
    fputs(";\n", p->out);
}

static void print_action(const Printer *p, const Decl *d)
{
    static const char *const words[] = {[ACTION_train] = "train",
                                        [ACTION_explore] = "explore",
                                        [ACTION_scan] = "scan",
                                        [ACTION_distill] = "distill"};
    Printer inner = {p->out, p->c, p->indent + 1};
    fprintf(p->out, "%s %s {\n", words[d->action.kind], text_of(p, d->name.name));
    for (uint32_t i = 0; i < d->action.fields.len; i++)
        print_field(&inner, &d->action.fields.at[i]);
    fputs("}\n", p->out);
}

static void print_decl(const Printer *p, const Decl *d)
{
    switch (d->kind) {
    case DECL_none:
    case DECL_error: fputs("<error>\n", p->out); return;
    case DECL_use: fprintf(p->out, "use %s;\n", text_of(p, d->name.name)); return;
    case DECL_const:
        print_named(p, "const", d->name, d->constant.value);
        fputs(";\n", p->out);
        return;
    case DECL_data:
        print_named(p, "data", d->name, d->data.value);
        fputs(";\n", p->out);
        return;
    case DECL_circuit: print_unit(p, "circuit", d); return;
    case DECL_encoding: print_unit(p, "encoding", d); return;
    case DECL_observable: print_unit(p, "observable", d); return;
    case DECL_block: print_unit(p, "block", d); return;
    case DECL_model: print_unit(p, "model", d); return;
    case DECL_action: print_action(p, d); return;
    }
    unreachable();
}

static bool is_short(const Decl *d) { return d->kind >= DECL_use && d->kind <= DECL_data; }

void ast_print(FILE *out, const Compiler *c, const Ast *ast)
{
    Printer p = {out, c, 0};
    for (uint32_t i = 0; i < ast->decls.len; i++) {
        const Decl *d = ast->decls.at[i];
        if (i && !(is_short(d) && is_short(ast->decls.at[i - 1]))) fputc('\n', out);
        print_decl(&p, d);
    }
}
