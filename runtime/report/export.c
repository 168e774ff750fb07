/* export.c: the files of export.h. Each is written beside its place and renamed. */
#include "report/export.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "data/array.h"
#include "report/place.h"
#include "report/verbs.h"

bool rq_export_file(const rq_export *e, const char *name, rq_file_writer write, void *context, rq_error *err)
{
    char *path = rq_place_path(e->dir, name, err), *hidden = path ? rq_place_path(e->dir, ".export.new", err) : NULL;
    FILE *f = hidden ? rq_place_open(hidden, err) : NULL;
    bool ok = rq_place_end(f, f && write(f, context, err), hidden, path, err);
    if (ok && !e->quiet) printf("%s\n", path);
    rq_free(path);
    rq_free(hidden);
    return ok;
}

/* ---- figures ---- */

static bool write_svg(FILE *out, void *context, rq_error *err) { return rq_picture_svg(out, context, err); }

static bool write_other(const rq_export *e, const rq_picture *p, const char *format, rq_error *err)
{
    char path[PATH_MAX + 160];
    snprintf(path, sizeof path, "%s/figures/%s.%s", e->dir, p->name, format);
    if (!e->write(p, path, format, err)) return false;
    if (!e->quiet) printf("%s\n", path);
    return true;
}

bool rq_export_figures(const rq_export *e, const rq_figures *figures, rq_error *err)
{
    char folder[PATH_MAX + 16], name[160];
    if (!e->formats.svg && !e->formats.pdf && !e->formats.png) return true;
    snprintf(folder, sizeof folder, "%s/figures", e->dir);
    if (mkdir(folder, 0777) && errno != EEXIST) return rq_fail_system(err, "directory '%s' cannot be made: %s", folder, strerror(errno));
    for (int i = 0; i < figures->count; i++) {
        rq_picture *p = figures->at[i];
        snprintf(name, sizeof name, "figures/%.100s.svg", p->name);
        if (e->formats.svg && !rq_export_file(e, name, write_svg, p, err)) return false;
        if (e->formats.pdf && !write_other(e, p, "pdf", err)) return false;
        if (e->formats.png && !write_other(e, p, "png", err)) return false;
    }
    return true;
}

/* ---- one training ---- */

typedef struct Run {
    const rq_export *e;
    const rq_action *a;
    const rq_history *history;
    const rq_data *data;
    const rq_params *params;
    int threads;
    const rq_predictions *predictions;
} Run;

static bool write_html(FILE *out, void *context, rq_error *err) { return rq_report_html(out, ((const Run *)context)->history, err); }

static bool write_metrics(FILE *out, void *context, rq_error *err)
{
    const Run *r = context;
    rq_tidy_head(out);
    rq_tidy_run(out, "", r->history->settings->seed, &r->history->run);
    return !ferror(out) || rq_fail(err, "the metrics could not be written");
}

/* sample: number in the split; index: in the file of the data set. */
static bool write_predictions(FILE *out, void *context, rq_error *err)
{
    const rq_predictions *p = ((const Run *)context)->predictions;
    fputs("sample,index,label,prediction,is_right\n", out);
    for (int64_t s = 0; s < p->samples; s++) {
        fprintf(out, "%lld,%lld,", (long long)s, (long long)p->source_index[s]);
        rq_csv_text(out, p->class_name[p->label[s]]);
        fputc(',', out);
        rq_csv_text(out, p->class_name[p->prediction[s]]);
        fprintf(out, ",%d\n", p->label[s] == p->prediction[s]);
    }
    return !ferror(out) || rq_fail(err, "the predictions could not be written");
}

static bool write_confusion(FILE *out, void *context, rq_error *err)
{
    const rq_predictions *p = ((const Run *)context)->predictions;
    fputs("label,prediction,samples\n", out);
    for (int i = 0; i < p->classes; i++)
        for (int k = 0; k < p->classes; k++) {
            rq_csv_text(out, p->class_name[i]);
            fputc(',', out);
            rq_csv_text(out, p->class_name[k]);
            fprintf(out, ",%lld\n", (long long)p->confusion[i * p->classes + k]);
        }
    return !ferror(out) || rq_fail(err, "the confusion matrix could not be written");
}

static bool save_outputs(const Run *r, const char *path, rq_error *err)
{
    rq_array out;
    int64_t dims[2] = {r->predictions->samples, r->predictions->reals};
    if (!rq_array_new(&out, RQ_DTYPE_f64, 2, dims, "the outputs", err)) return false;
    memcpy(out.values, r->predictions->output, (size_t)out.size * sizeof(double));
    bool ok = rq_npy_write(path, &out, err);
    rq_array_free(&out);
    if (ok && !r->e->quiet) printf("%s\n", path);
    return ok;
}

