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
} rq_optimizer;

typedef struct rq_optimizer_state {
    int64_t steps;
    int slots;
    void **slot; /* [slots][param_count], each like the group's values; NULL for frozen and tied groups */
} rq_optimizer_state;

/* RQ_OPTIMIZER_none if there is none of that name. */
rq_optimizer_kind rq_optimizer_named(const char *name);
const char *rq_optimizer_name(rq_optimizer_kind kind);
/* "momentum", "m", "v": names of slots in checkpoints. */
const char *rq_optimizer_slot_name(rq_optimizer_kind kind, int slot);

bool rq_optimizer_state_new(const rq_optimizer *o, const rq_params *p, rq_optimizer_state *out, rq_error *err);
void rq_optimizer_state_free(rq_optimizer_state *s, const rq_params *p);

/* One step. gradient[i]: reals of group i in the model's precision, NULL for groups that stay. */
void rq_optimizer_step(const rq_optimizer *o, rq_optimizer_state *s, rq_params *p, void *const *gradient);

#endif
