/* print.c: Kernels -> text. For each phase its kernels, for each kernel its steps, for each step operands and, for a map, the program.
 *
 *     phase 1 chunk
 *       loop 196
 *         sparse b9 = [x4] b2                                        4 of 784
 *         map 4: b10 = ..                                            31 ops
 *       gemm b12[10,16] = b1[10,784] b11[784,16]
 *     buffers
 *       b9 thread real[4] lanes, 512 bytes at 0                      %17
 *     blocks: thread 4096, kept 0, shared 640 bytes
 */
#include "kernel/kernel.h"

#include <inttypes.h>

const char *scalar_name(Scalar op)
{
    static const char *const names[SCALAR_COUNT] = {
        "none", "load", "const",
#define SCALAR(name, arity) #name,
#include "kernel/scalars.def"
#undef SCALAR
    };
    return names[op];
}

static int scalar_arity(Scalar op)
{
    static const int arity[SCALAR_COUNT] = {
        0, 0, 0,
#define SCALAR(name, arity) arity,
#include "kernel/scalars.def"
#undef SCALAR
    };
    return arity[op];
}

static const char *const role_names[] = {"none", "param", "input", "output", "thread", "kept", "shared", "partial", "total", "constant"};
_Static_assert(COUNT(role_names) == RQ_ROLE_constant + 1, "a name for each role");

static const char *const step_names[] = {"none", "map", "sparse", "sum", "apply", "overlap", "matmul", "lane_sum", "copy"};
_Static_assert(COUNT(step_names) == STEP_copy + 1, "a name for each step");

/* b7 whole, b7[p*4] by iterations, b7[p/3%5*4], b7[e/2%8] */
static void print_operand(FILE *out, const Operand *o)
{
    if (!o->buffer.i) {
        fputs("known", out);
        return;
    }
    fprintf(out, "b%" PRIu32, o->buffer.i);
    bool moves = o->p_mod > 1, spreads = o->div != 1 || o->mod != o->inner;
    if (!moves && !spreads) return;
    fputc('[', out);
    if (moves) {
        fputs("p", out);
        if (o->p_div > 1) fprintf(out, "/%" PRId64, o->p_div);
        fprintf(out, "%%%" PRId64 "*%" PRId64, o->p_mod, o->inner);
    }
    if (spreads) {
        fputs(moves ? " + e" : "e", out);
        if (o->div > 1) fprintf(out, "/%" PRId64, o->div);
        fprintf(out, "%%%" PRId64, o->mod);
    }
    fputc(']', out);
}

static void print_wires(FILE *out, const Wires *w)
{
    fprintf(out, " on %d qubits, targets", w->qubits);
    for (int i = 0; i < w->target_count; i++) fprintf(out, " %d", w->target[i]);
    for (int i = 0; i < w->control_count; i++)
        fprintf(out, "%s %s%d", i ? "" : ", controls", w->control_values >> i & 1 ? "" : "!", w->control[i]);
    if (w->dagger) fputs(", dagger", out);
    if (w->zero_outside) fputs(", zero outside", out);
}

static void print_extents(FILE *out, const Step *s)
{
    switch (s->kind) {
    case STEP_sparse:
        fprintf(out, "  %s%" PRId64 " x %" PRId64 ", %" PRId64 " entries", s->sparse.map->inner ? "" : "absolute ",
                s->sparse.map->rows, s->sparse.map->cols, s->sparse.map->start[s->sparse.map->rows]);
        break;
    case STEP_sum: fprintf(out, "  [%" PRId64 ", (%" PRId64 "), %" PRId64 "]", s->sum.pre, s->sum.mid, s->sum.post); break;
    case STEP_apply:
    case STEP_overlap: print_wires(out, s->gate.wires); break;
    case STEP_matmul:
        fprintf(out, "  [%" PRId64 ",%" PRId64 "]%s [%" PRId64 ",%" PRId64 "]%s", s->matmul.m, s->matmul.k, s->matmul.ta ? "T" : "",
                s->matmul.k, s->matmul.n, s->matmul.tb ? "T" : "");
        break;
    case STEP_none:
    case STEP_map:
    case STEP_lane_sum:
    case STEP_copy: break;
    }
    if (s->over_outer) fputs(", added up", out);
}

