/* data.c: data sets as actions use them. What is in files is known at run time only; then the
 * sample's type stays open. */
#include "check/data.h"

#include <string.h>

#include "check/echo.h"
#include "check/model.h"

enum { MOST_PAIR_QUBITS = 10 }; /* their unitary is a dense matrix */

typedef struct ImageRow {
    const char *source;
    int64_t channels, side, classes;
} ImageRow;

static const ImageRow images[] = {{"mnist", 1, 28, 10},
                                  {"fashion_mnist", 1, 28, 10},
                                  {"cifar10", 3, 32, 10},
                                  {"glyphs", 1, 28, 10}};

static int64_t number_of(const ConstValue *v)
{
    return v->kind == CONST_number ? v->number.num : 0;
}

/* Classes that are kept of `all` (0: unknown); -1 after a report. */
static int64_t class_count(Check *k, const ConstValue *call, int64_t all)
{
    const ConstValue *v = callee_argument(call, "classes");
    if (!v) return all;
    int64_t n = v->kind == CONST_list ? v->items.len : number_of(v);
    if (all && n > all) {
        diag_error(k->c, v->span, D_too_many_classes, call->text, (long long)all, (long long)n);
        return -1;
    }
    for (uint32_t i = 0; v->kind == CONST_list && i < v->items.len; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (number_of(v->items.at[i]) != number_of(v->items.at[j])) continue;
            diag_error(k->c, v->items.at[i]->span, D_class_twice,
                       (long long)number_of(v->items.at[i]));
            return -1;
        }
        if (all && number_of(v->items.at[i]) >= all) {
            diag_error(k->c, v->items.at[i]->span, D_no_such_class, call->text,
                       (long long)number_of(v->items.at[i]), (long long)all - 1);
            return -1;
        }
    }
    if (n >= 2) return n;
    diag_error(k->c, v->span, D_few_classes);
    return -1;
}

static bool image_sample(Check *k, const ImageRow *row, DataInst *data)
{
    const ConstValue *call = data->source, *resize = callee_argument(call, "resize");
    int64_t side = callee_int(call, "size", row->side), h = side, w = side;
    if (resize && resize->kind == CONST_list) {
        h = number_of(resize->items.at[0]);
        w = number_of(resize->items.at[1]);
    } else if (resize) {
        h = w = number_of(resize);
    }
    const ConstValue *moments = callee_argument(call, "normalize");
    const ConstValue *mean = moments ? moments->items.at[0] : NULL;
    if (mean && mean->kind == CONST_list && mean->items.len != row->channels) {
        diag_error(k->c, mean->span, D_list_length, "'normalize'", (int)row->channels,
                   (int)mean->items.len);
        return false;
    }
    data->sample = type_image(row->channels, h, w);
    data->classes = class_count(k, call, row->classes);
    return data->classes >= 0;
}

static bool sample_type(Check *k, DataInst *data)
{
    const ConstValue *call = data->source;
    for (size_t i = 0; i < COUNT(images); i++) {
        if (!strcmp(images[i].source, call->text)) return image_sample(k, &images[i], data);
    }
    int64_t qubits = callee_int(call, "qubits", 0);
    int most = !strcmp(call->text, "unitary_pairs") ? MOST_PAIR_QUBITS : MAX_QUBITS;
    if (qubits > most) {
        diag_error(k->c, call->span, D_too_many_qubits, (long long)qubits, most);
        return false;
    }
    if (qubits) data->sample = type_state(VALUE_state, qubits);
    int64_t pairs = callee_int(call, "pairs", 0), train = callee_int(call, "train", 0);
    if (pairs && train > pairs) {
        diag_error(k->c, call->span, D_few_pairs, (long long)train, (long long)pairs);
        return false;
    }
    int64_t noise = callee_int(call, "noise_pairs", 0);
    if (noise > (train ? train : pairs)) {
        diag_error(k->c, call->span, D_many_noise_pairs, (long long)noise, (long long)(train ? train : pairs));
        return false;
    }
    data->classes = class_count(k, call, 0);
    return data->classes >= 0;
}

/* `owner`: the name that it is declared under, 0 for a call in an action's field. */
static const DataInst *data_from(Env *e, const Expr *x, Name owner, Name name, Span at)
{
    DataInst *data = arena_make(e->k->keep, DataInst);
    data->name = name;
    data->span = at;
    data->is_declared = owner.i != 0;
    data->source = eval_source(e, x, owner);
    return data->source && sample_type(e->k, data) ? data : NULL;
}

static const DataInst *data_declared(Env *e, const Decl *d)
{
    return data_from(e, d->data.value, d->name.name, d->name.name, d->name.span);
}

const DataInst *eval_data(Env *e, const Expr *x)
{
    if (x->kind == EXPR_call) return data_from(e, x, (Name){0}, x->call.callee.name, x->span);
    if (x->kind != EXPR_name) {
        if (x->kind != EXPR_error) diag_error(e->k->c, x->span, D_wants_callee, "data set");
        return NULL;
    }
    Entry *entry = scope_find(e->scope, x->name);
    if (entry && entry->decl->kind == DECL_data) {
        Env outer = {.k = e->k, .scope = entry->scope};
        return data_declared(&outer, entry->decl);
    }
    const char *text = name_string(e->k, x->name);
    if (entry) {
        diag_error(e->k->c, x->span, D_other_kind, text, decl_kind_article(e->k, entry->decl->kind),
                   "a data set");
        diag_note(e->k->c, entry->decl->name.span, D_declared_here, text);
        return NULL;
    }
    WordList words = {0};
    scope_words(e->k, e->scope, DECL_data, &words);
    if (is_echo(e->k, text)) return NULL;
    diag_error(e->k->c, x->span, D_unknown_unit, "data set", text);
    help_closest(e->k, text, &words);
    return NULL;
}

void check_data(Check *k, Entry *entry)
{
    Env e = {.k = k, .scope = entry->scope};
    data_declared(&e, entry->decl);
}
