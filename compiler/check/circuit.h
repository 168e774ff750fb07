/* circuit.h: expansion of circuits, encodings and observables: loops unrolled, calls and modifiers
 * gone.
 *
 * Each use of a declaration is expanded anew, with the qubits of the outermost instance in place of
 * register elements. Parameters become groups of the model under construction.
 */
#ifndef RQ_CHECK_CIRCUIT_H
#define RQ_CHECK_CIRCUIT_H

#include "check/unit.h"

typedef VEC(GateApp) GateList;

/* One declaration under expansion. */
struct Body {
    Check *k;
    ModelBuild *model;
    const Body *caller; /* NULL: used by a layer */
    const Decl *decl;
    Span use;           /* the use that bound the sizes */
    uint32_t qubits;    /* how many it was given */
    const char *prefix; /* of its parameters' names: "", "sub[0]." */
    uint32_t subs;      /* nested calls with parameters so far */
    GateList gates;
    bool noisy;
    uint32_t instance_qubits; /* of the outermost instance */
    VEC(YieldInst) yields;
};

/* How a layer uses a circuit. */
typedef struct CircuitUse {
    uint32_t qubits;           /* 0: as many as the data arguments need */
    const uint32_t *registers; /* qubits of each register, or NULL */
    int64_t values;            /* handed to its data argument; -1: none */
    const char *prefix;        /* "" or "p[0]." */
    Span span;
} CircuitUse;

/* NULL after a report. */
const CircuitInst *circuit_instance(Env *e, ModelBuild *m, const UnitRef *u, CircuitUse use);
const EncodingInst *encoding_instance(Env *e, ModelBuild *m, const UnitRef *u, int64_t values,
                                      const char *prefix, Span at);
const ObservableInst *observable_instance(Env *e, ModelBuild *m, const UnitRef *u, uint32_t qubits,
                                          const char *prefix, Span at);
/* True if the circuit has data arguments. */
bool unit_takes_data(const UnitRef *u);

/* Expands statements of a body. */
void body_statements(Env *e, const StmtList *list);
void body_gate(Env *e, const Stmt *s);
void body_yield(Env *e, const Stmt *s);
bool body_is_observable(const Body *b);
/* Adds the note "N qubits are given here" to the last diagnostic. */
void body_note_use(const Body *b);

/* Binds registers and data arguments of a head in `in`, where the formals are bound already.
 * counts: qubits of each register. pads: the values may be fewer than the data argument holds. */
bool solve_size(Env *in, const Expr *size, int64_t count, bool pads, const char *what, Span at);
/* Binds the unknown name of a size to poison. */
void bind_size_names(Env *in, const Expr *size);
bool solve_registers(Env *in, const Decl *d, const uint32_t *counts, Span at);
/* Evaluates register sizes once all names are bound; false after a report. */
bool register_sizes(Env *in, const Decl *d, uint32_t *counts, Span at);
void bind_registers(Env *in, const Decl *d, const uint32_t *counts, const uint8_t *qubits);

/* Expands `unit`'s body with bound formals into b; shared by layers and nested calls. */
void body_expand(Body *b, Env *in);

/* A param statement: a group of the model, bound by its name. */
void declare_param(Env *e, const Stmt *s);

#endif
