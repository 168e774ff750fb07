/* map_maker.c: rows of a sparse map, one after the other. */
#include "graph/map_maker.h"

#include <assert.h>

MapMaker map_begin(Arena *a, int64_t cols, bool inner, bool is_complex)
{
    MapMaker m = {.a = a, .is_complex = is_complex, .map = {.inner = inner, .cols = cols}};
    vec_push(a, &m.start, 0);
    return m;
}

void map_put(MapMaker *m, int64_t col, double re, double im)
{
    assert(col >= 0 && col < m->map.cols);
    vec_push(m->a, &m->index, col);
    vec_push(m->a, &m->re, re);
    if (m->is_complex) vec_push(m->a, &m->im, im);
}

void map_row(MapMaker *m)
{
    vec_push(m->a, &m->start, (int64_t)m->index.len);
    m->map.rows++;
}

const SparseMap *map_end(MapMaker *m)
{
    static const int64_t no_index[1] = {0};
    static const double no_value[1] = {0};
    m->map.start = m->start.at;
    m->map.index = m->index.len ? m->index.at : no_index;
    m->map.re = m->re.len ? m->re.at : no_value;
    if (m->is_complex) m->map.im = m->im.len ? m->im.at : no_value;
    return &m->map;
}
