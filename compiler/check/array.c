/* array.c: several scalars under one name, and indexing of everything that has an index. */
#include <inttypes.h>

#include "check/circuit.h"
#include "check/scalar.h"
#include "check/unit.h"

int64_t array_count(const Array *a)
{
    int64_t n = 1;
    for (int i = 0; i < a->rank; i++) n *= a->dim[i];
    return n;
}

const Sx *array_item(Check *k, const Array *a, int64_t i)
{
    if (a->items) return a->items[a->offset + i];
    uint32_t at = a->offset + (uint32_t)i;
    return a->group.i ? sx_param(k, a->group, at) : sx_data(k, at);
}

static const Sx *val_scalar(Env *e, Val v)
{
    if (v.kind == VAL_sx) return v.sx;
    return v.kind == VAL_number ? sx_number(e->k, v.number) : NULL;
}

bool val_to_array(Env *e, Val v, Span at, const char *what, Array *result)
{
    if (v.kind == VAL_none) return false;
    if (v.kind == VAL_array) {
        *result = v.array;
        return true;
    }
    bool is_list = v.kind == VAL_list;
    uint32_t n = is_list ? v.list.len : 1;
    *result = (Array){.rank = is_list, .dim = {n}, .items = arena_array(e->k->keep, const Sx *, n)};
    for (uint32_t i = 0; i < n; i++) {
        result->items[i] = val_scalar(e, is_list ? v.list.at[i] : v);
        if (result->items[i]) continue;
        diag_error(e->k->c, at, D_wanted_kind, what, "numbers",
                   val_kind_text(is_list ? v.list.at[i] : v));
        return false;
    }
    return true;
}

/* Where an index item points: [from, to) of an axis of n. Ranges may be open; is_one says that the
 * axis goes away. */
typedef struct Part {
    int64_t from, to;
    bool is_one;
} Part;

static bool index_part(Env *e, const Expr *item, const Expr *base, int64_t n, Part *p)
{
    Compiler *c = e->k->c;
    if (item->kind == EXPR_range) {
        *p = (Part){0, n, false};
        if (item->range.from && !eval_int(e, item->range.from, "the start of a range", 0, &p->from))
            return false;
        if (item->range.to && !eval_int(e, item->range.to, "the end of a range", 0, &p->to))
            return false;
    } else {
        Val v = eval_expr(e, item);
        if (v.kind == VAL_range)
            *p = (Part){v.range.from, v.range.to, false};
        else if (!val_to_int(e, v, item->span, "an index", INT64_MIN, &p->from))
            return false;
        else
            *p = (Part){p->from, p->from + 1, true};
    }
    bool is_inside = p->from >= 0 && p->to <= n && (p->from <= p->to);
    if (is_inside) return true;
    const char *name = base->kind == EXPR_name ? name_string(e->k, base->name) : "this";
    long long wrong = p->from < 0 || p->from >= n ? (long long)p->from : (long long)p->to - 1;
    diag_error(c, item->span, D_index_out_of_range, wrong, name, (long long)n);
    if (e->body) body_note_use(e->body);
    return false;
}

static Val qubits_index(Env *e, const Expr *x, Qubits all)
{
    Val v = {.kind = VAL_qubits};
    v.qubits.at = arena_array(e->k->keep, uint8_t, (size_t)all.len * x->index.items.len + 1);
    for (uint32_t i = 0; i < x->index.items.len; i++) {
        Part p;
        if (!index_part(e, x->index.items.at[i], x->index.base, all.len, &p)) return val_none();
        for (int64_t q = p.from; q < p.to; q++) v.qubits.at[v.qubits.len++] = all.at[q];
    }
    return v;
}

/* a[i, j, from..to]: single indices first, then at most one range. */
static Val array_index(Env *e, const Expr *x, Array a)
{
    uint32_t n = x->index.items.len;
    if (n > a.rank) {
        diag_error(e->k->c, x->span, D_too_many_indices, (int)a.rank, a.rank == 1 ? "ex" : "ices",
                   (int)n);
        return val_none();
    }
    int64_t stride = array_count(&a), offset = 0;
    Array out = {.group = a.group, .items = a.items};
    for (uint32_t i = 0; i < n; i++) {
        Part p;
        if (!index_part(e, x->index.items.at[i], x->index.base, a.dim[i], &p)) return val_none();
        stride /= a.dim[i];
        offset += p.from * stride;
        if (out.rank > 0) {
            diag_error(e->k->c, x->index.items.at[i - 1]->span, D_range_not_last);
            return val_none();
        }
        if (!p.is_one) out.dim[out.rank++] = p.to - p.from;
    }
    for (uint32_t i = n; i < a.rank; i++) out.dim[out.rank++] = a.dim[i];
    out.offset = a.offset + (uint32_t)offset;
    if (out.rank > 0) return (Val){.kind = VAL_array, .array = out};
    const Sx *s = array_item(e->k, &out, 0);
    if (sx_is_number(s)) return val_number(s->value);
    return (Val){.kind = VAL_sx, .sx = s};
}

static Val list_index(Env *e, const Expr *x, Val list)
{
    Part p;
    if (x->index.items.len != 1) {
        diag_error(e->k->c, x->span, D_too_many_indices, 1, "ex", (int)x->index.items.len);
        return val_none();
    }
    if (!index_part(e, x->index.items.at[0], x->index.base, list.list.len, &p)) return val_none();
    if (p.is_one) return list.list.at[p.from];
    Val v = {.kind = VAL_list};
    v.list.at = list.list.at + p.from;
    v.list.len = (uint32_t)(p.to - p.from);
    return v;
}

Val eval_index(Env *e, const Expr *x)
{
    Val base = eval_expr(e, x->index.base);
    if (base.kind == VAL_none) return base;
    if (base.kind == VAL_qubits) return qubits_index(e, x, base.qubits);
    if (base.kind == VAL_array) return array_index(e, x, base.array);
    if (base.kind == VAL_list) return list_index(e, x, base);
    diag_error(e->k->c, x->span, D_no_index, val_kind_text(base));
    return val_none();
}
