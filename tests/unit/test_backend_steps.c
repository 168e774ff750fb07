/* test_backend_steps.c: each kind of step as generated code and in the interpreter, on hand-made kernels: every scalar row, every way
 * of addressing, every shape of sparse map, kernels that are too long for one function, loops over gates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reference/hand_kernels.h"
#include "kernels_run.h"

enum { SAMPLES = 21, LEAVES_MAX = 4 };

/* Random values for every leaf, in [low, high). */
static double *values_for(const Kernels *k, rq_role role, uint32_t leaf, double low, double high, uint64_t *seed)
{
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        const Buffer *b = &k->buffers.at[i];
        if (b->role != role || b->leaf != leaf) continue;
        int64_t n = b->elements * (b->is_complex ? 2 : 1) * (b->batched ? SAMPLES : 1);
        double *at = malloc(sizeof *at * (size_t)n);
        for (int64_t j = 0; j < n; j++) at[j] = (float)(low + (hand_random(seed) + 1) / 2 * (high - low));
        return at;
    }
    fail();
    return NULL;
}

static void compare_outputs(const Kernels *k, double **got, double **want)
{
    double relative = k->real_bytes == 8 ? 1e-12 : 2e-5;
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        const Buffer *b = &k->buffers.at[i];
        if (b->role != RQ_ROLE_output) continue;
        int64_t n = b->elements * (b->is_complex ? 2 : 1) * (b->batched ? SAMPLES : 1);
        for (int64_t j = 0; j < n; j++) {
            double x = got[b->leaf][j], y = want[b->leaf][j];
            if (fabs(x - y) > relative * (1 + fabs(y)) || isnan(x) != isnan(y))
                fail_msg("%s: output '%s', %d bytes, value %ld: %.17g, not %.17g", k->name, k->outputs.at[b->leaf],
                         k->real_bytes, (long)j, x, y);
        }
    }
}

/* Runs both ways on random values in [low, high) and compares all outputs. */
static void check(Hand *h, double low, double high)
{
    Kernels *k = h->k;
    uint64_t seed = 7;
    Binding bindings[2 * LEAVES_MAX];
    double *got[LEAVES_MAX], *want[LEAVES_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < k->params.len; i++)
        bindings[n++] = (Binding){k->params.at[i], values_for(k, RQ_ROLE_param, i, low, high, &seed)};
    for (uint32_t i = 0; i < k->inputs.len; i++)
        bindings[n++] = (Binding){k->inputs.at[i], values_for(k, RQ_ROLE_input, i, low, high, &seed)};
    for (uint32_t i = 0; i < k->outputs.len; i++) {
        got[i] = values_for(k, RQ_ROLE_output, i, 0, 1, &seed);
        want[i] = values_for(k, RQ_ROLE_output, i, 0, 1, &seed);
    }
    kernels_interpret(k, SAMPLES, bindings, n, want);
    kernels_run(k, "native", 2, SAMPLES, bindings, n, got);
    compare_outputs(k, got, want);
    for (size_t i = 0; i < n; i++) free((void *)(uintptr_t)bindings[i].value);
    for (uint32_t i = 0; i < k->outputs.len; i++) {
        free(got[i]);
        free(want[i]);
    }
    hand_close(h);
}

/* ---- maps ---- */

static const struct {
    Scalar op;
    const char *name;
    int arity;
} rows[] = {
#define SCALAR(name, arity) {SCALAR_##name, #name, arity},
#include "kernel/scalars.def"
#undef SCALAR
};

/* What a row can take: pow2 wants integers, the logarithm's rows positive numbers. */
static void range_of(Scalar op, double *low, double *high)
{
    *low = -3;
    *high = 3;
    if (op == SCALAR_sqrt || op == SCALAR_exponent || op == SCALAR_mantissa) *low = 1e-3;
    if (op == SCALAR_exponent || op == SCALAR_mantissa) *high = 1e6;
    if (op == SCALAR_round || op == SCALAR_floor) *high = 1e3;
}

