/* build.c: `rq build FILE -o PROG`: the file's train actions as a native program without LLVM.
 *
 *     objects of all functions + the table as C text  -cc->  PROG.new, with librq.a  -rename->  PROG
 *
 * Work lies in a directory of its own under $TMPDIR, which is removed whatever happens.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"
#include "cli/build.h"
#include "cli/flow_text.h"

static void remove_work(const char *dir)
{
    DIR *d = opendir(dir);
    char path[PATH_MAX];
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (e->d_name[0] != '.') unlink(path);
    }
    if (d) closedir(d);
    rmdir(dir);
}

/* ---- what messages and --set of the program need ---- */

static const char *quoted(Compiler *c, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,=+-/:";
    return word[strspn(word, plain)] ? arena_printf(c->keep, "'%s'", word) : word;
}

/* The command that was given, but for -o and --cpu. */
static const char *build_command(Compiler *c, const Options *o)
{
    const char *text = arena_printf(c->keep, "rq build %s", quoted(c, o->file));
    for (uint32_t i = 0; i < o->set.len; i++) text = arena_printf(c->keep, "%s --set %s", text, quoted(c, o->set.at[i]));
    if (o->precision) text = arena_printf(c->keep, "%s --precision %s", text, o->precision);
    if (o->engine) text = arena_printf(c->keep, "%s --engine %s", text, o->engine);
    return text;
}

/* ---- actions ---- */

/* What `print` prints. */
static const char *printed(Compiler *c, const Flow *flow, bool json)
{
    FILE *f = tmpfile();
    VEC(char) text = {0};
    if (!f) fatal("no temporary file can be made: %s", strerror(errno));
    if (json) flow_print_json(f, c, flow);
    else flow_print_table(f, c, flow, NULL);
    rewind(f);
    for (int byte; (byte = fgetc(f)) != EOF;) vec_push(c->keep, &text, (char)byte);
    fclose(f);
    vec_push(c->keep, &text, 0);
    return text.at;
}

static bool has_cut_gradient(const ModelInst *model)
{
    for (uint32_t i = 0; i < model->stages.len; i++)
        if (model->stages.at[i].kind == STAGE_detach && model->stages.at[i].detach.by_gradient) return true;
    return false;
}

/* Compiles one action; false: errors are reported in c, or worded in files. */
static bool add_action(Build *b, const ActionInst *a, const Flow *flow, int32_t flow_number)
{
    Compiler *c = b->c;
    NativeAction n = {.action = session_fields(c, b->o, a), .flow = flow_number};
    if (c->errors) return false;
    ModelCodeOptions options = session_code_options(b->o, a, a->detached);
    n.model = native_model(c, a->model, flow, &options, n.action.name, NATIVE_action, &b->files);
    if (!n.model) return false;
    ModelInst *exact = has_cut_gradient(a->model) ? model_changed(c, a->model, &(ModelChange){.detach_none = true}) : NULL;
    options.detached = false;
    if (exact) n.exact = native_model(c, exact, compile_flow(c, exact), &options, arena_printf(c->keep, "%s_exact", n.action.name), NATIVE_twin, &b->files);
    if (exact && !n.exact) return false;
    vec_push(c->keep, &b->program.actions, n);
    return true;
}

/* The number of the model's flow report; actions of one model share it. */
static int32_t flow_number(Build *b, const Program *p, uint32_t action, const Flow *flow)
{
    uint32_t trains = 0;
    for (uint32_t i = 0; i < action; i++) {
        const ActionInst *a = p->actions.at[i];
        if (a->kind != ACTION_train) continue;
        if (a->model == p->actions.at[action]->model) return b->program.actions.at[trains].flow;
        trains++;
    }
    vec_push(b->c->keep, &b->program.flows, (rq_native_flow){printed(b->c, flow, false), printed(b->c, flow, true)});
    return (int32_t)b->program.flows.len - 1;
}

static int add_actions(Build *b, const Program *p)
{
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        if (a->kind != ACTION_train) continue;
        Flow *flow = compile_flow(b->c, a->model);
        flow_warn(b->c, flow);
        diag_flush(b->c);
        int denied = session_deny(b->c, b->o, flow);
        if (denied) return denied;
        if (!add_action(b, a, flow, flow_number(b, p, i, flow))) return b->c->errors ? EXIT_source : EXIT_usage;
    }
    b->program.action_count = b->program.actions.len;
    return EXIT_done;
}

/* ---- cc ---- */

/* An installed rq has its library and headers beside it, one in a build tree where CMake says. */
static const char *support(Compiler *c, const char *beside, const char *built)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return built;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    const char *path = arena_printf(c->keep, "%s/../%s", self, beside);
    return access(path, R_OK) ? built : path;
}

static void add_words(Compiler *c, NameList *args, const char *words)
{
    for (const char *s = words; *s;) {
        size_t n = strcspn(s, " ");
        if (n) vec_push(c->keep, args, arena_strndup(c->keep, s, n));
        s += n + (s[n] == ' ');
    }
}

