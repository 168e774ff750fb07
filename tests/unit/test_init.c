/* test_init.c: first values of parameters, from the language to numbers: moments of the distributions, rows of orthogonal matrices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "check/check.h"
#include "compile.h"
#include "model_code.h"
#include "train/params.h"

/* The parameters of the only model of the text, drawn from a seed. */
typedef struct Drawn {
    Compiler *c;
    rq_params p;
} Drawn;

static Drawn draw(const char *text, int real_bytes, uint64_t seed)
{
    rq_error err;
    Drawn d = {.c = compiler_new()};
    Program *p = check(d.c, parse(d.c, source_add(d.c->keep, &d.c->sources, "m.rq", text, strlen(text))), &(CheckOptions){0});
    if (!p) diag_flush(d.c);
    assert_non_null(p);
    const ModelInst *m = p->models.at[0];
    const rq_model *t = model_table(d.c, m, compile_flow(d.c, m), real_bytes, ENGINE_none, false);
    assert_true(rq_params_new(t, &d.p, &err) && rq_params_init(&d.p, seed, &err));
    return d;
}

static void drop(Drawn *d)
{
    rq_params_free(&d->p);
    compiler_drop(d->c);
}

/* Mean, mean square and fourth moment of a group against those of the distribution, to six standard errors. */
static void check_moments(const char *init, double mean, double deviation, bool is_uniform)
{
    Compiler *names = compiler_new();
    Drawn d = draw(arena_printf(names->keep, "model M { input x: real[80]; layer a = dense(120, init: %s); output a; }", init), 8, 5);
    const rq_param *w = &d.p.model->params[0];
    double n = (double)w->count, sum = 0, square = 0, fourth = 0, largest = 0, kurtosis = is_uniform ? 1.8 : 3;
    for (int64_t i = 0; i < w->count; i++) {
        double x = (rq_param_get(&d.p, 0, i) - mean) / deviation;
        sum += x;
        square += x * x;
        fourth += x * x * x * x;
        largest = fmax(largest, fabs(x));
    }
    if (!(fabs(sum / n) < 6 / sqrt(n))) fail_msg("%s: mean is off by %g deviations", init, sum / n);
    if (!(fabs(square / n - 1) < 6 * sqrt((kurtosis - 1) / n))) fail_msg("%s: the variance is %g of what it should be", init, square / n);
    if (!(fabs(fourth / n - kurtosis) < 0.3)) fail_msg("%s: kurtosis %g", init, fourth / n);
    assert_true(!is_uniform || (largest <= sqrt(3) * (1 + 1e-15) && largest > 1.73));
    assert_true(is_uniform || largest > 3);
    drop(&d);
    compiler_drop(names);
}

static void test_moments(void **state)
{
    (void)state;
    check_moments("xavier_uniform", 0, sqrt(2.0 / 200), true);
    check_moments("xavier_normal(gain: 3)", 0, 3 * sqrt(2.0 / 200), false);
    check_moments("kaiming_uniform", 0, sqrt(2.0 / 80), true);
    check_moments("kaiming_normal(1)", 0, sqrt(1.0 / 80), false);
    check_moments("uniform(-1, 5)", 2, sqrt(3), true);
    check_moments("normal(deviation: 1/2, mean: -1)", -1, 0.5, false);
}

/* The largest distance of A A^T, or A^T A if A [rows, columns] is high, from gain^2. */
static double not_orthogonal(const rq_params *p, int group, int64_t first, int64_t rows, int64_t columns, double gain)
{
    bool is_wide = rows <= columns;
    int64_t n = is_wide ? rows : columns, m = is_wide ? columns : rows;
    double worst = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double dot = 0;
            for (int64_t k = 0; k < m; k++)
                dot += rq_param_get(p, group, first + (is_wide ? i * columns + k : k * columns + i)) *
                       rq_param_get(p, group, first + (is_wide ? j * columns + k : k * columns + j));
            worst = fmax(worst, fabs(dot - (i == j ? gain * gain : 0)));
        }
    return worst;
}

static void test_orthogonal(void **state)
{
    (void)state;
    for (int real_bytes = 4; real_bytes <= 8; real_bytes += 4) {
        double most = real_bytes == 8 ? 1e-14 : 1e-6;
        Drawn d = draw("model M { input x: image[3, 9, 9]; param s[8, 8] ~ orthogonal(1/2); layer a = conv(7, kernel: 3, init: orthogonal(2));"
                       " layer b = dense(400, init: orthogonal) |> dense(64, init: orthogonal); layer c = b |> reshape(8, 8); layer e = c * s;"
                       " output e; }", real_bytes, 3);
        for (int i = 0; i < d.p.model->param_count; i++) {
            const rq_param *w = &d.p.model->params[i];
            if (w->init != RQ_INIT_orthogonal) continue;
            double apart = not_orthogonal(&d.p, i, 0, w->dims[0], w->count / w->dims[0], w->a);
            if (!(apart < most * w->a * w->a)) fail_msg("%s in f%d: %g from orthogonal", w->path, 8 * real_bytes, apart);
        }
        drop(&d);
    }
}

/* With own parameters for each channel there is a matrix for each. */
static void test_orthogonal_for_each_channel(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 3; channels++) {
        Compiler *names = compiler_new();
        Drawn d = draw(arena_printf(names->keep, "circuit c on q[n] { param t[n, 6] ~ orthogonal; for i in 0..n { for k in 0..6 { ry(t[i, k]) q[i]; } } }"
                                    "model M { input x: image[%d, 4, 4]; layer a = quanv(kernel: 2, channels: own, circuit: c); output a; }",
                                    channels), 8, 1);
        assert_int_equal(d.p.model->params[0].count, channels * 24);
        for (int k = 0; k < channels; k++) assert_true(not_orthogonal(&d.p, 0, 24 * k, 4, 6, 1) < 1e-14);
        assert_true(channels == 1 || rq_param_get(&d.p, 0, 0) != rq_param_get(&d.p, 0, 24));
        drop(&d);
        compiler_drop(names);
    }
}

/* The direction of the first row is uniform: over seeds its elements have the moments of a coordinate on the sphere. */
static void test_orthogonal_is_uniform(void **state)
{
    (void)state;
    enum { SEEDS = 400, N = 4 };
    double sum = 0, square = 0, fourth = 0, negative = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Drawn d = draw("model M { input x: real[4]; layer a = dense(4, init: orthogonal); output a; }", 8, seed);
        for (int64_t i = 0; i < N * N; i++) {
            double x = rq_param_get(&d.p, 0, i);
            sum += x / (SEEDS * N * N);
            square += x * x / (SEEDS * N * N);
            fourth += x * x * x * x / (SEEDS * N * N);
        }
        negative += rq_param_get(&d.p, 0, 0) < 0; /* a decomposition that fixes no sign would not make half of them so */
        drop(&d);
    }
    assert_true(fabs(sum) < 0.03);
    assert_true(fabs(square - 1.0 / N) < 1e-12);
    assert_true(fabs(fourth - 3.0 / (N * (N + 2))) < 0.01);
    assert_true(fabs(negative / SEEDS - 0.5) < 0.12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_orthogonal),
        cmocka_unit_test(test_orthogonal_for_each_channel),
        cmocka_unit_test(test_orthogonal_is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
