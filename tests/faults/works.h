/* works.h: pieces of work whose calls are made to fail, each as the verbs of `rq` and native programs do it. */
#ifndef RQ_TESTS_FAULTS_WORKS_H
#define RQ_TESTS_FAULTS_WORKS_H

#include <stdio.h>

#include "faults/fault.h"
#include "memory.h"

enum { PATH_SIZE = 4096 };

typedef struct Work {
    const char *name;
    void (*prepare)(void);                     /* once: what is compiled, what is trained */
    void (*begin)(const char *folder);         /* before each try, without faults; may be NULL */
    bool (*run)(rq_error *err);                /* in the try's folder */
    bool (*check)(bool was_ok, rq_error *err); /* after it, without faults: is what it left whole, and can one go on? May be NULL */
} Work;

extern const Work works[]; /* the last one has no name */

#endif
