/* terminal.c: the model's head line, progress, the gradient table and the result, for people.
 *
 *     layer  kind        params  gradient  through              rms first > last      r     snr   verdict
 *     q1     quanv 4q d4     32  full      q2, skip q1 -> q2    2.9e-02 > 3.1e-03   0.21   2.2   healthy
 */
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report/report.h"

typedef struct Row {
    rq_layer_stat first, last;
    bool any;
} Row;

enum { WIDE = 104 };

struct rq_terminal {
    FILE *out, *progress;
    bool live, quiet, line_open;
    bool narrow; /* a terminal of less than WIDE columns: the table leaves 'kind' and 'through' out */
    const rq_run_info *info;
    const rq_model *model;
    const rq_train_settings *settings;
    const rq_data *data;
    const char *dir;
    Row *rows; /* one per layer row */
    double drawn; /* share of the run at which the live line was last drawn */
};

static bool is_narrow(FILE *out)
{
    struct winsize size;
    return isatty(fileno(out)) && !ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col > 0 && size.ws_col < WIDE;
}

rq_terminal *rq_terminal_new(FILE *out, FILE *progress, bool live, bool quiet, const rq_run_info *info, rq_error *err)
{
    rq_terminal *t = rq_alloc_array(1, sizeof *t, "the terminal", err);
    if (t) *t = (rq_terminal){.out = out, .progress = progress, .live = live, .quiet = quiet, .narrow = is_narrow(out), .info = info};
    return t;
}

void rq_terminal_free(rq_terminal *t)
{
    if (!t) return;
    rq_free(t->rows);
    rq_free(t);
}

void rq_terminal_out(rq_terminal *t, const char *dir) { t->dir = dir; }

const char *rq_grouped(int64_t n, char *out, size_t size)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n), from = n < 0;
    size_t at = 0;
    for (int i = 0; i < len && at + 2 < size; i++) {
        if (i > from && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

static bool on_start(void *context, const rq_model *m, const rq_train_settings *s, const rq_data *data, const rq_params *params,
                     const rq_optimizer_state *state, const rq_progress *progress, rq_error *err)
{
    rq_terminal *t = context;
    (void)params, (void)state, (void)progress;
    t->model = m;
    t->settings = s;
    t->data = data;
    t->rows = rq_alloc_array((uint64_t)(m->layer_count + m->part_count), sizeof(Row), "the gradient table", err);
    if (!t->rows) return false;
    if (t->quiet) return true;
    char number[32];
    fprintf(t->out, "%s   %s    %s parameters\n", m->name, m->summary, rq_grouped(rq_model_dimension(m), number, sizeof number));
    bool before = 1e3 * t->info->compile_seconds < 1; /* a native program */
    if (before) fprintf(t->out, "compiled for %s", t->info->cpu);
    else fprintf(t->out, "compiled in %.0f ms for %s", 1e3 * t->info->compile_seconds, t->info->cpu);
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].engine[0]) fprintf(t->out, "    %s: %s", m->layers[i].name, m->layers[i].engine);
    fprintf(t->out, "    %d thread%s\n", t->info->threads, t->info->threads == 1 ? "" : "s");
    fflush(t->out);
    return true;
}

static const char *epoch_word(const rq_terminal *t) { return t->settings->batch ? "epoch" : "round"; }

static void close_line(rq_terminal *t)
{
    if (t->line_open) fputs("\r\033[K", t->progress);
    t->line_open = false;
}

static void on_progress(void *context, int64_t epoch, int64_t epochs, double share, double loss)
{
    rq_terminal *t = context;
    if (t->quiet || !t->live) return;
    double all = (double)(epoch - 1) + share;
    if (t->line_open && all - t->drawn < 0.02) return;
    t->drawn = all;
    fprintf(t->progress, "\r\033[K%s %lld/%lld  %3.0f%%  loss %.3f", epoch_word(t), (long long)epoch, (long long)epochs, 100 * share, loss);
    fflush(t->progress);
    t->line_open = true;
}

