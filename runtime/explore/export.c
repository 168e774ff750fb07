/* export.c: the files that an exploration leaves, and those that `rq report` makes of it. */
#include "explore/pictures.h"
#include "report/report.h"
#include "report/verbs.h"

typedef struct Leave {
    const rq_histories *h;
    const rq_action *action; /* of the first variant that fits; NULL if none does */
    const rq_data *data;
} Leave;

static bool write_html(FILE *out, void *context, rq_error *err) { return rq_explore_html(out, ((const Leave *)context)->h, err); }

static bool write_results(FILE *out, void *context, rq_error *err) { return rq_ranking_csv(out, ((const Leave *)context)->h->ranking, err); }

static bool write_comparisons(FILE *out, void *context, rq_error *err)
{
    return rq_comparisons_csv(out, ((const Leave *)context)->h->ranking, err);
}

static bool write_json(FILE *out, void *context, rq_error *err)
{
    return rq_ranking_json(out, ((const Leave *)context)->h->ranking, false, err);
}

static bool write_tex(FILE *out, void *context, rq_error *err) { return rq_ranking_tex(out, ((const Leave *)context)->h->ranking, err); }

static bool write_metrics(FILE *out, void *context, rq_error *err)
{
    const rq_histories *h = ((const Leave *)context)->h;
    const rq_exploration *x = h->ranking->x;
    rq_tidy_head(out);
    for (int v = 0; v < x->variant_count; v++)
        for (int s = 0; s < x->seeds + x->confirm; s++)
            rq_tidy_run(out, x->variants[v].label, x->seed + (uint64_t)s, rq_histories_run(h, v, s));
    return !ferror(out) || rq_fail(err, "the metrics could not be written");
}

static bool write_methods(FILE *out, void *context, rq_error *err)
{
    const Leave *l = context;
    if (!l->action) return true;
    char *text = rq_methods_text(l->action, l->data, err);
    if (text) fprintf(out, "%s\n", text);
    rq_free(text);
    return text && (!ferror(out) || rq_fail(err, "the methods could not be written"));
}

static bool write_references(FILE *out, void *context, rq_error *err)
{
    const Leave *l = context;
    const char *const facts[] = {"statistics", "comparisons", l->h->ranking->plan.count > 1 ? "halving" : NULL, NULL};
    return !l->action || rq_references(out, l->action, facts, err);
}

static Leave leave_of(const rq_histories *h)
{
    const rq_exploration *x = h->ranking->x;
    Leave l = {.h = h};
    for (int v = 0; v < x->variant_count && !l.action; v++) {
        l.action = x->variants[v].action;
        l.data = l.action ? &x->data[x->variants[v].data] : NULL;
    }
    return l;
}

bool rq_explore_leave(const char *dir, const rq_histories *h, rq_error *err)
{
    const rq_export e = {.dir = dir, .quiet = true};
    Leave l = leave_of(h);
    return rq_export_file(&e, "results.csv", write_results, &l, err) && rq_export_file(&e, "results.json", write_json, &l, err) &&
           rq_export_file(&e, "results.tex", write_tex, &l, err) && rq_export_file(&e, "comparisons.csv", write_comparisons, &l, err) &&
           rq_export_file(&e, "report.html", write_html, &l, err);
}

bool rq_explore_export(const rq_export *e, const rq_histories *h, rq_error *err)
{
    Leave l = leave_of(h);
    rq_figures figures;
    if (!rq_explore_figures(h, &figures, err)) return false;
    bool ok = rq_export_figures(e, &figures, err);
    rq_figures_free(&figures);
    if (ok && e->formats.html) ok = rq_export_file(e, "report.html", write_html, &l, err);
    if (ok && e->formats.csv)
        ok = rq_export_file(e, "results.csv", write_results, &l, err) && rq_export_file(e, "comparisons.csv", write_comparisons, &l, err) &&
             rq_export_file(e, "metrics.csv", write_metrics, &l, err);
    if (ok && e->formats.tex)
        ok = rq_export_file(e, "results.tex", write_tex, &l, err) && rq_export_file(e, "methods.txt", write_methods, &l, err) &&
             rq_export_file(e, "references.bib", write_references, &l, err);
    return ok;
}
