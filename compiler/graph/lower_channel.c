/* lower_channel.c: a channel as a matrix on (row, column) of one qubit's density matrix: A + t B + sqrt(1 - t) C. */
#include <math.h>

#include "graph/lowering.h"

/* rho00, rho01, rho10, rho11 before give those after. */
#define M(...) {__VA_ARGS__}
#define O M(0)
typedef struct ChannelMatrix {
    GateId gate;
    double a[16], b[16], c[16];
} ChannelMatrix;
static const ChannelMatrix channels[] = {
    {GATE_depolarize, M(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1),
     M(-2.0 / 3, 0, 0, 2.0 / 3, 0, -4.0 / 3, 0, 0, 0, 0, -4.0 / 3, 0, 2.0 / 3, 0, 0, -2.0 / 3), O},
    {GATE_amplitude_damp, M(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), M(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1),
     M(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0)},
    {GATE_phase_damp, M(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), O, M(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0)},
    {GATE_bit_flip, M(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1), M(-1, 0, 0, 1, 0, -1, 1, 0, 0, 1, -1, 0, 1, 0, 0, -1), O},
};
#undef M
#undef O

static const ChannelMatrix *channel_matrix(GateId gate)
{
    for (size_t i = 0; i < COUNT(channels); i++)
        if (channels[i].gate == gate) return &channels[i];
    unreachable(); /* reset is no matrix here: it ends a wire */
}

static void as_complex(const double *entries, double complex *out)
{
    for (int i = 0; i < 16; i++) out[i] = entries[i];
}

NodeId channel_node(Lower *l, const Scope *s, const GateApp *gate, const uint8_t **pattern)
{
    Graph *g = l->g;
    const ChannelMatrix *row = channel_matrix(gate->gate);
    double complex a[16], b[16], c[16];
    double t;
    uint8_t *parts = arena_alloc(g->arena, 16);
    as_complex(row->a, a);
    as_complex(row->b, b);
    as_complex(row->c, c);
    for (int i = 0; i < 16; i++) parts[i] = row->a[i] != 0 || row->b[i] != 0 || row->c[i] != 0 ? PART_re : 0;
    *pattern = parts;
    if (scalar_constant(gate->arg, &t)) {
        for (int i = 0; i < 16; i++) a[i] += t * b[i] + sqrt(1 - t) * c[i];
        return constant_matrix(l, a, 4);
    }
    NodeId p = scalar_node(l, s, gate->arg);
    Type shape = *type_of(g, p);
    shape.batched = false;
    NodeId m = add(g, constant_matrix(l, a, 4), times_matrix(l, p, b, 4));
    if (row->c[5] == 0) return m;
    NodeId root = sqrt_(g, sub(g, graph_filled(g, &shape, 1), p));
    return add(g, m, times_matrix(l, root, c, 4));
}
