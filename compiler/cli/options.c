/* options.c: command line -> Options.
 *
 * Long options as '--name value' and '--name=value', letters as '-o value' and '-ovalue'; '--' ends
 * them. Options and arguments may be mixed. Every mistake is one message that says what was given
 * and what is taken.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "closest.h"

enum { NUMBER_MAX = 1000000, NAME_COLUMN = 28 };

static const OptionRow rows[] = {
#define ROW(kind, field, letter, value, help)                                                      \
    {#field, letter, OPTION_##kind, value, help, offsetof(Options, field)},
#define FLAG(field, letter, help) ROW(flag, field, letter, "", help)
#define NUMBER(field, letter, help) ROW(number, field, letter, "N", help)
#define SEED(field, letter, help) ROW(seed, field, letter, "N", help)
#define TEXT(field, letter, value, help) ROW(text, field, letter, value, help)
#define CHOICE(field, letter, value, help) ROW(choice, field, letter, value, help)
#define WORDS(field, letter, value, help) ROW(words, field, letter, value, help)
#define LIST(field, letter, value, help) ROW(list, field, letter, value, help)
#include "cli/options.def"
};

/* Is word[0..len) one of the words of `list`, which `separator` separates? */
static bool has_word(const char *list, char separator, const char *word, size_t len)
{
    while (*list) {
        const char *end = strchr(list, separator);
        size_t n = end ? (size_t)(end - list) : strlen(list);
        if (n == len && !strncmp(list, word, len)) return true;
        list += n + (end != NULL);
    }
    return false;
}

const OptionRow *option_at(size_t i) { return i < COUNT(rows) ? &rows[i] : NULL; }

bool verb_takes(const Verb *verb, const OptionRow *row)
{
    return has_word(verb->options, ' ', row->name, strlen(row->name));
}

const char *option_shown(Arena *a, const char *field)
{
    char *name = arena_strdup(a, field);
    for (char *s = name; *s; s++) {
        if (*s == '_') *s = '-';
    }
    return name;
}

/* Whether it is a field of an action that the verb runs: what other programs take as an option, a file says here. */
static bool is_field_for(const Verb *verb, const char *name)
{
    static const struct {
        const char *action, *name;
    } fields[] = {
#define FIELD(action, name, type, standard, help) {#action, #name},
#include "program/fields.def"
#undef FIELD
    };
    bool runs_one = false, found = false, found_there = false;
    for (size_t i = 0; i < COUNT(fields); i++) {
        bool there = !strcmp(fields[i].action, verb->name), same = !strcmp(fields[i].name, name);
        runs_one |= there;
        found |= same;
        found_there |= there && same;
    }
    return has_word(verb->options, ' ', "set", 3) && (runs_one ? found_there : found);
}

_Noreturn static void unknown_option(Arena *a, const Verb *verb, const char *name)
{
    const char *names[COUNT(rows) + 1];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (verb_takes(verb, &rows[i])) names[n++] = option_shown(a, rows[i].name);
    }
    names[n++] = "help";
    const char *near = rq_closest(name, names, n);
    if (is_field_for(verb, name)) {
        fatal("'rq %s' has no option '--%s'; it is a field of an action, which the file gives, or --set ACTION.%s=VALUE", verb->name,
              name, name);
    }
    if (near) {
        fatal("'rq %s' has no option '--%s'; did you mean '--%s'?", verb->name, name, near);
    }
    fatal("'rq %s' has no option '--%s'; 'rq help %s' lists them", verb->name, name, verb->name);
}

/* Verbs that take an option: "emit, flow". */
static const char *takers(Arena *a, const OptionRow *row)
{
    const char *text = "";
    size_t n;
    const Verb *all = verbs_all(&n);
    for (size_t i = 0; i < n; i++) {
        if (verb_takes(&all[i], row)) {
            text = arena_printf(a, "%s%s%s", text, *text ? ", " : "", all[i].name);
        }
    }
    return text;
}

/* The row of a long option; a mistake is fatal. */
static const OptionRow *row_named(Arena *a, const Verb *verb, const char *name)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(option_shown(a, rows[i].name), name) != 0) continue;
        if (verb_takes(verb, &rows[i])) return &rows[i];
        const char *who = takers(a, &rows[i]);
        if (!*who) break;
        fatal("'rq %s' has no option '--%s'; these verbs have it: %s", verb->name, name, who);
    }
    unknown_option(a, verb, name);
}

static const OptionRow *row_lettered(const Verb *verb, char letter)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].letter == letter && verb_takes(verb, &rows[i])) return &rows[i];
    }
    fatal("'rq %s' has no option '-%c'; 'rq help %s' lists them", verb->name, letter, verb->name);
}

/* A whole number in [low, high] and nothing else; no sign, no blank. */
static uint64_t read_number(const char *option, const char *text, uint64_t low, uint64_t high)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
    if (!end || *end || errno || value < low || value > high) {
        fatal("%s takes a whole number from %llu to %llu, not '%s'", option,
              (unsigned long long)low, (unsigned long long)high, text);
    }
    return value;
}

/* "a|b|c" as "a, b or c". */
static const char *alternatives(Arena *a, const char *values)
{
    const char *text = "";
    for (const char *s = values; *s;) {
        size_t n = strcspn(s, "|");
        bool last = !s[n];
        text = arena_printf(a, "%s%s'%.*s'", text,
                            s == values ? ""
                            : last      ? " or "
                                        : ", ",
                            (int)n, s);
        s += n + !last;
    }
    return text;
}

