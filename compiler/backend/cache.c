/* cache.c: entries are files HASH.o: "rqo1", the hash of what follows, an object file. */
#include "backend/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <llvm-c/blake3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/identity.h"

enum { HASH = LLVM_BLAKE3_OUT_LEN, HEAD = 4 + HASH, NAME = 2 * HASH + 1 };
static const char magic[] = "rqo1";

typedef struct Path {
    char text[PATH_MAX + NAME + 32];
} Path;

static void add_text(llvm_blake3_hasher *h, const char *text) { llvm_blake3_hasher_update(h, text, strlen(text) + 1); }

/* The program that emits: another one may emit otherwise. False: the system does not show it. */
static bool add_program(llvm_blake3_hasher *h)
{
    struct stat st;
    if (stat("/proc/self/exe", &st)) return false;
    int64_t of_file[] = {(int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (int64_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec};
    add_text(h, RQ_VERSION);
    llvm_blake3_hasher_update(h, of_file, sizeof of_file);
    return true;
}

static void add_bytes(void *hasher, const void *bytes, size_t n) { llvm_blake3_hasher_update(hasher, bytes, n); }

static bool find_name(Module *m, char name[NAME])
{
    llvm_blake3_hasher h;
    uint8_t hash[HASH];
    llvm_blake3_hasher_init(&h);
    if (!add_program(&h)) return false;
    char *host = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures(), *triple = LLVMGetDefaultTargetTriple();
    add_text(&h, backend_llvm_version());
    add_text(&h, target_passes());
    add_text(&h, m->cpu ? m->cpu : "native");
    add_text(&h, host);
    add_text(&h, features);
    add_text(&h, triple);
    kernels_identity(m->k, add_bytes, &h);
    llvm_blake3_hasher_finalize(&h, hash, HASH);
    for (int i = 0; i < HASH; i++) snprintf(name + 2 * i, 3, "%02x", hash[i]);
    LLVMDisposeMessage(host);
    LLVMDisposeMessage(features);
    LLVMDisposeMessage(triple);
    return true;
}

static void hash_contents(LLVMMemoryBufferRef object, uint8_t hash[HASH])
{
    llvm_blake3_hasher h;
    llvm_blake3_hasher_init(&h);
    llvm_blake3_hasher_update(&h, LLVMGetBufferStart(object), LLVMGetBufferSize(object));
    llvm_blake3_hasher_finalize(&h, hash, HASH);
}

/* The object in a file as long as it says; NULL: it is damaged. */
static LLVMMemoryBufferRef object_in(LLVMMemoryBufferRef file)
{
    const char *start = LLVMGetBufferStart(file);
    size_t size = LLVMGetBufferSize(file);
    uint8_t hash[HASH];
    if (size <= HEAD || memcmp(start, magic, 4)) return NULL;
    LLVMMemoryBufferRef object = LLVMCreateMemoryBufferWithMemoryRangeCopy(start + HEAD, size - HEAD, "cached");
    hash_contents(object, hash);
    if (!memcmp(start + 4, hash, HASH)) return object;
    LLVMDisposeMemoryBuffer(object);
    return NULL;
}

bool cache_load(const char *dir, Module *m)
{
    Path path;
    LLVMMemoryBufferRef file;
    char *message = NULL;
    if (!find_name(m, m->name)) return false;
    snprintf(path.text, sizeof path.text, "%s/%s.o", dir, m->name);
    if (LLVMCreateMemoryBufferWithContentsOfFile(path.text, &file, &message)) {
        LLVMDisposeMessage(message);
        return false;
    }
    m->object = object_in(file);
    LLVMDisposeMemoryBuffer(file);
    if (m->object) utimensat(AT_FDCWD, path.text, NULL, 0); /* the last ones used stay longest */
    return m->object != NULL;
}

/* Makes the directory and those above it. */
static bool make_dirs(const char *dir)
{
    Path path;
    snprintf(path.text, sizeof path.text, "%s", dir);
    for (char *s = path.text + 1; *s; s++) {
        if (*s != '/') continue;
        *s = 0;
        mkdir(path.text, 0777);
        *s = '/';
    }
    return !mkdir(path.text, 0777) || errno == EEXIST;
}

bool cache_save(const char *dir, const Module *m)
{
    Path path, hidden;
    uint8_t hash[HASH];
    if (!m->name[0] || strlen(dir) > PATH_MAX - 2 || !make_dirs(dir)) return false;
    snprintf(path.text, sizeof path.text, "%s/%s.o", dir, m->name);
    snprintf(hidden.text, sizeof hidden.text, "%s/.%.24s.XXXXXX", dir, m->name);
    int fd = mkstemp(hidden.text);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f) return false;
    size_t size = LLVMGetBufferSize(m->object);
    hash_contents(m->object, hash);
    bool ok = fwrite(magic, 1, 4, f) == 4 && fwrite(hash, 1, HASH, f) == HASH && fwrite(LLVMGetBufferStart(m->object), 1, size, f) == size;
    if (fclose(f)) ok = false;
    if (ok && !rename(hidden.text, path.text)) return true;
    unlink(hidden.text);
    return false;
}

/* ---- the directory as a whole ---- */

typedef struct Entry {
    char name[NAME + 32];
    uint64_t bytes;
    struct timespec used;
} Entry;
typedef VEC(Entry) EntryList;

/* Unfinished files, whose names begin with a dot, are entries too. */
static EntryList entries_of(Arena *a, const char *dir)
{
    EntryList all = {0};
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        Path path;
        struct stat st;
        Entry entry;
        if (strlen(e->d_name) >= sizeof entry.name) continue;
        snprintf(path.text, sizeof path.text, "%s/%s", dir, e->d_name);
        if (lstat(path.text, &st) || !S_ISREG(st.st_mode)) continue;
        memcpy(entry.name, e->d_name, strlen(e->d_name) + 1);
        entry.bytes = (uint64_t)st.st_size;
        entry.used = st.st_mtim;
        vec_push(a, &all, entry);
    }
    if (d) closedir(d);
    return all;
}

static int oldest_first(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec) return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    if (x->used.tv_nsec != y->used.tv_nsec) return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
    return strcmp(x->name, y->name);
}

CacheSize backend_cache_size(const char *dir)
{
    CacheSize size = {0};
    Arena *a = arena_new("cache");
    EntryList all = entries_of(a, dir);
    for (uint32_t i = 0; i < all.len; i++) size.files++, size.bytes += all.at[i].bytes;
    arena_drop(a);
    return size;
}

void backend_cache_trim(const char *dir, uint64_t most)
{
    Arena *a = arena_new("cache");
    EntryList all = entries_of(a, dir);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < all.len; i++) bytes += all.at[i].bytes;
    if (all.len && bytes > most) qsort(all.at, all.len, sizeof *all.at, oldest_first);
    for (uint32_t i = 0; i < all.len && bytes > most; i++) {
        Path path;
        snprintf(path.text, sizeof path.text, "%s/%s", dir, all.at[i].name);
        if (!unlink(path.text)) bytes -= all.at[i].bytes;
    }
    arena_drop(a);
}
