/* lower.h: instances -> Graph. Only checked instances; cannot fail on user input, except for what
 * no engine executes yet. */
#ifndef RQ_GRAPH_LOWER_H
#define RQ_GRAPH_LOWER_H

#include "check/inst.h"
#include "graph/graph.h"

/* How quantum stages are computed: by state vectors, by the transfer of observables to the inputs
 * (transfer.h), or by density matrices (register.h), where that can be done. none: the compiler
 * chooses. */
typedef enum Engine { ENGINE_none, ENGINE_state, ENGINE_transfer, ENGINE_density } Engine;

/* A density matrix on more qubits is no value of the graph; registers that fall apart may have more. */
enum { DENSITY_QUBITS = 8 };

typedef struct LowerOptions {
    LossKind loss;    /* LOSS_none: no loss */
    bool with_shifts; /* for parameter shift: every gate argument of circuits gets an added
                         parameter, see Lowered.shifts */
    Engine engine;
    bool few_samples; /* run for few samples: where the compiler chooses, the engine that compiles faster, state, if it can */
    bool ground;      /* samples and targets are |0..0>: inputs are not read, and fall apart into qubits */
    StageId whole;    /* a state's stage whose value is wanted as a node; none: the output's, without a loss */
    bool training;    /* dropout leaves values out; else it is the value */
    bool couples;     /* batch_norm takes mean and variance of the batch, else its running ones */
    bool sampled;     /* every sample has its own parameters: the groups are parts of the input "params"; nothing is transferred */
} LowerOptions;

/* One occurrence of an argument in a gate of a quantum stage. */
typedef struct ShiftSite {
    StageId stage;
    const GateApp *gate;
    uint32_t index;  /* element of the shift parameter "#shift" */
    NodeId argument; /* the gate's argument without the shift, of detached data: real[] or real[outer|] */
    NodeId values;   /* real[outer|yields] of its own stage; none if that leaves a state */
} ShiftSite;

typedef struct Lowered {
    Graph *g;
    NodeId *
        stage; /* value of each stage, index StageId.i - 1; a layer's value is stage[layer.value] */
    NodeId *expectation; /* of each stage that measures: real[outer|yields], before results are put
                            in place */
    NodeId *group; /* param node of each group, index GroupId.i - 1 (a tied group: the node of its
                      root) */
    NodeId *statistic; /* the batch's value of each running statistic, index GroupId.i - 1; none: it is not taken */
    NodeId *input; /* the leaf of each model input; none with options.ground */
    NodeId output; /* of a register under a loss: the fidelities that the loss is made of */
    NodeId target; /* input "target": one-hot [classes] or dense like the output, amplitudes for a density matrix; none without
                      loss, and for ground samples */
    NodeId loss; /* real[] per sample */
    NodeId mean_loss; /* real[] shared: batch_sum(loss * weight), weight = input "weight" [] (1/B
                         for samples, 0 for padding) */
    NodeId params;    /* input real[sum of the groups' reals, complex elements as pairs]; none without options.sampled */
    NodeId shift;     /* param "#shift"; none without options.with_shifts */
    VEC(ShiftSite) shifts;
    VEC(NodeId)
    checks; /* per-sample values that must not be 0: norms under amplitude(zero: error); outputs
               named "check:LAYER" */
} Lowered;

/* Where the reals of a group (of its root, if it is tied) stand in Lowered.params. */
int64_t params_offset(const ModelInst *m, GroupId id);
/* scan_gradient.c: real[elements], batched: the derivatives by these elements, from the adjoint of Lowered.params. */
NodeId scan_gradient(Graph *g, const ModelInst *m, const WrtList *wrt, NodeId params, NodeId params_adj);
/* The part of `all`, shaped like Lowered.params, that is the group: real, or complex for a unitary matrix. */
NodeId group_slice(Graph *g, const ModelInst *m, GroupId id, NodeId all);

/* NULL: something cannot be executed by this version (reported at its place). The only outputs of
 * the graph are the checks; callers add theirs. */
Lowered *lower(Compiler *c, const ModelInst *model, LowerOptions options);

#endif
