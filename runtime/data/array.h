/* array.h: a dense array of numbers as files hold them, in C order. */
#ifndef RQ_DATA_ARRAY_H
#define RQ_DATA_ARRAY_H

#include "memory.h"

typedef enum rq_dtype {
    RQ_DTYPE_none,
    RQ_DTYPE_f32,
    RQ_DTYPE_f64,
    RQ_DTYPE_i32,
    RQ_DTYPE_i64,
    RQ_DTYPE_u8,
    RQ_DTYPE_COUNT
} rq_dtype;

enum { RQ_ARRAY_DIMS = 8 };

typedef struct rq_array {
    rq_dtype dtype;
    int ndim; /* 0 = one number */
    int64_t dims[RQ_ARRAY_DIMS];
    int64_t size; /* product of dims */
    bool is_complex; /* the file's numbers are: their parts are the last axis */
    void *values;
} rq_array;

/* Bytes of one element. */
int64_t rq_dtype_bytes(rq_dtype dtype);

/* Sets dtype and shape and takes zeroed memory; `what` names it in messages. False = the product of
 * dims is too large. */
bool rq_array_new(rq_array *a, rq_dtype dtype, int ndim, const int64_t *dims, const char *what,
                  rq_error *err);
void rq_array_free(rq_array *a);

/* Element i as a double: exact but for integers beyond 2^53. */
double rq_array_get(const rq_array *a, int64_t i);

/* "[3, 28, 28]" into text; returns text. */
const char *rq_shape_text(int ndim, const int64_t *dims, char *text, size_t size);

/* npy.c: numpy's format, versions 1 to 3, little-endian f4 f8 i4 i8 u1, C order; c8 and c16 become
 * f4 and f8 with a trailing axis of 2. False = err names the file and what is wrong in it.
 */
bool rq_npy_parse(const char *path, const unsigned char *bytes, size_t size, rq_array *out, rq_error *err); /* from memory */
bool rq_npy_read(const char *path, rq_array *out, rq_error *err);
bool rq_npy_write(const char *path, const rq_array *a, rq_error *err);

/* npz.c: array `name` of a file that numpy.savez or savez_compressed wrote. */
bool rq_npz_read(const char *path, const char *name, rq_array *out, rq_error *err);
bool rq_is_npz(const char *path); /* by its name */

#endif
