/* mistakes.c: the words of every error of scanner and grammar. */
#include "syntax/mistakes.h"

#include <stdlib.h>
#include <string.h>

#include "closest.h"
#include "syntax/parser.h"

enum { LONGEST_SHOWN = 40, MOST_STRAYS = 100, DEEPEST_EXPRESSION = 1000 };

const char *text_at(const Parser *p, Span span)
{
    const char *text = p->source->text + (span.from - p->source->base);
    uint32_t len = span.to - span.from, shown = len < LONGEST_SHOWN ? len : LONGEST_SHOWN;
    if (shown < len)
        while (shown > 1 && ((unsigned char)text[shown] & 0xC0) == 0x80)
            shown--; /* no half character */
    return arena_printf(p->c->keep, "%.*s%s", (int)shown, text, shown < len ? "..." : "");
}

/* ---- of the scanner
 * -----------------------------------------------------------------------------------------------
 */

/* What stands for an ASCII spelling in papers and word processors. */
static const char *const lookalikes[][2] = {
    {"\xCF\x80", "pi"},     {"\xC3\x97", "*"},      {"\xC2\xB7", "*"},      {"\xE2\x88\x92", "-"},
    {"\xE2\x80\x93", "-"},  {"\xE2\x86\x92", "->"}, {"\xE2\x86\x90", "<-"}, {"\xE2\x89\xA4", "<="},
    {"\xE2\x89\xA5", ">="}, {"\xE2\x89\xA0", "!="}, {"\xE2\x80\x9C", "\""}, {"\xE2\x80\x9D", "\""},
    {"\xC2\xA0", " "},      {"\xE2\x80\xA6", ".."}, {"\xCE\xB8", "theta"},  {"\xCE\xB1", "alpha"},
};

void mistake_character(Parser *p, Span at)
{
    bool in_run = p->stray_end == at.from; /* one error for a run of them */
    p->stray_end = at.to;
    if (in_run || p->c->errors - p->errors_before >= MOST_STRAYS) return;
    const char *text = p->source->text + (at.from - p->source->base);
    unsigned char byte = (unsigned char)text[0];
    if (byte >= 0x80 && at.to - at.from == 1) {
        diag_error(p->c, at, D_not_utf8, byte);
        diag_help(p->c, D_save_as_utf8);
        return;
    }
    if (byte >= 0x20)
        diag_error(p->c, at, D_stray_character, text_at(p, at));
    else
        diag_error(p->c, at, D_stray_character, arena_printf(p->c->keep, "\\x%02X", byte));
    for (size_t i = 0; i < COUNT(lookalikes); i++) {
        if (strncmp(text, lookalikes[i][0], strlen(lookalikes[i][0])) != 0) continue;
        diag_help(p->c, D_write_instead, lookalikes[i][1]);
        diag_fixit(p->c, at, lookalikes[i][1]);
        return;
    }
    if (byte >= 0x80) diag_help(p->c, D_names_are_ascii);
}

void mistake_hash(Parser *p, Span line)
{
    Span hash = {line.from, line.from + 1};
    diag_error(p->c, hash, D_stray_character, "#");
    diag_help(p->c, D_comments_begin);
    diag_fixit(p->c, hash, "//");
}

void mistake_number(Parser *p, Span at)
{
    diag_error(p->c, at, D_malformed_number, text_at(p, at));
    diag_help(p->c, D_spell_number);
}

void mistake_open_comment(Parser *p, Span at) { diag_error(p->c, at, D_open_comment); }

void mistake_open_string(Parser *p, Span at)
{
    uint32_t end = at.to;
    if (end > at.from && p->source->text[end - 1 - p->source->base] == '\r') end--;
    diag_error(p->c, (Span){at.from, end}, D_open_string);
    diag_fixit(p->c, (Span){end, end}, "\"");
}

/* ---- of the grammar
 * -----------------------------------------------------------------------------------------------
 */

