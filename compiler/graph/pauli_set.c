/* pauli_set.c: an open hash table over an array. */
#include "graph/pauli_set.h"

enum { FIRST_SLOTS = 16 };

PauliSet pauli_set(Arena *a)
{
    return (PauliSet){.a = a, .slot = arena_array(a, uint32_t, FIRST_SLOTS), .slots = FIRST_SLOTS};
}

/* The slot where p is, or the free one where it would be. */
static uint32_t *slot_of(const PauliSet *s, Pauli p)
{
    uint64_t h = ((uint64_t)p.x << 32 | p.z) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t i = (uint32_t)(h >> 32) & (s->slots - 1);
    while (s->slot[i] && !pauli_same(s->at.at[s->slot[i] - 1], p)) i = (i + 1) & (s->slots - 1);
    return &s->slot[i];
}

uint32_t pauli_set_find(const PauliSet *s, Pauli p) { return *slot_of(s, p) - 1; }

uint32_t pauli_set_put(PauliSet *s, Pauli p)
{
    uint32_t *slot = slot_of(s, p);
    if (*slot) return *slot - 1;
    vec_push(s->a, &s->at, p);
    *slot = s->at.len;
    if (2 * s->at.len > s->slots) {
        s->slots *= 2;
        s->slot = arena_array(s->a, uint32_t, s->slots);
        for (uint32_t i = 0; i < s->at.len; i++) *slot_of(s, s->at.at[i]) = i + 1;
    }
    return s->at.len - 1;
}
