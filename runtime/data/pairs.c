/* pairs.c: states that the program makes: pairs of random states related by an unknown unitary, and |0..0>.
 *
 * A state of n qubits is 2^n amplitudes, each real and imaginary part: dims [2^n, 2]. Its target is another one, in the same layout.
 * The unitary is Haar, the inputs are Haar, all by streams of the seed that depend on nothing else: more pairs leave the first ones
 * as they are. The first `train` pairs are for training, the others for the test: the unseen ones.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "data/source.h"
#include "random.h"
#include "unitary.h"

/* Sample number `index` of the stream: a complex Gaussian vector of length 1. */
static void random_state(const rq_random *stream, uint64_t index, int64_t dim, double *out)
{
    double norm = 0;
    for (int64_t i = 0; i < 2 * dim; i++) {
        out[i] = rq_random_normal(stream, index * 2 * (uint64_t)dim + (uint64_t)i);
        norm += out[i] * out[i];
    }
    norm = sqrt(norm);
    for (int64_t i = 0; i < 2 * dim; i++) out[i] /= norm;
}

static void apply(const double *v, int64_t dim, const double *psi, double *out)
{
    for (int64_t r = 0; r < dim; r++) {
        double re = 0, im = 0;
        for (int64_t c = 0; c < dim; c++) {
            const double *m = v + 2 * (r * dim + c), *x = psi + 2 * c;
            re += m[0] * x[0] - m[1] * x[1];
            im += m[0] * x[1] + m[1] * x[0];
        }
        out[2 * r] = re, out[2 * r + 1] = im;
    }
}

bool rq_states_memory(int64_t total, int64_t each, int64_t target_each, rq_data *out, rq_error *err)
{
    out->total = total;
    out->size = each;
    out->target_size = target_each;
    out->channels = 1;
    out->is_states = true;
    out->reals = rq_alloc_array((uint64_t)total, (uint64_t)each * sizeof(double), "the states", err);
    out->targets = rq_alloc_array((uint64_t)total, (uint64_t)target_each * sizeof(double), "the target states", err);
    out->source_index = rq_alloc_array((uint64_t)total, sizeof *out->source_index, "sample numbers", err);
    for (int64_t i = 0; out->source_index && i < total; i++) out->source_index[i] = i;
    return out->reals && out->targets && out->source_index;
}

/* `total` pure states with dim amplitudes, of which the first `train` are for training and the others for the test. */
static bool prepare(int64_t total, int64_t train, int64_t dim, rq_data *out, rq_error *err)
{
    out->count[RQ_SPLIT_train] = train;
    out->first[RQ_SPLIT_val] = out->first[RQ_SPLIT_test] = train;
    out->count[RQ_SPLIT_test] = total - train;
    out->ndim = 2;
    out->dims[0] = dim, out->dims[1] = 2;
    return rq_states_memory(total, 2 * dim, 2 * dim, out, err);
}

/* Replaces the targets of `noise` training pairs, chosen by the seed, by random states. */
static bool make_noise(const rq_data_spec *spec, int64_t dim, rq_data *out, rq_error *err)
{
    int64_t train = out->count[RQ_SPLIT_train];
    int64_t *order = rq_alloc_array((uint64_t)train, sizeof *order, "the noisy pairs", err);
    if (!order) return false;
    rq_random which = rq_random_stream(spec->seed, RQ_PURPOSE_state, "noisy pairs");
    rq_random what = rq_random_stream(spec->seed, RQ_PURPOSE_state, "noise");
    rq_random_permutation(&which, order, train);
    for (int64_t i = 0; i < spec->noise_pairs; i++)
        random_state(&what, (uint64_t)order[i], dim, out->targets + order[i] * 2 * dim);
    rq_free(order);
    return true;
}

static bool make_pairs(const rq_data_spec *spec, int64_t dim, rq_data *out, rq_error *err)
{
    double *v = rq_alloc_array((uint64_t)(2 * dim * dim) + rq_unitary_work(dim), sizeof *v, "the unknown unitary", err);
    if (!v) return false;
    rq_random unitary = rq_random_stream(spec->seed, RQ_PURPOSE_state, "unitary");
    rq_random inputs = rq_random_stream(spec->seed, RQ_PURPOSE_state, "inputs");
    rq_unitary_haar(&unitary, 0, dim, v, v + 2 * dim * dim);
    for (int64_t i = 0; i < out->total; i++) {
        random_state(&inputs, (uint64_t)i, dim, out->reals + i * 2 * dim);
        apply(v, dim, out->reals + i * 2 * dim, out->targets + i * 2 * dim);
    }
    rq_free(v);
    return !spec->noise_pairs || make_noise(spec, dim, out, err);
}

bool rq_pairs_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    int64_t train = spec->train == RQ_DATA_ALL ? spec->pairs : spec->train, dim = INT64_C(1) << spec->qubits;
    if (spec->qubits < 1 || spec->qubits > RQ_PAIRS_QUBITS)
        return rq_fail(err, "unitary_pairs takes 1 to %d qubits, not %" PRId64, RQ_PAIRS_QUBITS, spec->qubits);
    if (train < 1 || train > spec->pairs)
        return rq_fail(err, "unitary_pairs has %" PRId64 " pairs, so %" PRId64 " cannot be for training", spec->pairs, train);
    if (spec->noise_pairs < 0 || spec->noise_pairs > train)
        return rq_fail(err, "unitary_pairs has %" PRId64 " pairs for training, so %" PRId64 " of them cannot be noise", train, spec->noise_pairs);
    return prepare(spec->pairs, train, dim, out, err) && make_pairs(spec, dim, out, err);
}

bool rq_zeros_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    if (spec->qubits < 1 || spec->qubits > RQ_ZEROS_QUBITS)
        return rq_fail(err, "zeros takes 1 to %d qubits, not %" PRId64, RQ_ZEROS_QUBITS, spec->qubits);
    if (!prepare(1, 1, INT64_C(1) << spec->qubits, out, err)) return false;
    out->reals[0] = out->targets[0] = 1;
    return true;
}
