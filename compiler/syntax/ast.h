/* ast.h: the tree that the parser builds. Open, tagged, never changed after parsing; every node has
 * its span.
 *
 * Names are not resolved and nothing is folded here: `quanv(kernel: 2)` is a call of the name
 * "quanv" with one labelled argument.
 */
#ifndef RQ_SYNTAX_AST_H
#define RQ_SYNTAX_AST_H

#include "base/compiler.h"
#include "base/rational.h"

typedef struct Expr Expr;
typedef struct Stmt Stmt;
typedef struct Decl Decl;

typedef VEC(Expr *) ExprList;
typedef VEC(Stmt *) StmtList;

/* A name where it stands. */
typedef struct Ident {
    Name name;
    Span span;
} Ident;

/* `label: value`, or a bare value (label.name = 0). */
typedef struct Arg {
    Ident label;
    Expr *value;
} Arg;
typedef VEC(Arg) ArgList;

typedef enum UnaryOp { UNARY_none, UNARY_neg, UNARY_not } UnaryOp;
typedef enum BinaryOp {
    BINARY_none,
    BINARY_add,
    BINARY_sub,
    BINARY_mul,
    BINARY_div, /* '/' is exact or real */
    BINARY_idiv,
    BINARY_mod, /* 'div', 'mod' */
    BINARY_pow, /* '^', right associative */
    BINARY_eq,
    BINARY_ne,
    BINARY_lt,
    BINARY_le,
    BINARY_gt,
    BINARY_ge,
    BINARY_and,
    BINARY_or,
} BinaryOp;

typedef enum ExprKind {
    EXPR_none,
    EXPR_error,  /* placed by error recovery; already reported */
    EXPR_number, /* number: 2, 0.01, 1e-3 as exact rational; 'integer' if written without '.' and
                    exponent */
    EXPR_bool,   /* boolean */
    EXPR_string, /* string: text without quotes */
    EXPR_name,   /* name; also `pi`, keywords used as values such as `x` */
    EXPR_call,   /* call: callee(args); a layer kind, stdlib circuit, function, data source, Pauli
                    x(q[i]) */
    EXPR_fold,   /* fold: sum(i in 0..n: body), product(...) */
    EXPR_index,  /* index: base[items]; an item may be a range */
    EXPR_range,  /* range: from..to; either may be NULL inside an index */
    EXPR_list,   /* list: [a, b, c] */
    EXPR_member, /* member: base.name, as in val.accuracy, q1.theta; name "*" for `c2.*` */
    EXPR_unary,  /* unary */
    EXPR_binary, /* binary */
    EXPR_pipe,   /* pipe: from |> to */
    EXPR_edge,   /* edge: from -> to, in `over skips:` */
    EXPR_assign, /* assign: to <- from, in `init from` */
} ExprKind;

struct Expr {
    ExprKind kind;
    uint32_t depth; /* levels below and with this one; the parser allows at most 1000, so recursion
                       is safe */
    Span span;
    union {
        struct {
            Rational value;
            bool integer;
        } number; /* value may be inexact: see rational.h */
        bool boolean;
        struct {
            const char *text;
        } string;
        Name name;
        struct {
            Ident callee;
            ArgList args;
        } call;
        struct {
            Ident callee, index;
            Expr *range, *body;
        } fold;
        struct {
            Expr *base;
            ExprList items;
        } index;
        struct {
            Expr *from, *to;
        } range;
        ExprList list;
        struct {
            Expr *base;
            Ident name;
        } member;
        struct {
            UnaryOp op;
            Expr *operand;
        } unary;
        struct {
            BinaryOp op;
            Expr *left, *right;
        } binary;
        struct {
            Expr *from, *to;
        } pipe;
        struct {
            Expr *from, *to;
        } edge;
        struct {
            Expr *to, *from;
        } assign;
    };
};

/* A formal of a circuit, encoding, observable, block or model: `depth: int = 4`, or a data argument
 * `x[n]`. */
typedef enum FormalType {
    FORMAL_none,
    FORMAL_int,
    FORMAL_real,
    FORMAL_bool,
    FORMAL_axis,
    FORMAL_circuit,
    FORMAL_encoding,
    FORMAL_observable,
    FORMAL_block,
    FORMAL_data, /* `x[n]`: values handed over at run time; size is the bracket's expression (NULL
                    for a scalar `x`) */
} FormalType;
typedef struct Formal {
    Ident name;
    FormalType type;
    Expr *size;          /* FORMAL_data only */
    Expr *default_value; /* NULL if none */
} Formal;
typedef VEC(Formal) FormalList;

/* `q[n]` in a head; size is an expression over formals or a fresh name that is bound by use. */
typedef struct Register {
    Ident name;
    Expr *size;
} Register;
typedef VEC(Register) RegisterList;

/* `ctrl @`, `ctrl(2) @`, `negctrl @`, `inv @`, `pow(k) @`. */
typedef enum ModifierKind { MOD_none, MOD_ctrl, MOD_negctrl, MOD_inv, MOD_pow } ModifierKind;
typedef struct Modifier {
    ModifierKind kind;
    Expr *count; /* NULL = 1 */
    Span span;
} Modifier;
typedef VEC(Modifier) ModifierList;

