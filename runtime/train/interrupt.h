/* interrupt.h: Ctrl-C, SIGTERM and a reader of our output that went away as a flag, so that a run can finish its step and leave
 * complete files. */
#ifndef RQ_TRAIN_INTERRUPT_H
#define RQ_TRAIN_INTERRUPT_H

#include <signal.h>

/* Nonzero after the first SIGINT, SIGTERM or SIGPIPE; a second one of the first two ends the process at once. */
const volatile sig_atomic_t *rq_interrupt_flag(void);

/* For main(): a standard file that our parent closed becomes one whose use fails. Otherwise the next file that is opened, say a
 * run's metrics, would take its number, and what is printed would be written into it. */
void rq_standard_files(void);

#endif
