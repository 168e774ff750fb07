/* test_backend_runs.c: gates in a row become a loop over a table of buffers; a constant state among them has no buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "kernel/kernel.h"
#include "kernels_run.h"

enum { QUBITS = 3, DIM = 8, GATES = 16, SAMPLES = 5 };

static Wires wires_on(int qubit)
{
    return (Wires){.qubits = QUBITS, .target_count = 1, .target = {(uint8_t)qubit}};
}

/* lambda = M lambda, sixteen times, then K = overlap(lambda, |0..0>), as at the end of a backward pass. */
static Graph *backward(Compiler *c)
{
    Graph *g = graph_new(c, "backward");
    double one[DIM] = {1}, zero[DIM] = {0};
    Type state = {.is_complex = true, .rank = 1, .dim = {DIM}}, real = {.rank = 1, .dim = {DIM}};
    Type matrix = {.rank = 2, .dim = {2, 2}};
    NodeId ground = graph_constant(g, state, one, zero);
    NodeId re_part = graph_input(g, "re", real), im_part = graph_input(g, "im", real);
    NodeId lambda = cplx(g, re_part, im_part);
    NodeId m_re = graph_param(g, "m_re", matrix), m_im = graph_param(g, "m_im", matrix);
    NodeId m = cplx(g, m_re, m_im);
    for (int i = 0; i < GATES; i++) {
        Wires w = wires_on(i % QUBITS);
        lambda = apply(g, m, lambda, &w);
    }
    Wires w = wires_on(1);
    graph_output(g, "k", overlap(g, lambda, ground, &w));
    return g;
}

static void test_constant_state_in_a_run(void **state)
{
    (void)state;
    Compiler *c = compiler_new();
    Graph *g = backward(c);
    Kernels *k = schedule(c, g, "runs", 16, 8);
    double re[SAMPLES * DIM], im[SAMPLES * DIM], m_re[4] = {0.8, -0.3, 0.2, 0.9}, m_im[4] = {0.1, 0.4, -0.5, 0.2};
    double want[SAMPLES * 8], have[SAMPLES * 8], *wanted[] = {want}, *got[] = {have};
    for (int i = 0; i < SAMPLES * DIM; i++) re[i] = sin(i + 1), im[i] = cos(3 * i);
    Binding bindings[] = {{"re", re}, {"im", im}, {"m_re", m_re}, {"m_im", m_im}};
    kernels_interpret(k, SAMPLES, bindings, 4, wanted);
    kernels_run(k, NULL, 1, SAMPLES, bindings, 4, got);
    for (int i = 0; i < SAMPLES * 8; i++) assert_true(fabs(want[i] - have[i]) < 1e-12);
    kernels_drop(k);
    graph_drop(g);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_constant_state_in_a_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
