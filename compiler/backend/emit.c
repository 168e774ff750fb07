/* emit.c: Kernels -> LLVM module: phases, loops over patches, addressing.
 *
 *     void NAME_phase1(ptr bufs)           calls one function per kernel
 *     void kernel(ptr bufs)                zeroes what is summed over patches; for p in 0..outer { steps }
 *     void part(ptr bufs, i64 p)           some steps of a kernel that is too long for one function
 * Buffer pointers are loaded once per function, in its entry block. Names, order and shape of everything follow the kernels alone, so
 * the same kernels give the same text.
 */
#include "backend/llvm.h"

#include "backend/module.h"

enum {
    PART_COST = 400, /* vector operations per function, see design.md section 3 */
    RUN_COST = 30,   /* a loop over a table */
    PACKED_COST = 8,   /* a call of a function that steps share */
    ZEROED_IN_LINE = 4,
    LIGHT_WORK = 20000,
};

/* ---- loops and functions ---- */

/* Opens the block with the loop's phis; the builder stands behind them. */
static Loop open_loop(Emit *e, Value from, Value to, const Value *init, uint32_t carried)
{
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    Loop loop = {.to = to, .carried = carried};
    loop.body = LLVMAppendBasicBlockInContext(e->context, e->function, "");
    LLVMBuildBr(e->builder, loop.body);
    LLVMPositionBuilderAtEnd(e->builder, loop.body);
    loop.i = LLVMBuildPhi(e->builder, e->i64, "");
    LLVMAddIncoming(loop.i, &from, &before, 1);
    loop.carry = arena_array(e->arena, Value, carried);
    for (uint32_t i = 0; i < carried; i++) {
        loop.carry[i] = LLVMBuildPhi(e->builder, LLVMTypeOf(init[i]), "");
        LLVMAddIncoming(loop.carry[i], (Value *)&init[i], &before, 1);
    }
    return loop;
}

Loop loop_begin(Emit *e, Value count, const Value *init, uint32_t carried)
{
    return open_loop(e, l_int(e, 0), count, init, carried);
}

Loop loop_from(Emit *e, Value from, Value to, const Value *init, uint32_t carried)
{
    return open_loop(e, from, to, init, carried);
}

/*     body: phis, i < to ? inside : after      inside: ..., br body */
Loop range_begin(Emit *e, Value from, Value to, const Value *init, uint32_t carried)
{
    Loop loop = open_loop(e, from, to, init, carried);
    LLVMBasicBlockRef inside = LLVMAppendBasicBlockInContext(e->context, e->function, "");
    loop.after = LLVMAppendBasicBlockInContext(e->context, e->function, "");
    Value more = LLVMBuildICmp(e->builder, LLVMIntULT, loop.i, to, "");
    LLVMBuildCondBr(e->builder, more, inside, loop.after);
    LLVMPositionBuilderAtEnd(e->builder, inside);
    return loop;
}

void loop_end(Emit *e, Loop *loop, const Value *next)
{
    LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->builder);
    Value i = LLVMBuildNUWAdd(e->builder, loop->i, l_int(e, 1), "");
    LLVMAddIncoming(loop->i, &i, &latch, 1);
    for (uint32_t n = 0; n < loop->carried; n++)
        LLVMAddIncoming(loop->carry[n], (Value *)&next[n], &latch, 1);
    if (loop->after) {
        LLVMBuildBr(e->builder, loop->body);
        LLVMPositionBuilderAtEnd(e->builder, loop->after);
        return;
    }
    for (uint32_t n = 0; n < loop->carried; n++) loop->carry[n] = next[n];
    LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(e->context, e->function, "");
    Value again = LLVMBuildICmp(e->builder, LLVMIntULT, i, loop->to, "");
    LLVMBuildCondBr(e->builder, again, loop->body, after);
    LLVMPositionBuilderAtEnd(e->builder, after);
}

