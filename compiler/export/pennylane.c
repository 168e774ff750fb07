/* pennylane.c: a model instance -> a Python script.
 *
 *     prelude.py, the parameters, a function for each quantum stage, model(x, p) with a line for each stage, then a comparison of
 *     outputs, layers and, with --gradients, gradients with the numbers of rq.
 *
 * A value that is a state is a Python function that applies its gates.
 */
#include "export/pennylane.h"

#include <inttypes.h>
#include <string.h>

#include "syntax/stdlib.h"

typedef struct Script {
    Compiler *c;
    FILE *out;
    const PennylaneInput *in;
    const ModelInst *m;
    bool failed;
} Script;

/* ---- numbers ---- */

static void put_dims(FILE *out, const int64_t *dim, int rank)
{
    fputc('(', out);
    for (int i = 0; i < rank; i++) fprintf(out, "%" PRId64 ", ", dim[i]);
    fputc(')', out);
}

/* numbers("...", (2, 3)): all bits, whatever reads it. Few values are written to be read. */
static void put_numbers(FILE *out, const double *x, const int64_t *dim, int rank)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++) count *= dim[i];
    if (count <= 64) {
        fputs("numpy.array([", out);
        for (int64_t i = 0; i < count; i++) fprintf(out, "%s%.17g", i ? ", " : "", x[i]);
        fputs("], dtype=float).reshape(", out);
        put_dims(out, dim, rank);
        fputc(')', out);
        return;
    }
    fputs("numbers(\"", out);
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        for (int b = 0; b < 8; b++) fprintf(out, "%02x", (unsigned)(bits >> 8 * b & 255));
    }
    fputs("\", ", out);
    put_dims(out, dim, rank);
    fputc(')', out);
}

static int group_dims(const GroupInst *g, int64_t *dim)
{
    int rank = g->rank;
    for (int i = 0; i < rank; i++) dim[i] = g->dim[i];
    if (g->is_unitary) dim[rank++] = 2;
    return rank;
}

/* NAME = { "path": numbers, } over the groups that have any. */
static void put_groups(const Script *s, const char *name, const double *const *values)
{
    fprintf(s->out, "%s = {\n", name);
    for (uint32_t i = 0; i < s->m->groups.len; i++) {
        int64_t dim[MAX_RANK + 1];
        const GroupInst *g = &s->m->groups.at[i];
        if (!values || !values[i] || g->tied_to.i) continue;
        fprintf(s->out, "    \"%s\": ", g->path);
        int rank = group_dims(g, dim);
        put_numbers(s->out, values[i], dim, rank);
        fputs(",\n", s->out);
    }
    fputs("}\n", s->out);
}

/* NAME = numbers [samples] and the value's shape. */
static void put_samples(const Script *s, const char *name, const double *x, const ValueType *t)
{
    int64_t dim[MAX_RANK + 1] = {s->in->samples};
    for (int i = 0; i < t->rank; i++) dim[i + 1] = t->dim[i];
    fprintf(s->out, "%s", name);
    put_numbers(s->out, x, dim, t->rank + 1);
}

/* ---- stages ---- */

static void refuse(Script *s, const Stage *stage, const char *what)
{
    diag_error(s->c, stage->span, D_not_executable, what, "'rq emit --stage pennylane' writes layers of values, and states between them");
    s->failed = true;
}

static const char *group_path(const Script *s, const Stage *stage, uint32_t i)
{
    GroupId g = stage->group[i];
    while (group_of(s->m, g)->tied_to.i) g = group_of(s->m, g)->tied_to;
    return group_of(s->m, g)->path;
}

/* The gates of a state: what came before it, then its own. */
static void put_state(const Script *s, uint32_t n, const Stage *stage)
{
    uint32_t from = stage->operand[0].i;
    if (stage_of(s->m, stage->operand[0])->type.kind == VALUE_real)
        fprintf(s->out, "lambda: gates_%u(np.reshape(v%u, -1), p, 0)\n", n, from);
    else
        fprintf(s->out, "lambda: (v%u(), gates_%u(None, p, 0))\n", from, n);
}

