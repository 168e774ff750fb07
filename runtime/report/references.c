/* references.c: BibTeX of what a run rests on, chosen by facts. */
#include <string.h>

#include "report/export.h"

enum { FACTS = 64, FACT_LENGTH = 64 };

typedef struct Facts {
    char at[FACTS][FACT_LENGTH];
    int count;
} Facts;

static void add(Facts *f, const char *kind, const char *name)
{
    if (f->count < FACTS) snprintf(f->at[f->count++], FACT_LENGTH, "%s%s%.40s", kind, *kind ? " " : "", name);
}

static bool holds(const Facts *f, const char *const *more, const char *fact)
{
    for (int i = 0; i < f->count; i++)
        if (!strcmp(f->at[i], fact)) return true;
    for (int i = 0; more && more[i]; i++)
        if (!strcmp(more[i], fact)) return true;
    return false;
}

static Facts facts_of(const rq_action *a)
{
    Facts f = {.count = 0};
    bool has_quanv = false, has_skip = false;
    for (int i = 0; i < a->model->layer_count && i < FACTS / 2; i++) {
        char kind[FACT_LENGTH];
        snprintf(kind, sizeof kind, "%.40s", a->model->layers[i].kind);
        kind[strcspn(kind, " ,")] = 0; /* "quanv 4q d1", "conv 6, relu" */
        add(&f, "layer", kind);
        has_quanv = has_quanv || !strcmp(kind, "quanv");
    }
    for (int i = 0; i < a->model->edge_count; i++) has_skip = has_skip || a->model->edges[i].is_skip;
    for (int i = 0; i < a->model->param_count; i++)
        if (a->model->params[i].init == RQ_INIT_haar) add(&f, "", "haar");
    if (has_skip) add(&f, "", "skips");
    if (has_skip && has_quanv) add(&f, "", "quanv skips");
    add(&f, "optimizer", rq_optimizer_name(a->settings.optimizer.kind));
    add(&f, "data", a->data.source);
    add(&f, "", "random");
    return f;
}

bool rq_references(FILE *out, const rq_action *a, const char *const *more, rq_error *err)
{
    static const struct {
        const char *fact, *entry;
    } rows[] = {
#define REFERENCE(fact, entry) {fact, entry},
#include "report/references.def"
#undef REFERENCE
    };
    Facts f = facts_of(a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (holds(&f, more, rows[i].fact)) fprintf(out, "%s\n", rows[i].entry);
    return !ferror(out) || rq_fail(err, "the references could not be written");
}
