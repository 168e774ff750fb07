/* set.c: --set and --seed of a native program: fields that change no compiled code.
 *
 * A name must match exactly one of those that `rq build --set` takes; one that is compiled in is refused with the command that builds
 * a program with it. Values are plain numbers, and for the optimizer a call: adam(rate: 0.02). The settings' JSON text follows.
 */
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/native.h"

enum { FIELD_MAX = 256 };

typedef enum field_kind { FIELD_none, FIELD_count, FIELD_whole, FIELD_positive, FIELD_optimizer } field_kind;

typedef struct field_row {
    const char *name;
    field_kind kind;
    size_t offset; /* in rq_train_settings; int64_t, uint64_t for whole, double for positive */
} field_row;

static const field_row rows[] = {
    {"epochs", FIELD_count, offsetof(rq_train_settings, epochs)},
    {"rounds", FIELD_count, offsetof(rq_train_settings, epochs)},
    {"batch", FIELD_count, offsetof(rq_train_settings, batch)},
    {"seed", FIELD_whole, offsetof(rq_train_settings, seed)},
    {"clip", FIELD_positive, offsetof(rq_train_settings, clip)},
    {"clip_value", FIELD_positive, offsetof(rq_train_settings, clip_value)},
    {"early_stop", FIELD_count, offsetof(rq_train_settings, early_stop)},
    {"probe", FIELD_count, offsetof(rq_train_settings, probe)},
    {"vanishing", FIELD_positive, offsetof(rq_train_settings, thresholds.vanishing)},
    {"exploding", FIELD_positive, offsetof(rq_train_settings, thresholds.exploding)},
    {"converged", FIELD_positive, offsetof(rq_train_settings, thresholds.converged)},
    {"optimizer", FIELD_optimizer, 0},
};

/* One --set on its way. */
typedef struct setting {
    const rq_native_program *p;
    rq_action *a;
    json_t *all; /* the settings' text as JSON */
    const char *text;
    char key[FIELD_MAX];
    const char *value;
} setting;

