/* safetensors.c: .safetensors <-> rq_tensors.
 *
 *     8 bytes: length n of the header, little-endian | n bytes of JSON | values
 *     {"__metadata__": {"key": "text"},
 *      "q1.theta": {"dtype": "F32", "shape": [4, 4, 2], "data_offsets": [0, 128]}}
 * Offsets count from behind the header; sorted by them the tensors touch, without holes, up to the
 * end of the file. Nothing in the header is believed before the size of the file allows it.
 */
#include "data/safetensors.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "data/file.h"

enum { HEADER_MOST = 1 << 24 }; /* a hundred thousand tensors */

static const char *const dtype_names[RQ_DTYPE_COUNT] = {"", "F32", "F64", "I32", "I64", "U8"};

/* One tensor's entry in the header, and where its values are. */
typedef struct Entry {
    const char *name;
    rq_dtype dtype;
    int ndim;
    int64_t dims[RQ_ARRAY_DIMS];
    uint64_t begin, end;
} Entry;

/* ---- reading ---- */

static bool read_shape(const json_t *shape, Entry *e, rq_error *err)
{
    if (!json_is_array(shape)) return rq_fail(err, "tensor '%s' has no list 'shape'", e->name);
    if (json_array_size(shape) > RQ_ARRAY_DIMS)
        return rq_fail(err, "tensor '%s' has %zu axes; at most %d are expected", e->name,
                       json_array_size(shape), RQ_ARRAY_DIMS);
    e->ndim = (int)json_array_size(shape);
    for (int i = 0; i < e->ndim; i++) {
        const json_t *size = json_array_get(shape, (size_t)i);
        e->dims[i] = json_integer_value(size);
        if (!json_is_integer(size) || e->dims[i] < 0)
            return rq_fail(err, "the shape of tensor '%s' is not a list of sizes", e->name);
    }
    return true;
}

static bool read_offsets(const json_t *offsets, Entry *e, uint64_t room, rq_error *err)
{
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    int64_t from = json_integer_value(begin), to = json_integer_value(end);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
        from < 0 || to < from)
        return rq_fail(err, "tensor '%s' has no 'data_offsets' [begin, end]", e->name);
    e->begin = (uint64_t)from;
    e->end = (uint64_t)to;
    if (e->end > room)
        return rq_fail(err,
                       "tensor '%s' ends at byte %" PRIu64
                       " of the values, but the file has %" PRIu64 " of them",
                       e->name, e->end, room);
    return true;
}

/* Whether the shape's bytes are the offsets' distance. */
static bool check_size(const Entry *e, rq_error *err)
{
    uint64_t bytes = (uint64_t)rq_dtype_bytes(e->dtype);
    bool fits = true;
    for (int i = 0; i < e->ndim; i++) {
        uint64_t size = (uint64_t)e->dims[i];
        fits = fits && (size == 0 || bytes <= (uint64_t)INT64_MAX / size);
        bytes = fits ? bytes * size : bytes;
    }
    if (fits && bytes == e->end - e->begin) return true;
    char shape[200];
    return rq_fail(err,
                   "tensor '%s' of shape %s and type %s does not have the %" PRIu64
                   " bytes that its offsets give it",
                   e->name, rq_shape_text(e->ndim, e->dims, shape, sizeof shape),
                   dtype_names[e->dtype], e->end - e->begin);
}

static bool read_entry(const char *name, const json_t *j, uint64_t room, Entry *e, rq_error *err)
{
    e->name = name;
    if (!json_is_object(j)) return rq_fail(err, "tensor '%s' is not described by an object", name);
    const char *dtype = json_string_value(json_object_get(j, "dtype"));
    if (!dtype) return rq_fail(err, "tensor '%s' has no 'dtype'", name);
    for (int d = 1; d < RQ_DTYPE_COUNT; d++)
        if (strcmp(dtype_names[d], dtype) == 0) e->dtype = (rq_dtype)d;
    if (!e->dtype)
        return rq_fail(err, "tensor '%s' has the type '%s'; F32, F64, I32, I64 and U8 can be read",
                       name, dtype);
    return read_shape(json_object_get(j, "shape"), e, err) &&
           read_offsets(json_object_get(j, "data_offsets"), e, room, err) && check_size(e, err);
}

