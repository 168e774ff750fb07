/* png.c: pixels <-> PNG through libpng. Files are read and written at once; libpng sees memory. */
#include "data/png.h"

#include <errno.h>
#include <inttypes.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "data/file.h"

bool rq_png_write(const char *path, const unsigned char *pixels, int64_t width, int64_t height,
                  int channels, rq_error *err)
{
    if (width < 1 || height < 1 || width > 32768 || height > 32768 ||
        (channels != 1 && channels != 3))
        return rq_fail(err,
                       "'%s': a picture of %" PRId64 " x %" PRId64
                       " pixels and %d channels cannot be written",
                       path, width, height, channels);
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    unsigned char *packed = rq_alloc_array(size, 1, "a PNG picture", err);
    if (!packed) return false;
    bool good = png_image_write_to_memory(&image, packed, &size, 0, pixels, 0, NULL) != 0;
    if (!good) rq_fail(err, "'%s': %s", path, image.message);
    const void *parts[] = {packed};
    const size_t sizes[] = {size};
    good = good && rq_file_replace(path, parts, sizes, 1, err);
    rq_free(packed);
    return good;
}

typedef struct Sheet {
    unsigned char *pixels;
    int64_t width, height;
    int channels, zoom;
    double low, high;
} Sheet;

static void find_range(const rq_data *d, rq_split split, int64_t samples, Sheet *s)
{
    s->low = s->high = 0;
    for (int64_t i = 0; i < samples; i++) {
        for (int64_t e = 0; e < d->size; e++) {
            double v = rq_data_value(d, split, i, e);
            if ((i == 0 && e == 0) || v < s->low) s->low = v;
            if ((i == 0 && e == 0) || v > s->high) s->high = v;
        }
    }
}

/* Draws one sample with its top left corner at (left, top). */
static void place_sample(const rq_data *d, rq_split split, int64_t sample, int64_t left,
                         int64_t top, Sheet *s)
{
    int64_t rows = d->dims[1], columns = d->dims[2];
    for (int64_t y = 0; y < rows * s->zoom; y++) {
        unsigned char *to = s->pixels + ((top + y) * s->width + left) * s->channels;
        for (int64_t x = 0; x < columns * s->zoom; x++) {
            for (int c = 0; c < s->channels; c++) {
                double v = rq_data_value(d, split, sample,
                                         (c * rows + y / s->zoom) * columns + x / s->zoom);
                double part = s->high > s->low ? (v - s->low) / (s->high - s->low) : 0;
                *to++ = (unsigned char)(part * 255 + 0.5);
            }
        }
    }
}

bool rq_png_sheet(const char *path, const rq_data *d, rq_split split, int rows, int columns,
                  int zoom, rq_error *err)
{
    enum { GAP = 2 };
    if (d->ndim != 3) return rq_fail(err, "the samples of '%s' are not images", d->name);
    int64_t tall = d->dims[1] * zoom + GAP, wide = d->dims[2] * zoom + GAP;
    Sheet s = {.width = columns * wide + GAP, .height = rows * tall + GAP, .zoom = zoom};
    s.channels = d->channels == 3 ? 3 : 1;
    uint64_t bytes = (uint64_t)s.width * (uint64_t)s.height * (uint64_t)s.channels;
    s.pixels = rq_alloc_array(bytes, 1, "a sheet of samples", err);
    if (!s.pixels) return false;
    memset(s.pixels, 96, bytes);
    int64_t samples =
        (int64_t)rows * columns < d->count[split] ? (int64_t)rows * columns : d->count[split];
    find_range(d, split, samples, &s);
    for (int64_t i = 0; i < samples; i++)
        place_sample(d, split, i, GAP + i % columns * wide, GAP + i / columns * tall, &s);
    bool good = rq_png_write(path, s.pixels, s.width, s.height, s.channels, err);
    rq_free(s.pixels);
    return good;
}

/* libpng is content with the last pixel; a file is whole up to its IEND.
 *
 *     signature, 8 bytes | length, 4 | name, 4 | data | checksum, 4 | length | name | ...
 */
static bool is_whole(const unsigned char *bytes, size_t size)
{
    for (size_t at = 8; size - at >= 12;) {
        size_t length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length > size - at - 12) return false;
        if (memcmp(bytes + at + 4, "IEND", 4) == 0) return true;
        at += 12 + length;
    }
    return false;
}

/* Opens an image in memory; false = libpng holds nothing. */
static bool begin(const char *path, const unsigned char *bytes, size_t size, png_image *image,
                  rq_picture *out, rq_error *err)
{
    memset(image, 0, sizeof *image);
    image->version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(image, bytes, size))
        return rq_fail(err, "'%s' is not a readable PNG file: %s", path, image->message);
    if (!is_whole(bytes, size)) {
        png_image_free(image);
        return rq_fail(err, "'%s' is damaged: its last part, IEND, is missing or cut off", path);
    }
    out->width = image->width;
    out->height = image->height;
    out->channels = image->format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
    return true;
}

bool rq_png_look(const char *path, rq_picture *out, rq_error *err)
{
    *out = (rq_picture){0};
    unsigned char *bytes;
    size_t size;
    png_image image;
    if (!rq_file_load(path, UINT64_MAX, &bytes, &size, err)) return false;
    bool good = begin(path, bytes, size, &image, out, err);
    if (good) png_image_free(&image);
    rq_free(bytes);
    return good;
}

bool rq_png_read(const char *path, int channels, rq_picture *out, rq_error *err)
{
    *out = (rq_picture){0};
    unsigned char *bytes;
    size_t size;
    png_image image;
    if (!rq_file_load(path, UINT64_MAX, &bytes, &size, err)) return false;
    bool good = begin(path, bytes, size, &image, out, err);
    if (good) {
        if (channels) out->channels = channels;
        image.format = out->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
        out->pixels = rq_alloc_array((uint64_t)image.width * image.height, (uint64_t)out->channels,
                                     path, err);
        good = out->pixels != NULL;
        if (!good)
            png_image_free(&image);
        else if (!png_image_finish_read(&image, NULL, out->pixels, 0, NULL))
            good = rq_fail(err, "'%s' is damaged: %s", path, image.message);
    }
    rq_free(bytes);
    if (good) return true;
    rq_free(out->pixels);
    *out = (rq_picture){0};
    return false;
}

unsigned char *rq_picture_planes(const rq_picture *p, rq_error *err)
{
    int64_t plane = p->height * p->width;
    unsigned char *planes = rq_alloc_array((uint64_t)plane, (uint64_t)p->channels, "an image", err);
    for (int64_t i = 0; planes && i < plane; i++)
        for (int c = 0; c < p->channels; c++) planes[c * plane + i] = p->pixels[i * p->channels + c];
    return planes;
}

bool rq_png_is(const char *path, bool *is, rq_error *err)
{
    unsigned char head[8];
    FILE *f = fopen(path, "rb");
    if (!f) return rq_fail_system(err, "cannot open '%s': %s", path, strerror(errno));
    *is = fread(head, 1, sizeof head, f) == sizeof head && png_sig_cmp(head, 0, sizeof head) == 0;
    bool good = !ferror(f) || rq_fail_system(err, "cannot read '%s': %s", path, strerror(errno));
    fclose(f);
    return good;
}
