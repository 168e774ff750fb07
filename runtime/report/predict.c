/* predict.c: a layer's value for the samples of a file or for some of the data set, to a file, as a table or as JSON.
 *
 *     sample  label  predicted       0       1       2
 *         17      2          2  0.0103  0.0411  0.9486
 * Where the loss takes labels (cross_entropy, nll) and no layer is asked for, the values are probabilities of the classes. Of many
 * classes the most probable are shown. A file gets the model's own values, for cross_entropy those in front of the softmax.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/array.h"
#include "report/verbs.h"

enum { COLUMNS = 12, BEST = 5, VALUES = 8 };

typedef struct Prediction {
    const rq_action *a;
    const rq_verb_options *o;
    rq_data data; /* where the samples are, or, with --input, where the names of the classes are */
    rq_split split;
    int64_t first, count; /* of the split; with --input 0 and all */
    int64_t reals;
    double *rows, *values; /* [count][input reals], [count][reals] */
    bool has_classes;
} Prediction;

/* ---- samples ---- */

/* "17" is 17 .. 18, "0..10" as in a loop. */
static bool read_range(const char *text, int64_t *first, int64_t *end)
{
    char *rest = NULL;
    errno = 0;
    *first = isdigit((unsigned char)*text) ? strtoll(text, &rest, 10) : -1;
    if (!rest || errno || *first == INT64_MAX) return false;
    *end = *first + 1;
    if (*rest && strncmp(rest, "..", 2) == 0 && isdigit((unsigned char)rest[2])) *end = strtoll(rest + 2, &rest, 10);
    return !*rest && !errno && *end > *first;
}

static bool choose_split(Prediction *p, rq_error *err)
{
    static const rq_split order[] = {RQ_SPLIT_test, RQ_SPLIT_val, RQ_SPLIT_train};
    for (int i = 0; i < 3; i++) {
        bool wanted = p->o->split ? !strcmp(p->o->split, rq_split_names[order[i]]) : p->data.count[order[i]] > 0;
        if (!wanted) continue;
        p->split = order[i];
        return true;
    }
    return rq_fail(err, "--split takes train, val or test, not '%s'", p->o->split ? p->o->split : "");
}

/* Samples of the data set. */
static bool choose_samples(Prediction *p, rq_error *err)
{
    int64_t end;
    if (!read_range(p->o->index, &p->first, &end))
        return rq_fail(err, "--index takes the number of a sample, as in 17, or a range, as in 0..10, not '%s'", p->o->index);
    if (!rq_verb_data(p->a, p->o, &p->data, err) || !choose_split(p, err)) return false;
    int64_t have = p->data.count[p->split];
    if (end > have)
        return rq_fail(err, "--index %s: the %s split of '%s' has %lld samples%s", p->o->index, rq_split_names[p->split], p->data.name,
                       (long long)have, have ? ", counted from 0" : "");
    p->count = end - p->first;
    const rq_model *m = p->a->model;
    return p->data.size == m->input_reals ||
           rq_fail(err, "'%s' of model '%s' wants %lld values, but a sample of '%s' has %lld", m->input_name, m->name,
                   (long long)m->input_reals, p->data.name, (long long)p->data.size);
}

static bool fill_rows(Prediction *p, const rq_data *d, rq_error *err)
{
    p->rows = rq_alloc_array((uint64_t)p->count, (uint64_t)d->size * sizeof(double), "the samples", err);
    for (int64_t s = 0; p->rows && s < p->count; s++)
        for (int64_t e = 0; e < d->size; e++) p->rows[s * d->size + e] = rq_data_value(d, p->split, p->first + s, e);
    return p->rows != NULL;
}

/* Samples of a file. */
static bool read_file(Prediction *p, rq_error *err)
{
    const rq_model *m = p->a->model;
    rq_data given;
    if (!rq_data_given(&p->a->data, p->o->input, m->input_rank, m->input_dims, &given, err))
        return rq_fail_at(err, "'%s' of model '%s'", m->input_name, m->name);
    p->split = RQ_SPLIT_train;
    p->count = given.count[p->split];
    bool good = fill_rows(p, &given, err);
    rq_data_free(&given);
    return good;
}

