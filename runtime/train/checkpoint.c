/* checkpoint.c: parameters and optimizer state to and from safetensors files. */
#include "train/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Numbers as texts; reals in hexadecimal, so that they come back to the bit. */
typedef struct Numbers {
    char epoch[32], steps[32], seed[32], batch[32], d_start[48], best_score[48], best_loss[48], since_best[32];
} Numbers;

static Numbers numbers_of(const rq_optimizer_state *state, const rq_progress *p, const rq_train_settings *s)
{
    Numbers n;
    snprintf(n.epoch, sizeof n.epoch, "%" PRId64, p->epoch);
    snprintf(n.steps, sizeof n.steps, "%" PRId64, state->steps);
    snprintf(n.seed, sizeof n.seed, "%" PRIu64, s->seed);
    snprintf(n.batch, sizeof n.batch, "%" PRId64, s->batch);
    snprintf(n.d_start, sizeof n.d_start, "%a", p->d_start);
    snprintf(n.best_score, sizeof n.best_score, "%a", p->best_score);
    snprintf(n.best_loss, sizeof n.best_loss, "%a", p->best_loss);
    snprintf(n.since_best, sizeof n.since_best, "%" PRId64, p->since_best);
    return n;
}

bool rq_checkpoint_save(const char *path, const rq_params *p, const rq_optimizer_state *state, const rq_progress *progress,
                        const rq_train_settings *s, const char *source, const char *settings, rq_error *err)
{
    Numbers n = numbers_of(state, progress, s);
    char hash[65];
    rq_sha256_bytes(source, strlen(source), hash);
    rq_text texts[] = {{"schema", "1"}, {"model", (char *)p->model->name}, {"action", (char *)s->action}, {"epoch", n.epoch},
                       {"steps", n.steps}, {"seed", n.seed}, {"batch", n.batch}, {"source_sha256", hash}, {"settings", (char *)settings},
                       {"optimizer", (char *)rq_optimizer_name(s->optimizer.kind)}, {"d_start", n.d_start},
                       {"best_score", n.best_score}, {"best_loss", n.best_loss}, {"since_best", n.since_best}};
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

static bool same_text(const rq_tensors *t, const char *path, const char *key, const char *want, rq_error *err)
{
    const char *have = rq_tensors_text(t, key);
    if (have && !strcmp(have, want)) return true;
    return rq_fail(err, "'%s' cannot be resumed here: its %s is '%s', but this training's is '%s'", path, key, have ? have : "unknown", want);
}

static bool load_slots(const rq_tensors *t, const char *path, rq_params *p, rq_optimizer_state *state, rq_optimizer_kind kind, rq_error *err)
{
    const rq_model *m = p->model;
    for (int i = 0; i < m->param_count; i++)
        for (int k = 0; k < state->slots; k++) {
            void *slot = state->slot[k * m->param_count + i];
            char name[512];
            if (!slot) continue;
            snprintf(name, sizeof name, "opt/%s/%s", rq_optimizer_slot_name(kind, k), m->params[i].path);
            const rq_array *a = rq_tensors_find(t, name);
            if (!a || !same_shape(&m->params[i], a) || a->dtype != model_dtype(m))
                return rq_fail(err, "'%s' cannot be resumed: the optimizer's '%s' is missing or has another shape or precision", path, name);
            memcpy(slot, a->values, (size_t)a->size * (size_t)m->real_bytes);
        }
    return true;
}

static int64_t whole_of(const rq_tensors *t, const char *key)
{
    const char *text = rq_tensors_text(t, key);
    return text ? strtoll(text, NULL, 10) : -1;
}

static double real_of(const rq_tensors *t, const char *key)
{
    const char *text = rq_tensors_text(t, key);
    return text ? strtod(text, NULL) : NAN;
}

bool rq_checkpoint_load(const char *path, rq_params *p, rq_optimizer_state *state, rq_progress *progress,
                        const rq_train_settings *s, rq_error *err)
{
    rq_tensors t;
    Numbers n = numbers_of(state, progress, s);
    if (!rq_params_load(p, path, err) || !rq_safetensors_read(path, &t, err)) return false;
    bool ok = same_text(&t, path, "model", p->model->name, err) && same_text(&t, path, "action", s->action, err) &&
              same_text(&t, path, "seed", n.seed, err) && same_text(&t, path, "batch", n.batch, err) &&
              same_text(&t, path, "optimizer", rq_optimizer_name(s->optimizer.kind), err) &&
              load_slots(&t, path, p, state, s->optimizer.kind, err);
    if (ok) {
        state->steps = whole_of(&t, "steps");
        *progress = (rq_progress){whole_of(&t, "epoch"), real_of(&t, "d_start"), real_of(&t, "best_score"), real_of(&t, "best_loss"),
                                  whole_of(&t, "since_best")};
        ok = (state->steps >= 0 && progress->epoch >= 0 && progress->since_best >= 0) ||
             rq_fail(err, "'%s' cannot be resumed: its metadata lacks epoch, steps or since_best", path);
    }
    rq_tensors_free(&t);
    return ok;
}