static void put_measured(const Script *s, uint32_t n, const Stage *stage)
{
    const QuantumAttr *q = &stage->quantum;
    bool noisy = (q->circuit && q->circuit->noisy) || (q->encoding && q->encoding->circuit && q->encoding->circuit->noisy);
    for (StageId id = stage->operand[0]; stage_of(s->m, id)->type.kind != VALUE_real && stage_of(s->m, id)->operand_count; id = stage_of(s->m, id)->operand[0]) {
        const CircuitInst *circuit = stage_of(s->m, id)->quantum.circuit;
        noisy = noisy || (circuit && circuit->noisy);
    }
    fputs("np.hstack(values_", s->out);
    fprintf(s->out, "%u(expectations(%u, %s, ", n, q->qubits, noisy ? "True" : "False");
    if (stage_of(s->m, stage->operand[0])->type.kind == VALUE_real)
        fprintf(s->out, "lambda: gates_%u(np.reshape(v%u, -1), p, 0)", n, stage->operand[0].i);
    else
        fprintf(s->out, "lambda: (v%u(), gates_%u(None, p, 0))", stage->operand[0].i, n);
    fprintf(s->out, ", words_%u), p, 0))\n", n);
}

/* Patches side by side: PennyLane's broadcasting. */
static void put_quanv(const Script *s, uint32_t n, const Stage *stage)
{
    const QuantumAttr *q = &stage->quantum;
    const Stage *from = stage_of(s->m, stage->operand[0]);
    int64_t channels = q->channels == CHANNELS_joint ? 1 : from->type.dim[0];
    bool noisy = (q->circuit && q->circuit->noisy) || (q->encoding && q->encoding->circuit && q->encoding->circuit->noisy);
    const char *kernel = arena_printf(s->c->scratch, "(%lld, %lld), (%lld, %lld), (%lld, %lld), (%lld, %lld)", (long long)q->kernel_h,
                                      (long long)q->kernel_w, (long long)q->stride_h, (long long)q->stride_w, (long long)q->pad_h,
                                      (long long)q->pad_w, (long long)q->patches_h, (long long)q->patches_w);
    fprintf(s->out, "patches(v%u, %s, %s)\n", stage->operand[0].i, kernel, q->channels == CHANNELS_joint ? "True" : "False");
    const char *run = arena_printf(s->c->scratch, "expectations(%u, %s, lambda: gates_%u(w.T, p, c), words_%u)", q->qubits,
                                   noisy ? "True" : "False", n, n);
    if (q->channels == CHANNELS_own)
        fprintf(s->out, "    v%u = np.concatenate([columns(values_%u(%s, p, c), len(w)) for c, w in enumerate(np.split(v%u, %lld))])\n", n, n,
                run, n, (long long)channels);
    else
        fprintf(s->out, "    w, c = v%u, 0\n    v%u = columns(values_%u(%s, p, c), len(w))\n", n, n, n, run);
    fprintf(s->out, "    v%u = ", n);
    int64_t h = stage->type.dim[1], w = stage->type.dim[2], yields = q->observable->yields.len;
    if (q->out == OUT_fold && channels < stage->type.dim[0])
        fprintf(s->out, "fold(np.transpose(np.reshape(v%u, (-1, %lld, %lld)), (1, 0, 2)), %lld, (%lld, %lld), %s)\n", n,
                (long long)stage->type.dim[0], (long long)(q->kernel_h * q->kernel_w), (long long)stage->type.dim[0], (long long)h,
                (long long)w, kernel);
    else if (q->out == OUT_fold)
        fprintf(s->out, "fold(v%u, %lld, (%lld, %lld), %s)\n", n, (long long)channels, (long long)h, (long long)w, kernel);
    else if (q->out == OUT_channels)
        fprintf(s->out, "np.reshape(np.transpose(np.reshape(v%u, (%lld, -1, %lld)), (0, 2, 1)), (%lld, %lld, %lld))\n", n,
                (long long)channels, (long long)yields, (long long)(channels * yields), (long long)h, (long long)w);
    else
        fprintf(s->out, "np.reshape(np.mean(v%u, axis=1), (%lld, %lld, %lld))\n", n, (long long)channels, (long long)h, (long long)w);
}

static void put_window(const Script *s, const Stage *stage)
{
    const ValueType *t = &stage->type;
    fprintf(s->out, "(%lld, %lld), (%lld, %lld), (%lld, %lld)", (long long)stage->window.stride_h, (long long)stage->window.stride_w,
            (long long)stage->window.pad_h, (long long)stage->window.pad_w, (long long)t->dim[1], (long long)t->dim[2]);
}

static void put_shape(const Script *s, const ValueType *t)
{
    put_dims(s->out, t->dim, t->rank);
}

/* One operand and a text around it. */
static void put_around(const Script *s, const Stage *stage, const char *before, const char *after)
{
    fprintf(s->out, "%sv%u%s\n", before, stage->operand[0].i, after);
}

static void put_between(const Script *s, const Stage *stage, const char *sign)
{
    fprintf(s->out, "v%u %s v%u\n", stage->operand[0].i, sign, stage->operand[1].i);
}