static void check_words(Arena *a, const OptionRow *row, const char *option, const char *text)
{
    const char *s = text;
    for (;;) {
        size_t n = row->kind == OPTION_words ? strcspn(s, ",") : strlen(s);
        if (n == 0 || !has_word(row->value, '|', s, n)) {
            fatal("%s takes %s, not '%.*s'", option, alternatives(a, row->value), (int)n, s);
        }
        if (!s[n]) return;
        s += n + 1;
    }
}

/* Puts the value into its field; `given` has a bit for each row that has come before. */
static void option_set(Arena *a, const OptionRow *row, const char *option, const char *text,
                       bool *given, Options *o)
{
    void *field = (char *)o + row->offset;
    bool *was_given = &given[row - rows];
    if (*was_given && row->kind != OPTION_list && row->kind != OPTION_flag) {
        fatal("%s is given twice", option);
    }
    *was_given = true;
    switch (row->kind) {
    case OPTION_none: break;
    case OPTION_flag: *(bool *)field = true; return;
    case OPTION_number: *(int *)field = (int)read_number(option, text, 1, NUMBER_MAX); return;
    case OPTION_seed:
        *(Seed *)field = (Seed){true, read_number(option, text, 0, INT64_MAX)};
        return;
    case OPTION_choice:
    case OPTION_words:
        check_words(a, row, option, text);
        *(const char **)field = text;
        return;
    case OPTION_text:
        if (!*text) fatal("%s takes %s, not an empty text", option, row->value);
        *(const char **)field = text;
        return;
    case OPTION_list: vec_push(a, (TextList *)field, text); return;
    }
    unreachable();
}

/* The option at argv[i]; returns how many words it took. */
static int option_read(Arena *a, const Verb *verb, int argc, char **argv, int i, bool *given,
                       Options *o)
{
    const char *word = argv[i], *value = NULL, *option;
    const OptionRow *row;
    if (word[1] == '-') {
        value = strchr(word, '=');
        const char *name =
            value ? arena_strndup(a, word + 2, (size_t)(value - word) - 2) : word + 2;
        row = row_named(a, verb, name);
        option = arena_printf(a, "--%s", name);
        if (value) value++;
    } else {
        row = row_lettered(verb, word[1]);
        option = arena_printf(a, "-%c", word[1]);
        if (word[2]) value = word + 2;
    }
    if (row->kind == OPTION_flag) {
        if (value) fatal("%s takes no value, but '%s' is given", option, value);
        option_set(a, row, option, NULL, given, o);
        return 1;
    }
    int taken = value ? 1 : 2;
    if (!value) value = i + 1 < argc ? argv[i + 1] : NULL;
    if (!value || (taken == 2 && value[0] == '-' && value[1] == '-')) {
        fatal("%s lacks its value: %s %s", option, option, row->value);
    }
    option_set(a, row, option, value, given, o);
    return taken;
}

/* How many arguments a verb must and may have, from its row's "FILE [NAME]". */
static void check_count(const Verb *verb, size_t n)
{
    size_t least = 0, most = 0;
    for (const char *s = verb->args; *s;) {
        size_t len = strcspn(s, " ");
        most++;
        least += *s != '[';
        s += len + (s[len] == ' ');
    }
    if (n >= least && n <= most) return;
    if (n > most) {
        fatal("'rq %s' takes %zu argument%s, but there are %zu; usage: rq %s %s [options]",
              verb->name, most, most == 1 ? "" : "s", n, verb->name, verb->args);
    }
    fatal("'rq %s' lacks an argument; usage: rq %s %s [options]", verb->name, verb->name,
          verb->args);
}

bool options_read(Arena *keep, const Verb *verb, int argc, char **argv, Options *o)
{
    bool given[COUNT(rows)] = {false}, ended = false;
    TextList args = {0};
    *o = (Options){.verb = verb->name};
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) return false;
        if (!strcmp(argv[i], "--")) break;
    }
    for (int i = 0; i < argc;) {
        const char *word = argv[i];
        if (ended || word[0] != '-' || !word[1]) {
            vec_push(keep, &args, word);
            i++;
        } else if (!strcmp(word, "--")) {
            ended = true;
            i++;
        } else {
            i += option_read(keep, verb, argc, argv, i, given, o);
        }
    }
    check_count(verb, args.len);
    if (args.len > 0) o->file = args.at[0];
    for (uint32_t i = 1; i < args.len; i++) vec_push(keep, &o->rest, args.at[i]);
    return true;
}

void options_print(FILE *to, const Verb *verb)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const OptionRow *row = &rows[i];
        if (!verb_takes(verb, row)) continue;
        int n = row->letter ? fprintf(to, "  -%c, --", row->letter) : fprintf(to, "  --");
        for (const char *s = row->name; *s; s++) n += fputc(*s == '_' ? '-' : *s, to) != EOF;
        n += fprintf(to, "%s%s", *row->value ? " " : "", row->value);
        fprintf(to, "%*s%s\n", n < NAME_COLUMN ? NAME_COLUMN - n : 2, "", row->help);
    }
}
