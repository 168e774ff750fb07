/* flow_print.c: the table of `rq flow`.
 *
 *       x --> q1 --x--> q2 --> head --> loss          --x--> cut
 *              `-- skip q1 -> q2 --^
 *     q1    partial  1 path open, 1 cut: the input of q2 is detached (detached.rq:14:47)
 *                    the gradient is biased; full with: gradient: exact
 *     q2    full     1 path
 *     head  full     1 path
 *
 * The first line is the longest chain of sources that ends in the output. Skips stand under it,
 * other values that a layer reads on lines of their own.
 */
#include <string.h>

#include "check/flow_graph.h"

/* The value of one layer or input read by another layer. */
typedef struct Reading {
    StageId from;
    LayerId to;
    uint32_t skip;  /* index into skips plus one */
    uint32_t depth; /* layers on the longest way to `from` */
    bool is_cut, in_chain;
} Reading;

typedef struct Picture {
    const FlowGraph *f;
    VEC(Reading) readings;
    VEC(const char *) names; /* of the chain, with the column where each begins */
    VEC(int) columns;
} Picture;

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

static void add_reading(Picture *p, Reading r)
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
static void find_readings(Picture *p, LayerId layer, StageId at, uint32_t skip, bool is_cut)
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
static Reading *deepest(const Picture *p, LayerId layer)
{
    Reading *best = NULL;
    for (uint32_t i = 0; layer.i && i < p->readings.len; i++) {
        Reading *r = &p->readings.at[i];
        if (r->to.i == layer.i && !r->skip && (!best || r->depth > best->depth)) best = r;
    }
    return best;
}

/* Names from the output back along the deepest source of each layer; marks those readings. */
static void find_chain(Picture *p, StageId at)
{
    Reading *source = deepest(p, layer_with_value(p->f->model, at));
    if (source) {
        source->in_chain = true;
        find_chain(p, source->from);
    }
    const char *arrow = !source ? "" : source->is_cut ? " --x--> " : " --> ";
    const char *name = stage_name(p->f, at);
    int column = 0;
    if (p->columns.len)
        column = p->columns.at[p->columns.len - 1] + (int)strlen(p->names.at[p->names.len - 1]) +
                 (int)strlen(arrow);
    vec_push(p->f->c->keep, &p->names, name);
    vec_push(p->f->c->keep, &p->columns, column);
}

static int column_of(const Picture *p, const char *name)
{
    for (uint32_t i = 0; i < p->names.len; i++)
        if (!strcmp(p->names.at[i], name)) return p->columns.at[i];
    return -1;
}

static void print_chain(FILE *out, const Picture *p)
{
    bool any_cut = false;
    int at = 0;
    fprintf(out, "  ");
    for (uint32_t i = 0; i < p->names.len; i++) {
        bool cut = i && p->columns.at[i] - at == 8;
        any_cut |= cut;
        if (i) fprintf(out, "%s", cut ? " --x--> " : " --> ");
        fprintf(out, "%s", p->names.at[i]);
        at = p->columns.at[i] + (int)strlen(p->names.at[i]);
    }
    for (uint32_t i = 0; i < p->readings.len; i++) any_cut |= p->readings.at[i].is_cut;
    fprintf(out, " --> loss%s\n", any_cut ? "          --x--> cut" : "");
}

/* `-- skip a -> b --^   under the names, when both are in the chain. */
static void print_reading(FILE *out, const Picture *p, const Reading *r)
{
    const ModelInst *m = p->f->model;
    const char *from = stage_name(p->f, r->from),
               *to = name_text(p->f->c->names, layer_of(m, r->to)->name);
    const char *arrow = r->is_cut ? "--x--" : "--";
    if (!r->skip) {
        fprintf(out, "  %s %s> %s\n", from, arrow, to);
        return;
    }
    const char *text = m->skips.at[r->skip - 1].text;
    int a = column_of(p, from), b = column_of(p, to);
    if (a < 0 || b < 0) {
        fprintf(out, "  skip %s%s\n", text, r->is_cut ? " (cut)" : "");
        return;
    }
    int length = (int)strlen(text) + 9 + (int)strlen(arrow); /* "`-- skip ", text, " ", arrow */
    int dashes = b + 1 - (a + 1) - length;
    fprintf(out, "  %*s`-- skip %s %s", a + 1, "", text, arrow);
    for (int i = 0; i < dashes; i++) fputc('-', out);
    fputs("^\n", out);
}