static void add_attribute(Emit *e, Value f, const char *name)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(e->context, kind, 0));
}

static void add_text_attribute(Emit *e, Value f, const char *name, const char *value)
{
    LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
                            LLVMCreateStringAttribute(e->context, name, (unsigned)strlen(name), value,
                                                      (unsigned)strlen(value)));
}

Value function_open(Emit *e, const char *name, LLVMTypeRef type, bool is_public)
{
    Value f = LLVMAddFunction(e->module, name, type);
    LLVMSetLinkage(f, is_public ? LLVMExternalLinkage : LLVMInternalLinkage);
    add_attribute(e, f, "nounwind");
    add_attribute(e, f, "noinline");
    if (e->is_light) add_attribute(e, f, "optnone");
    add_text_attribute(e, f, "prefer-vector-width", "512");
    e->function = f;
    e->entry = LLVMAppendBasicBlockInContext(e->context, f, "");
    e->start = LLVMAppendBasicBlockInContext(e->context, f, "");
    e->base = arena_array(e->arena, Value, e->k->buffers.len);
    e->p = l_int(e, 0);
    LLVMPositionBuilderAtEnd(e->builder, e->start);
    return f;
}

void function_close(Emit *e)
{
    LLVMBuildRetVoid(e->builder);
    LLVMPositionBuilderAtEnd(e->builder, e->entry);
    LLVMBuildBr(e->builder, e->start);
}

Saved function_leave(const Emit *e)
{
    return (Saved){e->function, e->entry, e->start, LLVMGetInsertBlock(e->builder), e->base, e->p, e->is_light};
}

void function_return_to(Emit *e, Saved s)
{
    e->function = s.function;
    e->entry = s.entry;
    e->start = s.start;
    e->base = s.base;
    e->p = s.p;
    e->is_light = s.is_light;
    LLVMPositionBuilderAtEnd(e->builder, s.block);
}

/* ---- addressing ---- */

/* The address of a buffer's first element, computed once per function. */
static Value buffer_base(Emit *e, BufferId b)
{
    Value *base = &e->base[b.i - 1];
    if (*base) return *base;
    const Buffer *buffer = buffer_of(e->k, b);
    if (buffer->role == RQ_ROLE_constant) {
        Value *table = &e->constant_tables[b.i - 1];
        if (!*table)
            *table = buffer->is_complex ? table_complex(e, buffer->constant_re, buffer->constant_im, buffer->elements)
                                        : table_real(e, buffer->constant_re, buffer->elements);
        return *base = *table;
    }
    LLVMBasicBlockRef here = LLVMGetInsertBlock(e->builder);
    LLVMPositionBuilderAtEnd(e->builder, e->entry);
    Value at = l_gep(e, e->ptr, LLVMGetParam(e->function, 0), l_int(e, b.i - 1));
    *base = l_load(e, e->ptr, at, 8);
    LLVMPositionBuilderAtEnd(e->builder, here);
    return *base;
}

View view_at(Emit *e, BufferId b)
{
    const Buffer *buffer = buffer_of(e->k, b);
    return (View){buffer_base(e, b), buffer->batched, buffer->is_complex ? 2 : 1};
}

/* Reals from one element of the place to the next. */
static int64_t view_stride(const Emit *e, View view)
{
    return view.parts * (view.batched ? e->k->lanes : 1);
}

View view_of(Emit *e, const Operand *o)
{
    View view = view_at(e, o->buffer);
    if (o->p_mod <= 1) return view;
    Value p = o->p_div == 1 ? e->p : l_udiv(e, e->p, l_int(e, o->p_div));
    if (o->p_div * o->p_mod < e->outer) p = l_urem(e, p, l_int(e, o->p_mod));
    view.base = l_gep(e, e->real, view.base, l_mul(e, p, l_int(e, o->inner * view_stride(e, view))));
    return view;
}

