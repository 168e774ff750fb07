/* pool.h: threads that share numbered tasks. */
#ifndef RQ_PROGRAM_POOL_H
#define RQ_PROGRAM_POOL_H

#include "memory.h"

typedef struct rq_pool rq_pool;

/* One task, on thread 0 .. threads-1. Tasks of a job are independent of one another. */
typedef void (*rq_task_fn)(void *context, int64_t task, int thread);

/* The caller is thread 0; threads - 1 others are started. NULL: failed, worded. */
rq_pool *rq_pool_new(int threads, rq_error *error);
void rq_pool_free(rq_pool *pool);

/* Runs tasks 0 .. count-1 and returns when all are done. Each goes to the next thread that is free: late threads are not waited for.
 * One job at a time. */
void rq_pool_run(rq_pool *pool, rq_task_fn task, void *context, int64_t count);

#endif
