/* circuit.c: bodies of circuits, encodings and observables, statement by statement, and circuits as
 * used by layers. */
#include "check/circuit.h"

#include "check/model.h"
#include "check/scalar.h"

enum { MOST_VALUES = 1 << 24 }; /* of a data argument */

bool body_is_observable(const Body *b) { return b->decl->kind == DECL_observable; }

void body_note_use(const Body *b)
{
    if (!b->use.to) return;
    diag_note(b->k->c, b->use, D_sizes_bound_here, name_string(b->k, b->decl->name.name),
              (int)b->qubits);
}

bool unit_takes_data(const UnitRef *u)
{
    if (!u->entry) return true;
    const FormalList *formals = &u->entry->decl->unit.formals;
    for (uint32_t i = 0; i < formals->len; i++) {
        if (formals->at[i].type == FORMAL_data) return true;
    }
    return false;
}

/* ---- statements ---- */

static void body_loop(Env *e, const Stmt *s)
{
    Val range = eval_expr(e, s->loop.range);
    if (range.kind == VAL_none) return;
    if (range.kind != VAL_range) {
        diag_error(e->k->c, s->loop.range->span, D_wanted_kind, "a loop", "a range such as 0..n",
                   val_kind_text(range));
        return;
    }
    unsigned before = e->k->c->errors;
    for (int64_t i = range.range.from; i < range.range.to; i++) {
        if (!expansion_step(e->k, s->span)) return;
        Env inner = env_inner(e);
        env_bind(&inner, s->loop.name.name, val_int(i), s->loop.name.span);
        body_statements(&inner, &s->loop.body);
        if (e->k->c->errors > before) return; /* the next rounds would say the same */
    }
}

static void body_branch(Env *e, const Stmt *s)
{
    bool is_true;
    if (!eval_bool(e, s->branch.condition, "the condition of 'if'", &is_true)) return;
    Env inner = env_inner(e);
    body_statements(&inner, is_true ? &s->branch.then_body : &s->branch.else_body);
}

static void body_statement(Env *e, const Stmt *s)
{
    switch (s->kind) {
    case STMT_none:
    case STMT_error: return;
    case STMT_param: declare_param(e, s); return;
    case STMT_const: env_declare(e, s->let.name, eval_expr(e, s->let.value)); return;
    case STMT_for: body_loop(e, s); return;
    case STMT_if: body_branch(e, s); return;
    case STMT_gate: body_gate(e, s); return;
    case STMT_yield: body_yield(e, s); return;
    case STMT_input:
    case STMT_layer:
    case STMT_skip:
    case STMT_output:
    case STMT_freeze:
    case STMT_tie: return; /* the parser keeps them out */
    }
    unreachable();
}

void body_statements(Env *e, const StmtList *list)
{
    for (uint32_t i = 0; i < list->len && !e->k->overflowed; i++) body_statement(e, list->at[i]);
}

static bool is_recursive(const Body *b)
{
    for (const Body *at = b->caller; at; at = at->caller) {
        if (at->decl == b->decl) return true;
    }
    return false;
}

void body_expand(Body *b, Env *in)
{
    if (is_recursive(b)) {
        diag_error(b->k->c, b->use, D_circuit_recursion, decl_kind_text(b->decl->kind),
                   name_string(b->k, b->decl->name.name));
        return;
    }
    in->body = b;
    body_statements(in, &b->decl->unit.body);
}

/* ---- a circuit as a layer uses it ---- */

