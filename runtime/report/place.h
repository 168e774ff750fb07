/* place.h: the directory of an exploration or a scan: made, or gone on in; its files are written beside their place and renamed. */
#ifndef RQ_REPORT_PLACE_H
#define RQ_REPORT_PLACE_H

#include <stdio.h>

#include "memory.h"

enum { RQ_PLACE_FOLDERS = 2 };

/* What identifies the work that a directory belongs to. */
typedef struct rq_place {
    const char *what; /* "an exploration" */
    const char *name; /* runs/NAME-NNN */
    const char *source, *settings, *versions;
    const char *folders[RQ_PLACE_FOLDERS]; /* made in it; fewer end with NULL */
    const char *data; /* the identities of the data sets, a line each; NULL: another file has them, or there are none */
} rq_place;

/* Makes `out` (NULL: runs/NAME-NNN) with the source, settings and versions. A directory that holds the same work, with equal source,
 * settings and data, is gone on in; any other that holds a run is an error. The path from rq_alloc; NULL: failed, worded. */
char *rq_place_make(const rq_place *p, const char *out, rq_error *err);
/* DIR/NAME from rq_alloc. */
char *rq_place_path(const char *dir, const char *name, rq_error *err);
FILE *rq_place_open(const char *hidden, rq_error *err);
/* Syncs, closes and renames. */
bool rq_place_close(FILE *f, const char *hidden, const char *path, rq_error *err);
/* The same if `whole`; else what was begun is removed. Takes f = NULL, which rq_place_open has worded. */
bool rq_place_end(FILE *f, bool whole, const char *hidden, const char *path, rq_error *err);
/* Puts a finished file in its place, or removes it. */
bool rq_place_rename(const char *hidden, const char *path, rq_error *err);

#endif
