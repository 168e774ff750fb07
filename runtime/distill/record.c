/* record.c: what a distillation shows and leaves.
 *
 *     runs/ten-001/  model.rq  settings.json  versions.txt  epochs.jsonl  last.safetensors  best.safetensors  report.html
 *                    images.npy  labels.npy  rates.npy  images.png  images/0010.png ...
 *
 * images.npy [images][shape] and labels.npy [images] (or [images][classes], if they are trained) are data for other models:
 * npy(input: "runs/ten-001/images.npy", target: "runs/ten-001/labels.npy").
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "data/array.h"
#include "data/file.h"
#include "data/png.h"
#include "distill/distill.h"
#include "distill/page.h"
#include "report/place.h"
#include "train/checkpoint.h"

enum { SNAPSHOTS = 20, ZOOM = 4 };

struct rq_distill_record {
    const rq_distillation *d;
    const rq_distill_options *o;
    rq_train_settings settings; /* what a checkpoint is checked against */
    char *dir;
    rq_distill_epoch *epochs;
    int64_t count;
    double seconds; /* of earlier runs */
    bool live;
    uint64_t refused; /* memory, before the event that is being made */
};

rq_distill_record *rq_distill_record_new(const rq_distillation *d, const rq_distill_options *o, rq_error *err)
{
    rq_distill_record *r = rq_alloc_array(1, sizeof *r, "distillation", err);
    if (!r) return NULL;
    *r = (rq_distill_record){.d = d, .o = o};
    r->settings = (rq_train_settings){.action = d->name, .seed = d->seed, .batch = d->batch, .optimizer = d->outer, .epochs = d->epochs};
    r->live = !o->json && !o->quiet && isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
    rq_place place = {.what = "a distillation", .name = d->name, .source = d->source, .settings = d->settings_text,
                      .versions = d->versions, .folders = {"images"}};
    r->epochs = rq_alloc_array((uint64_t)d->epochs + 1, sizeof *r->epochs, "distillation", err);
    r->dir = r->epochs ? rq_place_make(&place, o->out, err) : NULL;
    if (r->dir) return r;
    rq_distill_record_free(r);
    return NULL;
}

void rq_distill_record_free(rq_distill_record *r)
{
    if (!r) return;
    rq_free(r->epochs);
    rq_free(r->dir);
    rq_free(r);
}

const char *rq_distill_record_dir(const rq_distill_record *r) { return r->dir; }
double rq_distill_record_seconds(const rq_distill_record *r) { return r->seconds; }

static const char *file_in(const rq_distill_record *r, const char *name, char *path)
{
    snprintf(path, PATH_MAX + 64, "%s/%s", r->dir, name);
    return path;
}

/* ---- events ---- */

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *event(rq_distill_record *r, const char *kind)
{
    r->refused = rq_memory_refused();
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:I}", "schema", 1, "event", kind, "run", r->dir, "action", r->d->name, "variant", "",
                     "seed", (json_int_t)r->d->seed);
}

static json_t *epoch_event(rq_distill_record *r, const rq_distill_epoch *e)
{
    json_t *o = event(r, "distill_epoch");
    json_object_set_new(o, "epoch", json_integer(e->epoch));
    json_object_set_new(o, "epochs", json_integer(r->d->epochs));
    json_object_set_new(o, "loss", number(e->loss));
    json_object_set_new(o, "test_accuracy", number(e->accuracy));
    if (r->d->nets) json_object_set_new(o, "spread", number(e->spread));
    if (!isnan(e->val_accuracy)) json_object_set_new(o, "val_accuracy", number(e->val_accuracy));
    json_object_set_new(o, "seconds", number(e->seconds));
    return o;
}

static bool put(const rq_distill_record *r, FILE *out, json_t *o, rq_error *err)
{
    bool bad = !o || json_dumpf(o, out, JSON_COMPACT) || fputc('\n', out) == EOF || fflush(out);
    json_decref(o);
    return rq_memory_sufficed(r->refused, "an event", err) && (!bad || rq_fail_system(err, "an event could not be written: %s", strerror(errno)));
}

