/* transfer.h: the transfer engine: observables are carried backwards through the circuit, the
 * inputs meet them at the end.
 *
 * With an encoding that works qubit by qubit, an input enters a circuit only through <X>, <Y>, <Z>
 * of each qubit, and
 *
 *     E_k = sum over Pauli products P of C_k[P] * product over qubits q of <P_q>,
 *
 * where the coefficients C_k depend on parameters alone: they are evolved once per step, whatever
 * the number of patches. Which products can be reached is known when compiling (transfer_reach.c);
 * only those have coefficients. All of it becomes ordinary graph operations, so derivatives of any
 * order follow. Only lower*.c and transfer*.c include this.
 *
 *     transfer_gate.c          gate or channel -> its action on Pauli products
 *     transfer_reach.c         observable, circuit -> Reach: products, and how their coefficients follow
 *     transfer_step.c          one gate of it
 *     transfer_encoding.c      encoding -> <X>, <Y>, <Z> of each qubit: zero, constant, or a function of the data
 *     transfer_coefficients.c  Reach -> nodes
 *     transfer_contract.c      coefficients and functions -> values
 */
#ifndef RQ_GRAPH_TRANSFER_H
#define RQ_GRAPH_TRANSFER_H

#include <complex.h>

#include "graph/lowering.h"
#include "graph/pauli_set.h"

/* ---- gates ---- */

/* What an entry is multiplied by: functions of the gate's argument t, f its frequency; or an entry
 * of its own matrix. */
typedef enum Weight {
    WEIGHT_one,
    WEIGHT_cos, /* cos(f t) */
    WEIGHT_sin,
    WEIGHT_cos2, /* cos(2 f t) */
    WEIGHT_sin2,
    WEIGHT_argument, /* t */
    WEIGHT_root,     /* sqrt(1 - t) */
    WEIGHT_matrix,   /* entry of the Pauli transfer matrix of a matrix-valued parameter */
    WEIGHT_COUNT
} Weight;

/* value * weight * product. */
typedef struct Image {
    Pauli to;
    Weight weight;
    uint32_t entry; /* WEIGHT_matrix: to * 4^width + from, as local numbers */
    double value;
} Image;
typedef VEC(Image) ImageList;

/* Gates on more qubits, controls included, are not transferred: their matrices have 16 entries for
 * each further qubit. */
enum { TRANSFER_MAX_WIDTH = 4 };

/* V^dagger P V for Pauli products P on the gate's qubits. A local number has two bits per qubit, x
 * then z, qubit[0] first. */
typedef struct GateTransfer {
    Arena *a;
    const GateApp *gate;
    uint32_t mask; /* its qubits as bits of a Pauli mask */
    int width;
    uint32_t bit[TRANSFER_MAX_WIDTH]; /* mask of each: targets, then controls */
    double frequency;
    ImageList *image; /* by local number */
    bool *known;      /* likewise: image is made */
} GateTransfer;

/* `qubits` of the whole register. */
GateTransfer gate_transfer(Arena *a, const GateApp *gate, uint32_t qubits);
/* Of the part of p on the gate's qubits; on these qubits. */
const ImageList *gate_image(GateTransfer *t, Pauli p);
/* A weight other than one or matrix, shaped like the argument. */
NodeId weight_node(Graph *g, Weight weight, NodeId argument, double frequency);
/* The local product with this number: its entry in row i of a matrix of the gate's qubits, qubit[0]
 * most significant, stands in column i ^ gate_pauli_flip. */
double complex gate_pauli(const GateTransfer *t, uint32_t local, uint32_t i);
uint32_t gate_pauli_flip(const GateTransfer *t, uint32_t local);
/* The width the gate would have. */
int gate_width(const GateApp *gate);

/* ---- encodings ---- */

typedef enum ComponentKind { COMPONENT_zero, COMPONENT_constant, COMPONENT_variable } ComponentKind;
typedef struct Component {
    ComponentKind kind;
    double value; /* constant */
} Component;

/* Qubits whose encodings have equal gates are computed side by side. */
typedef struct QubitFunctions {
    Component of[4]; /* by pauli_code; of[0] is the constant 1 */
    uint32_t group,
        member; /* its place in EncodingFunctions; meaningless without a variable component */
} QubitFunctions;
typedef struct FunctionGroup {
    VEC(uint32_t) qubit; /* the members */
    NodeId of[4]; /* real[outer|members] for each variable component; none before encoding_nodes */
} FunctionGroup;
typedef struct EncodingFunctions {
    uint32_t qubits;
    QubitFunctions *qubit;
    VEC(FunctionGroup) groups;
} EncodingFunctions;

