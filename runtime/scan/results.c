/* results.c: a scan as data: scan.csv and JSON lines (docs/scan.schema.json), every number with 17 digits; what is not finite is null. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "scan/scan.h"

/* ---- csv ---- */

/* A text with quotes around it if it needs them. */
static void csv_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void csv_number(FILE *out, double x)
{
    if (isfinite(x)) fprintf(out, ",%.17g", x);
    else fputc(',', out);
}

static void csv_row(FILE *out, const rq_scan *s, const rq_scan_point *p, int e, const rq_scan_result *r)
{
    const rq_moments *m = &r->moments;
    double variance = rq_moments_variance(m), error = rq_moments_error(m);
    for (int k = 0; k < s->name_count; k++) csv_text(out, p->values[k]), fputc(',', out);
    csv_text(out, p->elements[e]);
    fprintf(out, ",%lld", (long long)m->n);
    const double numbers[] = {m->mean, rq_moments_second(m), variance, variance * exp(-1.96 * error), variance * exp(1.96 * error),
                              rq_moments_kurtosis(m), error};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) csv_number(out, numbers[i]);
    fprintf(out, ",%d", rq_moments_reliable(m));
    for (int q = 0; q < RQ_QUANTILES; q++) csv_number(out, r->quantile[q]);
    csv_number(out, m->largest);
    csv_number(out, (double)m->zeros / (double)m->n);
    csv_number(out, p->has_expected ? p->expected : NAN);
    csv_number(out, rq_scan_z(p, r));
    fputc('\n', out);
}

bool rq_scan_csv(FILE *out, const rq_scan *s, const rq_scan_state *st, rq_error *err)
{
    for (int k = 0; k < s->name_count; k++) fprintf(out, "%s,", s->names[k]);
    fputs("element,draws,mean,second_moment,variance,low,high,kurtosis,relative_error,reliable,q50,q90,q99,q999,largest,zeros,expected,z\n", out);
    for (int i = 0; i < st->done; i++)
        for (int e = 0; e < s->points[i].element_count; e++) csv_row(out, s, &s->points[i], e, &st->results[i][e]);
    return !ferror(out) || rq_fail(err, "the table of a scan could not be written: %s", strerror(errno));
}

/* ---- json ---- */

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *event_new(const rq_scan *s, const char *kind, const char *dir, const char *variant)
{
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:I}", "schema", 1, "event", kind, "run", dir, "action", s->name, "variant", variant, "seed",
                     (json_int_t)s->seed);
}

/* Consumes o. A reader that went away is no failure: SIGPIPE stops the scan. */
static bool event_write(FILE *out, json_t *o, rq_error *err)
{
    bool bad = !o || json_dumpf(o, out, JSON_COMPACT | JSON_REAL_PRECISION(17)) != 0;
    json_decref(o);
    if (bad || fputc('\n', out) == EOF || fflush(out)) return errno == EPIPE || rq_fail(err, "an event could not be written: %s", strerror(errno));
    return true;
}

bool rq_scan_json_start(FILE *out, const rq_scan *s, const char *dir, int threads, rq_error *err)
{
    json_t *o = event_new(s, "start", dir, ""), *varied = json_array();
    for (int k = 0; k < s->name_count; k++) json_array_append_new(varied, json_string(s->names[k]));
    json_object_set_new(o, "model", json_string(s->points[0].model->name));
    json_object_set_new(o, "loss", json_string(s->loss));
    json_object_set_new(o, "axis", json_string(s->axis));
    json_object_set_new(o, "varied", varied);
    json_object_set_new(o, "points", json_integer(s->point_count));
    json_object_set_new(o, "threads", json_integer(threads));
    return event_write(out, o, err);
}

static json_t *values_of(const rq_scan *s, const rq_scan_point *p)
{
    json_t *values = json_object();
    for (int k = 0; k < s->name_count; k++) json_object_set_new(values, s->names[k], json_string(p->values[k]));
    return values;
}

