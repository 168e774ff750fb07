/* flow_boxes.c: the chain of a model as boxes, with skips below:
 *
 *     .---.    .-------------.      .-------------.    .----------.
 *     | x |--->| q1          |--x-->| q2          |--->| head     |---> loss
 *     |   |    | quanv 4q d4 |      | quanv 4q d1 |    | dense 10 |
 *     |   |    | partial     |      | full        |    | full     |
 *     '---'    '------,------'      '------^------'    '----------'
 *                     '--------------------'  skip q1 -> q2
 *
 * Skips that end furthest to the right come first: below them no line has to cross a text.
 */
#include <string.h>

#include "check/flow_chain.h"

enum { BETWEEN = 4, LINES = 5, MOST = 512 };

typedef struct Signs {
    const char *across, *down, *corner[4], *from, *to, *turn_from, *turn_to, *arrow, *cut_arrow;
} Signs;

/* Corners: above left, above right, below left, below right. Arrows take BETWEEN columns; a cut one two more. */
static const Signs unicode_signs = {"─", "│", {"┌", "┐", "└", "┘"}, "┬", "▲", "└", "┘", "───▶", "──×──▶"};
static const Signs ascii_signs = {"-", "|", {".", ".", "'", "'"}, ",", "^", "'", "'", "--->", "--x-->"};

typedef struct Box {
    const char *line[3]; /* name, kind, verdict */
    Verdict verdict;
    int left, width, uses; /* uses: ends of skips that are placed already */
    bool is_cut;           /* the arrow into it */
} Box;

typedef struct Arc {
    const Reading *reading;
    int from, to; /* columns */
} Arc;

typedef struct Boxes {
    const Chain *c;
    const FlowLook *look;
    const Signs *s;
    VEC(Box) box;
    VEC(Arc) arc;
} Boxes;

static int text_width(const char *text)
{
    int n = 0;
    for (; *text; text++) n += (*text & 0xc0) != 0x80;
    return n;
}

static const LayerFlow *flow_named(const Flow *flow, const char *name)
{
    for (uint32_t i = 0; i < flow->layers.len; i++)
        if (!strcmp(flow->layers.at[i].name, name)) return &flow->layers.at[i];
    return NULL;
}

static int skips_at(const Chain *c, const char *name)
{
    int n = 0;
    for (uint32_t i = 0; i < c->readings.len; i++) {
        const Reading *r = &c->readings.at[i];
        if (!r->skip || r->in_chain) continue;
        n += !strcmp(stage_name(c->f, r->from), name);
        n += !strcmp(name_text(c->f->c->names, layer_of(c->f->model, r->to)->name), name);
    }
    return n;
}

static void place_boxes(Boxes *b, const Flow *flow)
{
    const Chain *c = b->c;
    int at = 2;
    for (uint32_t i = 0; i < c->links.len; i++) {
        const Link *link = &c->links.at[i];
        const LayerFlow *l = link->layer.i ? flow_named(flow, link->name) : NULL;
        Box box = {.line = {link->name, l && l->kind_text ? l->kind_text : "", ""}, .is_cut = link->is_cut};
        if (l && l->groups.len) box.verdict = l->verdict, box.line[2] = verdict_text(l->verdict);
        for (int k = 0; k < 3; k++) box.width = text_width(box.line[k]) > box.width ? text_width(box.line[k]) : box.width;
        int least = 2 * skips_at(c, link->name) - 1; /* an end of a skip in every other column */
        box.width = (box.width > least ? box.width : least) + 4;
        if (i) at += BETWEEN + (link->is_cut ? 2 : 0);
        box.left = at;
        at += box.width;
        vec_push(c->f->c->keep, &b->box, box);
    }
}

/* The next free column at a box's lower side: ends of skips stand side by side around its middle. */
static int next_end(Boxes *b, int box, int ends)
{
    Box *x = &b->box.at[box];
    return x->left + x->width / 2 - (ends - 1) + 2 * x->uses++;
}

/* Where arcs end at a box, those from the left stand left of those to the right. */
static void place_arcs(Boxes *b)
{
    const Chain *c = b->c;
    for (int incoming = 1; incoming >= 0; incoming--)
        for (uint32_t i = 0; i < c->readings.len; i++) {
            const Reading *r = &c->readings.at[i];
            const char *from = stage_name(c->f, r->from), *to = name_text(c->f->c->names, layer_of(c->f->model, r->to)->name);
            int a = chain_find(c, from), z = chain_find(c, to);
            if (!r->skip || r->in_chain || a < 0 || z < 0) continue;
            if (incoming) {
                vec_push(c->f->c->keep, &b->arc, ((Arc){r, 0, next_end(b, z, skips_at(c, to))}));
                continue;
            }
            for (uint32_t k = 0; k < b->arc.len; k++)
                if (b->arc.at[k].reading == r) b->arc.at[k].from = next_end(b, a, skips_at(c, from));
        }
}

