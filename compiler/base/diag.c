/* diag.c: collects diagnostics and prints them with the user's lines.
 *
 *     error[E0312]: a skip needs equal shapes, but these are [1, 28, 28] and [10]
 *       --> model.rq:17:10
 *        |
 *     15 |     layer q1   = quanv(kernel: 2, stride: 2, encode: angle());
 *        |           -- this is [1, 28, 28]
 *     17 |     skip q1 -> head;
 *        |          ^^^^^^^^^^
 *        = help: an adapter fits: 'skip q1 -> head via dense(10);'
 *
 * A Diag is its marks, the main one first. The marks of one file form an excerpt, in the order of
 * their lines. What a line looks like and where its columns are is decided in excerpt.c.
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/excerpt.h"

enum { MOST_ERRORS = 20 };

typedef struct Row {
    char kind; /* 'E' error, 'W' warning, 'N' note, 'H' help */
    const char *code, *text;
} Row;

#define ERROR(code, name, text) {'E', #code, text},
#define WARNING(code, name, text) {'W', #code, text},
#define NOTE(code, name, text) {'N', #code, text},
#define HELP(code, name, text) {'H', #code, text},
static const Row rows[] = {
    {0, "", ""},
#include "base/diag.def"
};
#undef ERROR
#undef WARNING
#undef NOTE
#undef HELP

struct Diag {
    DiagId id;
    uint32_t order; /* of reporting */
    const char *text;
    Marks marks; /* the main one first; its label is empty */
    const char *help;
    Span fix_at;
    const char *fix_text; /* NULL: no fix-it */
};

Span diag_place(const Compiler *c, uint32_t i) { return c->diags.at[i]->marks.at[0].at; }
const char *diag_message(const Compiler *c, uint32_t i) { return c->diags.at[i]->text; }

bool diag_is_error(const Compiler *c, uint32_t i) { return rows[c->diags.at[i]->id].kind == 'E'; }

const char *diag_code(DiagId id) { return rows[id].code; }
const char *diag_text(DiagId id) { return rows[id].text; }

static const char *format_text(Compiler *c, DiagId id, char kind, va_list args)
{
    if (rows[id].kind != kind)
        ice(c, (Span){0, 0}, "message %s is not of kind '%c'", diag_code(id), kind);
    return arena_vprintf(c->keep, rows[id].text, args);
}

static void start(Compiler *c, Span at, DiagId id, const char *text)
{
    Diag *d = arena_make(c->keep, Diag);
    d->id = id;
    d->order = c->diags.len;
    d->text = text;
    vec_push(c->keep, &d->marks, (Mark){.at = at, .label = "", .is_main = true});
    vec_push(c->keep, &c->diags, d);
}

static Diag *last_diag(Compiler *c, DiagId id)
{
    if (!c->diags.len) ice(c, (Span){0, 0}, "'%s' has no diagnostic to belong to", rows[id].text);
    return c->diags.at[c->diags.len - 1];
}

void diag_error(Compiler *c, Span at, DiagId id, ...)
{
    va_list args;
    va_start(args, id);
    start(c, at, id, format_text(c, id, 'E', args));
    va_end(args);
    c->errors++;
}

void diag_warning(Compiler *c, Span at, DiagId id, ...)
{
    va_list args;
    va_start(args, id);
    start(c, at, id, format_text(c, id, 'W', args));
    va_end(args);
    c->warnings++;
}

void diag_note(Compiler *c, Span at, DiagId id, ...)
{
    Diag *d = last_diag(c, id);
    va_list args;
    va_start(args, id);
    const char *text = format_text(c, id, 'N', args);
    va_end(args);
    Mark *main_mark = &d->marks.at[0];
    bool same = main_mark->at.from == at.from && main_mark->at.to == at.to && at.to;
    if (same && !*main_mark->label)
        main_mark->label = text;
    else
        vec_push(c->keep, &d->marks, (Mark){.at = at, .label = text});
}

void diag_help(Compiler *c, DiagId id, ...)
{
    va_list args;
    va_start(args, id);
    last_diag(c, id)->help = format_text(c, id, 'H', args);
    va_end(args);
}

void diag_fixit(Compiler *c, Span at, const char *text)
{
    Diag *d = last_diag(c, D_none);
    d->fix_at = at;
    d->fix_text = arena_strdup(c->keep, text);
}

bool diag_in_argument(const Compiler *c)
{
    for (uint32_t i = 0; i < c->diags.len; i++) {
        Place p = source_place(&c->sources, c->diags.at[i]->marks.at[0].at.from);
        if (rows[c->diags.at[i]->id].kind == 'E' && p.source && p.source->is_argument) return true;
    }
    return false;
}

