/* explore.c: the runs of an exploration, shared out to threads.
 *
 *     DIR/  model.rq  settings.json  versions.txt  metrics/001-s42.jsonl ...  results.csv  results.json  results.tex  comparisons.csv
 *
 * Every model is compiled before the first run, as only one thread may compile. A run writes its events to a hidden file that is
 * renamed when it is finished: what is there is complete.
 */
#include "explore/explore.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "explore/place.h"
#include "program/pool.h"
#include "report/report.h"

typedef struct Job {
    int variant;
    uint64_t seed;
    rq_explored *run;
} Job;

typedef struct Explorer {
    const rq_exploration *x;
    const rq_explore_options *o;
    char *dir;
    rq_explored *runs; /* [variant][seeds + confirm] */
    rq_ranking ranking; /* of the finished runs, see ranking_of */
    Job *jobs;
    int job_count, finished, total;
    bool live;
    double started;
    pthread_mutex_t mutex; /* of what follows, and of the terminal */
    bool has_failed;       /* a file could not be written: no further runs */
    rq_error failure;
} Explorer;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool stopped(const Explorer *e) { return e->o->stop && *e->o->stop; }

static rq_explored *run_at(const Explorer *e, int variant, int i)
{
    return &e->runs[(size_t)variant * (size_t)(e->x->seeds + e->x->confirm) + (size_t)i];
}

static const rq_ranking *ranking_of(Explorer *e)
{
    e->ranking.runs_done = e->finished;
    e->ranking.runs_in_all = e->total;
    rq_rank(&e->ranking);
    return &e->ranking;
}

/* ---- one run ---- */

/* Trains; false with the reason worded. *interrupted: there is no result. */
static bool train(const Explorer *e, const Job *j, FILE *out, bool *interrupted, rq_error *err)
{
    const rq_variant *v = &e->x->variants[j->variant];
    const rq_action *a = v->action;
    const rq_data *data = &e->x->data[v->data];
    rq_train_settings s = a->settings;
    s.action = e->x->name;
    s.variant = v->label;
    s.seed = j->seed;
    s.threads = 1;
    s.classification = data->labels != NULL;
    s.stop = e->o->stop;
    rq_run_info info = {.file = e->x->file, .source = e->x->source, .settings = e->x->settings_text, .versions = e->x->versions,
                        .cpu = a->cpu, .methods = "", .threads = 1};
    rq_params params = {0};
    rq_result result = {0};
    char *report = NULL;
    rq_events *events = rq_events_new(out, e->dir, &info, err);
    rq_sink sink = {0};
    if (events) sink = rq_events_sink(events);
    bool ok = events && rq_params_new(a->model, &params, err) && rq_params_init(&params, s.seed, err) &&
              (!a->init_run || rq_params_load_rules(&params, a->init_run, a->init_rules, a->init_rule_count, &report, err)) &&
              rq_train(a->model, &s, data, &params, &sink, 1, &result, err);
    *interrupted = result.interrupted;
    rq_free(report);
    rq_params_free(&params);
    rq_events_free(events);
    return ok;
}

/* From the first event to the renamed file. False: the directory cannot be written. */
static bool record(const Explorer *e, const Job *j, bool *interrupted, rq_error *err)
{
    char *path = rq_record_path(e->dir, j->variant, j->seed, true, err);
    char *hidden = path ? rq_record_path(e->dir, j->variant, j->seed, false, err) : NULL;
    FILE *out = hidden ? rq_place_open(hidden, err) : NULL;
    rq_error reason = {{0}};
    bool ok = out != NULL;
    if (ok && !train(e, j, out, interrupted, &reason)) ok = rq_record_failure(out, e->x, j->variant, j->seed, reason.text, err);
    if (out && (!ok || *interrupted)) {
        fclose(out);
        unlink(hidden);
    } else if (out) {
        ok = rq_place_close(out, hidden, path, err);
        if (ok && !rq_record_read(path, j->run)) ok = rq_fail(err, "file '%s' does not hold the run that was written to it", path);
    }
    rq_free(hidden);
    rq_free(path);
    return ok;
}

