/* map.c: SparseMap -> SparseMap. */
#include "graph/map.h"

const char *map_complaint(const SparseMap *m)
{
    if (m->rows < 0 || m->cols < 0 || m->start[0] != 0) return "a map starts at its first entry";
    for (int64_t i = 0; i < m->rows; i++) {
        if (m->start[i + 1] < m->start[i]) return "rows of a map are in order";
    }
    for (int64_t k = 0; k < map_entries(m); k++) {
        if (m->index[k] < 0 || m->index[k] >= m->cols) return "an index of the map is out of range";
    }
    return NULL;
}

const SparseMap *map_adjoint(Arena *a, const SparseMap *m)
{
    int64_t entries = map_entries(m);
    int64_t *start = arena_array(a, int64_t, m->cols + 1), *next = arena_array(a, int64_t, m->cols + 1);
    int64_t *index = arena_array(a, int64_t, entries);
    double *re = arena_array(a, double, entries), *im = m->im ? arena_array(a, double, entries) : NULL;
    for (int64_t k = 0; k < entries; k++) start[m->index[k] + 1]++;
    for (int64_t j = 0; j < m->cols; j++) start[j + 1] += start[j];
    for (int64_t j = 0; j < m->cols; j++) next[j] = start[j];
    for (int64_t i = 0; i < m->rows; i++) {
        for (int64_t k = m->start[i]; k < m->start[i + 1]; k++) {
            int64_t to = next[m->index[k]]++;
            index[to] = i;
            re[to] = m->re[k];
            if (im) im[to] = -m->im[k];
        }
    }
    SparseMap *t = arena_make(a, SparseMap);
    *t = (SparseMap){.inner = m->inner, .rows = m->cols, .cols = m->rows, .start = start, .index = index, .re = re, .im = im};
    return t;
}

bool map_is_gather(const SparseMap *m)
{
    if (m->im || map_entries(m) != m->rows) return false;
    for (int64_t i = 0; i < m->rows; i++) {
        if (m->start[i] != i || m->re[i] != 1) return false;
    }
    return true;
}

bool map_is_identity(const SparseMap *m)
{
    if (m->rows != m->cols || !map_is_gather(m)) return false;
    for (int64_t i = 0; i < m->rows; i++) {
        if (m->index[i] != i) return false;
    }
    return true;
}

/* ---- new maps, row by row ---- */

/* Collects a row as dense sums over the columns it touches. */
typedef struct Rows {
    Arena *a;
    SparseMap *map;
    VEC(int64_t) start, index, touched;
    VEC(double) re, im;
    double *sum_re, *sum_im;
    bool *seen;
} Rows;

static Rows rows_begin(Arena *a, const SparseMap *like, int64_t cols, bool is_complex)
{
    Rows r = {.a = a, .map = arena_make(a, SparseMap)};
    *r.map = (SparseMap){.inner = like->inner, .rows = like->rows, .cols = cols};
    vec_push(a, &r.start, 0);
    r.sum_re = arena_array(a, double, cols);
    r.sum_im = is_complex ? arena_array(a, double, cols) : NULL;
    r.seen = arena_array(a, bool, cols);
    return r;
}

static void rows_put(Rows *r, int64_t col, double re, double im)
{
    if (!r->seen[col]) vec_push(r->a, &r->touched, col);
    r->seen[col] = true;
    r->sum_re[col] += re;
    if (r->sum_im) r->sum_im[col] += im;
}

static void rows_next(Rows *r)
{
    for (uint32_t i = 1; i < r->touched.len; i++) { /* insertion sort: rows are short */
        int64_t col = r->touched.at[i];
        uint32_t k = i;
        for (; k > 0 && r->touched.at[k - 1] > col; k--) r->touched.at[k] = r->touched.at[k - 1];
        r->touched.at[k] = col;
    }
    for (uint32_t i = 0; i < r->touched.len; i++) {
        int64_t col = r->touched.at[i];
        double im = r->sum_im ? r->sum_im[col] : 0;
        if (r->sum_re[col] != 0 || im != 0) {
            vec_push(r->a, &r->index, col);
            vec_push(r->a, &r->re, r->sum_re[col]);
            vec_push(r->a, &r->im, im);
        }
        r->seen[col] = false;
        r->sum_re[col] = 0;
        if (r->sum_im) r->sum_im[col] = 0;
    }
    r->touched.len = 0;
    vec_push(r->a, &r->start, r->index.len);
}

