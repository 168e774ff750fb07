/* emit_sum.c: sums over inner axes, sums over lanes. */
#include "backend/llvm.h"

/* The carried values of an accumulator: `parts` reals or vectors, zero at first. */
static Loop sum_begin(Emit *e, int64_t count, const Value *acc, int parts)
{
    return loop_begin(e, l_int(e, count), acc, (uint32_t)parts);
}

/* out[d] = sum over a, b of in[a, d, b] */
void emit_sum(Emit *e, const Step *s)
{
    View in = view_of(e, &s->in.at[0]), out = view_of(e, &s->out.at[0]);
    Value zero = l_zero(e, in.batched);
    Loop d = loop_begin(e, l_int(e, s->sum.mid), NULL, 0);
    Loop a = sum_begin(e, s->sum.pre, (Value[]){zero, zero}, out.parts);
    Loop b = sum_begin(e, s->sum.post, a.carry, out.parts);
    Value row = l_add(e, l_mul(e, a.i, l_int(e, s->sum.mid)), d.i);
    Pair x = view_pair(e, in, l_add(e, l_mul(e, row, l_int(e, s->sum.post)), b.i));
    loop_end(e, &b, (Value[]){l_fadd(e, b.carry[0], x.re), x.im ? l_fadd(e, b.carry[1], x.im) : NULL});
    loop_end(e, &a, b.carry);
    view_result(e, s, out, d.i, (Pair){a.carry[0], out.parts == 2 ? a.carry[1] : NULL});
    loop_end(e, &d, NULL);
}

/* By halves: lane i and lane i + width / 2 first. Of vectors of any width that is a power of two. */
Value l_add_lanes(Emit *e, Value v)
{
    for (int half = (int)LLVMGetVectorSize(LLVMTypeOf(v)) / 2; half >= 1; half /= 2) {
        Value *low = arena_array(e->arena, Value, half), *high = arena_array(e->arena, Value, half);
        for (int i = 0; i < half; i++) {
            low[i] = l_int32(e, i);
            high[i] = l_int32(e, half + i);
        }
        Value none = LLVMGetPoison(LLVMTypeOf(v));
        Value a = LLVMBuildShuffleVector(e->builder, v, none, LLVMConstVector(low, (unsigned)half), "");
        Value b = LLVMBuildShuffleVector(e->builder, v, none, LLVMConstVector(high, (unsigned)half), "");
        v = LLVMBuildFAdd(e->builder, a, b, "");
    }
    return LLVMBuildExtractElement(e->builder, v, l_int32(e, 0), "");
}

void emit_lane_sum(Emit *e, const Step *s)
{
    View in = view_of(e, &s->in.at[0]), out = view_of(e, &s->out.at[0]);
    Loop loop = loop_begin(e, l_int(e, s->count), NULL, 0);
    Pair x = view_pair(e, in, loop.i);
    Pair sum = {l_add_lanes(e, l_splat(e, x.re)), x.im ? l_add_lanes(e, l_splat(e, x.im)) : NULL};
    view_result(e, s, out, loop.i, sum);
    loop_end(e, &loop, NULL);
}
