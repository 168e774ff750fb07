/* map_maker.h: builds a SparseMap row by row.
 *
 *     MapMaker m = map_begin(arena, cols, inner, false);
 *     for each row { map_put(&m, col, factor, 0); ... map_row(&m); }
 *     y = sparse(g, x, map_end(&m), shape);
 */
#ifndef RQ_GRAPH_MAP_MAKER_H
#define RQ_GRAPH_MAP_MAKER_H

#include "graph/graph.h"

typedef struct MapMaker {
    Arena *a;
    bool is_complex;
    SparseMap map;
    VEC(int64_t) start, index;
    VEC(double) re, im;
} MapMaker;

MapMaker map_begin(Arena *a, int64_t cols, bool inner, bool is_complex);
void map_put(MapMaker *m, int64_t col, double re, double im);
void map_row(MapMaker *m); /* ends the current row, which may be empty */
/* The finished map; it lies in m and on its arena. */
const SparseMap *map_end(MapMaker *m);

#endif