/* Where classes have names, these are in the data set: a table or a folder. Of its samples one is enough. */
static void find_names(Prediction *p)
{
    rq_verb_options o = *p->o;
    rq_action a = *p->a;
    rq_error err;
    if (strcmp(a.data.source, "csv") != 0 && strcmp(a.data.source, "images") != 0) return;
    a.data.train = 1, a.data.val = a.data.test = 0;
    if (!rq_verb_data(&a, &o, &p->data, &err)) fprintf(stderr, "rq: the classes are shown by number, their names were not found: %s\n", err.text);
}

/* ---- values ---- */

static void softmax(double *v, int64_t n)
{
    double most = v[0], sum = 0;
    for (int64_t k = 1; k < n; k++) most = fmax(most, v[k]);
    for (int64_t k = 0; k < n; k++) sum += v[k] = exp(v[k] - most);
    for (int64_t k = 0; k < n; k++) v[k] /= sum;
}

static int64_t largest(const double *v, int64_t n)
{
    int64_t best = 0;
    for (int64_t k = 1; k < n; k++)
        if (v[k] > v[best]) best = k;
    return best;
}

static bool write_values(const Prediction *p, rq_error *err)
{
    rq_array out;
    int64_t dims[2] = {p->count, p->reals};
    if (!rq_array_new(&out, RQ_DTYPE_f64, 2, dims, "the prediction", err)) return false;
    memcpy(out.values, p->values, (size_t)(p->count * p->reals) * sizeof(double));
    bool ok = rq_npy_write(p->o->output, &out, err);
    rq_array_free(&out);
    return ok;
}

/* What class k is called: its name, else its label in the data set. */
static const char *class_text(const Prediction *p, int64_t k, char text[32])
{
    const rq_data *d = &p->data;
    if (d->class_names && k < d->classes) return d->class_names[k];
    int64_t label = k;
    if (d->class_labels && k < d->classes) label = d->class_labels[k];
    else if (p->a->data.classes && k < p->a->data.class_count) label = p->a->data.classes[k];
    snprintf(text, 32, "%lld", (long long)label);
    return text;
}

/* The class that the sample has in the data set; NULL: not known. */
static const char *label_text(const Prediction *p, int64_t s, char text[32])
{
    int32_t label = p->o->input ? -1 : rq_data_label(&p->data, p->split, p->first + s);
    return label < 0 ? NULL : class_text(p, label, text);
}

/* ---- JSON ---- */

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static bool print_json(const Prediction *p, int64_t s, rq_error *err)
{
    char text[32];
    const double *v = p->values + s * p->reals;
    uint64_t refused = rq_memory_refused();
    json_t *o = json_object(), *list = p->has_classes ? json_object() : json_array();
    json_object_set_new(o, "schema", json_integer(1));
    if (p->o->input) json_object_set_new(o, "input", json_string(p->o->input));
    else json_object_set_new(o, "split", json_string(rq_split_names[p->split]));
    json_object_set_new(o, "sample", json_integer(p->first + s));
    const char *label = label_text(p, s, text);
    if (label) json_object_set_new(o, "label", json_string(label));
    if (p->o->layer) json_object_set_new(o, "layer", json_string(p->o->layer));
    if (p->has_classes) json_object_set_new(o, "predicted", json_string(class_text(p, largest(v, p->reals), text)));
    for (int64_t k = 0; k < p->reals; k++) {
        if (p->has_classes) json_object_set_new(list, class_text(p, k, text), number(v[k]));
        else json_array_append_new(list, number(v[k]));
    }
    json_object_set_new(o, p->has_classes ? "probabilities" : "values", list);
    bool good = rq_memory_sufficed(refused, "JSON", err) && json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0;
    json_decref(o);
    if (!rq_memory_sufficed(refused, "JSON", err)) return false;
    return (good && putchar('\n') != EOF) || rq_fail(err, "the prediction could not be written as JSON");
}

/* ---- the table ---- */

/* Widths of the columns: sample, label and predicted, one class. */
typedef struct Widths {
    int sample, class, value;
} Widths;

static Widths widths_of(const Prediction *p)
{
    char text[32];
    Widths w = {6, 5, 6};
    int digits = snprintf(text, sizeof text, "%lld", (long long)(p->first + p->count));
    if (digits > w.sample) w.sample = digits;
    for (int64_t k = 0; p->has_classes && k < p->reals; k++) {
        int n = (int)strlen(class_text(p, k, text));
        if (n > w.class) w.class = n;
        if (n > w.value) w.value = n;
    }
    return w;
}

