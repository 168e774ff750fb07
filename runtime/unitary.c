/* unitary.c: matrices in two planes of d x d reals, so that inner loops run over neighbours.
 *
 * The exponential is a Taylor polynomial in blocks of four powers (Paterson, Stockmeyer, SIAM J. Comput. 2:60, 1973) after scaling
 * by a power of two; the factors of a skew-Hermitian matrix are unitary to rounding.
 */
#include "unitary.h"

#include <math.h>
#include <string.h>

#include "memory.h"

enum { PLANES = 8 };

/* re[d*d], im[d*d] */
typedef struct Matrix {
    double *re, *im;
} Matrix;

size_t rq_unitary_work(int64_t d) { return (size_t)(2 * PLANES * d * d); }

static Matrix plane(double *work, int64_t d, int i)
{
    double *at = work + 2 * i * d * d;
    return (Matrix){at, at + d * d};
}

static void split(int64_t d, const double *v, Matrix out)
{
    for (int64_t i = 0; i < d * d; i++) out.re[i] = v[2 * i], out.im[i] = v[2 * i + 1];
}

static void join(int64_t d, Matrix m, double *v)
{
    for (int64_t i = 0; i < d * d; i++) v[2 * i] = m.re[i], v[2 * i + 1] = m.im[i];
}

static void transpose_conjugate(int64_t d, Matrix a, Matrix out)
{
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) out.re[i * d + j] = a.re[j * d + i], out.im[i * d + j] = -a.im[j * d + i];
}

/* out = a b; out is neither. */
RQ_CLONES static void multiply(int64_t d, Matrix a, Matrix b, Matrix out)
{
    memset(out.re, 0, (size_t)(d * d) * sizeof(double));
    memset(out.im, 0, (size_t)(d * d) * sizeof(double));
    for (int64_t i = 0; i < d; i++)
        for (int64_t k = 0; k < d; k++) {
            double ar = a.re[i * d + k], ai = a.im[i * d + k];
            const double *restrict br = b.re + k * d, *restrict bi = b.im + k * d;
            double *restrict cr = out.re + i * d, *restrict ci = out.im + i * d;
            for (int64_t j = 0; j < d; j++) {
                cr[j] += ar * br[j] - ai * bi[j];
                ci[j] += ar * bi[j] + ai * br[j];
            }
        }
}

/* out += factor a */
RQ_CLONES static void add_scaled(int64_t d, double factor, Matrix a, Matrix out)
{
    for (int64_t i = 0; i < d * d; i++) out.re[i] += factor * a.re[i], out.im[i] += factor * a.im[i];
}

static void add_diagonal(int64_t d, double x, Matrix out)
{
    for (int64_t i = 0; i < d; i++) out.re[i * (d + 1)] += x;
}

static double frobenius(int64_t d, Matrix a)
{
    double sum = 0;
    for (int64_t i = 0; i < d * d; i++) sum += a.re[i] * a.re[i] + a.im[i] * a.im[i];
    return sqrt(sum);
}

/* Blocks of four powers that give exp to rounding: norm^(4b) / (4b)! below 2^-56. */
static int blocks_for(double norm)
{
    int blocks = 0;
    double term = 1;
    while (term > 0x1p-56) {
        for (int i = 1; i <= 4; i++) term *= norm / (4 * blocks + i);
        blocks++;
    }
    return blocks;
}

/* Planes 0 .. 5; the result is in plane 4 or 5. power[0] is x. */
static Matrix exponential(int64_t d, double *work)
{
    Matrix power[4] = {plane(work, d, 0), plane(work, d, 1), plane(work, d, 2), plane(work, d, 3)};
    Matrix sum = plane(work, d, 4), next = plane(work, d, 5);
    double norm = frobenius(d, power[0]);
    int halvings = norm > 0.5 ? ilogb(norm) + 2 : 0;
    double scale = ldexp(1, -halvings), inverse[64];
    for (int64_t i = 0; i < d * d; i++) power[0].re[i] *= scale, power[0].im[i] *= scale;
    for (int p = 1; p < 4; p++) multiply(d, power[p - 1], power[0], power[p]);
    int blocks = blocks_for(norm * scale);
    inverse[0] = 1;
    for (int p = 1; p < 4 * blocks; p++) inverse[p] = inverse[p - 1] / p;
    memset(sum.re, 0, (size_t)(2 * d * d) * sizeof(double));
    for (int b = blocks - 1; b >= 0; b--) { /* sum = sum x^4 + sum_p x^p / (4b + p)! */
        if (b < blocks - 1) {
            multiply(d, sum, power[3], next);
            Matrix keep = sum;
            sum = next, next = keep;
        }
        add_diagonal(d, inverse[4 * b], sum);
        for (int p = 1; p < 4; p++) add_scaled(d, inverse[4 * b + p], power[p - 1], sum);
    }
    for (int i = 0; i < halvings; i++) {
        multiply(d, sum, sum, next);
        Matrix keep = sum;
        sum = next, next = keep;
    }
    return sum;
}

