/* print.c: a model instance as text, for tests:
 *
 *     model ResQuNN
 *       group q1.theta [4, 4, 2] uniform(0, 6.28318531)
 *       1 input x: [1, 28, 28]
 *       2 quanv(1): [1, 28, 28] q1 q1.theta  4 qubits 2x2/2x2+0x0 each fold 14x14
 *           encoding angle 4 values
 *           ry(data[0]) 0
 *       layer q1 "quanv 4q d4" own 2 value 2
 */
#include <inttypes.h>
#include <string.h>

#include "check/gate.h"
#include "check/model.h"
#include "check/scalar.h"

static void dims_print(FILE *out, uint8_t rank, const int64_t *dim)
{
    fputc('[', out);
    for (int i = 0; i < rank; i++) fprintf(out, "%s%" PRId64, i ? ", " : "", dim[i]);
    fputc(']', out);
}

static void type_print(FILE *out, ValueType t)
{
    if (t.kind == VALUE_state) fputs("state", out);
    if (t.kind == VALUE_density) fputs("density", out);
    dims_print(out, t.rank, t.dim);
}

static void group_print(FILE *out, const ModelInst *m, const GroupInst *g)
{
    fprintf(out, "  group %s ", g->path);
    if (g->is_unitary) fputs("unitary ", out);
    dims_print(out, g->rank, g->dim);
    switch (g->init) {
    case INIT_none: break;
    case INIT_zeros: fputs(" zeros", out); break;
    case INIT_constant: fprintf(out, " %.9g", g->a); break;
    case INIT_uniform: fprintf(out, " uniform(%.9g, %.9g)", g->a, g->b); break;
    case INIT_normal: fprintf(out, " normal(%.9g, %.9g)", g->a, g->b); break;
    case INIT_orthogonal: fprintf(out, " orthogonal(%.9g)", g->a); break;
    case INIT_haar: fputs(" haar", out); break;
    }
    if (g->momentum > 0) fprintf(out, " running %.9g", g->momentum);
    if (g->has_range) fprintf(out, " in [%.9g, %.9g]", g->low, g->high);
    if (g->frozen) fputs(" frozen", out);
    if (g->tied_to.i) fprintf(out, " tied to %s", group_of(m, g->tied_to)->path);
    fputc('\n', out);
}

static void gate_print(FILE *out, const Compiler *c, const ModelInst *m, const GateApp *g)
{
    fputs("      ", out);
    for (int i = 0; i < g->control_count; i++)
        fprintf(out, "%s %d ", g->control_values >> i & 1 ? "ctrl" : "negctrl", g->controls[i]);
    fprintf(out, "%s%s", g->dagger ? "inv " : "", gate_text(g->gate));
    if (g->group.i) fprintf(out, " %s", group_of(m, g->group)->path);
    if (g->arg) {
        fputc('(', out);
        sx_print(out, c, m, g->arg);
        fputc(')', out);
    }
    for (int i = 0; i < g->target_count; i++) fprintf(out, " %d", g->targets[i]);
    fputc('\n', out);
}

static void circuit_print(FILE *out, const Compiler *c, const ModelInst *m, const char *what,
                          const CircuitInst *circuit)
{
    fprintf(out, "    %s %s %u qubits", what, name_text(c->names, circuit->name), circuit->qubits);
    if (circuit->data_count) fprintf(out, " %u values", circuit->data_count);
    fprintf(out, "%s\n", circuit->noisy ? " noisy" : "");
    for (uint32_t i = 0; i < circuit->gates.len; i++) gate_print(out, c, m, &circuit->gates.at[i]);
}

static void product_print(FILE *out, const PauliTerm *t, uint32_t qubits)
{
    for (uint32_t q = 0; q < qubits; q++) {
        uint32_t bit = UINT32_C(1) << (qubits - 1 - q);
        if (!((t->x | t->z) & bit)) continue;
        fprintf(out, " %c%u", t->x & bit ? (t->z & bit ? 'Y' : 'X') : 'Z', q);
    }
}

static void observable_print(FILE *out, const Compiler *c, const ModelInst *m,
                             const ObservableInst *o)
{
    fprintf(out, "    observable %s %u qubits\n", name_text(c->names, o->name), o->qubits);
    for (uint32_t i = 0; i < o->yields.len; i++) {
        fputs("      yield", out);
        for (uint32_t t = 0; t < o->yields.at[i].terms.len; t++) {
            const PauliTerm *term = &o->yields.at[i].terms.at[t];
            fputs(t ? " + " : " ", out);
            sx_print(out, c, m, term->coefficient);
            product_print(out, term, o->qubits);
        }
        fputc('\n', out);
    }
}

static void patches_print(FILE *out, const QuantumAttr *a)
{
    static const char *const channels[] = {"", "each", "own", "joint"}, *const outs[] = {"", "fold",
                                                                                         "channels",
                                                                                         "mean"};
    fprintf(out, " kernel %dx%d stride %dx%d pad %dx%d patches %dx%d %s%s%s", (int)a->kernel_h,
            (int)a->kernel_w, (int)a->stride_h, (int)a->stride_w, (int)a->pad_h, (int)a->pad_w,
            (int)a->patches_h, (int)a->patches_w, channels[a->channels], a->out ? " " : "",
            outs[a->out]);
}

