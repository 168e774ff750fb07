/* test_lower.c: lowered models evaluate to known numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/lower.h"
#include "reference/model_builder.h"

/* The circuit of the residual quanvolutional layers: per depth RY then RX on each qubit, then a
 * chain of CNOTs. */
static const CircuitInst *ry_rx_cnot(Compiler *c, ModelInst *m, const char *path, int64_t depth,
                                     int64_t n, GroupId *group)
{
    *group = add_group(c, m, path, 3, (int64_t[]){depth, n, 2});
    CircuitInst *circuit = circuit_new(c, (uint32_t)n, 0);
    for (int d = 0; d < depth; d++) {
        for (int i = 0; i < n; i++) {
            uint32_t at = (uint32_t)((d * n + i) * 2);
            add_gate(c, circuit, GATE_ry, make_param(c, *group, at), 1, 1, &i);
            add_gate(c, circuit, GATE_rx, make_param(c, *group, at + 1), 1, 1, &i);
        }
        for (int i = 0; i + 1 < n; i++) add_gate(c, circuit, GATE_x, NULL, 1, 2, (int[]){i + 1, i});
    }
    return circuit;
}

static Stage quanv_stage(Compiler *c, int64_t channels, int64_t height, const CircuitInst *circuit,
                         GroupId group)
{
    Stage s = {.kind = STAGE_quanv, .type = real_type(3, (int64_t[]){channels, height, height})};
    s.quantum = (QuantumAttr){.encoding = angle_encoding(c, 4),
                              .circuit = circuit,
                              .observable = z_each(c, 4),
                              .qubits = 4,
                              .kernel_h = 2,
                              .kernel_w = 2,
                              .stride_h = 2,
                              .stride_w = 2,
                              .patches_h = height / 2,
                              .patches_w = height / 2,
                              .channels = CHANNELS_each,
                              .out = OUT_fold};
    set_groups(c, &s, group, (GroupId){0});
    return s;
}

static const double *value_of(const Evaluation *e, NodeId n) { return evaluation_of(e, n); }

/* The published test values of a patch (.1 .2 .3 .4). */
static void test_patch_values(void **state)
{
    (void)state;
    static const double expected[2][4] = {{0.91431089, 0.61509155, 0.19611028, -0.01647843},
                                          {0.52123568, 0.02618005, 0.03271796, 0.04890269}};
    for (int k = 0; k < 2; k++) {
        Compiler *c = compiler_new();
        ModelInst *m = model_new(c, "patch");
        int64_t depth = k ? 4 : 1;
        GroupId theta;
        const CircuitInst *circuit = ry_rx_cnot(c, m, "q1.theta", depth, 4, &theta);
        StageId x = add_input(c, m, "x", real_type(3, (int64_t[]){1, 2, 2}));
        add_layer(c, m, "q1", quanv_stage(c, 1, 2, circuit, theta), x);
        double values[32], image[] = {.1, .2, .3, .4};
        for (int d = 0; d < depth; d++)
            for (int i = 0; i < 4; i++) {
                values[(d * 4 + i) * 2] = 0.1 * (i + 1) + 0.7 * d;
                values[(d * 4 + i) * 2 + 1] = 0.05 * (i + 1) - 0.3 * d;
            }
        Lowered *l = lower(c, m, (LowerOptions){0});
        assert_non_null(l);
        graph_verify(l->g, "lower");
        Evaluation *e =
            eval(c, l->g, 1, (Binding[]){{"q1.theta", values}, {"x", image}}, 2, &l->output, 1);
        for (int i = 0; i < 4; i++)
            assert_true(fabs(value_of(e, l->output)[i] - expected[k][i]) < 1e-8);
        evaluation_drop(e);
        graph_drop(l->g);
        compiler_drop(c);
    }
}

/* Two layers, a skip and a head on a small image; quanvolution against the closed formula of
 * depth 1. */
