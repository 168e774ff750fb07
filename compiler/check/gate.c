/* gate.c: a gate statement: modifiers, name, arguments, operands -> gate applications.
 *
 * A name is a formal, a declared circuit, a matrix-valued parameter, a row of gates.def or
 * aliases.def, or a channel. Modifiers are applied to the expanded list, so that they work on whole
 * circuits as on gates.
 */
#include "check/gate.h"

#include <string.h>

#include "check/argument.h"
#include "check/echo.h"
#include "check/model.h"
#include "check/scalar.h"

typedef struct GateRow {
    const char *name;
    GateId gate;
    uint8_t qubits, args, controls;
    bool is_channel;
} GateRow;

static const GateRow rows[] = {
#define GATE(name, qubits, params, class, freq, generator, a, b, c)                                \
    {#name, GATE_##name, qubits, params, 0, false},
#include "check/gates.def"
#undef GATE
#define CHANNEL(name, qubits, args, low, high) {#name, GATE_##name, qubits, args, 0, true},
#include "check/channels.def"
#undef CHANNEL
};

typedef struct AliasRow {
    const char *name;
    uint8_t controls;
    GateId gate;
} AliasRow;

static const AliasRow aliases[] = {
#define ALIAS(name, controls, gate) {#name, controls, GATE_##gate},
#include "check/aliases.def"
#undef ALIAS
};

const char *gate_text(GateId gate)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].gate == gate) return rows[i].name;
    }
    return gate == GATE_unitary ? "unitary" : "none";
}

/* Name ids of all rows, then of all aliases: a gate statement may run a million times. */
void gate_names_init(Check *k)
{
    k->gate_names = arena_array(k->keep, Name, COUNT(rows) + COUNT(aliases));
    for (size_t i = 0; i < COUNT(rows); i++) k->gate_names[i] = name_of(k->c->names, rows[i].name);
    for (size_t i = 0; i < COUNT(aliases); i++)
        k->gate_names[COUNT(rows) + i] = name_of(k->c->names, aliases[i].name);
}

static bool find_gate(const Check *k, Name name, GateRow *row)
{
    for (size_t i = 0; i < COUNT(rows) + COUNT(aliases); i++) {
        if (!name_eq(k->gate_names[i], name)) continue;
        if (i < COUNT(rows)) {
            *row = rows[i];
            return true;
        }
        const AliasRow *alias = &aliases[i - COUNT(rows)];
        for (size_t r = 0; r < COUNT(rows); r++) {
            if (rows[r].gate == alias->gate) *row = rows[r];
        }
        row->name = alias->name;
        row->controls = alias->controls;
        return true;
    }
    return false;
}

bool is_gate_name(const Check *k, Name name)
{
    GateRow row;
    return find_gate(k, name, &row);
}

/* ---- operands ---- */

typedef struct Operands {
    Qubits *at;
    uint32_t len;
} Operands;

static bool eval_operands(Env *e, const Stmt *s, Operands *out)
{
    out->len = s->gate.operands.len;
    out->at = arena_array(e->k->keep, Qubits, out->len + 1);
    for (uint32_t i = 0; i < out->len; i++) {
        const Expr *x = s->gate.operands.at[i];
        Val v = eval_expr(e, x);
        if (v.kind == VAL_none) return false;
        if (v.kind != VAL_qubits) {
            diag_error(e->k->c, x->span, D_wanted_kind, "an operand of a gate", "qubits",
                       val_kind_text(v));
            return false;
        }
        out->at[i] = v.qubits;
    }
    return true;
}

static bool report_reuse(Env *e, Span at, uint8_t qubit)
{
    for (const Env *scope = e; scope; scope = scope->parent) {
        for (uint32_t i = 0; i < scope->bindings.len; i++) {
            const Binding *b = &scope->bindings.at[i];
            if (b->val.kind != VAL_qubits) continue;
            for (uint32_t q = 0; q < b->val.qubits.len; q++) {
                if (b->val.qubits.at[q] != qubit) continue;
                diag_error(e->k->c, at, D_qubit_reused, name_string(e->k, b->name), (int)q);
                body_note_use(e->body);
                return false;
            }
        }
    }
    diag_error(e->k->c, at, D_qubit_reused, "qubit", (int)qubit);
    return false;
}

