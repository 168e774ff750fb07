/* pool.c: threads that share numbered tasks.
 *
 * A job is announced by one atomic word, the ticket: its number, how many blocks of tasks it has, and the next block to be taken. Who
 * takes a block by compare-and-swap knows that the job still runs, as its caller waits for every block taken and for nothing else. So a
 * thread that the system lets wait costs nothing: the others do its work. (An OpenMP region ends with a barrier that waits for every
 * thread; with two steps of a millisecond each, another program on the machine made training five times slower.)
 *
 *     ticket = | job, 32 bits | blocks, 16 bits | next block, 16 bits |
 */
#include "program/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum {
    BLOCKS_MAX = 4096,
    SPINS = 1000, /* about 50 us: a training step asks again sooner than that */
};

typedef struct worker {
    rq_pool *pool;
    pthread_t thread;
    int number;
} worker;

struct rq_pool {
    _Atomic uint64_t ticket;
    _Atomic int64_t blocks_left; /* of the current job, until they are done */
    rq_task_fn task;
    void *context;
    int64_t count;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t wake;
    _Atomic int sleeping;
    bool stops;
    int started;
    worker *workers;
};

static uint64_t ticket_of(uint64_t job, uint64_t blocks, uint64_t next) { return job << 32 | blocks << 16 | next; }
static uint64_t job_of(uint64_t ticket) { return ticket >> 32; }
static uint64_t blocks_of(uint64_t ticket) { return ticket >> 16 & 0xffff; }
static uint64_t next_of(uint64_t ticket) { return ticket & 0xffff; }

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

/* Takes and does blocks of the current job until none is left. Gives its ticket. */
static uint64_t work(rq_pool *p, int thread)
{
    uint64_t ticket = atomic_load_explicit(&p->ticket, memory_order_acquire);
    while (next_of(ticket) < blocks_of(ticket)) {
        if (!atomic_compare_exchange_weak_explicit(&p->ticket, &ticket, ticket + 1, memory_order_acq_rel, memory_order_acquire))
            continue;
        int64_t block = (int64_t)next_of(ticket), blocks = (int64_t)blocks_of(ticket);
        int64_t end = p->count * (block + 1) / blocks;
        for (int64_t i = p->count * block / blocks; i < end; i++) p->task(p->context, i, thread);
        atomic_fetch_sub_explicit(&p->blocks_left, 1, memory_order_acq_rel);
        ticket = atomic_load_explicit(&p->ticket, memory_order_acquire);
    }
    return ticket;
}

/* Until there is a job after `seen`: spins, then sleeps. False: the pool ends. */
static bool wait_for_job(rq_pool *p, uint64_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (job_of(atomic_load_explicit(&p->ticket, memory_order_acquire)) != seen) return true;
        pause_briefly();
    }
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->sleeping, 1);
    while (!p->stops && job_of(atomic_load(&p->ticket)) == seen) pthread_cond_wait(&p->wake, &p->mutex);
    atomic_fetch_sub(&p->sleeping, 1);
    bool stops = p->stops;
    pthread_mutex_unlock(&p->mutex);
    return !stops;
}

static void *run_worker(void *argument)
{
    worker *w = argument;
    uint64_t seen = 0;
    while (wait_for_job(w->pool, seen)) seen = job_of(work(w->pool, w->number));
    return NULL;
}

static bool start(rq_pool *p, int threads, rq_error *error)
{
    p->workers = rq_alloc_array((uint64_t)threads, sizeof *p->workers, "threads", error);
    if (!p->workers) return false;
    for (; p->started < threads - 1; p->started++) {
        worker *w = &p->workers[p->started];
        *w = (worker){.pool = p, .number = p->started + 1};
        if (pthread_create(&w->thread, NULL, run_worker, w) != 0)
            return rq_fail_system(error, "the system gives no %d threads: use fewer", threads);
    }
    return true;
}

rq_pool *rq_pool_new(int threads, rq_error *error)
{
    rq_pool *p = rq_alloc(sizeof *p);
    if (!p) {
        rq_fail_system(error, "no memory for threads");
        return NULL;
    }
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->wake, NULL);
    if (start(p, threads, error)) return p;
    rq_pool_free(p);
    return NULL;
}

static void wake_all(rq_pool *p, bool stops)
{
    pthread_mutex_lock(&p->mutex);
    p->stops = stops;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

void rq_pool_free(rq_pool *p)
{
    if (!p) return;
    wake_all(p, true);
    for (int i = 0; i < p->started; i++) pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    rq_free(p->workers);
    rq_free(p);
}

void rq_pool_run(rq_pool *p, rq_task_fn task, void *context, int64_t count)
{
    if (p->started == 0 || count <= 1) {
        for (int64_t i = 0; i < count; i++) task(context, i, 0);
        return;
    }
    int64_t blocks = count < BLOCKS_MAX ? count : BLOCKS_MAX;
    p->task = task;
    p->context = context;
    p->count = count;
    atomic_store(&p->blocks_left, blocks);
    atomic_store(&p->ticket, ticket_of(job_of(atomic_load(&p->ticket)) + 1, (uint64_t)blocks, 0));
    if (atomic_load(&p->sleeping) > 0) wake_all(p, false);
    work(p, 0);
    for (int i = 0; atomic_load_explicit(&p->blocks_left, memory_order_acquire) > 0; i++) {
        if (i < SPINS) pause_briefly();
        else sched_yield();
    }
}
