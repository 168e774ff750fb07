/* echo.c: the lines that have syntax errors, and the words on them. */
#include "check/echo.h"

#include <ctype.h>
#include <string.h>

void note_broken_lines(Check *k)
{
    for (uint32_t i = 0; i < k->c->diags.len; i++)
        vec_push(k->keep, &k->broken, diag_place(k->c, i));
    for (uint32_t i = 0; i < k->ast->decls.len; i++) {
        if (k->ast->decls.at[i]->kind == DECL_error)
            vec_push(k->keep, &k->broken, k->ast->decls.at[i]->span);
    }
}

static bool is_word_char(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool has_word(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; n && i + n <= len; i++) {
        bool begins = i == 0 || !is_word_char(text[i - 1]),
             ends = i + n == len || !is_word_char(text[i + n]);
        if (begins && ends && !memcmp(text + i, word, n)) return true;
    }
    return false;
}

bool is_echo(const Check *k, const char *word)
{
    for (uint32_t i = 0; i < k->broken.len; i++) {
        Place p = source_place(&k->c->sources, k->broken.at[i].from);
        if (!p.source) continue;
        uint32_t start = (uint32_t)(p.line_text - p.source->text),
                 end = k->broken.at[i].to - p.source->base;
        size_t len = p.line_len;
        if (end > start + len && end <= p.source->len) len = end - start;
        if (has_word(p.line_text, len, word)) return true;
    }
    return false;
}

bool is_broken(const Check *k, Span span)
{
    for (uint32_t i = 0; i < k->broken.len; i++) {
        if (k->broken.at[i].from >= span.from && k->broken.at[i].from <= span.to) return true;
    }
    return false;
}
