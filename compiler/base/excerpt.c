/* excerpt.c: one file's marked lines with a gutter of line numbers.
 *
 * A line is shown as cells, one per character of UTF-8; a tab is four cells of blank, what cannot
 * be shown is '?'. A line of more than WIDTH cells is cut around its first mark. A mark that runs
 * over its line's end is drawn to that end; one that stands behind the line is one cell wide.
 */
#include "base/excerpt.h"

#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 100,
    TAB = 4,
    BEFORE = 30
}; /* BEFORE: cells kept in front of the mark when a line is cut */

#define BLUE "\033[1;34m"
#define PLAIN "\033[0m"

typedef struct Spot {
    const Mark *mark;
    Place place;
} Spot;

/* Bytes of the character at s, and whether it can be shown as it is. At the end of the text: 0. */
static uint32_t char_len(const char *s, uint32_t left, bool *shown)
{
    if (!left) return 0;
    unsigned char first = (unsigned char)s[0];
    *shown = first >= 0x20 && first != 0x7F && first < 0x80;
    if (first < 0x80) return 1;
    uint32_t need = first >= 0xF0 && first < 0xF5   ? 4
                    : first >= 0xE0 && first < 0xF0 ? 3
                    : first >= 0xC2 && first < 0xE0 ? 2
                                                    : 0;
    if (!need || need > left) return 1;
    for (uint32_t k = 1; k < need; k++)
        if (((unsigned char)s[k] & 0xC0) != 0x80) return k;
    *shown = !(first == 0xC2 && (unsigned char)s[1] < 0xA0); /* C1 control characters */
    return need;
}

void excerpt_text(FILE *out, const char *text)
{
    bool shown = false;
    for (uint32_t left = (uint32_t)strlen(text), len; (len = char_len(text, left, &shown));
         text += len, left -= len) {
        if (shown)
            fwrite(text, 1, len, out);
        else
            fputc('?', out);
    }
}

/* Cells in front of byte `at` of the line. */
static uint32_t cells_before(const char *line, uint32_t at)
{
    uint32_t cells = 0;
    bool shown;
    for (uint32_t i = 0; i < at; i += char_len(line + i, at - i, &shown))
        cells += line[i] == '\t' ? TAB : 1;
    return cells;
}

/* Writes the cells [from, to) of a line. */
static void print_cells(FILE *out, const char *line, uint32_t len, uint32_t from, uint32_t to)
{
    uint32_t cell = 0;
    bool shown = false;
    for (uint32_t i = 0, n; i < len && cell < to; i += n) {
        n = char_len(line + i, len - i, &shown);
        uint32_t width = line[i] == '\t' ? TAB : 1;
        for (uint32_t k = 0; k < width; k++, cell++) {
            if (cell < from || cell >= to) continue;
            if (line[i] == '\t')
                fputc(' ', out);
            else if (shown)
                fwrite(line + i, 1, n, out);
            else
                fputc('?', out);
        }
    }
}

static uint32_t line_len(const Place *p)
{
    return p->line_len && p->line_text[p->line_len - 1] == '\r' ? p->line_len - 1 : p->line_len;
}

static void gutter(const Compiler *c, unsigned width, uint32_t line)
{
    const char *on = c->colour ? BLUE : "", *off = c->colour ? PLAIN : "";
    if (line)
        fprintf(c->messages, "%s%*u |%s", on, (int)width, line, off);
    else
        fprintf(c->messages, "%s%*s |%s", on, (int)width, "", off);
}

/* The row of carets under a line: first and end are cells of the mark, `cut` the first cell shown.
 */
static void print_mark(const Compiler *c, const Spot *spot, unsigned width, uint32_t cut,
                       const char *colour)
{
    const Mark *m = spot->mark;
    const Place *p = &spot->place;
    uint32_t at = m->at.from - p->source->base - (uint32_t)(p->line_text - p->source->text);
    uint32_t len = line_len(p), end = m->at.to - m->at.from + at;
    if (at > len) at = len;
    if (end > len) end = len;
    uint32_t first = cells_before(p->line_text, at), last = cells_before(p->line_text, end);
    if (last <= first) last = first + 1;
    uint32_t indent = first - cut + (cut ? 3 : 0);
    if (last - first > WIDTH - (first - cut)) last = first + (WIDTH - (first - cut));
    gutter(c, width, 0);
    fprintf(c->messages, " %*s%s", (int)indent, "", c->colour ? (m->is_main ? colour : BLUE) : "");
    for (uint32_t i = first; i < last; i++) fputc(m->is_main ? '^' : '-', c->messages);
    if (*m->label) fputc(' ', c->messages);
    excerpt_text(c->messages, m->label);
    fprintf(c->messages, "%s\n", c->colour ? PLAIN : "");
}

