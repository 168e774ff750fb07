/* states.c: the source `states`: quantum states from files of numpy, and the states they are to become.
 *
 *     complex [N, d]      N pure states of log2 d qubits      read as [N, d, 2]
 *     complex [N, d, d]   N density matrices                  read as [N, d, d, 2]
 *     real    [N, d]      pure states with real amplitudes
 * An npz file has the arrays `input` and `target`; without targets every state is its own. Training samples come first, then those
 * for validation, then those for the test. What is no state is named by sample.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/array.h"
#include "data/sha256.h"
#include "data/source.h"

static const double norm_tolerance = 1e-5; /* files of single precision stay below it */

typedef struct States {
    char path[RQ_PATH];
    rq_array array;
    int64_t count, dim;
    bool is_density, is_real;
} States;

static bool note_file(const char *path, rq_data *out, rq_error *err)
{
    rq_data_file *f = &out->files[out->file_count];
    if (!rq_sha256_file(path, f->sha256, err)) return false;
    f->path = rq_copy_text(path, err);
    if (f->path) out->file_count++;
    return f->path != NULL;
}

/* Reads array `name` of an npz file, or the npy file. */
static bool open_states(const rq_data_spec *spec, const char *file, const char *name, States *s, rq_data *out, rq_error *err)
{
    char shape[200];
    if (!rq_data_find(spec, file, s->path, err)) return false;
    if (rq_is_npz(s->path) ? !rq_npz_read(s->path, name, &s->array, err) : !rq_npy_read(s->path, &s->array, err)) return false;
    const rq_array *a = &s->array;
    bool is_float = a->dtype == RQ_DTYPE_f32 || a->dtype == RQ_DTYPE_f64;
    s->is_real = a->ndim == 2 && !a->is_complex;
    s->is_density = a->ndim == 4 && a->dims[1] == a->dims[2];
    s->count = a->ndim ? a->dims[0] : 0;
    s->dim = a->ndim > 1 ? a->dims[1] : 0;
    bool fits = is_float && (s->is_real || s->is_density || a->ndim == 3) && (s->is_real || a->dims[a->ndim - 1] == 2) && s->count > 0;
    if (!fits)
        return rq_fail(err, "'%s' holds %s of shape %s; states are complex [N, d], density matrices complex [N, d, d]", s->path,
                       a->is_complex ? "complex numbers" : is_float ? "real numbers" : "integers",
                       rq_shape_text(a->ndim - a->is_complex, a->dims, shape, sizeof shape));
    if (s->dim < 2 || (s->dim & (s->dim - 1)))
        return rq_fail(err, "'%s' has states of %" PRId64 " amplitudes; 2, 4, 8, ... are those of whole qubits", s->path, s->dim);
    return note_file(s->path, out, err);
}

static double part(const States *s, int64_t sample, int64_t element, int p)
{
    int64_t each = s->array.size / s->count;
    if (s->is_real) return p ? 0 : rq_array_get(&s->array, sample * each + element);
    return rq_array_get(&s->array, sample * each + 2 * element + p);
}

static bool check_pure(const States *s, int64_t sample, rq_error *err)
{
    double norm = 0;
    for (int64_t i = 0; i < s->dim; i++) {
        double re = part(s, sample, i, 0), im = part(s, sample, i, 1);
        norm += re * re + im * im;
    }
    if (fabs(norm - 1) <= norm_tolerance) return true;
    return rq_fail(err, "'%s': state %" PRId64 " is not normalised: the squares of its amplitudes add up to %.6g, not 1", s->path, sample, norm);
}

