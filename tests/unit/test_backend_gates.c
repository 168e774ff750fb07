/* test_backend_gates.c: generated apply and overlap against their definitions, for every class of gate.
 *
 * The twin here works on whole states, index by index, in complex doubles: no groups, no classes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/hand_kernels.h"
#include "kernels_run.h"

enum { SAMPLES = 19 };

typedef double complex Amplitude;

/* One gate under test. */
typedef struct Case {
    Wires wires;
    uint8_t pattern[256];
    bool constant, m_batched, over_outer;
    int real_bytes, lanes; /* one lane: large states are vectors of amplitudes */
    int64_t outer;
} Case;

static int64_t target_bits(const Wires *w, int64_t index)
{
    int64_t row = 0;
    for (int i = 0; i < w->target_count; i++) row = row << 1 | (index >> (w->qubits - 1 - w->target[i]) & 1);
    return row;
}

static int64_t with_target_bits(const Wires *w, int64_t index, int64_t row)
{
    for (int i = 0; i < w->target_count; i++) {
        int64_t bit = INT64_C(1) << (w->qubits - 1 - w->target[i]);
        index = row >> (w->target_count - 1 - i) & 1 ? index | bit : index & ~bit;
    }
    return index;
}

static bool controls_match(const Wires *w, int64_t index)
{
    for (int i = 0; i < w->control_count; i++)
        if ((index >> (w->qubits - 1 - w->control[i]) & 1) != (w->control_values >> i & 1)) return false;
    return true;
}

static void twin_apply(const Wires *w, const Amplitude *m, const Amplitude *psi, Amplitude *out)
{
    int64_t dim = INT64_C(1) << w->target_count;
    for (int64_t i = 0; i < INT64_C(1) << w->qubits; i++) {
        out[i] = w->zero_outside ? 0 : psi[i];
        if (!controls_match(w, i)) continue;
        out[i] = 0;
        for (int64_t c = 0; c < dim; c++) {
            int64_t r = target_bits(w, i);
            Amplitude entry = w->dagger ? conj(m[c * dim + r]) : m[r * dim + c];
            out[i] += entry * psi[with_target_bits(w, i, c)];
        }
    }
}

static void twin_overlap(const Wires *w, const Amplitude *l, const Amplitude *psi, Amplitude *k)
{
    int64_t dim = INT64_C(1) << w->target_count;
    memset(k, 0, sizeof *k * (size_t)(dim * dim));
    for (int64_t i = 0; i < INT64_C(1) << w->qubits; i++) {
        if (!controls_match(w, i)) continue;
        for (int64_t c = 0; c < dim; c++)
            k[target_bits(w, i) * dim + c] += l[i] * conj(psi[with_target_bits(w, i, c)]);
    }
    for (int64_t i = 0; i < dim * dim; i++)
        k[i] = (w->pattern[i] & PART_re ? creal(k[i]) : 0) + (w->pattern[i] & PART_im ? cimag(k[i]) : 0) * I;
}

/* Real inputs re and im of a state -> a complex buffer. */
static void join(Hand *h, BufferId re, BufferId im, BufferId out, int64_t n)
{
    Step *s = hand_step(h, STEP_map, n, out);
    hand_in(h, s, re, n);
    hand_in(h, s, im, n);
    uint32_t a = hand_load(h, s, 0, 0), b = hand_load(h, s, 1, 0);
    hand_store(h, s, 0, 0, a);
    hand_store(h, s, 0, 1, b);
}

static double *random_reals(uint64_t *seed, int64_t n)
{
    double *at = malloc(sizeof *at * (size_t)n);
    for (int64_t i = 0; i < n; i++) at[i] = hand_random(seed);
    return at;
}

/* Matrix entries that obey the pattern; constants are sometimes +-1, as in real gates. */
static double *random_matrix(uint64_t *seed, const Case *t, int64_t copies)
{
    int64_t dim = INT64_C(1) << t->wires.target_count, n = dim * dim;
    double *m = random_reals(seed, 2 * n * copies);
    for (int64_t i = 0; i < n * copies; i++)
        for (int part = 0; part < 2; part++) {
            if (!(t->pattern[i % n] >> part & 1)) m[2 * i + part] = 0;
            else if (t->constant && hand_random(seed) > 0) m[2 * i + part] = hand_random(seed) > 0 ? 1 : -1;
        }
    return m;
}

static void compare(const Case *t, const char *what, const double *got, Amplitude want, int64_t i)
{
    double tolerance = (t->real_bytes == 4 ? 2e-5 : 1e-12) * (INT64_C(1) << (t->wires.qubits / 2)) * t->outer;
    if (cabs(got[0] + got[1] * I - want) <= tolerance) return;
    const Wires *w = &t->wires;
    fail_msg("%s of %d qubits, %d targets from %d, %d controls, element %ld: %g%+gi is not %g%+gi", what, w->qubits,
             w->target_count, w->target[0], w->control_count, (long)i, got[0], got[1], creal(want), cimag(want));
}

