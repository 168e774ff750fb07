/* fault.c: __wrap_X for each call X that is led here; __real_X is the system's. */
#define _GNU_SOURCE /* fopencookie */
#include "faults/fault.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

const char *const fault_names[FAULT_COUNT] = {
    "none",
#define FAULT(name, reason) #name,
#include "faults/fault.def"
#undef FAULT
};
static const int reasons[FAULT_COUNT] = {
    0,
#define FAULT(name, reason) reason,
#include "faults/fault.def"
#undef FAULT
};

static struct {
    atomic_bool on;
    _Atomic int64_t calls;
    int64_t n;
    fault_mode mode;
    atomic_int met; /* fault_call */
    atomic_int interrupts; /* that are due, after half a read or write */
} plan;
static _Atomic int64_t left[FAULT_COUNT]; /* fault_after: calls that succeed, + 1; 0 = not set */
static atomic_bool own_clock;
static _Atomic int64_t ticks;

void fault_plan(int64_t n, fault_mode mode)
{
    plan.n = n;
    plan.mode = mode;
    plan.calls = 0;
    plan.met = FAULT_none;
    plan.interrupts = 0;
    plan.on = true;
}

fault_call fault_end(void)
{
    plan.on = false;
    return (fault_call)plan.met;
}

int64_t fault_calls(void) { return plan.calls; }
void fault_after(fault_call call, int64_t n) { left[call] = n < 0 ? 0 : n + 1; }
void fault_clock(bool on)
{
    ticks = 0;
    own_clock = on;
}

/* Counts one call: true = it has to fail; errno is set. */
static bool fails(fault_call call)
{
    int64_t more = atomic_load(&left[call]);
    while (more > 1)
        if (atomic_compare_exchange_weak(&left[call], &more, more - 1)) break;
    bool due = more == 1;
    if (plan.on) {
        int64_t number = atomic_fetch_add(&plan.calls, 1) + 1;
        bool now = plan.mode != FAULT_HALF && plan.n && (number == plan.n || (plan.mode == FAULT_FOREVER && number > plan.n));
        int none = FAULT_none;
        if (now) atomic_compare_exchange_strong(&plan.met, &none, (int)call);
        due = due || now;
    }
    if (due) errno = reasons[call];
    return due;
}

/* The size that a read or write of `size` bytes gets; -1: it fails or, but for streams, is interrupted. */
static ssize_t share(fault_call call, size_t size, bool is_stream)
{
    if (plan.on && !is_stream && atomic_load(&plan.interrupts) > 0) {
        atomic_fetch_sub(&plan.interrupts, 1);
        errno = EINTR;
        return -1;
    }
    if (fails(call)) return -1;
    bool half = plan.on && plan.mode == FAULT_HALF && plan.calls == plan.n && size > 1;
    if (!half) return (ssize_t)size;
    plan.met = (int)call;
    plan.interrupts = !is_stream;
    return (ssize_t)(size / 2);
}

#define REAL(result, name, ...)                                                                                                            \
    result __real_##name(__VA_ARGS__);                                                                                                     \
    result __wrap_##name(__VA_ARGS__);                                                                                                     \
    result __wrap_##name(__VA_ARGS__)

/* ---- memory ---- */

REAL(void *, aligned_alloc, size_t alignment, size_t size) { return fails(FAULT_memory) ? NULL : __real_aligned_alloc(alignment, size); }

REAL(int, inflateInit2_, z_stream *z, int bits, const char *version, int size)
{
    return fails(FAULT_zlib) ? Z_MEM_ERROR : __real_inflateInit2_(z, bits, version, size);
}
REAL(int, inflate, z_stream *z, int flush) { return fails(FAULT_zlib) ? Z_MEM_ERROR : __real_inflate(z, flush); }

/* Ends the image as libpng does when it has no memory. */
static bool png_fails(png_image *image)
{
    if (!fails(FAULT_png)) return false;
    png_image_free(image);
    strcpy(image->message, "insufficient memory");
    return true;
}

REAL(int, png_image_begin_read_from_memory, png_image *image, const void *bytes, size_t size)
{
    return png_fails(image) ? 0 : __real_png_image_begin_read_from_memory(image, bytes, size);
}
REAL(int, png_image_finish_read, png_image *image, const png_color *background, void *buffer, png_int_32 row, void *map)
{
    return png_fails(image) ? 0 : __real_png_image_finish_read(image, background, buffer, row, map);
}
REAL(int, png_image_write_to_memory, png_image *image, void *memory, png_alloc_size_t *size, int to_8, const void *buffer, png_int_32 row,
     const void *map)
{
    return png_fails(image) ? 0 : __real_png_image_write_to_memory(image, memory, size, to_8, buffer, row, map);
}

REAL(CURL *, curl_easy_init, void) { return fails(FAULT_curl) ? NULL : __real_curl_easy_init(); }
REAL(CURLcode, curl_easy_perform, CURL *curl) { return fails(FAULT_curl) ? CURLE_OUT_OF_MEMORY : __real_curl_easy_perform(curl); }
REAL(CURLcode, curl_global_init, long flags) { return fails(FAULT_curl) ? CURLE_OUT_OF_MEMORY : __real_curl_global_init(flags); }

REAL(int, pthread_create, pthread_t *thread, const pthread_attr_t *a, void *(*run)(void *), void *argument)
{
    return fails(FAULT_thread) ? EAGAIN : __real_pthread_create(thread, a, run, argument);
}

