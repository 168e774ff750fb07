/* works.c: training, resuming, exploring, distilling, evaluating, predicting, every reader, downloads and archives.
 *
 * The folder has model.rq with the actions quick and other, samples in digit.png, x.npy, p.npz, t.csv, pictures/, mnist/ and
 * cifar-10-batches-bin/, and f.gz and f.tar.gz (tests/cli/faults.sh makes them). Tries run in folders inside it.
 */
#include "faults/works.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/distill.h"
#include "cli/session.h"
#include "data/fetch.h"
#include "data/file.h"
#include "data/png.h"
#include "data/safetensors.h"
#include "data/sha256.h"
#include "explore/explore.h"

static Compiler *compiler;
static rq_action quick, other;
static char base[PATH_SIZE / 4];

static const char *in_base(const char *name)
{
    static char paths[8][PATH_SIZE / 2];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", base, name);
    return path;
}

/* ---- actions ---- */

static rq_action action_of(const char *name)
{
    static ActionCode code[2];
    static int n;
    Options o = {.verb = "train", .file = "model.rq", .action = name};
    int exit_code = 0;
    compiler = compiler_new();
    Program *p = session_program(compiler, &o, &exit_code);
    if (!p) exit(2);
    const ActionInst *a = session_action(compiler, &o, p);
    rq_action action = session_table(compiler, &o, a, compile_flow(compiler, a->model), &code[n++]);
    static const rq_function_kind kinds[] = {RQ_FUNCTION_step, RQ_FUNCTION_eval, RQ_FUNCTION_probe, RQ_FUNCTION_layer};
    rq_error err;
    for (int i = 0; i < 4; i++) action.model->function(action.model, kinds[i], NULL, &err);
    return action;
}

static void prepare_base(void)
{
    if (!base[0] && !getcwd(base, sizeof base)) abort();
}

static void prepare_actions(void)
{
    prepare_base();
    if (quick.model) return;
    quick = action_of("quick");
    other = action_of("other");
}

static bool ended_well(rq_outcome outcome, rq_error *err)
{
    return outcome == RQ_OUTCOME_done || (outcome != RQ_OUTCOME_failed && rq_fail(err, "outcome %d", outcome));
}

static bool train_to(const rq_action *a, const char *dir, int threads, rq_error *err)
{
    rq_verb_options o = {.threads = threads, .out = dir};
    return ended_well(rq_action_train(a, &o, err), err);
}

static bool resume_in(const rq_action *a, const char *dir, rq_error *err)
{
    rq_verb_options o = {.threads = 1, .run = dir, .resume = true};
    return ended_well(rq_action_train(a, &o, err), err);
}

/* Standard output into a file while the prepared runs print. */
static void hide_output(bool hide)
{
    static int shown = -1;
    fflush(NULL);
    if (shown < 0) shown = dup(STDOUT_FILENO);
    if (!hide) {
        if (dup2(shown, STDOUT_FILENO) < 0) exit(2);
        return;
    }
    FILE *f = fopen("prepared", "w");
    if (!f || dup2(fileno(f), STDOUT_FILENO) < 0) exit(2);
    fclose(f);
}

/* Runs that tries are held against and begin with: whole/, and half/, which lacks the last epoch. */
static void prepare_runs(void)
{
    static bool done;
    rq_error err;
    prepare_actions();
    if (done) return;
    rq_action half = quick;
    half.settings.epochs = 1;
    hide_output(true);
    bool ok = train_to(&quick, "whole", 1, &err) && train_to(&half, "half", 1, &err);
    hide_output(false);
    if (!ok) fprintf(stderr, "%s\n", err.text), exit(2);
    done = true;
}

/* ---- what a run leaves ---- */

