/* flow.c: `rq flow FILE`: which parameters can receive a gradient, along which paths, and what cuts the others. Nothing is run. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/flow_text.h"
#include "cli/pictures.h"
#include "cli/terminal.h"
#include "report/report.h"
#include "graph/dead.h"

static const char *class_word(CutClass class)
{
    switch (class) {
    case CUT_declared: return "declared";
    case CUT_flat: return "flat";
    case CUT_sampled: return "sampled";
    case CUT_none_set: break;
    }
    return "";
}

static json_t *cuts_json(Compiler *c, const LayerFlow *l)
{
    json_t *cuts = json_array();
    for (uint32_t i = 0; i < l->cuts.len; i++) {
        const Cut *cut = &l->cuts.at[i];
        json_array_append_new(cuts, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "at", source_place_text(c->keep, &c->sources, cut->span),
                                              "from", cut->from, "to", cut->to, "kind", cut->kind, "class", class_word(cut->class),
                                              "reason", cut->reason));
    }
    return cuts;
}

static json_t *layer_json(Compiler *c, const ModelInst *model, const LayerFlow *l)
{
    json_t *groups = json_array(), *fixes = json_array();
    for (uint32_t i = 0; i < l->groups.len; i++)
        json_array_append_new(groups, json_pack("{s:s, s:s, s:I}", "path", group_of(model, l->groups.at[i].group)->path, "verdict",
                                                verdict_text(l->groups.at[i].verdict), "dead", (json_int_t)l->groups.at[i].dead));
    for (uint32_t i = 0; i < l->fixes.len; i++) json_array_append_new(fixes, json_string(l->fixes.at[i]));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:o, s:o, s:o}", "name", l->name, "kind", l->kind_text ? l->kind_text : "",
                     "params", (json_int_t)l->params, "dead", (json_int_t)l->dead, "statistics", (json_int_t)l->statistics, "verdict",
                     l->verdict == VERDICT_none_set ? json_null() : json_string(verdict_text(l->verdict)), "open_paths",
                     (json_int_t)l->open_paths, "cut_paths", (json_int_t)l->cut_paths, "groups", groups, "cuts", cuts_json(c, l), "fixes",
                     fixes);
}

static bool has_declared_cut(const Flow *flow)
{
    const ModelInst *m = flow->model;
    for (uint32_t i = 0; i < m->stages.len; i++)
        if (m->stages.at[i].kind == STAGE_detach) return true;
    return false;
}

static void print_object(FILE *out, json_t *o)
{
    if (!o || json_dumpf(o, out, JSON_COMPACT)) fatal("the flow report could not be written");
    fputc('\n', out);
    json_decref(o);
}

void variant_print_json(FILE *out, Compiler *c, const Variant *v)
{
    json_t *layers = json_array();
    for (uint32_t i = 0; v->flow && i < v->flow->layers.len; i++) json_array_append_new(layers, layer_json(c, v->model, &v->flow->layers.at[i]));
    json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o}", "schema", 1, "model", v->train ? name_text(c->names, v->train->model->name) : "",
                          "variant", v->label, "placement", v->placement, "settings", v->settings, "gradient",
                          v->detached ? "detached" : "exact", "layers", layers);
    if (v->reason) json_object_set_new(o, "reason", json_string(v->reason));
    print_object(out, o);
}

void flow_print_json(FILE *out, Compiler *c, const Flow *flow)
{
    json_t *layers = json_array();
    for (uint32_t i = 0; i < flow->layers.len; i++) json_array_append_new(layers, layer_json(c, flow->model, &flow->layers.at[i]));
    const char *variant = "";
    for (uint32_t i = 0; i < flow->model->skips.len; i++)
        variant = arena_printf(c->keep, "%s%s%s", variant, i ? ", " : "", flow->model->skips.at[i].text);
    json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:o}", "schema", 1, "model", name_text(c->names, flow->model->name), "variant", variant,
                          "gradient", has_declared_cut(flow) ? "detached" : "exact", "layers", layers);
    print_object(out, o);
}

/* The file's exploration, or that of --action. */
static int all_placements(Compiler *c, const Options *o, const Program *p)
{
    const ActionInst *a = session_action_of(c, o, p, ACTION_explore);
    VariantList *variants = variants_of(c, p, a);
    int code = EXIT_done;
    diag_flush(c);
    if (!variants) return EXIT_source;
    for (uint32_t i = 0; i < variants->list.len; i++) {
        const Variant *v = &variants->list.at[i];
        if (v->flow) find_dead(c, v->flow);
        if (o->json) variant_print_json(stdout, c, v);
        int denied = v->flow ? session_deny(c, o, v->flow) : EXIT_done;
        if (denied) code = denied;
    }
    if (!o->json) variants_print(stdout, variants, false);
    return code;
}

