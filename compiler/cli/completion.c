/* completion.c: `rq completion bash|zsh|fish`: shell functions made from the rows of verbs.def and options.def.
 *
 * What a word may be follows from how the help names it: VERB is a verb, SHELL a shell, CODE what `rq explain` lists,
 * SOURCE what `rq data list` lists, "a|b" these words, DIR a folder; any other value with capitals is a file.
 */
#include <string.h>

#include "cli/cli.h"

static const char shells[] = "bash zsh fish";

/* Words of a value or an argument, separated by blanks; "" = files; "/" = folders; "?" = nothing to say. A word that
 * begins with '$' is a command of the shell. */
static const char *words_of(Arena *a, const char *value, OptionKind kind)
{
    if (kind == OPTION_choice || kind == OPTION_words) {
        char *words = arena_strdup(a, value);
        for (char *s = words; *s; s++) {
            if (*s == '|') *s = ' ';
        }
        return words;
    }
    if (strstr(value, "VERB")) {
        size_t n;
        const Verb *all = verbs_all(&n);
        const char *text = "";
        for (size_t i = 0; i < n; i++) text = arena_printf(a, "%s%s%s", text, i ? " " : "", all[i].name);
        return text;
    }
    if (strstr(value, "SHELL")) return shells;
    if (strstr(value, "CODE")) return "$rq explain 2>/dev/null | cut -c1-5";
    if (strstr(value, "SOURCE")) return "$rq data list --quiet 2>/dev/null; echo list show fetch";
    if (strstr(value, "DIR")) return "/";
    if (strstr(value, "FILE") || strstr(value, "RUN")) return "";
    return "?";
}

static const char *option_words(Arena *a, const OptionRow *row) { return words_of(a, row->value, row->kind); }

/* "--json --seed -o ..." */
static void put_options(Arena *a, const Verb *verb)
{
    for (size_t i = 0; option_at(i); i++) {
        const OptionRow *row = option_at(i);
        if (!verb_takes(verb, row)) continue;
        printf("--%s ", option_shown(a, row->name));
        if (row->letter) printf("-%c ", row->letter);
    }
    printf("--help");
}

/* ---- bash ---- */

static void put_bash_words(const char *words)
{
    if (!*words) printf("COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null");
    else if (*words == '/') printf("COMPREPLY=($(compgen -d -- \"$cur\")); compopt -o filenames 2>/dev/null");
    else if (*words == '$') printf("COMPREPLY=($(compgen -W \"$(%s)\" -- \"$cur\"))", words + 1);
    else if (*words != '?') printf("COMPREPLY=($(compgen -W '%s' -- \"$cur\"))", words);
    else printf(":");
}

static void print_bash(Arena *a)
{
    size_t n;
    const Verb *all = verbs_all(&n);
    printf("# bash completion of rq %s\n"
           "_rq() {\n    local cur prev\n"
           "    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W '%s --help --version' -- \"$cur\")); return; fi\n"
           "    case $prev in\n",
           RQ_VERSION, words_of(a, "VERB", OPTION_none));
    for (size_t i = 0; option_at(i); i++) {
        const OptionRow *row = option_at(i);
        if (row->kind == OPTION_flag) continue;
        printf("        --%s", option_shown(a, row->name));
        if (row->letter) printf("|-%c", row->letter);
        printf(") ");
        put_bash_words(option_words(a, row));
        printf("; return ;;\n");
    }
    printf("    esac\n    case $cur in\n        -*) case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < n; i++) {
        printf("            %s) COMPREPLY=($(compgen -W '", all[i].name);
        put_options(a, &all[i]);
        printf("' -- \"$cur\")) ;;\n");
    }
    printf("        esac; return ;;\n    esac\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < n; i++) {
        if (!*all[i].args) continue;
        printf("        %s) ", all[i].name);
        put_bash_words(words_of(a, all[i].args, OPTION_none));
        printf(" ;;\n");
    }
    printf("    esac\n}\ncomplete -F _rq rq\n");
}

/* ---- zsh ---- */

/* A help text within '...[...]': quotes, brackets and colons have a meaning there. */
static void put_zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'') fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text)) printf("\\%c", *text);
        else putchar(*text);
    }
}

