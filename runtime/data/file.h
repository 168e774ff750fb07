/* file.h: whole files, read at once and replaced at once. */
#ifndef RQ_DATA_FILE_H
#define RQ_DATA_FILE_H

#include "memory.h"

/* A whole file. Only regular files of at most `most` bytes; one byte 0 stands behind the last.
 * rq_free(*bytes). */
bool rq_file_load(const char *path, uint64_t most, unsigned char **bytes, size_t *size,
                  rq_error *err);

/* Calls `take` with each line, without its end; what follows the last end was cut off and is no line. A file that is not there has none.
 * False = it cannot be read, or a line was not taken. */
typedef bool (*rq_line_fn)(void *context, const char *line, rq_error *err);
bool rq_file_lines(const char *path, rq_line_fn take, void *context, bool *is_there, rq_error *err);

/* Writes to a temporary file beside path, syncs, renames: path is the old or the new file, never
 * half of one. */
bool rq_file_replace(const char *path, const void *const *parts, const size_t *sizes, int count,
                     rq_error *err);

/* What stands at path. False = it cannot be told, which is not the same as nothing. */
typedef enum rq_file_kind { RQ_FILE_none, RQ_FILE_folder, RQ_FILE_other } rq_file_kind;
bool rq_file_look(const char *path, rq_file_kind *kind, rq_error *err);
bool rq_file_is_there(const char *path, bool *is_there, rq_error *err);

#endif
