/* build.h: a native program on its way, between the files that make it. */
#ifndef RQ_CLI_BUILD_H
#define RQ_CLI_BUILD_H

#include "cli/session.h"
#include "native.h"

typedef struct Build {
    Compiler *c;
    const Options *o;
    NativeProgram program;
    NativeFiles files;
} Build;

/* build_explore.c: compiles every variant of the file's explorations, behind its train actions. Returns an ExitCode; what went wrong is
 * reported or in b->files.error. */
int build_explorations(Build *b, const Program *p);
/* The same for what distillations need. */
int build_distillations(Build *b, const Program *p);
int build_scans(Build *b, const Program *p);

#endif
