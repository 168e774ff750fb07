/* hand_kernels.h: Kernels written by hand, for tests of the backend and the runtime without a scheduler.
 *
 *     Hand h = hand_open("f", 16, 4);
 *     BufferId x = hand_input(&h, "x", 4), y = hand_output(&h, "y", 4, true, false);
 *     hand_kernel(&h, 1, 1);                                  one loop kernel in phase 1 with one iteration
 *     Step *s = hand_step(&h, STEP_copy, x, y);
 */
#ifndef RQ_TESTS_HAND_KERNELS_H
#define RQ_TESTS_HAND_KERNELS_H

#include "kernel/kernel.h"

typedef struct Hand {
    Kernels *k;
    Phase *phase;
    Kernel *kernel;
} Hand;

Hand hand_open(const char *name, int lanes, int real_bytes);
void hand_close(Hand *h);

BufferId hand_buffer(Hand *h, rq_role role, uint32_t leaf, int64_t elements, bool batched, bool is_complex);
BufferId hand_param(Hand *h, const char *name, int64_t elements, bool is_complex);
BufferId hand_input(Hand *h, const char *name, int64_t elements);
BufferId hand_output(Hand *h, const char *name, int64_t elements, bool batched, bool is_complex);
BufferId hand_temporary(Hand *h, rq_role role, int64_t elements, bool is_complex); /* thread, kept: batched; shared: not */
BufferId hand_constant(Hand *h, int64_t elements, const double *re, const double *im);
/* A new batch sum: its partial; *total is the buffer of its total. */
BufferId hand_sum(Hand *h, int64_t elements, bool is_complex, BufferId *total);

/* Starts a loop kernel in phase `phase`; phases before it are added. */
void hand_kernel(Hand *h, uint32_t phase, int64_t outer);
/* Adds a step to the current kernel; count = elements of `out` for one iteration. An operand that has `outer` times as many elements
 * as fit one iteration advances with p. */
Step *hand_step(Hand *h, StepKind kind, int64_t count, BufferId out);
/* Adds an operand: `inner` elements per iteration; mapped ones advance with p. */
void hand_in(Hand *h, Step *s, BufferId b, int64_t inner);

/* Scalar programs: each gives the number of its value. */
uint32_t hand_load(Hand *h, Step *s, uint32_t operand, uint32_t part);
uint32_t hand_number(Hand *h, Step *s, double value);
uint32_t hand_op(Hand *h, Step *s, Scalar op, uint32_t a, uint32_t b, uint32_t c);
void hand_store(Hand *h, Step *s, uint32_t operand, uint32_t part, uint32_t value);

/* A repeatable number in [-1, 1). */
double hand_random(uint64_t *state);

#endif
