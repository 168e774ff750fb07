/* flow.c: which parameter groups reach the loss, along how many paths, and which edges cut them
 * off.
 *
 * The stages are a graph in order; an edge leads from an operand to the stage that reads it and is
 * open or cut. A path is open if all its edges are. From the output backwards, each stage gets its
 * number of open and of cut paths:
 *
 *     open[s] = sum over readers t of s:  edge open ? open[t] : 0                (the output: + 1)
 *     cut[s]  = sum over readers t of s:  edge open ? cut[t] : open[t] + cut[t]
 *
 * A group's paths start at the stages that read it. What opens a path is found in flow_fix.c.
 */
#include "check/flow_graph.h"

#include <string.h>

_Static_assert(STAGE_sub == STAGE_add + 1 && STAGE_mul == STAGE_add + 2 &&
                   STAGE_div == STAGE_add + 3,
               "arithmetic is one range");

static const double most_paths = 9007199254740991.0; /* 2^53 - 1 */

const char *verdict_text(Verdict v)
{
    switch (v) {
    case VERDICT_full: return "full";
    case VERDICT_partial: return "partial";
    case VERDICT_none: return "none";
    case VERDICT_unused: return "unused";
    case VERDICT_frozen: return "frozen";
    case VERDICT_none_set: break;
    }
    return "-";
}

static double plus(double a, double b) { return a + b > most_paths ? most_paths : a + b; }

/* ---- names ---- */

const char *stage_name(const FlowGraph *f, StageId id)
{
    const ModelInst *m = f->model;
    for (uint32_t i = 0; i < m->layers.len; i++)
        if (m->layers.at[i].value.i == id.i || m->layers.at[i].own.i == id.i)
            return name_text(f->c->names, m->layers.at[i].name);
    const Stage *s = stage_of(m, id);
    if (s->kind == STAGE_input) return name_text(f->c->names, s->input.input);
    if (s->kind == STAGE_group) return group_of(m, s->group[0])->path;
    return s->layer.i ? name_text(f->c->names, layer_of(m, s->layer)->name) : "";
}

static const char *layer_name(const FlowGraph *f, LayerId id)
{
    return id.i ? name_text(f->c->names, layer_of(f->model, id)->name) : "";
}

/* ---- edges ---- */

/* The number a stage always is; false if it is not one number or depends on what can change. */
static bool stage_number(const ModelInst *m, StageId id, double *value)
{
    const Stage *s = stage_of(m, id);
    double a = 0, b = 0;
    if (s->kind == STAGE_constant) return *value = s->value.real, true;
    if (s->kind == STAGE_group) return group_number(m, s->group[0], value);
    if (s->kind == STAGE_neg && stage_number(m, s->operand[0], &a)) return *value = -a, true;
    if (s->kind < STAGE_add || s->kind > STAGE_div) return false;
    if (!stage_number(m, s->operand[0], &a) || !stage_number(m, s->operand[1], &b)) return false;
    *value = s->kind == STAGE_add   ? a + b
             : s->kind == STAGE_sub ? a - b
             : s->kind == STAGE_mul ? a * b
                                    : a / b;
    return true;
}

bool group_number(const ModelInst *m, GroupId group, double *value)
{
    const GroupInst *g = group_of(m, group);
    while (g->tied_to.i) g = group_of(m, g->tied_to);
    if (!g->frozen || (g->init != INIT_zeros && g->init != INIT_constant)) return false;
    *value = g->init == INIT_constant ? g->a : 0;
    return true;
}

/* Is there a factor of the edge into s that is always 0? */
static bool factor_is_zero(const ModelInst *m, const Stage *s, uint32_t operand)
{
    double v = 1;
    if (s->kind == STAGE_mul) return stage_number(m, s->operand[1 - operand], &v) && v == 0;
    if (s->kind == STAGE_div) return operand == 1 && stage_number(m, s->operand[0], &v) && v == 0;
    if (s->kind == STAGE_scale && !s->group_count) return s->value.real == 0;
    if (s->kind != STAGE_scale && s->kind != STAGE_dense && s->kind != STAGE_conv) return false;
    return group_number(m, s->group[0], &v) && v == 0;
}

