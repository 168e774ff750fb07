/* man.c: `rq man [VERB]`: manual pages in man(7) form, made from the rows of verbs.def and options.def.
 *
 * The page of `rq` lists the verbs, that of a verb its options; `cmake --install` writes them all. In what is printed,
 * a text from a row has its backslashes and hyphens escaped and begins no line with a point, which troff would obey.
 */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"

static void put_text(const char *text)
{
    for (const char *s = text; *s; s++) {
        if (s == text && (*s == '.' || *s == '\'')) fputs("\\&", stdout);
        if (*s == '\\') fputs("\\e", stdout);
        else if (*s == '-') fputs("\\-", stdout);
        else if (*s == '\'') fputs("\\(aq", stdout);
        else putchar(*s);
    }
}

static void put_upper(const char *text)
{
    for (; *text; text++) putchar(toupper((unsigned char)*text));
}

/* ".TH RQ-RUN 1 ..." and the NAME section. */
static void put_head(const Verb *verb, const char *what)
{
    fputs(".TH RQ", stdout);
    if (verb) fputs("\\-", stdout), put_upper(verb->name);
    printf(" 1 \"\" \"rq %s\" \"Manual of rq\"\n.SH NAME\nrq%s%s \\- ", RQ_VERSION, verb ? "\\-" : "", verb ? verb->name : "");
    put_text(what);
    printf("\n.SH SYNOPSIS\n.B rq");
}

static void put_example(const char *text)
{
    fputs(".PP\n.RS\n.nf\n", stdout);
    put_text(text);
    fputs("\n.fi\n.RE\n", stdout);
}

static void put_tail(void)
{
    fputs(".SH ENVIRONMENT\n"
          ".TP\n.B RQ_DATA\na folder in which data sets are looked for, after that of \\-\\-data\n"
          ".TP\n.B XDG_DATA_HOME\nits folder rq is the next; without it, ~/.local/share/rq\n"
          ".TP\n.B NO_COLOR\nset to anything: no colours\n"
          ".SH EXIT STATUS\n"
          ".TP\n.B 0\ndone\n.TP\n.B 1\nthe source is wrong\n.TP\n.B 2\nusage, files, data or memory\n"
          ".TP\n.B 3\ninterrupted, with a checkpoint saved\n.TP\n.B 4\nthe program ran and its answer is no\n",
          stdout);
}

static void put_option(Arena *a, const OptionRow *row)
{
    fputs(".TP\n", stdout);
    if (row->letter) printf("\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", stdout);
    put_text(option_shown(a, row->name));
    fputs("\\fR", stdout);
    if (*row->value) {
        fputs(" \\fI", stdout);
        put_text(row->value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    put_text(row->help);
    putchar('\n');
}

static void print_verb(Arena *a, const Verb *verb)
{
    put_head(verb, verb->help);
    printf(" %s", verb->name);
    if (*verb->args) printf(" \\fI%s\\fR", verb->args);
    if (*verb->options) printf(" [\\fIoptions\\fR]");
    fputs("\n.SH EXAMPLE\n", stdout);
    put_example(verb->example);
    if (*verb->options) fputs(".SH OPTIONS\n", stdout);
    for (size_t i = 0; option_at(i); i++) {
        if (verb_takes(verb, option_at(i))) put_option(a, option_at(i));
    }
    put_tail();
    fputs(".SH SEE ALSO\n.BR rq (1)\n", stdout);
}

static void print_program(void)
{
    size_t n;
    const Verb *all = verbs_all(&n);
    put_head(NULL, "residual quanvolutional networks: which layers learn, and training them");
    fputs(" \\fIVERB\\fR [\\fIarguments\\fR] [\\fIoptions\\fR]\n.SH DESCRIPTION\n"
          "A model is written in a file of some twenty lines.\n.B rq\n"
          "says before anything runs which of its parameters can receive a gradient, and what cuts the others off;\n"
          "it compiles the model, trains it and shows what each layer really received.\n"
          ".PP\nData go to standard output, messages to standard error.\n.SH VERBS\n",
          stdout);
    for (size_t i = 0; i < n; i++) {
        printf(".TP\n\\fB%s\\fR", all[i].name);
        if (*all[i].args) printf(" \\fI%s\\fR", all[i].args);
        putchar('\n');
        put_text(all[i].help);
        putchar('\n');
    }
    fputs(".SH EXAMPLES\n", stdout);
    for (size_t i = 0; i < n; i++) put_example(all[i].example);
    put_tail();
    fputs(".SH SEE ALSO\n", stdout);
    for (size_t i = 0; i < n; i++) printf(".BR rq\\-%s (1)%s\n", all[i].name, i + 1 < n ? "," : "");
}

int verb_man(Compiler *c, const Options *o)
{
    if (o->file) print_verb(c->keep, verb_named(o->file));
    else print_program();
    return EXIT_done;
}