/* ---- resuming ---- */

static bool read_epochs(rq_distill_record *r, int64_t most, rq_error *err)
{
    char path[PATH_MAX + 64];
    uint64_t refused = rq_memory_refused();
    FILE *f = fopen(file_in(r, "epochs.jsonl", path), "r");
    json_error_t error;
    json_t *o;
    while (f && r->count < most && (o = json_loadf(f, JSON_DISABLE_EOF_CHECK, &error))) {
        json_t *val = json_object_get(o, "val_accuracy");
        rq_distill_epoch e = {.epoch = json_integer_value(json_object_get(o, "epoch")), .loss = json_number_value(json_object_get(o, "loss")),
                              .accuracy = json_number_value(json_object_get(o, "test_accuracy")),
                              .spread = json_number_value(json_object_get(o, "spread")),
                              .val_accuracy = val ? json_number_value(val) : NAN, .seconds = json_number_value(json_object_get(o, "seconds"))};
        if (e.epoch == r->count + 1) r->epochs[r->count++] = e;
        json_decref(o);
    }
    bool ok = f && !ferror(f);
    if (!ok) rq_fail_system(err, "file '%s' cannot be read: %s", path, strerror(errno));
    if (f) fclose(f);
    if (r->count) r->seconds = r->epochs[r->count - 1].seconds;
    return ok && rq_memory_sufficed(refused, path, err);
}

bool rq_distill_record_resume(rq_distill_record *r, rq_outer *o, rq_progress *progress, rq_error *err)
{
    char path[PATH_MAX + 64];
    bool is_there;
    if (!rq_file_is_there(file_in(r, "last.safetensors", path), &is_there, err)) return false;
    if (!is_there) {
        if (!r->o->json && !r->o->quiet)
            printf("%s   %lld images, %lld inner steps, %s   %s\n", r->d->name, (long long)o->count, (long long)o->steps,
                   r->d->nets ? "networks drawn" : "one network", r->d->model->summary);
        return true;
    }
    if (!rq_checkpoint_load(path, &o->values, &o->state, progress, &r->settings, err)) return false;
    rq_outer_update(o);
    if (!read_epochs(r, progress->epoch, err)) return false;
    if (!r->o->json && !r->o->quiet) printf("goes on in %s after epoch %lld of %lld\n", r->dir, (long long)progress->epoch, (long long)r->d->epochs);
    return true;
}

bool rq_distill_record_best(rq_distill_record *r, rq_outer *o, rq_error *err)
{
    char path[PATH_MAX + 64];
    rq_progress progress = {0};
    bool is_there;
    rq_data_identity(r->d->data, progress.data, sizeof progress.data);
    if (!r->d->data->count[RQ_SPLIT_val]) return true;
    if (!rq_file_is_there(file_in(r, "best.safetensors", path), &is_there, err)) return false;
    if (!is_there) return true;
    if (!rq_checkpoint_load(path, &o->values, &o->state, &progress, &r->settings, err)) return false;
    rq_outer_update(o);
    return true;
}

/* ---- files ---- */

/* Writes an array beside its place and renames it. */
static bool save_array(const rq_distill_record *r, const char *name, const rq_array *a, rq_error *err)
{
    char path[PATH_MAX + 64], hidden[PATH_MAX + 64];
    file_in(r, name, path);
    file_in(r, ".array.new", hidden);
    if (!rq_npy_write(hidden, a, err)) return false;
    return rq_place_rename(hidden, path, err);
}

static bool save_labels(const rq_distill_record *r, const rq_outer *o, rq_error *err)
{
    int64_t classes = r->d->data->classes;
    rq_array a = {.dtype = RQ_DTYPE_f64, .ndim = 2, .dims = {o->count, classes}, .size = o->count * classes, .values = o->labels};
    if (r->d->trained_labels) return save_array(r, "labels.npy", &a, err);
    if (!rq_array_new(&a, RQ_DTYPE_i64, 1, &o->count, "labels", err)) return false;
    for (int64_t i = 0; i < o->count; i++) ((int64_t *)a.values)[i] = i % classes;
    bool ok = save_array(r, "labels.npy", &a, err);
    rq_array_free(&a);
    return ok;
}

