/* test_schedule.c: what kernels of models look like, and that they compute what the graph says when the last chunk is not full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <time.h>

#include "graph/lower.h"
#include "kernel/identity.h"
#include "reference/model_builder.h"
#include "kernels_run.h"

enum { LANES = 4 };

typedef struct Training {
    Compiler *c;
    Graph *g;
    Kernels *k;
} Training;

/* Per depth RY then RX on each qubit, then a chain of CNOTs. */
static const CircuitInst *ansatz(Compiler *c, ModelInst *m, const char *path, int depth, int n, GroupId *group)
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

static StageId quanv(Compiler *c, ModelInst *m, const char *name, int64_t size, int depth, StageId from)
{
    GroupId theta;
    const CircuitInst *circuit = ansatz(c, m, arena_printf(c->keep, "%s.theta", name), depth, 4, &theta);
    Stage s = {.kind = STAGE_quanv, .type = real_type(3, (int64_t[]){1, size, size})};
    s.quantum = (QuantumAttr){.encoding = angle_encoding(c, 4), .circuit = circuit, .observable = z_each(c, 4), .qubits = 4,
                              .kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2,
                              .patches_h = size / 2, .patches_w = size / 2, .channels = CHANNELS_each, .out = OUT_fold};
    set_groups(c, &s, theta, (GroupId){0});
    return add_layer(c, m, name, s, from);
}

static Graph *through(Compiler *c, Graph *g, Graph *(*pass)(Compiler *, const Graph *))
{
    Graph *out = pass(c, g);
    graph_drop(g);
    return out;
}

/* x -> q1 -> q2, skip q1 -> q2, dense, cross entropy; its loss and, if asked for, all gradients. */
static Training training(int64_t size, int depth, int lanes, int real_bytes, bool with_gradient)
{
    Compiler *c = compiler_new();
    ModelInst *m = model_new(c, "ResQuNN");
    StageId x = add_input(c, m, "x", real_type(3, (int64_t[]){1, size, size}));
    StageId q1 = quanv(c, m, "q1", size, depth, x), q2 = quanv(c, m, "q2", size, 1, q1);
    Stage plus = {.kind = STAGE_add, .type = stage_of(m, q1)->type};
    StageId both = add_stage(c, m, plus, q2, q1);
    GroupId w = add_group(c, m, "head.w", 2, (int64_t[]){10, size * size}), b = add_group(c, m, "head.b", 1, (int64_t[]){10});
    Stage dense = {.kind = STAGE_dense, .type = real_type(1, (int64_t[]){10})};
    dense.dense.out = 10;
    set_groups(c, &dense, w, b);
    add_layer(c, m, "head", dense, both);
    Lowered *l = lower(c, m, (LowerOptions){.loss = LOSS_cross_entropy, .engine = ENGINE_state});
    assert_non_null(l);
    NodeId grad[4];
    if (with_gradient) gradient(l->g, l->mean_loss, l->group, 4, grad, (GradOptions){0});
    graph_output(l->g, "loss", l->mean_loss);
    graph_output(l->g, "output", l->output);
    for (int i = 0; i < 4 && with_gradient; i++) graph_output(l->g, arena_printf(c->keep, "grad:%d", i), grad[i]);
    Graph *g = through(c, through(c, through(c, l->g, simplify), undo_states), simplify);
    Kernels *k = schedule(c, g, "step", lanes, real_bytes);
    kernels_verify(k);
    return (Training){c, g, k};
}

static void drop(Training t)
{
    kernels_drop(t.k);
    graph_drop(t.g);
    compiler_drop(t.c);
}

static double *numbers(Compiler *c, int64_t n, double scale)
{
    double *at = arena_array(c->keep, double, n);
    for (int64_t i = 0; i < n; i++) at[i] = scale * fabs(sin(1.7 * (double)i + (double)n));
    return at;
}

