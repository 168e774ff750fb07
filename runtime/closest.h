/* closest.h: did you mean? For messages of the compiler and of native programs. */
#ifndef RQ_CLOSEST_H
#define RQ_CLOSEST_H

#include <stddef.h>

/* Closest of n candidates to `text` within a third of its length (at least 1) in edit distance; NULL if none is near. */
const char *rq_closest(const char *text, const char *const *candidates, size_t n);

#endif
