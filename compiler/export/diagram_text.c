/* diagram_text.c: a circuit on a terminal:
 *
 *     0: ─RY(pi*x[0])─║─RY(theta[0,0,0])─RX(theta[0,0,1])─╭●────┤ <Z>
 *     1: ─RY(pi*x[1])─║─RY(theta[0,1,0])─RX(theta[0,1,1])─╰X─╭●─┤ <Z>
 *
 * A line joins the wires of one gate: ╭ at the first, ├ or │ between, ╰ at the last. ║ ends the encoding.
 */
#include <string.h>

#include "export/diagram.h"

typedef struct Signs {
    const char *wire, *first, *middle, *passed, *last, *control, *open, *not_, *swap, *barrier, *end, *more;
} Signs;

static const Signs unicode_signs = {"─", "╭", "├", "│", "╰", "●", "○", "⊕", "x", "║", "┤", "···"};
static const Signs ascii_signs = {"-", ",", "+", "|", "`", "*", "o", "X", "x", "#", "|", "..."};

/* How many columns a text takes: every character here takes one. */
static int width_of(const char *text)
{
    int n = 0;
    for (; *text; text++) n += (*text & 0xc0) != 0x80;
    return n;
}

static const char *sign_of(const Signs *s, const Cell *cell)
{
    switch (cell->kind) {
    case CELL_gate: return cell->label;
    case CELL_control: return s->control;
    case CELL_open: return s->open;
    case CELL_not: return s->not_;
    case CELL_swap: return s->swap;
    case CELL_wire:
    case CELL_passed: break;
    }
    return "";
}

static const char *joint_of(const Signs *s, const Cell *cell, uint32_t wire)
{
    if (cell->first == cell->last) return "";
    if (cell->kind == CELL_passed) return s->passed;
    return wire == cell->first ? s->first : wire == cell->last ? s->last : s->middle;
}

static const Cell *cell_of(const Diagram *d, uint32_t column, uint32_t wire) { return &d->cell[column * d->wires + wire]; }

static int column_width(const Diagram *d, const Signs *s, uint32_t column)
{
    int most = 1;
    for (uint32_t w = 0; w < d->wires; w++) {
        const Cell *cell = cell_of(d, column, w);
        int n = width_of(joint_of(s, cell, w)) + width_of(sign_of(s, cell));
        if (n > most) most = n;
    }
    return most + (d->barrier && column == d->barrier ? 2 : 0);
}

static void put_wire(FILE *out, const Signs *s, int n)
{
    while (n-- > 0) fputs(s->wire, out);
}

/* "|psi> ", "rho ", and "|0>" as wide for fresh wires. */
static void put_start(FILE *out, const Diagram *d, uint32_t wire)
{
    bool mixed = d->start[0] == 'r';
    int width = (int)strlen(d->start) + (mixed ? 1 : 3);
    if (wire >= d->fresh) fprintf(out, "%-*s", width, "|0>");
    else fprintf(out, mixed ? "%s " : "|%s> ", d->start);
}

static void put_row(FILE *out, const Diagram *d, const Signs *s, uint32_t wire, uint32_t from, uint32_t to)
{
    fprintf(out, "%2u: ", wire);
    if (from) fputs(s->more, out);
    else if (strcmp(d->start, "0")) put_start(out, d, wire);
    fputs(s->wire, out);
    for (uint32_t column = from; column < to; column++) {
        const Cell *cell = cell_of(d, column, wire);
        const char *joint = joint_of(s, cell, wire), *sign = sign_of(s, cell);
        int width = column_width(d, s, column);
        if (d->barrier && column == d->barrier) {
            fprintf(out, "%s%s", s->barrier, s->wire);
            width -= 2;
        }
        fprintf(out, "%s%s", joint, sign);
        put_wire(out, s, width - width_of(joint) - width_of(sign) + 1);
    }
    if (to < d->columns) fputs(s->more, out);
    else if (d->measured[wire]) fprintf(out, "%s %s", s->end, d->measured[wire]);
    fputc('\n', out);
}

void diagram_text(FILE *out, const Diagram *d, int width, bool unicode)
{
    const Signs *s = unicode ? &unicode_signs : &ascii_signs;
    uint32_t from = 0;
    do {
        uint32_t to = from;
        for (int used = 14; to < d->columns && (to == from || used + column_width(d, s, to) + 1 <= width); to++)
            used += column_width(d, s, to) + 1;
        if (from) fputc('\n', out);
        for (uint32_t w = 0; w < d->wires; w++) put_row(out, d, s, w, from, to);
        from = to;
    } while (from < d->columns);
    for (uint32_t i = 0; i < d->yields.len; i++) fprintf(out, "    %s\n", d->yields.at[i]);
}
