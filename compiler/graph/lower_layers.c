/* lower_layers.c: classical stages -> maps, matrix products and element-wise nodes. Images are
 * [channels, height, width]. */
#include "graph/lowering.h"

NodeId stage_operand(const Lower *l, uint32_t i)
{
    return l->out->stage[l->stage->operand[i].i - 1];
}

Type value_type(const ValueType *t)
{
    if (t->kind == VALUE_real) return type_real(t->rank, t->dim);
    int64_t dim = INT64_C(1) << t->dim[0];
    Type shape = type_real(t->kind == VALUE_density ? 2 : 1, (int64_t[]){dim, dim});
    shape.is_complex = true;
    return shape;
}

static NodeId group_at(const Lower *l, uint32_t i) { return group_node(l, l->stage->group[i]); }

/* The stage's shape behind the outer axes of x: there are some in the body of windows. */
static Type stage_shape(const Lower *l, NodeId x)
{
    return type_behind(type_of(l->g, x), l->stage->type.rank, l->stage->type.dim);
}

/* x as [rows, columns] behind its outer axes. */
static NodeId as_matrix(Graph *g, NodeId x, int64_t rows, int64_t columns)
{
    return reshape(g, x, type_behind(type_of(g, x), 2, (int64_t[]){rows, columns}));
}

/* Where element i of `shape` comes from in a value of type t, whose inner axes are the last ones of shape or of length 1. */
static int64_t widened_from(const Type *t, const Type *shape, int64_t i)
{
    int64_t from = 0, step = 1;
    for (int axis = shape->rank - 1, own = t->rank - 1; own >= t->outer; axis--, own--) {
        if (t->dim[own] > 1) from += i % shape->dim[axis] * step;
        step *= t->dim[own];
        i /= shape->dim[axis];
    }
    return from;
}

/* A value repeated along the inner axes that it lacks or has with length 1, as numpy does; its outer axes stay. */
static NodeId widened(Graph *g, NodeId x, int rank, const int64_t *dim)
{
    const Type *t = type_of(g, x);
    Type shape = type_behind(t, rank, dim);
    if (t->rank == 0 && rank > 0) return broadcast(g, x, shape, rank, 0);
    if (type_count(t) == type_count(&shape)) return t->rank == shape.rank ? x : reshape(g, x, shape);
    ArenaMark mark = arena_mark(g->c->scratch);
    MapMaker m = map_begin(g->c->scratch, type_inner(t), t->outer > 0, false);
    for (int64_t i = 0; i < type_inner(&shape); i++) {
        map_put(&m, widened_from(t, &shape, i), 1, 0);
        map_row(&m);
    }
    NodeId y = sparse(g, x, map_end(&m), shape);
    arena_reset(g->c->scratch, mark);
    return y;
}

static NodeId lower_arithmetic(Lower *l)
{
    Graph *g = l->g;
    const ValueType *t = &l->stage->type;
    NodeId a = widened(g, stage_operand(l, 0), t->rank, t->dim);
    NodeId b = widened(g, stage_operand(l, 1), t->rank, t->dim);
    if (l->stage->kind == STAGE_add) return add(g, a, b);
    if (l->stage->kind == STAGE_sub) return sub(g, a, b);
    if (l->stage->kind == STAGE_mul) return mul(g, a, b);
    return div_(g, a, b);
}

/* While training, the value times a mask of 0 and 1/(1-p) that the runtime draws: the input "dropout:P:LAYER:STAGE". */
static NodeId lower_dropout(Lower *l)
{
    Graph *g = l->g;
    NodeId x = stage_operand(l, 0);
    double p = l->stage->value.real;
    if (!l->options.training || p == 0) return x;
    const char *layer = l->stage->layer.i ? name_text(l->c->names, layer_of(l->model, l->stage->layer)->name) : "";
    const char *name = arena_printf(l->c->keep, "dropout:%.17g:%s:%u", p, layer, l->stage_id.i);
    return mul(g, x, graph_input(g, name, stage_shape(l, x)));
}

/* ---- rearrangements: result element -> operand element ---- */

