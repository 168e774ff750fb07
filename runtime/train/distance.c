/* distance.c: how far the states that a model gives are from their targets: trace distance and Hilbert-Schmidt distance.
 *
 * The trace distance needs the eigenvalues of a Hermitian matrix: Householder reflections make it tridiagonal, and each eigenvalue is
 * found by bisection on the number of those below (Sturm). That is exact to rounding and needs no start or stopping rule.
 */
#include "train/distance.h"

#include <complex.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "train/train.h"

/* Density matrices of eight qubits have 256 rows; larger ones are not made (see docs/language.md). */
enum { MOST_ROWS = 256, REALS_AT_ONCE = 1 << 22 };

/* ---- eigenvalues ---- */

/* The reflection of column k below its diagonal onto one axis, from both sides, of the Hermitian a[d][d]: a <- a - v w^+ - w v^+ with
 * w = 2 (p - (v^+ p) v), p = a v. Returns the length of that column, which is what the axis gets. v and w: scratch [d]. */
static double reflect(int64_t d, int64_t k, double complex *a, double complex *v, double complex *w)
{
    double length = 0;
    for (int64_t i = k + 1; i < d; i++) length += creal(a[i * d + k]) * creal(a[i * d + k]) + cimag(a[i * d + k]) * cimag(a[i * d + k]);
    length = sqrt(length);
    if (length == 0) return 0;
    double complex first = a[(k + 1) * d + k];
    double norm = 0;
    for (int64_t i = k + 1; i < d; i++) v[i] = a[i * d + k];
    v[k + 1] += cabs(first) > 0 ? first / cabs(first) * length : length;
    for (int64_t i = k + 1; i < d; i++) norm += creal(v[i]) * creal(v[i]) + cimag(v[i]) * cimag(v[i]);
    norm = sqrt(norm);
    for (int64_t i = k + 1; i < d; i++) v[i] /= norm;
    double inner = 0; /* v^+ a v is real */
    for (int64_t i = k + 1; i < d; i++) {
        w[i] = 0;
        for (int64_t j = k + 1; j < d; j++) w[i] += a[i * d + j] * v[j];
        inner += creal(conj(v[i]) * w[i]);
    }
    for (int64_t i = k + 1; i < d; i++) w[i] = 2 * (w[i] - inner * v[i]);
    for (int64_t i = k + 1; i < d; i++)
        for (int64_t j = k + 1; j < d; j++) a[i * d + j] -= v[i] * conj(w[j]) + w[i] * conj(v[j]);
    return length;
}

/* How many eigenvalues of the tridiagonal matrix lie below x; square[i] is that of the element between rows i - 1 and i. */
static int64_t below(int64_t d, const double *diagonal, const double *square, double x)
{
    int64_t count = 0;
    double q = 1;
    for (int64_t i = 0; i < d; i++) {
        q = diagonal[i] - x - (i ? square[i] / q : 0);
        if (q == 0) q = DBL_MIN;
        count += q < 0;
    }
    return count;
}

/* Eigenvalue number k from below, known to lie in [low, high]. */
static double eigenvalue(int64_t d, const double *diagonal, const double *square, int64_t k, double low, double high)
{
    for (int i = 0; i < 80; i++) {
        double middle = low + (high - low) / 2;
        if (below(d, diagonal, square, middle) > k) high = middle;
        else low = middle;
    }
    return low + (high - low) / 2;
}

double rq_trace_norm(int64_t d, double complex *a, double complex *work)
{
    double complex *v = work, *w = work + d;
    double *diagonal = (double *)(work + 2 * d), *square = diagonal + d, bound = 0, sum = 0;
    square[0] = 0;
    for (int64_t k = 0; k < d - 1; k++) {
        double length = reflect(d, k, a, v, w);
        square[k + 1] = length * length;
        bound = fmax(bound, length);
    }
    for (int64_t k = 0; k < d; k++) diagonal[k] = creal(a[k * d + k]);
    for (int64_t k = 0; k < d; k++) sum = fmax(sum, fabs(diagonal[k]));
    bound = 2 * bound + sum + DBL_MIN; /* Gershgorin */
    sum = 0;
    for (int64_t k = 0; k < d; k++) sum += fabs(eigenvalue(d, diagonal, square, k, -bound, bound));
    return sum;
}

/* ---- one sample ---- */