static void print_epoch(const rq_terminal *t, FILE *out, const rq_epoch *e)
{
    fprintf(out, "%s %lld/%lld  loss %.4f", epoch_word(t), (long long)e->epoch, (long long)e->epochs,
            e->has_train ? e->train_loss : e->loss);
    if (e->has_accuracy) fprintf(out, "  accuracy %.1f%%", 100 * e->accuracy);
    if (e->has_val && e->has_accuracy) fprintf(out, "  val %.1f%%", 100 * e->val_accuracy);
    else if (e->has_val) fprintf(out, "  val loss %.4f", e->val_loss);
    if (e->has_train && e->has_test) fprintf(out, "  unseen %.4f  all %.4f", e->test_loss, e->all_loss);
    fprintf(out, "  %.2f s", e->seconds);
    if (e->circuits_per_s > 0) fprintf(out, "  %.2g M circuits/s", e->circuits_per_s / 1e6);
}

/* On a terminal one line is rewritten; the last epoch's stays. Elsewhere each epoch that is kept has its line. */
static bool on_epoch(void *context, const rq_epoch *e, rq_error *err)
{
    rq_terminal *t = context;
    (void)err;
    close_line(t);
    if (t->quiet || (!t->live && !e->is_kept)) return true;
    bool last = e->epoch == e->epochs;
    FILE *out = t->live && !last ? t->progress : t->out;
    print_epoch(t, out, e);
    t->line_open = t->live && !last;
    if (!t->line_open) fputc('\n', out);
    fflush(out);
    return true;
}

static bool on_layer(void *context, const rq_layer_stat *stat, rq_error *err)
{
    rq_terminal *t = context;
    Row *row = &t->rows[stat->layer - t->model->layers];
    (void)err;
    if (!row->any) row->first = *stat;
    row->last = *stat;
    row->any = true;
    return true;
}

static void print_number(FILE *out, int width, const char *format, double x)
{
    char text[32];
    if (isfinite(x)) snprintf(text, sizeof text, format, x);
    else snprintf(text, sizeof text, "-");
    fprintf(out, "%*s", width, text);
}

static int widest(const rq_model *m, const char *(*field)(const rq_layer *), int least)
{
    int wide = least;
    for (int i = 0; i < m->layer_count + m->part_count; i++) {
        int w = (int)strlen(field(&m->layers[i]));
        if (w > wide) wide = w;
    }
    return wide;
}
static const char *field_name(const rq_layer *l) { return l->name; }
static const char *field_kind(const rq_layer *l) { return l->kind; }
static const char *field_through(const rq_layer *l) { return l->flow[0] ? (l->through[0] ? l->through : "-") : ""; }

static void print_row(const rq_terminal *t, const rq_layer *l, const Row *row, int name, int kind, int through)
{
    FILE *out = t->out;
    if (!l->params) return;
    fprintf(out, "%-*s", name, l->name);
    if (!t->narrow) fprintf(out, "  %-*s", kind, l->kind);
    fprintf(out, "  %7lld  %-8s", (long long)l->params, l->flow);
    if (!t->narrow) fprintf(out, "  %-*s", through, field_through(l));
    if (!row->any) {
        fputs("\n", out);
        return;
    }
    fprintf(out, "  %7.1e > %7.1e", row->first.rms, row->last.rms);
    print_number(out, 8, "%.2g", row->last.r);
    print_number(out, 7, "%.2g", row->last.snr);
    fprintf(out, "   %s", rq_verdict_names[row->last.verdict]);
    if (row->last.has_compare) {
        print_number(out, 9, "%.3f", row->last.cosine);
        print_number(out, 8, "%.2f", row->last.norm_ratio);
        print_number(out, 8, "%.2f", row->last.projection);
    }
    fputc('\n', out);
}

bool rq_is_part(const rq_layer *part, const rq_layer *layer)
{
    size_t n = strlen(layer->name);
    return !strncmp(part->name, layer->name, n) && part->name[n] == '.';
}

