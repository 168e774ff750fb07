/* csv.c: a table of numbers with a column of labels -> samples real[n].
 *
 *     sepal,petal,kind        the first line names the columns, unless all of it is numbers
 *     5.1,1.4,setosa          fields are separated by commas, may be quoted ("a ""b"" c"), blanks
 *     6.2,4.5,virginica       around them do not count; empty lines are skipped
 * Classes are the distinct labels in ascending order: of their value if all are numbers, else of
 * their bytes. Messages count lines from 1, as editors do.
 */
#include "data/source.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/file.h"
#include "data/sha256.h"

enum { CSV_CLASSES = 65536 };

typedef struct Csv {
    char path[RQ_PATH];
    char *text;     /* the file; fields are cut out of it in place */
    char **fields;  /* [rows][columns], pointing into text */
    int64_t *lines; /* [rows]: where the row begins */
    int64_t rows, columns, room;
    int64_t label;   /* column of the labels */
    char **names;    /* [classes], pointing into text */
    int32_t *labels; /* [rows] */
    int classes;
} Csv;

/* ---- text -> fields ---- */

static char *trim(char *from, char *end)
{
    while (end > from && isspace((unsigned char)end[-1])) end--;
    *end = 0;
    while (isspace((unsigned char)*from)) from++;
    return from;
}

/* Cuts out the field at *at, which then stands behind its comma, or on the end of its line; line
 * ends inside quotes are counted. False = a quoted field does not end or is followed by something.
 */
static bool cut_field(char **at, char **field, bool *is_last, int64_t *line)
{
    char *from = *at + strspn(*at, " \t");
    if (*from != '"') {
        char *end = *at + strcspn(*at, ",\n");
        *is_last = *end != ',';
        *at = *end ? end + 1 : end;
        *field = trim(from, end);
        return true;
    }
    char *to = from++;
    *field = to;
    for (; *from && (from[0] != '"' || from[1] == '"'); from++) {
        *line += *from == '\n';
        *to++ = *from;
        from += *from == '"';
    }
    if (!*from) return false;
    from += 1 + strspn(from + 1, " \t\r");
    if (*from && *from != ',' && *from != '\n') return false;
    *is_last = *from != ',';
    *at = *from ? from + 1 : from;
    *to = 0;
    return true;
}

static bool room_for_row(Csv *c, rq_error *err)
{
    if (c->rows < c->room) return true;
    int64_t room = c->room ? 2 * c->room : 256;
    char **fields =
        rq_alloc_array((uint64_t)room * (uint64_t)c->columns, sizeof *fields, "fields", err);
    int64_t *lines = rq_alloc_array((uint64_t)room, sizeof *lines, "lines", err);
    if (!fields || !lines) {
        rq_free(fields);
        rq_free(lines);
        return false;
    }
    if (c->rows) memcpy(fields, c->fields, (size_t)(c->rows * c->columns) * sizeof *fields);
    if (c->rows) memcpy(lines, c->lines, (size_t)c->rows * sizeof *lines);
    rq_free(c->fields);
    rq_free(c->lines);
    c->fields = fields;
    c->lines = lines;
    c->room = room;
    return true;
}

/* Columns of the first line: its commas outside quotes, plus one. */
static int64_t count_columns(const char *text)
{
    int64_t columns = 1;
    bool quoted = false;
    for (; *text && (quoted || *text != '\n'); text++) {
        if (*text == '"') quoted = !quoted;
        if (*text == ',' && !quoted) columns++;
    }
    return columns;
}

static bool cut_row(Csv *c, char **at, int64_t *line, rq_error *err)
{
    if (!room_for_row(c, err)) return false;
    char **row = c->fields + c->rows * c->columns;
    int64_t have = 0, first = *line;
    for (bool is_last = false; !is_last; have++) {
        char *field;
        if (!cut_field(at, &field, &is_last, line))
            return rq_fail(
                err, "'%s', line %" PRId64 ": a quoted field does not end, or something follows it",
                c->path, first);
        if (have < c->columns) row[have] = field;
    }
    if (have != c->columns)
        return rq_fail(
            err, "'%s', line %" PRId64 " has %" PRId64 " columns; the first line has %" PRId64,
            c->path, first, have, c->columns);
    c->lines[c->rows++] = first;
    return true;
}

static bool cut_text(Csv *c, rq_error *err)
{
    char *at = c->text;
    if (strncmp(at, "\xef\xbb\xbf", 3) == 0) at += 3; /* the mark of UTF-8 */
    for (int64_t line = 1; *at; line++) {
        size_t blanks = strspn(at, " \t\r");
        if (at[blanks] == '\n' || !at[blanks]) {
            at += blanks + (at[blanks] == '\n');
            continue;
        }
        if (!c->columns) c->columns = count_columns(at);
        if (!cut_row(c, &at, &line, err)) return false;
    }
    return c->rows > 0 || rq_fail(err, "'%s' has no lines", c->path);
}

/* ---- fields -> numbers and labels ---- */

static bool is_number(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == 0;
}

