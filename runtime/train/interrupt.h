/* interrupt.h: Ctrl-C and SIGTERM as a flag, so that a run can finish its step and leave complete files. */
#ifndef RQ_TRAIN_INTERRUPT_H
#define RQ_TRAIN_INTERRUPT_H

#include <signal.h>

/* Nonzero after the first SIGINT or SIGTERM; the second one ends the process at once. */
const volatile sig_atomic_t *rq_interrupt_flag(void);

#endif
