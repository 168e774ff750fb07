/* methods.c: what a report says of a run in words: conventions, resolved defaults, versions. */
#include <cblas.h>
#include <stdarg.h>
#include <stdio.h>

#include "report/verbs.h"

enum { TEXT_MAX = 16384 };

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

/* Text that grows; what does not fit is dropped. */
typedef struct Text {
    char at[TEXT_MAX];
    size_t length;
} Text;

static void say(Text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(Text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->at + t->length, TEXT_MAX - t->length, format, args);
    va_end(args);
    if (n > 0) t->length += (size_t)n < TEXT_MAX - t->length ? (size_t)n : TEXT_MAX - t->length - 1;
}

static void say_schedule(Text *t, const rq_train_settings *s)
{
    const rq_schedule *p = &s->schedule;
    switch (p->kind) {
    case RQ_SCHEDULE_constant: say(t, "constant rate"); break;
    case RQ_SCHEDULE_step: say(t, "rate times %g every %lld epochs", p->factor, (long long)p->every); break;
    case RQ_SCHEDULE_cosine: say(t, "rate falling to %g of itself along half a cosine", p->floor); break;
    }
    if (p->warmup) say(t, " behind %lld epochs of linear warm-up", (long long)p->warmup);
    if (s->clip > 0) say(t, ", gradients clipped to norm %g", s->clip);
    if (s->clip_value > 0) say(t, ", elements of gradients clipped to %g", s->clip_value);
    if (s->clip <= 0 && s->clip_value <= 0) say(t, ", no clipping");
    if (s->early_stop) say(t, ", stopped after %lld epochs without a lower validation loss", (long long)s->early_stop);
    else say(t, ", no early stopping");
}

static void say_model(Text *t, const rq_action *a)
{
    const rq_model *m = a->model;
    int64_t total = 0;
    for (int i = 0; i < m->param_count; i++)
        if (m->params[i].tied_to < 0) total += m->params[i].count;
    say(t, "Model %s: %s; %lld parameters. Initial values:", m->name, m->summary, (long long)total);
    const char *between = "";
    for (int i = 0; i < m->param_count; i++) {
        const rq_param *p = &m->params[i];
        if (p->tied_to >= 0) continue;
        say(t, "%s %s ", between, p->path);
        switch ((rq_init)p->init) {
        case RQ_INIT_zeros: say(t, "0"); break;
        case RQ_INIT_constant: say(t, "%g", p->a); break;
        case RQ_INIT_uniform: say(t, "uniform in [%g, %g)", p->a, p->b); break;
        case RQ_INIT_normal: say(t, "normal with mean %g, deviation %g", p->a, p->b); break;
        case RQ_INIT_orthogonal: say(t, "orthogonal"); break;
        case RQ_INIT_haar: say(t, "Haar"); break;
        }
        if (p->frozen) say(t, " (frozen)");
        between = ",";
    }
    say(t, "%s. ", *between ? "" : " none");
    between = "Simulated by";
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].engine[0]) say(t, "%s %s (%s)", between, m->layers[i].engine, m->layers[i].name), between = ",";
    if (*between == ',') say(t, ". ");
}

char *rq_methods_text(const rq_action *a, const rq_data *data, rq_error *err)
{
    const rq_train_settings *s = &a->settings;
    char how[512];
    Text t = {.length = 0};
    optimizer_text(&s->optimizer, how, sizeof how);
    say_model(&t, a);
    say(&t, "Trained with %s, loss %s, %lld %s, batch %lld, ", how, s->loss, (long long)s->epochs, s->batch ? "epochs" : "rounds",
        (long long)(s->batch ? s->batch : data->count[RQ_SPLIT_train]));
    say_schedule(&t, s);
    say(&t, ", seed %llu, in %s, gradients %s. Data: %s, %lld training, %lld validation and %lld test samples; the test split is evaluated "
            "for display and chooses nothing. ", (unsigned long long)s->seed, a->model->real_bytes == 8 ? "f64" : "f32", a->model->gradient,
        data->name, (long long)data->count[RQ_SPLIT_train], (long long)data->count[RQ_SPLIT_val], (long long)data->count[RQ_SPLIT_test]);
    if (s->probe)
        say(&t, "Gradient statistics are of the first %lld training samples, one gradient each; r is the gradient's rms over that of "
                "dL/d(output); vanishing below %g, exploding above %g, converged where dL/d(output) is below %g of its start. ",
            (long long)(s->probe < data->count[RQ_SPLIT_train] ? s->probe : data->count[RQ_SPLIT_train]), s->thresholds.vanishing,
            s->thresholds.exploding, s->thresholds.converged);
    say(&t, "Qubit 0 is the most significant bit; R_P(t) = exp(-i t P/2); rot(a, b, c) = RZ(c) RY(b) RZ(a). Pixels are byte/255 unless "
            "normalised. A step's loss is the mean over its samples, an epoch's the sample-weighted mean of its steps; accuracies are taken "
            "after the epoch. Random numbers are Philox4x32-10 keyed by seed, purpose and parameter path, so initial values and the order of "
            "batches do not depend on the rest of the model. Gradients are exact derivatives of the simulated expectation values by rule; "
            "results do not depend on the number of threads.");
    return rq_copy_text(t.at, err);
}

char *rq_versions_text(const rq_action *a, int threads, rq_error *err)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "rq %s\nLLVM %s\n%s\nCPU %s\nthreads %d\n", RQ_VERSION, a->llvm, openblas_get_config(), a->cpu, threads);
    return rq_copy_text(text, err);
}
