/* explore.c: the verb `explore` of a native program: `rq explore` over compiled variants. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "native/verbs.h"
#include "train/interrupt.h"

/* An exploration with its variants put together, --set and --seed applied. */
typedef struct Explored {
    rq_exploration x;
    rq_variant *rows;
    rq_native_set *sets; /* [variants] */
    rq_data *data;       /* [data_count] */
    const char **owner;  /* [data_count]: the train action whose data they are */
    int data_count;
    char *settings, *versions;
} Explored;

static const rq_native_exploration *choose(const rq_native_program *p, const char *name, rq_error *err)
{
    char have[512] = "";
    for (int i = 0; i < p->exploration_count; i++) {
        const rq_native_exploration *e = &p->explorations[i];
        if (name ? !strcmp(e->x.name, name) : p->exploration_count == 1) return e;
        size_t used = strlen(have);
        snprintf(have + used, sizeof have - used, "%s%s", i ? ", " : "", e->x.name);
    }
    if (!p->exploration_count) rq_fail(err, "this program has no explore action");
    else if (name) rq_fail(err, "this program has no explore action '%s'; it has %s", name, have);
    else rq_fail(err, "this program has several explore actions; choose one with --action: %s", have);
    return NULL;
}

/* The settings' text with what --set changed in the train action. */
static bool settings_text(const rq_native_exploration *e, const rq_native_options *o, const char *train, char **out, rq_error *err)
{
    json_error_t error;
    json_t *all = json_loads(e->x.settings_text, 0, &error), *own = json_loads(train, 0, &error);
    json_t *list = json_object_get(json_object_get(all, "explore"), "set");
    bool ok = all && own && !json_object_set(all, "train", own);
    for (int i = 0; ok && i < o->set_count; i++) ok = !json_array_append_new(list, json_string(o->set[i]));
    char *text = ok ? json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    *out = text ? rq_copy_text(text, err) : NULL;
    json_free_t release;
    json_get_alloc_funcs(NULL, &release);
    release(text);
    json_decref(all);
    json_decref(own);
    return *out || rq_fail(err, "the settings could not be written as JSON");
}

/* Number of the data set of an action, opened the first time; -1: failed, worded. */
static int data_of(Explored *e, const rq_action *a, const rq_native_options *o, rq_error *err)
{
    for (int i = 0; i < e->data_count; i++)
        if (!strcmp(e->owner[i], a->name)) return i;
    if (!rq_verb_data(a, &o->verb, &e->data[e->data_count], err)) return -1;
    e->owner[e->data_count] = a->name;
    return e->data_count++;
}

static bool add_rows(const rq_native_program *p, const rq_native_exploration *from, const rq_native_options *o, Explored *e, rq_error *err)
{
    for (int i = 0; i < from->variant_count; i++) {
        const rq_native_variant *v = &from->variants[i];
        e->rows[i] = v->row;
        if (v->action < 0) continue;
        rq_native_set *set = &e->sets[i];
        if (!rq_native_set_new(p, &p->actions[v->action].action, o->set, o->set_count, o->has_seed ? &o->seed : NULL, set, err)) return false;
        if (!strncmp(from->x.rank, "val.", 4) && set->action.data.val <= 0)
            return rq_fail(err, "'rank: %s' needs validation samples: val: N in the data set", from->x.rank);
        e->rows[i].action = &set->action;
        e->rows[i].data = data_of(e, &set->action, o, err);
        if (e->rows[i].data < 0) return false;
        e->x.seed = set->action.settings.seed;
        bool changed = (o->set_count || o->has_seed) && !e->settings;
        if (changed && !settings_text(from, o, set->action.settings_text, &e->settings, err)) return false;
        if (!e->versions && !(e->versions = rq_versions_text(&set->action, rq_verb_threads(&o->verb), err))) return false;
    }
    return true;
}

static bool explored_new(const rq_native_program *p, const rq_native_exploration *from, const rq_native_options *o, Explored *e, rq_error *err)
{
    uint64_t n = (uint64_t)from->variant_count + 1;
    *e = (Explored){.x = from->x};
    e->rows = rq_alloc_array(n, sizeof *e->rows, "the variants", err);
    e->sets = rq_alloc_array(n, sizeof *e->sets, "the variants", err);
    e->data = rq_alloc_array(n, sizeof *e->data, "the data sets", err);
    e->owner = rq_alloc_array(n, sizeof *e->owner, "the data sets", err);
    if (!e->rows || !e->sets || !e->data || !e->owner || !add_rows(p, from, o, e, err)) return false;
    e->x.variants = e->rows;
    e->x.variant_count = from->variant_count;
    e->x.data = e->data;
    if (e->settings) e->x.settings_text = e->settings;
    if (e->versions) e->x.versions = e->versions;
    return true;
}

static void explored_free(const rq_native_exploration *from, Explored *e)
{
    for (int i = 0; e->sets && i < from->variant_count; i++) rq_native_set_free(&e->sets[i]);
    for (int i = 0; i < e->data_count; i++) rq_data_free(&e->data[i]);
    rq_free(e->rows);
    rq_free(e->sets);
    rq_free(e->data);
    rq_free(e->owner);
    rq_free(e->settings);
    rq_free(e->versions);
}

rq_outcome rq_native_explore(const rq_native_program *p, const rq_native_options *o, rq_error *err)
{
    Explored e;
    const rq_native_exploration *from = choose(p, o->action, err);
    if (!from) return RQ_OUTCOME_failed;
    rq_explore_options options = {.threads = rq_verb_threads(&o->verb), .out = o->verb.out, .json = o->verb.json, .quiet = o->verb.quiet,
                                  .stop = rq_interrupt_flag()};
    rq_explore_end end = explored_new(p, from, o, &e, err) ? rq_explore(&e.x, &options, err) : RQ_EXPLORE_failed;
    explored_free(from, &e);
    if (end == RQ_EXPLORE_failed) return RQ_OUTCOME_failed;
    return end == RQ_EXPLORE_interrupted ? RQ_OUTCOME_interrupted : RQ_OUTCOME_done;
}
