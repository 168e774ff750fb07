/* images.c: a folder with a folder of PNG files per class -> images.
 *
 *     FOLDER/cat/001.png   FOLDER/cat/002.png   FOLDER/dog/a.png ...
 * Classes and, within them, files are sorted by name; samples go round the classes (the first of
 * each, the second of each, ...), so that the first N are spread over all. Names that begin with a
 * dot do not count. Images are grey if all that are used are, else RGB; they have one size, or
 * `resize` gives them one. The set's one SHA-256 is that of the pixels in order.
 */
#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/file.h"
#include "data/png.h"
#include "data/sha256.h"

enum { IMAGE_CLASSES = 65536 };

/* Names in a folder, sorted. */
typedef struct Names {
    char **names;
    int64_t count, room;
} Names;

typedef struct Images {
    char folder[RQ_PATH];
    Names classes;
    Names *files;     /* [classes] */
    int32_t *labels;  /* [count], in the order of samples */
    int64_t *numbers; /* [count]: which file of its class */
    int64_t count;
    int64_t height, width;
    int channels;
} Images;

static void names_free(Names *n)
{
    for (int64_t i = 0; i < n->count; i++) rq_free(n->names[i]);
    rq_free(n->names);
    *n = (Names){0};
}

static bool names_add(Names *n, const char *name, rq_error *err)
{
    if (n->count == n->room) {
        int64_t room = n->room ? 2 * n->room : 64;
        char **names = rq_alloc_array((uint64_t)room, sizeof *names, "names of files", err);
        if (!names) return false;
        if (n->count) memcpy(names, n->names, (size_t)n->count * sizeof *names);
        rq_free(n->names);
        n->names = names;
        n->room = room;
    }
    n->names[n->count] = rq_copy_text(name, err);
    return n->names[n->count] && ++n->count;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_png(const char *name)
{
    size_t length = strlen(name);
    return length > 4 &&
           (strcmp(name + length - 4, ".png") == 0 || strcmp(name + length - 4, ".PNG") == 0);
}

/* Lists the folders or the PNG files in a folder. */
static bool list(const char *folder, bool folders, Names *out, rq_error *err)
{
    DIR *dir = opendir(folder);
    if (!dir) return rq_fail_system(err, "cannot open the folder '%s': %s", folder, strerror(errno));
    bool good = true;
    errno = 0;
    for (struct dirent *e; good && (e = readdir(dir)) != NULL; errno = 0) {
        char path[RQ_PATH];
        rq_file_kind kind = RQ_FILE_none;
        if (e->d_name[0] == '.') continue;
        int n = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (n >= (int)sizeof path) continue;
        if (folders) good = rq_file_look(path, &kind, err);
        if (good && (folders ? kind == RQ_FILE_folder : is_png(path))) good = names_add(out, e->d_name, err);
    }
    if (good && errno) good = rq_fail_system(err, "cannot read the folder '%s': %s", folder, strerror(errno));
    closedir(dir);
    if (out->count) qsort(out->names, (size_t)out->count, sizeof *out->names, by_bytes);
    return good;
}

static bool list_all(Images *im, rq_error *err)
{
    if (!list(im->folder, true, &im->classes, err)) return false;
    if (im->classes.count == 0)
        return rq_fail(err, "'%s' has no folders; one with PNG files for each class is expected",
                       im->folder);
    if (im->classes.count > IMAGE_CLASSES)
        return rq_fail(err, "'%s' has %" PRId64 " folders; at most %d classes are expected",
                       im->folder, im->classes.count, IMAGE_CLASSES);
    im->files =
        rq_alloc_array((uint64_t)im->classes.count, sizeof *im->files, "names of files", err);
    if (!im->files) return false;
    for (int64_t k = 0; k < im->classes.count; k++) {
        char path[RQ_PATH];
        if (snprintf(path, sizeof path, "%s/%s", im->folder, im->classes.names[k]) >=
            (int)sizeof path)
            return rq_fail(err, "the path of '%s' is too long", im->classes.names[k]);
        if (!list(path, false, &im->files[k], err)) return false;
        if (im->files[k].count == 0) return rq_fail(err, "'%s' has no PNG files", path);
        im->count += im->files[k].count;
    }
    return true;
}

/* Goes round the classes. */
static bool order(Images *im, rq_error *err)
{
    im->labels = rq_alloc_array((uint64_t)im->count, sizeof *im->labels, "labels", err);
    im->numbers = rq_alloc_array((uint64_t)im->count, sizeof *im->numbers, "labels", err);
    if (!im->labels || !im->numbers) return false;
    int64_t at = 0;
    for (int64_t i = 0; at < im->count; i++) {
        for (int64_t k = 0; k < im->classes.count; k++) {
            if (i >= im->files[k].count) continue;
            im->labels[at] = (int32_t)k;
            im->numbers[at++] = i;
        }
    }
    return true;
}

static bool path_of(const Images *im, int64_t sample, char path[RQ_PATH], rq_error *err)
{
    int32_t k = im->labels[sample];
    int n = snprintf(path, RQ_PATH, "%s/%s/%s", im->folder, im->classes.names[k],
                     im->files[k].names[im->numbers[sample]]);
    return n < RQ_PATH ||
           rq_fail(err, "the path of '%s' is too long", im->files[k].names[im->numbers[sample]]);
}

/* Looks at the picked files' headers: one size, and whether any is coloured. */
static bool look(const rq_data_spec *spec, Images *im, const rq_pick *picks, int64_t picked,
                 rq_error *err)
{
    im->channels = 1;
    for (int64_t k = 0; k < picked; k++) {
        char path[RQ_PATH];
        rq_picture p;
        if (!path_of(im, picks[k].source, path, err) || !rq_png_look(path, &p, err)) return false;
        if (p.channels == 3) im->channels = 3;
        bool resized = spec->height && spec->width;
        if (k > 0 && !resized && (p.height != im->height || p.width != im->width))
            return rq_fail(err,
                           "'%s' has %" PRId64 " x %" PRId64
                           " pixels, others before it have %" PRId64 " x %" PRId64
                           "; resize: [height, width] gives all one size",
                           path, p.height, p.width, im->height, im->width);
        im->height = p.height;
        im->width = p.width;
    }
    return true;
}

static bool read_image(const Images *im, const rq_pick *pick, rq_data *out, rq_sha256 *hash,
                       rq_error *err)
{
    char path[RQ_PATH];
    rq_picture p;
    if (!path_of(im, pick->source, path, err) || !rq_png_read(path, im->channels, &p, err))
        return false;
    unsigned char *planes = rq_picture_planes(&p, err);
    if (planes) {
        rq_image_store(out, pick->slot, planes, p.height, p.width);
        rq_sha256_add(hash, planes, (size_t)(p.height * p.width * p.channels));
    }
    rq_free(planes);
    rq_free(p.pixels);
    return planes != NULL;
}

static bool read_all(const rq_data_spec *spec, Images *im, const rq_pick *picks, int64_t picked,
                     rq_data *out, rq_error *err)
{
    if (!look(spec, im, picks, picked, err)) return false;
    if (picked == 0) return rq_fail(err, "no images of '%s' are asked for", im->folder);
    if (!rq_images_prepare(spec, im->channels, im->height, im->width, out, err)) return false;
    rq_sha256 hash;
    rq_sha256_start(&hash);
    for (int64_t k = 0; k < picked; k++)
        if (!read_image(im, &picks[k], out, &hash, err)) return false;
    rq_data_file *f = &out->files[0];
    rq_sha256_end(&hash, f->sha256);
    f->path = rq_copy_text(im->folder, err);
    out->file_count = f->path != NULL;
    return f->path && rq_class_names((const char *const *)im->classes.names, out, err);
}

bool rq_images_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    Images *im = rq_alloc_array(1, sizeof *im, "images", err);
    if (!im) return false;
    rq_pick *picks[2] = {NULL, NULL};
    int64_t picked[2];
    bool good =
        rq_data_find(spec, spec->file, im->folder, err) && list_all(im, err) && order(im, err);
    if (good) {
        rq_pools pools = {{im->labels, NULL}, {im->count, 0}, (int)im->classes.count, "images"};
        good = rq_select(spec, &pools, out, picks, picked, err) &&
               read_all(spec, im, picks[0], picked[0], out, err);
    }
    rq_free(picks[0]);
    rq_free(picks[1]);
    for (int64_t k = 0; im->files && k < im->classes.count; k++) names_free(&im->files[k]);
    rq_free(im->files);
    names_free(&im->classes);
    rq_free(im->labels);
    rq_free(im->numbers);
    rq_free(im);
    return good;
}
