/* file.h: whole files, read at once and replaced at once. */
#ifndef RQ_DATA_FILE_H
#define RQ_DATA_FILE_H

#include "memory.h"

/* A whole file. Only regular files of at most `most` bytes; one byte 0 stands behind the last.
 * rq_free(*bytes). */
bool rq_file_load(const char *path, uint64_t most, unsigned char **bytes, size_t *size,
                  rq_error *err);

/* Writes to a temporary file beside path, syncs, renames: path is the old or the new file, never
 * half of one. */
bool rq_file_replace(const char *path, const void *const *parts, const size_t *sizes, int count,
                     rq_error *err);

/* For tests: n writes succeed, all later ones fail as on a full disk, until n is negative. */
void rq_file_fail_after(int64_t n);

#endif