/* 1 - F of pure states as the square of what is left of `state` without its part along `target`, which is exact also near 0. */
static double pure_infidelity(int64_t d, const double *state, const double *target)
{
    double complex part = 0;
    double rest = 0;
    for (int64_t i = 0; i < d; i++) part += CMPLX(target[2 * i], -target[2 * i + 1]) * CMPLX(state[2 * i], state[2 * i + 1]);
    for (int64_t i = 0; i < d; i++) {
        double complex left = CMPLX(state[2 * i], state[2 * i + 1]) - part * CMPLX(target[2 * i], target[2 * i + 1]);
        rest += creal(left) * creal(left) + cimag(left) * cimag(left);
    }
    return rest;
}

rq_distance rq_distance_pure(int64_t d, const double *state, const double *target)
{
    double infidelity = pure_infidelity(d, state, target);
    return (rq_distance){.trace = sqrt(infidelity), .hilbert_schmidt = sqrt(2 * infidelity)};
}

rq_distance rq_distance_mixed(int64_t d, const double *rho, const double *target, double complex *work)
{
    double complex *a = work;
    double squares = 0;
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            double complex t = CMPLX(target[2 * i], target[2 * i + 1]) * CMPLX(target[2 * j], -target[2 * j + 1]);
            double complex x = CMPLX(rho[2 * (i * d + j)], rho[2 * (i * d + j) + 1]) - t;
            a[i * d + j] = x;
            squares += creal(x) * creal(x) + cimag(x) * cimag(x);
        }
    return (rq_distance){.trace = rq_trace_norm(d, a, work + d * d) / 2, .hilbert_schmidt = sqrt(squares)};
}

/* ---- a split ---- */

/* The values of samples first .. first + count - 1, as rows of m->input_reals. */
static void inputs_of(const rq_model *m, const rq_data *data, rq_split split, int64_t first, int64_t count, double *rows)
{
    bool embeds = m->input_is_density && rq_data_embeds(data, m->input_reals);
    for (int64_t s = 0; s < count; s++)
        for (int64_t e = 0; e < m->input_reals; e++)
            rows[s * m->input_reals + e] =
                embeds ? rq_data_density_value(data, split, first + s, e) : rq_data_value(data, split, first + s, e);
}

bool rq_distances_exist(const rq_model *m, const rq_data *data)
{
    if (!data->is_states || !data->targets || data->target_size != m->target_reals) return false;
    return m->output_reals == m->target_reals || m->target_reals <= 2 * MOST_ROWS;
}

static bool add_block(const rq_model *m, const rq_data *data, rq_split split, int64_t first, int64_t count, const double *values,
                      int64_t reals, rq_distance *sum, rq_error *err)
{
    int64_t d = m->target_reals / 2;
    bool is_pure = reals == 2 * d;
    double complex *work = NULL;
    if (!is_pure && reals != 2 * d * d) return rq_fail(err, "the output has %lld numbers, no state of its target's size", (long long)reals);
    if (!is_pure && !(work = rq_alloc_array((uint64_t)(d * d + 3 * d), sizeof *work, "the distances of states", err))) return false;
    for (int64_t s = 0; s < count; s++) {
        const double *target = data->targets + (data->first[split] + first + s) * data->target_size, *state = values + s * reals;
        rq_distance one = is_pure ? rq_distance_pure(d, state, target) : rq_distance_mixed(d, state, target, work);
        sum->trace += one.trace, sum->hilbert_schmidt += one.hilbert_schmidt;
    }
    rq_free(work);
    return true;
}

bool rq_distances(const rq_model *m, const rq_params *params, const rq_data *data, rq_split split, int threads, rq_distance *out,
                  rq_error *err)
{
    int64_t n = data->count[split], d = m->target_reals / 2;
    int64_t block = m->output_reals == m->target_reals ? 512 : REALS_AT_ONCE / (2 * d * d);
    block = block < 16 ? 16 : block > n ? n : block;
    double *rows = rq_alloc_array((uint64_t)block, (uint64_t)m->input_reals * sizeof(double), "the distances of states", err);
    *out = (rq_distance){0};
    bool ok = rows != NULL;
    for (int64_t first = 0; ok && first < n; first += block) {
        int64_t count = n - first < block ? n - first : block, reals;
        double *values = NULL;
        inputs_of(m, data, split, first, count, rows);
        ok = rq_predict(m, params, NULL, rows, count, threads, &values, &reals, err) &&
             add_block(m, data, split, first, count, values, reals, out, err);
        rq_free(values);
    }
    rq_free(rows);
    out->trace /= (double)n;
    out->hilbert_schmidt /= (double)n;
    return ok;
}
