/* diagram_quantikz.c: a circuit for LaTeX, \usepackage{tikz} and \usetikzlibrary{quantikz2}. */
#include <string.h>

#include "export/diagram.h"

/* Underscores and the like outside of mathematics do not occur: labels are mathematics. */
static void put_cell(FILE *out, const Diagram *d, uint32_t column, uint32_t wire)
{
    const Cell *cell = &d->cell[column * d->wires + wire];
    /* The line goes from the first wire down to the last: each cell draws it to the next that has a sign. */
    uint32_t next = wire + 1;
    while (next <= cell->last && d->cell[column * d->wires + next].kind == CELL_passed) next++;
    int down = cell->first != cell->last && wire < cell->last ? (int)(next - wire) : 0;
    fputs(" & ", out);
    switch (cell->kind) {
    case CELL_wire:
    case CELL_passed: break;
    case CELL_gate:
        fprintf(out, "\\gate{%s}", cell->tex);
        if (down) fprintf(out, " \\vqw{%d}", down);
        break;
    case CELL_control: fprintf(out, down ? "\\ctrl{%d}" : "\\control{}", down); break;
    case CELL_open: fprintf(out, down ? "\\octrl{%d}" : "\\ocontrol{}", down); break;
    case CELL_not:
        fputs("\\targ{}", out);
        if (down) fprintf(out, " \\vqw{%d}", down);
        break;
    case CELL_swap: fprintf(out, down ? "\\swap{%d}" : "\\targX{}", down); break;
    }
    if (d->barrier && column + 1 == d->barrier && wire == 0) fputs(" \\slice{}", out);
}

static const char *start_tex(const char *start)
{
    return !strcmp(start, "psi") ? "\\psi" : !strcmp(start, "rho") ? "\\rho" : start;
}

void diagram_quantikz(FILE *out, const Diagram *d)
{
    fputs("\\begin{quantikz}\n", out);
    for (uint32_t w = 0; w < d->wires; w++) {
        bool mixed = d->start[0] == 'r' && w < d->fresh;
        fprintf(out, mixed ? "\\lstick{$%s$}" : "\\lstick{$\\ket{%s}$}", w >= d->fresh ? "0" : start_tex(d->start));
        for (uint32_t column = 0; column < d->columns; column++) put_cell(out, d, column, w);
        fputs(" & ", out);
        if (d->measured[w] && d->measured[w][0] == '<') fprintf(out, "\\meter{%c}", d->measured[w][1]);
        else if (d->measured[w]) fputs("\\trash{}", out);
        fputs(w + 1 < d->wires ? " \\\\\n" : "\n", out);
    }
    fputs("\\end{quantikz}\n", out);
}
