/* function.c: Kernels -> rq_function: buffers, leaves, sums; addresses of the phases from the JIT. */
#include "backend/function.h"

#include <string.h>

#include "backend/module.h"

static int64_t reals_of(const Buffer *b) { return b->elements * (b->is_complex ? 2 : 1); }

static const rq_buffer *table_of_buffers(const Kernels *k, Arena *arena)
{
    rq_buffer *buffers = arena_array(arena, rq_buffer, k->buffers.len);
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        const Buffer *b = &k->buffers.at[i];
        buffers[i] = (rq_buffer){b->role, b->leaf, b->batched, reals_of(b), b->offset};
    }
    return buffers;
}

/* The leaves of one role: names from the kernels, sizes from the first buffer of each. */
static const rq_leaf *table_of_leaves(const Kernels *k, const char *const *names, uint32_t n, rq_role role, Arena *arena)
{
    rq_leaf *leaves = arena_array(arena, rq_leaf, n);
    for (uint32_t i = 0; i < n; i++) leaves[i].name = arena_strdup(arena, names[i]);
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        const Buffer *b = &k->buffers.at[i];
        if (b->role != role) continue;
        leaves[b->leaf].reals = reals_of(b);
        leaves[b->leaf].batched = b->batched;
    }
    return leaves;
}

static const int64_t *table_of_sums(const Kernels *k, Arena *arena)
{
    int64_t *sums = arena_array(arena, int64_t, k->sums);
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        const Buffer *b = &k->buffers.at[i];
        if (b->role == RQ_ROLE_partial || b->role == RQ_ROLE_total) sums[b->leaf] = reals_of(b);
    }
    return sums;
}

/* Everything but the addresses. */
static rq_function *table_of(const Kernels *k, Arena *arena)
{
    rq_function *f = arena_make(arena, rq_function);
    f->name = arena_strdup(arena, k->name);
    f->real_bytes = k->real_bytes;
    f->lanes = k->lanes;
    f->buffers = table_of_buffers(k, arena);
    f->buffer_count = k->buffers.len;
    f->params = table_of_leaves(k, k->params.at, f->param_count = k->params.len, RQ_ROLE_param, arena);
    f->inputs = table_of_leaves(k, k->inputs.at, f->input_count = k->inputs.len, RQ_ROLE_input, arena);
    f->outputs = table_of_leaves(k, k->outputs.at, f->output_count = k->outputs.len, RQ_ROLE_output, arena);
    f->sum_reals = table_of_sums(k, arena);
    f->sum_count = k->sums;
    f->thread_bytes = k->thread_bytes;
    f->kept_bytes = k->kept_bytes;
    f->shared_bytes = k->shared_bytes;
    return f;
}

const char *phase_symbol(const Kernels *k, uint32_t i, Arena *arena)
{
    return k->phases.at[i].kernels.len ? arena_printf(arena, "%s_phase%u", k->name, i) : NULL;
}

/* With jit NULL the addresses stay open. */
static const rq_phase *table_of_phases(Jit *jit, const Kernels *k, Arena *arena)
{
    rq_phase *phases = arena_array(arena, rq_phase, k->phases.len);
    for (uint32_t i = 0; i < k->phases.len; i++) {
        phases[i].per_chunk = k->phases.at[i].per_chunk;
        const char *symbol = jit ? phase_symbol(k, i, arena) : NULL;
        if (!symbol) continue;
        void *address = jit_symbol(jit, symbol);
        memcpy(&phases[i].run, &address, sizeof address);
    }
    return phases;
}

static void generate(Compiler *c, const Kernels *const *k, size_t n, const char *cpu, Module **modules)
{
    targets_register();
    /* a module has its own LLVM context and arena, and kernels are only read */
    unsigned saved = 0;
#pragma omp parallel for schedule(dynamic, 1) if (n > 1) reduction(+ : saved)
    for (size_t i = 0; i < n; i++) {
        modules[i] = module_new(c, k[i], cpu);
        saved += module_generate(modules[i], c->cache);
    }
    c->cache_saved += saved;
}

static const rq_function *function_of(Jit *jit, const Kernels *k, Arena *arena)
{
    rq_function *f = table_of(k, arena);
    f->phases = table_of_phases(jit, k, arena);
    f->phase_count = k->phases.len;
    return f;
}

void jit_functions(Jit *jit, Compiler *c, const Kernels *const *k, size_t n, const char *cpu, Arena *arena,
                   const rq_function **functions)
{
    Module **modules = arena_array(arena, Module *, n);
    generate(c, k, n, cpu, modules);
    for (size_t i = 0; i < n; i++) {
        jit_add(jit, modules[i]);
        functions[i] = function_of(jit, k[i], arena);
    }
}

const rq_function *jit_function(Jit *jit, Compiler *c, const Kernels *k, const char *cpu, Arena *arena)
{
    const rq_function *f;
    jit_functions(jit, c, &k, 1, cpu, arena, &f);
    return f;
}

void native_functions(Compiler *c, const Kernels *const *k, size_t n, const char *cpu, Arena *arena, const rq_function **functions,
                      Module **modules)
{
    generate(c, k, n, cpu, modules);
    for (size_t i = 0; i < n; i++) functions[i] = function_of(NULL, k[i], arena);
}
