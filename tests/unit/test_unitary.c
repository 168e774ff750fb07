/* test_unitary.c: Haar matrices by their moments, exponential steps against the plain power series, and unitarity over many steps;
 * optimizers of unitary matrices against their formulas.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/optimizer.h"
#include "unitary.h"

enum { MOST = 16 };

static double work[4096];

static void multiply(int64_t d, const double *a, const double *b, double *out)
{
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            double re = 0, im = 0;
            for (int64_t k = 0; k < d; k++) {
                const double *x = a + 2 * (i * d + k), *y = b + 2 * (k * d + j);
                re += x[0] * y[0] - x[1] * y[1];
                im += x[0] * y[1] + x[1] * y[0];
            }
            out[2 * (i * d + j)] = re, out[2 * (i * d + j) + 1] = im;
        }
}

/* A skew-Hermitian matrix with entries of about `size`. */
static void skew(const rq_random *r, uint64_t first, int64_t d, double size, double *k)
{
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = i; j < d; j++) {
            uint64_t at = first + 2 * (uint64_t)(i * d + j);
            double re = i == j ? 0 : size * rq_random_normal(r, at), im = size * rq_random_normal(r, at + 1);
            k[2 * (i * d + j)] = re, k[2 * (i * d + j) + 1] = im;
            k[2 * (j * d + i)] = -re, k[2 * (j * d + i) + 1] = im;
        }
}

/* exp(k) v by 60 terms of the series. */
static void series(int64_t d, const double *k, const double *v, double *out)
{
    double term[2 * MOST * MOST], next[2 * MOST * MOST];
    memcpy(out, v, sizeof *out * (size_t)(2 * d * d));
    memcpy(term, v, sizeof *out * (size_t)(2 * d * d));
    for (int order = 1; order < 60; order++) {
        multiply(d, k, term, next);
        for (int64_t i = 0; i < 2 * d * d; i++) out[i] += term[i] = next[i] / order;
    }
}

/* E |tr V|^2 = 1 and E |tr V|^4 = 2 for every d >= 2; without the phases of R they are about 1.24 and 3. */
static void haar_matrices_have_haar_moments(void **state)
{
    enum { DRAWS = 20000 };
    (void)state;
    for (int64_t d = 2; d <= 8; d *= 2) {
        double v[2 * MOST * MOST], second = 0, fourth = 0, first = 0;
        for (int i = 0; i < DRAWS; i++) {
            rq_random r = rq_random_stream_id(5, RQ_PURPOSE_state, (uint64_t)i);
            rq_unitary_haar(&r, 0, d, v, work);
            assert_true(rq_unitary_deviation(d, v, work) < 4e-15);
            double re = 0, im = 0;
            for (int64_t k = 0; k < d; k++) re += v[2 * k * (d + 1)], im += v[2 * k * (d + 1) + 1];
            double square = re * re + im * im;
            first += re;
            second += square;
            fourth += square * square;
        }
        assert_true(fabs(first / DRAWS) < 0.03);
        assert_true(fabs(second / DRAWS - 1) < 0.04);
        assert_true(fabs(fourth / DRAWS - 2) < 0.2);
    }
}

static void steps_are_exponentials(void **state)
{
    (void)state;
    rq_random r = rq_random_stream(3, RQ_PURPOSE_state, "steps");
    for (int64_t d = 1; d <= MOST; d = 2 * d + (d == 4)) {
        static const double sizes[] = {1e-9, 1e-3, 0.03, 0.2, 1};
        for (int s = 0; s < 5; s++) {
            double v[2 * MOST * MOST], k[2 * MOST * MOST], want[2 * MOST * MOST];
            rq_unitary_haar(&r, 0, d, v, work);
            skew(&r, 5000, d, sizes[s] / 2, k);
            for (int64_t i = 0; i < 2 * d * d; i++) k[i] *= 2;
            series(d, k, v, want);
            rq_unitary_step(d, k, 1, v, work);
            for (int64_t i = 0; i < 2 * d * d; i++) assert_true(fabs(v[i] - want[i]) < 1e-13);
        }
    }
}

static void drift_is_undone(void **state)
{
    double v[2 * MOST * MOST];
    (void)state;
    rq_random r = rq_random_stream(4, RQ_PURPOSE_state, "drift");
    rq_unitary_haar(&r, 0, 8, v, work);
    for (int i = 0; i < 128; i++) v[i] += 1e-9 * rq_random_normal(&r, 4000 + (uint64_t)i);
    assert_true(rq_unitary_deviation(8, v, work) > 1e-9);
    rq_unitary_orthogonalise(8, v, work);
    assert_true(rq_unitary_deviation(8, v, work) < 5e-15);
    v[3] = NAN;
    assert_true(isnan(rq_unitary_deviation(8, v, work)));
}

/* ---- optimizers ---- */

static const rq_param params[] = {
    {.path = "V", .rank = 3, .dims = {4, 4, 2}, .count = 32, .init = RQ_INIT_haar, .is_unitary = 1, .inputs = 1, .tied_to = -1},
    {.path = "W", .rank = 4, .dims = {2, 2, 2, 2}, .count = 16, .init = RQ_INIT_haar, .is_unitary = 1, .tied_to = -1},
    {.path = "t", .count = 1, .init = RQ_INIT_constant, .a = 0.5, .tied_to = -1}};
