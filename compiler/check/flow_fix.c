/* flow_fix.c: changes of the model that open a path, each tried on the changed model before it is
 * offered; and the warnings. */
#include <string.h>

#include "check/flow_graph.h"

enum { MOST_SKIPS = 2 };

static const LayerFlow *row_named(const Flow *flow, const char *name)
{
    for (uint32_t i = 0; i < flow->layers.len; i++)
        if (!strcmp(flow->layers.at[i].name, name)) return &flow->layers.at[i];
    return NULL;
}

/* A biased gradient has to become exact; where none arrives, any is better. */
static bool helps(Compiler *c, const ModelInst *m, const LayerFlow *l, const ModelChange *change)
{
    const ModelInst *changed = model_changed(c, m, change);
    if (!changed) return false;
    const LayerFlow *row = row_named(flow_without_fixes(c, changed), l->name);
    if (!row) return false;
    return l->verdict == VERDICT_partial ? row->verdict == VERDICT_full
                                         : row->open_paths > 0 && row->verdict != l->verdict;
}

static bool has_skip(const ModelInst *m, LayerId from, LayerId to)
{
    for (uint32_t i = 0; i < m->skips.len; i++)
        if (m->skips.at[i].from.i == from.i && m->skips.at[i].to.i == to.i) return true;
    return false;
}

static void try_skips(Compiler *c, const ModelInst *m, LayerFlow *l)
{
    uint32_t found = 0;
    for (uint32_t to = l->layer.i + 1; to <= m->layers.len && found < MOST_SKIPS; to++) {
        ModelChange change = {.has_skip = true, .skip_from = l->layer, .skip_to = {to}};
        if (has_skip(m, l->layer, change.skip_to) || !helps(c, m, l, &change)) continue;
        vec_push(c->keep, &l->fixes,
                 arena_printf(c->keep, "skip %s -> %s", l->name,
                              name_text(c->names, m->layers.at[to - 1].name)));
        found++;
    }
}

static bool has_declared_cut(const LayerFlow *l)
{
    for (uint32_t i = 0; i < l->cuts.len; i++)
        if (l->cuts.at[i].class == CUT_declared) return true;
    return false;
}

Flow *flow_of(Compiler *c, const ModelInst *m)
{
    Flow *flow = flow_without_fixes(c, m);
    for (uint32_t i = 0; i < flow->layers.len; i++) {
        LayerFlow *l = &flow->layers.at[i];
        bool starved = l->verdict == VERDICT_none || l->verdict == VERDICT_unused;
        if (l->is_part) continue; /* what helps its layer helps it */
        if (starved && l->layer.i) try_skips(c, m, l);
        if ((starved || l->verdict == VERDICT_partial) && has_declared_cut(l) &&
            helps(c, m, l, &(ModelChange){.detach_none = true}))
            vec_push(c->keep, &l->fixes, "gradient: exact");
    }
    return flow;
}

/* ---- warnings ---- */

static void warn_fixes(Compiler *c, const LayerFlow *l)
{
    const char *list = "";
    for (uint32_t i = 0; i < l->fixes.len; i++) {
        bool is_skip = !strncmp(l->fixes.at[i], "skip", 4);
        list = arena_printf(c->keep, "%s%s%s%s", list, i ? "   or   " : "", l->fixes.at[i],
                            is_skip ? ";" : "");
    }
    if (l->fixes.len > 1)
        diag_help(c, D_flow_fixes, list);
    else if (l->fixes.len)
        diag_help(c, D_flow_fix, list);
}

static void warn_layer(Compiler *c, const LayerFlow *l)
{
    const char *what = l->layer.i ? "layer" : "parameter";
    diag_warning(c, l->span, l->verdict == VERDICT_none ? D_no_gradient : D_not_used, what,
                 l->name);
    if (l->params == 1)
        diag_note(c, l->span, D_param_stays);
    else
        diag_note(c, l->span, D_params_stay, (long long)l->params);
    for (uint32_t i = 0; i < l->cuts.len; i++)
        diag_note(c, l->cuts.at[i].span, l->cut_paths == 1 ? D_only_path_cut : D_path_cut);
    warn_fixes(c, l);
}

void flow_warn(Compiler *c, const Flow *flow)
{
    for (uint32_t i = 0; i < flow->layers.len; i++) {
        const LayerFlow *l = &flow->layers.at[i];
        if (!l->is_part && (l->verdict == VERDICT_none || l->verdict == VERDICT_unused)) warn_layer(c, l);
    }
}
