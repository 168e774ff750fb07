/* test_flow.c: static verdicts and path counts of hand-made stage graphs, among them the published
 * tables: chained quanvolutional layers whose sums feed the head, with exact and with detached
 * inputs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "check/flow_graph.h"
#include "reference/model_builder.h"

static const ValueType image = {.kind = VALUE_real, .rank = 3, .dim = {1, 4, 4}};

static GroupId group(Compiler *c, ModelInst *m, const char *path)
{
    return add_group(c, m, path, 1, (int64_t[]){2});
}

/* A quanvolutional layer that reads `from`, through a detach if wanted. */
static StageId quanv(Compiler *c, ModelInst *m, const char *name, StageId from, bool detached)
{
    LayerId layer = {m->layers.len + 1};
    if (detached)
        from = add_stage(c, m, (Stage){.kind = STAGE_detach, .type = image, .layer = layer}, from,
                         (StageId){0});
    GroupId theta = group(c, m, arena_printf(c->keep, "%s.theta", name));
    CircuitInst *circuit = circuit_new(c, 4, 0);
    add_gate(c, circuit, GATE_ry, make_param(c, theta, 0), 1, 1, (int[]){0});
    add_gate(c, circuit, GATE_rx, make_param(c, theta, 1), 1, 1, (int[]){1});
    Stage s = {.kind = STAGE_quanv, .type = image};
    s.quantum = (QuantumAttr){.encoding = angle_encoding(c, 4),
                              .circuit = circuit,
                              .observable = z_each(c, 4),
                              .qubits = 4};
    set_groups(c, &s, theta, (GroupId){0});
    return add_layer(c, m, name, s, from);
}

static StageId dense(Compiler *c, ModelInst *m, const char *name, StageId from)
{
    Stage s = {.kind = STAGE_dense, .type = real_type(1, (int64_t[]){3})};
    s.dense.out = 3;
    set_groups(c, &s, group(c, m, arena_printf(c->keep, "%s.w", name)), (GroupId){0});
    return add_layer(c, m, name, s, from);
}

static StageId add2(Compiler *c, ModelInst *m, StageId a, StageId b)
{
    return add_stage(c, m, (Stage){.kind = STAGE_add, .type = image, .layer = {m->layers.len}}, a,
                     b);
}

/* q_l = quanv(q_{l-1}), head reads the sum of the subset: bit 0 the input, bit l layer l. */
static Flow *chained(Compiler *c, int layers, unsigned subset, bool detached)
{
    ModelInst *m = model_new(c, "chained");
    StageId value[4] = {add_input(c, m, "x", image)}, sum = {0};
    for (int l = 1; l <= layers; l++)
        value[l] = quanv(c, m, arena_printf(c->keep, "q%d", l), value[l - 1], detached);
    for (int l = 0; l <= layers; l++)
        if (subset >> l & 1) sum = sum.i ? add2(c, m, sum, value[l]) : value[l];
    dense(c, m, "head", sum);
    return flow_without_fixes(c, m);
}

static const LayerFlow *row(const Flow *f, uint32_t i) { return &f->layers.at[i]; }

static Verdict expected(int layers, unsigned subset, bool detached, int l)
{
    bool own = subset >> l & 1, later = subset >> (l + 1);
    (void)layers;
    if (!own && !later) return VERDICT_unused;
    if (!detached || !later) return VERDICT_full;
    return own ? VERDICT_partial : VERDICT_none;
}

/* Which layers get a gradient, as a text "12". */
static const char *receiving(const Flow *f, int layers, char *text)
{
    char *at = text;
    for (int l = 1; l <= layers; l++)
        if (row(f, (uint32_t)l - 1)->open_paths > 0) *at++ = (char)('0' + l);
    *at = 0;
    return text;
}

typedef struct TableRow {
    unsigned subset;
    const char *detached, *exact;
} TableRow;

