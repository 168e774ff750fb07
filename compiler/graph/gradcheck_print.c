/* gradcheck_print.c: the table of `rq gradcheck`.
 *
 *     group      tested    reverse forward  reverse shift  reverse differences
 *     q1.theta   32 of 32          3.1e-16        2.0e-15              4.4e-11
 *     x          64 of 784         1.2e-16              -              7.9e-02  not counted: the
 * input of q2 is detached
 *
 * Beside the pairs with reverse mode, the others are printed only where they fail.
 */
#include <string.h>

#include "graph/gradcheck.h"
#include "graph/hessian.h"

static void print_error(FILE *out, const GradRow *r, int a, int b, int width)
{
    if (r->has[a] && r->has[b])
        fprintf(out, "  %*.1e", width, r->error[a][b]);
    else
        fprintf(out, "  %*s", width, "-");
}

static void print_row(FILE *out, const GradRow *r, int width)
{
    char tested[48];
    snprintf(tested, sizeof tested, "%lld of %lld", (long long)r->tested, (long long)r->count);
    fprintf(out, "%-*s  %-14s", width, r->name, tested);
    for (int b = GRAD_forward; b < GRAD_METHODS; b++) print_error(out, r, GRAD_reverse, b, 11);
    if (r->kinks) fprintf(out, "  %lld elements at a kink (%s)", (long long)r->kinks, r->kink);
    if (r->cut) fprintf(out, "  differences do not count: %s", r->cut);
    if (!r->ok) fprintf(out, "  FAILED");
    fputc('\n', out);
}

void gradcheck_print(FILE *out, const Gradcheck *r)
{
    int width = 5;
    for (uint32_t i = 0; i < r->rows.len; i++)
        if ((int)strlen(r->rows.at[i].name) > width) width = (int)strlen(r->rows.at[i].name);
    fprintf(out, "loss %.17g\n", r->loss);
    fprintf(out, "%-*s  %-14s  %11s  %11s  %11s\n", width, "group", "tested", "forward", "shift",
            "differences");
    for (uint32_t i = 0; i < r->rows.len; i++) print_row(out, &r->rows.at[i], width);
    fputs("largest distance from reverse mode, relative to the group's largest derivative\n", out);
}

/*     leaf       directions      reverse      kernels  differences
 *     q1.theta   2               3.1e-16      2.0e-15      4.4e-11
 */
void hessian_print(FILE *out, const Hessian *h)
{
    int width = 4;
    for (uint32_t i = 0; i < h->rows.len; i++)
        if ((int)strlen(h->rows.at[i].name) > width) width = (int)strlen(h->rows.at[i].name);
    fprintf(out, "loss %.17g\n%-*s  %-10s", h->loss, width, "leaf", "directions");
    for (int m = 0; m < HESSIAN_METHODS; m++) fprintf(out, "  %11s", hessian_method_text((HessianMethod)m));
    fputc('\n', out);
    for (uint32_t i = 0; i < h->rows.len; i++) {
        const HessianRow *r = &h->rows.at[i];
        fprintf(out, "%-*s  %-10d", width, r->name, r->directions);
        for (int m = 0; m < HESSIAN_METHODS; m++)
            if (r->has[m]) fprintf(out, "  %11.1e", r->error[m]);
            else fprintf(out, "  %11s", "-");
        if (r->kinked) fprintf(out, "  %d at a kink (%s)", r->kinked, r->kink);
        if (r->cut) fprintf(out, "  differences do not count: %s", r->cut);
        for (int m = 0; m < HESSIAN_METHODS && !r->ok; m++)
            if (r->has[m]) fprintf(out, "%s %s in %s", m ? "," : "  FAILED:", hessian_method_text((HessianMethod)m), r->where[m]);
        fputc('\n', out);
    }
    fputs("Hessian times directions that move one leaf: largest distance from forward over reverse mode, of all leaves,\n"
          "relative to the largest second derivative of each\n", out);
}
