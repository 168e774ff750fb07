/* range.c: the interval in which every value of a model lies, and encodings that repeat within it.
 *
 * An angle encoding is periodic: under angle(scale: pi), x and x + 2 give the same state. Measured values lie in [-1, 1], pixels in
 * [0, 1]; their sum along a skip spans 3, so different sums look alike to the layer that encodes them.
 */
#include <math.h>
#include <string.h>

#include "check/action.h"

typedef struct Range {
    double low, high;
} Range;

static const Range unbounded = {-INFINITY, INFINITY};

static Range range_sum(Range a, Range b) { return (Range){a.low + b.low, a.high + b.high}; }
static Range range_join(Range a, Range b) { return (Range){fmin(a.low, b.low), fmax(a.high, b.high)}; }

static Range range_times(Range a, double factor)
{
    if (factor == 0) return (Range){0, 0};
    return factor > 0 ? (Range){a.low * factor, a.high * factor} : (Range){a.high * factor, a.low * factor};
}

static Range range_product(Range a, Range b)
{
    double p[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
    Range r = {INFINITY, -INFINITY};
    for (size_t i = 0; i < COUNT(p); i++) {
        if (isnan(p[i])) return unbounded; /* 0 times infinity */
        r = range_join(r, (Range){p[i], p[i]});
    }
    return r;
}

/* ---- what goes in ---- */

/* Number i of a list, or the one number for all. */
static double moment(const ConstValue *list, uint32_t i)
{
    const ConstValue *v = list->kind == CONST_list ? list->items.at[i] : list;
    return v->number.real;
}

static Range sample_range(const DataInst *data)
{
    static const char *const images[] = {"mnist", "fashion_mnist", "cifar10", "glyphs", "images"};
    const Range pixel = {0, 1};
    const ConstValue *moments = callee_argument(data->source, "normalize");
    bool is_image = false;
    for (size_t i = 0; i < COUNT(images); i++) is_image = is_image || !strcmp(images[i], data->source->text);
    if (!is_image) return unbounded;
    if (!moments) return pixel;
    const ConstValue *mean = moments->items.at[0], *deviation = moments->items.at[1];
    uint32_t channels = mean->kind == CONST_list ? mean->items.len : deviation->kind == CONST_list ? deviation->items.len : 1;
    Range r = {INFINITY, -INFINITY};
    for (uint32_t i = 0; i < channels; i++) {
        Range shifted = range_sum(pixel, (Range){-moment(mean, i), -moment(mean, i)});
        r = range_join(r, range_times(shifted, 1 / moment(deviation, i)));
    }
    return r;
}

/* ---- stages ---- */

/* Of a sum of Pauli products; coefficients that are no numbers may have any value. */
static Range measured_range(const ObservableInst *o)
{
    Range all = {INFINITY, -INFINITY};
    for (uint32_t y = 0; y < o->yields.len; y++) {
        Range r = {0, 0};
        for (uint32_t i = 0; i < o->yields.at[y].terms.len; i++) {
            const PauliTerm *t = &o->yields.at[y].terms.at[i];
            if (t->coefficient && t->coefficient->kind != SX_const) return unbounded;
            double k = t->coefficient ? t->coefficient->value.real : 1;
            r = range_sum(r, t->x | t->z ? (Range){-fabs(k), fabs(k)} : (Range){k, k});
        }
        all = range_join(all, r);
    }
    return all;
}

static Range with_zero(Range r, bool zero) { return zero ? range_join(r, (Range){0, 0}) : r; }

static Range stage_range(const Stage *s, Range a, Range b)
{
    switch (s->kind) {
    case STAGE_constant: return (Range){s->value.real, s->value.real};
    case STAGE_add: return range_sum(a, b);
    case STAGE_sub: return range_sum(a, range_times(b, -1));
    case STAGE_mul: return range_product(a, b);
    case STAGE_neg: return range_times(a, -1);
    case STAGE_detach:
    case STAGE_flatten:
    case STAGE_reshape:
    case STAGE_fold:
    case STAGE_unfold:
    case STAGE_maxpool: return a;
    case STAGE_avgpool: return with_zero(a, s->window.pad_h || s->window.pad_w);
    case STAGE_concat: return range_join(a, b);
    case STAGE_relu: return (Range){fmax(a.low, 0), fmax(a.high, 0)};
    case STAGE_tanh: return (Range){tanh(a.low), tanh(a.high)};
    case STAGE_sigmoid: return (Range){1 / (1 + exp(-a.low)), 1 / (1 + exp(-a.high))};
    case STAGE_softmax: return (Range){0, 1};
    case STAGE_scale: return s->group_count ? unbounded : range_times(a, s->value.real);
    case STAGE_measure:
    case STAGE_quantum:
    case STAGE_quanv: /* pixels that no patch covers are 0 */
        return s->quantum.observable ? with_zero(measured_range(s->quantum.observable), s->kind == STAGE_quanv) : unbounded;
    default: return unbounded;
    }
}

/* ---- encodings ---- */

/* x is factor * data[index] + a number. */
static bool linear_in_data(const Sx *x, uint32_t *index, double *factor)
{
    double inner = 1;
    if (!x || x->kind == SX_const || x->kind == SX_param) return false;
    if (x->kind == SX_data) return *index = x->index, *factor = 1, true;
    bool right = x->b && x->a->kind == SX_const;
    if (x->b && !right && x->b->kind != SX_const) return false;
    if (!linear_in_data(right ? x->b : x->a, index, &inner)) return false;
    double number = x->b ? (right ? x->a : x->b)->value.real : 0;
    if (x->kind == SX_neg) *factor = -inner;
    else if (x->kind == SX_add) *factor = inner;
    else if (x->kind == SX_sub) *factor = right ? -inner : inner;
    else if (x->kind == SX_mul) *factor = inner * number;
    else if (x->kind == SX_div && !right) *factor = inner / number;
    else return false;
    return true;
}

/* The shortest change of a value after which the circuit is the same for all that can be measured; 0: not known. A rotation has period
 * 2 pi in its angle, a controlled one 4 pi; a value in several gates has the longest of their periods, at least. */
static double shortest_period(Arena *a, const CircuitInst *circuit, uint32_t values)
{
    double *period = arena_array(a, double, values + 1), shortest = INFINITY;
    for (uint32_t i = 0; i < circuit->gates.len; i++) {
        const GateApp *gate = &circuit->gates.at[i];
        uint32_t index;
        double factor;
        if (!gate->arg || gate->arg->kind == SX_const || gate->arg->kind == SX_param) continue;
        if (!linear_in_data(gate->arg, &index, &factor) || factor == 0) return 0;
        double own = (gate->control_count ? 4 : 2) * acos(-1) / fabs(factor);
        if (index < values) period[index] = fmax(period[index], own);
    }
    for (uint32_t i = 0; i < values; i++)
        if (period[i] > 0) shortest = fmin(shortest, period[i]);
    return isfinite(shortest) ? shortest : 0;
}

void warn_ranges(ActionBuild *a)
{
    const ModelInst *m = a->inst->model;
    Arena *scratch = a->k->c->keep;
    Range *range = arena_array(scratch, Range, m->stages.len + 1);
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        Range first = s->operand_count ? range[s->operand[0].i - 1] : unbounded, rest = first;
        for (uint32_t k = 1; k < s->operand_count; k++) {
            rest = k == 1 ? range[s->operand[k].i - 1] : range_join(rest, range[s->operand[k].i - 1]);
        }
        range[i] = s->kind == STAGE_input ? sample_range(a->inst->data) : stage_range(s, first, rest);
        bool quantum = s->kind == STAGE_encode || s->kind == STAGE_quantum || s->kind == STAGE_quanv;
        if (!quantum || !s->quantum.encoding || s->quantum.encoding->kind != ENCODING_circuit || !s->layer.i) continue;
        const EncodingInst *e = s->quantum.encoding;
        Range in = with_zero(first, s->quantum.pad_h || s->quantum.pad_w);
        double period = shortest_period(scratch, e->circuit, e->values);
        if (period == 0 || !isfinite(in.low) || !isfinite(in.high) || in.high - in.low <= period * (1 + 1e-9)) continue;
        diag_warning(a->k->c, e->span.to ? e->span : s->span, D_encoding_repeats, name_string(a->k, layer_of(m, s->layer)->name), in.low,
                     in.high, name_string(a->k, e->name), period);
        diag_help(a->k->c, D_scale_input, period / (in.high - in.low));
    }
}
