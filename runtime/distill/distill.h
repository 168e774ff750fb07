/* distill.h: data-set distillation: a few synthetic images on which a network learns what it would from the whole set.
 *
 * Wang, Zhu, Torralba, Efros: Dataset Distillation (2018), arXiv 1811.10959. The unknowns are the images (first N(0, 1)), one rate for
 * each inner step (the softplus of a number) and, if they are trained, the labels. An outer step draws a batch of real images and
 * follows the gradient of the loss that the network has on it after the inner steps (unroll.h).
 */
#ifndef RQ_DISTILL_DISTILL_H
#define RQ_DISTILL_DISTILL_H

#include <signal.h>

#include "distill/unroll.h"
#include "train/train.h"

/* A distill action with every field resolved. Borrows all it points to. */
typedef struct rq_distillation {
    const char *name, *file, *source, *settings_text, *versions;
    const rq_model *model;
    const rq_data *data; /* with labels */
    const char *loss;
    int64_t images_per_class, inner_steps, inner_epochs, epochs, batch;
    int64_t nets;        /* networks of an outer step, fresh ones each time; 0: always the one of the seed */
    double rate;         /* of all inner steps at the start */
    bool trained_labels, baselines;
    int64_t full_epochs; /* of the comparison with training on the whole set; 0: none */
    rq_optimizer outer;
    rq_schedule schedule;
    uint64_t seed;
} rq_distillation;

typedef struct rq_distill_options {
    int threads;
    const char *out; /* NULL: runs/NAME-NNN */
    bool json, quiet;
    const volatile sig_atomic_t *stop;
} rq_distill_options;

typedef struct rq_distill_epoch {
    int64_t epoch;
    double loss;              /* mean of its outer steps */
    double accuracy, spread;  /* of networks trained on the images, on the test split; spread: deviation between networks, 0 of one */
    double val_accuracy;      /* NAN without validation samples */
    double seconds;           /* since the start, with what earlier runs took */
} rq_distill_epoch;

/* What networks learn from a set of samples. */
typedef struct rq_distill_score {
    const char *what;
    int64_t images;
    double rate;             /* the best constant rate; 0: the learned ones */
    double accuracy, spread; /* of the test split; spread between networks or draws */
    int64_t trials;
    char reason[200];        /* why there is no accuracy; "" */
} rq_distill_score;

enum { RQ_DISTILL_SCORES = 4 };

typedef enum rq_distill_end { RQ_DISTILL_failed, RQ_DISTILL_done, RQ_DISTILL_interrupted, RQ_DISTILL_diverged } rq_distill_end;

/* Distils from the start, or from the checkpoint in o->out, and shows and keeps everything. */
rq_distill_end rq_distill(const rq_distillation *d, const rq_distill_options *o, rq_error *err);

/* ---- between the files of this folder ---- */

typedef struct rq_outer rq_outer;
typedef struct rq_real rq_real;
typedef struct rq_distill_record rq_distill_record;
typedef enum rq_unknown { RQ_OUTER_images, RQ_OUTER_rates, RQ_OUTER_labels, RQ_OUTER_COUNT } rq_unknown;

/* The unknowns, and all that a step needs. */
struct rq_outer {
    const rq_distillation *d;
    int threads;
    int64_t steps, count;      /* T; images */
    rq_model unknowns;         /* as a model with the parameters images, rates, labels */
    rq_param row[RQ_OUTER_COUNT];
    rq_params values;          /* of doubles */
    rq_optimizer_state state;
    rq_synthetic synthetic;    /* its numbers are the images of `values`, and `labels` */
    double *rates;             /* [T]: softplus of the second parameter */
    double *labels;            /* [images][classes]: the third parameter, its softmax where they are trained and the loss is on classes */
    void *gradient[RQ_OUTER_COUNT]; /* doubles, of the last step */
    rq_unroll *unroll;
    int64_t *order, batch;     /* numbers of the real samples in the order of the epoch; most of them in a step */
    rq_real *real;
};

bool rq_outer_new(const rq_distillation *d, int threads, rq_outer *out, rq_error *err);
void rq_outer_free(rq_outer *o);
/* Takes images, rates and labels over from `values`. */
void rq_outer_update(rq_outer *o);
/* First values of network k of step n, the same for every call. Held-out networks are those of step -1. */
bool rq_outer_network(const rq_outer *o, int64_t n, int64_t k, rq_params *out, rq_error *err);

/* outer.c: the mean loss on real samples order[first .. first + count) behind the inner steps, over the networks of step number n, and
 * its gradient. */
bool rq_outer_gradient(rq_outer *o, int64_t n, int64_t first, int64_t count, double *loss, rq_error *err);
/* The same and a step of the optimizer, its rate times `factor`. *loss is NAN if it diverged; nothing has changed then. */
bool rq_outer_step(rq_outer *o, int64_t n, int64_t first, int64_t count, double factor, double *loss, rq_error *err);

/* How well networks do that are trained on the images of u with these rates. */
bool rq_distill_test(const rq_outer *o, rq_unroll *u, const double *rates, int64_t nets, rq_split split, double *mean, double *spread,
                     rq_error *err);
/* baselines.c: fills score[]; returns how many. -1: failed, worded; -2: interrupted. */
int rq_distill_baselines(rq_outer *o, const rq_distill_options *options, rq_distill_score *score, rq_error *err);

/* record.c: the run directory, the terminal and the events. */
rq_distill_record *rq_distill_record_new(const rq_distillation *d, const rq_distill_options *o, rq_error *err);
void rq_distill_record_free(rq_distill_record *r);
const char *rq_distill_record_dir(const rq_distill_record *r);
/* Loads the checkpoint and the epochs before it, if there is one. */
bool rq_distill_record_resume(rq_distill_record *r, rq_outer *o, rq_progress *progress, rq_error *err);
/* An epoch: shown, its checkpoint, pictures and metrics written. */
bool rq_distill_record_epoch(rq_distill_record *r, rq_outer *o, const rq_progress *progress, const rq_distill_epoch *e, bool is_best,
                             rq_error *err);
/* Seconds until now in earlier runs. */
double rq_distill_record_seconds(const rq_distill_record *r);
/* Puts the values of the best checkpoint into o, if validation chose one. */
bool rq_distill_record_best(rq_distill_record *r, rq_outer *o, rq_error *err);
bool rq_distill_record_scores(rq_distill_record *r, rq_outer *o, const rq_distill_score *score, int count, rq_error *err);
void rq_distill_record_progress(rq_distill_record *r, int64_t epoch, double share, double loss);

#endif
