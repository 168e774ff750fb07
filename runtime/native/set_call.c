/* set_call.c: values of --set that are calls with numbers: optimizers and schedules. */
#include <ctype.h>
#include <string.h>

#include "closest.h"
#include "native/set.h"

enum { MOST_NAMES = 32, NAME = 64, NOT_GIVEN = -1 };

/* The call that is being read. */
typedef struct call_text {
    const rq_setting *s;
    const char *group, *at; /* "optimizer" or "schedule"; what is still to be read */
    char name[NAME];
    json_t *json;
    double *(*member)(void *o, const char *name);
    void *out;
} call_text;

static void skip_blanks(call_text *c)
{
    while (isspace((unsigned char)*c->at)) c->at++;
}

/* A name, and the blanks around it. */
static bool read_name(call_text *c, char *out)
{
    skip_blanks(c);
    size_t n = strspn(c->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (!n || n >= NAME) return false;
    memcpy(out, c->at, n);
    out[n] = 0;
    c->at += n;
    skip_blanks(c);
    return true;
}

static bool put(call_text *c, const char *name, double x, rq_error *err)
{
    double *member = c->member(c->out, name);
    if (member) *member = x;
    return !json_object_set_new(c->json, name, rq_setting_json(x)) || rq_fail_system(err, "no memory for the settings");
}

static const rq_native_argument *argument_named(const call_text *c, const char *name)
{
    const rq_native_program *p = c->s->p;
    for (int i = 0; i < p->argument_count; i++) {
        const rq_native_argument *a = &p->arguments[i];
        if (!strcmp(a->group, c->group) && !strcmp(a->callee, c->name) && (!name || !strcmp(a->name, name))) return a;
    }
    return NULL;
}

static bool no_argument(const call_text *c, const char *name, rq_error *err)
{
    const char *names[MOST_NAMES];
    int n = 0;
    for (int i = 0; i < c->s->p->argument_count && n < MOST_NAMES; i++) {
        const rq_native_argument *a = &c->s->p->arguments[i];
        if (!strcmp(a->group, c->group) && !strcmp(a->callee, c->name)) names[n++] = a->name;
    }
    const char *near = rq_closest(name, names, (size_t)n);
    return rq_fail(err, "--set %s: '%s' has no argument '%s'%s%s%s", c->s->text, c->name, name, near ? "; did you mean '" : "",
                   near ? near : "", near ? "'?" : "");
}

/* "name: number" */
static bool read_argument(call_text *c, rq_error *err)
{
    char name[NAME];
    double x;
    if (!read_name(c, name) || *c->at++ != ':' || !rq_setting_number(&c->at, &x))
        return rq_setting_rebuild(c->s, "a native program takes plain numbers only, as in adam(rate: 0.02)", err);
    const rq_native_argument *row = argument_named(c, name);
    if (!row) return no_argument(c, name, err);
    return rq_setting_bounds(c->s, name, row->type, x, err) && put(c, name, x, err);
}

/* What is not given has its default; what has to be given, a place. */
static bool put_defaults(call_text *c, rq_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < c->s->p->argument_count; i++) {
        const rq_native_argument *a = &c->s->p->arguments[i];
        if (!strcmp(a->group, c->group) && !strcmp(a->callee, c->name)) ok = put(c, a->name, a->is_needed ? NOT_GIVEN : a->value, err);
    }
    return ok;
}

static bool read_arguments(call_text *c, rq_error *err)
{
    if (*c->at == '(') {
        c->at++;
        skip_blanks(c);
        while (*c->at && *c->at != ')') {
            if (!read_argument(c, err)) return false;
            if (*c->at == ',') c->at++, skip_blanks(c);
            else if (*c->at != ')') break;
        }
        if (*c->at++ != ')') return rq_fail(err, "--set %s: ')' is missing", c->s->text);
    }
    skip_blanks(c);
    if (*c->at) return rq_fail(err, "--set %s: '%s' is too much", c->s->text, c->at);
    for (int i = 0; i < c->s->p->argument_count; i++) {
        const rq_native_argument *a = &c->s->p->arguments[i];
        if (strcmp(a->group, c->group) || strcmp(a->callee, c->name) || json_number_value(json_object_get(c->json, a->name)) != NOT_GIVEN) continue;
        return rq_fail(err, "--set %s: '%s' needs '%s'", c->s->text, c->name, a->name);
    }
    return true;
}