static void print_program(FILE *out, const Step *s)
{
    for (uint32_t i = 0; i < s->map.ops.len; i++) {
        const ScalarOp *op = &s->map.ops.at[i];
        fprintf(out, "        v%" PRIu32 " = ", i);
        if (op->op == SCALAR_load) {
            print_operand(out, &s->in.at[op->a]);
            if (op->b) fputs(" im", out);
        } else if (op->op == SCALAR_const) {
            fprintf(out, "%.17g", op->constant);
        } else {
            const uint32_t arg[] = {op->a, op->b, op->c};
            fputs(scalar_name(op->op), out);
            for (int a = 0; a < scalar_arity(op->op); a++) fprintf(out, " v%" PRIu32, arg[a]);
        }
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < s->map.stores.len; i++) {
        fputs("        ", out);
        print_operand(out, &s->out.at[s->map.stores.at[i].operand]);
        fprintf(out, "%s = v%" PRIu32 "\n", s->map.stores.at[i].part ? " im" : "", s->map.stores.at[i].value);
    }
}

static void print_step(FILE *out, const Step *s)
{
    fprintf(out, "      %s %" PRId64 " ", step_names[s->kind], s->count);
    if (s->kind == STEP_map) {
        fprintf(out, " %%%" PRIu32 "\n", s->node.i);
        print_program(out, s);
        return;
    }
    for (uint32_t i = 0; i < s->out.len; i++) print_operand(out, &s->out.at[i]);
    fputs(s->adds ? " +=" : " =", out);
    for (uint32_t i = 0; i < s->in.len; i++) {
        fputc(' ', out);
        print_operand(out, &s->in.at[i]);
    }
    print_extents(out, s);
    fprintf(out, "  %%%" PRIu32 "\n", s->node.i);
}

static void print_kernel(FILE *out, const Kernel *k)
{
    if (k->kind == KERNEL_gemm) {
        fprintf(out, "    gemm b%" PRIu32 "[%" PRId64 ",%" PRId64 "] %s b%" PRIu32 "%s b%" PRIu32 "%s  k %" PRId64 "\n", k->gemm.c.i,
                k->gemm.m, k->gemm.n, k->gemm.accumulate ? "+=" : "=", k->gemm.a.i, k->gemm.ta ? "T" : "", k->gemm.b.i,
                k->gemm.tb ? "T" : "", k->gemm.k);
        return;
    }
    fprintf(out, "    loop %" PRId64 "\n", k->outer);
    for (uint32_t i = 0; i < k->steps.len; i++) print_step(out, &k->steps.at[i]);
}

static const char *leaf_name(const Kernels *k, const Buffer *b)
{
    if (b->role == RQ_ROLE_param) return k->params.at[b->leaf];
    if (b->role == RQ_ROLE_input) return k->inputs.at[b->leaf];
    return b->role == RQ_ROLE_output ? k->outputs.at[b->leaf] : "";
}

void kernels_print(FILE *out, const Kernels *k)
{
    fprintf(out, "kernels %s: %d lanes of f%d\n", k->name, k->lanes, 8 * k->real_bytes);
    for (uint32_t i = 0; i < k->phases.len; i++) {
        const Phase *phase = &k->phases.at[i];
        fprintf(out, "  phase %" PRIu32 " %s\n", i, phase->per_chunk ? "chunk" : "shared");
        for (uint32_t j = 0; j < phase->kernels.len; j++) print_kernel(out, &phase->kernels.at[j]);
    }
    fputs("  buffers\n", out);
    for (uint32_t i = 0; i < k->buffers.len; i++) {
        const Buffer *b = &k->buffers.at[i];
        fprintf(out, "    b%" PRIu32 " %s %s%s[%" PRId64 "]%s", i + 1, role_names[b->role], leaf_name(k, b),
                b->is_complex ? " complex" : " real", b->elements, b->batched ? " S" : "");
        if (b->role == RQ_ROLE_thread || b->role == RQ_ROLE_kept || b->role == RQ_ROLE_shared)
            fprintf(out, " at %" PRId64 ", %" PRId64 " bytes", b->offset, b->bytes);
        if (b->role == RQ_ROLE_partial || b->role == RQ_ROLE_total) fprintf(out, " of batch sum %" PRIu32, b->leaf);
        if (node_is(b->node)) fprintf(out, "  %%%" PRIu32, b->node.i);
        fputc('\n', out);
    }
    fprintf(out, "  bytes: %" PRId64 " thread, %" PRId64 " kept, %" PRId64 " shared\n", k->thread_bytes, k->kept_bytes, k->shared_bytes);
}
