/* report.c: `rq report RUN`: the page, figures, tables and words of a run or an exploration, made again from what it left. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cairo.h"
#include "cli/session.h"
#include "closest.h"
#include "report/export.h"

/* "html,svg" into flags; an unknown word is fatal. */
static rq_formats formats_of(Compiler *c, const char *words)
{
    static const char *const names[] = {"html", "svg", "pdf", "png", "csv", "tex"};
    rq_formats f = {.html = words == NULL};
    bool *const flags[] = {&f.html, &f.svg, &f.pdf, &f.png, &f.csv, &f.tex};
    while (words && *words) {
        size_t n = strcspn(words, ","), k = 0;
        while (k < COUNT(names) && (strlen(names[k]) != n || strncmp(names[k], words, n))) k++;
        if (k == COUNT(names)) {
            const char *word = arena_strndup(c->keep, words, n), *near = rq_closest(word, (const char **)names, COUNT(names));
            fatal("--format of a report: one or more of html, svg, pdf, png, csv, tex with commas between them, not '%s'%s%s%s", word,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
        *flags[k] = true;
        words += n + (words[n] == ',');
    }
    return f;
}

static int report_train(Compiler *c, const Options *o, const Program *p, const rq_export *e)
{
    const ActionInst *a = session_action(c, o, p);
    ActionCode code = {0};
    rq_error err = {0};
    if (a->kind != ACTION_train) fatal("'%s' is the directory of another kind of run; a training or an exploration can be reported", o->run);
    diag_flush(c);
    rq_action action = session_table(c, o, a, compile_flow(c, a->model), &code);
    rq_verb_options options = session_verb_options(o);
    bool ok = !c->errors && rq_action_report(&action, &options, e, &err);
    action_code_drop(&code);
    if (c->errors) return EXIT_source;
    if (!ok) fatal("%s", err.text);
    return EXIT_done;
}

static bool is_there(Compiler *c, const Options *o, const char *name)
{
    struct stat info;
    return !stat(arena_printf(c->keep, "%s/%s", o->run, name), &info);
}

int verb_report(Compiler *c, const Options *given)
{
    Options options = session_options(c, given), *o = &options;
    int code = EXIT_done;
    if (!o->run) fatal("'%s' is not the directory of a run; rq train and rq explore leave one, as runs/baseline-001", o->file);
    if (o->out && mkdir(o->out, 0777) && access(o->out, F_OK)) fatal("directory '%s' cannot be made", o->out);
    const rq_export e = {.dir = o->out ? o->out : o->run, .formats = formats_of(c, o->format), .write = cairo_write, .quiet = o->quiet};
    bool is_train = is_there(c, o, "metrics.jsonl");
    if (!is_train && !is_there(c, o, "metrics")) fatal("'%s' holds no metrics: no metrics.jsonl of a training, no metrics/ of an exploration", o->run);
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    return is_train ? report_train(c, o, p, &e) : explore_report(c, o, p, session_action_of(c, o, p, ACTION_explore), &e);
}
