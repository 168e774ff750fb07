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
/* Rows of one entry 1 each: y[i] = x[index[i]]. */
bool map_is_gather(const SparseMap *m);
bool map_is_identity(const SparseMap *m);
bool map_same(const SparseMap *a, const SparseMap *b);
/* The results of these have rows in order of columns, each column once, no zeros. */
const SparseMap *map_composed(Arena *a, const SparseMap *second, const SparseMap *first); /* x -> second(first(x)) */
const SparseMap *map_sum(Arena *a, const SparseMap *x, const SparseMap *y, double factor); /* x + factor * y */
const SparseMap *map_scaled(Arena *a, const SparseMap *m, double factor);
/* An inner map as one of all elements: m for each of `outer` blocks. */
const SparseMap *map_for_all(Arena *a, const SparseMap *m, int64_t outer);
/* The other way round: the inner map of which m is a copy for each of `outer` blocks; NULL if there is none. */
const SparseMap *map_of_blocks(Arena *a, const SparseMap *m, int64_t outer);

#endif