Value view_address(Emit *e, View view, Value element, int part)
{
    Value index = l_mul(e, element, l_int(e, view_stride(e, view)));
    if (part) index = l_add(e, index, l_int(e, part * (view.batched ? e->k->lanes : 1)));
    return l_gep(e, e->real, view.base, index);
}

Value view_load(Emit *e, View view, Value element, int part)
{
    return l_load(e, l_type(e, view.batched), view_address(e, view, element, part),
                  (unsigned)e->k->real_bytes);
}

void view_store(Emit *e, View view, Value element, int part, Value v)
{
    if (view.batched) v = l_splat(e, v);
    l_store(e, v, view_address(e, view, element, part), (unsigned)e->k->real_bytes);
}

Pair view_pair(Emit *e, View view, Value element)
{
    return (Pair){view_load(e, view, element, 0),
                  view.parts == 2 ? view_load(e, view, element, 1) : NULL};
}

void view_result(Emit *e, const Step *s, View view, Value element, Pair v)
{
    for (int part = 0; part < view.parts; part++) {
        Value x = part ? v.im : v.re;
        if (s->over_outer || s->adds) {
            if (!x) continue;
            x = l_fadd(e, view_load(e, view, element, part), x);
        }
        view_store(e, view, element, part, x ? x : l_zero(e, view.batched));
    }
}

/* ---- kernels ---- */

static int64_t step_cost(const Emit *e, const Step *s)
{
    if (is_packed(e, s)) return PACKED_COST;
    switch (s->kind) {
    case STEP_none: break;
    case STEP_map: return cost_of_map(s);
    case STEP_sparse: return cost_of_sparse(e, s);
    case STEP_apply:
    case STEP_overlap: return 4;
    case STEP_matmul: return cost_of_matmul(e, s);
    case STEP_sum:
    case STEP_lane_sum:
    case STEP_copy: return 16;
    }
    unreachable();
}

static void emit_step(Emit *e, const Step *s)
{
    if (is_packed(e, s)) {
        emit_packed(e, s);
        return;
    }
    switch (s->kind) {
    case STEP_none: break;
    case STEP_map: emit_map(e, s); return;
    case STEP_sparse: emit_sparse(e, s); return;
    case STEP_sum: emit_sum(e, s); return;
    case STEP_apply:
    case STEP_overlap: emit_gate(e, s); return;
    case STEP_matmul: emit_matmul(e, s); return;
    case STEP_lane_sum: emit_lane_sum(e, s); return;
    case STEP_copy: emit_copy(e, s); return;
    }
    unreachable();
}

static void zero_bytes(Emit *e, Value base, Value bytes)
{
    LLVMBuildMemSet(e->builder, base, LLVMConstInt(e->i8, 0, 0), bytes, (unsigned)e->k->real_bytes);
}

/* Sets to zero what the kernel adds up over patches. Many buffers are a loop over a table. */
static void zero_sums(Emit *e, const Kernel *kernel)
{
    int64_t *number = arena_array(e->arena, int64_t, kernel->steps.len);
    int64_t *bytes = arena_array(e->arena, int64_t, kernel->steps.len), n = 0;
    for (uint32_t i = 0; i < kernel->steps.len; i++) {
        const Step *s = &kernel->steps.at[i];
        if (!s->over_outer) continue;
        const Buffer *b = operand_buffer(e, &s->out.at[0]);
        number[n] = s->out.at[0].buffer.i - 1;
        bytes[n++] = b->elements * (b->is_complex ? 2 : 1) * (b->batched ? e->k->lanes : 1) * e->k->real_bytes;
    }
    if (n <= ZEROED_IN_LINE) {
        for (int64_t i = 0; i < n; i++)
            zero_bytes(e, buffer_base(e, (BufferId){(uint32_t)number[i] + 1}), l_int(e, bytes[i]));
        return;
    }
    Value numbers = table_i64(e, number, n), sizes = table_i64(e, bytes, n);
    Loop loop = loop_begin(e, l_int(e, n), NULL, 0);
    Value index = l_load(e, e->i64, l_gep(e, e->i64, numbers, loop.i), 8);
    Value base = l_load(e, e->ptr, l_gep(e, e->ptr, LLVMGetParam(e->function, 0), index), 8);
    zero_bytes(e, base, l_load(e, e->i64, l_gep(e, e->i64, sizes, loop.i), 8));
    loop_end(e, &loop, NULL);
}

