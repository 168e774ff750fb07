/* export.h: what an author takes from a run besides the page: figures, tidy tables, words, predictions, gradients.
 *
 *     figures/NAME.svg|pdf|png   every figure of the page
 *     metrics.csv                variant, seed, epoch, group, metric, value: a row each; epoch 0 is before the first step
 *     predictions-test.csv, logits-test.npy, confusion-test.csv     (val likewise)
 *     gradients.safetensors      of the loss of each sample of the probe batch: PATH [samples, ...]
 *     table.tex, methods.txt, references.bib
 */
#ifndef RQ_REPORT_EXPORT_H
#define RQ_REPORT_EXPORT_H

#include "program/action.h"
#include "report/figures.h"
#include "report/report.h"

typedef struct rq_formats {
    bool html, svg, pdf, png, csv, tex;
} rq_formats;

/* Writes a picture to a file as "pdf" or "png": given by the program, as librq has no such library. */
typedef bool (*rq_picture_writer)(const rq_picture *p, const char *path, const char *format, rq_error *err);

/* Where files go, and what was written. */
typedef struct rq_export {
    const char *dir;
    rq_formats formats;
    rq_picture_writer write;
    bool quiet; /* files are not named on standard output */
} rq_export;

/* DIR/figures/NAME.FORMAT of each figure, for the formats that are pictures. */
bool rq_export_figures(const rq_export *e, const rq_figures *figures, rq_error *err);
/* DIR/NAME, written by `write` beside its place and renamed. */
typedef bool (*rq_file_writer)(FILE *out, void *context, rq_error *err);
bool rq_export_file(const rq_export *e, const char *name, rq_file_writer write, void *context, rq_error *err);

/* All of one training: `history` as read back, `params` those it ended with. */
bool rq_export_run(const rq_export *e, const rq_action *a, const rq_history *history, const rq_data *data, const rq_params *params,
                   int threads, rq_error *err);

struct rq_verb_options;
/* reread.c: the same of the run in o->run, whose metrics and last parameters are read back. */
bool rq_action_report(const rq_action *a, const struct rq_verb_options *o, const rq_export *e, rq_error *err);

/* ---- pieces ---- */
/* The head and the rows of metrics.csv of one run. */
void rq_tidy_head(FILE *out);
void rq_tidy_run(FILE *out, const char *variant, uint64_t seed, const rq_run_history *h);
void rq_csv_text(FILE *out, const char *text);
void rq_tex_text(FILE *out, const char *text);
/* BibTeX of what a training rests on; facts: further ones, NULL at the end. */
bool rq_references(FILE *out, const rq_action *a, const char *const *facts, rq_error *err);
/* gradients.c */
bool rq_gradients_save(const char *path, const rq_action *a, const rq_params *params, const rq_data *data, int threads, rq_error *err);

#endif
