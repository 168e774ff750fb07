/* copy.h: unpacked copies of packed files, kept in $XDG_CACHE_HOME/rq/data (or ~/.cache/rq/data) from one run to the next.
 *
 *     head 4096: magic, what the packed file looked like (size, times, inode), its SHA-256, size unpacked, checksum
 *     the bytes | CRC-32 of each 64 KB of them
 *
 * Nothing here is ever an error: a copy that is not there, is of another file, is damaged or cannot be written is none, and the packed
 * file is read. A copy is written beside its place and renamed, so that processes may share the folder. One for each path.
 */
#ifndef RQ_DATA_COPY_H
#define RQ_DATA_COPY_H

#include "memory.h"

/* The folder; false: nothing in the environment names one. */
bool rq_copy_folder(char *folder, size_t size);

typedef struct rq_copy {
    uint64_t packed_size, size; /* bytes of the packed file and of what it unpacks to */
    char sha256[65];            /* of the packed file */
    int file;
    uint64_t block;             /* number + 1 of the block in `bytes`; 0: none */
    unsigned char *bytes;
    uint32_t *crc;
    char *path;
} rq_copy;

/* The copy of the file at `packed`; NULL: there is none. */
rq_copy *rq_copy_open(const char *packed);
/* Bytes at .. at + n - 1, which must be there. False: they are damaged or cannot be read. */
bool rq_copy_read(rq_copy *c, uint64_t at, void *to, uint64_t n);
/* Takes NULL. */
void rq_copy_close(rq_copy *c);
/* Removes the copy, too. */
void rq_copy_discard(rq_copy *c);

typedef struct rq_copy_writer rq_copy_writer;
/* NULL: none can be written. */
rq_copy_writer *rq_copy_start(const char *packed);
/* The next bytes. Takes NULL. */
void rq_copy_add(rq_copy_writer *w, const void *bytes, size_t n);
/* All bytes have been there and were right: the copy comes to its place. Consumes w, which may be NULL. */
void rq_copy_finish(rq_copy_writer *w, const char sha256[65]);
/* Consumes w, which may be NULL, and leaves nothing. */
void rq_copy_drop(rq_copy_writer *w);

#endif
