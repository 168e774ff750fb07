/* png.h: pictures as PNG files. */
#ifndef RQ_DATA_PNG_H
#define RQ_DATA_PNG_H

#include "data/data.h"

/* pixels[height][width][channels]; rq_free(pixels). */
typedef struct rq_picture {
    int64_t width, height;
    int channels; /* 1 = grey, 3 = RGB */
    unsigned char *pixels;
} rq_picture;

/* The size of a PNG file and whether it has colours; no pixels. */
bool rq_png_look(const char *path, rq_picture *out, rq_error *err);

/* Its pixels with 1 or 3 channels, or, with 0, those it has. Eight bits; what is transparent
 * becomes black. */
bool rq_png_read(const char *path, int channels, rq_picture *out, rq_error *err);

/* The pixels as [channels][height][width], from rq_alloc; NULL = no memory. */
unsigned char *rq_picture_planes(const rq_picture *p, rq_error *err);

/* Does the file begin like a PNG file? False = it cannot be read. */
bool rq_png_is(const char *path, bool *is, rq_error *err);

/* pixels[height][width][channels], 1 channel = grey, 3 = RGB. */
bool rq_png_write(const char *path, const unsigned char *pixels, int64_t width, int64_t height,
                  int channels, rq_error *err);

/* The first rows * columns samples of a split on one sheet, row by row, `zoom` pixels per pixel, 2
 * pixels apart. Values are mapped from their smallest and largest to black and white. Images of 1
 * or 3 channels; others show channel 0.
 */
bool rq_png_sheet(const char *path, const rq_data *d, rq_split split, int rows, int columns,
                  int zoom, rq_error *err);

#endif