/* How many steps from `first` on fit in one function. */
static uint32_t part_length(const Emit *e, const Kernel *kernel, uint32_t first)
{
    int64_t cost = 0;
    uint32_t i = first;
    while (i < kernel->steps.len) {
        uint32_t run = step_run_length(e, kernel, i);
        cost += run ? RUN_COST : step_cost(e, &kernel->steps.at[i]);
        if (cost > PART_COST && i > first) break;
        i += run ? run : 1;
    }
    return i - first;
}

static void emit_steps(Emit *e, const Kernel *kernel, uint32_t first, uint32_t n)
{
    for (uint32_t i = first; i < first + n;) {
        uint32_t run = step_run_length(e, kernel, i);
        if (run) emit_step_run(e, kernel, i);
        else emit_step(e, &kernel->steps.at[i]);
        i += run ? run : 1;
    }
}

/* Calls a new function (ptr bufs, i64 p) that holds steps [first, first + n). */
static void emit_part(Emit *e, const Kernel *kernel, uint32_t first, uint32_t n)
{
    Saved caller = function_leave(e);
    LLVMTypeRef type = LLVMFunctionType(e->nothing, (LLVMTypeRef[]){e->ptr, e->i64}, 2, 0);
    Value part = function_open(e, arena_printf(e->arena, "%s_part", e->k->name), type, false);
    e->p = LLVMGetParam(part, 1);
    emit_steps(e, kernel, first, n);
    function_close(e);
    function_return_to(e, caller);
    l_call(e, part, (Value[]){LLVMGetParam(e->function, 0), e->p}, 2);
}

static void emit_loop(Emit *e, const Kernel *kernel)
{
    e->outer = kernel->outer;
    zero_sums(e, kernel);
    if (kernel->steps.len == 1 && matmul_sums_loop(e, &kernel->steps.at[0])) {
        emit_matmul_loop(e, &kernel->steps.at[0]);
        e->p = l_int(e, 0);
        return;
    }
    Loop loop = {0};
    if (kernel->outer > 1) {
        loop = loop_begin(e, l_int(e, kernel->outer), NULL, 0);
        e->p = loop.i;
    }
    uint32_t first = part_length(e, kernel, 0);
    if (first == kernel->steps.len) emit_steps(e, kernel, 0, first);
    for (uint32_t i = 0, n; first < kernel->steps.len && i < kernel->steps.len; i += n) {
        n = part_length(e, kernel, i);
        emit_part(e, kernel, i, n);
    }
    if (kernel->outer > 1) loop_end(e, &loop, NULL);
    e->p = l_int(e, 0);
}

static void emit_gemm(Emit *e, const Kernel *kernel)
{
    Value args[] = {
        l_int(e, kernel->gemm.m),        l_int(e, kernel->gemm.n),
        l_int(e, kernel->gemm.k),        buffer_base(e, kernel->gemm.a),
        l_int(e, kernel->gemm.lda),      l_int(e, kernel->gemm.ta),
        buffer_base(e, kernel->gemm.b),  l_int(e, kernel->gemm.ldb),
        l_int(e, kernel->gemm.tb),       buffer_base(e, kernel->gemm.c),
        l_int(e, kernel->gemm.ldc),      l_int(e, kernel->gemm.accumulate),
    };
    call_abi(e, e->k->real_bytes == 4 ? "rq_gemm_f32" : "rq_gemm_f64", args, COUNT(args));
}

