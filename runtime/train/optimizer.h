/* optimizer.h: updates of parameters from gradients. Arithmetic in double, values and state kept in the model's precision. */
#ifndef RQ_TRAIN_OPTIMIZER_H
#define RQ_TRAIN_OPTIMIZER_H

#include "train/params.h"

typedef enum rq_optimizer_kind {
    RQ_OPTIMIZER_none,
#define OPTIMIZER(name, slots) RQ_OPTIMIZER_##name,
#include "train/optimizer.def"
#undef OPTIMIZER
} rq_optimizer_kind;

typedef struct rq_optimizer {
    rq_optimizer_kind kind;
    double rate, momentum, beta1, beta2, eps, weight_decay;
    rq_optimizer_kind others; /* matrix_step: the optimizer of what is no unitary matrix, with the numbers above; none: all are */
    double eta, epsilon;      /* matrix_step */
} rq_optimizer;

typedef struct rq_optimizer_state {
    int64_t steps;
    int slots;
    void **slot; /* [slots][param_count], each like the group's values; NULL for frozen and tied groups and running statistics */
    double *work;             /* for the largest unitary matrix; NULL: there is none */
    double deviation;         /* largest |V V^dagger - 1| of any unitary matrix after the last step */
    int64_t reorthogonalised; /* how often a matrix had drifted too far and was made unitary again */
} rq_optimizer_state;

/* RQ_OPTIMIZER_none if there is none of that name. */
rq_optimizer_kind rq_optimizer_named(const char *name);
const char *rq_optimizer_name(rq_optimizer_kind kind);
/* What updates parameters that are no unitary matrices: `others` under matrix_step, else the optimizer itself. */
rq_optimizer_kind rq_optimizer_of_reals(const rq_optimizer *o);
/* "momentum", "m", "v": names of slots in checkpoints. */
const char *rq_optimizer_slot_name(const rq_optimizer *o, int slot);

bool rq_optimizer_state_new(const rq_optimizer *o, const rq_params *p, rq_optimizer_state *out, rq_error *err);
void rq_optimizer_state_free(rq_optimizer_state *s, const rq_params *p);

/* One step. gradient[i]: reals of group i in the model's precision, NULL for groups that stay; of a unitary matrix the tangent K. */
void rq_optimizer_step(const rq_optimizer *o, rq_optimizer_state *s, rq_params *p, void *const *gradient);

#endif
