/* train.h: training, evaluation and the dynamic gradient report. Executes compiled functions; prints nothing: what happens is told to
 * sinks (the terminal, JSON lines, the run directory).
 */
#ifndef RQ_TRAIN_TRAIN_H
#define RQ_TRAIN_TRAIN_H

#include <signal.h>

#include "data/data.h"
#include "train/distance.h"
#include "train/optimizer.h"
#include "train/params.h"

typedef struct rq_thresholds {
    double vanishing; /* r below it (1e-3) */
    double exploding; /* r above it (1e3) */
    double converged; /* rms(d_s) below it times its start (1e-3) */
} rq_thresholds;

/* How the rate changes from epoch to epoch (the first behind the warm-up is 1). */
typedef enum rq_schedule_kind { RQ_SCHEDULE_constant, RQ_SCHEDULE_step, RQ_SCHEDULE_cosine } rq_schedule_kind;
typedef struct rq_schedule {
    rq_schedule_kind kind;
    int64_t every; /* step: times `factor` every so many epochs */
    double factor;
    double floor;  /* cosine: falls from 1 to floor along half a cosine over all epochs */
    int64_t warmup; /* epochs before that, in which the rate rises to 1 by the same amount in each step */
} rq_schedule;
/* What the rate is multiplied by in a step of epoch 1 .. epochs, at whose end `share` of the epoch is done. */
double rq_schedule_factor(const rq_schedule *s, int64_t epoch, double share, int64_t epochs);

typedef struct rq_train_settings {
    const char *action;    /* its name in the file */
    const char *variant;   /* "" outside explorations */
    const char *loss;      /* cross_entropy, nll, mse */
    bool classification;   /* labels: accuracy is reported */
    int64_t epochs;        /* 0 with rounds: full-batch steps, one epoch each */
    int64_t batch;         /* 0: the whole training split */
    uint64_t seed;
    int threads;
    rq_optimizer optimizer;
    rq_schedule schedule;
    double clip;           /* largest Euclidean norm of a step's gradient over all groups; 0: no bound */
    double clip_value;     /* largest magnitude of an element of it, which is cut first; 0: no bound */
    int64_t early_stop;    /* stop after so many epochs without a lower validation loss; 0: never */
    int64_t stop_after;    /* end after so many of `epochs`, as if interrupted there; 0: train them all */
    const char *resume;    /* checkpoint to go on from; NULL: start anew */
    int64_t probe;         /* samples of the probe batch */
    rq_thresholds thresholds;
    const rq_model *compare; /* the same model with exact gradients, for --compare exact; NULL: none */
    const volatile sig_atomic_t *stop; /* nonzero: finish the step, save, return */
} rq_train_settings;

typedef struct rq_epoch {
    int64_t epoch; /* from 1 */
    int64_t epochs;
    double loss;   /* sample-weighted mean of its steps */
    bool has_accuracy, has_val, has_test;
    double accuracy, val_loss, val_accuracy, test_loss, test_accuracy; /* after the epoch */
    bool has_train;        /* of quantum states: */
    double train_loss, all_loss; /* after the epoch; over the samples of all splits */
    bool has_unitary;      /* then of its matrices, after the last step: */
    double deviation;      /* largest |V V^dagger - 1| */
    int64_t reorthogonalised; /* how often one was made unitary again since the first step */
    double seconds;        /* training steps */
    double circuits_per_s; /* forward and backward, 0 without circuits */
    bool is_kept;          /* it has a gradient report and a checkpoint: every epoch; of rounds about fifty, and the last */
    bool is_best;          /* the best validation score so far: accuracy, without labels the lowest loss */
} rq_epoch;

/* Where a training stands between two epochs, besides parameters and optimizer state; part of a checkpoint. */
typedef struct rq_progress {
    int64_t epoch;      /* complete epochs */
    double d_start;     /* rms(d_s) at the first probe; 0 before */
    double best_score;  /* NAN before the first epoch with validation */
    double best_loss;   /* lowest validation loss; NAN likewise */
    int64_t since_best; /* epochs since best_loss */
    char data[RQ_DATA_IDENTITY]; /* the data set that it is about */
} rq_progress;

