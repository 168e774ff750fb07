/* report.h: what a run shows and leaves: the terminal, JSON lines, and the run directory with its report.
 *
 * Each is a sink of rq_train. Only this folder prints.
 */
#ifndef RQ_REPORT_REPORT_H
#define RQ_REPORT_REPORT_H

#include <stdio.h>

#include "report/picture.h"
#include "report/predictions.h"
#include "report/run_history.h"
#include "train/train.h"

/* What is known of a run besides the training itself; borrowed by all sinks. */
typedef struct rq_run_info {
    const char *file;        /* the .rq file as named by the user */
    const char *source;      /* its text */
    const char *settings;    /* resolved settings as JSON text */
    const char *versions;    /* program, LLVM, OpenBLAS, CPU: one line each */
    const char *cpu;
    const char *methods;     /* conventions and resolved defaults in words */
    double compile_seconds;
    int threads;
} rq_run_info;

/* ---- the terminal ---- */
typedef struct rq_terminal rq_terminal;
/* Progress as one line that is rewritten if `live`, else a plain line per epoch. quiet: only tables and results. */
rq_terminal *rq_terminal_new(FILE *out, FILE *progress, bool live, bool quiet, const rq_run_info *info, rq_error *err);
rq_sink rq_terminal_sink(rq_terminal *t);
void rq_terminal_free(rq_terminal *t);
/* The run directory to name at the end; borrowed. */
void rq_terminal_out(rq_terminal *t, const char *dir);

/* ---- JSON lines (docs/events.schema.json) ---- */
typedef struct rq_events rq_events;
/* One object a line on `out`, flushed; `run` names the run. */
rq_events *rq_events_new(FILE *out, const char *run, const rq_run_info *info, rq_error *err);
rq_sink rq_events_sink(rq_events *e);
/* In place of a start event: the run goes on. */
void rq_events_resume(rq_events *e, const rq_model *m, const rq_train_settings *s);
/* One line of a run's metrics back: what it is, and what it holds. none: not such a line, or of another model. */
typedef enum rq_event_kind { RQ_EVENT_none, RQ_EVENT_start, RQ_EVENT_layer, RQ_EVENT_epoch, RQ_EVENT_result } rq_event_kind;
typedef union rq_event {
    rq_layer_stat stat;
    rq_epoch epoch;
    rq_result result; /* without what the event does not tell */
} rq_event;
rq_event_kind rq_event_read(const char *line, const rq_model *m, rq_event *out);
void rq_events_free(rq_events *e);

/* ---- the run directory ---- */
typedef struct rq_rundir rq_rundir;
/* Makes `dir`, or runs/NAME-NNN with the next free number if NULL. An existing dir that is not empty is an error. */
rq_rundir *rq_rundir_new(const char *dir, const char *name, const rq_run_info *info, rq_error *err);
/* Goes on in the directory of an interrupted run: metrics of the epochs after its checkpoint are dropped at the start. */
rq_rundir *rq_rundir_resume(const char *dir, const rq_run_info *info, rq_error *err);
const char *rq_rundir_path(const rq_rundir *d);
rq_sink rq_rundir_sink(rq_rundir *d);
void rq_rundir_free(rq_rundir *d);

/* ---- pieces ---- */
/* "fidelity 0.99 on the training samples, 0.97 on the test samples, 0.98 on all"; other losses as they are. */
void rq_print_states(FILE *out, const rq_train_settings *s, const rq_result *r);
/* "trace distance 0.1 on the training samples, 0.2 on the test samples; Hilbert-Schmidt distance 0.1, 0.3"; only with has_distances. */
void rq_print_distances(FILE *out, const rq_result *r);
/* Whether a row of a part is one of the layer: "out.p[0]" of "out". */
bool rq_is_part(const rq_layer *part, const rq_layer *layer);
/* "7,890" */
const char *rq_grouped(int64_t n, char *out, size_t size);
/* Everything of one training that report.html shows; gathered by the run directory's sink. */
typedef struct rq_history {
    const rq_model *model;
    const rq_train_settings *settings;
    const rq_run_info *info;
    rq_run_history run;
    rq_result result;
    const char *data_text; /* rq_data_text */
    const rq_predictions *predictions; /* of the test split; NULL: none */
} rq_history;
bool rq_report_html(FILE *out, const rq_history *h, rq_error *err);
/* Name, counts and the SHA-256 of each file, from rq_alloc. */
char *rq_data_text(const rq_data *data, rq_error *err);
/* The model's flow as a picture: layers as boxes, skips as arcs, cuts marked. NULL: failed, worded. */
rq_picture *rq_flow_picture(const rq_model *m, rq_error *err);
/* CSS classes of a cell with a static verdict. */
/* html.c: warnings of the compiler and dead parameters, a line each. */
void rq_report_notes(FILE *out, const rq_model *m);
const char *rq_flow_class(const char *flow);

#endif
