/* verbs.c: one action from its data to a run directory, or an evaluation. */
#include "report/verbs.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "data/file.h"
#include "report/report.h"
#include "train/interrupt.h"

int rq_verb_threads(const rq_verb_options *o)
{
    if (o->threads) return o->threads;
    int n = omp_get_num_procs(); /* of the affinity mask */
    return n > 0 ? n : 1;
}

/* Puts the test samples that the action names in place of the data's own. */
static bool take_test(const rq_action *a, const rq_verb_options *o, rq_data *data, rq_error *err)
{
    rq_data_spec spec = a->test;
    rq_data other;
    spec.dir = o->data;
    spec.keeps_copies = o->keeps_copies;
    if (!spec.source) return true;
    if (!rq_data_open(&spec, &other, err)) return false;
    bool ok = rq_data_test_from(data, &other, err);
    rq_data_free(&other);
    return ok;
}

bool rq_verb_data(const rq_action *a, const rq_verb_options *o, rq_data *out, rq_error *err)
{
    rq_data_spec spec = a->data;
    spec.dir = o->data;
    spec.keeps_copies = o->keeps_copies;
    if (!rq_data_open(&spec, out, err)) return false;
    if (take_test(a, o, out, err) && (strcmp(a->settings.loss, "local") || rq_data_product_targets(out, err))) return true;
    rq_data_free(out);
    return false;
}

/* ---- train ---- */

/* All that one training holds, so that one function can give it back. */
typedef struct Run {
    rq_train_settings settings;
    rq_run_info info;
    rq_data data;
    rq_params params;
    char *methods, *versions, *checkpoint;
    rq_rundir *dir;
    rq_terminal *terminal;
    rq_events *events;
} Run;

static void run_close(Run *r)
{
    rq_events_free(r->events);
    rq_terminal_free(r->terminal);
    rq_rundir_free(r->dir);
    rq_free(r->methods);
    rq_free(r->versions);
    rq_free(r->checkpoint);
    rq_params_free(&r->params);
    rq_data_free(&r->data);
}

/* Is a layer's verdict among the words of --deny? Each such layer is named. */
static bool denied(const rq_model *m, const char *words)
{
    bool any = false;
    for (int i = 0; words && i < m->layer_count; i++) {
        if (m->layers[i].dead && strstr(words, "dead")) {
            fprintf(stderr, "rq: denied: layer '%s' has %lld dead parameters: nothing that is measured depends on them\n", m->layers[i].name,
                    (long long)m->layers[i].dead);
            any = true;
        }
        if (!m->layers[i].flow[0] || !strstr(words, m->layers[i].flow)) continue;
        fprintf(stderr, "rq: denied: layer '%s' has the gradient verdict '%s'\n", m->layers[i].name, m->layers[i].flow);
        any = true;
    }
    return any;
}

/* RUN/NAME, from rq_alloc. */
static char *run_file(const char *run, const char *name, rq_error *err)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", run, name);
    return rq_copy_text(path, err);
}

static bool init_from(const rq_action *a, const rq_verb_options *o, Run *r, rq_error *err)
{
    char *report;
    if (!rq_params_load_rules(&r->params, a->init_run, a->init_rules, a->init_rule_count, &report, err)) return false;
    if (!o->json && !o->quiet) printf("%s\n", report);
    rq_free(report);
    return true;
}

/* Asks for the first function here, so that the time of its compilation is known to all that show it. */
static bool run_open(const rq_action *a, const rq_verb_options *o, Run *r, rq_error *err)
{
    int threads = rq_verb_threads(o);
    if (!rq_verb_data(a, o, &r->data, err)) return false;
    r->settings = a->settings;
    r->settings.threads = threads;
    r->settings.classification = r->data.labels != NULL;
    r->settings.compare = o->compare ? a->exact : NULL;
    r->settings.stop = rq_interrupt_flag();
    if (o->resume && !(r->settings.resume = r->checkpoint = run_file(o->run, "last.safetensors", err))) return false;
    if (!rq_params_new(a->model, &r->params, err) || !rq_params_init(&r->params, r->settings.seed, err)) return false;
    if (a->init_run && !o->resume && !init_from(a, o, r, err)) return false;
    if (o->init && !rq_params_load(&r->params, o->init, err)) return false;
    double begun = rq_now();
    if (!a->model->function(a->model, RQ_FUNCTION_step, NULL, err)) return false;
    r->methods = rq_methods_text(a, &r->data, err);
    r->versions = rq_versions_text(a, threads, err);
    r->info = (rq_run_info){.file = a->file, .source = a->source, .settings = a->settings_text, .versions = r->versions,
                            .cpu = a->cpu, .methods = r->methods, .compile_seconds = rq_now() - begun, .threads = threads};
    return r->methods && r->versions;
}

