/* draw.c: `rq draw FILE`: the circuits of a model's layers. */
#include <string.h>

#include "cli/pictures.h"
#include "cli/terminal.h"
#include "export/diagram.h"

static const ModelInst *draw_model(Compiler *c, const Options *o, const Program *p)
{
    for (uint32_t i = 0; i < p->actions.len; i++)
        if (p->actions.at[i]->kind == ACTION_train && !o->action) return p->actions.at[i]->model;
    if (o->action) return session_action(c, o, p)->model;
    if (!p->models.len) fatal("'%s' has no model that can be instantiated; give its formals defaults or name it in an action", o->file);
    return p->models.at[0];
}

static bool is_circuit(const Stage *s)
{
    return ((s->kind >= STAGE_encode && s->kind <= STAGE_quanv) || s->kind == STAGE_dissipative) && s->layer.i;
}

/* How many stages from this one on hand a state on, within one layer. */
static uint32_t chain_length(const ModelInst *m, uint32_t first)
{
    uint32_t n = 1;
    for (; first + n < m->stages.len; n++) {
        const Stage *s = &m->stages.at[first + n];
        bool goes_on = is_circuit(s) && s->kind != STAGE_dissipative && m->stages.at[first].kind != STAGE_dissipative && s->layer.i == m->stages.at[first].layer.i && s->operand[0].i == first + n &&
                       stage_of(m, s->operand[0])->type.kind != VALUE_real;
        if (!goes_on) break;
    }
    return n;
}

static void check_layer_name(Compiler *c, const ModelInst *m, const char *name)
{
    for (uint32_t i = 0; i < m->layers.len; i++)
        if (!strcmp(name, name_text(c->names, m->layers.at[i].name))) return;
    fatal("--layer: model '%s' has no layer '%s'", name_text(c->names, m->name), name);
}

int verb_draw(Compiler *c, const Options *o)
{
    int code = EXIT_done, drawn = 0;
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    const ModelInst *m = draw_model(c, o, p);
    const Diagram *picture = NULL;
    const char *title = "";
    bool latex = o->format && !strcmp(o->format, "quantikz"), unicode = terminal_is_utf8();
    if (o->format && !latex && strcmp(o->format, "text") != 0) fatal("--format takes 'text' or 'quantikz', not '%s'", o->format);
    if (o->layer) check_layer_name(c, m, o->layer);
    if (o->output) picture_check_name(o->output);
    for (uint32_t i = 0; i < m->stages.len; i++) {
        if (!is_circuit(&m->stages.at[i])) continue;
        uint32_t first = i, length = chain_length(m, i);
        const LayerInst *layer = layer_of(m, m->stages.at[i].layer);
        const char *name = name_text(c->names, layer->name);
        i += length - 1;
        if (o->layer && strcmp(o->layer, name)) continue;
        Diagram *d = diagram_of(c, m, &m->stages.at[first], length);
        if (o->output) {
            if (drawn++) fatal("-o %s: '%s' has several circuits; choose one with --layer", o->output, o->file);
            picture = d;
            title = arena_printf(c->keep, "%s: %s", name, layer->kind_text ? layer->kind_text : "");
            continue;
        }
        printf("%s%s%s: %s\n", drawn ? "\n" : "", latex ? "% " : "", name, layer->kind_text ? layer->kind_text : "");
        if (latex) diagram_quantikz(stdout, d);
        else diagram_text(stdout, d, terminal_width(), unicode);
        drawn++;
    }
    rq_error err;
    if (picture) picture_save(circuit_picture(picture, "circuit", title, &err), o->output, &err);
    if (!drawn && o->layer) fatal("layer '%s' has no circuit", o->layer);
    if (!drawn) fatal("model '%s' has no circuit", name_text(c->names, m->name));
    return EXIT_done;
}
