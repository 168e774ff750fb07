/* events.c: the run as JSON lines: start, layer, epoch, result. A number that is not finite is null; a metric that does not apply is
 * absent. docs/events.schema.json describes each shape.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

struct rq_events {
    FILE *out;
    const char *run;
    const rq_run_info *info;
    const rq_model *model;
    const rq_train_settings *settings;
    uint64_t refused; /* memory, before the event that is being made */
};

rq_events *rq_events_new(FILE *out, const char *run, const rq_run_info *info, rq_error *err)
{
    rq_events *e = rq_alloc_array(1, sizeof *e, "the events", err);
    if (e) *e = (rq_events){.out = out, .run = run, .info = info};
    return e;
}

void rq_events_free(rq_events *e) { rq_free(e); }

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *event_new(rq_events *e, const char *kind)
{
    e->refused = rq_memory_refused();
    json_t *o = json_object();
    json_object_set_new(o, "schema", json_integer(1));
    json_object_set_new(o, "event", json_string(kind));
    json_object_set_new(o, "run", json_string(e->run));
    json_object_set_new(o, "action", json_string(e->settings->action));
    json_object_set_new(o, "variant", json_string(e->settings->variant));
    json_object_set_new(o, "seed", json_integer((json_int_t)e->settings->seed));
    return o;
}

/* Consumes o. A reader that went away is no failure: SIGPIPE stops the run (train/interrupt.h). */
static bool event_write(const rq_events *e, json_t *o, rq_error *err)
{
    bool whole = rq_memory_sufficed(e->refused, "an event", err);
    errno = 0;
    int bad = whole && json_dumpf(o, e->out, JSON_COMPACT | JSON_REAL_PRECISION(17)) != 0;
    json_decref(o);
    if (!whole || !rq_memory_sufficed(e->refused, "an event", err)) return false;
    if (bad || fputc('\n', e->out) == EOF || fflush(e->out))
        return errno == EPIPE || rq_fail_system(err, "an event could not be written: %s", strerror(errno));
    return true;
}

static bool on_start(void *context, const rq_model *m, const rq_train_settings *s, const rq_data *data, const rq_params *params,
                     const rq_optimizer_state *state, const rq_progress *progress, rq_error *err)
{
    rq_events *e = context;
    (void)params, (void)state, (void)progress;
    e->model = m;
    e->settings = s;
    json_t *o = event_new(e, "start"), *engines = json_object(), *samples = json_object();
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].engine[0]) json_object_set_new(engines, m->layers[i].name, json_string(m->layers[i].engine));
    for (int k = RQ_SPLIT_train; k < RQ_SPLIT_COUNT; k++)
        json_object_set_new(samples, rq_split_names[k], json_integer(data->count[k]));
    json_object_set_new(o, "model", json_string(m->name));
    json_object_set_new(o, "gradient", json_string(m->gradient));
    json_object_set_new(o, "params", json_integer(rq_model_dimension(m)));
    json_object_set_new(o, "engines", engines);
    json_object_set_new(o, "samples", samples);
    json_object_set_new(o, "cpu", json_string(e->info->cpu));
    json_object_set_new(o, "threads", json_integer(e->info->threads));
    json_object_set_new(o, "compile_seconds", number(e->info->compile_seconds));
    return event_write(e, o, err);
}

static bool on_layer(void *context, const rq_layer_stat *s, rq_error *err)
{
    rq_events *e = context;
    json_t *o = event_new(e, "layer");
    json_object_set_new(o, "epoch", json_integer(s->epoch));
    json_object_set_new(o, "name", json_string(s->layer->name));
    json_object_set_new(o, "flow", json_string(s->layer->flow));
    json_object_set_new(o, "verdict", json_string(rq_verdict_names[s->verdict]));
    json_object_set_new(o, "samples", json_integer(s->samples));
    json_object_set_new(o, "rms", number(s->rms));
    json_object_set_new(o, "max", number(s->max));
    json_object_set_new(o, "r", number(s->r));
    json_object_set_new(o, "snr", number(s->snr));
    json_object_set_new(o, "snr_low", number(s->snr_low));
    json_object_set_new(o, "snr_high", number(s->snr_high));
    if (s->has_compare) {
        json_object_set_new(o, "cosine", number(s->cosine));
        json_object_set_new(o, "norm_ratio", number(s->norm_ratio));
        json_object_set_new(o, "projection", number(s->projection));
    }
    return event_write(e, o, err);
}

