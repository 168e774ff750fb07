/* native.c: a model's functions ahead of time: what the JIT would compile when asked, compiled all and written as object files.
 *
 * The same graphs, kernels and modules as under the JIT, so the same bits.
 */
#include "native.h"

#include <string.h>

#include "backend/function.h"

/* One function on its way. */
typedef struct Job {
    rq_function_kind kind;
    const char *layer; /* NULL: none or the output */
} Job;
typedef VEC(Job) JobList;

static const char *kind_word(rq_function_kind kind)
{
    switch (kind) {
    case RQ_FUNCTION_step: return "step";
    case RQ_FUNCTION_eval: return "eval";
    case RQ_FUNCTION_second: return "second";
    case RQ_FUNCTION_probe: return "probe";
    case RQ_FUNCTION_layer: return "layer";
    case RQ_FUNCTION_scan: return "scan";
    case RQ_FUNCTION_none: break;
    }
    unreachable();
}

static bool has_whole_value(const ModelInst *model, StageId id)
{
    const ValueType *t = &stage_of(model, id)->type;
    return t->kind != VALUE_density || t->dim[0] <= DENSITY_QUBITS;
}

static JobList jobs_of(Compiler *c, const ModelInst *model, NativeUse use)
{
    JobList jobs = {0};
    if (use == NATIVE_scan) {
        vec_push(c->keep, &jobs, (Job){RQ_FUNCTION_scan, NULL});
        return jobs;
    }
    if (use != NATIVE_twin) {
        vec_push(c->keep, &jobs, (Job){RQ_FUNCTION_step, NULL});
        vec_push(c->keep, &jobs, (Job){RQ_FUNCTION_eval, NULL});
    }
    vec_push(c->keep, &jobs, (Job){use == NATIVE_distill ? RQ_FUNCTION_second : RQ_FUNCTION_probe, NULL});
    if (use != NATIVE_action) return jobs;
    if (has_whole_value(model, model->output)) vec_push(c->keep, &jobs, (Job){RQ_FUNCTION_layer, NULL});
    for (uint32_t i = 0; i < model->layers.len; i++)
        if (has_whole_value(model, model->layers.at[i].value))
            vec_push(c->keep, &jobs, (Job){RQ_FUNCTION_layer, name_text(c->names, model->layers.at[i].name)});
    return jobs;
}

/* "f3_quick_layer_q1": the number keeps names apart from one another and from those of C. */
static const char *function_name(Compiler *c, const char *action, const Job *job, uint32_t number)
{
    return arena_printf(c->keep, "f%u_%s_%s%s%s", number, action, kind_word(job->kind), job->layer ? "_" : "",
                        job->layer ? job->layer : "");
}

/* False: cannot be written, worded in files. */
static bool write_text(Compiler *c, NativeFiles *files, Module *m, const char *name, const char *extension)
{
    const char *path = arena_printf(c->keep, "%s.%s.%s", files->output, name, extension);
    FILE *out = fopen(path, "w");
    bool ok = out != NULL;
    if (ok && !strcmp(extension, "s")) ok = module_print_asm(out, m);
    else if (ok) module_print(out, m);
    if (out && (ferror(out) | fclose(out))) ok = false;
    if (!ok) files->error = arena_printf(c->keep, "cannot write '%s'", path);
    return ok;
}

static bool write_object(Compiler *c, NativeFiles *files, Module *m, const char *path)
{
    const char *error = NULL;
    if (module_write_object(m, path, &error)) return true;
    files->error = arena_printf(c->keep, "'%s': %s", path, error);
    return false;
}

static bool write_files(Compiler *c, NativeFiles *files, Module *m, const char *name)
{
    if (files->emit_llvm && !write_text(c, files, m, name, "ll")) return false;
    if (files->emit_asm && !write_text(c, files, m, name, "s")) return false;
    if (files->emit_obj && !write_object(c, files, m, arena_printf(c->keep, "%s.%s.o", files->output, name))) return false;
    const char *path = arena_printf(c->keep, "%s/%s.o", files->dir, name);
    vec_push(c->keep, &files->objects, path);
    return write_object(c, files, m, path);
}

static const char *const *symbols_of(Compiler *c, const Kernels *k)
{
    const char **symbols = arena_array(c->keep, const char *, k->phases.len);
    for (uint32_t i = 0; i < k->phases.len; i++) symbols[i] = phase_symbol(k, i, c->keep);
    return symbols;
}

/* Kernels of all jobs; false: errors are reported. */
static bool schedule_jobs(Compiler *c, const ModelInst *model, const ModelCodeOptions *options, const JobList *jobs, const char *action,
                          uint32_t first, Kernels **kernels, Graph **graphs)
{
    for (uint32_t i = 0; i < jobs->len; i++) {
        const Job *job = &jobs->at[i];
        FunctionSpec spec = {.kind = job->kind, .layer = job->layer, .loss = options->loss, .real_bytes = options->real_bytes,
                             .engine = options->engine, .ground = options->ground, .wrt = options->wrt};
        graphs[i] = compile_graph(c, model, &spec);
        if (!graphs[i]) return false;
        kernels[i] = schedule(c, graphs[i], function_name(c, action, job, first + i), chunk_lanes(graphs[i], LANES),
                              options->real_bytes);
    }
    return true;
}

const NativeModel *native_model(Compiler *c, const ModelInst *model, const Flow *flow, const ModelCodeOptions *options, const char *action,
                                NativeUse use, NativeFiles *files)
{
    NativeModel *m = arena_make(c->keep, NativeModel);
    JobList jobs = jobs_of(c, model, use);
    Kernels **kernels = arena_array(c->keep, Kernels *, jobs.len);
    Graph **graphs = arena_array(c->keep, Graph *, jobs.len);
    Module **modules = arena_array(c->keep, Module *, jobs.len);
    const rq_function **functions = arena_array(c->keep, const rq_function *, jobs.len);
    m->table = model_table(c, model, flow, options->real_bytes, options->engine, options->detached);
    if (!schedule_jobs(c, model, options, &jobs, action, files->functions, kernels, graphs)) return NULL;
    files->functions += jobs.len;
    native_functions(c, (const Kernels *const *)kernels, jobs.len, options->cpu, c->keep, functions, modules);
    for (uint32_t i = 0; i < jobs.len; i++) {
        if (!files->error) write_files(c, files, modules[i], kernels[i]->name);
        const char *layer = jobs.at[i].layer ? jobs.at[i].layer : "";
        vec_push(c->keep, &m->functions, (NativeFunction){jobs.at[i].kind, layer, functions[i], symbols_of(c, kernels[i])});
        module_drop(modules[i]);
        kernels_drop(kernels[i]);
        graph_drop(graphs[i]);
    }
    return files->error ? NULL : m;
}