/* The sheet has a column for each class. */
static bool save_picture(const rq_distill_record *r, const rq_outer *o, int64_t epoch, rq_error *err)
{
    char path[PATH_MAX + 64], hidden[PATH_MAX + 64], name[64];
    const rq_data *s = &o->synthetic.data;
    int64_t every = (r->d->epochs + SNAPSHOTS - 1) / SNAPSHOTS, rows = o->count / s->classes;
    if (s->ndim != 3) return true;
    file_in(r, ".picture.new", hidden);
    for (int k = 0; k < 2; k++) {
        if (k && epoch % every && epoch != r->d->epochs) break;
        snprintf(name, sizeof name, k ? "images/%04lld.png" : "images.png", (long long)epoch);
        if (!rq_png_sheet(hidden, s, RQ_SPLIT_train, (int)(rows < 50 ? rows : 50), s->classes, ZOOM, err)) return false;
        if (!rq_place_rename(hidden, file_in(r, name, path), err)) return false;
    }
    return true;
}

static bool save_numbers(const rq_distill_record *r, const rq_outer *o, rq_error *err)
{
    const rq_data *s = &o->synthetic.data;
    rq_array images = {.dtype = RQ_DTYPE_f64, .ndim = s->ndim + 1, .dims = {o->count}, .size = o->row[0].count, .values = o->values.values[0]};
    for (int i = 0; i < s->ndim; i++) images.dims[i + 1] = s->dims[i];
    rq_array rates = {.dtype = RQ_DTYPE_f64, .ndim = 1, .dims = {o->steps}, .size = o->steps, .values = o->rates};
    return save_array(r, "images.npy", &images, err) && save_array(r, "rates.npy", &rates, err) && save_labels(r, o, err);
}

/* All epochs, and at the end the scores. */
static bool save_metrics(rq_distill_record *r, json_t *last, rq_error *err)
{
    char path[PATH_MAX + 64], hidden[PATH_MAX + 64];
    FILE *f = rq_place_open(file_in(r, ".metrics.new", hidden), err);
    bool ok = f != NULL;
    for (int64_t i = 0; ok && i < r->count; i++) ok = put(r, f, epoch_event(r, &r->epochs[i]), err);
    if (ok && last) ok = put(r, f, json_incref(last), err);
    return rq_place_end(f, ok, hidden, file_in(r, "epochs.jsonl", path), err);
}

/* Learned rates beside each other, the first and last few of many. */
static void put_rates(FILE *out, const rq_outer *o)
{
    for (int64_t t = 0; t < o->steps; t++) {
        if (o->steps > 6 && t == 3) fputs(" ...", out), t = o->steps - 3;
        fprintf(out, "%s%.3g", t ? " " : "", o->rates[t]);
    }
}

static void put_left(FILE *out, double seconds)
{
    if (seconds >= 5400) fprintf(out, "%.1f h", seconds / 3600);
    else if (seconds >= 90) fprintf(out, "%.0f min", seconds / 60);
    else fprintf(out, "%.0f s", seconds);
}

static void show_epoch(const rq_distill_record *r, const rq_outer *o, const rq_distill_epoch *e)
{
    FILE *out = r->live ? stderr : stdout;
    if (r->o->quiet) return;
    fprintf(out, "%sepoch %lld/%lld  loss %.4f  test %.1f%%", r->live ? "\r\033[K" : "", (long long)e->epoch, (long long)r->d->epochs, e->loss,
            100 * e->accuracy);
    if (r->d->nets) fprintf(out, " (deviation %.1f)", 100 * e->spread);
    if (!isnan(e->val_accuracy)) fprintf(out, "  val %.1f%%", 100 * e->val_accuracy);
    fputs("  rates ", out);
    put_rates(out, o);
    double left = e->seconds / (double)e->epoch * (double)(r->d->epochs - e->epoch);
    if (left > 0) fputs("  ", out), put_left(out, left), fputs(" left", out);
    fputc('\n', out);
    fflush(out);
}

