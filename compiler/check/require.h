/* require.h: params(PATH) in `require`: the size of a variant's model, or of a part of it, beside that of another. */
#ifndef RQ_CHECK_REQUIRE_H
#define RQ_CHECK_REQUIRE_H

#include "check/model.h"

typedef struct CountedModel {
    const char *name;
    const ModelInst *model; /* NULL: it does not fit */
    const char *reason;     /* why */
} CountedModel;

/* Where params(..) looks: in the variant's model, which comes first, and in those that `over model` names, by their names. Without
 * models (count 0) the form alone is checked. */
struct ParamCounter {
    const CountedModel *models;
    size_t count;
    const ModelInst *declared; /* form alone: the model of the train action, to look paths up; NULL: unknown */
    const char **reason;       /* set to that of a model that was asked for and does not fit */
};

/* The value of the call x, params(PATH): so many trained numbers, those of tied groups once. VAL_none: reported. */
Val count_params(Env *e, const Expr *x);

#endif
