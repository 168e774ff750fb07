/* main.c: a native program: its verbs over the actions of its table.
 *
 * Data on standard output, messages on standard error; exit codes as of `rq`: 0 done, 2 usage, files, data or memory, 3 interrupted with
 * a checkpoint saved, 4 it ran and the answer is no.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "closest.h"
#include "native/verbs.h"
#include "train/interrupt.h"

typedef struct verb_row {
    char letter; /* what options.c knows it by */
    const char *name, *args, *help;
} verb_row;
static const verb_row verbs[] = {
    {'r', "run", "", "all train actions, in order"},
    {'t', "train", " [RUN]", "one train action, or with --resume the rest of an interrupted run"},
    {'x', "explore", "", "train every variant of an explore action and rank them; goes on with the runs missing in --out"},
    {'d', "distill", "", "a few images that teach a network what the whole data set does; goes on with what --out holds"},
    {'s', "scan", "", "how the variance of a gradient falls with size, at every point of a scan action; goes on with what is missing in --out"},
    {'e', "eval", " [RUN]", "loss and accuracy of trained parameters"},
    {'p', "predict", " [RUN]", "the classes of given samples, or the values of a layer"},
    {'f', "flow", "", "which layers can receive a gradient, and what cuts the others"},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void print_help(const rq_native_program *p, const char *self, FILE *to)
{
    fprintf(to, "examples:\n  %s run\n  %s eval runs/%s-001\n\nusage: %s VERB [options]\n\n", self, self, p->actions[0].action.name, self);
    for (int i = 0; i < VERBS; i++) {
        int n = fprintf(to, "  %s%s", verbs[i].name, verbs[i].args);
        fprintf(to, "%*s%s\n", n < 20 ? 20 - n : 2, "", verbs[i].help);
    }
    fprintf(to, "\n'%s VERB --help' lists the options of a verb. Actions of %s:", self, p->actions[0].action.file);
    for (int i = 0; i < p->action_count; i++) fprintf(to, " %s", p->actions[i].action.name);
    for (int i = 0; i < p->exploration_count; i++) fprintf(to, " %s (explore)", p->explorations[i].x.name);
    for (int i = 0; i < p->distillation_count; i++) fprintf(to, " %s (distill)", p->distillations[i].d.name);
    for (int i = 0; i < p->scan_count; i++) fprintf(to, " %s (scan)", p->scans[i].s.name);
    fprintf(to, "\nbuilt by: %s%s -o %s\n", p->build, p->cpu_option, p->output);
}

static void print_verb_help(const verb_row *v, const char *self)
{
    printf("usage: %s %s%s [options]\n  %s\n\noptions:\n", self, v->name, v->args, v->help);
    rq_native_options_print(v->letter);
}

/* ---- the run directory in place of an action ---- */

/* What a run directory's settings say; borrowed texts live as long as `all`. */
typedef struct run_settings {
    json_t *all;
    char *text; /* the file as it is, for --resume */
} run_settings;

static bool read_text(const char *path, char **text, rq_error *err)
{
    FILE *f = fopen(path, "r");
    if (!f) return rq_fail_system(err, "'%s' cannot be read as the settings of a run: %s", path, strerror(errno));
    long size = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
    rewind(f);
    *text = size < 0 ? NULL : rq_alloc_array((uint64_t)size + 1, 1, path, err);
    bool ok = *text && fread(*text, 1, (size_t)size, f) == (size_t)size;
    fclose(f);
    return ok || rq_fail(err, "'%s' cannot be read", path);
}

/* Is it one of those that the program was built with? */
static bool built_in(const rq_native_program *p, const char *set)
{
    json_error_t error;
    json_t *own = json_loads(p->actions[0].action.settings_text, 0, &error);
    const json_t *list = json_object_get(own, "set");
    bool found = false;
    for (size_t i = 0; i < json_array_size(list); i++) found = found || !strcmp(json_string_value(json_array_get(list, i)), set);
    json_decref(own);
    return found;
}

/* Action, --set and seed of a run hold unless others are given; the run's come first, so that what is given has the last word. */
static bool run_restore(const rq_native_program *p, rq_native_options *o, run_settings *s, rq_error *err)
{
    char path[PATH_MAX + 32];
    json_error_t error;
    snprintf(path, sizeof path, "%s/settings.json", o->argument);
    if (!read_text(path, &s->text, err)) return false;
    if (!(s->all = json_loads(s->text, 0, &error))) return rq_fail(err, "'%s' cannot be read as the settings of a run: %s", path, error.text);
    const json_t *list = json_object_get(s->all, "set"), *seed = json_object_get(s->all, "seed");
    const char *sets[RQ_MOST_SETS], *action = json_string_value(json_object_get(s->all, "action"));
    int n = 0;
    for (size_t i = 0; i < json_array_size(list) && n < RQ_MOST_SETS; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text && !built_in(p, text)) sets[n++] = text;
    }
    for (int i = 0; i < o->set_count && n < RQ_MOST_SETS; i++) sets[n++] = o->set[i];
    memcpy(o->set, sets, (size_t)n * sizeof sets[0]);
    o->set_count = n;
    if (!o->action) o->action = action;
    if (!o->has_seed && json_is_integer(seed)) o->has_seed = true, o->seed = (uint64_t)json_integer_value(seed);
    o->verb.run = o->argument;
    return true;
}

