/* action.c: actions -> ActionInst: the model with the action's changes, the data, the fields. */
#include "check/action.h"

#include <string.h>

#include "check/data.h"
#include "check/echo.h"
#include "check/path.h"
#include "check/setting.h"
#include "check/unit.h"

/* ---- models by name ---- */

static bool changes_nothing(const ModelChange *a)
{
    return !a->detach_all && !a->detach_none && !a->has_skip;
}

/* Values of formals: given, set by --set, or default. NULL after a report. */
static Val *model_arguments(Env *e, Entry *entry, const ArgList *args, Span at)
{
    Check *k = e->k;
    const Decl *d = entry->decl;
    ArgList all = {0};
    bool is_set = false;
    for (uint32_t i = 0; args && i < args->len; i++) vec_push(k->keep, &all, args->at[i]);
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        const Formal *f = &d->unit.formals.at[i];
        const Expr *set = setting_for(k, d->name.name, f->name.name);
        if (!set) continue;
        is_set = true;
        Arg arg = {.label = f->name, .value = (Expr *)set};
        bool is_given = false;
        for (uint32_t j = 0; j < all.len; j++) {
            bool is_same =
                name_eq(all.at[j].label.name, f->name.name) || (!all.at[j].label.name.i && j == i);
            if (is_same) all.at[j] = arg;
            is_given = is_given || is_same;
        }
        if (!is_given) vec_push(k->keep, &all, arg);
    }
    Env into = {.k = k, .scope = entry->scope};
    if (!bind_formals(e, entry, &all, at, false, &into)) {
        if (is_set) setting_fails(k);
        return NULL;
    }
    Val *values = arena_array(k->keep, Val, d->unit.formals.len + 1);
    for (uint32_t i = 0; i < d->unit.formals.len; i++) {
        const Binding *b = env_find(&into, d->unit.formals.at[i].name.name);
        if (b) values[i] = b->val;
    }
    return values;
}

static ModelInst *build(Env *e, Entry *entry, const ArgList *args, Span at, ModelChange change,
                        const ExprList *freeze)
{
    ModelRequest *r = arena_make(e->k->keep, ModelRequest);
    *r = (ModelRequest){.k = e->k, .entry = entry, .change = change, .span = at};
    r->arguments = model_arguments(e, entry, args, at);
    if (freeze) r->freeze = *freeze;
    return r->arguments ? model_build(r) : NULL;
}

ModelInst *model_plain(Check *k, Entry *entry)
{
    if (entry->state == ENTRY_done) return entry->model;
    Env e = {.k = k, .scope = k->user};
    entry->state = ENTRY_done;
    entry->model = build(&e, entry, NULL, entry->decl->name.span, (ModelChange){0}, NULL);
    return entry->model;
}

Entry *named_entry(Check *k, const Expr *x, DeclKind kind, const char *what)
{
    bool is_call = x->kind == EXPR_call;
    if (x->kind == EXPR_error) return NULL;
    if (!is_call && x->kind != EXPR_name) {
        diag_error(k->c, x->span, D_wants_callee, what);
        return NULL;
    }
    Name name = is_call ? x->call.callee.name : x->name;
    const char *text = name_string(k, name);
    Entry *entry = scope_find(k->user, name);
    if (entry && entry->decl->kind == kind) return entry;
    Span at = is_call ? x->call.callee.span : x->span;
    if (entry) {
        diag_error(k->c, at, D_other_kind, text, decl_kind_article(k, entry->decl->kind),
                   arena_printf(k->keep, "a %s", what));
        if (entry->scope == k->user) diag_note(k->c, entry->decl->name.span, D_declared_here, text);
        return NULL;
    }
    WordList words = {0};
    scope_words(k, k->user, kind, &words);
    if (is_echo(k, text)) return NULL;
    diag_error(k->c, at, D_unknown_unit, what, text);
    help_closest(k, text, &words);
    return NULL;
}

ModelInst *model_for(ActionBuild *a, const Expr *x, ModelChange change, const ExprList *freeze)
{
    Entry *entry = named_entry(a->k, x, DECL_model, "model");
    if (!entry) return NULL;
    bool is_plain = x->kind == EXPR_name && changes_nothing(&change) && !(freeze && freeze->len);
    if (is_plain) return model_plain(a->k, entry);
    ModelInst *m =
        build(&a->env, entry, x->kind == EXPR_call ? &x->call.args : NULL, x->span, change, freeze);
    if (m && x->kind == EXPR_call) vec_push(a->k->keep, &a->k->program->models, m);
    return m;
}

/* ---- train ---- */