static Amplitude *complex_of(const double *re, const double *im, int64_t n)
{
    Amplitude *at = malloc(sizeof *at * (size_t)n);
    for (int64_t i = 0; i < n; i++) at[i] = re[i] + im[i] * I;
    return at;
}

/* Splits [copies][n][re, im] into re and im. */
static double *part_of(const double *pairs, int64_t n, int part)
{
    double *at = malloc(sizeof *at * (size_t)n);
    for (int64_t i = 0; i < n; i++) at[i] = pairs[2 * i + part];
    return at;
}

typedef struct Values {
    double *m, *m_re, *m_im, *re, *im, *left_re, *left_im, *psi, *k;
} Values;

static void run_case(const Case *t, Values *v)
{
    const Wires *w = &t->wires;
    int64_t n = INT64_C(1) << w->qubits, dim = INT64_C(1) << w->target_count, all = n * t->outer;
    Hand h = hand_open("gate", t->lanes, t->real_bytes);
    BufferId m = {0}, m_re = {0}, m_im = {0};
    if (!t->constant && !t->m_batched) m = hand_param(&h, "m", dim * dim, true);
    BufferId re = hand_input(&h, "re", all), im = hand_input(&h, "im", all);
    BufferId left_re = hand_input(&h, "left_re", all), left_im = hand_input(&h, "left_im", all);
    if (t->m_batched) {
        m_re = hand_input(&h, "m_re", dim * dim);
        m_im = hand_input(&h, "m_im", dim * dim);
        m = hand_temporary(&h, RQ_ROLE_thread, dim * dim, true);
    }
    BufferId psi = hand_output(&h, "psi", all, true, true);
    BufferId k = hand_output(&h, "k", dim * dim * (t->over_outer ? 1 : t->outer), true, true);
    BufferId left = hand_temporary(&h, RQ_ROLE_thread, n, true);
    if (t->m_batched) {
        hand_kernel(&h, 1, 1);
        join(&h, m_re, m_im, m, dim * dim);
    }
    hand_kernel(&h, 1, t->outer);
    join(&h, left_re, left_im, left, n);
    join(&h, re, im, psi, n);
    Step *s = hand_step(&h, STEP_overlap, dim * dim, k);
    hand_in(&h, s, left, n);
    hand_in(&h, s, psi, n);
    s->gate.wires = w;
    s->over_outer = t->over_outer;
    s = hand_step(&h, STEP_apply, n, psi);
    hand_in(&h, s, m, dim * dim);
    hand_in(&h, s, psi, n);
    s->gate.wires = w;
    if (t->constant) {
        s->gate.constant_re = v->m_re;
        s->gate.constant_im = v->m_im;
    }
    Binding bindings[] = {{"m", v->m}, {"m_re", v->m_re}, {"m_im", v->m_im}, {"re", v->re}, {"im", v->im},
                          {"left_re", v->left_re}, {"left_im", v->left_im}};
    kernels_run(h.k, "native", 1, SAMPLES, bindings, COUNT(bindings), (double *[]){v->psi, v->k});
    hand_close(&h);
}

static void check_case(const Case *t, uint64_t *seed)
{
    const Wires *w = &t->wires;
    int64_t n = INT64_C(1) << w->qubits, dim = INT64_C(1) << w->target_count, d2 = dim * dim;
    int64_t copies = t->m_batched ? SAMPLES : 1, total = SAMPLES * t->outer * n;
    int64_t ks = t->over_outer ? 1 : t->outer;
    Values v = {.m = random_matrix(seed, t, copies), .re = random_reals(seed, total), .im = random_reals(seed, total)};
    v.left_re = random_reals(seed, total);
    v.left_im = random_reals(seed, total);
    v.m_re = part_of(v.m, d2 * copies, 0);
    v.m_im = part_of(v.m, d2 * copies, 1);
    v.psi = malloc(sizeof(double) * 2 * (size_t)total);
    v.k = malloc(sizeof(double) * 2 * (size_t)(SAMPLES * ks * d2));
    run_case(t, &v);
    Amplitude *psi = complex_of(v.re, v.im, total), *left = complex_of(v.left_re, v.left_im, total);
    Amplitude *m = complex_of(v.m_re, v.m_im, d2 * copies), *out = malloc(sizeof *out * (size_t)n);
    Amplitude *k = malloc(sizeof *k * (size_t)d2), *sum = malloc(sizeof *sum * (size_t)d2);
    for (int64_t sample = 0; sample < SAMPLES; sample++) {
        memset(sum, 0, sizeof *sum * (size_t)d2);
        for (int64_t p = 0; p < t->outer; p++) {
            int64_t first = (sample * t->outer + p) * n;
            twin_apply(w, m + (t->m_batched ? sample * d2 : 0), psi + first, out);
            for (int64_t i = 0; i < n; i++) compare(t, "apply", v.psi + 2 * (first + i), out[i], i);
            twin_overlap(w, left + first, psi + first, k);
            for (int64_t i = 0; i < d2; i++) sum[i] += k[i];
            for (int64_t i = 0; i < d2 && !t->over_outer; i++)
                compare(t, "overlap", v.k + 2 * ((sample * t->outer + p) * d2 + i), k[i], i);
        }
        for (int64_t i = 0; i < d2 && t->over_outer; i++) compare(t, "summed overlap", v.k + 2 * (sample * d2 + i), sum[i], i);
    }
    double *used[] = {v.m, v.m_re, v.m_im, v.re, v.im, v.left_re, v.left_im, v.psi, v.k};
    for (size_t i = 0; i < COUNT(used); i++) free(used[i]);
    Amplitude *states[] = {psi, left, m, out, k, sum};
    for (size_t i = 0; i < COUNT(states); i++) free(states[i]);
}

