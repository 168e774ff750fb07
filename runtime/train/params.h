/* params.h: a model's parameter values in memory: first values from a seed, projection, and safetensors files. */
#ifndef RQ_TRAIN_PARAMS_H
#define RQ_TRAIN_PARAMS_H

#include "program/model.h"
#include "random.h"

/* values[i]: reals of group i in the model's precision; a tied group has the pointer of its root. */
typedef struct rq_params {
    const rq_model *model;
    void **values;
} rq_params;

/* Real dimensions of all parameters: a d x d unitary matrix has d^2, running statistics none. */
int64_t rq_model_dimension(const rq_model *m);

bool rq_params_new(const rq_model *m, rq_params *out, rq_error *err);
void rq_params_free(rq_params *p);
/* Draw number `draw` of the stream for a group: its `count` reals, in its declared range. work: so many reals. */
size_t rq_param_draw_work(const rq_param *info);
void rq_param_draw(const rq_param *info, const rq_random *stream, int64_t draw, double *out, double *work);
/* First values: Philox keyed by (seed, init, path), so a group's values depend on nothing but its path and the seed. */
bool rq_params_init(rq_params *p, uint64_t seed, rq_error *err);
bool rq_params_copy(const rq_params *from, rq_params *to);
double rq_param_get(const rq_params *p, int group, int64_t i);
void rq_param_set(const rq_params *p, int group, int64_t i, double value);
/* The name of a layer whose running statistics the training moves: it couples the samples of a batch. NULL: there is none. */
const char *rq_params_coupled(const rq_model *m);
/* Puts values back into their declared ranges. */
void rq_params_project(rq_params *p);
/* Number of the first group with a value that is not finite; -1 if none. */
int rq_params_not_finite(const rq_params *p);

/* By path. Missing, extra or misshaped names are one error that lists them all; "opt/..." names are left alone. */
bool rq_params_load(rq_params *p, const char *path, rq_error *err);

/* A rule of `init from RUN { to <- from; }`: a path, a layer, or a prefix with ".*". */
typedef struct rq_rename {
    const char *to, *from;
} rq_rename;
/* Takes the groups that a rule names from RUN (a run directory: its best, else last checkpoint; or a safetensors file) and leaves the
 * others; without rules all of equal path and shape are taken. Says in `report` (from rq_alloc) what was loaded, what was left and
 * what of the file was not used. A rule that meets nothing, or another shape, is an error. */
bool rq_params_load_rules(rq_params *p, const char *run, const rq_rename *rules, int count, char **report, rq_error *err);

/* Resolves a function's parameters to the values: pointers[j] for f->params[j]. */
bool rq_params_bind(const rq_params *p, const rq_function *f, const void **pointers, rq_error *err);

#endif