/* Finds the column of the labels and drops the line of names. */
static bool find_label(Csv *c, const char *label, rq_error *err)
{
    double number;
    bool has_names = false;
    c->label = -1;
    for (int64_t i = 0; i < c->columns; i++) has_names |= !is_number(c->fields[i], &number);
    for (int64_t i = 0; has_names && i < c->columns; i++)
        if (strcmp(c->fields[i], label) == 0) c->label = i;
    if (c->label < 0 && is_number(label, &number) && number >= 0 && number < (double)c->columns &&
        number == floor(number))
        c->label = (int64_t)number;
    char known[300] = "";
    for (int64_t i = 0; has_names && i < c->columns; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", c->fields[i]);
    }
    if (c->label < 0)
        return rq_fail(err, "'%s' has no column '%s'; %s%s", c->path, label,
                       has_names ? "it has "
                                 : "it has no names,"
                                   " so a number from 0 is expected",
                       known);
    if (!has_names) return true;
    c->rows--;
    memmove(c->fields, c->fields + c->columns, (size_t)(c->rows * c->columns) * sizeof *c->fields);
    memmove(c->lines, c->lines + 1, (size_t)c->rows * sizeof *c->lines);
    return c->rows > 0 || rq_fail(err, "'%s' has names but no rows", c->path);
}

static int by_value(const void *a, const void *b)
{
    double x = strtod(*(char *const *)a, NULL), y = strtod(*(char *const *)b, NULL);
    return (x > y) - (x < y);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *label_of_row(const Csv *c, int64_t row)
{
    return c->fields[row * c->columns + c->label];
}

/* names = the distinct labels in order, labels = the place of each row's. */
static bool make_classes(Csv *c, rq_error *err)
{
    c->names = rq_alloc_array((uint64_t)c->rows, sizeof *c->names, "labels", err);
    c->labels = rq_alloc_array((uint64_t)c->rows, sizeof *c->labels, "labels", err);
    if (!c->names || !c->labels) return false;
    bool numeric = true;
    for (int64_t i = 0; i < c->rows; i++) {
        double value;
        c->names[i] = label_of_row(c, i);
        if (!*c->names[i])
            return rq_fail(err, "'%s', line %" PRId64 " has no label", c->path, c->lines[i]);
        numeric = numeric && is_number(c->names[i], &value) && isfinite(value);
    }
    int (*order)(const void *, const void *) = numeric ? by_value : by_bytes;
    qsort(c->names, (size_t)c->rows, sizeof *c->names, order);
    int64_t classes = 0;
    for (int64_t i = 0; i < c->rows; i++)
        if (i == 0 || order(&c->names[i], &c->names[classes - 1]) != 0)
            c->names[classes++] = c->names[i];
    if (classes > CSV_CLASSES)
        return rq_fail(err,
                       "'%s' has %" PRId64 " different labels; at most %d classes are expected",
                       c->path, classes, CSV_CLASSES);
    c->classes = (int)classes;
    for (int64_t i = 0; i < c->rows; i++) {
        char *key = label_of_row(c, i);
        char **found = bsearch(&key, c->names, (size_t)classes, sizeof *c->names, order);
        c->labels[i] = (int32_t)(found - c->names);
    }
    return true;
}

static bool store_row(const Csv *c, const rq_pick *pick, rq_data *out, rq_error *err)
{
    double *to = out->reals + pick->slot * out->size;
    for (int64_t i = 0; i < c->columns; i++) {
        if (i == c->label) continue;
        const char *field = c->fields[pick->source * c->columns + i];
        if (!is_number(field, to) || !isfinite(*to))
            return rq_fail(
                err, "'%s', line %" PRId64 ", column %" PRId64 ": '%.40s' is not a finite number",
                c->path, c->lines[pick->source], i + 1, field);
        to++;
    }
    return true;
}

static bool load(const rq_data_spec *spec, Csv *c, rq_data *out, rq_error *err)
{
    unsigned char *bytes;
    size_t size;
    if (!spec->label)
        return rq_fail(err,
                       "csv needs the column of the labels: csv(file: \"t.csv\", label: \"NAME\")");
    if (!rq_data_find(spec, spec->file, c->path, err)) return false;
    if (!rq_file_load(c->path, UINT64_MAX, &bytes, &size, err)) return false;
    c->text = (char *)bytes;
    rq_data_file *f = &out->files[0];
    rq_sha256_bytes(bytes, size, f->sha256);
    f->path = rq_copy_text(c->path, err);
    if (!f->path) return false;
    out->file_count = 1;
    if (strlen(c->text) != size)
        return rq_fail(err, "'%s' is not text: byte %zu is 0", c->path, strlen(c->text));
    if (!cut_text(c, err) || !find_label(c, spec->label, err)) return false;
    if (c->columns < 2) return rq_fail(err, "'%s' has no column besides the labels", c->path);
    return make_classes(c, err);
}

bool rq_csv_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    Csv *c = rq_alloc_array(1, sizeof *c, "a table", err);
    if (!c) return false;
    rq_pick *picks[2] = {NULL, NULL};
    int64_t picked[2], columns;
    bool good = load(spec, c, out, err);
    if (good) {
        rq_pools pools = {{c->labels, NULL}, {c->rows, 0}, c->classes, "rows"};
        columns = c->columns - 1;
        good = rq_select(spec, &pools, out, picks, picked, err) &&
               rq_reals_prepare(spec, 1, &columns, out, err) &&
               rq_class_names((const char *const *)c->names, out, err);
    }
    for (int64_t k = 0; good && k < picked[0]; k++) good = store_row(c, &picks[0][k], out, err);
    rq_free(picks[0]);
    rq_free(picks[1]);
    rq_free(c->text);
    rq_free(c->fields);
    rq_free(c->lines);
    rq_free(c->names);
    rq_free(c->labels);
    rq_free(c);
    return good;
}
