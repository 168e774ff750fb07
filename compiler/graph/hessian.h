/* hessian.h: products of the loss's Hessian with directions, by ways that share little: forward mode over reverse mode, reverse mode
 * over reverse mode, central differences of the gradient, and generated code of the first two.
 *
 * In double precision. A direction moves one leaf (a parameter, the input, the target); the product is taken for all leaves, so mixed
 * derivatives are among them. Complex leaves, unitary matrices included, count as real and imaginary parts that move freely.
 */
#ifndef RQ_GRAPH_HESSIAN_H
#define RQ_GRAPH_HESSIAN_H

#include "graph/gradcheck.h"

typedef enum HessianMethod { HESSIAN_reverse, HESSIAN_kernels, HESSIAN_difference, HESSIAN_METHODS } HessianMethod;
const char *hessian_method_text(HessianMethod m);

typedef struct HessianRow {
    const char *name; /* of the leaf that moves */
    int64_t count;    /* its real numbers */
    int directions, kinked; /* kinked: those without difference, as a kink lies near */
    const char *kink; /* the first one */
    const char *cut;  /* a declared cut on its way to the loss: differences of the gradient see through it, so they do not count */
    bool has[HESSIAN_METHODS];
    double error[HESSIAN_METHODS]; /* distance from forward over reverse; the largest of all leaves, each relative to its largest
                                      second derivative */
    const char *where[HESSIAN_METHODS]; /* the leaf with that distance */
    bool ok;
} HessianRow;

typedef struct Hessian {
    double loss;
    VEC(HessianRow) rows;
    bool ok;
} Hessian;

/* Generated code, which this folder does not know. `compile` consumes g; outputs[i] of `run` is that of output i of g, as in eval. */
typedef struct HessianCode {
    void *context;
    void (*compile)(void *context, Graph *g);
    void (*run)(void *context, int64_t samples, const Binding *bindings, size_t n, double **outputs);
} HessianCode;

/* Fields of `in` as for gradcheck; `elements` is the number of directions for each leaf. Lives in c->keep. NULL: the model cannot be
 * executed (reported). */
Hessian *hessian_check(Compiler *c, const GradcheckInput *in, const HessianCode *code);
void hessian_print(FILE *out, const Hessian *h);

#endif
