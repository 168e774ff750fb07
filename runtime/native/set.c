/* set.c: --set and --seed of a native program: fields and numbers of samples, which change no compiled code.
 *
 * A name must match exactly one of those that `rq build --set` takes; one that is compiled in is refused with the command that builds
 * a program with it. Values are plain numbers, and for optimizer and schedule calls: adam(rate: 0.02). The settings' JSON text follows.
 */
#include "native/set.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "closest.h"

typedef struct field_row {
    const char *name, *type; /* as in fields.def */
    size_t offset;           /* in rq_train_settings; int64_t, uint64_t for whole, double for positive */
} field_row;

static const field_row rows[] = {
    {"epochs", "count", offsetof(rq_train_settings, epochs)},
    {"rounds", "count", offsetof(rq_train_settings, epochs)},
    {"batch", "count", offsetof(rq_train_settings, batch)},
    {"seed", "whole", offsetof(rq_train_settings, seed)},
    {"clip", "positive", offsetof(rq_train_settings, clip)},
    {"clip_value", "positive", offsetof(rq_train_settings, clip_value)},
    {"early_stop", "count", offsetof(rq_train_settings, early_stop)},
    {"probe", "count", offsetof(rq_train_settings, probe)},
    {"vanishing", "positive", offsetof(rq_train_settings, thresholds.vanishing)},
    {"exploding", "positive", offsetof(rq_train_settings, thresholds.exploding)},
    {"converged", "positive", offsetof(rq_train_settings, thresholds.converged)},
    {"optimizer", "optimizer", 0},
    {"schedule", "schedule", 0},
};