/* Runs args[0]; false: worded in files. */
static bool run_command(Build *b, NameList *args, const char *what)
{
    vec_push(b->c->keep, args, NULL);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execvp(args->at[0], (char *const *)(uintptr_t)args->at);
        _exit(127);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (child < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
        b->files.error = arena_printf(b->c->keep, "'%s' cannot be run; rq build needs a C compiler to link with: install gcc, or name another"
                                                  " in $CC", args->at[0]);
    else
        b->files.error = arena_printf(b->c->keep, "'%s' failed while %s; what it says is above", args->at[0], what);
    return false;
}

static NameList cc(Compiler *c)
{
    NameList args = {0};
    const char *given = getenv("CC");
    add_words(c, &args, given && *given ? given : RQ_CC);
    return args;
}

static bool write_table(Build *b, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out) native_table_print(out, &b->program);
    if (out && !(ferror(out) | fclose(out))) return true;
    b->files.error = arena_printf(b->c->keep, "cannot write '%s': %s", path, strerror(errno));
    return false;
}

static bool link_program(Build *b)
{
    Compiler *c = b->c;
    const char *table = arena_printf(c->keep, "%s/table.c", b->files.dir), *new = arena_printf(c->keep, "%s.new", b->files.output);
    const char *library = support(c, "lib/librq.a", RQ_LIBRARY_DIR "/librq.a");
    const char *headers = support(c, "include/rq", RQ_INCLUDE_DIR);
    if (access(library, R_OK)) {
        b->files.error = arena_printf(c->keep, "'%s', which native programs are linked with, cannot be read: %s", library, strerror(errno));
        return false;
    }
    if (!write_table(b, table)) return false;
    NameList args = cc(c);
    add_words(c, &args, "-std=c17 -w -O0 -I");
    vec_push(c->keep, &args, headers);
    vec_push(c->keep, &args, table);
    for (uint32_t i = 0; i < b->files.objects.len; i++) vec_push(c->keep, &args, b->files.objects.at[i]);
    vec_push(c->keep, &args, library);
    add_words(c, &args, "-Wl,--as-needed " RQ_LINK_WORDS " -o");
    vec_push(c->keep, &args, new);
    if (!run_command(b, &args, "linking")) return false;
    if (!rename(new, b->files.output)) return true;
    b->files.error = arena_printf(c->keep, "'%s' cannot be written: %s", b->files.output, strerror(errno));
    unlink(new);
    return false;
}

/* ---- the verb ---- */

static const char *make_work(Compiler *c)
{
    const char *root = getenv("TMPDIR");
    char *dir = arena_strdup(c->keep, arena_printf(c->keep, "%s/rq-build-XXXXXX", root && *root ? root : "/tmp"));
    if (!mkdtemp(dir)) fatal("no directory can be made for the work of rq build: %s: %s", dir, strerror(errno));
    return dir;
}

static bool emits(const Options *o, const char *word) { return o->emit && strstr(o->emit, word); }

static void print_built(const Build *b)
{
    const NativeProgram *p = &b->program;
    uint32_t trials = 0, actions = p->action_count + p->explorations.len + p->distillations.len + p->scans.len;
    for (uint32_t i = 0; i < p->explorations.len; i++)
        for (uint32_t k = 0; k < p->explorations.at[i].variants.len; k++) trials += p->explorations.at[i].variants.at[k].action >= 0;
    printf("%s: %u action%s for %s", b->o->output, actions, actions == 1 ? "" : "s", backend_cpu_name(b->c->keep, b->o->cpu));
    if (p->action_count) printf("; '%s run' trains", b->o->output);
    if (trials) printf("; '%s explore' compares %u variants", b->o->output, trials);
    if (p->scans.len) printf("; '%s scan' scans", b->o->output);
    if (p->distillations.len) printf("; '%s distill' distils", b->o->output);
    putchar('\n');
}

int verb_build(Compiler *c, const Options *o)
{
    if (!o->output) fatal("build wants -o PROG, the program to write");
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    session_code_options(o, NULL, false); /* refuses wrong options before any work */
    Build b = {.c = c, .o = o};
    b.files = (NativeFiles){.dir = make_work(c), .output = o->output, .emit_obj = emits(o, "obj"), .emit_asm = emits(o, "asm"),
                            .emit_llvm = emits(o, "llvm")};
    b.program.build = build_command(c, o);
    b.program.cpu_option = o->cpu ? arena_printf(c->keep, " --cpu %s", o->cpu) : "";
    b.program.output = quoted(c, o->output);
    b.program.features = backend_cpu_features(c->keep, o->cpu);
    for (uint32_t i = 0; i < p->settable.len; i++) vec_push(c->keep, &b.program.names, p->settable.at[i]);
    for (uint32_t i = 0; i < p->ast->decls.len; i++) {
        const Decl *d = p->ast->decls.at[i];
        if (d->kind == DECL_data) vec_push(c->keep, &b.program.data, name_text(c->names, d->name.name));
    }
    code = add_actions(&b, p);
    if (code == EXIT_done) code = build_explorations(&b, p);
    if (code == EXIT_done) code = build_distillations(&b, p);
    if (code == EXIT_done) code = build_scans(&b, p);
    if (code == EXIT_done && !b.program.actions.len) {
        b.files.error = arena_printf(c->keep, "'%s' has no action to build a program of", o->file);
        code = EXIT_usage;
    }
    if (code == EXIT_done && !link_program(&b)) code = EXIT_usage;
    remove_work(b.files.dir);
    if (b.files.error) fatal("%s", b.files.error);
    if (code == EXIT_done && !o->quiet) print_built(&b);
    return code;
}