void rq_unitary_step(int64_t d, const double *k, double scale, double *v, double *work)
{
    Matrix x = plane(work, d, 0), old = plane(work, d, 6), product = plane(work, d, 7);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            int64_t ij = i * d + j, ji = j * d + i;
            x.re[ij] = scale * (k[2 * ij] - k[2 * ji]) / 2;
            x.im[ij] = scale * (k[2 * ij + 1] + k[2 * ji + 1]) / 2;
        }
    split(d, v, old);
    multiply(d, exponential(d, work), old, product);
    join(d, product, v);
}

double rq_unitary_deviation(int64_t d, const double *v, double *work)
{
    Matrix a = plane(work, d, 0), adjoint = plane(work, d, 1), product = plane(work, d, 2);
    split(d, v, a);
    transpose_conjugate(d, a, adjoint);
    multiply(d, a, adjoint, product);
    add_diagonal(d, -1, product);
    double most = 0;
    for (int64_t i = 0; i < d * d; i++) {
        if (isnan(product.re[i]) || isnan(product.im[i])) return NAN;
        most = fmax(most, fmax(fabs(product.re[i]), fabs(product.im[i])));
    }
    return most;
}

void rq_unitary_orthogonalise(int64_t d, double *v, double *work)
{
    Matrix a = plane(work, d, 0), adjoint = plane(work, d, 1), product = plane(work, d, 2), out = plane(work, d, 3);
    split(d, v, a);
    transpose_conjugate(d, a, adjoint);
    multiply(d, adjoint, a, product);
    for (int64_t i = 0; i < d * d; i++) product.re[i] *= -0.5, product.im[i] *= -0.5;
    add_diagonal(d, 1.5, product);
    multiply(d, a, product, out);
    join(d, out, v);
}

/* The coefficients c[p] = q_p^dagger z of the first k columns; turned holds element r of q_p at [r][p], so that neighbours are summed
 * side by side. */
RQ_CLONES static void coefficients(int64_t d, int64_t k, Matrix turned, const double *z_re, const double *z_im, double *restrict c_re,
                         double *restrict c_im)
{
    memset(c_re, 0, (size_t)k * sizeof *c_re);
    memset(c_im, 0, (size_t)k * sizeof *c_im);
    for (int64_t r = 0; r < d; r++) {
        const double *restrict re = turned.re + r * d, *restrict im = turned.im + r * d;
        double x = z_re[r], y = z_im[r];
        for (int64_t p = 0; p < k; p++) {
            c_re[p] += re[p] * x + im[p] * y;
            c_im[p] += re[p] * y - im[p] * x;
        }
    }
}

/* z -= sum over p of c[p] q_p; row p of `columns` is q_p. */
RQ_CLONES static void remove_columns(int64_t d, int64_t k, Matrix columns, const double *c_re, const double *c_im, double *restrict z_re,
                           double *restrict z_im)
{
    for (int64_t p = 0; p < k; p++) {
        const double *restrict re = columns.re + p * d, *restrict im = columns.im + p * d;
        for (int64_t r = 0; r < d; r++) {
            z_re[r] -= c_re[p] * re[r] - c_im[p] * im[r];
            z_im[r] -= c_re[p] * im[r] + c_im[p] * re[r];
        }
    }
}

/* Gram and Schmidt's method leaves R's diagonal positive, which is what makes Q Haar. Twice is enough for rounding (Giraud, Langou,
 * Rozloznik, van den Eshof, Numer. Math. 101:87, 2005). */
void rq_unitary_haar(const rq_random *stream, uint64_t first, int64_t d, double *v, double *work)
{
    Matrix columns = plane(work, d, 0), turned = plane(work, d, 1), c = plane(work, d, 2);
    for (int64_t k = 0; k < d; k++) {
        double *re = columns.re + k * d, *im = columns.im + k * d, norm = 0;
        for (int64_t r = 0; r < d; r++) {
            double pair[2];
            rq_random_normal_pair(stream, first / 2 + (uint64_t)(r * d + k), pair);
            re[r] = pair[0], im[r] = pair[1];
        }
        for (int twice = 0; twice < 2; twice++) {
            coefficients(d, k, turned, re, im, c.re, c.im);
            remove_columns(d, k, columns, c.re, c.im, re, im);
        }
        for (int64_t r = 0; r < d; r++) norm += re[r] * re[r] + im[r] * im[r];
        norm = sqrt(norm);
        for (int64_t r = 0; r < d; r++) {
            re[r] /= norm, im[r] /= norm;
            turned.re[r * d + k] = re[r], turned.im[r * d + k] = im[r];
            v[2 * (r * d + k)] = re[r];
            v[2 * (r * d + k) + 1] = im[r];
        }
    }
}