static void check_row(Scalar op, const char *name, bool batched, int real_bytes)
{
    Hand h = hand_open(name, 16, real_bytes);
    BufferId p = hand_param(&h, "p", 30, false);
    BufferId x = batched ? hand_input(&h, "x", 30) : p;
    BufferId y = hand_output(&h, "y", 30, batched, false);
    hand_kernel(&h, batched ? 1 : 0, 1);
    Step *s = hand_step(&h, STEP_map, 10, y);
    s->count = 30;
    s->out.at[0].inner = s->out.at[0].mod = 30;
    hand_in(&h, s, x, 30);
    hand_in(&h, s, p, 30);
    uint32_t a = hand_load(&h, s, 0, 0), b = hand_load(&h, s, 1, 0), ten = hand_number(&h, s, 10);
    if (op == SCALAR_pow2) a = hand_op(&h, s, SCALAR_floor, hand_op(&h, s, SCALAR_mul, a, ten, 0), 0, 0);
    if (op == SCALAR_eq || op == SCALAR_select) a = hand_op(&h, s, SCALAR_floor, a, 0, 0);
    if (op == SCALAR_eq) b = hand_op(&h, s, SCALAR_floor, b, 0, 0);
    uint32_t twice = hand_op(&h, s, SCALAR_add, b, b, 0);
    uint32_t v = hand_op(&h, s, op, a, b, twice);
    hand_store(&h, s, 0, 0, v);
    double low, high;
    range_of(op, &low, &high);
    check(&h, low, high);
}

static void test_every_scalar_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].op, rows[i].name, true, 4);
        check_row(rows[i].op, rows[i].name, true, 8);
        check_row(rows[i].op, rows[i].name, false, 8);
    }
}

/* y[e] = a[e / div1 % mod1] * b[e / div2 % mod2] + c[e], with a and c advancing with p and b with p / 2 % 3. */
static void check_addressing(int64_t count, int64_t div1, int64_t mod1, int64_t div2, int64_t mod2, int64_t outer)
{
    Hand h = hand_open("addressing", 16, 8);
    BufferId b = hand_param(&h, "b", 3 * mod2, false);
    BufferId a = hand_input(&h, "a", mod1 * outer), c = hand_input(&h, "c", count * outer);
    BufferId y = hand_output(&h, "y", count * outer, true, false);
    hand_kernel(&h, 1, outer);
    Step *s = hand_step(&h, STEP_map, count, y);
    hand_in(&h, s, a, mod1);
    hand_in(&h, s, b, mod2);
    hand_in(&h, s, c, count);
    s->in.at[0].div = div1;
    s->in.at[0].mod = mod1;
    s->in.at[1] = (Operand){.buffer = b, .p_div = 2, .p_mod = 3, .inner = mod2, .div = div2, .mod = mod2};
    uint32_t u = hand_load(&h, s, 0, 0), v = hand_load(&h, s, 1, 0), w = hand_load(&h, s, 2, 0);
    hand_store(&h, s, 0, 0, hand_op(&h, s, SCALAR_fma, u, v, w));
    check(&h, -1, 1);
}

static void test_every_way_of_addressing(void **state)
{
    (void)state;
    check_addressing(4, 1, 4, 1, 1, 1);       /* unrolled */
    check_addressing(4, 2, 2, 1, 2, 5);
    check_addressing(60, 1, 60, 1, 1, 1);     /* identity and a constant element */
    check_addressing(60, 6, 10, 1, 6, 2);     /* rows and columns */
    check_addressing(60, 2, 5, 10, 6, 7);     /* three digits */
    check_addressing(60, 4, 15, 6, 10, 3);    /* bounds that do not divide one another */
    check_addressing(60, 1, 7, 7, 3, 12);     /* nor the count */
    check_addressing(120, 5, 4, 20, 2, 1);
}