static bool distinct(Env *e, const Stmt *s, const uint8_t *qubits, uint32_t n)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bit = UINT32_C(1) << qubits[i];
        if (seen & bit) return report_reuse(e, s->span, qubits[i]);
        seen |= bit;
    }
    return true;
}

/* ---- modifiers ---- */

typedef struct Modified {
    uint8_t *controls;
    uint32_t count;  /* controls */
    uint32_t values; /* bit k: control k must be |1> */
    bool inverse;
    bool has_power;
    Rational power;
} Modified;

static bool eval_modifiers(Env *e, const Stmt *s, Modified *m)
{
    uint32_t room = 0;
    *m = (Modified){.power = rational_int(1)};
    m->controls = arena_array(e->k->keep, uint8_t, MAX_QUBITS + 1);
    for (uint32_t i = 0; i < s->gate.modifiers.len; i++) {
        const Modifier *mod = &s->gate.modifiers.at[i];
        int64_t n = 1;
        Rational r;
        switch (mod->kind) {
        case MOD_none: break;
        case MOD_ctrl:
        case MOD_negctrl:
            if (mod->count && !eval_int(e, mod->count, "the number of controls", 1, &n))
                return false;
            if (room + (uint64_t)n > MAX_QUBITS) {
                diag_error(e->k->c, mod->span, D_too_many_qubits, (long long)n, (int)MAX_QUBITS);
                return false;
            }
            for (int64_t j = 0; j < n; j++, room++) {
                if (mod->kind == MOD_ctrl) m->values |= UINT32_C(1) << room;
            }
            break;
        case MOD_inv: m->inverse = !m->inverse; break;
        case MOD_pow:
            if (!mod->count || !eval_number(e, mod->count, "a power", &r)) return false;
            m->power = rational_mul(m->power, r);
            m->has_power = true;
            break;
        }
    }
    m->count = room;
    return true;
}

static void add_controls(Env *e, GateApp *g, const Modified *m)
{
    if (!m->count) return;
    uint8_t *all = arena_array(e->k->keep, uint8_t, m->count + g->control_count);
    for (uint32_t i = 0; i < m->count; i++) all[i] = m->controls[i];
    for (uint32_t i = 0; i < g->control_count; i++) all[m->count + i] = g->controls[i];
    g->control_values = m->values | g->control_values << m->count;
    g->controls = all;
    g->control_count = (uint8_t)(g->control_count + m->count);
}

static GateApp inverse_of(Env *e, GateApp g)
{
    if (g.arg)
        g.arg = sx_make(e->k, SX_neg, g.arg, NULL);
    else
        g.dagger = !g.dagger;
    return g;
}

/* Appends `part`, modified. A single gate with an argument takes any power, everything else whole
 * ones. */
static void append_modified(Env *e, const Stmt *s, const Modified *m, const GateList *part)
{
    Body *b = e->body;
    Rational power = m->inverse ? rational_neg(m->power) : m->power;
    bool scales = m->has_power && part->len == 1 && part->at[0].arg && !part->at[0].control_count;
    if (!scales && !rational_is_int(power)) {
        diag_error(e->k->c, s->span, D_power_not_whole, rational_text(e->k->c, m->power));
        return;
    }
    int64_t rounds = scales ? 1 : power.num;
    bool backwards = rounds < 0;
    if (backwards) rounds = -rounds;
    for (int64_t r = 0; r < rounds; r++) {
        for (uint32_t i = 0; i < part->len; i++) {
            if (!expansion_step(e->k, s->span)) return;
            GateApp g = part->at[backwards ? part->len - 1 - i : i];
            if (scales)
                g.arg = sx_make(e->k, SX_mul, sx_number(e->k, power), g.arg);
            else if (backwards)
                g = inverse_of(e, g);
            add_controls(e, &g, m);
            vec_push(e->k->keep, &b->gates, g);
        }
    }
}

static bool is_noisy(const GateList *list)
{
    for (uint32_t i = 0; i < list->len; i++) {
        if (list->at[i].gate > GATE_unitary) return true;
    }
    return false;
}

