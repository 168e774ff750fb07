/* prop_unroll.c: the gradient of a distillation's outer loss with respect to images, rates and labels, which the runtime chains from
 * compiled functions, against central differences of that loss: two sets of images, two epochs of inner steps, two networks, f64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "compile.h"
#include "model_code.h"
#include "distill/distill.h"

enum { SIDE = 8, BATCH = 24, TESTED = 12 };

static ModelCode *compile_model(Compiler *c, const char *layers, LossKind loss)
{
    char *text = arena_printf(c->keep, "model M { input x: image[1, 8, 8]; %s output out; }", layers);
    Program *p = check(c, parse(c, source_add(c->keep, &c->sources, "<model>", text, strlen(text))), &(CheckOptions){0});
    diag_flush(c);
    assert_true(p && p->models.len == 1 && !c->errors);
    const ModelInst *m = p->models.at[0];
    return model_code_new(c, m, compile_flow(c, m), &(ModelCodeOptions){.loss = loss, .real_bytes = 8});
}

static double loss_of(rq_outer *o)
{
    rq_error err;
    double loss;
    rq_outer_update(o);
    if (!rq_outer_gradient(o, 3, 0, BATCH, &loss, &err)) fail_msg("%s", err.text);
    return loss;
}

/* Of up to TESTED elements of one unknown, spread evenly. */
static void check_unknown(rq_outer *o, rq_unknown which, const char *layers)
{
    double *v = o->values.values[which], analytic[TESTED], largest = 1e-6;
    int64_t n = o->row[which].count, tested = n < TESTED ? n : TESTED;
    loss_of(o);
    for (int64_t k = 0; k < tested; k++) {
        analytic[k] = ((double *)o->gradient[which])[k * n / tested];
        largest = fmax(largest, fabs(analytic[k]));
    }
    assert_true(largest > 1e-6);
    for (int64_t k = 0; k < tested; k++) {
        int64_t i = k * n / tested;
        double kept = v[i], h = 1e-3, by[4];
        for (int s = 0; s < 4; s++) {
            v[i] = kept + h * (double[]){1, -1, 2, -2}[s];
            by[s] = loss_of(o);
        }
        v[i] = kept;
        double difference = (8 * (by[0] - by[1]) - (by[2] - by[3])) / (12 * h);
        if (!(fabs(difference - analytic[k]) <= 1e-6 * largest))
            fail_msg("%s: %s[%lld]: %.12g, but differences give %.12g", layers, o->row[which].path, (long long)i, analytic[k], difference);
    }
}

static void check_model(const char *layers, LossKind loss, int64_t nets)
{
    Compiler *c = compiler_new();
    ModelCode *code = compile_model(c, layers, loss);
    rq_data_spec spec = rq_data_spec_default("glyphs");
    spec.size = SIDE, spec.train = 30, spec.test = 4, spec.class_count = 3;
    rq_data data;
    rq_error err;
    rq_outer o;
    assert_true(rq_data_open(&spec, &data, &err));
    rq_distillation d = {.name = "d", .model = model_code_table(code), .data = &data, .images_per_class = 1, .inner_steps = 2,
                         .inner_epochs = 2, .epochs = 1, .batch = BATCH, .nets = nets, .rate = 0.3, .trained_labels = true, .seed = 5,
                         .loss = loss == LOSS_mse ? "mse" : "cross_entropy",
                         .outer = {.kind = RQ_OPTIMIZER_sgd, .rate = 0.1}};
    if (!rq_outer_new(&d, 2, &o, &err)) fail_msg("%s", err.text);
    for (rq_unknown which = RQ_OUTER_images; which < RQ_OUTER_COUNT; which++) check_unknown(&o, which, layers);
    rq_outer_free(&o);
    rq_data_free(&data);
    model_code_drop(code);
    compiler_drop(c);
}

static void test_classical(void **state)
{
    (void)state;
    check_model("layer a = conv(2, kernel: 3) |> tanh |> avgpool(2); layer b = dense(6) |> layer_norm |> sigmoid; layer out = dense(3);",
                LOSS_cross_entropy, 0);
    check_model("layer a = dense(5) |> tanh; layer b = a |> dense(5); skip a -> b; freeze a.w; layer out = dense(3) |> softmax;", LOSS_mse,
                2);
}

static void test_quantum(void **state)
{
    (void)state;
    check_model("layer r = dense(8) |> tanh; layer q = quantum(encode: amplitude(), circuit: strongly_entangling(layers: 2)); "
                "layer a = dense(4); layer b = r |> dense(4) |> tanh; param alpha = 0.3; "
                "layer out = (alpha*a + (1 - alpha)*b) |> dense(3);", LOSS_cross_entropy, 2);
    check_model("layer q1 = quanv(kernel: 2, stride: 2, circuit: ry_rx_cnot(depth: 2)); "
                "layer q2 = quanv(kernel: 2, stride: 2, circuit: ry_rx_cnot); skip q1 -> q2; layer out = dense(3);", LOSS_cross_entropy, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_classical), cmocka_unit_test(test_quantum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