/* A map that reads and writes one complex buffer, then copies of shared and batched values. */
static void test_maps_in_place_and_copies(void **state)
{
    (void)state;
    Hand h = hand_open("in_place", 16, 4);
    BufferId p = hand_param(&h, "p", 40, true);
    BufferId z = hand_output(&h, "z", 40, true, true), y = hand_output(&h, "y", 40, true, true);
    hand_kernel(&h, 1, 1);
    Step *s = hand_step(&h, STEP_copy, 40, z);
    hand_in(&h, s, p, 40);
    s = hand_step(&h, STEP_map, 40, z);
    hand_in(&h, s, z, 40);
    uint32_t re = hand_load(&h, s, 0, 0), im = hand_load(&h, s, 0, 1);
    hand_store(&h, s, 0, 0, im);
    hand_store(&h, s, 0, 1, hand_op(&h, s, SCALAR_neg, re, 0, 0));
    s = hand_step(&h, STEP_copy, 40, y);
    hand_in(&h, s, z, 40);
    check(&h, -1, 1);
}

/* ---- sparse maps ---- */

typedef enum Coefficients { ONES, SIGNS, REALS, COMPLEX } Coefficients;

/* Rows of `least` to `most` terms; stride > 0: one term, at stride * row. */
static SparseMap *make_map(Hand *h, bool inner, int64_t rows_, int64_t cols, int least, int most, int64_t stride, Coefficients kind)
{
    uint64_t seed = 3;
    Arena *a = h->k->arena;
    SparseMap *map = arena_make(a, SparseMap);
    int64_t *start = arena_array(a, int64_t, rows_ + 1), *index = arena_array(a, int64_t, rows_ * most + 1);
    double *re = arena_array(a, double, rows_ * most + 1), *im = arena_array(a, double, rows_ * most + 1);
    int64_t n = 0;
    for (int64_t r = 0; r < rows_; r++) {
        int terms = least + (int)((hand_random(&seed) + 1) / 2 * (most - least + 1));
        for (int t = 0; t < terms; t++, n++) {
            index[n] = stride ? r * stride % cols : (int64_t)((hand_random(&seed) + 1) / 2 * (double)cols);
            double x = hand_random(&seed);
            re[n] = kind == ONES ? 1 : kind == SIGNS ? (x > 0 ? 1 : -1) : x;
            im[n] = hand_random(&seed);
        }
        start[r + 1] = n;
    }
    *map = (SparseMap){.inner = inner, .rows = rows_, .cols = cols, .start = start, .index = index, .re = re};
    if (kind == COMPLEX) map->im = im;
    return map;
}

typedef struct SparseCase {
    int64_t outer, rows, cols; /* of one p */
    int least, most;
    int64_t stride;
    Coefficients kind;
    bool inner, complex_in, batched, over_outer;
} SparseCase;

static void check_sparse(SparseCase t, int real_bytes)
{
    Hand h = hand_open("sparse", 16, real_bytes);
    bool complex_out = t.complex_in || t.kind == COMPLEX;
    int64_t all_cols = t.cols * (t.inner ? t.outer : 1), all_rows = t.rows * t.outer;
    BufferId x = t.complex_in || !t.batched ? hand_param(&h, "p", all_cols, t.complex_in) : hand_input(&h, "x", all_cols);
    BufferId y = hand_output(&h, "y", t.over_outer ? t.rows : all_rows, t.batched, complex_out);
    BufferId spread = x;
    if (t.batched && t.complex_in) {
        spread = hand_temporary(&h, RQ_ROLE_thread, all_cols, true);
        hand_kernel(&h, 1, 1);
        hand_in(&h, hand_step(&h, STEP_copy, all_cols, spread), x, all_cols);
    }
    hand_kernel(&h, t.batched ? 1 : 0, t.outer);
    Step *s = hand_step(&h, STEP_sparse, t.rows, y);
    hand_in(&h, s, spread, t.inner ? t.cols : all_cols);
    s->over_outer = t.over_outer;
    s->sparse.map = make_map(&h, t.inner, t.inner ? t.rows : all_rows, t.cols, t.least, t.most, t.stride, t.kind);
    check(&h, -1, 1);
}

