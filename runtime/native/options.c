/* options.c: the words behind a native program's verb. The same options as those of `rq`, but what would change compiled code. */
#include "native/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "closest.h"
#include "native/native.h"

enum { MOST_THREADS = 1000000 };

typedef enum kind { KIND_none, KIND_flag, KIND_text, KIND_threads, KIND_seed, KIND_set, KIND_compare, KIND_deny } kind;

typedef struct row {
    const char *name;
    char letter;
    kind kind;
    const char *verbs, *value, *help;
    size_t offset; /* of a flag or text in rq_native_options */
} row;

#define AT(member) offsetof(rq_native_options, member)
static const row rows[] = {
    {"set", 0, KIND_set, "rtepfxds", "NAME=VALUE", "set a field that changes no compiled code: epochs=3, optimizer='adam(rate: 0.02)'", 0},
    {"action", 0, KIND_text, "rtepfxds", "NAME", "the action to use", AT(action)},
    {"seed", 0, KIND_seed, "rtxds", "N", "seed of all random numbers, in place of the file's", 0},
    {"threads", 0, KIND_threads, "rtepxds", "N", "number of threads; the results do not depend on it", 0},
    {"data", 0, KIND_text, "rtepxds", "DIR", "where data sets are looked for first", AT(verb.data)},
    {"out", 0, KIND_text, "rtxds", "DIR", "the run directory to write", AT(verb.out)},
    {"init", 0, KIND_text, "rtep", "FILE.safetensors", "parameters to start from, by path", AT(verb.init)},
    {"resume", 0, KIND_flag, "t", "", "go on with the interrupted run whose directory is named", AT(verb.resume)},
    {"input", 0, KIND_text, "p", "FILE", "input samples: a PNG picture or an npy array", AT(verb.input)},
    {"index", 0, KIND_text, "p", "N", "samples of the data set: 17, or 0..10", AT(verb.index)},
    {"split", 0, KIND_text, "p", "train|val|test", "the split that --index counts in, in place of the test split", AT(verb.split)},
    {"layer", 0, KIND_text, "p", "NAME", "the layer whose value is wanted", AT(verb.layer)},
    {"output", 'o', KIND_text, "p", "FILE", "the file to write", AT(verb.output)},
    {"json", 0, KIND_flag, "rtepfxds", "", "print JSON on standard output, one object a line", AT(verb.json)},
    {"quiet", 0, KIND_flag, "rtepxds", "", "no progress, only results and errors", AT(verb.quiet)},
    {"deny", 0, KIND_deny, "rt", "none|unused|partial|dead", "gradient verdicts that make the exit code 4", 0},
    {"compare", 0, KIND_compare, "rt", "exact", "compare each gradient with the exact one", 0},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const row *find(char verb, const char *word, size_t length, rq_error *err)
{
    const char *names[ROWS + 1];
    int n = 0;
    for (int i = 0; i < ROWS; i++) {
        if (!strchr(rows[i].verbs, verb)) continue;
        bool by_letter = word[1] != '-' && length == 2 && rows[i].letter == word[1];
        if (by_letter || (length > 2 && strlen(rows[i].name) == length - 2 && !strncmp(word + 2, rows[i].name, length - 2))) return &rows[i];
        names[n++] = rows[i].name;
    }
    names[n++] = "help";
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length > 2 ? length - 2 : 0), word + 2);
    const char *near = rq_closest(name, names, n);
    if (near) rq_fail(err, "there is no option '%.*s'; did you mean '--%s'?", (int)length, word, near);
    else rq_fail(err, "there is no option '%.*s'; --help lists them", (int)length, word);
    return NULL;
}

static bool read_number(const char *name, const char *text, uint64_t low, uint64_t high, uint64_t *out, rq_error *err)
{
    char *end = NULL;
    errno = 0;
    *out = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
    if (end && !*end && !errno && *out >= low && *out <= high) return true;
    return rq_fail(err, "--%s takes a whole number from %llu to %llu, not '%s'", name, (unsigned long long)low, (unsigned long long)high,
                   text);
}

/* Words of "none|unused|partial|dead", separated by commas. */
static bool read_deny(const row *r, const char *text, rq_native_options *o, rq_error *err)
{
    o->verb.deny = text;
    for (const char *s = text;; s++) {
        size_t n = strcspn(s, ",");
        char word[32];
        snprintf(word, sizeof word, "%.*s", (int)n, s);
        const char *at = n ? strstr(r->value, word) : NULL;
        if (!at || (at != r->value && at[-1] != '|') || (at[n] && at[n] != '|'))
            return rq_fail(err, "--deny takes words of %s, separated by commas, not '%s'", r->value, text);
        s += n;
        if (!*s) return true;
    }
}

static bool take(const row *r, const char *value, rq_native_options *o, rq_error *err)
{
    uint64_t x;
    switch (r->kind) {
    case KIND_flag: *(bool *)((char *)o + r->offset) = true; return true;
    case KIND_text:
        *(const char **)((char *)o + r->offset) = value;
        return *value || rq_fail(err, "--%s takes %s, not an empty text", r->name, r->value);
    case KIND_threads:
        if (!read_number(r->name, value, 1, MOST_THREADS, &x, err)) return false;
        o->verb.threads = (int)x;
        return true;
    case KIND_seed: o->has_seed = true; return read_number(r->name, value, 0, INT64_MAX, &o->seed, err);
    case KIND_set:
        if (o->set_count == RQ_MOST_SETS) return rq_fail(err, "--set is given more than %d times", RQ_MOST_SETS);
        o->set[o->set_count++] = value;
        return true;
    case KIND_compare:
        o->verb.compare = true;
        return !strcmp(value, r->value) || rq_fail(err, "--compare takes 'exact', not '%s'", value);
    case KIND_deny: return read_deny(r, value, o, err);
    case KIND_none: break;
    }
    return false;
}

bool rq_native_options_read(char verb, int argc, char **argv, rq_native_options *o, rq_error *err)
{
    *o = (rq_native_options){0};
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) o->help = true;
    for (int i = 0; i < argc && !o->help; i++) {
        const char *word = argv[i], *equals = strchr(word, '=');
        if (word[0] != '-' || !word[1]) {
            if (o->argument || strchr("rfxds", verb)) return rq_fail(err, "'%s' is one argument too many; --help shows the usage", word);
            o->argument = word;
            continue;
        }
        const row *r = find(verb, word, equals && word[1] == '-' ? (size_t)(equals - word) : strlen(word), err);
        if (!r) return false;
        const char *value = equals && word[1] == '-' ? equals + 1 : NULL;
        if (r->kind == KIND_flag && value) return rq_fail(err, "--%s takes no value, but '%s' is given", r->name, value);
        if (r->kind != KIND_flag && !value && (++i >= argc || !strncmp(argv[i], "--", 2)))
            return rq_fail(err, "--%s lacks its value: --%s %s", r->name, r->name, r->value);
        if (!take(r, value ? value : argv[i], o, err)) return false;
    }
    return true;
}

void rq_native_options_print(char verb)
{
    for (int i = 0; i < ROWS; i++) {
        const row *r = &rows[i];
        if (!strchr(r->verbs, verb)) continue;
        int n = r->letter ? printf("  -%c, --%s", r->letter, r->name) : printf("  --%s", r->name);
        n += printf("%s%s", *r->value ? " " : "", r->value);
        printf("%*s%s\n", n < 28 ? 28 - n : 2, "", r->help);
    }
}