static bool on_epoch(void *context, const rq_epoch *p, rq_error *err)
{
    rq_events *e = context;
    json_t *o = event_new(e, "epoch");
    json_object_set_new(o, "epoch", json_integer(p->epoch));
    json_object_set_new(o, "loss", number(p->loss));
    if (p->has_train) json_object_set_new(o, "train_loss", number(p->train_loss));
    if (p->has_train) json_object_set_new(o, "all_loss", number(p->all_loss));
    if (p->has_accuracy) json_object_set_new(o, "accuracy", number(p->accuracy));
    if (p->has_val) json_object_set_new(o, "val_loss", number(p->val_loss));
    if (p->has_val && p->has_accuracy) json_object_set_new(o, "val_accuracy", number(p->val_accuracy));
    if (p->has_test) json_object_set_new(o, "test_loss", number(p->test_loss));
    if (p->has_test && p->has_accuracy) json_object_set_new(o, "test_accuracy", number(p->test_accuracy));
    if (p->has_unitary) json_object_set_new(o, "unitarity", number(p->deviation));
    if (p->has_unitary) json_object_set_new(o, "reorthogonalised", json_integer(p->reorthogonalised));
    json_object_set_new(o, "seconds", number(p->seconds));
    if (p->circuits_per_s > 0) json_object_set_new(o, "circuits_per_s", number(p->circuits_per_s));
    return event_write(e, o, err);
}

static bool on_result(void *context, const rq_result *r, rq_error *err)
{
    rq_events *e = context;
    json_t *o = event_new(e, "result"), *flow = json_object();
    for (int i = 0; i < e->model->layer_count; i++)
        if (e->model->layers[i].flow[0]) json_object_set_new(flow, e->model->layers[i].name, json_string(e->model->layers[i].flow));
    json_object_set_new(o, "gradient", json_string(e->model->gradient));
    json_object_set_new(o, "flow", flow);
    json_object_set_new(o, "epochs", json_integer(r->epochs_done));
    if (r->has_train) json_object_set_new(o, "train", json_pack("{s:o}", "loss", number(r->train_loss)));
    if (r->has_train) json_object_set_new(o, "all", json_pack("{s:o}", "loss", number(r->all_loss)));
    if (r->has_val) json_object_set_new(o, "val", json_pack("{s:o}", "loss", number(r->val_loss)));
    if (r->has_val && r->has_accuracy) json_object_set_new(json_object_get(o, "val"), "accuracy", number(r->val_accuracy));
    if (r->has_test) json_object_set_new(o, "test", json_pack("{s:o}", "loss", number(r->test_loss)));
    if (r->has_test && r->has_accuracy) json_object_set_new(json_object_get(o, "test"), "accuracy", number(r->test_accuracy));
    for (rq_split split = RQ_SPLIT_train; r->has_distances && split < RQ_SPLIT_COUNT; split++) {
        json_t *of = json_object_get(o, rq_split_names[split]);
        if (of) json_object_set_new(of, "trace_distance", number(r->distance[split].trace));
        if (of) json_object_set_new(of, "hilbert_schmidt", number(r->distance[split].hilbert_schmidt));
    }
    json_object_set_new(o, "interrupted", json_boolean(r->interrupted));
    json_object_set_new(o, "diverged", json_boolean(r->diverged));
    json_object_set_new(o, "first_step_seconds", number(r->first_step_seconds));
    json_object_set_new(o, "seconds", number(r->seconds));
    json_object_set_new(o, "out", json_string(e->run));
    return event_write(e, o, err);
}

rq_sink rq_events_sink(rq_events *e) { return (rq_sink){e, on_start, NULL, on_layer, on_epoch, on_result}; }

void rq_events_resume(rq_events *e, const rq_model *m, const rq_train_settings *s)
{
    e->model = m;
    e->settings = s;
}

