/* predictions.c: outputs, predicted classes and the confusion matrix of a split. */
#include "report/predictions.h"

#include <stdio.h>
#include <string.h>

static bool name_classes(const rq_data *data, rq_predictions *p, rq_error *err)
{
    p->class_name = rq_alloc_array((uint64_t)p->classes, sizeof *p->class_name, "the names of classes", err);
    for (int k = 0; p->class_name && k < p->classes; k++) {
        char text[32];
        snprintf(text, sizeof text, "%d", (int)data->class_labels[k]);
        p->class_name[k] = rq_copy_text(data->class_names ? data->class_names[k] : text, err);
        if (!p->class_name[k]) return false;
    }
    return p->class_name != NULL;
}

static bool classify(const rq_data *data, rq_predictions *p, rq_error *err)
{
    p->classes = data->classes;
    p->label = rq_alloc_array((uint64_t)p->samples, sizeof *p->label, "the predictions", err);
    p->prediction = rq_alloc_array((uint64_t)p->samples, sizeof *p->prediction, "the predictions", err);
    p->source_index = rq_alloc_array((uint64_t)p->samples, sizeof *p->source_index, "the predictions", err);
    p->confusion = rq_alloc_array((uint64_t)p->classes * (uint64_t)p->classes, sizeof *p->confusion, "the predictions", err);
    if (!p->label || !p->prediction || !p->source_index || !p->confusion || !name_classes(data, p, err)) return false;
    for (int64_t s = 0; s < p->samples; s++) {
        const double *row = p->output + s * p->reals;
        int32_t best = 0;
        for (int32_t k = 1; k < p->classes && k < p->reals; k++)
            if (row[k] > row[best]) best = k;
        p->label[s] = rq_data_label(data, p->split, s);
        p->prediction[s] = best;
        p->source_index[s] = data->source_index ? data->source_index[data->first[p->split] + s] : s;
        p->confusion[p->label[s] * p->classes + best]++;
    }
    return true;
}

bool rq_predictions_new(const rq_model *m, const rq_params *params, const rq_data *data, rq_split split, int threads, rq_predictions *out,
                        rq_error *err)
{
    *out = (rq_predictions){.split = split, .samples = data->count[split], .reals = m->output_reals};
    out->output = rq_alloc_array((uint64_t)out->samples * (uint64_t)out->reals, sizeof *out->output, "the predictions", err);
    bool ok = out->output && rq_evaluate(m, params, data, split, threads, &out->loss, &out->accuracy, out->output, err) &&
              (!data->labels || classify(data, out, err));
    if (!ok) rq_predictions_free(out);
    return ok;
}

void rq_predictions_free(rq_predictions *p)
{
    for (int k = 0; p->class_name && k < p->classes; k++) rq_free(p->class_name[k]);
    rq_free(p->class_name);
    rq_free(p->output);
    rq_free(p->label);
    rq_free(p->prediction);
    rq_free(p->source_index);
    rq_free(p->confusion);
    *p = (rq_predictions){0};
}
