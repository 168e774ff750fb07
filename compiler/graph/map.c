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