static void test_every_shape_of_sparse_map(void **state)
{
    (void)state;
    const SparseCase cases[] = {
        {1, 6, 9, 0, 3, 0, REALS, true, false, true, false},       /* unrolled */
        {4, 6, 9, 0, 3, 0, SIGNS, true, false, true, false},       /* unrolled for each p */
        {3, 5, 4, 1, 3, 0, COMPLEX, true, true, true, false},
        {1, 90, 90, 1, 1, 1, ONES, true, false, true, false},      /* affine */
        {7, 16, 224, 1, 1, 2, ONES, false, false, true, false},    /* affine over all of outer */
        {9, 10, 77, 1, 1, 0, ONES, false, false, true, false},     /* gather of patches */
        {9, 10, 77, 1, 1, 0, SIGNS, false, true, true, false},     /* with signs */
        {9, 10, 77, 0, 1, 0, ONES, false, false, true, false},     /* padded */
        {9, 10, 77, 3, 3, 0, ONES, false, false, true, false},     /* all rows alike */
        {1, 100, 77, 0, 5, 0, REALS, true, false, true, false},    /* any rows */
        {3, 40, 20, 0, 5, 0, COMPLEX, true, true, true, false},
        {3, 40, 20, 0, 4, 0, COMPLEX, true, false, true, false},
        {5, 40, 20, 0, 4, 0, REALS, true, false, true, true},      /* summed over p */
        {5, 6, 9, 0, 3, 0, REALS, true, true, true, true},
        {3, 40, 20, 0, 4, 0, REALS, true, true, false, false},     /* shared */
        {1, 90, 9, 0, 0, 0, REALS, true, false, true, false},      /* empty */
        {1, 90, 50, 0, 4, 0, REALS, true, false, false, false},    /* shared, elements side by side, with a rest */
        {1, 64, 50, 1, 1, 1, ONES, false, false, false, false},
        {1, 47, 50, 0, 1, 0, SIGNS, true, false, false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) check_sparse(cases[i], i % 2 ? 4 : 8);
}

/* So many small maps that they are one table: real and complex, shared or batched, each reading what the one before wrote. */
static void check_run_of_maps(bool batched, Coefficients kind)
{
    Hand h = hand_open("run", 16, 8);
    BufferId p = hand_param(&h, "p", 8, true), real = hand_output(&h, "real", 5, batched, kind == COMPLEX);
    BufferId last = hand_output(&h, "last", 8, batched, true);
    BufferId x = hand_buffer(&h, batched ? RQ_ROLE_thread : RQ_ROLE_shared, 0, 8, batched, true);
    BufferId r = hand_buffer(&h, batched ? RQ_ROLE_thread : RQ_ROLE_shared, 0, 6, batched, false);
    hand_kernel(&h, batched ? 1 : 0, 1);
    hand_in(&h, hand_step(&h, STEP_copy, 8, x), p, 8);
    Step *s = hand_step(&h, STEP_map, 6, r);
    hand_in(&h, s, x, 8);
    s->in.at[0].mod = 6;
    uint32_t re = hand_load(&h, s, 0, 0), im = hand_load(&h, s, 0, 1);
    hand_store(&h, s, 0, 0, hand_op(&h, s, SCALAR_sub, re, im, 0));
    for (int i = 0; i < 6; i++) {
        s = hand_step(&h, STEP_sparse, 8, i % 2 ? x : last);
        hand_in(&h, s, i % 2 ? last : x, 8);
        s->sparse.map = make_map(&h, true, 8, 8, i % 3, 4, 0, kind);
    }
    s = hand_step(&h, STEP_sparse, 5, real);
    hand_in(&h, s, r, 6);
    s->sparse.map = make_map(&h, true, 5, 6, 0, 3, 0, kind);
    check(&h, -1, 1);
}

static void test_small_maps_in_a_row(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) check_run_of_maps(i & 1, i & 2 ? COMPLEX : REALS);
}