static int by_offset(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

/* The entries, sorted by offset, must tile the values. */
static bool check_tiling(const Entry *entries, int count, uint64_t room, rq_error *err)
{
    uint64_t at = 0;
    for (int i = 0; i < count; i++) {
        const Entry *e = &entries[i];
        if (e->begin < at)
            return rq_fail(err, "tensors '%s' and '%s' overlap at byte %" PRIu64 " of the values",
                           entries[i - 1].name, e->name, e->begin);
        if (e->begin > at)
            return rq_fail(err,
                           "bytes %" PRIu64 " to %" PRIu64
                           " of the values, in front of '%s', belong to no tensor",
                           at, e->begin, e->name);
        at = e->end;
    }
    if (at == room) return true;
    return rq_fail(err, "the last %" PRIu64 " bytes of the file belong to no tensor", room - at);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const rq_text *)a)->key, ((const rq_text *)b)->key);
}

static bool copy_texts(json_t *meta, rq_tensors *out, rq_error *err)
{
    if (!meta) return true;
    if (!json_is_object(meta)) return rq_fail(err, "'__metadata__' is not an object");
    out->texts = rq_alloc_array(json_object_size(meta), sizeof *out->texts, "metadata", err);
    if (!out->texts) return false;
    const char *key;
    json_t *value;
    json_object_foreach(meta, key, value)
    {
        if (!json_is_string(value))
            return rq_fail(err, "'%s' in '__metadata__' is not a text", key);
        rq_text *t = &out->texts[out->text_count++];
        t->key = rq_copy_text(key, err);
        t->value = rq_copy_text(json_string_value(value), err);
        if (!t->key || !t->value) return false;
    }
    qsort(out->texts, (size_t)out->text_count, sizeof *out->texts, by_key);
    return true;
}

static bool copy_tensors(Entry *entries, int count, const unsigned char *values, rq_tensors *out,
                         rq_error *err)
{
    qsort(entries, (size_t)count, sizeof *entries, by_name);
    out->tensors = rq_alloc_array((uint64_t)count, sizeof *out->tensors, "tensors", err);
    if (!out->tensors) return false;
    for (int i = 0; i < count; i++) {
        const Entry *e = &entries[i];
        rq_tensor *t = &out->tensors[out->count++];
        t->name = rq_copy_text(e->name, err);
        if (!t->name || !rq_array_new(&t->array, e->dtype, e->ndim, e->dims, e->name, err))
            return false;
        memcpy(t->array.values, values + e->begin, e->end - e->begin);
    }
    return true;
}

static bool read_entries(json_t *header, Entry *entries, const unsigned char *values, uint64_t room,
                         rq_tensors *out, rq_error *err)
{
    int count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(header, name, value)
    {
        if (strcmp(name, "__metadata__") == 0) continue;
        if (!read_entry(name, value, room, &entries[count++], err)) return false;
    }
    qsort(entries, (size_t)count, sizeof *entries, by_offset);
    return check_tiling(entries, count, room, err) &&
           copy_texts(json_object_get(header, "__metadata__"), out, err) &&
           copy_tensors(entries, count, values, out, err);
}

static bool parse(const unsigned char *b, size_t size, rq_tensors *out, rq_error *err)
{
    if (size < 8) return rq_fail(err, "%zu bytes are too few for a safetensors file", size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | b[i];
    if (length > HEADER_MOST)
        return rq_fail(err, "a header of %" PRIu64 " bytes is promised; at most %d are expected",
                       length, HEADER_MOST);
    if (length > size - 8)
        return rq_fail(err, "a header of %" PRIu64 " bytes is promised, but %zu follow", length,
                       size - 8);
    json_error_t where;
    uint64_t refused = rq_memory_refused();
    json_t *header = json_loadb((const char *)b + 8, length, JSON_REJECT_DUPLICATES, &where);
    if (!header)
        return rq_memory_sufficed(refused, "the header", err) &&
               rq_fail(err, "the header is not the JSON that is expected: %s at byte %d",
                       where.text, where.position + 8);
    Entry *entries = rq_alloc_array(json_object_size(header), sizeof *entries, "the header", err);
    bool good = entries != NULL;
    if (good && !json_is_object(header)) good = rq_fail(err, "the header is not a JSON object");
    good = good && read_entries(header, entries, b + 8 + length, size - 8 - length, out, err);
    rq_free(entries);
    json_decref(header);
    return good;
}

bool rq_safetensors_read(const char *path, rq_tensors *out, rq_error *err)
{
    *out = (rq_tensors){0};
    unsigned char *bytes;
    size_t size;
    if (!rq_file_load(path, UINT64_MAX, &bytes, &size, err)) return false;
    bool good = parse(bytes, size, out, err);
    rq_free(bytes);
    if (good) return true;
    rq_tensors_free(out);
    return rq_fail_at(err, "'%s'", path);
}

void rq_tensors_free(rq_tensors *t)
{
    for (int i = 0; i < t->count; i++) {
        rq_free(t->tensors[i].name);
        rq_array_free(&t->tensors[i].array);
    }
    for (int i = 0; i < t->text_count; i++) {
        rq_free(t->texts[i].key);
        rq_free(t->texts[i].value);
    }
    rq_free(t->tensors);
    rq_free(t->texts);
    *t = (rq_tensors){0};
}

const rq_array *rq_tensors_find(const rq_tensors *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->tensors[i].name, name) == 0) return &t->tensors[i].array;
    return NULL;
}