static bool same_bytes(const char *a, const char *b, rq_error *err)
{
    char x[65], y[65];
    if (!rq_sha256_file(a, x, err) || !rq_sha256_file(b, y, err)) return false;
    return !strcmp(x, y) || rq_fail(err, "'%s' is not '%s'", a, b);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* Only the last line, which a full disk may have cut, may be none. */
static bool whole_lines(const char *path, rq_error *err)
{
    char line[65536];
    json_error_t why;
    FILE *f = fopen(path, "r");
    bool ok = f != NULL;
    while (ok && fgets(line, sizeof line, f)) {
        json_t *o = json_loads(line, 0, &why);
        ok = o || !strchr(line, '\n');
        json_decref(o);
    }
    if (f) fclose(f);
    return ok || rq_fail(err, "'%s' has a line that is no JSON", path);
}

static bool whole_file(const char *path, rq_error *err)
{
    rq_tensors t;
    json_error_t why;
    unsigned char *bytes;
    size_t size;
    if (ends_with(path, ".safetensors")) {
        if (!rq_safetensors_read(path, &t, err)) return false;
        rq_tensors_free(&t);
    } else if (ends_with(path, "jsonl")) {
        return whole_lines(path, err);
    } else if (ends_with(path, "json")) {
        json_t *o = json_load_file(path, 0, &why);
        json_decref(o);
        return o || rq_fail(err, "'%s' is no JSON", path);
    } else if (ends_with(path, ".html")) {
        if (!rq_file_load(path, UINT64_MAX, &bytes, &size, err)) return false;
        bool ends = ends_with((char *)bytes, "</html>\n");
        rq_free(bytes);
        return ends || rq_fail(err, "'%s' has no end", path);
    }
    return true;
}

/* All files of a run: complete, and no temporary ones. No folder is fine, too. */
static bool whole_folder(const char *folder, rq_error *err)
{
    DIR *dir = opendir(folder);
    bool ok = true;
    for (struct dirent *e; ok && dir && (e = readdir(dir));) {
        char path[PATH_SIZE / 2];
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(path, sizeof path, "%.1000s/%s", folder, e->d_name);
        struct stat st;
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) ok = whole_folder(path, err);
        else if (e->d_name[0] == '.' || ends_with(path, ".tmp")) ok = rq_fail(err, "'%s' is left", path);
        else ok = whole_file(path, err);
    }
    if (dir) closedir(dir);
    return ok;
}

static bool is_there(const char *path) { return access(path, F_OK) == 0; }

/* A run that failed goes on to the bits of one that did not. */
static bool run_is_right(bool was_ok, rq_error *err)
{
    if (!whole_folder("run", err)) return false;
    if (is_there("run/best.safetensors") && !is_there("run/last.safetensors")) return rq_fail(err, "no last checkpoint");
    FILE *quiet = freopen("/dev/null", "w", stdout);
    bool ok = quiet != NULL, is_new = !is_there("run/last.safetensors");
    if (!was_ok && is_new) ok = is_there("run/metrics.jsonl") || train_to(&quick, "run", 1, err);
    else if (!was_ok) ok = resume_in(&quick, "run", err) || strstr(err->text, "is complete");
    if (!ok || !is_there("run/last.safetensors")) return ok;
    return whole_folder("run", err) && same_bytes("run/last.safetensors", in_base("whole/last.safetensors"), err) &&
           same_bytes("run/best.safetensors", in_base("whole/best.safetensors"), err);
}

/* ---- train, resume ---- */

static bool train(rq_error *err) { return train_to(&quick, "run", 1, err); }
static bool train_on_two(rq_error *err) { return train_to(&quick, "run", 2, err); }

static void copy_half(const char *folder)
{
    char command[PATH_SIZE];
    snprintf(command, sizeof command, "cp -r half %.1000s/run", folder);
    if (system(command)) abort();
}

static bool resume(rq_error *err) { return resume_in(&quick, "run", err); }

static bool init_from(rq_error *err)
{
    static const rq_rename rules[] = {{"head.*", "head.*"}};
    rq_action a = other;
    a.init_run = in_base("whole");
    a.init_rules = rules;
    a.init_rule_count = 1;
    return train_to(&a, "run", 1, err);
}

/* ---- explore ---- */

static bool explore_to(const char *dir, int threads, rq_error *err)
{
    rq_data data;
    const rq_variant variants[] = {{.label = "quick", .placement = "quick", .settings = "", .gradient = "exact", .action = &quick, .base = -1},
                                   {.label = "other", .placement = "other", .settings = "", .gradient = "exact", .action = &other, .base = -1}};
    rq_exploration x = {.name = "both", .file = "model.rq", .source = quick.source, .settings_text = "{}\n", .versions = "none\n",
                        .variants = variants, .variant_count = 2, .data = &data, .rank = "val.accuracy", .seed = 1, .seeds = 1};
    rq_explore_options o = {.threads = threads, .out = dir, .quiet = true};
    if (!rq_data_open(&quick.data, &data, err)) return false;
    rq_explore_end end = rq_explore(&x, &o, err);
    rq_data_free(&data);
    return end == RQ_EXPLORE_done;
}

static void prepare_explored(void)
{
    rq_error err;
    prepare_actions();
    if (is_there("explored")) return;
    hide_output(true);
    if (!explore_to("explored", 1, &err)) fprintf(stderr, "%s\n", err.text), exit(2);
    hide_output(false);
}

static bool explore(rq_error *err) { return explore_to("ex", 1, err); }

