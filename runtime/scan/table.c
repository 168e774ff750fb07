/* table.c: a scan for people: a line for each point and element, then the verdicts.
 *
 *     n=3, cost=global   variance 1.758e-02  95% 1.72e-02 .. 1.80e-02      32,768 draws   expected 1.758e-02  z  0.02
 */
#include <math.h>
#include <string.h>

#include "report/report.h"
#include "scan/scan.h"

static int widest_label(const rq_scan *s)
{
    int wide = 0;
    for (int i = 0; i < s->point_count; i++) {
        int w = (int)strlen(s->points[i].label);
        if (w > wide) wide = w;
    }
    return wide;
}

/* Do results differ by more than their points? */
static bool names_elements(const rq_scan *s)
{
    for (int i = 0; i < s->point_count; i++)
        if (s->points[i].element_count > 1 || strcmp(s->points[i].elements[0], s->points[0].elements[0])) return true;
    return false;
}

void rq_scan_print_head(FILE *out, const rq_scan *s)
{
    fprintf(out, "%s   %s   %d point%s   variance of the derivative of %s", s->name, s->points[0].model->name, s->point_count,
            s->point_count == 1 ? "" : "s", s->loss);
    if (s->wrt[0]) fprintf(out, " by %s", s->wrt);
    fputs("\n", out);
    fflush(out);
}

void rq_scan_print_point(FILE *out, const rq_scan *s, int point, const rq_scan_result *r)
{
    const rq_scan_point *p = &s->points[point];
    int wide = widest_label(s);
    for (int e = 0; e < p->element_count; e++) {
        const rq_moments *m = &r[e].moments;
        double variance = rq_moments_variance(m), error = rq_moments_error(m), z = rq_scan_z(p, &r[e]);
        char drawn[32];
        if (wide) fprintf(out, "%-*s  ", wide, p->label);
        if (names_elements(s)) fprintf(out, "%-14s  ", p->elements[e]);
        if (m->zeros == m->n) fprintf(out, "variance 0: every derivative is exactly 0     ");
        else
            fprintf(out, "variance %.3e  95%% %.2e .. %.2e%s", variance, variance * exp(-1.96 * error), variance * exp(1.96 * error),
                    rq_moments_reliable(m) ? " " : "?");
        fprintf(out, "%11s draws", rq_grouped(m->n, drawn, sizeof drawn));
        if (p->has_expected) fprintf(out, "  expected %.3e  z %5.2f%s", p->expected, z, fabs(z) > rq_scan_z_limit(s) ? "  NOT MET" : "");
        if (m->zeros && m->zeros < m->n) fprintf(out, "  %.3g%% are 0", 100 * (double)m->zeros / (double)m->n);
        fputc('\n', out);
    }
    fflush(out);
}

static bool any_unreliable(const rq_scan *s, const rq_scan_state *st)
{
    for (int i = 0; i < st->done; i++)
        for (int e = 0; e < s->points[i].element_count; e++) {
            const rq_moments *m = &st->results[i][e].moments;
            if (m->zeros < m->n && !rq_moments_reliable(m)) return true;
        }
    return false;
}

void rq_scan_print_end(FILE *out, const rq_scan *s, const rq_scan_state *st, const rq_fit *fits, int fit_count)
{
    int tests = rq_scan_expectations(s, st), unmet = rq_scan_unmet(s, st);
    fputc('\n', out);
    if (any_unreliable(s, st)) fputs("?: the kurtosis is more than a hundredth of the draws, so the interval cannot be relied on\n", out);
    for (int k = 0; k < fit_count; k++) {
        if (fits[k].curve[0]) fprintf(out, "%s: ", fits[k].curve);
        if (!s->wrt[0]) fprintf(out, "%s: ", fits[k].element);
        fprintf(out, "%s\n", fits[k].text);
    }
    if (tests)
        fprintf(out, "%d of %d expectations met (|z| up to %.2f: an error of 1%% for all together)\n", tests - unmet, tests, rq_scan_z_limit(s));
    fflush(out);
}
