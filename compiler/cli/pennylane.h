/* pennylane.h: the stage of `rq emit` that is a Python script. */
#ifndef RQ_CLI_PENNYLANE_H
#define RQ_CLI_PENNYLANE_H

#include "cli/session.h"

/* Prints the script for the model of the train action, or the file's first model, with the samples and parameters that gradcheck
 * would take. Returns an ExitCode. */
int emit_pennylane(Compiler *c, const Options *o, const Program *p, FILE *out);

#endif