/* ---- shared values ---- */

/* Maps of one program on vectors of several lengths, one of them in place; a sparse map that adds; the sum of all elements. */
static void check_packed(int real_bytes)
{
    Hand h = hand_open("packed", 16, real_bytes);
    static const int64_t length[] = {32, 77, 100};
    BufferId x = hand_param(&h, "x", 100, false), one = hand_param(&h, "one", 1, false);
    BufferId y[3], sum = hand_output(&h, "sum", 1, false, false);
    for (int i = 0; i < 3; i++) y[i] = hand_output(&h, i == 0 ? "y0" : i == 1 ? "y1" : "y2", length[i], false, false);
    hand_kernel(&h, 0, 1);
    for (int i = 0; i < 4; i++) {
        BufferId to = y[i < 3 ? i : 2], from = i < 3 ? x : to;
        Step *s = hand_step(&h, STEP_map, buffer_of(h.k, to)->elements, to);
        hand_in(&h, s, from, s->count);
        hand_in(&h, s, one, 1);
        uint32_t a = hand_load(&h, s, 0, 0), b = hand_load(&h, s, 1, 0), c = hand_op(&h, s, SCALAR_fma, a, b, a);
        hand_store(&h, s, 0, 0, hand_op(&h, s, SCALAR_select, hand_op(&h, s, SCALAR_ge, a, b, 0), c, b));
    }
    Step *s = hand_step(&h, STEP_sparse, 77, y[1]);
    hand_in(&h, s, y[2], 100);
    s->sparse.map = make_map(&h, true, 77, 100, 0, 3, 0, REALS);
    s->adds = true;
    s = hand_step(&h, STEP_sum, 1, sum);
    hand_in(&h, s, y[1], 77);
    s->sum.pre = s->sum.mid = 1;
    s->sum.post = 77;
    check(&h, -1, 1);
}

static void test_shared_values(void **state)
{
    (void)state;
    check_packed(4);
    check_packed(8);
}

/* ---- sums and products ---- */

static void test_lane_sums_in_a_row(void **state)
{
    (void)state;
    Hand h = hand_open("lanes", 16, 4);
    BufferId x = hand_input(&h, "x", 12), p = hand_param(&h, "p", 3, true), total[6], part[6];
    BufferId z = hand_temporary(&h, RQ_ROLE_thread, 3, true);
    for (int i = 0; i < 6; i++) part[i] = hand_sum(&h, i % 2 ? 3 : 12, i % 2, &total[i]);
    BufferId y = hand_output(&h, "y", 12, false, false), w = hand_output(&h, "w", 3, false, true);
    hand_kernel(&h, 1, 1);
    hand_in(&h, hand_step(&h, STEP_copy, 3, z), p, 3);
    for (int i = 0; i < 6; i++)
        hand_in(&h, hand_step(&h, STEP_lane_sum, i % 2 ? 3 : 12, part[i]), i % 2 ? z : x, i % 2 ? 3 : 12);
    hand_kernel(&h, 2, 1);
    hand_in(&h, hand_step(&h, STEP_copy, 12, y), total[4], 12);
    hand_in(&h, hand_step(&h, STEP_copy, 3, w), total[5], 3);
    check(&h, -1, 1);
}

static void check_sum(int64_t pre, int64_t mid, int64_t post, int64_t outer, bool over_outer)
{
    Hand h = hand_open("sum", 16, 8);
    BufferId x = hand_input(&h, "x", pre * mid * post * outer);
    BufferId y = hand_output(&h, "y", over_outer ? mid : mid * outer, true, false);
    hand_kernel(&h, 1, outer);
    Step *s = hand_step(&h, STEP_sum, mid, y);
    hand_in(&h, s, x, pre * mid * post);
    s->sum.pre = pre;
    s->sum.mid = mid;
    s->sum.post = post;
    s->over_outer = over_outer;
    check(&h, -1, 1);
}