void rq_distill_record_progress(rq_distill_record *r, int64_t epoch, double share, double loss)
{
    if (!r->live) return;
    fprintf(stderr, "\r\033[Kepoch %lld/%lld  %3.0f%%  loss %.4f", (long long)epoch, (long long)r->d->epochs, 100 * share, loss);
    fflush(stderr);
}

static bool save_page(const rq_distill_record *r, const rq_outer *o, const rq_distill_score *score, int count, rq_error *err)
{
    char path[PATH_MAX + 64], hidden[PATH_MAX + 64];
    FILE *f = rq_place_open(file_in(r, ".report.new", hidden), err);
    if (!f) return false;
    rq_distill_page page = {.d = r->d, .dir = r->dir, .epochs = r->epochs, .count = r->count, .rates = o->rates, .steps = o->steps,
                            .score = score, .scores = count};
    bool ok = rq_distill_page_write(f, &page, err);
    return rq_place_end(f, ok, hidden, file_in(r, "report.html", path), err);
}

bool rq_distill_record_epoch(rq_distill_record *r, rq_outer *o, const rq_progress *progress, const rq_distill_epoch *e, bool is_best,
                             rq_error *err)
{
    char path[PATH_MAX + 64];
    r->epochs[r->count++] = *e;
    bool ok = save_numbers(r, o, err) && save_picture(r, o, e->epoch, err) && save_metrics(r, NULL, err) && save_page(r, o, NULL, 0, err);
    if (ok && is_best)
        ok = rq_checkpoint_save(file_in(r, "best.safetensors", path), &o->values, &o->state, progress, &r->settings, r->d->source,
                                r->d->settings_text, err);
    ok = ok && rq_checkpoint_save(file_in(r, "last.safetensors", path), &o->values, &o->state, progress, &r->settings, r->d->source,
                                  r->d->settings_text, err);
    if (ok && r->o->json) return put(r, stdout, epoch_event(r, e), err);
    if (ok) show_epoch(r, o, e);
    return ok;
}

bool rq_distill_record_scores(rq_distill_record *r, rq_outer *o, const rq_distill_score *score, int count, rq_error *err)
{
    json_t *result = event(r, "distilled"), *list = json_array();
    for (int i = 0; i < count; i++) {
        json_t *s = json_pack("{s:s, s:I, s:o, s:o, s:I}", "trained_on", score[i].what, "images", (json_int_t)score[i].images,
                              "test_accuracy", number(score[i].accuracy), "spread", number(score[i].spread), "trials",
                              (json_int_t)score[i].trials);
        if (score[i].rate > 0) json_object_set_new(s, "rate", number(score[i].rate));
        if (score[i].reason[0]) json_object_set_new(s, "reason", json_string(score[i].reason));
        json_array_append_new(list, s);
    }
    json_object_set_new(result, "scores", list);
    json_object_set_new(result, "out", json_string(r->dir));
    bool ok = rq_memory_sufficed(r->refused, "an event", err) && save_numbers(r, o, err) && save_metrics(r, result, err) && save_page(r, o, score, count, err);
    if (ok && r->o->json) return put(r, stdout, result, err);
    json_decref(result);
    if (!ok) return false;
    printf("\n%-20s  %8s  %s\n", "trained on", "images", "test accuracy");
    for (int i = 0; i < count; i++) {
        printf("%-20s  %8lld  ", score[i].what, (long long)score[i].images);
        if (score[i].reason[0]) {
            printf("none: %s\n", score[i].reason);
            continue;
        }
        printf("%.2f%%", 100 * score[i].accuracy);
        if (score[i].trials > 1) printf(" (deviation %.2f over %lld)", 100 * score[i].spread, (long long)score[i].trials);
        if (score[i].rate > 0) printf("  rate %.3g", score[i].rate);
        putchar('\n');
    }
    putchar('\n');
    if (o->synthetic.data.ndim == 3) printf("images: %s/images.png   ", r->dir);
    printf("report: %s/report.html\n", r->dir);
    return true;
}
