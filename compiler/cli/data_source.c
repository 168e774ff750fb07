/* data_source.c: the arguments of a data source in a .rq file -> what the run time opens. */
#include <string.h>

#include "cli/session.h"

static int64_t count_of(const ConstValue *call, const char *name)
{
    const ConstValue *v = call_argument(call, name);
    return v && v->kind == CONST_number ? v->number.num : RQ_DATA_ALL;
}

/* A number or a list of numbers. */
static int numbers_of(const ConstValue *v, double *out, int most)
{
    if (v->kind == CONST_number) {
        out[0] = v->number.real;
        return 1;
    }
    int n = 0;
    for (uint32_t i = 0; i < v->items.len && n < most; i++)
        if (v->items.at[i]->kind == CONST_number) out[n++] = v->items.at[i]->number.real;
    return n;
}

enum { MOST_CLASSES = 4096, MOST_CHANNELS = 16 };

/* classes: 3 keeps the first three labels; classes: [3, 5] keeps these. */
static void read_classes(Arena *keep, const ConstValue *v, rq_data_spec *spec)
{
    if (v->kind == CONST_number) {
        spec->class_count = (int)v->number.real;
        return;
    }
    double list[MOST_CLASSES];
    spec->class_count = numbers_of(v, list, MOST_CLASSES);
    int32_t *labels = arena_array(keep, int32_t, spec->class_count);
    for (int i = 0; i < spec->class_count; i++) labels[i] = (int32_t)list[i];
    spec->classes = labels;
}

/* normalize: [mean, std] with numbers or lists per channel. */
static void read_normalize(Arena *keep, const ConstValue *v, rq_data_spec *spec)
{
    if (v->kind != CONST_list || v->items.len != 2) return;
    double *mean = arena_array(keep, double, MOST_CHANNELS), *std = arena_array(keep, double, MOST_CHANNELS);
    spec->norm_count = numbers_of(v->items.at[0], mean, MOST_CHANNELS);
    numbers_of(v->items.at[1], std, MOST_CHANNELS);
    spec->mean = mean;
    spec->std = std;
}

static void read_resize(const ConstValue *v, rq_data_spec *spec)
{
    double size[2];
    int n = numbers_of(v, size, 2);
    if (n) spec->height = (int64_t)size[0], spec->width = (int64_t)size[n - 1];
}

/* The text under either of two names, NULL without it. */
static const char *text_of(const ConstValue *call, const char *name, const char *other)
{
    const ConstValue *v = call_argument(call, name);
    if (!v) v = call_argument(call, other);
    return v && v->kind == CONST_string ? v->text : NULL;
}

rq_data_spec session_data_spec(Compiler *c, const DataInst *data)
{
    const ConstValue *call = data->source, *v;
    rq_data_spec spec = rq_data_spec_default(call->text);
    spec.name = data->is_declared ? name_text(c->names, data->name) : NULL;
    spec.train = count_of(call, "train");
    spec.val = count_of(call, "val");
    spec.test = count_of(call, "test");
    if ((v = call_argument(call, "classes"))) read_classes(c->keep, v, &spec);
    if ((v = call_argument(call, "normalize"))) read_normalize(c->keep, v, &spec);
    if ((v = call_argument(call, "resize"))) read_resize(v, &spec);
    if ((v = call_argument(call, "crop")) && v->kind == CONST_number) spec.crop = v->number.num;
    if ((v = call_argument(call, "flip")) && v->kind == CONST_number) spec.flip = v->number.real;
    if ((v = call_argument(call, "shuffle")) && v->kind == CONST_number) {
        spec.shuffle = true;
        spec.shuffle_seed = (uint64_t)v->number.num;
    }
    if ((v = call_argument(call, "seed")) && v->kind == CONST_number) spec.seed = (uint64_t)v->number.num;
    if ((v = call_argument(call, "size")) && v->kind == CONST_number) spec.size = v->number.num;
    spec.qubits = count_of(call, "qubits");
    spec.pairs = count_of(call, "pairs");
    spec.noise_pairs = call_argument(call, "noise_pairs") ? count_of(call, "noise_pairs") : 0;
    if ((v = call_argument(call, "noise")) && v->kind == CONST_number) spec.noise = v->number.real;
    spec.file = text_of(call, "file", !strcmp(call->text, "images") ? "folder" : "input");
    spec.label = text_of(call, "label", "target");
    return spec;
}

rq_data session_data(Compiler *c, const Options *o, const DataInst *data)
{
    rq_data_spec spec = session_data_spec(c, data);
    rq_data out;
    rq_error err;
    spec.dir = o->data;
    spec.keeps_copies = !o->no_cache;
    if (!rq_data_open(&spec, &out, &err)) fatal("%s", err.text);
    return out;
}

rq_data session_action_data(Compiler *c, const Options *o, const ActionInst *a)
{
    rq_data data = session_data(c, o, a->data);
    if (!a->test) return data;
    rq_data other = session_data(c, o, a->test);
    rq_error err;
    if (!rq_data_test_from(&data, &other, &err)) fatal("%s", err.text);
    rq_data_free(&other);
    return data;
}
