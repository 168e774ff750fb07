/* value.h: what an expression means while a file is checked.
 *
 * One evaluator serves sizes, circuits, observables and models. Its result is a Val: a compile-time
 * value, a scalar of run time (Sx), a sum of Pauli products, a selection of qubits, a declaration
 * with arguments, or a stage of a model. VAL_none is poison: the mistake was reported where it
 * arose, and whoever meets it gives VAL_none in silence.
 */
#ifndef RQ_CHECK_VALUE_H
#define RQ_CHECK_VALUE_H

#include "check/scope.h"

typedef struct Val Val;
typedef struct Env Env;

typedef enum ValKind {
    VAL_none,
    VAL_number,  /* number */
    VAL_bool,    /* boolean */
    VAL_string,  /* text */
    VAL_axis,    /* axis: 'x', 'y' or 'z' */
    VAL_range,   /* range: from..to, to not included */
    VAL_list,    /* list */
    VAL_sx,      /* sx: a scalar known at run time */
    VAL_array,   /* array: parameters or data that are not fully indexed */
    VAL_unitary, /* unitary: a matrix-valued parameter */
    VAL_qubits,  /* qubits */
    VAL_pauli,   /* pauli: an operator, in observables */
    VAL_unit,    /* unit: a circuit, encoding, observable or block with its arguments */
    VAL_stage,   /* stage: a value of the model under construction */
} ValKind;

/* Scalars side by side: elements of a group, data values, or explicit items. */
typedef struct Array {
    GroupId group;    /* 0: data or items */
    const Sx **items; /* explicit ones; NULL: computed from group and offset */
    uint32_t offset;
    uint8_t rank;
    int64_t dim[MAX_RANK];
} Array;

typedef struct Qubits {
    uint8_t *at;
    uint32_t len;
} Qubits;

/* Sum of products; a product's coefficient is re + i im (NULL = 0). */
typedef struct PauliPart {
    const Sx *re, *im;
    uint32_t x, z;
} PauliPart;
typedef struct Pauli {
    VEC(PauliPart) parts;
} Pauli;

/* A declaration with its arguments; data arguments are bound at the use. */
typedef struct UnitRef {
    DeclKind kind;
    Entry *entry;       /* NULL: built-in amplitude encoding */
    Val *arguments;     /* one for each formal; those of data formals are VAL_none */
    bool has_arguments; /* written with parentheses */
    bool zero_is_ground;
    Span span;
    const char *text; /* "ansatz" */
} UnitRef;

struct Val {
    ValKind kind;
    union {
        Rational number;
        bool boolean;
        const char *text;
        char axis;
        struct {
            int64_t from, to;
        } range;
        struct {
            Val *at;
            uint32_t len;
        } list;
        const Sx *sx;
        Array array;
        struct {
            GroupId group;
            uint32_t qubits;
        } unitary;
        Qubits qubits;
        const Pauli *pauli;
        const UnitRef *unit;
        StageId stage;
    };
};

typedef struct Binding {
    Name name;
    Val val;
    Span span;
} Binding;

typedef struct Body Body; /* circuit.h: the circuit, encoding or observable under expansion */
typedef struct ModelBuild ModelBuild; /* model.h */
typedef struct ParamCounter ParamCounter; /* require.h */

/* What names mean at a place: local bindings, then those of the enclosing block, then the file's
 * declarations. */
struct Env {
    const Env *parent;
    Check *k;
    Scope *scope;
    Body *body;        /* NULL outside circuits, encodings and observables */
    ModelBuild *model; /* NULL outside models and blocks */
    const ParamCounter *counter; /* of params(..); NULL outside `require` */
    VEC(Binding) bindings;
};

/* An inner block of the same body. */
Env env_inner(const Env *parent);
void env_bind(Env *e, Name name, Val val, Span span);
/* NULL if the name is not bound here or in an enclosing block. */
const Binding *env_find(const Env *e, Name name);
/* Binds like env_bind, and reports a name that this block has bound already. */
void env_declare(Env *e, Ident name, Val val);

static inline Val val_number(Rational r) { return (Val){.kind = VAL_number, .number = r}; }
static inline Val val_int(int64_t i) { return val_number(rational_int(i)); }
static inline Val val_bool(bool b) { return (Val){.kind = VAL_bool, .boolean = b}; }
static inline Val val_none(void) { return (Val){.kind = VAL_none}; }

/* Evaluates; every mistake is reported. */
Val eval_expr(Env *e, const Expr *x);
/* The value of a declared name, or of a name that belongs to the language (pi, x, y, z, true). */
Val eval_name(Env *e, Ident name);
/* a op b for values that are known or scalars; `at` for messages. */
/* sum(i in a..b: body), product(...) */
Val eval_fold(Env *e, const Expr *x);
Val eval_binary(Env *e, BinaryOp op, Val a, Val b, Span at);
/* A whole number of at least `least`, or false after a report that names `what`. */
bool eval_int(Env *e, const Expr *x, const char *what, int64_t least, int64_t *result);
bool eval_number(Env *e, const Expr *x, const char *what, Rational *result);
bool eval_bool(Env *e, const Expr *x, const char *what, bool *result);
/* The same for a value that is there already. */
bool val_to_int(Env *e, Val v, Span at, const char *what, int64_t least, int64_t *result);

/* "+", "div": for messages. */
const char *binary_text(BinaryOp op);
/* "a number", "a circuit": for messages. */
const char *val_kind_text(Val v);
/* "4", "0.5", "3/2" on c->keep. */
const char *rational_text(Compiler *c, Rational r);

/* Functions of the language (functions.def). is_function: the name belongs to one. */
bool is_function(const Check *k, Name name);
void function_words(Check *k, WordList *words);
Val function_call(Env *e, const Expr *call);

#endif