/* What stands behind "v7 = ". */
static void put_stage(Script *s, uint32_t n, const Stage *stage)
{
    FILE *out = s->out;
    switch (stage->kind) {
    case STAGE_input: fputs("x\n", out); return;
    case STAGE_constant: fprintf(out, "%.17g\n", stage->value.real); return;
    case STAGE_group: fprintf(out, "p[\"%s\"]\n", group_path(s, stage, 0)); return;
    case STAGE_add: put_between(s, stage, "+"); return;
    case STAGE_sub: put_between(s, stage, "-"); return;
    case STAGE_mul: put_between(s, stage, "*"); return;
    case STAGE_div: put_between(s, stage, "/"); return;
    case STAGE_neg: put_around(s, stage, "-", ""); return;
    case STAGE_detach: put_around(s, stage, "detach(", ")"); return;
    case STAGE_dropout: put_around(s, stage, "", "  # dropout leaves nothing out here"); return;
    case STAGE_flatten:
    case STAGE_reshape:
        fprintf(out, "np.reshape(v%u, ", stage->operand[0].i);
        put_shape(s, &stage->type);
        fputs(")\n", out);
        return;
    case STAGE_concat:
        fputs("np.concatenate([", out);
        for (uint32_t i = 0; i < stage->operand_count; i++) fprintf(out, "v%u, ", stage->operand[i].i);
        fprintf(out, "], axis=%lld)\n", (long long)stage->axis.axis);
        return;
    case STAGE_fold:
    case STAGE_unfold:
        fprintf(out, "shuffle(v%u, %lld, %s)\n", stage->operand[0].i, (long long)stage->shuffle.factor,
                stage->kind == STAGE_fold ? "True" : "False");
        return;
    case STAGE_relu: put_around(s, stage, "np.maximum(0.0, ", ")"); return;
    case STAGE_tanh: put_around(s, stage, "np.tanh(", ")"); return;
    case STAGE_sigmoid: put_around(s, stage, "(1 + np.tanh(0.5 * ", ")) / 2"); return;
    case STAGE_softmax: put_around(s, stage, "softmax(", ")"); return;
    case STAGE_scale:
        if (stage->group_count) fprintf(out, "p[\"%s\"] * v%u\n", group_path(s, stage, 0), stage->operand[0].i);
        else fprintf(out, "%.17g * v%u\n", stage->value.real, stage->operand[0].i);
        return;
    case STAGE_dense:
        fprintf(out, "p[\"%s\"] @ np.reshape(v%u, -1)", group_path(s, stage, 0), stage->operand[0].i);
        if (stage->group_count > 1) fprintf(out, " + p[\"%s\"]", group_path(s, stage, 1));
        fputc('\n', out);
        return;
    case STAGE_conv:
        fprintf(out, "conv(v%u, p[\"%s\"], ", stage->operand[0].i, group_path(s, stage, 0));
        if (stage->group_count > 1) fprintf(out, "p[\"%s\"], ", group_path(s, stage, 1));
        else fputs("None, ", out);
        put_window(s, stage);
        fputs(")\n", out);
        return;
    case STAGE_layer_norm:
    case STAGE_group_norm:
        fprintf(out, "norm(v%u, %lld, %.17g", stage->operand[0].i, (long long)stage->norm.groups, stage->norm.eps);
        for (uint32_t i = 0; i < stage->group_count; i++) fprintf(out, ", p[\"%s\"]", group_path(s, stage, i));
        fputs(")\n", out);
        return;
    case STAGE_maxpool:
    case STAGE_avgpool:
        fprintf(out, "pool(v%u, (%lld, %lld), ", stage->operand[0].i, (long long)stage->window.kernel_h, (long long)stage->window.kernel_w);
        put_window(s, stage);
        fprintf(out, ", %s)\n", stage->kind == STAGE_maxpool ? "True" : "False");
        return;
    case STAGE_quanv: put_quanv(s, n, stage); return;
    case STAGE_quantum:
    case STAGE_measure:
    case STAGE_encode:
    case STAGE_evolve:
        if (stage->quantum.observable) put_measured(s, n, stage);
        else put_state(s, n, stage);
        return;
    default: refuse(s, stage, "this layer in a PennyLane script"); return;
    }
}

static bool is_quantum(const Stage *stage) { return stage->kind >= STAGE_encode && stage->kind <= STAGE_quanv; }

