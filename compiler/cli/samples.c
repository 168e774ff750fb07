/* samples.c: `rq data show SOURCE [-o FILE.png]`.
 *
 * On a terminal two pixels share a cell, the upper one as the colour of a half block, the lower one as its background;
 * without colours a cell is one of ten shades of their mean. Pictures are as wide as fits; larger ones are thinned.
 */
#include "cli/samples.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "data/png.h"
#include "data/source.h"

enum { SHEET_ROWS = 8, SHEET_COLUMNS = 8, SHEET_ZOOM = 3, SHOWN_ROWS = 2, VECTOR_SAMPLES = 8, VECTOR_VALUES = 8, GAP = 1 };

typedef struct Screen {
    const rq_data *d;
    rq_split split;
    bool colour;
    int64_t columns;       /* of the terminal, in cells */
    int64_t step;          /* every so many pixels one is shown */
    int64_t wide, tall;    /* of a picture, in shown pixels */
    double low, high;
} Screen;

static int64_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
    return 80;
}

/* 0 .. 255 of channel k at shown pixel (x, y); below the picture it is black. */
static int level(const Screen *s, int64_t sample, int64_t k, int64_t x, int64_t y)
{
    const rq_data *d = s->d;
    if (y >= s->tall) return 0;
    double v = rq_data_value(d, s->split, sample, (k * d->dims[1] + y * s->step) * d->dims[2] + x * s->step);
    double part = s->high > s->low ? (v - s->low) / (s->high - s->low) : 0;
    return (int)(part * 255 + 0.5);
}

static void put_cell(const Screen *s, int64_t sample, int64_t x, int64_t y)
{
    static const char shades[] = " .:-=+*#%@";
    int upper[3], lower[3], sum = 0;
    for (int k = 0; k < 3; k++) {
        int64_t channel = s->d->channels == 3 ? k : 0;
        upper[k] = level(s, sample, channel, x, y);
        lower[k] = level(s, sample, channel, x, y + 1);
        sum += upper[k] + (y + 1 < s->tall ? lower[k] : upper[k]);
    }
    if (s->colour)
        printf("\033[38;2;%d;%d;%d;48;2;%d;%d;%dm\xe2\x96\x80", upper[0], upper[1], upper[2], lower[0], lower[1], lower[2]);
    else putchar(shades[sum * 9 / (6 * 255)]);
}

static void put_label(const Screen *s, int64_t sample)
{
    const rq_data *d = s->d;
    int32_t label = rq_data_label(d, s->split, sample);
    char text[64] = "";
    if (label >= 0 && d->class_names) snprintf(text, sizeof text, "%s", d->class_names[label]);
    else if (label >= 0) snprintf(text, sizeof text, "%d", d->class_labels ? d->class_labels[label] : label);
    printf("%-*.*s", (int)(s->wide + GAP), (int)s->wide, text);
}

static void put_row(const Screen *s, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++) put_label(s, first + i);
    putchar('\n');
    for (int64_t y = 0; y < s->tall; y += 2) {
        for (int64_t i = 0; i < count; i++) {
            for (int64_t x = 0; x < s->wide; x++) put_cell(s, first + i, x, y);
            fputs(s->colour ? "\033[0m " : " ", stdout);
        }
        putchar('\n');
    }
}

static void show_images(const rq_data *d, rq_split split)
{
    Screen s = {.d = d, .split = split, .columns = terminal_columns(), .low = 1e300, .high = -1e300};
    const char *no_colour = getenv("NO_COLOR");
    s.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    s.step = (d->dims[2] + s.columns - 1 - GAP) / (s.columns - GAP);
    s.wide = (d->dims[2] + s.step - 1) / s.step;
    s.tall = (d->dims[1] + s.step - 1) / s.step;
    int64_t across = s.columns / (s.wide + GAP), shown = across * SHOWN_ROWS;
    if (shown > d->count[split]) shown = d->count[split];
    for (int64_t i = 0; i < shown; i++) {
        for (int64_t e = 0; e < d->size; e++) {
            double v = rq_data_value(d, split, i, e);
            if (v < s.low) s.low = v;
            if (v > s.high) s.high = v;
        }
    }
    for (int64_t i = 0; i < shown; i += across) put_row(&s, i, shown - i < across ? shown - i : across);
}

static void show_vectors(const rq_data *d, rq_split split)
{
    for (int64_t i = 0; i < VECTOR_SAMPLES && i < d->count[split]; i++) {
        int32_t label = rq_data_label(d, split, i);
        if (label >= 0 && d->class_names) printf("%-12s", d->class_names[label]);
        else if (label >= 0) printf("%-6d", d->class_labels ? d->class_labels[label] : label);
        for (int64_t e = 0; e < VECTOR_VALUES && e < d->size; e++) printf(" %9.4g", rq_data_value(d, split, i, e));
        printf("%s\n", d->size > VECTOR_VALUES ? " ..." : "");
    }
}

int samples_show(Compiler *c, const Options *o, const char *source)
{
    const DataInst *data = check_source(c, source);
    if (!data) return EXIT_usage;
    rq_data d = session_data(c, o, data);
    printf("%s [", d.name);
    for (int i = 0; i < d.ndim; i++) printf("%s%lld", i ? ", " : "", (long long)d.dims[i]);
    printf("]");
    if (d.classes) printf("  %d classes", d.classes);
    for (int k = RQ_SPLIT_train; k < RQ_SPLIT_COUNT; k++) printf("  %s %lld", rq_split_names[k], (long long)d.count[k]);
    putchar('\n');
    rq_split split = d.count[RQ_SPLIT_train] ? RQ_SPLIT_train : d.count[RQ_SPLIT_val] ? RQ_SPLIT_val : RQ_SPLIT_test;
    rq_error err;
    bool good = true;
    if (o->output) good = rq_png_sheet(o->output, &d, split, SHEET_ROWS, SHEET_COLUMNS, SHEET_ZOOM, &err);
    else if (d.ndim == 3 && d.count[split]) show_images(&d, split);
    else show_vectors(&d, split);
    rq_data_free(&d);
    if (!good) fatal("%s", err.text);
    return EXIT_done;
}