static bool train_with_sinks(const rq_action *a, const rq_verb_options *o, Run *r, rq_result *result, rq_error *err)
{
    r->dir = o->resume ? rq_rundir_resume(o->run, &r->info, err) : rq_rundir_new(o->out, a->name, &r->info, err);
    if (!r->dir) return false;
    bool live = !o->json && isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
    rq_sink sinks[2] = {rq_rundir_sink(r->dir)};
    if (o->json) {
        r->events = rq_events_new(stdout, rq_rundir_path(r->dir), &r->info, err);
        if (!r->events) return false;
        sinks[1] = rq_events_sink(r->events);
    } else {
        r->terminal = rq_terminal_new(stdout, stderr, live, o->quiet, &r->info, err);
        if (!r->terminal) return false;
        rq_terminal_out(r->terminal, rq_rundir_path(r->dir));
        sinks[1] = rq_terminal_sink(r->terminal);
    }
    return rq_train(a->model, &r->settings, &r->data, &r->params, sinks, 2, result, err);
}

rq_outcome rq_action_train(const rq_action *a, const rq_verb_options *o, rq_error *err)
{
    Run r = {0};
    rq_result result = {0};
    if (denied(a->model, o->deny)) return RQ_OUTCOME_no;
    bool ok = run_open(a, o, &r, err) && train_with_sinks(a, o, &r, &result, err);
    if (ok && result.interrupted && ferror(stdout)) {
        fprintf(stderr, "rq: standard output was closed, so the run stopped; it is saved: rq train --resume %s goes on\n",
                rq_rundir_path(r.dir));
    }
    run_close(&r);
    if (!ok) return RQ_OUTCOME_failed;
    if (result.diverged) return RQ_OUTCOME_no;
    return result.interrupted ? RQ_OUTCOME_interrupted : RQ_OUTCOME_done;
}

/* ---- eval ---- */

bool rq_verb_params(const rq_action *a, const rq_verb_options *o, rq_params *out, rq_error *err)
{
    char path[PATH_MAX + 32];
    if (!o->init && !o->run)
        return rq_fail(err, "'%s' has no trained parameters: name a run directory in place of the file, or give --init FILE.safetensors",
                       a->file);
    snprintf(path, sizeof path, "%s%s", o->init ? o->init : o->run, o->init ? "" : "/best.safetensors");
    bool is_there = true;
    if (!o->init && !rq_file_is_there(path, &is_there, err)) return false;
    if (!is_there) snprintf(path, sizeof path, "%s/last.safetensors", o->run);
    return rq_params_new(a->model, out, err) && rq_params_load(out, path, err);
}

/* distance: NULL, or of states. */
static void print_split(bool json, const char *split, int64_t n, double loss, double accuracy, const rq_distance *distance)
{
    if (json) {
        printf("{\"schema\": 1, \"split\": \"%s\", \"samples\": %lld, \"loss\": ", split, (long long)n);
        if (isfinite(loss)) printf("%.9g", loss);
        else fputs("null", stdout);
        if (!isnan(accuracy)) printf(", \"accuracy\": %.9g", accuracy);
        if (distance) printf(", \"trace_distance\": %.9g, \"hilbert_schmidt\": %.9g", distance->trace, distance->hilbert_schmidt);
        printf("}\n");
        return;
    }
    printf("%-5s  %7lld samples  loss %.6g", split, (long long)n, loss);
    if (!isnan(accuracy)) printf("  accuracy %.2f%%", 100 * accuracy);
    if (distance) printf("  trace distance %.6g  Hilbert-Schmidt %.6g", distance->trace, distance->hilbert_schmidt);
    printf("\n");
}

rq_outcome rq_action_eval(const rq_action *a, const rq_verb_options *o, rq_error *err)
{
    rq_params params = {0};
    rq_data data = {0};
    bool ok = rq_verb_params(a, o, &params, err) && rq_verb_data(a, o, &data, err), has_distances = ok && rq_distances_exist(a->model, &data);
    for (rq_split split = RQ_SPLIT_train; ok && split < RQ_SPLIT_COUNT; split++) {
        double loss, accuracy;
        rq_distance distance;
        if (!data.count[split]) continue;
        ok = rq_evaluate(a->model, &params, &data, split, rq_verb_threads(o), &loss, &accuracy, NULL, err) &&
             (!has_distances || rq_distances(a->model, &params, &data, split, rq_verb_threads(o), &distance, err));
        if (ok) print_split(o->json, rq_split_names[split], data.count[split], loss, accuracy, has_distances ? &distance : NULL);
    }
    rq_data_free(&data);
    rq_params_free(&params);
    return ok ? RQ_OUTCOME_done : RQ_OUTCOME_failed;
}
