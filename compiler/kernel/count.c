/* count.c: how many real additions and multiplications kernels do, for measured shares of the
 * machine's peak. */
#include "kernel/kernel.h"

/* A fused multiply-add is two; so is a comparison with its choice. */
static int64_t scalar_flops(Scalar op)
{
    switch (op) {
    case SCALAR_none:
    case SCALAR_load:
    case SCALAR_const:
    case SCALAR_COUNT: return 0;
    case SCALAR_fma: return 2;
    case SCALAR_add:
    case SCALAR_sub:
    case SCALAR_mul:
    case SCALAR_div:
    case SCALAR_neg:
    case SCALAR_abs:
    case SCALAR_sqrt:
    case SCALAR_min:
    case SCALAR_max:
    case SCALAR_round:
    case SCALAR_floor:
    case SCALAR_ge:
    case SCALAR_gt:
    case SCALAR_eq:
    case SCALAR_select:
    case SCALAR_pow2:
    case SCALAR_exponent:
    case SCALAR_mantissa: return 1;
    }
    unreachable();
}

/* A complex product is four multiplications and as many additions. */
static int64_t part_factor(const Kernels *k, const Operand *o)
{
    return buffer_of(k, o->buffer)->is_complex ? 4 : 1;
}

static int64_t gate_flops(const Step *s)
{
    const Wires *w = s->gate.wires;
    int64_t dim = INT64_C(1) << w->target_count, touched = INT64_C(1)
                                                           << (w->qubits - w->control_count);
    int64_t entries = 0;
    for (int64_t i = 0; i < dim * dim; i++) {
        uint8_t parts = w->pattern ? w->pattern[i] : PART_re | PART_im;
        entries += (parts & PART_re ? 2 : 0) + (parts & PART_im ? 2 : 0);
    }
    return 2 * touched / dim * entries;
}

static int64_t step_flops(const Kernels *k, const Step *s)
{
    int64_t flops = 0;
    switch (s->kind) {
    case STEP_none:
    case STEP_copy: return 0;
    case STEP_map:
        for (uint32_t i = 0; i < s->map.ops.len; i++) flops += scalar_flops(s->map.ops.at[i].op);
        return flops * s->count;
    case STEP_sparse:
        for (int64_t row = 0; row < s->sparse.map->rows; row++)
            for (int64_t i = s->sparse.map->start[row]; i < s->sparse.map->start[row + 1]; i++)
                flops += (s->sparse.map->re[i] != 1) + (i > s->sparse.map->start[row]);
        return (s->sparse.map->inner ? flops : flops * s->count / s->sparse.map->rows) *
               part_factor(k, &s->out.at[0]);
    case STEP_sum: return s->sum.pre * s->sum.mid * s->sum.post;
    case STEP_apply:
    case STEP_overlap: return gate_flops(s);
    case STEP_matmul:
        return 2 * s->matmul.m * s->matmul.n * s->matmul.k * part_factor(k, &s->out.at[0]);
    case STEP_lane_sum: return s->count;
    }
    unreachable();
}

int64_t kernels_flops(const Kernels *k)
{
    int64_t total = 0;
    for (uint32_t i = 1; i < k->phases.len; i += 2)
        for (uint32_t j = 0; j < k->phases.at[i].kernels.len; j++) {
            const Kernel *kernel = &k->phases.at[i].kernels.at[j];
            int64_t flops = 0;
            for (uint32_t n = 0; n < kernel->steps.len; n++)
                flops += step_flops(k, &kernel->steps.at[n]);
            if (kernel->kind == KERNEL_gemm)
                total += 2 * kernel->gemm.m * kernel->gemm.n * kernel->gemm.k / k->lanes;
            else
                total += flops * kernel->outer;
        }
    return total;
}
