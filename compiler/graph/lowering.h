/* lowering.h: what the files lower*.c share. Only they include it. */
#ifndef RQ_GRAPH_LOWERING_H
#define RQ_GRAPH_LOWERING_H

#include <complex.h>

#include "graph/lower.h"
#include "graph/map_maker.h"
#include "graph/pauli_set.h"

typedef struct Lower {
    Compiler *c;
    Graph *g;
    const ModelInst *model;
    LowerOptions options;
    Lowered *out;
    const Stage *stage; /* the one being lowered */
    StageId stage_id;
    struct StagePlan *plan;      /* register.h: of every stage */
    struct StateRegister **registers; /* of stages that leave one; NULL for others */
    bool failed; /* something cannot be executed; reported */
} Lower;

/* Where the scalars of a circuit or observable come from. */
typedef struct Scope {
    NodeId values; /* real[outer|v], data arguments; none */
    Type outer;    /* the map axes alone: rank = outer */
    int64_t channel,
        channels; /* quanv with own weights: groups have a leading axis; channels = 0 otherwise */
} Scope;

/* The map axes of `outer` and these inner axes behind them. */
Type type_behind(const Type *outer, int rank, const int64_t *dim);
/* Says that `what` is not executed yet. */
NodeId not_executable(Lower *l, Span at, const char *what, const char *why);

/* lower_scalar.c: real[] or, if it depends on data, real[outer|]. */
NodeId scalar_node(Lower *l, const Scope *s, const Sx *x);
/* True if x depends on neither parameters nor data; then *value is its value. */
bool scalar_constant(const Sx *x, double *value);
/* c0 + sum of k * parameter: adds `factor` times it to *constant and the terms. False if x is not
 * of this form. */
typedef struct LinearTerm {
    GroupId group;
    uint32_t index;
    double factor;
} LinearTerm;
typedef struct Linear {
    double constant;
    VEC(LinearTerm) terms;
} Linear;
bool scalar_linear(Arena *a, const Sx *x, double factor, Linear *sum);
/* The group's node, and the position of element `index` in it as the scope sees it. */
NodeId group_node(const Lower *l, GroupId group);
int64_t group_element(const Lower *l, const Scope *s, GroupId group, int64_t index);

/* lower_circuit.c */
/* x[outer|cols] -> [outer|rows]: element from[i] of x, 0 where that is negative. */
NodeId elements_from(Lower *l, NodeId x, int64_t rows, const int64_t *from);
NodeId ground_state(Lower *l, uint32_t qubits); /* |0..0>, complex[|2^n] */
NodeId lower_encoding(Lower *l, const Scope *s,
                      const EncodingInst *encoding); /* complex[outer|2^n] */
NodeId lower_circuit(Lower *l, const Scope *s, const CircuitInst *circuit,
                     NodeId psi); /* psi after all gates */

/* The matrix of a gate that is no channel; in *w where it acts in a register of `qubits`, with its pattern. */
NodeId gate_node(Lower *l, const Scope *s, const GateApp *gate, uint32_t qubits, Wires *w);
/* lower_channel.c: of a channel but reset, on (row, column) of the qubit's density matrix: complex[outer|4, 4]. */
NodeId channel_node(Lower *l, const Scope *s, const GateApp *gate, const uint8_t **pattern);
/* A constant matrix, complex[dim, dim]; x times one: complex[outer of x|dim, dim]. */
NodeId constant_matrix(Lower *l, const double complex *entries, int dim);
NodeId times_matrix(Lower *l, NodeId x, const double complex *entries, int dim);
/* The gate's argument, with its element of "#shift" added where shifts are wanted. */
NodeId gate_argument(Lower *l, const Scope *s, const GateApp *gate);
/* Of a matrix-valued parameter complex[dim, dim], the part that the scope's channel owns. */
NodeId gate_unitary(Lower *l, const Scope *s, GroupId group, int64_t dim);

/* lower_observable.c: real[outer|yields] */
NodeId lower_observable(Lower *l, const Scope *s, const ObservableInst *o, NodeId psi);
/* real[scalars] of parameters. */
typedef VEC(const Sx *) SxList;
NodeId coefficient_vector(Lower *l, const Scope *s, const SxList *list);

/* <P> of each product in the state, signed and unweighted: real[outer|count]. */
NodeId pauli_values(Lower *l, NodeId psi, const Pauli *list, uint32_t count);
/* values real[outer|terms of all yields in order] -> real[outer|yields], coefficients put in. */
NodeId observable_yields(Lower *l, const Scope *s, const ObservableInst *o, NodeId values);

/* lower_quantum.c: quantum, quanv, encode, evolve, measure */
NodeId lower_quantum(Lower *l);
NodeId lower_quanv(Lower *l);
/* One inner axis; results in the stage's shape, once for each outer index. */
NodeId flat_values(Graph *g, NodeId x);
NodeId shaped_values(const Lower *l, NodeId values);
/* Notes the observable's values, which belong to the shift sites of this stage that have none yet. Gives them. */
NodeId measured(Lower *l, NodeId values);

/* lower_patches.c */
typedef struct Patches {
    const QuantumAttr *q;
    int64_t channels, height, width; /* of the image */
    int64_t count;                   /* patches of one channel */
} Patches;
/* Windows of an image [C,H,W]. */
Patches patches_of(const QuantumAttr *q, const int64_t *image);
/* real[maps|values] of channels [from, to) of the stage's operand; joint: all of them in one patch. */
NodeId patches_gather(Lower *l, const Patches *w, int64_t from, int64_t to, bool joint);
typedef struct PatchResults {
    const Patches *w;
    int64_t from, channels; /* result channels: from input channel `from` on so many, or 1 for joint */
    int64_t yields;         /* of a patch */
    Type outer;             /* that the results have, if they depend on the patch */
} PatchResults;
/* real[outer|yields] -> the stage's shape. */
NodeId patches_place(Lower *l, NodeId values, const PatchResults *r);
NodeId lower_patches(Lower *l);
NodeId lower_place(Lower *l);

/* lower_norm.c: layer_norm, group_norm; batch_norm */
NodeId lower_norm(Lower *l);
NodeId lower_batch_norm(Lower *l);
/* Input "weight" []: 1/B for the B samples of a batch, 0 for padding. */
NodeId sample_weight(Lower *l);

/* lower_layers.c: everything else that is classical. */
NodeId lower_classical(Lower *l);
NodeId stage_operand(const Lower *l, uint32_t i);
Type value_type(const ValueType *t); /* of a graph node; batched is not set */
/* Largest element of the inner axes, detached: real with the outer axes, for stable exponentials.
 */
NodeId detached_max(Lower *l, NodeId x);

/* lower_loss.c: fills loss and mean_loss. */
void lower_loss(Lower *l);

#endif
