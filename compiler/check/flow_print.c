/* flow_print.c: the table of `rq flow`.
 *
 *       x --> q1 --x--> q2 --> head --> loss          --x--> cut
 *              `-- skip q1 -> q2 --^
 *     q1    partial  1 path open, 1 cut: the input of q2 is detached (detached.rq:14:47)
 *                    the gradient is biased; full with: gradient: exact
 *     q2    full     1 path
 *     head  full     1 path
 *
 * The first line is the longest chain of sources that ends in the output, on a terminal as boxes. Skips stand under it, other values
 * that a layer reads on lines of their own.
 */
#include <string.h>

#include "check/flow_chain.h"
#include "check/scope.h"

/* The column in which link i begins. */
static int column_of(const Chain *c, int link)
{
    int at = 0;
    for (int i = 0; i < link; i++) at += (int)strlen(c->links.at[i].name) + (c->links.at[i + 1].is_cut ? 8 : 5);
    return at;
}

static void print_links(FILE *out, const Chain *c)
{
    fprintf(out, "  ");
    for (uint32_t i = 0; i < c->links.len; i++)
        fprintf(out, "%s%s", !i ? "" : c->links.at[i].is_cut ? " --x--> " : " --> ", c->links.at[i].name);
    fprintf(out, " --> loss%s\n", chain_has_cut(c) ? "          --x--> cut" : "");
}

/* `-- skip a -> b --^   under the names, when both are in the chain and `in_boxes` has not shown it. */
static void print_reading(FILE *out, const Chain *c, const Reading *r, bool in_boxes)
{
    const ModelInst *m = c->f->model;
    const char *from = stage_name(c->f, r->from),
               *to = name_text(c->f->c->names, layer_of(m, r->to)->name);
    const char *arrow = r->is_cut ? "--x--" : "--";
    if (!r->skip) {
        fprintf(out, "  %s %s> %s\n", from, arrow, to);
        return;
    }
    const char *text = m->skips.at[r->skip - 1].text;
    int a = chain_find(c, from), b = chain_find(c, to);
    if (a < 0 || b < 0) {
        fprintf(out, "  skip %s%s\n", text, r->is_cut ? " (cut)" : "");
        return;
    }
    if (in_boxes) return;
    int length = (int)strlen(text) + 9 + (int)strlen(arrow); /* "`-- skip ", text, " ", arrow */
    int dashes = column_of(c, b) - column_of(c, a) - length;
    fprintf(out, "  %*s`-- skip %s %s", column_of(c, a) + 1, "", text, arrow);
    for (int i = 0; i < dashes; i++) fputc('-', out);
    fputs("^\n", out);
}

static void print_picture(FILE *out, const FlowGraph *f, const Flow *flow, const FlowLook *look)
{
    const Chain *c = flow_chain(f);
    bool in_boxes = look && flow_print_boxes(out, c, flow, look);
    if (!in_boxes) print_links(out, c);
    for (uint32_t i = 0; i < c->readings.len; i++)
        if (!c->readings.at[i].in_chain) print_reading(out, c, &c->readings.at[i], in_boxes);
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
    if (l->statistics)
        fprintf(out, "%*srunning mean and variance of %lld channel%s, %s\n", indent, "", (long long)l->statistics / 2,
                plural(l->statistics / 2), l->frozen_statistics ? "frozen" : "moved by each step");
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

void flow_print_table(FILE *out, Compiler *c, const Flow *flow, const FlowLook *look)
{
    int width = 4;
    print_picture(out, flow_graph(c, flow->model), flow, look);
    for (uint32_t i = 0; i < flow->layers.len; i++) {
        int length = (int)strlen(flow->layers.at[i].name);
        if (length > width) width = length;
    }
    for (uint32_t i = 0; i < flow->layers.len; i++) print_row(out, c, &flow->layers.at[i], width);
}
