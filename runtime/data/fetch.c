/* fetch.c: address -> file, through libcurl.
 *
 * PATH.part is locked while it is written, so that two downloads of one file do not meet. A server that cannot resume, and a
 * resumed file that turns out wrong, make it begin anew, once.
 */
#include "data/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "data/sha256.h"
#include "data/stream.h"

static const struct {
    const char *source, *base, *folder;
} addresses[] = {
#define ADDRESS(source, base, folder) {#source, base, folder},
#define DOWNLOAD(source, name, bytes, sha256, content)
#define ARCHIVE(source, name, bytes, sha256)
#include "data/downloads.def"
#undef ADDRESS
#undef DOWNLOAD
#undef ARCHIVE
};

static const rq_download downloads[] = {
#define ADDRESS(source, base, folder)
#define DOWNLOAD(source, name, bytes, sha256, content) {#source, name, bytes, sha256, content, false},
#define ARCHIVE(source, name, bytes, sha256) {#source, name, bytes, sha256, "", true},
#include "data/downloads.def"
#undef ADDRESS
#undef DOWNLOAD
#undef ARCHIVE
};

const char *rq_fetch_address(const char *source)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (strcmp(addresses[i].source, source) == 0) return addresses[i].base;
    return NULL;
}

const char *rq_fetch_folder(const char *source)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (strcmp(addresses[i].source, source) == 0) return addresses[i].folder;
    return NULL;
}

const rq_download *rq_fetch_file(const char *source, size_t i)
{
    for (size_t k = 0; k < sizeof downloads / sizeof *downloads; k++)
        if (strcmp(downloads[k].source, source) == 0 && i-- == 0) return &downloads[k];
    return NULL;
}

/* One transfer while it runs. */
typedef struct Transfer {
    const rq_download *d;
    const rq_fetch_progress *progress;
    int fd;
    uint64_t have;
    bool too_long;
    int reason; /* errno of a failed write, else 0 */
    double told;
} Transfer;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void tell(Transfer *t, bool now)
{
    if (!t->progress || (!now && seconds() - t->told < 0.2)) return;
    t->told = seconds();
    t->progress->tell(t->progress->context, t->d->name, t->have, t->d->bytes);
}

static bool knows_content(const rq_download *d) { return d->content_sha256 && *d->content_sha256; }

/* A copy that was packed with less effort is longer, but not twice as long. */
static uint64_t most_bytes(const rq_download *d) { return knows_content(d) ? 2 * d->bytes : d->bytes; }

/* Is the file at path the one, or a copy that was packed anew? *hex is its own SHA-256. False with an empty text: it is not. */
static bool is_the_file(const rq_download *d, const char *path, char hex[65], rq_error *err)
{
    char content[65];
    rq_error damaged;
    err->text[0] = 0;
    if (!rq_sha256_file(path, hex, err)) return false;
    if (strcmp(hex, d->sha256) == 0) return true;
    return knows_content(d) && rq_stream_sha256(path, content, &damaged) && strcmp(content, d->content_sha256) == 0;
}

/* libcurl's: anything but `count` ends the transfer. */
static size_t take_bytes(char *bytes, size_t one, size_t count, void *context)
{
    (void)one;
    Transfer *t = context;
    t->too_long = t->d->bytes && t->have + count > most_bytes(t->d);
    if (t->too_long) return 0;
    for (size_t done = 0; done < count;) {
        ssize_t n = write(t->fd, bytes + done, count - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            t->reason = errno;
            return 0;
        }
        done += (size_t)n;
        t->have += (uint64_t)n;
    }
    tell(t, false);
    return count;
}

static CURLcode transfer(Transfer *t, const char *url, char why[CURL_ERROR_SIZE])
{
    CURL *curl = curl_easy_init();
    if (!curl) return CURLE_FAILED_INIT;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L); /* a minute of silence is a failure */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "rq/" RQ_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    if (t->have) curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->have);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

static bool begin_anew(Transfer *t, const char *part, rq_error *err)
{
    t->have = 0;
    if (ftruncate(t->fd, 0) == 0 && lseek(t->fd, 0, SEEK_SET) == 0) return true;
    return rq_fail_system(err, "cannot write '%s': %s", part, strerror(errno));
}