static void print_table(const rq_terminal *t)
{
    const rq_model *m = t->model;
    int name = widest(m, field_name, 5), kind = widest(m, field_kind, 4), through = widest(m, field_through, 7);
    fprintf(t->out, "\n%-*s", name, "layer");
    if (!t->narrow) fprintf(t->out, "  %-*s", kind, "kind");
    fprintf(t->out, "  %7s  %-8s", "params", "gradient");
    if (!t->narrow) fprintf(t->out, "  %-*s", through, "through");
    fprintf(t->out, "  %-17s %7s %6s   %s%s\n", "rms first > last", "r", "snr", "verdict",
            t->settings->compare ? "  cosine   norm/  projection (on the exact gradient)" : "");
    for (int i = 0; i < m->layer_count; i++) {
        print_row(t, &m->layers[i], &t->rows[i], name, kind, through);
        for (int k = m->layer_count; k < m->layer_count + m->part_count; k++)
            if (rq_is_part(&m->layers[k], &m->layers[i])) print_row(t, &m->layers[k], &t->rows[k], name, kind, through);
    }
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].reason[0]) fprintf(t->out, "%s: %s\n", m->layers[i].name, m->layers[i].reason);
}

void rq_print_states(FILE *out, const rq_train_settings *s, const rq_result *r)
{
    bool fidelity = !strcmp(s->loss, "infidelity");
    double sign = fidelity ? -1 : 1, from = fidelity ? 1 : 0;
    fprintf(out, "%s %.6g on the training samples", fidelity ? "fidelity" : "loss", from + sign * r->train_loss);
    if (r->has_test) fprintf(out, ", %.6g on the test samples, %.6g on all", from + sign * r->test_loss, from + sign * r->all_loss);
}

void rq_print_distances(FILE *out, const rq_result *r)
{
    const rq_distance *train = &r->distance[RQ_SPLIT_train], *test = &r->distance[RQ_SPLIT_test];
    fprintf(out, "trace distance %.6g on the training samples", train->trace);
    if (r->has_test) fprintf(out, ", %.6g on the test samples", test->trace);
    fprintf(out, "; Hilbert-Schmidt distance %.6g", train->hilbert_schmidt);
    if (r->has_test) fprintf(out, ", %.6g", test->hilbert_schmidt);
}

static bool on_result(void *context, const rq_result *r, rq_error *err)
{
    rq_terminal *t = context;
    (void)err;
    close_line(t);
    print_table(t);
    fputc('\n', t->out);
    if (r->diverged)
        fprintf(t->out, "training stopped: loss or gradient was not finite after %lld complete epochs; the last finite parameters are in diverged.safetensors\n",
                (long long)r->epochs_done);
    if (r->interrupted)
        fprintf(t->out, "interrupted after %lld complete epochs%s%s\n", (long long)r->epochs_done,
                t->dir ? "; go on with: rq train --resume " : "", t->dir ? t->dir : "");
    if (r->stopped_early)
        fprintf(t->out, "stopped after %lld epochs: no lower validation loss for %lld epochs; best.safetensors holds the best\n",
                (long long)r->epochs_done, (long long)t->settings->early_stop);
    if (r->has_test && r->has_accuracy) {
        double p = r->test_accuracy, n = (double)r->test_samples;
        fprintf(t->out, "test accuracy %.1f%%, standard error %.1f from %lld images", 100 * p, 100 * sqrt(p * (1 - p) / n),
                (long long)r->test_samples);
    } else if (r->has_train) rq_print_states(t->out, t->settings, r);
    else if (r->has_test) fprintf(t->out, "test loss %.6g", r->test_loss);
    else fprintf(t->out, "no test samples");
    if (t->dir) fprintf(t->out, "        report: %s/report.html", t->dir);
    fputc('\n', t->out);
    if (r->has_distances) rq_print_distances(t->out, r), fputc('\n', t->out);
    fflush(t->out);
    return true;
}

rq_sink rq_terminal_sink(rq_terminal *t)
{
    return (rq_sink){t, on_start, on_progress, on_layer, on_epoch, on_result};
}
