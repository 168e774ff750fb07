/* scan.c: point after point, with what is drawn kept on disk.
 *
 *     DIR/  model.rq  settings.json  versions.txt  state.safetensors  events.jsonl  scan.csv  variance.svg  variance-log.svg  report.html
 *
 * events.jsonl is begun anew by a scan that goes on: complete points come from the state, to the same digits.
 */
#include "scan/scan.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "report/place.h"
#include "report/report.h"

static const double save_seconds = 2;

typedef struct Scan {
    const rq_scan *s;
    const rq_scan_options *o;
    char *dir;
    FILE *metrics;
    rq_scan_state state;
    bool live;
    bool stopped;
} Scan;

static void show_progress(const Scan *x, int point, const rq_tally *t)
{
    const rq_scan_point *p = &x->s->points[point];
    char drawn[32];
    double error = 0;
    for (int e = 0; e < p->element_count; e++)
        if (t->moments[e].zeros < t->moments[e].n) error = fmax(error, rq_moments_error(&t->moments[e]));
    fprintf(stderr, "\r\033[Kpoint %d/%d  %s  %s draws, relative error %.1f%%", point + 1, x->s->point_count, p->label,
            rq_grouped(t->moments[0].n, drawn, sizeof drawn), 100 * error);
    fflush(stderr);
}

/* ---- one point ---- */

static void keep(Scan *x, int point, const rq_tally *t, double seconds)
{
    for (int e = 0; e < x->s->points[point].element_count; e++) {
        rq_scan_result *r = &x->state.results[point][e];
        r->moments = t->moments[e];
        for (int q = 0; q < RQ_QUANTILES; q++)
            r->quantile[q] = rq_histogram_quantile(t->histogram + e * RQ_HISTOGRAM_BINS, &t->moments[e], rq_quantile_shares[q]);
    }
    x->state.seconds[point] = seconds;
    x->state.done = point + 1;
}

static bool draw(Scan *x, int point, rq_sampler *sampler, rq_error *err)
{
    double begun = rq_now(), saved = begun, shown = begun;
    rq_tally *t = rq_sampler_tally(sampler);
    if (!rq_scan_tally_load(x->s, &x->state, x->dir, t, err)) return false;
    for (bool is_done = false; !is_done;) {
        x->stopped = x->o->stop && *x->o->stop;
        if (x->stopped) return rq_scan_state_save(x->s, &x->state, t->moments[0].n ? t : NULL, x->dir, err);
        if (!rq_sampler_block(sampler, &is_done, err)) return false;
        double time = rq_now();
        if (x->live && time - shown > 0.1) show_progress(x, point, t), shown = time;
        if (is_done || time - saved < save_seconds) continue;
        if (!rq_scan_state_save(x->s, &x->state, t, x->dir, err)) return false;
        saved = time;
    }
    keep(x, point, t, rq_now() - begun);
    return rq_scan_state_save(x->s, &x->state, NULL, x->dir, err);
}

static bool tell(Scan *x, int point, rq_error *err)
{
    if (x->live) fputs("\r\033[K", stderr);
    if (x->o->json && !rq_scan_json_point(stdout, x->s, &x->state, point, x->dir, err)) return false;
    if (!x->o->json && !x->o->quiet) rq_scan_print_point(stdout, x->s, point, x->state.results[point]);
    return rq_scan_json_point(x->metrics, x->s, &x->state, point, x->dir, err);
}

static bool scan_point(Scan *x, int point, rq_error *err)
{
    if (point < x->state.done) return tell(x, point, err);
    rq_sampler *sampler = rq_sampler_new(x->s, point, x->o, err);
    bool good = sampler && draw(x, point, sampler, err);
    rq_sampler_free(sampler);
    if (!good && x->s->points[point].label[0]) rq_fail_at(err, "%s", x->s->points[point].label);
    return good && (x->stopped || tell(x, point, err));
}

/* ---- files ---- */

