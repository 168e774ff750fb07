/* safetensors.h: named arrays and texts in one file, as Python's safetensors has them. */
#ifndef RQ_DATA_SAFETENSORS_H
#define RQ_DATA_SAFETENSORS_H

#include "data/array.h"

typedef struct rq_tensor {
    char *name;
    rq_array array;
} rq_tensor;

typedef struct rq_text {
    char *key, *value;
} rq_text;

typedef struct rq_tensors {
    rq_tensor *tensors; /* by name, ascending */
    int count;
    rq_text *texts; /* __metadata__, by key, ascending */
    int text_count;
} rq_tensors;

/* False = nothing is held, err names the file and the tensor that is wrong. F32, F64, I32, I64 and
 * U8. */
bool rq_safetensors_read(const char *path, rq_tensors *out, rq_error *err);

/* The same arrays and texts give the same bytes in whatever order they come. Names differ and are
 * not __metadata__. The old file stays until the new one is complete and on disk. */
bool rq_safetensors_write(const char *path, const rq_tensors *t, rq_error *err);

void rq_tensors_free(rq_tensors *t);

/* NULL = there is none of that name. */
const rq_array *rq_tensors_find(const rq_tensors *t, const char *name);
const char *rq_tensors_text(const rq_tensors *t, const char *key);

#endif
