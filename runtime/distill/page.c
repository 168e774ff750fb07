/* page.c: what was distilled, how well networks learn from it, and how it came about. */
#include "distill/page.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/figures.h"
#include "report/page.h"

enum { SHOWN = 12 };

/* A picture as a data address; nothing if it is not there. Half a picture is none. */
static bool put_png(FILE *out, const char *path, const char *alt, bool *shown, rq_error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char in[3];
    size_t got;
    FILE *f = fopen(path, "rb");
    *shown = f != NULL;
    if (!f) return errno == ENOENT || rq_fail_system(err, "'%s' cannot be read: %s", path, strerror(errno));
    fprintf(out, "<figure><img alt=\"%s\" src=\"data:image/png;base64,", alt);
    while ((got = fread(in, 1, 3, f)) > 0) {
        unsigned v = (unsigned)in[0] << 16 | (got > 1 ? (unsigned)in[1] << 8 : 0) | (got > 2 ? in[2] : 0);
        fputc(digits[v >> 18], out);
        fputc(digits[v >> 12 & 63], out);
        fputc(got > 1 ? digits[v >> 6 & 63] : '=', out);
        fputc(got > 2 ? digits[v & 63] : '=', out);
        if (got < 3) break;
    }
    bool ok = !ferror(f) || rq_fail_system(err, "'%s' cannot be read: %s", path, strerror(errno));
    fclose(f);
    fprintf(out, "\"><figcaption>%s</figcaption></figure>\n", alt);
    return ok;
}

static bool put_snapshots(FILE *out, const rq_distill_page *p, rq_error *err)
{
    bool shown;
    char path[PATH_MAX + 64], alt[96];
    snprintf(path, sizeof path, "%s/images.png", p->dir);
    snprintf(alt, sizeof alt, "after epoch %lld, a column for each class", (long long)p->count);
    if (!put_png(out, path, alt, &shown, err)) return false;
    int64_t every = p->count > SHOWN ? (p->count + SHOWN - 1) / SHOWN : 1;
    rq_page_heading(out, "On the way");
    fputs("<div class=\"charts\">\n", out);
    for (int64_t i = 0, last = 0; i < p->count; i++) {
        snprintf(path, sizeof path, "%s/images/%04lld.png", p->dir, (long long)i + 1);
        if (last && i + 1 - last < every) continue;
        snprintf(alt, sizeof alt, "epoch %lld", (long long)i + 1);
        if (!put_png(out, path, alt, &shown, err)) return false;
        if (shown) last = i + 1;
    }
    fputs("</div>\n", out);
    return true;
}

static void put_scores(FILE *out, const rq_distill_page *p)
{
    char text[64];
    if (!p->scores) return;
    rq_page_table(out, "what networks learn from these images and from others");
    fputs("<tr><th class=\"t\">trained on</th><th>images</th><th>test accuracy</th><th>deviation</th><th>rate</th></tr>\n", out);
    for (int i = 0; i < p->scores; i++) {
        const rq_distill_score *s = &p->score[i];
        fputs("<tr>", out);
        rq_page_cell(out, s->what, "t");
        rq_page_number(out, "%.0f", (double)s->images);
        if (s->reason[0]) rq_page_cell(out, s->reason, "t");
        else rq_page_number(out, "%.2f%%", 100 * s->accuracy);
        snprintf(text, sizeof text, "%.2f over %lld", 100 * s->spread, (long long)s->trials);
        rq_page_cell(out, s->trials > 1 ? text : "", "");
        snprintf(text, sizeof text, "%.3g", s->rate);
        rq_page_cell(out, s->rate > 0 ? text : "learned", "");
        fputs("</tr>\n", out);
    }
    rq_page_table_end(out);
}

static bool put_charts(FILE *out, const rq_distill_page *p, rq_error *err)
{
    rq_figures figures = {0};
    double *x = rq_alloc_array((uint64_t)p->count * 3 + 1, sizeof *x, "the report", err);
    if (!x) return false;
    double *loss = x + p->count, *accuracy = loss + p->count;
    for (int64_t i = 0; i < p->count; i++) {
        x[i] = (double)p->epochs[i].epoch;
        loss[i] = p->epochs[i].loss;
        accuracy[i] = 100 * p->epochs[i].accuracy;
    }
    rq_series a = {.name = "outer loss", .x = x, .y = loss, .count = p->count}, b = {.name = "test", .x = x, .y = accuracy, .count = p->count};
    rq_chart charts[] = {{.title = "Loss on real images behind the inner steps", .x_label = "epoch", .y_label = "loss", .series = &a,
                          .series_count = 1, .name = "loss"},
                         {.title = "Accuracy of networks trained on the images", .x_label = "epoch", .y_label = "%", .series = &b,
                          .series_count = 1, .name = "accuracy"}};
    bool ok = true;
    for (int i = 0; i < 2 && ok; i++) ok = rq_figures_add(&figures, rq_chart_picture(&charts[i], err), err);
    rq_page_heading(out, "Curves");
    fputs("<div class=\"charts\">\n", out);
    if (ok) rq_figures_show(out, &figures, "");
    fputs("</div>\n", out);
    rq_figures_free(&figures);
    rq_free(x);
    return ok;
}

bool rq_distill_page_write(FILE *out, const rq_distill_page *p, rq_error *err)
{
    const rq_distillation *d = p->d;
    rq_page_begin(out, d->name);
    fputs("<style>img{max-width:100%;image-rendering:pixelated}</style>\n<h1>Distillation &#8216;", out);
    rq_html_text(out, d->name);
    fputs("&#8217;</h1>\n<p class=\"soft\">", out);
    rq_html_text(out, d->model->summary);
    fprintf(out, "</p>\n<p>%lld images for each class and inner step, %lld inner steps, %s. Epoch %lld of %lld.</p>\n",
            (long long)d->images_per_class, (long long)p->steps, d->nets ? "networks drawn for each outer step" : "one network",
            (long long)p->count, (long long)d->epochs);
    put_scores(out, p);
    bool ok = put_snapshots(out, p, err) && put_charts(out, p, err);
    rq_page_heading(out, "Rates of the inner steps");
    fputs("<p>", out);
    for (int64_t t = 0; t < p->steps; t++) fprintf(out, "%s%.4g", t ? ", " : "", p->rates[t]);
    fputs("</p>\n", out);
    rq_page_text(out, "Source", d->source);
    rq_page_text(out, "Settings", d->settings_text);
    rq_page_text(out, "Versions", d->versions);
    rq_page_end(out);
    return ok;
}
