/* fetch.h: downloads that are checked before they get their name. */
#ifndef RQ_DATA_FETCH_H
#define RQ_DATA_FETCH_H

#include "memory.h"

typedef struct rq_download {
    const char *source, *name;
    uint64_t bytes; /* 0 = not known */
    const char *sha256;
    const char *content_sha256; /* of what it unpacks to; NULL or "" = not known */
    bool is_archive;
} rq_download;

/* How far a file is; total 0 = not known. Called at most some times a second, and at its end. */
typedef struct rq_fetch_progress {
    void (*tell)(void *context, const char *name, uint64_t have, uint64_t total);
    void *context;
} rq_fetch_progress;

/* Base address and folder of a source; NULL = it is not one that can be downloaded. */
const char *rq_fetch_address(const char *source);
const char *rq_fetch_folder(const char *source);
/* File i of a source; NULL behind the last. */
const rq_download *rq_fetch_file(const char *source, size_t i);

/* Downloads url to path. A file is right by its SHA-256, or by that of what it unpacks to: a copy that was packed anew. What is there
 * already and is right is left as it is; anything else of that name is refused. Bytes gather in PATH.part, which a later call goes on with, and get
 * their name when all are there, checked and synced. False = the message says what is wrong;
 * damaged bytes are removed. */
bool rq_fetch(const rq_download *d, const char *url, const char *path, const rq_fetch_progress *progress,
              rq_error *err);

/* unpack.c: the regular files of a tar archive (plain or .gz) whose names end in ".bin", by their
 * last names into a folder that is there. *count = how many. */
bool rq_unpack(const char *archive, const char *folder, int *count, rq_error *err);

#endif