/* NULL, or why the encoding is no product of one-qubit circuits. `encoding` NULL: |0..0>. */
const char *encoding_obstacle(const EncodingInst *encoding);
EncodingFunctions *encoding_functions(Arena *a, const EncodingInst *encoding, uint32_t qubits);
void encoding_nodes(Lower *l, const Scope *s, const EncodingInst *encoding, EncodingFunctions *f);

/* ---- reachable products ---- */

/* value * weight * V[col] added to V'[row]. */
typedef struct Entry {
    uint32_t row, col;
    Weight weight;
    uint32_t entry; /* see Image */
    double value;
} Entry;
typedef struct Join {
    uint32_t left, right; /* numbers in the vector before, or of earlier joins of the same move */
} Join;
/* One step of the vector V of coefficients; V[0] is the constant 1. First the products of joins are
 * appended, then V' is formed. */
typedef struct Move {
    const GateApp *gate; /* NULL: the last one, in which the encoding's constants are put in */
    GateTransfer *transfer;
    uint32_t before, after;
    VEC(Join) joins;
    VEC(Entry) entries;
} Move;

/* sum over its products P of V[first + i] P. */
typedef struct Factor {
    uint32_t first, count, support;
} Factor;
/* One term: scale * coefficient * product of factors on different qubits. */
typedef struct Term {
    uint32_t yield;
    double scale;
    const Sx *coefficient; /* NULL: 1 */
    VEC(uint32_t) factors;
} Term;

/* A start value of V. */
typedef struct Start {
    double value;
    const Sx *coefficient; /* times this; NULL: 1 */
} Start;

typedef struct Reach {
    Arena *a;
    uint32_t qubits;
    VEC(Start) start; /* V in the beginning */
    VEC(Move) moves;
    VEC(Pauli) product;  /* of each element of V at the end */
    VEC(double) known;   /* constant value of each element of V, or NAN */
    VEC(Factor) factors; /* at the end */
    VEC(Term) terms;
    uint64_t work; /* entries of all moves */
    bool too_large;
} Reach;

/* How many products and entries there may be. */
enum { REACH_MAX_PRODUCTS = 1 << 16, REACH_MAX_ENTRIES = 1 << 20 };

/* The factors at the end have products of variable components only; what cannot matter is left out.
 */
Reach *reach(Arena *a, const ObservableInst *o, const CircuitInst *circuit,
             const EncodingFunctions *f);
/* Products of each yield, over all of its terms: the size of the light cone. UINT64_MAX: very many.
 */
uint64_t reach_count(const Reach *r, uint32_t yields);
/* transfer_step.c: the gate, then what came before it; the encoding, at last. */
void reach_gate(Reach *r, const GateApp *gate);
void reach_fold(Reach *r, const EncodingFunctions *f);

/* ---- nodes ---- */

/* V at the end: real[elements]. */
NodeId reach_coefficients(Lower *l, const Scope *s, const Reach *r);
/* real[outer|yields], or real[yields] if nothing depends on data. */
NodeId reach_values(Lower *l, const Scope *s, const Reach *r, const EncodingFunctions *f,
                    uint32_t yields);

/* ---- stages: what lower_quantum.c calls ---- */

/* Values go in and values come out. */
bool transfer_applies(const ModelInst *model, const Stage *s);
/* NULL, or why the stage needs the state engine; too many products come out later. */
const char *transfer_obstacle(const ModelInst *model, const Stage *s);
/* The same of encoding, circuit and observable. */
const char *parts_obstacle(const QuantumAttr *q);
/* A measurement's stages back to an encoding (or to an input of ground samples), *from, as one. NULL: the engine does not transfer them. */
const QuantumAttr *transfer_chain(Arena *a, const ModelInst *m, StageId stage, bool ground, StageId *from);
/* The values of encoding, circuit and observable: real[outer|yields] or real[yields]. An obstacle is reported. */
NodeId lower_transfer(Lower *l, const Scope *s, const QuantumAttr *q);

#endif
