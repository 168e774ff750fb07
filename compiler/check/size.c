/* size.c: the sizes in a head, `x[2*n]` and `q[n]`, solved for the names that a use binds.
 *
 * A name in brackets that is no formal is bound by the use. A size is linear in at most one such
 * name.
 */
#include "check/circuit.h"

/* Collects names of x that are not bound in `in`; at most 2 are counted. */
static void free_names(const Env *in, const Expr *x, Name *name, int *count)
{
    switch (x->kind) {
    case EXPR_name:
        if (env_find(in, x->name) || (*count && name_eq(*name, x->name))) return;
        *name = x->name;
        (*count)++;
        return;
    case EXPR_unary: free_names(in, x->unary.operand, name, count); return;
    case EXPR_binary:
        free_names(in, x->binary.left, name, count);
        free_names(in, x->binary.right, name, count);
        return;
    case EXPR_call:
        for (uint32_t i = 0; i < x->call.args.len; i++)
            free_names(in, x->call.args.at[i].value, name, count);
        return;
    case EXPR_fold: /* its body has a name of its own; a size that needs one is no head's */
        free_names(in, x->fold.range, name, count);
        return;
    case EXPR_none:
    case EXPR_error:
    case EXPR_number:
    case EXPR_bool:
    case EXPR_string:
    case EXPR_index:
    case EXPR_range:
    case EXPR_list:
    case EXPR_member:
    case EXPR_pipe:
    case EXPR_edge:
    case EXPR_assign: return;
    }
}

void bind_size_names(Env *in, const Expr *size)
{
    Name name = {0};
    int count = 0;
    free_names(in, size, &name, &count);
    if (name.i) env_bind(in, name, val_none(), size->span);
}

static bool size_at(const Env *in, const Expr *size, Name name, int64_t n, int64_t *result)
{
    Env at = env_inner(in);
    if (name.i) env_bind(&at, name, val_int(n), size->span);
    return eval_int(&at, size, "a size", INT64_MIN, result);
}

/* size = a n + b: finds a and b, or reports. */
static bool linear_form(Env *in, const Expr *size, Name name, int64_t *a, int64_t *b)
{
    int64_t at1, at2, at3;
    if (!size_at(in, size, name, 1, &at1) || !size_at(in, size, name, 2, &at2) ||
        !size_at(in, size, name, 3, &at3))
        return false;
    *a = at2 - at1;
    *b = at1 - *a;
    if (*a > 0 && at3 - at2 == *a) return true;
    diag_error(in->k->c, size->span, D_size_not_linear, name_string(in->k, name));
    return false;
}

static bool wrong_size(Env *in, const Expr *size, int64_t wanted, int64_t count, const char *what,
                       Span at)
{
    diag_error(in->k->c, at, D_wrong_size, what, (long long)wanted, (long long)count);
    diag_note(in->k->c, size->span, D_size_here);
    return false;
}

bool solve_size(Env *in, const Expr *size, int64_t count, bool pads, const char *what, Span at)
{
    Name name = {0};
    int names = 0;
    int64_t a = 0, b = 0;
    free_names(in, size, &name, &names);
    if (names > 1) {
        diag_error(in->k->c, size->span, D_size_two_names);
        return false;
    }
    if (names == 0) {
        int64_t wanted;
        if (!size_at(in, size, (Name){0}, 0, &wanted)) return false;
        if (wanted == count || (pads && wanted > count)) return true;
        return wrong_size(in, size, wanted, count, what, at);
    }
    if (!linear_form(in, size, name, &a, &b)) return false;
    int64_t rest = count - b;
    int64_t n = rest <= 0 ? (rest == 0 ? 0 : -1) : (pads ? (rest + a - 1) / a : rest / a);
    if (n < 0 || (!pads && n * a != rest)) {
        int64_t nearest = n < 0 ? b : (n + 1) * a + b;
        return wrong_size(in, size, nearest, count, what, at);
    }
    env_bind(in, name, val_int(n), size->span);
    return true;
}

bool solve_registers(Env *in, const Decl *d, const uint32_t *counts, Span at)
{
    for (uint32_t i = 0; i < d->unit.registers.len; i++) {
        const Register *r = &d->unit.registers.at[i];
        const char *what =
            arena_printf(in->k->keep, "%s '%s': register '%s'", decl_kind_text(d->kind),
                         name_string(in->k, d->name.name), name_string(in->k, r->name.name));
        if (!r->size) {
            if (counts[i] != 1) {
                diag_error(in->k->c, at, D_wrong_size, what, 1LL, (long long)counts[i]);
                return false;
            }
            continue;
        }
        if (!solve_size(in, r->size, counts[i], false, what, at)) return false;
    }
    return true;
}

bool register_sizes(Env *in, const Decl *d, uint32_t *counts, Span at)
{
    for (uint32_t i = 0; i < d->unit.registers.len; i++) {
        const Register *r = &d->unit.registers.at[i];
        Name name = {0};
        int names = 0;
        int64_t n = 1;
        if (r->size) free_names(in, r->size, &name, &names);
        if (names) {
            diag_error(in->k->c, at, D_size_unknown, name_string(in->k, d->name.name),
                       name_string(in->k, name));
            diag_note(in->k->c, r->size->span, D_size_here);
            return false;
        }
        if (r->size && !eval_int(in, r->size, "the size of a register", 1, &n)) return false;
        if (n > MAX_QUBITS) {
            diag_error(in->k->c, at, D_too_many_qubits, (long long)n, (int)MAX_QUBITS);
            return false;
        }
        counts[i] = (uint32_t)n;
    }
    return true;
}

void bind_registers(Env *in, const Decl *d, const uint32_t *counts, const uint8_t *qubits)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < d->unit.registers.len; i++) {
        const Register *r = &d->unit.registers.at[i];
        Val v = {.kind = VAL_qubits};
        v.qubits.len = counts[i];
        v.qubits.at = arena_array(in->k->keep, uint8_t, counts[i] + 1);
        for (uint32_t q = 0; q < counts[i]; q++) v.qubits.at[q] = qubits[used++];
        env_bind(in, r->name.name, v, r->name.span);
    }
}