/* ---- verbs ---- */

typedef rq_outcome (*action_verb)(const rq_action *a, const rq_verb_options *o, rq_error *err);

/* The action named, without a name the only one; NULL: failed, worded. */
static const rq_action *choose(const rq_native_program *p, const char *name, rq_error *err)
{
    char have[512] = "";
    for (int i = 0; i < p->action_count; i++) {
        const rq_action *a = &p->actions[i].action;
        if (name ? !strcmp(a->name, name) : p->action_count == 1) return a;
        size_t used = strlen(have);
        snprintf(have + used, sizeof have - used, "%strain %s", i ? ", " : "", a->name);
    }
    if (!p->action_count) rq_fail(err, "this program has no train action; --help lists what it has");
    else if (name) rq_fail(err, "this program has no action '%s'; it has %s", name, have);
    else rq_fail(err, "this program has several train actions; choose one with --action: %s", have);
    return NULL;
}

static rq_outcome call(const rq_native_program *p, const rq_action *a, const rq_native_options *o, const char *settings, action_verb verb,
                       rq_error *err)
{
    rq_native_set set = {0};
    rq_outcome outcome = RQ_OUTCOME_failed;
    if (rq_native_set_new(p, a, o->set, o->set_count, o->has_seed ? &o->seed : NULL, &set, err)) {
        if (settings) set.action.settings_text = settings;
        outcome = verb(&set.action, &o->verb, err);
    }
    rq_native_set_free(&set);
    return outcome;
}

static bool check_resume(const rq_native_options *o, bool seed_given, rq_error *err)
{
    if (o->verb.resume && !o->argument) return rq_fail(err, "--resume wants the directory of a run, as in train --resume runs/baseline-001");
    if (o->argument && !o->verb.resume)
        return rq_fail(err, "'%s' is the directory of a run; train --resume %s goes on with it", o->argument, o->argument);
    if (o->verb.resume && (o->verb.out || o->verb.init || seed_given))
        return rq_fail(err, "--resume goes on in '%s' with its parameters and seed; --out, --init and --seed do not go with it", o->argument);
    return true;
}

static rq_outcome one_action(const rq_native_program *p, rq_native_options *o, action_verb verb, rq_error *err)
{
    run_settings run = {0};
    rq_outcome outcome = RQ_OUTCOME_failed;
    const rq_action *a = NULL;
    bool ok = verb != rq_action_train || check_resume(o, o->has_seed, err);
    ok = ok && (!o->argument || run_restore(p, o, &run, err)) && (a = choose(p, o->action, err));
    if (ok) outcome = call(p, a, o, o->verb.resume ? run.text : NULL, verb, err);
    json_decref(run.all);
    rq_free(run.text);
    return outcome;
}

static rq_outcome run_all(const rq_native_program *p, rq_native_options *o, rq_error *err)
{
    rq_outcome outcome = RQ_OUTCOME_done;
    if (o->action || !p->action_count) return one_action(p, o, rq_action_train, err);
    for (int i = 0; i < p->action_count && outcome == RQ_OUTCOME_done; i++)
        outcome = call(p, &p->actions[i].action, o, NULL, rq_action_train, err);
    return outcome;
}

