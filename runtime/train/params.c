/* params.c: parameter values: allocated per group, drawn from the seed by path, projected, bound to functions. Files: checkpoint.c. */
#include "train/params.h"

#include <math.h>
#include <string.h>

#include "random.h"
#include "unitary.h"

int64_t rq_model_dimension(const rq_model *m)
{
    int64_t total = 0;
    for (int i = 0; i < m->param_count; i++)
        if (m->params[i].tied_to < 0) total += m->params[i].is_unitary ? m->params[i].count / 2 : m->params[i].count;
    return total;
}

bool rq_params_new(const rq_model *m, rq_params *out, rq_error *err)
{
    *out = (rq_params){.model = m};
    out->values = rq_alloc_array((uint64_t)m->param_count, sizeof(void *), "the parameters", err);
    if (!out->values) return false;
    for (int i = 0; i < m->param_count; i++) {
        if (m->params[i].tied_to >= 0) continue;
        out->values[i] = rq_alloc_array((uint64_t)m->params[i].count, (uint64_t)m->real_bytes, m->params[i].path, err);
        if (!out->values[i]) {
            rq_params_free(out);
            return false;
        }
    }
    for (int i = 0; i < m->param_count; i++)
        if (m->params[i].tied_to >= 0) out->values[i] = out->values[m->params[i].tied_to];
    return true;
}

void rq_params_free(rq_params *p)
{
    if (!p->values) return;
    for (int i = 0; i < p->model->param_count; i++)
        if (p->model->params[i].tied_to < 0) rq_free(p->values[i]);
    rq_free(p->values);
    *p = (rq_params){0};
}

double rq_param_get(const rq_params *p, int group, int64_t i)
{
    const void *v = p->values[group];
    return p->model->real_bytes == 4 ? (double)((const float *)v)[i] : ((const double *)v)[i];
}

void rq_param_set(const rq_params *p, int group, int64_t i, double value)
{
    void *v = p->values[group];
    if (p->model->real_bytes == 4) ((float *)v)[i] = (float)value;
    else ((double *)v)[i] = value;
}

static double first_value(const rq_param *info, const rq_random *stream, int64_t i)
{
    switch ((rq_init)info->init) {
    case RQ_INIT_zeros: return 0;
    case RQ_INIT_constant: return info->a;
    case RQ_INIT_uniform: return info->a + (info->b - info->a) * rq_random_uniform01(stream, (uint64_t)i);
    case RQ_INIT_normal: return info->a + info->b * rq_random_normal(stream, (uint64_t)i);
    case RQ_INIT_orthogonal:
    case RQ_INIT_haar: break;
    }
    return NAN;
}

static bool init_haar(rq_params *p, int group, const rq_random *stream, rq_error *err)
{
    const rq_param *info = &p->model->params[group];
    int64_t d = info->dims[info->rank - 2], n = 2 * d * d;
    double *work = rq_alloc_array(rq_unitary_work(d) + (size_t)n, sizeof(double), info->path, err);
    if (!work) return false;
    for (int64_t at = 0; at < info->count; at += n) {
        rq_unitary_haar(stream, (uint64_t)at, d, work, work + n);
        for (int64_t i = 0; i < n; i++) rq_param_set(p, group, at + i, work[i]);
    }
    rq_free(work);
    return true;
}

/* Makes n rows of m >= n numbers orthonormal by Gram and Schmidt, each row twice, so that rounding does not add up. Gaussian rows
 * become a matrix that is uniform among all such. */
static void orthonormalise(double *v, int64_t n, int64_t m)
{
    for (int64_t i = 0; i < n; i++) {
        double *row = v + i * m, square = 0;
        for (int64_t k = 0; k < 2 * i; k++) {
            const double *other = v + k % i * m;
            double dot = 0;
            for (int64_t c = 0; c < m; c++) dot += row[c] * other[c];
            for (int64_t c = 0; c < m; c++) row[c] -= dot * other[c];
        }
        for (int64_t c = 0; c < m; c++) square += row[c] * row[c];
        for (int64_t c = 0; c < m; c++) row[c] /= sqrt(square);
    }
}

static bool init_orthogonal(rq_params *p, int group, const rq_random *stream, rq_error *err)
{
    const rq_param *info = &p->model->params[group];
    int64_t first = (int64_t)info->b, rows = info->dims[first], size = rows;
    for (int i = (int)first + 1; i < info->rank; i++) size *= info->dims[i];
    if (!size) return true;
    int64_t columns = size / rows;
    double *v = rq_alloc_array((uint64_t)size, sizeof(double), info->path, err);
    if (!v) return false;
    for (int64_t at = 0; at < info->count; at += size) {
        for (int64_t i = 0; i < size; i++) v[i] = rq_random_normal(stream, (uint64_t)(at + i));
        bool is_wide = rows <= columns; /* else its columns are the rows of v */
        orthonormalise(v, is_wide ? rows : columns, is_wide ? columns : rows);
        for (int64_t i = 0; i < size; i++)
            rq_param_set(p, group, at + i, info->a * v[is_wide ? i : i % columns * rows + i / columns]);
    }
    rq_free(v);
    return true;
}

bool rq_params_init(rq_params *p, uint64_t seed, rq_error *err)
{
    for (int i = 0; i < p->model->param_count; i++) {
        const rq_param *info = &p->model->params[i];
        if (info->tied_to >= 0) continue;
        rq_random stream = rq_random_stream(seed, RQ_PURPOSE_init, info->path);
        if (info->init == RQ_INIT_haar) {
            if (!init_haar(p, i, &stream, err)) return false;
            continue;
        }
        if (info->init == RQ_INIT_orthogonal) {
            if (!init_orthogonal(p, i, &stream, err)) return false;
            continue;
        }
        for (int64_t k = 0; k < info->count; k++) rq_param_set(p, i, k, first_value(info, &stream, k));
    }
    rq_params_project(p);
    return true;
}

bool rq_params_copy(const rq_params *from, rq_params *to)
{
    const rq_model *m = from->model;
    for (int i = 0; i < m->param_count; i++)
        if (m->params[i].tied_to < 0)
            memcpy(to->values[i], from->values[i], (size_t)m->params[i].count * (size_t)m->real_bytes);
    return true;
}

void rq_params_project(rq_params *p)
{
    for (int i = 0; i < p->model->param_count; i++) {
        const rq_param *info = &p->model->params[i];
        if (!info->has_range || info->tied_to >= 0) continue;
        for (int64_t k = 0; k < info->count; k++) {
            double x = rq_param_get(p, i, k);
            if (x < info->low) rq_param_set(p, i, k, info->low);
            if (x > info->high) rq_param_set(p, i, k, info->high);
        }
    }
}

int rq_params_not_finite(const rq_params *p)
{
    for (int i = 0; i < p->model->param_count; i++)
        for (int64_t k = 0; k < p->model->params[i].count; k++)
            if (!isfinite(rq_param_get(p, i, k))) return i;
    return -1;
}

bool rq_params_bind(const rq_params *p, const rq_function *f, const void **pointers, rq_error *err)
{
    for (uint32_t j = 0; j < f->param_count; j++) {
        pointers[j] = NULL;
        for (int i = 0; i < p->model->param_count; i++)
            if (!strcmp(p->model->params[i].path, f->params[j].name)) pointers[j] = p->values[i];
        if (!pointers[j]) return rq_fail(err, "function '%s' needs parameter '%s', which the model lacks", f->name, f->params[j].name);
    }
    return true;
}
