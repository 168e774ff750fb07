/* test_train.c: optimizers against their formulas; training, probe statistics, divergence, interruption and checkpoints on a model of
 * one weight whose "compiled" functions are written here: output = w x, loss = (w x - t)^2 / 2.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/safetensors.h"
#include "train/checkpoint.h"
#include "train/train.h"

enum { LANES = 4, SAMPLES = 10, BATCH = 4 };

/* ---- the model ---- */

static void step_chunk(void *const *buf)
{
    const double *w = buf[0], *x = buf[1], *t = buf[2], *weight = buf[3];
    double *loss = buf[4], *grad = buf[5];
    *loss = *grad = 0;
    for (int l = 0; l < LANES; l++) {
        double d = w[0] * x[l] - t[l];
        *loss += weight[l] * d * d / 2;
        *grad += weight[l] * d * x[l];
    }
}

static void step_shared(void *const *buf)
{
    *(double *)buf[8] = *(const double *)buf[6];
    *(double *)buf[9] = *(const double *)buf[7];
}

/* outputs: loss, output, d_output, grad:w per sample */
static void sample_chunk(void *const *buf)
{
    const double *w = buf[0], *x = buf[1], *t = buf[2];
    for (int l = 0; l < LANES; l++) {
        double d = w[0] * x[l] - t[l];
        ((double *)buf[3])[l] = d * d / 2;
        ((double *)buf[4])[l] = w[0] * x[l];
        ((double *)buf[5])[l] = d;
        ((double *)buf[6])[l] = d * x[l];
    }
}

#define BUFFER(r, i, b) {.role = RQ_ROLE_##r, .leaf = i, .batched = b, .reals = 1}
static const rq_leaf leaf_w[] = {{"w", 1, 0}};
static const rq_leaf inputs[] = {{"x", 1, 1}, {"target", 1, 1}, {"weight", 1, 1}};
static const int64_t one_each[] = {1, 1};

static const rq_buffer step_buffers[] = {BUFFER(param, 0, 0),   BUFFER(input, 0, 1),   BUFFER(input, 1, 1), BUFFER(input, 2, 1),
                                         BUFFER(partial, 0, 0), BUFFER(partial, 1, 0), BUFFER(total, 0, 0), BUFFER(total, 1, 0),
                                         BUFFER(output, 0, 0),  BUFFER(output, 1, 0)};
static const rq_phase step_phases[] = {{1, step_chunk}, {0, step_shared}};
static const rq_leaf step_outputs[] = {{"loss", 1, 0}, {"grad:w", 1, 0}};
static const rq_function step_function = {.name = "step", .real_bytes = 8, .lanes = LANES, .buffers = step_buffers, .phases = step_phases,
                                          .params = leaf_w, .inputs = inputs, .outputs = step_outputs, .sum_reals = one_each,
                                          .buffer_count = 10, .phase_count = 2, .param_count = 1, .input_count = 3, .output_count = 2,
                                          .sum_count = 2};

static const rq_buffer sample_buffers[] = {BUFFER(param, 0, 0),  BUFFER(input, 0, 1),  BUFFER(input, 1, 1), BUFFER(output, 0, 1),
                                           BUFFER(output, 1, 1), BUFFER(output, 2, 1), BUFFER(output, 3, 1)};
static const rq_phase sample_phases[] = {{1, sample_chunk}};
static const rq_leaf sample_outputs[] = {{"loss", 1, 1}, {"output", 1, 1}, {"d_output", 1, 1}, {"grad:w", 1, 1}};
static const rq_function sample_function = {.name = "samples", .real_bytes = 8, .lanes = LANES, .buffers = sample_buffers,
                                            .phases = sample_phases, .params = leaf_w, .inputs = inputs, .outputs = sample_outputs,
                                            .buffer_count = 7, .phase_count = 1, .param_count = 1, .input_count = 2, .output_count = 4};

static const rq_function *function(const rq_model *m, rq_function_kind kind, const char *layer, rq_error *err)
{
    (void)m, (void)layer, (void)err;
    return kind == RQ_FUNCTION_step ? &step_function : &sample_function;
}

static const rq_param param_w = {.path = "w", .count = 1, .init = RQ_INIT_constant, .a = 0.5, .tied_to = -1};
static const int32_t group_0[] = {0};
static const rq_layer layer_w = {.name = "lin", .kind = "scale", .params = 1, .flow = "full", .through = "loss", .reason = "",
                                 .engine = "", .groups = group_0, .group_count = 1};
static const rq_model model = {.name = "Line", .summary = "x", .gradient = "exact", .params = &param_w, .layers = &layer_w, .param_count = 1,
                               .layer_count = 1, .input_name = "x", .input_reals = 1, .output_reals = 1, .target_reals = 1,
                               .real_bytes = 8, .function = function};

