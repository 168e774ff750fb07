/* products.c: are target states products of one-qubit states? The loss `local` compares qubit by qubit, which means something for
 * such targets only: a state is a product if each of its qubits alone is in a pure state.
 */
#include <math.h>

#include "data/data.h"

/* tr(rho^2) of one qubit of a state of dim amplitudes; `bit` is what the qubit's value 1 adds to an index. */
static double purity(const double *psi, int64_t dim, int64_t bit)
{
    double p0 = 0, p1 = 0, re = 0, im = 0;
    for (int64_t i = 0; i < dim; i++) {
        if (i & bit) continue;
        const double *a = psi + 2 * i, *b = psi + 2 * (i | bit);
        p0 += a[0] * a[0] + a[1] * a[1];
        p1 += b[0] * b[0] + b[1] * b[1];
        re += a[0] * b[0] + a[1] * b[1];
        im += a[1] * b[0] - a[0] * b[1];
    }
    return p0 * p0 + p1 * p1 + 2 * (re * re + im * im);
}

bool rq_data_product_targets(const rq_data *d, rq_error *err)
{
    static const char why[] = "the loss 'local' compares each qubit with the state of its own that a product target gives it;"
                              " 'infidelity' takes any pure target";
    static const double least = 1 - 1e-5; /* numbers from files may be single precision */
    int64_t dim = d->target_size / 2, samples = d->total;
    for (int64_t s = 0; d->is_states && s < samples; s++)
        for (int64_t bit = dim / 2, qubit = 0; bit; bit /= 2, qubit++) {
            double p = purity(d->targets + s * d->target_size, dim, bit);
            if (p < least)
                return rq_fail(err, "the target of sample %lld of '%s' is entangled (its qubit %lld alone is mixed, of purity %.4g): %s",
                               (long long)s, d->name, (long long)qubit, p, why);
        }
    return true;
}
