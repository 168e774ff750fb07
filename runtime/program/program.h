/* program.h: a compiled function as a table, and how to call it. Made by the JIT in memory, by `rq build` in an object file.
 *
 * The runtime knows nothing of the compiler: a function is phases of machine code over an array of buffer pointers.
 */
#ifndef RQ_PROGRAM_PROGRAM_H
#define RQ_PROGRAM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "program/roles.h"

/* buf[i] is the address of buffer i for this chunk. */
typedef void (*rq_phase_fn)(void *const *buf);

typedef struct rq_buffer {
    int32_t role;     /* rq_role */
    uint32_t leaf;    /* param, input, output, batch sum number */
    int32_t batched;
    int64_t reals;    /* per sample; complex elements count twice */
    int64_t offset;   /* temporaries: bytes into their block */
} rq_buffer;

typedef struct rq_phase {
    int32_t per_chunk;
    rq_phase_fn run;
} rq_phase;

typedef struct rq_leaf {
    const char *name;
    int64_t reals;
    int32_t batched;
} rq_leaf;

typedef struct rq_function {
    const char *name;
    int32_t real_bytes, lanes;
    const rq_buffer *buffers;
    const rq_phase *phases;
    const rq_leaf *params, *inputs, *outputs;
    const int64_t *sum_reals; /* size of each batch sum */
    uint32_t buffer_count, phase_count, param_count, input_count, output_count, sum_count;
    int64_t thread_bytes, kept_bytes, shared_bytes;
} rq_function;

/* Fills input number `input` of one chunk: out[element][lane] for samples [first, first + count); lanes beyond count repeat the last. */
typedef void (*rq_pack_fn)(void *context, int input, int64_t first, int count, int lanes, void *out);

/* A prepared call: blocks of memory for `threads` threads and up to `max_samples` samples, reused from call to call. */
typedef struct rq_runner rq_runner;
bool rq_runner_new(const rq_function *f, int64_t max_samples, int threads, rq_runner **out, rq_error *error);
void rq_runner_free(rq_runner *r);
/* Runs all phases. params[i]: reals of f->params[i]. outputs[i]: shared: reals; batched: [ceil(samples/lanes)][reals][lanes]; NULL: not wanted.
 * The result is the same to the bit for any number of threads. */
bool rq_run(rq_runner *r, int64_t samples, const void *const *params, rq_pack_fn pack, void *context, void *const *outputs,
            rq_error *error);
int rq_leaf_find(const rq_leaf *leaves, uint32_t n, const char *name); /* -1 if absent */

#endif