static void test_sums(void **state)
{
    (void)state;
    check_sum(1, 5, 7, 1, false);
    check_sum(4, 5, 1, 3, false);
    check_sum(3, 1, 6, 4, true);
    check_sum(2, 3, 5, 2, true);
}

static void check_matmul(int64_t m, int64_t n, int64_t k, bool ta, bool tb, bool is_complex, bool over_outer, int64_t outer)
{
    Hand h = hand_open("matmul", 16, 8);
    BufferId a = hand_param(&h, "a", m * k, is_complex), b = hand_param(&h, "b", k * n * outer, is_complex);
    BufferId spread = hand_temporary(&h, RQ_ROLE_thread, k * n * outer, is_complex);
    BufferId y = hand_output(&h, "y", over_outer ? m * n : m * n * outer, true, is_complex);
    hand_kernel(&h, 1, 1);
    hand_in(&h, hand_step(&h, STEP_copy, k * n * outer, spread), b, k * n * outer);
    hand_kernel(&h, 1, outer);
    Step *s = hand_step(&h, STEP_matmul, m * n, y);
    hand_in(&h, s, a, m * k);
    hand_in(&h, s, spread, k * n);
    s->matmul.m = m;
    s->matmul.n = n;
    s->matmul.k = k;
    s->matmul.ta = ta;
    s->matmul.tb = tb;
    s->over_outer = over_outer;
    check(&h, -1, 1);
}

static void test_matrix_products_in_loops(void **state)
{
    (void)state;
    static const int64_t extents[][3] = {{3, 4, 5}, {12, 1, 27}, {1, 13, 7}, {9, 25, 1}, {31, 26, 3}}; /* with and without rests of tiles */
    for (size_t e = 0; e < COUNT(extents); e++)
        for (int i = 0; i < 16; i++)
            check_matmul(extents[e][0], extents[e][1], extents[e][2], i & 1, i & 2, i & 4, i & 8, 1 + (7 * i + (int)e) % 23);
}

/* y = W x, then dW = y x^T over the lanes, by cblas; a batch sum of it and of a lane sum. */
static void check_gemm(int real_bytes)
{
    Hand h = hand_open("gemm", 16, real_bytes);
    BufferId w = hand_param(&h, "w", 7 * 20, false), x = hand_input(&h, "x", 20);
    BufferId y = hand_output(&h, "y", 7, true, false), dw = hand_output(&h, "dw", 7 * 20, false, false);
    BufferId total_y = {0}, total_w = {0};
    BufferId part_w = hand_sum(&h, 7 * 20, false, &total_w), part_y = hand_sum(&h, 7, false, &total_y);
    BufferId sum_y = hand_output(&h, "sum_y", 7, false, false);
    int64_t lanes = h.k->lanes;
    hand_kernel(&h, 1, 1);
    *h.kernel = (Kernel){.kind = KERNEL_gemm, .gemm = {w, x, y, 7, lanes, 20, 7, lanes, lanes, true, false, false}};
    hand_kernel(&h, 1, 1);
    *h.kernel = (Kernel){.kind = KERNEL_gemm, .gemm = {y, x, part_w, 7, 20, lanes, lanes, lanes, 20, false, true, false}};
    hand_kernel(&h, 1, 1);
    hand_in(&h, hand_step(&h, STEP_lane_sum, 7, part_y), y, 7);
    hand_kernel(&h, 2, 1);
    hand_in(&h, hand_step(&h, STEP_copy, 7 * 20, dw), total_w, 7 * 20);
    hand_in(&h, hand_step(&h, STEP_copy, 7, sum_y), total_y, 7);
    check(&h, -1, 1);
}

static void test_products_by_cblas(void **state)
{
    (void)state;
    check_gemm(4);
    check_gemm(8);
}

/* ---- long kernels ---- */

