/* checkpoint.c: parameters and optimizer state to and from safetensors files. */
#include "train/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#include "data/file.h"
#include "data/safetensors.h"
#include "data/sha256.h"
#include "unitary.h"

static rq_dtype model_dtype(const rq_model *m) { return m->real_bytes == 8 ? RQ_DTYPE_f64 : RQ_DTYPE_f32; }

static rq_array view(const rq_model *m, int group, void *values)
{
    const rq_param *info = &m->params[group];
    rq_array a = {.dtype = model_dtype(m), .ndim = info->rank, .size = info->count, .values = values};
    for (int k = 0; k < info->rank; k++) a.dims[k] = info->dims[k];
    return a;
}

/* Fills t with views of all values; names of slots are taken from rq_alloc. */
static bool gather(const rq_params *p, const rq_optimizer_state *state, const rq_optimizer *o, rq_tensors *t, rq_error *err)
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
            snprintf(text, sizeof text, "opt/%s/%s", rq_optimizer_slot_name(o, k), m->params[i].path);
            if (!(name = rq_copy_text(text, err))) return false;
            t->tensors[t->count++] = (rq_tensor){name, view(m, i, slot)};
        }
    }
    return true;
}

/* Numbers as texts; reals in hexadecimal, so that they come back to the bit. */
typedef struct Numbers {
    char epoch[32], steps[32], seed[32], batch[32], d_start[48], best_score[48], best_loss[48], since_best[32], reorthogonalised[32];
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
    snprintf(n.reorthogonalised, sizeof n.reorthogonalised, "%" PRId64, state->reorthogonalised);
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
                       {"best_score", n.best_score}, {"best_loss", n.best_loss}, {"since_best", n.since_best},
                       {"reorthogonalised", n.reorthogonalised}, {"data set", (char *)progress->data}};
    rq_tensors t = {.texts = texts, .text_count = (int)(sizeof texts / sizeof texts[0])};
    bool ok = gather(p, state, &s->optimizer, &t, err) && rq_safetensors_write(path, &t, err);
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

/* Files of single precision stay below it; the first step of a training makes such matrices unitary to rounding. */
static const double most_deviation = 1e-5;

/* The largest deviation of the group's matrices in a from unitary ones; infinite where there is no memory to tell. */
static double deviation_of(const rq_param *info, const rq_array *a)
{
    int64_t d = info->dims[info->rank - 2], n = 2 * d * d;
    double *v = rq_alloc((rq_unitary_work(d) + (size_t)n) * sizeof(double)), most = 0;
    if (!v) return INFINITY;
    for (int64_t at = 0; at < a->size; at += n) {
        for (int64_t i = 0; i < n; i++) v[i] = rq_array_get(a, at + i);
        double deviation = rq_unitary_deviation(d, v, v + n);
        if (!(deviation <= most)) most = deviation;
    }
    rq_free(v);
    return most;
}