static bool explored_is_right(bool was_ok, rq_error *err)
{
    if (!whole_folder("ex", err)) return false;
    if (was_ok) return true;
    FILE *quiet = freopen("/dev/null", "w", stdout);
    return quiet && explore_to("ex", 1, err) && whole_folder("ex", err) && same_bytes("ex/results.json", in_base("explored/results.json"), err);
}

/* ---- distill ---- */

static bool distil_to(const char *dir, rq_error *err)
{
    static ActionCode code;
    static rq_distillation d;
    if (!d.model) {
        Options o = {.verb = "distill", .file = "model.rq", .action = "few"};
        int exit_code = 0;
        Compiler *c = compiler_new();
        Program *p = session_program(c, &o, &exit_code);
        const ActionInst *a = p ? session_action_of(c, &o, p, ACTION_distill) : NULL;
        if (!a) exit(2);
        static rq_action action;
        action = session_table(c, &o, a, compile_flow(c, a->model), &code);
        d = distill_fields(c, &o, a);
        d.model = action.model;
        d.versions = "none\n";
    }
    rq_data data;
    if (!rq_data_open(&quick.data, &data, err)) return false;
    d.data = &data;
    rq_distill_options o = {.threads = 1, .out = dir, .quiet = true};
    rq_distill_end end = rq_distill(&d, &o, err);
    rq_data_free(&data);
    return end == RQ_DISTILL_done;
}

/* The first one, without faults, compiles what the tries call. */
static void prepare_distilled(void)
{
    rq_error err;
    prepare_actions();
    if (is_there("distilled")) return;
    hide_output(true);
    if (!distil_to("distilled", &err)) fprintf(stderr, "%s\n", err.text), exit(2);
    hide_output(false);
}

static bool distill(rq_error *err) { return distil_to("few", err); }

static bool distilled_is_right(bool was_ok, rq_error *err)
{
    if (!whole_folder("few", err)) return false;
    FILE *quiet = was_ok ? stdout : freopen("/dev/null", "w", stdout);
    if (!quiet || (!was_ok && !distil_to("few", err))) return false;
    return same_bytes("few/last.safetensors", in_base("distilled/last.safetensors"), err);
}

/* ---- eval, predict ---- */

static bool evaluate(rq_error *err)
{
    rq_verb_options o = {.threads = 1, .run = in_base("whole")};
    return ended_well(rq_action_eval(&quick, &o, err), err);
}

static bool predict(rq_error *err)
{
    rq_verb_options o = {.threads = 1, .run = in_base("whole"), .input = in_base("digit.png")};
    if (!ended_well(rq_action_predict(&quick, &o, err), err)) return false;
    o.input = in_base("x.npy"), o.output = "y.npy", o.json = true;
    if (!ended_well(rq_action_predict(&quick, &o, err), err)) return false;
    o.input = o.output = NULL, o.index = "0..3", o.json = false;
    return ended_well(rq_action_predict(&quick, &o, err), err);
}

static bool predict_is_right(bool was_ok, rq_error *err)
{
    (void)was_ok;
    rq_array a;
    if (!is_there("y.npy")) return whole_folder(".", err);
    if (!rq_npy_read("y.npy", &a, err)) return false;
    rq_array_free(&a);
    return true;
}

/* ---- data ---- */

/* Opens a set and prints all that it holds. */
static bool read_set(rq_data_spec spec, rq_error *err)
{
    rq_data d;
    spec.dir = base;
    if (!rq_data_open(&spec, &d, err)) return false;
    printf("%s %d classes\n", d.name, d.classes);
    for (rq_split s = RQ_SPLIT_train; s < RQ_SPLIT_COUNT; s++)
        for (int64_t i = 0; i < d.count[s]; i++) {
            printf("%d", rq_data_label(&d, s, i));
            for (int64_t e = 0; e < d.size; e++) printf(" %.9g", rq_data_value(&d, s, i, e));
            putchar('\n');
        }
    for (int i = 0; i < d.file_count; i++) printf("%s %s\n", d.files[i].sha256, d.files[i].path);
    for (int k = 0; d.class_names && k < d.classes; k++) printf("%s\n", d.class_names[k]);
    rq_data_free(&d);
    return true;
}

static bool read_file(const char *source, const char *file, const char *label, rq_error *err)
{
    rq_data_spec s = rq_data_spec_default(source);
    s.file = file;
    s.label = label;
    return read_set(s, err);
}

