/* expand.h: the straight program of a map step while it is written, and the functions that are built of scalar rows. */
#ifndef RQ_KERNEL_EXPAND_H
#define RQ_KERNEL_EXPAND_H

#include "kernel/kernel.h"

/* What sin and cos of one argument share. */
typedef struct Turn {
    uint32_t x, sin, cos, odd, half; /* values; sin and cos of the reduced argument */
} Turn;

typedef struct Program {
    Arena *arena;
    Step *step;
    int real_bytes; /* decides the polynomials */
    VEC(Turn) turns;
} Program;

/* Append one operation; the result is its value. Unused operands are 0. */
uint32_t program_op(Program *p, Scalar op, uint32_t a, uint32_t b, uint32_t c);
uint32_t program_constant(Program *p, double value);

/* Within 2 units in the last place of the type (tanh: 3); a NaN stays one, other results are finite where the function is.
 * sin, cos: to that accuracy for |x| <= 1e4, beyond some number in [-1, 1]. exp: inf above, 0 below the range of the type.
 * log: -inf at 0, NaN below. */
uint32_t expand_sin(Program *p, uint32_t x);
uint32_t expand_cos(Program *p, uint32_t x);
uint32_t expand_exp(Program *p, uint32_t x);
uint32_t expand_log(Program *p, uint32_t x);
uint32_t expand_tanh(Program *p, uint32_t x);

/* The operations that an expansion has, constants not counted, at most. */
enum { EXPAND_MAX_OPS = 40 };

#endif
