/* mistakes.h: what newcomers write, reported in one place. Each function reports; the grammar goes
 * on as if it were right. */
#ifndef RQ_SYNTAX_MISTAKES_H
#define RQ_SYNTAX_MISTAKES_H

#include "syntax/build.h"

/* Of the scanner. */
void mistake_character(Parser *p,
                       Span at); /* one character of UTF-8, a control character or a broken byte */
void mistake_hash(Parser *p, Span line); /* `# comment` */
void mistake_number(Parser *p, Span at);
void mistake_open_comment(Parser *p, Span at);
void mistake_open_string(Parser *p, Span at);

/* Of the grammar. */
void mistake_syntax(Parser *p, const int *expected, int count);
void mistake_memory(Parser *p, Span at);
void mistake_too_deep(Parser *p, Span at, unsigned limit);
void mistake_semicolon(Parser *p, Span at);
void mistake_equals(Parser *p, Ident label, Span equals);     /* `kernel = 2` for `kernel: 2` */
void mistake_colon(Parser *p, Ident name, Span colon);        /* `layer a: dense(2)` */
void mistake_operator(Parser *p, Span op, const char *right); /* `**`, `&&`, `=` in a condition */
/* `q1 = quanv(...);`: the keyword that is missing, TOK_LAYER or TOK_CONST. */
int mistake_no_keyword(Parser *p, Ident name);
/* `let a = 3;` */
void mistake_keyword(Parser *p, Ident word);
/* Adds to the error about a gate where no gates are that its name is near to a keyword. */
void mistake_gate(Parser *p, const Stmt *gate);
void mistake_empty(Parser *p, Span semicolon, const char *what);

/* The text of a span, cut to what fits into a message. On c->keep. */
const char *text_at(const Parser *p, Span span);

#endif