static bool idx(rq_error *err) { return read_set(rq_data_spec_default("mnist"), err); }
static bool cifar(rq_error *err) { return read_set(rq_data_spec_default("cifar10"), err); }
static bool csv(rq_error *err) { return read_file("csv", "t.csv", "kind", err); }
static bool npy(rq_error *err) { return read_file("npy", "x.npy", "labels.npy", err); }
static bool images(rq_error *err) { return read_file("images", "pictures", NULL, err); }
static bool states(rq_error *err) { return read_file("states", "p.npz", NULL, err); }

static bool made(rq_error *err)
{
    static const int32_t classes[] = {2, 0};
    rq_data_spec s = rq_data_spec_default("glyphs"), p = rq_data_spec_default("unitary_pairs"), z = rq_data_spec_default("zeros");
    s.train = 4, s.val = 2, s.test = 2, s.size = 8, s.classes = classes, s.class_count = 2, s.shuffle = true, s.height = s.width = 5;
    p.qubits = 2, p.pairs = 4, p.train = 2, p.noise_pairs = 1;
    z.qubits = 2;
    return read_set(s, err) && read_set(p, err) && read_set(z, err);
}

static bool sheet(rq_error *err)
{
    rq_data d;
    if (!rq_data_open(&quick.data, &d, err)) return false;
    bool ok = rq_png_sheet("sheet.png", &d, RQ_SPLIT_train, 2, 2, 1, err);
    rq_data_free(&d);
    return ok;
}

static bool tensors(rq_error *err)
{
    rq_tensors t;
    if (!rq_safetensors_read(in_base("whole/last.safetensors"), &t, err)) return false;
    bool ok = rq_safetensors_write("copy.safetensors", &t, err);
    rq_tensors_free(&t);
    return ok;
}

static bool folder_is_whole(bool was_ok, rq_error *err)
{
    (void)was_ok;
    return whole_folder(".", err);
}

/* ---- downloads ---- */

static bool fetch(rq_error *err)
{
    char sha256[65], url[PATH_SIZE];
    if (!rq_sha256_file(in_base("f.gz"), sha256, err)) return false;
    rq_download d = {.source = "", .name = "f.gz", .sha256 = sha256};
    snprintf(url, sizeof url, "file://%s", in_base("f.gz"));
    return rq_fetch(&d, url, "f.gz", NULL, err);
}

static void begin_part(const char *folder)
{
    char command[PATH_SIZE];
    snprintf(command, sizeof command, "head -c 1000 f.gz >%.1000s/f.gz.part", folder);
    if (system(command)) abort();
}

static bool fetched_is_right(bool was_ok, rq_error *err)
{
    if (is_there("f.gz") && !same_bytes("f.gz", in_base("f.gz"), err)) return false;
    return was_ok || (fetch(err) && same_bytes("f.gz", in_base("f.gz"), err));
}

static bool unpack(rq_error *err)
{
    int count;
    if (!rq_unpack(in_base("f.tar.gz"), ".", &count, err)) return false;
    return count == 1 || rq_fail(err, "%d files", count);
}

static bool unpacked_is_right(bool was_ok, rq_error *err)
{
    if (is_there("one.bin") && !same_bytes("one.bin", in_base("one.bin"), err)) return false;
    return was_ok || (unpack(err) && same_bytes("one.bin", in_base("one.bin"), err));
}

const Work works[] = {
    {"train", prepare_runs, NULL, train, run_is_right},
    {"train2", prepare_runs, NULL, train_on_two, run_is_right},
    {"resume", prepare_runs, copy_half, resume, run_is_right},
    {"init_from", prepare_runs, NULL, init_from, NULL},
    {"explore", prepare_explored, NULL, explore, explored_is_right},
    {"distill", prepare_distilled, NULL, distill, distilled_is_right},
    {"eval", prepare_runs, NULL, evaluate, NULL},
    {"predict", prepare_runs, NULL, predict, predict_is_right},
    {"idx", prepare_base, NULL, idx, NULL},
    {"cifar", prepare_base, NULL, cifar, NULL},
    {"csv", prepare_base, NULL, csv, NULL},
    {"npy", prepare_base, NULL, npy, NULL},
    {"images", prepare_base, NULL, images, NULL},
    {"states", prepare_base, NULL, states, NULL},
    {"made", prepare_base, NULL, made, NULL},
    {"sheet", prepare_actions, NULL, sheet, folder_is_whole},
    {"tensors", prepare_runs, NULL, tensors, folder_is_whole},
    {"fetch", prepare_base, NULL, fetch, fetched_is_right},
    {"refetch", prepare_base, begin_part, fetch, fetched_is_right},
    {"unpack", prepare_base, NULL, unpack, unpacked_is_right},
    {0},
};
