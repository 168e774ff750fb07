/* setting.c: `--set KEY=VALUE`: constants, MODEL.FORMAL, DATA.ARGUMENT, ACTION.FIELD; the bare name of a formal or field has to
 * name exactly one of them. */
#include "check/setting.h"

#include <string.h>

#include "check/action.h"
#include "check/callee.h"

void setting_fails(Check *k)
{
    if (k->options.setting_failed) *k->options.setting_failed = true;
}

const Expr *setting_for(const Check *k, Name owner, Name name)
{
    for (uint32_t i = k->sets.len; i-- > 0;) {
        if (name_eq(k->sets.at[i].owner, owner) && name_eq(k->sets.at[i].name, name))
            return k->sets.at[i].value;
    }
    return NULL;
}

/* A place a key may mean. */
typedef struct Target {
    Entry *entry; /* the constant, model, data set or action */
    Name name;    /* of the formal, argument or field; 0 for a constant */
} Target;

typedef VEC(Target) TargetList;

/* All targets of the file, and their names for suggestions. */
static void collect_targets(Check *k, TargetList *targets, WordList *words)
{
    for (uint32_t i = 0; i < k->user->entries.len; i++) {
        Entry *entry = k->user->entries.at[i];
        const Decl *d = entry->decl;
        const char *owner = name_string(k, d->name.name);
        if (d->kind == DECL_const) {
            vec_push(k->keep, targets, (Target){entry, {0}});
            words_add(k, words, owner);
        }
        for (uint32_t j = 0; d->kind == DECL_model && j < d->unit.formals.len; j++) {
            Name name = d->unit.formals.at[j].name.name;
            vec_push(k->keep, targets, (Target){entry, name});
            words_add(k, words, arena_printf(k->keep, "%s.%s", owner, name_string(k, name)));
        }
        WordList fields = {0};
        if (d->kind == DECL_action) field_words(k, d->action.kind, &fields);
        if (d->kind == DECL_data) source_words(k, d->data.value, &fields);
        for (uint32_t j = 0; j < fields.len; j++) {
            vec_push(k->keep, targets, (Target){entry, name_of(k->c->names, fields.at[j])});
            words_add(k, words, arena_printf(k->keep, "%s.%s", owner, fields.at[j]));
        }
    }
}

/* Does `key` mean target t, whose full name is `full`? */
static bool means(Check *k, const Target *t, const char *full, const char *key)
{
    if (!strcmp(full, key)) return true;
    return t->name.i && t->entry->decl->kind != DECL_data && !strcmp(name_string(k, t->name), key);
}

static void apply_one(Check *k, const Setting *s, const TargetList *targets, const WordList *words)
{
    const Target *found = NULL;
    const char *all = "";
    uint32_t count = 0;
    const char *file = arena_printf(k->keep, "--set %s=%s", s->key, s->value);
    const Expr *value = parse_text(k, file, s->value);
    Span at = {k->c->sources.list.at[k->c->sources.list.len - 1]->base,
               k->c->sources.list.at[k->c->sources.list.len - 1]->base};
    if (value) at = value->span;
    for (uint32_t i = 0; i < targets->len; i++) {
        if (!means(k, &targets->at[i], words->at[i], s->key)) continue;
        found = &targets->at[i];
        all = arena_printf(k->keep, "%s%s%s", all, count++ ? ", " : "", words->at[i]);
    }
    if (count == 1 && value) {
        if (found->name.i)
            vec_push(k->keep, &k->sets,
                     (SetValue){found->entry->decl->name.name, found->name, value});
        else
            found->entry->set_value = value;
        return;
    }
    setting_fails(k);
    if (count > 1)
        diag_error(k->c, at, D_set_ambiguous, s->key, all);
    else if (!count)
        diag_error(k->c, at, D_set_unknown, s->key);
    else if (!k->c->errors)
        diag_error(k->c, at, D_set_value, s->key, arena_printf(k->keep, "'%s'", s->value));
    if (!count) help_closest(k, s->key, words);
}

void apply_settings(Check *k)
{
    TargetList targets = {0};
    WordList words = {0};
    collect_targets(k, &targets, &words);
    for (uint32_t i = 0; i < words.len; i++) vec_push(k->keep, &k->program->settable, words.at[i]);
    for (size_t i = 0; i < k->options.setting_count; i++)
        apply_one(k, &k->options.settings[i], &targets, &words);
}
