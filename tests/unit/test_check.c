/* test_check.c: changed models, settings, and the compile-time random numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "check/check.h"

static const char two_layers[] =
    "const classes = 10;\n"
    "data digits = glyphs(val: 10);\n"
    "model M(depth: int = 1) {\n"
    "    input x: image[1, 4, 4];\n"
    "    layer q1 = quanv(kernel: 2, circuit: ry_rx_cnot(depth: depth));\n"
    "    layer q2 = quanv(kernel: 2, circuit: ry_rx_cnot, gradient: detached);\n"
    "    layer head = dense(classes);\n"
    "    output head;\n"
    "}\n"
    "model D {\n"
    "    input x: image[1, 28, 28];\n"
    "    layer head = dense(classes);\n"
    "    output head;\n"
    "}\n"
    "train t { model: D;  data: digits;  loss: cross_entropy;  epochs: 3; }\n";

typedef struct Checked {
    Compiler *c;
    Program *p;
    bool setting_failed;
} Checked;

static Checked check_text(const char *text, const Setting *settings, size_t n)
{
    Checked k = {.c = compiler_new()};
    k.c->messages = tmpfile();
    Ast *ast = parse(k.c, source_add(k.c->keep, &k.c->sources, "t.rq", text, strlen(text)));
    CheckOptions options = {
        .settings = settings, .setting_count = n, .setting_failed = &k.setting_failed};
    k.p = check(k.c, ast, &options);
    return k;
}

static void drop(Checked k)
{
    diag_flush(k.c);
    fclose(k.c->messages);
    compiler_drop(k.c);
}

static unsigned count_stages(const ModelInst *m, StageKind kind)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < m->stages.len; i++) n += m->stages.at[i].kind == kind;
    return n;
}

/* q2 is detached by its own field; an action's setting goes over it either way. */
static void test_gradient_changes(void **state)
{
    (void)state;
    Checked k = check_text(two_layers, NULL, 0);
    assert_non_null(k.p);
    const ModelInst *m = k.p->models.at[0];
    assert_int_equal(count_stages(m, STAGE_detach), 1);
    const ModelInst *all = model_changed(k.c, m, &(ModelChange){.detach_all = true});
    assert_non_null(all);
    assert_int_equal(count_stages(all, STAGE_detach), 2);
    const ModelInst *none = model_changed(k.c, m, &(ModelChange){.detach_none = true});
    assert_non_null(none);
    assert_int_equal(count_stages(none, STAGE_detach), 0);
    assert_string_equal(none->groups.at[0].path, "q1.theta");
    drop(k);
}

/* A further skip is added after the layer's own stages; one that does not fit is refused without a
 * word. */
static void test_skip_changes(void **state)
{
    (void)state;
    Checked k = check_text(two_layers, NULL, 0);
    assert_non_null(k.p);
    const ModelInst *m = k.p->models.at[0];
    ModelChange fits = {.has_skip = true, .skip_from = {1}, .skip_to = {2}};
    const ModelInst *more = model_changed(k.c, m, &fits);
    assert_non_null(more);
    assert_int_equal(more->skips.len, 1);
    assert_string_equal(more->skips.at[0].text, "q1 -> q2");
    assert_int_equal(layer_of(more, (LayerId){2})->value.i, more->skips.at[0].add.i);
    ModelChange from_input = {.has_skip = true, .skip_to = {1}};
    assert_non_null(model_changed(k.c, m, &from_input));
    ModelChange misfit = {.has_skip = true, .skip_from = {1}, .skip_to = {3}};
    unsigned errors = k.c->errors;
    uint32_t diags = k.c->diags.len;
    assert_null(model_changed(k.c, m, &misfit));
    assert_int_equal(k.c->errors, errors);
    assert_int_equal(k.c->diags.len, diags);
    drop(k);
}

static void test_settings(void **state)
{
    (void)state;
    const Setting settings[] = {{"classes", "2 + 8"}, {"M.depth", "3"}, {"epochs", "7"}};
    Checked k = check_text(two_layers, settings, 3);
    assert_non_null(k.p);
    assert_int_equal(k.p->models.at[0]->groups.at[0].dim[0], 3);
    const ActionInst *t = k.p->actions.at[0];
    const ConstValue *epochs = NULL;
    for (uint32_t i = 0; i < t->fields.len; i++) {
        if (!strcmp(t->fields.at[i].name, "epochs")) epochs = t->fields.at[i].value;
    }
    assert_non_null(epochs);
    assert_int_equal(epochs->number.num, 7);
    drop(k);
    const Setting wrong[] = {
        {"depht", "3"}, {"depth", "0.5"}, {"t.epochs", "0"}, {"classes", "true"}};
    for (size_t i = 0; i < 4; i++) {
        k = check_text(two_layers, &wrong[i], 1);
        assert_null(k.p);
        assert_true(k.setting_failed);
        drop(k);
    }
}

/* A mistake in the source is not a setting's. */
static void test_source_mistake(void **state)
{
    (void)state;
    const Setting fine = {"n", "3"};
    Checked k = check_text("const n = 1; const m = n / 0;", &fine, 1);
    assert_null(k.p);
    assert_false(k.setting_failed);
    drop(k);
}

static double coefficient(const ModelInst *m, uint32_t yield)
{
    const Stage *s = stage_of(m, m->output);
    return s->quantum.observable->yields.at[yield].terms.at[0].coefficient->value.real;
}

/* random(seed, i) is in [0, 1), differs with each argument, and its mean is 1/2. */
static void test_random(void **state)
{
    (void)state;
    enum { N = 4000 };
    char text[512];
    snprintf(text, sizeof text,
             "observable o on q[n] { for i in 0..%d { yield 1 + random(7, i); yield 1 + "
             "random_int(3, i, 7); } }"
             "model M { input x: state[1]; layer a = measure(o); output a; }",
             N);
    Checked k = check_text(text, NULL, 0);
    assert_non_null(k.p);
    double sum = 0, squares = 0;
    int counts[3] = {0};
    for (uint32_t i = 0; i < N; i++) {
        double r = coefficient(k.p->models.at[0], 2 * i) - 1;
        assert_true(r >= 0 && r < 1);
        sum += r;
        squares += r * r;
        counts[(int)(coefficient(k.p->models.at[0], 2 * i + 1) - 0.5)]++;
    }
    assert_true(fabs(sum / N - 0.5) < 4 * sqrt(1.0 / 12 / N));
    assert_true(fabs(squares / N - 1.0 / 3) < 4 * sqrt(4.0 / 45 / N));
    for (int j = 0; j < 3; j++) assert_true(fabs(counts[j] - N / 3.0) < 4 * sqrt(N * 2.0 / 9));
    drop(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_changes), cmocka_unit_test(test_skip_changes),
        cmocka_unit_test(test_settings),         cmocka_unit_test(test_source_mistake),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
