/* print.c: a graph as text, a line per node, then the outputs.
 *
 *     %12 = apply[q0 ctrl q2=1 of 4] %5 %11 : complex[196|16] S  ; resqunn.rq:9:13
 *     %13 = sparse[4x32: 0<-3*0.5 3<-3*-0.5] %7 : real[2,2]  ; adjoint of resqunn.rq:9:13
 *     loss = %40
 *
 * Long constants and maps show their first entries; their rest is told by a hash, so that equal texts mean equal graphs.
 */
#include <stdlib.h>

#include "graph/map.h"
#include "graph/op.h"

enum { SHOWN = 8 };

/* The shortest text that reads back as x; no sign of a zero. */
static void print_real(FILE *out, double x, const char *plus)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x == 0 ? 0.0 : x);
        if (strtod(text, NULL) == x) break;
    }
    fprintf(out, "%s%s", text[0] == '-' ? "" : plus, text);
}

static void print_number(FILE *out, double re, double im, bool is_complex)
{
    print_real(out, re, "");
    if (!is_complex) return;
    print_real(out, im, "+");
    fputc('i', out);
}

static void print_constant(FILE *out, const Node *n)
{
    int64_t count = type_count(&n->type);
    for (int64_t i = 0; i < count && i < SHOWN; i++) {
        if (i) fputc(' ', out);
        print_number(out, n->constant.re[i], n->constant.im ? n->constant.im[i] : 0, n->constant.im != NULL);
    }
    if (count > SHOWN) fprintf(out, " .. #%08x", n->hash);
}

/* row<-column*coefficient */
static void print_map(FILE *out, const Node *n)
{
    const SparseMap *m = n->map;
    fprintf(out, "%s%lldx%lld", m->inner ? "inner " : "", (long long)m->rows, (long long)m->cols);
    if (map_entries(m) > SHOWN) {
        fprintf(out, ", %lld entries #%08x", (long long)map_entries(m), map_hash(0, m));
        return;
    }
    for (int64_t i = 0; i < m->rows; i++) {
        for (int64_t k = m->start[i]; k < m->start[i + 1]; k++) {
            fprintf(out, "%s%lld<-%lld", k ? " " : ": ", (long long)i, (long long)m->index[k]);
            if (m->re[k] == 1 && (!m->im || m->im[k] == 0)) continue;
            fputc('*', out);
            print_number(out, m->re[k], m->im ? m->im[k] : 0, m->im != NULL);
        }
    }
}

static void print_wires(FILE *out, const Wires *w)
{
    for (int i = 0; i < w->target_count; i++) fprintf(out, "%sq%d", i ? " " : "", w->target[i]);
    for (int i = 0; i < w->control_count; i++)
        fprintf(out, "%sq%d=%d", i ? " " : w->target_count ? " ctrl " : "ctrl ", w->control[i], w->control_values >> i & 1);
    fprintf(out, "%sof %d%s%s%s", w->target_count || w->control_count ? " " : "", w->qubits, w->dagger ? " dagger" : "",
            w->zero_outside ? " zero_outside" : "", w->unitary ? " unitary" : "");
    if (!w->pattern) return;
    fputc(' ', out);
    for (int64_t i = 0; i < INT64_C(1) << 2 * w->target_count; i++) fputc("0ric"[w->pattern[i] & 3], out);
}

static void print_attributes(FILE *out, const Graph *g, const Node *n)
{
    switch (attributes_of(n->op)) {
    case ATTR_none: return;
    case ATTR_index: fprintf(out, "[%s]", (n->op == OP_param ? g->params.at : g->inputs.at)[n->index].name); return;
    case ATTR_constant: fputc('[', out), print_constant(out, n), fputc(']', out); return;
    case ATTR_map: fputc('[', out), print_map(out, n), fputc(']', out); return;
    case ATTR_wires: fputc('[', out), print_wires(out, n->wires), fputc(']', out); return;
    case ATTR_axes: fprintf(out, "[%d, %d]", n->axes.pre, n->axes.post); return;
    case ATTR_matmul: fprintf(out, "[%s, %s]", n->matmul.ta ? "t" : "-", n->matmul.tb ? "t" : "-"); return;
    }
    unreachable();
}

static void print_node(FILE *out, const Graph *g, uint32_t i)
{
    const Node *n = &g->nodes.at[i];
    Arena *scratch = g->c->scratch;
    ArenaMark mark = arena_mark(scratch);
    fprintf(out, "%%%u = %s", i, op_rows[n->op].name);
    print_attributes(out, g, n);
    for (int k = 0; k < n->arity; k++) fprintf(out, " %%%u", n->arg[k].i);
    fprintf(out, " : %s", type_text(scratch, &n->type));
    if (n->span.to) fprintf(out, "  ; %s%s", n->is_adjoint ? "adjoint of " : "", source_place_text(scratch, &g->c->sources, n->span));
    fputc('\n', out);
    arena_reset(scratch, mark);
}

void graph_print(FILE *out, const Graph *g)
{
    for (uint32_t i = 1; i < g->nodes.len; i++) print_node(out, g, i);
    for (uint32_t i = 0; i < g->outputs.len; i++) fprintf(out, "%s = %%%u\n", g->outputs.at[i].name, g->outputs.at[i].node.i);
}
