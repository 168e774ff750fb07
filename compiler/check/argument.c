/* argument.c: matching arguments to names, and their values. */
#include "check/argument.h"
#include "check/echo.h"

#include <string.h>

static uint32_t find_spec(const ArgSpec *specs, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!strcmp(specs[i].name, name)) return i;
    }
    return n;
}

static void unknown_label(Check *k, const char *callee, const Arg *arg, const ArgSpec *specs,
                          uint32_t n)
{
    WordList words = {0};
    for (uint32_t i = 0; i < n; i++) words_add(k, &words, specs[i].name);
    const char *label = name_string(k, arg->label.name);
    diag_error(k->c, arg->label.span, D_unknown_argument, callee, label);
    help_closest(k, label, &words);
}

bool match_arguments(Check *k, const char *callee, Span at, const ArgList *args,
                     const ArgSpec *specs, uint32_t n, const Arg **slots)
{
    bool is_good = true;
    uint32_t next = 0;
    for (uint32_t i = 0; i < n; i++) slots[i] = NULL;
    for (uint32_t i = 0; args && i < args->len; i++) {
        const Arg *arg = &args->at[i];
        bool is_labelled = arg->label.name.i != 0;
        uint32_t slot = is_labelled ? find_spec(specs, n, name_string(k, arg->label.name)) : next++;
        if (slot >= n) {
            if (is_labelled)
                unknown_label(k, callee, arg, specs, n);
            else
                diag_error(k->c, arg->value->span, D_too_many_arguments, callee,
                           n ? arena_printf(k->keep, "%u argument%s at most", n, plural(n))
                             : "no arguments");
            is_good = false;
        } else if (slots[slot]) {
            diag_error(k->c, is_labelled ? arg->label.span : arg->value->span, D_argument_twice,
                       specs[slot].name, callee);
            diag_note(k->c, slots[slot]->value->span, D_first_here);
            is_good = false;
        } else {
            slots[slot] = arg;
        }
    }
    for (uint32_t i = 0; is_good && i < n; i++) {
        if (!specs[i].is_required || slots[i]) continue;
        diag_error(k->c, at, D_missing_argument, callee, specs[i].name);
        is_good = false;
    }
    return is_good;
}

bool slot_int(Env *e, const Arg *slot, const char *what, int64_t least, int64_t *result)
{
    return !slot || eval_int(e, slot->value, what, least, result);
}

bool slot_bool(Env *e, const Arg *slot, const char *what, bool *result)
{
    return !slot || eval_bool(e, slot->value, what, result);
}

bool slot_number(Env *e, const Arg *slot, const char *what, Rational *result)
{
    return !slot || eval_number(e, slot->value, what, result);
}

bool slot_pair(Env *e, const Arg *slot, const char *what, int64_t least, int64_t *h, int64_t *w)
{
    if (!slot) return true;
    const Expr *x = slot->value;
    if (x->kind == EXPR_list && x->list.len == 2)
        return eval_int(e, x->list.at[0], what, least, h) &&
               eval_int(e, x->list.at[1], what, least, w);
    if (x->kind == EXPR_list) {
        diag_error(e->k->c, x->span, D_wanted_pair, what, (int)x->list.len);
        return false;
    }
    if (!eval_int(e, x, what, least, h)) return false;
    *w = *h;
    return true;
}

bool slot_word(Env *e, const Arg *slot, const char *what, const char *const *words, uint32_t n,
               uint32_t *result)
{
    if (!slot) return true;
    const Expr *x = slot->value;
    WordList list = {0};
    const char *all = "";
    for (uint32_t i = 0; i < n; i++) {
        if (x->kind == EXPR_name && !strcmp(name_string(e->k, x->name), words[i])) {
            *result = i;
            return true;
        }
        words_add(e->k, &list, words[i]);
        all = arena_printf(e->k->keep, "%s%s%s", all, i ? ", " : "", words[i]);
    }
    diag_error(e->k->c, x->span, D_wanted_word, what, all);
    if (x->kind == EXPR_name) help_closest(e->k, name_string(e->k, x->name), &list);
    return false;
}
