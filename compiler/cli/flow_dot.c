/* flow_dot.c: `rq flow FILE --format dot`: the model as a graph for Graphviz, to be laid out by `dot -Tsvg`.
 *
 *     digraph "ResQuNN" {
 *       "q1" [label="q1\nquanv 4q d4\n32 parameters, partial"];
 *       "q1" -> "q2" [style=dashed, label="skip"];
 */
#include <string.h>

#include "cli/flow_text.h"

/* Quoted as DOT wants it; names hold no line breaks. */
static void put_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    put_text(out, text);
    fputc('"', out);
}

static const char *colour_of(const char *verdict)
{
    static const struct {
        const char *verdict, *colour;
    } colours[] = {{"full", "#1a7f5a"}, {"partial", "#9a6700"}, {"none", "#c62828"}, {"unused", "#c62828"}, {"frozen", "#57606a"}};
    for (size_t i = 0; i < COUNT(colours); i++)
        if (!strcmp(colours[i].verdict, verdict)) return colours[i].colour;
    return "#57606a";
}

static void put_layer(FILE *out, const rq_layer *l)
{
    fputs("  ", out);
    put_quoted(out, l->name);
    fputs(" [label=\"", out);
    put_text(out, l->name);
    fputs("\\n", out);
    put_text(out, l->kind);
    if (l->params) fprintf(out, "\\n%lld parameter%s, %s", (long long)l->params, l->params == 1 ? "" : "s", l->flow);
    fprintf(out, "\", color=\"%s\"];\n", colour_of(l->flow));
}

static void put_edge(FILE *out, const rq_edge *e)
{
    fputs("  ", out);
    put_quoted(out, e->from);
    fputs(" -> ", out);
    put_quoted(out, e->to);
    if (e->is_skip || e->is_cut)
        fprintf(out, " [%s%slabel=\"%s%s%s\"]", e->is_skip ? "style=dashed, " : "", e->is_cut ? "color=\"#c62828\", " : "",
                e->is_skip ? "skip" : "", e->is_skip && e->is_cut ? ", " : "", e->is_cut ? "gradient cut" : "");
    fputs(";\n", out);
}

void flow_print_dot(FILE *out, const rq_model *m)
{
    fputs("digraph ", out);
    put_quoted(out, m->name);
    fputs(" {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n"
          "  edge [fontname=\"Helvetica\", fontsize=9];\n", out);
    for (int32_t i = 0; i < m->layer_count; i++) put_layer(out, &m->layers[i]);
    for (int32_t i = 0; i < m->edge_count; i++) put_edge(out, &m->edges[i]);
    fputs("}\n", out);
}