static bool check_density(const States *s, int64_t sample, rq_error *err)
{
    double trace = 0, most = 0;
    for (int64_t i = 0; i < s->dim; i++) {
        trace += part(s, sample, i * (s->dim + 1), 0);
        for (int64_t j = 0; j <= i; j++) {
            int64_t ij = i * s->dim + j, ji = j * s->dim + i;
            most = fmax(most, fabs(part(s, sample, ij, 0) - part(s, sample, ji, 0)));
            most = fmax(most, fabs(part(s, sample, ij, 1) + part(s, sample, ji, 1)));
        }
        if (!(part(s, sample, i * (s->dim + 1), 0) >= -norm_tolerance))
            return rq_fail(err, "'%s': density matrix %" PRId64 " has %.6g on its diagonal; probabilities are expected there", s->path, sample,
                           part(s, sample, i * (s->dim + 1), 0));
    }
    if (!(most <= norm_tolerance))
        return rq_fail(err, "'%s': density matrix %" PRId64 " is not Hermitian: entries differ by up to %.3g from their conjugates", s->path, sample, most);
    if (fabs(trace - 1) <= norm_tolerance) return true;
    return rq_fail(err, "'%s': density matrix %" PRId64 " has trace %.6g, not 1", s->path, sample, trace);
}

static bool check_states(const States *s, rq_error *err)
{
    for (int64_t i = 0; i < s->count; i++)
        if (s->is_density ? !check_density(s, i, err) : !check_pure(s, i, err)) return false;
    return true;
}

/* Numbers of samples for each split. */
static bool share_out(const rq_data_spec *spec, const States *s, int64_t count[RQ_SPLIT_COUNT], rq_error *err)
{
    int64_t val = spec->val == RQ_DATA_ALL ? 0 : spec->val, test = spec->test == RQ_DATA_ALL ? 0 : spec->test;
    int64_t train = spec->train != RQ_DATA_ALL ? spec->train : s->count - val - test;
    if (train < 1 || val > s->count - train || test > s->count - train - val)
        return rq_fail(err, "'%s' holds %" PRId64 " states; at least one for training, %" PRId64 " for validation and %" PRId64 " for the test are more",
                       s->path, s->count, val, test);
    count[RQ_SPLIT_train] = train, count[RQ_SPLIT_val] = val, count[RQ_SPLIT_test] = test;
    return true;
}

/* Element after element, real and imaginary part side by side. */
static void copy_states(const States *s, int64_t total, double *out)
{
    int64_t each = s->is_density ? s->dim * s->dim : s->dim;
    for (int64_t i = 0; i < total * each; i++)
        for (int p = 0; p < 2; p++) out[2 * i + p] = part(s, i / each, i % each, p);
}

static bool fill(const rq_data_spec *spec, const States *in, const States *target, rq_data *out, rq_error *err)
{
    int64_t count[RQ_SPLIT_COUNT] = {0}, total = 0;
    if (target->count != in->count)
        return rq_fail(err, "'%s' holds %" PRId64 " targets for the %" PRId64 " states of '%s'", target->path, target->count, in->count, in->path);
    if (!check_states(in, err) || !check_states(target, err) || !share_out(spec, in, count, err)) return false;
    for (int k = RQ_SPLIT_train; k < RQ_SPLIT_COUNT; k++) {
        out->count[k] = count[k];
        out->first[k] = total;
        total += count[k];
    }
    int64_t each = 2 * in->dim * (in->is_density ? in->dim : 1), target_each = 2 * target->dim * (target->is_density ? target->dim : 1);
    if (!rq_states_memory(total, each, target_each, out, err)) return false;
    out->ndim = in->is_density ? 3 : 2;
    out->dims[0] = out->dims[1] = in->dim;
    out->dims[out->ndim - 1] = 2;
    copy_states(in, total, out->reals);
    copy_states(target, total, out->targets);
    return true;
}

bool rq_states_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    States *s = rq_alloc_array(2, sizeof *s, "the states", err);
    if (!s) return false;
    bool good = open_states(spec, spec->file, "input", &s[0], out, err);
    const char *target = spec->label ? spec->label : good && rq_is_npz(s[0].path) ? spec->file : NULL;
    if (good && target) good = open_states(spec, target, "target", &s[1], out, err);
    good = good && fill(spec, &s[0], target ? &s[1] : &s[0], out, err);
    rq_array_free(&s[0].array);
    rq_array_free(&s[1].array);
    rq_free(s);
    return good;
}
