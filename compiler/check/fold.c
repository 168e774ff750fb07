/* fold.c: `sum(i in 0..n: ...)` and `product(i in 0..n: ...)`: of numbers, parameters, Pauli products, values of a model. */
#include <string.h>

#include "check/circuit.h"
#include "check/pauli.h"
#include "check/scalar.h"

Val eval_fold(Env *e, const Expr *x)
{
    const char *name = name_string(e->k, x->fold.callee.name);
    bool is_sum = !strcmp(name, "sum");
    if (!is_sum && strcmp(name, "product")) {
        diag_error(e->k->c, x->fold.callee.span, D_unknown_fold, name);
        return val_none();
    }
    Val range = eval_expr(e, x->fold.range), total = val_int(is_sum ? 0 : 1);
    Pauli *operator = NULL; /* a sum of operators is added up in place */
    if (range.kind == VAL_none) return range;
    if (range.kind != VAL_range) {
        diag_error(e->k->c, x->fold.range->span, D_wanted_kind, arena_printf(e->k->keep, "'%s'", name), "a range such as 0..n",
                   val_kind_text(range));
        return val_none();
    }
    for (int64_t i = range.range.from; i < range.range.to; i++) {
        if (!expansion_step(e->k, x->span)) return val_none();
        Env inner = env_inner(e);
        env_bind(&inner, x->fold.index.name, val_int(i), x->fold.index.span);
        Val next = eval_expr(&inner, x->fold.body);
        if (next.kind == VAL_none) return next;
        if (is_sum && !operator && next.kind == VAL_pauli && total.kind == VAL_number) {
            operator = pauli_copy(e, pauli_scalar(e, sx_number(e->k, total.number)));
            total = (Val){.kind = VAL_pauli, .pauli = operator};
        }
        bool is_added = operator && pauli_add_to(e, operator, next);
        if (!is_added && i == range.range.from) total = next;
        else if (!is_added) total = eval_binary(e, is_sum ? BINARY_add : BINARY_mul, total, next, x->span);
        if (total.kind == VAL_none) return total;
    }
    return total;
}