typedef enum rq_verdict {
    RQ_VERDICT_none,
    RQ_VERDICT_healthy, RQ_VERDICT_zero, RQ_VERDICT_vanishing, RQ_VERDICT_exploding, RQ_VERDICT_converged,
} rq_verdict;
extern const char *const rq_verdict_names[];

/* Per-sample gradients g_s of one row of the gradient table on the probe batch; d_s = dL_s/d(output). */
typedef struct rq_layer_stat {
    int64_t epoch;  /* 0: before the first step */
    const rq_layer *layer;
    rq_verdict verdict;
    double rms, max; /* over samples and elements */
    double r;        /* rms / rms(d_s) */
    double snr, snr_low, snr_high; /* of the mean over a training batch; 95% interval by the jackknife over blocks of samples */
    int64_t samples;
    bool has_compare; /* on the exact gradient, same weights, same batch; NAN where a norm is 0 */
    double cosine, norm_ratio, projection;
} rq_layer_stat;

typedef struct rq_result {
    bool stopped_early;
    bool interrupted, diverged; /* interrupted: values are those in the middle of an epoch; the last checkpoint is the state to keep */
    int64_t epochs_done;
    double test_loss, test_accuracy, val_loss, val_accuracy, train_loss, train_accuracy;
    double all_loss; /* see rq_epoch */
    bool has_test, has_val, has_accuracy, has_train;
    bool has_distances; /* of states, at the end of a training that is no part of an exploration: */
    rq_distance distance[RQ_SPLIT_COUNT]; /* of the splits that have samples */
    int64_t test_samples;
    double seconds;
    double first_step_seconds; /* from the start of rq_train to the end of the first step */
} rq_result;

/* What listens. Any function may be NULL. A false return stops the training with the error worded. */
typedef struct rq_sink {
    void *context;
    /* params, state and progress stay valid, and change, until the result. */
    bool (*start)(void *context, const rq_model *m, const rq_train_settings *s, const rq_data *data, const rq_params *params,
                  const rq_optimizer_state *state, const rq_progress *progress, rq_error *err);
    void (*progress)(void *context, int64_t epoch, int64_t epochs, double share, double loss);
    bool (*layer)(void *context, const rq_layer_stat *stat, rq_error *err);
    bool (*epoch)(void *context, const rq_epoch *epoch, rq_error *err); /* complete epochs only */
    bool (*result)(void *context, const rq_result *result, rq_error *err);
} rq_sink;

/* Trains from the values in `params`, which hold the last finite state at the end. False = failed, worded; a non-finite loss is
 * not a failure but result->diverged. */
bool rq_train(const rq_model *m, const rq_train_settings *s, const rq_data *data, rq_params *params, const rq_sink *sinks,
              int sink_count, rq_result *result, rq_error *err);

/* Loss (mean) and accuracy over a split; NAN accuracy without labels. `output` (may be NULL): [samples][output_reals]. */
bool rq_evaluate(const rq_model *m, const rq_params *params, const rq_data *data, rq_split split, int threads, double *loss,
                 double *accuracy, double *output, rq_error *err);

/* A layer's value (NULL: the output) for samples in rows: out[samples][*reals], taken from rq_alloc. */
bool rq_predict(const rq_model *m, const rq_params *params, const char *layer, const double *input, int64_t samples, int threads,
                double **out, int64_t *reals, rq_error *err);

/* Reports the first sample whose check output is 0 (a zero vector under amplitude encoding). Used by all that run a function. Sample i
 * of the outputs is number numbers[i] of its split, without numbers first + i. */
bool rq_checks_ok(const rq_function *f, void *const *outputs, int64_t samples, int64_t first, const int64_t *numbers, rq_error *err);

#endif