static bool receive(Transfer *t, const char *url, const char *part, rq_error *err)
{
    char why[CURL_ERROR_SIZE] = "";
    CURLcode code = CURLE_OK;
    if (t->d->bytes && t->have >= t->d->bytes) return true; /* all there, not yet checked */
    code = transfer(t, url, why);
    if (t->have && (code == CURLE_RANGE_ERROR || (code == CURLE_HTTP_RETURNED_ERROR && strstr(why, "416")))) {
        if (!begin_anew(t, part, err)) return false;
        code = transfer(t, url, why);
    }
    tell(t, true);
    if (t->reason) return rq_fail_system(err, "cannot write '%s': %s; %" PRIu64 " bytes are kept, the same command goes on from there", part,
                                  strerror(t->reason), t->have);
    if (code == CURLE_OK || t->too_long) return true;
    if (t->have == 0) unlink(part);
    return rq_fail_system(err, "'%s' could not be downloaded: %s%s", url, *why ? why : curl_easy_strerror(code),
                   t->have ? "; what has come is kept, the same command goes on from there" : "");
}

/* Are the bytes in part the ones? If not, they are removed, and the message says so. */
static bool is_right(const Transfer *t, const char *url, const char *part, rq_error *err)
{
    char hex[65];
    if (t->too_long) {
        unlink(part);
        return rq_fail(err, "'%s' is not the file that was expected: it has more than %" PRIu64 " bytes; nothing of it was kept", url,
                       most_bytes(t->d));
    }
    if (is_the_file(t->d, part, hex, err)) return true;
    if (err->text[0]) return false;
    unlink(part);
    return rq_fail(err,
                   "'%s' is damaged or another file: %" PRIu64 " bytes with SHA-256\n%s instead of\n%s%s; nothing of it was kept, "
                   "'--from URL' names another address",
                   url, t->have, hex, t->d->sha256, knows_content(t->d) ? ", and what it unpacks to is not the same, either" : "");
}

/* true = nothing is left to do, or, with *absent, there is no such file. */
static bool look_at_old(const rq_download *d, const char *path, bool *absent, rq_error *err)
{
    struct stat st;
    char hex[65];
    *absent = stat(path, &st) != 0;
    if (*absent) return errno == ENOENT || rq_fail_system(err, "cannot look at '%s': %s", path, strerror(errno));
    if (is_the_file(d, path, hex, err)) return true;
    return err->text[0] ? false : rq_fail(err, "'%s' is there, but it is damaged or another file (SHA-256 %s); remove it, then fetch again", path, hex);
}

static bool finish(Transfer *t, const char *part, const char *path, rq_error *err)
{
    if (fsync(t->fd) == 0 && rename(part, path) == 0) return true;
    return rq_fail_system(err, "cannot write '%s': %s", path, strerror(errno));
}

static bool fetch_open(Transfer *t, const char *url, const char *part, const char *path, rq_error *err)
{
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0) return rq_fail(err, "'%s' is being downloaded by another process", path);
    off_t old = lseek(t->fd, 0, SEEK_END);
    t->have = old > 0 ? (uint64_t)old : 0;
    if (t->d->bytes && t->have > most_bytes(t->d) && !begin_anew(t, part, err)) return false;
    bool resumed = t->have > 0;
    if (!receive(t, url, part, err)) return false;
    if (resumed && !t->too_long) {
        char hex[65];
        bool good = is_the_file(t->d, part, hex, err);
        if (!good && (err->text[0] || !begin_anew(t, part, err) || !receive(t, url, part, err))) return false;
    }
    return is_right(t, url, part, err) && finish(t, part, path, err);
}

bool rq_fetch(const rq_download *d, const char *url, const char *path, const rq_fetch_progress *progress, rq_error *err)
{
    bool absent;
    if (!look_at_old(d, path, &absent, err)) return false;
    if (!absent) return true;
    char part[PATH_MAX];
    int n = snprintf(part, sizeof part, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof part) return rq_fail(err, "the path '%s' is too long", path);
    Transfer t = {.d = d, .progress = progress};
    t.fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (t.fd < 0) return rq_fail_system(err, "cannot write '%s': %s", part, strerror(errno));
    bool good = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK || rq_fail(err, "libcurl cannot be started");
    if (good) {
        good = fetch_open(&t, url, part, path, err);
        curl_global_cleanup();
    }
    close(t.fd);
    return good;
}
