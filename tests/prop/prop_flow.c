/* prop_flow.c: the published verdict tables on models written in the language: every chained sum of
 * two and three quanvolutional layers and every placement of three skips, exact and detached; the
 * gradients' values agree with the verdicts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/flow.h"
#include "graph/gradcheck.h"

static const char *expected(unsigned subset, bool detached, int l)
{
    bool own = subset >> l & 1, later = subset >> (l + 1);
    if (!own && !later) return "unused";
    if (!detached || !later) return "full";
    return own ? "partial" : "none";
}

/* A model of `layers` chained quanvolutional layers with the lines `more` before the head, which
 * reads `source`. */
static const ModelInst *parse_model(Compiler *c, int layers, bool detached, const char *more,
                                    const char *source)
{
    const char *text = "model M {\n    input x: image[1, 4, 4];\n";
    for (int l = 1; l <= layers; l++)
        text = arena_printf(
            c->keep, "%s    layer q%d = quanv(kernel: 2, stride: 2, circuit: ry_rx_cnot()%s);\n",
            text, l, detached ? ", gradient: detached" : "");
    text = arena_printf(c->keep, "%s%s    layer head = %s |> dense(3);\n    output head;\n}\n",
                        text, more, source);
    Ast *ast = parse(c, source_add(c->keep, &c->sources, "m.rq", text, strlen(text)));
    Program *p = check(c, ast, &(CheckOptions){0});
    if (!p) diag_flush(c);
    assert_non_null(p);
    assert_int_equal(p->models.len, 1);
    return p->models.at[0];
}

/* The reverse-mode gradient is exactly 0 where no path is open, and nowhere else; the other ways
 * agree. */
static void check_values(Compiler *c, const ModelInst *m, const Flow *flow)
{
    VEC(Binding) bindings = {0};
    double image[32], target[6] = {1, 0, 0, 0, 1, 0};
    for (int i = 0; i < 32; i++) image[i] = 0.5 + 0.4 * sin(3 * i);
    for (uint32_t i = 0; i < m->groups.len; i++) {
        double *v = arena_alloc(c->keep, sizeof *v * (size_t)m->groups.at[i].count);
        for (int64_t k = 0; k < m->groups.at[i].count; k++) v[k] = cos((double)(7 * k + i)) * 0.7;
        vec_push(c->keep, &bindings, (Binding){m->groups.at[i].path, v});
    }
    vec_push(c->keep, &bindings, (Binding){"x", image});
    vec_push(c->keep, &bindings, (Binding){"target", target});
    GradcheckInput in = {.model = m,
                         .flow = flow,
                         .loss = LOSS_cross_entropy,
                         .samples = 2,
                         .bindings = bindings.at,
                         .binding_count = bindings.len,
                         .elements = 3,
                         .tolerance = 1e-6};
    Gradcheck *r = gradcheck(c, &in);
    if (!r->ok) gradcheck_print(stderr, r);
    assert_true(r->ok);
    bool biased = flow->inputs.at[0].cut_paths > 0;
    for (uint32_t i = 0; i < flow->layers.len; i++) biased |= flow->layers.at[i].cut_paths > 0;
    in.flow = NULL; /* without the verdicts a detached path is a wrong gradient */
    assert_int_equal(gradcheck(c, &in)->ok, !biased);
    for (uint32_t i = 0; i < flow->layers.len; i++)
        for (uint32_t g = 0; g < flow->layers.at[i].groups.len; g++) {
            const GroupFlow *f = &flow->layers.at[i].groups.at[g];
            const GradRow *row = &r->rows.at[f->group.i - 1];
            bool is_zero = true;
            for (int64_t k = 0; k < row->count; k++) is_zero = is_zero && row->gradient[k] == 0;
            assert_int_equal(is_zero, f->open_paths == 0);
        }
}