/* Binds the one data argument to the values 0..n-1. What it has beyond them is 0. */
static bool bind_data(Env *in, const Decl *d, int64_t values, bool pads, Span at)
{
    const Formal *data = NULL;
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        const Formal *f = &d->unit.formals.at[i];
        if (f->type != FORMAL_data) continue;
        if (data) {
            diag_error(in->k->c, at, D_several_data, name_string(in->k, d->name.name));
            diag_note(in->k->c, f->name.span, D_second_data);
            return false;
        }
        data = f;
    }
    if (!data) return true;
    const char *what =
        arena_printf(in->k->keep, "%s '%s': '%s'", decl_kind_text(d->kind),
                     name_string(in->k, d->name.name), name_string(in->k, data->name.name));
    int64_t n = values;
    if (data->size && !solve_size(in, data->size, values, pads, what, at)) return false;
    if (data->size && !eval_int(in, data->size, what, 1, &n)) return false;
    if (n > MOST_VALUES) {
        diag_error(in->k->c, at, D_input_too_big, (long long)MOST_VALUES);
        return false;
    }
    if (!data->size && values != 1) {
        diag_error(in->k->c, at, D_wrong_size, what, 1LL, (long long)values);
        return false;
    }
    Val v = {.kind = VAL_array, .array = {.rank = 1, .dim = {n}}};
    if (!data->size) v = (Val){.kind = VAL_sx, .sx = sx_data(in->k, 0)};
    if (n > values) {
        v.array.items = arena_array(in->k->keep, const Sx *, n);
        for (int64_t i = 0; i < n; i++) {
            bool is_given = i < values;
            v.array.items[i] =
                is_given ? sx_data(in->k, (uint32_t)i) : sx_number(in->k, rational_int(0));
        }
    }
    env_bind(in, data->name.name, v, data->name.span);
    return true;
}

/* Register sizes of a use: given one by one, given in sum, or what the data arguments need. */
static bool use_registers(Env *in, const Decl *d, const CircuitUse *use, uint32_t *counts)
{
    uint32_t n = d->unit.registers.len, sum = 0;
    if (use->registers) {
        for (uint32_t i = 0; i < n; i++) counts[i] = use->registers[i];
        return solve_registers(in, d, counts, use->span);
    }
    if (use->qubits && n == 1) {
        counts[0] = use->qubits;
        return solve_registers(in, d, counts, use->span);
    }
    if (!register_sizes(in, d, counts, use->span)) return false;
    for (uint32_t i = 0; i < n; i++) sum += counts[i];
    if (!use->qubits || use->qubits == sum) return true;
    diag_error(in->k->c, use->span, D_wrong_size, unit_title(in->k, d), (long long)sum,
               (long long)use->qubits);
    return false;
}

const CircuitInst *circuit_instance(Env *e, ModelBuild *m, const UnitRef *u, CircuitUse use)
{
    const Decl *d = u->entry->decl;
    Env in = {.k = e->k, .scope = u->entry->scope};
    u->entry->expanded = true;
    uint32_t n = d->unit.registers.len, sum = 0;
    uint32_t *counts = arena_array(e->k->keep, uint32_t, n + 1);
    unsigned errors = e->k->c->errors;
    if (!bind_unit(e, u, &in)) return NULL;
    bool pads = d->kind == DECL_encoding;
    if (use.values >= 0 && !bind_data(&in, d, use.values, pads, use.span)) return NULL;
    if (use.values < 0 && unit_takes_data(u)) {
        diag_error(e->k->c, use.span, D_data_not_given, u->text);
        return NULL;
    }
    if (!use_registers(&in, d, &use, counts)) return NULL;
    for (uint32_t i = 0; i < n; i++) sum += counts[i];
    if (sum > MAX_QUBITS) {
        diag_error(e->k->c, use.span, D_too_many_qubits, (long long)sum, (int)MAX_QUBITS);
        return NULL;
    }
    uint8_t qubits[MAX_QUBITS + 1];
    for (uint32_t i = 0; i < sum; i++) qubits[i] = (uint8_t)i;
    bind_registers(&in, d, counts, qubits);
    Body body = {.k = e->k,
                 .model = m,
                 .decl = d,
                 .use = use.span,
                 .qubits = sum,
                 .prefix = use.prefix,
                 .instance_qubits = sum};
    body_expand(&body, &in);
    if (e->k->c->errors > errors) return NULL;
    CircuitInst *c = arena_make(e->k->keep, CircuitInst);
    c->name = d->name.name;
    c->qubits = sum;
    c->data_count = use.values > 0 ? (uint32_t)use.values : 0;
    c->gates.at = body.gates.at;
    c->gates.len = body.gates.len;
    c->gates.cap = body.gates.cap;
    c->noisy = body.noisy;
    c->span = use.span;
    return c;
}
