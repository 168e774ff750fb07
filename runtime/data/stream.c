/* stream.c: file -> bytes, through zlib where the file begins like gzip (1f 8b).
 *
 * zlib's gzread would take a file that ends early, or garbage behind the end, in silence or with a
 * bare code; here both are found and placed. A gzip file may consist of several members.
 */
#include "data/stream.h"

#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "data/file.h"
#include "data/sha256.h"

/* Loads the file at s->path. */
static bool load(rq_stream *s, rq_error *err)
{
    if (!rq_file_load(s->path, UINT64_MAX, &s->packed, &s->packed_size, err)) {
        rq_stream_close(s);
        return false;
    }
    s->is_gzip = s->packed_size >= 2 && s->packed[0] == 0x1f && s->packed[1] == 0x8b;
    if (!s->is_gzip) return true;
    z_stream *z = rq_alloc_array(1, sizeof *z, "unpacking", err);
    if (!z || inflateInit2(z, 15 + 16) != Z_OK) {
        rq_free(z);
        rq_fail_system(err, "no memory to unpack '%s'", s->path);
        rq_stream_close(s);
        return false;
    }
    s->inflater = z;
    z->next_in = s->packed;
    if (s->keeps) s->writer = rq_copy_start(s->path);
    return true;
}

bool rq_stream_open(rq_stream *s, const char *path, rq_error *err)
{
    *s = (rq_stream){0};
    s->path = rq_copy_text(path, err);
    return s->path && load(s, err);
}

bool rq_stream_open_kept(rq_stream *s, const char *path, rq_error *err)
{
    *s = (rq_stream){.keeps = true};
    s->path = rq_copy_text(path, err);
    if (!s->path) return false;
    s->copy = rq_copy_open(path);
    if (!s->copy) return load(s, err);
    s->is_gzip = true;
    s->packed_size = s->copy->packed_size;
    memcpy(s->sha256, s->copy->sha256, sizeof s->sha256);
    return true;
}

void rq_stream_close(rq_stream *s)
{
    if (s->inflater) inflateEnd(s->inflater);
    rq_copy_close(s->copy);
    rq_copy_drop(s->writer);
    rq_free(s->inflater);
    rq_free(s->packed);
    rq_free(s->path);
    *s = (rq_stream){0};
}

static size_t packed_at(const rq_stream *s)
{
    const z_stream *z = s->inflater;
    return z ? (size_t)(z->next_in - s->packed) : (size_t)s->at;
}

/* At the end of a member: goes to the next one, or ends the stream. */
static bool next_member(rq_stream *s, rq_error *err)
{
    z_stream *z = s->inflater;
    size_t at = packed_at(s);
    if (at == s->packed_size) {
        s->is_over = true;
        return true;
    }
    if (s->packed_size - at < 2 || s->packed[at] != 0x1f || s->packed[at + 1] != 0x8b)
        return rq_fail(
            err, "'%s' has %zu bytes of something else behind the end of the gzip data at byte %zu",
            s->path, s->packed_size - at, at);
    inflateReset(z);
    return true;
}

/* Unpacks up to n > 0 bytes; *got = 0 only at the end. */
static bool inflate_some(rq_stream *s, unsigned char *to, size_t n, size_t *got, rq_error *err)
{
    z_stream *z = s->inflater;
    *got = 0;
    while (*got == 0 && !s->is_over) {
        size_t left = s->packed_size - packed_at(s);
        z->avail_in = left < 1 << 30 ? (uInt)left : 1 << 30;
        z->next_out = to;
        z->avail_out = n < 1 << 30 ? (uInt)n : 1 << 30;
        uInt room = z->avail_out;
        int code = inflate(z, Z_NO_FLUSH);
        *got = room - z->avail_out;
        s->at += *got;
        rq_copy_add(s->writer, to, *got);
        if (code == Z_STREAM_END) {
            if (!next_member(s, err)) return false;
        } else if (code == Z_BUF_ERROR ||
                   (code == Z_OK && *got == 0 && packed_at(s) == s->packed_size)) {
            return rq_fail(err,
                           "'%s' is cut off: the gzip data do not end with its last byte, %zu"
                           " (%" PRIu64 " bytes could be unpacked)",
                           s->path, s->packed_size, s->at);
        } else if (code != Z_OK) {
            return rq_fail(err, "'%s' is damaged: %s near byte %zu of the gzip data", s->path,
                           z->msg ? z->msg : "not readable", packed_at(s));
        }
    }
    return true;
}

static bool too_short(const rq_stream *s, uint64_t n, uint64_t have, const char *what,
                      rq_error *err)
{
    return rq_fail(err,
                   "'%s' is too short: %s needs %" PRIu64 " bytes from offset %" PRIu64
                   "%s, %" PRIu64 " are there",
                   s->path, what, n, s->at - have, s->is_gzip ? " of the unpacked data" : "", have);
}