/* concat: operands side by side along an axis, each scattered into the result. */
static NodeId lower_concat(Lower *l)
{
    Type shape = value_type(&l->stage->type);
    int axis = (int)l->stage->axis.axis;
    int64_t before = 1, after = 1, at = 0;
    for (int i = 0; i < axis; i++) before *= shape.dim[i];
    for (int i = axis + 1; i < shape.rank; i++) after *= shape.dim[i];
    NodeId total = {0};
    for (uint32_t k = 0; k < l->stage->operand_count; k++) {
        NodeId x = stage_operand(l, k);
        const Type *t = type_of(l->g, x);
        int64_t length = t->dim[t->outer + axis];
        ArenaMark mark = arena_mark(l->c->scratch);
        MapMaker m = map_begin(l->c->scratch, before * length * after, t->outer > 0, false);
        for (int64_t i = 0; i < before * shape.dim[axis] * after; i++) {
            int64_t row = i / after / shape.dim[axis], along = i / after % shape.dim[axis] - at;
            if (along >= 0 && along < length)
                map_put(&m, (row * length + along) * after + i % after, 1, 0);
            map_row(&m);
        }
        NodeId part = sparse(l->g, x, map_end(&m), stage_shape(l, x));
        arena_reset(l->c->scratch, mark);
        total = node_is(total) ? add(l->g, total, part) : part;
        at += length;
    }
    return total;
}

/* Pixel shuffle by f:  fine[c, y*f + i, x*f + j] = coarse[(c*f + i)*f + j, y, x].  fold: coarse ->
 * fine. */
