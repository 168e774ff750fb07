/* rundir.c: the directory a run leaves.
 *
 *     runs/baseline-001/  model.rq  settings.json  versions.txt  metrics.jsonl  last.safetensors  best.safetensors  report.html
 *
 * A diverged run keeps its last checkpoint and leaves the last finite parameters as diverged.safetensors.
 * Checkpoints are written before the first step and after each epoch, to a temporary file that is synced and renamed; so is the
 * report. Whatever is there is complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/file.h"
#include "report/report.h"
#include "train/checkpoint.h"

struct rq_rundir {
    char path[PATH_MAX];
    int lock; /* of the directory, while a run writes into it */
    const rq_run_info *info;
    FILE *metrics;
    rq_events *events;
    rq_sink event_sink;
    rq_history history;
    const rq_data *data;
    const rq_params *params;
    const rq_optimizer_state *state;
    const rq_progress *progress;
    bool resumes; /* the directory holds the run's beginning */
    char *data_text;
};

static bool make_dir(const char *path, rq_error *err)
{
    if (!mkdir(path, 0777) || errno == EEXIST) return true;
    return rq_fail_system(err, "directory '%s' cannot be made: %s; name another with --out DIR", path, strerror(errno));
}

/* runs/NAME-001, -002, ...: mkdir itself decides, so two runs never share one. */
static bool next_free(rq_rundir *d, const char *name, rq_error *err)
{
    if (!make_dir("runs", err)) return false;
    for (int i = 1; i < 100000; i++) {
        int n = snprintf(d->path, sizeof d->path, "runs/%s-%03d", name, i);
        if (n < 0 || (size_t)n >= sizeof d->path) return rq_fail(err, "the name '%s' is too long for a directory", name);
        if (!mkdir(d->path, 0777)) return true;
        if (errno != EEXIST)
            return rq_fail_system(err, "directory '%s' cannot be made: %s; name another with --out DIR", d->path, strerror(errno));
    }
    return rq_fail(err, "runs/ holds 99,999 runs of '%s' already; name a directory with --out DIR", name);
}

static bool take_given(rq_rundir *d, const char *dir, rq_error *err)
{
    if (strlen(dir) >= sizeof d->path) return rq_fail(err, "the path '%.60s...' is too long", dir);
    strcpy(d->path, dir);
    if (!mkdir(dir, 0777)) return true;
    if (errno != EEXIST) return rq_fail_system(err, "directory '%s' cannot be made: %s", dir, strerror(errno));
    struct stat st;
    if (stat(dir, &st) || !S_ISDIR(st.st_mode)) return rq_fail(err, "'%s' is no directory; name another with --out DIR", dir);
    return true;
}

/* Two runs that begin at once both find the directory empty: the lock lets one of them on. A file system without locks is taken
 * as it is. */
static bool lock_dir(rq_rundir *d, rq_error *err)
{
    d->lock = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->lock < 0) return rq_fail_system(err, "directory '%s' cannot be opened: %s", d->path, strerror(errno));
    if (flock(d->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return true;
    return rq_fail(err, "another run is writing into '%s'; wait for its end, or name another directory with --out DIR", d->path);
}

static bool holds_no_run(const rq_rundir *d, rq_error *err)
{
    char file[PATH_MAX + 32];
    snprintf(file, sizeof file, "%s/metrics.jsonl", d->path);
    bool is_there;
    if (!rq_file_is_there(file, &is_there, err)) return false;
    if (!is_there) return true;
    return rq_fail(err, "'%s' already holds a run; name another directory with --out DIR, or remove it first", d->path);
}

static FILE *open_in(const rq_rundir *d, const char *name, char *temporary, size_t size, rq_error *err)
{
    snprintf(temporary, size, "%s/.%s.new", d->path, name);
    FILE *f = fopen(temporary, "w");
    if (!f) rq_fail_system(err, "file '%s' cannot be written: %s", temporary, strerror(errno));
    return f;
}

/* Syncs and renames what open_in() began. */
static bool close_in(const rq_rundir *d, const char *name, FILE *f, const char *temporary, rq_error *err)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", d->path, name);
    bool bad = fflush(f) || ferror(f) || fsync(fileno(f));
    int why = errno;
    if (fclose(f)) bad = true;
    if (!bad && rename(temporary, path)) bad = true, why = errno;
    if (!bad) return true;
    unlink(temporary);
    return rq_fail_system(err, "file '%s' could not be written completely: %s", path, strerror(why));
}

