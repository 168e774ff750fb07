/* gate.h: what gate functions and the steps that call them agree on.
 *
 *     void apply(ptr psi, ptr m, ptr, ptr gate, ptr)              psi = apply(M, psi)
 *     void overlap(ptr l, ptr psi, ptr k, ptr gate, ptr pattern)  K = or += overlap(l, psi)
 * One function serves all gates of a class, whatever their wires: those are in the table `gate` of i64. Indices of amplitudes are
 * in bytes there (an amplitude is a power of two), so that they are addresses at once:
 *
 * With vectors of amplitudes a unit is a whole vector, and targets and controls among its lanes are in the key, not in the table.
 *
 *     count     groups of amplitudes that the gate acts on, 2^(qubits - targets - controls)
 *     set       bits of an index that are 1 in all of them: controls whose value must be 1
 *     gap[]     for each target and control, ascending by bit: the complement of the bits below it
 *     offset[]  of each of the 2^targets amplitudes of a group
 */
#ifndef RQ_BACKEND_GATE_H
#define RQ_BACKEND_GATE_H

#include "backend/llvm.h"

enum {
    GATE_STRAIGHT = 2, /* gates on up to so many targets are straight code for their pattern; wider ones loop over rows and columns */
    ENTRIES_MAX = 16,
    VECTOR_BITS = 4,   /* states without lanes: so many low bits of an index are the lanes of a vector (gate_vector.c) */
    VECTOR_QUBITS = 7, /* from so many qubits on */
};

/* What is known of a matrix entry. */
typedef enum Kind {
    KIND_zero = 0,
    KIND_re = PART_re,
    KIND_im = PART_im,
    KIND_both = PART_re | PART_im,
    KIND_one,
    KIND_minus_one,
} Kind;

/* What tells one gate function from another. Compared byte by byte, so it is made from zeroed memory. */
typedef struct GateKey {
    uint8_t is_overlap, targets, gaps; /* gaps: targets and controls that the table has */
    uint8_t high;                      /* targets that the table has: all without vectors */
    uint8_t vectors;                   /* amplitudes side by side in vectors, see gate_vector.c; of those: */
    uint8_t low[GATE_STRAIGHT];        /* of each target, its bit + 1 if that is among the lanes, else 0 */
    uint8_t low_controls, low_values;  /* controls among the lanes, and what they must be */
    uint8_t kind[ENTRIES_MAX];         /* straight ones: of each entry, row by row, as applied */
    uint8_t dagger;                    /* entries are read transposed and conjugated */
    uint8_t m_batched, psi_batched, left_batched;
    uint8_t accumulate;                /* overlap: adds to K */
} GateKey;

struct GateFunction {
    GateKey key;
    Value function;
};

/* A step as a call of its gate function: three operands, of which the second may be a constant matrix instead. */
typedef struct GateCall {
    const Operand *operand[3]; /* NULL: none */
    Value function, constant, gate, pattern;
} GateCall;
GateCall gate_call(Emit *e, const Step *s);

/* What the index of a group is made of. */
typedef struct Group {
    Value gate; /* the table */
    const GateKey *key;
    int64_t unit; /* bytes of an amplitude */
    Value *gap; /* loaded before the loop */
    Value set;
    Value *offset; /* straight functions only */
} Group;

Group group_open(Emit *e, const GateKey *key, Value gate);
Value group_count(Emit *e, Value gate);
/* Group k: its number with a zero bit inserted at each target and control, the controls then set. */
Value group_base(Emit *e, const Group *g, Value k);
/* offset[row] for a row number known at run time. */
Value group_offset(Emit *e, const Group *g, Value row);

/* The amplitude at an index of the group. A state without lanes has shorter amplitudes. */
Pair amplitude_load(Emit *e, const Group *g, View state, Value at);
void amplitude_store(Emit *e, View state, Value at, Pair v);

/* The row of the matrix, as applied, is the identity's. */
bool is_identity_row(const GateKey *key, int row);
/* An entry of M as applied, loaded from where M has it: transposed and conjugated under a dagger. With vectors a scalar. */
Pair load_entry(Emit *e, const GateKey *key, View m, int row, int column);
/* l conj(psi), only the parts that are wanted, added to acc. */
Pair add_product(Emit *e, Pair acc, Pair l, Pair psi, int kind);
/* ---- gate_vector.c ---- */
void apply_vectors(Emit *e, const GateKey *key, View psi, View m, Value gate);
void overlap_vectors(Emit *e, const GateKey *key, View l, View psi, View k, Value gate);

LLVMTypeRef gate_function_type(const Emit *e);
Value apply_function(Emit *e, const GateKey *key);
Value overlap_function(Emit *e, const GateKey *key);

#endif
