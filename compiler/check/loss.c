/* loss.c: model, data and loss have to fit: shapes, labels, states, and outputs that cannot reach a
 * small loss. */
#include <math.h>
#include <string.h>

#include "check/action.h"

bool read_loss(ActionBuild *a, const char *field)
{
    static const struct {
        const char *name;
        LossKind kind;
    } losses[] = {{"cross_entropy", LOSS_cross_entropy},
                  {"nll", LOSS_nll},
                  {"mse", LOSS_mse},
                  {"infidelity", LOSS_infidelity},
                  {"local", LOSS_local}};
    const ConstValue *v = field_value(a->inst, field);
    for (size_t i = 0; v && i < COUNT(losses); i++) {
        if (!strcmp(losses[i].name, v->text)) a->inst->loss = losses[i].kind;
    }
    return a->inst->loss != LOSS_none;
}

static Span field_span(const ActionBuild *a, const char *name)
{
    const Expr *x = raw_field(a, name);
    return x ? x->span : a->decl->name.span;
}

/* A sample goes into the model's one input. */
static bool check_sample(ActionBuild *a)
{
    const ModelInst *m = a->inst->model;
    const DataInst *data = a->inst->data;
    Compiler *c = a->k->c;
    if (m->inputs.len != 1) {
        diag_error(c, field_span(a, "model"), D_model_inputs, name_string(a->k, m->name),
                   (int)m->inputs.len);
        diag_note(c, stage_of(m, m->inputs.at[1])->span, D_second_input);
        return false;
    }
    const Stage *input = stage_of(m, m->inputs.at[0]);
    ValueType sample = data->sample, wanted = input->type;
    if (sample.kind == VALUE_none) return true;
    bool flattens = sample.kind == VALUE_real && wanted.kind == VALUE_real && wanted.rank == 1 &&
                    value_count(sample) == wanted.dim[0];
    bool embeds = sample.kind == VALUE_state && wanted.kind == VALUE_density &&
                  sample.dim[0] == wanted.dim[0];
    if (type_equal(sample, wanted) || flattens || embeds) return true;
    diag_error(c, field_span(a, "data"), D_sample_shape, name_string(a->k, data->name),
               value_type_text(a->k, sample), name_string(a->k, m->name),
               value_type_text(a->k, wanted));
    diag_note(c, input->span, D_shape_here, value_type_text(a->k, wanted));
    diag_note(c, data->span, D_shape_here, value_type_text(a->k, sample));
    return false;
}

static bool check_states(ActionBuild *a, ValueType output)
{
    const DataInst *data = a->inst->data;
    const char *loss = a->inst->loss == LOSS_local ? "local" : "infidelity";
    if (output.kind == VALUE_real) {
        diag_error(a->k->c, field_span(a, "loss"), D_loss_output, loss, "a state",
                   value_type_text(a->k, output));
        return false;
    }
    if (data->sample.kind == VALUE_real) {
        diag_error(a->k->c, field_span(a, "data"), D_loss_data, loss, "states",
                   value_type_text(a->k, data->sample));
        return false;
    }
    if (a->inst->loss == LOSS_local && !strcmp(data->source->text, "unitary_pairs") && output.dim[0] > 1) {
        diag_error(a->k->c, field_span(a, "loss"), D_entangled_targets);
        diag_note(a->k->c, data->source->span, D_entangled_here);
        diag_help(a->k->c, D_any_target);
        return false;
    }
    if (data->sample.kind == VALUE_none || data->sample.dim[0] == output.dim[0]) return true;
    diag_error(a->k->c, field_span(a, "model"), D_target_qubits, (long long)output.dim[0],
               (long long)data->sample.dim[0]);
    return false;
}

/* What stands before the output without changing it but in shape. */
static const Stage *output_source(const ModelInst *m)
{
    const Stage *s = stage_of(m, m->output);
    while (s->kind == STAGE_flatten || s->kind == STAGE_reshape || s->kind == STAGE_detach)
        s = stage_of(m, s->operand[0]);
    return s;
}

/* Largest |value| of a yield with constant coefficients; infinite otherwise. */
static double yield_bound(const YieldInst *y)
{
    double sum = 0;
    for (uint32_t i = 0; i < y->terms.len; i++) {
        if (y->terms.at[i].coefficient->kind != SX_const) return INFINITY;
        sum += fabs(y->terms.at[i].coefficient->value.real);
    }
    return sum;
}

/* Outputs in [-B, B] keep softmax away from 0 and 1: the loss stays above log(1 + (C - 1) exp(-2
 * B)). */
static void warn_bounded(ActionBuild *a)
{
    const ModelInst *m = a->inst->model;
    const Stage *s = output_source(m);
    bool is_measured =
        s->kind == STAGE_quantum || s->kind == STAGE_quanv || s->kind == STAGE_measure;
    if (!is_measured || !s->quantum.observable) return;
    double bound = 0;
    for (uint32_t i = 0; i < s->quantum.observable->yields.len; i++)
        bound = fmax(bound, yield_bound(&s->quantum.observable->yields.at[i]));
    if (!isfinite(bound)) return;
    double least = log1p((double)(a->inst->data->classes - 1) * exp(-2 * bound));
    diag_warning(a->k->c, field_span(a, "loss"), D_bounded_output, bound, least);
    diag_note(a->k->c, s->span, D_measured_here);
    diag_help(a->k->c, D_add_scale);
}

static bool check_labels(ActionBuild *a, ValueType output)
{
    const ModelInst *m = a->inst->model;
    const DataInst *data = a->inst->data;
    LossKind loss = a->inst->loss;
    const char *name = loss == LOSS_nll ? "nll" : loss == LOSS_mse ? "mse" : "cross_entropy";
    if (output.kind != VALUE_real) {
        diag_error(a->k->c, field_span(a, "loss"), D_loss_output, name, "numbers",
                   value_type_text(a->k, output));
        diag_help(a->k->c, D_measure_first);
        return false;
    }
    if (data->sample.kind == VALUE_state) {
        diag_error(a->k->c, field_span(a, "loss"), D_loss_data, name, "labels or numbers",
                   "states");
        return false;
    }
    bool wants_classes = loss == LOSS_cross_entropy || loss == LOSS_nll;
    const Stage *last = output_source(m);
    if (loss == LOSS_cross_entropy && last->kind == STAGE_softmax) {
        diag_error(a->k->c, field_span(a, "loss"), D_softmax_twice);
        diag_note(a->k->c, last->span, D_softmax_here);
        return false;
    }
    if (wants_classes && output.rank != 1) {
        diag_error(a->k->c, field_span(a, "model"), D_output_rank, name,
                   value_type_text(a->k, output));
        return false;
    }
    if (data->classes && (output.rank != 1 || output.dim[0] != data->classes)) {
        diag_error(a->k->c, field_span(a, "model"), D_output_classes, value_type_text(a->k, output),
                   (long long)data->classes, name_string(a->k, data->name));
        diag_note(a->k->c, stage_of(m, m->output)->span, D_shape_here,
                  value_type_text(a->k, output));
        return false;
    }
    if (loss == LOSS_cross_entropy && data->classes) warn_bounded(a);
    return true;
}

bool check_loss(ActionBuild *a)
{
    if (!check_sample(a)) return false;
    ValueType output = stage_of(a->inst->model, a->inst->model->output)->type;
    bool wants_states = a->inst->loss == LOSS_infidelity || a->inst->loss == LOSS_local;
    return wants_states ? check_states(a, output) : check_labels(a, output);
}
