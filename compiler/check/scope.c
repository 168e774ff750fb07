/* scope.c: declarations of a file, of the files it uses and of the standard library; "did you
 * mean". */
#include "check/scope.h"

#include <stdio.h>
#include <string.h>

#include "closest.h"
#include "syntax/stdlib.h"

enum { EXPANSION_LIMIT = 1000000, LONGEST_FILE = 1 << 24 };

const char *name_string(const Check *k, Name name) { return name_text(k->c->names, name); }

const char *decl_kind_text(DeclKind kind)
{
    switch (kind) {
    case DECL_none:
    case DECL_error: return "declaration";
    case DECL_use: return "use";
    case DECL_const: return "constant";
    case DECL_data: return "data set";
    case DECL_circuit: return "circuit";
    case DECL_encoding: return "encoding";
    case DECL_observable: return "observable";
    case DECL_block: return "block";
    case DECL_model: return "model";
    case DECL_action: return "action";
    }
    unreachable();
}

const char *decl_kind_article(Check *k, DeclKind kind)
{
    const char *text = decl_kind_text(kind);
    bool has_vowel = *text == 'e' || *text == 'o' || *text == 'a';
    return arena_printf(k->keep, "%s %s", has_vowel ? "an" : "a", text);
}

Entry *scope_find(const Scope *s, Name name)
{
    for (; s; s = s->parent) {
        if (name.i < s->name_limit && s->by_name[name.i]) return s->by_name[name.i];
    }
    return NULL;
}

static void scope_add(Check *k, Scope *s, const Decl *d)
{
    if (!d->name.name.i) return; /* the parser reported it */
    uint32_t i = d->name.name.i;
    if (i >= s->name_limit) {
        uint32_t limit = i + 64;
        s->by_name = arena_grow(k->keep, s->by_name, sizeof(Entry *) * s->name_limit,
                                sizeof(Entry *) * limit);
        s->name_limit = limit;
    }
    if (s->by_name[i]) {
        diag_error(k->c, d->name.span, D_declared_twice, name_string(k, d->name.name));
        diag_note(k->c, s->by_name[i]->decl->name.span, D_first_here);
        return;
    }
    Entry *e = arena_make(k->keep, Entry);
    e->decl = d;
    e->scope = s;
    s->by_name[i] = e;
    vec_push(k->keep, &s->entries, e);
}

Scope *scope_stdlib(Check *k)
{
    Scope *s = arena_make(k->keep, Scope);
    for (const struct rq_stdlib_file *f = rq_stdlib; f->name; f++) {
        const char *path = arena_printf(k->keep, "<stdlib>/%s", f->name);
        const Source *source = source_add(k->keep, &k->c->sources, path, f->text, strlen(f->text));
        const Ast *ast = parse(k->c, source);
        for (uint32_t i = 0; i < ast->decls.len; i++) scope_add(k, s, ast->decls.at[i]);
    }
    return s;
}

/* The text of a file on scratch memory, or NULL. */
static char *read_text(Check *k, const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    long size = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
    bool is_good = size >= 0 && size <= LONGEST_FILE && !fseek(f, 0, SEEK_SET);
    char *text = arena_alloc(k->keep, is_good ? (size_t)size + 1 : 1);
    *len = is_good ? fread(text, 1, (size_t)size, f) : 0;
    is_good = is_good && *len == (size_t)size;
    fclose(f);
    return is_good ? text : NULL;
}

typedef VEC(const char *) PathList;

static void use_file(Check *k, Scope *s, const Ast *from, const Decl *use, PathList *seen);

static void add_decls(Check *k, Scope *s, const Ast *ast, PathList *seen)
{
    for (uint32_t i = 0; i < ast->decls.len; i++) {
        const Decl *d = ast->decls.at[i];
        switch (d->kind) {
        case DECL_none:
        case DECL_error: break;
        case DECL_use: use_file(k, s, ast, d, seen); break;
        case DECL_const:
        case DECL_data:
        case DECL_circuit:
        case DECL_encoding:
        case DECL_observable:
        case DECL_block:
        case DECL_model:
        case DECL_action: scope_add(k, s, d); break;
        }
    }
}

/* `use NAME;`: NAME.rq beside the file that says so. Actions of a used file are not this file's. */
static void use_file(Check *k, Scope *s, const Ast *from, const Decl *use, PathList *seen)
{
    const char *slash = strrchr(from->source->path, '/');
    int folder = slash ? (int)(slash + 1 - from->source->path) : 0;
    const char *path = arena_printf(k->keep, "%.*s%s.rq", folder, from->source->path,
                                    name_string(k, use->name.name));
    for (uint32_t i = 0; i < seen->len; i++) {
        if (!strcmp(seen->at[i], path)) return;
    }
    vec_push(k->keep, seen, path);
    size_t len = 0;
    ArenaMark mark = arena_mark(k->keep);
    char *text = read_text(k, path, &len);
    if (!text) {
        arena_reset(k->keep, mark);
        diag_error(k->c, use->span, D_use_missing, path);
        return;
    }
    const Source *source = source_add(k->keep, &k->c->sources, path, text, len);
    const Ast *ast = parse(k->c, source);
    for (uint32_t i = 0; i < ast->decls.len; i++) {
        const Decl *d = ast->decls.at[i];
        if (d->kind == DECL_use)
            use_file(k, s, ast, d, seen);
        else if (d->kind != DECL_action)
            scope_add(k, s, d);
    }
}

Scope *scope_file(Check *k, const Ast *ast)
{
    Scope *s = arena_make(k->keep, Scope);
    s->parent = k->stdlib;
    PathList seen = {0};
    vec_push(k->keep, &seen, ast->source->path);
    add_decls(k, s, ast, &seen);
    return s;
}

/* ---- did you mean ---- */

void words_add(Check *k, WordList *words, const char *word) { vec_push(k->keep, words, word); }

void scope_words(Check *k, const Scope *s, DeclKind kind, WordList *words)
{
    for (; s; s = s->parent) {
        for (uint32_t i = 0; i < s->entries.len; i++) {
            const Decl *d = s->entries.at[i]->decl;
            if (kind == DECL_none || d->kind == kind)
                words_add(k, words, name_string(k, d->name.name));
        }
    }
}

void help_closest(Check *k, const char *text, const WordList *words)
{
    const char *near = rq_closest(text, words->at, words->len);
    if (!near) return;
    diag_help(k->c, D_did_you_mean, near);
    diag_fixit(k->c, diag_place(k->c, k->c->diags.len - 1), near);
}

bool expansion_step(Check *k, Span at)
{
    if (k->has_heavy_scalar && !k->overflowed) {
        diag_error(k->c, at, D_heavy_scalar);
        k->overflowed = true;
    }
    if (k->overflowed) return false;
    if (k->expanded++ < EXPANSION_LIMIT) return true;
    diag_error(k->c, at, D_too_much_expansion, (int)EXPANSION_LIMIT);
    k->overflowed = true;
    return false;
}