static bool write_text(const rq_rundir *d, const char *name, const char *text, rq_error *err)
{
    char temporary[PATH_MAX + 64];
    FILE *f = open_in(d, name, temporary, sizeof temporary, err);
    if (!f) return false;
    fputs(text, f);
    return close_in(d, name, f, temporary, err);
}

static bool open_metrics(rq_rundir *d, const char *mode, rq_error *err)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", d->path);
    d->metrics = fopen(path, mode);
    if (!d->metrics) return rq_fail_system(err, "file '%s' cannot be written: %s", path, strerror(errno));
    d->events = rq_events_new(d->metrics, d->path, d->info, err);
    if (d->events) d->event_sink = rq_events_sink(d->events);
    return d->events != NULL;
}

static rq_rundir *rundir_alloc(const rq_run_info *info, rq_error *err)
{
    rq_rundir *d = rq_alloc_array(1, sizeof *d, "the run directory", err);
    if (!d) return NULL;
    d->info = info;
    d->lock = -1;
    return d;
}

rq_rundir *rq_rundir_new(const char *dir, const char *name, const rq_run_info *info, rq_error *err)
{
    rq_rundir *d = rundir_alloc(info, err);
    if (!d) return NULL;
    bool ok = (dir ? take_given(d, dir, err) : next_free(d, name, err)) && lock_dir(d, err) && holds_no_run(d, err);
    if (ok && write_text(d, "model.rq", info->source, err) && write_text(d, "settings.json", info->settings, err) &&
        write_text(d, "versions.txt", info->versions, err) && open_metrics(d, "w", err))
        return d;
    rq_rundir_free(d);
    return NULL;
}

rq_rundir *rq_rundir_resume(const char *dir, const rq_run_info *info, rq_error *err)
{
    rq_rundir *d = rundir_alloc(info, err);
    if (!d) return NULL;
    d->resumes = true;
    bool fits = strlen(dir) < sizeof d->path;
    if (fits) strcpy(d->path, dir);
    else rq_fail(err, "the path '%.60s...' is too long", dir);
    if (fits && lock_dir(d, err)) return d;
    rq_rundir_free(d);
    return NULL;
}

const char *rq_rundir_path(const rq_rundir *d) { return d->path; }

void rq_rundir_free(rq_rundir *d)
{
    if (!d) return;
    if (d->metrics) fclose(d->metrics);
    if (d->lock >= 0) close(d->lock);
    rq_events_free(d->events);
    rq_run_history_free(&d->history.run);
    rq_free(d->data_text);
    rq_free(d);
}

static bool save(rq_rundir *d, const char *name, rq_error *err)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", d->path, name);
    return rq_checkpoint_save(path, d->params, d->state, d->progress, d->history.settings, d->info->source, d->info->settings, err);
}

