/* npz.c: one array of numpy's .npz: a ZIP archive whose members are .npy files, stored or deflated.
 *
 *     members | central directory: one record for each | end record: PK 5 6, number of records, size and offset of the directory
 * Sizes and checksums are taken from the central directory; the member's own header only says how long it is. Everything is little-endian.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "data/array.h"
#include "data/file.h"

enum { END_SIZE = 22, RECORD_SIZE = 46, HEADER_SIZE = 30, COMMENT_MOST = 65535 };

typedef struct Zip {
    const char *path;
    const unsigned char *bytes;
    uint64_t size;
    uint64_t at, count; /* of the central directory */
    rq_error *err;
} Zip;

/* A record of the central directory. */
typedef struct Member {
    const char *name; /* not ended by 0 */
    size_t name_length;
    uint32_t method, crc;
    uint64_t packed, unpacked, header;
} Member;

static uint32_t u16(const unsigned char *b) { return (uint32_t)(b[0] | b[1] << 8); }
static uint32_t u32(const unsigned char *b) { return u16(b) | u16(b + 2) << 16; }

static bool damaged(const Zip *z, const char *what) { return rq_fail(z->err, "'%s' is no whole npz file: %s", z->path, what); }

static bool find_directory(Zip *z)
{
    static const unsigned char mark[4] = {'P', 'K', 5, 6};
    uint64_t last = z->size >= END_SIZE ? z->size - END_SIZE : 0, first = last > COMMENT_MOST ? last - COMMENT_MOST : 0;
    if (z->size < END_SIZE) return damaged(z, "it is too short for a ZIP archive");
    for (uint64_t at = last + 1; at-- > first;) {
        if (memcmp(z->bytes + at, mark, 4) != 0) continue;
        z->count = u16(z->bytes + at + 10);
        z->at = u32(z->bytes + at + 16);
        return z->at <= at || damaged(z, "its directory lies behind its end");
    }
    return damaged(z, "a ZIP archive ends with a directory, and there is none");
}

/* The record at z->at, which moves behind it. */
static bool next_member(Zip *z, Member *m)
{
    static const unsigned char mark[4] = {'P', 'K', 1, 2};
    if (z->size - z->at < RECORD_SIZE || memcmp(z->bytes + z->at, mark, 4) != 0) return damaged(z, "its directory is cut off");
    const unsigned char *b = z->bytes + z->at;
    *m = (Member){.name = (const char *)b + RECORD_SIZE, .name_length = u16(b + 28), .method = u16(b + 10), .crc = u32(b + 16),
                  .packed = u32(b + 20), .unpacked = u32(b + 24), .header = u32(b + 42)};
    uint64_t length = RECORD_SIZE + m->name_length + u16(b + 30) + u16(b + 32);
    if (length > z->size - z->at) return damaged(z, "its directory is cut off");
    if (m->packed == UINT32_MAX || m->unpacked == UINT32_MAX || m->header == UINT32_MAX)
        return rq_fail(z->err, "'%s' has members of 4 GB and more; save them as npy files", z->path);
    z->at += length;
    return true;
}

static bool unpack(const Zip *z, const Member *m, const unsigned char *from, unsigned char *to)
{
    z_stream s = {.next_in = (unsigned char *)(uintptr_t)from, .avail_in = (uInt)m->packed, .next_out = to, .avail_out = (uInt)m->unpacked};
    if (m->method == 0) {
        memcpy(to, from, m->unpacked);
        return m->packed == m->unpacked || damaged(z, "a member has two sizes");
    }
    if (inflateInit2(&s, -15) != Z_OK) return rq_fail_system(z->err, "no memory to unpack '%s'", z->path);
    int code = inflate(&s, Z_FINISH);
    inflateEnd(&s);
    return (code == Z_STREAM_END && s.avail_out == 0) || damaged(z, "a member's packed bytes are damaged");
}

static bool read_member(const Zip *z, const Member *m, rq_array *out)
{
    char name[600];
    uint64_t behind = z->size > m->header ? z->size - m->header : 0, start = HEADER_SIZE;
    if (behind < HEADER_SIZE) return damaged(z, "a member lies behind its end");
    start += u16(z->bytes + m->header + 26) + u16(z->bytes + m->header + 28);
    if (start > behind || m->packed > behind - start) return damaged(z, "a member is cut off");
    if (m->method != 0 && m->method != 8)
        return rq_fail(z->err, "'%s' is packed by ZIP's method %" PRIu32 "; numpy.savez and savez_compressed make what can be read", z->path, m->method);
    if (m->method == 0 && m->packed != m->unpacked) return damaged(z, "a member has two sizes");
    if (m->unpacked / 1100 > m->packed) return damaged(z, "a member claims more bytes than its packed ones can hold");
    unsigned char *bytes = rq_alloc_array(m->unpacked + 1, 1, z->path, z->err);
    if (!bytes) return false;
    snprintf(name, sizeof name, "%.400s(%.*s)", z->path, (int)(m->name_length < 100 ? m->name_length : 100), m->name);
    bool good = unpack(z, m, z->bytes + m->header + start, bytes) &&
                (crc32(0, bytes, (uInt)m->unpacked) == m->crc || damaged(z, "a member's checksum is wrong")) &&
                rq_npy_parse(name, bytes, m->unpacked, out, z->err);
    rq_free(bytes);
    return good;
}

static bool is_named(const Member *m, const char *name)
{
    size_t n = strlen(name);
    return m->name_length == n + 4 && !memcmp(m->name, name, n) && !memcmp(m->name + n, ".npy", 4);
}

static bool read_named(Zip *z, const char *name, rq_array *out)
{
    char have[300] = "";
    uint64_t count = z->count;
    for (uint64_t i = 0; i < count; i++) {
        Member m = {0};
        if (!next_member(z, &m)) return false;
        if (is_named(&m, name)) return read_member(z, &m, out);
        size_t used = strlen(have);
        snprintf(have + used, sizeof have - used, "%s%.*s", used ? ", " : "", (int)(m.name_length < 60 ? m.name_length : 60), m.name);
    }
    return rq_fail(z->err, "'%s' has no array '%s'; it holds %s", z->path, name, have[0] ? have : "nothing");
}

bool rq_npz_read(const char *path, const char *name, rq_array *out, rq_error *err)
{
    unsigned char *bytes;
    size_t size;
    *out = (rq_array){0};
    if (!rq_file_load(path, UINT32_MAX, &bytes, &size, err)) return false;
    Zip z = {.path = path, .bytes = bytes, .size = size, .err = err};
    bool good = find_directory(&z) && read_named(&z, name, out);
    rq_free(bytes);
    return good;
}

bool rq_is_npz(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && !strcmp(path + n - 4, ".npz");
}
