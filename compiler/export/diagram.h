/* diagram.h: quantum stages as a grid of wires and columns, which text, LaTeX and pictures draw. */
#ifndef RQ_EXPORT_DIAGRAM_H
#define RQ_EXPORT_DIAGRAM_H

#include "check/inst.h"

typedef enum CellKind {
    CELL_wire,    /* nothing on this wire */
    CELL_gate,    /* a box with a label */
    CELL_control, /* |1> */
    CELL_open,    /* |0> */
    CELL_not,     /* target of a controlled x */
    CELL_swap,
    CELL_passed   /* the line of a gate on wires above and below crosses this one */
} CellKind;

typedef struct Cell {
    CellKind kind;
    const char *label, *tex; /* gate: "RY(theta[0,1])" and the same in LaTeX's mathematics */
    uint8_t first, last;     /* wires that the gate reaches; equal for a gate on one wire */
} Cell;

typedef struct Diagram {
    uint32_t wires, columns;
    const char *start; /* what the wires begin with: "0", "psi", "rho", or "x" as amplitudes */
    uint32_t fresh;    /* wires from this one on begin with 0 */
    Cell *cell;        /* [column][wire] */
    const char **measured; /* [wire]: "<Z>" of yields on one wire, "traced out"; NULL: neither */
    VEC(const char *) yields; /* the other results, "0.5 Z0 X1 - 1"; all of them have a number */
    uint32_t barrier;         /* the encoding ends before this column; 0: none to be marked */
} Diagram;

/* Of `count` stages that encode, evolve or measure, each of which hands its state to the next. Lives in c->keep. */
Diagram *diagram_of(Compiler *c, const ModelInst *m, const Stage *first, uint32_t count);

/* Lines of at most `width` columns of the terminal; longer circuits go on below. unicode: else ASCII. */
void diagram_text(FILE *out, const Diagram *d, int width, bool unicode);
/* A quantikz environment. */
void diagram_quantikz(FILE *out, const Diagram *d);

#endif