static void show_progress(Explorer *e)
{
    double spent = now() - e->started;
    int left = 0;
    for (int i = 0; i < e->job_count; i++) left += !e->jobs[i].run->done;
    int done = e->job_count - left;
    int metric = rq_metric_named(e->x->rank);
    const rq_ranked *best = &ranking_of(e)->rows[0];
    char text[160] = "";
    if (best->rank) snprintf(text, sizeof text, "; best %.80s %.4f", e->x->variants[best->variant].label, best->metric[metric].mean);
    if (e->live)
        fprintf(stderr, "\r\033[K%d of %d runs%s; %.0f s left", e->finished, e->total, text, done ? spent / done * left : 0);
    else if (e->finished * 10 / e->total != (e->finished - 1) * 10 / e->total)
        fprintf(stderr, "%d of %d runs%s\n", e->finished, e->total, text);
    fflush(stderr);
}

static void run_job(void *context, int64_t task, int thread)
{
    Explorer *e = context;
    Job *j = &e->jobs[task];
    rq_error err = {{0}};
    bool interrupted = false;
    (void)thread;
    pthread_mutex_lock(&e->mutex);
    bool goes_on = !e->has_failed && !stopped(e);
    pthread_mutex_unlock(&e->mutex);
    if (!goes_on) return;
    rq_explored result = *j->run; /* others read the runs to show where they stand */
    Job own = {j->variant, j->seed, &result};
    bool ok = record(e, &own, &interrupted, &err);
    pthread_mutex_lock(&e->mutex);
    if (!ok && !e->has_failed) {
        e->has_failed = true;
        e->failure = err;
    }
    if (ok && !interrupted) {
        *j->run = result;
        e->finished++;
        if (!e->o->quiet) show_progress(e);
    }
    pthread_mutex_unlock(&e->mutex);
}

/* ---- all runs ---- */

/* Adds seed number i of a variant to the jobs unless its file is there. */
static bool add_job(Explorer *e, int variant, int i, rq_error *err)
{
    rq_explored *run = run_at(e, variant, i);
    run->seed = e->x->seed + (uint64_t)i;
    e->total++;
    char *path = rq_record_path(e->dir, variant, run->seed, true, err);
    if (!path) return false;
    if (rq_record_read(path, run)) e->finished++;
    else e->jobs[e->job_count++] = (Job){variant, run->seed, run};
    rq_free(path);
    return true;
}

/* Compiles what the jobs need. A model that cannot be executed makes its runs fail, one by one and with the reason. */
static void compile_jobs(Explorer *e)
{
    static const rq_function_kind kinds[] = {RQ_FUNCTION_step, RQ_FUNCTION_eval, RQ_FUNCTION_probe};
    int kept = 0;
    for (int i = 0; i < e->job_count; i++) {
        const rq_model *m = e->x->variants[e->jobs[i].variant].action->model;
        rq_error err = {{0}};
        bool ok = true;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds && ok; k++) ok = m->function(m, kinds[k], NULL, &err) != NULL;
        if (ok) e->jobs[kept++] = e->jobs[i];
        else snprintf(e->jobs[i].run->reason, sizeof e->jobs[i].run->reason, "%.230s", err.text);
        if (e->live && !e->o->quiet) fprintf(stderr, "\r\033[Kcompiled %d of %d", i + 1, e->job_count);
    }
    e->job_count = kept;
}

static bool run_jobs(Explorer *e, rq_error *err)
{
    compile_jobs(e);
    e->started = now();
    int threads = e->o->threads < e->job_count ? e->o->threads : e->job_count;
    rq_pool *pool = threads ? rq_pool_new(threads, err) : NULL;
    if (threads && !pool) return false;
    if (pool) rq_pool_run(pool, run_job, e, e->job_count);
    rq_pool_free(pool);
    if (e->live && e->job_count) fprintf(stderr, "\r\033[K");
    if (e->has_failed) return rq_fail(err, "%s", e->failure.text);
    return true;
}

