/* set.h: one `--set NAME=VALUE` of a native program on its way (set.c), and values that are calls (set_call.c). */
#ifndef RQ_NATIVE_SET_H
#define RQ_NATIVE_SET_H

#include <jansson.h>

#include "native/native.h"

enum { RQ_SETTING_KEY = 256 };

typedef struct rq_setting {
    const rq_native_program *p;
    rq_action *a;  /* changed in place */
    json_t *all;   /* its settings' text as JSON */
    const char *text; /* "quick.epochs=3" */
    char key[RQ_SETTING_KEY];
    const char *value;
    const char *source; /* of the data set, if it is an argument of one */
} rq_setting;

/* Words why the program does not take it, and the command that builds one which does. Always false. */
bool rq_setting_rebuild(const rq_setting *s, const char *why, rq_error *err);
/* A plain decimal number at *text, which moves behind it and blanks. */
bool rq_setting_number(const char **text, double *x);
/* Is x of the type, as in fields.def: count, whole, positive, share? */
bool rq_setting_bounds(const rq_setting *s, const char *name, const char *type, double x, rq_error *err);
json_t *rq_setting_json(double x);

/* Takes the value as an optimizer or schedule, "adam(rate: 0.02)". */
bool rq_setting_optimizer(const rq_setting *s, rq_error *err);
bool rq_setting_schedule(const rq_setting *s, rq_error *err);

#endif
