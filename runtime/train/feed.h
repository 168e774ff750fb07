/* feed.h: samples of a data split in an order, as the inputs of a compiled function. */
#ifndef RQ_TRAIN_FEED_H
#define RQ_TRAIN_FEED_H

#include "data/data.h"
#include "program/model.h"

enum { RQ_FEED_INPUTS = 8 };

typedef struct rq_feed {
    const rq_data *data;
    rq_split split;
    const int64_t *order; /* sample numbers of the split; NULL: as they are */
    int64_t first;        /* where the call's first sample stands in `order` */
    int64_t epoch;        /* with seed: what dropout masks, crops and flips are drawn for */
    bool augments;        /* training images are cropped and flipped as the data set says */
    uint64_t seed;
    const rq_leaf *inputs;
    double weight;        /* what the input "weight" gets for real samples */
    int real_bytes;
    int kind[RQ_FEED_INPUTS]; /* what input i of the function is */
} rq_feed;

/* Says which input of f is the sample, the target and the weight. */
bool rq_feed_new(const rq_model *m, const rq_function *f, const rq_data *data, rq_split split, rq_feed *out, rq_error *err);
/* An rq_pack_fn; context is an rq_feed. An input "params" is left as it is. */
void rq_feed_pack(void *context, int input, int64_t first, int count, int lanes, void *out);

/* Room for all outputs of f for up to `samples` samples, in one block each. */
bool rq_outputs_new(const rq_function *f, int64_t samples, void ***out, rq_error *err);
void rq_outputs_free(const rq_function *f, void **outputs);
/* Element of output number i; one that is not batched is the same for every sample. */
double rq_output_get(const rq_function *f, void *const *outputs, int i, int64_t sample, int64_t element);

#endif