/* The model's flow into the file of -o. */
static void save_picture(Compiler *c, const Options *o, const ModelInst *model, Flow *flow)
{
    rq_error err;
    ModelCode *code = session_code(c, o, NULL, model, flow, false);
    picture_save(rq_flow_picture(model_code_table(code), &err), o->output, &err);
    model_code_drop(code);
}

static void print_dot(Compiler *c, const Options *o, const ModelInst *model, Flow *flow)
{
    ModelCode *code = session_code(c, o, NULL, model, flow, false);
    flow_print_dot(stdout, model_code_table(code));
    model_code_drop(code);
}

/* Boxes on a terminal, the chain of names elsewhere; --format chooses. NULL: the chain. */
static const FlowLook *look(const Options *o, FlowLook *boxes)
{
    const char *no_colour = getenv("NO_COLOR");
    bool live = isatty(STDOUT_FILENO), wanted = o->format ? !strcmp(o->format, "boxes") : live;
    if (o->format && !wanted && strcmp(o->format, "chain") != 0) fatal("--format takes 'boxes', 'chain' or 'dot', not '%s'", o->format);
    *boxes = (FlowLook){.width = terminal_width(), .unicode = terminal_is_utf8(), .colour = live && !(no_colour && *no_colour)};
    return wanted ? boxes : NULL;
}

/* The models to show: those of train actions (with their freeze and gradient), else all. */
int verb_flow(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    FlowLook boxes;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    if (o->all_placements) return all_placements(c, o, p);
    VEC(const ModelInst *) models = {0};
    for (uint32_t i = 0; i < p->actions.len; i++) {
        const ActionInst *a = p->actions.at[i];
        bool wanted = a->kind == ACTION_train && (!o->action || !strcmp(o->action, name_text(c->names, a->name)));
        bool seen = false;
        for (uint32_t k = 0; k < models.len; k++) seen = seen || models.at[k] == a->model;
        if (wanted && a->model && !seen) vec_push(c->keep, &models, a->model);
    }
    if (o->action && !models.len) session_action(c, o, p);
    bool all = !models.len;
    for (uint32_t i = 0; i < p->models.len && all; i++) vec_push(c->keep, &models, p->models.at[i]);
    if (!models.len) fatal("'%s' has no model that can be instantiated; give its formals defaults or name it in an action", o->file);
    diag_flush(c);
    if (o->output) picture_check_name(o->output);
    if (o->output && models.len > 1) fatal("-o %s: '%s' has several models; choose the train action of one with --action", o->output, o->file);
    for (uint32_t i = 0; i < models.len; i++) {
        Flow *flow = compile_flow(c, models.at[i]);
        if (o->output) save_picture(c, o, models.at[i], flow);
        else if (o->json) flow_print_json(stdout, c, flow);
        else if (o->format && !strcmp(o->format, "dot")) print_dot(c, o, models.at[i], flow);
        else flow_print_table(stdout, c, flow, look(o, &boxes));
        int denied = session_deny(c, o, flow);
        if (denied) code = denied;
    }
    return code;
}
