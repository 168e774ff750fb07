/* copy.c: reading goes by blocks, each checked against its CRC-32 when it is first needed: who wants 2,000 images of 60,000 reads
 * these. */
#include "data/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "data/sha256.h"

enum { HEAD = 4096, BLOCK = 65536, MOST_BLOCKS = 16384, PATH = 4096 };

/* The first bytes of a copy. No space between fields. */
typedef struct Head {
    char magic[8];
    uint64_t packed_size, inode, device, modified[2], changed[2]; /* of the packed file; seconds, nanoseconds */
    uint64_t size;
    char sha256[72];
    uint64_t crc; /* of all before, and of the blocks' checksums */
} Head;

struct rq_copy_writer {
    Head head;
    char path[PATH], hidden[PATH];
    int file;
    bool has_failed;
    uint64_t blocks, used; /* whole blocks written; bytes in the next */
    unsigned char *bytes;  /* [BLOCK] */
    uint32_t *crc;         /* [MOST_BLOCKS] */
};

bool rq_copy_folder(char *folder, size_t size)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (xdg && xdg[0] == '/') n = snprintf(folder, size, "%s/rq/data", xdg);
    else if (home && home[0] == '/') n = snprintf(folder, size, "%s/.cache/rq/data", home);
    return n > 0 && (size_t)n < size;
}

/* What the packed file looks like now, and where its copy is: FOLDER/HASH OF ITS PATH. */
static bool find(const char *packed, Head *head, char path[PATH])
{
    char folder[PATH / 2], hex[65], real[PATH_MAX];
    struct stat st;
    if (!rq_copy_folder(folder, sizeof folder) || stat(packed, &st) || !realpath(packed, real)) return false;
    rq_sha256_bytes(real, strlen(real), hex);
    *head = (Head){.magic = "rqdata1", .packed_size = (uint64_t)st.st_size, .inode = st.st_ino, .device = st.st_dev,
                   .modified = {(uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec},
                   .changed = {(uint64_t)st.st_ctim.tv_sec, (uint64_t)st.st_ctim.tv_nsec}};
    return snprintf(path, PATH, "%s/%.32s", folder, hex) < PATH;
}

static uint64_t blocks_of(uint64_t size) { return (size + BLOCK - 1) / BLOCK; }

static uint64_t checksum(const Head *head, const uint32_t *crc)
{
    uLong sum = crc32(0, (const Bytef *)head, offsetof(Head, crc));
    return crc32(sum, (const Bytef *)crc, (uInt)(blocks_of(head->size) * sizeof *crc));
}

static bool read_all(int file, void *to, size_t n, uint64_t at)
{
    for (size_t have = 0; have < n;) {
        ssize_t got = pread(file, (char *)to + have, n - have, (off_t)(at + have));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        have += (size_t)got;
    }
    return true;
}

/* ---- reading ---- */

static bool read_head(rq_copy *c, const Head *wanted)
{
    Head head;
    struct stat st;
    if (!read_all(c->file, &head, sizeof head, 0) || memcmp(&head, wanted, offsetof(Head, size)) != 0) return false;
    uint64_t blocks = blocks_of(head.size);
    if (blocks > MOST_BLOCKS || fstat(c->file, &st) || (uint64_t)st.st_size != HEAD + head.size + blocks * sizeof *c->crc) return false;
    c->crc = rq_alloc_array(blocks, sizeof *c->crc, "a copy", NULL);
    c->bytes = rq_alloc_array(BLOCK, 1, "a copy", NULL);
    if (!c->crc || !c->bytes || !read_all(c->file, c->crc, blocks * sizeof *c->crc, HEAD + head.size)) return false;
    if (head.crc != checksum(&head, c->crc)) return false;
    c->size = head.size;
    c->packed_size = head.packed_size;
    memcpy(c->sha256, head.sha256, sizeof c->sha256);
    return c->sha256[64] == 0;
}

rq_copy *rq_copy_open(const char *packed)
{
    Head wanted;
    char path[PATH];
    if (!find(packed, &wanted, path)) return NULL;
    rq_copy *c = rq_alloc_array(1, sizeof *c, "a copy", NULL);
    if (!c) return NULL;
    c->file = open(path, O_RDONLY | O_CLOEXEC);
    c->path = c->file < 0 ? NULL : rq_copy_text(path, NULL);
    if (c->path && read_head(c, &wanted)) return c;
    rq_copy_close(c);
    return NULL;
}

bool rq_copy_read(rq_copy *c, uint64_t at, void *to, uint64_t n)
{
    for (uint64_t done = 0; done < n;) {
        uint64_t block = (at + done) / BLOCK, inside = (at + done) % BLOCK;
        uint64_t size = c->size - block * BLOCK < BLOCK ? c->size - block * BLOCK : BLOCK;
        uint64_t part = size - inside < n - done ? size - inside : n - done;
        if (c->block != block + 1) {
            c->block = 0;
            if (!read_all(c->file, c->bytes, size, HEAD + block * BLOCK)) return false;
            if (crc32(0, c->bytes, (uInt)size) != c->crc[block]) return false;
            c->block = block + 1;
        }
        memcpy((char *)to + done, c->bytes + inside, part);
        done += part;
    }
    return true;
}

void rq_copy_close(rq_copy *c)
{
    if (!c) return;
    if (c->file >= 0) close(c->file);
    rq_free(c->bytes);
    rq_free(c->crc);
    rq_free(c->path);
    rq_free(c);
}

void rq_copy_discard(rq_copy *c)
{
    unlink(c->path);
    rq_copy_close(c);
}

/* ---- writing ---- */

/* Makes the folder of a path and those above it. */
static void make_folders(char *path)
{
    for (char *s = path + 1; *s; s++) {
        if (*s != '/') continue;
        *s = 0;
        mkdir(path, 0777);
        *s = '/';
    }
}

rq_copy_writer *rq_copy_start(const char *packed)
{
    rq_copy_writer *w = rq_alloc_array(1, sizeof *w, "a copy", NULL);
    if (!w) return NULL;
    w->file = -1;
    w->bytes = rq_alloc_array(BLOCK, 1, "a copy", NULL);
    w->crc = rq_alloc_array(MOST_BLOCKS, sizeof *w->crc, "a copy", NULL);
    if (w->bytes && w->crc && find(packed, &w->head, w->path) &&
        snprintf(w->hidden, PATH, "%s.XXXXXX", w->path) < PATH) {
        make_folders(w->hidden);
        w->file = mkstemp(w->hidden);
    }
    if (w->file >= 0) return w;
    rq_copy_drop(w);
    return NULL;
}

static void write_all(rq_copy_writer *w, const void *from, size_t n, uint64_t at)
{
    for (size_t have = 0; have < n && !w->has_failed;) {
        ssize_t put = pwrite(w->file, (const char *)from + have, n - have, (off_t)(at + have));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) w->has_failed = true;
        else have += (size_t)put;
    }
}