static NodeId lower_shuffle(Lower *l)
{
    bool fold = l->stage->kind == STAGE_fold;
    NodeId image = stage_operand(l, 0);
    Type shape = stage_shape(l, image), fine = fold ? shape : *type_of(l->g, image);
    int64_t f = l->stage->shuffle.factor, h = fine.dim[fine.outer + 1], w = fine.dim[fine.outer + 2],
            count = type_inner(&fine);
    int64_t *from = arena_alloc(l->g->arena, (size_t)count * sizeof *from);
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i / (h * w), y = i / w % h, x = i % w;
        int64_t coarse = (((c * f + y % f) * f + x % f) * (h / f) + y / f) * (w / f) + x / f;
        if (fold)
            from[i] = coarse;
        else
            from[coarse] = i;
    }
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, count, fine.outer > 0, false);
    for (int64_t i = 0; i < count; i++) {
        map_put(&m, from[i], 1, 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, image, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

/* ---- windows ---- */

typedef struct Window {
    int64_t channels, height, width; /* of the image */
    int64_t out_h, out_w;
    int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
} Window;

static Window window_of(const Lower *l)
{
    const Type *t = type_of(l->g, stage_operand(l, 0));
    const int64_t *image = t->dim + t->outer;
    const ValueType *o = &l->stage->type;
    return (Window){image[0],
                    image[1],
                    image[2],
                    o->dim[1],
                    o->dim[2],
                    l->stage->window.kernel_h,
                    l->stage->window.kernel_w,
                    l->stage->window.stride_h,
                    l->stage->window.stride_w,
                    l->stage->window.pad_h,
                    l->stage->window.pad_w};
}

/* Element (i, j) of the window at output (y, x); -1 in the padding. */
static int64_t window_pixel(const Window *w, int64_t c, int64_t y, int64_t x, int64_t i, int64_t j)
{
    int64_t row = y * w->stride_h + i - w->pad_h, column = x * w->stride_w + j - w->pad_w;
    if (row < 0 || row >= w->height || column < 0 || column >= w->width) return -1;
    return (c * w->height + row) * w->width + column;
}

/* The map from the pixels of the operand's image; it is the same for each outer index. */
static MapMaker window_map(const Lower *l, const Window *w)
{
    return map_begin(l->c->scratch, w->channels * w->height * w->width, type_of(l->g, stage_operand(l, 0))->outer > 0, false);
}

/* The first element of a window that is not padding. */
static int64_t first_pixel(const Window *w, int64_t c, int64_t y, int64_t x)
{
    for (int64_t i = 0; i < w->kernel_h; i++)
        for (int64_t j = 0; j < w->kernel_w; j++) {
            int64_t pixel = window_pixel(w, c, y, x, i, j);
            if (pixel >= 0) return pixel;
        }
    return -1;
}

/* w [out, k] times the columns [k, positions] of all windows. */
static NodeId lower_conv(Lower *l)
{
    Graph *g = l->g;
    Window w = window_of(l);
    int64_t k = w.channels * w.kernel_h * w.kernel_w, positions = w.out_h * w.out_w;
    int64_t out = l->stage->window.out;
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = window_map(l, &w);
    for (int64_t r = 0; r < k; r++) {
        int64_t c = r / (w.kernel_h * w.kernel_w), i = r / w.kernel_w % w.kernel_h,
                j = r % w.kernel_w;
        for (int64_t p = 0; p < positions; p++) {
            int64_t pixel = window_pixel(&w, c, p / w.out_w, p % w.out_w, i, j);
            if (pixel >= 0) map_put(&m, pixel, 1, 0);
            map_row(&m);
        }
    }
    NodeId image = stage_operand(l, 0);
    NodeId columns = sparse(g, image, map_end(&m), type_behind(type_of(g, image), 2, (int64_t[]){k, positions}));
    arena_reset(l->c->scratch, mark);
    NodeId weights = as_matrix(g, group_at(l, 0), out, k);
    NodeId y = matmul(g, weights, columns, false, false);
    if (l->stage->group_count > 1)
        y = add(g, y,
                broadcast(g, group_at(l, 1), type_real(2, (int64_t[]){out, positions}), 0, 1));
    return reshape(g, y, stage_shape(l, y));
}

/* Element (i, j) of every window. In the padding a maximum sees the window's first real element
 * again, a mean sees 0. */
static NodeId window_element(Lower *l, const Window *w, int64_t i, int64_t j)
{
    Type shape = stage_shape(l, stage_operand(l, 0));
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = window_map(l, w);
    for (int64_t o = 0; o < type_inner(&shape); o++) {
        int64_t c = o / (w->out_h * w->out_w), y = o / w->out_w % w->out_h, x = o % w->out_w;
        int64_t pixel = window_pixel(w, c, y, x, i, j);
        if (pixel < 0) pixel = first_pixel(w, c, y, x);
        if (pixel >= 0) map_put(&m, pixel, 1, 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, stage_operand(l, 0), map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

static NodeId lower_maxpool(Lower *l)
{
    Window w = window_of(l);
    NodeId largest = {0};
    for (int64_t k = 0; k < w.kernel_h * w.kernel_w; k++) {
        NodeId x = window_element(l, &w, k / w.kernel_w, k % w.kernel_w);
        largest = node_is(largest) ? max_(l->g, largest, x) : x;
    }
    return largest;
}

static NodeId lower_avgpool(Lower *l)
{
    Window w = window_of(l);
    Type shape = stage_shape(l, stage_operand(l, 0));
    double share = 1.0 / (double)(w.kernel_h * w.kernel_w);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = window_map(l, &w);
    for (int64_t o = 0; o < type_inner(&shape); o++) {
        int64_t c = o / (w.out_h * w.out_w), y = o / w.out_w % w.out_h, x = o % w.out_w;
        for (int64_t k = 0; k < w.kernel_h * w.kernel_w; k++) {
            int64_t pixel = window_pixel(&w, c, y, x, k / w.kernel_w, k % w.kernel_w);
            if (pixel >= 0) map_put(&m, pixel, share, 0);
        }
        map_row(&m);
    }
    NodeId n = sparse(l->g, stage_operand(l, 0), map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

/* ---- the rest ---- */

static NodeId lower_dense(Lower *l)
{
    Graph *g = l->g;
    NodeId x = stage_operand(l, 0);
    NodeId y = matmul(g, group_at(l, 0), as_matrix(g, x, type_inner(type_of(g, x)), 1), false, false);
    y = reshape(g, y, stage_shape(l, y));
    return l->stage->group_count > 1 ? add(g, y, group_at(l, 1)) : y;
}

/* Elements [from, from + count) of the last axis. */
static NodeId slice(Lower *l, NodeId x, int64_t from, int64_t count)
{
    Type shape = *type_of(l->g, x);
    int64_t cols = shape.dim[shape.rank - 1];
    shape.dim[shape.rank - 1] = count;
    int64_t rows = type_count(&shape);
    ArenaMark mark = arena_mark(l->c->scratch);
    MapMaker m = map_begin(l->c->scratch, rows / count * cols, false, false);
    for (int64_t i = 0; i < rows; i++) {
        map_put(&m, i / count * cols + from + i % count, 1, 0);
        map_row(&m);
    }
    NodeId n = sparse(l->g, x, map_end(&m), shape);
    arena_reset(l->c->scratch, mark);
    return n;
}

/* Halves are compared until one is left; for an odd length the middle element is in both. */
NodeId detached_max(Lower *l, NodeId x)
{
    NodeId y = x;
    for (int64_t n; (n = type_of(l->g, y)->dim[type_of(l->g, y)->rank - 1]) > 1;) {
        int64_t half = (n + 1) / 2;
        NodeId low = slice(l, y, 0, half);
        y = max_(l->g, low, slice(l, y, n - half, half));
    }
    Type shape = *type_of(l->g, y);
    shape.rank--;
    return detach(l->g, reshape(l->g, y, shape));
}

static NodeId lower_softmax(Lower *l)
{
    Graph *g = l->g;
    NodeId x = stage_operand(l, 0);
    Type shape = *type_of(g, x);
    NodeId e = exp_(g, sub(g, x, broadcast(g, detached_max(l, x), shape, 0, 1)));
    return div_(g, e, broadcast(g, sum(g, e, 0, 1), shape, 0, 1));
}

/* (1 + tanh(x/2))/2: no exponential that could overflow. */
static NodeId lower_sigmoid(Lower *l)
{
    NodeId t = tanh_(l->g, scaled(l->g, stage_operand(l, 0), 0.5));
    Type shape = value_type(&l->stage->type);
    return scaled(l->g, add(l->g, t, graph_filled(l->g, &shape, 1)), 0.5);
}

/* max(0, x) with the constant first, so that the derivative at 0 is 0. */
static NodeId lower_relu(Lower *l)
{
    NodeId x = stage_operand(l, 0);
    return max_(l->g, zero_like(l->g, x), x);
}

/* Times group w of shape [], or times a number. */
static NodeId lower_scale(Lower *l)
{
    NodeId x = stage_operand(l, 0);
    if (!l->stage->group_count) return scaled(l->g, x, l->stage->value.real);
    const Type *t = type_of(l->g, x);
    NodeId w = reshape(l->g, group_at(l, 0), type_real(0, NULL));
    return mul(l->g, x, widened(l->g, w, t->rank - t->outer, t->dim + t->outer));
}

NodeId lower_classical(Lower *l)
{
    Graph *g = l->g;
    switch (l->stage->kind) {
    case STAGE_constant: {
        Type shape = value_type(&l->stage->type);
        return graph_filled(g, &shape, l->stage->value.real);
    }
    case STAGE_group: return group_at(l, 0);
    case STAGE_add:
    case STAGE_sub:
    case STAGE_mul:
    case STAGE_div: return lower_arithmetic(l);
    case STAGE_neg: return neg(g, stage_operand(l, 0));
    case STAGE_detach: return detach(g, stage_operand(l, 0));
    case STAGE_flatten:
    case STAGE_reshape: return reshape(g, stage_operand(l, 0), stage_shape(l, stage_operand(l, 0)));
    case STAGE_concat: return lower_concat(l);
    case STAGE_fold:
    case STAGE_unfold: return lower_shuffle(l);
    case STAGE_relu: return lower_relu(l);
    case STAGE_tanh: return tanh_(g, stage_operand(l, 0));
    case STAGE_sigmoid: return lower_sigmoid(l);
    case STAGE_softmax: return lower_softmax(l);
    case STAGE_scale: return lower_scale(l);
    case STAGE_dense: return lower_dense(l);
    case STAGE_conv: return lower_conv(l);
    case STAGE_layer_norm:
    case STAGE_group_norm: return lower_norm(l);
    case STAGE_batch_norm: return lower_batch_norm(l);
    case STAGE_patches: return lower_patches(l);
    case STAGE_place: return lower_place(l);
    case STAGE_maxpool: return lower_maxpool(l);
    case STAGE_avgpool: return lower_avgpool(l);
    case STAGE_dropout:
        return lower_dropout(l);
    case STAGE_none:
    case STAGE_input:
    case STAGE_encode:
    case STAGE_evolve:
    case STAGE_measure:
    case STAGE_quantum:
    case STAGE_quanv:
    case STAGE_dissipative: break;
    }
    ice(l->c, l->stage->span, "stage kind %d is not classical", (int)l->stage->kind);
}
