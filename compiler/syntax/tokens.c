/* tokens.c: the filter between scanner and grammar.
 *
 * Undisturbed it passes tokens on. Where something is missing whose place is known, it adds tokens
 * of no width, so that the grammar reports one error and loses nothing:
 *
 *     layer a = dense(10      'layer' begins a line while a '(' is open:
 *     layer b = relu;         UNCLOSED  ')'  ';'  'layer'
 *
 *     ry(t) q[0]              a name after ']' on a new line:
 *     rx(t) q[0];             STATEMENT_END  'rx'
 *
 *     model A { ...           'model' and a name inside of a body:
 *     model B { ... }         UNCLOSED  '}'  'model'
 *
 * UNCLOSED is accepted nowhere and STATEMENT_END where a ';' is; both make the grammar speak. After
 * any other syntax error tokens_resync() skips to the end of the innermost bracket, statement,
 * header or declaration.
 */
#include "syntax/parser.h"

#include "syntax/mistakes.h"

enum { DEEPEST = 256, MOST_ERRORS = 100 };

static Token scan(Parser *p)
{
    RQ_YYSTYPE value;
    Token t = {0};
    t.kind = scan_token(&value, &t.span, p->scanner);
    t.new_line = p->new_line;
    p->new_line = false;
    return t;
}

static Token next_token(Parser *p) { return p->ahead.len ? p->ahead.at[--p->ahead.len] : scan(p); }

static void put_back(Parser *p, Token t) { vec_push(p->c->keep, &p->ahead, t); }

static void put_virtual(Parser *p, int kind, uint32_t at)
{
    put_back(p, (Token){.kind = kind, .span = {at, at}, .is_virtual = true});
}

static int peek(Parser *p)
{
    Token t = next_token(p);
    put_back(p, t);
    return t.kind;
}

static int closing(int opening)
{
    return opening == TOK_LPAREN ? TOK_RPAREN : opening == TOK_LBRACKET ? TOK_RBRACKET : TOK_RBRACE;
}

static bool is_opening(int kind)
{
    return kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_LBRACE;
}

/* The innermost open bracket's kind; 0 outside of all. */
static int innermost(const Parser *p) { return p->open.len ? p->open.at[p->open.len - 1].kind : 0; }

static bool in_parens(const Parser *p)
{
    int kind = innermost(p);
    return kind == TOK_LPAREN || kind == TOK_LBRACKET;
}

static bool may_end_statement(int kind)
{
    switch (kind) {
    case TOK_NUMBER:
    case TOK_STRING:
    case TOK_RPAREN:
    case TOK_RBRACKET:
    case TOK_TRUE:
    case TOK_FALSE: return true;
    }
    return token_is_name(kind);
}

static bool has_body(int kind)
{
    switch (kind) {
    case TOK_CIRCUIT:
    case TOK_ENCODING:
    case TOK_OBSERVABLE:
    case TOK_BLOCK:
    case TOK_MODEL:
    case TOK_TRAIN:
    case TOK_EXPLORE:
    case TOK_SCAN:
    case TOK_DISTILL: return true;
    }
    return false;
}

/* A statement's keyword first on its line with a name behind it: no argument looks like that. */
static bool is_statement(Parser *p, Token t)
{
    return t.new_line && token_begins_statement(t.kind) && token_is_name(peek(p));
}

/* A declaration's keyword first on its line, a name, and what comes behind it; in an action `model
 * M;` only lacks a ':'. */
static bool is_declaration(Parser *p, Token t)
{
    if (!t.new_line || !token_begins_declaration(t.kind) || !token_is_name(peek(p))) return false;
    Token name = next_token(p);
    int next = peek(p);
    put_back(p, name);
    if (next == TOK_LPAREN) return p->unit < TOK_TRAIN;
    return next == TOK_LBRACE || next == TOK_ON || next == TOK_ASSIGN || t.kind == TOK_USE;
}