static double xs[SAMPLES], ts[SAMPLES];

static rq_data make_data(double slope)
{
    rq_data d = {.total = SAMPLES, .ndim = 1, .dims = {1}, .size = 1, .channels = 1, .reals = xs, .targets = ts, .target_size = 1};
    strcpy(d.name, "line");
    d.count[RQ_SPLIT_train] = SAMPLES;
    for (int i = 0; i < SAMPLES; i++) xs[i] = 0.1 * (i + 1), ts[i] = slope * xs[i] + 0.05 * (i % 3);
    return d;
}

static rq_train_settings make_settings(void)
{
    return (rq_train_settings){.action = "fit", .variant = "", .loss = "mse", .epochs = 3, .batch = BATCH, .seed = 7, .threads = 1,
                               .optimizer = {.kind = RQ_OPTIMIZER_sgd, .rate = 0.1}, .probe = 8, .thresholds = {1e-3, 1e3, 1e-3}};
}

/* ---- what is heard ---- */

typedef struct Heard {
    rq_layer_stat stat[8];
    rq_epoch epoch[8];
    int stats, epochs;
    double w_first;
    const rq_params *params;
} Heard;

static bool on_start(void *context, const rq_model *m, const rq_train_settings *s, const rq_data *data, const rq_params *params,
                     const rq_optimizer_state *state, const rq_progress *progress, rq_error *err)
{
    Heard *h = context;
    (void)m, (void)s, (void)data, (void)state, (void)progress, (void)err;
    h->params = params;
    h->w_first = rq_param_get(params, 0, 0);
    return true;
}
static bool on_layer(void *context, const rq_layer_stat *stat, rq_error *err)
{
    Heard *h = context;
    (void)err;
    h->stat[h->stats++] = *stat;
    return true;
}
static bool on_epoch(void *context, const rq_epoch *e, rq_error *err)
{
    Heard *h = context;
    (void)err;
    h->epoch[h->epochs++] = *e;
    return true;
}

static double train_line(rq_train_settings s, double slope, Heard *h, rq_result *r)
{
    rq_data data = make_data(slope);
    rq_error err;
    rq_params p;
    *h = (Heard){0};
    rq_sink sink = {h, on_start, NULL, on_layer, on_epoch, NULL};
    assert_true(rq_params_new(&model, &p, &err));
    assert_true(rq_params_init(&p, s.seed, &err));
    if (!rq_train(&model, &s, &data, &p, &sink, 1, r, &err)) fail_msg("%s", err.text);
    double w = rq_param_get(&p, 0, 0);
    rq_params_free(&p);
    return w;
}

/* ---- tests ---- */

static void training_follows_the_steps_written_out(void **state)
{
    Heard h;
    rq_result r;
    (void)state;
    rq_train_settings s = make_settings();
    s.epochs = 1;
    s.batch = 0; /* one step on all samples: no order enters */
    double w = train_line(s, 2, &h, &r), g = 0, loss = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double d = 0.5 * xs[i] - ts[i];
        g += d * xs[i] / SAMPLES;
        loss += d * d / 2 / SAMPLES;
    }
    assert_true(fabs(w - (0.5 - 0.1 * g)) < 1e-14);
    assert_true(fabs(h.epoch[0].loss - loss) < 1e-14);
    assert_int_equal(r.epochs_done, 1);
}

static void last_batch_is_smaller_and_weighs_less(void **state)
{
    Heard h;
    rq_result r;
    (void)state;
    rq_train_settings s = make_settings();
    s.epochs = 1;
    s.optimizer.rate = 0; /* the loss of every step is then that of the same weight */
    train_line(s, 2, &h, &r);
    double loss = 0;
    for (int i = 0; i < SAMPLES; i++) loss += (0.5 * xs[i] - ts[i]) * (0.5 * xs[i] - ts[i]) / 2 / SAMPLES;
    assert_true(fabs(h.epoch[0].loss - loss) < 1e-14);
}

static void same_seed_same_bits(void **state)
{
    Heard h;
    rq_result r;
    (void)state;
    rq_train_settings s = make_settings();
    double one = train_line(s, 2, &h, &r), again = train_line(s, 2, &h, &r);
    s.threads = 3;
    double three = train_line(s, 2, &h, &r);
    s.threads = 1;
    s.seed = 8;
    double other = train_line(s, 2, &h, &r);
    assert_true(one == again && one == three);
    assert_true(one != other);
}