/* Seven samples in chunks of four: the weight of the eighth is 0. */
static void test_training_step(void **state)
{
    (void)state;
    enum { SAMPLES = 7, SIZE = 6 };
    Training t = training(SIZE, 3, LANES, 8, true);
    double *target = arena_array(t.c->keep, double, SAMPLES * 10), *weight = arena_array(t.c->keep, double, SAMPLES);
    for (int i = 0; i < SAMPLES; i++) target[10 * i + i] = 1, weight[i] = 1.0 / SAMPLES;
    Binding all[] = {{"q1.theta", numbers(t.c, 24, 3)}, {"q2.theta", numbers(t.c, 8, 3)}, {"head.w", numbers(t.c, 10 * SIZE * SIZE, 1)},
                     {"head.b", numbers(t.c, 10, 1)}, {"x", numbers(t.c, SAMPLES * SIZE * SIZE, 1)}, {"target", target},
                     {"weight", weight}};
    uint32_t count = t.g->outputs.len;
    NodeId *wanted = arena_array(t.c->keep, NodeId, count);
    double **got = arena_array(t.c->keep, double *, count);
    int64_t *size = arena_array(t.c->keep, int64_t, count);
    for (uint32_t i = 0; i < count; i++) {
        wanted[i] = t.g->outputs.at[i].node;
        size[i] = type_count(type_of(t.g, wanted[i])) * (type_of(t.g, wanted[i])->batched ? SAMPLES : 1);
        got[i] = arena_array(t.c->keep, double, size[i]);
    }
    Evaluation *e = eval(t.c, t.g, SAMPLES, all, COUNT(all), wanted, count);
    for (int compiled = 0; compiled < 2; compiled++) {
        if (compiled) kernels_run(t.k, NULL, 1, SAMPLES, all, COUNT(all), got);
        else kernels_interpret(t.k, SAMPLES, all, COUNT(all), got);
        for (uint32_t i = 0; i < count; i++) {
            for (int64_t j = 0; j < size[i]; j++) assert_true(fabs(got[i][j] - evaluation_of(e, wanted[i])[j]) < 1e-12);
        }
    }
    evaluation_drop(e);
    drop(t);
}

static int count_steps(const Kernels *k, StepKind kind)
{
    int count = 0;
    for (uint32_t i = 0; i < k->phases.len; i++) {
        for (uint32_t j = 0; j < k->phases.at[i].kernels.len; j++) {
            const Kernel *kernel = &k->phases.at[i].kernels.at[j];
            for (uint32_t s = 0; s < kernel->steps.len; s++) count += kernel->steps.at[s].kind == kind;
        }
    }
    return count;
}

/* States are updated in place: copies start them, and do not grow with depth; nor does memory. */
static void test_states_stay_in_place(void **state)
{
    (void)state;
    Training shallow = training(8, 2, 16, 4, true), deep = training(8, 12, 16, 4, true);
    assert_int_equal(shallow.k->phases.len, 3);
    assert_int_equal(count_steps(shallow.k, STEP_copy), count_steps(deep.k, STEP_copy));
    assert_true(deep.k->thread_bytes < shallow.k->thread_bytes * 5 / 4);
    assert_int_equal(deep.k->kept_bytes, 0);
    drop(shallow);
    drop(deep);
}

/* The second layer's patches are the first's: forward, both layers are one loop, however the values went back to an image between. */
static void test_layers_share_a_loop(void **state)
{
    (void)state;
    Training t = training(8, 2, 16, 4, false);
    int loops = 0;
    for (uint32_t j = 0; j < t.k->phases.at[1].kernels.len; j++) loops += t.k->phases.at[1].kernels.at[j].outer == 16;
    assert_int_equal(loops, 1);
    drop(t);
}

/* The gradient of a dense layer is one product over all lanes: no temporary holds a matrix per sample. */
static void test_no_outer_products(void **state)
{
    (void)state;
    Training t = training(8, 2, 16, 4, true);
    int gemms = 0;
    for (uint32_t j = 0; j < t.k->phases.at[1].kernels.len; j++) gemms += t.k->phases.at[1].kernels.at[j].kind == KERNEL_gemm;
    assert_int_equal(gemms, 3); /* W x, W^T dy, dy x^T */
    for (uint32_t i = 0; i < t.k->buffers.len; i++) {
        const Buffer *b = &t.k->buffers.at[i];
        assert_true(b->role != RQ_ROLE_thread || b->elements < 10 * 64);
    }
    drop(t);
}

