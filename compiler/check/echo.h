/* echo.h: what a syntax error makes look wrong elsewhere is not reported a second time. */
#ifndef RQ_CHECK_ECHO_H
#define RQ_CHECK_ECHO_H

#include "check/scope.h"

/* Notes the lines of all diagnostics so far: those of the parser. */
void note_broken_lines(Check *k);
/* True if the word stands on a line that the parser complained of: its declaration may be what was
 * lost. */
bool is_echo(const Check *k, const char *word);
/* True if the parser complained of something within the span. */
bool is_broken(const Check *k, Span span);

#endif