const char *rq_tensors_text(const rq_tensors *t, const char *key)
{
    for (int i = 0; i < t->text_count; i++)
        if (strcmp(t->texts[i].key, key) == 0) return t->texts[i].value;
    return NULL;
}

/* ---- writing ---- */

/* Wide elements first, so that each tensor is aligned for its type; then by name. */
static int by_width_and_name(const void *a, const void *b)
{
    const rq_tensor *const *x = a, *const *y = b;
    int64_t wide_x = rq_dtype_bytes((*x)->array.dtype), wide_y = rq_dtype_bytes((*y)->array.dtype);
    if (wide_x != wide_y) return wide_x > wide_y ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

static json_t *describe(const rq_array *a, uint64_t begin, uint64_t end)
{
    json_t *shape = json_array();
    for (int i = 0; i < a->ndim; i++) json_array_append_new(shape, json_integer(a->dims[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_names[a->dtype], "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)end);
}

/* The header's text; NULL = a name is not UTF-8 or there twice, or no memory. */
static char *header_text(const rq_tensors *t, const rq_tensor *const *order, rq_error *err)
{
    uint64_t refused = rq_memory_refused();
    json_t *header = json_object();
    bool good = true;
    if (t->text_count > 0) {
        json_t *meta = json_object();
        for (int i = 0; i < t->text_count; i++)
            if (json_object_set_new(meta, t->texts[i].key, json_string(t->texts[i].value)) != 0)
                good = rq_fail(err, "the text '%s' is not UTF-8", t->texts[i].key);
        json_object_set_new(header, "__metadata__", meta);
    }
    uint64_t at = 0;
    for (int i = 0; good && i < t->count; i++) {
        uint64_t bytes = (uint64_t)(order[i]->array.size * rq_dtype_bytes(order[i]->array.dtype));
        if (json_object_get(header, order[i]->name))
            good = rq_fail(err, "there are two tensors '%s'", order[i]->name);
        else if (json_object_set_new(header, order[i]->name,
                                     describe(&order[i]->array, at, at + bytes)) != 0)
            good = rq_fail(err, "the name of tensor '%s' is not UTF-8", order[i]->name);
        at += bytes;
    }
    char *text = good ? json_dumps(header, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(header);
    if (rq_memory_sufficed(refused, "the header", err)) return text;
    rq_free(text);
    return NULL;
}

/* Puts length, header, padding to a multiple of 8 and values one after the other into the file. */
static bool write_parts(const char *path, const char *header, const rq_tensor *const *order,
                        int count, const void **parts, size_t *sizes, rq_error *err)
{
    size_t length = strlen(header), padding = (8 - length % 8) % 8;
    unsigned char start[8];
    for (int i = 0; i < 8; i++) start[i] = (unsigned char)((uint64_t)(length + padding) >> (8 * i));
    parts[0] = start, sizes[0] = 8;
    parts[1] = header, sizes[1] = length;
    parts[2] = "        ", sizes[2] = padding;
    for (int i = 0; i < count; i++) {
        parts[i + 3] = order[i]->array.values;
        sizes[i + 3] = (size_t)(order[i]->array.size * rq_dtype_bytes(order[i]->array.dtype));
    }
    return rq_file_replace(path, parts, sizes, count + 3, err);
}

bool rq_safetensors_write(const char *path, const rq_tensors *t, rq_error *err)
{
    uint64_t n = (uint64_t)t->count + 3;
    const rq_tensor **order = rq_alloc_array(n, sizeof *order, "the order of tensors", err);
    const void **parts = rq_alloc_array(n, sizeof *parts, "the parts of a file", err);
    size_t *sizes = rq_alloc_array(n, sizeof *sizes, "the parts of a file", err);
    char *header = NULL;
    if (order && parts && sizes) {
        for (int i = 0; i < t->count; i++) order[i] = &t->tensors[i];
        qsort(order, (size_t)t->count, sizeof *order, by_width_and_name);
        header = header_text(t, order, err);
        if (!header) rq_fail_at(err, "cannot write '%s'", path);
    }
    bool good = header && write_parts(path, header, order, t->count, parts, sizes, err);
    rq_free(header);
    rq_free(order);
    rq_free(parts);
    rq_free(sizes);
    return good;
}