static void put_zsh_action(const char *words)
{
    if (!*words) printf("_files");
    else if (*words == '/') printf("_files -/");
    else if (*words == '$') printf("($(%s))", words + 1);
    else if (*words != '?') printf("(%s)", words);
    else printf(" ");
}

static void put_zsh_option(Arena *a, const OptionRow *row)
{
    const char *spellings[] = {arena_printf(a, "--%s", option_shown(a, row->name)),
                               row->letter ? arena_printf(a, "-%c", row->letter) : NULL};
    for (size_t i = 0; i < COUNT(spellings) && spellings[i]; i++) {
        printf("                '%s%s[", row->kind == OPTION_list ? "*" : "", spellings[i]);
        put_zsh_text(row->help);
        printf("]");
        if (row->kind != OPTION_flag) {
            printf(":value:");
            put_zsh_action(option_words(a, row));
        }
        printf("' \\\n");
    }
}

static void print_zsh(Arena *a)
{
    size_t n;
    const Verb *all = verbs_all(&n);
    printf("#compdef rq\n# zsh completion of rq %s\n_rq() {\n    local -a verbs\n    verbs=(\n", RQ_VERSION);
    for (size_t i = 0; i < n; i++) {
        printf("        '%s:", all[i].name);
        put_zsh_text(all[i].help);
        printf("'\n");
    }
    printf("    )\n    if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n"
           "    local verb=$words[2]\n    shift words; (( CURRENT-- ))\n    case $verb in\n");
    for (size_t i = 0; i < n; i++) {
        printf("        %s) _arguments \\\n", all[i].name);
        for (size_t k = 0; option_at(k); k++) {
            if (verb_takes(&all[i], option_at(k))) put_zsh_option(a, option_at(k));
        }
        printf("                '--help[help of the verb]'");
        if (*all[i].args) {
            printf(" \\\n                '*:argument:");
            put_zsh_action(words_of(a, all[i].args, OPTION_none));
            printf("'");
        }
        printf(" ;;\n");
    }
    printf("    esac\n}\nif [ \"$funcstack[1]\" = _rq ]; then _rq \"$@\"; else compdef _rq rq; fi\n");
}

/* ---- fish ---- */

static void put_fish_text(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void put_fish_words(const char *words)
{
    if (!*words) printf(" -F");
    else if (*words == '/') printf(" -a '(__fish_complete_directories)'");
    else if (*words == '$') printf(" -a \"(%s)\"", words + 1);
    else if (*words != '?') printf(" -a '%s'", words);
}

static void print_fish(Arena *a)
{
    size_t n;
    const Verb *all = verbs_all(&n);
    printf("# fish completion of rq %s\ncomplete -c rq -f\n", RQ_VERSION);
    for (size_t i = 0; i < n; i++) {
        printf("complete -c rq -n __fish_use_subcommand -a %s -d ", all[i].name);
        put_fish_text(all[i].help);
        printf("\n");
    }
    for (size_t i = 0; i < n; i++) {
        if (*all[i].args) {
            printf("complete -c rq -n '__fish_seen_subcommand_from %s'", all[i].name);
            put_fish_words(words_of(a, all[i].args, OPTION_none));
            printf("\n");
        }
        for (size_t k = 0; option_at(k); k++) {
            const OptionRow *row = option_at(k);
            if (!verb_takes(&all[i], row)) continue;
            printf("complete -c rq -n '__fish_seen_subcommand_from %s' -l %s", all[i].name, option_shown(a, row->name));
            if (row->letter) printf(" -s %c", row->letter);
            if (row->kind != OPTION_flag) {
                printf(" -r");
                put_fish_words(option_words(a, row));
            }
            printf(" -d ");
            put_fish_text(row->help);
            printf("\n");
        }
    }
}

int verb_completion(Compiler *c, const Options *o)
{
    if (!strcmp(o->file, "bash")) print_bash(c->keep);
    else if (!strcmp(o->file, "zsh")) print_zsh(c->keep);
    else if (!strcmp(o->file, "fish")) print_fish(c->keep);
    else fatal("there is completion for bash, zsh and fish, not for '%s'", o->file);
    return EXIT_done;
}
