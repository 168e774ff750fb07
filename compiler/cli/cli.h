/* cli.h: the program `rq` around the compiler: its verbs, its options, its exit codes.
 *
 * A verb is a row of verbs.def and a file with `int verb_NAME(Compiler *c, const Options *o)`; it
 * returns an ExitCode. An option is a row of options.def and a field of Options, zero (NULL, false)
 * when it was not given. A verb takes the options that its row lists, and any other is refused, so
 * that none is ever ignored in silence.
 */
#ifndef RQ_CLI_CLI_H
#define RQ_CLI_CLI_H

#include <stdbool.h>

#include "base/compiler.h"

typedef enum ExitCode {
    EXIT_done = 0,
    EXIT_source = 1,      /* the .rq source is wrong */
    EXIT_usage = 2,       /* usage, files, data or memory; what fatal() exits with */
    EXIT_interrupted = 3, /* a checkpoint is saved */
    EXIT_answer_no = 4,   /* the program ran and its answer is no */
} ExitCode;

typedef VEC(const char *) TextList;

typedef struct Seed {
    bool given;
    uint64_t value;
} Seed;

typedef struct Options {
    const char *verb;
    const char *file; /* the first argument, often FILE.rq or a run directory; NULL if none */
    TextList rest;    /* the arguments after it */
    const char *run;  /* the run directory that stood for FILE, see session_options; NULL if none */
#define FLAG(field, letter, help) bool field;
#define NUMBER(field, letter, help) int field;
#define SEED(field, letter, help) Seed field;
#define TEXT(field, letter, value, help) const char *field;
#define CHOICE(field, letter, value, help) const char *field;
#define WORDS(field, letter, value, help) const char *field;
#define LIST(field, letter, value, help) TextList field;
#include "cli/options.def"
#undef FLAG
#undef NUMBER
#undef SEED
#undef TEXT
#undef CHOICE
#undef WORDS
#undef LIST
} Options;

typedef struct Verb {
    const char *name;
    const char *args; /* "FILE", "[NAME]": a word is an argument, in brackets it may be left out */
    const char *options; /* names of options, separated by blanks */
    const char *help;
    const char *example;
    int (*run)(Compiler *c, const Options *o);
} Verb;

#define VERB(name, args, options, help, example) int verb_##name(Compiler *c, const Options *o);
#include "cli/verbs.def"
#undef VERB

/* All verbs in the order of verbs.def; *n is their number. */
const Verb *verbs_all(size_t *n);
/* The verb of that name. None: fatal(), with a guess at what was meant. */
const Verb *verb_named(const char *name);

/* Reads the arguments after the verb. A mistake is fatal() with one message. "-h" makes it return
 * false: help is wanted. */
/* $XDG_CACHE_HOME/rq/objects, or that in ~/.cache; NULL: neither is set. */
const char *cache_directory(Arena *a);
bool options_read(Arena *keep, const Verb *verb, int argc, char **argv, Options *o);

typedef enum OptionKind {
    OPTION_none,
    OPTION_flag,
    OPTION_number,
    OPTION_seed,
    OPTION_text,
    OPTION_choice,
    OPTION_words,
    OPTION_list,
} OptionKind;

/* A row of options.def. */
typedef struct OptionRow {
    const char *name;
    char letter;
    OptionKind kind;
    const char *value; /* what stands for its value in the help; "" for a flag */
    const char *help;
    size_t offset; /* of the field in Options */
} OptionRow;

/* Row i of options.def, NULL behind the last. */
const OptionRow *option_at(size_t i);
bool verb_takes(const Verb *verb, const OptionRow *row);
/* The name as the user writes it: the field max_rows is "max-rows". */
const char *option_shown(Arena *a, const char *field);
/* One line for each option that the verb takes. */
void options_print(FILE *to, const Verb *verb);

/* `rq --help` and `rq VERB --help`; both start with examples. */
void help_print(FILE *to);
void help_print_verb(FILE *to, const Verb *verb);

#endif
