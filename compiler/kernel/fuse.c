/* fuse.c: element-wise nodes -> the scalar program of one map step.
 *
 * Values pass from node to node in registers; a node is stored only if something outside the step reads it. What the step reads is an
 * operand once, however many nodes use it: broadcasts are in its address, equal constants are no memory at all. A complex value is two
 * scalars; the imaginary part of a real one is none.
 */
#include "kernel/expand.h"
#include "kernel/place.h"

enum { NONE = UINT32_MAX };

/* A value in registers. */
typedef struct Value {
    uint32_t re, im; /* NONE: zero, not a scalar */
} Value;

typedef struct Fuse {
    const Placement *s;
    Program p;
    Value *value; /* of the nodes of the step, by order in it */
    const NodeId *nodes;
    uint32_t count;
    VEC(Value) loaded; /* by operand */
} Fuse;

uint32_t map_cost(const Placement *s, NodeId n)
{
    const Node *node = node_of(s->g, n);
    if (node->op == OP_sin || node->op == OP_cos || node->op == OP_exp || node->op == OP_log || node->op == OP_tanh)
        return EXPAND_MAX_OPS;
    return node->type.is_complex ? 6 : 3;
}

/* Nodes of a step are in the order of their numbers. */
static uint32_t order_in_step(const Fuse *f, NodeId n)
{
    uint32_t low = 0, high = f->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (f->nodes[middle].i < n.i) low = middle + 1;
        else high = middle;
    }
    return low < f->count && f->nodes[low].i == n.i ? low : NONE;
}

static bool same_operand(const Operand *a, const Operand *b)
{
    return a->buffer.i == b->buffer.i && a->p_div == b->p_div && a->p_mod == b->p_mod && a->inner == b->inner &&
           a->div == b->div && a->mod == b->mod;
}

/* Loads both parts of a complex operand at once; a part that nobody uses costs nothing in the end. */
static Value load(Fuse *f, Operand o, bool is_complex)
{
    Step *step = f->p.step;
    for (uint32_t i = 0; i < step->in.len; i++) {
        if (same_operand(&step->in.at[i], &o)) return f->loaded.at[i];
    }
    uint32_t number = step->in.len;
    vec_push(f->p.arena, &step->in, o);
    Value v = {program_op(&f->p, SCALAR_load, number, 0, 0), NONE};
    if (is_complex) v.im = program_op(&f->p, SCALAR_load, number, 1, 0);
    vec_push(f->s->arena, &f->loaded, v);
    return v;
}

static Value operand_value(Fuse *f, NodeId n, int i)
{
    const Spot *arg = spot_of(f->s, node_of(f->s->g, n)->arg[i]);
    const Node *root = node_of(f->s->g, arg->root);
    if (arg->splat || spot_of(f->s, arg->root)->splat) {
        Value v = {program_constant(&f->p, root->constant.re[0]), NONE};
        if (root->constant.im) v.im = program_constant(&f->p, root->constant.im[0]);
        return v;
    }
    if (is_computed(spot_of(f->s, arg->root)) && spot_of(f->s, arg->root)->step == spot_of(f->s, n)->step)
        return f->value[order_in_step(f, arg->root)];
    return load(f, operand_of(f->s, n, i), root->type.is_complex);
}

/* ---- scalars of which zeros know that they are zero ---- */

static uint32_t plus(Fuse *f, uint32_t a, uint32_t b)
{
    if (a == NONE) return b;
    return b == NONE ? a : program_op(&f->p, SCALAR_add, a, b, 0);
}

static uint32_t minus(Fuse *f, uint32_t a, uint32_t b)
{
    if (b == NONE) return a;
    return a == NONE ? program_op(&f->p, SCALAR_neg, b, 0, 0) : program_op(&f->p, SCALAR_sub, a, b, 0);
}

static uint32_t times(Fuse *f, uint32_t a, uint32_t b)
{
    return a == NONE || b == NONE ? NONE : program_op(&f->p, SCALAR_mul, a, b, 0);
}

static Value product(Fuse *f, Value a, Value b)
{
    uint32_t rr = times(f, a.re, b.re), ii = times(f, a.im, b.im);
    uint32_t ri = times(f, a.re, b.im), ir = times(f, a.im, b.re);
    uint32_t re = minus(f, rr, ii), im = plus(f, ri, ir);
    return (Value){re, im};
}

static uint32_t scalar_of(Op op)
{
    return op == OP_sqrt ? SCALAR_sqrt : op == OP_abs ? SCALAR_abs : op == OP_max ? SCALAR_max
         : op == OP_min ? SCALAR_min : SCALAR_div;
}