static void quantum_print(FILE *out, const Compiler *c, const ModelInst *m, const Stage *s)
{
    const QuantumAttr *a = &s->quantum;
    fprintf(out, "  %u qubits", a->qubits);
    if (s->kind == STAGE_quanv) patches_print(out, a);
    fputc('\n', out);
    const EncodingInst *e = a->encoding;
    if (e) {
        fprintf(out, "    encoding %s %u values %u qubits%s%s\n", name_text(c->names, e->name),
                e->values, e->qubits, e->zero_is_ground ? " ground" : "",
                e->is_flat ? " flat" : "");
        if (e->circuit) circuit_print(out, c, m, "by", e->circuit);
    }
    if (a->circuit) circuit_print(out, c, m, "circuit", a->circuit);
    if (a->observable) observable_print(out, c, m, a->observable);
}

static const char *const stage_names[] = {
    "none",
#define KIND(name, text) #name,
#include "check/kinds.def"
#undef KIND
};

static void dissipative_print(FILE *out, const Compiler *c, const ModelInst *m, const Stage *s)
{
    fprintf(out, "  %u perceptrons fan_in %u shift %d %s\n", s->dissipative.count,
            s->dissipative.fan_in, (int)s->dissipative.shift,
            s->dissipative.periodic ? "periodic" : "open");
    if (s->dissipative.circuit) circuit_print(out, c, m, "circuit", s->dissipative.circuit);
    for (uint32_t i = 0; s->dissipative.perceptron && i < s->dissipative.count; i++)
        circuit_print(out, c, m, "perceptron", s->dissipative.perceptron[i]);
}

static void stage_print(FILE *out, const Compiler *c, const ModelInst *m, uint32_t i)
{
    const Stage *s = &m->stages.at[i];
    fprintf(out, "  %u %s", i + 1, stage_names[s->kind]);
    if (s->kind == STAGE_input) fprintf(out, " %s", name_text(c->names, s->input.input));
    for (uint32_t k = 0; k < s->operand_count; k++)
        fprintf(out, "%s%u", k ? ", " : "(", s->operand[k].i);
    fprintf(out, "%s: ", s->operand_count ? ")" : "");
    type_print(out, s->type);
    if (s->maps > 1) fprintf(out, " x %lld", (long long)s->maps);
    if (s->layer.i) fprintf(out, " %s", name_text(c->names, layer_of(m, s->layer)->name));
    if (s->skip) fprintf(out, " <%s>", m->skips.at[s->skip - 1].text);
    for (uint32_t k = 0; k < s->group_count; k++)
        fprintf(out, " %s", group_of(m, s->group[k])->path);
    switch (s->kind) {
    case STAGE_constant:
    case STAGE_dropout: fprintf(out, " %.9g", s->value.real); break;
    case STAGE_conv:
    case STAGE_maxpool:
    case STAGE_avgpool:
        fprintf(out, " kernel %dx%d stride %dx%d pad %dx%d", (int)s->window.kernel_h,
                (int)s->window.kernel_w, (int)s->window.stride_h, (int)s->window.stride_w,
                (int)s->window.pad_h, (int)s->window.pad_w);
        break;
    case STAGE_concat:
    case STAGE_softmax: fprintf(out, " axis %d", (int)s->axis.axis); break;
    case STAGE_fold:
    case STAGE_unfold: fprintf(out, " by %d", (int)s->shuffle.factor); break;
    case STAGE_patches:
    case STAGE_place: patches_print(out, &s->quantum); break;
    case STAGE_layer_norm:
    case STAGE_group_norm:
    case STAGE_batch_norm: fprintf(out, " groups %d eps %.9g", (int)s->norm.groups, s->norm.eps); break;
    case STAGE_quantum:
    case STAGE_quanv:
    case STAGE_encode:
    case STAGE_evolve:
    case STAGE_measure: quantum_print(out, c, m, s); return;
    case STAGE_dissipative: dissipative_print(out, c, m, s); return;
    case STAGE_none:
    case STAGE_input:
    case STAGE_group:
    case STAGE_add:
    case STAGE_sub:
    case STAGE_mul:
    case STAGE_div:
    case STAGE_neg:
    case STAGE_detach:
    case STAGE_flatten:
    case STAGE_reshape:
    case STAGE_relu:
    case STAGE_tanh:
    case STAGE_sigmoid:
    case STAGE_scale:
    case STAGE_dense: break;
    }
    fputc('\n', out);
}

void model_print(FILE *out, const Compiler *c, const ModelInst *model)
{
    fprintf(out, "model %s\n", name_text(c->names, model->name));
    for (uint32_t i = 0; i < model->groups.len; i++) group_print(out, model, &model->groups.at[i]);
    for (uint32_t i = 0; i < model->stages.len; i++) stage_print(out, c, model, i);
    for (uint32_t i = 0; i < model->layers.len; i++) {
        const LayerInst *l = &model->layers.at[i];
        fprintf(out, "  layer %s \"%s\" own %u value %u\n", name_text(c->names, l->name),
                l->kind_text, l->own.i, l->value.i);
    }
    for (uint32_t i = 0; i < model->skips.len; i++) {
        const SkipInst *s = &model->skips.at[i];
        fprintf(out, "  skip %s from %u add %u%s%s\n", s->text, s->from_stage.i, s->add.i,
                s->has_scale ? " scale" : "", s->has_via ? " via" : "");
    }
    fprintf(out, "  output %u\n", model->output.i);
}
