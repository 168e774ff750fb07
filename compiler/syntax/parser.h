/* parser.h: the state of one parse, and the tokens on their way from the scanner to the grammar.
 *
 * Between scanner and grammar stands a short filter (tokens.c). It knows which brackets are open
 * and adds tokens of no width, which makes recovery exact: TOK_STATEMENT_END where a ';' was left
 * out at the end of a line, TOK_UNCLOSED and the missing brackets where one was left open. After an
 * error it skips to where the grammar can go on.
 */
#ifndef RQ_SYNTAX_PARSER_H
#define RQ_SYNTAX_PARSER_H

#include "grammar/rq.tab.h"

typedef struct Token {
    int kind;
    Span span;
    bool is_virtual; /* not in the text; its span is where it would stand, or that of the token that
                        shows it missing */
    bool new_line;   /* first of its line */
} Token;

struct Parser {
    Compiler *c;
    const Source *source;
    Ast *ast;

    /* the scanner's */
    void *scanner;
    uint32_t offset;    /* of the next byte, in the space of all sources */
    uint32_t opened;    /* where the string or comment being read begins */
    uint32_t stray_end; /* end of the last stray character, so that a run of them is one error */
    bool new_line;      /* a line has ended since the last token */

    /* the filter's */
    VEC(Token) ahead;   /* tokens to come before the scanner's, the last first */
    VEC(Token) open;    /* opening brackets */
    Token last, before; /* delivered last, and the last real one before that */
    Token first;        /* of the current statement, field or declaration */
    uint32_t open_was;  /* brackets open before `last` */
    uint32_t resync_at; /* the offset of the last recovery: the same token cannot stop it twice */
    Span recovered; /* first token of the statement in whose brackets something was skipped last */
    int unit;       /* keyword of the declaration that was begun last and has a body */
    bool in_header, header_was; /* between the keyword of a declaration with a body and its '{' */
    bool gave_up; /* too deep or too many errors: only TOK_END comes, and nothing is reported */
    bool formals_lost;      /* of the declaration being read */
    bool too_deep;          /* reported once */
    unsigned errors_before; /* c->errors when the parse began */
};

/* The scanner (rq.l), the filter, the parser (rq.y). `text` is written into and ends with two
 * zeros, which count in `size`; the scanner's memory is on p->c->scratch. */
void scanner_start(Parser *p, char *text, size_t size);
int scan_token(RQ_YYSTYPE *value, Span *span, void *scanner);
int rq_yylex(RQ_YYSTYPE *value, Span *span, Parser *p);

/* Called when a syntax error was found at p->last: skips to where parsing can go on. */
void tokens_resync(Parser *p);
/* What the user sees at p->last: for a virtual token, the next real one. */
Token tokens_found(const Parser *p);
/* Ends the parse: from now on only TOK_END comes and syntax errors are silent. */
void tokens_give_up(Parser *p);

/* A NAME or a keyword that may stand for one everywhere. */
bool token_is_name(int kind);
/* A keyword that begins a statement or a declaration. */
bool token_begins_statement(int kind);
bool token_begins_declaration(
    int kind); /* `const` is no proof of a declaration and is not among them */
/* A token as the user sees it: "'layer'", "a name" (rq.y). */
const char *token_alias(int kind);

/* expected.c: "',' or ')'", on c->keep. *only is the kind if it is one token with a fixed text,
 * else 0. */
const char *expected_text(Parser *p, const int *tokens, int count, int *only);
bool expects(const int *tokens, int count, int kind);

#endif
