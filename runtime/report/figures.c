/* figures.c: a report's list of pictures. */
#include "report/figures.h"

#include <string.h>

bool rq_figures_add(rq_figures *f, rq_picture *p, rq_error *err)
{
    if (!p) return false;
    if (f->count < RQ_FIGURES && rq_picture_ok(p, err)) {
        f->at[f->count++] = p;
        return true;
    }
    if (f->count == RQ_FIGURES) rq_fail(err, "a report has at most %d figures", RQ_FIGURES);
    rq_picture_free(p);
    return false;
}

void rq_figures_free(rq_figures *f)
{
    for (int i = 0; i < f->count; i++) rq_picture_free(f->at[i]);
    f->count = 0;
}

void rq_figures_show(FILE *out, const rq_figures *f, const char *prefix)
{
    for (int i = 0; i < f->count; i++)
        if (!strncmp(f->at[i]->name, prefix, strlen(prefix))) rq_picture_inline(out, f->at[i]);
}
