/* gate_run.c: many state steps in a row as one loop over a table, so that a circuit of any depth is little code.
 *
 *     for g in 0..n: entry[g].function(a, b, c, entry[g].gate, entry[g].pattern)
 *     a, b, c = bufs[entry[g].index[i]] + p * entry[g].stride[i]      constant matrices: the entry's own pointer
 */
#include "backend/gate.h"

enum {
    RUN_MIN = 12,
    FIELD_function = 0, FIELD_gate, FIELD_pattern, FIELD_constant, FIELD_index, FIELD_stride = FIELD_index + 3,
    FIELD_COUNT = FIELD_stride + 3,
};

static bool advances_plainly(const Emit *e, const Operand *o)
{
    return !o->buffer.i || o->p_mod <= 1 || (o->p_div == 1 && o->p_mod >= e->outer);
}

/* The table holds numbers of buffer pointers, which constants do not have: |0..0> under a circuit's first gate. */
static bool has_pointer(const Emit *e, const Operand *o)
{
    return !o->buffer.i || operand_buffer(e, o)->role != RQ_ROLE_constant;
}

static bool may_run(const Emit *e, const Step *s)
{
    if (s->kind != STEP_apply && s->kind != STEP_overlap) return false;
    if (s->kind == STEP_apply && s->gate.wires->zero_outside && s->gate.wires->control_count) return false;
    if (!has_pointer(e, &s->in.at[0]) || !has_pointer(e, &s->in.at[1])) return false;
    return advances_plainly(e, &s->in.at[0]) && advances_plainly(e, &s->in.at[1]) &&
           advances_plainly(e, &s->out.at[0]);
}

uint32_t gate_run_length(const Emit *e, const Kernel *kernel, uint32_t first)
{
    uint32_t n = 0;
    while (first + n < kernel->steps.len && may_run(e, &kernel->steps.at[first + n])) n++;
    return n >= RUN_MIN ? n : 0;
}

/* Bytes by which an operand advances with p. */
static int64_t stride_of(const Emit *e, const Operand *o)
{
    const Buffer *b = operand_buffer(e, o);
    if (o->p_mod <= 1) return 0;
    return o->inner * (b->is_complex ? 2 : 1) * (b->batched ? e->k->lanes : 1) * e->k->real_bytes;
}

static Value entry_constant(Emit *e, LLVMTypeRef type, const Step *s)
{
    GateCall call = gate_call(e, s);
    Value fields[FIELD_COUNT];
    fields[FIELD_function] = call.function;
    fields[FIELD_gate] = call.gate;
    fields[FIELD_pattern] = call.pattern;
    fields[FIELD_constant] = call.constant ? call.constant : LLVMConstNull(e->ptr);
    for (int i = 0; i < 3; i++) {
        const Operand *o = call.operand[i];
        fields[FIELD_index + i] = l_int(e, o ? (int64_t)o->buffer.i - 1 : -1);
        fields[FIELD_stride + i] = l_int(e, o ? stride_of(e, o) : 0);
    }
    return LLVMConstNamedStruct(type, fields, FIELD_COUNT);
}

static LLVMTypeRef entry_type(Emit *e)
{
    LLVMTypeRef fields[FIELD_COUNT];
    for (int i = 0; i < FIELD_COUNT; i++) fields[i] = i < FIELD_index ? e->ptr : e->i64;
    return LLVMStructTypeInContext(e->context, fields, FIELD_COUNT, 0);
}

static Value table_of(Emit *e, LLVMTypeRef type, const Kernel *kernel, uint32_t first, uint32_t n)
{
    Value *entries = arena_array(e->arena, Value, n);
    for (uint32_t i = 0; i < n; i++) entries[i] = entry_constant(e, type, &kernel->steps.at[first + i]);
    Value array = LLVMConstArray2(type, entries, n);
    Value table = LLVMAddGlobal(e->module, LLVMTypeOf(array), arena_printf(e->arena, "%s_gates%u", e->k->name, first));
    LLVMSetInitializer(table, array);
    LLVMSetGlobalConstant(table, 1);
    LLVMSetLinkage(table, LLVMInternalLinkage);
    return table;
}

static Value field_address(Emit *e, LLVMTypeRef type, Value entry, int field)
{
    return LLVMBuildStructGEP2(e->builder, type, entry, (unsigned)field, "");
}

static Value field(Emit *e, LLVMTypeRef type, Value entry, int number)
{
    return l_load(e, number < FIELD_index ? e->ptr : e->i64, field_address(e, type, entry, number), 8);
}

/* An index of -1 stands for the entry's constant. */
static Value operand_address(Emit *e, LLVMTypeRef type, Value entry, int i)
{
    Value index = field(e, type, entry, FIELD_index + i);
    Value slot = l_gep(e, e->ptr, LLVMGetParam(e->function, 0), index);
    Value is_constant = LLVMBuildICmp(e->builder, LLVMIntSLT, index, l_int(e, 0), "");
    slot = LLVMBuildSelect(e->builder, is_constant, field_address(e, type, entry, FIELD_constant), slot, "");
    Value advance = l_mul(e, e->p, field(e, type, entry, FIELD_stride + i));
    return l_gep(e, e->i8, l_load(e, e->ptr, slot, 8), advance);
}

void emit_gate_run(Emit *e, const Kernel *kernel, uint32_t first, uint32_t n)
{
    LLVMTypeRef type = entry_type(e);
    Value table = table_of(e, type, kernel, first, n), args[5];
    Loop loop = loop_begin(e, l_int(e, n), NULL, 0);
    Value entry = l_gep(e, type, table, loop.i);
    for (int i = 0; i < 3; i++) args[i] = operand_address(e, type, entry, i);
    args[3] = field(e, type, entry, FIELD_gate);
    args[4] = field(e, type, entry, FIELD_pattern);
    Value function = field(e, type, entry, FIELD_function);
    LLVMBuildCall2(e->builder, gate_function_type(e), function, args, 5, "");
    loop_end(e, &loop, NULL);
}
