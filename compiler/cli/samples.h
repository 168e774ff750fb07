/* samples.h: samples of a data source as pictures in the terminal and as PNG. */
#ifndef RQ_CLI_SAMPLES_H
#define RQ_CLI_SAMPLES_H

#include "cli/session.h"

/* Shows the first samples of "mnist" or "glyphs(size: 16)"; with -o, writes a sheet of them. Returns an ExitCode. */
int samples_show(Compiler *c, const Options *o, const char *source);

#endif