static void print_head(const Prediction *p, const Widths *w)
{
    char text[32];
    printf("%*s", w->sample, "sample");
    if (p->has_classes && !p->o->input && p->data.labels) printf("  %*s", w->class, "label");
    if (p->has_classes) printf("  %*s", w->class > 9 ? w->class : 9, "predicted");
    for (int64_t k = 0; p->has_classes && p->reals <= COLUMNS && k < p->reals; k++) printf("  %*s", w->value, class_text(p, k, text));
    if (p->has_classes && p->reals > COLUMNS) printf("  most probable");
    if (!p->has_classes) printf("  %s, %lld value%s", p->o->layer ? p->o->layer : "output", (long long)p->reals, p->reals == 1 ? "" : "s");
    putchar('\n');
}

/* "42 0.9712, 7 0.0102, ..." */
static void print_best(const Prediction *p, const double *v)
{
    char text[32];
    int64_t shown[BEST];
    for (int i = 0; i < BEST && i < p->reals; i++) {
        int64_t best = -1;
        for (int64_t k = 0; k < p->reals; k++) {
            bool is_shown = false;
            for (int j = 0; j < i; j++) is_shown = is_shown || shown[j] == k;
            if (!is_shown && (best < 0 || v[k] > v[best])) best = k;
        }
        shown[i] = best;
        printf("%s%s %.4f", i ? ", " : "  ", class_text(p, best, text), v[best]);
    }
}

static void print_row(const Prediction *p, const Widths *w, int64_t s)
{
    char text[32];
    const double *v = p->values + s * p->reals;
    const char *label = label_text(p, s, text);
    printf("%*lld", w->sample, (long long)(p->first + s));
    if (p->has_classes && label) printf("  %*s", w->class, label);
    if (p->has_classes) printf("  %*s", w->class > 9 ? w->class : 9, class_text(p, largest(v, p->reals), text));
    if (p->has_classes && p->reals > COLUMNS) {
        print_best(p, v);
    } else if (p->has_classes) {
        for (int64_t k = 0; k < p->reals; k++) printf("  %*.4f", w->value, v[k]);
    } else {
        for (int64_t k = 0; k < VALUES && k < p->reals; k++) printf("  %*.6g", 11, v[k]);
        if (p->reals > VALUES) printf("  ...");
    }
    putchar('\n');
}

static bool show(const Prediction *p, rq_error *err)
{
    Widths w = widths_of(p);
    if (!p->o->json) print_head(p, &w);
    for (int64_t s = 0; s < p->count; s++) {
        if (!p->o->json) print_row(p, &w, s);
        else if (!print_json(p, s, err)) return false;
    }
    return true;
}

static bool predict(Prediction *p, rq_error *err)
{
    rq_params params = {0};
    const rq_verb_options *o = p->o;
    const char *loss = p->a->settings.loss;
    bool samples = o->input ? read_file(p, err) : choose_samples(p, err) && fill_rows(p, &p->data, err);
    bool ok = samples && rq_verb_params(p->a, o, &params, err) &&
              rq_predict(p->a->model, &params, o->layer, p->rows, p->count, rq_verb_threads(o), &p->values, &p->reals, err) &&
              (!o->output || write_values(p, err));
    rq_params_free(&params);
    if (!ok || (o->output && !o->json)) return ok;
    p->has_classes = !o->layer && (!strcmp(loss, "cross_entropy") || !strcmp(loss, "nll"));
    for (int64_t s = 0; p->has_classes && !strcmp(loss, "cross_entropy") && s < p->count; s++) softmax(p->values + s * p->reals, p->reals);
    if (p->has_classes && o->input) find_names(p);
    return show(p, err);
}

rq_outcome rq_action_predict(const rq_action *a, const rq_verb_options *o, rq_error *err)
{
    Prediction p = {.a = a, .o = o};
    if (!o->input == !o->index) {
        rq_fail(err, "predict wants samples: --input FILE, a PNG picture or an npy array, or --index N, a sample of the data set%s",
                o->input ? "; one of them" : "");
        return RQ_OUTCOME_failed;
    }
    if (o->input && o->split) {
        rq_fail(err, "--split goes with --index; the samples are those of '%s'", o->input);
        return RQ_OUTCOME_failed;
    }
    bool ok = predict(&p, err);
    rq_free(p.rows);
    rq_free(p.values);
    rq_data_free(&p.data);
    return ok ? RQ_OUTCOME_done : RQ_OUTCOME_failed;
}
