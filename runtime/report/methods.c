/* methods.c: what a report says of a run in words: conventions, resolved defaults, versions. */
#include <cblas.h>
#include <stdio.h>

#include "report/verbs.h"

enum { TEXT_MAX = 4096 };

/* "sgd, rate 0.1 (momentum 0, weight decay 0)" */
static void reals_text(const rq_optimizer *p, char *out, size_t size)
{
    rq_optimizer_kind kind = rq_optimizer_of_reals(p);
    int at = snprintf(out, size, "%s, rate %g ", rq_optimizer_name(kind), p->rate);
    out += at, size -= (size_t)at;
    if (kind == RQ_OPTIMIZER_sgd) snprintf(out, size, "(momentum %g, weight decay %g)", p->momentum, p->weight_decay);
    else
        snprintf(out, size, "(beta1 %g, beta2 %g, eps %g outside the root, weight decay %g)", p->beta1, p->beta2, p->eps,
                 p->weight_decay);
}

static void optimizer_text(const rq_optimizer *p, char *out, size_t size)
{
    if (p->kind == RQ_OPTIMIZER_matrix_step) {
        int at = snprintf(out, size, "matrix_step, V <- exp(eta epsilon 2^m K) V with eta %g, epsilon %g and K from the descent of the loss",
                          p->eta, p->epsilon);
        if (p->others == RQ_OPTIMIZER_none) return;
        at += snprintf(out + at, size - (size_t)at, ", real parameters with ");
        out += at, size -= (size_t)at;
    }
    reals_text(p, out, size);
}

char *rq_methods_text(const rq_action *a, const rq_data *data, rq_error *err)
{
    const rq_train_settings *s = &a->settings;
    char how[512], text[TEXT_MAX];
    optimizer_text(&s->optimizer, how, sizeof how);
    snprintf(
        text, sizeof text,
        "Trained with %s, loss %s, %lld epochs, batch %lld, seed %llu, in %s, gradients %s. Data: %s, %lld training, %lld "
        "validation and %lld test samples; the test split is evaluated for display and chooses nothing. Qubit 0 is the most significant bit; "
        "R_P(t) = exp(-i t P/2); rot(a, b, c) = RZ(c) RY(b) RZ(a). Pixels are byte/255 unless normalised. A step's loss is the mean over its "
        "samples, an epoch's the sample-weighted mean of its steps; accuracies are taken after the epoch. Random numbers are Philox4x32-10 "
        "keyed by seed, purpose and parameter path, so initial values and the order of batches do not depend on the rest of the model. "
        "Gradients are exact derivatives of the simulated expectation values by rule; results do not depend on the number of threads.",
        how, s->loss, (long long)s->epochs,
        (long long)(s->batch ? s->batch : data->count[RQ_SPLIT_train]), (unsigned long long)s->seed,
        a->model->real_bytes == 8 ? "f64" : "f32", a->model->gradient, data->name, (long long)data->count[RQ_SPLIT_train],
        (long long)data->count[RQ_SPLIT_val], (long long)data->count[RQ_SPLIT_test]);
    return rq_copy_text(text, err);
}

char *rq_versions_text(const rq_action *a, int threads, rq_error *err)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "rq %s\nLLVM %s\n%s\nCPU %s\nthreads %d\n", RQ_VERSION, a->llvm, openblas_get_config(), a->cpu, threads);
    return rq_copy_text(text, err);
}