/* Round and square brackets cannot go on past t. */
static bool leaves_parens(Parser *p, Token t)
{
    switch (t.kind) {
    case TOK_SEMICOLON:
    case TOK_LBRACE:
    case TOK_RBRACE:
    case TOK_END: return true;
    case TOK_ON: return p->in_header && token_is_name(peek(p));
    }
    return is_statement(p, t);
}

/* To come: the closing brackets that are missing before t, a ';' if the statement ends with them,
 * t. */
static void close_parens(Parser *p, Token t)
{
    put_back(p, t);
    if (t.kind != TOK_SEMICOLON && t.kind != TOK_LBRACE && t.kind != TOK_ON)
        put_virtual(p, TOK_SEMICOLON, t.span.from);
    uint32_t first = p->open.len;
    while (first > 0 && p->open.at[first - 1].kind != TOK_LBRACE) first--;
    for (uint32_t i = first; i < p->open.len; i++)
        put_virtual(p, closing(p->open.at[i].kind), t.span.from);
}

/* Between p->last, which may end a statement, and t a ';' is missing. */
static bool is_new_statement(Parser *p, Token t)
{
    if (t.kind == TOK_END || t.kind == TOK_RBRACE) return true;
    if (!t.new_line) return false;
    switch (t.kind) {
    case TOK_OVER:
    case TOK_PLACEMENT:
    case TOK_INIT:
    case TOK_WHERE:
    case TOK_REQUIRE:
    case TOK_EXPECT: return true;
    case TOK_SCALE:
    case TOK_VIA:
    case TOK_INTO:
    case TOK_FROM: return false;
    }
    if (token_begins_statement(t.kind)) return true;
    if (t.kind != TOK_NAME) return false;
    switch (p->last.kind) {
    case TOK_NUMBER:
    case TOK_STRING:
    case TOK_RBRACKET: return true;
    }
    int next = peek(p);
    return next == TOK_COLON || next == TOK_LPAREN || next == TOK_AT;
}

/* What comes instead of t if something is missing in front of it (t then follows); t itself
 * otherwise. */
static Token or_what_is_missing(Parser *p, Token t)
{
    if (in_parens(p) && leaves_parens(p, t)) {
        close_parens(p, t);
        return (Token){.kind = TOK_UNCLOSED, .span = t.span, .is_virtual = true};
    }
    if (in_parens(p) || p->in_header) return t;
    if (may_end_statement(p->last.kind) && is_new_statement(p, t)) {
        put_back(p, t);
        return (Token){.kind = TOK_STATEMENT_END,
                       .span = {p->last.span.to, p->last.span.to},
                       .is_virtual = true};
    }
    if (p->open.len && (t.kind == TOK_END || is_declaration(p, t))) {
        put_back(p, t);
        for (uint32_t i = 0; i < p->open.len; i++) put_virtual(p, TOK_RBRACE, t.span.from);
        return (Token){.kind = TOK_UNCLOSED, .span = t.span, .is_virtual = true};
    }
    return t;
}

/* Notes what t opens, closes and begins. */
static void track(Parser *p, Token t)
{
    p->open_was = p->open.len;
    p->header_was = p->in_header;
    if (!in_parens(p) && (p->last.kind == TOK_SEMICOLON || p->last.kind == TOK_LBRACE ||
                          p->last.kind == TOK_RBRACE || !p->last.span.to))
        p->first = t;
    if (p->open.len == 0) {
        if (has_body(t.kind)) {
            p->in_header = true;
            p->unit = t.kind;
        }
        if (t.kind == TOK_LBRACE || t.kind == TOK_SEMICOLON) p->in_header = false;
    }
    if (is_opening(t.kind))
        vec_push(p->c->keep, &p->open, t);
    else if (p->open.len && t.kind == closing(innermost(p)))
        p->open.len--;
    if (!p->last.is_virtual) p->before = p->last;
    p->last = t;
}