bool rq_setting_rebuild(const rq_setting *s, const char *why, rq_error *err)
{
    bool plain = !s->text[strspn(s->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.=-")];
    const char *quote = plain ? "" : "'";
    return rq_fail(err, "--set %s: %s; build a program with it: %s%s --set %s%s%s -o %s", s->text, why, s->p->build, s->p->cpu_option,
                   quote, s->text, quote, s->p->output);
}

/* ---- names ---- */

static bool is_data(const rq_native_program *p, const char *name, size_t length)
{
    for (int i = 0; i < p->data_count; i++)
        if (strlen(p->data[i]) == length && !strncmp(p->data[i], name, length)) return true;
    return false;
}

/* Does `key` mean the target `name`, which may be OWNER.FIELD? Arguments of data sets want their owner. */
static bool means(const rq_native_program *p, const char *name, const char *key)
{
    const char *dot = strchr(name, '.');
    return !strcmp(name, key) || (dot && !strcmp(dot + 1, key) && !is_data(p, name, (size_t)(dot - name)));
}

/* The one target that the key means, or NULL with an error. */
static const char *target_of(const rq_setting *s, rq_error *err)
{
    const char *found = NULL;
    char all[512] = "";
    int count = 0;
    for (int i = 0; i < s->p->name_count; i++) {
        if (!means(s->p, s->p->names[i], s->key)) continue;
        found = s->p->names[i];
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", count++ ? ", " : "", found);
    }
    if (count == 1) return found;
    const char *near = count ? NULL : rq_closest(s->key, s->p->names, s->p->name_count);
    if (count) rq_fail(err, "--set %s: '%s' may be one of %s", s->text, s->key, all);
    else
        rq_fail(err, "--set %s: there is no const, formal, argument of a data set or field '%s'%s%s%s", s->text, s->key, near ? "; did you mean '" : "",
                near ? near : "", near ? "'?" : "");
    return NULL;
}

/* ---- values ---- */

static const char *skip_blanks(const char *s)
{
    while (isspace((unsigned char)*s)) s++;
    return s;
}

bool rq_setting_number(const char **text, double *x)
{
    const char *at = skip_blanks(*text);
    size_t n = strspn(at, "0123456789.eE");
    if (n && (at[n] == '-' || at[n] == '+') && tolower((unsigned char)at[n - 1]) == 'e') n += 1 + strspn(at + n + 1, "0123456789");
    char number[64], *end;
    if (!isdigit((unsigned char)*at) || n >= sizeof number) return false;
    memcpy(number, at, n);
    number[n] = 0;
    *x = strtod(number, &end);
    *text = skip_blanks(at + n);
    return !*end && isfinite(*x);
}

json_t *rq_setting_json(double x)
{
    return x == floor(x) && fabs(x) < 9e15 ? json_integer((json_int_t)x) : json_real(x);
}

bool rq_setting_bounds(const rq_setting *s, const char *name, const char *type, double x, rq_error *err)
{
    double low = !strcmp(type, "count");
    bool whole = low > 0 || !strcmp(type, "whole");
    if (whole && (x != floor(x) || x < low || x > 9e15))
        return rq_fail(err, "--set %s: '%s' is a whole number, at least %g", s->text, name, low);
    if (!strcmp(type, "positive") && x <= 0) return rq_fail(err, "--set %s: '%s' is a positive number", s->text, name);
    if (!strcmp(type, "share") && (x < 0 || x > 1)) return rq_fail(err, "--set %s: '%s' is between 0 and 1", s->text, name);
    return true;
}

/* The whole value as a number of the type. */
static bool value_number(const rq_setting *s, const char *name, const char *type, double *x, rq_error *err)
{
    const char *at = s->value;
    if (!rq_setting_number(&at, x) || *at) return rq_setting_rebuild(s, "a native program takes plain numbers only", err);
    return rq_setting_bounds(s, name, type, *x, err);
}

/* Fields in the order in which settings list them. */
static const char *const field_order[] = {
#define FIELD(action, name, type, value, help) #action "." #name,
#include "program/fields.def"
#undef FIELD
};

static int field_rank(const rq_setting *s, const char *key)
{
    (void)s;
    for (size_t i = 0; i < sizeof field_order / sizeof field_order[0]; i++)
        if (!strncmp(field_order[i], "train.", 6) && !strcmp(field_order[i] + 6, key)) return (int)i + 1;
    return 0;
}

/* Of two sources the arguments come in the same order. */
static int source_rank(const rq_setting *s, const char *key)
{
    for (int i = 0; i < s->p->argument_count; i++)
        if (!strcmp(s->p->arguments[i].group, "source") && !strcmp(s->p->arguments[i].callee, s->source) &&
            !strcmp(s->p->arguments[i].name, key))
            return i + 1;
    return 0;
}

/* Puts a number in the key's place: its own, or before the first key of a higher rank, where `rq train` writes it. */
static bool put_json(const rq_setting *s, json_t *object, const char *key, double x, int (*rank)(const rq_setting *, const char *), rq_error *err)
{
    json_t *value = rq_setting_json(x), *rest = json_object(), *other;
    const char *name;
    bool ok = value && rest && object, is_new = !json_object_get(object, key);
    for (void *at = json_object_iter(object); is_new && ok && at; at = json_object_iter_next(object, at)) {
        bool is_later = json_object_size(rest) || rank(s, json_object_iter_key(at)) > rank(s, key);
        if (is_later) ok = !json_object_set(rest, json_object_iter_key(at), json_object_iter_value(at));
    }
    if (ok && rest) json_object_foreach(rest, name, other) json_object_del(object, name);
    ok = ok && !json_object_set(object, key, value) && !json_object_update(object, rest);
    json_decref(value);
    json_decref(rest);
    return ok || rq_fail_system(err, "no memory for the settings");
}

static bool set_field(const rq_setting *s, const field_row *row, rq_error *err)
{
    double x;
    if (!strcmp(row->type, "optimizer")) return rq_setting_optimizer(s, err);
    if (!strcmp(row->type, "schedule")) return rq_setting_schedule(s, err);
    if (!value_number(s, row->name, row->type, &x, err)) return false;
    void *field = (char *)&s->a->settings + row->offset;
    if (!strcmp(row->type, "count")) *(int64_t *)field = (int64_t)x;
    else if (!strcmp(row->type, "whole")) *(uint64_t *)field = (uint64_t)x;
    else *(double *)field = x;
    return put_json(s, s->all, row->name, x, field_rank, err);
}

/* ---- numbers of samples ---- */

static const rq_native_argument *count_argument(const rq_native_program *p, const char *source, const char *name)
{
    if (strcmp(name, "train") && strcmp(name, "val") && strcmp(name, "test")) return NULL;
    for (int i = 0; i < p->argument_count; i++) {
        const rq_native_argument *a = &p->arguments[i];
        if (!strcmp(a->group, "source") && !strcmp(a->callee, source) && !strcmp(a->name, name)) return a;
    }
    return NULL;
}

static bool is_called(const rq_data_spec *d, const char *target, size_t length)
{
    return d->name && strlen(d->name) == length && !strncmp(d->name, target, length);
}

/* A data set of the program's actions by the part of the target before its dot; NULL: none. */
static const rq_data_spec *data_named(const rq_native_program *p, const char *target, size_t length)
{
    for (int i = 0; i < p->action_count; i++) {
        const rq_action *a = &p->actions[i].action;
        if (is_called(&a->data, target, length)) return &a->data;
        if (is_called(&a->test, target, length)) return &a->test;
    }
    return NULL;
}

/* Of data that this action does not use nothing changes. */
static bool set_count(const rq_setting *s, const rq_data_spec *d, const rq_native_argument *row, rq_error *err)
{
    double x;
    if (!value_number(s, row->name, row->type, &x, err)) return false;
    rq_data_spec *uses[] = {&s->a->data, &s->a->test};
    const char *const keys[] = {"source", "test_source"};
    for (int i = 0; i < 2; i++) {
        if (!uses[i]->source || !is_called(uses[i], d->name, strlen(d->name))) continue;
        int64_t *count = !strcmp(row->name, "train") ? &uses[i]->train : !strcmp(row->name, "val") ? &uses[i]->val : &uses[i]->test;
        rq_setting mine = *s;
        mine.source = d->source;
        *count = (int64_t)x;
        if (!put_json(&mine, json_object_get(s->all, keys[i]), row->name, x, source_rank, err)) return false;
    }
    return true;
}

/* ---- all of them ---- */

/* Lengths are counted either in epochs or in rounds. */
static bool is_open(const rq_action *a, const char *field)
{
    if (!strcmp(field, "epochs") || !strcmp(field, "batch")) return a->settings.batch > 0;
    return strcmp(field, "rounds") || !a->settings.batch;
}

static const rq_action *action_named(const rq_native_program *p, const char *target, size_t length)
{
    for (int i = 0; i < p->action_count; i++) {
        const char *name = p->actions[i].action.name;
        if (strlen(name) == length && !strncmp(name, target, length)) return &p->actions[i].action;
    }
    return NULL;
}

/* A field of another action changes nothing here, but is held to the same rules. */
static bool set_action(rq_setting *s, const rq_action *owner, const field_row *row, rq_error *err)
{
    rq_action other = *owner;
    rq_setting scratch = *s;
    bool mine = !strcmp(other.name, s->a->name);
    if (!mine) scratch.a = &other, scratch.all = json_object();
    bool ok = set_field(&scratch, row, err);
    if (!mine) json_decref(scratch.all);
    return ok;
}

static bool apply(rq_setting *s, rq_error *err)
{
    const char *equals = strchr(s->text, '=');
    if (!equals || equals == s->text || !equals[1] || (size_t)(equals - s->text) >= sizeof s->key)
        return rq_fail(err, "--set wants NAME=VALUE, as in --set epochs=3, but got '%s'", s->text);
    memcpy(s->key, s->text, (size_t)(equals - s->text));
    s->key[equals - s->text] = 0;
    s->value = equals + 1;
    const char *target = target_of(s, err), *dot = target ? strchr(target, '.') : NULL;
    if (!target) return false;
    size_t length = dot ? (size_t)(dot - target) : 0;
    const rq_action *owner = dot ? action_named(s->p, target, length) : NULL;
    for (size_t i = 0; owner && i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].name, dot + 1) && is_open(owner, rows[i].name)) return set_action(s, owner, &rows[i], err);
    const rq_data_spec *data = dot ? data_named(s->p, target, length) : NULL;
    const rq_native_argument *row = data ? count_argument(s->p, data->source, dot + 1) : NULL;
    return row ? set_count(s, data, row, err) : rq_setting_rebuild(s, "it is compiled into this program", err);
}