/* Fills cut->class, kind and reason for a cut edge; false for an open one. */
static bool edge_cut(const FlowGraph *f, StageId to, uint32_t operand, Cut *cut)
{
    const ModelInst *m = f->model;
    const Stage *s = stage_of(m, to);
    const char *layer = layer_name(f, s->layer);
    *cut = (Cut){.span = s->span,
                 .from = stage_name(f, s->operand[operand]),
                 .to = layer,
                 .kind = s->skip ? "skip" : "input"};
    if (s->kind == STAGE_detach) {
        cut->class = CUT_declared;
        cut->reason =
            s->skip ? arena_printf(f->c->keep, "skip %s is detached", m->skips.at[s->skip - 1].text)
                    : arena_printf(f->c->keep, "the input of %s is detached", layer);
    } else if (factor_is_zero(m, s, operand)) {
        cut->class = CUT_flat;
        cut->kind = "factor";
        cut->reason = arena_printf(f->c->keep, "a factor in %s is always 0", layer);
    } else if (reads_values(s) && !data_is_open(s)) {
        const EncodingInst *e = s->quantum.encoding;
        cut->class = CUT_flat;
        cut->kind = "encoding";
        if (e && e->span.to) cut->span = e->span;
        cut->reason =
            arena_printf(f->c->keep, "the derivative of %s is 0 almost everywhere",
                         e ? name_text(f->c->names, e->name) : "the circuit's data arguments");
    } else {
        return false;
    }
    return true;
}

FlowGraph *flow_graph(Compiler *c, const ModelInst *m)
{
    FlowGraph *f = arena_alloc(c->keep, sizeof *f);
    f->c = c;
    f->model = m;
    f->open = arena_alloc(c->keep, (m->stages.len + 1) * sizeof *f->open);
    f->cut = arena_alloc(c->keep, (m->stages.len + 1) * sizeof *f->cut);
    f->open[m->output.i] = 1;
    for (uint32_t i = 0; i < m->stages.len; i++)
        for (uint32_t k = 0; k < m->stages.at[i].operand_count; k++) {
            Edge e = {.from = m->stages.at[i].operand[k], .to = {i + 1}};
            e.is_cut = edge_cut(f, e.to, k, &e.cut);
            vec_push(c->keep, &f->edges, e);
        }
    for (uint32_t i = f->edges.len;
         i-- > 0;) { /* readers come last, so backwards all of a stage's edges are summed in time */
        const Edge *e = &f->edges.at[i];
        double open = f->open[e->to.i], cut = f->cut[e->to.i];
        f->open[e->from.i] = plus(f->open[e->from.i], e->is_cut ? 0 : open);
        f->cut[e->from.i] = plus(f->cut[e->from.i], e->is_cut ? plus(open, cut) : cut);
    }
    return f;
}

/* ---- groups ---- */

static GroupId root_of(const ModelInst *m, GroupId g)
{
    while (group_of(m, g)->tied_to.i) g = group_of(m, g)->tied_to;
    return g;
}

/* Does stage s read the group (or one tied to it)? */
bool stage_reads(const ModelInst *m, const Stage *s, GroupId root)
{
    for (uint32_t k = 0; k < s->group_count; k++)
        if (root_of(m, s->group[k]).i == root.i) return true;
    return false;
}

static Verdict verdict_of(double open, double cut)
{
    if (open > 0) return cut > 0 ? VERDICT_partial : VERDICT_full;
    return cut > 0 ? VERDICT_none : VERDICT_unused;
}

