/* bodies.c: which statement may stand in the body of which declaration.
 *
 * The grammar takes any statement in any body, so that a wrong one is named as what it is.
 */
#include "syntax/mistakes.h"
#include "syntax/parser.h"

#define IN(kind) (1u << DECL_##kind)
enum {
    GATES = IN(circuit) | IN(encoding),
    VALUES = IN(block) | IN(model),
    ALL = IN(circuit) | IN(encoding) | IN(observable) | IN(block) | IN(model),
    ANYWHERE = ALL | IN(action),
};

typedef struct Rule {
    const char *what, *where; /* as in "a gate belongs in circuits and encodings" */
    unsigned in;
} Rule;

static const Rule rules[] = {
    [STMT_none] = {"", "", ANYWHERE},
    [STMT_error] = {"", "", ANYWHERE},
    [STMT_param] = {"'param'", "declarations with a body", ALL},
    [STMT_const] = {"'const'", "declarations with a body", ALL},
    [STMT_for] = {"'for'", "declarations with a body", ALL},
    [STMT_if] = {"'if'", "declarations with a body", ALL},
    [STMT_gate] = {"a gate", "circuits and encodings", GATES},
    [STMT_yield] = {"'yield'", "observables", IN(observable)},
    [STMT_input] = {"'input'", "models and blocks", VALUES},
    [STMT_layer] = {"'layer'", "models and blocks", VALUES},
    [STMT_skip] = {"'skip'", "models, blocks and placements", VALUES | IN(action)},
    [STMT_output] = {"'output'", "models and blocks", VALUES},
    [STMT_freeze] = {"'freeze'", "models and blocks", VALUES},
    [STMT_tie] = {"'tie'", "models and blocks", VALUES},
};

static const char *body_text(DeclKind kind)
{
    switch (kind) {
    case DECL_circuit: return "a circuit";
    case DECL_encoding: return "an encoding";
    case DECL_observable: return "an observable";
    case DECL_block: return "a block";
    case DECL_model: return "a model";
    case DECL_action: return "a placement";
    case DECL_none:
    case DECL_error:
    case DECL_use:
    case DECL_const:
    case DECL_data: break;
    }
    unreachable();
}

void check_body(Parser *p, DeclKind kind, const StmtList *body)
{
    for (uint32_t i = 0; i < body->len; i++) {
        Stmt *s = body->at[i];
        const Rule *rule = &rules[s->kind];
        if (!(rule->in & 1u << kind)) {
            diag_error(p->c, s->span, D_misplaced, rule->what, rule->where, body_text(kind));
            if (s->kind == STMT_gate) mistake_gate(p, s);
            s->kind = STMT_error;
        }
        if (s->kind == STMT_for) check_body(p, kind, &s->loop.body);
        if (s->kind != STMT_if) continue;
        check_body(p, kind, &s->branch.then_body);
        check_body(p, kind, &s->branch.else_body);
    }
}
