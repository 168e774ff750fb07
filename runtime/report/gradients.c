/* gradients.c: the gradient of every sample of the probe batch, group by group, as a safetensors file. */
#include <string.h>

#include "data/safetensors.h"
#include "report/export.h"
#include "train/feed.h"

typedef struct Probe {
    const rq_model *m;
    const rq_function *f;
    rq_runner *runner;
    const void **params;
    void **outputs;
    rq_feed feed;
    rq_tensors tensors;
    int *output; /* of tensor k, a number of f's outputs */
} Probe;

static void probe_close(Probe *p)
{
    rq_runner_free(p->runner);
    rq_free(p->params);
    if (p->f) rq_outputs_free(p->f, p->outputs);
    rq_free(p->output);
    rq_tensors_free(&p->tensors);
}

/* A tensor [samples, dims...] for every group with a gradient, and the loss of each sample. */
static bool tensors_new(Probe *p, int64_t samples, rq_error *err)
{
    const rq_model *m = p->m;
    rq_tensors *t = &p->tensors;
    t->tensors = rq_alloc_array((uint64_t)m->param_count + 1, sizeof *t->tensors, "the gradients", err);
    p->output = rq_alloc_array((uint64_t)m->param_count + 1, sizeof *p->output, "the gradients", err);
    if (!t->tensors || !p->output) return false;
    for (int i = 0; i <= m->param_count; i++) {
        char name[512];
        int64_t dims[RQ_ARRAY_DIMS] = {samples};
        const rq_param *group = i < m->param_count ? &m->params[i] : NULL;
        snprintf(name, sizeof name, group ? "grad:%s" : "loss", group ? group->path : "");
        int at = rq_leaf_find(p->f->outputs, p->f->output_count, name);
        if (at < 0 || (group && group->rank >= RQ_ARRAY_DIMS)) continue;
        for (int k = 0; group && k < group->rank; k++) dims[k + 1] = group->dims[k];
        rq_tensor *tensor = &t->tensors[t->count];
        tensor->name = rq_copy_text(group ? group->path : "loss", err);
        if (!tensor->name) return false;
        p->output[t->count++] = at;
        if (!rq_array_new(&tensor->array, m->real_bytes == 8 ? RQ_DTYPE_f64 : RQ_DTYPE_f32, 1 + (group ? group->rank : 0), dims, "the gradients", err))
            return false;
    }
    return true;
}

static bool probe_open(Probe *p, const rq_action *a, const rq_params *params, const rq_data *data, int threads, rq_error *err)
{
    p->m = a->model;
    p->f = a->model->function(a->model, RQ_FUNCTION_probe, NULL, err);
    if (!p->f || !rq_feed_new(a->model, p->f, data, RQ_SPLIT_train, &p->feed, err)) return false;
    p->params = rq_alloc_array(p->f->param_count, sizeof *p->params, "the gradients", err);
    return p->params && rq_outputs_new(p->f, p->f->lanes, &p->outputs, err) &&
           rq_runner_new(p->f, p->f->lanes, threads, &p->runner, err) && rq_params_bind(params, p->f, p->params, err);
}

static void take(Probe *p, int64_t first, int count)
{
    for (int k = 0; k < p->tensors.count; k++) {
        rq_array *array = &p->tensors.tensors[k].array;
        int64_t reals = array->size / array->dims[0];
        for (int s = 0; s < count; s++)
            for (int64_t e = 0; e < reals; e++) {
                double g = rq_output_get(p->f, p->outputs, p->output[k], s, e);
                int64_t at = (first + s) * reals + e;
                if (array->dtype == RQ_DTYPE_f64) ((double *)array->values)[at] = g;
                else ((float *)array->values)[at] = (float)g;
            }
    }
}

bool rq_gradients_save(const char *path, const rq_action *a, const rq_params *params, const rq_data *data, int threads, rq_error *err)
{
    Probe p = {0};
    int64_t n = data->count[RQ_SPLIT_train] < a->settings.probe ? data->count[RQ_SPLIT_train] : a->settings.probe;
    bool ok = n > 0 && probe_open(&p, a, params, data, threads, err) && tensors_new(&p, n, err);
    for (int64_t first = 0; ok && first < n; first += p.f->lanes) {
        int count = n - first < p.f->lanes ? (int)(n - first) : p.f->lanes;
        p.feed.first = first;
        ok = rq_run(p.runner, count, p.params, rq_feed_pack, &p.feed, p.outputs, err) && rq_checks_ok(p.f, p.outputs, count, first, NULL, err);
        if (ok) take(&p, first, count);
    }
    ok = ok && rq_safetensors_write(path, &p.tensors, err);
    probe_close(&p);
    return ok || (n == 0 && rq_fail(err, "there is no probe batch: 'probe: 0' or no training samples"));
}
