/* fault.h: makes the n-th call to the system fail, so that librq needs no code for its tests.
 *
 * The linker leads what librq calls to fault.c (-Wl,--wrap), which counts the calls and lets one of them fail, or all from one on, or
 * reads and writes come back halfway. Streams from fopen() go through the same calls. Without a plan everything is as it is.
 */
#ifndef RQ_TESTS_FAULT_H
#define RQ_TESTS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum fault_call {
    FAULT_none,
#define FAULT(name, reason) FAULT_##name,
#include "faults/fault.def"
#undef FAULT
    FAULT_COUNT
} fault_call;
extern const char *const fault_names[FAULT_COUNT];

typedef enum fault_mode {
    FAULT_ONCE,    /* call n fails, those after it do not */
    FAULT_FOREVER, /* all from call n on */
    FAULT_HALF,    /* call n, a read or write of more than a byte, does half of it; the next one is interrupted */
    FAULT_MODES
} fault_mode;

/* Counts calls from here on, from 1; call n fails, with n = 0 none. */
void fault_plan(int64_t n, fault_mode mode);
/* Ends the plan; says which call it met, FAULT_none if none. */
fault_call fault_end(void);
/* How many calls there were since fault_plan. */
int64_t fault_calls(void);

/* n calls of one kind succeed, all later ones fail, until n is negative. */
void fault_after(fault_call call, int64_t n);

/* A clock that goes on by a millisecond whenever it is read, so that what is written does not depend on time. */
void fault_clock(bool on);

#endif