/* A line and the marks on it: spots[0..n) are of one line. A mark that a cut would hide gets a cut
 * of its own. */
static void print_line(const Compiler *c, const Spot *spots, uint32_t n, unsigned width,
                       const char *colour)
{
    const Place *p = &spots[0].place;
    uint32_t len = line_len(p), cells = cells_before(p->line_text, len), cut = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at =
            spots[i].mark->at.from - p->source->base - (uint32_t)(p->line_text - p->source->text);
        uint32_t first = cells_before(p->line_text, at < len ? at : len), was = cut;
        bool fits = i && first >= cut && first < cut + WIDTH;
        if (!fits) cut = cells > WIDTH && first > WIDTH - BEFORE ? first - BEFORE : 0;
        if (!i || cut != was) {
            gutter(c, width, p->line);
            fprintf(c->messages, len ? " %s" : "%s", cut ? "..." : "");
            print_cells(c->messages, p->line_text, len, cut, cut + WIDTH);
            fprintf(c->messages, "%s\n", cells > cut + WIDTH ? "..." : "");
        }
        print_mark(c, &spots[i], width, cut, colour);
    }
}

/* Lines ascend; on a line the main mark comes first, then from left to right. */
static int by_line(const void *a, const void *b)
{
    const Spot *x = a, *y = b;
    if (x->place.line != y->place.line) return x->place.line < y->place.line ? -1 : 1;
    if (x->mark->is_main != y->mark->is_main) return x->mark->is_main ? -1 : 1;
    return (x->mark->at.from > y->mark->at.from) - (x->mark->at.from < y->mark->at.from);
}

/* Prints the excerpt of the file of spots[0]; printed spots leave the array. Returns how many are
 * left. */
static uint32_t print_file(const Compiler *c, Spot *spots, uint32_t n, unsigned width,
                           const char *colour)
{
    Place head = spots[0].place;
    Spot *here = arena_array(c->scratch, Spot, n);
    uint32_t count = 0, left = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (spots[i].place.source == head.source)
            here[count++] = spots[i];
        else
            spots[left++] = spots[i];
    }
    qsort(here, count, sizeof *here, by_line);
    if (head.source->is_argument) {
        fprintf(c->messages, "%*s--> %s\n", (int)width, "", head.source->path);
        return left;
    }
    fprintf(c->messages, "%*s--> %s:%u:%u\n", (int)width, "", head.source->path, head.line,
            head.column);
    gutter(c, width, 0);
    fputc('\n', c->messages);
    for (uint32_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && here[next].place.line == here[i].place.line; next++)
            continue;
        if (i && here[i].place.line > here[i - 1].place.line + 1) fputs("...\n", c->messages);
        print_line(c, here + i, next - i, width, colour);
    }
    return left;
}

unsigned excerpts_print(const Compiler *c, const Mark *marks, uint32_t n, const char *colour)
{
    Spot *spots = arena_array(c->scratch, Spot, n);
    uint32_t placed = 0, last_line = 1;
    for (uint32_t i = 0; i < n; i++) {
        Place p = marks[i].at.to ? source_place(&c->sources, marks[i].at.from) : (Place){0};
        if (!p.source) continue;
        spots[placed++] = (Spot){&marks[i], p};
        if (p.line > last_line) last_line = p.line;
    }
    unsigned width = 1;
    for (; last_line >= 10; last_line /= 10) width++;
    while (placed) placed = print_file(c, spots, placed, width, colour);
    for (uint32_t i = 0; i < n; i++) {
        if (marks[i].at.to && source_place(&c->sources, marks[i].at.from).source) continue;
        if (!*marks[i].label) continue;
        fprintf(c->messages, "%*s= note: ", (int)width + 1, "");
        excerpt_text(c->messages, marks[i].label);
        fputc('\n', c->messages);
    }
    return width + 1;
}