static bool rebuild(const setting *s, const char *why, rq_error *err)
{
    bool plain = !s->text[strspn(s->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.=-")];
    const char *quote = plain ? "" : "'";
    return rq_fail(err, "--set %s: %s; build a program with it: %s%s --set %s%s%s -o %s", s->text, why, s->p->build, s->p->cpu_option,
                   quote, s->text, quote, s->p->output);
}

/* ---- names ---- */

/* Does `key` mean the target `name`, which may be OWNER.FIELD? */
static bool means(const char *name, const char *key)
{
    const char *dot = strchr(name, '.');
    return !strcmp(name, key) || (dot && !strcmp(dot + 1, key));
}

/* The one target that the key means, or NULL with an error. */
static const char *target_of(const setting *s, rq_error *err)
{
    const char *found = NULL;
    char all[512] = "";
    int count = 0;
    for (int i = 0; i < s->p->name_count; i++) {
        if (!means(s->p->names[i], s->key)) continue;
        found = s->p->names[i];
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", count++ ? ", " : "", found);
    }
    if (count == 1) return found;
    const char *near = count ? NULL : rq_closest(s->key, s->p->names, s->p->name_count);
    if (count) rq_fail(err, "--set %s: '%s' may be one of %s", s->text, s->key, all);
    else
        rq_fail(err, "--set %s: there is no const, formal or field '%s'%s%s%s", s->text, s->key, near ? "; did you mean '" : "",
                near ? near : "", near ? "'?" : "");
    return NULL;
}

/* ---- values ---- */

static const char *skip_blanks(const char *s)
{
    while (isspace((unsigned char)*s)) s++;
    return s;
}

/* A plain decimal number at *s, which moves behind it. */
static bool read_number(const char **s, double *x)
{
    const char *at = skip_blanks(*s);
    size_t n = strspn(at, "0123456789.eE");
    if (n && (at[n] == '-' || at[n] == '+') && tolower((unsigned char)at[n - 1]) == 'e') n += 1 + strspn(at + n + 1, "0123456789");
    char text[64], *end;
    if (!isdigit((unsigned char)*at) || n >= sizeof text) return false;
    memcpy(text, at, n);
    text[n] = 0;
    *x = strtod(text, &end);
    *s = skip_blanks(at + n);
    return !*end && isfinite(*x);
}

static json_t *number_json(double x)
{
    return x == floor(x) && fabs(x) < 9e15 ? json_integer((json_int_t)x) : json_real(x);
}

static bool set_number(const setting *s, const field_row *row, rq_error *err)
{
    const char *at = s->value;
    double x, low = row->kind == FIELD_count;
    bool whole = row->kind != FIELD_positive;
    if (!read_number(&at, &x) || *at) return rebuild(s, "a native program takes plain numbers only", err);
    if (whole && (x != floor(x) || x < low || x > 9e15))
        return rq_fail(err, "--set %s: '%s' is a whole number, at least %g", s->text, row->name, low);
    if (!whole && x <= 0) return rq_fail(err, "--set %s: '%s' is a positive number", s->text, row->name);
    void *field = (char *)&s->a->settings + row->offset;
    if (row->kind == FIELD_count) *(int64_t *)field = (int64_t)x;
    else if (row->kind == FIELD_whole) *(uint64_t *)field = (uint64_t)x;
    else *(double *)field = x;
    return !json_object_set_new(s->all, row->name, number_json(x)) || rq_fail_system(err, "no memory for the settings");
}

static double *optimizer_member(rq_optimizer *o, const char *name)
{
    if (!strcmp(name, "rate")) return &o->rate;
    if (!strcmp(name, "momentum")) return &o->momentum;
    if (!strcmp(name, "beta1")) return &o->beta1;
    if (!strcmp(name, "beta2")) return &o->beta2;
    if (!strcmp(name, "eps")) return &o->eps;
    if (!strcmp(name, "eta")) return &o->eta;
    if (!strcmp(name, "epsilon")) return &o->epsilon;
    return !strcmp(name, "weight_decay") ? &o->weight_decay : NULL;
}

/* A name at *s, which moves behind it and blanks. */
static bool read_name(const char **s, char *out, size_t size)
{
    const char *at = skip_blanks(*s);
    size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (!n || n >= size) return false;
    memcpy(out, at, n);
    out[n] = 0;
    *s = skip_blanks(at + n);
    return true;
}

/* matrix_step keeps what it does with real parameters, so it can only stand where it stood. */
static bool optimizer_defaults(const setting *s, const char *kind, rq_optimizer *o, json_t *call)
{
    rq_optimizer_kind named = rq_optimizer_named(kind);
    bool stays = named == RQ_OPTIMIZER_matrix_step;
    if (stays && s->a->settings.optimizer.kind != named) return false;
    if (stays) *o = s->a->settings.optimizer;
    else *o = (rq_optimizer){.kind = named, .rate = 0.001, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    json_t *others = json_object_get(json_object_get(s->all, "optimizer"), "others");
    bool ok = named != RQ_OPTIMIZER_none && !json_object_set_new(call, "kind", json_string(kind));
    if (stays && others) ok = ok && !json_object_set(call, "others", others);
    for (int i = 0; ok && i < s->p->argument_count; i++) {
        const rq_native_argument *a = &s->p->arguments[i];
        if (strcmp(a->optimizer, kind)) continue;
        double *member = optimizer_member(o, a->name);
        ok = member && !json_object_set_new(call, a->name, number_json(a->value));
        if (ok) *member = a->value;
    }
    return ok;
}

/* "name: number" at *at into o and call. */
static bool read_argument(const setting *s, const char *kind, const char **at, rq_optimizer *o, json_t *call, rq_error *err)
{
    char name[64];
    double x;
    const rq_native_argument *row = NULL;
    if (!read_name(at, name, sizeof name) || *(*at)++ != ':' || !read_number(at, &x))
        return rebuild(s, "a native program takes plain numbers only, as in adam(rate: 0.02)", err);
    for (int i = 0; i < s->p->argument_count; i++)
        if (!strcmp(s->p->arguments[i].optimizer, kind) && !strcmp(s->p->arguments[i].name, name)) row = &s->p->arguments[i];
    if (!row) return rq_fail(err, "--set %s: '%s' has no argument '%s'", s->text, kind, name);
    if (row->is_share ? x < 0 || x > 1 : x <= 0)
        return rq_fail(err, "--set %s: '%s' is %s", s->text, name, row->is_share ? "between 0 and 1" : "positive");
    *optimizer_member(o, name) = x;
    return !json_object_set_new(call, name, number_json(x)) || rq_fail_system(err, "no memory for the settings");
}

static bool read_call(const setting *s, rq_optimizer *o, json_t *call, rq_error *err)
{
    char kind[64];
    const char *at = s->value;
    if (!read_name(&at, kind, sizeof kind) || !optimizer_defaults(s, kind, o, call))
        return rebuild(s, "a native program takes sgd, adam and adamw with numbers", err);
    if (*at == '(') {
        at = skip_blanks(at + 1);
        while (*at && *at != ')') {
            if (!read_argument(s, kind, &at, o, call, err)) return false;
            if (*at == ',') at = skip_blanks(at + 1);
            else if (*at != ')') break;
        }
        if (*at++ != ')') return rq_fail(err, "--set %s: ')' is missing", s->text);
    }
    return !*skip_blanks(at) || rq_fail(err, "--set %s: '%s' is too much", s->text, at);
}

static bool set_optimizer(const setting *s, rq_error *err)
{
    rq_optimizer o;
    json_t *call = json_object();
    bool ok = read_call(s, &o, call, err) && (!json_object_set(s->all, "optimizer", call) || rq_fail_system(err, "no memory for the settings"));
    json_decref(call);
    if (ok) s->a->settings.optimizer = o;
    return ok;
}

/* ---- all of them ---- */

/* Fields that depend on what else the action says. */
static bool is_open(const setting *s, const char *field)
{
    if (!strcmp(field, "epochs") || !strcmp(field, "batch")) return s->a->settings.batch > 0; /* no rounds */
    if (!strcmp(field, "rounds")) return !s->a->settings.batch;
    if (!strcmp(field, "early_stop")) return s->a->data.val > 0;
    return true;
}

/* A setting of another action changes nothing here, but is held to the same rules. */
static bool apply(setting *s, rq_error *err)
{
    const char *equals = strchr(s->text, '=');
    if (!equals || equals == s->text || !equals[1] || (size_t)(equals - s->text) >= sizeof s->key)
        return rq_fail(err, "--set wants NAME=VALUE, as in --set epochs=3, but got '%s'", s->text);
    memcpy(s->key, s->text, (size_t)(equals - s->text));
    s->key[equals - s->text] = 0;
    s->value = equals + 1;
    const char *target = target_of(s, err), *dot = target ? strchr(target, '.') : NULL;
    if (!target) return false;
    const rq_native_action *owner = NULL;
    for (int i = 0; dot && i < s->p->action_count; i++)
        if (!strncmp(s->p->actions[i].action.name, target, (size_t)(dot - target)) &&
            !s->p->actions[i].action.name[dot - target])
            owner = &s->p->actions[i];
    for (size_t i = 0; owner && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, dot + 1) || !is_open(s, rows[i].name)) continue;
        rq_action other = owner->action;
        bool mine = !strcmp(other.name, s->a->name);
        setting scratch = *s;
        if (!mine) scratch.a = &other, scratch.all = json_object();
        bool ok = rows[i].kind == FIELD_optimizer ? set_optimizer(&scratch, err) : set_number(&scratch, &rows[i], err);
        if (!mine) json_decref(scratch.all);
        return ok;
    }
    return rebuild(s, "it is compiled into this program", err);
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
        setting s = {.p = p, .a = &out->action, .all = all, .text = sets[i]};
        ok = apply(&s, err) && (!json_array_append_new(list, json_string(sets[i])) || rq_fail_system(err, "no memory for the settings"));
    }
    const rq_train_settings *t = &out->action.settings;
    if (ok && t->schedule.warmup >= t->epochs)
        ok = rq_fail(err, "a warm-up of %lld epochs leaves none of %lld to train at the full rate", (long long)t->schedule.warmup,
                     (long long)t->epochs);
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
    setting s = {.p = p, .text = set};
    return rebuild(&s, "it is compiled into this program", err);
}