static void test_resqunn(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    ModelInst *m = model_new(c, "ResQuNN");
    GroupId t1, t2;
    const CircuitInst *c1 = ry_rx_cnot(c, m, "q1.theta", 1, 4, &t1);
    const CircuitInst *c2 = ry_rx_cnot(c, m, "q2.theta", 1, 4, &t2);
    GroupId w = add_group(c, m, "head.w", 2, (int64_t[]){3, 16});
    GroupId b = add_group(c, m, "head.b", 1, (int64_t[]){3});
    StageId x = add_input(c, m, "x", real_type(3, (int64_t[]){1, 4, 4}));
    StageId q1 = add_layer(c, m, "q1", quanv_stage(c, 1, 4, c1, t1), x);
    StageId q2 = add_layer(c, m, "q2", quanv_stage(c, 1, 4, c2, t2), q1);
    Stage plus = {.kind = STAGE_add, .type = stage_of(m, q1)->type};
    StageId sum2 = add_stage(c, m, plus, q2, q1);
    Stage dense = {.kind = STAGE_dense, .type = real_type(1, (int64_t[]){3})};
    dense.dense.out = 3;
    set_groups(c, &dense, w, b);
    add_layer(c, m, "head", dense, sum2);

    double th1[8], th2[8], weights[48], bias[3] = {.1, -.2, .3}, image[32],
                                        target[6] = {0, 1, 0, 1, 0, 0}, weight[2] = {.5, .5};
    for (int i = 0; i < 8; i++) th1[i] = 0.3 * i - 1, th2[i] = 0.2 * i;
    for (int i = 0; i < 48; i++) weights[i] = sin(i);
    for (int i = 0; i < 32; i++) image[i] = fabs(cos(i));
    double loss = 0;
    for (int s = 0; s < 2; s++) {
        double in[16], one[16], two[16], out[3], norm = 0;
        for (int i = 0; i < 16; i++) in[i] = image[16 * s + i];
        for (int pass = 0; pass < 2; pass++) {
            const double *from = pass ? one : in, *th = pass ? th2 : th1;
            double *to = pass ? two : one;
            for (int p = 0; p < 4; p++) {
                double product = 1;
                for (int k = 0; k < 4; k++) {
                    int pixel = (p / 2 * 2 + k / 2) * 4 + p % 2 * 2 + k % 2;
                    product *= cos(M_PI * from[pixel] + th[2 * k]) * cos(th[2 * k + 1]);
                    to[pixel] = product;
                }
            }
        }
        for (int o = 0; o < 3; o++) {
            out[o] = bias[o];
            for (int i = 0; i < 16; i++) out[o] += weights[16 * o + i] * (one[i] + two[i]);
            norm += exp(out[o]);
        }
        for (int o = 0; o < 3; o++) loss -= 0.5 * target[3 * s + o] * log(exp(out[o]) / norm);
    }
    Lowered *l = lower(c, m, (LowerOptions){.loss = LOSS_cross_entropy});
    assert_non_null(l);
    graph_verify(l->g, "lower");
    Binding all[] = {{"q1.theta", th1}, {"q2.theta", th2},  {"head.w", weights}, {"head.b", bias},
                     {"x", image},      {"target", target}, {"weight", weight}};
    Evaluation *e = eval(c, l->g, 2, all, COUNT(all), &l->mean_loss, 1);
    assert_true(fabs(*value_of(e, l->mean_loss) - loss) < 1e-12);
    evaluation_drop(e);
    graph_drop(l->g);
    compiler_drop(c);
}

/* E0700: what no engine executes is one message, and no graph. */
static void test_not_executable(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    char *text = NULL;
    size_t len = 0;
    c->messages = open_memstream(&text, &len);
    ModelInst *m = model_new(c, "m");
    add_input(c, m, "x", state_type(2));
    assert_null(lower(c, m, (LowerOptions){.loss = LOSS_mse}));
    assert_int_equal(c->errors, 1);
    diag_flush(c);
    fclose(c->messages);
    assert_non_null(strstr(text, "error[E0700]: this loss of a state cannot be executed"));
    free(text);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patch_values),
        cmocka_unit_test(test_resqunn),
        cmocka_unit_test(test_not_executable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
