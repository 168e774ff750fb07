/* checkpoint.c: parameters and optimizer state to and from safetensors files. */
#include "train/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/safetensors.h"
#include "data/sha256.h"

static rq_dtype model_dtype(const rq_model *m) { return m->real_bytes == 8 ? RQ_DTYPE_f64 : RQ_DTYPE_f32; }

static rq_array view(const rq_model *m, int group, void *values)
{
    const rq_param *info = &m->params[group];
    rq_array a = {.dtype = model_dtype(m), .ndim = info->rank, .size = info->count, .values = values};
    for (int k = 0; k < info->rank; k++) a.dims[k] = info->dims[k];
    return a;
}

/* Fills t with views of all values; names of slots are taken from rq_alloc. */
static bool gather(const rq_params *p, const rq_optimizer_state *state, rq_optimizer_kind kind, rq_tensors *t, rq_error *err)
{
    const rq_model *m = p->model;
    uint64_t most = (uint64_t)m->param_count * (uint64_t)(1 + state->slots);
    t->tensors = rq_alloc_array(most, sizeof(rq_tensor), "a checkpoint", err);
    if (!t->tensors) return false;
    for (int i = 0; i < m->param_count; i++) {
        if (m->params[i].tied_to >= 0) continue;
        char *name = rq_copy_text(m->params[i].path, err);
        if (!name) return false;
        t->tensors[t->count++] = (rq_tensor){name, view(m, i, p->values[i])};
        for (int k = 0; k < state->slots; k++) {
            void *slot = state->slot[k * m->param_count + i];
            char text[512];
            if (!slot) continue;
            snprintf(text, sizeof text, "opt/%s/%s", rq_optimizer_slot_name(kind, k), m->params[i].path);
            if (!(name = rq_copy_text(text, err))) return false;
            t->tensors[t->count++] = (rq_tensor){name, view(m, i, slot)};
        }
    }
    return true;
}

bool rq_checkpoint_save(const char *path, const rq_params *p, const rq_optimizer_state *state, const rq_train_settings *s,
                        const char *source, const char *settings, int64_t epoch, rq_error *err)
{
    char epoch_text[32], steps[32], seed[32], hash[65];
    snprintf(epoch_text, sizeof epoch_text, "%" PRId64, epoch);
    snprintf(steps, sizeof steps, "%" PRId64, state->steps);
    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    rq_sha256_bytes(source, strlen(source), hash);
    rq_text texts[] = {{"schema", "1"}, {"model", (char *)p->model->name}, {"action", (char *)s->action}, {"epoch", epoch_text},
                       {"steps", steps}, {"seed", seed}, {"source_sha256", hash}, {"settings", (char *)settings},
                       {"optimizer", (char *)rq_optimizer_name(s->optimizer.kind)}};
    rq_tensors t = {.texts = texts, .text_count = (int)(sizeof texts / sizeof texts[0])};
    bool ok = gather(p, state, s->optimizer.kind, &t, err) && rq_safetensors_write(path, &t, err);
    for (int i = 0; i < t.count; i++) rq_free(t.tensors[i].name);
    rq_free(t.tensors);
    return ok;
}

/* One line per difference between the file and the model, joined; false if there is any. */
typedef struct Differences {
    char text[900];
    int count;
} Differences;

static void differ(Differences *d, const char *format, const char *name, const char *more)
{
    size_t at = strlen(d->text);
    if (d->count++ < 12) snprintf(d->text + at, sizeof d->text - at, format, name, more);
    else if (d->count == 13) snprintf(d->text + at, sizeof d->text - at, "\n  ...");
}

static bool same_shape(const rq_param *info, const rq_array *a)
{
    if (a->ndim != info->rank) return false;
    for (int k = 0; k < info->rank; k++)
        if (a->dims[k] != info->dims[k]) return false;
    return true;
}

static void compare_group(const rq_param *info, const rq_array *a, Differences *d)
{
    char have[128], want[128], both[300];
    if (!a) {
        differ(d, "\n  missing: %s%s", info->path, "");
        return;
    }
    if (!same_shape(info, a)) {
        snprintf(both, sizeof both, "%s, the model wants %s", rq_shape_text(a->ndim, a->dims, have, sizeof have),
                 rq_shape_text(info->rank, info->dims, want, sizeof want));
        differ(d, "\n  another shape: %s is %s", info->path, both);
    }
}

bool rq_params_load(rq_params *p, const char *path, rq_error *err)
{
    const rq_model *m = p->model;
    rq_tensors t;
    Differences d = {0};
    if (!rq_safetensors_read(path, &t, err)) return false;
    for (int i = 0; i < m->param_count; i++)
        if (m->params[i].tied_to < 0) compare_group(&m->params[i], rq_tensors_find(&t, m->params[i].path), &d);
    for (int k = 0; k < t.count; k++) {
        bool known = !strncmp(t.tensors[k].name, "opt/", 4);
        for (int i = 0; i < m->param_count; i++) known = known || !strcmp(m->params[i].path, t.tensors[k].name);
        if (!known) differ(&d, "\n  not in the model: %s%s", t.tensors[k].name, "");
    }
    for (int i = 0; !d.count && i < m->param_count; i++) {
        const rq_array *a = m->params[i].tied_to < 0 ? rq_tensors_find(&t, m->params[i].path) : NULL;
        for (int64_t e = 0; a && e < a->size; e++) rq_param_set(p, i, e, rq_array_get(a, e));
    }
    rq_tensors_free(&t);
    return !d.count || rq_fail(err, "'%s' does not fit model '%s':%s", path, m->name, d.text);
}
