/* pauli_set.h: Pauli products, and sets of them that keep their order. Private to graph/.
 *
 * Masks as in PauliTerm: bit (qubits-1-q) of x and z belongs to qubit q; X = x, Z = z, Y = both.
 * Signs are kept elsewhere.
 */
#ifndef RQ_GRAPH_PAULI_SET_H
#define RQ_GRAPH_PAULI_SET_H

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>

typedef struct Pauli {
    uint32_t x, z;
} Pauli;

static inline bool pauli_same(Pauli a, Pauli b) { return a.x == b.x && a.z == b.z; }
static inline uint32_t pauli_support(Pauli p) { return p.x | p.z; }
/* Products on the qubits of `mask` alone, and outside. */
static inline Pauli pauli_within(Pauli p, uint32_t mask) { return (Pauli){p.x & mask, p.z & mask}; }
static inline Pauli pauli_without(Pauli p, uint32_t mask)
{
    return (Pauli){p.x & ~mask, p.z & ~mask};
}
/* Of products on different qubits. */
static inline Pauli pauli_join(Pauli a, Pauli b) { return (Pauli){a.x | b.x, a.z | b.z}; }
/* 0 I, 1 Z, 2 X, 3 Y. */
static inline int pauli_code(Pauli p, uint32_t bit)
{
    return (p.x & bit ? 2 : 0) + (p.z & bit ? 1 : 0);
}

typedef struct PauliSet {
    Arena *a;
    VEC(Pauli) at;
    uint32_t *slot, slots; /* number in `at` plus one; slots is a power of two */
} PauliSet;

PauliSet pauli_set(Arena *a);
/* The number of p, which is added if it is new. */
uint32_t pauli_set_put(PauliSet *s, Pauli p);
/* Its number, or UINT32_MAX. */
uint32_t pauli_set_find(const PauliSet *s, Pauli p);

#endif