/* Appends `part` to the body under the statement's modifiers. `used`: qubits of the part. */
static void finish_gate(Env *e, const Stmt *s, const Modified *m, const GateList *part,
                        const uint8_t *used, uint32_t used_count)
{
    uint8_t all[2 * MAX_QUBITS + 2];
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->count; i++) all[n++] = m->controls[i];
    for (uint32_t i = 0; i < used_count && n < COUNT(all); i++) all[n++] = used[i];
    if (!distinct(e, s, all, n)) return;
    if (s->gate.modifiers.len && is_noisy(part)) {
        diag_error(e->k->c, s->span, D_modified_channel, name_string(e->k, s->gate.name.name));
        return;
    }
    if (is_noisy(part)) e->body->noisy = true;
    append_modified(e, s, m, part);
}

/* ---- built-in gates and unitaries ---- */

static bool check_channel(Env *e, const Expr *x, const Sx *arg)
{
    if (!sx_is_number(arg) || (arg->value.real >= 0 && arg->value.real <= 1)) return true;
    diag_error(e->k->c, x->span, D_bad_probability, rational_text(e->k->c, arg->value));
    return false;
}

static bool gate_argument(Env *e, const Stmt *s, const GateRow *row, const Sx **arg)
{
    const ArgList *args = &s->gate.args;
    *arg = NULL;
    if (args->len != row->args) {
        diag_error(e->k->c, s->gate.name.span, D_gate_arguments, row->name, (int)row->args,
                   plural(row->args), (int)args->len);
        return false;
    }
    if (!row->args) return true;
    const Expr *x = args->at[0].value;
    Val v = eval_expr(e, x);
    if (v.kind == VAL_number) *arg = sx_number(e->k, v.number);
    if (v.kind == VAL_sx) *arg = v.sx;
    if (*arg) return !row->is_channel || check_channel(e, x, *arg);
    if (v.kind != VAL_none)
        diag_error(e->k->c, x->span, D_wanted_kind, "a gate's argument", "a number",
                   val_kind_text(v));
    return false;
}

/* Operands as lists of equal length, or of one: how often a broadcast gate is applied. 0 after a
 * report. */
static uint32_t broadcast_count(Env *e, const Stmt *s, const Operands *ops, uint32_t wanted)
{
    uint32_t times = 1;
    if (ops->len != wanted) {
        diag_error(e->k->c, s->span, D_gate_operands, name_string(e->k, s->gate.name.name),
                   (int)wanted, plural(wanted), (int)ops->len);
        return 0;
    }
    for (uint32_t i = 0; i < ops->len; i++) {
        uint32_t len = ops->at[i].len;
        bool is_fit = len == times || len == 1 || times == 1;
        if (!is_fit || len == 0) {
            diag_error(e->k->c, s->gate.operands.at[i]->span, D_broadcast_sizes, (int)len,
                       (int)times);
            if (e->body) body_note_use(e->body);
            return 0;
        }
        if (len > times) times = len;
    }
    return times;
}

/* q[0..2] or `q` of the right size may stand for the operands of a gate on several qubits. */
static void spread_operands(Env *e, Operands *ops, uint32_t wanted)
{
    uint32_t sum = 0, n = 0;
    for (uint32_t i = 0; i < ops->len; i++) sum += ops->at[i].len;
    if (sum != wanted || ops->len == wanted) return;
    Qubits *flat = arena_array(e->k->keep, Qubits, sum + 1);
    for (uint32_t i = 0; i < ops->len; i++) {
        for (uint32_t q = 0; q < ops->at[i].len; q++)
            flat[n++] = (Qubits){.at = ops->at[i].at + q, .len = 1};
    }
    ops->at = flat;
    ops->len = sum;
}

static void apply_row(Env *e, const Stmt *s, const GateRow *row, Modified *m, GroupId group)
{
    Operands ops;
    const Sx *arg = NULL;
    if (!eval_operands(e, s, &ops)) return;
    if (row->gate != GATE_unitary && !gate_argument(e, s, row, &arg)) return;
    uint32_t wanted = m->count + row->controls + row->qubits;
    spread_operands(e, &ops, wanted);
    uint32_t times = broadcast_count(e, s, &ops, wanted);
    for (uint32_t t = 0; t < times; t++) {
        uint8_t *qubits = arena_array(e->k->keep, uint8_t, wanted + 1);
        for (uint32_t i = 0; i < wanted; i++) qubits[i] = ops.at[i].at[ops.at[i].len == 1 ? 0 : t];
        for (uint32_t i = 0; i < m->count; i++) m->controls[i] = qubits[i];
        GateApp g = {.gate = row->gate,
                     .target_count = row->qubits,
                     .control_count = row->controls,
                     .controls = qubits + m->count,
                     .targets = qubits + m->count + row->controls,
                     .control_values = (UINT32_C(1) << row->controls) - 1,
                     .arg = arg,
                     .group = group,
                     .span = s->span};
        GateList part = {.at = &g, .len = 1};
        finish_gate(e, s, m, &part, qubits + m->count, wanted - m->count);
    }
}