/* What no single setting can tell. */
static bool fits(const rq_action *a, rq_error *err)
{
    const rq_train_settings *t = &a->settings;
    if (t->schedule.warmup >= t->epochs)
        return rq_fail(err, "a warm-up of %lld epochs leaves none of %lld to train at the full rate", (long long)t->schedule.warmup,
                       (long long)t->epochs);
    if (t->early_stop > 0 && a->data.val <= 0) return rq_fail(err, "'early_stop' needs validation samples: val: N in the data set");
    return true;
}

static char *dump(const json_t *all, rq_error *err)
{
    char *text = json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(12)), *copy = NULL;
    if (!text) {
        rq_fail(err, "the settings could not be written as JSON");
        return NULL;
    }
    size_t n = strlen(text);
    copy = rq_alloc_array(n + 2, 1, "the settings", err);
    if (copy) memcpy(copy, text, n), copy[n] = '\n';
    rq_free(text);
    return copy;
}

bool rq_native_set_new(const rq_native_program *p, const rq_action *a, const char *const *sets, int count, const uint64_t *seed,
                       rq_native_set *out, rq_error *err)
{
    json_error_t error;
    *out = (rq_native_set){.action = *a};
    if (!count && !seed) return true;
    json_t *all = json_loads(a->settings_text, 0, &error), *list = json_object_get(all, "set");
    bool ok = all || rq_fail(err, "the settings in the program are damaged: %s", error.text);
    for (int i = 0; ok && i < count; i++) {
        rq_setting s = {.p = p, .a = &out->action, .all = all, .text = sets[i]};
        ok = apply(&s, err) && (!json_array_append_new(list, json_string(sets[i])) || rq_fail_system(err, "no memory for the settings"));
    }
    ok = ok && fits(&out->action, err);
    if (ok && seed) {
        out->action.settings.seed = *seed;
        ok = !json_object_set_new(all, "seed", json_integer((json_int_t)*seed)) || rq_fail_system(err, "no memory for the settings");
    }
    if (ok) out->action.settings_text = out->settings_text = dump(all, err);
    json_decref(all);
    return ok && out->settings_text;
}

void rq_native_set_free(rq_native_set *s) { rq_free(s->settings_text); }

bool rq_native_set_refuse(const rq_native_program *p, const char *set, rq_error *err)
{
    rq_setting s = {.p = p, .text = set};
    return rq_setting_rebuild(&s, "it is compiled into this program", err);
}