static void put_model(Script *s)
{
    for (uint32_t i = 0; i < s->m->stages.len; i++)
        if (is_quantum(&s->m->stages.at[i])) pennylane_circuit(s->c, s->out, s->m, i + 1, &s->m->stages.at[i]);
    fputs("def model(x, p):\n    \"\"\"The value of every layer, and the output, of one sample.\"\"\"\n", s->out);
    for (uint32_t i = 0; i < s->m->stages.len; i++) {
        fprintf(s->out, "    v%u = ", i + 1);
        put_stage(s, i + 1, &s->m->stages.at[i]);
    }
    fputs("    return {", s->out);
    for (uint32_t i = 0; i < s->m->layers.len; i++)
        if (s->in->layer[i]) fprintf(s->out, "\"%s\": v%u, ", name_text(s->c->names, s->m->layers.at[i].name), s->m->layers.at[i].value.i);
    fprintf(s->out, "}, v%u\n\n\n", s->m->output.i);
}

static const char *loss_name(LossKind loss)
{
    switch (loss) {
    case LOSS_cross_entropy: return "cross_entropy";
    case LOSS_nll: return "nll";
    case LOSS_mse: return "mse";
    default: return NULL;
    }
}

static const char ending[] =
    "def detach(x):\n"
    "    return getattr(x, \"_value\", x)\n"
    "\n\n"
    "def mean_loss(p):\n"
    "    return sum(LOSS(model(x, p)[1], t) for x, t in zip(INPUTS, TARGETS)) / len(INPUTS)\n"
    "\n\n"
    "def compare(name, ours, theirs, worst):\n"
    "    difference = float(numpy.max(numpy.abs(numpy.asarray(ours) - theirs)))\n"
    "    print(f\"{name:24} largest difference {difference:.1e}\")\n"
    "    return max(worst, difference)\n"
    "\n\n"
    "def main():\n"
    "    worst = 0.0\n"
    "    p = {path: np.array(value, requires_grad=True) for path, value in PARAMETERS.items()}\n"
    "    values = [model(x, p)[0] for x in INPUTS]\n"
    "    for name, expected in LAYERS.items():\n"
    "        worst = compare(name, [v[name] for v in values], expected, worst)\n"
    "    worst = compare(\"loss\", mean_loss(p), LOSS_VALUE, worst)\n"
    "    if \"--gradients\" in sys.argv:\n"
    "        found = autograd.grad(mean_loss)(p)\n"
    "        for path, expected in GRADIENTS.items():\n"
    "            worst = compare(\"d loss/d \" + path, found[path], expected, worst)\n"
    "    print(f\"largest difference {worst:.1e}:\", \"agrees\" if worst < 1e-9 else \"DIFFERS\")\n"
    "    return 0 if worst < 1e-9 else 1\n"
    "\n\n"
    "if __name__ == \"__main__\":\n"
    "    sys.exit(main())\n";

bool pennylane_print(Compiler *c, FILE *out, const PennylaneInput *in)
{
    Script s = {c, out, in, in->model, false};
    const Stage *input = stage_of(s.m, s.m->inputs.at[0]), *output = stage_of(s.m, s.m->output);
    if (input->type.kind != VALUE_real) refuse(&s, input, "an input that is a state");
    else if (output->type.kind != VALUE_real || !loss_name(in->loss)) refuse(&s, output, "an output that is a state");
    if (s.failed) return false;
    fprintf(out, "#!/usr/bin/env python3\n\"\"\"Model %s of %s as rq %s computes it, with PennyLane.\n\n"
                 "Prints the largest differences from rq's numbers; with --gradients also those of the loss's gradient.\n"
                 "Ends with exit code 1 if any is 1e-9 or more.\n\"\"\"\n", name_text(c->names, s.m->name), in->file, in->version);
    fputs(rq_scripts[0].text, out);
    put_groups(&s, "PARAMETERS", in->group);
    put_samples(&s, "INPUTS = ", in->input, &input->type);
    put_samples(&s, "\nTARGETS = ", in->target, &output->type);
    fputs("\nLAYERS = {\n", out);
    for (uint32_t i = 0; i < s.m->layers.len; i++) {
        if (!in->layer[i]) continue;
        put_samples(&s, arena_printf(c->scratch, "    \"%s\": ", name_text(c->names, s.m->layers.at[i].name)), in->layer[i],
                    &stage_of(s.m, s.m->layers.at[i].value)->type);
        fputs(",\n", out);
    }
    fprintf(out, "}\nLOSS, LOSS_VALUE = %s, %.17g\n", loss_name(in->loss), in->loss_value);
    put_groups(&s, "GRADIENTS", in->gradient);
    fputs("\n\n", out);
    put_model(&s);
    fputs(ending, out);
    return !s.failed;
}
