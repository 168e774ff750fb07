/* data.c: spec -> data set. Calls the source, then builds the table from bytes to values. */
#include "data/data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/array.h"
#include "data/png.h"
#include "data/source.h"

const char *const rq_split_names[RQ_SPLIT_COUNT] = {"none", "train", "val", "test"};

typedef bool (*Opener)(const rq_data_spec *spec, rq_data *out, rq_error *err);

static const struct Source {
    const char *name;
    Opener open;
    bool is_states;
} sources[] = {
    {"mnist", rq_idx_open, false},     {"fashion_mnist", rq_idx_open, false},    {"cifar10", rq_cifar_open, false},
    {"glyphs", rq_glyphs_open, false}, {"csv", rq_csv_open, false},              {"npy", rq_arrays_open, false},
    {"images", rq_images_open, false}, {"unitary_pairs", rq_pairs_open, true},   {"zeros", rq_zeros_open, true},
    {"states", rq_states_open, true},
};

rq_data_spec rq_data_spec_default(const char *source)
{
    return (rq_data_spec){.source = source,
                          .train = RQ_DATA_ALL,
                          .val = RQ_DATA_ALL,
                          .test = RQ_DATA_ALL,
                          .size = 28,
                          .noise = 0.05};
}

static bool check_normalisation(const rq_data_spec *spec, const rq_data *d, rq_error *err)
{
    if (!spec->mean && !spec->std) return true;
    if (!spec->mean || !spec->std) return rq_fail(err, "normalize takes a mean and a deviation");
    if (spec->norm_count != 1 && spec->norm_count != d->channels)
        return rq_fail(
            err,
            "normalize has %d means; one, or one for each of the %d channels of '%s' is expected",
            spec->norm_count, (int)d->channels, spec->source);
    for (int i = 0; i < spec->norm_count; i++)
        if (!isfinite(spec->mean[i]) || !isfinite(spec->std[i]) || !(spec->std[i] > 0))
            return rq_fail(err,
                           "normalize: mean %g and deviation %g of channel %d; finite numbers and "
                           "a deviation above 0"
                           " are expected",
                           spec->mean[i], spec->std[i], i);
    return true;
}

static double normalised(const rq_data_spec *spec, int64_t channel, double value)
{
    if (!spec->mean) return value;
    int64_t i = spec->norm_count == 1 ? 0 : channel;
    return (value - spec->mean[i]) / spec->std[i];
}

static bool set_values(const rq_data_spec *spec, rq_data *d, rq_error *err)
{
    if (!check_normalisation(spec, d, err)) return false;
    if (d->reals && spec->mean) {
        int64_t plane = d->size / d->channels;
        for (int64_t i = 0; i < d->total * d->size; i++)
            d->reals[i] = normalised(spec, i / plane % d->channels, d->reals[i]);
    }
    if (!d->bytes) return true;
    d->table =
        rq_alloc_array((uint64_t)d->channels * 256, sizeof *d->table, "the table of values", err);
    if (!d->table) return false;
    for (int64_t c = 0; c < d->channels; c++)
        for (int b = 0; b < 256; b++) d->table[c * 256 + b] = normalised(spec, c, b / 255.0);
    return true;
}

static const struct Source *source_named(const char *name)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].name, name) == 0) return &sources[i];
    return NULL;
}

bool rq_data_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    const struct Source *source = source_named(spec->source);
    *out = (rq_data){0};
    if (source) {
        snprintf(out->name, sizeof out->name, "%s", spec->source);
        if (source->open(spec, out, err) && set_values(spec, out, err) && rq_data_augment(spec, out, err)) return true;
        rq_data_free(out);
        return false;
    }
    char known[256] = "";
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", sources[i].name);
    }
    return rq_fail(err, "there is no data source '%s'; there are %s", spec->source, known);
}

