/* tidy.c: metrics.csv: one number a row, as statistics programs like it. */
#include <math.h>
#include <string.h>

#include "report/export.h"

void rq_csv_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void rq_tex_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (!strncmp(text, "->", 2)) fputs("$\\rightarrow$", out), text++;
        else if (!strncmp(text, "+-", 2)) fputs("$\\pm$", out), text++;
        else if (!strncmp(text, "..", 2)) fputs("--", out), text++;
        else if (strchr("&%$#_{}", *text)) fprintf(out, "\\%c", *text);
        else if (*text == '\\') fputs("\\textbackslash{}", out);
        else if (*text == '~' || *text == '^') fprintf(out, "\\%c{}", *text);
        else if (*text == '<' || *text == '>') fprintf(out, "$%c$", *text);
        else fputc(*text, out);
    }
}

void rq_tidy_head(FILE *out) { fputs("variant,seed,epoch,group,metric,value\n", out); }

typedef struct Row {
    FILE *out;
    const char *variant;
    uint64_t seed;
} Row;

/* Nothing is written for what was not measured. */
static void put(const Row *r, int64_t epoch, const char *group, const char *metric, double value)
{
    if (isnan(value)) return;
    rq_csv_text(r->out, r->variant);
    fprintf(r->out, ",%llu,%lld,", (unsigned long long)r->seed, (long long)epoch);
    rq_csv_text(r->out, group);
    fprintf(r->out, ",%s,", metric);
    if (isfinite(value)) fprintf(r->out, "%.17g\n", value);
    else fprintf(r->out, "%s\n", value > 0 ? "inf" : "-inf");
}

static void put_stat(const Row *r, const rq_layer_stat *s)
{
    const char *group = s->layer->name;
    put(r, s->epoch, group, "gradient.rms", s->rms);
    put(r, s->epoch, group, "gradient.max", s->max);
    put(r, s->epoch, group, "gradient.r", s->r);
    put(r, s->epoch, group, "gradient.snr", s->snr);
    put(r, s->epoch, group, "gradient.snr_low", s->snr_low);
    put(r, s->epoch, group, "gradient.snr_high", s->snr_high);
    if (!s->has_compare) return;
    put(r, s->epoch, group, "gradient.cosine", s->cosine);
    put(r, s->epoch, group, "gradient.norm_ratio", s->norm_ratio);
    put(r, s->epoch, group, "gradient.projection", s->projection);
}

static void put_epoch(const Row *r, const rq_epoch *e)
{
    put(r, e->epoch, "", "train.loss", e->loss);
    if (e->has_accuracy) put(r, e->epoch, "", "train.accuracy", e->accuracy);
    if (e->has_val) put(r, e->epoch, "", "val.loss", e->val_loss);
    if (e->has_val && e->has_accuracy) put(r, e->epoch, "", "val.accuracy", e->val_accuracy);
    if (e->has_test) put(r, e->epoch, "", "test.loss", e->test_loss);
    if (e->has_test && e->has_accuracy) put(r, e->epoch, "", "test.accuracy", e->test_accuracy);
    if (e->has_train) put(r, e->epoch, "", "train.loss_after", e->train_loss);
    if (e->has_train && e->has_test) put(r, e->epoch, "", "all.loss", e->all_loss);
    if (e->has_unitary) put(r, e->epoch, "", "unitarity", e->deviation);
}

/* Epoch by epoch. */
void rq_tidy_run(FILE *out, const char *variant, uint64_t seed, const rq_run_history *h)
{
    const Row row = {out, variant, seed};
    int64_t stat = 0;
    for (; stat < h->stat_count && h->stats[stat].epoch == 0; stat++) put_stat(&row, &h->stats[stat]);
    for (int64_t i = 0; i < h->epoch_count; i++) {
        put_epoch(&row, &h->epochs[i]);
        for (; stat < h->stat_count && h->stats[stat].epoch <= h->epochs[i].epoch; stat++) put_stat(&row, &h->stats[stat]);
    }
    for (; stat < h->stat_count; stat++) put_stat(&row, &h->stats[stat]);
}