typedef enum StmtKind {
    STMT_none,
    STMT_error,
    STMT_param,  /* param: in circuits, encodings, observables, blocks, models */
    STMT_const,  /* let: `const name = value;` local constant */
    STMT_for,    /* loop */
    STMT_if,     /* branch */
    STMT_gate,   /* gate: circuits and encodings */
    STMT_yield,  /* yield: observables */
    STMT_input,  /* input: models, blocks */
    STMT_layer,  /* layer: models, blocks */
    STMT_skip,   /* skip: models, blocks, placements */
    STMT_output, /* expr: models, blocks */
    STMT_freeze, /* list of layers or paths */
    STMT_tie,    /* list: paths */
} StmtKind;

typedef enum ParamType { PARAM_real, PARAM_unitary } ParamType;

struct Stmt {
    StmtKind kind;
    Span span;
    union {
        /* param theta[depth, n] ~ uniform(0, 2*pi);  param V: unitary[n] ~ haar;  param alpha =
         * 0.5;  param h ~ normal(0,1) in [-1, 1]; */
        struct {
            Ident name;
            ParamType type;
            ExprList dims;
            Expr *init;       /* call or name; NULL: zeros */
            Expr *value;      /* `= 0.5` */
            Expr *low, *high; /* `in [a, b]` or NULL */
        } param;
        struct {
            Ident name;
            Expr *value;
        } let;
        struct {
            Ident name;
            Expr *range;
            StmtList body;
        } loop;
        struct {
            Expr *condition;
            StmtList then_body, else_body;
        } branch;
        /* modifiers name(args) operands;  an operand is a name (whole register) or an index
         * expression */
        struct {
            ModifierList modifiers;
            Ident name;
            ArgList args;
            ExprList operands;
        } gate;
        struct {
            Expr *value;
        } yield;
        /* input x: image[1, 28, 28]; */
        struct {
            Ident name;
            Ident type;
            ExprList dims;
        } input;
        struct {
            Ident name;
            Expr *value;
        } layer;
        /* skip a -> b scale: s via dense(16); */
        struct {
            Expr *from, *to;
            Expr *scale;
            Expr *via;
        } skip;
        Expr *expr;
        ExprList list;
    };
};

typedef enum DeclKind {
    DECL_none,
    DECL_error,
    DECL_use,        /* use NAME; */
    DECL_const,      /* constant */
    DECL_data,       /* data: value is a call */
    DECL_circuit,    /* unit */
    DECL_encoding,   /* unit */
    DECL_observable, /* unit */
    DECL_block,      /* unit; no registers */
    DECL_model,      /* unit; no registers */
    DECL_action,     /* action: train, explore, scan, distill */
} DeclKind;

typedef enum ActionKind {
    ACTION_none,
    ACTION_train,
    ACTION_explore,
    ACTION_scan,
    ACTION_distill
} ActionKind;

/* A statement of an action. */
typedef enum FieldKind {
    FIELD_none,
    FIELD_set,  /* label, values: `epochs: 5;` `wrt: each q1.theta;` (a call of 'each') */
    FIELD_over, /* label, values: `over skips: a -> b, c -> d;`  into: `over sums into head: x, q1;`
                 */
    FIELD_placement, /* title, body: `placement "name" { skip ...; }` */
    FIELD_init_from, /* values {the run: a string or a path}, more: `init from RUN { q1 <- q1; c2.*
                        <- conv2.*; }` */
    FIELD_where,     /* values {condition}: `where COND;` */
    FIELD_require,   /* values {condition}: `require a <= b;` */
    FIELD_expect,    /* into, values {value}: `expect global: EXPR;` */
} FieldKind;

typedef struct Field {
    FieldKind kind;
    Ident label; /* its first word: "epochs", "skips" behind `over`, "placement", "init", ... */
    Ident into;
    const char *title;
    ExprList values;
    ExprList more;
    StmtList body;
    Span span;
} Field;
typedef VEC(Field) FieldList;

struct Decl {
    DeclKind kind;
    Span span;
    Ident name;
    union {
        struct {
            Expr *value;
        } constant;
        struct {
            Expr *value;
        } data;
        struct {
            FormalList formals;
            RegisterList registers;
            StmtList body;
        } unit;
        struct {
            ActionKind kind;
            Span kind_span;
            FieldList fields;
        } action;
    };
};

typedef struct Ast {
    const Source *source;
    VEC(Decl *) decls;
} Ast;

/* Parses one source. Never NULL; errors are in c, and what could be kept is there. Memory: c->keep.
 */
Ast *parse(Compiler *c, const Source *source);
/* Prints .rq text that parses back to the same tree. */
void ast_print(FILE *out, const Compiler *c, const Ast *ast);
void expr_print(FILE *out, const Compiler *c, const Expr *expr);

#endif