static void apply_unitary(Env *e, const Stmt *s, Val v, Modified *m)
{
    GateRow row = {.name = name_string(e->k, s->gate.name.name),
                   .gate = GATE_unitary,
                   .qubits = (uint8_t)v.unitary.qubits};
    if (s->gate.args.len) {
        diag_error(e->k->c, s->gate.name.span, D_gate_arguments, row.name, 0, plural(0),
                   (int)s->gate.args.len);
        return;
    }
    apply_row(e, s, &row, m, v.unitary.group);
}

/* ---- circuits applied like gates ---- */

/* The sizes that the call's data arguments have. */
static bool bind_call_data(Env *in, const Decl *d, Span at)
{
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        const Formal *f = &d->unit.formals.at[i];
        if (f->type != FORMAL_data) continue;
        Binding *b = (Binding *)env_find(in, f->name.name);
        const char *what = arena_printf(in->k->keep, "%s: '%s'", unit_title(in->k, d),
                                        name_string(in->k, f->name.name));
        Array *a = &b->val.array;
        if (!f->size) {
            if (array_count(a) != 1) {
                diag_error(in->k->c, at, D_wrong_size, what, 1LL, (long long)array_count(a));
                return false;
            }
            b->val = (Val){.kind = VAL_sx, .sx = array_item(in->k, a, 0)};
            continue;
        }
        if (!solve_size(in, f->size, array_count(a), false, what, at)) return false;
        b = (Binding *)env_find(in, f->name.name);
        b->val.array.dim[0] = array_count(&b->val.array);
        b->val.array.rank = 1;
    }
    return true;
}

/* How many qubits each register gets: an operand each, or all operands in a row. */
static bool split_operands(Env *e, Env *in, const Stmt *s, const Decl *d, const Operands *ops,
                           uint32_t *counts)
{
    uint32_t n = d->unit.registers.len, sum = 0, given = 0;
    for (uint32_t i = 0; i < ops->len; i++) given += ops->at[i].len;
    if (n == 1)
        counts[0] = given;
    else if (n == ops->len) {
        for (uint32_t i = 0; i < n; i++) counts[i] = ops->at[i].len;
    } else if (!register_sizes(in, d, counts, s->span)) {
        return false;
    }
    if (!solve_registers(in, d, counts, s->span)) return false;
    for (uint32_t i = 0; i < n; i++) sum += counts[i];
    if (sum == given) return true;
    diag_error(e->k->c, s->span, D_wrong_size, unit_title(e->k, d), (long long)sum,
               (long long)given);
    return false;
}

static void expand_call(Env *e, const Stmt *s, const UnitRef *u, Modified *m, Operands ops)
{
    Body *b = e->body;
    const Decl *d = u->entry->decl;
    Env in = {.k = e->k, .scope = u->entry->scope};
    u->entry->expanded = true;
    bool is_bound = u->has_arguments ? bind_unit(e, u, &in)
                                     : bind_formals(e, u->entry, &s->gate.args, s->span, true, &in);
    if (!is_bound) return;
    uint8_t qubits[MAX_QUBITS + 1];
    uint32_t n = 0;
    uint32_t *counts = arena_array(e->k->keep, uint32_t, d->unit.registers.len + 1);
    if (!split_operands(e, &in, s, d, &ops, counts) || !bind_call_data(&in, d, s->span)) return;
    for (uint32_t i = 0; i < ops.len; i++) {
        for (uint32_t q = 0; q < ops.at[i].len; q++) {
            if (n < MAX_QUBITS) qubits[n] = ops.at[i].at[q];
            n++;
        }
    }
    if (n > b->instance_qubits || n > MAX_QUBITS) { /* more than there are: one is there twice */
        report_reuse(e, s->span, qubits[0]);
        return;
    }
    bind_registers(&in, d, counts, qubits);
    Body inner = {.k = e->k,
                  .model = b->model,
                  .caller = b,
                  .decl = d,
                  .use = s->span,
                  .qubits = n,
                  .instance_qubits = b->instance_qubits,
                  .prefix = arena_printf(e->k->keep, "%ssub[%u].", b->prefix, b->subs)};
    uint32_t groups = b->model->inst->groups.len;
    if (!distinct(e, s, qubits, n)) return;
    body_expand(&inner, &in);
    if (b->model->inst->groups.len > groups) b->subs++;
    GateList part = {.at = inner.gates.at, .len = inner.gates.len};
    finish_gate(e, s, m, &part, qubits, n);
}

