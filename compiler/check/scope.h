/* scope.h: which declaration a name means, and the state of one check.
 *
 * Each file has one scope; the standard library is the parent of all. `use` puts the declarations
 * of another file into the scope. A body is expanded in the scope of the file that declares it, so
 * a user's names never change the standard library.
 */
#ifndef RQ_CHECK_SCOPE_H
#define RQ_CHECK_SCOPE_H

#include "check/check.h"

typedef struct Scope Scope;

typedef enum EntryState { ENTRY_fresh, ENTRY_busy, ENTRY_done } EntryState;

/* A declaration with its place. */
typedef struct Entry {
    const Decl *decl;
    Scope *scope;
    EntryState state; /* busy: under evaluation or expansion; meeting it again is a recursion */
    const struct Val *value; /* constants, once evaluated */
    const Expr *set_value;   /* constants: given by --set */
    bool expanded;           /* its body has been gone through */
    ModelInst *model;        /* models without arguments, once built; NULL if that failed */
} Entry;

struct Scope {
    Scope *parent;
    VEC(Entry *) entries; /* in order of declaration */
    Entry **by_name;      /* indexed by Name.i */
    uint32_t name_limit;
};

/* A value of `--set` for a model's formal or an action's field. */
typedef struct SetValue {
    Name owner, name;
    const Expr *value;
} SetValue;

typedef struct Check {
    Compiler *c;
    Arena *keep;
    const Ast *ast;
    Scope *stdlib, *user;
    CheckOptions options;
    Program *program;
    VEC(Span) broken; /* places of syntax errors: echo.h */
    VEC(SetValue) sets;
    uint64_t expanded;     /* gates and loop rounds so far; see expansion_step */
    bool overflowed;       /* the limit was reported */
    bool has_heavy_scalar; /* an expression of run time has grown beyond reason; see expansion_step
                            */
    Name *gate_names;      /* of all rows of gates.def, channels.def and aliases.def: gate.c */
} Check;

/* The standard library's scope; parses the embedded files. */
Scope *scope_stdlib(Check *k);
/* The scope of a file: its declarations and those of the files it uses. Reports duplicates and
 * missing files. */
Scope *scope_file(Check *k, const Ast *ast);
/* NULL if there is none. */
Entry *scope_find(const Scope *s, Name name);

/* Candidates for "did you mean". */
typedef VEC(const char *) WordList;
void words_add(Check *k, WordList *words, const char *word);
/* All declared names of the given kind (DECL_none: all). */
void scope_words(Check *k, const Scope *s, DeclKind kind, WordList *words);
/* Adds the help "did you mean '...'?" to the last diagnostic, whose place is the word, and a
 * fix-it, if one is near. */
void help_closest(Check *k, const char *text, const WordList *words);

const char *name_string(const Check *k, Name name);
/* "circuit", "model": for messages. */
const char *decl_kind_text(DeclKind kind);
/* "a circuit", "an observable". */
const char *decl_kind_article(Check *k, DeclKind kind);
/* "" or "s". */
static inline const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

/* Counts a step of expansion; false once the limit is passed (reported once). */
bool expansion_step(Check *k, Span at);

#endif