/* Seed by seed, so that all variants have been tried early. */
static bool explore_seeds(Explorer *e, rq_error *err)
{
    for (int i = 0; i < e->x->seeds; i++)
        for (int v = 0; v < e->x->variant_count; v++)
            if (!e->x->variants[v].reason && !add_job(e, v, i, err)) return false;
    return run_jobs(e, err);
}

/* The best ones again, on seeds that did not choose them. */
static bool confirm_best(Explorer *e, rq_error *err)
{
    const rq_ranking *r = ranking_of(e);
    e->job_count = 0;
    for (int i = 0; i < e->x->confirm; i++)
        for (int k = 0; k < RQ_CONFIRMED && k < e->x->variant_count; k++)
            if (r->rows[k].rank && !add_job(e, r->rows[k].variant, e->x->seeds + i, err)) return false;
    return run_jobs(e, err);
}

typedef bool (*writer)(FILE *out, const rq_ranking *r, rq_error *err);

static bool write_lines(FILE *out, const rq_ranking *r, rq_error *err) { return rq_ranking_json(out, r, true, err); }
static bool write_json(FILE *out, const rq_ranking *r, rq_error *err) { return rq_ranking_json(out, r, false, err); }

static bool write_results(Explorer *e, rq_error *err)
{
    static const struct {
        const char *name;
        writer write;
    } files[] = {{"results.csv", rq_ranking_csv}, {"results.json", write_json}, {"results.tex", rq_ranking_tex}, {"comparisons.csv", rq_comparisons_csv}};
    const rq_ranking *r = ranking_of(e);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = rq_place_path(e->dir, files[i].name, err), *hidden = path ? rq_place_path(e->dir, ".result.new", err) : NULL;
        FILE *f = hidden ? rq_place_open(hidden, err) : NULL;
        bool ok = f && files[i].write(f, r, err);
        if (f && !ok) fclose(f);
        ok = ok && rq_place_close(f, hidden, path, err);
        rq_free(path);
        rq_free(hidden);
        if (!ok) return false;
    }
    return (e->o->json ? write_lines : rq_ranking_text)(stdout, r, err);
}

static rq_explore_end explore(Explorer *e, rq_error *err)
{
    if (!explore_seeds(e, err)) return RQ_EXPLORE_failed;
    if (!stopped(e) && e->x->confirm && !confirm_best(e, err)) return RQ_EXPLORE_failed;
    if (stopped(e)) {
        fprintf(stderr, "rq: interrupted after %d of %d runs; the same command with --out %s goes on\n", e->finished, e->total, e->dir);
        return RQ_EXPLORE_interrupted;
    }
    if (!write_results(e, err)) return RQ_EXPLORE_failed;
    if (!e->o->json) printf("results: %s/results.csv, results.json, results.tex, comparisons.csv\n", e->dir);
    return RQ_EXPLORE_done;
}

rq_explore_end rq_explore(const rq_exploration *x, const rq_explore_options *o, rq_error *err)
{
    Explorer e = {.x = x, .o = o, .live = isatty(STDERR_FILENO) && !o->json};
    rq_explore_end end = RQ_EXPLORE_failed;
    uint64_t most = (uint64_t)x->variant_count * (uint64_t)(x->seeds + x->confirm);
    pthread_mutex_init(&e.mutex, NULL);
    e.runs = rq_alloc_array(most, sizeof *e.runs, "the runs", err);
    e.jobs = rq_alloc_array(most, sizeof *e.jobs, "the runs", err);
    if (e.runs && e.jobs && rq_ranking_new(x, e.runs, &e.ranking, err) && (e.dir = rq_place_make(x, o->out, err))) end = explore(&e, err);
    rq_free(e.runs);
    rq_free(e.jobs);
    rq_ranking_free(&e.ranking);
    rq_free(e.dir);
    pthread_mutex_destroy(&e.mutex);
    return end;
}
