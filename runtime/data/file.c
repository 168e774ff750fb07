/* file.c: file -> bytes, bytes -> file. A file that is written is complete or not there. */
#include "data/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool rq_file_look(const char *path, rq_file_kind *kind, rq_error *err)
{
    struct stat st;
    *kind = RQ_FILE_none;
    if (stat(path, &st) == 0) *kind = S_ISDIR(st.st_mode) ? RQ_FILE_folder : RQ_FILE_other;
    else if (errno != ENOENT && errno != ENOTDIR) return rq_fail_system(err, "cannot look at '%s': %s", path, strerror(errno));
    return true;
}

bool rq_file_is_there(const char *path, bool *is_there, rq_error *err)
{
    rq_file_kind kind;
    bool good = rq_file_look(path, &kind, err);
    *is_there = kind != RQ_FILE_none;
    return good;
}

static bool read_all(int fd, unsigned char *to, size_t size, const char *path, rq_error *err)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(fd, to + have, size - have < 1 << 24 ? size - have : 1 << 24);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return rq_fail_system(err, "cannot read '%s': %s", path, strerror(errno));
        if (got == 0) return rq_fail(err, "'%s' became shorter while it was read", path);
        have += (size_t)got;
    }
    return true;
}

static bool load_open_file(int fd, const char *path, uint64_t most, unsigned char **bytes,
                           size_t *size, rq_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return rq_fail_system(err, "cannot read '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return rq_fail(err, "'%s' is not a regular file", path);
    uint64_t length = (uint64_t)st.st_size;
    if (length > most)
        return rq_fail(err, "'%s' has %" PRIu64 " bytes; at most %" PRIu64 " are expected", path,
                       length, most);
    unsigned char *memory = rq_alloc_array(length + 1, 1, path, err);
    if (!memory) return false;
    if (!read_all(fd, memory, length, path, err)) {
        rq_free(memory);
        return false;
    }
    *bytes = memory;
    *size = length;
    return true;
}

bool rq_file_load(const char *path, uint64_t most, unsigned char **bytes, size_t *size,
                  rq_error *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not make us wait */
    if (fd < 0) return rq_fail_system(err, "cannot open '%s': %s", path, strerror(errno));
    bool good = load_open_file(fd, path, most, bytes, size, err);
    close(fd);
    return good;
}

bool rq_file_lines(const char *path, rq_line_fn take, void *context, bool *is_there, rq_error *err)
{
    unsigned char *bytes;
    size_t size;
    if (!rq_file_is_there(path, is_there, err)) return false;
    if (!*is_there) return true;
    if (!rq_file_load(path, UINT64_MAX, &bytes, &size, err)) return false;
    bool good = true;
    char *line = (char *)bytes, *end;
    for (; good && (end = memchr(line, '\n', size - (size_t)(line - (char *)bytes))); line = end + 1) {
        *end = 0;
        good = take(context, line, err);
    }
    rq_free(bytes);
    return good;
}

static bool write_all(int fd, const void *bytes, size_t size)
{
    const char *from = bytes;
    while (size > 0) {
        ssize_t done = write(fd, from, size);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        from += done;
        size -= (size_t)done;
    }
    return true;
}

bool rq_file_replace(const char *path, const void *const *parts, const size_t *sizes, int count,
                     rq_error *err)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary)
        return rq_fail(err, "the path '%s' is too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return rq_fail_system(err, "cannot write '%s': %s", path, strerror(errno));
    bool good = true;
    for (int i = 0; good && i < count; i++) good = write_all(fd, parts[i], sizes[i]);
    good = good && fsync(fd) == 0;
    int reason = errno;
    if (close(fd) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && rename(temporary, path) != 0) {
        good = false;
        reason = errno;
    }
    if (good) return true;
    unlink(temporary);
    return rq_fail_system(err, "cannot write '%s': %s", path, strerror(reason));
}