static int by_place(const void *a, const void *b)
{
    const Diag *x = *(Diag *const *)a, *y = *(Diag *const *)b;
    uint32_t at_x = x->marks.at[0].at.from, at_y = y->marks.at[0].at.from;
    if (at_x != at_y) return at_x < at_y ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static bool is_repeat(const Diag *a, const Diag *b)
{
    Span at_a = a->marks.at[0].at, at_b = b->marks.at[0].at;
    return a->id == b->id && at_a.from == at_b.from && at_a.to == at_b.to &&
           !strcmp(a->text, b->text);
}

/* Sorts and drops repeats; a repeat need not be the neighbour, but it begins at the same offset. */
static void settle(Compiler *c)
{
    if (c->diags.len) qsort(c->diags.at, c->diags.len, sizeof *c->diags.at, by_place);
    uint32_t kept = 0,
             same_place = 0; /* kept diagnostics from same_place on begin where this one does */
    for (uint32_t i = 0; i < c->diags.len; i++) {
        Diag *d = c->diags.at[i];
        if (kept && c->diags.at[kept - 1]->marks.at[0].at.from != d->marks.at[0].at.from)
            same_place = kept;
        bool repeated = false;
        for (uint32_t k = same_place; k < kept && !repeated; k++)
            repeated = is_repeat(c->diags.at[k], d);
        if (!repeated) c->diags.at[kept++] = d;
    }
    c->diags.len = kept;
}

/* What a fix-it does, when no help says it: "insert ';'". */
static const char *fix_in_words(Compiler *c, const Diag *d)
{
    Place p = source_place(&c->sources, d->fix_at.from);
    if (!p.source) return NULL;
    uint32_t len = d->fix_at.to - d->fix_at.from;
    const char *old =
        arena_strndup(c->scratch, p.source->text + (d->fix_at.from - p.source->base), len);
    if (!len) return arena_printf(c->scratch, "insert '%s'", d->fix_text);
    if (!*d->fix_text) return arena_printf(c->scratch, "remove '%s'", old);
    return arena_printf(c->scratch, "write '%s' instead of '%s'", d->fix_text, old);
}

static void print_line(Compiler *c, const Diag *d)
{
    Place p = source_place(&c->sources, d->marks.at[0].at.from);
    if (p.source && p.source->is_argument)
        fprintf(c->messages, "%s: ", p.source->path);
    else if (p.source)
        fprintf(c->messages, "%s:%u:%u: ", p.source->path, p.line, p.column);
    else
        fputs("rq: ", c->messages);
    fprintf(c->messages, "%s: ", diag_code(d->id));
    excerpt_text(c->messages, d->text);
    fputc('\n', c->messages);
}

static void print_full(Compiler *c, const Diag *d)
{
    bool is_error = rows[d->id].kind == 'E';
    const char *colour = c->colour ? (is_error ? "\033[1;31m" : "\033[1;33m") : "";
    const char *bold = c->colour ? "\033[0m\033[1m" : "", *plain = c->colour ? "\033[0m" : "";
    fprintf(c->messages, "%s%s[%s]%s: ", colour, is_error ? "error" : "warning", diag_code(d->id),
            bold);
    excerpt_text(c->messages, d->text);
    fprintf(c->messages, "%s\n", plain);
    ArenaMark mark = arena_mark(c->scratch);
    unsigned indent = excerpts_print(c, d->marks.at, d->marks.len, colour);
    const char *help = d->help ? d->help : d->fix_text ? fix_in_words(c, d) : NULL;
    if (help) {
        fprintf(c->messages, "%*s= help: ", (int)indent, "");
        excerpt_text(c->messages, help);
        fputc('\n', c->messages);
    }
    arena_reset(c->scratch, mark);
    fputc('\n', c->messages);
}

unsigned diag_flush(Compiler *c)
{
    settle(c);
    unsigned printed = 0, left = 0;
    for (uint32_t i = 0; i < c->diags.len; i++) {
        const Diag *d = c->diags.at[i];
        bool is_error = rows[d->id].kind == 'E';
        if (rows[d->id].kind == 'W')
            vec_push(c->keep, &c->warned, arena_printf(c->keep, "%s: %s (%s)", rows[d->id].code, d->text,
                                                       source_place_text(c->keep, &c->sources, d->marks.at[0].at)));
        if (printed == MOST_ERRORS) {
            left += is_error;
            continue;
        }
        if (c->diag_line)
            print_line(c, d);
        else
            print_full(c, d);
        printed += is_error;
    }
    if (left)
        fprintf(c->messages, "rq: %u more error%s not shown\n", left, left == 1 ? " is" : "s are");
    c->diags.len = 0;
    return printed;
}

void ice(const Compiler *c, Span at, const char *format, ...)
{
    FILE *out = c->messages ? c->messages : stderr;
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(out, "rq: internal error: %s\n", text);
    Mark mark = {
        .at = at, .label = "rq failed here; this is a bug in rq, not in the file", .is_main = true};
    excerpts_print(c, &mark, 1, "");
    fflush(out);
    abort();
}
