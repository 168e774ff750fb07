/* options.h: the command line of a native program. */
#ifndef RQ_NATIVE_OPTIONS_H
#define RQ_NATIVE_OPTIONS_H

#include "report/verbs.h"

enum { RQ_MOST_SETS = 64 };

typedef struct rq_native_options {
    rq_verb_options verb;
    const char *action; /* --action, or that of the run directory; NULL */
    bool has_seed, help;
    uint64_t seed;
    const char *set[RQ_MOST_SETS];
    int set_count;
    const char *argument; /* the run directory, or NULL */
} rq_native_options;

/* Verbs as letters: r(un), t(rain), e(val), p(redict), f(low), x for explore, d(istill), s(can). Words behind the verb; false: one message in err. */
bool rq_native_options_read(char verb, int argc, char **argv, rq_native_options *o, rq_error *err);
/* A line for each option of the verb. */
void rq_native_options_print(char verb);

#endif