/* Patterns of one-qubit gates: dense, ry and h, rx, diagonal, x, p, s. */
static const uint8_t patterns[][4] = {{3, 3, 3, 3}, {1, 1, 1, 1}, {1, 2, 2, 1}, {3, 0, 0, 3},
                                      {0, 1, 1, 0}, {1, 0, 0, 3}, {1, 0, 0, 2}, {0, 2, 2, 0}};

static uint32_t below(uint64_t *seed, uint32_t n)
{
    return (uint32_t)((hand_random(seed) + 1) / 2 * n);
}

static void set_pattern(Case *t, uint64_t *seed)
{
    int64_t entries = INT64_C(1) << (2 * t->wires.target_count);
    const uint8_t *one = patterns[below(seed, COUNT(patterns))];
    for (int64_t i = 0; i < entries; i++)
        t->pattern[i] = t->wires.target_count == 1 ? one[i] : below(seed, 3) ? 3 : (uint8_t)below(seed, 4);
    t->wires.pattern = t->pattern;
}

static Case random_case(uint64_t *seed, int lanes, int qubits, int targets)
{
    Case t = {.lanes = lanes, .real_bytes = below(seed, 2) ? 4 : 8, .outer = 1 + below(seed, 3)};
    Wires *w = &t.wires;
    uint8_t order[16];
    for (int i = 0; i < qubits; i++) order[i] = (uint8_t)i;
    for (int i = qubits - 1; i > 0; i--) {
        int j = (int)below(seed, (uint32_t)i + 1);
        uint8_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    w->qubits = (uint8_t)qubits;
    w->target_count = (uint8_t)targets;
    w->control_count = (uint8_t)below(seed, (uint32_t)(qubits - targets) + 1);
    if (w->control_count > 3) w->control_count = 3;
    memcpy(w->target, order, (size_t)targets);
    memcpy(w->control, order + targets, w->control_count);
    w->control_values = below(seed, 1u << w->control_count);
    w->dagger = below(seed, 2);
    w->zero_outside = below(seed, 2);
    uint32_t kind = below(seed, 3);
    t.constant = kind == 1;
    t.m_batched = kind == 2;
    t.over_outer = below(seed, 2);
    set_pattern(&t, seed);
    return t;
}

static void check_lanes(uint64_t seed, int lanes, int qubits, int targets, int count)
{
    for (int i = 0; i < count; i++) {
        Case t = random_case(&seed, lanes, qubits, targets);
        t.wires.pattern = t.pattern;
        check_case(&t, &seed);
    }
}

static void check_random(uint64_t seed, int qubits, int targets, int count)
{
    check_lanes(seed, 16, qubits, targets, count);
}

static void test_one_qubit_gates(void **state)
{
    (void)state;
    for (int n = 1; n <= 10; n++) check_random((uint64_t)n, n, 1, n < 6 ? 16 : 4);
}

static void test_two_qubit_gates(void **state)
{
    (void)state;
    for (int n = 2; n <= 7; n++) check_random((uint64_t)n, n, 2, 6);
}

static void test_phases_without_target(void **state)
{
    (void)state;
    for (int n = 1; n <= 4; n++) check_random((uint64_t)n, n, 0, 4);
}

static void test_wide_unitaries(void **state)
{
    (void)state;
    check_random(1, 3, 3, 4);
    check_random(2, 5, 3, 4);
    check_random(3, 5, 4, 3);
}

static void test_vectors_of_amplitudes(void **state)
{
    (void)state;
    for (int n = 5; n <= 9; n += 2)
        for (int targets = 0; targets <= 3; targets++) check_lanes((uint64_t)n, 1, n, targets, n < 7 ? 2 : 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_qubit_gates),
        cmocka_unit_test(test_two_qubit_gates),
        cmocka_unit_test(test_phases_without_target),
        cmocka_unit_test(test_wide_unitaries),
        cmocka_unit_test(test_vectors_of_amplitudes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
