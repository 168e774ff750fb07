/* state.c: how far a scan is, in DIR/state.safetensors: numbers to the bit, written whole or not at all.
 *
 *     point/0003/results  f64 [elements, 12]: n, mean, m2, m3, m4, zeros, largest, quantiles, seconds      of complete points
 *     tally/moments       f64 [elements, 7],  tally/histogram  i64 [elements, bins]                        of the one under way
 * Counts are whole numbers below 2^53, so doubles hold them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/safetensors.h"
#include "report/place.h"
#include "scan/scan.h"

enum { MOMENTS = 7, RESULT = MOMENTS + RQ_QUANTILES + 1 };

bool rq_scan_state_new(const rq_scan *s, rq_scan_state *out, rq_error *err)
{
    *out = (rq_scan_state){0};
    out->results = rq_alloc_array((uint64_t)s->point_count, sizeof *out->results, "the results", err);
    out->seconds = rq_alloc_array((uint64_t)s->point_count, sizeof *out->seconds, "the results", err);
    bool good = out->results && out->seconds;
    for (int i = 0; good && i < s->point_count; i++) {
        out->results[i] = rq_alloc_array((uint64_t)s->points[i].element_count, sizeof **out->results, "the results", err);
        good = out->results[i] != NULL;
    }
    if (!good) rq_scan_state_free(s, out);
    return good;
}

void rq_scan_state_free(const rq_scan *s, rq_scan_state *st)
{
    for (int i = 0; st->results && i < s->point_count; i++) rq_free(st->results[i]);
    rq_free(st->results);
    rq_free(st->seconds);
    *st = (rq_scan_state){0};
}

static void pack_moments(const rq_moments *m, double *x)
{
    const double row[MOMENTS] = {(double)m->n, m->mean, m->m2, m->m3, m->m4, (double)m->zeros, m->largest};
    memcpy(x, row, sizeof row);
}

static rq_moments unpack_moments(const double *x)
{
    return (rq_moments){(int64_t)x[0], x[1], x[2], x[3], x[4], (int64_t)x[5], x[6]};
}

/* ---- writing ---- */

static bool add_tensor(rq_tensors *t, const char *name, rq_dtype dtype, int64_t rows, int64_t columns, rq_error *err)
{
    rq_tensor *to = &t->tensors[t->count];
    to->name = rq_copy_text(name, err);
    if (!to->name) return false;
    t->count++;
    return rq_array_new(&to->array, dtype, 2, (int64_t[]){rows, columns}, name, err);
}

static bool add_point(const rq_scan *s, const rq_scan_state *st, int point, rq_tensors *t, rq_error *err)
{
    char name[64];
    int64_t elements = s->points[point].element_count;
    snprintf(name, sizeof name, "point/%04d/results", point);
    if (!add_tensor(t, name, RQ_DTYPE_f64, elements, RESULT, err)) return false;
    double *x = t->tensors[t->count - 1].array.values;
    for (int64_t e = 0; e < elements; e++, x += RESULT) {
        pack_moments(&st->results[point][e].moments, x);
        memcpy(x + MOMENTS, st->results[point][e].quantile, RQ_QUANTILES * sizeof *x);
        x[RESULT - 1] = st->seconds[point];
    }
    return true;
}

static bool add_tally(const rq_scan *s, const rq_scan_state *st, const rq_tally *tally, rq_tensors *t, rq_error *err)
{
    int64_t elements = s->points[st->done].element_count;
    if (!add_tensor(t, "tally/moments", RQ_DTYPE_f64, elements, MOMENTS, err)) return false;
    double *x = t->tensors[t->count - 1].array.values;
    for (int64_t e = 0; e < elements; e++) pack_moments(&tally->moments[e], x + e * MOMENTS);
    if (!add_tensor(t, "tally/histogram", RQ_DTYPE_i64, elements, RQ_HISTOGRAM_BINS, err)) return false;
    memcpy(t->tensors[t->count - 1].array.values, tally->histogram, (size_t)(elements * RQ_HISTOGRAM_BINS) * sizeof(int64_t));
    return true;
}

