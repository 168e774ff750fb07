/* npy.c: numpy's .npy files <-> arrays.
 *
 *     93 'N' 'U' 'M' 'P' 'Y' | major | minor | length n | n bytes of header | values
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 * The length has 2 bytes in version 1 and 4 in versions 2 and 3. The header is a Python dictionary
 * of these three keys in any order. The machine is little-endian, as the files are.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/array.h"
#include "data/file.h"

enum { NPY_HEADER_MOST = 1 << 20 };

static const struct {
    const char *descr;
    rq_dtype dtype;
    bool is_complex;
} types[] = {
    {"<f4", RQ_DTYPE_f32, false}, {"<f8", RQ_DTYPE_f64, false}, {"<i4", RQ_DTYPE_i32, false},
    {"<i8", RQ_DTYPE_i64, false}, {"|u1", RQ_DTYPE_u8, false},  {"<c8", RQ_DTYPE_f32, true},
    {"<c16", RQ_DTYPE_f64, true}, {"<u1", RQ_DTYPE_u8, false},
};

/* The header while it is read. */
typedef struct Npy {
    const char *path;
    const char *at, *end;
    char descr[16];
    bool has_descr, has_order, has_shape, is_fortran;
    int ndim;
    int64_t dims[RQ_ARRAY_DIMS];
    rq_error *err;
} Npy;

static void skip_space(Npy *n)
{
    while (n->at < n->end && isspace((unsigned char)*n->at)) n->at++;
}

static bool accept(Npy *n, char c)
{
    skip_space(n);
    if (n->at == n->end || *n->at != c) return false;
    n->at++;
    return true;
}

static bool expect(Npy *n, char c)
{
    if (accept(n, c)) return true;
    char found[16] = "its end";
    if (n->at < n->end)
        snprintf(found, sizeof found, "'%c'", isprint((unsigned char)*n->at) ? *n->at : '?');
    return rq_fail(n->err, "'%s': the npy header has %s where '%c' is expected", n->path, found, c);
}

static bool read_text(Npy *n, char *to, size_t room)
{
    skip_space(n);
    char quote = n->at < n->end && *n->at == '"' ? '"' : '\'';
    if (!expect(n, quote)) return false;
    size_t used = 0;
    while (n->at < n->end && *n->at != quote && used + 1 < room) to[used++] = *n->at++;
    to[used] = 0;
    return expect(n, quote);
}

static bool accept_word(Npy *n, const char *word)
{
    size_t length = strlen(word);
    skip_space(n);
    if ((size_t)(n->end - n->at) < length || memcmp(n->at, word, length) != 0) return false;
    n->at += length;
    return true;
}

static bool read_size(Npy *n, int64_t *size)
{
    skip_space(n);
    if (n->at == n->end || !isdigit((unsigned char)*n->at))
        return rq_fail(n->err, "'%s': the shape in the npy header is not a list of sizes", n->path);
    *size = 0;
    for (; n->at < n->end && isdigit((unsigned char)*n->at); n->at++) {
        if (*size > INT64_MAX / 16)
            return rq_fail(n->err, "'%s': the shape in the npy header is too large", n->path);
        *size = *size * 10 + (*n->at - '0');
    }
    return true;
}

static bool read_shape(Npy *n)
{
    n->ndim = 0;
    if (!expect(n, '(')) return false;
    while (!accept(n, ')')) {
        if (n->ndim == RQ_ARRAY_DIMS - 1) /* one is kept for the parts of complex numbers */
            return rq_fail(n->err, "'%s': at most %d axes are expected", n->path,
                           RQ_ARRAY_DIMS - 1);
        if (!read_size(n, &n->dims[n->ndim++])) return false;
        if (accept(n, ',')) continue;
        if (!expect(n, ')')) return false;
        break;
    }
    return true;
}

static bool read_entry(Npy *n)
{
    char key[32];
    if (!read_text(n, key, sizeof key) || !expect(n, ':')) return false;
    if (strcmp(key, "descr") == 0) {
        n->has_descr = true;
        return read_text(n, n->descr, sizeof n->descr);
    }
    if (strcmp(key, "shape") == 0) {
        n->has_shape = true;
        return read_shape(n);
    }
    if (strcmp(key, "fortran_order") != 0)
        return rq_fail(
            n->err,
            "'%s': the npy header has the key '%s'; descr, fortran_order and shape are expected",
            n->path, key);
    n->has_order = true;
    n->is_fortran = accept_word(n, "True");
    if (n->is_fortran || accept_word(n, "False")) return true;
    return rq_fail(n->err, "'%s': fortran_order in the npy header is neither True nor False",
                   n->path);
}