static void repeat(FILE *out, const char *sign, int n)
{
    while (n-- > 0) fputs(sign, out);
}

static const char *colour_of(const Boxes *b, Verdict v)
{
    if (!b->look->colour) return "";
    if (v == VERDICT_full) return "\033[32m";
    if (v == VERDICT_partial) return "\033[33m";
    return v == VERDICT_none || v == VERDICT_unused ? "\033[31m" : "";
}

static void put_coloured(FILE *out, const char *colour, const char *text)
{
    fprintf(out, "%s%s%s", colour, text, *colour ? "\033[0m" : "");
}

/* The upper side, or the lower one with the ends of skips. */
static void put_side(FILE *out, const Boxes *b, const Box *x, bool lower)
{
    for (int i = 0; i < x->width; i++) {
        const char *sign = b->s->across;
        if (i == 0 || i == x->width - 1) sign = b->s->corner[2 * lower + (i > 0)];
        for (uint32_t k = 0; k < b->arc.len && lower; k++) {
            if (b->arc.at[k].from == x->left + i) sign = b->s->from;
            if (b->arc.at[k].to == x->left + i) sign = b->s->to;
        }
        fputs(sign, out);
    }
}

static void put_arrow(FILE *out, const Boxes *b, bool is_cut)
{
    if (is_cut) put_coloured(out, b->look->colour ? "\033[31m" : "", b->s->cut_arrow);
    else fputs(b->s->arrow, out);
}

static void print_line(FILE *out, const Boxes *b, int line)
{
    fputs("  ", out);
    for (uint32_t i = 0; i < b->box.len; i++) {
        const Box *x = &b->box.at[i];
        if (i && line == 1) put_arrow(out, b, x->is_cut);
        else if (i) repeat(out, " ", BETWEEN + (x->is_cut ? 2 : 0));
        if (line == 0 || line == LINES - 1) {
            put_side(out, b, x, line > 0);
            continue;
        }
        const char *text = x->line[line - 1];
        fprintf(out, "%s ", b->s->down);
        put_coloured(out, line == 3 ? colour_of(b, x->verdict) : "", text);
        repeat(out, " ", x->width - 3 - text_width(text));
        fputs(b->s->down, out);
    }
    if (line == 1) fprintf(out, "%s loss", b->s->arrow);
    fputc('\n', out);
}

/* Arc k on its line; verticals of those that come below it. */
static void print_arc(FILE *out, const Boxes *b, uint32_t k)
{
    const Arc *arc = &b->arc.at[k];
    const SkipInst *skip = &b->c->f->model->skips.at[arc->reading->skip - 1];
    for (int column = 0; column <= arc->to; column++) {
        const char *sign = column > arc->from ? b->s->across : " ";
        for (uint32_t later = k + 1; later < b->arc.len; later++)
            if (b->arc.at[later].from == column || b->arc.at[later].to == column) sign = b->s->down;
        if (column == arc->from) sign = b->s->turn_from;
        if (column == arc->to) sign = b->s->turn_to;
        fputs(sign, out);
    }
    fprintf(out, "  skip %s%s\n", skip->text, arc->reading->is_cut ? "  (cut)" : "");
}

bool flow_print_boxes(FILE *out, const Chain *c, const Flow *flow, const FlowLook *look)
{
    Boxes b = {.c = c, .look = look, .s = look->unicode ? &unicode_signs : &ascii_signs};
    place_boxes(&b, flow);
    const Box *last = &b.box.at[b.box.len - 1];
    if (last->left + last->width + BETWEEN + 5 > look->width) return false;
    place_arcs(&b);
    for (uint32_t i = 1; i < b.arc.len; i++) /* by where they end, the furthest first */
        for (uint32_t k = i; k > 0 && b.arc.at[k - 1].to < b.arc.at[k].to; k--) {
            Arc swap = b.arc.at[k];
            b.arc.at[k] = b.arc.at[k - 1];
            b.arc.at[k - 1] = swap;
        }
    for (int line = 0; line < LINES; line++) print_line(out, &b, line);
    for (uint32_t k = 0; k < b.arc.len; k++) print_arc(out, &b, k);
    return true;
}
