/* check.c: a parsed file -> a Program: names, then models, then actions. */
#include "check/check.h"

#include "check/action.h"
#include "check/data.h"
#include "check/echo.h"
#include "check/gate.h"
#include "check/model.h"
#include "check/resolve.h"
#include "check/setting.h"

static bool has_defaults(const Decl *d)
{
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        if (!d->unit.formals.at[i].default_value) return false;
    }
    return true;
}

/* Models that need no arguments; the others are built where an action names them. */
static void build_models(Check *k)
{
    for (uint32_t i = 0; i < k->user->entries.len; i++) {
        Entry *entry = k->user->entries.at[i];
        if (entry->decl->kind != DECL_model || !has_defaults(entry->decl)) continue;
        ModelInst *m = model_plain(k, entry);
        if (m) vec_push(k->keep, &k->program->models, m);
    }
}

/* Constants that nothing uses are wrong all the same. */
static void check_constants(Check *k)
{
    for (uint32_t i = 0; i < k->user->entries.len; i++) {
        const Decl *d = k->user->entries.at[i]->decl;
        Env e = {.k = k, .scope = k->user};
        if (d->kind == DECL_const) eval_name(&e, d->name);
    }
}

static Check *check_begin(Compiler *c, const Ast *ast, const CheckOptions *options)
{
    Check *k = arena_make(c->keep, Check);
    k->c = c;
    k->keep = c->keep;
    k->ast = ast;
    if (options) k->options = *options;
    k->program = arena_make(c->keep, Program);
    k->program->ast = ast;
    note_broken_lines(k);
    gate_names_init(k);
    k->stdlib = scope_stdlib(k);
    k->user = scope_file(k, ast);
    return k;
}

const DataInst *check_source(Compiler *c, const char *text)
{
    Check *k = check_begin(c, parse(c, source_add(c->keep, &c->sources, "<nothing>", "", 0)), NULL);
    Env e = {.k = k, .scope = k->user};
    const Expr *x = parse_text(k, "<argument>", text);
    if (x && x->kind == EXPR_name) x = parse_text(k, "<argument>", arena_printf(c->keep, "%s()", text));
    return x ? eval_data(&e, x) : NULL;
}

Program *check(Compiler *c, const Ast *ast, const CheckOptions *options)
{
    Check *k = check_begin(c, ast, options);
    apply_settings(k);
    check_constants(k);
    build_models(k);
    build_actions(k);
    resolve_unused(k);
    k->options.setting_failed = NULL; /* the caller's */
    return c->errors ? NULL : k->program;
}

const char *errors_taken(Compiler *c, uint32_t diags)
{
    const char *reason = NULL;
    for (uint32_t i = diags; i < c->diags.len && !reason; i++) {
        if (!diag_is_error(c, i)) continue;
        reason = arena_printf(c->keep, "%s (%s)", diag_message(c, i),
                              source_place_text(c->keep, &c->sources, diag_place(c, i)));
    }
    c->diags.len = diags;
    return reason;
}

ModelInst *model_tried(Compiler *c, const ModelInst *model, const ModelChange *change,
                       const char **reason)
{
    ModelRequest *request = arena_make(c->keep, ModelRequest);
    unsigned errors = c->errors, warnings = c->warnings;
    uint32_t diags = c->diags.len;
    *request = *model->request;
    request->change = *change;
    request->k->expanded = 0;
    request->k->overflowed = false;
    ModelInst *changed = model_build(request);
    const char *why = errors_taken(c, diags);
    if (reason) *reason = changed ? NULL : why ? why : "it cannot be built";
    c->errors = errors;
    c->warnings = warnings;
    return changed;
}

ModelInst *model_changed(Compiler *c, const ModelInst *model, const ModelChange *change)
{
    return model_tried(c, model, change, NULL);
}