/* The copy is damaged: the packed file from its beginning up to where the stream stands. */
static bool leave_copy(rq_stream *s, rq_error *err)
{
    uint64_t at = s->at;
    unsigned char rest[8192];
    rq_copy_discard(s->copy);
    s->copy = NULL;
    s->at = 0;
    if (!load(s, err)) return false;
    while (s->at < at) {
        size_t got;
        if (!inflate_some(s, rest, at - s->at < sizeof rest ? at - s->at : sizeof rest, &got, err)) return false;
        if (got == 0) return too_short(s, at - s->at, 0, "what was read before", err);
    }
    return true;
}

bool rq_stream_read(rq_stream *s, void *to, uint64_t n, const char *what, rq_error *err)
{
    if (s->copy) {
        uint64_t left = s->copy->size - s->at, some = n < left ? n : left;
        if (rq_copy_read(s->copy, s->at, to, some)) {
            s->at += some;
            return some == n || too_short(s, n, some, what, err);
        }
        if (!leave_copy(s, err)) return false;
    }
    if (!s->is_gzip) {
        uint64_t left = s->packed_size - s->at;
        if (n > left) {
            s->at += left;
            return too_short(s, n, left, what, err);
        }
        if (n > 0) memcpy(to, s->packed + s->at, n);
        s->at += n;
        return true;
    }
    uint64_t have = 0;
    while (have < n) {
        size_t got;
        if (!inflate_some(s, (unsigned char *)to + have, n - have, &got, err)) return false;
        if (got == 0) return too_short(s, n, have, what, err);
        have += got;
    }
    return true;
}

bool rq_stream_skip(rq_stream *s, uint64_t n, const char *what, rq_error *err)
{
    if (!s->is_gzip && n <= s->packed_size - s->at) {
        s->at += n;
        return true;
    }
    if (s->copy && n <= s->copy->size - s->at) {
        s->at += n;
        return true;
    }
    unsigned char rest[8192];
    while (n > 0) {
        uint64_t part = n < sizeof rest ? n : sizeof rest;
        if (!rq_stream_read(s, rest, part, what, err)) return false;
        n -= part;
    }
    return true;
}

bool rq_stream_can_hold(const rq_stream *s, uint64_t total, const char *claim, rq_error *err)
{
    /* deflate packs at most 1032 bytes into one */
    bool can = s->is_gzip ? total / 1032 <= s->packed_size : total <= s->packed_size;
    if (can) return true;
    return rq_fail(
        err, "'%s': the header promises %s, which is %" PRIu64 " bytes, but the file has %zu%s",
        s->path, claim, total, s->packed_size, s->is_gzip ? ", too few even packed" : "");
}

/* All has been read and was right. */
static void keep(rq_stream *s)
{
    char sha256[65];
    rq_sha256_bytes(s->packed, s->packed_size, sha256);
    rq_copy_finish(s->writer, sha256);
    s->writer = NULL;
}

bool rq_stream_end(rq_stream *s, rq_error *err)
{
    uint64_t end = s->at;
    unsigned char rest[8192];
    if (!s->is_gzip) {
        s->at = s->packed_size;
    } else if (s->copy) {
        s->at = s->copy->size;
    } else {
        size_t got;
        do {
            if (!inflate_some(s, rest, sizeof rest, &got, err)) return false;
        } while (got > 0);
    }
    if (s->at == end) {
        if (s->writer) keep(s);
        return true;
    }
    return rq_fail(
        err, "'%s' has %" PRIu64 " bytes too many: its header promises an end at offset %" PRIu64,
        s->path, s->at - end, end);
}

bool rq_stream_sha256(const char *path, char hex[65], rq_error *err)
{
    rq_stream s;
    rq_sha256 sum;
    unsigned char part[8192];
    if (!rq_stream_open(&s, path, err)) return false;
    rq_sha256_start(&sum);
    if (!s.is_gzip) rq_sha256_add(&sum, s.packed, s.packed_size);
    bool good = true;
    for (size_t got = s.is_gzip; good && got > 0; ) {
        good = inflate_some(&s, part, sizeof part, &got, err);
        rq_sha256_add(&sum, part, good ? got : 0);
    }
    rq_stream_close(&s);
    rq_sha256_end(&sum, hex);
    return good;
}

bool rq_stream_note(const rq_stream *s, rq_data *d, rq_error *err)
{
    if (d->file_count == RQ_DATA_FILES)
        return rq_fail(err, "a data set has at most %d files", RQ_DATA_FILES);
    rq_data_file *f = &d->files[d->file_count];
    f->path = rq_copy_text(s->path, err);
    if (!f->path) return false;
    if (s->sha256[0]) memcpy(f->sha256, s->sha256, sizeof f->sha256);
    else rq_sha256_bytes(s->packed, s->packed_size, f->sha256);
    d->file_count++;
    return true;
}
