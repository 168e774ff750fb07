/* help.c: `rq help [VERB]`, `rq --help`. All of it is made from the rows of verbs.def and
 * options.def. */
#include <string.h>

#include "cli/cli.h"
#include "closest.h"

static const Verb verbs[] = {
#define VERB(name, args, options, help, example) {#name, args, options, help, example, verb_##name},
#include "cli/verbs.def"
#undef VERB
};

const Verb *verbs_all(size_t *n)
{
    *n = COUNT(verbs);
    return verbs;
}

const Verb *verb_named(const char *name)
{
    const char *names[COUNT(verbs)];
    for (size_t i = 0; i < COUNT(verbs); i++) {
        names[i] = verbs[i].name;
        if (!strcmp(name, names[i])) return &verbs[i];
    }
    size_t len = strlen(name);
    if (len > 3 && !strcmp(name + len - 3, ".rq")) {
        fatal("a verb stands before the file: rq VERB %s; 'rq help' lists the verbs", name);
    }
    const char *near = rq_closest(name, names, COUNT(names));
    if (near) fatal("there is no verb '%s'; did you mean '%s'?", name, near);
    fatal("there is no verb '%s'; 'rq help' lists the verbs", name);
}

void help_print(FILE *to)
{
    fprintf(to, "examples:\n");
    for (size_t i = 0; i < COUNT(verbs); i++) fprintf(to, "  %s\n", verbs[i].example);
    fprintf(to, "\nusage: rq VERB [arguments] [options]\n\n");
    for (size_t i = 0; i < COUNT(verbs); i++) {
        int n = fprintf(to, "  %s %s", verbs[i].name, verbs[i].args);
        fprintf(to, "%*s%s\n", n < 24 ? 24 - n : 2, "", verbs[i].help);
    }
    fprintf(to,
            "\n'rq help VERB' lists the options of a verb, 'rq --version' says what this is.\n"
            "exit codes: 0 done, 1 the source is wrong, 2 usage, files, data or memory,\n"
            "            3 interrupted with a checkpoint saved, 4 it ran and the answer is no\n");
}

void help_print_verb(FILE *to, const Verb *verb)
{
    fprintf(to, "example:\n  %s\n\nusage: rq %s %s%s\n  %s\n", verb->example, verb->name,
            verb->args, *verb->options ? " [options]" : "", verb->help);
    if (*verb->options) fprintf(to, "\noptions:\n");
    options_print(to, verb);
}

int verb_help(Compiler *c, const Options *o)
{
    (void)c;
    if (o->file) {
        help_print_verb(stdout, verb_named(o->file));
    } else {
        help_print(stdout);
    }
    return EXIT_done;
}