static bool read_header(Npy *n)
{
    if (!expect(n, '{')) return false;
    while (!accept(n, '}')) {
        if (!read_entry(n)) return false;
        if (accept(n, ',')) continue;
        if (!expect(n, '}')) return false;
        break;
    }
    skip_space(n);
    if (n->at != n->end)
        return rq_fail(n->err, "'%s': something stands behind the npy header's '}'", n->path);
    if (!n->has_descr || !n->has_order || !n->has_shape)
        return rq_fail(n->err, "'%s': the npy header lacks '%s'", n->path,
                       !n->has_descr   ? "descr"
                       : !n->has_order ? "fortran_order"
                                       : "shape");
    if (n->is_fortran && n->ndim > 1)
        return rq_fail(n->err, "'%s' is in Fortran order; save it with numpy.ascontiguousarray",
                       n->path);
    return true;
}

static bool make_array(Npy *n, const unsigned char *values, uint64_t bytes, rq_array *out)
{
    size_t t = 0, count = sizeof types / sizeof *types;
    while (t < count && strcmp(types[t].descr, n->descr) != 0) t++;
    if (t == count)
        return rq_fail(
            n->err,
            "'%s' has the type '%s'; little-endian f4, f8, i4, i8, c8, c16 and u1 can be read",
            n->path, n->descr);
    if (types[t].is_complex) n->dims[n->ndim++] = 2;
    int64_t each = rq_dtype_bytes(types[t].dtype), size = 1;
    bool fits = true;
    for (int i = 0; i < n->ndim && fits; i++) {
        fits = n->dims[i] == 0 || size <= (INT64_MAX >> 4) / n->dims[i];
        if (fits) size *= n->dims[i];
    }
    if (!fits || (uint64_t)size > bytes / (uint64_t)each || (uint64_t)(size * each) != bytes) {
        char shape[200];
        return rq_fail(
            n->err, "'%s': the header promises shape %s of '%s', but %" PRIu64 " bytes follow it",
            n->path, rq_shape_text(n->ndim, n->dims, shape, sizeof shape), n->descr, bytes);
    }
    if (!rq_array_new(out, types[t].dtype, n->ndim, n->dims, n->path, n->err)) return false;
    out->is_complex = types[t].is_complex;
    memcpy(out->values, values, bytes);
    return true;
}

bool rq_npy_parse(const char *path, const unsigned char *b, size_t size, rq_array *out, rq_error *err)
{
    if (size < 10 || memcmp(b, "\x93NUMPY", 6) != 0)
        return rq_fail(err, "'%s' is not an npy file: it does not begin with 93 'NUMPY'", path);
    if (b[6] < 1 || b[6] > 3)
        return rq_fail(err, "'%s' is of npy version %d; 1 to 3 can be read", path, b[6]);
    size_t start = b[6] == 1 ? 10 : 12;
    if (size < start) return rq_fail(err, "'%s' is cut off inside the npy header", path);
    uint64_t length = b[8] | (uint64_t)b[9] << 8;
    if (start == 12) length |= (uint64_t)b[10] << 16 | (uint64_t)b[11] << 24;
    if (length > NPY_HEADER_MOST)
        return rq_fail(
            err, "'%s': an npy header of %" PRIu64 " bytes is promised; at most %d are expected",
            path, length, NPY_HEADER_MOST);
    if (length > size - start)
        return rq_fail(err, "'%s': an npy header of %" PRIu64 " bytes is promised, but %zu follow",
                       path, length, size - start);
    const char *header = (const char *)b + start;
    Npy n = {.path = path, .at = header, .end = header + length, .err = err};
    return read_header(&n) && make_array(&n, b + start + length, size - start - length, out);
}

bool rq_npy_read(const char *path, rq_array *out, rq_error *err)
{
    *out = (rq_array){0};
    unsigned char *bytes;
    size_t size;
    if (!rq_file_load(path, UINT64_MAX, &bytes, &size, err)) return false;
    bool good = rq_npy_parse(path, bytes, size, out, err);
    rq_free(bytes);
    return good;
}

bool rq_npy_write(const char *path, const rq_array *a, rq_error *err)
{
    const char *descr = NULL;
    for (size_t t = 0; !descr; t++)
        if (types[t].dtype == a->dtype) descr = types[t].descr;
    char header[512];
    int used = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                        descr);
    for (int i = 0; i < a->ndim; i++)
        used += snprintf(header + used, sizeof header - (size_t)used, "%s%" PRId64 "%s",
                         i ? " " : "", a->dims[i], i + 1 < a->ndim || a->ndim == 1 ? "," : "");
    used += snprintf(header + used, sizeof header - (size_t)used, "), }");
    while ((10 + used + 1) % 64 != 0)
        header[used++] = ' '; /* the values begin at a multiple of 64 */
    header[used++] = '\n';
    const unsigned char start[10] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)used, (unsigned char)(used >> 8)};
    const void *parts[] = {start, header, a->values};
    const size_t sizes[] = {sizeof start, (size_t)used,
                            (size_t)(a->size * rq_dtype_bytes(a->dtype))};
    return rq_file_replace(path, parts, sizes, 3, err);
}
