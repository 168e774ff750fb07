/* run_history.c: growing arrays of epochs and statistics; lines of metrics back into them. */
#include "report/run_history.h"

#include <string.h>

#include "data/file.h"
#include "report/report.h"

/* Makes room for item number `count`: there is room for the next power of two. */
static bool grow(void **items, int64_t count, size_t each, rq_error *err)
{
    if (count & (count - 1) || count == 1) return true;
    void *bigger = rq_alloc_array(count ? (uint64_t)count * 2 : 2, each, "the run's history", err);
    if (!bigger) return false;
    if (count) memcpy(bigger, *items, (size_t)count * each);
    rq_free(*items);
    *items = bigger;
    return true;
}

bool rq_run_history_stat(rq_run_history *h, const rq_layer_stat *stat, rq_error *err)
{
    if (!grow((void **)&h->stats, h->stat_count, sizeof *stat, err)) return false;
    h->stats[h->stat_count++] = *stat;
    return true;
}

bool rq_run_history_epoch(rq_run_history *h, const rq_epoch *epoch, rq_error *err)
{
    if (!grow((void **)&h->epochs, h->epoch_count, sizeof *epoch, err)) return false;
    h->epochs[h->epoch_count++] = *epoch;
    return true;
}

typedef struct Reading {
    rq_run_history *history;
    const rq_model *model;
} Reading;

static bool take(void *context, const char *line, rq_error *err)
{
    const Reading *r = context;
    rq_run_history *h = r->history;
    rq_event e;
    switch (rq_event_read(line, r->model, &e)) {
    case RQ_EVENT_none:
    case RQ_EVENT_start: return true;
    case RQ_EVENT_result:
        h->result = e.result;
        h->has_result = true;
        return true;
    case RQ_EVENT_layer: return rq_run_history_stat(h, &e.stat, err);
    case RQ_EVENT_epoch: return rq_run_history_epoch(h, &e.epoch, err);
    }
    return true;
}

bool rq_run_history_read(rq_run_history *h, const char *path, const rq_model *m, bool *is_there, rq_error *err)
{
    Reading r = {h, m};
    uint64_t refused = rq_memory_refused();
    return rq_file_lines(path, take, &r, is_there, err) && rq_memory_sufficed(refused, path, err);
}

void rq_run_history_free(rq_run_history *h)
{
    rq_free(h->epochs);
    rq_free(h->stats);
    *h = (rq_run_history){0};
}
