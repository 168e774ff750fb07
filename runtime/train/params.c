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
        if (m->params[i].tied_to < 0 && m->params[i].momentum == 0) total += m->params[i].is_unitary ? m->params[i].count / 2 : m->params[i].count;
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

static double in_range(const rq_param *info, double x)
{
    if (!info->has_range) return x;
    return x < info->low ? info->low : x > info->high ? info->high : x;
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

/* Numbers of one orthogonal matrix of the group; *rows of them in its first axis. */
static int64_t orthogonal_size(const rq_param *info, int64_t *rows)
{
    int64_t first = (int64_t)info->b, size = *rows = info->dims[first];
    for (int i = (int)first + 1; i < info->rank; i++) size *= info->dims[i];
    return size;
}

static void draw_orthogonal(const rq_param *info, const rq_random *stream, uint64_t first, double *out, double *v)
{
    int64_t rows, size = orthogonal_size(info, &rows), columns = size ? size / rows : 0;
    bool is_wide = rows <= columns; /* else its columns are the rows of v */
    for (int64_t at = 0; size && at < info->count; at += size) {
        for (int64_t i = 0; i < size; i++) v[i] = rq_random_normal(stream, first + (uint64_t)(at + i));
        orthonormalise(v, is_wide ? rows : columns, is_wide ? columns : rows);
        for (int64_t i = 0; i < size; i++) out[at + i] = in_range(info, info->a * v[is_wide ? i : i % columns * rows + i / columns]);
    }
}

size_t rq_param_draw_work(const rq_param *info)
{
    int64_t rows;
    if (info->is_unitary) return rq_unitary_work(info->dims[info->rank - 2]);
    return info->init == RQ_INIT_orthogonal ? (size_t)orthogonal_size(info, &rows) : 0;
}

void rq_param_draw(const rq_param *info, const rq_random *stream, int64_t draw, double *out, double *work)
{
    uint64_t first = (uint64_t)draw * (uint64_t)info->count;
    int64_t d = info->is_unitary ? info->dims[info->rank - 2] : 0;
    switch ((rq_init)info->init) {
    case RQ_INIT_zeros:
    case RQ_INIT_constant:
        for (int64_t i = 0; i < info->count; i++) out[i] = in_range(info, info->init == RQ_INIT_zeros ? 0 : info->a);
        break;
    case RQ_INIT_uniform:
        for (int64_t i = 0; i < info->count; i++)
            out[i] = in_range(info, info->a + (info->b - info->a) * rq_random_uniform01(stream, first + (uint64_t)i));
        break;
    case RQ_INIT_normal:
        for (int64_t i = 0; i < info->count; i++)
            out[i] = in_range(info, info->a + info->b * rq_random_normal(stream, first + (uint64_t)i));
        break;
    case RQ_INIT_orthogonal: draw_orthogonal(info, stream, first, out, work); break;
    case RQ_INIT_haar:
        for (int64_t at = 0; at < info->count; at += 2 * d * d) rq_unitary_haar(stream, first + (uint64_t)at, d, out + at, work);
        break;
    }
}

bool rq_params_init(rq_params *p, uint64_t seed, rq_error *err)
{
    for (int i = 0; i < p->model->param_count; i++) {
        const rq_param *info = &p->model->params[i];
        if (info->tied_to >= 0) continue;
        rq_random stream = rq_random_stream(seed, RQ_PURPOSE_init, info->path);
        double *values = rq_alloc_array((uint64_t)info->count + rq_param_draw_work(info), sizeof *values, info->path, err);
        if (!values) return false;
        rq_param_draw(info, &stream, 0, values, values + info->count);
        for (int64_t k = 0; k < info->count; k++) rq_param_set(p, i, k, values[k]);
        rq_free(values);
    }
    return true;
}

const char *rq_params_coupled(const rq_model *m)
{
    for (int i = 0; i < m->layer_count; i++)
        for (int k = 0; k < m->param_count; k++) {
            size_t n = strlen(m->layers[i].name);
            const rq_param *p = &m->params[k];
            if (p->momentum > 0 && !p->frozen && !strncmp(p->path, m->layers[i].name, n) && p->path[n] == '.') return m->layers[i].name;
        }
    return NULL;
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
