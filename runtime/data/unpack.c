/* unpack.c: a tar archive -> its .bin files.
 *
 *     header of 512 bytes: name at 0, size in octal digits at 124, sum of the bytes at 148, kind at 156
 *     the file, filled up with zeros to a multiple of 512 | the next header ... | two headers of zeros
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "data/fetch.h"
#include "data/file.h"
#include "data/stream.h"

enum { BLOCK = 512, MEMBER_MOST = 1 << 28 };

/* Octal digits up to a blank or zero; -1 = none, or something else among them. */
static int64_t octal(const unsigned char *text, int length)
{
    int64_t value = 0;
    int i = 0;
    while (i < length && text[i] == ' ') i++;
    int first = i;
    for (; i < length && text[i] >= '0' && text[i] <= '7'; i++) value = value * 8 + (text[i] - '0');
    bool ended = i == length || text[i] == ' ' || text[i] == 0;
    return i > first && ended ? value : -1;
}

static bool sum_is_right(const unsigned char header[BLOCK])
{
    int64_t sum = 0;
    for (int i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? ' ' : header[i];
    return sum == octal(header + 148, 8);
}

static bool all_zero(const unsigned char header[BLOCK])
{
    for (int i = 0; i < BLOCK; i++)
        if (header[i]) return false;
    return true;
}

static bool keep_member(rq_stream *s, const char *path, uint64_t size, rq_error *err)
{
    unsigned char *bytes = rq_alloc_array(size ? size : 1, 1, path, err);
    if (!bytes) return false;
    const void *parts[] = {bytes};
    const size_t sizes[] = {size};
    bool good = rq_stream_read(s, bytes, size, path, err) && rq_file_replace(path, parts, sizes, 1, err);
    rq_free(bytes);
    return good;
}

static bool unpack_next(rq_stream *s, const unsigned char header[BLOCK], const char *folder, int *count, rq_error *err)
{
    char name[101];
    memcpy(name, header, 100);
    name[100] = 0;
    int64_t size = octal(header + 124, 12);
    if (!sum_is_right(header) || size < 0 || size > MEMBER_MOST) return rq_fail(err, "'%s' is a damaged tar archive", s->path);
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;
    size_t length = strlen(last);
    bool wanted = (header[156] == '0' || header[156] == 0) && length > 4 && strcmp(last + length - 4, ".bin") == 0;
    if (wanted) {
        char path[PATH_MAX];
        int n = snprintf(path, sizeof path, "%s/%s", folder, last);
        if (n < 0 || (size_t)n >= sizeof path) return rq_fail(err, "the path '%s' is too long", folder);
        if (!keep_member(s, path, (uint64_t)size, err)) return false;
        (*count)++;
    } else if (!rq_stream_skip(s, (uint64_t)size, name, err)) {
        return false;
    }
    return rq_stream_skip(s, (uint64_t)((BLOCK - size % BLOCK) % BLOCK), "the archive", err);
}

bool rq_unpack(const char *archive, const char *folder, int *count, rq_error *err)
{
    rq_stream s = {0};
    unsigned char header[BLOCK];
    char whole[65];
    *count = 0;
    /* What is packed has its checksum at the end: to there before the first file is written. */
    if (!rq_stream_sha256(archive, whole, err) || !rq_stream_open(&s, archive, err)) return false;
    bool good = true;
    while ((good = rq_stream_read(&s, header, BLOCK, "a header of the archive", err)) && !all_zero(header))
        if (!(good = unpack_next(&s, header, folder, count, err))) break;
    /* two empty blocks are the end */
    if (good && (good = rq_stream_read(&s, header, BLOCK, "the end of the archive", err)) && !all_zero(header))
        good = rq_fail(err, "'%s' is a damaged tar archive: its end is not empty", archive);
    rq_stream_close(&s);
    return good;
}