/* Alias without its quotes. */
static const char *plain(const Parser *p, int kind)
{
    const char *alias = token_alias(kind);
    return *alias == '\'' ? arena_strndup(p->c->keep, alias + 1, strlen(alias) - 2) : alias;
}

static const char *found_text(const Parser *p, Token found)
{
    if (found.kind == TOK_END) return "the end of the file";
    if (found.kind == TOK_STRING) return text_at(p, found.span);
    return arena_printf(p->c->keep, "'%s'", text_at(p, found.span));
}

/* The closest keyword that begins something; NULL if none is near. Two letters are near to too
 * much. */
static const char *near_keyword(const Parser *p, const char *word, int last)
{
    const char *keywords[TOK_PLACEMENT - TOK_USE];
    size_t n = 0;
    for (int kind = TOK_USE; kind <= last; kind++)
        if (kind != TOK_ELSE && kind != TOK_IN && kind != TOK_ON) keywords[n++] = plain(p, kind);
    return strlen(word) > 2 ? rq_closest(word, keywords, n) : NULL;
}

/* The statement or declaration begins with a name that is near to a keyword, or stands where only
 * keywords do. */
static bool is_misspelt_keyword(Parser *p)
{
    if (p->first.kind != TOK_NAME || p->first.span.from == p->last.span.from) return false;
    bool top = p->open.len == 0;
    const char *word = text_at(p, p->first.span),
               *near = near_keyword(p, word, top ? TOK_DISTILL : TOK_OVER);
    if (!near && !top) return false;
    diag_error(p->c, p->first.span, D_unknown_keyword, word);
    if (near) {
        diag_help(p->c, D_did_you_mean_word, near);
        diag_fixit(p->c, p->first.span, near);
    }
    return true;
}

/* What else may help: the open bracket, the spelling, the keyword that was taken for a name. */
static void add_hints(Parser *p, Token found, const int *expected, int count)
{
    Token open = p->open.len ? p->open.at[p->open.len - 1] : (Token){0};
    if (p->last.kind == TOK_UNCLOSED && open.kind)
        diag_note(p->c, open.span, D_opened_here, plain(p, open.kind));
    if (found.kind == TOK_DOT && expects(expected, count, TOK_NUMBER))
        diag_help(p->c, D_spell_number);
    if (found.kind == TOK_BACK_ARROW && expects(expected, count, TOK_LT))
        diag_help(p->c, D_arrow_or_less);
    bool is_keyword = found.kind >= TOK_USE && found.kind <= TOK_MOD;
    if (is_keyword && expects(expected, count, TOK_NAME) && !expects(expected, count, found.kind) &&
        !found.new_line)
        diag_help(p->c, D_keyword_is_no_name, text_at(p, found.span));
    if (found.kind != TOK_NAME || expects(expected, count, TOK_NAME)) return;
    const char *words[TOK_MOD - TOK_USE + 1];
    size_t n = 0;
    for (int i = 0; i < count; i++)
        if (expected[i] >= TOK_USE && expected[i] <= TOK_MOD) words[n++] = plain(p, expected[i]);
    const char *near = rq_closest(text_at(p, found.span), words, n);
    if (near) diag_help(p->c, D_did_you_mean_word, near);
}

/* The error follows from one that was reported: what is missing is the stray character that was
 * left out; the bracket that is open was taken for the inner one of which it was reported; a token
 * was added that does not fit. */
static bool is_echo(const Parser *p, Token found)
{
    bool is_unclosed = p->last.kind == TOK_UNCLOSED;
    if (p->stray_end > p->before.span.to && p->stray_end <= found.span.from) return true;
    if (is_unclosed) return p->recovered.to && p->recovered.from == p->first.span.from;
    return p->last.is_virtual && p->last.kind != TOK_STATEMENT_END;
}