static bool fits_manifold(const rq_param *info, const rq_array *a, char *why, size_t size)
{
    double deviation = info->is_unitary ? deviation_of(info, a) : 0;
    if (deviation <= most_deviation) return true;
    snprintf(why, size, "V V^dagger differs from 1 by up to %.3g", deviation);
    return false;
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
    } else if (!fits_manifold(info, a, both, sizeof both)) {
        differ(d, "\n  not unitary: %s (%s)", info->path, both);
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

static bool load_slots(const rq_tensors *t, const char *path, rq_params *p, rq_optimizer_state *state, const rq_optimizer *o, rq_error *err)
{
    const rq_model *m = p->model;
    for (int i = 0; i < m->param_count; i++)
        for (int k = 0; k < state->slots; k++) {
            void *slot = state->slot[k * m->param_count + i];
            char name[512];
            if (!slot) continue;
            snprintf(name, sizeof name, "opt/%s/%s", rq_optimizer_slot_name(o, k), m->params[i].path);
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
              same_text(&t, path, "data set", progress->data, err) &&
              load_slots(&t, path, p, state, &s->optimizer, err);
    if (ok) {
        state->steps = whole_of(&t, "steps");
        state->reorthogonalised = whole_of(&t, "reorthogonalised") < 0 ? 0 : whole_of(&t, "reorthogonalised");
        progress->epoch = whole_of(&t, "epoch");
        progress->d_start = real_of(&t, "d_start");
        progress->best_score = real_of(&t, "best_score");
        progress->best_loss = real_of(&t, "best_loss");
        progress->since_best = whole_of(&t, "since_best");
        ok = (state->steps >= 0 && progress->epoch >= 0 && progress->since_best >= 0) ||
             rq_fail(err, "'%s' cannot be resumed: its metadata lacks epoch, steps or since_best", path);
    }
    rq_tensors_free(&t);
    return ok;
}

/* ---- init from RUN ---- */

/* The part of `path` behind the rule's name: "" for the path itself, ".theta" for a layer or prefix; NULL: the rule is not about it. */
static const char *rule_rest(const char *rule, const char *path)
{
    size_t len = strlen(rule);
    if (len > 2 && !strcmp(rule + len - 2, ".*")) len -= 2;
    if (strncmp(rule, path, len)) return NULL;
    return path[len] == 0 || path[len] == '.' ? path + len : NULL;
}

static void rule_source(const char *rule, const char *rest, char *out, size_t size)
{
    size_t len = strlen(rule);
    if (len > 2 && !strcmp(rule + len - 2, ".*")) len -= 2;
    snprintf(out, size, "%.*s%s", (int)len, rule, rest);
}

/* Which tensor of t group i is to take, by the last rule about it; *rule its number. NULL: none. */
static const rq_array *wanted(const rq_params *p, int i, const rq_tensors *t, const rq_rename *rules, int count, int *rule, char *name,
                              size_t size)
{
    *rule = -1;
    snprintf(name, size, "%s", p->model->params[i].path);
    for (int k = 0; k < count; k++) {
        const char *rest = rule_rest(rules[k].to, p->model->params[i].path);
        if (!rest) continue;
        *rule = k;
        rule_source(rules[k].from, rest, name, size);
    }
    return count && *rule < 0 ? NULL : rq_tensors_find(t, name);
}

typedef struct Report {
    char loaded[1500], left[1500];
    bool met[256];
} Report;

static void list(char *text, size_t size, const char *item, const char *from)
{
    size_t at = strlen(text);
    snprintf(text + at, size - at, "%s%s%s%s", at ? ", " : "", item, from ? " <- " : "", from ? from : "");
}

static bool take_group(rq_params *p, int i, const rq_tensors *t, const rq_rename *rules, int count, Report *r, rq_error *err)
{
    const rq_param *info = &p->model->params[i];
    char name[512], have[128], want[128];
    int rule;
    const rq_array *a = wanted(p, i, t, rules, count, &rule, name, sizeof name);
    if (!a || (rule < 0 && !same_shape(info, a))) {
        list(r->left, sizeof r->left, info->path, NULL);
        return true;
    }
    if (!same_shape(info, a))
        return rq_fail(err, "'%s' is %s, but '%s', which is to start from it, is %s", name, rq_shape_text(a->ndim, a->dims, have, sizeof have),
                       info->path, rq_shape_text(info->rank, info->dims, want, sizeof want));
    if (!fits_manifold(info, a, have, sizeof have)) return rq_fail(err, "'%s' is not unitary: %s", name, have);
    if (rule >= 0) r->met[rule] = true;
    for (int64_t e = 0; e < a->size; e++) rq_param_set(p, i, e, rq_array_get(a, e));
    list(r->loaded, sizeof r->loaded, info->path, strcmp(info->path, name) ? name : NULL);
    return true;
}

bool rq_params_load_rules(rq_params *p, const char *run, const rq_rename *rules, int count, char **report, rq_error *err)
{
    char path[4096], text[8192];
    rq_tensors t;
    Report r = {0};
    *report = NULL;
    if (count > 256) return rq_fail(err, "init from '%s': %d rules, at most 256 are read", run, count);
    if (strlen(run) > sizeof path - 32) return rq_fail(err, "init from: the path '%.60s...' is too long", run);
    snprintf(path, sizeof path, "%s", run);
    rq_file_kind kind;
    if (!rq_file_look(run, &kind, err)) return false;
    if (kind == RQ_FILE_folder) {
        snprintf(path, sizeof path, "%.4000s/best.safetensors", run);
        if (!rq_file_look(path, &kind, err)) return false;
        if (kind != RQ_FILE_other) snprintf(path, sizeof path, "%.4000s/last.safetensors", run);
    }
    if (!rq_safetensors_read(path, &t, err)) return rq_fail_at(err, "init from '%s'", run);
    bool ok = true;
    for (int i = 0; ok && i < p->model->param_count; i++)
        if (p->model->params[i].tied_to < 0) ok = take_group(p, i, &t, rules, count, &r, err);
    for (int k = 0; ok && k < count; k++)
        if (!r.met[k]) ok = rq_fail(err, "init from '%s': nothing fits the rule '%s <- %s'", run, rules[k].to, rules[k].from);
    if (ok && !r.loaded[0]) ok = rq_fail(err, "init from '%s': none of its parameters has a path and shape of model '%s'", run, p->model->name);
    rq_tensors_free(&t);
    snprintf(text, sizeof text, "init from %s: loaded %s; left as initialised: %s", path, r.loaded, r.left[0] ? r.left : "none");
    return ok && (*report = rq_copy_text(text, err));
}
