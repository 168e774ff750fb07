/* param.c: `param NAME[dims] ~ init in [a, b];` becomes a parameter group. */
#include <string.h>

#include "check/argument.h"
#include "check/circuit.h"
#include "check/init.h"
#include "check/model.h"

enum { LARGEST_GROUP = 1 << 28, LARGEST_UNITARY = 10 };

static bool read_dims(Env *e, const Stmt *s, GroupInst *g)
{
    g->count = 1;
    if (s->param.dims.len >= MAX_RANK) { /* one axis is kept for `channels: own` */
        diag_error(e->k->c, s->span, D_too_many_axes, (int)MAX_RANK - 1);
        return false;
    }
    for (uint32_t i = 0; i < s->param.dims.len; i++) {
        int64_t n;
        const Expr *x = s->param.dims.at[i];
        if (!eval_int(e, x, "a size of a parameter", g->is_unitary ? 1 : 0, &n)) return false;
        bool is_big = n > LARGEST_GROUP || g->count * n > LARGEST_GROUP;
        if (is_big || (g->is_unitary && n > LARGEST_UNITARY)) {
            diag_error(e->k->c, x->span, D_param_too_big, name_string(e->k, s->param.name.name));
            return false;
        }
        g->dim[g->rank++] = n;
        g->count *= n;
    }
    if (!g->is_unitary) return true;
    if (g->rank != 1) return false; /* the parser reported it */
    g->rank = 2;
    g->dim[0] = g->dim[1] = INT64_C(1) << g->dim[0];
    g->count = g->dim[0] * g->dim[1];
    return true;
}

static bool read_start(Env *e, const Stmt *s, GroupInst *g)
{
    Rational r;
    g->init = g->is_unitary ? INIT_haar : INIT_zeros;
    if (s->param.init) return read_init(e, s->param.init, g);
    if (!s->param.value) return true;
    if (!eval_number(e, s->param.value, "the start of a parameter", &r)) return false;
    if (g->is_unitary) {
        diag_error(e->k->c, s->param.value->span, D_init_mismatch, "a number", "a unitary matrix");
        return false;
    }
    g->init = INIT_constant;
    g->a = r.real;
    return true;
}

static bool read_bounds(Env *e, const Stmt *s, GroupInst *g)
{
    Rational low, high;
    if (!s->param.low || !s->param.high) return true;
    if (!eval_number(e, s->param.low, "a bound", &low) ||
        !eval_number(e, s->param.high, "a bound", &high))
        return false;
    if (g->is_unitary || rational_compare(low, high) >= 0) {
        diag_error(e->k->c, span_join(s->param.low->span, s->param.high->span),
                   g->is_unitary ? D_unitary_bounds : D_empty_bounds);
        return false;
    }
    g->has_range = true;
    g->low = low.real;
    g->high = high.real;
    return true;
}

/* What the name of the parameter means in the body. */
static Val param_value(Env *e, GroupId id, const GroupInst *g, Span at)
{
    if (!e->body) {
        ValueType t = {.kind = VALUE_real, .rank = g->rank};
        memcpy(t.dim, g->dim, sizeof t.dim);
        StageId stage = stage_add(e->model, STAGE_group, t, NULL, 0, at);
        Stage *s = stage_at(e->model, stage);
        s->group = arena_make(e->k->keep, GroupId);
        s->group[0] = id;
        s->group_count = 1;
        return (Val){.kind = VAL_stage, .stage = stage};
    }
    if (g->is_unitary) {
        uint32_t qubits = 0;
        while ((INT64_C(1) << qubits) < g->dim[0]) qubits++;
        Val v = {.kind = VAL_unitary};
        v.unitary.group = id;
        v.unitary.qubits = qubits;
        return v;
    }
    if (g->rank == 0) {
        Sx *s = arena_make(e->k->keep, Sx);
        s->kind = SX_param;
        s->group = id;
        return (Val){.kind = VAL_sx, .sx = s};
    }
    Val v = {.kind = VAL_array, .array = {.group = id, .rank = g->rank}};
    memcpy(v.array.dim, g->dim, sizeof v.array.dim);
    return v;
}

void declare_param(Env *e, const Stmt *s)
{
    GroupInst g = {.is_unitary = s->param.type == PARAM_unitary, .span = s->param.name.span};
    bool is_good = read_dims(e, s, &g) && read_start(e, s, &g) && read_bounds(e, s, &g);
    if (is_good && g.is_unitary && !e->body) {
        diag_error(e->k->c, s->span, D_unitary_in_model);
        is_good = false;
    }
    if (!is_good) {
        env_declare(e, s->param.name, val_none());
        return;
    }
    ModelBuild *m = e->body ? e->body->model : e->model;
    const char *prefix = e->body ? e->body->prefix : "";
    const char *name =
        arena_printf(e->k->keep, "%s%s", prefix, name_string(e->k, s->param.name.name));
    GroupId id = group_add(m, name, g);
    env_declare(e, s->param.name, param_value(e, id, &g, s->param.name.span));
}
