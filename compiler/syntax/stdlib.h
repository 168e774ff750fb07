/* stdlib.h: text files that were embedded in the program when it was built.
 *
 * A table is in the order of the file names and ends with a row whose name is NULL.
 */
#ifndef RQ_SYNTAX_STDLIB_H
#define RQ_SYNTAX_STDLIB_H

struct rq_stdlib_file {
    const char *name; /* "circuits.rq" */
    const char *text;
};

extern const struct rq_stdlib_file rq_stdlib[];  /* stdlib/ */
extern const struct rq_stdlib_file rq_misuses[]; /* tests/error/; in the program `rq` only */
extern const struct rq_stdlib_file rq_scripts[]; /* compiler/export/: what exported programs begin with */

#endif
