/* quanv.c: quanvolutional layers: a circuit on every patch of an image. */
#include "check/patches.h"
#include "check/quantum.h"

enum {
    QUANV_kernel,
    QUANV_stride,
    QUANV_pad,
    QUANV_encode,
    QUANV_circuit,
    QUANV_measure,
    QUANV_channels,
    QUANV_out,
    QUANV_qubits
};

/* channels: own: the call's groups get a leading axis of channels. */
static void own_groups(LayerCall *l)
{
    for (uint32_t i = l->first_group; i < l->m->inst->groups.len; i++) {
        GroupInst *g = &l->m->inst->groups.at[i];
        for (int r = g->rank; r > 0; r--) g->dim[r] = g->dim[r - 1];
        g->dim[0] = l->type.dim[0];
        g->rank++;
        g->count *= g->dim[0];
        if (g->init == INIT_orthogonal) g->b++; /* a matrix for each channel */
        if (g->count > LARGEST_SIZE) diag_error(l->m->k->c, l->span, D_param_too_big, g->path);
    }
}

StageId layer_quanv(LayerCall *l)
{
    static const ArgSpec specs[] = {{"kernel", true},    {"stride", false},  {"pad", false},
                                    {"encode", false},   {"circuit", false}, {"measure", false},
                                    {"channels", false}, {"out", false},     {"qubits", false}};
    QuantumAttr a = {0};
    ValueType type = {0};
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot))
        return (StageId){0};
    QuantumArgs args = {.encode = l->slot[QUANV_encode],
                        .circuit = l->slot[QUANV_circuit],
                        .measure = l->slot[QUANV_measure],
                        .qubits = l->slot[QUANV_qubits]};
    PatchArgs patches = {.kernel = l->slot[QUANV_kernel],
                         .stride = l->slot[QUANV_stride],
                         .pad = l->slot[QUANV_pad],
                         .channels = l->slot[QUANV_channels],
                         .out = l->slot[QUANV_out]};
    bool has_units = quantum_units(l, &args);
    if (!patches_read(l, &patches, &a) || !has_units) return (StageId){0};
    if (!quantum_parts(l, args, patches_values(l, &a), &a) ||
        !patches_out(l, &patches, &a, a.observable->yields.len, &type))
        return (StageId){0};
    if (value_count(type) > LARGEST_SIZE) {
        diag_error(l->m->k->c, l->span, D_layer_too_big, l->title);
        return (StageId){0};
    }
    if (a.channels == CHANNELS_own) own_groups(l);
    patches_warn(l, &a);
    StageId id = layer_stage(l, STAGE_quanv, type);
    stage_at(l->m, id)->quantum = a;
    l->text = quantum_text(l, &a, args.circuit_unit);
    return id;
}
