/* model_code.c: functions of a model become machine code when the runtime first asks for them, those of a training together. */
#include "model_code.h"

#include <string.h>

#include "backend/backend.h"
#include "compile.h"

typedef struct CompiledFunction {
    rq_function_kind kind;
    const char *layer; /* "" for none */
    const rq_function *f;
} CompiledFunction;

struct ModelCode {
    Compiler *c;
    const ModelInst *model;
    ModelCodeOptions options;
    Jit *jit;
    VEC(CompiledFunction) functions;
    rq_model *table;
};

static const rq_function *find_function(const ModelCode *m, rq_function_kind kind, const char *layer)
{
    for (uint32_t i = 0; i < m->functions.len; i++) {
        const CompiledFunction *f = &m->functions.at[i];
        if (f->kind == kind && !strcmp(f->layer, layer ? layer : "")) return f->f;
    }
    return NULL;
}

/* Functions that are not there yet, all at once. False: an error is reported. */
static bool add_functions(ModelCode *m, const rq_function_kind *kinds, size_t n, const char *layer)
{
    FunctionSpec specs[RQ_FUNCTION_KINDS];
    const rq_function *code[RQ_FUNCTION_KINDS];
    for (size_t i = 0; i < n; i++)
        specs[i] = (FunctionSpec){.kind = kinds[i], .layer = layer, .loss = m->options.loss, .real_bytes = m->options.real_bytes,
                                  .engine = m->options.engine, .ground = m->options.ground, .wrt = m->options.wrt};
    if (!m->jit) m->jit = jit_open(); /* a scan has many models that wait for their turn */
    if (!compile_code(m->c, m->jit, m->model, specs, n, m->options.cpu, code)) return false;
    for (size_t i = 0; i < n; i++)
        vec_push(m->c->keep, &m->functions, (CompiledFunction){kinds[i], layer ? arena_strdup(m->c->keep, layer) : "", code[i]});
    return true;
}

static const rq_function *model_function(const rq_model *table, rq_function_kind kind, const char *layer, rq_error *error)
{
    ModelCode *m = (ModelCode *)table->context;
    const rq_function *f = find_function(m, kind, layer);
    if (f) return f;
    /* who asks for the step trains, and will want the others */
    static const rq_function_kind training[] = {RQ_FUNCTION_step, RQ_FUNCTION_eval, RQ_FUNCTION_probe};
    bool all = kind == RQ_FUNCTION_step && m->functions.len == 0;
    if (all ? add_functions(m, training, COUNT(training), NULL) : add_functions(m, &kind, 1, layer))
        return find_function(m, kind, layer);
    rq_fail(error, "model '%s' cannot be executed", table->name);
    return NULL;
}

ModelCode *model_code_new(Compiler *c, const ModelInst *model, const Flow *flow, const ModelCodeOptions *options)
{
    ModelCode *m = arena_make(c->keep, ModelCode);
    *m = (ModelCode){.c = c, .model = model, .options = *options};
    m->table = model_table(c, model, flow, options->real_bytes, options->engine, options->detached);
    m->table->context = m;
    m->table->function = model_function;
    return m;
}

void model_code_drop(ModelCode *m)
{
    if (m && m->jit) jit_close(m->jit);
}

const rq_model *model_code_table(const ModelCode *m) { return m->table; }

const char *model_code_cpu(const ModelCode *m) { return backend_cpu_name(m->c->keep, m->options.cpu); }
