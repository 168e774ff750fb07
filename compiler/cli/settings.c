/* settings.c: a run's resolved settings as JSON, and back from a run. */
#include <jansson.h>
#include <string.h>

#include "backend/backend.h"
#include "cli/session.h"

static json_t *value_json(const ConstValue *v)
{
    json_t *o;
    switch (v->kind) {
    case CONST_number: return rational_is_int(v->number) ? json_integer(v->number.num) : json_real(v->number.real);
    case CONST_bool: return json_boolean(v->boolean);
    case CONST_string:
    case CONST_name: return json_string(v->text);
    case CONST_list:
        o = json_array();
        for (uint32_t i = 0; i < v->items.len; i++) json_array_append_new(o, value_json(v->items.at[i]));
        return o;
    case CONST_call:
        o = json_object();
        json_object_set_new(o, "kind", json_string(v->text));
        for (uint32_t i = 0; i < v->arguments.len; i++)
            json_object_set_new(o, v->arguments.at[i].name, value_json(v->arguments.at[i].value));
        return o;
    case CONST_none: break;
    }
    return json_null();
}

/* The text of a file that rq itself has written. */
static const char *own_file(Compiler *c, const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f) fatal("'%s' cannot be read", path);
    VEC(char) text = {0};
    for (int byte; (byte = fgetc(f)) != EOF;) vec_push(c->keep, &text, (char)byte);
    fclose(f);
    vec_push(c->keep, &text, 0);
    return text.at;
}

const char *settings_json(Compiler *c, const Options *o, const ActionInst *a)
{
    if (o->run) return own_file(c, arena_printf(c->keep, "%s/settings.json", o->run));
    json_t *all = json_object(), *sets = json_array();
    json_object_set_new(all, "action", json_string(name_text(c->names, a->name)));
    json_object_set_new(all, "file", json_string(o->file));
    for (uint32_t i = 0; i < a->fields.len; i++) json_object_set_new(all, a->fields.at[i].name, value_json(a->fields.at[i].value));
    json_object_set_new(all, "source", a->data ? value_json(a->data->source) : json_null());
    if (a->test) json_object_set_new(all, "test_source", value_json(a->test->source));
    json_object_set_new(all, "seed", json_integer((json_int_t)session_settings(c, o, a).seed));
    json_object_set_new(all, "precision", json_string(session_real_bytes(o, a) == 8 ? "f64" : "f32"));
    json_object_set_new(all, "cpu", json_string(backend_cpu_name(c->keep, o->cpu)));
    for (uint32_t i = 0; i < o->set.len; i++) json_array_append_new(sets, json_string(o->set.at[i]));
    json_object_set_new(all, "set", sets);
    char *text = json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(all);
    if (!text) fatal("the settings of '%s' could not be written as JSON", name_text(c->names, a->name));
    const char *copy = arena_printf(c->keep, "%s\n", text);
    json_free_t release;
    json_get_alloc_funcs(NULL, &release);
    release(text);
    return copy;
}

static const char *restored(Compiler *c, const json_t *all, const char *key)
{
    const char *text = json_string_value(json_object_get(all, key));
    return text ? arena_strdup(c->keep, text) : NULL;
}

void settings_restore(Compiler *c, const char *path, Options *o)
{
    json_error_t error;
    json_t *all = json_load_file(path, 0, &error);
    if (!all) fatal("'%s' cannot be read as the settings of a run: %s", path, error.text);
    /* An exploration's are in two parts. */
    const json_t *part = json_object_get(all, "explore"), *train = json_object_get(all, "train");
    bool is_exploration = json_is_object(part) && json_is_object(train);
    if (!is_exploration) part = train = all;
    if (!o->action) o->action = restored(c, part, "action");
    if (!o->precision) o->precision = restored(c, train, "precision");
    if (o->precision && strcmp(o->precision, "f32") != 0 && strcmp(o->precision, "f64") != 0)
        fatal("'%s': the precision of a run is f32 or f64, not '%s'", path, o->precision);
    const json_t *sets = json_object_get(part, "set"), *seed = json_object_get(train, "seed");
    if (!o->seed.given && json_is_integer(seed)) o->seed = (Seed){true, (uint64_t)json_integer_value(seed)};
    TextList both = {0}; /* the run's first: what is given now has the last word */
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const char *text = json_string_value(json_array_get(sets, i));
        if (text) vec_push(c->keep, &both, arena_strdup(c->keep, text));
    }
    for (uint32_t i = 0; i < o->set.len; i++) vec_push(c->keep, &both, o->set.at[i]);
    o->set = both;
    json_decref(all);
}