static GroupFlow group_flow(const FlowGraph *f, GroupId id)
{
    const ModelInst *m = f->model;
    GroupId root = root_of(m, id);
    GroupFlow r = {.group = id};
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        if (!stage_reads(m, s, root)) continue;
        ParamUse use = param_use(m, s, root);
        double open = f->open[i + 1], cut = f->cut[i + 1];
        if (use == USE_open) r.open_paths = plus(r.open_paths, open);
        if (use != USE_absent)
            r.cut_paths = plus(r.cut_paths, use == USE_open ? cut : plus(open, cut));
    }
    r.verdict = group_of(m, root)->frozen ? VERDICT_frozen : verdict_of(r.open_paths, r.cut_paths);
    return r;
}

/* ---- layers ---- */

/* none, unused, partial, full: the first that occurs; frozen if all are. */
static Verdict worst(const LayerFlow *l)
{
    static const Verdict order[] = {VERDICT_none, VERDICT_unused, VERDICT_partial, VERDICT_full,
                                    VERDICT_frozen};
    for (size_t v = 0; v < COUNT(order); v++)
        for (uint32_t i = 0; i < l->groups.len; i++)
            if (l->groups.at[i].verdict == order[v]) return order[v];
    return VERDICT_none_set;
}

/* Marks the stages that a group of the layer, or stage `start`, leads to, along any edges. */
static bool *reached(const FlowGraph *f, const LayerFlow *l, StageId start)
{
    const ModelInst *m = f->model;
    bool *mark = arena_alloc(f->c->keep, m->stages.len + 1);
    mark[start.i] = true;
    for (uint32_t i = 0; i < m->stages.len; i++)
        for (uint32_t k = 0; k < l->groups.len; k++)
            if (stage_reads(m, &m->stages.at[i], root_of(m, l->groups.at[k].group)))
                mark[i + 1] = true;
    for (uint32_t i = 0; i < f->edges.len; i++)
        if (mark[f->edges.at[i].from.i]) mark[f->edges.at[i].to.i] = true;
    return mark;
}

static bool same_cut(const Cut *a, const Cut *b)
{
    return a->span.from == b->span.from && a->span.to == b->span.to && !strcmp(a->from, b->from) &&
           !strcmp(a->reason, b->reason);
}

static void add_cut(Compiler *c, LayerFlow *l, const Cut *cut)
{
    for (uint32_t i = 0; i < l->cuts.len; i++)
        if (same_cut(&l->cuts.at[i], cut)) return;
    vec_push(c->keep, &l->cuts, *cut);
}

/* Cut edges on the way from the layer's groups (or stage `start`) to the output, and groups that
 * only flat functions read. */
static void collect_cuts(const FlowGraph *f, LayerFlow *l, StageId start)
{
    const ModelInst *m = f->model;
    const bool *mark = reached(f, l, start);
    for (uint32_t i = 0; i < f->edges.len; i++) {
        const Edge *e = &f->edges.at[i];
        if (e->is_cut && mark[e->from.i] && f->open[e->to.i] + f->cut[e->to.i] > 0)
            add_cut(f->c, l, &e->cut);
    }
    for (uint32_t i = 0; i < m->stages.len; i++)
        for (uint32_t k = 0; k < l->groups.len; k++) {
            const Stage *s = &m->stages.at[i];
            GroupId root = root_of(m, l->groups.at[k].group);
            if (!stage_reads(m, s, root) || param_use(m, s, root) != USE_flat) continue;
            const char *path = group_of(m, root)->path, *name = layer_name(f, s->layer);
            Cut cut = {
                .span = s->span,
                .from = path,
                .to = name,
                .kind = "param",
                .class = CUT_flat,
                .reason = arena_printf(
                    f->c->keep, "the derivative with respect to %s is 0 almost everywhere", path)};
            add_cut(f->c, l, &cut);
        }
}

/* Appends `text` to a list "a, b" unless it is there. */
static const char *listed(Compiler *c, const char *list, const char *text)
{
    if (!list) return text;
    const char *at = strstr(list, text);
    for (; at; at = strstr(at + 1, text))
        if ((at == list || at[-1] == ' ') && (!at[strlen(text)] || at[strlen(text)] == ','))
            return list;
    return arena_printf(c->keep, "%s, %s", list, text);
}