int rq_yylex(RQ_YYSTYPE *value, Span *span, Parser *p)
{
    (void)value;
    Token t = {.kind = TOK_END, .span = {p->last.span.to, p->last.span.to}};
    if (p->c->errors - p->errors_before >= MOST_ERRORS) tokens_give_up(p);
    if (!p->gave_up) t = next_token(p);
    if (!p->gave_up && !t.is_virtual) t = or_what_is_missing(p, t);
    track(p, t);
    if (p->open.len > DEEPEST && !p->gave_up) {
        mistake_too_deep(p, t.span, DEEPEST);
        tokens_give_up(p);
        t.kind = TOK_END;
    }
    *span = t.span;
    return t.kind;
}

void tokens_give_up(Parser *p)
{
    p->gave_up = true;
    p->ahead.len = 0;
}

Token tokens_found(const Parser *p)
{
    if (!p->last.is_virtual) return p->last;
    for (uint32_t i = p->ahead.len; i-- > 0;)
        if (!p->ahead.at[i].is_virtual) return p->ahead.at[i];
    return p->last;
}

/* ---- recovery
 * -----------------------------------------------------------------------------------------------------
 */

/* The grammar takes this token after an error in the innermost bracket, header or statement. */
static bool is_sync(const Parser *p, int kind)
{
    if (in_parens(p)) return kind == closing(innermost(p));
    if (kind == TOK_SEMICOLON) return true;
    return p->open.len ? kind == TOK_RBRACE : p->in_header && kind == TOK_LBRACE;
}

/* Skips within round or square brackets, from t on. */
static void resync_parens(Parser *p, Token t)
{
    unsigned depth = 0;
    p->recovered = p->first.span;
    for (;; t = next_token(p)) {
        if (leaves_parens(p, t)) {
            close_parens(p, t);
            return;
        }
        if (!depth && t.kind == closing(innermost(p))) break;
        if (t.kind == TOK_LPAREN || t.kind == TOK_LBRACKET) depth++;
        if ((t.kind == TOK_RPAREN || t.kind == TOK_RBRACKET) && depth) depth--;
    }
    put_back(p, t);
}

/* t begins what is not part of the statement or header that is being skipped. */
static bool is_beyond(Parser *p, Token t)
{
    if (t.kind == TOK_END) return true;
    if (!p->open.len)
        return is_declaration(p, t) || (!p->in_header && is_statement(p, t) && t.kind == TOK_CONST);
    return t.kind == TOK_RBRACE || is_statement(p, t);
}

/* Skips a statement or header, from t on, with the blocks in it. A t that cannot be skipped ends
 * it, and so does the block of a statement. `fresh`: t may be where the next statement begins. */
static void resync_statement(Parser *p, Token t, bool fresh)
{
    unsigned depth = 0;
    for (;; t = next_token(p), fresh = true) {
        if (t.kind == TOK_END || (!depth && fresh && is_beyond(p, t))) {
            put_back(p, t);
            put_virtual(p, TOK_SEMICOLON, t.span.from);
            return;
        }
        if (!depth && is_sync(p, t.kind)) {
            put_back(p, t);
            return;
        }
        if (t.kind == TOK_LBRACE) depth++;
        if (t.kind != TOK_RBRACE || !depth) continue;
        if (--depth || peek(p) == TOK_ELSE) continue;
        put_virtual(p, TOK_SEMICOLON, t.span.to);
        return;
    }
}

void tokens_resync(Parser *p)
{
    Token bad = p->last;
    if (p->gave_up || bad.kind == TOK_UNCLOSED) return; /* what closes it is on its way */
    uint32_t open_now = p->open.len;
    bool header_now = p->in_header;
    p->open.len = p->open_was;
    p->in_header = p->header_was;
    if (is_sync(p, bad.kind)) { /* the grammar has it already */
        p->open.len = open_now;
        p->in_header = header_now;
        return;
    }
    bool fresh = p->resync_at != bad.span.from;
    p->resync_at = bad.span.from;
    if (bad.is_virtual) bad = next_token(p);
    bool next_line = fresh && bad.new_line && p->open.len && token_is_name(bad.kind);
    if (in_parens(p))
        resync_parens(p, bad);
    else if (next_line)
        close_parens(p, bad); /* no brackets: a ';' and the token */
    else
        resync_statement(p, bad, fresh);
}