static const rq_model model = {.name = "M", .params = params, .param_count = 3, .real_bytes = 8};

/* Tangents of all groups, that of t being 0.3. */
static void tangents(int step, double *v, double *w, double *t)
{
    rq_random r = rq_random_stream_id(6, RQ_PURPOSE_state, (uint64_t)step);
    skew(&r, 0, 4, 0.3, v);
    skew(&r, 100, 2, 0.3, w);
    skew(&r, 200, 2, 0.3, w + 8);
    *t = 0.3;
}

/* Three steps of `o` on V: what rq_optimizer_step makes of it and what the formula does. */
static void optimizers_follow_their_formulas(void **state)
{
    static const rq_optimizer all[] = {
        {.kind = RQ_OPTIMIZER_sgd, .rate = 0.1, .momentum = 0.9, .weight_decay = 0.01},
        {.kind = RQ_OPTIMIZER_adam, .rate = 0.1, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8},
        {.kind = RQ_OPTIMIZER_matrix_step, .others = RQ_OPTIMIZER_sgd, .eta = 0.7, .epsilon = 0.2, .rate = 0.1}};
    (void)state;
    for (int c = 0; c < 3; c++) {
        const rq_optimizer *o = &all[c];
        rq_optimizer_state st;
        rq_params p;
        rq_error err;
        double v[32], k[32], gv[32], gw[16], gt, m[32] = {0}, square = 0;
        void *gradient[] = {gv, gw, &gt};
        assert_true(rq_params_new(&model, &p, &err) && rq_params_init(&p, 1, &err) && rq_optimizer_state_new(o, &p, &st, &err));
        memcpy(v, p.values[0], sizeof v);
        assert_true(rq_unitary_deviation(4, v, work) < 4e-15);
        for (int t = 1; t <= 3; t++) {
            double sum = 0, out[32];
            tangents(t, gv, gw, &gt);
            rq_optimizer_step(o, &st, &p, gradient);
            for (int i = 0; i < 32; i++) {
                sum += gv[i] * gv[i];
                m[i] = c == 0 ? 0.9 * m[i] + gv[i] : 0.9 * m[i] + 0.1 * gv[i];
            }
            square = 0.99 * square + 0.01 * sum / 16;
            for (int i = 0; i < 32; i++) {
                k[i] = -0.7 * 0.2 * 2 * gv[i];
                if (c == 0) k[i] = -0.1 * m[i];
                if (c == 1) k[i] = -0.1 * m[i] / (1 - pow(0.9, t)) / (sqrt(square / (1 - pow(0.99, t))) + 1e-8);
            }
            series(4, k, v, out);
            memcpy(v, out, sizeof v);
        }
        for (int i = 0; i < 32; i++) assert_true(fabs(v[i] - ((double *)p.values[0])[i]) < 1e-13);
        assert_true(rq_unitary_deviation(2, p.values[1], work) < 1e-14 && rq_unitary_deviation(2, (double *)p.values[1] + 8, work) < 1e-14);
        assert_true(st.deviation < 1e-13 && st.reorthogonalised == 0);
        if (c == 2) assert_true(fabs(*(double *)p.values[2] - (0.5 - 3 * 0.1 * 0.3)) < 1e-14);
        rq_optimizer_state_free(&st, &p);
        rq_params_free(&p);
    }
}

/* 10,000 large steps; and a start that is unitary to single precision only is repaired at once. */
static void matrices_stay_unitary(void **state)
{
    const rq_optimizer o = {.kind = RQ_OPTIMIZER_matrix_step, .eta = 1, .epsilon = 0.5};
    rq_optimizer_state st;
    rq_params p;
    rq_error err;
    double gv[32], gw[16], gt;
    void *gradient[] = {gv, gw, &gt};
    (void)state;
    assert_true(rq_params_new(&model, &p, &err) && rq_params_init(&p, 1, &err) && rq_optimizer_state_new(&o, &p, &st, &err));
    for (int t = 1; t <= 10000; t++) {
        tangents(t, gv, gw, &gt);
        rq_optimizer_step(&o, &st, &p, gradient);
        assert_true(st.deviation < 1e-12);
    }
    assert_true(*(double *)p.values[2] == 0.5); /* no `others`: it stays */
    for (int i = 0; i < 32; i++) ((double *)p.values[0])[i] = (float)((double *)p.values[0])[i];
    assert_true(rq_unitary_deviation(4, p.values[0], work) > 1e-9);
    int64_t before = st.reorthogonalised;
    rq_optimizer_step(&o, &st, &p, gradient);
    assert_true(st.reorthogonalised == before + 1 && rq_unitary_deviation(4, p.values[0], work) < 1e-12);
    rq_optimizer_state_free(&st, &p);
    rq_params_free(&p);
    assert_true(rq_memory_live() == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(haar_matrices_have_haar_moments), cmocka_unit_test(steps_are_exponentials),
        cmocka_unit_test(drift_is_undone), cmocka_unit_test(optimizers_follow_their_formulas),
        cmocka_unit_test(matrices_stay_unitary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