/* The first steps of the open paths beyond the layer. */
static const char *first_steps(const FlowGraph *f, const LayerFlow *l)
{
    const ModelInst *m = f->model;
    bool *inside = arena_alloc(f->c->keep, m->stages.len + 1);
    const char *list = NULL;
    for (uint32_t i = 0; i < m->stages.len; i++)
        for (uint32_t k = 0; k < l->groups.len; k++)
            if (stage_reads(m, &m->stages.at[i], root_of(m, l->groups.at[k].group)))
                inside[i + 1] = true;
    for (uint32_t i = 0; i < f->edges.len; i++) {
        const Edge *e = &f->edges.at[i];
        const Stage *t = stage_of(m, e->to);
        if (!inside[e->from.i] || e->is_cut || f->open[e->to.i] == 0) continue;
        const Stage *s = stage_of(m, e->from);
        bool same_layer = t->layer.i == s->layer.i && s->layer.i;
        if (same_layer && (!t->skip || t->skip == s->skip || t->operand[0].i == e->from.i))
            inside[e->to.i] = true;
        else if (t->skip)
            list = listed(f->c, list,
                          arena_printf(f->c->keep, "skip %s", m->skips.at[t->skip - 1].text));
        else if (t->layer.i)
            list = listed(f->c, list, layer_name(f, t->layer));
        else
            inside[e->to.i] = true;
    }
    if (inside[m->output.i]) list = listed(f->c, list, "loss");
    return list ? list : "";
}

static void finish_layer(const FlowGraph *f, LayerFlow *l)
{
    l->verdict = worst(l);
    l->through = "";
    for (uint32_t i = 0; i < l->groups.len; i++) {
        const GroupFlow *g = &l->groups.at[i];
        const GroupInst *group = group_of(f->model, g->group);
        if (!group->tied_to.i) l->params += group->count;
        if (g->verdict != l->verdict) continue;
        l->open_paths = l->open_paths > g->open_paths ? l->open_paths : g->open_paths;
        l->cut_paths = l->cut_paths > g->cut_paths ? l->cut_paths : g->cut_paths;
    }
    if (!l->groups.len) return;
    l->through = first_steps(f, l);
    if (l->verdict == VERDICT_partial || l->verdict == VERDICT_none)
        collect_cuts(f, l, (StageId){0});
}

/* Groups outside of layers: model parameters have a row each, the groups of a skip's adapter share
 * "skip(a->b)". */
static bool is_adapter(const GroupInst *g) { return !strncmp(g->path, "skip(", 5); }

/* Running statistics are none of a layer's groups: no gradient moves them. */
static void add_group(Compiler *c, const FlowGraph *f, LayerFlow *l, GroupId id)
{
    const GroupInst *g = group_of(f->model, id);
    if (g->momentum == 0) vec_push(c->keep, &l->groups, group_flow(f, id));
    if (g->momentum > 0) l->statistics += g->count;
    if (g->momentum > 0 && g->frozen) l->frozen_statistics += g->count;
}

static bool has_own_row(const GroupInst *g) { return !g->layer.i || is_adapter(g); }

static const char *row_name(Compiler *c, const GroupInst *g)
{
    const char *end = is_adapter(g) ? strchr(g->path, ')') : NULL;
    return end ? arena_strndup(c->keep, g->path, (size_t)(end + 1 - g->path)) : g->path;
}

/* "hidden.p[0]" of a path "hidden.p[0].V", the perceptron that owns the group; NULL: none does. */
static const char *part_name(Compiler *c, const ModelInst *m, const GroupInst *g)
{
    const Stage *s = NULL;
    for (uint32_t i = 0; i < m->stages.len; i++)
        for (uint32_t k = 0; k < m->stages.at[i].group_count; k++)
            if (group_of(m, m->stages.at[i].group[k]) == g) s = &m->stages.at[i];
    if (!s || s->kind != STAGE_dissipative || !s->dissipative.perceptron) return NULL;
    const char *at = strstr(g->path, ".p["), *end = at ? strchr(at, ']') : NULL;
    return end ? arena_strndup(c->keep, g->path, (size_t)(end + 1 - g->path)) : NULL;
}

