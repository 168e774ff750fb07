/* record.c: the file of one run: its events, of which the last says how it ended. What the ranking knows of a run is read back from
 * here, also in the process that made it, so that an exploration that was interrupted ends with the same table.
 */
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "data/file.h"
#include "explore/explore.h"

char *rq_record_path(const char *dir, int variant, uint64_t seed, int64_t epochs, bool finished, rq_error *err)
{
    char path[PATH_MAX + 96], end[32] = "";
    if (epochs) snprintf(end, sizeof end, "-e%lld", (long long)epochs);
    snprintf(path, sizeof path, "%s/metrics/%s%03d-s%llu%s.jsonl%s", dir, finished ? "" : ".", variant + 1, (unsigned long long)seed, end,
             finished ? "" : ".new");
    return rq_copy_text(path, err);
}

static double number_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* One event: an epoch's training metrics, the result, or a failure. */
static void take_event(const json_t *o, rq_explored *run)
{
    const char *kind = json_string_value(json_object_get(o, "event"));
    if (kind && !strcmp(kind, "epoch")) {
        run->metric[4] = number_of(o, "accuracy");
        run->metric[5] = number_of(o, "loss");
    } else if (kind && !strcmp(kind, "result")) {
        static const char *const splits[] = {"val", "test"};
        for (int s = 0; s < 2; s++) {
            run->metric[2 * s] = number_of(json_object_get(o, splits[s]), "accuracy");
            run->metric[2 * s + 1] = number_of(json_object_get(o, splits[s]), "loss");
        }
        run->done = true;
        run->epochs = (int64_t)number_of(o, "epochs");
        if (json_is_true(json_object_get(o, "diverged")))
            snprintf(run->reason, sizeof run->reason, "diverged in epoch %lld", (long long)run->epochs + 1);
    } else if (kind && !strcmp(kind, "failure")) {
        const char *reason = json_string_value(json_object_get(o, "reason"));
        run->done = true;
        snprintf(run->reason, sizeof run->reason, "%.230s", reason ? reason : "it failed");
    }
}

static bool take_line(void *context, const char *line, rq_error *err)
{
    json_error_t error;
    json_t *o = json_loads(line, 0, &error);
    (void)err;
    take_event(o, context);
    json_decref(o);
    return true;
}

bool rq_record_read(const char *path, rq_explored *run)
{
    uint64_t seed = run->seed, refused = rq_memory_refused();
    bool is_there;
    *run = (rq_explored){.seed = seed};
    for (int m = 0; m < RQ_METRICS; m++) run->metric[m] = NAN;
    run->done = rq_file_lines(path, take_line, run, &is_there, NULL) && rq_memory_refused() == refused && run->done;
    return run->done;
}

bool rq_record_failure(FILE *out, const rq_exploration *x, int variant, uint64_t seed, const char *reason, rq_error *err)
{
    uint64_t refused = rq_memory_refused();
    json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:s}", "schema", 1, "event", "failure", "run", "", "action", x->name, "variant",
                          x->variants[variant].label, "seed", (json_int_t)seed, "reason", reason);
    bool bad = !o || json_dumpf(o, out, JSON_COMPACT) != 0 || fputc('\n', out) == EOF;
    json_decref(o);
    return rq_memory_sufficed(refused, "an event", err) && (!bad || rq_fail(err, "an event could not be written"));
}