static void test_scheduling_is_fast(void **state)
{
    (void)state;
    Training t = training(28, 40, 16, 4, true);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    Kernels *k = schedule(t.c, t.g, "again", 16, 4);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double ms = 1e3 * (double)(to.tv_sec - from.tv_sec) + 1e-6 * (double)(to.tv_nsec - from.tv_nsec);
    print_message("%u nodes in %.2f ms\n", t.g->nodes.len - 1, ms);
    assert_true(ms < 500); /* ten in a release build; sanitizers and busy machines are slower */
    kernels_drop(k);
    drop(t);
}

/* ---- identity ---- */

static void add_up(void *context, const void *bytes, size_t n)
{
    uint64_t *h = context;
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++) *h = (*h ^ b[i]) * UINT64_C(0x100000001b3);
}

static uint64_t identity(const Kernels *k)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    kernels_identity(k, add_up, &h);
    return h;
}

/* The value of an lvalue is changed, and so is the identity; and back. */
#define SHOWS(k, field)                                                                                                \
    do {                                                                                                               \
        uint64_t before = identity(k);                                                                                 \
        __typeof__(field) was = (field);                                                                               \
        (field)++;                                                                                                     \
        if (identity(k) == before) fail_msg("%s is not part of the identity", #field);                                 \
        (field) = was;                                                                                                 \
        assert_true(identity(k) == before);                                                                            \
    } while (0)

static void step_shows(const Kernels *k, Step *s)
{
    SHOWS(k, s->count);
    for (uint32_t i = 0; i < s->in.len; i++) {
        Operand *o = &s->in.at[i];
        SHOWS(k, o->buffer.i);
        SHOWS(k, o->p_div);
        SHOWS(k, o->p_mod);
        SHOWS(k, o->inner);
        SHOWS(k, o->div);
        SHOWS(k, o->mod);
    }
    if (s->kind == STEP_sum) SHOWS(k, s->sum.mid);
    if (s->kind == STEP_matmul) SHOWS(k, s->matmul.k);
    if (s->kind == STEP_sparse) SHOWS(k, *(int64_t *)(uintptr_t)&s->sparse.map->index[0]);
    if (s->kind == STEP_apply) SHOWS(k, ((Wires *)(uintptr_t)s->gate.wires)->target[0]);
    for (uint32_t i = 0; s->kind == STEP_map && i < s->map.ops.len; i++) {
        SHOWS(k, s->map.ops.at[i].a);
        double was = s->map.ops.at[i].constant;
        uint64_t before = identity(k);
        s->map.ops.at[i].constant = was == 0 ? 1 : -was;
        assert_true(identity(k) != before);
        s->map.ops.at[i].constant = was;
    }
}

static void test_identity(void **state)
{
    (void)state;
    Training t = training(4, 10, 16, 4, true), other = training(4, 10, 16, 4, true), less = training(4, 10, 16, 4, false);
    assert_true(identity(t.k) == identity(other.k));
    assert_true(identity(t.k) != identity(less.k));
    SHOWS(t.k, t.k->lanes);
    SHOWS(t.k, t.k->real_bytes);
    for (uint32_t i = 0; i < t.k->buffers.len; i++) {
        SHOWS(t.k, t.k->buffers.at[i].elements);
        SHOWS(t.k, *(int *)&t.k->buffers.at[i].role);
    }
    for (uint32_t i = 0; i < t.k->phases.len; i++)
        for (uint32_t n = 0; n < t.k->phases.at[i].kernels.len; n++) {
            Kernel *kernel = &t.k->phases.at[i].kernels.at[n];
            SHOWS(t.k, kernel->outer);
            if (kernel->kind == KERNEL_gemm) SHOWS(t.k, kernel->gemm.lda);
            for (uint32_t j = 0; j < kernel->steps.len; j++) step_shows(t.k, &kernel->steps.at[j]);
        }
    drop(less);
    drop(other);
    drop(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_step),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_states_stay_in_place),
        cmocka_unit_test(test_layers_share_a_loop),
        cmocka_unit_test(test_no_outer_products),
        cmocka_unit_test(test_scheduling_is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