static void check_sums(int layers, int all_detached, int all_exact)
{
    int received_all[2] = {0, 0};
    for (unsigned subset = 1; subset < 2u << layers; subset++)
        for (int detached = 0; detached < 2; detached++) {
            Compiler *c = compiler_new();
            const char *source = NULL;
            for (int l = 0; l <= layers; l++) {
                const char *name = l ? arena_printf(c->keep, "q%d", l) : "x";
                if (subset >> l & 1)
                    source = source ? arena_printf(c->keep, "%s + %s", source, name) : name;
            }
            const ModelInst *m =
                parse_model(c, layers, detached, "", arena_printf(c->keep, "(%s)", source));
            Flow *flow = flow_of(c, m);
            int receive = 0;
            for (int l = 1; l <= layers; l++) {
                const LayerFlow *row = &flow->layers.at[l - 1];
                assert_string_equal(verdict_text(row->verdict), expected(subset, detached, l));
                receive += row->open_paths > 0;
            }
            received_all[detached] += receive == layers;
            assert_string_equal(verdict_text(flow->layers.at[layers].verdict), "full");
            check_values(c, m, flow);
            compiler_drop(c);
        }
    assert_int_equal(received_all[1], all_detached);
    assert_int_equal(received_all[0], all_exact);
}

static void test_two_layers(void **state)
{
    (void)state;
    check_sums(2, 2, 4);
}

static void test_three_layers(void **state)
{
    (void)state;
    check_sums(3, 2, 8);
}

static void test_placements(void **state)
{
    (void)state;
    static const char *const skips[] = {"    skip x -> q1;\n", "    skip x -> q2;\n",
                                        "    skip q1 -> q2;\n"};
    for (unsigned placed = 0; placed < 8; placed++)
        for (int detached = 0; detached < 2; detached++) {
            Compiler *c = compiler_new();
            const char *more = "";
            for (int k = 0; k < 3; k++)
                if (placed >> k & 1) more = arena_printf(c->keep, "%s%s", more, skips[k]);
            const ModelInst *m = parse_model(c, 2, detached, more, "q2");
            Flow *flow = flow_of(c, m);
            const char *verdict = !detached ? "full" : placed & 4 ? "partial" : "none";
            assert_string_equal(verdict_text(flow->layers.at[0].verdict), verdict);
            assert_string_equal(verdict_text(flow->layers.at[1].verdict), "full");
            check_values(c, m, flow);
            compiler_drop(c);
        }
}

/* What is offered, and the words of the warning. */
static void test_fixes(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    char *text = NULL;
    size_t len = 0;
    c->messages = open_memstream(&text, &len);
    Flow *flow = flow_of(c, parse_model(c, 2, true, "", "q2"));
    const LayerFlow *q1 = &flow->layers.at[0];
    assert_int_equal(q1->fixes.len, 2);
    assert_string_equal(q1->fixes.at[0], "skip q1 -> q2");
    assert_string_equal(q1->fixes.at[1], "gradient: exact");
    assert_string_equal(flow->layers.at[1].through, "head");
    assert_string_equal(flow->layers.at[2].through, "loss");
    flow_warn(c, flow);
    diag_flush(c);
    fclose(c->messages);
    assert_non_null(strstr(text, "warning[W0601]: layer 'q1' receives no gradient"));
    assert_non_null(strstr(text, "8 parameters stay as they were initialised"));
    assert_non_null(strstr(text, "its only path to the loss is cut here"));
    assert_non_null(
        strstr(text, "= help: either opens a path:  skip q1 -> q2;   or   gradient: exact"));
    free(text);
    compiler_drop(c);

    c = compiler_new();
    c->messages = open_memstream(&text, &len);
    flow = flow_of(c, parse_model(c, 2, true, "", "q1"));
    assert_int_equal(flow->layers.at[1].fixes.len, 0); /* 4x4 pixels do not add to three numbers */
    flow_warn(c, flow);
    diag_flush(c);
    fclose(c->messages);
    assert_non_null(
        strstr(text, "warning[W0602]: layer 'q2' is not used: no path leads from it to the loss"));
    free(text);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_layers),
        cmocka_unit_test(test_three_layers),
        cmocka_unit_test(test_placements),
        cmocka_unit_test(test_fixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