static bool export_split(Run *r, rq_split split, rq_error *err)
{
    rq_predictions p;
    char path[PATH_MAX + 64], name[64];
    const char *word = rq_split_names[split];
    if (!r->data->count[split]) return true;
    if (!rq_predictions_new(r->a->model, r->params, r->data, split, r->threads, &p, err)) return false;
    r->predictions = &p;
    snprintf(path, sizeof path, "%s/%s-%s.npy", r->e->dir, p.label ? "logits" : "outputs", word);
    bool ok = save_outputs(r, path, err);
    snprintf(name, sizeof name, "predictions-%s.csv", word);
    ok = ok && (!p.label || rq_export_file(r->e, name, write_predictions, r, err));
    snprintf(name, sizeof name, "confusion-%s.csv", word);
    ok = ok && (!p.label || rq_export_file(r->e, name, write_confusion, r, err));
    rq_predictions_free(&p);
    return ok;
}

static bool export_numbers(Run *r, rq_error *err)
{
    char path[PATH_MAX + 64];
    if (!rq_export_file(r->e, "metrics.csv", write_metrics, r, err)) return false;
    if (!export_split(r, RQ_SPLIT_val, err) || !export_split(r, RQ_SPLIT_test, err)) return false;
    if (!r->a->settings.probe) return true;
    snprintf(path, sizeof path, "%s/gradients.safetensors", r->e->dir);
    if (!rq_gradients_save(path, r->a, r->params, r->data, r->threads, err)) return false;
    if (!r->e->quiet) printf("%s\n", path);
    return true;
}

/* ---- LaTeX ---- */

static const rq_layer_stat *stat_at(const rq_history *h, const rq_layer *layer, bool last)
{
    const rq_layer_stat *found = NULL;
    for (int64_t i = 0; i < h->run.stat_count; i++)
        if (h->run.stats[i].layer == layer && (last || !found)) found = &h->run.stats[i];
    return found;
}

/* 3.1e-02 as 3.1 x 10^-2 */
static void tex_number(FILE *out, const rq_layer_stat *s, double x)
{
    int power = x > 0 ? (int)floor(log10(x)) : 0;
    if (!s || !isfinite(x)) fputs(" & --", out);
    else if (x <= 0) fputs(" & $0$", out);
    else fprintf(out, " & $%.1f\\times 10^{%d}$", x / pow(10, power), power);
}

static bool write_table(FILE *out, void *context, rq_error *err)
{
    const rq_history *h = ((const Run *)context)->history;
    fprintf(out, "%% training '%s'\n\\begin{tabular}{llrllrrrr}\n\\hline\n", h->settings->action);
    fputs("layer & kind & parameters & gradient & through & rms first & rms last & $r$ & snr \\\\\n\\hline\n", out);
    for (int i = 0; i < h->model->layer_count; i++) {
        const rq_layer *l = &h->model->layers[i];
        const rq_layer_stat *a = stat_at(h, l, false), *b = stat_at(h, l, true);
        if (!l->params) continue;
        const char *const words[] = {l->name, l->kind};
        for (int k = 0; k < 2; k++) rq_tex_text(out, words[k]), fputs(" & ", out);
        fprintf(out, "%lld & %s & ", (long long)l->params, l->flow);
        rq_tex_text(out, l->through);
        tex_number(out, a, a ? a->rms : NAN);
        tex_number(out, b, b ? b->rms : NAN);
        tex_number(out, b, b ? b->r : NAN);
        if (b && isfinite(b->snr)) fprintf(out, " & %.2g", b->snr);
        else fputs(" & --", out);
        fputs(" \\\\\n", out);
    }
    fputs("\\hline\n\\end{tabular}\n", out);
    return !ferror(out) || rq_fail(err, "the table could not be written");
}

static bool write_methods(FILE *out, void *context, rq_error *err)
{
    fprintf(out, "%s\n", ((const Run *)context)->history->info->methods);
    return !ferror(out) || rq_fail(err, "the methods could not be written");
}

static bool write_references(FILE *out, void *context, rq_error *err)
{
    const char *const facts[] = {"statistics", NULL};
    return rq_references(out, ((const Run *)context)->a, facts, err);
}

bool rq_export_run(const rq_export *e, const rq_action *a, const rq_history *history, const rq_data *data, const rq_params *params,
                   int threads, rq_error *err)
{
    Run r = {.e = e, .a = a, .history = history, .data = data, .params = params, .threads = threads};
    rq_figures figures;
    if (!rq_run_figures(history, &figures, err)) return false;
    bool ok = rq_export_figures(e, &figures, err);
    rq_figures_free(&figures);
    if (ok && e->formats.html) ok = rq_export_file(e, "report.html", write_html, &r, err);
    if (ok && e->formats.csv) ok = export_numbers(&r, err);
    if (ok && e->formats.tex)
        ok = rq_export_file(e, "table.tex", write_table, &r, err) && rq_export_file(e, "methods.txt", write_methods, &r, err) &&
             rq_export_file(e, "references.bib", write_references, &r, err);
    return ok;
}
