/* explore.c: the runs of an exploration, shared out to threads.
 *
 *     DIR/  model.rq  settings.json  versions.txt  metrics/001-s42.jsonl ...  results.csv  results.json  results.tex  comparisons.csv  report.html
 *
 * Every model is compiled before the first run, as only one thread may compile. What a run leaves is told in trial.h.
 */
#include "explore/explore.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "clock.h"
#include "explore/live.h"
#include "explore/pictures.h"
#include "explore/trial.h"
#include "program/pool.h"
#include "report/place.h"

typedef struct Explorer {
    const rq_exploration *x;
    const rq_explore_options *o;
    char *dir;
    rq_explored *runs; /* [variant][seeds + confirm] */
    rq_ranking ranking; /* of the finished runs, see ranking_of */
    rq_trial *jobs;
    int job_count, finished, total;
    rq_live live;
    double started;
    pthread_mutex_t mutex; /* of what follows, and of the terminal */
    bool has_failed;       /* a file could not be written: no further runs */
    rq_error failure;
} Explorer;

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

static void show_progress(Explorer *e)
{
    int left = 0;
    for (int i = 0; i < e->job_count; i++) left += !e->jobs[i].run->done;
    int done = e->job_count - left, tenth = e->finished * 10 / e->total;
    e->ranking.so_far = e->live.on;
    const rq_ranking *r = ranking_of(e);
    e->ranking.so_far = false;
    if (e->live.on) {
        rq_live_draw(&e->live, r, done ? (rq_now() - e->started) / done * left : 0);
    } else if (tenth != (e->finished - 1) * 10 / e->total) {
        const rq_ranked *best = &r->rows[0];
        fprintf(stderr, "%d of %d runs", e->finished, e->total);
        if (best->rank)
            fprintf(stderr, "; best %s %.4f", e->x->variants[best->variant].label, best->metric[rq_metric_named(e->x->rank)].mean);
        fputc('\n', stderr);
    }
}

static void run_job(void *context, int64_t task, int thread)
{
    Explorer *e = context;
    rq_trial *j = &e->jobs[task];
    rq_error err = {0};
    bool interrupted = false;
    (void)thread;
    pthread_mutex_lock(&e->mutex);
    bool goes_on = !e->has_failed && !stopped(e);
    pthread_mutex_unlock(&e->mutex);
    if (!goes_on) return;
    rq_explored result = *j->run; /* others read the runs to show where they stand */
    rq_trial own = *j;
    own.run = &result;
    bool ok = rq_trial_run(e->x, e->dir, e->o->stop, &own, &interrupted, &err);
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
static void add_job(Explorer *e, int variant, int i, int64_t from, int64_t to)
{
    rq_error err;
    rq_trial t = {variant, e->x->seed + (uint64_t)i, from, to, run_at(e, variant, i)};
    *t.run = (rq_explored){.seed = t.seed};
    e->total++;
    if (rq_trial_read(e->dir, &t, &err)) e->finished++;
    else e->jobs[e->job_count++] = t;
}

/* Compiles what the jobs need. A model that cannot be executed makes its runs fail, one by one and with the reason. */
static void compile_jobs(Explorer *e)
{
    static const rq_function_kind kinds[] = {RQ_FUNCTION_step, RQ_FUNCTION_eval, RQ_FUNCTION_probe};
    int kept = 0;
    for (int i = 0; i < e->job_count; i++) {
        const rq_model *m = e->x->variants[e->jobs[i].variant].action->model;
        rq_error err = {0};
        bool ok = true;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds && ok; k++) ok = m->function(m, kinds[k], NULL, &err) != NULL;
        if (ok) e->jobs[kept++] = e->jobs[i];
        else snprintf(e->jobs[i].run->reason, sizeof e->jobs[i].run->reason, "%.230s", err.text);
        if (e->live.on) fprintf(stderr, "\r\033[Kcompiled %d of %d", i + 1, e->job_count);
    }
    e->job_count = kept;
}