static rq_outcome show_flow(const rq_native_program *p, const rq_native_options *o, rq_error *err)
{
    if (o->action && !choose(p, o->action, err)) return RQ_OUTCOME_failed;
    for (int i = 0; i < p->action_count; i++) {
        bool shown = false;
        for (int k = 0; k < i; k++) shown = shown || (!o->action && p->actions[k].flow == p->actions[i].flow);
        if (shown || (o->action && strcmp(o->action, p->actions[i].action.name))) continue;
        const rq_native_flow *f = &p->flows[p->actions[i].flow];
        fputs(o->verb.json ? f->json : f->text, stdout);
    }
    return RQ_OUTCOME_done;
}

static rq_outcome run_verb(const rq_native_program *p, const char *self, const verb_row *v, int argc, char **argv, rq_error *err)
{
    rq_native_options o;
    if (!rq_native_options_read(v->letter, argc, argv, &o, err)) return RQ_OUTCOME_failed;
    if (o.help) {
        print_verb_help(v, self);
        return RQ_OUTCOME_done;
    }
    switch (v->letter) {
    case 'r': return run_all(p, &o, err);
    case 't': return one_action(p, &o, rq_action_train, err);
    case 'x': return rq_native_explore(p, &o, err);
    case 'd': return rq_native_distill(p, &o, err);
    case 's': return rq_native_scan_run(p, &o, err);
    case 'e': return one_action(p, &o, rq_action_eval, err);
    case 'p': return one_action(p, &o, rq_action_predict, err);
    default: return show_flow(p, &o, err);
    }
}

static const verb_row *verb_named(const char *word, rq_error *err)
{
    const char *names[VERBS];
    for (int i = 0; i < VERBS; i++) {
        names[i] = verbs[i].name;
        if (!strcmp(names[i], word)) return &verbs[i];
    }
    const char *near = rq_closest(word, names, VERBS);
    if (near) rq_fail(err, "there is no verb '%s'; did you mean '%s'?", word, near);
    else rq_fail(err, "there is no verb '%s'; --help lists the verbs", word);
    return NULL;
}

/* A full disk or a closed pipe is found out here at the latest; a run that stopped for it has said so and keeps its code. */
static int close_output(const char *self, int code)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if ((fflush(stdout) == 0 && !failed) || code == RQ_OUTCOME_interrupted) return code;
    if (errno != EPIPE)
        fprintf(stderr, "%s: error: standard output could not be written completely%s%s\n", self, errno ? ": " : "",
                errno ? strerror(errno) : "");
    return RQ_OUTCOME_failed;
}

int rq_native_main(const rq_native_program *p, int argc, char **argv)
{
    const char *self = argc ? argv[0] : "program", *word = argc > 1 ? argv[1] : NULL;
    rq_error err = {0};
    rq_outcome outcome = RQ_OUTCOME_failed;
    rq_standard_files();
    signal(SIGPIPE, SIG_DFL);
    if (!word) {
        print_help(p, self, stderr);
        return RQ_OUTCOME_failed;
    }
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
        print_help(p, self, stdout);
        outcome = RQ_OUTCOME_done;
    } else if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
        const rq_action *a = &p->actions[0].action;
        printf("%s of rq %s (LLVM %s) for %s\n", a->file, RQ_VERSION, a->llvm, a->cpu);
        outcome = RQ_OUTCOME_done;
    } else if (rq_native_cpu_ok(p->features, &err)) {
        const verb_row *v = verb_named(word, &err);
        if (v) outcome = run_verb(p, self, v, argc - 2, argv + 2, &err);
    } else {
        rq_fail_at(&err, "built for %s", p->actions[0].action.cpu);
        size_t used = strlen(err.text);
        snprintf(err.text + used, sizeof err.text - used, "; build one for it: %s --cpu native -o %s", p->build, p->output);
    }
    if (outcome == RQ_OUTCOME_failed) fprintf(stderr, "%s: error: %s\n", self, err.text);
    return close_output(self, (int)outcome);
}
