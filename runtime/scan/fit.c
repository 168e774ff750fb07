/* fit.c: does the variance fall exponentially along the axis, or as a power? Weighted least squares on its logarithm.
 *
 *     log v_i = a + b x_i,  weights 1/s_i^2,  s_i = sqrt((kurtosis - 1)/S), the error of log v_i
 * Points whose variance is 0 or whose kurtosis cannot be believed are left out. Both laws have two numbers, so the difference of AIC
 * is that of chi^2.
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "scan/scan.h"
#include "statistics.h"

enum { AIC_NEEDED = 10 };
static const double least_p = 0.01;

/* What is fitted of one curve. */
typedef struct Curve {
    int n;
    double *x, *y, *s;
    int unreliable, zero; /* points that are left out */
} Curve;

static rq_line line_of(const Curve *c, bool logarithmic)
{
    rq_line l = {0};
    double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
    for (int i = 0; i < c->n; i++) {
        double x = logarithmic ? log(c->x[i]) : c->x[i], weight = 1 / (c->s[i] * c->s[i]);
        w += weight, wx += weight * x, wy += weight * c->y[i], wxx += weight * x * x, wxy += weight * x * c->y[i];
    }
    double det = w * wxx - wx * wx;
    l.b = (w * wxy - wx * wy) / det;
    l.a = (wy - l.b * wx) / w;
    l.b_error = sqrt(w / det);
    for (int i = 0; i < c->n; i++) {
        double x = logarithmic ? log(c->x[i]) : c->x[i], r = (c->y[i] - l.a - l.b * x) / c->s[i];
        l.chi2 += r * r;
    }
    l.p = rq_chi2_tail(l.chi2, c->n - 2);
    return l;
}

