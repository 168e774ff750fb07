/* placements.c: an exploration's variants as a table: placements x layers of verdicts.
 *
 *     placement        gradient  q1      q2      head
 *     none             exact     full    full    full
 *     q1 -> q2         detached  partial full    full
 *     x -> head        exact     does not fit: shapes differ ...
 *     every quanvolutional layer receives a gradient: exact 8 of 8, detached 4 of 8
 */
#include <string.h>

#include "cli/flow_text.h"
#include "cli/session.h"

static const Flow *widest(const VariantList *variants)
{
    const Flow *best = NULL;
    for (uint32_t i = 0; i < variants->list.len; i++) {
        const Flow *f = variants->list.at[i].flow;
        if (f && (!best || f->layers.len > best->layers.len)) best = f;
    }
    return best;
}

static const LayerFlow *row_named(const Flow *f, const char *name)
{
    for (uint32_t i = 0; i < f->layers.len; i++)
        if (!strcmp(f->layers.at[i].name, name)) return &f->layers.at[i];
    return NULL;
}

static const char *verdict_word(const LayerFlow *l)
{
    return !l || l->verdict == VERDICT_none_set ? "-" : verdict_text(l->verdict);
}

static int64_t trained(const ModelInst *m)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < m->groups.len; i++) n += group_is_trained(&m->groups.at[i]) ? m->groups.at[i].count : 0;
    return n;
}

static void print_row(FILE *out, const Variant *v, const Flow *columns, int first, int second, bool with_params)
{
    fprintf(out, "%-*s  ", first, v->placement);
    if (second) fprintf(out, "%-*s  ", second, v->settings);
    fprintf(out, "%-8s", v->detached ? "detached" : "exact");
    if (with_params && v->flow) fprintf(out, "  %10lld", (long long)trained(v->model));
    if (!v->flow) fprintf(out, "  does not fit: %s", v->reason);
    for (uint32_t k = 0; v->flow && columns && k < columns->layers.len; k++) {
        const char *name = columns->layers.at[k].name;
        int width = strlen(name) > 7 ? (int)strlen(name) : 7;
        fprintf(out, "  %-*s", k + 1 < columns->layers.len ? width : 0, verdict_word(row_named(v->flow, name)));
    }
    fputc('\n', out);
}

static int longest(const VariantList *variants, bool settings, int least)
{
    size_t most = 0;
    for (uint32_t i = 0; i < variants->list.len; i++) {
        size_t n = strlen(settings ? variants->list.at[i].settings : variants->list.at[i].placement);
        if (n > most) most = n;
    }
    return most && (int)most < least ? least : (int)most;
}

/* "every quanvolutional layer receives a gradient: exact 8 of 15, detached 2 of 15" */
static void print_count(FILE *out, const VariantList *variants)
{
    const char *between = "every quanvolutional layer receives a gradient:";
    bool any = false;
    for (int detached = 0; detached < 2; detached++) {
        unsigned all = 0, reached = 0;
        for (uint32_t i = 0; i < variants->list.len; i++) {
            const Variant *v = &variants->list.at[i];
            if (v->detached != detached || !variant_has_quanv(v)) continue;
            all++;
            reached += variant_reaches_all(v);
        }
        if (!all) continue;
        fprintf(out, "%s %s %u of %u", between, detached ? "detached" : "exact", reached, all);
        between = ",";
        any = true;
    }
    if (any) fputc('\n', out);
}

void variants_print(FILE *out, const VariantList *variants, bool with_params)
{
    const Flow *columns = widest(variants);
    int first = longest(variants, false, 9), second = longest(variants, true, 8);
    fprintf(out, "%-*s  ", first, "placement");
    if (second) fprintf(out, "%-*s  ", second, "settings");
    fprintf(out, "%-8s", "gradient");
    if (with_params) fprintf(out, "  %10s", "parameters");
    for (uint32_t k = 0; columns && k < columns->layers.len; k++)
        fprintf(out, k + 1 < columns->layers.len ? "  %-7s" : "  %s", columns->layers.at[k].name);
    fputc('\n', out);
    for (uint32_t i = 0; i < variants->list.len; i++) print_row(out, &variants->list.at[i], columns, first, second, with_params);
    print_count(out, variants);
}
