/* argument.h: matching the arguments of a call to the names its callee has. */
#ifndef RQ_CHECK_ARGUMENT_H
#define RQ_CHECK_ARGUMENT_H

#include "check/value.h"

typedef struct ArgSpec {
    const char *name;
    bool is_required;
} ArgSpec;

/* slots[i] = the argument for specs[i], or NULL. Bare arguments fill the slots in order, labelled
 * ones by name. Unknown labels, repeats, too many and missing arguments are reported; then false.
 * `callee` for messages: "layer 'dense'". */
bool match_arguments(Check *k, const char *callee, Span at, const ArgList *args,
                     const ArgSpec *specs, uint32_t n, const Arg **slots);

/* For an optional slot: true and *result kept if it is empty. */
bool slot_int(Env *e, const Arg *slot, const char *what, int64_t least, int64_t *result);
bool slot_bool(Env *e, const Arg *slot, const char *what, bool *result);
bool slot_number(Env *e, const Arg *slot, const char *what, Rational *result);
/* A whole number for both, or a list [h, w]. */
bool slot_pair(Env *e, const Arg *slot, const char *what, int64_t least, int64_t *h, int64_t *w);
/* One of the words; *result is its index. */
bool slot_word(Env *e, const Arg *slot, const char *what, const char *const *words, uint32_t n,
               uint32_t *result);

#endif