char *rq_data_text(const rq_data *data, rq_error *err)
{
    char text[8192];
    int at = snprintf(text, sizeof text, "%s: %lld training, %lld validation, %lld test samples\n", data->name,
                      (long long)data->count[RQ_SPLIT_train], (long long)data->count[RQ_SPLIT_val], (long long)data->count[RQ_SPLIT_test]);
    for (int i = 0; i < data->file_count && at > 0 && (size_t)at < sizeof text; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s  %s\n", data->files[i].sha256, data->files[i].path);
    return rq_copy_text(text, err);
}

typedef struct Restoring {
    rq_rundir *dir;
    FILE *kept;
} Restoring;

/* One line of the interrupted run's metrics: into the history, and into `kept` if it is of a complete epoch. */
static bool take_line(void *context, const char *line, rq_error *err)
{
    const Restoring *r = context;
    rq_rundir *d = r->dir;
    rq_event e;
    switch (rq_event_read(line, d->history.model, &e)) {
    case RQ_EVENT_none:
    case RQ_EVENT_result: return true;
    case RQ_EVENT_start: break;
    case RQ_EVENT_layer:
        if (e.stat.epoch > d->progress->epoch || !d->progress->epoch) return true;
        if (!rq_run_history_stat(&d->history.run, &e.stat, err)) return false;
        break;
    case RQ_EVENT_epoch:
        if (e.epoch.epoch > d->progress->epoch) return true;
        if (!rq_run_history_epoch(&d->history.run, &e.epoch, err)) return false;
        break;
    }
    fprintf(r->kept, "%s\n", line);
    return true;
}

/* Metrics without what came after the checkpoint; the history is read back from them. */
static bool restore_metrics(rq_rundir *d, rq_error *err)
{
    char path[PATH_MAX + 32], temporary[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/metrics.jsonl", d->path);
    Restoring r = {d, open_in(d, "metrics.jsonl", temporary, sizeof temporary, err)};
    if (!r.kept) return false;
    uint64_t refused = rq_memory_refused();
    bool is_there, ok = rq_file_lines(path, take_line, &r, &is_there, err) && rq_memory_sufficed(refused, "the run's metrics", err) &&
                        (is_there || rq_fail(err, "'%s' is not there", path));
    if (ok) return close_in(d, "metrics.jsonl", r.kept, temporary, err);
    fclose(r.kept);
    unlink(temporary);
    return false;
}

static bool on_start(void *context, const rq_model *m, const rq_train_settings *s, const rq_data *data, const rq_params *params,
                     const rq_optimizer_state *state, const rq_progress *progress, rq_error *err)
{
    rq_rundir *d = context;
    d->history.model = m;
    d->history.settings = s;
    d->history.info = d->info;
    d->data = data;
    d->params = params;
    d->state = state;
    d->progress = progress;
    d->data_text = rq_data_text(data, err);
    d->history.data_text = d->data_text;
    if (!d->data_text) return false;
    if (d->resumes) {
        if (!restore_metrics(d, err) || !open_metrics(d, "a", err)) return false;
        rq_events_resume(d->events, m, s);
        return true;
    }
    return save(d, "last.safetensors", err) && d->event_sink.start(d->event_sink.context, m, s, data, params, state, progress, err);
}

static bool on_layer(void *context, const rq_layer_stat *stat, rq_error *err)
{
    rq_rundir *d = context;
    return rq_run_history_stat(&d->history.run, stat, err) && d->event_sink.layer(d->event_sink.context, stat, err);
}

/* The best checkpoint goes first: a run that ends between the two repeats the epoch and writes both again. */
static bool on_epoch(void *context, const rq_epoch *e, rq_error *err)
{
    rq_rundir *d = context;
    if (!rq_run_history_epoch(&d->history.run, e, err) || !d->event_sink.epoch(d->event_sink.context, e, err)) return false;
    return (!e->is_best || save(d, "best.safetensors", err)) && (!e->is_kept || save(d, "last.safetensors", err));
}

static bool write_report(rq_rundir *d, rq_error *err)
{
    char temporary[PATH_MAX + 64];
    FILE *f = open_in(d, "report.html", temporary, sizeof temporary, err);
    if (!f) return false;
    if (rq_report_html(f, &d->history, err)) return close_in(d, "report.html", f, temporary, err);
    fclose(f);
    unlink(temporary);
    return rq_fail_at(err, "the report of '%s'", d->path);
}

static bool on_result(void *context, const rq_result *result, rq_error *err)
{
    rq_rundir *d = context;
    d->history.result = *result;
    if (result->diverged && !save(d, "diverged.safetensors", err)) return false;
    if (!d->event_sink.result(d->event_sink.context, result, err)) return false;
    rq_predictions predictions = {0};
    bool has_predictions = d->data->labels && d->data->count[RQ_SPLIT_test] && !result->diverged && !result->interrupted;
    if (has_predictions && !rq_predictions_new(d->history.model, d->params, d->data, RQ_SPLIT_test, d->history.settings->threads,
                                               &predictions, err))
        return false;
    d->history.predictions = has_predictions ? &predictions : NULL;
    bool ok = write_report(d, err);
    d->history.predictions = NULL;
    rq_predictions_free(&predictions);
    return ok;
}

rq_sink rq_rundir_sink(rq_rundir *d) { return (rq_sink){d, on_start, NULL, on_layer, on_epoch, on_result}; }