static bool begin(Scan *x, rq_error *err)
{
    const rq_place place = {"a scan", x->s->name, x->s->source, x->s->settings_text, x->s->versions, {NULL}, NULL};
    x->dir = rq_place_make(&place, x->o->out, err);
    if (!x->dir || !rq_scan_state_new(x->s, &x->state, err) || !rq_scan_state_load(x->s, &x->state, x->dir, err)) return false;
    char *path = rq_place_path(x->dir, "events.jsonl", err);
    x->metrics = path ? rq_place_open(path, err) : NULL;
    rq_free(path);
    if (!x->metrics || !rq_scan_json_start(x->metrics, x->s, x->dir, x->o->threads, err)) return false;
    if (x->o->json) return rq_scan_json_start(stdout, x->s, x->dir, x->o->threads, err);
    if (!x->o->quiet) rq_scan_print_head(stdout, x->s);
    return true;
}

typedef struct Output {
    const Scan *x;
    const rq_fit *fits;
    int count;
    const rq_picture *figure;
} Output;

static bool write_csv(FILE *out, const Output *o, rq_error *err) { return rq_scan_csv(out, o->x->s, &o->x->state, err); }

static bool write_page(FILE *out, const Output *o, rq_error *err) { return rq_scan_page(out, o->x->s, &o->x->state, o->fits, o->count, err); }

static bool write_figure(FILE *out, const Output *o, rq_error *err) { return rq_picture_svg(out, o->figure, err); }

static bool write_file(const Output *o, const char *name, bool (*write)(FILE *out, const Output *o, rq_error *err), rq_error *err)
{
    char *path = rq_place_path(o->x->dir, name, err), *hidden = path ? rq_place_path(o->x->dir, ".result.new", err) : NULL;
    FILE *f = hidden ? rq_place_open(hidden, err) : NULL;
    bool good = f && write(f, o, err);
    if (f && !good) fclose(f);
    good = good && rq_place_close(f, hidden, path, err);
    rq_free(path);
    rq_free(hidden);
    return good;
}

static bool write_figures(Output *o, rq_error *err)
{
    rq_figures figures;
    if (!rq_scan_figures(o->x->s, &o->x->state, o->fits, o->count, &figures, err)) return false;
    bool good = true;
    for (int i = 0; good && i < figures.count; i++) {
        char name[64];
        o->figure = figures.at[i];
        snprintf(name, sizeof name, "%.50s.svg", o->figure->name);
        good = write_file(o, name, write_figure, err);
    }
    rq_figures_free(&figures);
    return good;
}

static bool finish(Scan *x, bool *unmet, rq_error *err)
{
    int count;
    rq_fit *fits = rq_scan_fits(x->s, &x->state, &count, err);
    Output o = {x, fits, count, NULL};
    bool good = fits && rq_scan_json_end(x->metrics, x->s, &x->state, fits, count, x->dir, err) && write_file(&o, "scan.csv", write_csv, err) &&
                write_figures(&o, err) && write_file(&o, "report.html", write_page, err);
    if (good && x->o->json) good = rq_scan_json_end(stdout, x->s, &x->state, fits, count, x->dir, err);
    if (good && !x->o->json) {
        rq_scan_print_end(stdout, x->s, &x->state, fits, count);
        printf("report: %s/report.html\n", x->dir);
    }
    *unmet = rq_scan_unmet(x->s, &x->state) > 0;
    rq_free(fits);
    return good;
}

rq_scan_end rq_scan_run(const rq_scan *s, const rq_scan_options *o, rq_error *err)
{
    Scan x = {.s = s, .o = o, .live = isatty(STDERR_FILENO) && !o->json && !o->quiet};
    bool unmet = false, good = begin(&x, err);
    for (int i = 0; good && !x.stopped && i < s->point_count; i++) good = scan_point(&x, i, err);
    if (good && !x.stopped) good = finish(&x, &unmet, err);
    if (x.live) fputs("\r\033[K", stderr);
    if (good && x.stopped)
        fprintf(stderr, "rq: interrupted after %d of %d points; the same command with --out %s goes on\n", x.state.done, s->point_count, x.dir);
    if (x.metrics) fclose(x.metrics);
    rq_scan_state_free(s, &x.state);
    rq_free(x.dir);
    if (!good) return RQ_SCAN_failed;
    return x.stopped ? RQ_SCAN_interrupted : unmet ? RQ_SCAN_unexpected : RQ_SCAN_done;
}