bool rq_scan_state_save(const rq_scan *s, const rq_scan_state *st, const rq_tally *tally, const char *dir, rq_error *err)
{
    char done[16], passes[16];
    snprintf(done, sizeof done, "%d", st->done);
    snprintf(passes, sizeof passes, "%d", tally ? tally->passes : 0);
    rq_text texts[] = {{"schema", "1"}, {"scan", (char *)s->name}, {"done", done}, {"passes", passes}};
    rq_tensors t = {.texts = texts, .text_count = (int)(sizeof texts / sizeof *texts)};
    char *path = rq_place_path(dir, "state.safetensors", err);
    t.tensors = rq_alloc_array((uint64_t)st->done + 2, sizeof *t.tensors, "the scan's state", err);
    bool good = path && t.tensors;
    for (int i = 0; good && i < st->done; i++) good = add_point(s, st, i, &t, err);
    good = good && (!tally || add_tally(s, st, tally, &t, err)) && rq_safetensors_write(path, &t, err);
    for (int i = 0; i < t.count; i++) {
        rq_array_free(&t.tensors[i].array);
        rq_free(t.tensors[i].name);
    }
    rq_free(t.tensors);
    rq_free(path);
    return good;
}

/* ---- reading ---- */

static bool has_shape(const rq_array *a, rq_dtype dtype, int64_t rows, int64_t columns)
{
    return a && a->dtype == dtype && a->ndim == 2 && a->dims[0] == rows && a->dims[1] == columns;
}

static bool take_points(const rq_scan *s, const rq_tensors *t, const char *path, rq_scan_state *st, rq_error *err)
{
    const char *text = rq_tensors_text(t, "done");
    long done = text ? strtol(text, NULL, 10) : -1;
    if (done < 0 || done > s->point_count) return rq_fail(err, "'%s' does not say how many points are complete", path);
    for (int i = 0; i < done; i++) {
        char name[64];
        snprintf(name, sizeof name, "point/%04d/results", i);
        const rq_array *a = rq_tensors_find(t, name);
        if (!has_shape(a, RQ_DTYPE_f64, s->points[i].element_count, RESULT))
            return rq_fail(err, "'%s' lacks the results of point %d, or they have another shape", path, i);
        const double *x = a->values;
        for (int e = 0; e < s->points[i].element_count; e++, x += RESULT) {
            st->results[i][e].moments = unpack_moments(x);
            memcpy(st->results[i][e].quantile, x + MOMENTS, RQ_QUANTILES * sizeof *x);
            st->seconds[i] = x[RESULT - 1];
        }
    }
    st->done = (int32_t)done;
    return true;
}

/* *path from rq_alloc. False: not there (nothing worded), or not readable. */
static bool read_state(const char *dir, rq_tensors *t, char **path, rq_error *err)
{
    struct stat info;
    *path = rq_place_path(dir, "state.safetensors", err);
    return *path && !stat(*path, &info) && rq_safetensors_read(*path, t, err);
}

bool rq_scan_state_load(const rq_scan *s, rq_scan_state *st, const char *dir, rq_error *err)
{
    rq_tensors t;
    char *path;
    if (err) err->text[0] = 0;
    bool is_read = read_state(dir, &t, &path, err);
    bool good = is_read ? take_points(s, &t, path, st, err) : !err->text[0];
    if (is_read) rq_tensors_free(&t);
    rq_free(path);
    return good;
}

bool rq_scan_tally_load(const rq_scan *s, const rq_scan_state *st, const char *dir, rq_tally *tally, rq_error *err)
{
    rq_tensors t;
    char *path;
    err->text[0] = 0;
    bool is_read = read_state(dir, &t, &path, err);
    const rq_array *m = is_read ? rq_tensors_find(&t, "tally/moments") : NULL, *h = is_read ? rq_tensors_find(&t, "tally/histogram") : NULL;
    bool good = is_read || !err->text[0];
    if (m && h) {
        int64_t elements = s->points[st->done].element_count;
        const char *passes = rq_tensors_text(&t, "passes");
        good = (has_shape(m, RQ_DTYPE_f64, elements, MOMENTS) && has_shape(h, RQ_DTYPE_i64, elements, RQ_HISTOGRAM_BINS)) ||
               rq_fail(err, "'%s' holds the draws of another point", path);
        for (int64_t e = 0; good && e < elements; e++) tally->moments[e] = unpack_moments((const double *)m->values + e * MOMENTS);
        if (good) memcpy(tally->histogram, h->values, (size_t)h->size * sizeof(int64_t));
        if (good) tally->passes = passes ? (int32_t)strtol(passes, NULL, 10) : 0;
    }
    if (is_read) rq_tensors_free(&t);
    rq_free(path);
    return good;
}