/* One PNG picture as a data set. */
static bool open_picture(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    rq_picture p;
    if (!rq_png_read(spec->file, 0, &p, err)) return false;
    unsigned char *planes = rq_picture_planes(&p, err);
    out->total = out->count[RQ_SPLIT_train] = 1;
    bool good = planes && rq_images_prepare(spec, p.channels, p.height, p.width, out, err);
    if (good) rq_image_store(out, 0, planes, p.height, p.width);
    rq_free(planes);
    rq_free(p.pixels);
    return good;
}

/* Is a sample of the wanted shape, axes of length 1 in front apart, or a row of as many values? */
static bool has_shape(const rq_data *d, int rank, const int64_t *dims)
{
    int64_t wanted = 1;
    for (int i = 0; i < rank; i++) wanted *= dims[i];
    if (d->size != wanted) return false;
    const int64_t *own = d->dims;
    int n = d->ndim;
    while (n > 1 && *own == 1) own++, n--;
    while (rank > 1 && *dims == 1) dims++, rank--;
    return n == 1 || (n == rank && memcmp(own, dims, (size_t)n * sizeof *dims) == 0);
}

static bool check_shape(const rq_data *d, const char *path, bool is_picture, int rank, const int64_t *dims, rq_error *err)
{
    char have[200], want[200];
    if (has_shape(d, rank, dims)) return true;
    rq_shape_text(d->ndim, d->dims, have, sizeof have);
    rq_shape_text(rank, dims, want, sizeof want);
    if (!is_picture)
        return rq_fail(err, "'%s' holds %" PRId64 " sample%s of shape %s, but %s is wanted; samples stand along the first axis", path,
                       d->total, d->total == 1 ? "" : "s", have, want);
    bool other_colours = rank == 3 && d->channels != dims[0];
    return rq_fail(err, "'%s' is a picture %s of shape %s, but %s is wanted%s", path, d->channels == 3 ? "in colours" : "in grey", have,
                   want, !other_colours ? "" : dims[0] == 1 ? ": one in grey" : dims[0] == 3 ? ": one in colours" : "");
}

/* Has the file of numpy bytes that are images? Only these are resized. */
static bool has_images(const char *path, bool *yes, rq_error *err)
{
    rq_array a;
    if (!rq_npy_read(path, &a, err)) return false;
    *yes = a.dtype == RQ_DTYPE_u8 && a.ndim > 2;
    rq_array_free(&a);
    return true;
}

bool rq_data_given(const rq_data_spec *like, const char *path, int rank, const int64_t *dims, rq_data *out, rq_error *err)
{
    const struct Source *source = source_named(like->source);
    bool is_states = source && source->is_states, is_picture = false;
    *out = (rq_data){0};
    if (!is_states && !rq_png_is(path, &is_picture, err)) return false;
    bool is_image = is_picture;
    if (!is_states && !is_picture && !has_images(path, &is_image, err)) return false;
    rq_data_spec spec = rq_data_spec_default(is_states ? "states" : is_picture ? "picture" : "npy");
    spec.file = path;
    spec.mean = like->mean, spec.std = like->std, spec.norm_count = like->norm_count;
    if (is_image) spec.height = like->height, spec.width = like->width;
    snprintf(out->name, sizeof out->name, "%s", spec.source);
    Opener open = is_states ? rq_states_open : is_picture ? open_picture : rq_arrays_open;
    if (open(&spec, out, err) && check_shape(out, path, is_picture, rank, dims, err) && set_values(&spec, out, err)) return true;
    rq_data_free(out);
    return false;
}

void rq_data_free(rq_data *d)
{
    for (int i = 0; i < d->file_count; i++) rq_free(d->files[i].path);
    rq_free(d->bytes);
    rq_free(d->reals);
    rq_free(d->table);
    rq_free(d->labels);
    rq_free(d->targets);
    rq_free(d->class_labels);
    rq_free(d->source_index);
    for (int k = 0; d->class_names && k < d->classes; k++) rq_free(d->class_names[k]);
    rq_free(d->class_names);
    *d = (rq_data){0};
}