static bool begin(call_text *c, rq_error *err)
{
    return (c->json && !json_object_set_new(c->json, "kind", json_string(c->name))) || rq_fail_system(err, "no memory for the settings");
}

/* Keeps the call's text of the settings, and gives up the call. */
static bool end(call_text *c, bool ok, rq_error *err)
{
    ok = ok && (!json_object_set(c->s->all, c->group, c->json) || rq_fail_system(err, "no memory for the settings"));
    json_decref(c->json);
    return ok;
}

/* ---- optimizers ---- */

static double *optimizer_member(void *to, const char *name)
{
    rq_optimizer *o = to;
    if (!strcmp(name, "rate")) return &o->rate;
    if (!strcmp(name, "momentum")) return &o->momentum;
    if (!strcmp(name, "beta1")) return &o->beta1;
    if (!strcmp(name, "beta2")) return &o->beta2;
    if (!strcmp(name, "eps")) return &o->eps;
    if (!strcmp(name, "eta")) return &o->eta;
    if (!strcmp(name, "epsilon")) return &o->epsilon;
    return !strcmp(name, "weight_decay") ? &o->weight_decay : NULL;
}

bool rq_setting_optimizer(const rq_setting *s, rq_error *err)
{
    rq_optimizer o = {.rate = 0.001, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    call_text c = {.s = s, .group = "optimizer", .at = s->value, .json = json_object(), .member = optimizer_member, .out = &o};
    bool named = read_name(&c, c.name);
    rq_optimizer_kind kind = named ? rq_optimizer_named(c.name) : RQ_OPTIMIZER_none;
    /* matrix_step keeps what it does with real parameters, so it can only stand where it stood. */
    bool stays = kind == RQ_OPTIMIZER_matrix_step, can = kind && (!stays || s->a->settings.optimizer.kind == kind);
    if (stays) o = s->a->settings.optimizer;
    o.kind = kind;
    json_t *others = json_object_get(json_object_get(s->all, "optimizer"), "others");
    bool ok = can ? begin(&c, err) : rq_setting_rebuild(s, "a native program takes sgd, adam and adamw with numbers", err);
    ok = ok && put_defaults(&c, err) && read_arguments(&c, err);
    if (ok && stays && others) ok = !json_object_set(c.json, "others", others) || rq_fail_system(err, "no memory for the settings");
    if (!end(&c, ok, err)) return false;
    s->a->settings.optimizer = o;
    return true;
}

/* ---- schedules ---- */

/* A schedule with its whole numbers as reals. */
typedef struct schedule_numbers {
    double every, factor, floor, warmup;
} schedule_numbers;

static double *schedule_member(void *to, const char *name)
{
    schedule_numbers *n = to;
    if (!strcmp(name, "every")) return &n->every;
    if (!strcmp(name, "factor")) return &n->factor;
    if (!strcmp(name, "floor")) return &n->floor;
    return !strcmp(name, "warmup") ? &n->warmup : NULL;
}

bool rq_setting_schedule(const rq_setting *s, rq_error *err)
{
    schedule_numbers n = {0};
    call_text c = {.s = s, .group = "schedule", .at = s->value, .json = json_object(), .member = schedule_member, .out = &n};
    bool ok = read_name(&c, c.name) && argument_named(&c, NULL);
    ok = ok ? begin(&c, err) : rq_setting_rebuild(s, "a native program takes constant, step and cosine with numbers", err);
    ok = ok && put_defaults(&c, err) && read_arguments(&c, err);
    rq_schedule_kind kind = !strcmp(c.name, "step") ? RQ_SCHEDULE_step : !strcmp(c.name, "cosine") ? RQ_SCHEDULE_cosine : RQ_SCHEDULE_constant;
    if (!end(&c, ok, err)) return false;
    s->a->settings.schedule =
        (rq_schedule){.kind = kind, .every = (int64_t)n.every, .factor = n.factor, .floor = n.floor, .warmup = (int64_t)n.warmup};
    return true;
}
