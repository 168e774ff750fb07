/* stream.h: the bytes of a data file, unpacked if it is gzip, with messages that name file and
 * offset.
 *
 * The packed file is held in memory as a whole, so its size is known before anything is believed,
 * and its SHA-256 is that of the very bytes that are used.
 */
#ifndef RQ_DATA_STREAM_H
#define RQ_DATA_STREAM_H

#include "data/copy.h"
#include "data/data.h"

typedef struct rq_stream {
    char *path;            /* the stream's own copy */
    unsigned char *packed; /* the file */
    size_t packed_size;
    bool is_gzip;
    void *inflater; /* zlib's, with is_gzip */
    bool is_over;   /* with is_gzip: the last member has ended, its checksum was right */
    uint64_t at;    /* unpacked bytes read */
    rq_copy *copy;  /* what is read in place of a packed file, or NULL */
    rq_copy_writer *writer; /* of a new copy, or NULL */
    bool keeps;             /* copies are used and made */
    char sha256[65];        /* with a copy at first: of the packed file */
} rq_stream;

bool rq_stream_open(rq_stream *s, const char *path, rq_error *err);
/* The same by way of an unpacked copy, which is made by who reads a packed file to its end. */
bool rq_stream_open_kept(rq_stream *s, const char *path, rq_error *err);
void rq_stream_close(rq_stream *s);

/* False = fewer than n bytes are left, or they are damaged; `what` names what was to be read. */
bool rq_stream_read(rq_stream *s, void *to, uint64_t n, const char *what, rq_error *err);
bool rq_stream_skip(rq_stream *s, uint64_t n, const char *what, rq_error *err);

/* Whether a header's claim of `total` unpacked bytes is possible at all; false names claim and file
 * size. */
bool rq_stream_can_hold(const rq_stream *s, uint64_t total, const char *claim, rq_error *err);

/* Nothing may be left. */
bool rq_stream_end(rq_stream *s, rq_error *err);

/* SHA-256 of what the file unpacks to; of a file that is not packed its own. */
bool rq_stream_sha256(const char *path, char hex[65], rq_error *err);

/* Adds path and hash of the file, as it is on disk, to the files of d. */
bool rq_stream_note(const rq_stream *s, rq_data *d, rq_error *err);

#endif