static json_t *quantiles_of(const rq_scan_result *r)
{
    json_t *quantiles = json_object();
    for (int q = 0; q < RQ_QUANTILES; q++) {
        char name[16];
        snprintf(name, sizeof name, "%g", rq_quantile_shares[q]);
        json_object_set_new(quantiles, name, number(r->quantile[q]));
    }
    return quantiles;
}

bool rq_scan_json_point(FILE *out, const rq_scan *s, const rq_scan_state *st, int point, const char *dir, rq_error *err)
{
    const rq_scan_point *p = &s->points[point];
    for (int e = 0; e < p->element_count; e++) {
        const rq_scan_result *r = &st->results[point][e];
        const rq_moments *m = &r->moments;
        double variance = rq_moments_variance(m), error = rq_moments_error(m);
        json_t *o = event_new(s, "point", dir, p->label);
        json_object_set_new(o, "values", values_of(s, p));
        json_object_set_new(o, "element", json_string(p->elements[e]));
        json_object_set_new(o, "draws", json_integer(m->n));
        json_object_set_new(o, "mean", number(m->mean));
        json_object_set_new(o, "second_moment", number(rq_moments_second(m)));
        json_object_set_new(o, "variance", number(variance));
        json_object_set_new(o, "low", number(variance * exp(-1.96 * error)));
        json_object_set_new(o, "high", number(variance * exp(1.96 * error)));
        json_object_set_new(o, "kurtosis", number(rq_moments_kurtosis(m)));
        json_object_set_new(o, "relative_error", number(error));
        json_object_set_new(o, "reliable", json_boolean(rq_moments_reliable(m)));
        json_object_set_new(o, "quantiles", quantiles_of(r));
        json_object_set_new(o, "largest", number(m->largest));
        json_object_set_new(o, "zeros", number((double)m->zeros / (double)m->n));
        if (p->has_expected) json_object_set_new(o, "expected", number(p->expected));
        if (p->has_expected) json_object_set_new(o, "z", number(rq_scan_z(p, r)));
        json_object_set_new(o, "seconds", number(st->seconds[point]));
        if (!event_write(out, o, err)) return false;
    }
    return true;
}

static json_t *line_json(const rq_line *l)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "intercept", number(l->a), "slope", number(l->b), "slope_error", number(l->b_error), "chi2",
                     number(l->chi2), "p", number(l->p));
}

static const char *decay_word(rq_decay d)
{
    switch (d) {
    case RQ_DECAY_undecided: return "undecided";
    case RQ_DECAY_exponential: return "exponential";
    case RQ_DECAY_power: return "power";
    }
    return "";
}

bool rq_scan_json_end(FILE *out, const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count, const char *dir, rq_error *err)
{
    double seconds = 0;
    for (int k = 0; k < fit_count; k++) {
        json_t *o = event_new(s, "fit", dir, fits[k].curve);
        json_object_set_new(o, "element", json_string(fits[k].element));
        json_object_set_new(o, "axis", json_string(s->axis));
        json_object_set_new(o, "sizes", json_integer(fits[k].sizes));
        json_object_set_new(o, "exponential", line_json(&fits[k].exponential));
        json_object_set_new(o, "power", line_json(&fits[k].power));
        json_object_set_new(o, "delta_aic", number(fits[k].delta_aic));
        json_object_set_new(o, "verdict", json_string(decay_word(fits[k].decay)));
        json_object_set_new(o, "text", json_string(fits[k].text));
        if (!event_write(out, o, err)) return false;
    }
    for (int i = 0; i < st->done; i++) seconds += st->seconds[i];
    json_t *o = event_new(s, "result", dir, "");
    json_object_set_new(o, "points", json_integer(st->done));
    json_object_set_new(o, "unmet", json_integer(rq_scan_unmet(s, st)));
    json_object_set_new(o, "seconds", number(seconds));
    json_object_set_new(o, "out", json_string(dir));
    return event_write(out, o, err);
}