static bool run_jobs(Explorer *e, rq_error *err)
{
    if (e->o->report) return true;
    compile_jobs(e);
    e->started = rq_now();
    int threads = e->o->threads < e->job_count ? e->o->threads : e->job_count;
    rq_pool *pool = threads ? rq_pool_new(threads, err) : NULL;
    if (threads && !pool) return false;
    if (pool) rq_pool_run(pool, run_job, e, e->job_count);
    rq_pool_free(pool);
    rq_live_clear(&e->live);
    if (e->has_failed) return rq_fail(err, "%s", e->failure.text);
    return true;
}

/* One rung of the budget's plan, seed by seed, so that all variants have been tried early. */
static bool run_rung(Explorer *e, int k, rq_error *err)
{
    const rq_halving *plan = &e->ranking.plan;
    const rq_rung *rung = &plan->rung[k];
    int64_t from = k ? plan->rung[k - 1].epochs : 0, to = k + 1 < plan->count ? rung->epochs : 0;
    int *chosen = rq_alloc_array((uint64_t)e->x->variant_count, sizeof *chosen, "the variants of a rung", err), n = 0;
    if (!chosen) return false;
    const rq_ranking *r = ranking_of(e);
    for (int i = 0; i < e->x->variant_count && (!k || n < rung->variants); i++) {
        int v = k ? r->rows[i].variant : i;
        bool goes_on = k ? r->rows[i].rank && r->rows[i].rung == k - 1 : !e->x->variants[v].reason;
        if (goes_on) chosen[n++] = v;
    }
    e->job_count = 0;
    for (int i = 0; i < n; i++) e->ranking.rung[chosen[i]] = k;
    for (int i = 0; i < e->x->seeds; i++)
        for (int c = 0; c < n; c++) add_job(e, chosen[c], i, from, to);
    rq_free(chosen);
    return run_jobs(e, err);
}

/* No rung is to come: states of what ended on the way are of no use. */
static void forget_states(const Explorer *e)
{
    const rq_halving *plan = &e->ranking.plan;
    for (int v = 0; v < e->x->variant_count; v++)
        for (int i = 0; i < e->x->seeds; i++) {
            rq_trial t = {.variant = v, .seed = e->x->seed + (uint64_t)i};
            int k = e->ranking.rung[v];
            if (k + 1 < plan->count) rq_trial_forget(e->dir, &t, plan->rung[k].epochs);
        }
}

/* How many epochs all variants train for. */
static bool common_epochs(const rq_exploration *x, int *fitting, int64_t *epochs, rq_error *err)
{
    for (int v = 0; v < x->variant_count; v++) {
        const rq_action *a = x->variants[v].action;
        if (!a) continue;
        if (++*fitting > 1 && a->settings.epochs != *epochs && x->budget)
            return rq_fail(err, "with a budget all variants train for the same number of epochs, but here for %lld and %lld", (long long)*epochs,
                           (long long)a->settings.epochs);
        *epochs = a->settings.epochs;
    }
    return true;
}

static bool run_rungs(Explorer *e, rq_error *err)
{
    int fitting = 0;
    int64_t epochs = 1;
    rq_halving *plan = &e->ranking.plan;
    if (!common_epochs(e->x, &fitting, &epochs, err)) return false;
    if (!rq_halving_plan(fitting, e->x->seeds, epochs, e->x->budget, plan))
        return rq_fail(err, "a budget of %lld epochs is too small for %d variants with %d seeds: at least %lld are needed",
                       (long long)e->x->budget, fitting, e->x->seeds, (long long)plan->least);
    for (int k = 0; k < plan->count && !stopped(e); k++)
        if (!run_rung(e, k, err)) return false;
    if (!stopped(e) && !e->o->report) forget_states(e);
    return true;
}