static const SparseMap *rows_end(Rows *r)
{
    r->map->start = r->start.at;
    r->map->index = r->index.at;
    r->map->re = r->re.at;
    r->map->im = r->sum_im ? r->im.at ? r->im.at : arena_array(r->a, double, 1) : NULL;
    return r->map;
}

static double im_of(const SparseMap *m, int64_t k) { return m->im ? m->im[k] : 0; }

const SparseMap *map_composed(Arena *a, const SparseMap *second, const SparseMap *first)
{
    Rows r = rows_begin(a, second, first->cols, second->im || first->im);
    for (int64_t i = 0; i < second->rows; i++) {
        for (int64_t k = second->start[i]; k < second->start[i + 1]; k++) {
            int64_t mid = second->index[k];
            double re = second->re[k], im = im_of(second, k);
            for (int64_t n = first->start[mid]; n < first->start[mid + 1]; n++)
                rows_put(&r, first->index[n], re * first->re[n] - im * im_of(first, n), re * im_of(first, n) + im * first->re[n]);
        }
        rows_next(&r);
    }
    return rows_end(&r);
}

const SparseMap *map_sum(Arena *a, const SparseMap *x, const SparseMap *y, double factor)
{
    Rows r = rows_begin(a, x, x->cols, x->im || y->im);
    for (int64_t i = 0; i < x->rows; i++) {
        for (int64_t k = x->start[i]; k < x->start[i + 1]; k++) rows_put(&r, x->index[k], x->re[k], im_of(x, k));
        for (int64_t k = y->start[i]; k < y->start[i + 1]; k++)
            rows_put(&r, y->index[k], factor * y->re[k], factor * im_of(y, k));
        rows_next(&r);
    }
    return rows_end(&r);
}

const SparseMap *map_scaled(Arena *a, const SparseMap *m, double factor)
{
    Rows r = rows_begin(a, m, m->cols, m->im != NULL);
    for (int64_t i = 0; i < m->rows; i++) {
        for (int64_t k = m->start[i]; k < m->start[i + 1]; k++) rows_put(&r, m->index[k], factor * m->re[k], factor * im_of(m, k));
        rows_next(&r);
    }
    return rows_end(&r);
}

const SparseMap *map_for_all(Arena *a, const SparseMap *m, int64_t outer)
{
    int64_t entries = map_entries(m);
    int64_t *start = arena_array(a, int64_t, m->rows * outer + 1), *index = arena_array(a, int64_t, entries * outer);
    double *re = arena_array(a, double, entries * outer), *im = m->im ? arena_array(a, double, entries * outer) : NULL;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < m->rows; i++) start[o * m->rows + i + 1] = o * entries + m->start[i + 1];
        for (int64_t k = 0; k < entries; k++) {
            index[o * entries + k] = o * m->cols + m->index[k];
            re[o * entries + k] = m->re[k];
            if (im) im[o * entries + k] = m->im[k];
        }
    }
    SparseMap *all = arena_make(a, SparseMap);
    *all = (SparseMap){.rows = m->rows * outer, .cols = m->cols * outer, .start = start, .index = index, .re = re, .im = im};
    return all;
}

/* Whether block b of m, of `rows` rows and `cols` columns, is block 0 moved along the diagonal. */
static bool is_block(const SparseMap *m, int64_t b, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < rows; i++) {
        int64_t from = m->start[b * rows + i], first = m->start[i], count = m->start[i + 1] - first;
        if (m->start[b * rows + i + 1] - from != count) return false;
        for (int64_t k = 0; k < count; k++) {
            if (m->index[first + k] >= cols || m->index[from + k] != m->index[first + k] + b * cols) return false;
            if (m->re[from + k] != m->re[first + k] || (m->im && m->im[from + k] != m->im[first + k])) return false;
        }
    }
    return true;
}

const SparseMap *map_of_blocks(Arena *a, const SparseMap *m, int64_t outer)
{
    if (m->inner || m->rows % outer || m->cols % outer) return NULL;
    for (int64_t b = 0; b < outer; b++) {
        if (!is_block(m, b, m->rows / outer, m->cols / outer)) return NULL;
    }
    SparseMap *t = arena_make(a, SparseMap);
    *t = *m; /* block 0 is how it begins */
    t->inner = true;
    t->rows = m->rows / outer;
    t->cols = m->cols / outer;
    return t;
}
