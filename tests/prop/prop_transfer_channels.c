/* prop_transfer_channels.c: channels in circuits of the transfer and the density engine are those of
 * dense matrices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "graph/gate_matrix.h"
#include "graph/lower.h"
#include "reference/dense_density.h"
#include "reference/model_builder.h"
#include "reference/random.h"

enum { PARAMS = 12, VALUES = 3 };

static void run_density(int n, const CircuitInst *circuit, const double *params, double complex *rho)
{
    for (uint32_t g = 0; g < circuit->gates.len; g++) {
        const GateApp *a = &circuit->gates.at[g];
        double t = a->arg ? params[a->arg->index] : 0;
        if (!gate_matrix(a->gate)) {
            density_channel(n, rho, channel_name(a->gate), t, a->targets[0]);
            continue;
        }
        DenseGate gate = {.name = gate_matrix(a->gate)->name, .t = t, .target_count = 1, .target = {a->targets[0]}};
        gate.control_count = a->control_count;
        if (a->control_count) gate.control[0] = a->controls[0], gate.control_value[0] = true;
        density_gate(n, rho, &gate);
    }
}

static void test_channels(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        Compiler *c = compiler_new();
        Random r = {seed};
        int n = 2 + below(&r, 2);
        ModelInst *m = model_new(c, "noisy");
        GroupId p = add_group(c, m, "p", 1, (int64_t[]){PARAMS});
        CircuitInst *circuit = circuit_new(c, (uint32_t)n, 0);
        for (int i = 0; i < 14; i++) {
            static const GateId one[] = {GATE_ry,         GATE_rz,       GATE_rx,
                                         GATE_depolarize, GATE_bit_flip, GATE_amplitude_damp,
                                         GATE_phase_damp, GATE_reset,    GATE_x,
                                         GATE_x};
            GateId gate = one[i < 10 ? i : below(&r, COUNT(one))];
            int qubit[8];
            shuffled(&r, n, qubit);
            const Sx *arg = gate == GATE_reset || gate == GATE_x
                                ? NULL
                                : make_param(c, p, (uint32_t)below(&r, PARAMS));
            add_gate(c, circuit, gate, arg, 1, gate == GATE_x ? 2 : 1, qubit);
        }
        double params[PARAMS], x[VALUES];
        for (int i = 0; i < PARAMS; i++) params[i] = between(&r, 0, 0.9);
        for (int i = 0; i < VALUES; i++) x[i] = between(&r, 0, 1);
        ObservableInst *o = (ObservableInst *)z_each(c, (uint32_t)n);
        add_yield(c, o);
        add_term(c, o, NULL, n == 2 ? "XY" : "XYZ");
        StageId in = add_input(c, m, "x", real_type(1, (int64_t[]){n}));
        Stage s = {.kind = STAGE_quantum, .type = real_type(1, (int64_t[]){n + 1})};
        s.quantum = (QuantumAttr){.encoding = angle_encoding(c, (uint32_t)n),
                                  .circuit = circuit,
                                  .observable = o,
                                  .qubits = (uint32_t)n};
        set_groups(c, &s, p, (GroupId){0});
        add_layer(c, m, "q", s, in);

        double complex psi[DENSE_MAX] = {1}, rho[64];
        for (int q = 0; q < n; q++)
            dense_apply(
                n, psi,
                &(DenseGate){.name = "ry", .t = M_PI * x[q], .target_count = 1, .target = {q}});
        density_of(n, psi, rho);
        run_density(n, circuit, params, rho);
        for (Engine engine = ENGINE_transfer; engine <= ENGINE_density; engine++) {
            Lowered *l = lower(c, m, (LowerOptions){.engine = engine});
            assert_non_null(l);
            Evaluation *e = eval(c, l->g, 1, (Binding[]){{"p", params}, {"x", x}}, 2, &l->output, 1);
            for (int y = 0; y <= n; y++) {
                char letters[4] = "III";
                if (y < n)
                    letters[y] = 'Z';
                else
                    memcpy(letters, n == 2 ? "XY" : "XYZ", (size_t)n);
                double complex trace = density_expectation(n, rho, letters);
                assert_true(fabs(creal(trace) - evaluation_of(e, l->output)[y]) < 1e-12);
            }
            evaluation_drop(e);
            graph_drop(l->g);
        }
        compiler_drop(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_channels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