static void print_picture(FILE *out, const FlowGraph *f)
{
    Picture p = {.f = f};
    const ModelInst *m = f->model;
    for (uint32_t i = 0; i < m->layers.len;
         i++) { /* sources come first, so their depths are known */
        uint32_t first = p.readings.len;
        find_readings(&p, (LayerId){i + 1}, m->layers.at[i].value, 0, false);
        for (; first < p.readings.len; first++) {
            const Reading *below = deepest(&p, layer_with_value(m, p.readings.at[first].from));
            p.readings.at[first].depth = below ? below->depth + 1 : 0;
        }
    }
    find_chain(&p, m->output);
    print_chain(out, &p);
    for (uint32_t i = 0; i < p.readings.len; i++)
        if (!p.readings.at[i].in_chain) print_reading(out, &p, &p.readings.at[i]);
}

/* ---- rows ---- */

static const char *count_text(Compiler *c, double n)
{
    return arena_printf(c->keep, "%s%.0f", n >= 9007199254740991.0 ? "at least " : "", n);
}

static void print_counts(FILE *out, Compiler *c, const LayerFlow *l)
{
    const char *open = count_text(c, l->open_paths), *noun = l->open_paths == 1 ? "path" : "paths";
    if (l->verdict == VERDICT_unused)
        fprintf(out, "no path leads to the loss");
    else if (l->cut_paths == 0)
        fprintf(out, "%s %s", open, noun);
    else
        fprintf(out, "%s %s open, %s cut", open, noun, count_text(c, l->cut_paths));
}

static void print_row(FILE *out, Compiler *c, const LayerFlow *l, int name_width)
{
    int indent = name_width + 11;
    fprintf(out, "%-*s  %-7s  ", name_width, l->name,
            l->groups.len ? verdict_text(l->verdict) : "-");
    if (l->groups.len) print_counts(out, c, l);
    for (uint32_t i = 0; i < l->cuts.len; i++) {
        const Cut *cut = &l->cuts.at[i];
        if (i)
            fprintf(out, "\n%*sand ", indent, "");
        else
            fprintf(out, ": ");
        fprintf(out, "%s (%s)", cut->reason, source_place_text(c->scratch, &c->sources, cut->span));
    }
    fputc('\n', out);
    if (l->dead) fprintf(out, "%*s%lld params, %lld dead: nothing that is measured depends on them\n", indent, "", (long long)l->params, (long long)l->dead);
    if (!l->fixes.len && l->verdict != VERDICT_partial) return;
    fprintf(out, "%*s", indent, "");
    if (l->verdict == VERDICT_partial)
        fprintf(out, "the gradient is biased%s", l->fixes.len ? "; full with: " : "");
    else
        fprintf(out, "opened by: ");
    for (uint32_t i = 0; i < l->fixes.len; i++)
        fprintf(out, "%s%s", i ? ", or by: " : "", l->fixes.at[i]);
    fputc('\n', out);
}

void flow_print_table(FILE *out, Compiler *c, const Flow *flow)
{
    int width = 4;
    print_picture(out, flow_graph(c, flow->model));
    for (uint32_t i = 0; i < flow->layers.len; i++) {
        int length = (int)strlen(flow->layers.at[i].name);
        if (length > width) width = length;
    }
    for (uint32_t i = 0; i < flow->layers.len; i++) print_row(out, c, &flow->layers.at[i], width);
}