void mistake_syntax(Parser *p, const int *expected, int count)
{
    Token found = tokens_found(p);
    if (p->gave_up || is_echo(p, found)) return;
    if (p->last.kind != TOK_UNCLOSED && is_misspelt_keyword(p)) return;
    int only;
    const char *wanted = expected_text(p, expected, count, &only);
    bool at_end = (found.new_line || found.kind == TOK_END) && p->before.span.to;
    Span at = at_end ? (Span){p->before.span.to, p->before.span.to} : found.span;
    bool no_end = only == TOK_SEMICOLON || (at_end && expects(expected, count, TOK_SEMICOLON));
    if (no_end && expects(expected, count, TOK_STATEMENT_END)) {
        diag_error(p->c, at, D_missing_semicolon, found_text(p, found));
        only = TOK_SEMICOLON;
    } else {
        diag_error(p->c, at, D_syntax, wanted, found_text(p, found));
    }
    if (only && at_end) diag_fixit(p->c, at, plain(p, only));
    add_hints(p, found, expected, count);
}

void mistake_memory(Parser *p, Span at) { mistake_too_deep(p, at, DEEPEST_EXPRESSION); }

void mistake_too_deep(Parser *p, Span at, unsigned limit)
{
    if (p->too_deep || p->gave_up) return;
    p->too_deep = true;
    diag_error(p->c, at, D_nested_too_deep, limit);
}

void mistake_semicolon(Parser *p, Span at)
{
    Token found = tokens_found(p);
    if (found.kind == TOK_STATEMENT_END) found = p->last;
    diag_error(p->c, at, D_missing_semicolon, found_text(p, found));
    diag_fixit(p->c, at, ";");
}

void mistake_equals(Parser *p, Ident label, Span equals)
{
    diag_error(p->c, equals, D_equals_for_colon, name_text(p->c->names, label.name));
    diag_fixit(p->c, equals, ":");
}

void mistake_colon(Parser *p, Ident name, Span colon)
{
    diag_error(p->c, colon, D_colon_for_equals, name_text(p->c->names, name.name));
    diag_fixit(p->c, colon, "=");
}

void mistake_operator(Parser *p, Span op, const char *right)
{
    diag_error(p->c, op, D_other_operator, right, text_at(p, op));
    diag_fixit(p->c, op, right);
}

static bool in_model(const Parser *p)
{
    return p->open.len && (p->unit == TOK_MODEL || p->unit == TOK_BLOCK);
}

int mistake_no_keyword(Parser *p, Ident name)
{
    int kind = in_model(p) ? TOK_LAYER : TOK_CONST;
    const char *text = name_text(p->c->names, name.name), *keyword = plain(p, kind);
    diag_error(p->c, name.span, D_missing_keyword, text, text, keyword);
    diag_fixit(p->c, (Span){name.span.from, name.span.from},
               arena_printf(p->c->keep, "%s ", keyword));
    return kind;
}

void mistake_keyword(Parser *p, Ident word)
{
    static const char *const of_file[] = {"const", "data"}, *const of_body[] = {"const", "param",
                                                                                "layer"};
    const char *text = name_text(p->c->names, word.name);
    const char *near = p->open.len ? rq_closest(text, of_body, in_model(p) ? 3 : 2)
                                   : rq_closest(text, of_file, COUNT(of_file));
    diag_error(p->c, word.span, D_unknown_keyword, text);
    if (near) {
        diag_help(p->c, D_did_you_mean_word, near);
        diag_fixit(p->c, word.span, near);
    } else if (!p->open.len)
        diag_help(p->c, D_words_of_file);
    else if (in_model(p))
        diag_help(p->c, D_words_of_model);
    else
        diag_help(p->c, D_words_of_circuit);
}

void mistake_gate(Parser *p, const Stmt *gate)
{
    const char *near = near_keyword(p, name_text(p->c->names, gate->gate.name.name), TOK_TIE);
    if (near) diag_help(p->c, D_did_you_mean_word, near);
}

void mistake_empty(Parser *p, Span semicolon, const char *what)
{
    diag_error(p->c, semicolon, D_empty_statement, what);
    diag_fixit(p->c, semicolon, "");
}
