/* map.h: constant sparse linear maps as values: made on an arena, never changed. Private to graph/. */
#ifndef RQ_GRAPH_MAP_H
#define RQ_GRAPH_MAP_H

#include "graph/graph.h"

static inline int64_t map_entries(const SparseMap *m) { return m->start[m->rows]; }
uint32_t map_hash(uint32_t h, const SparseMap *m);
/* NULL, or what is wrong with its indices. */
const char *map_complaint(const SparseMap *m);
/* Transposed and conjugated; rows keep the order of the old columns' entries. */
const SparseMap *map_adjoint(Arena *a, const SparseMap *m);

#endif
