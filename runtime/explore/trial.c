/* trial.c: a run writes its events to a hidden file that is renamed when it is finished: what is there is complete. */
#include "explore/trial.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "data/file.h"
#include "report/place.h"
#include "report/report.h"
#include "train/checkpoint.h"

/* DIR/states/007-s42-e2.safetensors */
static void state_path(const char *dir, const rq_trial *t, int64_t epochs, char *out, size_t size)
{
    snprintf(out, size, "%s/states/%03d-s%llu-e%lld.safetensors", dir, t->variant + 1, (unsigned long long)t->seed, (long long)epochs);
}

bool rq_trial_read(const char *dir, const rq_trial *t, rq_error *err)
{
    char *path = rq_record_path(dir, t->variant, t->seed, t->to, true, err);
    bool is_there = path && rq_record_read(path, t->run);
    rq_free(path);
    return is_there;
}

/* Keeps the state after the last epoch of a rung. */
typedef struct Keeper {
    const rq_exploration *x;
    const char *path; /* NULL: nothing is kept */
    const rq_params *params;
    const rq_optimizer_state *state;
    const rq_progress *progress;
    const rq_train_settings *settings;
} Keeper;

static bool keeper_start(void *context, const rq_model *m, const rq_train_settings *s, const rq_data *data, const rq_params *params,
                         const rq_optimizer_state *state, const rq_progress *progress, rq_error *err)
{
    Keeper *k = context;
    (void)m, (void)data, (void)err;
    k->params = params;
    k->state = state;
    k->progress = progress;
    k->settings = s;
    return true;
}

static bool keeper_result(void *context, const rq_result *r, rq_error *err)
{
    const Keeper *k = context;
    if (!k->path || r->interrupted || r->diverged || r->stopped_early) return true;
    return rq_checkpoint_save(k->path, k->params, k->state, k->progress, k->settings, k->x->source, k->x->settings_text, err);
}

static bool copy_event(void *context, const char *line, rq_error *err)
{
    (void)err;
    if (!strstr(line, "\"event\":\"result\"")) fprintf((FILE *)context, "%s\n", line);
    return true;
}

/* The events of the rung before, without its result. */
static bool copy_events(const char *dir, const rq_trial *t, FILE *out, rq_error *err)
{
    char *path = rq_record_path(dir, t->variant, t->seed, t->from, true, err);
    bool is_there, ok = path && rq_file_lines(path, copy_event, out, &is_there, err);
    rq_free(path);
    return ok && (!ferror(out) || rq_fail_system(err, "an event could not be written: %s", strerror(errno)));
}

/* Is there a state of the rung before, with its events, to go on from? */
static bool look_back(const char *dir, const rq_trial *t, const char *state, bool *goes_on, rq_error *err)
{
    *goes_on = false;
    if (!t->from) return true;
    char *path = rq_record_path(dir, t->variant, t->seed, t->from, true, err);
    bool has_state, has_events, ok = path && rq_file_is_there(state, &has_state, err) && rq_file_is_there(path, &has_events, err);
    if (ok) *goes_on = has_state && has_events;
    rq_free(path);
    return ok;
}

/* The events' own sink; a run that goes on has told its start before. */
static rq_sink events_sink(rq_events *events, bool goes_on, const rq_action *a, const rq_train_settings *s)
{
    rq_sink sink = rq_events_sink(events);
    if (!goes_on) return sink;
    rq_events_resume(events, a->model, s);
    sink.start = NULL;
    return sink;
}

static rq_train_settings settings_of(const rq_exploration *x, const rq_trial *t, const volatile sig_atomic_t *stop)
{
    const rq_variant *v = &x->variants[t->variant];
    rq_train_settings s = v->action->settings;
    s.action = x->name;
    s.variant = v->label;
    s.seed = t->seed;
    s.threads = 1;
    s.classification = x->data[v->data].labels != NULL;
    s.stop = stop;
    s.stop_after = t->to;
    return s;
}

/* Trains; false with the reason worded. *interrupted: there is no result. */
static bool train(const rq_exploration *x, const char *dir, const rq_trial *t, rq_train_settings *s, FILE *out, bool *interrupted,
                  rq_error *err)
{
    const rq_action *a = x->variants[t->variant].action;
    const rq_data *data = &x->data[x->variants[t->variant].data];
    char from[PATH_MAX + 64], to[PATH_MAX + 64];
    state_path(dir, t, t->from, from, sizeof from);
    state_path(dir, t, t->to, to, sizeof to);
    Keeper keeper = {.x = x, .path = t->to ? to : NULL};
    rq_run_info info = {.file = x->file, .source = x->source, .settings = x->settings_text, .versions = x->versions, .cpu = a->cpu,
                        .methods = "", .threads = 1};
    rq_params params = {0};
    rq_result result = {0};
    char *report = NULL;
    bool goes_on;
    if (!look_back(dir, t, from, &goes_on, err) || (goes_on && !copy_events(dir, t, out, err))) return false;
    if (goes_on) s->resume = from;
    rq_events *events = rq_events_new(out, dir, &info, err);
    rq_sink sinks[2] = {{0}, {.context = &keeper, .start = keeper_start, .result = keeper_result}};
    if (events) sinks[0] = events_sink(events, s->resume != NULL, a, s);
    bool ok = events && rq_params_new(a->model, &params, err) && rq_params_init(&params, s->seed, err) &&
              (!a->init_run || rq_params_load_rules(&params, a->init_run, a->init_rules, a->init_rule_count, &report, err)) &&
              rq_train(a->model, s, data, &params, sinks, 2, &result, err);
    *interrupted = result.interrupted;
    rq_free(report);
    rq_params_free(&params);
    rq_events_free(events);
    return ok;
}

void rq_trial_forget(const char *dir, const rq_trial *t, int64_t epochs)
{
    char state[PATH_MAX + 64];
    state_path(dir, t, epochs, state, sizeof state);
    unlink(state);
}

static bool finish(const char *dir, const rq_trial *t, FILE *out, const char *hidden, const char *path, rq_error *err)
{
    if (!rq_place_close(out, hidden, path, err)) return false;
    if (!rq_record_read(path, t->run)) return rq_fail(err, "file '%s' does not hold the run that was written to it", path);
    if (t->from) rq_trial_forget(dir, t, t->from);
    return true;
}

bool rq_trial_run(const rq_exploration *x, const char *dir, const volatile sig_atomic_t *stop, const rq_trial *t, bool *interrupted,
                  rq_error *err)
{
    char *path = rq_record_path(dir, t->variant, t->seed, t->to, true, err);
    char *hidden = path ? rq_record_path(dir, t->variant, t->seed, t->to, false, err) : NULL;
    FILE *out = hidden ? rq_place_open(hidden, err) : NULL;
    rq_train_settings settings = settings_of(x, t, stop);
    rq_error reason = {0};
    bool ok = out != NULL;
    if (ok && !train(x, dir, t, &settings, out, interrupted, &reason)) {
        *err = reason; /* what the system had not may be there another time, so it is no result */
        ok = !reason.of_system && rq_record_failure(out, x, t->variant, t->seed, reason.text, err);
    }
    if (out && (!ok || *interrupted)) {
        fclose(out);
        unlink(hidden);
    } else if (out) {
        ok = finish(dir, t, out, hidden, path, err);
    }
    rq_free(hidden);
    rq_free(path);
    return ok;
}