/* ---- files ---- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    return fails(FAULT_open) ? -1 : __real_open(path, flags, mode);
}

REAL(ssize_t, read, int fd, void *to, size_t size)
{
    ssize_t part = share(FAULT_read, size, false);
    return part < 0 ? -1 : __real_read(fd, to, (size_t)part);
}
REAL(ssize_t, write, int fd, const void *from, size_t size)
{
    ssize_t part = share(FAULT_write, size, false);
    return part < 0 ? -1 : __real_write(fd, from, (size_t)part);
}
REAL(int, close, int fd)
{
    bool bad = fails(FAULT_close);
    int result = __real_close(fd);
    if (bad) errno = reasons[FAULT_close];
    return bad ? -1 : result;
}
REAL(int, fsync, int fd) { return fails(FAULT_sync) ? -1 : __real_fsync(fd); }
REAL(int, rename, const char *from, const char *to) { return fails(FAULT_rename) ? -1 : __real_rename(from, to); }
REAL(int, mkdir, const char *path, mode_t mode) { return fails(FAULT_mkdir) ? -1 : __real_mkdir(path, mode); }
REAL(int, stat, const char *path, struct stat *st) { return fails(FAULT_stat) ? -1 : __real_stat(path, st); }
REAL(int, fstat, int fd, struct stat *st) { return fails(FAULT_stat) ? -1 : __real_fstat(fd, st); }
REAL(int, access, const char *path, int how) { return fails(FAULT_stat) ? -1 : __real_access(path, how); }
REAL(off_t, lseek, int fd, off_t at, int from) { return fails(FAULT_seek) ? -1 : __real_lseek(fd, at, from); }
REAL(int, ftruncate, int fd, off_t size) { return fails(FAULT_seek) ? -1 : __real_ftruncate(fd, size); }
REAL(int, flock, int fd, int how) { return fails(FAULT_lock) ? -1 : __real_flock(fd, how); }
REAL(DIR *, opendir, const char *path) { return fails(FAULT_folder) ? NULL : __real_opendir(path); }
REAL(struct dirent *, readdir, DIR *dir) { return fails(FAULT_folder) ? NULL : __real_readdir(dir); }

REAL(int, clock_gettime, clockid_t clock, struct timespec *t)
{
    if (!own_clock) return __real_clock_gettime(clock, t);
    int64_t now = atomic_fetch_add(&ticks, 1);
    *t = (struct timespec){.tv_sec = 1000 + now / 1000, .tv_nsec = now % 1000 * 1000000};
    return 0;
}

/* ---- streams: the C library reads and writes them by the calls above ---- */

enum { STREAMS = 64 };
static struct {
    FILE *file;
    int fd;
} streams[STREAMS];
static pthread_mutex_t streams_mutex = PTHREAD_MUTEX_INITIALIZER;

static int fd_of(void *cookie) { return (int)(intptr_t)cookie; }
static ssize_t stream_read(void *cookie, char *to, size_t size)
{
    ssize_t part = share(FAULT_read, size, true);
    return part < 0 ? -1 : __real_read(fd_of(cookie), to, (size_t)part);
}
/* Like the C library on a file it goes on after a short write; for the end of a disk a cookie gives fewer bytes. */
static ssize_t stream_write(void *cookie, const char *from, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t part = share(FAULT_write, size - done, true), n = part < 0 ? -1 : __real_write(fd_of(cookie), from + done, (size_t)part);
        if (n < 0) break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}
static int stream_seek(void *cookie, off64_t *at, int from)
{
    off_t now = __real_lseek(fd_of(cookie), (off_t)*at, from);
    *at = now;
    return now < 0 ? -1 : 0;
}
static int stream_close(void *cookie) { return __real_close(fd_of(cookie)); }

static void note_stream(FILE *f, int fd)
{
    pthread_mutex_lock(&streams_mutex);
    for (int i = 0; i < STREAMS; i++) {
        if (streams[i].file) continue;
        streams[i].file = f;
        streams[i].fd = fd;
        break;
    }
    pthread_mutex_unlock(&streams_mutex);
}

static int find_stream(FILE *f, bool forget)
{
    int fd = -1;
    pthread_mutex_lock(&streams_mutex);
    for (int i = 0; i < STREAMS; i++) {
        if (streams[i].file != f) continue;
        fd = streams[i].fd;
        if (forget) streams[i].file = NULL;
    }
    pthread_mutex_unlock(&streams_mutex);
    return fd;
}

REAL(FILE *, fopen, const char *path, const char *mode)
{
    if (!plan.on) return __real_fopen(path, mode);
    if (fails(FAULT_open)) return NULL;
    int how = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
    how |= *mode == 'w' ? O_CREAT | O_TRUNC : *mode == 'a' ? O_CREAT | O_APPEND : 0;
    int fd = __real_open(path, how | O_CLOEXEC, 0666);
    if (fd < 0) return NULL;
    FILE *f = fopencookie((void *)(intptr_t)fd, mode, (cookie_io_functions_t){stream_read, stream_write, stream_seek, stream_close});
    if (f) note_stream(f, fd);
    else __real_close(fd);
    return f;
}
REAL(int, fileno, FILE *f)
{
    int fd = find_stream(f, false);
    return fd < 0 ? __real_fileno(f) : fd;
}
REAL(int, fclose, FILE *f)
{
    bool bad = fails(FAULT_close);
    find_stream(f, true);
    int result = __real_fclose(f);
    if (bad) errno = reasons[FAULT_close];
    return bad ? EOF : result;
}