static void probe_statistics(void **state)
{
    Heard h;
    rq_result r;
    (void)state;
    rq_train_settings s = make_settings();
    train_line(s, 2, &h, &r);
    double sum = 0, squares = 0, d2 = 0, largest = 0;
    for (int i = 0; i < 8; i++) {
        double d = 0.5 * xs[i] - ts[i], g = d * xs[i];
        sum += g, squares += g * g, d2 += d * d;
        if (fabs(g) > largest) largest = fabs(g);
    }
    double mean = sum / 8, cov = (squares - 8 * mean * mean) / 7;
    assert_int_equal(h.stats, 4);
    assert_int_equal(h.stat[0].epoch, 0);
    assert_true(fabs(h.stat[0].rms - sqrt(squares / 8)) < 1e-14);
    assert_true(fabs(h.stat[0].max - largest) < 1e-14);
    assert_true(fabs(h.stat[0].r - sqrt(squares / d2)) < 1e-14);
    assert_true(fabs(h.stat[0].snr - sqrt((mean * mean - cov / 8) / (cov / BATCH))) < 1e-12);
    assert_true(h.stat[0].snr_low <= h.stat[0].snr && h.stat[0].snr <= h.stat[0].snr_high);
    assert_int_equal(h.stat[0].verdict, RQ_VERDICT_healthy);
}

static void divergence_keeps_the_last_finite_weight(void **state)
{
    Heard h;
    rq_result r;
    (void)state;
    rq_train_settings s = make_settings();
    s.epochs = 400;
    s.probe = 0;
    s.optimizer.rate = 1e30;
    double w = train_line(s, 2, &h, &r);
    assert_true(r.diverged);
    assert_true(isfinite(w));
}

static void interruption_ends_before_the_next_step(void **state)
{
    static const volatile sig_atomic_t stop = 1;
    Heard h;
    rq_result r;
    (void)state;
    rq_train_settings s = make_settings();
    s.stop = &stop;
    double w = train_line(s, 2, &h, &r);
    assert_true(r.interrupted);
    assert_int_equal(r.epochs_done, 0);
    assert_int_equal(h.epochs, 0);
    assert_true(w == 0.5);
}

static void schedules_and_clipping(void **state)
{
    Heard h;
    rq_result r;
    (void)state;
    rq_schedule step = {.kind = RQ_SCHEDULE_step, .every = 2, .factor = 0.5}, cosine = {.kind = RQ_SCHEDULE_cosine, .floor = 0.1};
    assert_true(rq_schedule_factor(&step, 2, 1, 9) == 1 && rq_schedule_factor(&step, 3, 1, 9) == 0.5 && rq_schedule_factor(&step, 5, 1, 9) == 0.25);
    assert_true(rq_schedule_factor(&cosine, 1, 1, 10) == 1 && fabs(rq_schedule_factor(&cosine, 6, 1, 10) - 0.55) < 1e-14);
    /* a warm-up rises from step to step, and the rest begins behind it */
    step.warmup = cosine.warmup = 2;
    assert_true(rq_schedule_factor(&step, 1, 0.25, 9) == 0.125 && rq_schedule_factor(&step, 2, 0.5, 9) == 0.75);
    assert_true(rq_schedule_factor(&step, 2, 1, 9) == 1 && rq_schedule_factor(&step, 4, 1, 9) == 1 && rq_schedule_factor(&step, 5, 1, 9) == 0.5);
    assert_true(rq_schedule_factor(&cosine, 3, 0.1, 12) == 1 && fabs(rq_schedule_factor(&cosine, 8, 0.1, 12) - 0.55) < 1e-14);
    rq_train_settings s = make_settings();
    s.epochs = 1;
    s.batch = 0;
    s.clip = 1e-3;
    double w = train_line(s, 2, &h, &r);
    assert_true(fabs(fabs(w - 0.5) - 0.1 * 1e-3) < 1e-14);
    s.clip_value = 2e-4; /* before the norm */
    w = train_line(s, 2, &h, &r);
    assert_true(fabs(fabs(w - 0.5) - 0.1 * 2e-4) < 1e-14);
    s.clip_value = 1e3;
    s.clip = 0;
    s.epochs = 2;
    s.schedule.warmup = 1; /* the only step of the first epoch is its last */
    double warm = train_line(s, 2, &h, &r);
    s.schedule.warmup = 2;
    assert_true(train_line(s, 2, &h, &r) != warm);
    s.schedule.warmup = 0;
    assert_true(train_line(s, 2, &h, &r) == warm);
}