static void say(rq_fit *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(rq_fit *f, const char *format, ...)
{
    size_t used = strlen(f->text);
    va_list list;
    va_start(list, format);
    vsnprintf(f->text + used, sizeof f->text - used, format, list);
    va_end(list);
}

static void say_law(rq_fit *f, const char *axis)
{
    const rq_line *l = f->decay == RQ_DECAY_power ? &f->power : &f->exponential;
    double low = l->b - 1.96 * l->b_error, high = l->b + 1.96 * l->b_error;
    const char *way = l->b > 0 ? "growth" : "decay";
    if (f->decay == RQ_DECAY_power) say(f, "consistent with a power law, %s^%.3g (%.3g to %.3g)", axis, l->b, low, high);
    else
        say(f, "consistent with exponential %s, %.3gx per step of %s (%.4g to %.4g)", way, exp(fabs(l->b)), axis,
            exp(l->b > 0 ? low : -high), exp(l->b > 0 ? high : -low));
    say(f, " over %s = %g..%g, for this derivative", axis, f->from, f->to);
}

static bool is_flat(const rq_fit *f)
{
    return f->sizes > 2 && fabs(f->exponential.b) < 2 * f->exponential.b_error && f->exponential.p > least_p;
}

static void judge(rq_fit *f, const Curve *c, const char *axis)
{
    const rq_line *e = &f->exponential, *p = &f->power;
    bool exponential = !(p->chi2 < e->chi2);
    f->delta_aic = fabs(p->chi2 - e->chi2);
    f->decay = RQ_DECAY_undecided;
    if (f->sizes < RQ_SCAN_SIZES) say(f, "undecided: %d sizes, and a verdict needs %d", f->sizes, RQ_SCAN_SIZES);
    else if (is_flat(f)) say(f, "undecided: no change along %s is seen", axis);
    else if (!((exponential ? e : p)->p > least_p))
        say(f, "undecided: neither law fits (exponential p = %.2g, power p = %.2g)", e->p, p->p);
    else if (!(f->delta_aic > AIC_NEEDED)) say(f, "undecided: both laws fit alike (AIC differs by %.1f, not by %d)", f->delta_aic, AIC_NEEDED);
    else {
        f->decay = exponential ? RQ_DECAY_exponential : RQ_DECAY_power;
        say_law(f, axis);
    }
    if (c->unreliable) say(f, "; %d unreliable point%s left out", c->unreliable, c->unreliable > 1 ? "s" : "");
    if (c->zero) say(f, "; always 0 at %d point%s", c->zero, c->zero > 1 ? "s" : "");
}

const char *rq_scan_element(const rq_scan *s, int point, int e) { return s->wrt[0] ? s->wrt : s->points[point].elements[e]; }

/* Gathers the points of one curve that have the element, in their order. */
static void gather(const rq_scan *s, const rq_scan_state *st, const rq_fit *f, Curve *c)
{
    c->n = c->unreliable = c->zero = 0;
    for (int i = 0; i < st->done; i++) {
        const rq_scan_point *p = &s->points[i];
        for (int e = 0; !strcmp(p->curve, f->curve) && e < p->element_count; e++) {
            const rq_moments *m = &st->results[i][e].moments;
            if (strcmp(rq_scan_element(s, i, e), f->element)) continue;
            double variance = rq_moments_variance(m), error = rq_moments_error(m);
            if (!(variance > 0)) c->zero++;
            else if (!rq_moments_reliable(m) || !(error > 0)) c->unreliable++;
            else c->x[c->n] = p->axis, c->y[c->n] = log(variance), c->s[c->n++] = error;
        }
    }
}

static void fit(const rq_scan *s, rq_fit *f, const Curve *c)
{
    bool positive = true;
    f->sizes = c->n;
    f->from = INFINITY, f->to = -INFINITY;
    f->exponential = f->power = (rq_line){NAN, NAN, NAN, NAN, NAN};
    for (int i = 0; i < c->n; i++) {
        f->from = fmin(f->from, c->x[i]), f->to = fmax(f->to, c->x[i]);
        positive = positive && c->x[i] > 0;
    }
    if (c->n > 2 && f->to > f->from) {
        f->exponential = line_of(c, false);
        if (positive) f->power = line_of(c, true);
    }
    judge(f, c, s->axis);
}

/* Curves and elements in the order in which they are met. */
static int name_fits(const rq_scan *s, const rq_scan_state *st, rq_fit *fits)
{
    int count = 0;
    for (int i = 0; i < st->done; i++)
        for (int e = 0; e < s->points[i].element_count; e++) {
            bool is_known = false;
            for (int k = count; !is_known && k-- > 0;)
                is_known = !strcmp(fits[k].curve, s->points[i].curve) && !strcmp(fits[k].element, rq_scan_element(s, i, e));
            if (!is_known) fits[count++] = (rq_fit){.curve = s->points[i].curve, .element = rq_scan_element(s, i, e)};
        }
    return count;
}

rq_fit *rq_scan_fits(const rq_scan *s, const rq_scan_state *st, int *count, rq_error *err)
{
    uint64_t most = 0, points = (uint64_t)s->point_count;
    for (int i = 0; i < s->point_count; i++) most += (uint64_t)s->points[i].element_count;
    rq_fit *fits = rq_alloc_array(most, sizeof *fits, "the fits", err);
    double *room = rq_alloc_array(3 * points, sizeof *room, "the fits", err);
    *count = 0;
    if (fits && room) {
        Curve c = {.x = room, .y = room + points, .s = room + 2 * points};
        if (s->axis[0]) *count = name_fits(s, st, fits);
        for (int k = 0; k < *count; k++) {
            gather(s, st, &fits[k], &c);
            fit(s, &fits[k], &c);
        }
    }
    rq_free(room);
    if (room) return fits;
    rq_free(fits);
    return NULL;
}

double rq_scan_z(const rq_scan_point *p, const rq_scan_result *r)
{
    if (!p->has_expected) return NAN;
    double error = rq_moments_error(&r->moments), variance = rq_moments_variance(&r->moments);
    if (!(p->expected > 0)) return variance > 0 ? INFINITY : 0;
    if (!(variance > 0)) return -INFINITY;
    return (variance - p->expected) / (p->expected * error);
}

static int expectations(const rq_scan *s, int points)
{
    int tests = 0;
    for (int i = 0; i < points; i++)
        if (s->points[i].has_expected) tests += s->points[i].element_count;
    return tests;
}

double rq_scan_z_limit(const rq_scan *s)
{
    int tests = expectations(s, s->point_count);
    return tests ? rq_normal_point(0.01 / tests) : INFINITY;
}

int rq_scan_expectations(const rq_scan *s, const rq_scan_state *st) { return expectations(s, st->done); }

int rq_scan_unmet(const rq_scan *s, const rq_scan_state *st)
{
    int unmet = 0;
    for (int i = 0; i < st->done; i++)
        for (int e = 0; e < s->points[i].element_count; e++) unmet += fabs(rq_scan_z(&s->points[i], &st->results[i][e])) > rq_scan_z_limit(s);
    return unmet;
}