/* A circuit on one qubit is broadcast over a register like a gate. */
static bool is_on_one_qubit(const Decl *d)
{
    if (d->unit.registers.len != 1) return false;
    const Expr *size = d->unit.registers.at[0].size;
    return !size || (size->kind == EXPR_number &&
                     rational_compare(size->number.value, rational_int(1)) == 0);
}

static void apply_circuit(Env *e, const Stmt *s, const UnitRef *u, Modified *m)
{
    Operands ops;
    if (!u->entry || u->kind == DECL_observable || u->kind == DECL_block) {
        diag_error(e->k->c, s->gate.name.span, D_not_a_gate, u->text,
                   decl_kind_article(e->k, u->kind));
        return;
    }
    if (u->has_arguments && s->gate.args.len) {
        diag_error(e->k->c, s->gate.name.span, D_arguments_given_already,
                   name_string(e->k, s->gate.name.name));
        return;
    }
    if (!eval_operands(e, s, &ops)) return;
    uint32_t taken = 0;
    for (; taken < m->count && taken < ops.len; taken++) {
        if (ops.at[taken].len != 1) {
            diag_error(e->k->c, s->gate.operands.at[taken]->span, D_control_not_one,
                       (int)ops.at[taken].len);
            return;
        }
        m->controls[taken] = ops.at[taken].at[0];
    }
    Operands rest = {.at = ops.at + taken, .len = ops.len - taken};
    if (taken < m->count || !rest.len) {
        diag_error(e->k->c, s->span, D_gate_operands, u->text, (int)m->count + 1,
                   plural(m->count + 1), (int)ops.len);
        return;
    }
    if (!is_on_one_qubit(u->entry->decl) || rest.len > 1) {
        expand_call(e, s, u, m, rest);
        return;
    }
    for (uint32_t q = 0; q < rest.at[0].len; q++) {
        Qubits one = {.at = rest.at[0].at + q, .len = 1};
        expand_call(e, s, u, m, (Operands){.at = &one, .len = 1});
    }
}

void unknown_gate(Env *e, const Stmt *s)
{
    WordList words = {0};
    scope_words(e->k, e->scope, DECL_circuit, &words);
    for (size_t i = 0; i < COUNT(rows); i++) words_add(e->k, &words, rows[i].name);
    for (size_t i = 0; i < COUNT(aliases); i++) words_add(e->k, &words, aliases[i].name);
    const char *text = name_string(e->k, s->gate.name.name);
    if (is_echo(e->k, text)) return;
    diag_error(e->k->c, s->gate.name.span, D_unknown_gate, text);
    help_closest(e->k, text, &words);
}

void body_gate(Env *e, const Stmt *s)
{
    Modified m;
    GateRow row;
    Name name = s->gate.name.name;
    if (!name.i || !expansion_step(e->k, s->span)) return;
    const Binding *b = env_find(e, name);
    Entry *entry = scope_find(e->scope, name);
    bool is_unit_name = b && (b->val.kind == VAL_unit || b->val.kind == VAL_unitary);
    if (b && b->val.kind == VAL_none) return;
    if (!eval_modifiers(e, s, &m)) return;
    if (is_unit_name && b->val.kind == VAL_unitary) {
        apply_unitary(e, s, b->val, &m);
    } else if (is_unit_name) {
        apply_circuit(e, s, b->val.unit, &m);
    } else if (entry && entry->decl->kind >= DECL_circuit && entry->decl->kind <= DECL_block) {
        apply_circuit(e, s, unit_plain(e, entry, s->gate.name.span).unit, &m);
    } else if (find_gate(e->k, name, &row)) {
        apply_row(e, s, &row, &m, (GroupId){0});
    } else {
        unknown_gate(e, s);
    }
}
