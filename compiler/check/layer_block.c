/* layer_block.c: blocks, models within models: `block res(c: int) { input x: image[c, h, w]; ...
 * output y; }`.
 *
 * The body is expanded in place. Sizes of the input that are not formals are bound by the use.
 */
#include <string.h>

#include "check/circuit.h"
#include "check/layer.h"
#include "check/path.h"

enum { DEEPEST_BLOCK = 64 };

const UnitRef *named_block(Env *e, Ident name, const ArgList *args, Span at)
{
    ArgList none = {0};
    const Binding *b = env_find(e, name.name);
    if (b && b->val.unit->has_arguments) {
        if (!args || !args->len) return b->val.unit;
        diag_error(e->k->c, at, D_arguments_given_already, name_string(e->k, name.name));
        return NULL;
    }
    Entry *entry = b ? b->val.unit->entry : scope_find(e->scope, name.name);
    Val v = unit_call(e, entry, args ? args : &none, at);
    return v.kind == VAL_unit ? v.unit : NULL;
}

/* The body's input statement; NULL after a report. */
static const Stmt *block_input(Env *e, const Decl *d)
{
    const Stmt *input = NULL;
    for (uint32_t i = 0; i < d->unit.body.len; i++) {
        const Stmt *s = d->unit.body.at[i];
        if (s->kind != STMT_input) continue;
        if (input) {
            diag_error(e->k->c, s->span, D_block_inputs, name_string(e->k, d->name.name));
            diag_note(e->k->c, input->span, D_first_here);
            return NULL;
        }
        input = s;
    }
    if (!input) diag_error(e->k->c, d->name.span, D_no_input, name_string(e->k, d->name.name));
    return input;
}

/* Matches what is given with the input's declaration, and binds the names of its sizes. */
static bool bind_input(Env *in, const Decl *d, const Stmt *input, ValueType given, Span at)
{
    ValueType wanted;
    if (!input_type(in, input, &wanted)) return false;
    if (wanted.kind != given.kind || wanted.rank != given.rank) {
        const char *text = name_string(in->k, input->input.type.name);
        diag_error(in->k->c, at, D_block_input, name_string(in->k, d->name.name), text,
                   value_type_text(in->k, given));
        diag_note(in->k->c, input->span, D_declared_here,
                  name_string(in->k, input->input.name.name));
        return false;
    }
    for (uint32_t i = 0; i < given.rank; i++) {
        const char *what = arena_printf(in->k->keep, "block '%s': axis %u of '%s'",
                                        name_string(in->k, d->name.name), i,
                                        name_string(in->k, input->input.name.name));
        if (!solve_size(in, input->input.dims.at[i], given.dim[i], false, what, at)) return false;
    }
    return true;
}

StageId block_call(Env *e, const UnitRef *u, Span at, StageId source)
{
    ModelBuild *m = e->model;
    const Decl *d = u->entry->decl;
    const Stmt *input = block_input(e, d);
    u->entry->expanded = true;
    if (u->entry->state == ENTRY_busy || m->depth >= DEEPEST_BLOCK) {
        diag_error(e->k->c, at, D_circuit_recursion, "block", u->text);
        return (StageId){0};
    }
    Env in = {.k = e->k, .scope = u->entry->scope, .model = m};
    if (!input || !bind_unit(e, u, &in)) return (StageId){0};
    if (!bind_input(&in, d, input, stage_at(m, source)->type, at)) return (StageId){0};
    env_bind(&in, input->input.name.name, (Val){.kind = VAL_stage, .stage = source},
             input->input.name.span);
    const char *text = m->text;
    bool was_poison = m->source_is_poison, was_ambiguous = m->source_is_ambiguous;
    m->source = source;
    m->source_is_ambiguous = m->source_is_poison = false;
    u->entry->state = ENTRY_busy;
    m->depth++;
    StageId output = model_body(&in, d);
    freeze_and_tie(&in, &d->unit.body);
    m->depth--;
    u->entry->state = ENTRY_fresh;
    m->source_is_poison = was_poison;
    m->source_is_ambiguous = was_ambiguous;
    m->text = text;
    return output;
}