/* `init from RUN { q1 <- q1; c2.* <- conv2.*; }` */
static bool read_init_from(ActionBuild *a)
{
    const Field *f = a->init_from;
    Check *k = a->k;
    if (!f) return true;
    ConstValue *v = arena_make(k->keep, ConstValue);
    v->kind = CONST_call;
    v->span = f->span;
    const Expr *run = f->values.len ? f->values.at[0] : NULL;
    v->text = !run ? NULL : run->kind == EXPR_string ? run->string.text : path_of(k, run);
    if (!v->text) return false; /* the parser reported it */
    for (uint32_t i = 0; i < f->more.len; i++) {
        const Expr *x = f->more.at[i];
        if (x->kind != EXPR_assign) continue;
        const char *to = path_of(k, x->assign.to), *from = path_of(k, x->assign.from);
        if (!to || !from) {
            diag_error(k->c, x->span, D_not_a_path);
            return false;
        }
        if (a->inst->model && !check_path(k, a->inst->model, x->assign.to)) return false;
        vec_push(k->keep, &v->arguments, (NamedValue){to, const_word(k, from, x->span)});
    }
    set_field(a, "init", v);
    return true;
}

static bool has_unitary(const ModelInst *m)
{
    for (uint32_t i = 0; i < m->groups.len; i++) {
        if (m->groups.at[i].is_unitary) return true;
    }
    return false;
}

/* Optimizers of matrices and of numbers. */
static bool check_optimizer(ActionBuild *a)
{
    const ConstValue *o = a->inst->optimizer;
    if (strcmp(o->text, "matrix_step")) return true;
    bool has_real = false;
    for (uint32_t i = 0; i < a->inst->model->groups.len; i++) {
        const GroupInst *g = &a->inst->model->groups.at[i];
        if (!g->is_unitary && !g->frozen) has_real = true;
    }
    if (!has_unitary(a->inst->model)) {
        diag_error(a->k->c, o->span, D_no_unitary, name_string(a->k, a->inst->model->name));
        return false;
    }
    const ConstValue *others = callee_argument(o, "others");
    if (others && !strcmp(others->text, "matrix_step")) {
        diag_error(a->k->c, others->span, D_others_matrix);
        return false;
    }
    if (!has_real || others) return true;
    diag_error(a->k->c, o->span, D_others_needed, name_string(a->k, a->inst->model->name));
    return false;
}

static bool check_warmup(ActionBuild *a, const ConstValue *length)
{
    const ConstValue *schedule = field_value(a->inst, "schedule");
    int64_t warmup = schedule ? callee_int(schedule, "warmup", 0) : 0;
    if (warmup < length->number.num) return true;
    diag_error(a->k->c, schedule->span, D_long_warmup, (long long)warmup, (long long)length->number.num);
    return false;
}

static bool check_length(ActionBuild *a)
{
    const ConstValue *epochs = field_value(a->inst, "epochs"),
                     *rounds = field_value(a->inst, "rounds");
    if (epochs && rounds) {
        diag_error(a->k->c, rounds->span, D_epochs_and_rounds);
        diag_note(a->k->c, epochs->span, D_first_here);
        return false;
    }
    if (!epochs && !rounds && is_broken(a->k, a->decl->span)) return false;
    if (!epochs && !rounds) {
        diag_error(a->k->c, a->decl->name.span, D_field_missing, "train",
                   name_string(a->k, a->decl->name.name), "epochs");
        return false;
    }
    if (!check_warmup(a, epochs ? epochs : rounds)) return false;
    const ConstValue *stop = field_value(a->inst, "early_stop");
    if (!stop || !a->inst->data || callee_int(a->inst->data->source, "val", 0) > 0) return true;
    diag_error(a->k->c, stop->span, D_needs_val, "'early_stop'");
    diag_note(a->k->c, a->inst->data->span, D_data_here);
    return false;
}

/* Batches of one sample, where a layer looks at the whole batch. */
static bool check_batch(ActionBuild *a)
{
    const ModelInst *m = a->inst->model;
    const ConstValue *batch = field_value(a->inst, "batch");
    if (!model_couples_samples(m) || field_value(a->inst, "rounds") || batch->number.num > 1) return true;
    diag_error(a->k->c, batch->span, D_batch_of_one);
    for (uint32_t i = 0; i < m->stages.len; i++)
        if (m->stages.at[i].kind == STAGE_batch_norm) diag_note(a->k->c, m->stages.at[i].span, D_coupled_here);
    return false;
}

/* The model with the action's `gradient` and `freeze`. */
static bool read_model(ActionBuild *a)
{
    const ConstValue *gradient = field_value(a->inst, "gradient");
    ModelChange change = {0};
    if (gradient) {
        change.detach_all = !strcmp(gradient->text, "detached");
        change.detach_none = !change.detach_all;
    }
    a->inst->detached = change.detach_all;
    ExprList freeze = field_paths(a, "freeze");
    a->inst->model = model_for(a, raw_field(a, "model"), change, &freeze);
    return a->inst->model != NULL;
}

