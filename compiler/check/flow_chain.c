/* flow_chain.c: the readings of a model, and the chain of the deepest ones that ends in the output. */
#include "check/flow_chain.h"

#include <string.h>

static bool edge_is_cut(const FlowGraph *f, StageId from, StageId to)
{
    for (uint32_t i = 0; i < f->edges.len; i++)
        if (f->edges.at[i].from.i == from.i && f->edges.at[i].to.i == to.i && f->edges.at[i].is_cut)
            return true;
    return false;
}

static bool is_value(const ModelInst *m, StageId id)
{
    for (uint32_t i = 0; i < m->layers.len; i++)
        if (m->layers.at[i].value.i == id.i) return true;
    return stage_of(m, id)->kind == STAGE_input;
}

static void add_reading(Chain *p, Reading r)
{
    for (uint32_t i = 0; i < p->readings.len; i++) {
        Reading *old = &p->readings.at[i];
        if (old->from.i == r.from.i && old->to.i == r.to.i && old->skip == r.skip &&
            old->is_cut == r.is_cut)
            return;
    }
    vec_push(p->f->c->keep, &p->readings, r);
}

/* Follows operands from stage `at` of a layer back to values. */
static void find_readings(Chain *p, LayerId layer, StageId at, uint32_t skip, bool is_cut)
{
    const ModelInst *m = p->f->model;
    const Stage *s = stage_of(m, at);
    for (uint32_t k = 0; k < s->operand_count; k++) {
        StageId from = s->operand[k];
        bool cut = is_cut || edge_is_cut(p->f, from, at);
        uint32_t via =
            s->skip && (k == 1 || !skip) && (s->kind != STAGE_add || k == 1) ? s->skip : skip;
        if (is_value(m, from))
            add_reading(p, (Reading){.from = from, .to = layer, .skip = via, .is_cut = cut});
        else
            find_readings(p, layer, from, via, cut);
    }
}

static LayerId layer_with_value(const ModelInst *m, StageId at)
{
    for (uint32_t i = 0; i < m->layers.len; i++)
        if (m->layers.at[i].value.i == at.i) return (LayerId){i + 1};
    return (LayerId){0};
}

/* The reading of a layer, not by a skip, whose source has the most layers behind it; NULL if it
 * reads none. */
static Reading *deepest(const Chain *p, LayerId layer)
{
    Reading *best = NULL;
    for (uint32_t i = 0; layer.i && i < p->readings.len; i++) {
        Reading *r = &p->readings.at[i];
        if (r->to.i == layer.i && !r->skip && (!best || r->depth > best->depth)) best = r;
    }
    return best;
}

/* Names from the output back along the deepest source of each layer; marks those readings. */
static void find_chain(Chain *p, StageId at)
{
    LayerId layer = layer_with_value(p->f->model, at);
    Reading *source = deepest(p, layer);
    if (source) {
        source->in_chain = true;
        find_chain(p, source->from);
    }
    vec_push(p->f->c->keep, &p->links, (Link){stage_name(p->f, at), layer, source && source->is_cut});
}

Chain *flow_chain(const FlowGraph *f)
{
    Chain *p = arena_make(f->c->keep, Chain);
    const ModelInst *m = f->model;
    p->f = f;
    for (uint32_t i = 0; i < m->layers.len; i++) { /* sources come first, so their depths are known */
        uint32_t first = p->readings.len;
        find_readings(p, (LayerId){i + 1}, m->layers.at[i].value, 0, false);
        for (; first < p->readings.len; first++) {
            const Reading *below = deepest(p, layer_with_value(m, p->readings.at[first].from));
            p->readings.at[first].depth = below ? below->depth + 1 : 0;
        }
    }
    find_chain(p, m->output);
    return p;
}

bool chain_has_cut(const Chain *c)
{
    for (uint32_t i = 0; i < c->readings.len; i++)
        if (c->readings.at[i].is_cut) return true;
    return false;
}

int chain_find(const Chain *c, const char *name)
{
    for (uint32_t i = 0; i < c->links.len; i++)
        if (!strcmp(c->links.at[i].name, name)) return (int)i;
    return -1;
}
