/* model.h: a compiled model as a table: parameters, layers with their static verdicts, and its compiled functions.
 *
 * Under the JIT the table is filled from an instance and functions are compiled when first asked for; a native program carries it
 * as data. The runtime executes actions from it and knows nothing else of the model.
 */
#ifndef RQ_PROGRAM_MODEL_H
#define RQ_PROGRAM_MODEL_H

#include "program/program.h"

typedef enum rq_init { RQ_INIT_zeros, RQ_INIT_constant, RQ_INIT_uniform, RQ_INIT_normal, RQ_INIT_orthogonal, RQ_INIT_haar } rq_init;

/* A parameter group. Its values are `count` reals (complex ones: pairs). */
typedef struct rq_param {
    const char *path;
    int32_t rank;
    int64_t dims[8];
    int64_t count;
    int32_t init; /* rq_init */
    double a, b;  /* constant: a; uniform: [a, b); normal: mean a, deviation b; orthogonal: gain a, a matrix begins at axis b */
    int32_t has_range;
    double low, high;  /* projection after each step */
    double momentum;    /* of a running statistic, which each step moves to (1 - momentum) value + momentum * "batch:PATH"; 0: a parameter */
    int32_t is_unitary; /* 2^n x 2^n matrices: the last three axes are [2^n, 2^n, 2] */
    int32_t inputs;     /* of the perceptron whose circuit applies the unitary matrix; 0: it belongs to no perceptron */
    int32_t frozen;
    int32_t tied_to;   /* number of the group whose values it shares, or -1 */
} rq_param;

/* A row of the gradient table: a layer, a model parameter or a skip's adapter. */
typedef struct rq_layer {
    const char *name, *kind;
    int64_t params, dead; /* elements; those of them whose derivative is identically zero */
    const char *flow;    /* full, partial, none, unused, frozen; "" without parameters */
    const char *through; /* first steps of its open paths */
    const char *reason;  /* what cuts it, "" if nothing does */
    const char *engine;  /* "state", "blas", "" */
    const int32_t *groups; /* numbers of its parameter groups */
    int32_t group_count;
} rq_layer;

/* An edge of the model's picture: value(from) goes into `to` ("loss" at the end). */
typedef struct rq_edge {
    const char *from, *to;
    int32_t is_skip, is_cut; /* is_cut: the gradient does not pass */
} rq_edge;

/* Functions of a model. Inputs: those of the model by name, "target", "weight" (1/B for the samples of a batch, 0 for padding).
 * All have a batched output "check:LAYER" for each layer that must not meet a zero vector. */
typedef enum rq_function_kind {
    RQ_FUNCTION_none,
    RQ_FUNCTION_step,  /* outputs: loss (mean), grad:PATH for every trainable group; of a unitary V the tangent K, see graph/tangent.c;
                          batch:PATH, this batch's value of every running statistic that is not frozen */
    RQ_FUNCTION_eval,  /* outputs, batched: loss, output */
    RQ_FUNCTION_second, /* further parameters direction:PATH, the elements of a direction v in the space of trainable groups; outputs, all of
                           the mean loss L: slope = <v, dL/dw>, hess:PATH = the Hessian in w times v, and batched mixed:input and
                           mixed:target = d slope / d input, d slope / d target */
    RQ_FUNCTION_probe, /* outputs, batched: loss, d_output, grad:PATH per sample; where samples are coupled, what the gradient of the
                          summed loss of all samples gets by way of this one */
    RQ_FUNCTION_layer, /* output, batched: value:LAYER; needs no target */
    RQ_FUNCTION_scan,  /* no parameters: input "params" holds those of each sample, group after group without tied ones; outputs,
                        * batched: loss, gradient: the loss derived by the elements that the scan names */
} rq_function_kind;

enum { RQ_FUNCTION_KINDS = RQ_FUNCTION_scan };

typedef struct rq_model rq_model;
struct rq_model {
    const char *name;
    const char *summary;  /* "x [1,28,28] > q1 quanv 2x2 > ..." */
    const char *gradient; /* exact or detached */
    const rq_param *params;
    const rq_layer *layers;
    const rq_edge *edges;
    int32_t param_count, layer_count, edge_count;
    int32_t part_count; /* layers[layer_count ..]: rows of parts, the perceptrons of dissipative layers: "out.p[0]" */
    const char *const *warnings; /* of the compiler, for the report: "W0525: values into 'q2' lie in .. (model.rq:4:49)" */
    int32_t warning_count;
    const char *input_name;
    int32_t input_rank, output_rank;
    int64_t input_dims[8], output_dims[8];
    int64_t input_reals, output_reals, target_reals;
    int32_t input_is_density; /* samples are density matrices; data sets of pure states fill them with |psi><psi| */
    int64_t circuits_per_sample;
    int32_t real_bytes;
    /* NULL: failed, worded. The function stays valid as long as the model. */
    const rq_function *(*function)(const rq_model *m, rq_function_kind kind, const char *layer, rq_error *error);
    const void *context;
};

#endif