/* The other data set has to fit the model and the loss just as well. */
static bool check_test(const ActionBuild *a)
{
    ActionInst inst = *a->inst;
    ActionBuild other = *a;
    inst.data = a->inst->test;
    other.inst = &inst;
    return check_loss(&other);
}

static void build_train(ActionBuild *a)
{
    bool has_model = read_model(a);
    a->inst->data = eval_data(&a->env, raw_field(a, "data"));
    bool has_test = raw_field(a, "test") != NULL;
    if (has_test) a->inst->test = eval_data(&a->env, raw_field(a, "test"));
    a->inst->optimizer = field_value(a->inst, "optimizer");
    bool is_good = check_length(a) && read_loss(a, "loss");
    if (!has_model || !a->inst->data || (has_test && !a->inst->test) || !is_good) return;
    if (!field_value(a->inst, "precision"))
        set_field(
            a, "precision",
            const_word(a->k, has_unitary(a->inst->model) ? "f64" : "f32", a->decl->name.span));
    if (!field_value(a->inst, "gradient"))
        set_field(a, "gradient", const_word(a->k, "exact", a->decl->name.span));
    if (!check_loss(a) || (has_test && !check_test(a)) || !check_batch(a)) return;
    warn_ranges(a);
    if (check_optimizer(a)) read_init_from(a);
}

/* Inner steps are plain ones on numbers; so are those on images. */
static bool check_distill_steps(ActionBuild *a)
{
    const ConstValue *outer = a->inst->optimizer;
    if (!strcmp(outer->text, "matrix_step")) {
        diag_error(a->k->c, outer->span, D_no_unitary, "a set of images");
        return false;
    }
    for (uint32_t i = 0; i < a->inst->model->groups.len; i++) {
        const GroupInst *g = &a->inst->model->groups.at[i];
        if (!g->is_unitary || g->frozen) continue;
        diag_error(a->k->c, a->decl->name.span, D_distill_unitary, g->path);
        diag_help(a->k->c, D_distill_frozen, g->path);
        return false;
    }
    return check_warmup(a, field_value(a->inst, "epochs"));
}

static void build_distill(ActionBuild *a)
{
    a->inst->model = model_for(a, raw_field(a, "model"), (ModelChange){0}, NULL);
    a->inst->data = eval_data(&a->env, raw_field(a, "data"));
    a->inst->optimizer = field_value(a->inst, "outer");
    if (!a->inst->model || !a->inst->data || !read_loss(a, "loss")) return;
    bool has_labels = a->inst->loss == LOSS_cross_entropy || a->inst->loss == LOSS_nll ||
                      a->inst->loss == LOSS_mse;
    if (!has_labels || (a->inst->data->sample.kind && !a->inst->data->classes)) {
        diag_error(a->k->c, a->decl->name.span, D_distill_labels);
        return;
    }
    if (check_distill_steps(a)) check_loss(a);
}

static void build_action(Check *k, const Decl *d)
{
    ActionBuild *a = arena_make(k->keep, ActionBuild);
    a->k = k;
    a->env = (Env){.k = k, .scope = k->user};
    a->decl = d;
    a->inst = arena_make(k->keep, ActionInst);
    a->inst->kind = d->action.kind;
    a->inst->name = d->name.name;
    a->inst->decl = d;
    a->inst->span = d->name.span;
    bool is_scan = d->action.kind == ACTION_scan;
    if (is_scan && !bind_sweeps(a)) return;
    if (!read_fields(a)) return;
    switch (d->action.kind) {
    case ACTION_none: return;
    case ACTION_train: build_train(a); break;
    case ACTION_distill: build_distill(a); break;
    case ACTION_explore: check_explore(a); break;
    case ACTION_scan: check_scan(a); break;
    }
    vec_push(k->keep, &k->program->actions, a->inst);
}

void build_actions(Check *k)
{
    for (uint32_t i = 0; i < k->user->entries.len; i++) {
        Entry *entry = k->user->entries.at[i];
        if (entry->decl->kind == DECL_data) check_data(k, entry);
    }
    for (uint32_t i = 0; i < k->user->entries.len; i++) {
        const Decl *d = k->user->entries.at[i]->decl;
        bool is_wanted = d->kind == DECL_action &&
                         (!k->options.only_train || d->action.kind == ACTION_train) &&
                         (!k->options.only_scan || !strcmp(k->options.only_scan, name_string(k, d->name.name)));
        if (is_wanted) build_action(k, d);
    }
}
