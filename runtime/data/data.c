/* data.c: spec -> data set. Calls the source, then builds the table from bytes to values. */
#include "data/data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/source.h"

const char *const rq_split_names[RQ_SPLIT_COUNT] = {"none", "train", "val", "test"};

static const struct {
    const char *name;
    bool (*open)(const rq_data_spec *spec, rq_data *out, rq_error *err);
} sources[] = {
    {"mnist", rq_idx_open},     {"fashion_mnist", rq_idx_open}, {"cifar10", rq_cifar_open},
    {"glyphs", rq_glyphs_open}, {"csv", rq_csv_open},           {"npy", rq_arrays_open},
    {"images", rq_images_open}, {"unitary_pairs", rq_pairs_open}, {"zeros", rq_zeros_open},
    {"states", rq_states_open},
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

bool rq_data_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    *out = (rq_data){0};
    char known[256] = "";
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (strcmp(sources[i].name, spec->source) == 0) {
            snprintf(out->name, sizeof out->name, "%s", spec->source);
            if (sources[i].open(spec, out, err) && set_values(spec, out, err)) return true;
            rq_data_free(out);
            return false;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", sources[i].name);
    }
    return rq_fail(err, "there is no data source '%s'; there are %s", spec->source, known);
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