static void check_table(int layers, const TableRow *table, size_t rows, int all_detached,
                        int all_exact)
{
    int count[2] = {0, 0};
    for (size_t i = 0; i < rows; i++)
        for (int detached = 0; detached < 2; detached++) {
            Compiler *c = compiler_new();
            char text[8];
            Flow *f = chained(c, layers, table[i].subset, detached);
            assert_string_equal(receiving(f, layers, text),
                                detached ? table[i].detached : table[i].exact);
            count[detached] += strlen(text) == (size_t)layers;
            for (int l = 1; l <= layers; l++)
                assert_int_equal(row(f, (uint32_t)l - 1)->verdict,
                                 expected(layers, table[i].subset, detached, l));
            assert_int_equal(row(f, (uint32_t)layers)->verdict, VERDICT_full);
            compiler_drop(c);
        }
    assert_int_equal(count[1], all_detached);
    assert_int_equal(count[0], all_exact);
}

enum { X = 1, O1 = 2, O2 = 4, O3 = 8 };

static void test_two_layers(void **state)
{
    (void)state;
    static const TableRow table[] = {
        {X, "", ""},         {O1, "1", "1"},        {O2, "2", "12"},          {X + O1, "1", "1"},
        {X + O2, "2", "12"}, {O1 + O2, "12", "12"}, {X + O1 + O2, "12", "12"}};
    check_table(2, table, COUNT(table), 2, 4);
}

static void test_three_layers(void **state)
{
    (void)state;
    static const TableRow table[] = {{X, "", ""},
                                     {O1, "1", "1"},
                                     {O2, "2", "12"},
                                     {O3, "3", "123"},
                                     {X + O1, "1", "1"},
                                     {X + O2, "2", "12"},
                                     {X + O3, "3", "123"},
                                     {O1 + O2, "12", "12"},
                                     {O1 + O3, "13", "123"},
                                     {O2 + O3, "23", "123"},
                                     {X + O1 + O2, "12", "12"},
                                     {X + O1 + O3, "13", "123"},
                                     {X + O2 + O3, "23", "123"},
                                     {O1 + O2 + O3, "123", "123"},
                                     {X + O1 + O2 + O3, "123", "123"}};
    check_table(3, table, COUNT(table), 2, 8);
}

/* The eight placements of x -> q1, x -> q2, q1 -> q2: detached, both layers get gradient in the
 * four with q1 -> q2. */
static void test_placements(void **state)
{
    (void)state;
    for (unsigned placed = 0; placed < 8; placed++)
        for (int detached = 0; detached < 2; detached++) {
            Compiler *c = compiler_new();
            ModelInst *m = model_new(c, "placed");
            StageId x = add_input(c, m, "x", image);
            StageId q1 = quanv(c, m, "q1", x, detached);
            if (placed & 1) q1 = add2(c, m, q1, x);
            StageId q2 = quanv(c, m, "q2", q1, detached);
            if (placed & 2) q2 = add2(c, m, q2, x);
            if (placed & 4) q2 = add2(c, m, q2, q1);
            dense(c, m, "head", q2);
            Flow *f = flow_without_fixes(c, m);
            bool skip = placed & 4;
            assert_int_equal(row(f, 0)->verdict, !detached ? VERDICT_full
                                                 : skip    ? VERDICT_partial
                                                           : VERDICT_none);
            assert_true(row(f, 0)->open_paths == (detached ? 0 : 1) + skip);
            assert_true(row(f, 0)->cut_paths == detached);
            assert_int_equal(row(f, 0)->cuts.len, detached);
            assert_int_equal(row(f, 1)->verdict, VERDICT_full);
            compiler_drop(c);
        }
}

/* Forty doublings in a row have 2^40 paths, a hundred saturate. */
static void test_counts(void **state)
{
    (void)state;
    for (int doublings = 40; doublings <= 100; doublings += 60) {
        Compiler *c = compiler_new();
        ModelInst *m = model_new(c, "deep");
        StageId v = quanv(c, m, "q1", add_input(c, m, "x", image), false);
        for (int i = 0; i < doublings; i++) v = add2(c, m, v, v);
        Flow *f = flow_without_fixes(c, m);
        assert_true(row(f, 0)->open_paths ==
                    (doublings == 40 ? 1099511627776.0 : 9007199254740991.0));
        assert_true(row(f, 0)->cut_paths == 0);
        compiler_drop(c);
    }
}

