/* diag.h: what the compiler tells its user.
 *
 * Every message is a row of diag.def. A diagnostic is one main message, any number of located notes
 * and at most one help with an optional fix-it. Diagnostics are collected in the Compiler, sorted
 * by place, printed once by diag_flush().
 */
#ifndef RQ_BASE_DIAG_H
#define RQ_BASE_DIAG_H

#include "base/source.h"

typedef struct Compiler Compiler;

typedef enum DiagId {
    D_none,
#define ERROR(code, name, text) D_##name,
#define WARNING(code, name, text) D_##name,
#define NOTE(code, name, text) D_##name,
#define HELP(code, name, text) D_##name,
#include "base/diag.def"
#undef ERROR
#undef WARNING
#undef NOTE
#undef HELP
    D_COUNT
} DiagId;

/* Starts a diagnostic. The row decides error or warning; the arguments follow its text as in
 * printf. */
void diag_error(Compiler *c, Span at, DiagId id, ...);
void diag_warning(Compiler *c, Span at, DiagId id, ...);
/* Add to the diagnostic started last (dropped with it if that was a repeat). */
void diag_note(Compiler *c, Span at, DiagId id, ...);
void diag_help(Compiler *c, DiagId id, ...);
/* Sets the fix-it of the last diagnostic: replace `at` by `text` (empty `at` = insert). */
void diag_fixit(Compiler *c, Span at, const char *text);

/* Prints and forgets what was collected: sorted by place, exact repeats dropped, at most 20 errors.
 * Returns the number of errors printed. */
unsigned diag_flush(Compiler *c);

/* Is a collected error in an argument of the command line, not in a file? */
bool diag_in_argument(const Compiler *c);

/* Our own mistake: prints the user's line and the text, then aborts. */
_Noreturn void ice(const Compiler *c, Span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Main place and text of the i-th diagnostic collected so far. */
Span diag_place(const Compiler *c, uint32_t i);
const char *diag_message(const Compiler *c, uint32_t i);
bool diag_is_error(const Compiler *c, uint32_t i);

/* "E0312" for a row; its kind letter decides. For `explain` and tests. */
const char *diag_code(DiagId id);
const char *diag_text(DiagId id);

#endif