static void end_block(rq_copy_writer *w)
{
    if (w->blocks == MOST_BLOCKS) w->has_failed = true;
    if (w->has_failed || !w->used) return;
    w->crc[w->blocks] = (uint32_t)crc32(0, w->bytes, (uInt)w->used);
    write_all(w, w->bytes, w->used, HEAD + w->blocks * BLOCK);
    w->blocks++;
    w->head.size += w->used;
    w->used = 0;
}

void rq_copy_add(rq_copy_writer *w, const void *bytes, size_t n)
{
    while (w && !w->has_failed && n > 0) {
        size_t part = BLOCK - w->used < n ? BLOCK - w->used : n;
        memcpy(w->bytes + w->used, bytes, part);
        w->used += part;
        if (w->used == BLOCK) end_block(w);
        bytes = (const char *)bytes + part;
        n -= part;
    }
}

void rq_copy_finish(rq_copy_writer *w, const char sha256[65])
{
    if (!w) return;
    end_block(w);
    memcpy(w->head.sha256, sha256, 65);
    w->head.crc = checksum(&w->head, w->crc);
    write_all(w, w->crc, w->blocks * sizeof *w->crc, HEAD + w->head.size);
    write_all(w, &w->head, sizeof w->head, 0);
    if (!w->has_failed && close(w->file) == 0) {
        w->file = -1;
        if (rename(w->hidden, w->path) == 0) w->hidden[0] = 0;
    }
    rq_copy_drop(w);
}

void rq_copy_drop(rq_copy_writer *w)
{
    if (!w) return;
    if (w->file >= 0) close(w->file);
    if (w->hidden[0]) unlink(w->hidden);
    rq_free(w->bytes);
    rq_free(w->crc);
    rq_free(w);
}
