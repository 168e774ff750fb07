/* source.c: the offset space, line finding, interned names and "did you mean". */
#include "base/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SOURCE_MOST = 64 << 20 };

Source *source_add(Arena *keep, Sources *all, const char *path, const char *text, size_t len)
{
    if (!all->next_base) all->next_base = 1;
    if (len > UINT32_MAX / 2 - all->next_base)
        fatal("'%s' has %zu bytes, which is too long for a source text", path, len);
    Source *s = arena_make(keep, Source);
    s->path = arena_strdup(keep, path);
    s->text = arena_strndup(keep, text, len);
    s->len = (uint32_t)len;
    s->base = all->next_base;
    all->next_base += s->len + 1; /* the end of a text is a place, too */
    vec_push(keep, &all->list, s);
    return s;
}

Source *source_read(Arena *keep, Sources *all, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) fatal("cannot read '%s': %s", path, strerror(errno));
    VEC(char) text = {0};
    char block[65536];
    size_t got;
    while ((got = fread(block, 1, sizeof block, f)) > 0) {
        if (text.len + got > SOURCE_MOST) fatal("'%s' has more than %d MB, which is too long for a source text", path, SOURCE_MOST >> 20);
        vec_reserve(keep, &text, got);
        memcpy(text.at + text.len, block, got);
        text.len += (uint32_t)got;
    }
    if (ferror(f)) fatal("cannot read '%s': %s", path, strerror(errno));
    fclose(f);
    return source_add(keep, all, path, text.len ? text.at : "", text.len);
}

Place source_place(const Sources *all, uint32_t offset)
{
    for (uint32_t i = 0; i < all->list.len; i++) {
        const Source *s = all->list.at[i];
        if (offset < s->base || offset > s->base + s->len) continue;
        uint32_t at = offset - s->base, start = 0;
        Place p = {.source = s, .line = 1, .column = 1};
        for (uint32_t k = 0; k < at; k++) {
            if (s->text[k] != '\n') continue;
            p.line++;
            start = k + 1;
        }
        for (uint32_t k = start; k < at; k++) p.column += ((unsigned char)s->text[k] & 0xC0) != 0x80;
        p.line_text = s->text + start;
        const char *end = memchr(p.line_text, '\n', s->len - start);
        p.line_len = end ? (uint32_t)(end - p.line_text) : s->len - start;
        return p;
    }
    return (Place){0};
}

char *source_place_text(Arena *a, const Sources *all, Span span)
{
    Place p = source_place(all, span.from);
    if (!p.source) return arena_strdup(a, "<no place>");
    return arena_printf(a, "%s:%u:%u", p.source->path, p.line, p.column);
}

struct Names {
    Arena *keep;
    VEC(const char *) text;
    uint32_t *slot; /* open addressing; 0 = empty */
    uint32_t mask;
};

static uint32_t hash_text(const char *text, size_t len)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++) h = (h ^ (unsigned char)text[i]) * 16777619u;
    return h;
}

Names *names_new(Arena *keep)
{
    Names *n = arena_make(keep, Names);
    n->keep = keep;
    n->mask = 255;
    n->slot = arena_array(keep, uint32_t, n->mask + 1);
    vec_push(keep, &n->text, "");
    return n;
}

static void names_rehash(Names *n)
{
    n->mask = n->mask * 2 + 1;
    n->slot = arena_array(n->keep, uint32_t, n->mask + 1);
    for (uint32_t i = 1; i < n->text.len; i++) {
        uint32_t h = hash_text(n->text.at[i], strlen(n->text.at[i])) & n->mask;
        while (n->slot[h]) h = (h + 1) & n->mask;
        n->slot[h] = i;
    }
}

Name name_intern(Names *n, const char *text, size_t len)
{
    uint32_t h = hash_text(text, len) & n->mask;
    for (; n->slot[h]; h = (h + 1) & n->mask) {
        const char *have = n->text.at[n->slot[h]];
        if (strlen(have) == len && !memcmp(have, text, len)) return (Name){n->slot[h]};
    }
    Name name = {n->text.len};
    vec_push(n->keep, &n->text, arena_strndup(n->keep, text, len));
    n->slot[h] = name.i;
    if (n->text.len * 2 > n->mask) names_rehash(n);
    return name;
}

Name name_of(Names *n, const char *text) { return name_intern(n, text, strlen(text)); }

const char *name_text(const Names *n, Name name) { return n->text.at[name.i]; }