/* Two steps with the same gradient g on w, by formula. */
static void optimizers_follow_their_formulas(void **state)
{
    const double g = 0.3, rate = 0.1;
    (void)state;
    for (rq_optimizer_kind kind = RQ_OPTIMIZER_sgd; kind <= RQ_OPTIMIZER_adamw; kind++) {
        rq_optimizer o = {.kind = kind, .rate = rate, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01};
        rq_error err;
        rq_params p;
        rq_optimizer_state st;
        double gradient[1] = {g}, w = 0.5, m = 0, v = 0;
        void *gradients[1] = {gradient};
        assert_true(rq_params_new(&model, &p, &err) && rq_params_init(&p, 0, &err) && rq_optimizer_state_new(&o, &p, &st, &err));
        for (int t = 1; t <= 2; t++) {
            rq_optimizer_step(&o, &st, &p, gradients);
            double full = kind == RQ_OPTIMIZER_adamw ? g : g + 0.01 * w;
            if (kind == RQ_OPTIMIZER_sgd) {
                m = 0.9 * m + full;
                w -= rate * m;
            } else {
                if (kind == RQ_OPTIMIZER_adamw) w -= rate * 0.01 * w;
                m = 0.9 * m + 0.1 * full;
                v = 0.999 * v + 0.001 * full * full;
                w -= rate * (m / (1 - pow(0.9, t))) / (sqrt(v / (1 - pow(0.999, t))) + 1e-8);
            }
        }
        assert_true(fabs(rq_param_get(&p, 0, 0) - w) < 1e-14);
        rq_optimizer_state_free(&st, &p);
        rq_params_free(&p);
    }
}

static void checkpoints_come_back(void **state)
{
    char path[] = "/tmp/rq-test-XXXXXX";
    rq_error err;
    rq_params p, q;
    rq_optimizer_state st;
    rq_train_settings s = make_settings();
    rq_progress progress = {.epoch = 3, .d_start = 0.1, .best_score = NAN, .best_loss = 0.7, .since_best = 2, .data = "d 1/0/0 ab"}, back = {.data = "d 1/0/0 ab"};
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(rq_params_new(&model, &p, &err) && rq_params_new(&model, &q, &err) && rq_optimizer_state_new(&s.optimizer, &p, &st, &err));
    rq_param_set(&p, 0, 0, 0.1234567890123456789);
    if (!rq_checkpoint_save(path, &p, &st, &progress, &s, "source", "{}", &err)) fail_msg("%s", err.text);
    if (!rq_params_load(&q, path, &err)) fail_msg("%s", err.text);
    assert_true(rq_param_get(&q, 0, 0) == rq_param_get(&p, 0, 0));
    if (!rq_checkpoint_load(path, &q, &st, &back, &s, &err)) fail_msg("%s", err.text);
    assert_true(back.epoch == 3 && back.d_start == 0.1 && isnan(back.best_score) && back.best_loss == 0.7 && back.since_best == 2);
    s.seed++;
    assert_false(rq_checkpoint_load(path, &q, &st, &back, &s, &err));
    assert_non_null(strstr(err.text, "its seed is '7', but this training's is '8'"));
    s.seed--;
    back.data[0] = 'e';
    assert_false(rq_checkpoint_load(path, &q, &st, &back, &s, &err));
    assert_non_null(strstr(err.text, "its data set is 'd 1/0/0 ab', but this training's is 'e 1/0/0 ab'"));
    rq_tensors t;
    assert_true(rq_safetensors_read(path, &t, &err));
    assert_non_null(rq_tensors_find(&t, "opt/momentum/w"));
    assert_string_equal(rq_tensors_text(&t, "epoch"), "3");
    rq_tensors_free(&t);
    rq_param renamed = param_w;
    renamed.path = "v";
    rq_model other = model;
    other.params = &renamed;
    rq_params o;
    assert_true(rq_params_new(&other, &o, &err));
    assert_false(rq_params_load(&o, path, &err));
    assert_non_null(strstr(err.text, "missing: v"));
    assert_non_null(strstr(err.text, "not in the model: w"));
    rq_params_free(&o);
    rq_optimizer_state_free(&st, &p);
    rq_params_free(&p);
    rq_params_free(&q);
    unlink(path);
}

static void nothing_is_left(void **state)
{
    (void)state;
    assert_int_equal(rq_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_follows_the_steps_written_out),
        cmocka_unit_test(last_batch_is_smaller_and_weighs_less),
        cmocka_unit_test(same_seed_same_bits),
        cmocka_unit_test(probe_statistics),
        cmocka_unit_test(divergence_keeps_the_last_finite_weight),
        cmocka_unit_test(interruption_ends_before_the_next_step),
        cmocka_unit_test(schedules_and_clipping),
        cmocka_unit_test(optimizers_follow_their_formulas),
        cmocka_unit_test(checkpoints_come_back),
        cmocka_unit_test(nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
