/* pennylane.h: a model as a stand-alone Python script over PennyLane, with its parameters, a few samples, and what they must give. */
#ifndef RQ_EXPORT_PENNYLANE_H
#define RQ_EXPORT_PENNYLANE_H

#include "check/inst.h"

typedef struct PennylaneInput {
    const ModelInst *model;
    const char *file, *version; /* for the head comment */
    LossKind loss;
    int64_t samples;
    const double *input, *target;    /* [samples][reals] */
    int64_t input_reals, target_reals;
    const double **group;            /* values of every group */
    const double **layer;            /* [samples][reals] of every layer; NULL: none (a state) */
    double loss_value;
    const double **gradient;         /* of the mean loss, by group; NULL: frozen, tied or not asked for */
} PennylaneInput;

/* False: the model has a part that the script cannot express (reported at its place). */
bool pennylane_print(Compiler *c, FILE *out, const PennylaneInput *in);

/* Private to export/: one quantum stage as a function of the script, circuit_N(v, p, c): the gates on v[value][patch] or no
 * values; and words_N(), weights_N(e, p, c) for its observable. */
void pennylane_circuit(Compiler *c, FILE *out, const ModelInst *m, uint32_t number, const Stage *s);

#endif
