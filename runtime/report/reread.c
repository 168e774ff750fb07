/* reread.c: a training's directory back into what its report is made of. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "report/export.h"
#include "report/verbs.h"

/* All that a report is made of. */
typedef struct Reread {
    rq_train_settings settings;
    rq_run_info info;
    rq_history history;
    rq_data data;
    rq_params params;
    rq_predictions predictions;
    char *methods, *versions, *data_text;
} Reread;

static void reread_close(Reread *r)
{
    rq_run_history_free(&r->history.run);
    rq_predictions_free(&r->predictions);
    rq_free(r->methods);
    rq_free(r->versions);
    rq_free(r->data_text);
    rq_params_free(&r->params);
    rq_data_free(&r->data);
}

/* The text of a small file of the run, from rq_alloc. */
static char *text_of(const char *dir, const char *name, rq_error *err)
{
    enum { MOST = 65536 };
    char path[PATH_MAX + 64], *text = rq_alloc_array(MOST, 1, "a text", err);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = text ? fopen(path, "r") : NULL;
    if (f) {
        text[fread(text, 1, MOST - 1, f)] = 0;
        fclose(f);
        return text;
    }
    if (text) rq_fail_system(err, "file '%s' cannot be read: %s", path, strerror(errno));
    rq_free(text);
    return NULL;
}

static bool read_metrics(Reread *r, const rq_action *a, const char *dir, rq_error *err)
{
    char path[PATH_MAX + 64];
    bool is_there;
    rq_history *h = &r->history;
    snprintf(path, sizeof path, "%s/metrics.jsonl", dir);
    if (!rq_run_history_read(&h->run, path, a->model, &is_there, err)) return false;
    if (!is_there) return rq_fail(err, "file '%s' cannot be read", path);
    h->result = h->run.result;
    h->result.test_samples = r->data.count[RQ_SPLIT_test];
    if (!h->run.has_result) h->result.interrupted = true;
    if (!h->run.has_result && h->run.epoch_count) h->result.epochs_done = h->run.epochs[h->run.epoch_count - 1].epoch;
    return true;
}

/* The parameters that the run ended with. */
static bool load_last(Reread *r, const rq_action *a, const rq_verb_options *o, rq_error *err)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", o->run, r->history.result.diverged ? "diverged.safetensors" : "last.safetensors");
    return rq_params_new(a->model, &r->params, err) && rq_params_load(&r->params, path, err);
}

static bool reread_open(Reread *r, const rq_action *a, const rq_verb_options *o, rq_error *err)
{
    rq_history *h = &r->history;
    if (!rq_verb_data(a, o, &r->data, err) || !read_metrics(r, a, o->run, err) || !load_last(r, a, o, err)) return false;
    r->settings = a->settings;
    r->settings.threads = rq_verb_threads(o);
    r->settings.classification = r->data.labels != NULL;
    for (int64_t i = 0; i < h->run.stat_count; i++)
        if (h->run.stats[i].has_compare) r->settings.compare = a->model; /* the run compared; columns for it */
    r->methods = rq_methods_text(a, &r->data, err);
    r->versions = text_of(o->run, "versions.txt", err);
    r->data_text = rq_data_text(&r->data, err);
    if (!r->methods || !r->versions || !r->data_text) return false;
    r->info = (rq_run_info){.file = a->file, .source = a->source, .settings = a->settings_text, .versions = r->versions, .cpu = a->cpu,
                            .methods = r->methods, .threads = r->settings.threads};
    h->model = a->model;
    h->settings = &r->settings;
    h->info = &r->info;
    h->data_text = r->data_text;
    if (!r->data.labels || !r->data.count[RQ_SPLIT_test] || h->result.diverged) return true;
    if (!rq_predictions_new(a->model, &r->params, &r->data, RQ_SPLIT_test, r->settings.threads, &r->predictions, err)) return false;
    h->predictions = &r->predictions;
    return true;
}

bool rq_action_report(const rq_action *a, const rq_verb_options *o, const rq_export *e, rq_error *err)
{
    Reread r = {0};
    bool ok = reread_open(&r, a, o, err) && rq_export_run(e, a, &r.history, &r.data, &r.params, r.settings.threads, err);
    reread_close(&r);
    return ok;
}
