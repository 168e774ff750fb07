/* source.h: source texts, spans and interned names.
 *
 * All texts lie in one concatenated space of byte offsets; a Span is two offsets in it. Which file, line and column an
 * offset means is computed only when something is printed.
 */
#ifndef RQ_BASE_SOURCE_H
#define RQ_BASE_SOURCE_H

#include <stdbool.h>

#include "base/vec.h"

typedef struct Span {
    uint32_t from, to; /* [from, to); {0, 0} = no place */
} Span;

/* An interned identifier; equal names have equal ids. 0 = none. */
typedef struct Name {
    uint32_t i;
} Name;

typedef struct Source {
    const char *path; /* as the user wrote it; "<stdlib>/circuits.rq" for embedded ones */
    const char *text; /* len bytes and a zero */
    uint32_t base;    /* offset of text[0] in the space; the first source begins at 1 */
    uint32_t len;
    bool is_argument; /* of the command line: path is the argument itself, the text is not the user's */
} Source;

typedef struct Place {
    const Source *source;
    uint32_t line, column; /* from 1; a column is a character of UTF-8 */
    const char *line_text;
    uint32_t line_len;
} Place;

typedef struct Sources {
    VEC(Source *) list;
    uint32_t next_base;
} Sources;

typedef struct Names Names;

/* Adds a text (copied). Never NULL. */
Source *source_add(Arena *keep, Sources *all, const char *path, const char *text, size_t len);
/* The text of a file, at most 64 MB; fatal() if it cannot be read. */
Source *source_read(Arena *keep, Sources *all, const char *path);
/* Place of an offset; source == NULL if the offset is in no source. */
Place source_place(const Sources *all, uint32_t offset);
/* "file.rq:12:5", on arena a. */
char *source_place_text(Arena *a, const Sources *all, Span span);

Names *names_new(Arena *keep);
Name name_intern(Names *names, const char *text, size_t len);
Name name_of(Names *names, const char *text);
const char *name_text(const Names *names, Name name); /* "" for none */
static inline bool name_eq(Name a, Name b) { return a.i == b.i; }
static inline Span span_join(Span a, Span b)
{
    if (!a.to) return b;
    if (!b.to) return a;
    return (Span){a.from < b.from ? a.from : b.from, a.to > b.to ? a.to : b.to};
}

#endif
