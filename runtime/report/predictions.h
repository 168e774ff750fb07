/* predictions.h: what a trained model says of each sample of a split. */
#ifndef RQ_REPORT_PREDICTIONS_H
#define RQ_REPORT_PREDICTIONS_H

#include "train/train.h"

typedef struct rq_predictions {
    rq_split split;
    int64_t samples, reals; /* reals: of the output of one sample */
    double *output;         /* [samples][reals]; classes: the logits */
    double loss, accuracy;  /* accuracy NAN without labels */
    /* with labels only: */
    int classes;
    int32_t *label, *prediction; /* [samples]; the first largest output */
    int64_t *confusion;          /* [label][prediction] */
    char **class_name;           /* [classes] */
    int64_t *source_index;       /* [samples]: number of the sample in its file */
} rq_predictions;

/* Of a split that is not empty. */
bool rq_predictions_new(const rq_model *m, const rq_params *params, const rq_data *data, rq_split split, int threads, rq_predictions *out,
                        rq_error *err);
void rq_predictions_free(rq_predictions *p);

#endif