/* alpha * a + (1 - alpha) * b: what alpha frozen at 0, 1 and 1/2 lets through. */
static void test_factors(void **state)
{
    (void)state;
    for (int half = 0; half <= 2; half++) {
        Compiler *c = compiler_new();
        ModelInst *m = model_new(c, "mixed");
        StageId x = add_input(c, m, "x", image);
        StageId a = dense(c, m, "a", x), b = dense(c, m, "b", x);
        GroupId alpha = add_group(c, m, "alpha", 0, NULL);
        *group_of(m, alpha) = (GroupInst){
            .path = "alpha", .count = 1, .init = INIT_constant, .a = half / 2.0, .frozen = true};
        Stage param = {.kind = STAGE_group, .type = real_type(0, NULL)};
        set_groups(c, &param, alpha, (GroupId){0});
        StageId p = add_stage(c, m, param, (StageId){0}, (StageId){0});
        StageId one = add_stage(c, m, (Stage){.kind = STAGE_constant, .value = rational_int(1)},
                                (StageId){0}, (StageId){0});
        StageId rest = add_stage(c, m, (Stage){.kind = STAGE_sub}, one, p);
        StageId left = add_stage(c, m, (Stage){.kind = STAGE_mul}, p, a);
        StageId right = add_stage(c, m, (Stage){.kind = STAGE_mul}, rest, b);
        add_stage(c, m, (Stage){.kind = STAGE_add}, left, right);
        Flow *f = flow_without_fixes(c, m);
        assert_int_equal(row(f, 0)->verdict, half == 0 ? VERDICT_none : VERDICT_full);
        assert_int_equal(row(f, 1)->verdict, half == 2 ? VERDICT_none : VERDICT_full);
        assert_int_equal(row(f, 2)->verdict, VERDICT_frozen);
        if (half == 0) assert_string_equal(row(f, 0)->cuts.at[0].kind, "factor");
        group_of(m, alpha)->frozen = false;
        f = flow_without_fixes(c, m);
        for (uint32_t i = 0; i < 3; i++) assert_int_equal(row(f, i)->verdict, VERDICT_full);
        compiler_drop(c);
    }
}

/* A threshold encoding lets nothing through; parameters behind a step get nothing. */
static void test_flat(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    ModelInst *m = model_new(c, "flat");
    StageId x = add_input(c, m, "x", image);
    StageId q1 = quanv(c, m, "q1", x, false);
    StageId q2 = quanv(c, m, "q2", q1, false);
    Stage *s = stage_of(m, q2);
    CircuitInst *circuit = circuit_new(c, 4, 4);
    const Sx *data = make_of(c, SX_step, make_data(c, 0), NULL),
             *param = make_of(c, SX_step, make_param(c, s->group[0], 0), NULL);
    add_gate(c, circuit, GATE_ry, data, 1, 1, (int[]){0});
    add_gate(c, circuit, GATE_ry, param, 1, 1, (int[]){1});
    s->quantum.encoding = NULL;
    s->quantum.circuit = circuit;
    Flow *f = flow_without_fixes(c, m);
    assert_int_equal(row(f, 0)->verdict, VERDICT_none);
    assert_int_equal(row(f, 0)->cuts.at[0].class, CUT_flat);
    assert_int_equal(row(f, 1)->verdict, VERDICT_none);
    assert_string_equal(row(f, 1)->cuts.at[0].kind, "param");
    add_gate(c, circuit, GATE_rz, make_data(c, 1), 1, 1, (int[]){0});
    f = flow_without_fixes(c, m);
    assert_int_equal(row(f, 0)->verdict, VERDICT_full);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_layers), cmocka_unit_test(test_three_layers),
        cmocka_unit_test(test_placements), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_factors),    cmocka_unit_test(test_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
