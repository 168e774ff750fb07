/* every_model.h: the models of the examples and tests, for properties that hold for all. */
#ifndef RQ_TESTS_EVERY_MODEL_H
#define RQ_TESTS_EVERY_MODEL_H

#include "compile.h"

/* Calls `examine` for each model that has at most `reals` values in all its stages; a compiler for each file, which reports nothing.
 * Returns how many models there are. */
int every_model(int64_t reals, void (*examine)(Compiler *c, const char *path, const ModelInst *m));

/* Whether every layer can be computed by the engine in a short time. */
bool model_executes(const ModelInst *m, Engine engine);
/* Values for a leaf, those of an input for each of the samples; states have length 1, unitary parameters are the identity, weights
 * 1/samples. In c->keep. */
double *leaf_values(Compiler *c, const Leaf *leaf, bool is_input, int samples);

#endif