/* Appends a row for each perceptron of the last layer, if it has several with parameters. */
static void add_parts(Compiler *c, const FlowGraph *f, Flow *flow)
{
    const ModelInst *m = f->model;
    uint32_t whole = flow->layers.len - 1;
    for (uint32_t i = 0; i < flow->layers.at[whole].groups.len; i++) {
        GroupFlow group = flow->layers.at[whole].groups.at[i];
        const char *name = part_name(c, m, group_of(m, group.group));
        if (!name) continue;
        uint32_t at = whole + 1;
        while (at < flow->layers.len && strcmp(flow->layers.at[at].name, name)) at++;
        LayerFlow part = {.is_part = true, .name = name, .kind_text = "perceptron", .span = flow->layers.at[whole].span};
        if (at == flow->layers.len) vec_push(c->keep, &flow->layers, part);
        vec_push(c->keep, &flow->layers.at[at].groups, group);
    }
    if (flow->layers.len == whole + 2) flow->layers.len--;
    for (uint32_t i = whole + 1; i < flow->layers.len; i++) finish_layer(f, &flow->layers.at[i]);
}

/* Appends the rows of groups outside of layers. */
static void add_other_rows(Compiler *c, const FlowGraph *f, Flow *flow)
{
    const ModelInst *m = f->model;
    uint32_t first = flow->layers.len;
    for (uint32_t k = 0; k < m->groups.len; k++) {
        const GroupInst *g = &m->groups.at[k];
        if (!has_own_row(g)) continue;
        LayerFlow l = {.name = row_name(c, g),
                       .kind_text = is_adapter(g) ? "adapter" : "parameter",
                       .span = g->span};
        uint32_t at = first;
        while (at < flow->layers.len && strcmp(flow->layers.at[at].name, l.name)) at++;
        if (at == flow->layers.len) vec_push(c->keep, &flow->layers, l);
        add_group(c, f, &flow->layers.at[at], (GroupId){k + 1});
    }
    for (uint32_t i = first; i < flow->layers.len; i++)
        finish_layer(f, &flow->layers.at[i]);
}

Flow *flow_without_fixes(Compiler *c, const ModelInst *m)
{
    const FlowGraph *f = flow_graph(c, m);
    Flow *flow = arena_alloc(c->keep, sizeof *flow);
    flow->model = m;
    for (uint32_t i = 0; i < m->layers.len; i++) {
        const LayerInst *layer = &m->layers.at[i];
        LayerFlow l = {.layer = {i + 1},
                       .name = name_text(c->names, layer->name),
                       .kind_text = layer->kind_text,
                       .span = layer->span};
        for (uint32_t k = 0; k < m->groups.len; k++)
            if (m->groups.at[k].layer.i == i + 1 && !has_own_row(&m->groups.at[k]))
                add_group(c, f, &l, (GroupId){k + 1});
        finish_layer(f, &l);
        vec_push(c->keep, &flow->layers, l);
        add_parts(c, f, flow);
    }
    add_other_rows(c, f, flow);
    for (uint32_t i = 0; i < m->inputs.len; i++) {
        StageId input = m->inputs.at[i];
        LayerFlow l = {.name = stage_name(f, input),
                       .kind_text = "input",
                       .span = stage_of(m, input)->span,
                       .through = ""};
        l.open_paths = f->open[input.i];
        l.cut_paths = f->cut[input.i];
        l.verdict = verdict_of(l.open_paths, l.cut_paths);
        collect_cuts(f, &l, input);
        vec_push(c->keep, &flow->inputs, l);
    }
    return flow;
}