static Value real_value(uint32_t re) { return (Value){re, NONE}; }

/* a >= b ? a : b, ties to the first. */
static Value chosen(Fuse *f, Value a, Value b, Value first, Value second)
{
    uint32_t which = program_op(&f->p, SCALAR_ge, a.re, b.re, 0);
    return real_value(program_op(&f->p, SCALAR_select, which, first.re, second.re));
}

/* The value of an element-wise row (or of what only repeats its operand). */
static Value apply_row(Fuse *f, Op op, Value a, Value b, Value c)
{
    Program *p = &f->p;
    switch (op) {
    case OP_broadcast:
    case OP_to_batch:
    case OP_reshape:
    case OP_detach: return a;
    case OP_neg: {
        uint32_t re = minus(f, NONE, a.re), im = minus(f, NONE, a.im);
        return (Value){re, im};
    }
    case OP_sin: return real_value(expand_sin(p, a.re));
    case OP_cos: return real_value(expand_cos(p, a.re));
    case OP_exp: return real_value(expand_exp(p, a.re));
    case OP_log: return real_value(expand_log(p, a.re));
    case OP_tanh: return real_value(expand_tanh(p, a.re));
    case OP_sqrt:
    case OP_abs: return real_value(program_op(p, scalar_of(op), a.re, 0, 0));
    case OP_step: {
        uint32_t zero = program_constant(p, 0);
        return real_value(program_op(p, SCALAR_ge, a.re, zero, 0));
    }
    case OP_conj: return (Value){a.re, minus(f, NONE, a.im)};
    case OP_re: return real_value(a.re);
    case OP_im: return real_value(a.im);
    case OP_abs2: {
        uint32_t re = times(f, a.re, a.re), im = times(f, a.im, a.im);
        return real_value(plus(f, re, im));
    }
    case OP_add: {
        uint32_t re = plus(f, a.re, b.re), im = plus(f, a.im, b.im);
        return (Value){re, im};
    }
    case OP_sub: {
        uint32_t re = minus(f, a.re, b.re), im = minus(f, a.im, b.im);
        return (Value){re, im};
    }
    case OP_mul: return product(f, a, b);
    case OP_div: return real_value(program_op(p, SCALAR_div, a.re, b.re, 0));
    case OP_max: return chosen(f, a, b, a, b);
    case OP_min: return chosen(f, b, a, a, b);
    case OP_cplx: return (Value){a.re, b.re};
    case OP_select: return real_value(program_op(p, SCALAR_select, a.re, b.re, c.re));
    case OP_none:
    case OP_param:
    case OP_input:
    case OP_constant:
    case OP_sparse:
    case OP_sum:
    case OP_batch_sum:
    case OP_matmul:
    case OP_apply:
    case OP_overlap:
    case OP_COUNT: break;
    }
    unreachable();
}

static void store(Fuse *f, NodeId n, Value v)
{
    Step *step = f->p.step;
    uint32_t number = step->out.len;
    vec_push(f->p.arena, &step->out, result_of(f->s, n));
    if (v.re == NONE) v.re = program_constant(&f->p, 0);
    vec_push(f->p.arena, &step->map.stores, (ScalarStore){v.re, number, 0});
    if (!type_of(f->s->g, n)->is_complex) return;
    if (v.im == NONE) v.im = program_constant(&f->p, 0);
    vec_push(f->p.arena, &step->map.stores, (ScalarStore){v.im, number, 1});
}

void fuse_map(const Placement *s, Kernels *k, Step *step, const NodeId *nodes, uint32_t count)
{
    ArenaMark mark = arena_mark(s->arena);
    Fuse f = {.s = s, .nodes = nodes, .count = count};
    f.p = (Program){.arena = k->arena, .step = step, .real_bytes = k->real_bytes};
    f.value = arena_array(s->arena, Value, count);
    for (uint32_t j = 0; j < count; j++) {
        const Node *node = node_of(s->g, nodes[j]);
        Value v[3] = {{NONE, NONE}, {NONE, NONE}, {NONE, NONE}};
        for (int i = 0; i < node->arity; i++) v[i] = operand_value(&f, nodes[j], i);
        Value y = apply_row(&f, node->op, v[0], v[1], v[2]);
        if (y.re == NONE) y.re = program_constant(&f.p, 0);
        f.value[j] = y;
        if (spot_of(s, nodes[j])->stored) store(&f, nodes[j], y);
        step->node = nodes[j];
        step->span = node->span;
    }
    arena_reset(s->arena, mark);
}
