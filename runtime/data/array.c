/* array.c: shape and memory of rq_array. */
#include "data/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t rq_dtype_bytes(rq_dtype dtype)
{
    switch (dtype) {
    case RQ_DTYPE_f32:
    case RQ_DTYPE_i32: return 4;
    case RQ_DTYPE_f64:
    case RQ_DTYPE_i64: return 8;
    case RQ_DTYPE_u8: return 1;
    case RQ_DTYPE_none:
    case RQ_DTYPE_COUNT: break;
    }
    return 0;
}

const char *rq_shape_text(int ndim, const int64_t *dims, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < ndim && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64, i ? ", " : "", dims[i]);
    if (used < size) snprintf(text + used, size - used, "]");
    return text;
}

bool rq_array_new(rq_array *a, rq_dtype dtype, int ndim, const int64_t *dims, const char *what,
                  rq_error *err)
{
    *a = (rq_array){.dtype = dtype, .ndim = ndim, .size = 1};
    for (int i = 0; i < ndim; i++) {
        a->dims[i] = dims[i];
        if (dims[i] != 0 && a->size > (INT64_MAX >> 4) / dims[i]) {
            char text[200];
            return rq_fail(err, "%s: an array of shape %s is too large", what,
                           rq_shape_text(ndim, dims, text, sizeof text));
        }
        a->size *= dims[i];
    }
    a->values = rq_alloc_array((uint64_t)a->size, (uint64_t)rq_dtype_bytes(dtype), what, err);
    return a->values != NULL;
}

void rq_array_free(rq_array *a)
{
    rq_free(a->values);
    *a = (rq_array){0};
}

double rq_array_get(const rq_array *a, int64_t i)
{
    switch (a->dtype) {
    case RQ_DTYPE_f32: return ((const float *)a->values)[i];
    case RQ_DTYPE_f64: return ((const double *)a->values)[i];
    case RQ_DTYPE_i32: return ((const int32_t *)a->values)[i];
    case RQ_DTYPE_i64: return (double)((const int64_t *)a->values)[i];
    case RQ_DTYPE_u8: return ((const unsigned char *)a->values)[i];
    case RQ_DTYPE_none:
    case RQ_DTYPE_COUNT: break;
    }
    return 0;
}