/* The best ones again, on seeds that did not choose them. */
static bool confirm_best(Explorer *e, rq_error *err)
{
    const rq_ranking *r = ranking_of(e);
    e->job_count = 0;
    for (int i = 0; i < e->x->confirm; i++)
        for (int k = 0; k < RQ_CONFIRMED && k < e->x->variant_count; k++)
            if (r->rows[k].rank) add_job(e, r->rows[k].variant, e->x->seeds + i, 0, 0);
    return run_jobs(e, err);
}

/* The files, and the table on standard output; or what a report is made of. */
static bool write_results(Explorer *e, rq_error *err)
{
    const rq_ranking *r = ranking_of(e);
    rq_histories h;
    if (!rq_histories_new(r, e->dir, &h, err)) return false;
    bool ok = e->o->report ? rq_explore_export(e->o->report, &h, err) : rq_explore_leave(e->dir, &h, err);
    rq_histories_free(&h);
    if (!ok || e->o->report) return ok;
    return e->o->json ? rq_ranking_json(stdout, r, true, err) : rq_ranking_text(stdout, r, err);
}

static rq_explore_end explore(Explorer *e, rq_error *err)
{
    if (!run_rungs(e, err)) return RQ_EXPLORE_failed;
    if (!stopped(e) && e->x->confirm && !confirm_best(e, err)) return RQ_EXPLORE_failed;
    if (stopped(e)) {
        fprintf(stderr, "rq: interrupted after %d of %d runs; the same command with --out %s goes on\n", e->finished, e->total, e->dir);
        return RQ_EXPLORE_interrupted;
    }
    if (!write_results(e, err)) return RQ_EXPLORE_failed;
    if (!e->o->json && !e->o->report) printf("results: %s/results.csv, results.json, results.tex, comparisons.csv, report.html\n", e->dir);
    return RQ_EXPLORE_done;
}

/* What the data sets are, a line each, from rq_alloc. */
static char *identities(const rq_exploration *x, rq_error *err)
{
    int sets = 0;
    for (int v = 0; v < x->variant_count; v++) {
        if (x->variants[v].data >= sets) sets = x->variants[v].data + 1;
    }
    char *text = rq_alloc_array((uint64_t)sets * (RQ_DATA_IDENTITY + 1) + 1, 1, "the names of the data", err), *end = text;
    for (int i = 0; text && i < sets; i++) {
        rq_data_identity(&x->data[i], end, RQ_DATA_IDENTITY);
        end += strlen(end);
        *end++ = '\n';
    }
    return text;
}

rq_explore_end rq_explore(const rq_exploration *x, const rq_explore_options *o, rq_error *err)
{
    Explorer e = {.x = x, .o = o, .live = rq_live_new(stderr)};
    char *data = o->report ? NULL : identities(x, err);
    const rq_place place = {"an exploration", x->name, x->source, x->settings_text, x->versions, {"metrics", x->budget ? "states" : NULL}, data};
    rq_explore_end end = RQ_EXPLORE_failed;
    uint64_t most = (uint64_t)x->variant_count * (uint64_t)(x->seeds + x->confirm);
    e.live.on &= !o->json && !o->quiet;
    pthread_mutex_init(&e.mutex, NULL);
    e.runs = rq_alloc_array(most, sizeof *e.runs, "the runs", err);
    e.jobs = rq_alloc_array(most, sizeof *e.jobs, "the runs", err);
    bool ok = (data || o->report) && e.runs && e.jobs && rq_ranking_new(x, e.runs, &e.ranking, err);
    if (ok) e.dir = o->report ? rq_copy_text(o->out, err) : rq_place_make(&place, o->out, err);
    if (ok && e.dir) end = explore(&e, err);
    rq_free(data);
    rq_free(e.runs);
    rq_free(e.jobs);
    rq_ranking_free(&e.ranking);
    rq_free(e.dir);
    pthread_mutex_destroy(&e.mutex);
    return end;
}