/* Operations that one execution of a step takes, about. */
static int64_t step_work(const Step *s)
{
    switch (s->kind) {
    case STEP_none: break;
    case STEP_map: return s->count * s->map.ops.len;
    case STEP_sparse: return s->count + s->sparse.map->start[s->sparse.map->rows];
    case STEP_sum: return s->sum.pre * s->sum.mid * s->sum.post;
    case STEP_matmul: return s->matmul.m * s->matmul.n * s->matmul.k;
    case STEP_apply:
    case STEP_overlap:
    case STEP_lane_sum:
    case STEP_copy: return s->count;
    }
    unreachable();
}

/* Shared work of a few thousand operations a step of training is done in less time than LLVM needs to make it fast. */
static bool is_light(const Phase *phase, const Kernel *kernel)
{
    if (phase->per_chunk || kernel->kind == KERNEL_gemm) return false;
    int64_t work = 0;
    for (uint32_t i = 0; i < kernel->steps.len; i++) work += step_work(&kernel->steps.at[i]) * kernel->outer;
    return work <= LIGHT_WORK;
}

static void emit_phase(Emit *e, uint32_t number)
{
    const Phase *phase = &e->k->phases.at[number];
    LLVMTypeRef type = LLVMFunctionType(e->nothing, &e->ptr, 1, 0);
    Value *kernels = arena_array(e->arena, Value, phase->kernels.len);
    for (uint32_t i = 0; i < phase->kernels.len; i++) {
        const Kernel *kernel = &phase->kernels.at[i];
        char *name = arena_printf(e->arena, "%s_phase%u_kernel%u", e->k->name, number, i);
        e->is_light = is_light(phase, kernel);
        kernels[i] = function_open(e, name, type, false);
        if (kernel->kind == KERNEL_gemm) emit_gemm(e, kernel);
        else emit_loop(e, kernel);
        function_close(e);
    }
    e->is_light = false;
    char *name = arena_printf(e->arena, "%s_phase%u", e->k->name, number);
    Value f = function_open(e, name, type, true);
    Value bufs = LLVMGetParam(f, 0);
    for (uint32_t i = 0; i < phase->kernels.len; i++) l_call(e, kernels[i], &bufs, 1);
    function_close(e);
}

/* ---- the module ---- */

static void open_types(Emit *e)
{
    LLVMContextRef c = e->context;
    bool wide = e->k->real_bytes == 8;
    e->i1 = LLVMInt1TypeInContext(c);
    e->i8 = LLVMInt8TypeInContext(c);
    e->i32 = LLVMInt32TypeInContext(c);
    e->i64 = LLVMInt64TypeInContext(c);
    e->real = wide ? LLVMDoubleTypeInContext(c) : LLVMFloatTypeInContext(c);
    e->bits = wide ? e->i64 : e->i32;
    e->vector = LLVMVectorType(e->real, (unsigned)e->k->lanes);
    e->ptr = LLVMPointerTypeInContext(c, 0);
    e->nothing = LLVMVoidTypeInContext(c);
}

void module_emit(Module *m)
{
    const Kernels *k = m->k;
    if (k->lanes < 1 || (k->lanes & (k->lanes - 1))) llvm_ice("the number of lanes is no power of two", k->name);
    m->target = target_open(m->arena, m->cpu);
    m->context = LLVMContextCreate();
    m->module = LLVMModuleCreateWithNameInContext(k->name, m->context);
    target_prepare(m->target, m->module);

    Emit e = {.c = m->c, .k = k, .arena = m->arena, .context = m->context, .module = m->module};
    e.has_fma = m->target->has_fma;
    e.builder = LLVMCreateBuilderInContext(e.context);
    e.constant_tables = arena_array(m->arena, Value, k->buffers.len);
    open_types(&e);
    for (uint32_t i = 0; i < k->phases.len; i++) emit_phase(&e, i);
    LLVMDisposeBuilder(e.builder);
}