static double number_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static bool read_layer(const json_t *o, const rq_model *m, rq_layer_stat *s)
{
    const char *name = json_string_value(json_object_get(o, "name")), *verdict = json_string_value(json_object_get(o, "verdict"));
    *s = (rq_layer_stat){.epoch = (int64_t)number_of(o, "epoch"), .samples = (int64_t)number_of(o, "samples"), .rms = number_of(o, "rms"),
                         .max = number_of(o, "max"), .r = number_of(o, "r"), .snr = number_of(o, "snr"),
                         .snr_low = number_of(o, "snr_low"), .snr_high = number_of(o, "snr_high"),
                         .has_compare = json_object_get(o, "cosine") != NULL, .cosine = number_of(o, "cosine"),
                         .norm_ratio = number_of(o, "norm_ratio"), .projection = number_of(o, "projection")};
    for (int i = 0; name && i < m->layer_count + m->part_count; i++)
        if (!strcmp(m->layers[i].name, name)) s->layer = &m->layers[i];
    for (int v = RQ_VERDICT_healthy; verdict && v <= RQ_VERDICT_converged; v++)
        if (!strcmp(rq_verdict_names[v], verdict)) s->verdict = (rq_verdict)v;
    return s->layer != NULL;
}

static void read_epoch(const json_t *o, rq_epoch *e)
{
    *e = (rq_epoch){.epoch = (int64_t)number_of(o, "epoch"), .loss = number_of(o, "loss"), .accuracy = number_of(o, "accuracy"),
                    .val_loss = number_of(o, "val_loss"), .val_accuracy = number_of(o, "val_accuracy"),
                    .test_loss = number_of(o, "test_loss"), .test_accuracy = number_of(o, "test_accuracy"),
                    .seconds = number_of(o, "seconds"), .circuits_per_s = number_of(o, "circuits_per_s"),
                    .has_train = json_object_get(o, "train_loss") != NULL, .train_loss = number_of(o, "train_loss"),
                    .all_loss = number_of(o, "all_loss"), .has_unitary = json_object_get(o, "unitarity") != NULL, .deviation = number_of(o, "unitarity"),
                    .reorthogonalised = (int64_t)number_of(o, "reorthogonalised"),
                    .has_accuracy = json_object_get(o, "accuracy") != NULL, .has_val = json_object_get(o, "val_loss") != NULL,
                    .has_test = json_object_get(o, "test_loss") != NULL};
}

static void read_result(const json_t *o, rq_result *r)
{
    const json_t *val = json_object_get(o, "val"), *test = json_object_get(o, "test"), *train = json_object_get(o, "train");
    *r = (rq_result){.epochs_done = (int64_t)number_of(o, "epochs"), .interrupted = json_is_true(json_object_get(o, "interrupted")),
                     .diverged = json_is_true(json_object_get(o, "diverged")), .seconds = number_of(o, "seconds"),
                     .first_step_seconds = number_of(o, "first_step_seconds"), .has_val = val != NULL, .has_test = test != NULL,
                     .has_train = train != NULL, .train_loss = number_of(train, "loss"),
                     .all_loss = number_of(json_object_get(o, "all"), "loss"), .val_loss = number_of(val, "loss"),
                     .val_accuracy = number_of(val, "accuracy"), .test_loss = number_of(test, "loss"),
                     .test_accuracy = number_of(test, "accuracy"),
                     .has_accuracy = json_object_get(val, "accuracy") || json_object_get(test, "accuracy"),
                     .has_distances = json_object_get(train, "trace_distance") != NULL};
    for (rq_split split = RQ_SPLIT_train; split < RQ_SPLIT_COUNT; split++) {
        const json_t *of = json_object_get(o, rq_split_names[split]);
        r->distance[split] = (rq_distance){number_of(of, "trace_distance"), number_of(of, "hilbert_schmidt")};
    }
}

rq_event_kind rq_event_read(const char *line, const rq_model *m, rq_event *out)
{
    json_error_t error;
    json_t *o = json_loads(line, 0, &error);
    const char *kind = json_string_value(json_object_get(o, "event"));
    rq_event_kind found = RQ_EVENT_none;
    if (!kind) found = RQ_EVENT_none;
    else if (!strcmp(kind, "start")) found = RQ_EVENT_start;
    else if (!strcmp(kind, "layer") && read_layer(o, m, &out->stat)) found = RQ_EVENT_layer;
    else if (!strcmp(kind, "result")) {
        read_result(o, &out->result);
        found = RQ_EVENT_result;
    } else if (!strcmp(kind, "epoch")) {
        read_epoch(o, &out->epoch);
        found = RQ_EVENT_epoch;
    }
    json_decref(o);
    return found;
}
