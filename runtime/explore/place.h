/* place.h: the directory of an exploration: made, or gone on in; its files are written beside their place and renamed. */
#ifndef RQ_EXPLORE_PLACE_H
#define RQ_EXPLORE_PLACE_H

#include "explore/explore.h"

/* Makes `out` (NULL: runs/NAME-NNN) with the source, settings and versions. A directory that holds the same exploration, with equal
 * source and settings, is gone on in; any other that holds a run is an error. The path from rq_alloc; NULL: failed, worded. */
char *rq_place_make(const rq_exploration *x, const char *out, rq_error *err);
/* DIR/NAME from rq_alloc. */
char *rq_place_path(const char *dir, const char *name, rq_error *err);
FILE *rq_place_open(const char *hidden, rq_error *err);
/* Syncs, closes and renames. */
bool rq_place_close(FILE *f, const char *hidden, const char *path, rq_error *err);

#endif