/* Many unrolled maps: the loop's steps are parts of several functions. */
static void test_a_kernel_too_long_for_one_function(void **state)
{
    (void)state;
    Hand h = hand_open("long", 16, 8);
    BufferId x = hand_input(&h, "x", 4 * 6), y = hand_output(&h, "y", 4 * 6, true, false);
    BufferId constant = hand_constant(&h, 4, (double[]){0.25, -0.5, 0.75, 1}, NULL);
    BufferId t = hand_temporary(&h, RQ_ROLE_thread, 4, false);
    hand_kernel(&h, 1, 6);
    hand_in(&h, hand_step(&h, STEP_copy, 4, t), x, 4);
    for (int i = 0; i < 60; i++) {
        Step *s = hand_step(&h, STEP_map, 4, t);
        hand_in(&h, s, t, 4);
        hand_in(&h, s, constant, 4);
        uint32_t a = hand_load(&h, s, 0, 0), b = hand_load(&h, s, 1, 0), c = hand_number(&h, s, 0.01 * i);
        hand_store(&h, s, 0, 0, hand_op(&h, s, SCALAR_fma, a, b, c));
    }
    hand_in(&h, hand_step(&h, STEP_copy, 4, y), t, 4);
    check(&h, -1, 1);
}

/* So many gates and overlaps that they are loops over tables, with constant matrices, matrices and results for each p. */
static void test_loops_over_gates(void **state)
{
    (void)state;
    static const uint8_t dense[4] = {3, 3, 3, 3}, moves[4] = {1, 1, 1, 1};
    static const double x_re[4] = {0, 1, 1, 0}, x_im[4] = {0};
    Wires wires[5];
    for (int i = 0; i < 5; i++)
        wires[i] = (Wires){.qubits = 5, .target_count = 1, .target = {(uint8_t)i}, .pattern = dense};
    wires[4].control_count = 1;
    wires[4].pattern = moves;
    Hand h = hand_open("gates", 16, 8);
    BufferId m = hand_param(&h, "m", 4, true), each = hand_param(&h, "each", 4 * 3, true);
    BufferId start = hand_param(&h, "start", 32, true);
    BufferId psi = hand_output(&h, "psi", 32 * 3, true, true), k = hand_output(&h, "k", 4, true, true);
    BufferId ks = hand_output(&h, "ks", 4 * 3, true, true);
    hand_kernel(&h, 1, 3);
    hand_in(&h, hand_step(&h, STEP_copy, 32, psi), start, 32);
    for (int i = 0; i < 100; i++) {
        const Wires *w = &wires[i % 5];
        Step *s = hand_step(&h, STEP_apply, 32, psi);
        hand_in(&h, s, w == &wires[4] ? (BufferId){0} : i % 5 == 1 ? each : m, 4);
        hand_in(&h, s, psi, 32);
        s->gate.wires = w;
        if (w == &wires[4]) {
            s->gate.constant_re = x_re;
            s->gate.constant_im = x_im;
        }
        if (i % 20 != 19) continue;
        s = hand_step(&h, STEP_overlap, 4, i % 40 == 19 ? k : ks);
        hand_in(&h, s, psi, 32);
        hand_in(&h, s, psi, 32);
        s->gate.wires = &wires[0];
        s->over_outer = i % 40 == 19;
    }
    check(&h, -0.6, 0.6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_scalar_row),
        cmocka_unit_test(test_every_way_of_addressing),
        cmocka_unit_test(test_maps_in_place_and_copies),
        cmocka_unit_test(test_every_shape_of_sparse_map),
        cmocka_unit_test(test_small_maps_in_a_row),
        cmocka_unit_test(test_shared_values),
        cmocka_unit_test(test_lane_sums_in_a_row),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_matrix_products_in_loops),
        cmocka_unit_test(test_products_by_cblas),
        cmocka_unit_test(test_a_kernel_too_long_for_one_function),
        cmocka_unit_test(test_loops_over_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
